"""Numbers that say how good predictions are: confusion, F1, intervals over patients, calibration, rejection.

Arrays in, arrays out. Confusion matrices have the true class in rows and the predicted one in columns; functions of a matrix
also take a stack of them, shape (..., 5, 5), so that a bootstrap needs no loop.
"""
import numpy as np
from scipy import optimize
from scipy.special import log_softmax

from ecg.beats import CLASS_NAMES

BINS = 15                  # of confidence, of equal width, for the calibration error
DRAWS = 2000               # bootstrap samples
LEVEL = 0.95               # of the intervals
ENOUGH = 20                # rows of a class that make its F1 worth a place in the mean


def confusion(true, predicted, classes=len(CLASS_NAMES)):
    """Confusion matrix int64 (classes, classes) of class indices (n,)."""
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion_by(groups, true, predicted, classes=len(CLASS_NAMES)):
    """(names of the groups (g,), a confusion matrix of each (g, classes, classes)), such as one a record."""
    names, at = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    cell = (at * classes + np.asarray(true, np.int64)) * classes + np.asarray(predicted, np.int64)
    return names, np.bincount(cell, minlength=len(names) * classes ** 2).reshape(len(names), classes, classes)


def _ratio(part, whole):
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)


def accuracy(matrix):
    """Share of beats labelled right, (...,)."""
    return _ratio(np.trace(matrix, axis1=-2, axis2=-1), np.sum(matrix, axis=(-2, -1)))


def recall(matrix):
    """Sensitivity of each class, (..., 5); nan for a class without beats."""
    return _ratio(np.diagonal(matrix, axis1=-2, axis2=-1), np.sum(matrix, axis=-1))


def precision(matrix):
    """Positive predictive value of each class, (..., 5); nan for a class never predicted."""
    return _ratio(np.diagonal(matrix, axis1=-2, axis2=-1), np.sum(matrix, axis=-2))


def f1(matrix):
    """F1 of each class, (..., 5): 0 where every beat and every prediction of it is wrong, nan where there is neither."""
    return _ratio(2 * np.diagonal(matrix, axis1=-2, axis2=-1), np.sum(matrix, axis=-1) + np.sum(matrix, axis=-2))


def macro_f1(matrix, names):
    """Mean F1 over the classes `names`, (...,); a class with neither beats nor predictions counts 0."""
    return np.nan_to_num(f1(matrix))[..., [CLASS_NAMES.index(name) for name in names]].mean(axis=-1)


def scored_classes(protocol, counts):
    """The classes that macro-F1 is over: all five on the published rows; N, S, V on patients never seen, where F and Q come
    from one or two records; on one's own recordings those with at least 20 rows (counts: rows a class)."""
    if protocol in ("kaggle", "tutorial"):
        return list(CLASS_NAMES)
    if protocol == "interpatient":
        return ["N", "S", "V"]
    return [name for name, count in zip(CLASS_NAMES, counts) if count >= ENOUGH] or list(CLASS_NAMES)


# ------------------------------------------------------------------------------------------------ intervals

def resampled(stack, draws=DRAWS, seed=0):
    """Bootstrap over records: (draws, ...) sums of the records' matrices `stack` (records, ...), drawn with replacement.

    Beats of one person are alike, so people are drawn, not beats: the interval says what other people might have given
    (Efron 1979). The same seed and number of records draw the same people, so differences between models are paired."""
    stack = np.asarray(stack)
    weights = np.random.default_rng(seed).multinomial(len(stack), np.full(len(stack), 1 / len(stack)), size=draws)
    return np.tensordot(weights, stack, axes=1)


def interval(samples, level=LEVEL):
    """[low, high] percentiles (axis 0) of bootstrap samples; None where fewer than half of the samples define the figure."""
    samples = np.asarray(samples, np.float64)
    if np.isfinite(samples).mean() < 0.5:
        return None
    return np.nanpercentile(samples, [50 * (1 - level), 50 * (1 + level)]).tolist()


