"""Rows of different length side by side, with a mask of what is there: statistics of each."""

import numpy as np


def padded(values: np.ndarray, row: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """((rows, m, ...) the values (b, ...) of each row in order, 0 after them; (rows, m) bool, where
    there are any). row: int (b,), which row each is of, increasing; m is that of the longest."""
    count = np.bincount(row, minlength=rows)
    place = np.arange(len(row)) - (np.cumsum(count) - count)[row]
    out = np.zeros((rows, max(count.max(initial=0), 4), *values.shape[1:]), values.dtype)
    there = np.zeros(out.shape[:2], bool)
    out[row, place], there[row, place] = values, True
    return out, there


def moved_up(values: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`padded` values (k, m), those that are there moved to the front of their rows."""
    order = np.argsort(~there, axis=1, kind="stable")
    return np.take_along_axis(values, order, 1), np.take_along_axis(there, order, 1)


def mean(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(k,) of what is there of values (k, m); NaN where nothing is."""
    count = there.sum(axis=1)
    total = np.where(there, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def percentiles(values: np.ndarray, there: np.ndarray, percents: list[float]) -> np.ndarray:
    """(len(percents), k, ...) of what is there, bool (k, m), of values (k, m, ...), interpolated
    linearly; NaN where nothing is."""
    there = there.reshape(*there.shape, *(1,) * (values.ndim - 2))
    columns = np.moveaxis(np.where(there, values, np.inf), 1, -1)
    ordered = np.sort(np.ascontiguousarray(columns), axis=-1)
    count = np.broadcast_to(np.moveaxis(there, 1, -1).sum(axis=-1), ordered.shape[:-1])
    out = np.full((len(percents), *count.shape), np.nan)
    for number, percent in enumerate(percents):
        at = np.maximum(count - 1, 0) * (percent / 100)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        a, b = (np.take_along_axis(ordered, each[..., None], -1)[..., 0] for each in (low, high))
        with np.errstate(invalid="ignore"):
            out[number] = np.where(count > 0, a + (at - low) * (b - a), np.nan)
    return out
