"""Ventricular fibrillation in a stream: when it is told, what waits for it and what is taken
back."""

import numpy as np
import pytest

from ecg import streaming
from ecg.alarms import Alarms, LabelledBeat
from ecg.streaming import Beat
from ecg.streaming.fibrillation import BEFORE, ENDS, Fibrillation, is_busy
from ecg.streaming.signal import KeptSignal
from tests.streams import alarms, labelled, stream, strip, v_by_width, wide_is_v

FS = 100
ONSET, STOP = 20.0, 44.0  # s, of the waves of `fibrillating`


def living(letters, rr):
    """A strip whose baseline trembles, so that its leads are not off where it has no beats."""
    x, r = strip(letters, rr, fs=FS, tail=1.0)
    return x + 0.01 * np.random.default_rng(2).standard_normal(len(x)), r


def fibrillating(rr=0.8):
    """Beats every `rr` s, from 20 to 44 s waves of 5 Hz instead, in two leads."""
    x, _ = strip("N" * 90, rr, fs=FS, tail=1.0)
    t = np.arange(len(x)) / FS
    inside = (t >= ONSET) & (t < STOP)
    swell = 0.7 + 0.3 * np.sin(2 * np.pi * 0.4 * t) + 0.1 * np.sin(2 * np.pi * 1.1 * t)
    x = np.where(inside, swell * np.sin(2 * np.pi * 5 * t + 2 * np.sin(2 * np.pi * 0.3 * t)), x)
    return np.column_stack([x, -0.6 * x])


def waves(leads, fs):
    """A network that knows the waves: they are far from their middle most of the time."""
    last = leads[0][-int(3 * fs) :]
    last = last - np.median(last)
    return 2 * int(np.mean(np.abs(last) > 0.3 * np.abs(last).max()) > 0.4)


@pytest.mark.parametrize("context", [None, v_by_width])
def test_it_is_told_within_eight_seconds_and_nothing_else_is(context):
    x = fibrillating()
    events = stream(x, FS, context=context, fibrillation=waves)
    on, off = alarms(events, "ventricular_fibrillation")
    assert ONSET < on.at_s <= ONSET + 8 and STOP < off.at_s <= STOP + 9
    assert abs(on.time_s - ONSET) < 2 and abs(on.time_s + off.duration_s - STOP) < 2
    states: dict[str, int] = {}
    for name, state in alarms(events):
        states[name] = states.get(name, 0) + {"on": 1, "off": 0, "withdrawn": -1}[state]
    assert {name for name, kept in states.items() if kept} == {"ventricular_fibrillation"}
    final = {e.sample: e for e in labelled(events, "final")}
    waves_found = [e for e in final.values() if on.time_s <= e.time_s < on.time_s + off.duration_s]
    if context is None:  # then the labels of the first seconds are final by now
        waves_found = [e for e in waves_found if e.at_s >= on.at_s]
    assert waves_found and all(e.label is None for e in waves_found)
    over = STOP + 2 if context else off.at_s  # a label by then cannot know that it is over
    beats = [e for e in final.values() if e.time_s < ONSET - 2 or over < e.time_s < 70]
    assert len(beats) > 40 and {e.label for e in beats} == {"N"}
    late = [e for e in final.values() if on.at_s < e.time_s < STOP]
    assert all(e.rr_s is None for e in late)


def test_without_a_network_the_waves_are_taken_for_beats_or_noise():
    """What the test above would find if nothing waited and nothing was taken back."""
    names = {name for name, _ in alarms(stream(fibrillating(), FS, context=v_by_width))}
    assert names & {"tachycardia", "noise", "v_run", "pause"}


def test_chunk_size_changes_nothing():
    x = fibrillating()[: 55 * FS]
    whole = stream(x, FS, context=v_by_width, fibrillation=waves)
    assert stream(x, FS, chunk=37, context=v_by_width, fibrillation=waves) == whole


def every_other_time():
    """A network that says yes, no, yes: never twice in a row."""
    said = []

    def ask(leads, fs):
        said.append(2 - 2 * (len(said) % 2))
        return said[-1]

    return ask


@pytest.mark.parametrize("silence", [3.2, 4.4, 9.0])
def test_a_pause_that_had_to_wait_comes(silence):
    """It waits a second at most, also where a beat ends it meanwhile."""
    x, r = living("N" * 24, [0.8] * 12 + [silence] + [0.8] * 10)
    for name, limit in (("pause", 3.0), ("asystole", 4.0)):
        found = alarms(stream(x, FS, fibrillation=every_other_time()), name)
        if silence < limit:
            assert found == []
            continue
        on, off = found
        assert abs(on.sample - r[12]) < 5 and off.duration_s == pytest.approx(silence, abs=0.03)
        assert r[12] / FS + limit < on.at_s <= r[12] / FS + limit + 1.7
    assert not alarms(stream(x, FS, fibrillation=every_other_time()), "ventricular_fibrillation")


