"""What a signal looks like: clocks and counters are seen, beats stand out, pulse waves do not."""

import numpy as np
import pytest

from ecg.formats.content import BEATS_STAND_OUT, is_clock, look_at, not_an_ecg, standing_out
from ecg.synthetic import synthetic_recording

FS = 250
N = np.arange(30 * FS)
RNG = np.random.default_rng(0)
PHASE = (N / FS * 1.2) % 1
CLOCKS = {
    "time": N / FS,
    "since 1970": 1.7e9 + N / FS,
    "falling": -N * 1.0,
    "byte counter": N % 256,
    "nibble counter": N % 16,
    "counter of packets": N // 10 % 256,
    "packets with a hole": np.delete(N % 256, slice(300, 420)),
    "seconds of a minute": N / FS % 60 % 10,
    "stamps of packets": 1.7e12 + N // 25 * 100.0,
    "stamps with jitter": 1.7e9 + N / FS + 0.001 * RNG.random(len(N)),
}
NOTHING = {
    "constant": np.full(len(N), -187500.02),
    "switch": N // 900 % 2,
    "labels": N // 200 * 7919 % 5 % 3,
    "empty": np.full(len(N), np.nan),
}
WAVES = {
    "breathing": np.sin(2 * np.pi * 0.25 * N / FS),
    "pulse wave": np.exp(-(((PHASE - 0.2) / 0.08) ** 2))
    + 0.5 * np.exp(-(((PHASE - 0.5) / 0.12) ** 2)),
    "pressure": 80 + 40 * np.where(PHASE < 0.12, PHASE / 0.12, np.exp(-(PHASE - 0.12) / 0.4)),
    "noise": RNG.normal(size=len(N)),
    "hum": np.sin(2 * np.pi * 50 * N / FS),
    "muscle": RNG.normal(size=len(N)) * (1 + np.sin(N / FS)),
    "acceleration": np.cumsum(RNG.normal(size=len(N))) * 0.01,
}


@pytest.mark.parametrize("name", CLOCKS)
def test_clocks_and_counters(name):
    why = not_an_ecg(np.asarray(CLOCKS[name], float))
    assert is_clock(why), why


@pytest.mark.parametrize("name", NOTHING)
def test_what_holds_nothing(name):
    x = np.asarray(NOTHING[name], float)
    assert not_an_ecg(x) and not is_clock(not_an_ecg(x)) and look_at(x, FS).never


@pytest.mark.parametrize("name", WAVES)
def test_other_waves_have_no_beats_that_stand_out(name):
    x = WAVES[name] + 0.002 * RNG.normal(size=len(N))
    assert not_an_ecg(x) == "" and look_at(x, FS).stands_out < BEATS_STAND_OUT


@pytest.mark.parametrize("fs", [100, 128, 360, 1000, 4000])
@pytest.mark.parametrize("scale", [1, -1, 1e-6, 1e4])
def test_an_ecg_stands_out(fs, scale):
    made = synthetic_recording(30, seed=1)
    t = np.arange(int(30 * fs)) / fs
    x = np.interp(t, np.arange(len(made.signal)) / made.fs, made.signal) * scale + 5 * scale
    assert not_an_ecg(x) == ""
    beats, score = standing_out(x, fs)
    assert score > BEATS_STAND_OUT and abs(len(beats) - len(made.r_peaks)) <= 2
    assert "beats at" in look_at(x, fs).words


def test_coarse_ecgs_are_no_counters():
    """8 bits, 16 levels; a lead that is off for most of the time; integers."""
    made = synthetic_recording(30, seed=2).signal
    for levels in (16, 256):
        steps = np.rint((made - made.min()) / np.ptp(made) * (levels - 1))
        assert not is_clock(not_an_ecg(steps)) and not_an_ecg(steps) == ""
    half = made.copy()
    half[: len(half) // 2] = made[0]
    assert not_an_ecg(half) == ""


def test_too_slow_for_an_ecg():
    assert look_at(np.sin(N / 10.0), 25).never
