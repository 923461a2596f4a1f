"""Figures: ECG on paper with its labels, confidence, what the model looked at, its errors, the data set.

    python visualize.py                                      # the tutorial's three figures, on a synthetic ECG
    python visualize.py 100 --save 100.pdf --seconds 0       # a whole recording, page by page, at 25 mm/s and 10 mm/mV
    python visualize.py 119 --labels atr --start 600         # with a cardiologist's labels instead of the model's
    python visualize.py 208 --saliency --start 60            # which part of a beat decided its label
    python visualize.py --dataset                            # class counts, and 20 real rows of each class
    python visualize.py --errors data/evaluation/kaggle/self_test.csv
    python visualize.py --gallery docs --records data/mitdb  # the pictures of the README

Without --save a window opens; where there is no display, the figure is written to the working directory. In a notebook every
function draws on the `ax` it is given, or on a new figure that the notebook shows.
"""
import argparse
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from ecg import artifacts, beats, records, words
from ecg.artifacts import InputError
from ecg.beats import CLASS_COLORS, CLASS_MEANINGS, CLASS_NAMES
from ecg.words import clock

MM = 1 / 25.4                       # inches
MM_PER_S, MM_PER_MV = 25, 10        # ECG paper
A4 = (297, 210)                     # mm, landscape
STRIP = 10                          # seconds a line of paper
PAPER, FINE, BOLD = "#ffffff", "#f6dcd8", "#e7aaa2"    # the paper and its lines at 1 mm and 5 mm
INK = "#111111"
POSITIONS = ("top", "bottom", "peak")
LANES = 3                           # rows of labels, before labels of N beats are left out


# --------------------------------------------------------------------------------------------------- ECG paper

def paper_figure(seconds=STRIP, millivolts=3.0):
    """A figure of one axes in which 1 s is 25 mm and 1 mV is 10 mm when it is printed at its size. Returns (figure, ax)."""
    width, height = seconds * MM_PER_S, millivolts * MM_PER_MV
    left, right, bottom, top = 16, 6, 20, 9
    page = (left + width + right, bottom + height + top)
    figure = plt.figure(figsize=(page[0] * MM, page[1] * MM))
    ax = figure.add_axes([left / page[0], bottom / page[1], width / page[0], height / page[1]])
    return figure, ax


def draw_paper(ax, unit="mV"):
    """Lines of ECG paper, every 1 mm and 5 mm (0.04 s and 0.2 s; 0.1 and 0.5 mV), within the limits of `ax`; where they would
    lie too close on the screen, the next coarser ones. Time at whole seconds. With another unit than mV there are no voltage
    lines."""
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    box = ax.get_window_extent()
    for axis, lo, hi, pixels, steps in (("x", x0, x1, box.width, (0.04, 0.2, 1, 5, 30, 300, 1800)),
                                        ("y", y0, y1, box.height, (0.1, 0.5, 1, 5))):
        if axis == "y" and unit != "mV":
            continue
        wide = [step for step in steps if pixels * step / (hi - lo) >= 3.5][:2]
        for step, color, lw, z in zip(wide, (FINE, BOLD), (0.4, 0.6), (0.1, 0.2)):
            at = np.arange(np.ceil(lo / step - 1e-9), np.floor(hi / step + 1e-9) + 1) * step
            ends = [[(v, y0), (v, y1)] if axis == "x" else [(x0, v), (x1, v)] for v in at]
            ax.add_collection(LineCollection(ends, colors=color, linewidths=lw, zorder=z), autolim=False)
    ax.set_facecolor(PAPER)
    seconds = x1 - x0
    room = box.width * 72 / ax.figure.dpi / 38                     # labels of 38 points
    step = next((s for s in (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200) if seconds / s < room), 14400)
    ax.set_xticks(np.arange(np.ceil(x0 / step), np.floor(x1 / step) + 1) * step)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: clock(v)))
    for side in ax.spines.values():
        side.set_color(BOLD)
        side.set_linewidth(0.6)


def draw_trace(ax, ecg, sample_rate, start=0.0, color=INK, lw=0.8, **line):
    """Draw `ecg` over time from `start` seconds on. Where several samples fall on a pixel, their minimum and maximum are drawn,
    so that no QRS is lost; missing samples (NaN) are a gap. Sets the limits of x; returns the line."""
    ecg = np.asarray(ecg, float)
    ax.set_xlim(start, start + max(len(ecg), 2) / sample_rate)
    t = start + np.arange(len(ecg)) / sample_rate
    per_pixel = int(len(ecg) / max(ax.get_window_extent().width * 2, 1))
    if per_pixel >= 4:
        n = len(ecg) // per_pixel * per_pixel
        block = ecg[:n].reshape(-1, per_pixel)
        missing = np.isnan(block).all(axis=1)
        low, high = (np.where(missing, np.nan, fn(np.where(np.isnan(block), fill, block), axis=1))
                     for fn, fill in ((np.min, np.inf), (np.max, -np.inf)))
        ecg, t, lw = np.column_stack([low, high]).ravel(), np.repeat(t[:n:per_pixel], 2), min(lw, 0.5)
    return ax.plot(t, ecg, color=color, lw=lw, solid_joinstyle="round", zorder=2, **line)[0]


def _limits(ecg, unit, least=1.5):
    """Limits of y that hold the signal but not a single wild artefact, on whole 5 mm lines when the unit is mV."""
    x = np.asarray(ecg, float)
    x = x[np.isfinite(x)]
    if len(x) == 0:
        return -0.5, 1.0
    middle = np.median(x)
    reach = np.percentile(np.abs(x - middle), 99)
    low, high = max(x.min(), middle - 8 * reach), min(x.max(), middle + 8 * reach)
    if unit != "mV":
        pad = 0.05 * (high - low) or 1.0
        return low - pad, high + pad
    low, high = np.floor(low / 0.5 - 0.1) * 0.5, np.ceil(high / 0.5 + 0.1) * 0.5
    return low, max(high, low + least)


# --------------------------------------------------------------------------------------------------- the tutorial's figures

