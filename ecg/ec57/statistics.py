"""EC57's figures of counts: Se, +P and false positive rate of QRS, VEB and SVEB; gross and average.

Counts are (7, 7), rows N S V F Q O X of the reference, columns n s v f q o x of the test.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.evaluation import metrics

Figures = dict[str, dict[str, float | None]]

LEARNING = 300.0  # s: what lies before does not count


class Comparison(NamedTuple):
    """What became of the beats of two annotations.

    counts: int (7, 7), rows N S V F Q O X of the reference, columns n s v f q o x of the test.
    rr_error_ms: RMS difference of the RR intervals (nan without events). shutdown_s: time that the
    test declared unreadable. pairs: (k, 2) index into the given reference and test annotations of
    every counted event, -1 where it has no partner."""

    counts: np.ndarray
    rr_error_ms: float
    shutdown_s: float
    pairs: np.ndarray

    def figures(self) -> Figures:
        """ecg.ec57.figures of the counts."""
        return figures(self.counts)


Results = Mapping[str, Comparison]  # of each record


class Summary(NamedTuple):
    """Figures of several records: gross of their beats together; average, the mean over the records
    in which a figure is defined; and those of each record."""

    gross: Figures
    average: Figures
    records: dict[str, Figures]


def ratios(counts: np.ndarray) -> dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """What each figure divides: {"QRS": {"Se": (hits, all), "+P": ...}, "VEB": {..., "FPR": ...},
    "SVEB": ...}, each (...,), of counts (..., 7, 7).

    A test V on a fusion or unclassifiable beat is no false positive, nor a test S on an
    unclassifiable one (EC57)."""
    c = np.asarray(counts)
    hits, annotated, detected = metrics.detection(c)
    result = {"QRS": {"Se": (hits, annotated), "+P": (hits, detected)}}
    for name, k, forgiven in (("VEB", 2, [3, 4]), ("SVEB", 1, [4])):
        true = c[..., k, k]
        false = c[..., :, k].sum(axis=-1) - true - c[..., forgiven, k].sum(axis=-1)
        others = np.delete(c, k, axis=-2)
        negatives = np.delete(others[..., :5], k, axis=-1).sum(axis=(-2, -1))
        result[name] = {
            "Se": (true, c[..., k, :].sum(axis=-1)),
            "+P": (true, true + false),
            "FPR": (false, false + negatives),
        }
    return result


def figures(counts: np.ndarray) -> Figures:
    """{"QRS": {"Se", "+P"}, "VEB": {"Se", "+P", "FPR"}, "SVEB": {...}} in percent of counts (7, 7),
    None where nothing can be divided."""
    return percents(ratios(counts))


def percents(divided: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]) -> Figures:
    """{event: {figure: (part, whole)}}, a number each, in percent, None where whole is 0."""
    return {
        event: {name: percent(*pair) for name, pair in group.items()}
        for event, group in divided.items()
    }


def percent(part: ArrayLike, whole: ArrayLike) -> float | None:
    """part / whole (a number each) in percent, None where whole is 0."""
    return defined(metrics.ratio(part, whole, 100))


def defined(value: float | np.ndarray) -> float | None:
    """A figure (one number) as a float, None for nan: what reports and JSON call undefined."""
    return None if np.isnan(value) else float(value)


def summarize(results: Results) -> Summary:
    """The figures of several records."""
    each = {name: result.figures() for name, result in results.items()}
    return summary_of(figures(pooled(results)), each)


def summary_of(gross: Figures, each: dict[str, Figures]) -> Summary:
    """Summary of `gross` and of the figures of each record."""
    average = {
        event: {name: mean([found[event][name] for found in each.values()]) for name in group}
        for event, group in gross.items()
    }
    return Summary(gross, average, each)


def pooled(results: Results) -> np.ndarray:
    """The counts of all records added up, (7, 7)."""
    return sum((result.counts for result in results.values()), np.zeros((7, 7), dtype=np.int64))


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are defined, None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
