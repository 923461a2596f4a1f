"""Figures of a training: its curves, and for TensorBoard its surest mistakes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ecg.beats import CLASS_COLORS, CLASSES, ROW_FS


def plot_history(history: Mapping[str, Sequence[float]], title: str = "") -> Figure:
    """Training curves: loss, and accuracy with macro-F1 where there is one, in percent.

    history: dict of lists, one value an epoch; accuracies in percent, as files of histories have
    them, or as shares, as those of version 1. Returns the figure."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    loss, share = figure.subplots(1, 2)
    styles = {
        "train_loss": (loss, "#999999", "training"),
        "val_loss": (loss, "#0072B2", "validation"),
        "train_acc": (share, "#999999", "accuracy, training"),
        "val_acc": (share, "#0072B2", "accuracy, validation"),
        "val_macro_f1": (share, "#D55E00", "macro-F1, validation"),
    }
    for key, (ax, color, label) in styles.items():
        if history.get(key):
            values = np.asarray(history[key], float)
            if ax is share and np.nanmax(values) <= 1:  # no training stays below 1 %
                values = 100 * values
            epochs = np.arange(1, len(values) + 1)
            ax.plot(epochs, values, "o-", ms=3, lw=1, color=color, label=label)
    loss.set(xlabel="epoch", ylabel="loss")
    share.set(xlabel="epoch", ylabel="percent")
    for ax in (loss, share):
        ax.grid(lw=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=10)
    return figure


def mistakes_figure(
    rows: np.ndarray, true: Sequence[int], predicted: Sequence[int], confidence: Sequence[float]
) -> Figure:
    """Min-max rows (n, 187) that a network got wrong, four a line, with their true class, the one
    it gave and its confidence (n,)."""
    seconds = np.arange(rows.shape[1]) / ROW_FS
    figure = Figure(figsize=(10, 6))
    axes = figure.add_subplot(
        title=f"the {len(rows)} surest mistakes on validation rows: "
        f"{seconds[-1]:.2f} s from R, min to max\n"
    )
    axes.set_axis_off()
    # one axes for all of them: drawn in a tenth of the time
    for place, (row, own, other, sure) in enumerate(zip(rows, true, predicted, confidence)):
        left, low = place % 4 * 1.8, -(place // 4) * 1.5
        axes.plot(left + seconds, low + row, lw=0.8, color=CLASS_COLORS[CLASSES[own]])
        text = f"{CLASSES[own]} taken for {CLASSES[other]}, {sure:.0%}"
        axes.text(left, low + 1.1, text, fontsize=9)
    return figure
