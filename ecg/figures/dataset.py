"""The data set: how many beats a class has, and what they look like."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ecg import beats, translations
from ecg.beats import CLASS_COLORS, CLASS_MEANINGS, CLASSES
from ecg.figures.paper import MM
from ecg.figures.rows import ROUNDING, beat_length, min_max_rows

# step of the manifest's counts -> its name; in the order of the bars
STEPS = {"train": "train", "train+SMOTE": "train with SMOTE", "val": "validation", "test": "test"}
LOOKS = (("", 1), ("///", 0.35), ("", 0.7), ("", 0.45))  # hatch and opacity of their bars


def plot_dataset(
    data: str | Path = "data",
    per_class: int = 20,
    seed: int = 0,
    *,
    fontsize: float = 9,
    lang: str = "en",
) -> Figure:
    """Class counts of data/processed_data before and after SMOTE, and `per_class` real training
    rows of each class, drawn by `seed`. Returns the figure."""
    translate = translations.translator(lang)
    take, y, manifest = min_max_rows(data, "train")
    y = y[: manifest["n_real"]]  # the rest are SMOTE's
    figure = plt.figure(figsize=(297 * MM, 190 * MM), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.5)).flat
    _draw_counts(upper.subplots(), manifest, fontsize, translate)
    title = translate("{n} rows a class, none of them SMOTE's", n=per_class)
    lower.suptitle(title, fontsize=fontsize + 2, x=0.01, ha="left")
    rng = np.random.default_rng(seed)
    axes = lower.subplots(len(CLASSES), 1, sharex=True, sharey=True)
    for k, ax in enumerate(axes):
        mine = np.flatnonzero(y == k)
        mine = np.sort(rng.choice(mine, min(per_class, len(mine)), replace=False))
        _draw_rows(ax, take(mine), CLASSES[k], per_class, fontsize)
    return figure


def _draw_counts(ax, manifest, fontsize, translate):
    """Bars of beats a class, one for each step of the preprocessing."""
    steps = [step for step in STEPS if step in manifest["counts"]]
    edges = [CLASS_COLORS[name] for name in CLASSES]
    for k, (step, (hatch, alpha)) in enumerate(zip(steps, LOOKS)):
        counts = [manifest["counts"][step][name] for name in CLASSES]
        x = np.arange(5) + (k - (len(steps) - 1) / 2) * 0.8 / len(steps)
        colors = [(*matplotlib.colors.to_rgb(color), alpha) for color in edges]
        width = 0.76 / len(steps)
        ax.bar(x, counts, width, color=colors, hatch=hatch, edgecolor=edges, lw=0.6)
        for at, count in zip(x, counts):
            ax.text(at, max(count, 0.8) * 1.12, f"{count:,}", ha="center", fontsize=fontsize - 2.5)
    ax.set_yscale("log")
    ax.set_ylim(0.8, ax.get_ylim()[1] * 3)
    names = [f"{name}\n{translate(CLASS_MEANINGS[name])}" for name in CLASSES]
    ax.set_xticks(np.arange(5), names, fontsize=fontsize - 1)
    ax.set_ylabel(translate("Beats"), fontsize=fontsize)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(
        handles=[
            Patch(fc=("#555555", alpha), ec="#555555", hatch=hatch, label=translate(STEPS[step]))
            for step, (hatch, alpha) in zip(steps, LOOKS)
        ],
        fontsize=fontsize - 1,
        frameon=False,
        ncols=len(steps),
        loc="lower right",
        bbox_to_anchor=(1, 1),
    )
    title = f"{translate('Beats per class')}: {_origin(manifest, translate)}"
    ax.set_title(title, fontsize=fontsize + 2, loc="left")


def _origin(manifest, translate):
    """Where the rows come from and how they were split."""
    source, protocol = manifest["source"], manifest["protocol"]
    text = translate("source {source}, protocol {protocol}", source=source, protocol=protocol)
    return f"{text} ({translate('synthetic')})" if manifest.get("synthetic") else text


def _draw_rows(ax, rows, name, per_class, fontsize):
    """Rows of class `name`, one beside the other."""
    color, step = CLASS_COLORS[name], 1.1 * beats.WIDTH
    for k, row in enumerate(rows):
        n = max(beat_length(row, ROUNDING), 2)
        ax.plot(np.arange(n) + step * k, row[:n], color=color, lw=0.8)
    ax.axis("off")
    ax.set(xlim=(0, step * per_class), ylim=(-0.08, 1.08))
    beside = {"transform": ax.transAxes, "ha": "right", "va": "center", "weight": "bold"}
    ax.text(-0.005, 0.5, name, fontsize=fontsize + 2, color=color, **beside)
