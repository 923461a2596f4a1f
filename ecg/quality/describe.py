"""A lead in numbers: its windows and its beats, as the quality network takes them. Training and
serving use it alike."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.context.statistics import shifted
from ecg.quality.beat_numbers import BEAT_NAMES, beat_numbers
from ecg.quality.signal import PAGE, RATE, length_at_rate, pages
from ecg.quality.window_numbers import WINDOW, WINDOW_NAMES, window_numbers, window_starts

# a window is judged with the whole windows before and after it, a beat with the beats beside it
WINDOW_LAGS, BEAT_LAGS = (0, -2, 2), (0, -1, 1)
WINDOW_INPUTS = len(WINDOW_LAGS) * len(WINDOW_NAMES)
BEAT_INPUTS = len(BEAT_LAGS) * len(BEAT_NAMES)


class DescribedLead(NamedTuple):
    """starts: float (w,), s at which the windows of 5 s begin. windows: float32 (w, k), the numbers
    WINDOW_NAMES of each; beats: float32 (m, l), BEAT_NAMES of each beat."""

    starts: np.ndarray
    windows: np.ndarray
    beats: np.ndarray

    def window_rows(self) -> np.ndarray:
        """float32 (w, WINDOW_INPUTS + BEAT_INPUTS): what the network takes of each window."""
        rows = _beside(self.windows, WINDOW_LAGS)
        return np.pad(rows, ((0, 0), (0, BEAT_INPUTS)))

    def beat_rows(self) -> np.ndarray:
        """float32 (m, WINDOW_INPUTS + BEAT_INPUTS): what the network takes of each beat."""
        rows = _beside(self.beats, BEAT_LAGS)
        return np.pad(rows, ((0, 0), (WINDOW_INPUTS, 0)))


def describe_lead(ecg: ArrayLike, fs: float, r_peaks: ArrayLike) -> DescribedLead:
    """The numbers of one lead.

    ecg: (n,) any unit, NaN where samples are missing; fs in Hz; r_peaks: (m,) sample numbers of the
    beats found in all leads, increasing. It goes by in pages of ten minutes, so that a day needs no
    more memory than its numbers."""
    ecg, r_peaks = np.asarray(ecg), np.asarray(r_peaks, np.int64)
    total = length_at_rate(len(ecg), fs)
    starts = window_starts(total)
    windows = np.zeros((len(starts), len(WINDOW_NAMES)), np.float32)
    beats = np.zeros((len(r_peaks), len(BEAT_NAMES)), np.float32)
    for number, page in enumerate(pages(ecg, fs, r_peaks)):
        numbers = beat_numbers(page, total)
        beats[page.beats][page.own] = numbers[page.own]
        here = slice(*np.searchsorted(starts, [number * PAGE * RATE, (number + 1) * PAGE * RATE]))
        windows[here] = window_numbers(page, starts[here] - page.first, numbers, BEAT_NAMES)
    return DescribedLead(starts / RATE, windows, beats)


def _beside(numbers, lags):
    """The numbers (m, k) of each row and of those so many further on; (m, k len(lags))."""
    if len(numbers) == 0:
        return np.zeros((0, numbers.shape[1] * len(lags)), np.float32)
    return np.concatenate([shifted(numbers, lag) for lag in lags], axis=1)


def own_stretches(starts: np.ndarray, duration: float) -> np.ndarray:
    """(w, 2) s: the time that each of the windows beginning at `starts` (w,) answers for, from
    halfway to the middle of the one before to halfway to that of the one after."""
    middle = starts + WINDOW / RATE / 2
    edges = np.concatenate([[0.0], (middle[1:] + middle[:-1]) / 2, [duration]])
    return np.column_stack([edges[:-1], edges[1:]])
