"""A whole recording on pages: true to scale, all of it, nothing twice."""

import datetime

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from ecg.beats import CLASSES
from ecg.facts import anonymous
from ecg.figures.labels import plot_labelled_ecg
from ecg.figures.recording import plot_recording
from ecg.formats.recording import Facts, Recording
from tests.rhythm_told import told_rhythm

FS = 360


def test_paper_is_true_to_scale(made):
    ecg = made.signal[: 10 * FS]
    peaks = made.r_peaks[made.r_peaks < 10 * FS]
    plt.close("all")
    plot_labelled_ecg(ecg, peaks, predictions=made.labels[: len(peaks)], sample_rate=FS)
    table = pd.DataFrame({"sample": made.r_peaks, "label": [CLASSES[k] for k in made.labels]})
    recording = Recording(made.signal, made.fs, made.lead, made.name)
    pages = [figure for figure, _, _ in plot_recording(recording, table, seconds=0)]
    for ax in [plt.figure(1).axes[0], *(ax for figure in pages for ax in figure.axes)]:
        box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
        assert box.width * 25.4 / np.ptp(ax.get_xlim()) == pytest.approx(25, rel=0.01)
        assert box.height * 25.4 / np.ptp(ax.get_ylim()) == pytest.approx(10, rel=0.01)
    shown = sorted(tuple(np.round(ax.get_xlim(), 2)) for figure in pages for ax in figure.axes)
    assert shown == [(10.0 * k, 10.0 * k + 10) for k in range(6)]  # all of it, nothing twice


def _texts(recording, table, **stretch):
    """(head, labels of the time axes) of the first page."""
    (figure, _, _), *_ = plot_recording(recording, table, **stretch)
    figure.draw_without_rendering()
    ticks = [label.get_text() for ax in figure.axes for label in ax.get_xticklabels()]
    return figure.texts[0].get_text(), ticks


def test_times_are_those_of_the_clock_where_it_is_known(made):
    table = pd.DataFrame({"sample": made.r_peaks, "label": [CLASSES[k] for k in made.labels]})
    recording = Recording(made.signal, made.fs, made.lead, "x")
    head, ticks = _texts(recording, table)
    assert head == f"x  {made.lead}" and ticks[:3] == ["0:00", "0:01", "0:02"]

    facts = Facts(datetime.date(2026, 7, 26), datetime.time(23, 59, 45, 500_000), patient="P-17")
    dated = recording._replace(facts=facts)
    head, ticks = _texts(dated, table)
    assert head == f"x  {made.lead}  2026-07-26 23:59:45"
    assert ticks[:2] == ["23:59:46", "23:59:47"] and ticks[14:16] == ["07-27", "00:00:01"]
    head, ticks = _texts(dated, table, start=20)
    assert head.endswith("2026-07-27 00:00:05") and ticks[0] == "00:00:06"

    head, ticks = _texts(dated._replace(facts=anonymous(facts)), table, start=20)
    assert head.endswith("  00:00:05 +1d") and ticks[0] == "00:00:06"
    head, ticks = _texts(recording._replace(facts=Facts(date=facts.date)), table)
    assert head.endswith("  2026-07-26") and ticks[0] == "0:00"


def test_lines_of_the_paper_are_at_whole_seconds_of_the_clock(made):
    table = pd.DataFrame({"sample": made.r_peaks, "label": [CLASSES[k] for k in made.labels]})
    facts = Facts(clock=datetime.time(12, 0, 0, 130_000))
    recording = Recording(made.signal, made.fs, made.lead, "x", facts=facts)
    (figure, _, _), *_ = plot_recording(recording, table)
    bold = [each for each in figure.axes[0].collections if each.get_linewidth() == [0.6]]
    ends = [segment for each in bold for segment in each.get_segments()]
    at = np.array([first[0] for first, last in ends if first[0] == last[0]])
    assert len(at) == 50
    assert np.allclose((at + 0.13) / 0.2, np.rint((at + 0.13) / 0.2), atol=1e-6)


@pytest.mark.parametrize("position", ["top", "bottom"])
def test_the_rhythm_is_a_band_in_each_line_which_stays_true_to_scale(made, position):
    table = pd.DataFrame({"sample": made.r_peaks, "label": [CLASSES[k] for k in made.labels]})
    table.attrs["rhythm"] = told_rhythm((0, 14, "N"), (14, 60, "AF"), of="AF")
    recording = Recording(made.signal, made.fs, made.lead, "x")
    (figure, _, _), *_ = plot_recording(recording, table, label_position=position)
    assert figure.texts[0].get_text() == f"x  {made.lead}  atrial fibrillation or flutter"
    first, second = figure.axes[:2]
    assert [len(ax.patches) for ax in (first, second)] == [1, 2]
    names = [text.get_text() for ax in (first, second) for text in ax.texts]
    assert names.count("atrial fibrillation or flutter") == 1
    (legend,) = [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[-2:] == ["atrial fibrillation or flutter", "sinus rhythm"]
    for ax in figure.axes:
        box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
        assert box.height * 25.4 / np.ptp(ax.get_ylim()) == pytest.approx(10, rel=0.01)
        low, high = ax.transLimits.inverted().transform([(0, p) for p in _band(ax)])[:, 1]
        part = ax.lines[0].get_ydata()
        assert np.nanmax(part) <= low or np.nanmin(part) >= high  # nothing lies behind it


def _band(ax):
    """(lower, upper) edge of the band of the rhythm, as shares of the axes' height."""
    boxes = [patch.get_bbox() for patch in ax.patches]
    return min(box.y0 for box in boxes), max(box.y1 for box in boxes)
