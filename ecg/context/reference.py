"""The patient's reference: clusters of QRS shapes, the dominant one, its beats, their RR interval
and template."""

from typing import NamedTuple

import numpy as np

from ecg.context.statistics import running_median, unit_rows

CLUSTERS = 15  # shapes at most; beats unlike all of them share one more cluster
ALIKE = 0.90  # correlation at which two QRS complexes have the same shape


class Clusters(NamedTuple):
    """The clusters of m QRS shapes of n samples.

    cluster: int (m,), the cluster of each; k: alike none. correlation: (m,) with the mean of the
    own cluster. means: (k, n), of norm 1."""

    cluster: np.ndarray
    correlation: np.ndarray
    means: np.ndarray


def cluster_shapes(shapes: np.ndarray) -> Clusters:
    """Leader clustering of unit-norm QRS shapes (m, n).

    The leader of each round is the unassigned beat with most unassigned beats alike it (among 48
    candidates spread over the window); all that correlate above ALIKE with it leave. At the end
    every beat goes to the nearest mean; what is alike none has cluster k."""
    free = np.arange(len(shapes))
    found: list[np.ndarray] = []
    while len(free) and len(found) < CLUSTERS:
        candidates = shapes[free[:: max(1, len(free) // 48)]]
        votes = (shapes[free] @ candidates.T > ALIKE).sum(axis=0)
        alike = shapes[free] @ candidates[np.argmax(votes)] > ALIKE
        if not alike.any():  # a flat window: a shape of norm 0 is alike nothing
            break
        found.append(shapes[free[alike]].mean(axis=0))
        free = free[~alike]
    means = unit_rows(np.array(found or [np.ones(shapes.shape[1], shapes.dtype)]))
    similarity = shapes @ means.T
    cluster = similarity.argmax(axis=1)
    own = similarity[np.arange(len(shapes)), cluster]
    cluster[own < ALIKE - 0.1] = len(means)
    return Clusters(cluster, own, means)


def dominant_cluster(cluster: np.ndarray, prematurity: np.ndarray, count: int) -> int:
    """The patient's usual shape: among clusters of at least 0.45 of the largest, the one with the
    largest median prematurity + 0.15 x relative size, so that a bigeminy's ectopic beat is not
    taken for it.

    cluster (m,), of `count` clusters; prematurity (m,): RR before the beat / 75th percentile of the
    30 around, low where a beat comes early."""
    size = np.bincount(cluster, minlength=count + 1)[:count].astype(float)
    late = np.array([np.median(prematurity[cluster == k]) if size[k] else 0 for k in range(count)])
    score = late + 0.15 * size / max(size.max(), 1)
    return int(np.argmax(np.where(size >= 0.45 * size.max(), score, -np.inf)))


def reference_beats(is_dominant: np.ndarray, prematurity: np.ndarray) -> np.ndarray:
    """Beats that make the references, bool (m,): dominant shape, 0.85 < prematurity < 1.2; with
    fewer than five such, what there is."""
    for chosen in (is_dominant & (prematurity > 0.85) & (prematurity < 1.2), is_dominant):
        if chosen.sum() >= 5:
            return chosen
    return np.ones(len(is_dominant), bool)


def normal_rr(pre_rr: np.ndarray, is_reference: np.ndarray) -> np.ndarray:
    """Normal RR interval in s at every beat, (m,): running median of 31 over the reference beats,
    interpolated. pre_rr: (m,), s."""
    rows = np.flatnonzero(is_reference)
    return np.interp(np.arange(len(pre_rr)), rows, running_median(pre_rr[rows], 31))


def running_template(cuts: np.ndarray, is_reference: np.ndarray, n: int = 40) -> np.ndarray:
    """Running template float32 (m, width): for each of the beats cut out (m, width) the mean of the
    (about) n reference beats nearest to it in time."""
    rows = np.flatnonzero(is_reference)
    total = np.concatenate(
        [np.zeros((1, cuts.shape[1])), np.cumsum(cuts[rows], axis=0, dtype=np.float64)]
    )
    middle, half = np.searchsorted(rows, np.arange(len(cuts))), n // 2
    n = min(n, len(rows))
    means = ((total[n:] - total[: len(total) - n]) / max(n, 1)).astype(np.float32)
    return means[np.clip(middle - half, 0, len(rows) - n)]
