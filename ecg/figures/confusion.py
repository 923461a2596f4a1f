"""A confusion matrix."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecg.beats import CLASS_COLORS, CLASSES


def plot_confusion(matrix: ArrayLike, title: str = "") -> Figure:
    """Counts and row percentages of a confusion matrix (5, 5), rows true, columns predicted.

    Returns the figure."""
    matrix = np.asarray(matrix)
    share = np.nan_to_num(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))
    figure = Figure(figsize=(5.6, 5), layout="constrained")
    ax = figure.subplots()
    ax.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)  # the root shows small shares
    for i, j in np.ndindex(*matrix.shape):
        cell = f"{matrix[i, j]:,}\n{share[i, j]:.1%}"
        color = "white" if share[i, j] > 0.35 else "black"
        ax.text(j, i, cell, ha="center", va="center", fontsize=9, color=color)
    ax.set(xticks=range(5), yticks=range(5), xlabel="predicted", ylabel="true")
    ax.set_xticklabels(CLASSES)
    ax.set_yticklabels([f"{name}\n{count:,}" for name, count in zip(CLASSES, matrix.sum(axis=1))])
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        for label, name in zip(labels, CLASSES):
            label.set_color(CLASS_COLORS[name])
    ax.set_title(title + "\nbeats, and share of the true class", fontsize=9)
    return figure
