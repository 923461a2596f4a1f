"""What may happen to a strip without another rhythm in it: the changes a rhythm network learns
from."""

import numpy as np
import torch
from torch.nn import functional as F

from ecg.noise import noise
from ecg.rhythm.strips import SAMPLES, SCALED
from ecg.rhythm.wave_numbers import RATE

STRETCH, GAIN = 0.05, 0.15  # standard deviations, of logarithms
TURNED = 0.15  # share of strips that are turned upside down
NOISY = 0.25  # share of strips that get noise ...
STRENGTH = 0.005, 0.08  # ... of this standard deviation, as a share of a beat's swing
HIDDEN, LENGTH = 0.3, (50, 500)  # share of strips with a piece of so many samples missing
KINDS = "muscle", "electrode"
BANK = 600  # s of noise of each kind


def noise_bank(seed: int) -> list[np.ndarray]:
    """BANK seconds of each of KINDS at RATE, of unit power."""
    rng = np.random.default_rng(seed)
    return [noise(BANK * RATE, RATE, kind, rng).astype(np.float32) for kind in KINDS]


def changed(waveform: np.ndarray, rng: np.random.Generator, bank: list[np.ndarray]) -> torch.Tensor:
    """float32 (n, 1, SAMPLES): strips (n, SAMPLES), together a little faster or slower, each with
    another gain, some turned, with noise, or with a piece missing."""
    x = torch.from_numpy(waveform.astype(np.float32))[:, None]
    x = F.interpolate(x, scale_factor=float(np.exp(rng.normal(0, STRETCH))), mode="linear")
    spare = max(x.shape[2] - SAMPLES, 0)
    first = int(rng.integers(spare + 1))
    x = F.pad(x[:, :, first : first + SAMPLES], (0, max(SAMPLES - x.shape[2], 0))).clone()
    n = len(x)
    gain = np.where(rng.random(n) < TURNED, -1, 1) * np.exp(rng.normal(0, GAIN, n))
    x *= torch.from_numpy(gain.astype(np.float32))[:, None, None]
    for row in np.flatnonzero(rng.random(n) < NOISY):
        kind = bank[rng.integers(len(bank))]
        at = rng.integers(len(kind) - SAMPLES)
        strength = SCALED * np.exp(rng.uniform(*np.log(STRENGTH)))
        x[row, 0] += torch.from_numpy(kind[at : at + SAMPLES] * strength) * (x[row, 0] != 0)
    for row in np.flatnonzero(rng.random(n) < HIDDEN):
        at, length = rng.integers(SAMPLES - LENGTH[0]), rng.integers(*LENGTH)
        x[row, 0, at : at + length] = 0
    return x
