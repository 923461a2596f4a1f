"""What the quality network learns from: recordings whose quality is known, in numbers.

A folder with a REFERENCE.csv of the PhysioNet/CinC Challenge 2017 holds hand-held recordings of
class N, A, O or ~ (noise); a folder of annotated WFDB records holds recordings in which a person
could read the beats, in both leads. No annotation tells a moved electrode from a beat, so the
context model is asked: a beat that it calls V in a recording of class N is taken for one; the
annotated V beats, and in class O those that come early and whose shape recurs, are none. Clean ones
with made noise (quality_made.py) are recordings of their own, of the groups `made noise` and `made
mild`, under the name of the clean one.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ecg import artifacts, fingerprint, formats, quality
from ecg.beats import CLASSES, classes_of
from ecg.formats.annotation import annotated_records, read_annotation
from ecg.formats.recording import Recording
from ecg.one_class import REFERENCE, recordings_by_class
from ecg.rpeaks import FoundBeats, find_beats_in_leads
from ecg.training import quality_made as made

NOISY, CLEAN, ANNOTATED = "~", "NAO", "annotated"
MATCH = 0.15  # s: a beat is the annotated one nearest to it within this time
# of class O: a V beat with such a correlation to another beat, whose interval is this much shorter
# than usual (log), is one
RECURS, EARLY = 0.93, -0.12
OTHERS = 8  # of the beats that are no V, every eighth is learnt from

Label = Callable[[Recording, FoundBeats], Sequence[str]]  # letters of the beats found


class QualityData(NamedTuple):
    """Recordings in numbers, end to end: r recordings, w windows, b beats.

    names: (r,) FOLDER/RECORD. groups: (r,) N, A, O, ~, `annotated` or of made noise. window_record,
    window_lead: (w,). windows: float32 (w, WINDOW_INPUTS). seconds: (w,) that each answers for;
    lost: (w,) s of these that the R peak detector gives up. beat_record, beat_lead: (b,). beats:
    float32 (b, BEAT_INPUTS). motion: (b,) 1 for a moved electrode, 0 for a beat, NaN where neither
    is known. is_v: (b,) bool, whether the context model calls it V. marks: (k,) str, those of
    ecg.fingerprint, of all recordings."""

    names: np.ndarray
    groups: np.ndarray
    window_record: np.ndarray
    window_lead: np.ndarray
    windows: np.ndarray
    seconds: np.ndarray
    lost: np.ndarray
    beat_record: np.ndarray
    beat_lead: np.ndarray
    beats: np.ndarray
    motion: np.ndarray
    is_v: np.ndarray
    marks: np.ndarray


def load_quality_data(folders: Sequence[str | Path], label: Label) -> QualityData:
    """The recordings of the folders. label: letters of the beats of a recording by the context
    model. Raises InputError for a folder with neither REFERENCE.csv nor annotated records."""
    rows = [row for folder in folders for row in _recordings(Path(folder))]
    names, groups, parts = [], [], []
    marks: list[str] = []
    for number, (folder, name, group) in enumerate(
        tqdm(rows, "describing", unit="recording", disable=None)
    ):
        names.append(f"{folder.name}/{name}")
        groups.append(group)
        recording = formats.read_recording(folder / f"{name}.hea", 0, second="auto")
        marks += fingerprint.marks(recording)
        parts += _described(recording, folder / name, group, len(names) - 1, label)
        if group == ANNOTATED or (group == "N" and number % made.EVERY == 0):
            for strength in made.STRENGTHS:
                names.append(f"{folder.name}/{name}")
                groups.append(strength)
                parts.append(_with_noise(folder, name, strength, len(names) - 1))
    columns = [np.concatenate(column) for column in zip(*parts)]
    return QualityData(*[np.array(names), np.array(groups), *columns, np.array(marks, "U12")])


def _recordings(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """(folder, record, group) of each recording."""
    if (folder / REFERENCE).exists():
        for name, group in recordings_by_class(folder).items():
            yield folder, name, group
    else:
        for name in annotated_records(artifacts.locate(folder), "atr"):
            yield folder, name, ANNOTATED


def _described(recording, path, group, number, label):
    """A row of the columns of QualityData from window_record to is_v, for each lead."""
    fs, leads = recording.fs, [recording.signal]
    leads += [] if recording.second is None else [recording.second]
    found = find_beats_in_leads(recording.signals(), fs)
    few = len(found.peaks) < 2
    is_v = np.zeros(len(found.peaks), bool) if few else np.asarray(label(recording, found)) == "V"
    duration = len(recording.signal) / fs
    for lead, signal in enumerate(leads):
        described = quality.describe_lead(signal, fs, found.peaks)
        windows = described.window_rows()[:, : quality.WINDOW_INPUTS]
        beats = described.beat_rows()[:, quality.WINDOW_INPUTS :]
        own = quality.own_stretches(described.starts, duration)
        truth = np.full(len(beats), np.nan)
        if group == ANNOTATED:
            truth[_true_classes(path, fs, found.peaks) >= 0] = 0
        elif group == "N":
            truth[:] = is_v
        elif group == "O":
            column = {each: beats[:, k] for k, each in enumerate(quality.BEAT_NAMES)}
            truth[is_v & (column["recurs"] > RECURS) & (column["before"] < EARLY)] = 0
        kept = is_v | (np.arange(len(beats)) % OTHERS == 0) & np.isfinite(truth)
        if group == ANNOTATED:
            kept |= _true_classes(path, fs, found.peaks) == CLASSES.index("V")
        yield (
            *(np.full(len(windows), value) for value in (number, lead)),
            *(windows, own[:, 1] - own[:, 0], _seconds_lost(own, found.unreadable, fs)),
            *(np.full(kept.sum(), value) for value in (number, lead)),
            *(beats[kept], truth[kept], is_v[kept]),
        )


def _with_noise(folder, name, group, number):
    """The same row for a clean recording with made noise: the windows that are full of it."""
    signal, fs, peaks = made.excerpt(folder, name)
    noisy, found, unreadable, truth, span = made.with_made_noise(
        signal, fs, peaks, group, f"{folder.name}/{name}"
    )
    described = quality.describe_lead(noisy, fs, found)
    own = quality.own_stretches(described.starts, len(signal) / fs)
    beats = described.beat_rows()[:, quality.WINDOW_INPUTS :]
    kept = (truth == 1) | (np.arange(len(truth)) % 2 == 0)
    starts = described.starts
    full = (starts >= span[0] - 1) & (starts + quality.SECONDS <= span[1] + 1)
    own = own[full]
    return (
        *(np.full(len(own), value) for value in (number, 0)),
        described.window_rows()[full, : quality.WINDOW_INPUTS],
        *(own[:, 1] - own[:, 0], _seconds_lost(own, unreadable, fs)),
        *(np.full(kept.sum(), value) for value in (number, 0)),
        *(beats[kept], truth[kept], np.zeros(kept.sum(), bool)),
    )


def _true_classes(path, fs, peaks):
    """(m,) class of the annotated beat at each of the peaks, -1: none."""
    truth = read_annotation(path, "atr", fs)
    classes = classes_of(truth.symbols)
    at, classes = truth.samples[classes >= 0], classes[classes >= 0]
    if len(at) == 0:
        return np.full(len(peaks), -1)
    middle = (at[1:] + at[:-1]) / 2
    nearest = np.searchsorted(middle, peaks)
    return np.where(np.abs(at[nearest] - peaks) <= MATCH * fs, classes[nearest], -1)


def _seconds_lost(own, unreadable, fs):
    """(w,) s of each stretch of `own` (w, 2), in s, that lie in unreadable ones."""
    lost = np.zeros(len(own))
    for start, stop, _ in unreadable:
        lost += np.clip(
            np.minimum(own[:, 1], stop / fs) - np.maximum(own[:, 0], start / fs), 0, None
        )
    return np.minimum(lost, own[:, 1] - own[:, 0])
