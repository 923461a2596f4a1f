"""A whole recording in one picture: heart rate, below it the rhythm, and the ectopic beats."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from ecg import translations
from ecg.beats import CLASS_COLORS
from ecg.clock import clock_of
from ecg.figures.paper import A4, MM
from ecg.figures.rhythm import draw_rhythm, rhythm_handles
from ecg.formats.recording import Recording
from ecg.rhythm.names import RHYTHM_MEANINGS, episodes_of
from ecg.tachogram import rate_over_time

COLOR = "#0b5cad"  # of the heart rate
ECTOPIC = ("V", "S", "F")
# s between labels of time
TIME_STEPS = (5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
MOST_LABELS = 12


def plot_timeline(
    recording: Recording,
    table: pd.DataFrame,
    summary: dict,
    *,
    fontsize: float = 9,
    lang: str = "en",
) -> Figure:
    """Heart rate, rhythm and ectopic beats of a whole recording.

    table: its beats, with sample and label, whose attrs may hold `unreadable` and `rhythm` (of
    ecg.rhythm.track.Rhythm.as_dict). summary: ecg.holter.summary of them. In a recording of more
    than ten minutes the line is the mean of each minute and the area the lowest and highest mean of
    8 intervals in it; in a shorter one every RR interval is a dot. Returns the figure."""
    translate = translations.translator(lang)
    figure = plt.figure(figsize=(A4[0] * MM, 100 * MM), layout="constrained", facecolor="white")
    rhythm = table.attrs.get("rhythm")
    episodes = episodes_of(rhythm)
    heights = (10, 1.3 if episodes else 0.01, 2.4)
    top, band, below = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    duration = max(summary["duration_s"], 1e-9)
    top.set_xlim(0, duration)
    _draw_rate(top, table, summary, recording.fs, fontsize, translate)
    _draw_beats(below, table, recording.fs)
    _time_axis(below, clock_of(recording.facts, duration), duration)
    top.set_title(_title(recording, rhythm, translate), loc="left", fontsize=fontsize + 1)
    for ax in (top, below):
        ax.tick_params(labelsize=fontsize - 1.5, length=2.5)
    band.axis("off")
    figure.draw_without_rendering()  # names are placed by the size that the axes will have
    shown = draw_rhythm(band, episodes, (0.0, 1.0), translate, fontsize - 2)
    if shown:
        handles = rhythm_handles(shown, translate)
        looks = {"ncols": len(handles), "fontsize": fontsize - 1.5, "frameon": False}
        figure.legend(handles=handles, loc="outside lower center", **looks)
    return figure


def _title(recording, rhythm, translate):
    parts = [recording.name, recording.lead, translate("Heart rate and rhythm")]
    if rhythm and rhythm.get("of_recording"):
        parts.append(translate(RHYTHM_MEANINGS[rhythm["of_recording"]]))
    return "   ".join(part for part in parts if part)


def _draw_rate(ax: Axes, table, summary, fs, fontsize, translate):
    """The heart rate, and where nothing can be read."""
    unreadable = table.attrs.get("unreadable", [])
    rate = rate_over_time(table, summary, unreadable, fs)
    for start, stop, *_ in unreadable:
        ax.axvspan(start / fs, stop / fs, color="#dddddd", lw=0, zorder=0.5)
    if np.isfinite(rate.lowest).any():
        ax.fill_between(rate.t, rate.lowest, rate.highest, color=COLOR, alpha=0.2, lw=0)
        ax.plot(rate.t, rate.mean, color=COLOR, lw=1.2)
    else:
        ax.plot(rate.t, rate.mean, ".", color=COLOR, ms=3)
    ax.set_ylim(rate.limits())
    ax.set_ylabel(translate("beats/min"), fontsize=fontsize)
    ax.grid(color="#dddddd", lw=0.5)
    ax.spines[["top", "right"]].set_visible(False)


def _draw_beats(ax: Axes, table, fs):
    """A tick at each ectopic beat, a row a class."""
    seconds, labels = table["sample"].to_numpy() / fs, table["label"].to_numpy()
    rows = [name for name in ECTOPIC if (labels == name).any()]
    for k, name in enumerate(reversed(rows)):
        ax.vlines(seconds[labels == name], k + 0.1, k + 0.9, color=CLASS_COLORS[name], lw=0.7)
    ax.set_ylim(0, max(len(rows), 1))
    ax.set_yticks(np.arange(len(rows)) + 0.5, list(reversed(rows)))
    ax.spines[["top", "right", "left"]].set_visible(False)


def _time_axis(ax: Axes, clock, duration):
    """Times at round moments of the clock, where it is known."""
    step = next((s for s in TIME_STEPS if duration / s <= MOST_LABELS), TIME_STEPS[-1])
    texts = dict(clock.ticks(0.0, duration, step))
    ax.xaxis.set_major_locator(FixedLocator(list(texts)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: texts.get(v) or clock(v)))