def plot_ecg_comparison(raw, processed, sample_rate=360, ax=None, *, start=0.0, unit="mV", processed_unit=None,
                        names=("Raw", "Filtered"), title="ECG before and after filtering", fontsize=9, lang="en"):
    """A recording before and after processing.

    raw, processed: (n,) in `unit` and `processed_unit` ('mV', 'z-score'; default: the same). sample_rate in Hz. ax: one axes
    (both lines in it), two axes (one each), or None for a new figure of two. Returns the axes that were drawn on, a list."""
    say = words.speaker(lang)
    processed_unit = processed_unit or unit
    if ax is None:
        _, ax = plt.subplots(2, 1, figsize=(270 * MM, 105 * MM), sharex=True, layout="constrained")
    axes = list(np.atleast_1d(ax))
    if len(axes) == 1:
        if processed_unit != unit:
            raise ValueError(f"{names[1]} is in {processed_unit}, {names[0]} in {unit}: give two axes, one for each")
        draw_trace(axes[0], raw, sample_rate, start, color="#8a8a8a", label=say(names[0]))
        draw_trace(axes[0], processed, sample_rate, start, color=CLASS_COLORS["N"], label=say(names[1]))
        axes[0].set_ylim(*_limits(np.concatenate([raw, processed]), unit))
        axes[0].legend(loc="upper right", fontsize=fontsize, framealpha=0.9)
    else:
        for each, x, name, mine in zip(axes, (raw, processed), names, (unit, processed_unit)):
            draw_trace(each, x, sample_rate, start)
            each.set_ylim(*_limits(x, mine))
            each.set_title(say(name), loc="left", fontsize=fontsize)
    for each, mine in zip(axes, (unit, processed_unit)):
        draw_paper(each, mine)
        each.tick_params(length=2.5, labelsize=8)
        each.set_ylabel(say("ECG (mV)") if mine == "mV" else say(mine), fontsize=fontsize)
    axes[-1].set_xlabel(say("Time"), fontsize=fontsize)
    if len(axes) == 1:
        axes[0].set_title(say(title), fontsize=fontsize + 2)
    else:
        axes[0].figure.suptitle(say(title), fontsize=fontsize + 2)
    return axes


def plot_prediction_confidence(probabilities, class_names=CLASS_NAMES, confidence_threshold=0.8, ax=None, *, fontsize=9,
                               lang="en"):
    """How sure the model is.

    probabilities: (5,) of one beat: a bar a class; or (n, 5) of n beats: a dot a beat, at the confidence of its label and in
    its colour (rows of NaN, beats that were not classified, are left out). Below `confidence_threshold` bars and dots are
    hollow. Returns the axes."""
    say = words.speaker(lang)
    p = np.asarray(probabilities, float)
    if p.shape[-1:] != (len(class_names),) or p.ndim > 2 or p.size == 0:
        raise ValueError(f"probabilities have shape {p.shape}: give ({len(class_names)},) for a beat or (n, {len(class_names)})")
    p = p[0] if p.shape[0] == 1 and p.ndim == 2 else p
    colors = [CLASS_COLORS.get(name, "#555555") for name in class_names]
    if ax is None:
        _, ax = plt.subplots(figsize=(150 * MM, (60 if p.ndim == 1 else 80) * MM), layout="constrained")
    if p.ndim == 1:
        best = int(p.argmax())
        rows = np.arange(len(p))[::-1]
        sure = p[best] >= confidence_threshold
        for k, row in enumerate(rows):
            hollow = k != best or not sure
            ax.barh(row, p[k], color="none" if hollow else colors[k], edgecolor=colors[k], lw=1.2, height=0.7,
                    ls="--" if k == best and not sure else "-")
            ax.text(p[k] + 0.01, row, f"{p[k]:.1%}", va="center", fontsize=fontsize, weight="bold" if k == best else "normal")
        ax.set_yticks(rows, [f"{name}  {say(CLASS_MEANINGS[name])}" if name in CLASS_MEANINGS else name for name in class_names],
                      fontsize=fontsize)
        ax.set_xlim(0, 1.12)
        ax.set_xticks(np.linspace(0, 1, 6))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0%}"))
        ax.axvline(confidence_threshold, color="#777777", lw=0.8, ls=":", zorder=0)
        ax.set_title(say("Confidence of the prediction: {label}", label=class_names[best]), fontsize=fontsize + 2, loc="left")
        ax.set_xlabel(say("Confidence"), fontsize=fontsize)
    else:
        beat = np.flatnonzero(np.isfinite(p).all(axis=1))
        if len(beat) == 0:
            raise ValueError("probabilities hold no beat that was classified")
        p = p[beat]
        ids, confidence = p.argmax(axis=1), p.max(axis=1)
        for k, name in enumerate(class_names):
            mine = np.flatnonzero(ids == k)
            if len(mine):
                sure = confidence[mine] >= confidence_threshold
                ax.scatter(beat[mine] + 1, confidence[mine], s=16, facecolors=np.where(sure, colors[k], "none"),
                           edgecolors=colors[k], lw=0.9,
                           zorder=3 if name != "N" else 2)
        handles = [Line2D([], [], marker="o", ls="", ms=5, color=colors[k], label=f"{name} {np.sum(ids == k):,}")
                   for k, name in enumerate(class_names) if np.any(ids == k)]
        handles.append(Line2D([], [], marker="o", ls="", ms=5, mfc="none", color="#555555",
                              label=say("below {threshold:.0%} confidence", threshold=confidence_threshold)))
        ax.axhline(confidence_threshold, color="#777777", lw=0.8, ls=":", zorder=0)
        ax.set_ylim(min(0.98 * confidence.min(), confidence_threshold - 0.1, 0.5), 1.02)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0%}"))
        ax.set_xlabel(say("Beat"), fontsize=fontsize)
        ax.set_ylabel(say("Confidence"), fontsize=fontsize)
        ax.set_title(say("Confidence of {n} beats", n=f"{len(p):,}"), fontsize=fontsize + 2, loc="left")
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=6, fontsize=fontsize - 1, frameon=False,
                  handletextpad=0.2, columnspacing=1.2)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=fontsize - 1)
    return ax


