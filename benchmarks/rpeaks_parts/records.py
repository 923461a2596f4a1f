"""Annotated records as a detector is scored on them, as recorded and with noise."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import signal as sps

from ecg import beats, formats
from ecg.artifacts import InputError
from ecg.formats import annotation

NOISY = ("100", "101", "103", "105", "106", "119", "200", "203", "208", "228")


class Record(NamedTuple):
    """signal: (n,) mV, the first lead. fs: Hz. beats: (m,) samples of the annotated beats. flutter:
    (first, last) sample of each episode of ventricular flutter."""

    signal: np.ndarray
    fs: float
    beats: np.ndarray
    flutter: list[tuple[int, int]]


def read_record(base: Path) -> Record:
    """The record `base` (a path without suffix) with its reference annotation."""
    recording = formats.read_wfdb(base)
    samples, letters, *_ = annotation.read_annotation(base)
    symbols = np.array(letters)
    return Record(
        recording.signal,
        recording.fs,
        samples[beats.classes_of(symbols) >= 0],
        list(zip(samples[symbols == "["], samples[symbols == "]"])),
    )


def read_database(folder: Path) -> dict[str, Record]:
    """{name: Record} of every record of a database."""
    bases = sorted(path.with_suffix("") for path in Path(folder).glob("*.hea"))
    if not bases:
        raise InputError(
            f"{folder} holds no WFDB records: name the folder that holds mitdb/ and svdb/ with "
            "--data"
        )
    return {base.name: read_record(base) for base in bases}


def with_noise(name: str, record: Record) -> Record:
    """The record with 50 Hz hum, baseline wander and, 6 dB below its own power above 0.5 Hz, noise
    of 30 to 150 Hz. The noise is seeded by the record's name, a number."""
    x, fs, rng = record.signal, record.fs, np.random.default_rng(int(name))
    t = np.arange(len(x)) / fs
    noisy = x + sum(
        amplitude * np.sin(2 * np.pi * frequency * t + rng.uniform(0, 6.28))
        for amplitude, frequency in ((0.15, 50), (0.3, 0.1), (0.2, 0.3), (0.1, 0.5))
    )
    band = sps.butter(4, [30, 150], "bandpass", fs=fs, output="sos")
    muscle = sps.sosfilt(band, rng.standard_normal(len(x)))
    high_pass = sps.butter(2, 0.5, "highpass", fs=fs, output="sos")
    power = np.mean(sps.sosfiltfilt(high_pass, x) ** 2)
    muscle = muscle * np.sqrt(power / 10**0.6 / np.mean(muscle**2))
    return record._replace(signal=noisy + muscle)
