"""ECG paper and the trace on it: 25 mm/s and 10 mm/mV."""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike

from ecg.clock import Clock

MM = 1 / 25.4  # inches
MM_PER_S, MM_PER_MV = 25, 10
A4 = (297, 210)  # mm, landscape
LINE_S = 10  # seconds a line of paper
PAPER, FINE, BOLD = "#ffffff", "#f6dcd8", "#e7aaa2"  # the paper and its lines at 1 mm and 5 mm
INK = "#111111"

# Distances of the paper's lines, s and mV: the first two that are not too close are drawn
TIME_STEPS = (0.04, 0.2, 1, 5, 30, 300, 1800)
VOLTAGE_STEPS = (0.1, 0.5, 1, 5)
CLOSEST = 3.5  # pixels between two lines
# Distances of the labels of time, s: the first that leaves each label its room
LABEL_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
LABEL_ROOM, CLOCK_ROOM = 38, 48  # points: of '1:05:00', of '21:56:26'


def paper_figure(seconds: float = LINE_S, millivolts: float = 3.0) -> tuple[Figure, Axes]:
    """A figure of one axes in which 1 s is 25 mm and 1 mV is 10 mm when it is printed at its size.

    Returns (figure, ax)."""
    width, height = seconds * MM_PER_S, millivolts * MM_PER_MV
    left, right, bottom, top = 16, 6, 20, 9
    page = (left + width + right, bottom + height + top)
    figure = plt.figure(figsize=(page[0] * MM, page[1] * MM))
    ax = figure.add_axes((left / page[0], bottom / page[1], width / page[0], height / page[1]))
    return figure, ax


def draw_paper(ax: Axes, unit: str = "mV", clock: Clock = Clock()) -> None:
    """Lines of ECG paper, every 1 mm and 5 mm (0.04 s and 0.2 s; 0.1 and 0.5 mV), within the limits
    of `ax`; where they would lie too close on the screen, the next coarser ones. Time at whole
    seconds, of `clock`. With another unit than mV there are no voltage lines."""
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    box = ax.get_window_extent()
    origin = clock.first or 0.0
    _rule(ax, TIME_STEPS, x0, x1, box.width, lambda v: [(v, y0), (v, y1)], origin)
    if unit == "mV":
        _rule(ax, VOLTAGE_STEPS, y0, y1, box.height, lambda v: [(x0, v), (x1, v)])
    ax.set_facecolor(PAPER)
    labels = box.width * 72 / ax.figure.dpi / (CLOCK_ROOM if clock.known else LABEL_ROOM)
    step = next((s for s in LABEL_STEPS if (x1 - x0) / s < labels), LABEL_STEPS[-1])
    texts = dict(clock.ticks(x0, x1, step))
    ax.set_xticks(list(texts))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: texts.get(v) or clock(v)))
    for side in ax.spines.values():
        side.set_color(BOLD)
        side.set_linewidth(0.6)


def _rule(ax, steps, low, high, pixels, line, origin=0.0):
    """Fine and bold lines between low and high, at whole steps from -origin on; line(value): the
    ends of the one at a value."""
    wide = [step for step in steps if pixels * step / (high - low) >= CLOSEST][:2]
    for step, color, lw, z in zip(wide, (FINE, BOLD), (0.4, 0.6), (0.1, 0.2)):
        first = np.ceil((low + origin) / step - 1e-9)
        at = np.arange(first, np.floor((high + origin) / step + 1e-9) + 1) * step - origin
        lines = LineCollection([line(v) for v in at], colors=color, linewidths=lw, zorder=z)
        ax.add_collection(lines, autolim=False)


def draw_trace(
    ax: Axes,
    ecg: ArrayLike,
    sample_rate: float,
    start: float = 0.0,
    color: str = INK,
    lw: float = 0.8,
    **line: Any,
) -> Line2D:
    """Draw `ecg` (n,) over time from `start` seconds on.

    Where several samples fall on a pixel, their minimum and maximum are drawn, so that no QRS is
    lost; missing samples (NaN) are a gap. sample_rate in Hz; **line goes to ax.plot. Sets the
    limits of x; returns the line."""
    ecg = np.asarray(ecg, float)
    ax.set_xlim(start, start + max(len(ecg), 2) / sample_rate)
    t = start + np.arange(len(ecg)) / sample_rate
    per_pixel = int(len(ecg) / max(ax.get_window_extent().width * 2, 1))
    if per_pixel >= 4:
        n = len(ecg) // per_pixel * per_pixel
        t, ecg = np.repeat(t[:n:per_pixel], 2), _extremes(ecg[:n].reshape(-1, per_pixel))
        lw = min(lw, 0.5)
    return ax.plot(t, ecg, color=color, lw=lw, solid_joinstyle="round", zorder=2, **line)[0]


def _extremes(blocks):
    """Minimum and maximum of each row of (k, m), in turn (2k,); NaN where all of it is NaN."""
    missing = np.isnan(blocks)
    none = missing.all(axis=1)
    low = np.where(none, np.nan, np.where(missing, np.inf, blocks).min(axis=1))
    high = np.where(none, np.nan, np.where(missing, -np.inf, blocks).max(axis=1))
    return np.column_stack([low, high]).ravel()


def y_limits(ecg: ArrayLike, unit: str, least: float = 1.5) -> tuple[float, float]:
    """Limits of y that hold the signal but not a single wild artefact; when the unit is mV, on
    whole 5 mm lines and at least `least` mV apart."""
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


def signal_label(unit: str, translate: Callable[..., str]) -> str:
    """What the axis of a signal in `unit` is called."""
    return translate("ECG (mV)") if unit == "mV" else translate(unit)
