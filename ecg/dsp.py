"""Band-pass and resampling as SciPy does them, with their designs remembered: a monitor filters a
few seconds again and again, and to design a filter takes longer than to run it."""

import functools

import numpy as np
from scipy import signal as sps


@functools.lru_cache(maxsize=64)
def band_pass(low: float, high: float, fs: float) -> np.ndarray:
    """Second-order sections of a Butterworth band-pass of order 2 from `low` to `high` Hz at `fs`
    Hz. Not to be written to."""
    return sps.butter(2, (low, high), "bandpass", fs=fs, output="sos")


def both_ways(sos: np.ndarray, x: np.ndarray, padlen: int) -> np.ndarray:
    """x (n,) float64 through `sos` forwards and backwards, zero phase: scipy.signal.sosfiltfilt.
    padlen: samples by which its ends are continued, less than n."""
    start = _at_rest(sos.tobytes(), len(sos))
    if padlen > 0:
        before, after = x[padlen:0:-1], x[-2 : -padlen - 2 : -1]
        x = np.concatenate([2 * x[0] - before, x, 2 * x[-1] - after])
    y = sps.sosfilt(sos, x, zi=start * x[0])[0]
    y = sps.sosfilt(sos, y[::-1], zi=start * y[-1])[0][::-1]
    return y[padlen : len(y) - padlen]


@functools.lru_cache(maxsize=64)
def _at_rest(sections, count):
    """The state (count, 2) of sections, as bytes, that 1 has always gone through."""
    return sps.sosfilt_zi(np.frombuffer(sections).reshape(count, 6).copy())


def resampled(x: np.ndarray, up: int, down: int) -> np.ndarray:
    """x (n,) float64 at up / down of its rate, by polyphase filtering; what lies beyond its ends is
    taken to go on along a line."""
    return sps.resample_poly(x, up, down, window=_low_pass(max(up, down)), padtype="line")


@functools.lru_cache(maxsize=64)
def _low_pass(most):
    """The filter that resample_poly designs for itself."""
    return sps.firwin(20 * most + 1, 1 / most, window=("kaiser", 5.0))
