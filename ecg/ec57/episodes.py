"""Episode by episode: atrial or ventricular fibrillation in two annotations, and what of one is
found in the other.

An episode is found if any part of it lies within an episode of the other annotation; durations
count what lies within.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.ec57.annotations import read_pair
from ecg.ec57.statistics import LEARNING, Figures, Summary, percents, summary_of
from ecg.formats.annotation import Annotation

AF, FLUTTER = ("AFIB",), ("AFL",)  # notes of WFDB's rhythm annotations, without their bracket
KINDS = ("af", "vf")


class EpisodeComparison(NamedTuple):
    """What became of the episodes of two annotations; several records' sums are one too.

    found, missed: reference episodes that overlap a test episode, or none. true, false: test
    episodes that overlap a reference episode, or none. reference_s, test_s: length of all episodes
    of each in s; overlap_s: of what lies in both. flutter_at_start_s: length in s of the flutter in
    which test episodes began and that was left out of test_s."""

    found: int
    missed: int
    true: int
    false: int
    reference_s: float
    test_s: float
    overlap_s: float
    flutter_at_start_s: float = 0.0

    def figures(self) -> Figures:
        """{"episode": {"Se", "+P"}, "duration": {"Se", "+P"}} in percent, None where undefined."""
        return percents(episode_ratios(self))


EpisodeResults = Mapping[str, EpisodeComparison]  # of each record


# ---- episodes of an annotation ----------------------------------------------------------------


def rhythm_episodes(
    annotation: Annotation, rhythms: Sequence[str] = AF, end: float = np.inf
) -> np.ndarray:
    """(k, 2) first and last sample of the stretches whose rhythm annotation (symbol +, note such as
    `(AFIB`) is one of `rhythms`, given without the bracket.

    A stretch lasts until an annotation of another rhythm, the last one until `end`; neighbours of
    `rhythms` are one stretch."""
    marks = [
        (sample, note[1:] in rhythms)
        for sample, symbol, note in zip(annotation.samples, annotation.symbols, annotation.notes)
        if symbol == "+" and note.startswith("(")
    ]
    return _stretches(marks, end)


def fibrillation_episodes(
    samples: ArrayLike, symbols: Sequence[str], end: float = np.inf
) -> np.ndarray:
    """(k, 2) first and last sample of ventricular flutter or fibrillation, from [ to ] (or to
    `end`)."""
    marks = [
        (sample, symbol == "[")
        for sample, symbol in zip(np.asarray(samples), symbols)
        if symbol in ("[", "]")
    ]
    return _stretches(marks, end)


def _stretches(marks, end):
    """(k, 2) from each first mark that is inside to the next that is not. marks: [(time, inside)]
    in order of time."""
    times = np.array([time for time, _ in marks] + [end], dtype=np.float64)
    inside = np.array([False, *(is_in for _, is_in in marks), False], dtype=np.int8)
    change = np.diff(inside)
    return np.column_stack([times[change == 1], times[change == -1]])


# ---- comparison -------------------------------------------------------------------------------


def compare_episodes(
    reference: ArrayLike,
    test: ArrayLike,
    fs: float,
    n_samples: int | None = None,
    learning: float = LEARNING,
    flutter: ArrayLike | None = None,
) -> EpisodeComparison:
    """Compare the test's episodes with the reference's.

    reference, test: (k, 2) and (m, 2), first and last sample at `fs` Hz of each episode; those of
    one annotation do not overlap. n_samples: length of the recording, which ends an open episode
    (inf). learning: s from the start that do not count; an episode that runs on at their end counts
    from there. flutter: (j, 2), stretches that are neither right nor wrong for the test: an episode
    within one does not count, of others that part does not.
    Raises ValueError for episodes that overlap or have no end.

    Method: ANSI/AAMI EC57:2012 4.4 (episode and duration Se and +P)."""
    bounds = learning * fs, np.inf if n_samples is None else n_samples
    given = (reference, test, np.zeros((0, 2)) if flutter is None else flutter)
    ref, found, left_out = (_counted(spans, *bounds) for spans in given)
    within = _length_within(found, left_out) == found[:, 1] - found[:, 0]
    right = _length_within(found, ref)
    hits = int(np.count_nonzero(_length_within(ref, found)))
    true = int(np.count_nonzero(right))
    return EpisodeComparison(
        hits,
        len(ref) - hits,
        true,
        int(np.count_nonzero(~within)) - true,
        _total(ref) / fs,
        (_total(found) - float(_length_within(found, left_out).sum())) / fs,
        float(right.sum()) / fs,
        _at_start(found[~within], left_out) / fs,
    )


def _counted(spans, start, end):
    """The spans between start and end, in order of time."""
    spans = np.asarray(spans, dtype=np.float64).reshape(-1, 2)
    spans = np.clip(spans[np.argsort(spans[:, 0], kind="stable")], start, end)
    spans = spans[spans[:, 1] > spans[:, 0]]
    if np.any(spans[1:, 0] < spans[:-1, 1]):
        raise ValueError("the episodes of one annotation overlap")
    if np.any(np.isinf(spans)):
        raise ValueError("an episode has no end: give n_samples")
    return spans


def _total(spans):
    return float(np.sum(spans[:, 1] - spans[:, 0]))


def _length_within(spans, others):
    """(k,) length of each span's part within the others, all in order of time."""
    if not len(others):
        return np.zeros(len(spans))
    lengths = np.cumsum(others[:, 1] - others[:, 0])
    # length of the others before a time: it grows within them and stands still between them
    before = np.column_stack([np.concatenate([[0], lengths[:-1]]), lengths])
    return np.diff(np.interp(spans, others.ravel(), before.ravel()), axis=1)[:, 0]


