"""The alarms: when they begin and end."""

import numpy as np
import pytest

from ecg import streaming
from ecg.alarms import NAMES, Alarm, Alarms, LabelledBeat
from ecg.streaming import Monitor
from tests.streams import FS, alarms, labelled, stream, strip, v_by_width, wide_is_v


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


def test_runs_and_couplets_wait_for_the_context_model():
    """Single-beat labels, which call every beat V here, raise nothing."""

    def all_v(rows):
        return np.full(len(rows), 2), np.full(len(rows), 0.9), None

    letters = "N" * 20 + "VVNNNNVVVVVNNNNNNVNNNNNNNN"
    x, r = strip(letters, 0.6)
    events = stream(x, predict=all_v, context=v_by_width, single=True)
    run_on, run_off = alarms(events, "v_run")
    assert abs(run_on.sample - r[26]) < 10 and run_on.beats >= 3 and run_off.beats == 5
    assert r[28] / FS < run_on.at_s <= r[28] / FS + 8
    assert run_off.duration_s == pytest.approx(2.4, abs=0.05)
    on, off = alarms(events, "v_couplet")
    assert abs(on.sample - r[20]) < 10 and on.beats == 2 and off.at_s == on.at_s
    assert r[21] / FS < on.at_s <= r[21] / FS + 8


def test_alarm_that_later_labels_contradict_is_withdrawn():
    """The context model calls the three V that it knows for less than 12 s so, and N later."""

    def changes_its_mind(leads, fs, r_peaks, by_second):
        known = (len(leads[0]) - r_peaks) / fs
        return np.eye(5)[np.where((leads[0][r_peaks] > 1.3) & (known < 12), 2, 0)]

    x, r = strip("N" * 20 + "VVV" + "N" * 40, 0.6)
    on, off, back = alarms(stream(x, context=changes_its_mind, single=True), "v_run")
    assert [e.state for e in (on, off, back)] == ["on", "off", "withdrawn"]
    assert (back.sample, back.time_s, back.beats) == (on.sample, on.time_s, 3)
    assert abs(on.sample - r[20]) < 10 and on.at_s < back.at_s <= on.at_s + 20


def beats_of(letters, maybe="", start=0, rr=100):
    return [
        LabelledBeat(start + rr * k, letter, True, maybe[k : k + 1] == "+")
        for k, letter in enumerate(letters)
    ]


def told(looks):
    """(name, state, sample, beats) of the alarms that labels give, look after look."""
    alarms_, events = Alarms(100, 3, 100, 50), []
    for now, beats in enumerate(looks):
        alarms_.labels(events, now, beats)
    return [(e.name, e.state, e.sample, e.beats) for e in events], alarms_


def test_labels_look_after_look():
    on, off = ("v_run", "on", 200, 3), ("v_run", "off", 200, 3)
    assert told([beats_of("NNVVVN")])[0] == [on, off]
    assert told([beats_of("NNVVV"), beats_of("NNVVVVN")])[0] == [on, ("v_run", "off", 200, 4)]
    assert told([beats_of("NNVV"), beats_of("NNVVN")])[0] == [
        ("v_couplet", "on", 200, 2),
        ("v_couplet", "off", 200, 2),
    ]
    withdrawn = ("v_run", "withdrawn", 200, 3)
    assert told([beats_of("NNVVVN"), beats_of("NNVNVN")])[0] == [on, off, withdrawn]
    # what may be V takes nothing back, and raises nothing
    assert told([beats_of("NNVVVN"), beats_of("NNVNVN", "  +++ ")])[0] == [on, off]
    assert told([beats_of("NNVNVN", "  +++ ")])[0] == []
    # a couplet that turns out to be a run
    assert [e[:2] for e in told([beats_of("NNVVN"), beats_of("NNVVVN")])[0]][2:] == [
        ("v_couplet", "withdrawn"),
        ("v_run", "on"),
        ("v_run", "off"),
    ]


def test_run_that_lasts_longer_than_what_is_known():
    looks = [beats_of("NNNVVVVVVV"), beats_of("V" * 10, start=700), beats_of("VVNN", start=1500)]
    events, state = told(looks)
    assert events == [("v_run", "on", 300, 7), ("v_run", "off", 300, 14)]
    assert state.on == {}
    unknown = LabelledBeat(600, "V", False)
    assert told([[*beats_of("NNNVV"), unknown, *beats_of("V", start=700)]])[0][0][0] == "v_couplet"


