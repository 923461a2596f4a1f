"""Clean recordings with made noise of known strength: what the quality network learns of electrode
motion and muscle noise in lead systems whose noise nobody has annotated."""

import zlib
from pathlib import Path

import numpy as np

from ecg import formats
from ecg.noise import add_noise
from ecg.rpeaks import find_beats

NOISY, MILD = "made noise", "made mild"  # groups
# dB below the power of the ECG above 0.5 Hz: nobody reads the first, everybody the second
STRENGTHS = {NOISY: (-16.0, -4.0), MILD: (6.0, 15.0)}
KINDS = "electrode", "muscle", "electrode"
LONGEST, START = 60.0, 300.0  # s that are taken, from where in a long recording
EVERY = 12  # of the hand-held recordings of class N, every twelfth
LEAST = 0.3  # share of a recording that the strong noise lasts, at least


def excerpt(folder: Path, name: str) -> tuple[np.ndarray, float, np.ndarray]:
    """(signal (n,), fs, R peaks (m,)) of up to a minute of a clean recording."""
    recording = formats.read_recording(folder / f"{name}.hea", 0, second="none")
    signal, fs = recording.signal, recording.fs
    start = int(START * fs) if len(signal) > 2 * START * fs else 0
    signal = signal[start : start + int(LONGEST * fs)]
    return signal, fs, find_beats(signal, fs)[0]


def with_made_noise(
    signal: np.ndarray, fs: float, peaks: np.ndarray, group: str, name: str
) -> tuple[np.ndarray, np.ndarray, list, np.ndarray, np.ndarray]:
    """(signal with noise (n,), its R peaks (m,), its unreadable stretches, which of the beats are
    none (m,) 1 or 0, (2,) s from when to when there is noise) of a clean signal; the same noise for
    the same name. Strong noise comes and goes, since windows are compared with the rest."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), len(group)])
    kind = KINDS[rng.integers(len(KINDS))]
    noisy = add_noise(signal, fs, kind, rng.uniform(*STRENGTHS[group]), rng)
    share = 1.0 if group == MILD else rng.uniform(LEAST, 1.0)
    start = int(rng.uniform(0, 1 - share) * len(signal))
    stop = start + int(share * len(signal))
    noisy = np.concatenate([signal[:start], noisy[start:stop], signal[stop:]])
    span = np.array([start, stop]) / fs
    found, unreadable = find_beats(noisy, fs)
    if len(peaks) == 0:
        return noisy, found, unreadable, np.ones(len(found)), span
    nearest = peaks[np.searchsorted((peaks[1:] + peaks[:-1]) / 2, found)]
    is_none = (np.abs(nearest - found) > 0.15 * fs).astype(float)
    return noisy, found, unreadable, is_none, span
