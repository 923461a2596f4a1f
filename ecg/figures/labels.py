"""An ECG on paper with the label of every beat: the class in a box, its confidence below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from ecg import stretches, translations
from ecg.beats import CLASS_COLORS, CLASS_MEANINGS, CLASSES
from ecg.clock import Clock
from ecg.figures.beat_labels import NO_LABEL, BeatLabels, class_index
from ecg.figures.label_layout import LabelStyle, place_labels
from ecg.figures.paper import INK, MM, draw_paper, draw_trace, paper_figure, signal_label, y_limits

GREY = "#777777"
HOLLOW = (0, (2, 1.5))  # line style of a label below the threshold
PEAK_S = 0.05  # s on either side of an R peak in which its label looks for the top of the QRS


@dataclass(frozen=True)
class Stretch:
    """A stretch of signal as it is drawn.

    ecg: (n,) in `unit` at sample_rate Hz, from `start` seconds on. limits: (low, high) that hold
    it. clock: what writes its times."""

    ecg: np.ndarray
    sample_rate: float
    start: float
    limits: tuple[float, float]
    unit: str = "mV"
    clock: Clock = Clock()


def plot_labelled_ecg(
    ecg: ArrayLike,
    r_peaks: ArrayLike,
    predictions: Sequence[str | int | None] | np.ndarray,
    confidence: ArrayLike | None = None,
    sample_rate: float = 360,
    style: LabelStyle = LabelStyle(),
    ax: Axes | None = None,
    *,
    start: float = 0.0,
    unit: str = "mV",
    title: str = "",
    legend: bool = True,
    lang: str = "en",
) -> list[int | None]:
    """An ECG on paper with the label of every beat.

    ecg: (n,) in `unit` at sample_rate Hz; r_peaks: (m,) samples, increasing. predictions: m class
    indices or letters, None where there is none, with confidence (m,) 0..1. start: time of the
    first sample, s. ax: None for a new figure, at most 20 s of mV on paper that is true to scale.
    Labels never overlap: they move into up to three rows, then those of N beats give way to plain
    ticks.

    Returns the predictions, one for each R peak: the class index, None for a beat without label.
    Raises ValueError where they are not as many as the R peaks."""
    translate = translations.translator(lang)
    ecg = np.asarray(ecg, float)
    labels = _labels_of(r_peaks, predictions, confidence)
    stretch = Stretch(ecg, sample_rate, start, y_limits(ecg, unit), unit)
    millivolts = None
    if ax is None:
        ax, millivolts = _new_axes(stretch, style, translate)
    ax.set_ylabel(signal_label(unit, translate), fontsize=style.fontsize)
    ax.set_xlabel(translate("Time"), fontsize=style.fontsize)
    ax.set_title(title, loc="left", fontsize=style.fontsize)
    ax.tick_params(length=2.5, labelsize=8)
    if legend:
        draw_legend(ax, labels, style, translate)
    if ax.figure.get_layout_engine() is not None:
        # labels are placed by the size that the axes will have
        ax.figure.get_figure(root=True).draw_without_rendering()
    draw_stretch(ax, stretch, labels, style, translate, millivolts)
    return labels.classes


def _labels_of(r_peaks, predictions, confidence):
    samples = np.asarray(r_peaks, np.int64)
    classes = [class_index(label) for label in predictions]
    if len(classes) != len(samples):
        raise ValueError(
            f"{len(classes)} predictions for {len(samples)} R peaks: give one for each"
        )
    unknown = np.full(len(samples), np.nan)
    return BeatLabels(
        samples, classes, unknown if confidence is None else np.asarray(confidence, float)
    )


def _new_axes(stretch, style, translate):
    """(axes of a new figure, its height in mV where it is paper that is true to scale)."""
    seconds = len(stretch.ecg) / stretch.sample_rate
    if stretch.unit != "mV" or seconds > 20:
        return plt.subplots(figsize=(270 * MM, 90 * MM), layout="constrained")[1], None
    millivolts = stretch.limits[1] - stretch.limits[0] + 1.5
    _, ax = paper_figure(seconds, millivolts)
    scale = translate("25 mm/s  10 mm/mV")
    ax.set_title(scale, loc="right", fontsize=style.fontsize - 1, color="#555555")
    return ax, millivolts


def draw_stretch(
    ax: Axes,
    stretch: Stretch,
    labels: BeatLabels,
    style: LabelStyle,
    translate: Callable[..., str],
    millivolts: float | None = None,
) -> None:
    """A stretch on its paper, with its gaps and its labels, whose samples count from its start.

    The limits of y are set so that labels and signal keep apart; they are `millivolts` in all where
    the paper prescribes it."""
    draw_trace(ax, stretch.ecg, stretch.sample_rate, stretch.start)
    _draw_gaps(ax, stretch, translate)
    _draw_labels(ax, stretch, labels, style, millivolts)
    draw_paper(ax, stretch.unit, stretch.clock)
    low, high = stretch.limits
    ax.set_yticks([v for v in ax.get_yticks() if low <= v <= high])


def _draw_gaps(ax, stretch, translate):
    """Missing samples (NaN) in grey, and their name where there is room for it."""
    gaps = stretches.runs_of(np.isnan(stretch.ecg)) / stretch.sample_rate + stretch.start
    middle = {"ha": "center", "va": "center", "transform": ax.get_xaxis_transform()}
    for a, b in gaps:
        ax.axvspan(a, b, color="#dddddd", lw=0, zorder=0.5)
        if (b - a) / np.ptp(ax.get_xlim()) > 0.1:
            missing = translate("signal missing")
            ax.text((a + b) / 2, 0.5, missing, fontsize=7, color="#555555", **middle)


# ----------------------------------------------------------------------------------------- labels


def _draw_labels(ax, stretch, labels, style, millivolts):
    """Class letter in a box and confidence in percent below it, so that none overlap, and a
    coloured tick at every beat. Sets the limits of y."""
    letters = labels.letters
    known = letters != NO_LABEL
    sure = ~labels.unsure(style.threshold) & known
    texts = [a if ok or a == NO_LABEL else a + "?" for a, ok in zip(letters, sure)]
    percents = [f"{100 * c:.0f}" if np.isfinite(c) else "" for c in labels.confidence]
    colors = [CLASS_COLORS.get(letter, GREY) for letter in letters]
    times = stretch.start + labels.samples / stretch.sample_rate

    lift = (1.0 if any(percents) else 0.25) * style.fontsize  # of the letter, points
    row = (1.8 + (0.95 if any(percents) else 0)) * style.fontsize * ax.figure.dpi / 72
    layout = place_labels(
        ax,
        _pixels(ax, times),
        _half_widths(ax, texts, percents, style),
        row,
        letters == "N",
        _peak_levels(stretch, labels.samples),
        stretch.limits,
        style,
    )
    low, high = stretch.limits
    extra = layout.extra if millivolts is None else millivolts - (high - low)
    ax.set_ylim((low - extra, high) if style.position == "bottom" else (low, high + extra))
    if style.position != "peak":
        _draw_ticks(ax, times, colors, letters != "N", layout.band, style)
    for k, base in zip(layout.shown, layout.base):
        at = (times[k], base / ax.get_window_extent().height)
        _draw_label(ax, at, texts[k], percents[k], colors[k], sure[k], lift, style)


def _pixels(ax, times):
    """(m,) places of `times` (m,) along the axes."""
    if len(times) == 0:
        return times
    return ax.transData.transform(np.column_stack([times, np.zeros(len(times))]))[:, 0]


def _half_widths(ax, texts, percents, style):
    """(m,) half the width of each label, letter and percent, with its margin; pixels."""
    point = ax.figure.dpi / 72
    half = {}
    for text, size, weight, margin in {
        *((text, style.fontsize, "bold", 0.3) for text in texts),
        *((text, style.small, "normal", 0.1) for text in percents),
    }:
        probe = ax.text(0, 0, text, fontsize=size, weight=weight)
        half[text, size] = probe.get_window_extent().width / 2 + margin * size * point
        probe.remove()
    pairs = zip(texts, percents)
    return np.array([max(half[a, style.fontsize], half[b, style.small]) for a, b in pairs])


def _peak_levels(stretch, samples):
    """(m,) highest level of the signal around each R peak; the lower limit where it is missing."""
    reach = int(PEAK_S * stretch.sample_rate)
    around = (stretch.ecg[max(r - reach, 0) : r + reach + 1] for r in samples)
    return np.array([np.nanmax(np.append(part, stretch.limits[0])) for part in around])


def _draw_ticks(ax, times, colors, rare, band, style):
    """A tick at every beat, between its label and the signal."""
    height = ax.get_window_extent().height
    inner = band / height if style.position == "bottom" else 1 - band / height
    length = (-0.35 if style.position == "bottom" else 0.35) * style.fontsize * ax.figure.dpi / 72
    length /= height
    for is_rare in (False, True):  # a rare beat's tick is not hidden by its neighbours'
        mine = np.flatnonzero(rare == is_rare)
        ticks = LineCollection(
            [[(times[k], inner), (times[k], inner + length * (1 + is_rare))] for k in mine],
            linewidths=1.3,
            colors=[colors[k] for k in mine],
            zorder=2.5,
            transform=ax.get_xaxis_transform(),
        )
        ax.add_collection(ticks, autolim=False)


def _draw_label(ax, at, text, percent, color, sure, lift, style):
    """A letter in its box and the percent below it; at: (time in s, share of the axes' height)."""
    place = {
        "xy": at,
        "xycoords": ax.get_xaxis_transform(),
        "textcoords": "offset points",
        "ha": "center",
        "va": "baseline",
        "zorder": 4,
        "annotation_clip": True,
    }
    ax.annotate(
        text,
        xytext=(0, lift + 0.2 * style.fontsize),
        fontsize=style.fontsize,
        weight="bold",
        color=_readable_on(color) if sure else INK,
        bbox={
            "boxstyle": "round,pad=0.18",
            "fc": color if sure else "white",
            "ec": color,
            "lw": 1.0,
            "ls": "-" if sure else HOLLOW,
        },
        **place,
    )
    below = (0, 0.1 * style.fontsize)
    ax.annotate(percent, xytext=below, fontsize=style.small, color="#444444", **place)


def _readable_on(color):
    """Black or white, whichever is read better on `color` (relative luminance as WCAG 2 defines
    it)."""
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return "black" if linear @ [0.2126, 0.7152, 0.0722] > 0.179 else "white"


# ----------------------------------------------------------------------------------------- legend


def draw_legend(
    ax: Axes,
    labels: BeatLabels,
    style: LabelStyle,
    translate: Callable[..., str],
    more: Sequence[Patch] = (),
) -> None:
    """Below the axes, what the labels that occur mean, and `more`; nothing where there is
    neither."""
    handles = [*_legend_handles(labels, style.threshold, translate), *more]
    if not handles:
        return
    columns = int(ax.get_window_extent().width / (ax.figure.dpi / 72) / (14 * style.fontsize))
    below = matplotlib.transforms.ScaledTranslation(
        0, -(2.7 * style.fontsize + 6) / 72, ax.figure.dpi_scale_trans
    )
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=ax.transAxes + below,
        ncols=min(max(columns, 1), len(handles)),
        fontsize=style.fontsize - 1.5,
        frameon=False,
        handlelength=1.1,
        handleheight=0.9,
        columnspacing=1.4,
        borderaxespad=0,
    )


def _legend_handles(labels, threshold, translate):
    handles = []
    for k, name in enumerate(CLASSES):
        if k in labels.classes:
            color, meaning = CLASS_COLORS[name], translate(CLASS_MEANINGS[name])
            handles.append(Patch(fc=color, ec=color, label=f"{name} {meaning}"))
    if np.any(labels.unsure(threshold)):
        unsure = translate("below {threshold:.0%} confidence", threshold=threshold)
        handles.append(Patch(fc="white", ec="#555555", ls=HOLLOW, label=f"? {unsure}"))
    if None in labels.classes:
        no_label = translate("no label")
        handles.append(Patch(fc="white", ec=GREY, label=f"{NO_LABEL} {no_label}"))
    return handles
