"""What an electrode does to a recording that people make by themselves: it settles, is touched,
moves, comes off for a moment.

The network must meet what such artefacts look like to it (ecg/training/pieces.py). Their kinds were
seen in hand-held and ambulatory recordings; sizes and times are drawn wide of what was seen."""

import numpy as np
from scipy import signal as sps

EVERY = 6.0  # s from one artefact to the next, in the mean
BAND = 40.0  # Hz: hand-held recorders let no more through; so for half of the recordings


def qrs_height(lead: np.ndarray, fs: float) -> float:
    """The usual height of what is quick in a lead (n,): the 98th percentile of its distance from a
    median of about 0.2 s, in the lead's unit; at least a rounding error of it."""
    thin = max(1, round(fs / 60))
    x = np.asarray(lead, float)[::thin]
    x = np.where(np.isfinite(x), x, 0)
    away = np.abs(x - sps.medfilt(x, 13))
    return max(float(np.percentile(away, 98)), 1e-6 * float(np.ptp(x)), 1e-12)


def artefacts(n: int, fs: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) of what artefacts add to a lead whose QRS complexes are 1 high.

    At the start often a settling; then, one in EVERY s, a step that decays, a swing, a burst of
    muscle or of movement."""
    t = np.arange(n) / fs
    x = np.zeros(n)
    if rng.random() < 0.5:
        _add(x, t, 0, _settling, rng)
    for at in np.sort(rng.uniform(0, n / fs, rng.poisson(n / fs / EVERY))):
        _add(x, t, at, KINDS[rng.integers(len(KINDS))], rng)
    if rng.random() < 0.5 and fs > 2.5 * BAND:
        x = sps.sosfilt(sps.butter(2, BAND, fs=fs, output="sos"), x)
    return x


def _add(x, t, at, kind, rng):
    """One artefact of a kind, at `at` s: over the 5 s from there."""
    first = np.searchsorted(t, at)
    since = t[first : np.searchsorted(t, at + 5)] - at
    height = rng.lognormal(0.6, 0.8) * rng.choice([-1, 1])
    x[first : first + len(since)] += height * kind(since, rng)


def _settling(t, rng):
    held = rng.uniform(0, 0.4) * (rng.random() < 0.4)
    return 2 * np.exp(-np.maximum(t - held, 0) / rng.uniform(0.03, 0.5))


def _step(t, rng):
    return np.exp(-t / rng.uniform(0.05, 0.8)) * -np.expm1(-t / rng.uniform(0.005, 0.04))


def _swing(t, rng):
    width, cycles = rng.uniform(0.15, 1.5), rng.choice([0.5, 1.0, 1.5])
    return np.where(t < width, np.sin(2 * np.pi * cycles * t / width), 0)


def _burst(t, rng):
    width = rng.uniform(0.15, 2.5)
    shape = np.where(t < width, np.sin(np.pi * np.minimum(t / width, 1)), 0)
    return 0.4 * shape * rng.standard_normal(len(t))


def _movement(t, rng):
    width = rng.uniform(0.3, 3)
    shape = np.where(t < width, np.sin(np.pi * np.minimum(t / width, 1)), 0)
    tones = rng.uniform(1, 9, 4)[:, None] * t + rng.uniform(0, 1, 4)[:, None]
    return 0.5 * shape * np.sin(2 * np.pi * tones).sum(axis=0)


KINDS = (_step, _swing, _burst, _movement)
