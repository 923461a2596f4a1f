"""The alarms: when they begin and end."""

import numpy as np
import pytest

from ecg import streaming
from ecg.streaming import Monitor
from tests.streams import FS, alarms, labelled, stream, strip, wide_is_v


def test_run_of_v_is_told_at_its_third_beat():
    x, r = strip("NNNNNNNNVVNNNVVVVVNNNN", 0.6)
    run_on, run_off = alarms(stream(x), "v_run")
    assert (
        abs(run_on.sample - r[13]) < 10
        and run_on.beats == 3
        and run_on.rate_bpm == pytest.approx(100, abs=3)
    )
    assert (
        r[16] / FS < run_on.at_s <= r[16] / FS + 0.7
    )  # 0.7 s after the R peak that follows the third V
    assert run_off.beats == 5 and run_off.duration_s == pytest.approx(2.4, abs=0.05)


def test_pause_goes_by_the_clock():
    x, r = strip("NNNNNNNNNN", [0.8] * 6 + [5.0] + [0.8] * 2)
    on, off = alarms(stream(x), "pause")
    assert abs(on.sample - r[6]) < 5 and r[6] / FS + 3.0 < on.at_s <= r[6] / FS + 3.7
    assert off.duration_s == pytest.approx(5.0, abs=0.03)
    assert not alarms(stream(x, pause=6.0), "pause")


def test_silence_from_the_start_and_to_the_end_is_a_pause():
    rng = np.random.default_rng(1)
    silent = 0.02 * rng.standard_normal(8 * FS)
    on, off = alarms(stream(silent))
    assert on == ("pause", "on") and off == ("pause", "off")
    x, r = strip("NNNNNN", 0.8, tail=6.0)
    on = alarms(stream(x), "pause")[0]
    assert abs(on.sample - r[-1]) < 5


def test_tachycardia_and_bradycardia():
    x, r = strip("N" * 45, [0.8] * 12 + [0.45] * 12 + [0.8] * 4 + [1.4] * 10 + [0.8] * 6)
    found = alarms(stream(x))
    assert found == [
        ("tachycardia", "on"),
        ("tachycardia", "off"),
        ("bradycardia", "on"),
        ("bradycardia", "off"),
    ]
    on = alarms(stream(x), "tachycardia")[0]
    crossing = next(k for k in range(8, len(r)) if 60 * 8 * FS / (r[k] - r[k - 8]) > 100)
    assert r[crossing] / FS < on.at_s <= r[crossing] / FS + 0.7 and on.rate_bpm > 100
    assert alarms(stream(x, tachycardia=150, bradycardia=30)) == []


@pytest.mark.parametrize("dead", [np.nan, 0.0, 5.0])
def test_lead_off(dead):
    x, r = strip("N" * 30, 0.8)
    lost = slice(int(10.0 * FS), int(16.0 * FS))
    x[lost] = dead
    events = stream(x)
    assert alarms(events) == [("lead_off", "on"), ("lead_off", "off")]
    on, off = alarms(events, "lead_off")
    assert (
        12.0 <= on.at_s <= 12.7
        and on.time_s >= 10.0 - streaming.HOP
        and off.duration_s == pytest.approx(6.0, abs=0.8)
    )
    final = labelled(events, "final")
    assert not [e for e in final if 10.1 < e.time_s < 15.9]
    before = [e for e in final if e.time_s < 10]
    assert before[-1].label is None and before[-2].label == "N"
    after = [e for e in final if e.time_s > 16]
    assert after[0].rr_s is None and len(after) >= 10 and all(e.label == "N" for e in after[:-1])


def test_asystole_with_a_living_baseline_is_no_lead_off():
    x, r = strip("NNNNNNNNN", [0.8] * 7 + [9.0])
    x += 0.01 * np.random.default_rng(2).standard_normal(len(x))
    assert {name for name, _ in alarms(stream(x))} - {"bradycardia"} == {"pause"}


@pytest.mark.parametrize(
    "arguments",
    [
        dict(fs=20),
        dict(fs=360, pause=0),
        dict(fs=360, tachycardia=40),
        dict(fs=360, bradycardia=-1),
    ],
)
def test_limits_that_cannot_be(arguments):
    with pytest.raises(ValueError):
        Monitor(predict=wide_is_v, **arguments)
