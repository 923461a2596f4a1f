"""The views of a training patient: one recording as the network may meet it.

As it is, by the beats of its annotation or those that the detector finds; with another rhythm
spliced in; in short pieces as people record them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ecg import context, ec57
from ecg.context import CONTEXT_CLASSES
from ecg.formats.recording import Recording
from ecg.rpeaks import find_beats_in_leads
from ecg.training.pieces import Piece, cut_pieces
from ecg.training.rhythms import ALL_RHYTHMS, RHYTHMS, splice_rhythm
from ecg.weights import FEWEST_BEATS

SEEN = ("annotated", "detected", "moving")  # the views of a recording as it is
SHORT = ("short 1", "short 2", "short 3")  # the views in short pieces
VIEWS = (*SEEN, *RHYTHMS, *SHORT)
ARTEFACT = len(CONTEXT_CLASSES)  # no beat is there
NO_ECTOPIC = ARTEFACT + 1  # a normal beat, or an artefact
ONE = np.zeros(1, int)


class DescribedView(NamedTuple):
    """One way to see a recording: its m beats, described."""

    peaks: np.ndarray  # int (m,), sample numbers of the R peaks
    leads: list[context.DescribedBeats]  # these beats in each lead
    classes: np.ndarray  # int (m,), 0..3 as CONTEXT_CLASSES, ARTEFACT, NO_ECTOPIC; -1: not known
    begins: np.ndarray = ONE  # the first beat of each recording, where the view holds several


def described_view(
    view: str, recording: Recording, at: np.ndarray, classes: np.ndarray
) -> DescribedView:
    """annotated: the reference's beats. detected: what the detector finds. moving: a poor
    detector's beats, and five minutes of past only. One of ALL_RHYTHMS: the annotated beats of a
    recording into which that rhythm has been spliced (`splice_rhythm`).

    at, classes: (m,) annotated beats."""
    fs, leads = recording.fs, [recording.signal]
    if recording.second is not None:
        leads.append(recording.second)
    seed = len(leads[0]) + len(at)
    if view in ALL_RHYTHMS:
        return _spliced_view(view, leads, fs, at, classes, seed)
    if view in SHORT:
        rng = np.random.default_rng([seed, SHORT.index(view)])
        return _short_view(cut_pieces(leads, fs, at, classes, rng), fs)
    if view == "annotated":
        peaks = at
    elif view == "detected":
        peaks = find_beats_in_leads(leads, fs).peaks
    else:
        peaks = jittered(at, fs, len(leads[0]), np.random.default_rng(seed))
    moving = dict(past=300, delay=60, hop=300) if view == "moving" else {}
    return DescribedView(
        peaks,
        [context.describe(lead, fs, peaks, **moving) for lead in leads],
        classes_of_peaks(peaks, at, classes, fs),
    )


def _spliced_view(rhythm, leads, fs, at, classes, seed):
    # the same seed for every lead: the same beats, cut at the same samples
    spliced = [
        splice_rhythm(rhythm, lead, fs, at, classes, np.random.default_rng(seed)) for lead in leads
    ]
    peaks = spliced[0].peaks
    described = [context.describe(lead.signal, fs, peaks) for lead in spliced]
    return DescribedView(peaks, described, spliced[0].classes)


def _short_view(short: Iterable[Piece], fs: float) -> DescribedView:
    """All pieces of two beats and more, one after the other; peaks: in their samples end to end."""
    parts, start, beats = [], 0, 0
    for piece in short:
        if len(piece.peaks) >= FEWEST_BEATS:
            described = [context.describe(lead, fs, piece.peaks) for lead in piece.leads]
            classes = classes_of_peaks(piece.peaks, piece.at, piece.classes, fs)
            parts.append((piece.peaks + start, described, classes, beats))
            start, beats = start + len(piece.leads[0]), beats + len(classes)
    peaks, described, classes, begins = zip(*parts)
    leads = [join_described(of_lead) for of_lead in zip(*described)]
    return DescribedView(np.concatenate(peaks), leads, np.concatenate(classes), np.array(begins))


def join_described(parts: Sequence[context.DescribedBeats]) -> context.DescribedBeats:
    """The beats of several recordings, one after the other."""
    before = np.cumsum([0, *(len(part.features) for part in parts[:-1])])
    return context.DescribedBeats(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.shapes for part in parts]),
        np.concatenate([part.reach + first for part, first in zip(parts, before)]),
    )


def classes_of_peaks(
    peaks: np.ndarray, at: np.ndarray, classes: np.ndarray, fs: float
) -> np.ndarray:
    """int (m,): the class of the annotated beat that each peak is; ARTEFACT where it is none.

    peaks (m,) and at (k,), sample numbers, increasing; classes (k,) of the annotated beats."""
    index = match_peaks(peaks, at, fs)
    return np.where(index >= 0, np.append(classes, ARTEFACT)[index], ARTEFACT)


def match_peaks(peaks: np.ndarray, samples: np.ndarray, fs: float) -> np.ndarray:
    """Index into `samples` of the annotated beat that each peak is, -1 for none, int (m,): within
    150 ms, one to one, as EC57 pairs them. peaks (m,), samples (n,): increasing."""
    index = np.full(len(peaks), -1)
    for i, j in ec57.match_beats(list(samples), list(peaks), ec57.WINDOW * fs):
        if i >= 0 and j >= 0:
            index[j] = i
    return index


def jittered(
    samples: np.ndarray, fs: float, n_samples: int, rng: np.random.Generator
) -> np.ndarray:
    """R peaks as a poor detector gives them: 15 ms of jitter, 1 % missed, 1 % extra."""
    peaks = samples + np.rint(rng.normal(0, 0.015 * fs, len(samples))).astype(np.int64)
    peaks = peaks[rng.random(len(peaks)) > 0.01]
    extra = rng.integers(0, n_samples, len(samples) // 100)
    return np.unique(np.clip(np.concatenate([peaks, extra]), 0, n_samples - 1))
