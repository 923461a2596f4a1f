"""What the parts of benchmarks/holter.py share: clocks, records, rows, options of a task."""

import functools
import resource
import time
from pathlib import Path

import numpy as np

from ecg import beats, formats, rpeaks
from ecg.artifacts import InputError


def clocks() -> np.ndarray:
    """[wall, CPU] in seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def peak_mb(of: int = resource.RUSAGE_SELF) -> float:
    """The most memory that this process, or one of its children, has held."""
    return resource.getrusage(of).ru_maxrss / 1024


def find_records(folder: str | Path, limit: int = 0) -> list[Path]:
    """The headers of the records in a folder, the first `limit` of them (0: all)."""
    found = sorted(Path(folder).glob("*.hea"))
    if not found:
        raise InputError(
            f"{folder} holds no WFDB records: name with --records the folder of the MIT-BIH "
            "Arrhythmia Database"
        )
    return found[: limit or None]


def rows_of(path: Path) -> np.ndarray:
    """The min-max rows float32 (n, 187) of a recording, with detected R peaks."""
    recording = formats.read_recording(path)
    peaks = rpeaks.detect_r_peaks(recording.signal, recording.fs)
    return beats.extract_beats(recording.signal, peaks, recording.fs)[0]


@functools.cache
def rows_of_all(paths: tuple[Path, ...]) -> np.ndarray:
    """The rows of all recordings, float32 (n, 187)."""
    return np.concatenate([rows_of(path) for path in paths])


def task_options(model: str, weight: Path) -> dict:
    """What `inference.py DIR --out DIR` hands to each of its tasks, by its defaults."""
    return {
        "model": model,
        "engine": "onnx",
        "lead": None,
        "fs": None,
        "unit": None,
        "invert": "auto",
        "mains": "auto",
        "second": "auto",
        "weight": str(weight),
    }
