"""Scores of context networks on patients: counts, figures, intervals.

Every confusion, every missed beat and every false one counts, over whole recordings. Beats that the
reference calls Q are left out: the context network has no such class.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ecg import ec57
from ecg.beats import CLASSES
from ecg.context import CONTEXT_CLASSES
from ecg.evaluation import metrics
from ecg.training.patients import Patient

UNCLASSIFIABLE = CLASSES.index("Q")
ROUNDS = 1000  # bootstrap samples


def patient_counts(
    patient: Patient, view: str, labels: Iterable[int], learning: float = 0
) -> np.ndarray:
    """Counts (6, 6) of one recording, rows the truth and columns the prediction: N S V F Q and O
    (no beat there), AAMI classes.

    labels: class 0..4 of every peak of the view; learning: s at the start that do not count. VF
    episodes do not either (ecg/ec57)."""
    symbols = [CONTEXT_CLASSES[c] if c < len(CONTEXT_CLASSES) else "Q" for c in labels]
    counts = ec57.compare(
        patient.samples,
        patient.symbols,
        patient.views[view].peaks,
        symbols,
        patient.fs,
        patient.n_samples,
        learning=learning,
        class_map="aami",
    ).counts
    merged = counts[:, :6].copy()  # O and X, o and x are one: no beat there
    merged[:, 5] += counts[:, 6]
    merged[5] += merged[6]
    return merged[:6]


def patient_figures(counts: np.ndarray) -> dict[str, np.ndarray]:
    """{"accuracy": (...,), "N": Se, +P, F1 (..., 3), "S", "V", "F", "QRS": Se, +P (..., 2)} of
    summed counts (..., 6, 6), as shares of 1, nan where undefined."""
    hits, annotated, detected = metrics.detection(counts)
    known = counts.copy()
    known[..., UNCLASSIFIABLE, :] = 0
    by_class = np.stack(
        [metrics.recall(known), metrics.precision(known), metrics.f1(known)], axis=-1
    )
    return {
        "accuracy": metrics.accuracy(counts[..., : len(CONTEXT_CLASSES), :]),
        "QRS": np.stack([metrics.ratio(hits, annotated), metrics.ratio(hits, detected)], axis=-1),
        **{name: by_class[..., k, :] for k, name in enumerate(CONTEXT_CLASSES)},
    }


def patient_intervals(
    matrices: np.ndarray, rounds: int = ROUNDS, seed: int = 0
) -> dict[str, np.ndarray]:
    """95 % bootstrap intervals over records: the dict of `patient_figures` with (low, high) in
    place of every figure, shape (2, ...). matrices: (records, 6, 6)."""
    samples = metrics.resampled(matrices, rounds, seed, one_by_one=True)
    return {key: metrics.percentiles(draw) for key, draw in patient_figures(samples).items()}


def score_line(title: str, matrices: ArrayLike, rounds: int = ROUNDS) -> str:
    """Two lines of text: Se / +P / F1 in percent and F1 by class, and the intervals of F1 over
    records. matrices: (records, 6, 6)."""
    matrices = np.asarray(matrices)
    figures = patient_figures(matrices.sum(axis=0))
    intervals = patient_intervals(matrices, rounds)

    def cell(name):
        se, ppv, f1 = figures[name]
        return f"{name} {100 * se:5.1f}/{100 * ppv:5.1f}/{f1:.3f}"

    def bounds(name):
        low, high = intervals[name][:, 2]
        return f"{f'{name} {low:.3f}-{high:.3f}':<20}"

    heading = f"  {len(matrices)} records, F1 in 95 % of resamplings"
    return (
        f"{title:<44} accuracy {100 * figures['accuracy']:.2f}  "
        + "  ".join(map(cell, CONTEXT_CLASSES))
        + f"\n{heading:<44} {'':<14}  "
        + "  ".join(map(bounds, CONTEXT_CLASSES))
    ).rstrip()


def score_patients(
    patients: Sequence[Patient], logits: Mapping[str, Mapping[str, np.ndarray]], view: str
) -> np.ndarray:
    """Counts (records, 6, 6) of the patients under `logits` = {name: {view: (m, 4)}}."""
    return np.array(
        [patient_counts(p, view, logits[p.name][view].argmax(axis=1)) for p in patients]
    )
