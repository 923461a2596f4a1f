"""The windows in which a recording is described: pages of half an hour, or moving windows of what a
bedside monitor can know."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.context.alignment import RATE, prepare

PAGE = 1800.0  # s: long recordings are described in pages of half an hour, as models were trained
MARGIN = 120.0  # s of signal on either side of a page that it may look at
HOP = 30.0  # s from one moving window to the next


class Window(NamedTuple):
    """When a window is, in s of the recording: beats in [low, high) are described from the signal
    in [start, stop)."""

    low: float
    high: float
    start: float
    stop: float


class PreparedWindow(NamedTuple):
    """One window of a recording, ready for its beats to be described."""

    described: slice  # which of the recording's beats are described in this window
    seen: slice  # which of them lie in it: what they are compared with
    ecg: np.ndarray  # (n,) its samples as they were recorded
    x: np.ndarray  # the signal at 250 Hz and 0.5-40 Hz, from `prepare`
    q: np.ndarray  # the same at 5-25 Hz
    r: np.ndarray  # R peaks of the beats `seen`, in samples of x, float
    inner: slice  # which of `r` are those `described`


def windows(
    duration: float, past: float | None = None, delay: float = 60.0, hop: float = HOP
) -> list[Window]:
    """The windows in which a recording of `duration` seconds is described.

    past, delay, hop: as in `describe`."""
    end = duration + 1.0
    if past is None:
        count = max(1, round(duration / PAGE))
        edges = np.linspace(0, duration, count + 1)
        return [
            Window(
                low if low else 0.0,
                high if high < duration else end,
                max(low - MARGIN, 0.0),
                min(high + MARGIN, end),
            )
            for low, high in zip(edges[:-1], edges[1:])
        ]
    # beats before these times are described once `delay` more has come
    ready = np.arange(hop, max(duration - delay, 1e-3) + hop, hop)
    rows = [
        Window(high - hop, high, max(high - past, 0.0), min(high + delay, end)) for high in ready
    ]
    rows[-1] = rows[-1]._replace(high=end, stop=end)
    return rows


def checked_lead(ecg: ArrayLike, r_peaks: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """One lead and its R peaks (int64) as arrays. Raises ValueError for a signal that is not one
    lead, and for peaks that do not increase or lie outside it."""
    ecg, r_peaks = np.asarray(ecg), np.asarray(r_peaks, dtype=np.int64)
    if ecg.ndim != 1:
        raise ValueError(f"ecg has shape {ecg.shape}: give one lead, shape (samples,)")
    outside = len(r_peaks) and (r_peaks.min() < 0 or r_peaks.max() >= len(ecg))
    if outside or np.any(np.diff(r_peaks) <= 0):
        raise ValueError("r_peaks must increase and lie inside the signal")
    return ecg, r_peaks


def prepared_windows(
    ecg: np.ndarray,
    fs: float,
    r_peaks: np.ndarray,
    past: float | None = None,
    delay: float = 60.0,
    hop: float = HOP,
) -> Iterator[PreparedWindow]:
    """The windows of a recording that have a beat to describe, one after the other.

    ecg, r_peaks: from `checked_lead`; the other arguments as in `describe`."""
    for low, high, start, stop in windows(len(ecg) / fs, past, delay, hop):
        seen = slice(*np.searchsorted(r_peaks, [start * fs, stop * fs]))
        described = slice(*np.searchsorted(r_peaks, [low * fs, high * fs]))
        if described.start == described.stop:
            continue
        first, last = int(start * fs), int(np.ceil(stop * fs))
        part = ecg[first:last]
        x, q = prepare(part, fs)
        r = (r_peaks[seen] - first) * (RATE / fs)
        inner = slice(described.start - seen.start, described.stop - seen.start)
        yield PreparedWindow(described, seen, part, x, q, r, inner)
