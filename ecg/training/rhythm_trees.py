"""The trees of the rhythm network: grown by scikit-learn's histogram boosting, kept as arrays."""

from typing import Any, Protocol

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

# chosen by cross-validation over CinC-2017
ROUNDS, LEAVES, ROWS_A_LEAF = 200, 12, 20
SETTINGS = dict(
    max_iter=ROUNDS,
    learning_rate=0.06,
    max_leaf_nodes=LEAVES,
    min_samples_leaf=ROWS_A_LEAF,
    l2_regularization=10.0,
    max_features=0.3,
    early_stopping=False,
)


class Forest(Protocol):
    """What model_rhythm.Forest holds."""

    shape: tuple[int, int, int]  # rounds, nodes of a tree, depth
    feature: torch.Tensor
    threshold: torch.Tensor
    missing_left: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    value: torch.Tensor
    start: torch.Tensor


Grown = Any  # a HistGradientBoostingClassifier that has been fitted


def grow(numbers: np.ndarray, classes: np.ndarray, weight: np.ndarray, seed: int) -> Grown:
    """The trees of rows (n, k), NaN where not known; classes: int (n,), each of 0 to 3 among them;
    weight: (n,)."""
    trees = HistGradientBoostingClassifier(**SETTINGS, random_state=seed)
    return trees.fit(numbers, classes, sample_weight=weight)


def shape_of(grown: Grown) -> tuple[int, int, int]:
    """(rounds, nodes of the largest tree, depth of the deepest leaf): what makes a Forest."""
    trees = [tree.nodes for each in grown._predictors for tree in each]
    depth = max(int(nodes["depth"].max()) for nodes in trees)
    return len(grown._predictors), max(len(nodes) for nodes in trees), depth


def fill(forest: Forest, grown: Grown) -> None:
    """Put the trees into a Forest of their `shape_of`: float32 numbers go the very same ways."""
    size = forest.shape[1]
    trees = [tree.nodes for each in grown._predictors for tree in each]
    for number, nodes in enumerate(trees):
        here = slice(number * size, number * size + len(nodes))
        own = np.arange(len(nodes))
        is_leaf = nodes["is_leaf"].astype(bool)
        forest.feature[here] = torch.from_numpy(nodes["feature_idx"].astype(np.int64))
        forest.threshold[here] = torch.from_numpy(_rounded_down(nodes["num_threshold"]))
        forest.missing_left[here] = torch.from_numpy(nodes["missing_go_to_left"].astype(bool))
        for name in ("left", "right"):
            follows = np.where(is_leaf, own, nodes[name].astype(np.int64)) + number * size
            getattr(forest, name)[here] = torch.from_numpy(follows)
        value = np.where(is_leaf, nodes["value"], 0.0).astype(np.float32)
        forest.value[here] = torch.from_numpy(value)
    forest.start.copy_(torch.from_numpy(np.ravel(grown._baseline_prediction).astype(np.float32)))


def _rounded_down(threshold):
    """Thresholds as finite float32, so that the same float32 numbers lie up to them."""
    near = np.minimum(threshold, np.finfo(np.float32).max).astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > threshold, below, near)
