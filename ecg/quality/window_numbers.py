"""Windows of five seconds in numbers: spectrum, baseline, level, and what their beats are like."""

import numpy as np
from scipy import fft as sfft
from scipy import signal as sps

from ecg.quality.signal import RATE, Page

WINDOW, HOP = 625, 312  # samples: 5 s, every 2.5 s
SECONDS = WINDOW / RATE
BANDS = ((0.2, 0.7), (0.7, 2), (2, 5), (5, 15), (15, 25), (25, 40), (40, 60))  # Hz
HALF = 62  # samples: half a second
MOST = 32  # beats looked at in a window
_SPECTRUM = ("baseline", "band_0.7", "band_2", "band_5", "band_15", "band_25", "band_40")
WINDOW_NAMES = (
    *_SPECTRUM,  # log of the share of each of BANDS in the power from 0.7 Hz on
    "flatness",  # of the spectrum 2-40 Hz: mean of the logarithm less logarithm of the mean
    "peakedness",  # kurtosis, log
    "skewness",  # its size
    "crest",  # 99th over 50th percentile of the size, log
    "level",  # RMS over the median of the page, log
    "lowest_level",  # of the quietest half second over the RMS, log
    "highest_level",  # of the loudest half second over the RMS, log
    "still",  # share of samples without any change
    "missing",  # share of samples that are missing
    "at_an_end",  # share of samples at the highest or lowest value of the window
    "swing",  # of the baseline from trough to peak over the height of the QRS complexes, log
    "step",  # its largest change in 0.4 s, likewise
    "contrast",  # QRS envelope: 97th over 50th percentile, log
    "beats",  # a second
    "height",  # median of the QRS complexes over the RMS between them, log
    "heights",  # spread of the QRS complexes' height: highest over lowest, log
    "stands_out",  # median of the QRS envelope at beats over its highest between beats, log
    "rr_spread",  # median change of the RR interval over the median interval, log
    "shortest_rr",  # s
    "likeness",  # median over the beats of each of these numbers of a beat ...
    "recurs",
    "surroundings",
    "residue_before",
    "residue_after",
    "fast",
    "lowest_likeness",  # ... and lowest (highest) of them
    "lowest_recurs",
    "lowest_surroundings",
    "highest_residue_before",
    "highest_residue_after",
    "highest_swing",
)
_MEDIANS = ("likeness", "recurs", "surroundings", "residue_before", "residue_after", "fast")
_LOWEST = ("likeness", "recurs", "surroundings")
_HIGHEST = ("residue_before", "residue_after", "swing")


