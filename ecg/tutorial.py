"""The tutorial's functions by their names, arguments and defaults, so that a script written for it
runs. What they compute is what the rest of ecg/ computes.

    CLASS_NAMES                                                 the five classes in words
    notch_filter, bandpass_filter, preprocess_ecg_signal        ecg/filters.py
    detect_r_peaks, extract_beats                               ecg/rpeaks.py, ecg/beats.py

A sampling rate that a call leaves out is 500 Hz, as there, and a warning says so: in these
functions alone.
"""

import functools
import warnings

import numpy as np
from numpy.typing import ArrayLike

from ecg import beats, filters, rpeaks

# of beats.CLASSES, in their order
CLASS_NAMES = ["Normal", "Supraventricular", "Ventricular", "Fusion", "Unknown"]


class _Omitted(int):
    """A rate in Hz that no caller has named."""


FS = _Omitted(500)  # Hz: the tutorial's default
HIGH = 150  # Hz: its upper limit


@functools.cache
def _warn(text):
    """Once, however often it is so."""
    warnings.warn(text, stacklevel=4)  # the line of the caller's caller


def _rate(fs):
    """`fs` as a float, with a warning where nobody gave it. ValueError for one that is none."""
    if fs is FS:
        _warn(
            "the sampling rate is not given, 500 Hz is taken: give that of your recording "
            "(fs=360 for MIT-BIH), or beats are cut and filtered wrongly"
        )
    if not fs > 0:
        raise ValueError(f"fs is {fs}: give the sampling rate in Hz")
    return float(fs)


def notch_filter(
    ecg: ArrayLike, notch_freq: float = 50, fs: float = FS, Q: float = 30
) -> np.ndarray:
    """`ecg` (n,) without `notch_freq` Hz, zero phase; Q: notch_freq over the width of the notch.

    Returns (n,) in the signal's unit. ValueError for a notch at or above half of fs: there is
    nothing to take out, and a rate is likely to stand where the notch belongs."""
    rate = _rate(fs)
    if notch_freq >= rate / 2:
        raise ValueError(
            f"notch_freq is {notch_freq:g} Hz, at or above half of fs ({rate:g} Hz): is the "
            "sampling rate in the wrong place? The order is notch_filter(ecg, notch_freq, fs, Q)"
        )
    return filters.notch(ecg, rate, notch_freq, Q)


def bandpass_filter(
    ecg: ArrayLike, low: float = 0.5, high: float = HIGH, fs: float = FS, order: int = 4
) -> np.ndarray:
    """Zero-phase Butterworth band-pass of `ecg` (n,) from `low` to `high` Hz.

    order: of either slope, per direction. A `high` at or above half of fs is capped there, with a
    warning: all that the signal has above `low` is kept. Returns (n,) in the signal's unit.
    ValueError for limits that leave no band."""
    rate = _rate(fs)
    _say_capped(high, rate)
    return filters.bandpass(ecg, rate, low, high, order)


def _say_capped(high, rate):
    if high >= rate / 2:
        _warn(
            f"high is {high:g} Hz, a signal of {rate:g} Hz ends at {rate / 2:g} Hz: the band is "
            "capped there"
        )


def preprocess_ecg_signal(
    raw_signal: ArrayLike,
    fs: float = FS,
    *,
    low: float = 0.5,
    high: float = HIGH,
    mains: str | int = "auto",
) -> np.ndarray:
    """Mains hum and its multiples out, band-pass, z-score. raw_signal: (n,) any unit.

    mains: `auto` (50 or 60 Hz, where either is found), 50, 60 or `none`. Returns (n,) without
    unit. For the eye: the classifier takes the recording as it is."""
    rate = _rate(fs)
    _say_capped(high, rate)
    return filters.normalize(filters.denoise(raw_signal, rate, low, high, mains))


def detect_r_peaks(ecg: ArrayLike, fs: float = FS) -> np.ndarray:
    """R peaks of one lead (n,), any unit and polarity: int64 (m,) samples (ecg/rpeaks.py)."""
    return rpeaks.detect_r_peaks(ecg, _rate(fs))


def extract_beats(
    ecg: ArrayLike, r_peaks: ArrayLike, fs: float = FS, beat_length: int = beats.WIDTH
) -> tuple[np.ndarray, np.ndarray]:
    """One row a beat, cut and scaled as the training rows were (ecg/beats.py), whatever the rate.

    ecg: (n,) any unit; r_peaks: (m,) samples, increasing. Returns (rows float32 (k, 187) in 0..1,
    positions int64 (k,): the R peak of each). The last beat has no row. ValueError for another
    width than 187."""
    return beats.extract_beats(ecg, r_peaks, _rate(fs), beat_length)
