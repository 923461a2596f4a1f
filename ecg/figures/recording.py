"""A whole recording on pages of paper."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ecg import translations
from ecg.artifacts import InputError
from ecg.clock import clock_of
from ecg.facts import start_text
from ecg.figures import Page
from ecg.figures.beat_labels import BeatLabels
from ecg.figures.label_layout import LabelStyle
from ecg.figures.labels import Stretch, draw_legend, draw_stretch
from ecg.figures.paper import A4, LINE_S, MM, MM_PER_MV, MM_PER_S, y_limits
from ecg.figures.rhythm import draw_rhythm, rhythm_handles
from ecg.formats.recording import Recording
from ecg.rhythm.names import RHYTHM_MEANINGS, episodes_of

# On an A4 page, mm
LEFT = 26
HEAD = 14  # from the top edge to the first line
HEAD_AND_LEGEND = 28
BETWEEN = 7  # two lines
LABELS = 12  # of the height of a line
RHYTHM = 3  # of it, where the rhythm is known
HIGHEST = 75  # line; a wilder signal is cut off
LINES_MEASURED = 360  # an hour of lines decides the height of all


def plot_recording(
    recording: Recording,
    table: pd.DataFrame,
    start: float = 0.0,
    seconds: float | None = None,
    confidence_threshold: float = 0.8,
    label_position: str = "top",
    fontsize: float = 9,
    lang: str = "en",
) -> Iterator[Page]:
    """A recording on A4 pages at 25 mm/s and 10 mm/mV, 10 s a line, one page after the other.

    table: DataFrame with sample, label and, where known, confidence of every beat; where its attrs
    hold `rhythm` (of ecg.rhythm.track.Rhythm.as_dict), that is a band in each line. start, seconds:
    what to draw (default: one page). seconds=0: to the end. confidence_threshold, label_position,
    fontsize: as of LabelStyle. Raises InputError for a start outside the recording."""
    translate = translations.translator(lang)
    style = LabelStyle(confidence_threshold, label_position, fontsize)
    duration = len(recording.signal) / recording.fs
    if not 0 <= start < duration:
        raise InputError(f"--start {start:g}: {recording.name} lasts {duration:.1f} s")
    rhythm = table.attrs.get("rhythm")
    band = RHYTHM if episodes_of(rhythm) else 0
    lines, height = _page_layout(recording, start, band)
    if seconds is None:
        seconds = lines * LINE_S
    stop = min(start + seconds, duration) if seconds else duration
    pages = max(int(np.ceil((stop - start) / (lines * LINE_S) - 1e-9)), 1)
    labels = BeatLabels.of_table(table)
    for page in range(pages):
        figure = plt.figure(figsize=(A4[0] * MM, A4[1] * MM), facecolor="white")
        starts = [start + (page * lines + line) * LINE_S for line in range(lines)]
        spans = [(first, min(first + LINE_S, stop)) for first in starts if first < stop]
        axes = _draw_page(figure, recording, labels, spans, (height, band), style, translate)
        place = (0 if style.position != "bottom" else 1 - band / height), band / height
        shown = {
            name: None
            for ax in axes
            for name in draw_rhythm(ax, episodes_of(rhythm), place, translate)
        }
        here = labels.between(*(int(round(s * recording.fs)) for s in (spans[0][0], spans[-1][1])))
        draw_legend(axes[-1], here, style, translate, rhythm_handles(shown, translate))
        number = translate("page {page} of {pages}", page=page + 1, pages=pages)
        name = _head(recording, starts[0], rhythm, translate)
        _draw_head(figure, name, number, fontsize, translate)
        yield Page(figure, page + 1, pages)


def _page_layout(recording, start, band):
    """(lines a page, height of a line in mm, labels and the `band` of the rhythm included)."""
    step = int(LINE_S * recording.fs)
    starts = range(int(start * recording.fs), len(recording.signal), step)[:LINES_MEASURED]
    limits = [y_limits(recording.signal[a : a + step], "mV") for a in starts]
    spans = [high - low for low, high in limits]
    height = min(np.percentile(spans, 90) * MM_PER_MV + LABELS + band, HIGHEST)
    room = A4[1] - HEAD_AND_LEGEND
    lines = max(int(room / (height + BETWEEN) + 0.2), 1)
    return lines, min(height, room / lines - BETWEEN)


def _draw_page(figure, recording, labels, spans, heights, style, translate):
    """The axes of the lines of a page, (first, last) second each. heights: of a line, and of the
    band of the rhythm in it, which stays free, in mm."""
    fs, top = recording.fs, A4[1] - HEAD
    height, band = heights
    axes = []
    clock = clock_of(recording.facts, len(recording.signal) / fs)
    for first, last in spans:
        bottom, width = top - height, (last - first) * MM_PER_S
        ax = figure.add_axes([LEFT / A4[0], bottom / A4[1], width / A4[0], height / A4[1]])
        a, b = int(round(first * fs)), int(round(last * fs))
        ecg, millivolts = recording.signal[a:b], height / MM_PER_MV
        low, high = _line_limits(ecg, millivolts - band / MM_PER_MV)
        if style.position == "bottom":
            high += band / MM_PER_MV
        else:
            low -= band / MM_PER_MV
        stretch = Stretch(ecg, fs, first, (low, high), clock=clock)
        draw_stretch(ax, stretch, labels.between(a, b), style, translate, millivolts)
        ax.tick_params(labelsize=7)
        top = bottom - BETWEEN
        axes.append(ax)
    return axes


def _line_limits(ecg, millivolts):
    """(low, high) of a line that has `millivolts` in all, 1 mV of them for the labels."""
    low, high = y_limits(ecg, "mV")
    if high - low > millivolts - 1.0:
        low = np.nanmedian(ecg) - (millivolts - 1.0) / 2
        high = low + millivolts - 1.0
    return low, high


def _head(recording, start, rhythm, translate):
    """Name and lead, when the page begins, and the rhythm of the recording where it is known."""
    parts = [recording.name, recording.lead, _day_and_time(recording, start)]
    if rhythm and rhythm.get("of_recording"):
        parts.append(translate(RHYTHM_MEANINGS[rhythm["of_recording"]]))
    return "  ".join(part for part in parts if part)


def _draw_head(figure, name, number, fontsize, translate):
    """What the page is of, its number, and the scale."""
    head = {"y": (A4[1] - 6) / A4[1], "fontsize": fontsize, "va": "top"}
    figure.text(LEFT / A4[0], s=name, weight="bold", **head)
    scale = f"{number}    {translate('25 mm/s  10 mm/mV')}"
    figure.text(276 / A4[0], s=scale, ha="right", **head)


def _day_and_time(recording, start):
    """When second `start` of a recording was, as far as its file tells it."""
    clock = clock_of(recording.facts, len(recording.signal) / recording.fs)
    if not clock.known:
        return start_text(recording.facts)
    if clock.date is None:
        return clock(start)
    day, _, time = clock.stamps([start])[0].partition("T")
    return f"{day} {time[:8]}"