def plot_ecg_with_labels(ecg, r_peaks, model=None, sample_rate=360, confidence_threshold=0.8, label_position="top", fontsize=9,
                         ax=None, *, predictions=None, confidence=None, start=0.0, unit="mV", title="", legend=True, lang="en"):
    """An ECG on paper with the label of every beat.

    ecg: (n,) mV at sample_rate Hz; r_peaks: (m,) samples, increasing. Labels come from `model` (whatever inference.load_model
    or load_onnx_model gave), or from `predictions` (m class indices or letters, None where there is none) with `confidence`
    (m,) 0..1. Filled labels are at least `confidence_threshold` sure, hollow ones with a question mark are not. label_position:
    'top', 'bottom' or 'peak' (above each R peak). start: time of the first sample, s. Labels never overlap: they move into up
    to three rows, then those of N beats give way to plain ticks.

    Returns the predictions, one for each R peak: the class index, None for a beat that could not be cut."""
    say = words.speaker(lang)
    ecg, r_peaks = np.asarray(ecg, float), np.asarray(r_peaks, np.int64)
    if label_position not in POSITIONS:
        raise ValueError(f"label_position is {label_position!r}: give one of {', '.join(POSITIONS)}")
    if predictions is None:
        predictions, confidence = predict(ecg, r_peaks, model, sample_rate)
    predictions = [_class_index(p) for p in predictions]
    if len(predictions) != len(r_peaks):
        raise ValueError(f"{len(predictions)} predictions for {len(r_peaks)} R peaks: give one for each")
    confidence = np.full(len(r_peaks), np.nan) if confidence is None else np.asarray(confidence, float)
    low, high = _limits(ecg, unit)
    millivolts = None
    if ax is None:
        seconds = len(ecg) / sample_rate
        if unit == "mV" and seconds <= 20:
            millivolts = high - low + 1.5
            _, ax = paper_figure(seconds, millivolts)
            ax.set_title(say("25 mm/s  10 mm/mV"), loc="right", fontsize=fontsize - 1, color="#555555")
        else:
            _, ax = plt.subplots(figsize=(270 * MM, 90 * MM), layout="constrained")
    ax.set_ylabel(say("ECG (mV)") if unit == "mV" else say(unit), fontsize=fontsize)
    ax.set_xlabel(say("Time"), fontsize=fontsize)
    ax.set_title(title, loc="left", fontsize=fontsize)
    ax.tick_params(length=2.5, labelsize=8)
    if legend:
        _draw_legend(ax, predictions, confidence, confidence_threshold, fontsize, say)
    if ax.figure.get_layout_engine() is not None:       # labels are placed by the size that the axes will have
        ax.figure.draw_without_rendering()
    draw_trace(ax, ecg, sample_rate, start)
    _draw_gaps(ax, ecg, sample_rate, start, say)
    _draw_labels(ax, ecg, r_peaks, predictions, confidence, sample_rate, start, (low, high), confidence_threshold,
                 label_position, fontsize, millivolts)
    draw_paper(ax, unit)
    ax.set_yticks([v for v in ax.get_yticks() if low <= v <= high])
    return predictions


def predict(ecg, r_peaks, model, sample_rate):
    """(predictions, confidence), one for each R peak: class index and its probability; None and NaN where no beat could be
    cut."""
    import inference                                    # torch or onnxruntime, which most figures do without
    if model is None:
        model = inference.load_model()
    rows, positions = beats.extract_beats(ecg, r_peaks, sample_rate)
    predictions, confidence = [None] * len(r_peaks), np.full(len(r_peaks), np.nan)
    if len(rows):
        classify_rows = inference.predict_heartbeat_onnx if hasattr(model, "run") else inference.predict_heartbeat
        ids, sure, _ = classify_rows(model, rows)
        at = np.searchsorted(r_peaks, positions)
        confidence[at] = sure
        for k, label in zip(at, ids):
            predictions[k] = int(label)
    return predictions, confidence


def _class_index(label):
    if label is None or label in ("", "?", -1) or label != label:
        return None
    return CLASS_NAMES.index(label) if isinstance(label, str) else int(label)


def _readable_on(color):
    """Black or white, whichever is read better on `color` (relative luminance as WCAG 2 defines it)."""
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return "black" if linear @ [0.2126, 0.7152, 0.0722] > 0.179 else "white"


def _draw_gaps(ax, ecg, sample_rate, start, say):
    edge = np.flatnonzero(np.diff(np.concatenate([[0], np.isnan(ecg).astype(np.int8), [0]])))
    for a, b in edge.reshape(-1, 2) / sample_rate + start:
        ax.axvspan(a, b, color="#dddddd", lw=0, zorder=0.5)
        if (b - a) / np.ptp(ax.get_xlim()) > 0.1:
            ax.text((a + b) / 2, 0.5, say("signal missing"), transform=ax.get_xaxis_transform(), ha="center", va="center",
                    fontsize=7,
                    color="#555555")


def _lanes(left, right):
    """The lowest of LANES rows in which each label, left to right in pixels, touches none before it; -1 where none is free."""
    ends, lane = np.full(LANES, -np.inf), np.full(len(left), -1)
    for k, (a, b) in enumerate(zip(left, right)):
        free = np.flatnonzero(ends < a)
        if len(free):
            lane[k] = free[0]
            ends[free[0]] = b
    return lane


def _stack(left, right, bottom, height):
    """Heights at which labels above their own peaks (`bottom`) touch none before them. All in pixels."""
    placed = bottom.astype(float)
    for k in range(len(placed)):
        near = [j for j in range(max(k - 12, 0), k) if right[j] > left[k]]
        for j in sorted(near, key=lambda j: placed[j]):
            if placed[k] < placed[j] + height and placed[j] < placed[k] + height:
                placed[k] = placed[j] + height
    return placed


