"""Short recordings as people make them, cut out of long ones: 5 to 60 s, some with the artefacts of
hand-held recorders, some in another rhythm from their first beat to their last."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ecg.rpeaks import find_beats_in_leads
from ecg.training.artefacts import artefacts, qrs_height
from ecg.training.rhythms import splice_rhythm

SHORTEST, LONGEST = 5.0, 60.0  # s; as many of 5 to 10 s as of 10 to 20 s
# share of the pieces by the rhythm that was spliced into what they are cut from; "": none
RHYTHM = {
    "": 0.5,
    "tachycardia": 0.1,
    "bigeminy": 0.15,
    "fibrillation": 0.08,
    "reentry": 0.1,
    "exercise": 0.07,
}
TOUCHED = 0.4  # share of the pieces with artefacts
FOUND = 0.7  # share of the pieces whose beats are those that the detector finds ...
IN_ONE = 0.5  # ... half of them in one lead


class Piece(NamedTuple):
    """A short recording. leads: (n,) each; peaks: int (m,), its R peaks, in samples; at, classes:
    (k,) its annotated beats."""

    leads: list[np.ndarray]
    peaks: np.ndarray
    at: np.ndarray
    classes: np.ndarray


def cut_pieces(
    leads: Sequence[np.ndarray],
    fs: float,
    at: np.ndarray,
    classes: np.ndarray,
    rng: np.random.Generator,
) -> Iterator[Piece]:
    """The pieces of a recording, end to end, until it is used up.

    leads: one or two, (n,) each; fs in Hz; at, classes: (k,) the annotated beats."""
    sources = {"": (leads, at, classes)}
    start = 0
    while start < len(leads[0]):
        stop = start + int(np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST))) * fs)
        rhythm = rng.choice(list(RHYTHM), p=list(RHYTHM.values()))
        if rhythm not in sources:
            sources[rhythm] = _spliced(rhythm, leads, fs, at, classes)
        source, beats, kinds = sources[rhythm]
        part = [lead[start:stop] for lead in source]
        if len(part[0]) >= SHORTEST * fs:
            inside = (beats >= start) & (beats < stop)
            yield _piece(part, fs, beats[inside] - start, kinds[inside], rng)
        start = stop


def _spliced(rhythm, leads, fs, at, classes):
    """(leads, annotated beats, their classes) with that rhythm."""
    seed = len(at)  # the same for every lead: the same beats, cut at the same samples
    each = [
        splice_rhythm(rhythm, lead, fs, at, classes, np.random.default_rng(seed)) for lead in leads
    ]
    return [of_lead.signal for of_lead in each], each[0].peaks, each[0].classes


def _piece(leads, fs, at, classes, rng):
    if rng.random() < TOUCHED:
        leads = _touched(leads, fs, rng)
    peaks = at
    if rng.random() < FOUND:
        one = rng.random() < IN_ONE
        peaks = find_beats_in_leads([rng.choice(leads)] if one else leads, fs).peaks
    return Piece(leads, peaks, at, classes)


def _touched(leads, fs, rng):
    """What moves one electrode is seen in both leads, in one more than in the other."""
    x = artefacts(len(leads[0]), fs, rng)
    share = rng.permutation([1.0, rng.uniform(0, 1)])
    return [lead + s * qrs_height(lead, fs) * x for lead, s in zip(leads, share)]
