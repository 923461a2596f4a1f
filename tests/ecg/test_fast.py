"""Narrow rhythms up to 300 beats a minute are found at their rate; T waves and fibrillation are not
taken for one."""

import numpy as np
import pytest
from scipy import signal as sps

from benchmarks.rpeaks_parts import records, rhythms, scores
from ecg import fast
from ecg.fast import NONE, find_fast
from ecg.rpeaks import detect_r_peaks, find_beats_in_leads
from ecg.synthetic import beats_at


def near(true, found, fs, window=0.06):
    return len(scores.match(true, found, window * fs))


@pytest.mark.parametrize("leads", [1, 2])
@pytest.mark.parametrize("waves", [False, True], ids=["QRS alone", "P and T"])
@pytest.mark.parametrize("fs", [100, 250, 360, 1000])
@pytest.mark.parametrize("rate", [20, 180, 222, 240, 260, 300])
def test_every_rate(rate, fs, waves, leads):
    for snr in (None, 18 if rate == 20 else 12):  # one T wave in a minute at 20 and 12 dB
        made = rhythms.tachycardia(rate, fs, waves, snr)
        found = find_beats_in_leads(made.leads[:leads], fs).peaks
        assert len(found) == pytest.approx(len(made.beats), rel=0.03), snr
        assert near(made.beats, found, fs) >= 0.97 * len(made.beats)


def test_a_long_fast_rhythm_is_looked_at_in_parts(monkeypatch):
    made = rhythms.tachycardia(270, 250)
    monkeypatch.setattr(fast, "LONGEST", 11.0)
    found = detect_r_peaks(made.leads[0], 250)
    assert len(found) == pytest.approx(len(made.beats), rel=0.03)
    assert np.diff(found).min() > 0.15 * 250


@pytest.mark.parametrize("leads", [1, 2])
@pytest.mark.parametrize("rate", [200, 240, 300])
def test_a_run_between_slow_beats(rate, leads):
    made = rhythms.paroxysm(rate, 250, 18)
    found = find_beats_in_leads(made.leads[:leads], 250).peaks
    hit = near(made.beats, found, 250)
    assert len(made.beats) - hit <= 2 and len(found) - hit <= 2


def test_chunks_do_not_change_fast_beats():
    made = rhythms.paroxysm(260, 360)
    whole = detect_r_peaks(made.leads[0], 360, chunk=1e9)
    np.testing.assert_array_equal(detect_r_peaks(made.leads[0], 360, chunk=7.7), whole)


@pytest.mark.parametrize("rate", [90, 110, 130, 150])
@pytest.mark.parametrize("t", [0.5, 0.9, -0.9])
def test_tall_t_waves_are_not_counted(rate, t):
    times = rhythms.steady(rate, 60)
    x = beats_at(times, rhythms.complex_of(60 / rate, True, t), 60 * 360, 360)
    x += 0.01 * np.random.default_rng(0).standard_normal(len(x))
    assert abs(len(detect_r_peaks(x, 360)) - len(times)) <= 1


def test_real_beats_close_together(minutes):
    for name in ("208", "215", "excerpt/213"):
        made = rhythms.spliced(records.read_record(minutes / name), 280)
        found = detect_r_peaks(made.leads[0], made.fs)
        assert len(found) == pytest.approx(len(made.beats), rel=0.03), name


def test_fibrillation_is_no_fast_rhythm():
    """A wave of 5 Hz whose size and rate wander: hardly anything of it is in the QRS band."""
    fs, n = 250, 60 * 250
    rng = np.random.default_rng(1)
    slow = sps.butter(2, 0.5, fs=fs, output="sos")
    drift = sps.sosfiltfilt(slow, rng.standard_normal((2, n)), axis=1) * 12
    x = (1 + 0.3 * drift[0]) * np.sin(2 * np.pi * np.cumsum(5 + 0.3 * drift[1]) / fs)
    x += 0.02 * rng.standard_normal(n)
    beats = np.arange(50, n - 50, 100)  # every other wave
    found = find_fast(lambda a, b: x[a:b], n, fs, beats, np.ones(len(beats)), np.zeros((0, 2), int))
    assert len(found.at) == 0


def test_too_few_beats_are_no_rhythm():
    none = find_fast(lambda a, b: np.zeros(b - a), 900, 250, np.array([5, 90]), np.ones(2), None)
    assert none is NONE
    at, contrast = np.array([5, 90]), np.array([2.0, 3.0])
    assert none.instead(at, contrast)[0] is at
