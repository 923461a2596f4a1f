"""What stands out while the heart stands still: P waves without QRS complexes, and the spikes of a
pacemaker that captures nothing. Both are no beats.

A P wave is low and blunt against the QRS complexes of the same lead; a spike is nothing but its
narrow self. How high and sharp QRS complexes usually are the recording itself tells, or, where only
its last seconds are at hand, who has seen more of it."""

from typing import NamedTuple

import numpy as np

from ecg.qrs import REACH, Take, ranked, stretches_of_peaks
from ecg.stretches import runs_of

# Shares of the usual height of the envelope, tried on MIT-BIH and SVDB: their P waves reach 0.05 to
# 0.25, and of their beats one in 10,000 is below 0.2.
LOW, BLUNT = 0.30, 0.67  # lower, and blunter than this share of the usual sharpness, or ...
VERY_LOW, LESS_SHARP = 0.22, 0.8  # ... both of these: P waves, where so many ...
RUN, VERY_LOW_RUN = 6, 3  # ... and more of the kind follow each other
NEVER = 0.12  # lower than this even what is sharp is no beat where so many follow each other
TOGETHER = 9  # low ones: each is small against the noise, their mean shape is less so
# the usual height is, of the median of each minute, this rank over so many minutes
MINUTE, MINUTES, RANK = 60.0, 61, 0.8
ENOUGH = 5  # beats tell what is usual ...
STEADY = 0.6  # ... that are as like their neighbours as this
SPIKE = 0.008  # s: with so much on either side of its tip bridged, a spike is gone ...
CAPTURED = 0.25  # s after it: there would be the QRS complex that it brought about
OF_ALL, LEFT = 0.6, 0.35  # ... which was this share of all there is, but for this share of it


class Usual(NamedTuple):
    """What the QRS complexes of a lead are usually like, NaN where it is not known. height: of the
    envelope, in the lead's unit. sharp: mean frequency of their shape, Hz."""

    height: float = np.nan
    sharp: float = np.nan


def sharpness(shapes: np.ndarray, rate: float) -> np.ndarray:
    """(m,) Hz: root of the mean square frequency of shapes (m, w), `rate` samples a second."""
    power = (shapes**2).sum(1) + np.finfo(float).tiny
    return np.sqrt((np.diff(shapes, axis=1) ** 2).sum(1) / power) * (rate / (2 * np.pi))


def usual_heights(at: np.ndarray, height: np.ndarray, known: float = np.nan) -> np.ndarray:
    """(m,) the usual height about each beat: high in the hour about it, so that a standstill of
    many minutes is not taken for usual.

    at: (m,) s. height: (m,), NaN what does not count. known: what was usual before; it is no
    less."""
    there = np.flatnonzero(np.isfinite(height))
    if len(there) < ENOUGH:
        return np.full(len(at), known)
    minute = (at // MINUTE).astype(np.int64)
    medians = np.full(int(minute[-1]) + 1, np.nan)
    of_minute, first = np.unique(minute[there], return_index=True)
    for number, part in zip(of_minute, np.split(height[there], first[1:])):
        medians[number] = np.median(part)
    return np.fmax(ranked(medians, MINUTES, RANK)[minute], known)


def usual_of(height: np.ndarray, sharp: np.ndarray, level: np.ndarray) -> Usual:
    """The height and sharpness, (m,) each, of those beats that are not low against `level` (m,), as
    two numbers. NaN: does not count."""
    good = (height > 0.5 * level) & np.isfinite(sharp)
    if good.sum() < ENOUGH:
        return Usual()
    return Usual(float(np.median(height[good])), float(np.median(sharp[good])))


def are_p_waves(share: np.ndarray, shapes: np.ndarray, rate: float, usual: float) -> np.ndarray:
    """bool (m,): which beats are P waves, or noise, of a heart that stands still.

    share: (m,) height over the usual one. shapes: (m, w), `rate` samples a second. usual: sharpness
    of QRS complexes in Hz."""
    low = np.flatnonzero(share < LOW)
    if len(low) == 0 or not np.isfinite(usual):
        return np.zeros(len(share), bool)
    relative = np.full(len(share), np.inf)
    relative[low] = sharpness(_sums(shapes[low]), rate) / usual
    blunt = (share < LOW) & (relative < BLUNT)
    lowest = (share < VERY_LOW) & ((relative < LESS_SHARP) | (share < NEVER))
    return _runs(blunt | lowest, RUN) | _runs(lowest, VERY_LOW_RUN)


def _runs(flags, least):
    """bool (m,): those flags that are set `least` times or more one after the other."""
    out = np.zeros(len(flags), bool)
    for start, stop in runs_of(flags):
        out[start:stop] = stop - start >= least
    return out


def _sums(shapes):
    """(m, w) of each shape the sum with its neighbours, TOGETHER in all."""
    half = TOGETHER // 2
    total = np.cumsum(np.pad(shapes, ((half + 1, half), (0, 0))), axis=0)
    return total[TOGETHER:] - total[:-TOGETHER]


def are_spikes(take: Take, peaks: np.ndarray, n: int, fs: float) -> np.ndarray:
    """bool (m,): about which of `peaks` (m,), in samples of the signal of n, there is nothing but a
    spike: a beat that a pacemaker has brought about has its QRS complex beside it."""
    width = max(1, round(SPIKE * fs))
    before, after = round(REACH * fs) + width, round(CAPTURED * fs)
    out = [np.zeros(0, bool)]
    for x, p, first in stretches_of_peaks(take, peaks, n, round(600 * fs), before, after):
        start = first + before
        windows = np.lib.stride_tricks.sliding_window_view(x, before + after)[p - start]
        out.append(_only_a_spike(windows, width, 2 * round(REACH * fs)))
    return np.concatenate(out)


def _only_a_spike(windows, width, tips):
    """bool (m,) of windows (m, w): nothing is left once `width` samples either side of the
    narrowest peak, one of the first `tips`, are bridged."""
    middle = windows[:, width : width + tips]
    before, after = middle - windows[:, :tips], middle - windows[:, 2 * width : 2 * width + tips]
    height = np.maximum(np.minimum(before, after), -np.maximum(before, after))
    tip = height.argmax(1)
    height = height[np.arange(len(tip)), tip]
    out = height > OF_ALL * np.ptp(windows, axis=1)
    at = np.arange(windows.shape[1])
    for k in np.flatnonzero(out):
        kept = (at <= tip[k]) | (at >= tip[k] + 2 * width)
        rest = np.interp(at, at[kept], windows[k, kept])
        out[k] = np.ptp(rest) < LEFT * height[k]
    return out