def test_what_was_raised_before_it_was_known_is_withdrawn():
    """Small waves that pass for a silence until the network sees them: no pause, no asystole."""
    x, r = living("N" * 30, [0.8] * 15 + [12.0] + [0.8] * 13)

    def late(leads, fs):
        return 2 * int(np.ptp(leads[0][-int(5.5 * fs) : -int(0.5 * fs)]) < 0.3)

    events = stream(x, FS, fibrillation=late)
    told = alarms(events)
    on = alarms(events, "ventricular_fibrillation")[0]
    assert on.at_s - r[15] / FS < 8
    for name in ("pause", "asystole"):
        assert [state for each, state in told if each == name] == ["on", "withdrawn"]
        begun, back = alarms(events, name)
        assert back.sample == begun.sample and back.at_s == on.at_s
    assert "bradycardia" not in {name for name, _ in told}


def test_a_rate_from_before_ends_with_it():
    events = stream(fibrillating(0.45)[: 38 * FS], FS, fibrillation=waves)
    assert [e.state for e in alarms(events, "ventricular_fibrillation")] == ["on", "off"]
    on, off = alarms(events, "tachycardia")
    assert on.state == "on" and off.state == "off" and on.at_s < ONSET < off.at_s < ONSET + 8


def test_lead_off_ends_it():
    x = fibrillating()
    x[30 * FS : 40 * FS] = np.nan
    events = stream(x, FS, fibrillation=waves)
    told = [each for each in alarms(events) if each[0] in ("ventricular_fibrillation", "lead_off")]
    assert told[:3] == [
        ("ventricular_fibrillation", "on"),
        ("ventricular_fibrillation", "off"),
        ("lead_off", "on"),
    ]
    off = alarms(events, "ventricular_fibrillation")[1]
    assert 32 <= off.at_s <= 32.5


def test_beats_beside_it_and_in_it():
    """Its waves raise nothing and end a run before them; what oscillates only waits."""
    alarms_, events, answers = Alarms(FS, 3, 100, 50), [], [1, 1, 2, *[0] * ENDS]
    watch = Fibrillation(lambda leads, fs: answers.pop(0), FS, alarms_)
    signal = KeptSignal(60 * FS)
    noise = np.random.default_rng(0).standard_normal((20 * FS, 1))
    signal.write(noise)
    beats = [LabelledBeat(FS * k, "V", True) for k in range(10, 26)]
    assert not watch.look(events, signal, 16 * FS) and len(answers) == 8  # too little is there
    assert watch.without(beats) == beats and not watch.holds
    assert not watch.look(events, signal, 0) and watch.holds and not watch.is_on
    since = round((20 - BEFORE) * FS)
    assert watch.without(beats) == [beat for beat in beats if beat.sample < since]
    assert not watch.look(events, signal, 0) and watch.holds  # it may be is not enough
    assert watch.look(events, signal, 0) and watch.is_on and watch.covers(since)
    left = watch.without(beats)
    assert left[-1] == LabelledBeat(since, None, False) and len(left) == 8
    signal.write(noise[: 5 * FS])
    for _ in range(ENDS):
        assert not watch.look(events, signal, 0)
    assert not watch.is_on and watch.spans.tolist() == [[since, round((25 - BEFORE) * FS)]]
    assert watch.touches(since - 50, since + 1) and not watch.touches(0, since)
    assert [beat.sample // FS for beat in watch.without(beats)] == [*range(10, 18), *range(22, 26)]
    assert [(e.name, e.state) for e in events] == [
        ("ventricular_fibrillation", "on"),
        ("ventricular_fibrillation", "off"),
    ]


@pytest.mark.parametrize("fs", [50, 100, 360, 1000])
def test_the_network_is_asked_where_a_glance_shows_waves(fs):
    t = np.arange(4 * fs) / fs
    wave = 300 + 7 * np.sin(2 * np.pi * 4 * t) * (1 + 0.4 * np.sin(2 * np.pi * 0.5 * t)) + 20 * t
    assert is_busy(wave, fs) and is_busy(-1e-3 * wave, fs)
    wave[fs : 3 * fs // 2] = np.nan
    assert is_busy(wave, fs)
    beats, _ = strip("N" * 8, 0.6, fs=fs, tail=1.0)
    assert not is_busy(beats, fs)
    assert not is_busy(np.zeros(4 * fs), fs) and not is_busy(np.full(4 * fs, np.nan), fs)


def test_what_may_be_and_is_never_certain_holds_nothing_for_long():
    watch, signal = Fibrillation(lambda *_: 1, FS, Alarms(FS, 3, 100, 50)), KeptSignal(60 * FS)
    signal.write(np.random.default_rng(0).standard_normal((20 * FS, 1)))
    held = []
    for _ in range(8):
        watch.look([], signal, 0)
        held.append(watch.holds)
    assert held == [True] * 5 + [False] * 3 and not watch.is_on


def test_nobody_is_asked_where_there_is_no_network():
    x, _ = strip("N" * 20, 0.8, fs=FS, tail=1.0)
    monitor = streaming.Monitor(FS, wide_is_v)
    events = monitor.push(x) + monitor.finish()
    assert {type(e) for e in events} == {Beat}
