"""Stretches of a signal, (k, 2) int64: start and stop in samples, stop excluded.

Runs, unions, differences, overlaps: what detection and Holter summary have in common.
"""

from collections.abc import Iterable

import numpy as np


def pieces(n: int, size: int) -> list[tuple[int, int]]:
    """0..n divided into (start, stop) of `size` samples; the last may be shorter."""
    return [(start, min(start + size, n)) for start in range(0, n, size)]


def runs_of(flags: np.ndarray) -> np.ndarray:
    """(k, 2) start and stop of the runs of True in `flags`, bool (n,)."""
    return np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]))).reshape(-1, 2)


def periods(n: int, size: float, offset: float = 0.0) -> np.ndarray:
    """int64 (k + 1,) edges of the periods of `size` samples that 0..n consists of; one of them
    begins at `offset`, and the first and the last may be shorter. n = 0 has none."""
    low, high = np.ceil(-offset / size), np.floor((n - offset) / size)
    inner = np.ceil(offset + size * np.arange(low, high + 1) - 1e-6).astype(np.int64)
    return np.unique(np.concatenate([[0], inner[(inner > 0) & (inner < n)], [n]]))


def period_of(edges: np.ndarray, at: np.ndarray) -> np.ndarray:
    """int64 (n,): which of the periods between the `edges` (k + 1,) each sample of `at` is in."""
    return np.searchsorted(edges, at, "right") - 1


def covered(spans: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """int64 (k,): samples of each period between the `edges` (k + 1,) that (m, 2) `spans`, ordered
    and without overlap, cover."""
    length = np.concatenate([[0], np.cumsum(spans[:, 1] - spans[:, 0])])
    begun = np.searchsorted(spans[:, 0], edges, "right")
    over = np.concatenate([[0], spans[:, 1]])[begun] - edges  # beyond the edge
    return np.diff(length[begun] - np.maximum(over, 0))


def within(spans: Iterable, n: int) -> np.ndarray:
    """(k, 2) union of the parts of `spans`, (start, stop) in any order, that lie in 0..n."""
    found = np.clip(np.asarray(list(spans), dtype=np.int64).reshape(-1, 2), 0, n)
    return merged(found[found[:, 1] > found[:, 0]])


def merged(spans: np.ndarray) -> np.ndarray:
    """Union of (k, 2) spans, ordered; spans that touch become one."""
    if len(spans) == 0:
        return np.zeros((0, 2), np.int64)
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    first = np.concatenate([[True], spans[1:, 0] > reach[:-1]])
    return np.column_stack([spans[first, 0], reach[np.concatenate([first[1:], [True]])]])


def without(spans: np.ndarray, gaps: np.ndarray) -> list[tuple[int, int]]:
    """What of (k, 2) `spans` no gap (g, 2) covers, gaps ordered and without overlap: (start, stop)
    of each part, in the order of the spans."""
    out = []
    for start, stop in spans:
        first = np.searchsorted(gaps[:, 1], start, "right")
        for a, b in gaps[first : np.searchsorted(gaps[:, 0], stop)]:
            if a > start:
                out.append((start, a))
            start = b
        if start < stop:
            out.append((start, stop))
    return out


def overlaps(spans: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(k, 2) what two ordered sets of stretches, (a, 2) and (b, 2), have in common."""
    found = [
        (max(start, a), min(stop, b))
        for start, stop in spans
        for a, b in others[
            np.searchsorted(others[:, 1], start, "right") : np.searchsorted(others[:, 0], stop)
        ]
    ]
    return np.array(found, np.int64).reshape(-1, 2)


def inside(spans: np.ndarray, at: np.ndarray) -> np.ndarray:
    """bool (n,): whether each sample of `at` lies in one of the (k, 2) ordered spans."""
    if len(spans) == 0:
        return np.zeros(len(at), bool)
    k = np.searchsorted(spans[:, 0], at, "right") - 1
    return (k >= 0) & (at < spans[np.maximum(k, 0), 1])


def overlapping(start: np.ndarray, stop: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """bool (n,): whether each of start..stop, (n,) both, overlaps one of the (k, 2) spans, which
    are ordered and do not overlap each other."""
    if len(spans) == 0:
        return np.zeros(len(start), bool)
    k = np.searchsorted(spans[:, 1], start, side="right")  # the first that ends after the start
    return (k < len(spans)) & (spans[np.minimum(k, len(spans) - 1), 0] < stop)