def test_pause_and_asystole_go_by_the_clock():
    x, r = strip("NNNNNNNNNN", [0.8] * 6 + [5.0] + [0.8] * 2)
    for name, limit in (("pause", 3.0), ("asystole", 4.0)):
        on, off = alarms(stream(x), name)
        assert abs(on.sample - r[6]) < 5 and limit < on.at_s - r[6] / FS <= limit + 0.7
        assert off.duration_s == pytest.approx(5.0, abs=0.03)
    assert not alarms(stream(x, pause=6.0), "pause")
    short, _ = strip("NNNNNNNNNN", [0.8] * 6 + [3.6] + [0.8] * 2)
    assert len(alarms(stream(short), "pause")) == 2 and not alarms(stream(short), "asystole")


def test_asystole_with_p_waves_stays_until_a_qrs_complex():
    """P waves at 75/min, a tenth of the QRS complex high, for a minute."""
    x, r = strip("N" * 31, [0.8] * 24 + [60.0] + [0.8] * 5)
    t = np.arange(len(x)) / FS
    for at in np.arange(r[24] / FS + 0.8, r[25] / FS - 0.5, 0.8):
        x += 0.12 * np.exp(-0.5 * ((t - at) / 0.04) ** 2)
    on, off = alarms(stream(x), "asystole")
    assert abs(on.sample - r[24]) < 5 and off.duration_s == pytest.approx(60.0, abs=0.1)


def test_silence_in_which_beats_cannot_be_seen_is_noise():
    """An amplifier that recovers from its end for 7 s: no pause, no asystole, noise."""
    x, r = strip("N" * 30, 0.8)
    i, n = int(12.2 * FS), 7 * FS
    x[i : i + n] = 4 * np.exp(-np.arange(n) / FS / 2.0)
    found = alarms(stream(x))
    assert {name for name, _ in found} == {"noise"} and found[-1] == ("noise", "off")
    both = np.column_stack([x, strip("N" * 30, 0.8)[0]])  # the other lead shows the beats
    assert not {"pause", "asystole", "noise"} & {name for name, _ in alarms(stream(both))}


def test_noise_by_what_is_asked_and_by_the_detector():
    x, _ = strip("N" * 40, 0.8)
    times = []

    def noise(leads, fs, r_peaks):
        times.append(len(leads[0]) / fs)
        assert np.all((r_peaks >= 0) & (r_peaks < len(leads[0])))
        return 5 < len(times) < 9

    found = stream(x, noise=noise)
    assert alarms(found) == [("noise", "on"), ("noise", "off")] and len(times) > 10
    assert stream(x, chunk=77, noise=lambda *args: False) == stream(x)
    rng = np.random.default_rng(5)
    x[10 * FS : 22 * FS] = 0.5 * rng.standard_normal(12 * FS)
    found = stream(x)
    on, off = alarms(found, "noise")
    assert 14 < on.at_s < 20 and 20 < off.at_s < 30
    assert not {"pause", "asystole"} & {name for name, _ in alarms(found)}


def test_silence_to_the_end_is_a_pause_and_noise_from_the_start_is_none():
    x, r = strip("NNNNNN", 0.8, tail=6.0)
    for name in ("pause", "asystole"):
        on = alarms(stream(x), name)[0]
        assert abs(on.sample - r[-1]) < 5
    noise = 0.02 * np.random.default_rng(1).standard_normal(8 * FS)
    assert {name for name, _ in alarms(stream(noise))} == {"noise"}


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
    assert {name for name, _ in alarms(stream(x))} - {"bradycardia"} == {"pause", "asystole"}


def test_lead_off_is_that_of_all_leads():
    x, _ = strip("N" * 30, 0.8)
    dead = x.copy()
    dead[10 * FS : 16 * FS] = 0.0
    assert alarms(stream(np.column_stack([dead, x]))) == []
    both = np.column_stack([dead, dead])
    assert alarms(stream(both)) == [("lead_off", "on"), ("lead_off", "off")]


def test_every_alarm_has_a_name():
    assert set(Alarms(100, 3, 100, 50).silence) < set(NAMES) and Alarm._fields[0] == "name"


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
