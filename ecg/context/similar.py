"""Beats of a patient that are alike are averaged: what noise does to one beat of a kind does not
turn it into another kind."""

from collections.abc import Iterator

import numpy as np

from ecg.context.features import QRS_SAMPLES, DescribedBeats, feature

PEERS = 20  # beats that a beat is averaged over
BATCH = 256  # beats at once that look for their peers
UNLIKE = 0.8  # correlation below which another beat has no weight
TIMING = 0.1  # standard deviation of the likeness of ln(RR / normal RR), before and after the beat
# P(N) above which a beat keeps its own probabilities, and below which it takes those of its peers.
SURE, UNSURE = 0.98, 0.90


def average_similar_beats(logits: np.ndarray, beats: DescribedBeats) -> np.ndarray:
    """Log probabilities float64 (m, 4), N S V F, of the beats of a patient in one lead, averaged
    over those that are alike.

    A mean over the most similar beats of the recording, wherever they are (non-local means: Buades
    2005, for images). Whether a beat is ventricular (V or F against N or S) is the mean log odds of
    the PEERS beats whose QRS complex is most like its own, itself among them; whether it is
    supraventricular, if it is not ventricular, that of the PEERS beats most like it from P to T
    whose RR intervals before and after are alike too. A beat that is N beyond doubt stays so.
    logits: (m, 4) of the network, without class biases; beats: from `describe`."""
    own = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    n, s, v, f = own.T
    ventricular = np.logaddexp(v, f)
    odds_v, odds_s = ventricular - np.logaddexp(n, s), s - n
    mean_v, mean_s = odds_v.copy(), odds_s.copy()
    qrs, whole = beats.shapes[:, :QRS_SAMPLES], beats.shapes[:, QRS_SAMPLES:]
    timing = [feature(beats, name) / TIMING for name in ("pre_normal", "post_normal")]
    doubt = np.clip((SURE - np.exp(n)) / (SURE - UNSURE), 0, 1)
    for rows, others in _batches(np.flatnonzero(doubt), beats.reach):
        itself = rows - others.start
        peers, weight = most_similar(qrs[rows] @ qrs[others].T - UNLIKE, itself)
        mean_v[rows] = (weight * odds_v[others][peers]).sum(axis=1) / weight.sum(axis=1)
        peers, weight = most_similar(_likeness_in_time(whole, timing, rows, others), itself)
        weight *= 1 - np.exp(ventricular[others])[peers]
        total = np.maximum(weight.sum(axis=1), 1e-9)
        mean_s[rows] = (weight * odds_s[others][peers]).sum(axis=1) / total
    averaged = _log_probabilities(mean_v, mean_s, own)
    return own + doubt[:, None] * (averaged - own)


def _batches(rows: np.ndarray, reach: np.ndarray) -> Iterator[tuple[np.ndarray, slice]]:
    """(some of the rows, the beats that all of these may be compared with), BATCH rows at most."""
    new_reach = np.flatnonzero(np.any(np.diff(reach[rows], axis=0), axis=1)) + 1
    for part in np.split(rows, new_reach):
        for batch in np.split(part, range(BATCH, len(part), BATCH)):
            if len(batch):
                yield batch, slice(*reach[batch[0]])


def _likeness_in_time(whole, timing, rows, others):
    """Likeness (rows, others) from P to T, less UNLIKE, the smaller the less their RR intervals are
    alike. In place: these are the largest arrays here."""
    likeness = whole[rows] @ whole[others].T
    likeness -= UNLIKE
    for column in timing:
        apart = column[rows, None] - column[None, others]
        apart *= apart
        likeness *= np.exp(np.multiply(apart, -0.25, out=apart), out=apart)
    return likeness


def most_similar(likeness: np.ndarray, itself: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(columns of the PEERS largest of every row of likeness (k, m), the beat itself among them;
    their weights), each (k, PEERS): the weight is the square of what exceeds 0, as a share of what
    the beat has for itself. itself: (k,) columns of the beats themselves, set here."""
    likeness[np.arange(len(likeness)), itself] = 1 - UNLIKE
    count = min(PEERS, likeness.shape[1])
    peers = np.argpartition(likeness, likeness.shape[1] - count, axis=1)[:, -count:]
    return peers, (np.take_along_axis(likeness, peers, axis=1).clip(0) / (1 - UNLIKE)) ** 2


def _log_probabilities(odds_v, odds_s, own):
    """Log probabilities (m, 4), N S V F, from the log odds of a ventricular beat and those of S
    against N; what is ventricular is shared out to V and F as in `own` (m, 4)."""
    v, f = own.T[2:]
    ventricular = np.logaddexp(v, f)
    is_ventricular, is_not = -np.logaddexp(0, -odds_v), -np.logaddexp(0, odds_v)
    return np.column_stack(
        [
            is_not - np.logaddexp(0, odds_s),
            is_not - np.logaddexp(0, -odds_s),
            is_ventricular + v - ventricular,
            is_ventricular + f - ventricular,
        ]
    )
