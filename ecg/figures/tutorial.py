"""The tutorial's figures, by its names and arguments: before and after cleaning, how sure the model
is, the label of every beat.

Each draws a new figure, shows it where there is a screen or a notebook, and leaves it open for
plt.savefig where there is none.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from ecg import figures
from ecg.beats import CLASS_COLORS
from ecg.figures.paper import INK

COLORS = list(CLASS_COLORS.values())
SURE, UNSURE, UNKNOWN = "#1a7f37", "#c62828", "#777777"  # green, red, no label
MOST_NAMES = 40  # beats whose names are written out; of more only the colours are drawn


def plot_ecg_comparison(
    t: ArrayLike,
    ecg_noisy: ArrayLike,
    ecg_cleaned: ArrayLike,
    r_peaks: ArrayLike,
    beat_positions: ArrayLike,
    predictions: ArrayLike,
    confidences: ArrayLike,
    class_names: Sequence[str],
) -> list[Axes]:
    """Noisy ECG, cleaned ECG with its R peaks, cleaned ECG with the label of every beat: three
    panels.

    t: (n,) s; ecg_noisy, ecg_cleaned: (n,) any unit; r_peaks: (m,) samples. beat_positions: (k,)
    samples of the beats that were classified, with predictions (k,), numbers into `class_names`,
    and confidences (k,) 0..1. Returns the axes. ValueError where the last three differ in
    length."""
    t, cleaned = np.asarray(t), np.asarray(ecg_cleaned)
    positions, ids, sure = _of_one_length(beat_positions, predictions, confidences)
    _, axes = plt.subplots(3, 1, figsize=(14, 9), sharex=True, layout="constrained")
    axes[0].plot(t, ecg_noisy, color="#8a8a8a", lw=0.7)
    axes[0].set_title("Noisy ECG")
    axes[1].plot(t, cleaned, color=INK, lw=0.7)
    peaks = np.asarray(r_peaks, np.int64)
    axes[1].plot(t[peaks], cleaned[peaks], "o", color="#D55E00", ms=4, label="R peaks")
    axes[1].legend(loc="upper right")
    axes[1].set_title("Cleaned ECG with R peaks")
    axes[2].plot(t, cleaned, color=INK, lw=0.7)
    names = [f"{class_names[k]}\n{p:.0%}" for k, p in zip(ids, sure)]
    colors = [COLORS[k % len(COLORS)] for k in ids]
    _write_names(axes[2], t[positions], cleaned[positions], names, colors)
    _legend(axes[2], ids, class_names)
    axes[2].set(title="Cleaned ECG with the label of every beat", xlabel="Time (s)")
    for ax in axes:
        ax.set_ylabel("Amplitude")
    figures.show()
    return list(axes)


def plot_prediction_confidence(
    predictions: ArrayLike, confidences: ArrayLike, class_names: Sequence[str]
) -> Axes:
    """How sure the model is: a bar a beat, in the colour of its class.

    predictions: (k,) numbers into `class_names`; confidences: (k,) 0..1. Returns the axes.
    ValueError where they differ in length."""
    ids, sure = _of_one_length(predictions, confidences)
    _, ax = plt.subplots(figsize=(14, 4.5), layout="constrained")
    beat = np.arange(1, len(ids) + 1)
    ax.bar(beat, sure, color=[COLORS[k % len(COLORS)] for k in ids])
    if len(ids) <= MOST_NAMES:
        ax.set_xticks(beat, [class_names[k] for k in ids], rotation=60, ha="right", fontsize=8)
    _legend(ax, ids, class_names)
    ax.set(title="Confidence of the predictions", xlabel="Beat", ylabel="Confidence", ylim=(0, 1))
    figures.show()
    return ax


def plot_names(
    ecg: ArrayLike,
    r_peaks: ArrayLike,
    labels: Sequence[tuple[str, float] | None],
    sample_rate: float,
    threshold: float,
    title: str,
    figsize: tuple[float, float],
) -> Axes:
    """An ECG with the name and the confidence of every beat: green from `threshold` on, red and
    with a question mark below it, a grey dot where there is no label.

    ecg: (n,) any unit at sample_rate Hz; r_peaks: (m,) samples; labels: m of (name, confidence
    0..1) or None; figsize: width and height in inches. Returns the axes."""
    _, ax = plt.subplots(figsize=figsize, layout="constrained")
    x = np.asarray(ecg, float)
    at = np.asarray(r_peaks, np.int64)
    ax.plot(np.arange(len(x)) / sample_rate, x, color=INK, lw=0.7)
    names, colors = [], []
    for label in labels:
        sure = label is not None and label[1] >= threshold
        mark = "" if sure else "?"
        names.append("" if label is None else f"{label[0]}{mark}\n{label[1]:.0%}")
        colors.append(UNKNOWN if label is None else SURE if sure else UNSURE)
    _write_names(ax, at / sample_rate, x[at], names, colors)
    handles = [Patch(color=SURE, label=f"at least {threshold:.0%} confident")]
    handles += [Patch(color=UNSURE, label="less")]
    handles += [Patch(color=UNKNOWN, label="no label")] if None in labels else []
    _place_legend(ax, handles)
    ax.set(title=title, xlabel="Time (s)", ylabel="Amplitude")
    figures.show()
    return ax


def _of_one_length(*columns):
    """The columns as arrays: whole numbers, but the last, which is a share."""
    arrays = [np.asarray(column).reshape(-1) for column in columns]
    if len({len(each) for each in arrays}) > 1:
        raise ValueError(
            f"{', '.join(str(len(each)) for each in arrays)} values: give one of each for a beat"
        )
    return [each.astype(np.int64) for each in arrays[:-1]] + [arrays[-1].astype(float)]


def _write_names(ax, t, heights, names, colors):
    """A dot at each beat, and its name above the signal where they are few enough to be read."""
    ax.scatter(t, heights, c=colors or None, s=18, zorder=3)
    low, high = ax.get_ylim()
    few = len(names) <= MOST_NAMES
    upright = 90 if len(names) > 12 else 0
    ax.set_ylim(low, high + (high - low) * ((0.6 if upright else 0.3) if few else 0))
    for when, name, color in zip(t, names, colors) if few else ():
        place = {"ha": "center", "va": "bottom", "rotation": upright, "fontsize": 8}
        ax.text(when, high, name.replace("\n", " ") if upright else name, color=color, **place)


def _legend(ax, ids, class_names):
    handles = [
        Patch(color=COLORS[k % len(COLORS)], label=f"{class_names[k]} ({np.sum(ids == k)})")
        for k in np.unique(ids)
    ]
    _place_legend(ax, handles)


def _place_legend(ax, handles):
    """Above the axes, where no signal is."""
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "frameon": False, "fontsize": 8}
    ax.legend(handles=handles, ncols=len(handles) or 1, **place)
