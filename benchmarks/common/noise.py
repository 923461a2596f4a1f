"""Noise that was measured, of the MIT-BIH Noise Stress Test Database, to be added to recordings."""

from pathlib import Path

import numpy as np

from ecg import formats

FS = 360.0  # Hz


def electrode_motion(folder: Path) -> np.ndarray:
    """(n, 2) at 360 Hz, any scale: record em of the database in `folder`; where that is not at
    hand, what its mixture with record 118 holds of it."""
    if (folder / "em.hea").exists():
        leads = [formats.read_wfdb(folder / "em", lead).signal for lead in (0, 1)]
        return np.column_stack(leads)
    recovered = np.load(folder / "em_recovered_from_118e00.npz", allow_pickle=False)
    return recovered["noise_mV"].astype(np.float64)


def stretch_of(noise: np.ndarray, n: int, start: int) -> np.ndarray:
    """n samples of `noise` (m, ...) from `start` on, from its beginning again where it ends."""
    return noise[(start + np.arange(n)) % len(noise)]