def window_starts(total: int) -> np.ndarray:
    """int64 (w,) where the windows of a recording of `total` samples at RATE begin: every HOP, the
    last one at its end; one window at 0 for a shorter recording."""
    count = max(-(-(total - WINDOW) // HOP), 0) + 1
    return np.minimum(np.arange(count) * HOP, max(total - WINDOW, 0))


def window_numbers(
    page: Page, starts: np.ndarray, beats: np.ndarray, names: tuple[str, ...]
) -> np.ndarray:
    """(w, len(WINDOW_NAMES)) of the windows that begin at `starts`, (w,) in samples of the page.

    beats: (m, len(names)) numbers of the beats of the page."""
    inside = _beats_in(page, starts)
    y = _windows(page.y, starts)
    square = np.square(y)
    rms = np.maximum(np.sqrt(square.mean(axis=1)), 1e-30)
    low, high = 49 * WINDOW // 200, 97 * WINDOW // 200  # of every other sample
    size = np.partition(np.abs(y[:, ::2]), (low, high), axis=1)[:, [low, high]]
    height = _Ordered(page.usual[:, None], inside).median(size[:, 1:] * 2)[:, 0]
    height = np.maximum(height, 1e-30)
    with np.errstate(all="ignore"):
        columns = (
            *_spectrum(_windows(page.x, starts)),
            *_shape(y, square, rms, size),
            *_level(page, starts, square, rms),
            *_baseline(_windows(page.slow, starts), height),
            *_of_qrs(page, inside, starts, rms),
            *_of_beats(beats, inside, names),
        )
    return np.nan_to_num(np.column_stack(columns))


def _windows(values, starts):
    """(w, WINDOW) of values (n,); a shorter signal is mirrored."""
    if len(values) < WINDOW:
        values = np.pad(values, (0, WINDOW - len(values)), mode="symmetric")
    return np.lib.stride_tricks.sliding_window_view(values, WINDOW)[starts]


def _log(ratio):
    return np.log(np.clip(ratio, 1e-3, 1e3))


# --------------------------------------------------------------------------------- of the signal


def _spectrum(x):
    """The logarithms of the shares of BANDS in the power from 0.7 Hz on; the flatness; (w,) each"""
    x = (x - x.mean(axis=1, keepdims=True)).astype(np.float32)
    x *= sps.get_window("hann", WINDOW).astype(np.float32)
    power = np.abs(sfft.rfft(x, axis=1)) ** 2
    frequency = np.fft.rfftfreq(WINDOW, 1 / RATE)
    edge = [np.searchsorted(frequency, limits) for limits in BANDS]
    total = power[:, edge[1][0] :].sum(axis=1) + 1e-30
    for low, high in edge:
        yield np.log(np.clip(power[:, low:high].sum(axis=1) / total, 1e-6, 1e4))
    low, high = np.searchsorted(frequency, (2, 40))
    middle = power[:, low:high] / total[:, None] + 1e-9
    yield np.log(middle).mean(axis=1) - np.log(middle.mean(axis=1))


def _shape(y, square, rms, size):
    """Kurtosis, skewness and crest of the band of the ECG, whose mean is next to 0."""
    yield _log((square**2).mean(axis=1) / rms**4)
    yield np.minimum(np.abs(np.einsum("ij,ij->i", square, y)) / WINDOW / rms**3, 10)
    yield _log(size[:, 1] / np.maximum(size[:, 0], 1e-30))


def _level(page, starts, square, rms):
    """Levels, and what is still, missing or at an end."""
    halves = np.sqrt(square[:, : WINDOW // HALF * HALF].reshape(len(rms), -1, HALF).mean(axis=2))
    yield _log(rms / max(np.median(rms), 1e-30))
    yield _log(halves.min(axis=1) / rms)
    yield _log(halves.max(axis=1) / rms)
    still = np.diff(page.x, prepend=np.nan) == 0
    yield _windows(still, starts).mean(axis=1)
    yield 1 - _windows(page.there, starts).mean(axis=1)
    x = _windows(page.x, starts)
    ends = x.max(axis=1, keepdims=True), x.min(axis=1, keepdims=True)
    yield ((x == ends[0]) | (x == ends[1])).mean(axis=1)


def _baseline(slow, height):
    yield _log((slow.max(axis=1) - slow.min(axis=1)) / height)
    yield _log(np.abs(slow[:, 50:] - slow[:, :-50]).max(axis=1) / height)


# ---------------------------------------------------------------------------------- of the beats


def _beats_in(page, starts):
    """(w, MOST) index of the beats of each window, -1 beyond."""
    first, stop = np.searchsorted(page.r, [starts, starts + WINDOW])
    index = first[:, None] + np.arange(MOST)
    return np.where(index < stop[:, None], index, -1)


class _Ordered:
    """Values (m, k) of beats in ascending order in each window: (w, MOST, k), NaN last.

    inside: (w, MOST), which beats, -1: none."""

    def __init__(self, values: np.ndarray, inside: np.ndarray):
        if len(values) == 0:
            values = np.zeros((1, values.shape[1]))
        taken = np.where((inside >= 0)[..., None], values[inside], np.nan)
        self.values = np.sort(taken, axis=1)
        self.count = np.isfinite(self.values).sum(axis=1)  # (w, k)

    def at(self, rank: np.ndarray, none: float | np.ndarray = 0.0) -> np.ndarray:
        """(w, k) the value of this rank (w, k); `none` where there is no beat."""
        rank = np.maximum(rank, 0)[:, None, :]
        found = np.take_along_axis(self.values, rank, axis=1)[:, 0]
        return np.where(self.count > 0, found, none)

    def lowest(self, none: float = 0.0) -> np.ndarray:
        return self.at(np.zeros_like(self.count), none)

    def median(self, none: float | np.ndarray = 0.0) -> np.ndarray:
        return self.at((self.count - 1) // 2, none)

    def highest(self, none: float = 0.0) -> np.ndarray:
        return self.at(self.count - 1, none)


def _of_qrs(page, inside, starts, rms):
    """Envelope, number, heights and intervals of the beats of each window."""
    low, high = WINDOW // 2, 97 * WINDOW // 100
    sizes = np.partition(_windows(page.envelope, starts)[:, ::2], (low // 2, high // 2), axis=1)
    yield _log(sizes[:, high // 2] / np.maximum(sizes[:, low // 2], 1e-30))
    yield (inside >= 0).sum(axis=1) / (WINDOW / RATE)
    heights = _Ordered(page.height[:, None], inside)
    yield _log(heights.median()[:, 0] / rms)
    yield _log(heights.highest(1)[:, 0] / np.maximum(heights.lowest(1)[:, 0], 1e-30))
    at_beats = _Ordered(page.envelope[page.r][:, None], inside).median()[:, 0]
    between = _Ordered(_highest_between(page)[:, None], inside).median(1)[:, 0]
    yield _log(at_beats / np.maximum(between, 1e-30))
    rr = np.diff(page.r).astype(float)
    after = np.append(rr, np.nan)[: len(page.r)]
    change = np.append(np.abs(np.diff(rr)), [np.nan, np.nan])[: len(page.r)]
    # beats whose next one lies in the window too
    last = np.where(np.pad(inside[:, 1:], ((0, 0), (0, 1)), constant_values=-1) >= 0, inside, -1)
    intervals = _Ordered(after[:, None], last)
    changes = _Ordered(change[:, None], last).median()[:, 0]
    yield _log(changes / intervals.median(RATE)[:, 0])
    yield np.minimum(intervals.lowest(RATE)[:, 0] / RATE, 2)


def _of_beats(beats, inside, names):
    """Medians and extremes of the numbers of the beats of each window."""
    chosen = tuple(dict.fromkeys((*_MEDIANS, *_LOWEST, *_HIGHEST)))
    ordered = _Ordered(beats[:, [names.index(name) for name in chosen]], inside)
    for of, wanted in (
        (ordered.median(), _MEDIANS),
        (ordered.lowest(), _LOWEST),
        (ordered.highest(), _HIGHEST),
    ):
        yield from (of[:, chosen.index(name)] for name in wanted)


def _highest_between(page):
    """(m,) the highest of the QRS envelope from 0.15 s after each beat to 0.15 s before the next;
    that of the beat before for the last."""
    gap = round(0.15 * RATE)
    if len(page.r) < 2:
        return np.full(len(page.r), page.envelope.max(initial=0))
    low, high = page.r[:-1] + gap, page.r[1:] - gap
    high = np.minimum(np.maximum(high, low + 1), len(page.envelope) - 1)
    low = np.minimum(low, high - 1)
    between = np.maximum.reduceat(page.envelope, np.column_stack([low, high]).ravel())[::2]
    return np.append(between, between[-1])
