"""Readable or not, and why: how much of every ten seconds can be read."""

from typing import NamedTuple

import numpy as np

from ecg import rpeaks

OK = 0.9  # share of a window that must be readable


class Window(NamedTuple):
    """start, stop: samples. readable: share of it in which beats can be found. reason: `ok`, or
    what makes most of the rest unreadable: missing, flat, clipped, noise."""

    start: int
    stop: int
    readable: float
    reason: str


def signal_quality(signal: np.ndarray, fs: float, window: float = 10.0) -> list[Window]:
    """One Window each `window` seconds (the last may be shorter), from ecg.rpeaks.unreadable. `ok`
    means at least 90 % readable. signal: (n,) any unit; fs in Hz."""
    n, step = len(signal), max(int(window * fs), 1)
    starts = np.arange(0, n, step)
    lost: dict[str, np.ndarray] = {}  # samples of each window by reason
    for start, stop, reason in rpeaks.unreadable(signal, fs):
        overlap = np.clip(np.minimum(stop, starts + step) - np.maximum(start, starts), 0, None)
        lost[reason] = lost.get(reason, 0) + overlap
    result = []
    for k, start in enumerate(starts.tolist()):
        length = min(start + step, n) - start
        lost_here = {reason: int(overlap[k]) for reason, overlap in lost.items()}
        readable = 1 - sum(lost_here.values()) / length
        reason = "ok" if readable >= OK else max(lost_here, key=lost_here.__getitem__)
        result.append(Window(start, start + length, readable, reason))
    return result
