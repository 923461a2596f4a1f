"""The short form of make soak: two blocks, and what would be counted as missed or false."""

import json

import numpy as np

from ecg.alarms import NAMES, Alarm
from tests import soak


def alarm(name, at, state="on"):
    return Alarm(name, state, round(at * soak.FS), at, 1.0, None, None, at)


def test_what_is_missed_and_what_is_false():
    planted = [soak.Planted("tachycardia", 100, 120)]
    found = soak.count([alarm("tachycardia", 1105)], planted, 1000)
    assert found == ({}, {})
    assert soak.count([], planted, 1000).missed == {"tachycardia": 1}
    far = [alarm("tachycardia", 1105), alarm("pause", 1250)]
    assert soak.count(far, planted, 1000).false == {"pause": 1}
    far.append(alarm("pause", 1250, "withdrawn"))
    assert soak.count(far, planted, 1000).false == {}


def test_a_leak_and_a_missed_alarm_are_told():
    blocks = [
        {"missed": {}, "false": {}, "memory_mb": 300 + 5 * k, "seconds": 1} for k in range(15)
    ]
    text, good = soak.summary({"starts": [0], "blocks": blocks})
    assert not good and "+ 40.0 MB" in text
    flat = [{**each, "memory_mb": 300} for each in blocks]
    assert soak.summary({"starts": [0], "blocks": flat})[1]
    flat[3] = {**flat[3], "missed": {"asystole": 1}}
    text, good = soak.summary({"starts": [0], "blocks": flat})
    assert not good and "'asystole': 1" in text


def short_block(seed):
    """A minute of sinus rhythm with an asystole in it."""
    quiet = soak.silence(8, np.random.default_rng(seed))
    parts = soak.rhythm(25, seed), quiet, soak.rhythm(27, seed)
    return np.concatenate(parts), [soak.Planted("asystole", 25, 33)]


def test_a_soak_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "BLOCK_S", 60)
    monkeypatch.setattr(soak, "block", short_block)
    state = tmp_path / "soak.json"
    soak.soak(1, state, 0, print)
    first = json.loads(state.read_text())["blocks"]
    found = soak.soak(2, state, 0, print)
    assert found["starts"] == [0, 1] and found["blocks"][:1] == first
    assert [each["missed"] for each in found["blocks"]] == [{}, {}]


def test_a_block_is_as_long_as_it_should_be_and_holds_what_it_says():
    signal, planted = soak.block(3)
    assert len(signal) == soak.BLOCK_S * soak.FS and 0 < np.isnan(signal).sum() < soak.FS
    assert {each.alarm for each in planted} == set(NAMES)
    assert planted[-1].stop == soak.BLOCK_S and all(a.start < a.stop for a in planted)
