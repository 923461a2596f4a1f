"""Recordings of people whose heart beats normally: short, hand-held, of one lead, without an
annotation of their beats.

Of the recordings of class N of a folder with a REFERENCE.csv (one_class.py) a network learns what
electrodes and movement do to a recording without any ectopic beat: each of their beats is normal,
or none."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecg import context, fingerprint, formats
from ecg.one_class import recordings_by_class
from ecg.rpeaks import find_beats_in_leads
from ecg.training.patients import Patient, described_by
from ecg.training.views import NO_ECTOPIC, DescribedView, join_described
from ecg.weights import FEWEST_BEATS

GROUP = 50  # recordings learnt from as if they were one patient's
VIEW = "normal"


def normal_records(folder: Path) -> list[str]:
    """The recordings of class N of a folder. Raises InputError where there are none."""
    return list(recordings_by_class(folder, "N"))


def groups(names: Sequence[str]) -> list[list[str]]:
    """The recordings as they are learnt from, GROUP together."""
    return [list(names[first : first + GROUP]) for first in range(0, len(names), GROUP)]


def group_name(folder: str, names: Sequence[str]) -> str:
    """What a model card calls a group of recordings."""
    return f"{folder}/{names[0]}-{names[-1]}"


def load_normal(folder: str | Path, jobs: int = 1) -> list[Patient]:
    """The recordings of class N of a folder as Patients without annotation, GROUP of them each, in
    one view. Raises InputError as `normal_records`, and for a recording that cannot be read."""
    folder = Path(folder)
    describe = functools.partial(_group, folder)
    return described_by(describe, groups(normal_records(folder)), jobs, "group")


def _group(folder, names):
    beats, fs, marks = [], 0.0, []
    for name in names:
        recording = formats.read_recording(folder / name)
        fs, peaks = recording.fs, find_beats_in_leads(recording.signals(), recording.fs).peaks
        marks += fingerprint.marks(recording)
        if len(peaks) >= FEWEST_BEATS:
            beats.append(context.describe(recording.signal, fs, peaks))
    described = join_described(beats)
    n = len(described.features)
    begins = np.cumsum([0, *(len(each.features) for each in beats[:-1])])
    view = DescribedView(np.arange(n), [described], np.full(n, NO_ECTOPIC), begins)
    name, none = group_name(folder.name, names), np.zeros(0, int)
    return Patient(name, fs, 0, none, [], {VIEW: view}, tuple(marks))
