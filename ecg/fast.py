"""Hearts of more than 220 beats a minute: their QRS complexes are closer to each other than those
that the envelope of ecg/qrs.py can tell apart, so that every other one is found.

The signal tells by itself that it repeats at half the interval: a T wave is not like the QRS
complex before it, the next QRS complex is."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy import signal as sps

from ecg import dsp
from ecg.qrs import MARGIN, QRS_BAND, Take, ranked
from ecg.stretches import inside, merged, overlapping, pieces

# Times in seconds.
# beats closer than this, between which the envelope does not sink below this share of them, may be
# every other one, or every third; the median of so many
SUSPECT, BUSY, AROUND = 0.82, 0.08, 5
WINDOW, HOP = 2.0, 0.5
FASTEST, SLOWEST = 0.185, 0.31  # intervals that are looked for
WITHIN = 0.05, 0.16  # a complex does not repeat itself so soon
REPEATS = 0.50  # share of the signal's power that repeats after the interval ...
AS_TWICE = 0.80  # ... times what repeats after twice the interval ...
NOT_WITHIN = 0.65  # ... and what repeats within it is less than this share of it
SMOOTH = 0.06, 0.03  # two moving means over |band-passed signal|
LEAST = 0.5  # of the median height of the fast beats: a beat among them
# share of the power from 2 Hz on that is in the QRS band: narrow complexes that were measured have
# 0.17 to 0.9, ventricular fibrillation and flutter 0.02 to 0.17
WAVES, NARROW = 2.0, 0.19
LONGEST = 600.0  # so much is looked at at a time
LEAST_RUN = 2.4  # shorter is no rhythm


class Fast(NamedTuple):
    """spans: (k, 2) in samples, where the rhythm is fast. at: (m,) its beats in samples."""

    spans: np.ndarray
    at: np.ndarray

    def instead(self, at: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Beats (m,) in samples and their contrast with those of the fast stretches put in."""
        if len(self.at) == 0:
            return at, contrast
        kept = ~inside(self.spans, at)
        merged_at = np.concatenate([at[kept], self.at])
        both = np.concatenate([contrast[kept], np.full(len(self.at), np.inf)])
        order = np.argsort(merged_at, kind="stable")
        return merged_at[order], both[order]


NONE = Fast(np.zeros((0, 2), np.int64), np.zeros(0, np.int64))


def find_fast(
    take: Take, n: int, fs: float, at: np.ndarray, valley: np.ndarray, gaps: np.ndarray
) -> Fast:
    """Where a signal of n samples at fs Hz is faster than its beats `at` (m,), in samples, and the
    beats there. valley: (m,) how far the envelope sinks beside each, as a share of its height.
    gaps: (g, 2)."""
    if len(at) < AROUND:
        return NONE
    busy = ranked(valley, AROUND, 0.5)[1:] > BUSY
    close = np.flatnonzero((np.diff(at) < SUSPECT * fs) & busy)
    if len(close) < AROUND - 1:
        return NONE
    reach = round(WINDOW * fs / 2)
    suspects = merged(np.column_stack([at[close] - reach, at[close + 1] + reach]))
    suspects = suspects[suspects[:, 1] - suspects[:, 0] >= (WINDOW + LEAST_RUN) * fs]
    spans, beats = [NONE.spans], [NONE.at]
    for start, stop in np.clip(suspects, 0, n):
        for a, b in pieces(stop - start, round(LONGEST * fs)):  # bounds the memory
            found = _in_stretch(take, start + a, start + b, n, fs)
            spans.append(found.spans)
            beats.append(found.at)
    all_spans, all_at = np.concatenate(spans), np.unique(np.concatenate(beats))
    all_spans = merged(all_spans[~overlapping(all_spans[:, 0], all_spans[:, 1], gaps)])
    all_at = all_at[inside(all_spans, all_at)]
    return Fast(all_spans, all_at[np.diff(all_at, prepend=-n) > FASTEST / 2 * fs])


def _in_stretch(take, start, stop, n, fs):
    """Fast within start..stop (samples)."""
    step = max(1, int(fs // 120))
    rate, margin = fs / step, round(MARGIN / 4 * fs)
    first = max(start - margin, 0) // step * step
    last = min(stop + margin, n) // step * step
    x = take(first, last).reshape(-1, step).mean(1)
    size, hop = round(WINDOW * rate), round(HOP * rate)
    if len(x) < size:
        return NONE
    y = _filtered(x, QRS_BAND[0], rate)
    windows = np.lib.stride_tricks.sliding_window_view(y, size)[::hop]
    interval, sure = _intervals(windows, rate)
    places = np.flatnonzero(sure) * hop
    spans, beats = [], [NONE.at]
    for a, b in merged(np.column_stack([places, places + size])):
        if b - a < LEAST_RUN * rate or not _is_narrow(x[a:b], y[a:b], rate):
            continue
        typical = np.median(interval[sure][(places >= a) & (places + size <= b)])
        peaks = a + _peaks(y[a:b], typical, rate)
        if len(peaks) < 0.8 * LEAST_RUN * rate / typical:
            continue
        beats.append(first + peaks * step + (step - 1) // 2)
        half = round(0.6 * typical)
        spans.append((first + (peaks[0] - half) * step, first + (peaks[-1] + half) * step))
    return Fast(np.array(spans, np.int64).reshape(-1, 2), np.concatenate(beats))


def _filtered(x, low, rate):
    sos = dsp.band_pass(low, min(QRS_BAND[1], 0.45 * rate), rate)
    return dsp.both_ways(sos, x - x[0], min(len(x) - 1, round(rate)))


def _is_narrow(x, y, rate):
    """Whether the complexes of x (n,), of which y (n,) is the QRS band, are narrow."""
    return y.var() > NARROW * _filtered(x, WAVES, rate).var()


def _peaks(y, interval, rate):
    """The beats of y (n,), the QRS band of a rhythm of this interval, both in samples."""
    e = np.abs(y)
    for width in SMOOTH:
        e = ndimage.uniform_filter1d(e, max(1, round(width * rate)))
    peaks = sps.find_peaks(e, distance=max(1, round(0.75 * interval)))[0]
    return peaks[e[peaks] >= LEAST * np.median(e[peaks])] if len(peaks) else peaks


def _intervals(windows, rate):
    """(interval (k,) in samples after which windows (k, w) repeat, bool (k,) whether they do)."""
    k, size = windows.shape
    low, high = int(np.ceil(FASTEST * rate)), int(SLOWEST * rate)
    spectrum = np.fft.rfft(windows, 1 << (size + 2 * high + 4).bit_length())
    power = np.fft.irfft(np.abs(spectrum) ** 2)[:, : 2 * high + 4]
    power = power / (power[:, :1] + 1e-300) / (1 - np.arange(power.shape[1]) / size)
    interval = power[:, low : high + 1].argmax(1) + low
    rows = np.arange(k)
    repeats = power[rows, interval]
    is_peak = (repeats >= power[rows, interval - 1]) & (repeats >= power[rows, interval + 1])
    twice = np.max([power[rows, 2 * interval + d] for d in (-2, -1, 0, 1, 2)], axis=0)
    within = power[:, round(WITHIN[0] * rate) : round(WITHIN[1] * rate) + 1].max(1)
    sure = is_peak & (repeats > np.maximum(REPEATS, AS_TWICE * twice))
    return interval, sure & (within < NOT_WITHIN * repeats)
