"""Where a signal says nothing: missing, flat and clipped samples, and bridges across them."""

from typing import NamedTuple

import numpy as np

from ecg.stretches import inside, merged, pieces, runs_of

FLAT = 1.0  # s: the same value for so long is no ECG
CLIPPED = 0.25  # s: the extreme value of the recording for so long is a converter at its end
HIDDEN = 0.15  # s: a shorter loss is bridged and hides no beat
SPIKE = 0.008  # s: a peak of this width or less, twice as high as the usual span, is no heart's
PIECE = 1 << 17  # samples looked at at a time


class Gaps(NamedTuple):
    """What is missing of a signal.

    spans: (g, 2) start and stop in samples, ordered by start, of what hides beats. reasons: (g,)
    'missing', 'flat' or 'clipped'. bridges: (b, 2) all that must be bridged before the signal is
    filtered, spikes and short losses too. middle, spread: median of the signal, and its 99th less
    its 1st percentile, in its unit."""

    spans: np.ndarray
    reasons: np.ndarray
    bridges: np.ndarray
    middle: float
    spread: float


def find_gaps(ecg: np.ndarray, fs: float) -> Gaps:
    """Where the samples of `ecg` (n,) at `fs` Hz say nothing, as Gaps."""
    sample = ecg[:: max(1, len(ecg) // 20000)].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    low, middle, high = np.percentile(sample, [1, 50, 99]) if len(sample) else (0.0, 0.0, 0.0)
    missing, spikes, lowest, highest = _missing_and_spikes(ecg, fs, 2 * (high - low))
    flat = _constant(ecg, CLIPPED * fs)
    value = ecg[flat[:, 0]].astype(np.float64)
    rail = ((value == lowest) | (value == highest)) & (
        np.abs(value - middle) > 0.25 * (float(highest) - float(lowest))
    )
    kept = np.isfinite(value) & (rail | (flat[:, 1] - flat[:, 0] >= FLAT * fs))
    flat, value, rail = flat[kept], value[kept], rail[kept]
    bridges = merged(np.concatenate([missing, spikes, flat]))
    hidden = missing[missing[:, 1] - missing[:, 0] >= HIDDEN * fs]
    spans = np.concatenate([hidden, flat])
    # a recorder fills with zeros what it does not have: no converter at its end
    why_flat = ["clipped" if at_end and level else "flat" for at_end, level in zip(rail, value)]
    reasons = np.array(["missing"] * len(hidden) + why_flat, object)
    order = np.argsort(spans[:, 0], kind="stable")
    return Gaps(spans[order], reasons[order], bridges, middle, high - low)


def bridged(ecg: np.ndarray, start: int, stop: int, gaps: Gaps) -> np.ndarray:
    """float64 ecg[start:stop] less its middle, with straight lines across the bridges of `gaps`, so
    that their ends make no step."""
    x = np.subtract(ecg[start:stop], gaps.middle, dtype=np.float64)
    first = np.searchsorted(gaps.bridges[:, 1], start, "right")
    near = gaps.bridges[first : np.searchsorted(gaps.bridges[:, 0], stop)]
    if len(near) == 0:
        return x
    before, after = near[:, 0] - 1, near[:, 1]
    left = ecg[np.maximum(before, 0)].astype(np.float64) - gaps.middle
    right = ecg[np.minimum(after, len(ecg) - 1)].astype(np.float64) - gaps.middle
    left, right = np.where(before >= 0, left, np.nan), np.where(after < len(ecg), right, np.nan)
    left, right = np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)
    at = np.flatnonzero(inside(near, np.arange(start, stop)))
    x[at] = np.interp(
        at + start,
        np.column_stack([before, after]).ravel(),
        np.nan_to_num(np.column_stack([left, right]).ravel()),
    )
    return x


def _missing_and_spikes(ecg, fs, limit):
    """((k, 2) runs that are no numbers, (k, 2) spikes higher than `limit`, lowest and highest value
    of the signal)."""
    none = np.zeros((0, 2), np.int64)
    missing, spikes, lowest, highest = [none], [none], np.inf, -np.inf
    width = int(np.ceil(SPIKE * fs))
    for start, stop in pieces(len(ecg), PIECE):
        first = max(start - width, 0)
        x = ecg[first : stop + width].astype(np.float64, copy=False)
        bottom, top = x.min(), x.max()
        if not (np.isfinite(bottom) and np.isfinite(top)):
            missing.append(runs_of(~np.isfinite(x)) + first)
            x = np.where(np.isfinite(x), x, np.nan)
            bottom, top = np.fmin.reduce(x), np.fmax.reduce(x)
        lowest, highest = np.fmin(lowest, bottom), np.fmax(highest, top)
        if top - bottom > limit > 0:
            spikes.append(_spikes(x, limit, width) + first)
    return merged(np.concatenate(missing)), np.concatenate(spikes), lowest, highest


def _spikes(x, limit, width):
    """(k, 2) peaks of x, at most `width` samples wide, that stand out by more than `limit` on both
    sides."""
    rise = x[width:] - x[:-width]
    if not (np.fmax.reduce(rise) > limit and np.fmin.reduce(rise) < -limit):
        return np.zeros((0, 2), np.int64)
    before, after = rise[:-width], -rise[width:]
    stands_out = (np.minimum(before, after) > limit) | (np.maximum(before, after) < -limit)
    skirt = (width + 1) // 2  # of a spike between two samples, or that a filter has rounded
    return runs_of(stands_out) + [width - skirt, width + skirt]


def _constant(ecg, length):
    """(k, 2) runs of at least `length` samples of one value, looked for on a grid that no such run
    can slip through."""
    step = max(int(length) // 2, 1)
    grid = ecg[::step]
    pairs = np.flatnonzero(grid[1:] == grid[:-1])
    same = [np.zeros(0, np.int64)]
    for start, stop in pieces(len(pairs), 4096):
        k = pairs[start:stop]
        same.append(k[(ecg[k[:, None] * step + np.arange(step)] == grid[k, None]).all(1)])
    start_of = np.concatenate(same)
    runs = merged(np.column_stack([start_of, start_of + 1]) * step) + [0, 1]
    for run in runs:  # to the last equal sample on either side
        value = ecg[run[0]]
        before = ecg[max(run[0] - step, 0) : run[0]][::-1] != value
        after = ecg[run[1] : run[1] + step] != value
        run += [
            -(before.argmax() if before.any() else len(before)),
            after.argmax() if after.any() else len(after),
        ]
    return runs[runs[:, 1] - runs[:, 0] >= length]
