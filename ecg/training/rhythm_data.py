"""What the rhythm network learns from: hand-held recordings whose rhythm a person has named, looked
at as any recording is.

The folder holds a REFERENCE.csv (one_class.py): N sinus, A atrial fibrillation, O other, ~ noise.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ecg import fingerprint, formats
from ecg.formats.recording import Recording
from ecg.labelling import find_beats, turned_upright, without_hum
from ecg.one_class import CLASSES, recordings_by_class
from ecg.rhythm.strips import SHORTEST, describe_strips
from ecg.rpeaks import FoundBeats

Label = Callable[[str, Recording, FoundBeats], np.ndarray]  # (record, ...) -> letters of its beats


class RhythmData(NamedTuple):
    """r recordings in k looks. names: (r,) FOLDER/RECORD. classes: int64 (r,), of RHYTHMS. record:
    int64 (k,), which recording each look is of, increasing. waveform: float16 (k, SAMPLES);
    numbers: float32 (k, len(NUMBER_NAMES)): those of ecg.rhythm.strips.Strips. marks: (m,) str,
    those of ecg.fingerprint, of all recordings."""

    names: np.ndarray
    classes: np.ndarray
    record: np.ndarray
    waveform: np.ndarray
    numbers: np.ndarray
    marks: np.ndarray


def load_rhythm_data(folder: str | Path, label: Label) -> RhythmData:
    """The recordings of a folder. label: letters of the beats of a recording, by a context model.
    Raises InputError as ecg.one_class.recordings_by_class, and for a recording that cannot
    be read; one too short for a look is left out."""
    folder = Path(folder)
    names: list[str] = []
    marks: list[str] = []
    classes, record, looks = [], [], []
    recordings = recordings_by_class(folder)
    for name, letter in tqdm(recordings.items(), "describing", unit="recording", disable=None):
        recording = formats.read_recording(folder / f"{name}.hea", 0, second="none")
        fs = recording.fs
        if len(recording.signal) < SHORTEST * fs:
            continue
        marks += fingerprint.marks(recording)
        recording = without_hum(recording)
        found = find_beats(recording.signals(), fs)
        recording = turned_upright(recording, found)
        letters = label(name, recording, found) if len(found.peaks) else np.zeros(0, "U1")
        strips = describe_strips([recording.signal], fs, found.peaks, letters)
        looks.append((strips.waveform[0].astype(np.float16), strips.numbers[0]))
        record.append(np.full(len(strips.start_s), len(names)))
        names.append(f"{folder.name}/{name}")
        classes.append(CLASSES.index(letter))
    waveform, numbers = (np.concatenate(each) for each in zip(*looks))
    about = np.array(names), np.array(classes), np.concatenate(record)
    return RhythmData(*about, waveform, numbers, np.array(marks, "U12"))
