"""How sure the model is: of one beat, of many."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ecg import translations
from ecg.beats import CLASS_COLORS, CLASS_MEANINGS, CLASSES
from ecg.figures.paper import MM


def plot_confidence(
    probabilities: ArrayLike,
    class_names: Sequence[str] = CLASSES,
    confidence_threshold: float = 0.8,
    ax: Axes | None = None,
    *,
    fontsize: float = 9,
    lang: str = "en",
) -> Axes:
    """How sure the model is.

    probabilities: (5,) of one beat: a bar a class; or (n, 5) of n beats: a dot a beat, at the
    confidence of its label and in its colour (rows of NaN, beats that were not classified, are left
    out). Below `confidence_threshold` bars and dots are hollow. Returns the axes. Raises ValueError
    for another shape, and where no beat was classified."""
    p = np.asarray(probabilities, float)
    n_classes = len(class_names)
    if p.shape[-1:] != (n_classes,) or p.ndim > 2 or p.size == 0:
        raise ValueError(
            f"probabilities have shape {p.shape}: give ({n_classes},) for a beat or "
            f"(n, {n_classes})"
        )
    one = p.ndim == 1 or len(p) == 1
    if ax is None:
        size = (150 * MM, (60 if one else 80) * MM)
        _, ax = plt.subplots(figsize=size, layout="constrained")
    draw = _draw_one_beat if one else _draw_beats
    translate = translations.translator(lang)
    draw(ax, p.ravel() if one else p, class_names, confidence_threshold, fontsize, translate)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=fontsize - 1)
    return ax


def _color(name):
    return CLASS_COLORS.get(name, "#555555")


def _percent(share, _):
    return f"{share:.0%}"


def _draw_one_beat(ax, p, class_names, threshold, fontsize, translate):
    """A bar a class; p: (classes,)."""
    best = int(p.argmax())
    sure = p[best] >= threshold
    rows = np.arange(len(p))[::-1]
    for k, (row, name) in enumerate(zip(rows, class_names)):
        ax.barh(
            row,
            p[k],
            color=_color(name) if k == best and sure else "none",
            edgecolor=_color(name),
            lw=1.2,
            height=0.7,
            ls="--" if k == best and not sure else "-",
        )
        weight = "bold" if k == best else "normal"
        ax.text(p[k] + 0.01, row, f"{p[k]:.1%}", va="center", fontsize=fontsize, weight=weight)
    meanings = [
        f"{name}  {translate(CLASS_MEANINGS[name])}" if name in CLASS_MEANINGS else name
        for name in class_names
    ]
    ax.set_yticks(rows, meanings, fontsize=fontsize)
    ax.set_xlim(0, 1.12)
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.xaxis.set_major_formatter(_percent)
    ax.axvline(threshold, color="#777777", lw=0.8, ls=":", zorder=0)
    title = translate("Confidence of the prediction: {label}", label=class_names[best])
    ax.set_title(title, fontsize=fontsize + 2, loc="left")
    ax.set_xlabel(translate("Confidence"), fontsize=fontsize)


def _draw_beats(ax, p, class_names, threshold, fontsize, translate):
    """A dot a beat; p: (n, classes)."""
    beat = np.flatnonzero(np.isfinite(p).all(axis=1))
    if len(beat) == 0:
        raise ValueError("probabilities hold no beat that was classified")
    ids, confidence = p[beat].argmax(axis=1), p[beat].max(axis=1)
    for k, name in enumerate(class_names):
        mine = np.flatnonzero(ids == k)
        if len(mine):
            ax.scatter(
                beat[mine] + 1,
                confidence[mine],
                s=16,
                facecolors=np.where(confidence[mine] >= threshold, _color(name), "none"),
                edgecolors=_color(name),
                lw=0.9,
                zorder=3 if name != "N" else 2,
            )
    ax.axhline(threshold, color="#777777", lw=0.8, ls=":", zorder=0)
    ax.set_ylim(min(0.98 * confidence.min(), threshold - 0.1, 0.5), 1.02)
    ax.yaxis.set_major_formatter(_percent)
    ax.set_xlabel(translate("Beat"), fontsize=fontsize)
    ax.set_ylabel(translate("Confidence"), fontsize=fontsize)
    title = translate("Confidence of {n} beats", n=f"{len(beat):,}")
    ax.set_title(title, fontsize=fontsize + 2, loc="left")
    ax.legend(
        handles=_legend_of_beats(ids, class_names, threshold, translate),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=6,
        fontsize=fontsize - 1,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
    )


def _legend_of_beats(ids, class_names, threshold, translate):
    dot: dict[str, Any] = {"marker": "o", "ls": "", "ms": 5}
    handles = [
        Line2D([], [], color=_color(name), label=f"{name} {np.sum(ids == k):,}", **dot)
        for k, name in enumerate(class_names)
        if np.any(ids == k)
    ]
    unsure = translate("below {threshold:.0%} confidence", threshold=threshold)
    return [*handles, Line2D([], [], mfc="none", color="#555555", label=unsure, **dot)]
