"""Recordings as training patients: their beats, described in every view.

A network learns from two leads of a recording, one at a time. Paced records are left out, and no
beat of class Q is learnt."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ecg import context, ec57, formats
from ecg.artifacts import InputError
from ecg.beats import classes_of
from ecg.context import CONTEXT_CLASSES
from ecg.formats.annotation import annotated_records, read_annotation
from ecg.formats.recording import Recording
from ecg.mitdb import DS1, DS2
from ecg.rpeaks import detect_r_peaks
from ecg.training.rhythms import ALL_RHYTHMS, RHYTHMS, splice_rhythm

PACED_SHARE = 0.1  # a record with more paced beats than this is not trained on
SEEN = ("annotated", "detected", "moving")  # the views of a recording as it is
VIEWS = (*SEEN, *RHYTHMS)


class DescribedView(NamedTuple):
    """One way to see a recording: its m beats, described."""

    peaks: np.ndarray  # int (m,), sample numbers of the R peaks
    leads: list[context.DescribedBeats]  # these beats in each lead
    classes: np.ndarray  # int (m,), 0..3 as CONTEXT_CLASSES, -1: Q, or no annotated beat


class Patient(NamedTuple):
    """A record with its reference annotation and its views."""

    name: str  # FOLDER/RECORD
    fs: float  # Hz
    n_samples: int
    samples: np.ndarray  # int (n,), of the reference annotation, with what is no beat
    symbols: list[str]  # n WFDB symbols
    views: dict[str, DescribedView]

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
) -> list[Patient]:
    """The records of WFDB folders as Patients, without the paced ones.

    wanted: None or a function of the record's name; second: the lead beside the first, as in
    `formats.read_recording`. Raises InputError for a folder without such records, and for a record
    that cannot be read."""
    files = [
        (folder, name)
        for folder in map(Path, folders)
        for name in annotated_records(folder, annotator)
    ]
    patients = []
    for folder, name in tqdm(files, desc="describing", unit="record", disable=None):
        if wanted and not wanted(name):
            continue
        annotation = read_annotation(folder / name, annotator)
        if not keep_paced and paced_share(annotation.symbols) > PACED_SHARE:
            continue
        recording = formats.read_recording(folder / name, lead=0, second=second)
        at, classes = _annotated_beats(annotation, len(recording.signal))
        patients.append(
            Patient(
                f"{folder.name}/{name}",
                recording.fs,
                len(recording.signal),
                annotation.samples,
                annotation.symbols,
                {view: _described_view(view, recording, at, classes) for view in views},
            )
        )
    return patients


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


# ---- views --------------------------------------------------------------------------------------


def _described_view(view: str, recording: Recording, at, classes) -> DescribedView:
    """annotated: the reference's beats. detected: what the detector finds. moving: a poor
    detector's beats, and five minutes of past only. One of ALL_RHYTHMS: the annotated beats of a
    recording into which that rhythm has been spliced (`splice_rhythm`).

    at, classes: (m,) annotated beats."""
    fs, leads = recording.fs, [recording.signal]
    if recording.second is not None:
        leads.append(recording.second)
    seed = len(leads[0]) + len(at)
    if view in ALL_RHYTHMS:
        return _spliced_view(view, leads, fs, at, classes, seed)
    if view == "annotated":
        peaks = at
    elif view == "detected":
        peaks = detect_r_peaks(leads[0], fs)
    else:
        peaks = jittered(at, fs, len(leads[0]), np.random.default_rng(seed))
    index = match_peaks(peaks, at, fs)
    moving = dict(past=300, delay=60, hop=300) if view == "moving" else {}
    return DescribedView(
        peaks,
        [context.describe(lead, fs, peaks, **moving) for lead in leads],
        np.where(index >= 0, classes[index], -1),
    )


def _spliced_view(rhythm, leads, fs, at, classes, seed):
    # the same seed for every lead: the same beats, cut at the same samples
    spliced = [
        splice_rhythm(rhythm, lead, fs, at, classes, np.random.default_rng(seed)) for lead in leads
    ]
    peaks = spliced[0].peaks
    described = [context.describe(lead.signal, fs, peaks) for lead in spliced]
    return DescribedView(peaks, described, spliced[0].classes)


def match_peaks(peaks: np.ndarray, samples: np.ndarray, fs: float) -> np.ndarray:
    """Index into `samples` of the annotated beat that each peak is, -1 for none, int (m,): within
    150 ms, one to one, as EC57 pairs them. peaks (m,), samples (n,): increasing."""
    index = np.full(len(peaks), -1)
    for i, j in ec57.match_beats(list(samples), list(peaks), ec57.WINDOW * fs):
        if i >= 0 and j >= 0:
            index[j] = i
    return index


def jittered(
    samples: np.ndarray, fs: float, n_samples: int, rng: np.random.Generator
) -> np.ndarray:
    """R peaks as a poor detector gives them: 15 ms of jitter, 1 % missed, 1 % extra."""
    peaks = samples + np.rint(rng.normal(0, 0.015 * fs, len(samples))).astype(np.int64)
    peaks = peaks[rng.random(len(peaks)) > 0.01]
    extra = rng.integers(0, n_samples, len(samples) // 100)
    return np.unique(np.clip(np.concatenate([peaks, extra]), 0, n_samples - 1))


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
    return np.where(seen.peaks < minutes * 60 * patient.fs, seen.classes, -1)