def _at_start(spans, others):
    """Length of the parts of others from a span's start to their end, where it starts in one."""
    if not len(others):
        return 0.0
    k = np.searchsorted(others[:, 0], spans[:, 0], side="right") - 1
    return float(np.maximum(others[k, 1] - spans[:, 0], 0)[k >= 0].sum())


def compare_episodes_of_record(
    folder: str | Path,
    record: str,
    reference: str,
    test: str,
    test_dir: str | Path | None = None,
    kind: str = "af",
    learning: float = LEARNING,
    exclude_flutter: bool = False,
) -> EpisodeComparison:
    """Comparison of the episodes in two annotation files of a WFDB record, by the annotators
    `reference` and `test`.

    test_dir: folder of the test annotation, if it is another. kind: `af` (rhythm AFIB) or `vf`
    (from [ to ]). exclude_flutter: reference flutter (AFL) does not count against a test's AF.
    Raises InputError where a file is missing or no rate is known."""
    pair = read_pair(folder, record, reference, test, test_dir)
    end = pair.n_samples
    if end is None:  # without a header the last annotation is all that is known
        end = max([0, *pair.reference.samples[-1:], *pair.test.samples[-1:]])
    ref, found = (
        rhythm_episodes(each, AF)
        if kind == "af"
        else fibrillation_episodes(each.samples, each.symbols)
        for each in (pair.reference, pair.test)
    )
    flutter = rhythm_episodes(pair.reference, FLUTTER) if exclude_flutter else None
    return compare_episodes(ref, found, pair.fs, end, learning, flutter)


# ---- figures ----------------------------------------------------------------------------------


def episode_ratios(totals: ArrayLike) -> dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """What each figure divides: {"episode": {"Se": (found, all), "+P": ...}, "duration": {...}},
    each (...,), of the numbers of an EpisodeComparison (..., 8)."""
    found, missed, true, false, reference_s, test_s, overlap_s, _ = np.moveaxis(
        np.asarray(totals, dtype=np.float64), -1, 0
    )
    return {
        "episode": {"Se": (found, found + missed), "+P": (true, true + false)},
        "duration": {"Se": (overlap_s, reference_s), "+P": (overlap_s, test_s)},
    }


def summarize_episodes(results: EpisodeResults) -> Summary:
    """The figures of several records; gross is of all episodes together."""
    totals = np.array(list(results.values()), dtype=np.float64).reshape(-1, 8).sum(axis=0)
    each = {name: result.figures() for name, result in results.items()}
    return summary_of(percents(episode_ratios(totals)), each)
