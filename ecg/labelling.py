"""A recording's way, step by step: find its beats, but where the ventricles fibrillate, turn it
upright, label the beats but where nothing can be read, tell the rhythm, summarise.

    labelled = label_recording(recording, choose)          # choose(beats) gives the model
    labelled.recording, labelled.beats, labelled.summary

Terminal, archive, notebook, evaluation and report all go this way; the monitor (ecg/streaming.py)
goes it block by block. A recording comes from ecg.formats.read_recording, the results are written
by ecg/output.py and ecg/report. The model is handed in: an onnxruntime.InferenceSession or a
network, with its model card."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecg import fingerprint, holter, quality
from ecg.artifacts import InputError
from ecg.beat_table import label_again, label_beats
from ecg.filters import remove_strong_hum
from ecg.formats.recording import Recording
from ecg.hrv import withheld_in
from ecg.notes import with_notes
from ecg.orientation import turn_upright
from ecg.pauses import with_unseen
from ecg.rhythm import fibrillation
from ecg.rhythm.episodes import find_episodes, rhythm_of_beats
from ecg.rhythm.fibrillation import Fibrillation
from ecg.rhythm.network import rhythm_track
from ecg.rhythm.track import NO_LOOKS
from ecg.rpeaks import FoundBeats, Unreadable, find_beats_in_leads
from ecg.signal_models import NONE, SignalModels
from ecg.stretches import inside, without
from ecg.weights import SINGLE_BEAT


@dataclass(frozen=True)
class Labelled:
    """A recording with its beats.

    recording: as it was read, turned upright, with notes on what was done and what is doubtful.
    beats: DataFrame, one line a beat: sample, time_s, label (N S V F Q, `?` where a beat could not
    be classified), confidence, p_N ... p_Q, quality (`ok` or the reason), quality_1 and quality_2
    (how well it can be read in either lead, 0 to 1; NaN where not known). Its attrs hold model
    (name), weights (file), fs, n_samples, unreadable (start, stop, reason in samples), noise_s (s
    that are noise in each lead asked), leads (how many were asked), single_beat (whether the model
    sees a beat alone), notes, trained_on, in_training_data ({model: whether it has learnt from this
    recording, None where its card does not tell}); where the rhythm was asked for, rhythm (what
    ecg.rhythm.track.Rhythm.as_dict gives), and the table a column `rhythm`: that of the episode in
    which a beat lies. found: where the beats of each lead are, and what the R peak detector cannot
    read."""

    recording: Recording
    beats: pd.DataFrame
    found: FoundBeats

    @functools.cached_property
    def summary(self) -> dict:
        """ecg.holter.summary of the beats."""
        return summarise(self.beats)


def label_recording(
    recording: Recording,
    choose: Callable[[int], Any],
    invert: str = "auto",
    mains: str = "auto",
    second: str = "auto",
    models: SignalModels = NONE,
    found: FoundBeats | None = None,
) -> Labelled:
    """All steps in order.

    choose: (number of beats) -> the model for such a recording. invert: auto, yes, no.
    mains: auto takes strong hum out, none leaves it. second: what was asked of the second lead
    (auto, none, or its name), for the notes. models: what is asked of the signal beside the beats
    (ecg/signal_models.py). found: the beats, where they are known already: all of them are kept.
    Raises InputError for a second lead that was named and that this model does not ask."""
    marks = fingerprint.marks(recording)  # before anything is done to the signal
    if mains == "auto":
        recording = without_hum(recording)
    leads, fs = recording.signals(), recording.fs
    fibrillating = find_fibrillation(models.fibrillation, leads, fs)
    found = found or beats_outside(fibrillating, find_beats(leads, fs))
    recording = turned_upright(recording, found, invert)
    model = choose(len(found.peaks))
    beats = label_beats(recording.signal, fs, found, model, recording.second, models.noise)
    tell_rhythm(beats, models.rhythm, recording.signals(), fibrillating)
    beats.attrs["notes"] += models.missing()
    beats.attrs["in_training_data"] = fingerprint.learnt_by((model, *models), marks)
    if second not in ("auto", "none") and beats.attrs["leads"] == 1:
        raise InputError(
            f"--second {second}: the context model alone asks a second lead, and "
            f"{recording.name} is labelled by {beats.attrs['model']}"
        )
    return Labelled(with_notes(recording, beats, second), beats, found)


def lead_to_read(second: str, model: str) -> str:
    """--second, but none where the model is known to have no use for it."""
    return "none" if second == "auto" and model in SINGLE_BEAT else second


def refuse_single_beat(labelled: Labelled, file: str | Path) -> None:
    """Raises InputError where fewer than two beats were found, and says why; a recording of nothing
    but ventricular fibrillation has something to tell."""
    a, recording = labelled.beats.attrs, labelled.recording
    reasons = sorted({reason for *_, reason in a["unreadable"]})
    if len(labelled.beats) < 2 and fibrillation.REASON not in reasons:
        raise InputError(
            f"{file}: {len(labelled.beats)} beat found in {a['n_samples'] / a['fs']:.1f} s of lead "
            f"{recording.lead}; two are needed to cut one"
            + (f" (not readable: {', '.join(reasons)})" if reasons else "")
        )


# ------------------------------------------------------------------------------------------ steps


def without_hum(recording: Recording) -> Recording:
    """The recording without strong hum in any of its leads, and a note on what was taken out of
    which; itself where there is none."""
    cleaned: dict[int, np.ndarray] = {}
    notes = []
    for lead in recording.used():
        out, said = remove_strong_hum(lead.signal, recording.fs)
        if said:
            cleaned[id(lead.signal)] = out.astype(lead.signal.dtype)
            notes.append(f"{said} ({lead.name})")
    if not cleaned:
        return recording
    return recording._replace(
        signal=cleaned.get(id(recording.signal), recording.signal),
        second=cleaned.get(id(recording.second), recording.second),
        others=tuple(
            each._replace(signal=cleaned.get(id(each.signal), each.signal))
            for each in recording.others
        ),
        notes=(*recording.notes, *notes),
    )


def find_beats(leads: Sequence[np.ndarray], fs: float) -> FoundBeats:
    """The beats that leads (n,) of a recording show together, and what cannot be read in any."""
    return with_unseen(leads, fs, find_beats_in_leads(leads, fs))


def find_fibrillation(model: Any, leads: Sequence[np.ndarray], fs: float) -> Fibrillation:
    """Where the ventricles fibrillate in leads (n,); nowhere without a model."""
    if model is None or isinstance(model, str):
        return fibrillation.NOWHERE
    return fibrillation.find_fibrillation(model, leads, fs)


def beats_outside(fibrillating: Fibrillation, found: FoundBeats) -> FoundBeats:
    """The beats found, without those in fibrillation, which has none; among what is unreadable its
    stretches, so that no pause and no rate is counted across one."""
    spans = fibrillating.spans
    if len(spans) == 0:
        return found
    kept = ~inside(spans, found.peaks)
    others = [
        Unreadable(int(a), int(b), stretch.reason)
        for stretch in found.unreadable
        for a, b in without(np.array([stretch[:2]], np.int64), spans)
    ]
    vf = [Unreadable(int(a), int(b), fibrillation.REASON) for a, b in spans]
    return found._replace(
        peaks=found.peaks[kept], lead=found.lead[kept], unreadable=sorted([*others, *vf])
    )


def tell_rhythm(
    beats: pd.DataFrame, model: Any, leads: Sequence[np.ndarray], fibrillating: Fibrillation
) -> None:
    """The rhythm of leads (n,), from the labels of the beats too, as attrs and column of the table
    of beats; then the second pass over these labels, by the rhythm. Nothing where `model` is None;
    without one (a sentence, why) the episodes of the beats and of fibrillation alone."""
    if model is None:
        return
    fs, n = beats.attrs["fs"], beats.attrs["n_samples"]
    samples, labels = beats["sample"].to_numpy(), beats["label"].to_numpy()
    track = NO_LOOKS if isinstance(model, str) else rhythm_track(model, leads, fs, samples, labels)
    unreadable = beats.attrs["unreadable"]
    rhythm = find_episodes(track, *fibrillating, samples, labels, fs, n, unreadable)
    after = list(beats.columns).index("quality") + 1
    beats.insert(after, "rhythm", rhythm_of_beats(rhythm, samples))
    beats.attrs["rhythm"] = rhythm.as_dict(fs)
    label_again(beats)


def turned_upright(recording: Recording, found: FoundBeats, invert: str = "auto") -> Recording:
    """The recording with its lead turned where it lies upside down (invert: auto, yes, no), and a
    note on what was done or is doubtful."""
    signal, note = turn_upright(
        recording.signal, recording.fs, invert, recording.lead, found.peaks[found.lead == 0]
    )
    return recording._replace(signal=signal, notes=(*recording.notes, *([note] if note else [])))


def summarise(beats: pd.DataFrame) -> dict:
    """ecg.holter.summary of the beats of a recording; no interval is counted to or from a moved
    electrode."""
    a = beats.attrs
    moved = beats["sample"][beats["quality"] == quality.MOTION].tolist()
    stretches = [stretch[:2] for stretch in a["unreadable"]]
    stretches += [(max(at - 1, 0), at + 1) for at in moved]
    withheld = withheld_in(a.get("rhythm"), a["fs"])
    known = a["fs"], a["n_samples"], stretches, withheld
    return holter.summary(beats["sample"], beats["label"], *known)
