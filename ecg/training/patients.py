"""Recordings as training patients: their beats, described in every view.

A network learns from two leads of a recording, one at a time. Paced records are left out, and no
beat of class Q is learnt."""

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from tqdm import tqdm

from ecg import fingerprint, formats
from ecg.artifacts import InputError
from ecg.beats import classes_of
from ecg.context import CONTEXT_CLASSES
from ecg.formats.annotation import annotated_records, read_annotation
from ecg.mitdb import DS1, DS2
from ecg.training.views import ARTEFACT, VIEWS, DescribedView, described_view

PACED_SHARE = 0.1  # a record with more paced beats than this is not trained on


class Patient(NamedTuple):
    """A record with its reference annotation and its views."""

    name: str  # FOLDER/RECORD
    fs: float  # Hz
    n_samples: int
    samples: np.ndarray  # int (n,), of the reference annotation, with what is no beat
    symbols: list[str]  # n WFDB symbols
    views: dict[str, DescribedView]
    marks: tuple[str, ...] = ()  # ecg.fingerprint.marks of its recording

    @property
    def annotated(self) -> bool:
        """Whether its beats are known one by one; see ecg/training/normal.py for others."""
        return len(self.symbols) > 0

    @property
    def record(self) -> str:
        return self.name.split("/")[-1]

    @property
    def folder(self) -> str:
        return self.name.split("/")[0]


# ---- loading ------------------------------------------------------------------------------------


def load_patients(
    folders: Iterable[str | Path],
    annotator: str = "atr",
    views: Sequence[str] = VIEWS,
    wanted: Callable[[str], bool] | None = None,
    keep_paced: bool = False,
    second: str | int = "auto",
    jobs: int = 1,
) -> list[Patient]:
    """The records of WFDB folders as Patients, without the paced ones.

    wanted: None or a function of the record's name; second: the lead beside the first, as in
    `formats.read_recording`; jobs: records described at a time. Raises InputError for a folder
    without such records, and for a record that cannot be read."""
    files = [
        (folder, name)
        for folder in map(Path, folders)
        for name in annotated_records(folder, annotator)
        if wanted is None or wanted(name)
    ]
    patients = described_by(
        functools.partial(_patient, annotator, views, keep_paced, second), files, jobs, "record"
    )
    return [patient for patient in patients if patient]


def described_by(
    describe: Callable[[Any], Any], items: Sequence[Any], jobs: int, unit: str
) -> list[Any]:
    """What `describe` makes of each of the items, `jobs` at a time, with a progress bar."""
    tasks = (joblib.delayed(describe)(item) for item in items)
    done = joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks)
    return list(tqdm(done, desc="describing", unit=unit, total=len(items), disable=None))


def _patient(annotator, views, keep_paced, second, file):
    """The Patient of a record, (folder, name); None for a paced one."""
    folder, name = file
    annotation = read_annotation(folder / name, annotator)
    if not keep_paced and paced_share(annotation.symbols) > PACED_SHARE:
        return None
    recording = formats.read_recording(folder / name, lead=0, second=second)
    at, classes = _annotated_beats(annotation, len(recording.signal))
    return Patient(
        f"{folder.name}/{name}",
        recording.fs,
        len(recording.signal),
        annotation.samples,
        annotation.symbols,
        {view: described_view(view, recording, at, classes) for view in views},
        tuple(fingerprint.marks(recording)),
    )


def paced_share(symbols: Sequence[str]) -> float:
    """The share of the beats among WFDB symbols that are paced, or fusions of paced and normal."""
    is_beat = classes_of(symbols) >= 0
    return np.isin(np.array(symbols)[is_beat], ["/", "f"]).mean()


def _annotated_beats(annotation, n_samples):
    """(sample numbers, classes 0..3 or -1 for Q) of the annotated beats inside the recording, one a
    sample."""
    classes = classes_of(annotation.symbols)
    is_beat = classes >= 0
    at, first = np.unique(annotation.samples[is_beat], return_index=True)
    classes = classes[is_beat][first]
    inside = at < n_samples
    return at[inside], np.where(classes < len(CONTEXT_CLASSES), classes, -1)[inside]


# ---- choosing -----------------------------------------------------------------------------------


def select_patients(patients: Sequence[Patient], protocol: str) -> Sequence[Patient]:
    """The patients a protocol trains on. `all`: every one; `interpatient`: DS1;
    `interpatient_plus`: DS1 and every folder without DS2 in it. DS2 is trained on under `all` only,
    whose weights therefore must not be scored on it.

    Raises InputError where DS1 is wanted and not complete."""
    if protocol == "all":
        return patients
    held_out = {p.folder for p in patients if p.record in DS2}
    chosen = [
        p
        for p in patients
        if p.record in DS1 or (protocol == "interpatient_plus" and p.folder not in held_out)
    ]
    missing = sorted(set(DS1) - {p.record for p in chosen})
    if missing:
        raise InputError(
            f"--protocol {protocol} trains on DS1 of the MIT-BIH Arrhythmia Database, but record "
            f"{missing[0]} is not in --records ({len(missing)} of {len(DS1)} missing): download "
            "mitdb, or take --protocol all for your own records"
        )
    return chosen


def labelled_minutes(patient: Patient, minutes: float, view: str = "detected") -> np.ndarray:
    """Classes (m,) of the view's beats in the first `minutes`, -1 after them: what a person has
    labelled."""
    seen = patient.views[view]
    early = seen.peaks < minutes * 60 * patient.fs
    return np.where(early & (seen.classes < ARTEFACT), seen.classes, -1)
