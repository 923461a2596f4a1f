"""Fibrillation and beats, made up, at FS Hz."""

import numpy as np
from scipy import signal as sps

from ecg.synthetic import beats_at, draw_patient

FS = 250


def fibrillating(seconds, seed=0):
    """(n,) mV: 3 to 7 Hz that waxes and wanes, as coarse fibrillation does."""
    rng = np.random.default_rng(seed)
    sos = sps.butter(2, [3.5, 6.5], "bandpass", fs=FS, output="sos")
    wave = sps.sosfilt(sos, rng.standard_normal(round((seconds + 4) * FS)))[4 * FS :]
    return 0.4 * wave / wave.std() + 0.01 * rng.standard_normal(len(wave))


def beating(seconds, rate=75, seed=0):
    """(n,) mV of a regular sinus rhythm."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.4, seconds, 60 / rate)
    clean = beats_at(times, draw_patient(rng)["N"], round(seconds * FS), FS)
    return clean + 0.01 * rng.standard_normal(len(clean))


def collapse(before=60, during=40, after=60, seed=0, fs=FS):
    """Beats, fibrillation, beats; the same at every rate fs in Hz."""
    parts = beating(before, seed=seed), fibrillating(during, seed), beating(after, seed=seed)
    return sps.resample_poly(np.concatenate(parts), fs, FS)
