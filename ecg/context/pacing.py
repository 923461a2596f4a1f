"""Which beats a pacemaker has started."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal as sps

from ecg.context.alignment import QRS, RATE, cut, qrs_centre
from ecg.context.shape_features import qrs_width
from ecg.context.statistics import running_share
from ecg.context.windowing import PreparedWindow, checked_lead, prepared_windows

# A pacing spike stands so many times above the usual 60 Hz and faster content around the beat ...
SPIKE = 12.0
SPIKE_BEFORE = 0.10, 0.008  # ... and comes so many seconds before the QRS centre: most, least
BROAD = 0.09  # s: what a pacemaker has started is at least so wide (at 20 % of the largest slope)
SPIKE_RATE = 200  # Hz: below it a spike is gone, and none is looked for
SPIKE_SHARE = 0.3  # of the 60 beats around: a single such beat is chance


def paced(ecg: ArrayLike, fs: float, r_peaks: ArrayLike) -> np.ndarray:
    """Which beats a pacemaker has started: bool (m,). A sharp spike just before a broad QRS
    complex, in three of ten beats around.

    ecg: (n,) one lead; fs in Hz; r_peaks: (m,) sample numbers, increasing. Below 200 Hz, or after a
    strong filter, the spike is gone and nothing is found. Measured on MIT-BIH:
    benchmarks/context.py. Raises ValueError as `describe` does."""
    ecg, r_peaks = checked_lead(ecg, r_peaks)
    spiked = np.zeros(len(r_peaks), bool)
    if fs >= SPIKE_RATE:
        for window in prepared_windows(ecg, fs, r_peaks):
            spiked[window.described] = after_spike(window, fs)
    return steadily_paced(spiked)


def steadily_paced(spiked: np.ndarray) -> np.ndarray:
    """Of the beats after a spike, bool (m,), those that have many such beats around them: a single
    one is chance."""
    return spiked & (running_share(spiked, 60) > SPIKE_SHARE)


def after_spike(window: PreparedWindow, fs: float) -> np.ndarray:
    """Which beats described in a window are broad and begin with a sharp spike: bool. fs: of the
    recording, Hz."""
    centre = qrs_centre(window.q, window.r[window.inner])
    fast = _fast_content(window.ecg, fs)
    reach = int(0.15 * fs)
    around = cut(fast, np.rint(centre * (fs / RATE)).astype(np.int64), np.arange(-reach, reach + 1))
    peak = around.argmax(axis=1)
    before = (reach - peak) / fs
    high_enough = around[np.arange(len(peak)), peak] > SPIKE * (np.median(around, axis=1) + 1e-9)
    slope = np.abs(np.diff(cut(window.x, np.rint(centre).astype(np.int64), QRS), axis=1))
    broad = qrs_width(slope, 0.2) / RATE >= BROAD
    return high_enough & broad & (before < SPIKE_BEFORE[0]) & (before > SPIKE_BEFORE[1])


def _fast_content(ecg, fs):
    """What lies above 60 Hz, absolute; all of a signal too short to filter."""
    ecg = np.nan_to_num(np.asarray(ecg, dtype=np.float64))
    if len(ecg) <= 64:
        return ecg
    return np.abs(sps.sosfiltfilt(sps.butter(2, 60, "highpass", fs=fs, output="sos"), ecg))