def _draw_labels(ax, ecg, r_peaks, predictions, confidence, sample_rate, start, limits, threshold, position, fontsize,
                 millivolts=None):
    """Class letter in a box and confidence in percent below it, so that none overlap, and a coloured tick at every beat.
    Sets the limits of y so that labels and signal keep apart; to `millivolts` in all, where the paper prescribes it."""
    low, high = limits
    letters = np.array([CLASS_NAMES[p] if p is not None else "–" for p in predictions], dtype=object)
    with np.errstate(invalid="ignore"):
        sure = ~(confidence < threshold) & (letters != "–")
    texts = [letter if ok or letter == "–" else letter + "?" for letter, ok in zip(letters, sure)]
    numbers = [f"{100 * c:.0f}" if np.isfinite(c) else "" for c in confidence]
    x = start + r_peaks / sample_rate
    colors = [CLASS_COLORS.get(letter, "#777777") for letter in letters]
    pixels = ax.transData.transform(np.column_stack([x, np.zeros(len(x))]))[:, 0] if len(x) else x
    point, axes_height = ax.figure.dpi / 72, ax.get_window_extent().height
    small = 0.72 * fontsize

    half = {}                                            # half the width of each text, pixels
    for text, size, pad in {*((t, fontsize, 0.3) for t in texts), *((t, small, 0.1) for t in numbers)}:
        probe = ax.text(0, 0, text, fontsize=size, weight="bold" if size == fontsize else "normal")
        half[text, size] = probe.get_window_extent().width / 2 + pad * size * point
        probe.remove()
    reach = np.array([max(half[t, fontsize], half[n, small]) for t, n in zip(texts, numbers)])
    for shown in (np.arange(len(x)), np.flatnonzero(letters != "N"), np.empty(0, int)):
        lane = _lanes((pixels - reach)[shown], (pixels + reach)[shown]) if len(shown) else np.empty(0, int)
        if np.all(lane >= 0):
            break
    row = (1.8 + (0.95 if any(numbers) else 0)) * fontsize * point
    peak = np.array([np.nanmax(np.append(ecg[max(r - int(0.05 * sample_rate), 0):r + int(0.05 * sample_rate) + 1], low))
                     for r in r_peaks[shown]])
    band = 0.9 * fontsize * point + row * (int(lane.max()) + 1 if len(lane) else 0)         # pixels that the labels need
    for _ in range(3):
        band = min(band, 0.65 * axes_height)
        extra = (high - low) * band / (axes_height - band)
        scale = axes_height / (high - low + extra)
        if position != "peak" or len(shown) == 0:
            break
        height = _stack((pixels - reach)[shown], (pixels + reach)[shown], (np.minimum(peak, high) - low) * scale + 0.4
                        * fontsize * point, row)
        band = max(height.max() + row - (high - low) * scale, 0.1 * axes_height)
    extra = extra if millivolts is None else millivolts - (high - low)
    ax.set_ylim((low - extra, high) if position == "bottom" else (low, high + extra))

    if position != "peak":
        inner = band / axes_height if position == "bottom" else 1 - band / axes_height
        length = (-0.35 if position == "bottom" else 0.35) * fontsize * point / axes_height
        above = np.array([letter != "N" for letter in letters], float)     # a rare beat's tick is not hidden by its neighbours'
        for rare in (0, 1):
            mine = np.flatnonzero(above == rare)
            ax.add_collection(LineCollection([[(x[k], inner), (x[k], inner + length * (1 + rare))] for k in mine], linewidths=1.3,
                                             colors=[colors[k] for k in mine], zorder=2.5, transform=ax.get_xaxis_transform()),
                                             autolim=False)
    for n, k in enumerate(shown):
        if position == "peak":
            base = height[n]
        elif position == "bottom":
            base = 0.3 * fontsize * point + lane[n] * row
        else:
            base = axes_height - 0.3 * fontsize * point - (lane[n] + 1) * row
        where = {"xy": (x[k], base / axes_height), "xycoords": ax.get_xaxis_transform(), "textcoords": "offset points",
                 "ha": "center",
                 "va": "baseline", "zorder": 4, "annotation_clip": True}
        lift = (1.0 if any(numbers) else 0.25) * fontsize
        ax.annotate(texts[k], xytext=(0, lift + 0.2 * fontsize), fontsize=fontsize, weight="bold", **where,
                    color=_readable_on(colors[k]) if sure[k] else INK,
                    bbox={"boxstyle": "round,pad=0.18", "fc": colors[k] if sure[k] else "white", "ec": colors[k], "lw": 1.0,
                          "ls": "-" if sure[k] else (0, (2, 1.5))})
        ax.annotate(numbers[k], xytext=(0, 0.1 * fontsize), fontsize=small, color="#444444", **where)


def _draw_legend(ax, predictions, confidence, threshold, fontsize, say):
    present = [name for k, name in enumerate(CLASS_NAMES) if k in predictions]
    handles = [Patch(fc=CLASS_COLORS[name], ec=CLASS_COLORS[name], label=f"{name} {say(CLASS_MEANINGS[name])}")
               for name in present]
    with np.errstate(invalid="ignore"):
        if np.any(confidence < threshold):
            handles.append(Patch(fc="white", ec="#555555", ls=(0, (2, 1.5)),
                                 label="? " + say("below {threshold:.0%} confidence", threshold=threshold)))
    if None in predictions:
        handles.append(Patch(fc="white", ec="#777777", label="– " + say("no label")))
    if handles:
        columns = int(ax.get_window_extent().width / (ax.figure.dpi / 72) / (14 * fontsize))
        below = matplotlib.transforms.ScaledTranslation(0, -(2.7 * fontsize + 6) / 72, ax.figure.dpi_scale_trans)
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=ax.transAxes + below,
                  ncols=min(max(columns, 1), len(handles)), fontsize=fontsize - 1.5, frameon=False, handlelength=1.1,
                  handleheight=0.9,
                  columnspacing=1.4, borderaxespad=0)


# --------------------------------------------------------------------------------------------------- a recording on pages

