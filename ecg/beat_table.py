"""The table of beats: the label of each, or why it has none."""

from typing import Any

import numpy as np
import pandas as pd

from ecg import context, quality
from ecg.beats import CLASSES, UNLABELLED, extract_beats
from ecg.notes import notes_on_second_lead
from ecg.prediction import card_of, is_context_model, knows_artefacts, predict_heartbeat
from ecg.rhythm.fibrillation import REASON as FIBRILLATION
from ecg.rpeaks import FoundBeats, Unreadable
from ecg.stretches import merged, without
from ecg.translations import Note

# Odds of an S beat in atrial fibrillation over those elsewhere: in that of MIT-BIH's DS1 0.3 % of
# the beats are S (12 of 3,791), elsewhere 2 to 3 %; of six so called one was.
S_IN_AF = 0.1


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
        judged = judged._replace(noise=_but_fibrillation(judged.noise, found.unreadable))
        if not knows_artefacts(card):
            _take_labels(judged.is_motion, quality.MOTION, probabilities, reasons)
        _take_labels(judged.is_noise, quality.NOISE, probabilities, reasons)
        notes += _notes_on_noise(judged, fs, len(signal))
    if moved := (reasons == quality.MOTION).sum():
        notes.append(_note_on_motion(moved))
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
        "trained_on": _trained_on(card),
    }
    return table


def _trained_on(card):
    if not card["manifest"]:
        return "recordings that are not known"
    return "synthetic data" if card["manifest"].get("synthetic") else "real recordings"


def label_again(table: pd.DataFrame) -> None:
    """The second labelling pass, by the column `rhythm`, in place: in atrial fibrillation every
    other interval is short and no beat has a P wave, so an S beat has to be ten times as likely."""
    columns = [f"p_{name}" for name in CLASSES]
    rows = ((table["rhythm"] == "AF") & (table["label"] != UNLABELLED)).to_numpy()
    p = table.loc[rows, columns].to_numpy(copy=True)
    p[:, CLASSES.index("S")] *= S_IN_AF
    p /= p.sum(axis=1, keepdims=True)
    table.loc[rows, columns] = p
    table.loc[rows, "label"] = np.array(CLASSES, dtype=object)[p.argmax(axis=1)]
    table.loc[rows, "confidence"] = p.max(axis=1)


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


def _note_on_motion(moved):
    return Note(
        "{n} of the beats look like a moved electrode, not like a heartbeat: they have no label",
        n=f"{moved:,}",
    )


def _notes_on_noise(judged, fs, n):
    if len(judged.noise) == 0:
        return []
    lost = np.diff(judged.noise).sum()
    return [
        Note(
            "{seconds:.1f} s of the recording ({share:.1%}) are noise in every lead: {n} beats "
            "there have no label",
            seconds=lost / fs,
            share=lost / n,
            n=f"{judged.is_noise.sum():,}",
        )
    ]


def _but_fibrillation(noise, unreadable):
    """Stretches of noise (k, 2) without those of ventricular fibrillation, which looks alike."""
    vf = [stretch[:2] for stretch in unreadable if stretch[2] == FIBRILLATION]
    parts = without(noise, np.array(vf, np.int64).reshape(-1, 2))
    return np.array(parts, np.int64).reshape(-1, 2)


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
