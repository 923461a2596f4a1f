"""A whole recording in one picture."""

import datetime

import numpy as np
import pytest

from ecg.figures.timeline import plot_timeline
from ecg.formats.recording import Facts
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording
from tests.rhythm_told import told_rhythm


@pytest.fixture(scope="module")
def labelled():
    made = synthetic_recording(120, 360, seed=3, shares={"S": 0.1, "V": 0.15})
    recording, table, summary = labelled_recording(made, unreadable=[(7200, 9000, "noise")])
    table.attrs["rhythm"] = told_rhythm((0, 50, "N"), (50, 110, "AF"), (110, 120, "N"), of="AF")
    return recording, table, summary


def test_rate_rhythm_and_ectopic_beats_stand_above_each_other(labelled):
    recording, table, _ = labelled
    figure = plot_timeline(*labelled)
    top, band, below = figure.axes
    assert top.get_xlim() == band.get_xlim() == below.get_xlim() == (0, 120)
    (dots,) = top.lines
    assert len(dots.get_xdata()) == len(table) - 1
    assert np.isnan(dots.get_ydata()[(dots.get_xdata() > 21) & (dots.get_xdata() < 24)]).all()
    assert len(band.patches) == 3 and [t.get_text() for t in band.texts] == [
        "atrial fibrillation or flutter"
    ]
    assert [text.get_text() for text in below.get_yticklabels()] == ["S", "V"]
    ticks = [len(each.get_segments()) for each in below.collections]
    assert ticks == [(table["label"] == name).sum() for name in ("S", "V")]
    title = "demo   II   Heart rate and rhythm   atrial fibrillation or flutter"
    assert top.get_title(loc="left") == title.replace("II", recording.lead)
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == [
        "atrial fibrillation or flutter",
        "sinus rhythm",
    ]


def test_without_a_known_rhythm_there_is_no_band_and_times_are_those_of_the_clock(labelled):
    recording, table, summary = labelled
    facts = Facts(datetime.date(2026, 7, 26), datetime.time(23, 59, 0))
    table = table.copy()
    table.attrs = {**table.attrs, "rhythm": None}
    figure = plot_timeline(recording._replace(facts=facts), table, summary, lang="en")
    _, band, below = figure.axes
    assert not band.patches and not figure.legends
    figure.draw_without_rendering()
    texts = [text.get_text() for text in below.get_xticklabels()]
    assert texts[0] == "23:59:00" and "07-27" in texts
