"""Figures of an evaluation: calibration, rejection, comparison of models (confusion.py, review.py:
the others)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ecg import prediction
from ecg.beats import CLASS_COLORS, CLASSES
from ecg.evaluation import metrics
from ecg.evaluation.predictions import Predictions


def plot_calibration(scored: Predictions, title: str = "") -> Figure:
    """Reliability before (where the logits are known) and after temperature, and confidence of
    right and wrong beats for each predicted class. Returns the figure."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1.35)).flat
    _draw_reliability(left.subplots(), scored)
    axes = right.subplots(1, 5, sharey=True)
    for k, ax in enumerate(axes):
        _draw_confidences(ax, scored, k)
    axes[0].set_ylabel("beats")
    right.supxlabel("confidence, by predicted class", fontsize=9)
    figure.suptitle(title, fontsize=10)
    return figure


def _draw_reliability(ax, scored):
    """Share of right beats over their confidence, in bins; how many beats each bin holds."""
    ax.plot([0, 1], [0, 1], color="#999999", lw=0.8)
    curves = [(scored.probabilities, "#0072B2", "as shown to users")]
    if scored.logits is not None:
        curves.insert(0, (prediction.softmax(scored.logits), "#999999", "temperature 1"))
    for probabilities, color, label in curves:
        ece, bins = metrics.reliability(probabilities.max(axis=1), scored.right)
        some = bins.count > 0
        x, y = bins.confidence[some], bins.accuracy[some]
        ax.plot(x, y, "o-", color=color, ms=4, lw=1, label=f"{label}: ECE {ece:.4f}")
    below = {"textcoords": "offset points", "xytext": (0, -11), "ha": "center"}
    for x, y, n in zip(bins.confidence, bins.accuracy, bins.count):
        if n:
            ax.annotate(f"{n:,}", (x, y), fontsize=6, color="#0072B2", **below)
    ax.set(xlabel="confidence", ylabel="share right", xlim=(0.2, 1.02), ylim=(0, 1.05))
    ax.set_title("reliability, beats in each bin", fontsize=9)
    ax.legend(fontsize=8, frameon=False, loc="upper left")


def _draw_confidences(ax, scored, k):
    """How confident right and wrong predictions of class `k` are."""
    name, edges = CLASSES[k], np.linspace(0.2, 1, 17)
    filled = {"histtype": "stepfilled", "color": CLASS_COLORS[name], "alpha": 0.45}
    outline = {"histtype": "step", "color": "#333333", "alpha": 1}
    for outcome, label, look in (
        (scored.right, "right", filled),
        (~scored.right, "wrong", outline),
    ):
        mine = (scored.predicted == k) & outcome
        ax.hist(scored.confidence[mine], edges, label=f"{label} {np.sum(mine):,}", **look)
    ax.set_yscale("symlog", linthresh=1)
    ax.set_title(name, color=CLASS_COLORS[name])
    ax.legend(fontsize=6, frameon=False, loc="upper left")
    ax.tick_params(labelsize=7)


def plot_rejection(scored: Mapping[str, Predictions], title: str = "") -> Figure:
    """Accuracy of the beats that stay against the share left to a person, a line a model.

    scored: predictions by the name of the model. Returns the figure."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    stay, found = figure.subplots(1, 2)
    for name, part in scored.items():
        share, accuracy, caught = metrics.rejection(part.confidence, part.right)
        keep = share <= 0.3
        stay.plot(100 * share[keep], 100 * accuracy[keep], lw=1.2, label=name)
        found.plot(100 * share[keep], 100 * caught[keep], lw=1.2, label=name)
    stay.set(
        xlabel="% of beats left to a person, least sure first", ylabel="accuracy of the rest, %"
    )
    found.set(xlabel="% of beats left to a person", ylabel="% of all errors among them")
    for ax in (stay, found):
        ax.grid(lw=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    stay.legend(fontsize=8, frameon=False, loc="lower right")
    figure.suptitle(title, fontsize=10)
    return figure


def plot_comparison(reports: Mapping[str, dict], title: str = "") -> Figure:
    """F1 of each class with its interval, one colour a class, one line a model.

    reports: {name: report of ecg.evaluation.reports}. Returns the figure."""
    figure = Figure(figsize=(9, 1.2 + 0.45 * len(reports)), layout="constrained")
    ax = figure.subplots()
    for at, report in enumerate(reports.values()):
        for k, name in enumerate(CLASSES):
            f1, y = 100 * report["classes"][name]["f1"], at + (k - 2) * 0.13
            interval = report.get("intervals", {}).get("f1", {}).get(name)
            if report["classes"][name]["support"] == 0:
                continue
            color = CLASS_COLORS[name]
            if interval is not None:
                ax.plot(100 * np.array(interval), [y, y], color=color, lw=1.5, alpha=0.5)
            ax.plot(f1, y, "o", color=color, ms=4, label=name if at == 0 else None)
    ax.set_yticks(range(len(reports)), list(reports))
    ax.set(xlabel="F1, %, and 95 % interval over records", ylim=(len(reports) - 0.5, -0.5))
    ax.grid(axis="x", lw=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False, ncols=5, loc="lower left", bbox_to_anchor=(0, 1))
    figure.suptitle(title, fontsize=10, x=0.99, ha="right")
    return figure
