"""What the alarms of V make of the context model's looks."""

import numpy as np
import pytest

from ecg.streaming import judging
from ecg.streaming.judging import DELAY
from tests.streams import alarms, stream, strip

V = judging.V


def run_of_v(gone):
    """The alarms of a stream with six V in a row, of which the model takes those numbered `gone`
    for artefacts once 6 s lie after them."""
    letters = "N" * 30 + "V" * 6 + "N" * 90
    x, r = strip(letters, 0.6)

    def context(leads, fs, r_peaks, by_second):
        found = np.eye(5)[np.where(leads[0][r_peaks] > 1.3, V, 0)]
        of_v = np.flatnonzero(found[:, V])
        if len(of_v) == 6 and len(leads[0]) - r_peaks[of_v[-1]] > 6 * fs:
            found[of_v[list(gone)]] = np.nan
        return found

    return stream(x, context=context, single=True)


@pytest.mark.parametrize("gone, states", [
    ((), ["on", "off"]),
    ((1, 4), ["on", "off"]),  # four are left of a run that was raised as one of six
    ((0, 1, 2), ["on", "off"]),
    ((0, 1, 2, 4), ["on", "off", "withdrawn"]),
    (range(6), ["on", "off", "withdrawn"]),
])  # fmt: skip
def test_a_run_stands_where_the_model_takes_some_of_it_for_artefacts(gone, states):
    events = run_of_v(gone)
    found = alarms(events, "v_run")
    assert [each.state for each in found] == states
    assert found[0].beats >= 3
    assert len({each.sample for each in found}) == 1
    assert alarms(events, "v_couplet") == []  # what is left of it is no couplet


@pytest.mark.parametrize("letters, name", [
    ("V?V", "v_run"), ("VV?", "v_run"), ("?VV?", "v_run"), ("V?", None), ("V??V?", None),
    ("???", None),
])  # fmt: skip
def test_beats_taken_for_artefacts_beside_v_are_v(letters, name):
    """With two V or more, and no more of them than V."""
    before = 30
    x, _ = strip("N" * before + "V" * len(letters) + "N" * 40, 0.6)

    def context(leads, fs, r_peaks, by_second):
        found = np.eye(5)[np.where(leads[0][r_peaks] > 1.3, V, 0)]
        for at, letter in zip(np.flatnonzero(found[:, V]), letters):
            found[at] = np.nan if letter == "?" else found[at]
        return found

    events = stream(x, context=context, single=True)
    told = {each.name for each in alarms(events, "v_run") + alarms(events, "v_couplet")}
    assert told == ({name} if name else set())


def test_looks_are_rarer_while_nothing_looks_like_v():
    """Every 10 s; every 5 s for 10 s after two V in a row. The final labels come in time."""
    asked = []

    def context(leads, fs, r_peaks, by_second):
        asked.append(len(leads[0]) / fs)
        return np.eye(5)[np.where(leads[0][r_peaks] > 1.3, V, 0)]

    for letters, extra in (("N" * 150, 0), ("N" * 90 + "VV" + "N" * 58, 1)):
        asked.clear()
        x, _ = strip(letters, 0.6)
        events = stream(x, context=context, single=True)
        at = np.array([seconds for seconds in asked if 25 < seconds < 85])
        assert set(np.round(at[at % 10 == 0])) >= {30, 40, 50, 60, 70, 80}
        assert len(at) == 6 + extra
        final = [e for e in events if getattr(e, "stage", "") == "final"]
        assert max(e.at_s - e.time_s for e in final) <= DELAY + judging.QUIET_HOP + 1
