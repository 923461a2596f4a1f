"""The reports of PhysioNet's epicmp, and of sumstats over its lines, to the character.

All take {record: EpisodeComparison} and the kind of episode (af, vf) and give text that ends with a
line break. Percentages are whole numbers, durations h:mm:ss.mmm. With flutter left out (epicmp -x),
a test episode that begins in flutter is as long as epicmp has it, too long by twice that flutter;
EpisodeComparison and its figures leave it out.
"""

from typing import NamedTuple

import numpy as np

from ecg.ec57.episodes import EpisodeComparison, EpisodeResults
from ecg.ec57.statistics import mean, percent

_HEAD = "Record  TPs   FN  TPp   FP  ESe E+P DSe D+P  Ref duration  Test duration "


class _Line(NamedTuple):
    """A line's numbers: TPs FN TPp FP; ESe E+P DSe D+P in %; durations of reference, test and
    overlap in ms."""

    counts: tuple[int, ...]
    percents: tuple[float | None, ...]
    durations: tuple[int, ...]


def _numbers(result: EpisodeComparison) -> _Line:
    # epicmp adds the flutter in which a test episode begins once more instead of leaving it out
    test_s = result.test_s + 2 * result.flutter_at_start_s
    found, missed, true, false = map(int, result[:4])
    return _Line(
        (found, missed, true, false),
        (
            percent(found, found + missed),
            percent(true, true + false),
            percent(result.overlap_s, result.reference_s),
            percent(result.overlap_s, test_s),
        ),
        tuple(
            int(np.floor(s * 1000 + 0.5)) for s in (result.reference_s, test_s, result.overlap_s)
        ),
    )


def format_episode_line(results: EpisodeResults, kind: str) -> str:
    """epicmp's line format (epicmp -L), one line a record."""
    return "\n".join(_lines(results, kind)) + "\n"


def _lines(results, kind):
    lines = [f"({kind.upper()} detection)", _HEAD]
    for name, result in results.items():
        found = _numbers(result)
        lines.append(
            f"{name:>6}{_counts(found.counts)}  {_percents(found.percents)}"
            f"  {_duration(found.durations[0]):>12}   {_duration(found.durations[1]):>12}"
        )
    return lines


def format_episode_matrix(
    results: EpisodeResults, kind: str, reference: str = "atr", test: str = "rhy"
) -> str:
    """epicmp's report of every record. reference, test: the annotators."""
    return "".join(_matrix(name, result, kind, reference, test) for name, result in results.items())


def _matrix(name, result, kind, reference, test):
    found = _numbers(result)
    hits, missed, true, false = found.counts
    in_reference, in_test, overlap = map(_duration, found.durations)
    shares = (
        ("Episode sensitivity", hits, hits + missed),
        ("Episode positive predictivity", true, true + false),
        ("Duration sensitivity", overlap, in_reference),
        ("Duration positive predictivity", overlap, in_test),
    )
    lines = [
        f"{kind.upper()} episode-by-episode comparison results for record {name}",
        f"Reference annotator: {reference}",
        f"     Test annotator: {test}",
        "",
        *(
            f"{label:>30}: {'  - ' if share is None else f'{share:3.0f}%'} ({part}/{whole})"
            for (label, part, whole), share in zip(shares, found.percents)
        ),
        f"Duration of reference episodes: {in_reference:>13}",
        f"     Duration of test episodes: {in_test:>13}",
    ]
    return "\n".join(lines) + "\n"


def format_episode_summary(results: EpisodeResults, kind: str) -> str:
    """epicmp's lines, and sumstats' sums and means of them.

    As sumstats has nothing but the lines, its durations are sums of rounded ones, and the gross
    duration figures are means of whole percentages, weighted by duration."""
    found = [_numbers(result) for result in results.values()]
    counts = [sum(column) for column in zip((0,) * 4, *(line.counts for line in found))]
    columns = [[line.percents[k] for line in found] for k in range(4)]
    rounded = [[None if p is None else round(p) for p in column] for column in columns]
    lengths = [[line.durations[k] for line in found] for k in range(2)]
    gross = [percent(counts[k], counts[k] + counts[k + 1]) for k in (0, 2)]
    for column, length in zip(rounded[2:], lengths):
        weighted = sum((p or 0) * ms for p, ms in zip(column, length)) / 100
        gross.append(percent(weighted, sum(length)))
    durations = [_duration(sum(length)) for length in lengths]
    lines = [
        *_lines(results, kind),
        "_" * 72,
        f"{'Sum':6}{_counts(counts)} {'':18}{durations[0]:>12}   {durations[1]:>12}",
        f"{'Gross':26}  {_percents(gross)}",
        f"{'Average':26}  {_percents([mean(column) for column in rounded])}",
        "",
        f"Summary of results from {len(results)} records",
    ]
    return "\n".join(lines) + "\n"


def _counts(counts):
    return "".join(f" {count:4d}" for count in counts)


def _percents(values):
    return " ".join("  -" if value is None else f"{value:3.0f}" for value in values)


def _duration(ms):
    """Milliseconds as WFDB writes a time: 0.000, m:ss.mmm, h:mm:ss.mmm."""
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    if not ms:
        return "0.000"
    seconds = f"{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
