"""A recording's way, step by step: find its beats, turn it upright, label the beats, summarise.

    labelled = label_recording(recording, choose)          # choose(beats) gives the model
    labelled.recording, labelled.beats, labelled.summary

Terminal, archive, notebook, evaluation and report all go this way; the monitor (ecg/streaming.py)
goes it block by block. A recording comes from ecg.formats.read_recording, the results are written
by ecg/output.py and ecg/report. The model is handed in: an onnxruntime.InferenceSession or a
network, with its model card."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ecg import context, holter
from ecg.artifacts import InputError
from ecg.beats import CLASSES, UNLABELLED, extract_beats
from ecg.filters import remove_strong_hum
from ecg.formats.recording import Recording
from ecg.orientation import turn_upright, unlike_training
from ecg.prediction import card_of, is_context_model, predict_heartbeat
from ecg.rpeaks import FoundBeats, find_beats_in_leads
from ecg.weights import SINGLE_BEAT

SILENT = 0.02  # weight below which a second lead says nothing of a beat


@dataclass(frozen=True)
class Labelled:
    """A recording with its beats.

    recording: as it was read, turned upright, with notes on what was done and what is doubtful.
    beats: DataFrame, one line a beat: sample, time_s, label (N S V F Q, `?` where a beat could not
    be classified), confidence, p_N ... p_Q, quality (`ok` or the reason). Its attrs hold model
    (name), weights (file), fs, n_samples, unreadable (start, stop, reason in samples), leads (how
    many were asked), single_beat (whether the model sees a beat alone), notes, trained_on. found:
    where the beats of each lead are, and what cannot be read."""

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
) -> Labelled:
    """All steps in order.

    choose: (number of beats) -> the model for such a recording. invert: auto, yes, no.
    mains: auto takes strong hum out, none leaves it. second: what was asked of the second lead
    (auto, none, or its name), for the notes. Raises InputError for a second lead that was named and
    that this model does not ask."""
    found = find_beats_in_leads(recording.signals(), recording.fs)
    recording = turned_upright(recording, found, invert)
    model = choose(len(found.peaks))
    beats = label_beats(recording.signal, recording.fs, found, model, recording.second, mains)
    if second not in ("auto", "none") and beats.attrs["leads"] == 1:
        raise InputError(
            f"--second {second}: the context model alone asks a second lead, and "
            f"{recording.name} is labelled by {beats.attrs['model']}"
        )
    return Labelled(with_lead_notes(recording, beats, second), beats, found)


def lead_to_read(second: str, model: str) -> str:
    """--second, but none where the model is known to have no use for it."""
    return "none" if second == "auto" and model in SINGLE_BEAT else second


# ------------------------------------------------------------------------------------------ steps


def turned_upright(recording: Recording, found: FoundBeats, invert: str = "auto") -> Recording:
    """The recording with its lead turned where it lies upside down (invert: auto, yes, no), and a
    note on what was done or is doubtful."""
    signal, note = turn_upright(
        recording.signal, recording.fs, invert, recording.lead, found.peaks[found.lead == 0]
    )
    return recording._replace(signal=signal, notes=(*recording.notes, *([note] if note else [])))


def label_beats(
    signal: np.ndarray,
    fs: float,
    found: FoundBeats,
    model: Any,
    second: np.ndarray | None = None,
    mains: str = "auto",
) -> pd.DataFrame:
    """The table of beats, as in `Labelled`, of one lead (n,) and where there is one a second (n,).

    found: what find_beats_in_leads gave for the leads of the recording, these first. The context
    model asks both leads, a single-beat model the first; a beat that is marked in another lead has
    a line and no label."""
    notes = []
    if mains == "auto":
        signal, hum = remove_strong_hum(signal, fs)
        notes += [hum] if hum else []
    card = card_of(model)
    if is_context_model(card):
        if second is not None and mains == "auto":
            second, _ = remove_strong_hum(second, fs)
        probabilities, quality, more = _by_context(model, signal, fs, found, second)
        notes += more
    else:
        second = None
        probabilities, quality = _by_rows(model, signal, fs, found)
    asked = 1 if second is None else 2
    probabilities[found.lead >= asked] = np.nan
    quality[found.lead >= asked] = "seen in another lead only"
    table = _table(found.peaks, fs, probabilities, quality)
    table.attrs = {
        "model": card["name"],
        "weights": str(getattr(model, "file", "")),
        "fs": float(fs),
        "n_samples": len(signal),
        "unreadable": found.unreadable,
        "single_beat": not is_context_model(card),
        "leads": asked,
        "notes": notes,
        "trained_on": "synthetic data" if card["manifest"].get("synthetic") else "real recordings",
    }
    return table


def _by_context(model, signal, fs, found, second):
    """(probabilities (m, 5), quality (m,), notes): every beat against its own patient."""
    by_second = found.lead == 1
    probabilities, weight = context.classify_beats(
        model, signal, fs, found.peaks, second=second, by_second=by_second
    )
    quality = np.full(len(found.peaks), "ok", dtype=object)
    quality[by_second] = "seen in the second lead only"
    quality[probabilities[:, CLASSES.index("Q")] == 1] = "paced or beside missing samples"
    notes = [] if second is None else _notes_on_second_lead(weight, by_second)
    return probabilities, quality, notes


def _by_rows(model, signal, fs, found):
    """(probabilities (m, 5), NaN where no row could be cut, quality (m,)): every beat by itself."""
    peaks = found.peaks
    probabilities = np.full((len(peaks), len(CLASSES)), np.nan)
    rows, positions = extract_beats(signal, peaks, fs)
    at = np.searchsorted(peaks, positions)
    if len(rows):
        probabilities[at] = predict_heartbeat(model, rows)[2]
    quality = np.full(len(peaks), "beside missing samples", dtype=object)
    quality[at] = "ok"
    if len(peaks) and quality[-1] != "ok":
        quality[-1] = "last beat: no beat after it"
    return probabilities, quality


def _table(peaks, fs, probabilities, quality):
    known = np.isfinite(probabilities[:, 0])
    label = np.full(len(peaks), UNLABELLED, dtype=object)
    confidence = np.full(len(peaks), np.nan)
    label[known] = np.array(CLASSES, dtype=object)[probabilities[known].argmax(axis=1)]
    confidence[known] = probabilities[known].max(axis=1)
    columns = {f"p_{name}": probabilities[:, i] for i, name in enumerate(CLASSES)}
    return pd.DataFrame(
        {
            "sample": peaks,
            "time_s": peaks / fs,
            "label": label,
            "confidence": confidence,
            **columns,
            "quality": quality,
        }
    )


def _notes_on_second_lead(weight, by_second):
    """What a user should know of the second lead: at how many beats its weight (m,) was next to
    nothing, and how many beats are its own (by_second (m,), bool)."""
    notes = []
    if len(weight) and (silent := np.mean(weight < SILENT)) > 0.01:
        notes.append(
            f"the second lead has no say at {silent:.0%} of the beats: it is noise there, "
            "or came off"
        )
    if by_second.any():
        notes.append(
            f"{by_second.sum():,} of the beats are seen in the second lead only: the first cannot "
            "be read there"
        )
    return notes


def leads_note(recording: Recording) -> list[str]:
    """Which leads the beats are found in, where it is more than one."""
    names = [each.name for each in recording.used()]
    if len(names) == 1:
        return []
    return [f"beats are found in {len(names)} leads together: {', '.join(names)}"]


def with_lead_notes(recording: Recording, beats: pd.DataFrame, second: str = "auto") -> Recording:
    """The recording with a note where its lead is unlike those that the model of these beats was
    trained on, and one where `second` (--second) could name a lead that `auto` did not dare to
    take."""
    a = beats.attrs
    strange = unlike_training(
        recording.lead, recording.signal, recording.fs, beats["sample"].to_numpy(), a["single_beat"]
    )
    notes = [*leads_note(recording), *([strange] if strange else [])]
    if second == "auto" and not a["single_beat"] and a["leads"] == 1 and len(recording.leads) > 1:
        notes.append(
            "no other signal is called an ECG lead; if one is, name it with --second for better "
            "labels"
        )
    return recording._replace(notes=(*recording.notes, *notes))


def summarise(beats: pd.DataFrame) -> dict:
    """ecg.holter.summary of the beats of a recording."""
    a = beats.attrs
    stretches = [stretch[:2] for stretch in a["unreadable"]]
    return holter.summary(beats["sample"], beats["label"], a["fs"], a["n_samples"], stretches)
