"""What a model looked at: which part of a beat decided its label."""

from typing import Any, NamedTuple

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecg import beats, translations
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.clock import clock_of
from ecg.figures.paper import A4, INK, MM
from ecg.figures.rows import beat_length
from ecg.formats.recording import Recording

COLUMNS = 4  # beats side by side on a page


class Occlusion(NamedTuple):
    """What a model looked at in a beat.

    importance: (187,) how much each sample speaks for the class, in log-odds. target: index of the
    class. confidence: the model's in it, 0..1."""

    importance: np.ndarray
    target: int
    confidence: float


def occlusion(model: Any, row: ArrayLike, target: int | None = None, width: int = 13) -> Occlusion:
    """How much each part of a beat speaks for its label (occlusion: Zeiler and Fergus 2014).

    A window of `width` samples (13: 108 ms) is replaced by the straight line between its ends, at
    every place in turn; what is measured is the loss in log-odds of class `target` (default: the
    predicted one). It asks the model for its answer only, so that PyTorch and ONNX are explained
    alike. row: (187,) in 0..1 as ecg.beats cuts it. The zero padding after the beat is never
    occluded: its importance is 0."""
    from ecg import prediction  # onnxruntime, which most figures do without

    row = np.asarray(row, np.float32).reshape(-1)
    n = beat_length(row)
    _, _, p = prediction.predict_heartbeat(model, np.vstack([row, _occluded(row, n, width)]))
    p = np.clip(np.asarray(p, float), 1e-7, 1 - 1e-7)
    target = int(p[0].argmax()) if target is None else int(target)
    odds = np.log(p[:, target] / (1 - p[:, target]))
    importance = np.zeros(len(row))
    importance[:n] = odds[0] - odds[1:]
    return Occlusion(importance, target, float(p[0, target]))


def _occluded(row, n, width):
    """(n, 187): the row with a window around each of its first n samples replaced by a line."""
    half, at = width // 2, np.arange(len(row))
    first = np.maximum(np.arange(n) - half, 0)
    last = np.minimum(np.arange(n) + half, max(n - 1, 0))
    rise, length = (row[last] - row[first])[:, None], np.maximum(last - first, 1)[:, None]
    lines = row[first, None] + rise * (at - first[:, None]) / length
    inside = (at >= first[:, None]) & (at <= last[:, None])
    return np.where(inside, lines, row).astype(np.float32)


def plot_saliency(
    row: np.ndarray,
    importance: np.ndarray,
    label: str | int,
    confidence: float | None = None,
    ax: Axes | None = None,
    *,
    title: str = "",
    fontsize: float = 9,
    lang: str = "en",
) -> Axes:
    """A beat, coloured by what each part means for its label: warm where it speaks for it, blue
    where against.

    row, importance: (187,), as occlusion() gives them; label: class letter or index. Returns the
    axes."""
    translate = translations.translator(lang)
    label = label if isinstance(label, str) else CLASSES[label]
    n = beat_length(row) or len(row)
    if ax is None:
        _, ax = plt.subplots(figsize=(110 * MM, 65 * MM), layout="constrained")
    t = np.arange(n) / beats.ROW_FS
    limit = max(np.abs(importance[:n]).max(), 1e-6)
    ax.imshow(
        importance[None, :n],
        extent=(-0.5 / beats.ROW_FS, (n - 0.5) / beats.ROW_FS, -0.08, 1.08),
        aspect="auto",
        cmap=plt.get_cmap("PuOr_r"),
        norm=matplotlib.colors.Normalize(-limit, limit),
        zorder=1,
        interpolation="bilinear",
    )
    ax.plot(t, row[:n], color="white", lw=3.2, zorder=2)
    ax.plot(t, row[:n], color=INK, lw=1.3, zorder=3)
    ax.set(ylim=(-0.08, 1.08), xlim=(0, t[-1]), yticks=[])
    sure = "" if confidence is None else f"  {confidence:.0%}"
    ax.set_title((title + "  " if title else "") + f"{label}{sure}", fontsize=fontsize, loc="left")
    ax.set_xlabel(translate("Time (s)"), fontsize=fontsize)
    ax.tick_params(labelsize=fontsize - 1)
    return ax


def saliency_page(
    recording: Recording,
    table: pd.DataFrame,
    model: Any,
    start: float,
    fontsize: float = 9,
    lang: str = "en",
    count: int = 8,
) -> Figure:
    """What the model looked at in the `count` beats from `start` seconds on.

    table: the recording's beats, with sample. model: one of single beats, PyTorch or ONNX. Returns
    the figure. Raises InputError where there is no beat from there on."""
    translate = translations.translator(lang)
    fs = recording.fs
    rows, positions = beats.extract_beats(recording.signal, table["sample"].to_numpy(), fs)
    mine = np.flatnonzero(positions >= start * fs)[:count]
    if len(mine) == 0:
        raise InputError(f"--start {start:g}: {recording.name} has no beat from there on")
    lines = -(-len(mine) // COLUMNS)
    size = (A4[0] * MM, (lines * 62 + 16) * MM)
    figure, axes = plt.subplots(lines, COLUMNS, figsize=size, layout="constrained", squeeze=False)
    for ax in axes.flat[len(mine) :]:
        ax.axis("off")
    style: dict[str, Any] = {"fontsize": fontsize, "lang": lang}
    clock = clock_of(recording.facts, len(recording.signal) / fs)
    for ax, k in zip(axes.flat, mine):
        importance, label, confidence = occlusion(model, rows[k])
        time = clock(positions[k] / fs, 1)
        plot_saliency(rows[k], importance, label, confidence, ax, title=time, **style)
    bar = figure.colorbar(
        axes.flat[0].images[0],
        ax=axes,
        orientation="horizontal",
        fraction=0.04,
        pad=0.03,
        aspect=60,
        ticks=[],
    )
    against, for_it = translate("speaks against the label"), translate("speaks for the label")
    bar.set_label(f"← {against}      {for_it} →", fontsize=fontsize)
    title = translate("What the model looked at")
    figure.suptitle(f"{title}: {recording.name}, {recording.lead}", fontsize=fontsize + 2)
    return figure
