"""What a user should know of a recording and its labels, in sentences."""

import numpy as np
import pandas as pd

from ecg.formats.recording import Recording
from ecg.orientation import unlike_training
from ecg.translations import Note

SILENT = 0.02  # weight below which a second lead says nothing of a beat
SHORT = 60.0  # s
LISTED = 6  # names of signals in a sentence
FEW = 12  # beats: on pieces of patients never seen 5 s give a tenth more wrong labels than 10 s


def notes_on_second_lead(weight: np.ndarray, by_second: np.ndarray) -> list[str]:
    """What a user should know of the second lead: at how many beats its weight (m,) was next to
    nothing, and how many beats are its own (by_second (m,), bool)."""
    notes: list[str] = []
    if len(weight) and (silent := np.mean(weight < SILENT)) > 0.01:
        notes.append(
            Note(
                "the second lead cannot be read at {share:.0%} of the beats (noise, or an "
                "electrode that came off): their labels rest on the first lead alone",
                share=silent,
            )
        )
    if by_second.any():
        notes.append(
            Note(
                "{n} of the beats are seen in the second lead only, where the first cannot be "
                "read: their labels rest on it alone",
                n=f"{by_second.sum():,}",
            )
        )
    return notes


def leads_note(recording: Recording) -> list[str]:
    """Which leads the beats are found in, where it is more than one."""
    names = [each.name for each in recording.used()]
    if len(names) == 1:
        return []
    phrase = "beats are found in {n} leads together: {names}"
    return [Note(phrase, n=len(names), names=", ".join(names))]


def with_notes(recording: Recording, beats: pd.DataFrame, second: str = "auto") -> Recording:
    """The recording with notes on the leads that were asked, on a lead that is unlike those that
    the model of these beats was trained on, on one that `second` (--second) could name and `auto`
    did not dare to take, and on what the recording does not allow."""
    a = beats.attrs
    strange = unlike_training(
        recording.lead, recording.signal, recording.fs, beats["sample"].to_numpy(), a["single_beat"]
    )
    notes = [*leads_note(recording), *([strange] if strange else [])]
    others = [name for name in recording.leads if name != recording.lead]
    unnamed = second == "auto" and not a["single_beat"] and a["leads"] == 1 and bool(others)
    if unnamed:
        listed = ", ".join(others[:LISTED]) + (" ..." if len(others) > LISTED else "")
        notes.append(
            Note(
                "the labels rest on one lead: no other signal of the file ({names}) has the name "
                "of an ECG lead. If one is an ECG, --second NAME makes the labels better",
                names=listed,
            )
        )
    seconds = len(recording.signal) / recording.fs
    notes += limits(seconds, len(beats), 2 if unnamed else a["leads"], a["single_beat"])
    return recording._replace(notes=(*recording.notes, *notes))


def limits(seconds: float, n_beats: int, leads: int, single_beat: bool) -> list[str]:
    """What a recording of so many s, beats and leads does not allow. single_beat: whether its model
    sees a beat alone."""
    notes: list[str] = []
    if seconds < SHORT:
        notes.append(
            Note(
                "the recording lasts {seconds:.0f} s: rates and shares are those of this piece, "
                "not of a day, and what comes seldom may be missing",
                seconds=seconds,
            )
        )
    if 0 < n_beats < FEW and not single_beat:
        notes.append(
            Note(
                "{n} beats to compare with each other: the labels are less sure than in a longer "
                "recording",
                n=n_beats,
            )
        )
    if leads == 1 and not single_beat:
        notes.append(
            Note(
                "the labels rest on one lead: supraventricular beats (S) are told from normal ones "
                "(N) less surely than with two"
            )
        )
    return notes
