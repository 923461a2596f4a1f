"""Detections against annotated beats: one to one, then counts, Se, +P, F1."""

import numpy as np

from benchmarks.rpeaks_parts.records import Record

WINDOW = 0.150  # s, EC57's match window


def match(reference: np.ndarray, found: np.ndarray, window: float) -> np.ndarray:
    """Pairs (k, 2) of indices into two increasing arrays: mutually nearest within `window` samples,
    one to one."""
    i, j = np.arange(len(reference)), np.arange(len(found))
    pairs = [np.zeros((0, 2), np.int64)]
    while len(i) and len(j):
        r, d = reference[i], found[j]
        k, m = nearest(d, r), nearest(r, d)
        mutual = (m[k] == np.arange(len(r))) & (np.abs(d[k] - r) <= window)
        if not mutual.any():
            break
        pairs.append(np.column_stack([i[mutual], j[k[mutual]]]))
        i, j = np.delete(i, np.flatnonzero(mutual)), np.delete(j, k[mutual])
    return np.concatenate(pairs)


def nearest(among: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Index into increasing `among` of the value nearest to each of `to`; of two as near the
    later."""
    after = np.clip(np.searchsorted(among, to), 0, len(among) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(to - among[before]) < np.abs(among[after] - to), before, after)


def errors(record: Record, found: np.ndarray) -> tuple[int, int, int, np.ndarray]:
    """(hits, missed, invented, location errors in ms) of one record; episodes of flutter left
    out."""
    reference, found = record.beats, np.asarray(found, dtype=np.int64)
    for start, stop in record.flutter:
        reference = reference[(reference < start) | (reference > stop)]
        found = found[(found < start) | (found > stop)]
    pairs = match(reference, found, WINDOW * record.fs)
    off = (found[pairs[:, 1]] - reference[pairs[:, 0]]) / record.fs * 1000
    return len(pairs), len(reference) - len(pairs), len(found) - len(pairs), off


def f1(hit: int, missed: int, invented: int) -> float:
    """F1 in percent."""
    return 200 * hit / max(2 * hit + missed + invented, 1)


def figures(rows: list[tuple]) -> dict:
    """Figures over records, each (name, seconds, hits, missed, invented, location errors in ms)."""
    names, seconds, hit, missed, invented, off = zip(*rows)
    each = {name: f1(*counts) for name, *counts in zip(names, hit, missed, invented)}
    worst = min(each, key=each.__getitem__)
    hit, missed, invented = sum(hit), sum(missed), sum(invented)
    return {
        "records": len(names),
        "Se": 100 * hit / max(hit + missed, 1),
        "+P": 100 * hit / max(hit + invented, 1),
        "F1": f1(hit, missed, invented),
        "missed": missed,
        "invented": invented,
        "worst record": worst,
        "worst F1": each[worst],
        "location ms": np.abs(np.concatenate(off)).mean(),
        "s a record": float(np.mean(seconds)),
        "F1 by record": each,
    }