def plot_recording(recording, table, start=0.0, seconds=None, confidence_threshold=0.8, label_position="top", fontsize=9,
                   lang="en"):
    """A recording on A4 pages at 25 mm/s and 10 mm/mV, 10 s a line: a generator of (figure, page, pages).

    recording: Recording. table: DataFrame with sample, label and, where known, confidence of every beat. start, seconds: what
    to draw (default: one page). seconds=0: to the end."""
    say = words.speaker(lang)
    fs, n = recording.fs, len(recording.signal)
    if not 0 <= start < n / fs:
        raise InputError(f"--start {start:g}: {recording.name} lasts {n / fs:.1f} s")
    stops = np.arange(int(start * fs), n, int(STRIP * fs))[:360]
    spans = [np.subtract(*_limits(recording.signal[a:a + int(STRIP * fs)], "mV")[::-1]) for a in stops]
    height = min(np.percentile(spans, 90) * MM_PER_MV + 12, 75)      # mm a line, labels included; a wilder line is cut off
    room = A4[1] - 28                                                # head and legend take the rest
    lines = max(int(room / (height + 7) + 0.2), 1)
    height = min(height, room / lines - 7)
    seconds = {None: lines * STRIP, 0: n / fs}.get(seconds, seconds)
    stop = min(start + seconds, n / fs)
    pages = max(int(np.ceil((stop - start) / (lines * STRIP) - 1e-9)), 1)
    sample, labels = table["sample"].to_numpy(), [_class_index(label) for label in table["label"]]
    confidence = table["confidence"].to_numpy(float) if "confidence" in table else np.full(len(table), np.nan)
    for page in range(pages):
        figure = plt.figure(figsize=(A4[0] * MM, A4[1] * MM), facecolor="white")
        top = A4[1] - 14
        for line in range(lines):
            t0 = start + (page * lines + line) * STRIP
            if t0 >= stop:
                break
            t1 = min(t0 + STRIP, stop)
            a, b = int(round(t0 * fs)), int(round(t1 * fs))
            width = (t1 - t0) * MM_PER_S
            bottom = top - height
            ax = figure.add_axes([26 / A4[0], bottom / A4[1], width / A4[0], height / A4[1]])
            first, last = np.searchsorted(sample, [a, b])
            ecg, millivolts = recording.signal[a:b], height / MM_PER_MV
            low, high = _limits(ecg, "mV")
            if high - low > millivolts - 1.0:
                low = np.nanmedian(ecg) - (millivolts - 1.0) / 2
                high = low + millivolts - 1.0
            draw_trace(ax, ecg, fs, t0)
            _draw_gaps(ax, ecg, fs, t0, say)
            _draw_labels(ax, ecg, sample[first:last] - a, labels[first:last], confidence[first:last], fs, t0, (low, high),
                         confidence_threshold, label_position, fontsize, millivolts)
            draw_paper(ax)
            ax.set_yticks([v for v in ax.get_yticks() if low <= v <= high])
            ax.tick_params(labelsize=7)
            top = bottom - 7
        first, last = np.searchsorted(sample, [(start + page * lines * STRIP) * fs, b])
        _draw_legend(ax, labels[first:last], confidence[first:last], confidence_threshold, fontsize, say)
        head = {"fontsize": fontsize, "va": "top"}
        figure.text(26 / A4[0], (A4[1] - 6) / A4[1], f"{recording.name}  {recording.lead}", weight="bold", **head)
        figure.text(150 / A4[0], (A4[1] - 6) / A4[1], say("page {page} of {pages}", page=page + 1, pages=pages), ha="center",
                    **head)
        figure.text(276 / A4[0], (A4[1] - 6) / A4[1], say("25 mm/s  10 mm/mV"), ha="right", **head)
        yield figure, page + 1, pages


# --------------------------------------------------------------------------------------------------- what the model looked at

def occlusion(model, row, target=None, width=13):
    """How much each part of a beat speaks for its label (occlusion: Zeiler and Fergus 2014).

    A window of `width` samples (13: 108 ms) is replaced by the straight line between its ends, at every place in turn; what is
    measured is the loss in log-odds of class `target` (default: the predicted one). It asks the model for its answer only, so
    that PyTorch and ONNX are explained alike. row: (187,) in 0..1 as ecg.beats cuts it. Returns (importance (187,), target,
    confidence). The zero padding after the beat is never occluded: its importance is 0."""
    import inference
    classify_rows = inference.predict_heartbeat_onnx if hasattr(model, "run") else inference.predict_heartbeat
    row = np.asarray(row, np.float32).reshape(-1)
    n = int(np.flatnonzero(row)[-1]) + 1 if row.any() else 0
    half = width // 2
    at = np.arange(len(row))
    first, last = np.maximum(np.arange(n) - half, 0), np.minimum(np.arange(n) + half, max(n - 1, 0))
    lines = row[first, None] + (row[last] - row[first])[:, None] * (at - first[:, None]) / np.maximum(last - first, 1)[:, None]
    hidden = np.where((at >= first[:, None]) & (at <= last[:, None]), lines, row).astype(np.float32)
    _, _, p = classify_rows(model, np.vstack([row, hidden]))
    p = np.clip(np.asarray(p, float), 1e-7, 1 - 1e-7)
    target = int(p[0].argmax()) if target is None else int(target)
    odds = np.log(p[:, target] / (1 - p[:, target]))
    importance = np.zeros(len(row))
    importance[:n] = odds[0] - odds[1:]
    return importance, target, float(p[0, target])


def plot_saliency(row, importance, label, confidence=None, ax=None, *, title="", fontsize=9, lang="en"):
    """A beat, coloured by what each part means for its label: warm where it speaks for it, blue where against.

    row, importance: (187,), as occlusion() gives them; label: class letter or index. Returns the axes."""
    say = words.speaker(lang)
    label = label if isinstance(label, str) else CLASS_NAMES[label]
    n = int(np.flatnonzero(row)[-1]) + 1 if np.any(row) else len(row)
    if ax is None:
        _, ax = plt.subplots(figsize=(110 * MM, 65 * MM), layout="constrained")
    t = np.arange(n) / beats.ROW_FS
    limit = max(np.abs(importance[:n]).max(), 1e-6)
    norm, cmap = matplotlib.colors.Normalize(-limit, limit), plt.get_cmap("PuOr_r")
    ax.imshow(importance[None, :n], extent=(-0.5 / beats.ROW_FS, (n - 0.5) / beats.ROW_FS, -0.08, 1.08), aspect="auto",
              cmap=cmap, norm=norm, zorder=1, interpolation="bilinear")
    ax.plot(t, row[:n], color="white", lw=3.2, zorder=2)
    ax.plot(t, row[:n], color=INK, lw=1.3, zorder=3)
    ax.set(ylim=(-0.08, 1.08), xlim=(0, t[-1]), yticks=[])
    sure = "" if confidence is None else f"  {confidence:.0%}"
    ax.set_title((title + "  " if title else "") + f"{label}{sure}", fontsize=fontsize, loc="left")
    ax.set_xlabel(say("Time (s)"), fontsize=fontsize)
    ax.tick_params(labelsize=fontsize - 1)
    return ax


# --------------------------------------------------------------------------------------------------- errors and data set

