"""What a user should know of a recording and its labels, in sentences."""

import numpy as np
import pandas as pd

from ecg.formats.recording import Recording
from ecg.orientation import unlike_training

SILENT = 0.02  # weight below which a second lead says nothing of a beat
SHORT = 60.0  # s
FEW = 12  # beats: on pieces of patients never seen 5 s give a tenth more wrong labels than 10 s


def notes_on_second_lead(weight: np.ndarray, by_second: np.ndarray) -> list[str]:
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


def with_notes(recording: Recording, beats: pd.DataFrame, second: str = "auto") -> Recording:
    """The recording with notes on the leads that were asked, on a lead that is unlike those that
    the model of these beats was trained on, on one that `second` (--second) could name and `auto`
    did not dare to take, and on what the recording does not allow."""
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
    notes += limits(len(recording.signal) / recording.fs, len(beats), a["leads"], a["single_beat"])
    return recording._replace(notes=(*recording.notes, *notes))


def limits(seconds: float, n_beats: int, leads: int, single_beat: bool) -> list[str]:
    """What a recording of so many s, beats and leads does not allow. single_beat: whether its model
    sees a beat alone."""
    notes = []
    if seconds < SHORT:
        notes.append(
            f"{seconds:.0f} s only: rates and shares are those of this piece, not of a day, and "
            "what comes seldom is not seen"
        )
    if 0 < n_beats < FEW and not single_beat:
        notes.append(f"{n_beats} beats to compare with each other: their labels are less sure")
    if leads == 1 and not single_beat:
        notes.append("one lead only: S is told from N less surely than in two")
    return notes
