"""Rows of beats as they are drawn: min-max, without the zeros after the beat."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ecg import artifacts, beats

ROUNDING = 1e-6  # of a zero that was standardised and brought back


def min_max_rows(
    data: str | Path, split: str
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, dict]:
    """(take, y (n,), manifest) of a split in data/processed_data; take(index) gives those rows
    (k, 187), float64, in 0..1 as they were cut."""
    manifest = artifacts.load_manifest(data)
    x, y = artifacts.load_split(data, split)
    mean, scale = manifest["scaler"]["mean"], manifest["scaler"]["scale"]

    def take(index):
        return beats.unstandardise(x[index], mean, scale, np.float64, clip=False)

    return take, np.asarray(y), manifest


def beat_length(row: np.ndarray, zero: float = 0.0) -> int:
    """Samples of a row (187,) before the zeros that fill it up; 0 for a row of zeros.

    zero: up to what a value counts as zero; ROUNDING for rows of min_max_rows."""
    beat = np.flatnonzero(np.abs(row) > zero)
    return int(beat[-1]) + 1 if len(beat) else 0
