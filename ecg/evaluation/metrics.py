"""How good predictions are: confusion, Se, +P, F1, intervals over patients, calibration, rejection.

Arrays in, arrays out. Confusion matrices have the true class in rows and the predicted one in
columns. Beyond the five classes there may be rows and columns for `no beat there` (O, X), so that
beats that were missed or invented count: (6, 6), or EC57's (7, 7). Functions of a matrix also take
a stack of them, shape (..., 5, 5), so that a bootstrap needs no loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import log_softmax

from ecg.beats import CLASSES

BINS = 15  # of confidence, of equal width, for the calibration error
DRAWS = 2000  # bootstrap samples
LEVEL = 0.95  # of the intervals
ENOUGH = 20  # rows of a class that make its F1 worth a place in the mean


# ---- confusion --------------------------------------------------------------------------------


def confusion(true: ArrayLike, predicted: ArrayLike, classes: int = len(CLASSES)) -> np.ndarray:
    """Confusion matrix int64 (classes, classes) of class indices (n,)."""
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    cell = true * classes + predicted
    return np.bincount(cell, minlength=classes * classes).reshape(classes, classes)


def confusion_by(
    groups: ArrayLike, true: ArrayLike, predicted: ArrayLike, classes: int = len(CLASSES)
) -> tuple[np.ndarray, np.ndarray]:
    """(names of the groups (g,), a confusion matrix of each (g, classes, classes)), such as one a
    record."""
    names, group = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    cell = (group * classes + true) * classes + predicted
    counts = np.bincount(cell, minlength=len(names) * classes**2)
    return names, counts.reshape(len(names), classes, classes)


def ratio(part: ArrayLike, whole: ArrayLike, scale: float = 1.0) -> np.ndarray:
    """scale * part / whole, nan where whole is 0. scale: 100 gives percent."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    undefined = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.divide(scale * part, whole, out=undefined, where=whole > 0)


