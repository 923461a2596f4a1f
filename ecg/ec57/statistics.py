"""EC57's figures of counts: Se, +P and false positive rate of QRS, VEB and SVEB; gross and average.

Counts are (7, 7), rows N S V F Q O X of the reference, columns n s v f q o x of the test.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecg.evaluation import metrics

Figures = dict[str, dict[str, float | None]]


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
    return {
        event: {name: percent(*pair) for name, pair in group.items()}
        for event, group in ratios(counts).items()
    }


def percent(part: float, whole: float) -> float | None:
    """part / whole in percent, None where whole is 0."""
    return defined(metrics.ratio(part, whole, 100))


def defined(value: float) -> float | None:
    """A figure as a float, None for nan: what reports and JSON call undefined."""
    return None if np.isnan(value) else float(value)


def summarize(results: Mapping[str, Any]) -> dict[str, Any]:
    """{"gross", "average", "records"} of {record: Comparison}: gross pools the beats, average is
    the mean over the records in which a figure is defined."""
    each = {name: result.figures() for name, result in results.items()}
    gross = figures(pooled(results))
    average = {
        event: {name: mean([found[event][name] for found in each.values()]) for name in group}
        for event, group in gross.items()
    }
    return {"gross": gross, "average": average, "records": each}


def pooled(results: Mapping[str, Any]) -> np.ndarray:
    """The counts of all records added up, (7, 7)."""
    return sum((result.counts for result in results.values()), np.zeros((7, 7), dtype=np.int64))


def mean(values: list[float | None]) -> float | None:
    """Mean of the values that are defined, None where none is."""
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None