def load_rows(data, split):
    """(take, y (n,), manifest) of a split in data/processed_data; take(index) gives those rows (k, 187), in 0..1 as they were
    cut."""
    manifest = artifacts.load_manifest(data)
    x, y = artifacts.load_split(data, split)
    mean, scale = (np.asarray(manifest["scaler"][key]) for key in ("mean", "scale"))
    return (lambda index: np.asarray(x[index][:, :, 0], float) * scale + mean), np.asarray(y), manifest


def plot_errors(predictions, rows, confusions=6, examples=4, fs=beats.SOURCE_FS, *, fontsize=8, lang="en"):
    """The most frequent confusions as small multiples: a line a confusion, its surest mistakes from the left.

    predictions: DataFrame of evaluate.py (true, predicted, p_N .. p_Q, and record, sample, row where known). rows: (k, 187)
    array or a function of row numbers that gives one. fs: Hz of `sample`. Returns the figure."""
    say = words.speaker(lang)
    true, predicted = (predictions[c].map(_class_index).to_numpy() for c in ("true", "predicted"))
    p = predictions[[f"p_{name}" for name in CLASS_NAMES]].to_numpy(float)
    take = rows if callable(rows) else (lambda index: np.asarray(rows)[index])
    wrong = np.flatnonzero(true != predicted)
    if len(wrong) == 0:
        raise InputError("there is no error among these predictions, so nothing to draw")
    pairs = pd.Series(list(zip(true[wrong], predicted[wrong]))).value_counts().head(confusions)
    figure, axes = plt.subplots(len(pairs), examples, figsize=(examples * 62 * MM, (len(pairs) * 33 + 12) * MM),
                                layout="constrained", squeeze=False)
    for line, ((a, b), count) in zip(axes, pairs.items()):
        mine = wrong[(true[wrong] == a) & (predicted[wrong] == b)]
        mine = mine[np.argsort(-p[mine, b], kind="stable")][:examples]
        for ax in line:
            ax.axis("off")
        for ax, k, row in zip(line, mine, take(predictions["row"].to_numpy()[mine] if "row" in predictions else mine)):
            ax.axis("on")
            n = int(np.flatnonzero(np.abs(row) > 1e-6)[-1]) + 1 if np.abs(row).max() > 1e-6 else len(row)
            ax.plot(np.arange(n) / beats.ROW_FS, row[:n], color=CLASS_COLORS[CLASS_NAMES[a]], lw=1.1)
            ax.set(yticks=[], ylim=(-0.05, 1.05))
            ax.tick_params(labelsize=fontsize - 2, length=2)
            ax.spines[["top", "right", "left"]].set_visible(False)
            where = say("row {row}", row=int(predictions["row"].iloc[k]) if "row" in predictions else int(k))
            if "record" in predictions and pd.notna(predictions["record"].iloc[k]) and predictions["sample"].iloc[k] >= 0:
                where = f"{predictions['record'].iloc[k]}  {clock(predictions['sample'].iloc[k] / fs, 1)}"
            ax.set_title(f"{where}   {CLASS_NAMES[b]} {p[k, b]:.0%}, {CLASS_NAMES[a]} {p[k, a]:.0%}", fontsize=fontsize - 1,
                         loc="left")
        line[0].set_ylabel(f"{CLASS_NAMES[a]} → {CLASS_NAMES[b]}\n{count:,}", fontsize=fontsize + 2, rotation=0, ha="right",
                           va="center", labelpad=10)
    figure.supxlabel(say("Time (s)"), fontsize=fontsize)
    figure.suptitle(say("The most frequent confusions") + " (" + say("true → predicted, number of beats; surest mistakes first")
                    + ")",
                    fontsize=fontsize + 2)
    return figure


def errors_page(path, data, style):
    """plot_errors() of a file of evaluate.py: data/evaluation/PROTOCOL/NAME_SPLIT.csv."""
    artifacts.require(path, "python evaluate.py")
    try:
        table = pd.read_csv(path, dtype={"record": str, "true": str, "predicted": str})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError):
        raise InputError(f"{path} is no table of predictions: evaluate.py writes one") from None
    missing = {"row", "true", "predicted", *(f"p_{name}" for name in CLASS_NAMES)} - set(table.columns)
    split = path.stem.rsplit("_", 1)[-1]
    if missing or split not in artifacts.SPLITS:
        raise InputError(f"{path} is no table of predictions (NAME_val.csv or NAME_test.csv of evaluate.py)"
                         + (f": it lacks {', '.join(sorted(missing))}" if missing else ""))
    take, y, _ = load_rows(data, split)
    if len(y) != len(table) or np.any(y != table["true"].map(_class_index)):
        raise InputError(f"{path} belongs to other rows than those in {artifacts.processed(data)}: run evaluate.py again")
    return plot_errors(table, take, **style)


