"""Rows of beats as they are drawn: min-max, without the zeros after the beat."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg import artifacts, beats

ROUNDING = 1e-6  # of a zero that was standardised and brought back


class MinMaxRows(NamedTuple):
    """The rows of a split as they were cut.

    take: gives the rows of k indices, float64 (k, 187) in 0..1. y: (n,) class indices. manifest:
    that of the data."""

    take: Callable[[np.ndarray], np.ndarray]
    y: np.ndarray
    manifest: dict


def min_max_rows(data: str | Path, split: str) -> MinMaxRows:
    """The rows of a split in data/processed_data."""
    manifest = artifacts.load_manifest(data)
    x, y = artifacts.load_split(data, split)
    mean, scale = manifest["scaler"]["mean"], manifest["scaler"]["scale"]

    def take(index: np.ndarray) -> np.ndarray:
        return beats.unstandardise(x[index], mean, scale, np.float64, clip=False)

    return MinMaxRows(take, np.asarray(y), manifest)


def beat_length(row: np.ndarray, zero: float = 0.0) -> int:
    """Samples of a row (187,) before the zeros that fill it up; 0 for a row of zeros.

    zero: up to what a value counts as zero; ROUNDING for rows of min_max_rows."""
    beat = np.flatnonzero(np.abs(row) > zero)
    return int(beat[-1]) + 1 if len(beat) else 0
