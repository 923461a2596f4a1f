"""Cleaning an ECG: mains notch, band-pass, z-score; what cannot be read; a lead that lies upside down.

    python clean_ECG.py                                    # demo: a known signal with noise, SNR before and after
    python clean_ECG.py 100.hea --save clean.png           # any file that ecg/records.py reads; --fs, --unit, --lead
    python clean_ECG.py 100.hea --band 0.5 150 --mains none --out clean.csv

All filters are second-order sections run forwards and backwards: no delay, and stable at low cut-offs.
"""
import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import signal as sps

from ecg import artifacts, beats, records
from ecg.artifacts import InputError

BAND = 0.5, 40.0           # Hz: the tutorial's; 0.5 to 150 keeps what a diagnostic ECG shows
MAINS_STANDS_OUT = 6.0     # mains hum is removed where its line stands so many times above the spectrum beside it


# --------------------------------------------------------------------------------------------- filters

def _filtered(sos, signal, fs, settle):
    """`signal` (n,) through second-order sections both ways; NaN stay NaN and are bridged by straight lines meanwhile.
    settle: s, the filter's memory, by which the signal is continued at its ends."""
    x = np.asarray(signal, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError(f"signal has shape {x.shape}: give one lead, shape (samples,)")
    there = np.isfinite(x)
    if np.count_nonzero(there) < 2:
        return x.copy()
    if not there.all():
        at = np.arange(len(x))
        x = np.interp(at, at[there], x[there])
    middle = np.median(x)                                # far offsets cost digits
    y = sps.sosfiltfilt(sos, x - middle, padlen=min(len(x) - 1, int(settle * fs)))
    passes_dc = abs(np.prod(sos[:, :3].sum(axis=1) / sos[:, 3:].sum(axis=1))) > 0.5
    return np.where(there, y + middle * passes_dc, np.nan)


def notch_filter(signal, fs, freq=50, q=30):
    """Remove `freq` Hz from `signal` (n,), zero phase; q: freq over the width of the notch. Above Nyquist there is nothing
    to remove, and the signal comes back as it is. Returns (n,) in the signal's unit, NaN where it was NaN."""
    if not (freq > 0 and q > 0):
        raise ValueError(f"freq {freq} and q {q} must be positive")
    if freq >= fs / 2:
        return np.array(signal, dtype=np.float64)
    return _filtered(sps.tf2sos(*sps.iirnotch(freq, q, fs)), signal, fs, 2 * q / freq)


def bandpass_filter(signal, fs, low=0.5, high=40, order=4):
    """Zero-phase Butterworth band-pass of `signal` (n,) at fs Hz.

    low, high: Hz; 0 for no lower limit; an upper limit at or above Nyquist is none. order: of either slope, per direction.
    Returns (n,) in the signal's unit, NaN where it was NaN. Raises ValueError for limits that leave no band."""
    if not (0 <= low < min(high, fs / 2)) or order < 1:
        raise ValueError(f"no band is left between {low:g} and {min(high, fs / 2):g} Hz at {fs:g} Hz (order {order})")
    if high >= fs / 2 and low == 0:
        return np.array(signal, dtype=np.float64)
    limits, kind = ((low, high), "bandpass") if low > 0 and high < fs / 2 else (low, "highpass") if low > 0 else (high, "lowpass")
    return _filtered(sps.butter(order, limits, kind, fs=fs, output="sos"), signal, fs, 2 / (low or high))


def normalize(signal):
    """z-score: mean 0, standard deviation 1 over the samples that are there. A constant signal becomes zeros."""
    x = np.asarray(signal, dtype=np.float64)
    there = x[np.isfinite(x)]
    if len(there) == 0:
        return x.copy()
    spread = there.std()
    return (x - there.mean()) / (spread if spread > 1e-12 * max(np.abs(there).max(), 1e-300) else np.inf)


def find_mains(signal, fs):
    """50, 60 or None: the mains frequency in Hz whose line stands out of the spectrum of `signal` (n,).

    Power spectrum as the median over windows of 4 s (Hann), so that beats and bursts do not count; the line is compared
    with the median of what lies 2 to 8 Hz beside it."""
    x = np.asarray(signal, dtype=np.float64)
    x = np.where(np.isfinite(x), x, np.nanmedian(x) if np.isfinite(x).any() else 0.0)[:int(600 * fs)]
    if len(x) < 4 * fs:
        return None
    frequency, power = sps.welch(x, fs, nperseg=int(4 * fs), average="median")
    ratio = {}
    for mains in (50, 60):
        away = np.abs(frequency - mains)
        beside = power[(away >= 2) & (away <= 8) & (frequency < 0.98 * fs / 2)]
        line = power[(away <= 0.6) & (frequency < 0.995 * fs / 2)]
        ratio[mains] = line.max() / max(np.median(beside), 1e-30) if len(line) and len(beside) else 0.0
    best = max(ratio, key=ratio.get)
    return best if ratio[best] > MAINS_STANDS_OUT else None


def denoise(signal, fs, low=BAND[0], high=BAND[1], mains="auto"):
    """Notch at the mains frequency and its multiples inside the band, then band-pass. signal: (n,); the unit is kept.
    mains: `auto` (what find_mains finds), 50, 60 or `none`."""
    if str(mains) not in ("auto", "none", "50", "60"):
        raise ValueError(f"mains is {mains!r}: one of auto, 50, 60, none")
    hum = find_mains(signal, fs) if mains == "auto" else None if mains == "none" else int(mains)
    x = np.asarray(signal, dtype=np.float64)
    for multiple in range(hum or 1, int(min(high + 20, fs / 2)), hum or 1) if hum else ():
        x = notch_filter(x, fs, multiple)
    return bandpass_filter(x, fs, low, high)


def preprocess_ecg_signal(raw, fs, low=BAND[0], high=BAND[1], mains="auto"):
    """The tutorial's cleaning: notch, band-pass, z-score. raw: (n,) any unit, fs in Hz. Returns (n,) without unit."""
    return normalize(denoise(raw, fs, low, high, mains))
