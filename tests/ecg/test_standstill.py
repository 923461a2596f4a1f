"""A heart that stands still has no beats, whatever else is to be seen; low beats are beats."""

import numpy as np
import pytest

from benchmarks.rpeaks_parts import rhythms
from ecg import standstill
from ecg.rpeaks import detect_r_peaks, find_beats_in_leads
from ecg.synthetic import beats_at


def inside_and_outside(made, leads):
    found = find_beats_in_leads(made.leads[:leads], made.fs).peaks / made.fs
    start, stop = made.absent[0]
    inside = (found > start) & (found < stop)
    return inside.sum(), len(found) - inside.sum() - len(made.beats), found


@pytest.mark.parametrize("leads", [1, 2])
@pytest.mark.parametrize("seconds", [10, 60, 300])
@pytest.mark.parametrize("p_rate", [60, 80, 100])
def test_p_waves_without_qrs_complexes_are_no_beats(p_rate, seconds, leads):
    for snr, gain in ((None, 1.7), (18, 1.0)):
        made = rhythms.standstill(250, seconds, p_rate, 0, snr, gain=gain)
        inside, missed, found = inside_and_outside(made, leads)
        assert inside <= 1 and missed == 0, (snr, gain)
        assert np.diff(found).max() > seconds - 2  # the pause, from the last QRS complex on


@pytest.mark.parametrize("leads", [1, 2])
@pytest.mark.parametrize("fs", [250, 360, 1000])
@pytest.mark.parametrize("spikes", [0.5, 1.0, 2.5])
def test_spikes_without_capture_are_no_beats(spikes, fs, leads):
    for p_rate in (0, 80):
        made = rhythms.standstill(fs, 60, p_rate, spikes)
        inside, missed, _ = inside_and_outside(made, leads)
        assert inside <= 2 and missed == 0, p_rate


def test_paced_beats_are_beats():
    fs, times = 360, rhythms.steady(70, 60, wander=0)
    x = beats_at(times - 0.075, np.array(rhythms.SPIKE), 60 * fs, fs)
    x += beats_at(
        times, np.array([[0, 0.03, 0.7], [0.05, 0.03, -0.3], [0.3, 0.06, -0.3]]), 60 * fs, fs
    )
    x += 0.005 * np.random.default_rng(0).standard_normal(len(x))
    assert len(detect_r_peaks(x, fs)) == len(times)


@pytest.mark.parametrize("gain", [0.25, 0.35])
@pytest.mark.parametrize("leads", [1, 2])
def test_beats_stay_beats_where_the_gain_falls(gain, leads):
    fs, n = 250, 600 * 250
    times = rhythms.steady(70, 600, wander=0.04)
    x = beats_at(times, rhythms.complex_of(0.85), n, fs)
    x[200 * fs : 450 * fs] *= gain
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, n))
    found = find_beats_in_leads([x + noise[0], -0.7 * x + noise[1]][:leads], fs).peaks
    assert abs(len(found) - len(times)) <= 1


@pytest.mark.parametrize("leads", [1, 2])
def test_the_last_seconds_of_a_stream_are_judged_by_what_was_usual(leads):
    made = rhythms.standstill(250, 60, 80)
    part = [lead[20 * 250 : 50 * 250] for lead in made.leads[:leads]]
    before = find_beats_in_leads(part, 250, live=True).usual
    assert before.shape == (leads, 2) and np.isfinite(before).all()
    still = [lead[80 * 250 : 95 * 250] for lead in made.leads[:leads]]
    blind = find_beats_in_leads(still, 250, live=True)
    told = find_beats_in_leads(still, 250, live=True, usual=before)
    assert len(blind.peaks) > 10 and len(told.peaks) == 0  # nobody knows, P waves may be low beats
    assert np.isnan(told.usual).all()  # no beats tell nothing
    back = [lead[110 * 250 : 125 * 250] for lead in made.leads[:leads]]
    again = find_beats_in_leads(back, 250, live=True, usual=before).peaks / 250 + 110
    true = made.beats / 250
    true = true[(true > 110) & (true < 125)]
    assert len(again) == len(true) and np.abs(again - true).max() < 0.02  # from the first one on
    if leads == 1:
        np.testing.assert_array_equal(
            detect_r_peaks(still[0], 250, live=True, usual=before[0]), told.peaks
        )


def test_sharpness_is_a_frequency():
    t = np.arange(-0.5, 0.5, 1 / 120)
    for hertz in (5, 12):
        wave = np.sin(2 * np.pi * hertz * t)[None]
        assert standstill.sharpness(wave, 120)[0] == pytest.approx(hertz, rel=0.05)


def test_many_minutes_of_standstill_do_not_become_usual():
    at = np.arange(0, 1800, 0.8)
    height = np.where((at > 600) & (at < 1500), 0.1, 1.0)
    assert standstill.usual_heights(at, height) == pytest.approx(1)
    assert np.isnan(standstill.usual_heights(at[:3], height[:3])).all()
    assert standstill.usual_heights(at[:3], height[:3], 2.0) == pytest.approx(2)