# ------------------------------------------------------------------------------------------------ calibration

def fit_temperature(logits, true):
    """The temperature T > 0 for which softmax(logits / T) is most likely given the true classes (Guo et al. 2017).

    logits (n, 5), true (n,). Labels do not change; only how sure the model says it is. 1.0 without rows, or where nothing
    tells (all right or all wrong: no finite T is best)."""
    logits, true = np.asarray(logits, np.float64), np.asarray(true, np.int64)
    right = logits.argmax(axis=1) == true if len(true) else np.zeros(0, bool)
    if not right.any() or right.all():
        return 1.0
    at = np.arange(len(true))
    found = optimize.minimize_scalar(lambda t: -log_softmax(logits / np.exp(t), axis=1)[at, true].mean(),
                                     bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-5})
    return float(np.exp(found.x))


def reliability(confidence, right, bins=BINS):
    """Expected calibration error, and the bins behind it.

    confidence (n,) in 0..1, right (n,) bool. Returns (ece, {"low", "high", "count", "confidence", "accuracy"}, each (bins,)):
    the mean gap between confidence and accuracy in bins of equal width, weighted by beats; nan without beats."""
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    edges = np.linspace(0, 1, bins + 1)
    at = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)         # bins (low, high]
    count = np.bincount(at, minlength=bins)
    sure, hits = (_ratio(np.bincount(at, weights=w, minlength=bins), count) for w in (confidence, right))
    ece = float(np.nansum(count * np.abs(sure - hits)) / len(right)) if len(right) else float("nan")
    return ece, {"low": edges[:-1], "high": edges[1:], "count": count, "confidence": sure, "accuracy": hits}


def proper_scores(probabilities, true):
    """(negative log-likelihood a beat, Brier score over the classes) of probabilities (n, 5)."""
    p, true = np.asarray(probabilities, np.float64), np.asarray(true, np.int64)
    own = p[np.arange(len(true)), true]
    brier = ((p - np.eye(p.shape[1])[true]) ** 2).sum(axis=1)
    return float(-np.log(np.maximum(own, 1e-15)).mean()), float(brier.mean())


def rejection(confidence, right):
    """What is gained by leaving the least sure beats to a person.

    Returns (share (n + 1,) left to a person, from 0 to 1; accuracy (n + 1,) of the beats that stay, nan when none does;
    caught (n + 1,) share of all errors that is among those left to a person, nan without errors)."""
    confidence, right = np.asarray(confidence), np.asarray(right, bool)
    wrong = ~right[np.argsort(confidence, kind="stable")]
    n = len(wrong)
    caught = np.concatenate([[0], np.cumsum(wrong)])
    stay = n - np.arange(n + 1)
    return np.arange(n + 1) / max(n, 1), _ratio(stay - (caught[-1] - caught), stay), _ratio(caught, caught[-1])


def worth_a_look(probabilities, predicted):
    """How much a doctor's look at each beat is worth, (n,): the probability that its label is wrong, with the mistakes weighed
    by how rare the rarer of the two classes is among the labels (1 for the rarest, 0.1 and more for a common one).

    probabilities (n, 5), or (models, n, 5) of several models: their mean counts, so that disagreement raises the worth.
    predicted (n,): the labels to be checked."""
    p = np.asarray(probabilities, np.float64)
    p = p.mean(axis=0) if p.ndim == 3 else p
    predicted = np.asarray(predicted, np.int64)
    count = np.bincount(predicted, minlength=p.shape[1])
    rarity = np.log((len(predicted) + 1) / (count + 1))
    rarity = np.maximum(rarity / rarity.max() if rarity.max() > 0 else np.ones_like(rarity), 0.1)
    cost = np.maximum(rarity[predicted][:, None], rarity[None, :])
    cost[np.arange(len(predicted)), predicted] = 0
    return (p * cost).sum(axis=1)
