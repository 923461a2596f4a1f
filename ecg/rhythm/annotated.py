"""The rhythm that a WFDB annotation tells, in the form of the rhythm that a network found."""

from typing import Any

import numpy as np

from ecg.ec57.episodes import fibrillation_episodes
from ecg.formats.annotation import Annotation
from ecg.rhythm.track import NOTES, Rhythm
from ecg.stretches import within, without

# notes of a rhythm change (PhysioNet's, and this program's own); of any other the rhythm is `other`
RHYTHM_OF_NOTE: dict[str, str | None] = {
    **{note: rhythm for rhythm, note in NOTES.items()},
    "(SBR": "N",
    "(AFL": "AF",
    "(VF": "VF",
    "(UNKNOWN": None,
}


def rhythm_of_annotation(
    annotation: Annotation, fs: float, n_samples: int
) -> dict[str, Any] | None:
    """What ecg.rhythm.track.Rhythm.as_dict would give, with the episodes alone: from each + with a
    note such as (AFIB to the next, and VF from [ to ]. None where it tells no rhythm.

    fs: Hz, that the samples of the annotation count in. n_samples: length of the recording."""
    marks = [
        (int(sample), RHYTHM_OF_NOTE.get(note, "other"))
        for sample, symbol, note in zip(annotation.samples, annotation.symbols, annotation.notes)
        if symbol == "+" and note.startswith("(")
    ]
    ends = [sample for sample, _ in marks[1:]] + [n_samples]
    fibrillation = fibrillation_episodes(annotation.samples, annotation.symbols, n_samples)
    vf = within(fibrillation, n_samples)
    found = [(start, stop, "VF") for start, stop in vf.tolist()]
    for (start, rhythm), stop in zip(marks, ends):
        if rhythm is not None and start < stop:
            left = without(np.array([[start, stop]]), vf)
            found += [(int(a), int(b), rhythm) for a, b in left]
    if not found:
        return None
    episodes = [
        {"start_s": start / fs, "end_s": stop / fs, "rhythm": rhythm, "confidence": None}
        for start, stop, rhythm in _joined(sorted(found))
    ]
    return {**Rhythm(None, {}, None, ()).as_dict(fs), "episodes": episodes}


def _joined(spans):
    """Ordered (start, stop, rhythm), those of one rhythm that touch as one."""
    out: list[tuple[int, int, str]] = []
    for start, stop, rhythm in spans:
        if out and out[-1][1] == start and out[-1][2] == rhythm:
            start = out.pop()[0]
        out.append((start, stop, rhythm))
    return out
