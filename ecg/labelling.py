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

from ecg import context, holter, quality
from ecg.artifacts import InputError
from ecg.beats import CLASSES, UNLABELLED, extract_beats
from ecg.filters import remove_strong_hum
from ecg.formats.recording import Recording
from ecg.notes import notes_on_second_lead, with_notes
from ecg.orientation import turn_upright
from ecg.pauses import with_unseen
from ecg.prediction import card_of, is_context_model, knows_artefacts, predict_heartbeat
from ecg.rpeaks import FoundBeats, Unreadable, find_beats_in_leads
from ecg.stretches import merged, without
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


def label_beats(
    signal: np.ndarray,
    fs: float,
    found: FoundBeats,
    model: Any,
    second: np.ndarray | None = None,
    noise: Any = None,
) -> pd.DataFrame:
    """The table of beats, as in `Labelled`, of one lead (n,) and where there is one a second (n,).

    found: what find_beats_in_leads gave for the leads of the recording, these first. The context
    model asks both leads, a single-beat model the first; a beat that is marked in another lead has
    a line and no label. noise: as for `label_recording`: where no lead that was asked can be read,
    beats have a line, the reason, and no label."""
    notes: list[str] = []
    card = card_of(model)
    if is_context_model(card):
        probabilities, reasons, more = _by_context(model, signal, fs, found, second)
        notes += more
    else:
        second = None
        probabilities, reasons = _by_rows(model, signal, fs, found)
    asked = 1 if second is None else 2
    probabilities[found.lead >= asked] = np.nan
    asked_leads = [signal] if second is None else [signal, second]
    if noise is None or isinstance(noise, str):
        judged = None
        notes += [noise] if noise else []
    else:
        judged = quality.judge(noise, asked_leads, fs, found.peaks)
        if not knows_artefacts(card):
            _take_labels(judged.is_motion, quality.MOTION, probabilities, reasons)
        _take_labels(judged.is_noise, quality.NOISE, probabilities, reasons)
        notes += _notes_on_noise(judged, fs, len(signal))
    if moved := (reasons == quality.MOTION).sum():
        notes.append(f"{moved:,} of the beats are more likely a moved electrode: no label")
    reasons[found.lead >= asked] = "seen in another lead only"
    table = _table(found.peaks, fs, probabilities, reasons)
    table[quality.QUALITIES] = np.nan
    for column, of_lead in zip(quality.QUALITIES, [] if judged is None else judged.quality):
        table[column] = of_lead.astype(np.float64)
    table.attrs = {
        "model": card["name"],
        "weights": str(getattr(model, "file", "")),
        "fs": float(fs),
        "n_samples": len(signal),
        "unreadable": _with_noise(found.unreadable, judged),
        "noise_s": 0.0 if judged is None else float(np.diff(judged.noise).sum() / fs),
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
    reasons = np.full(len(found.peaks), "ok", dtype=object)
    reasons[by_second] = "seen in the second lead only"
    reasons[np.isnan(probabilities[:, 0])] = quality.MOTION
    reasons[probabilities[:, CLASSES.index("Q")] == 1] = "paced or beside missing samples"
    notes = [] if second is None else notes_on_second_lead(weight, by_second)
    return probabilities, reasons, notes


def _by_rows(model, signal, fs, found):
    """(probabilities (m, 5), NaN where no row could be cut, quality (m,)): every beat by itself."""
    peaks = found.peaks
    probabilities = np.full((len(peaks), len(CLASSES)), np.nan)
    rows, positions = extract_beats(signal, peaks, fs)
    at = np.searchsorted(peaks, positions)
    if len(rows):
        probabilities[at] = predict_heartbeat(model, rows)[2]
    reasons = np.full(len(peaks), "beside missing samples", dtype=object)
    reasons[at] = "ok"
    if len(peaks) and reasons[-1] != "ok":
        reasons[-1] = "last beat: no beat after it"
    return probabilities, reasons


def _take_labels(beats, reason, probabilities, reasons):
    """These beats (m,), bool, lose their label and get the reason."""
    probabilities[beats] = np.nan
    reasons[beats] = reason


def _notes_on_noise(judged, fs, n):
    if len(judged.noise) == 0:
        return []
    lost = np.diff(judged.noise).sum()
    return [
        f"noise: {lost / fs:.1f} s, {lost / n:.1%} of the recording, can be read in no lead; "
        f"{judged.is_noise.sum():,} beats there have no label"
    ]


def _with_noise(unreadable, judged):
    """The unreadable stretches with those of noise beside them, in order, without overlap."""
    if judged is None or len(judged.noise) == 0:
        return unreadable
    known = merged(np.array([stretch[:2] for stretch in unreadable], np.int64).reshape(-1, 2))
    more = [Unreadable(int(a), int(b), quality.NOISE) for a, b in without(judged.noise, known)]
    return sorted([*unreadable, *more])


def _table(peaks, fs, probabilities, reasons):
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
            "quality": reasons,
        }
    )


def summarise(beats: pd.DataFrame) -> dict:
    """ecg.holter.summary of the beats of a recording; no interval is counted to or from a moved
    electrode."""
    a = beats.attrs
    moved = beats["sample"][beats["quality"] == quality.MOTION].tolist()
    stretches = [stretch[:2] for stretch in a["unreadable"]]
    stretches += [(max(at - 1, 0), at + 1) for at in moved]
    return holter.summary(beats["sample"], beats["label"], a["fs"], a["n_samples"], stretches)
