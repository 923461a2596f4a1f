"""The signal as its quality is looked at: pages of ten minutes at 125 Hz, three bands of it, and
how high its QRS complexes are."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from ecg import dsp
from ecg.context.alignment import cut
from ecg.context.statistics import running_median

RATE = 125  # Hz
PAGE = 600  # s: a day goes by in pages of ten minutes ...
MARGIN = 30  # s: ... which look so far beyond their ends
BAND = 0.7, 40.0  # Hz of the ECG
QRS_BAND = 7.0, 25.0  # Hz
SLOW = 25  # samples, 0.2 s: two moving means so long leave the baseline and the swings of it
QRS = np.arange(-8, 9)  # +-64 ms
USUAL = 17  # beats: the usual height is the median of so many


class Page(NamedTuple):
    """Ten minutes of one lead, and MARGIN on either side.

    first: sample at RATE of the recording at which x begins. x: (n,) float64, as it was recorded,
    missing samples bridged. there: (n,) bool, False where samples are missing. y, slow: (n,) the
    band of the ECG; the baseline. envelope: (n,) of the QRS band. r: int64 (m,) R peaks in samples
    of x. height: (m,) from trough to peak of the QRS complexes; usual: (m,) the median of those
    around. beats: which beats of the recording r are. own: which of r lie in the page itself."""

    first: int
    x: np.ndarray
    there: np.ndarray
    y: np.ndarray
    slow: np.ndarray
    envelope: np.ndarray
    r: np.ndarray
    height: np.ndarray
    usual: np.ndarray
    beats: slice
    own: slice


def length_at_rate(n: int, fs: float) -> int:
    """Samples at RATE of a recording of n samples at fs Hz."""
    return max(int(n * RATE / fs), 1)


def pages(ecg: ArrayLike, fs: float, r_peaks: ArrayLike) -> Iterator[Page]:
    """The pages of one lead (n,) in any unit at fs Hz, NaN where samples are missing, with its R
    peaks (m,) in samples, increasing."""
    ecg, r_peaks = np.asarray(ecg), np.asarray(r_peaks, np.int64)
    total = length_at_rate(len(ecg), fs)
    for start in range(0, total, PAGE * RATE):
        low, high = max(start - MARGIN * RATE, 0), min(start + (PAGE + MARGIN) * RATE, total)
        a, b = round(low * fs / RATE), min(round(high * fs / RATE), len(ecg))
        seen = slice(*np.searchsorted(r_peaks, [a, b]))
        own = np.searchsorted(r_peaks[seen], [start * fs / RATE, (start + PAGE * RATE) * fs / RATE])
        yield _page(ecg[a:b], fs, low, high - low, r_peaks[seen] - a, seen, slice(*own))


def _page(ecg, fs, first, n, r_peaks, seen, own):
    there = np.isfinite(ecg)
    x, there = _at_rate(_bridged(ecg.astype(np.float64), there), fs, n), _thinned(there, fs, n)
    rounding = 1e-12 * np.abs(x).max()
    y, q = (_band(x, band, rounding) for band in (BAND, QRS_BAND))
    slow = ndimage.uniform_filter1d(ndimage.uniform_filter1d(x, SLOW, mode="nearest"), SLOW)
    envelope = ndimage.uniform_filter1d(np.abs(q), 13)
    r = np.minimum(np.rint(r_peaks * RATE / fs).astype(np.int64), n - 1)
    qrs = cut(y, r, QRS)
    height = qrs.max(axis=1) - qrs.min(axis=1) if len(r) else np.zeros(0)
    usual = running_median(height, USUAL) if len(r) else height
    return Page(first, x, there, y, slow, envelope, r, height, usual, seen, own)


def _bridged(x, there):
    if there.all():
        return x
    at = np.flatnonzero(there)
    return np.interp(np.arange(len(x)), at, x[at]) if len(at) else np.zeros(len(x))


def _at_rate(x, fs, n):
    """x at RATE, (n,), by polyphase filtering."""
    ratio = Fraction(RATE / fs).limit_denominator(1000)
    if ratio != 1:
        x = dsp.resampled(x, ratio.numerator, ratio.denominator)
    return np.pad(x, (0, max(n - len(x), 0)), mode="edge")[:n]


def _thinned(there, fs, n):
    if there.all():
        return np.ones(n, bool)
    at = np.minimum((np.arange(n) * (fs / RATE)).astype(np.int64), len(there) - 1)
    return there[at]


def _band(x, band, rounding):
    """x band-passed, zero phase; what is left of a constant is rounding error and becomes 0."""
    middle = np.median(x[:: max(len(x) // 1000, 1)])
    y = dsp.both_ways(dsp.band_pass(*band, RATE), x - middle, min(len(x) - 1, 2 * RATE))
    y[np.abs(y) < rounding] = 0.0
    return y