def plot_dataset(data="data", per_class=20, seed=0, *, fontsize=9, lang="en"):
    """Class counts of data/processed_data before and after SMOTE, and `per_class` real training rows of each class. Returns the
    figure."""
    say = words.speaker(lang)
    take, y, manifest = load_rows(data, "train")
    y = y[:manifest["n_real"]]                                       # the rest are SMOTE's
    rng = np.random.default_rng(seed)
    figure = plt.figure(figsize=(297 * MM, 190 * MM), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.5))
    ax = upper.subplots()
    names = {"train": "train", "train+SMOTE": "train with SMOTE", "val": "validation", "test": "test"}
    steps = [step for step in names if step in manifest["counts"]]
    for k, (step, hatch, alpha) in enumerate(zip(steps, ("", "///", "", ""), (1, 0.35, 0.7, 0.45))):
        counts = [manifest["counts"][step][name] for name in CLASS_NAMES]
        x = np.arange(5) + (k - (len(steps) - 1) / 2) * 0.8 / len(steps)
        ax.bar(x, counts, 0.76 / len(steps), color=[(*matplotlib.colors.to_rgb(CLASS_COLORS[name]), alpha)
                                                    for name in CLASS_NAMES], hatch=hatch,
               edgecolor=[CLASS_COLORS[name] for name in CLASS_NAMES], lw=0.6)
        for at, count in zip(x, counts):
            ax.text(at, max(count, 0.8) * 1.12, f"{count:,}", ha="center", fontsize=fontsize - 2.5)
    ax.set_yscale("log")
    ax.set_ylim(0.8, ax.get_ylim()[1] * 3)
    ax.set_xticks(np.arange(5), [f"{name}\n{say(CLASS_MEANINGS[name])}" for name in CLASS_NAMES], fontsize=fontsize - 1)
    ax.set_ylabel(say("Beats"), fontsize=fontsize)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(handles=[Patch(fc=("#555555", alpha), ec="#555555", hatch=hatch, label=say(names[step]))
                       for step, hatch, alpha in zip(steps, ("", "///", "", ""), (1, 0.35, 0.7, 0.45))], fontsize=fontsize - 1,
              frameon=False, ncols=len(steps), loc="lower right", bbox_to_anchor=(1, 1))
    about = say("source {source}, protocol {protocol}", source=manifest["source"], protocol=manifest["protocol"])
    about += f" ({say('synthetic')})" if manifest.get("synthetic") else ""
    ax.set_title(f"{say('Beats per class')}: {about}", fontsize=fontsize + 2, loc="left")
    lower.suptitle(say("{n} rows a class, none of them SMOTE's", n=per_class), fontsize=fontsize + 2, x=0.01, ha="left")
    for c, (ax, name) in enumerate(zip(lower.subplots(len(CLASS_NAMES), 1, sharex=True, sharey=True), CLASS_NAMES)):
        mine = np.flatnonzero(y == c)
        mine = np.sort(rng.choice(mine, min(per_class, len(mine)), replace=False))
        for k, row in enumerate(take(mine)):
            end = max(int(np.flatnonzero(np.abs(row) > 1e-6)[-1]) + 1 if np.abs(row).max() > 1e-6 else 0, 2)
            ax.plot(np.arange(end) + 1.1 * beats.WIDTH * k, row[:end], color=CLASS_COLORS[name], lw=0.8)
        ax.axis("off")
        ax.set(xlim=(0, 1.1 * beats.WIDTH * per_class), ylim=(-0.08, 1.08))
        ax.text(-0.005, 0.5, name, transform=ax.transAxes, ha="right", va="center", fontsize=fontsize + 2, weight="bold",
                color=CLASS_COLORS[name])
    return figure


# --------------------------------------------------------------------------------------------------- the stage

def has_window():
    """Whether plt.show() opens a window here (not on a machine without display, nor in a notebook)."""
    return matplotlib.get_backend().lower() in {name.lower() for name in matplotlib.backends.backend_registry.list_builtin(
        matplotlib.backends.BackendFilter.INTERACTIVE)}


def finish(figures, save, fallback, dpi=150):
    """Write figures (figure, page, pages) to `save` (.png, .svg: a file a page; .pdf: all pages in one), or show them in
    windows, or without a display write them to `fallback`. Returns the paths written."""
    if save is None and has_window():
        for figure, _, _ in figures:
            plt.show()
            plt.close(figure)
        return []
    path = Path(save or fallback)
    kind = path.suffix.lower()
    if kind not in (".png", ".svg", ".pdf"):
        raise InputError(f"--save {path}: figures are written as .png, .svg or .pdf")
    written = []
    if kind == ".pdf":
        with artifacts.writing(path) as temporary:
            with PdfPages(temporary) as book:
                for figure, _, _ in figures:
                    book.savefig(figure)
                    plt.close(figure)
        written.append(path)
    else:
        for figure, page, pages in figures:
            one = path if pages == 1 else path.with_name(f"{path.stem}-{page:0{len(str(pages))}d}{path.suffix}")
            with artifacts.writing(one) as temporary:
                figure.savefig(temporary, dpi=dpi)
            plt.close(figure)
            written.append(one)
    for one in written:
        print(f"figure: {one}")
    return written


def labelled(args, recording):
    """Table of the recording's beats: from an annotation file (--labels), else from the model. At least sample and label."""
    if args.labels:
        samples, symbols, _ = records.read_annotation(args.file, args.labels)
        classes = beats.classes_of(symbols)
        return pd.DataFrame({"sample": samples[classes >= 0], "label": [CLASS_NAMES[c] for c in classes[classes >= 0]]})
    import inference                                    # torch or onnxruntime, which most figures do without
    return inference.classify(recording.signal, recording.fs, args.model, second=recording.second)


def demo(args):
    """The tutorial's three figures: denoising, labels, confidence, on a synthetic ECG of ten seconds."""
    import inference
    from clean_ECG import preprocess_ecg_signal
    from Noisy_ECG_Signal import generate_noisy_ecg
    fs = 360
    _, _, noisy = generate_noisy_ecg(fs, 10)
    style = {"fontsize": args.fontsize, "lang": args.lang}
    axes = plot_ecg_comparison(noisy, preprocess_ecg_signal(noisy, fs), fs, processed_unit="z-score", **style)
    yield axes[0].figure, 1, 3
    table = inference.classify(noisy, fs)
    figure, ax = paper_figure(10, 6)
    plot_ecg_with_labels(noisy, table["sample"], None, fs, args.threshold, args.label_position,
                         predictions=table["label"].tolist(),
                         confidence=table["confidence"], ax=ax, **style)
    yield figure, 2, 3
    yield plot_prediction_confidence(table[[f"p_{name}" for name in CLASS_NAMES]], confidence_threshold=args.threshold,
                                     **style).figure, 3, 3


