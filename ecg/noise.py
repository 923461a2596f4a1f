"""Noise of known kind and strength, to be added to an ECG."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal as sps

from ecg.artifacts import InputError

NOISE_KINDS = ("baseline", "muscle", "mains", "electrode")
TUTORIAL_NOISE = (("baseline", 0), ("mains", 9), ("muscle", 12))  # kind, dB


def noise(n: int, fs: float, kind: str, rng: np.random.Generator, mains: float = 50) -> np.ndarray:
    """(n,) noise of unit power. InputError for a kind that is not known.

    baseline: breathing and drift below 0.5 Hz. muscle: 20-150 Hz, in bursts. mains: `mains` Hz with
    its third harmonic. electrode: steps that decay within 0.1 to 0.6 s, as when an electrode moves;
    they look like beats.
    """
    t = np.arange(n) / fs
    if kind == "baseline":
        frequency, phase = rng.uniform(0.05, 0.5, 12), rng.uniform(0, 2 * np.pi, 12)
        x = (np.sin(2 * np.pi * frequency * t[:, None] + phase) / np.sqrt(frequency)).sum(axis=1)
    elif kind == "muscle":
        sos = sps.butter(4, [20, min(150, 0.45 * fs)], "bandpass", fs=fs, output="sos")
        burst = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.05, 0.2) * t + rng.uniform(0, 2 * np.pi))
        x = burst * sps.sosfilt(sos, rng.standard_normal(n))
    elif kind == "mains":
        x = np.sin(2 * np.pi * mains * t + rng.uniform(0, 2 * np.pi))
        if 3 * mains < fs / 2:
            x = x + 0.2 * np.sin(6 * np.pi * mains * t + rng.uniform(0, 2 * np.pi))
    elif kind == "electrode":
        x = _electrode_noise(t, fs, rng)
    else:
        raise InputError(f"noise {kind!r} is not known: use one of {', '.join(NOISE_KINDS)}")
    return x / max(np.sqrt(np.mean(x**2)), 1e-12) if n else x


def _electrode_noise(t, fs, rng):
    """Steps that decay, about one a second, at times t (n,) in s."""
    n = len(t)
    events = max(rng.poisson(n / fs), 1)
    start, decay = rng.uniform(-0.5, n / fs, events), rng.uniform(0.1, 0.6, events)
    height = rng.lognormal(0, 0.7, events) * rng.choice([-1, 1], events)
    x = np.zeros(n)
    for s, d, h in zip(start, decay, height):
        a, b = max(int(np.ceil(s * fs)), 0), min(int((s + 8 * d) * fs) + 1, n)
        since = t[a:b] - s
        x[a:b] += h * np.exp(-since / d) * -np.expm1(-since / 0.02)
    return x


def ac_power(signal: ArrayLike, fs: float) -> float:
    """Power of `signal` (n,) above 0.5 Hz, in its unit squared: baseline wander is no ECG. NaN are
    left out."""
    x = np.asarray(signal, float)
    x = np.where(np.isfinite(x), x, np.nanmean(x) if np.isfinite(x).any() else 0.0)
    sos = sps.butter(2, 0.5, "highpass", fs=fs, output="sos")
    return float(np.mean(sps.sosfiltfilt(sos, x, padlen=min(len(x) - 1, int(3 * fs))) ** 2))


def add_noise(
    signal: ArrayLike,
    fs: float,
    kind: str | np.ndarray,
    snr_db: float,
    rng: np.random.Generator,
    mains: float = 50,
) -> np.ndarray:
    """`signal` (n,) plus noise of `kind` (see `noise`, or an array (n,) of measured noise, which
    asks no rng), `snr_db` below the power that the signal has above 0.5 Hz. Returns (n,) in the
    signal's unit. InputError for measured noise of another length."""
    signal = np.asarray(signal, float)
    if isinstance(kind, str):
        x = noise(len(signal), fs, kind, rng, mains)
    else:
        x = np.asarray(kind, float)
    if x.shape != signal.shape:
        raise InputError(f"the noise has shape {x.shape}, the signal {signal.shape}")
    power = np.mean(x**2)
    if power == 0:
        return signal.copy()
    return signal + x * np.sqrt(ac_power(signal, fs) / power * 10 ** (-snr_db / 10))


def add_tutorial_noise(
    clean: np.ndarray, fs: float, rng: np.random.Generator, mains: float = 50
) -> np.ndarray:
    """`clean` (n,) with the tutorial's three: baseline wander, mains hum and muscle noise."""
    noisy = clean
    for kind, snr_db in TUTORIAL_NOISE:
        noisy = noisy + add_noise(clean, fs, kind, snr_db, rng, mains) - clean
    return noisy
