"""Recordings without fibrillation that no database has enough of: standstill, loose electrodes,
narrow and wide tachycardia, pacing."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ecg.noise import add_noise, noise
from ecg.synthetic import beats_at, draw_patient, synthetic_recording

FS = 250.0  # Hz
SECONDS = 60.0
PATIENTS = 12  # of each kind
NARROW, WIDE = (150, 300), (120, 220)  # beats a minute
FAINT = 0.005, 0.05  # mV: level of what an electrode picks up where there is no heart beat
HUM = 50, 60  # Hz


class Made(NamedTuple):
    """name; signal (n,) mV; fs in Hz; is_noise: whether there is nothing that could be read."""

    name: str
    signal: np.ndarray
    fs: float
    is_noise: bool


def made_negatives(rng: np.random.Generator, patients: int = PATIENTS) -> Iterator[Made]:
    """`patients` recordings of a minute of each kind."""
    kinds = {
        "narrow": (narrow_tachycardia, False),
        "wide": (wide_tachycardia, False),
        "paced": (paced, False),
        "standstill": (standstill, True),
        "p waves": (p_waves_alone, False),
        "lead off": (lead_off, True),
        "gaps": (with_gaps, False),
    }
    for number in range(patients):
        for name, (make, is_noise) in kinds.items():
            yield Made(f"{name} {number}", make(rng), FS, is_noise)


def narrow_tachycardia(rng: np.random.Generator, rate: float | None = None) -> np.ndarray:
    """(n,) mV of regular narrow beats, of which P and T waves may run together; rate a minute."""
    return _regular(draw_patient(rng)["N"], rate or rng.uniform(*NARROW), rng)


def wide_tachycardia(rng: np.random.Generator, rate: float | None = None) -> np.ndarray:
    """(n,) mV of regular wide beats with complexes that can be told apart."""
    return _regular(draw_patient(rng)["V"], rate or rng.uniform(*WIDE), rng)


def _regular(waves, rate, rng):
    rr = 60 / rate
    times = np.arange(rng.uniform(0, rr), SECONDS, rr)
    times = times + rng.normal(0, 0.01 * rr, len(times))
    waves = waves.copy()
    waves[np.abs(waves[:, 0]) > 0.09, 0] *= np.clip(np.sqrt(rr / 0.8), 0.4, 1)  # P and T waves
    waves[np.abs(waves[:, 0]) > 0.09, 1] *= np.clip(np.sqrt(rr / 0.8), 0.5, 1)
    clean = beats_at(times, waves, int(SECONDS * FS), FS)
    return _noisy(clean, rng)


def _noisy(clean, rng):
    for kind, least in (("baseline", 6), ("muscle", 8), ("mains", 15)):
        clean = add_noise(clean, FS, kind, rng.uniform(least, least + 20), rng)
    return clean


def paced(rng: np.random.Generator) -> np.ndarray:
    """(n,) mV of a pacemaker's beats."""
    rate, seed = rng.uniform(60, 130), int(rng.integers(1 << 30))
    made = synthetic_recording(SECONDS, FS, seed, rate=rate, variability=0.01, shares={"Q": 1.0})
    return _noisy(made.signal, rng)


def standstill(rng: np.random.Generator) -> np.ndarray:
    """(n,) mV: no wave at all, what the electrodes pick up beside."""
    n, level = int(SECONDS * FS), np.exp(rng.uniform(*np.log(FAINT)))
    kinds = rng.dirichlet(np.full(4, 0.7))
    signal = level * kinds[0] * rng.standard_normal(n)
    for share, kind in zip(kinds[1:], ("baseline", "muscle", "mains")):
        signal += level * share * noise(n, FS, kind, rng, rng.choice(HUM))
    return np.round(signal / 0.005) * 0.005 if rng.random() < 0.5 else signal


def p_waves_alone(rng: np.random.Generator) -> np.ndarray:
    """(n,) mV: atrial beats that are not conducted."""
    waves = draw_patient(rng)["N"][:1]
    rr = 60 / rng.uniform(50, 110)
    return beats_at(np.arange(0.3, SECONDS, rr), waves, int(SECONDS * FS), FS) + standstill(rng)


def lead_off(rng: np.random.Generator) -> np.ndarray:
    """(n,) mV of an open input: hum, steps and white noise of any level."""
    n, level = int(SECONDS * FS), np.exp(rng.uniform(np.log(0.02), np.log(2)))
    kind = rng.choice(["mains", "electrode", "muscle", "white"])
    strong = rng.standard_normal(n) if kind == "white" else noise(n, FS, kind, rng)
    return level * (strong + 0.1 * rng.standard_normal(n))


def with_gaps(rng: np.random.Generator) -> np.ndarray:
    """(n,) mV, NaN where samples are missing, of a rhythm with ectopic beats."""
    seed, rate = int(rng.integers(1 << 30)), rng.uniform(55, 120)
    signal = _noisy(synthetic_recording(SECONDS, FS, seed, rate=rate).signal, rng)
    for _ in range(8):
        start = int(rng.uniform(0, len(signal)))
        signal[start : start + int(rng.uniform(0.1, 4) * FS)] = np.nan
    return signal