def accuracy(matrix: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Share of beats labelled right, (...,). Of counts (..., rows, columns) in which rows were left
    out: of the beats in the rows that are there."""
    hits = np.trace(matrix, axis1=-2, axis2=-1)
    return ratio(hits, np.sum(matrix, axis=(-2, -1)), scale)


def recall(matrix: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Sensitivity (Se) of each class, (..., 5); nan for a class without beats."""
    return ratio(np.diagonal(matrix, axis1=-2, axis2=-1), np.sum(matrix, axis=-1), scale)


def precision(matrix: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Positive predictive value (+P) of each class, (..., 5); nan for a class never predicted."""
    return ratio(np.diagonal(matrix, axis1=-2, axis2=-1), np.sum(matrix, axis=-2), scale)


def f1(matrix: np.ndarray) -> np.ndarray:
    """F1 of each class, (..., 5): 0 where every beat and every prediction of it is wrong, nan where
    there is neither."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return ratio(2 * hits, np.sum(matrix, axis=-1) + np.sum(matrix, axis=-2))


class Detection(NamedTuple):
    """What the Se and +P of a detector divide: numbers of hits, of annotated and of detected beats,
    each (...,), whatever their class."""

    hits: np.ndarray
    annotated: np.ndarray
    detected: np.ndarray


def detection(matrix: np.ndarray) -> Detection:
    """What a detector found. Rows and columns beyond the five classes stand for `no beat
    there`."""
    n = len(CLASSES)
    parts = matrix[..., :n, :n], matrix[..., :n, :], matrix[..., :, :n]
    return Detection(*(np.sum(part, axis=(-2, -1)) for part in parts))


def macro_f1(matrix: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Mean F1 over the classes `names`, (...,); a class with neither beats nor predictions counts
    0."""
    return np.nan_to_num(f1(matrix))[..., [CLASSES.index(name) for name in names]].mean(axis=-1)


def scored_classes(protocol: str, counts: ArrayLike) -> list[str]:
    """The classes that macro-F1 is over: all five on the published rows; N, S, V on patients never
    seen, where F and Q come from one or two records; on one's own recordings those with at least 20
    rows (counts: rows a class)."""
    if protocol in ("kaggle", "tutorial"):
        return list(CLASSES)
    if protocol == "interpatient":
        return ["N", "S", "V"]
    enough = np.asarray(counts) >= ENOUGH
    return [name for name, has in zip(CLASSES, enough) if has] or list(CLASSES)


# ---- intervals --------------------------------------------------------------------------------


def resampled(
    stack: ArrayLike, draws: int = DRAWS, seed: int = 0, one_by_one: bool = False
) -> np.ndarray:
    """Bootstrap over records: (draws, ...) sums of the records' matrices `stack` (records, ...),
    drawn with replacement.

    Beats of one person are alike, so people are drawn, not beats: the interval says what other
    people might have given (Efron 1979). The same seed and number of records draw the same people,
    so differences between models are paired. one_by_one: the same distribution from other random
    numbers, those behind the published intervals of the context network."""
    stack = np.asarray(stack)
    n = len(stack)
    rng = np.random.default_rng(seed)
    if one_by_one:
        drawn = rng.integers(n, size=(draws, n))
        times = np.array([np.bincount(row, minlength=n) for row in drawn])
    else:
        times = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    return np.tensordot(times, stack, axes=1)


def percentiles(samples: ArrayLike, level: float = LEVEL) -> np.ndarray:
    """(low, high) of bootstrap samples (draws, ...), shape (2, ...); samples of nan are left
    out."""
    samples = np.asarray(samples, np.float64)
    return np.nanpercentile(samples, [50 * (1 - level), 50 * (1 + level)], axis=0)


def interval(samples: ArrayLike, level: float = LEVEL) -> list[float] | None:
    """[low, high] of bootstrap samples (draws,); None where fewer than half of them define the
    figure."""
    samples = np.asarray(samples, np.float64)
    if np.isfinite(samples).mean() < 0.5:
        return None
    return percentiles(samples, level).tolist()


# ---- confidence -------------------------------------------------------------------------------


def fit_temperature(logits: ArrayLike, true: ArrayLike) -> float:
    """The temperature T > 0 for which softmax(logits / T) is most likely given the true classes
    (Guo et al. 2017).

    logits (n, 5), true (n,). Labels do not change; only how sure the model says it is. 1.0 without
    rows, or where nothing tells (all right or all wrong: no finite T is best)."""
    logits, true = np.asarray(logits, np.float64), np.asarray(true, np.int64)
    right = logits.argmax(axis=1) == true if len(true) else np.zeros(0, bool)
    if not right.any() or right.all():
        return 1.0
    rows = np.arange(len(true))
    best = optimize.minimize_scalar(
        lambda log_t: -log_softmax(logits / np.exp(log_t), axis=1)[rows, true].mean(),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(np.exp(best.x))


@dataclass(frozen=True)
class Bins:
    """Beats by their confidence, in bins of equal width, from `low` (excluded) to `high`: how many,
    their mean confidence and the share of them that is right, nan without beats; each (bins,)."""

    low: np.ndarray
    high: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> tuple[float, Bins]:
    """Expected calibration error, and the bins behind it.

    confidence (n,) in 0..1, right (n,) bool. The error is the mean gap between confidence and
    accuracy in the bins, weighted by beats; nan without beats."""
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    edges = np.linspace(0, 1, bins + 1)
    # bins (low, high]
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    mean_confidence, mean_right = (
        ratio(np.bincount(bin_of, minlength=bins, weights=w), count) for w in (confidence, right)
    )
    gap = np.nansum(count * np.abs(mean_confidence - mean_right))
    ece = float(gap / len(right)) if len(right) else float("nan")
    return ece, Bins(edges[:-1], edges[1:], count, mean_confidence, mean_right)


def proper_scores(probabilities: ArrayLike, true: ArrayLike) -> tuple[float, float]:
    """(negative log-likelihood a beat, Brier score over the classes) of probabilities (n, 5)."""
    p, true = np.asarray(probabilities, np.float64), np.asarray(true, np.int64)
    of_true = p[np.arange(len(true)), true]
    brier = ((p - np.eye(p.shape[1])[true]) ** 2).sum(axis=1)
    return float(-np.log(np.maximum(of_true, 1e-15)).mean()), float(brier.mean())


class Rejection(NamedTuple):
    """What is gained by leaving 0, 1 .. n beats to a person.

    share: (n + 1,) of the beats that is left to a person, from 0 to 1. accuracy: (n + 1,) of the
    beats that stay, nan when none does. caught: (n + 1,) share of all errors that is among those
    left to a person, nan without errors."""

    share: np.ndarray
    accuracy: np.ndarray
    caught: np.ndarray


def rejection(confidence: ArrayLike, right: ArrayLike) -> Rejection:
    """What is gained by leaving the least sure beats to a person. confidence, right: (n,)."""
    confidence, right = np.asarray(confidence), np.asarray(right, bool)
    wrong = ~right[np.argsort(confidence, kind="stable")]
    n = len(wrong)
    caught = np.concatenate([[0], np.cumsum(wrong)])
    stay = n - np.arange(n + 1)
    return Rejection(
        np.arange(n + 1) / max(n, 1),
        ratio(stay - (caught[-1] - caught), stay),
        ratio(caught, caught[-1]),
    )


def review_priority(probabilities: ArrayLike, predicted: ArrayLike) -> np.ndarray:
    """How much a doctor's look at each beat is worth, (n,): the probability that its label is
    wrong, with the mistakes weighed by how rare the rarer of the two classes is among the labels (1
    for the rarest, 0.1 and more for a common one).

    probabilities (n, 5), or (models, n, 5) of several models: their mean counts, so that
    disagreement raises the priority. predicted (n,): the labels to be checked."""
    p = np.asarray(probabilities, np.float64)
    p = p.mean(axis=0) if p.ndim == 3 else p
    predicted = np.asarray(predicted, np.int64)
    count = np.bincount(predicted, minlength=p.shape[1])
    rarity = np.log((len(predicted) + 1) / (count + 1))
    rarity = np.maximum(rarity / rarity.max() if rarity.max() > 0 else np.ones_like(rarity), 0.1)
    cost = np.maximum(rarity[predicted][:, None], rarity[None, :])
    cost[np.arange(len(predicted)), predicted] = 0
    return (p * cost).sum(axis=1)


def ratio_intervals(
    counts: np.ndarray,
    ratios: Callable[[np.ndarray], Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]],
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, dict[str, list[float] | None]] | None:
    """{group: {"Se": [low, high], ...}, ...}: 95 % intervals in percent of gross figures, bootstrap
    over the records of counts (records, ...); None for one record. ratios: counts of a draw ->
    {group: {name: (part, whole)}}."""
    if len(counts) < 2:
        return None
    return {
        group: {name: interval(ratio(*pair, 100)) for name, pair in of_group.items()}
        for group, of_group in ratios(resampled(counts, draws, seed)).items()
    }
