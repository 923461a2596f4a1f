"""A recording's way, step by step: find its beats, turn it upright, label them but where nothing
can be read, summarise.

    labelled = label_recording(recording, choose)          # choose(beats) gives the model
    labelled.recording, labelled.beats, labelled.summary

Terminal, archive, notebook, evaluation and report all go this way; the monitor (ecg/streaming.py)
goes it block by block. A recording comes from ecg.formats.read_recording, the results are written
by ecg/output.py and ecg/report. The model is handed in: an onnxruntime.InferenceSession or a
network, with its model card."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ecg import holter, quality
from ecg.artifacts import InputError
from ecg.beat_table import label_beats
from ecg.filters import remove_strong_hum
from ecg.formats.recording import Recording
from ecg.notes import with_notes
from ecg.orientation import turn_upright
from ecg.pauses import with_unseen
from ecg.rpeaks import FoundBeats, find_beats_in_leads
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
    sees a beat alone), notes, trained_on. found: where the beats of each lead are, and what the R
    peak detector cannot read."""

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
    noise: Any = None,
    found: FoundBeats | None = None,
) -> Labelled:
    """All steps in order.

    choose: (number of beats) -> the model for such a recording. invert: auto, yes, no.
    mains: auto takes strong hum out, none leaves it. second: what was asked of the second lead
    (auto, none, or its name), for the notes. noise: the quality network (ecg.quality.open_model),
    a sentence that says why there is none, or None, not to ask: beats keep their labels. found: the
    beats, where they are known already. Raises InputError for a second lead that was named and that
    this model does not ask."""
    if mains == "auto":
        recording = without_hum(recording)
    found = found or find_beats(recording.signals(), recording.fs)
    recording = turned_upright(recording, found, invert)
    model = choose(len(found.peaks))
    beats = label_beats(recording.signal, recording.fs, found, model, recording.second, noise)
    if second not in ("auto", "none") and beats.attrs["leads"] == 1:
        raise InputError(
            f"--second {second}: the context model alone asks a second lead, and "
            f"{recording.name} is labelled by {beats.attrs['model']}"
        )
    return Labelled(with_notes(recording, beats, second), beats, found)


def lead_to_read(second: str, model: str) -> str:
    """--second, but none where the model is known to have no use for it."""
    return "none" if second == "auto" and model in SINGLE_BEAT else second


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
    return holter.summary(beats["sample"], beats["label"], a["fs"], a["n_samples"], stretches)
