"""Rhythm of labelled records against the reference, episode by episode (EC57, as ecg/ec57 counts),
and how long atrial fibrillation is called where there is none."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ecg import ec57
from ecg.ec57 import EpisodeComparison
from ecg.evaluation import metrics
from ecg.formats.annotation import Annotation
from ecg.rhythm.written import stretches
from ecg.signal_models import SignalModels

# kinds of episode: what each is called in reports
KINDS = {
    "af": "AF (AFIB), as epicmp",
    "af_flutter": "AF and flutter (AFIB, AFL)",
    "vf": "VF and flutter ([ to ])",
}
WIDTH = 36  # characters of a line's label
FIGURES = [(part, name) for part in ("episode", "duration") for name in ("Se", "+P")]


class RhythmOfRecord(NamedTuple):
    """What became of the rhythm of a record.

    episodes: {kind: EpisodeComparison}; AF only where the reference tells the rhythm. has_af: None
    where it does not, else whether it has AF or flutter that counts. af_s: s called AF or flutter,
    counted_s: s that count, both after the learning period."""

    episodes: dict[str, EpisodeComparison]
    has_af: bool | None
    af_s: float
    counted_s: float


def told_kinds(models: SignalModels) -> list[str]:
    """The kinds of episode that these networks tell of."""
    there = {"vf": _is_there(models.fibrillation)}
    return [kind for kind in KINDS if there.get(kind, _is_there(models.rhythm))]


def _is_there(model):
    return model is not None and not isinstance(model, str)


def compare_rhythm(
    rhythm: dict[str, Any],
    reference: Annotation,
    fs: float,
    n_samples: int,
    learning: float = ec57.LEARNING,
    kinds: Collection[str] = tuple(KINDS),
) -> RhythmOfRecord:
    """The rhythm of a record, as ecg.rhythm.track.Rhythm.as_dict gives it, against a reference that
    counts at its rate, fs Hz. learning: s at the start that do not count. kinds: of KINDS, those
    that were looked for."""
    af, vf = (stretches(rhythm, name, fs) for name in ("AF", "VF"))
    tells = any(
        s == "+" and note.startswith("(") for s, note in zip(reference.symbols, reference.notes)
    )
    true_af = ec57.rhythm_episodes(reference, (*ec57.AF, *ec57.FLUTTER), n_samples)
    pairs = {
        "af": (ec57.rhythm_episodes(reference, ec57.AF, n_samples), af),
        "af_flutter": (true_af, af),
        "vf": (ec57.fibrillation_episodes(reference.samples, reference.symbols, n_samples), vf),
    }
    episodes = {
        kind: ec57.compare_episodes(*pair, fs, n_samples, learning)
        for kind, pair in pairs.items()
        if kind in kinds and (tells or kind == "vf")
    }
    any_af = bool((true_af[:, 1] > learning * fs).any())
    af_s = ec57.compare_episodes(np.zeros((0, 2)), af, fs, n_samples, learning).test_s
    counted_s = max(n_samples / fs - learning, 0.0)
    return RhythmOfRecord(episodes, any_af if tells else None, af_s, counted_s)


def rhythm_document(
    records: Mapping[str, RhythmOfRecord], draws: int = metrics.DRAWS, seed: int = 0
) -> dict[str, Any]:
    """As JSON, {kind: {"gross", "average", "records", "intervals", "durations_s"}} of the episodes;
    with_af: the gross figures of AF and flutter in the records whose reference has some; false_af:
    {"records", "hours", "minutes_per_hour"} of those whose reference tells the rhythm and has none
    (None without such records). draws, seed: of the bootstrap over records."""
    document: dict[str, Any] = {}
    for kind in KINDS:
        found = {n: each.episodes[kind] for n, each in records.items() if kind in each.episodes}
        if not found:
            continue
        document[kind] = {
            **ec57.summarize_episodes(found)._asdict(),
            "intervals": episode_intervals(np.array(list(found.values()), float), draws, seed),
            "durations_s": {
                name: {"reference": c.reference_s, "test": c.test_s} for name, c in found.items()
            },
        }
    without_af = {name: each for name, each in records.items() if each.has_af is False}
    document["false_af"] = _false_af(without_af) if "af_flutter" in document else None
    document["with_af"] = _with_af({n: each for n, each in records.items() if each.has_af})
    return document


def episode_intervals(
    stack: np.ndarray, draws: int = metrics.DRAWS, seed: int = 0
) -> dict[str, dict[str, list[float] | None]] | None:
    """{"episode": {"Se": [low, high], ...}, "duration": ...}: 95 % intervals in percent of the
    gross figures of EpisodeComparisons (records, 8), bootstrap over records; None for one."""
    return metrics.ratio_intervals(stack, ec57.episode_ratios, draws, seed)


def _with_af(records):
    found = {n: r.episodes["af_flutter"] for n, r in records.items() if "af_flutter" in r.episodes}
    if not found:
        return None
    return {"records": len(found), "gross": ec57.summarize_episodes(found).gross}


def _false_af(records):
    hours = sum(each.counted_s for each in records.values()) / 3600
    if not hours:
        return None
    minutes = sum(each.af_s for each in records.values()) / 60
    return {"records": len(records), "hours": hours, "minutes_per_hour": minutes / hours}


def rhythm_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The table of `rhythm_document`, for people."""
    yield f"{'episodes, %':<{WIDTH}}" + "".join(
        f"{part} {name}".rjust(13) for part, name in FIGURES
    )
    for kind, label in KINDS.items():
        of_kind = document.get(kind)
        if of_kind is None or not any(
            each for pair in of_kind["durations_s"].values() for each in pair.values()
        ):
            continue
        yield _line(f"{label}, gross", [_percent(of_kind["gross"][p][n]) for p, n in FIGURES])
        if of_kind["intervals"]:
            pairs = [of_kind["intervals"][p][n] for p, n in FIGURES]
            yield _line("  95 % over records", [_between(pair) for pair in pairs])
        if kind == "af_flutter" and (alone := document["with_af"]):
            cells = [_percent(alone["gross"][p][n]) for p, n in FIGURES]
            yield _line(f"  of the {alone['records']} records that have some", cells)
    if false := document["false_af"]:
        yield (
            f"AF called on the {false['records']} records without AF or flutter: "
            f"{false['minutes_per_hour']:.2f} min/h in {false['hours']:.1f} h"
        )


def _line(label, cells):
    return f"{label:<{WIDTH}}" + "".join(f"{cell:>13}" for cell in cells)


def _percent(value):
    return "-" if value is None else f"{value:.1f}"


def _between(pair):
    return "-" if pair is None else f"{pair[0]:.1f}-{pair[1]:.1f}"