def saliency_page(recording, table, model, start, fontsize=9, lang="en", count=8):
    """What the model looked at in the `count` beats from `start` seconds on. Returns the figure."""
    say = words.speaker(lang)
    peaks = table["sample"].to_numpy()
    rows, positions = beats.extract_beats(recording.signal, peaks, recording.fs)
    mine = np.flatnonzero(positions >= start * recording.fs)[:count]
    if len(mine) == 0:
        raise InputError(f"--start {start:g}: {recording.name} has no beat from there on")
    figure, axes = plt.subplots(-(-len(mine) // 4), 4, figsize=(A4[0] * MM, (-(-len(mine) // 4) * 62 + 16) * MM),
                                layout="constrained", squeeze=False)
    for ax in axes.flat[len(mine):]:
        ax.axis("off")
    for ax, k in zip(axes.flat, mine):
        importance, label, confidence = occlusion(model, rows[k])
        plot_saliency(rows[k], importance, label, confidence, ax, title=clock(positions[k] / recording.fs, 1),
                      fontsize=fontsize, lang=lang)
    bar = figure.colorbar(axes.flat[0].images[0], ax=axes, orientation="horizontal", fraction=0.04, pad=0.03, aspect=60, ticks=[])
    bar.set_label("← " + say("speaks against the label") + "      " + say("speaks for the label") + " →", fontsize=fontsize)
    figure.suptitle(f"{say('What the model looked at')}: {recording.name}, {recording.lead}", fontsize=fontsize + 2)
    return figure


# record -> (title, start in s of ten seconds worth a look)
GALLERY = {"100": ("MIT-BIH 100, its one ventricular beat", 1514), "119": ("MIT-BIH 119, bigeminy", 1329),
           "208": ("MIT-BIH 208, ventricular and fusion beats", 60), "233": ("MIT-BIH 233, a run of ventricular beats", 583),
           "118e12": ("MIT-BIH 118 with electrode motion at 12 dB", 310)}


def gallery(folder, source, args):
    """The pictures of docs/gallery.md: ten seconds each of MIT-BIH records in `source` and of the noisy one there or in nstdb/
    beside it, what the model looked at in four beats of 208, and the data set where there is one."""
    for name, (title, start) in GALLERY.items():
        path = next((p for p in (source / name, source.parent / "nstdb" / name) if p.with_suffix(".hea").exists()), source / name)
        recording = records.read_recording(path, second=args.second)
        args.file = path
        table = labelled(args, recording)
        a, b = int(start * recording.fs), int((start + STRIP) * recording.fs)
        table = table[(table["sample"] >= a) & (table["sample"] < b)]
        plot_ecg_with_labels(recording.signal[a:b], table["sample"] - a, None, recording.fs, args.threshold, args.label_position,
                             args.fontsize, predictions=table["label"].tolist(), confidence=table.get("confidence"), start=start,
                             title=f"{title}, {recording.lead}", lang=args.lang)
        finish([(plt.gcf(), 1, 1)], folder / f"gallery_{name}.png", None, dpi=110)
        if name == "208" and not args.labels:
            import inference
            figure = saliency_page(recording, table, inference.load_model(), start, args.fontsize, args.lang, count=4)
            finish([(figure, 1, 1)], folder / "gallery_saliency.png", None, dpi=110)
    if (artifacts.processed(args.data) / "manifest.json").exists():
        finish([(plot_dataset(args.data, fontsize=args.fontsize, lang=args.lang), 1, 1)], folder / "gallery_dataset.png", None, dpi=100)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("file", nargs="?", help="recording: WFDB, EDF, CSV, NPY (default: the tutorial's demo)")
    records.add_options(parser)
    records.add_second(parser)
    parser.add_argument("--labels", metavar="EXT",
                        help="draw this annotation of the record (atr, cor, cnn) instead of the model's labels")
    parser.add_argument("--model", default="auto", help="model that labels, as for inference.py; --saliency explains a model of single "
                                                        "beats, self unless one is named")
    parser.add_argument("--start", type=float, default=0, help="first second drawn")
    parser.add_argument("--seconds", type=float, help="how many seconds; 0: to the end (default: one page)")
    parser.add_argument("--saliency", action="store_true", help="what the model looked at, in eight beats from --start on")
    parser.add_argument("--dataset", action="store_true", help="class counts and real rows of DATA/processed_data")
    parser.add_argument("--errors", metavar="CSV",
                        help="the most frequent confusions among the predictions that evaluate.py wrote")
    parser.add_argument("--gallery", metavar="DIR",
                        help="write the documentation's pictures there, from the MIT-BIH records in --records")
    parser.add_argument("--records", default="data/mitdb", metavar="DIR", help="MIT-BIH records for --gallery")
    parser.add_argument("--save", metavar="FILE",
                        help=".png, .svg or .pdf (default: a window, without a display a .png in the working directory)")
    parser.add_argument("--threshold", type=float, default=0.8, help="confidence below which a label is drawn hollow, 0..1")
    parser.add_argument("--label-position", choices=POSITIONS, default="top", help="where the labels stand")
    parser.add_argument("--fontsize", type=float, default=9, help="points")
    parser.add_argument("--lang", choices=words.LANGUAGES, default="en", help="language of the figures")
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data")
    args = parser.parse_args(argv)
    if not 0 <= args.threshold <= 1:
        raise InputError(f"--threshold {args.threshold:g}: give a confidence from 0 to 1")
    if args.fontsize <= 0 or args.start < 0 or (args.seconds or 0) < 0:
        raise InputError("--fontsize must be above 0, --start and --seconds not below")
    if not (args.file or args.gallery) and (args.saliency or args.labels):
        raise InputError(f"{'--saliency' if args.saliency else '--labels'} is about a recording: name its file")
    if args.save and Path(args.save).suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError(f"--save {args.save}: figures are written as .png, .svg or .pdf")
    args.lang, font = words.figure_language(args.lang)
    args.data = artifacts.locate(args.data)
    style = {"fontsize": args.fontsize, "lang": args.lang}
    with plt.rc_context(font):
        if args.gallery:
            return gallery(Path(args.gallery), Path(args.records), args)
        if args.dataset:
            figures, name = [(plot_dataset(args.data, **style), 1, 1)], "dataset.png"
        elif args.errors:
            figures, name = [(errors_page(Path(args.errors), args.data, style), 1, 1)], "errors.png"
        elif args.file:
            recording = records.read_recording(args.file, args.lead, args.fs, args.unit, args.second)
            table = labelled(args, recording)
            name = f"{recording.name}.png"
            if args.saliency:
                import inference
                model = inference.load_model(None if args.model == "auto" else args.model)
                if inference.is_context(model.card):
                    raise InputError(f"--saliency --model {args.model}: that one judges beats in a row; name a model of single beats, such as residual")
                figures = [(saliency_page(recording, table, model, args.start, **style), 1, 1)]
            else:
                figures = plot_recording(recording, table, args.start, args.seconds, args.threshold, args.label_position, **style)
        else:
            figures, name = demo(args), "ecg.png"
        finish(figures, args.save, name)


if __name__ == "__main__":
    artifacts.run(main)
