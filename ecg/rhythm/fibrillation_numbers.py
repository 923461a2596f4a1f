"""Four seconds of a lead in numbers that tell fibrillation from beats; none depends on gain, offset
or polarity. Training and serving use them alike.

Sources of the less usual ones: leakage of a filter set to the mean frequency (Kuo and Dillman
1978), samples above a threshold (Arafat 2011), boxes visited in phase space (Amann 2007)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft as sfft
from scipy import signal as sps

from ecg.context.statistics import shifted
from ecg.quality.signal import PAGE, RATE, Page, length_at_rate, pages

SECONDS, HOP_SECONDS = 4, 1  # a window, and how far to the next
WINDOW, HOP = SECONDS * RATE, HOP_SECONDS * RATE
LAGS = (0, -3, 3)  # windows: it is judged with the one before and the one after that
LENGTH = 1024  # of the Fourier transforms
BANDS = ((0.7, 2), (2, 4), (4, 8), (8, 15), (15, 30))  # Hz
TOTAL = 0.7, 30.0  # Hz: of the shares of power
PEAK = 1.0, 15.0  # Hz: where the highest of the spectrum is looked for
BESIDE = 1.0  # Hz: power so near a frequency belongs to it
RETURN = 15, 188  # samples, 0.12 to 1.5 s: where the signal may repeat itself
DELAY, BOXES = 63, 40  # phase space: the signal against that half a second ago, boxes a side
NUMBERS = (
    "above_0.1",  # share of samples whose size is above so much of the 99th percentile
    "above_0.2",
    "above_0.4",
    "leakage",  # what is left when the signal half a mean period ago is added, over the signal
    "mean_frequency",  # from the mean size of the changes over that of the samples, log
    "peak_frequency",  # log
    "at_peak",  # share of the power within 1 Hz of it
    "at_harmonic",  # and of twice that frequency
    *(f"band_{low:g}" for low, _ in BANDS),  # log of the share of each of BANDS in the power
    "centroid",  # of the spectrum, Hz over 10
    "entropy",  # of the spectrum
    "kurtosis",  # log
    "skewness",  # its size
    "contrast",  # envelope of the QRS band: 98th percentile over the median, log
    "sharpness",  # that percentile over the 99th of the size, log
    "steepest",  # 99.5th percentile of the changes over the 99th of the size, log
    "steep",  # share of changes above 0.3 of the greatest
    "repeats",  # highest of the autocorrelation
    "period",  # s, where that is
    "opposes",  # lowest of the autocorrelation
    "boxes",  # share of the boxes of the phase space that are visited
    "unsteady",  # level of the loudest over that of the quietest second, log
    "missing",  # share of samples that are missing
    "still",  # share of samples without any change
    "at_an_end",  # share of samples at the highest or lowest value
)
INPUTS = len(LAGS) * len(NUMBERS)


class Described(NamedTuple):
    """starts: int64 (w,), samples at RATE at which the windows begin. numbers: float32 (w,
    len(NUMBERS)) of each."""

    starts: np.ndarray
    numbers: np.ndarray

    def rows(self) -> np.ndarray:
        """float32 (w, INPUTS): what the network takes of each window."""
        return np.concatenate([shifted(self.numbers, lag) for lag in LAGS], axis=1)

    def share(self, name: str) -> np.ndarray:
        """(w,) one of NUMBERS."""
        return self.numbers[:, NUMBERS.index(name)]


def window_starts(total: int) -> np.ndarray:
    """int64 (w,) where the windows of `total` samples at RATE begin: every HOP while they are
    whole; one at 0 for a shorter recording."""
    return np.arange(max((total - WINDOW) // HOP, 0) + 1, dtype=np.int64) * HOP


def describe_lead(ecg: ArrayLike, fs: float) -> Described:
    """The numbers of one lead: ecg (n,) in any unit, NaN where samples are missing, at fs Hz. It
    goes by in pages of ten minutes, so that a day needs no more memory than its numbers."""
    ecg = np.asarray(ecg)
    starts = window_starts(length_at_rate(len(ecg), fs))
    numbers = np.zeros((len(starts), len(NUMBERS)), np.float32)
    for number, page in enumerate(pages(ecg, fs, np.zeros(0, np.int64))):
        here = slice(*np.searchsorted(starts, [number * PAGE * RATE, (number + 1) * PAGE * RATE]))
        numbers[here] = window_numbers(page, starts[here] - page.first)
    return Described(starts, numbers)


def window_numbers(page: Page, starts: np.ndarray) -> np.ndarray:
    """(w, len(NUMBERS)) of the windows that begin at `starts`, (w,) in samples of the page."""
    y = _windows(page.y, starts).astype(np.float32)
    y -= y.mean(axis=1, keepdims=True)
    size = np.abs(y)
    change = np.abs(np.diff(y, axis=1))
    high = np.maximum(_percentile(size, 99), 1e-20)
    with np.errstate(all="ignore"):
        columns = (
            *((size > share * high[:, None]).mean(axis=1) for share in (0.1, 0.2, 0.4)),
            *_of_mean_frequency(y, size, change),
            *_spectrum(y),
            *_shape(y),
            *_steepness(_windows(page.envelope, starts), change, high),
            *_repetition(y),
            _boxes_visited(y, high),
            _unsteadiness(y),
            *_damage(page, starts),
        )
    return np.nan_to_num(np.column_stack(columns), posinf=0.0, neginf=0.0)


def _windows(values, starts):
    """(w, WINDOW) of values (n,); a shorter signal is mirrored."""
    if len(values) < WINDOW:
        values = np.pad(values, (0, WINDOW - len(values)), mode="symmetric")
    return np.lib.stride_tricks.sliding_window_view(values, WINDOW)[starts]


def _percentile(values, percent):
    """(w,) of each row of values (w, n): a value that is there, the next higher one."""
    rank = int(np.ceil(percent / 100 * values.shape[1])) - 1
    return np.partition(values, rank, axis=1)[:, rank]


def _log(ratio, most=1e4):
    return np.log(np.clip(np.nan_to_num(ratio, nan=1.0), 1 / most, most))


def _of_mean_frequency(y, size, change):
    """Leakage and mean frequency."""
    radians = change.sum(axis=1) / np.maximum(size.sum(axis=1), 1e-20)  # a sample
    half = np.clip(np.rint(np.pi / np.maximum(radians, 1e-3)), 1, RATE).astype(np.int64)
    left, both = np.zeros(len(y), np.float32), np.zeros(len(y), np.float32)
    for period in np.unique(half):
        rows = np.flatnonzero(half == period)
        here, sizes = y[rows], size[rows]
        left[rows] = np.abs(here[:, period:] + here[:, :-period]).sum(axis=1)
        both[rows] = sizes[:, period:].sum(axis=1) + sizes[:, :-period].sum(axis=1)
    yield left / np.maximum(both, 1e-20)
    yield _log(radians * RATE / (2 * np.pi))


def _spectrum(y):
    """Peak, the power at it and its harmonic, bands, centroid, entropy; (w,) each."""
    taper = sps.get_window("hann", WINDOW).astype(np.float32)
    power = np.square(np.abs(sfft.rfft(y * taper, LENGTH, axis=1)))
    frequency = np.fft.rfftfreq(LENGTH, 1 / RATE)
    first, last = np.searchsorted(frequency, TOTAL)
    power, frequency = power[:, first:last], frequency[first:last]
    power /= np.maximum(power.sum(axis=1, keepdims=True), 1e-30)
    summed = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))
    low, high = np.searchsorted(frequency, PEAK)
    peak = frequency[low + power[:, low:high].argmax(axis=1)]
    yield _log(peak)
    for middle in (peak, 2 * peak):
        a, b = (np.searchsorted(frequency, middle + side) for side in (-BESIDE, BESIDE))
        of = np.take_along_axis(summed, np.column_stack([a, b]), axis=1)
        yield of[:, 1] - of[:, 0]
    for edges in BANDS:
        a, b = np.searchsorted(frequency, edges)
        yield _log(np.maximum(summed[:, b] - summed[:, a], 1e-4))
    yield power @ frequency.astype(np.float32) / 10
    yield -(power * np.log(power + 1e-12)).sum(axis=1) / np.log(len(frequency))


def _shape(y):
    square = np.square(y)
    rms = np.maximum(np.sqrt(square.mean(axis=1)), 1e-20)[:, None]
    scaled = y / rms
    square = np.square(scaled)
    yield _log(np.square(square).mean(axis=1))
    yield np.minimum(np.abs((square * scaled).mean(axis=1)), 10)


def _steepness(envelope, change, high):
    of_qrs = _percentile(envelope, 98)
    yield _log(of_qrs / np.median(envelope[:, ::2], axis=1))
    yield _log(of_qrs / high)
    yield _log(_percentile(change, 99.5) / high)
    yield (change > 0.3 * change.max(axis=1, keepdims=True)).mean(axis=1)


def _repetition(y):
    """Highest of the autocorrelation, its lag, and the lowest."""
    power = np.square(np.abs(sfft.rfft(y, LENGTH, axis=1)))
    found = sfft.irfft(power, LENGTH, axis=1)[:, : RETURN[1]]
    found = found / np.maximum(found[:, :1], 1e-30)
    found *= WINDOW / (WINDOW - np.arange(RETURN[1], dtype=np.float32))
    lags = found[:, RETURN[0] :]
    # the first rise: a maximum inside, none of the flank of lag 0
    inner = (lags[:, 1:-1] > lags[:, :-2]) & (lags[:, 1:-1] >= lags[:, 2:])
    lags = np.where(inner, lags[:, 1:-1], -1)
    best = lags.argmax(axis=1)
    yield np.maximum(np.take_along_axis(lags, best[:, None], axis=1)[:, 0], -1)
    yield (best + RETURN[0] + 1) / RATE
    yield found.min(axis=1)


def _boxes_visited(y, high):
    place = np.clip((y / high[:, None] + 1) * (BOXES / 2), 0, BOXES - 1).astype(np.int32)
    visited = np.sort(place[:, DELAY:] * BOXES + place[:, :-DELAY], axis=1)
    return ((np.diff(visited, axis=1) != 0).sum(axis=1) + 1) / visited.shape[1]


def _unsteadiness(y):
    level = np.sqrt(np.square(y).reshape(len(y), SECONDS, RATE).mean(axis=2))
    return _log(level.max(axis=1) / np.maximum(level.min(axis=1), 1e-20), 100)


def _damage(page, starts):
    """Shares missing, still and at an end of the range."""
    yield 1 - _share_of_windows(page.there, starts)
    yield _share_of_windows(np.diff(page.x, prepend=np.nan) == 0, starts)
    x = _windows(page.x, starts)
    ends = x.max(axis=1, keepdims=True), x.min(axis=1, keepdims=True)
    yield ((x == ends[0]) | (x == ends[1])).mean(axis=1)


def _share_of_windows(flags, starts):
    """(w,) share of each window in which flags, bool (n,), are set."""
    if len(flags) < WINDOW:
        flags = np.pad(flags, (0, WINDOW - len(flags)), mode="symmetric")
    summed = np.concatenate([[0], np.cumsum(flags)])
    return (summed[starts + WINDOW] - summed[starts]) / WINDOW
