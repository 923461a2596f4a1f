"""Filters by their response, mains hum, signal-to-noise ratio."""

import numpy as np
import pytest

from benchmarks.rpeaks_parts import rhythms
from ecg.filters import (
    bandpass,
    denoise,
    find_lines,
    find_mains,
    normalize,
    notch,
    remove_strong_hum,
    snr_db,
)
from ecg.formats import read_wfdb
from ecg.noise import add_noise
from ecg.rpeaks import detect_r_peaks
from ecg.synthetic import beats_at, synthetic_recording

MADE = synthetic_recording(60, 360, seed=5)


def gain(filtered, frequency, fs, seconds=60):
    """Gain and delay-freeness of a filter at one frequency, away from the ends."""
    t = np.arange(int(seconds * fs)) / fs
    tone = np.sin(2 * np.pi * frequency * t)
    out = filtered(tone)
    middle = slice(len(t) // 4, -len(t) // 4)
    return np.dot(out[middle], tone[middle]) / np.dot(tone[middle], tone[middle])


@pytest.mark.parametrize(
    "fs, low, high",
    [
        (100, 0.5, 40),
        (100, 0.5, 150),
        (360, 0.5, 40),
        (360, 0.5, 150),
        (360, 0.05, 150),
        (2000, 0.5, 40),
    ],
)
def test_band_at_every_rate(fs, low, high):

    def keep(x):
        return bandpass(x, fs, low, high)

    assert gain(keep, 10, fs) == pytest.approx(1, abs=0.01)
    assert gain(keep, low, fs, 200) == pytest.approx(0.5, abs=0.06)  # both ways: half at the limit
    assert abs(gain(keep, low / 4, fs, 200)) < 0.05
    if high < fs / 2:
        assert gain(keep, high, fs) == pytest.approx(0.5, abs=0.02)
    else:
        # the limit is clipped, nothing breaks
        assert gain(keep, 0.45 * fs, fs) == pytest.approx(1, abs=0.02)
    assert np.abs(keep(MADE.signal + 5000)).max() < 10  # stable, whatever the offset


def test_band_without_limits():
    assert gain(lambda x: bandpass(x, 360, 0, 40), 0.1, 360) == pytest.approx(1, abs=0.01)
    assert np.array_equal(bandpass(MADE.signal, 360, 0, 400), MADE.signal)
    for low, high in ((40, 40), (50, 40), (200, 300), (-1, 40)):
        with pytest.raises(ValueError):
            bandpass(MADE.signal, 360, low, high)


def test_notch():
    for freq in (50, 60):

        def cut(x, freq=freq):
            return notch(x, 360, freq)

        assert abs(gain(cut, freq, 360)) < 0.01
        assert gain(cut, freq - 5, 360) == pytest.approx(1, abs=0.05)
        assert gain(cut, 1, 360) == pytest.approx(1, abs=0.001)
    assert notch(MADE.signal + 1000, 360).mean() == pytest.approx(
        1000 + MADE.signal.mean(), abs=0.01
    )
    # 50 Hz is Nyquist: nothing to remove
    assert np.array_equal(notch(MADE.signal, 100, 50), MADE.signal)


def test_missing_samples_stay_missing_and_hurt_only_their_surroundings():
    holed = MADE.signal.copy()
    holed[5000:5400] = np.nan
    holed[0] = np.nan
    for work in (lambda x: denoise(x, 360, mains=50), lambda x: normalize(denoise(x, 360))):
        out, whole = work(holed), work(MADE.signal)
        assert np.array_equal(np.isnan(out), np.isnan(holed))
        far = np.r_[800:4200, 6400 : len(out)]
        assert np.abs(out[far] - whole[far]).max() < 0.1 * np.nanstd(whole)
    for empty in (np.full(500, np.nan), np.zeros(0), np.array([1.0])):
        assert len(normalize(denoise(empty, 360))) == len(empty)
    with pytest.raises(ValueError, match="one lead"):
        denoise(np.zeros((100, 2)), 360)


def test_normalize():
    z = normalize(np.r_[MADE.signal * 7 + 3, np.nan])
    assert np.nanmean(z) == pytest.approx(0, abs=1e-12) and np.nanstd(z) == pytest.approx(1)
    assert np.array_equal(normalize(np.full(10, 0.1)), np.zeros(10))


@pytest.mark.parametrize("fs", [128, 250, 360, 500, 1000])
@pytest.mark.parametrize("mains", [None, 50, 60])
def test_mains_found(fs, mains):
    record = synthetic_recording(60, fs, seed=2)
    rng = np.random.default_rng(3)
    x = add_noise(record.signal, fs, "muscle", 20, rng)
    if mains:
        x = add_noise(x, fs, "mains", 20, rng, mains)
    assert find_mains(x, fs) == mains
    if mains:
        assert (
            snr_db(record.signal, denoise(x, fs, 0.5, 150))
            > snr_db(record.signal, denoise(x, fs, 0.5, 150, "none")) + 1
        )


def test_mains_of_signals_without_any():
    assert find_mains(np.zeros(10000), 360) is None
    assert find_mains(np.full(10000, np.nan), 360) is None
    assert find_mains(MADE.signal[:300], 360) is None
    with pytest.raises(ValueError):
        denoise(MADE.signal, 360, mains=55)


def test_only_strong_hum_is_removed_for_the_classifier():
    for snr, removed in ((40, False), (24, False), (12, True), (0, True)):
        x = add_noise(MADE.signal, 360, "mains", snr, np.random.default_rng(0), 60)
        out, said = remove_strong_hum(x, 360)
        assert (said is not None) == removed and (out is x) != removed
        if removed:
            assert "60 Hz" in said and snr_db(MADE.signal, out) > 18
    assert (
        find_mains(add_noise(MADE.signal, 360, "mains", 24, np.random.default_rng(0), 60), 360)
        == 60
    )


@pytest.mark.parametrize("fs", [250, 300, 360, 500, 1000])
@pytest.mark.parametrize("hertz", [10.3, 50 / 3, 25, 50, 60, 100, 120, 400])
def test_hum_of_any_frequency_is_removed_before_beats_are_looked_for(hertz, fs):
    """400 Hz too where it is above half of the rate: then it is folded back."""
    record = synthetic_recording(30, fs, seed=4, shares={})
    clean = record.signal + 0.01 * np.random.default_rng(0).standard_normal(len(record.signal))
    t = np.arange(len(clean)) / fs
    for times_qrs in (0.1, 0.3, 1, 3):
        hum = times_qrs * np.ptp(record.signal) * np.sin(2 * np.pi * hertz * t + 1)
        out, said = remove_strong_hum(clean + hum, fs)
        assert said or times_qrs == 0.1
        found = detect_r_peaks(out, fs)
        assert len(found) == len(record.r_peaks), times_qrs
        assert np.abs(found - record.r_peaks).max() <= 0.02 * fs
        if said:
            again, more = remove_strong_hum(out, fs)
            assert more is None and again is out


def test_hum_with_harmonics_and_missing_samples():
    fs = 360
    t = np.arange(len(MADE.signal)) / fs
    hum = sum(a * np.sin(2 * np.pi * 50 / 3 * k * t + k) for k, a in ((1, 1), (2, 0.4), (5, 0.1)))
    x = MADE.signal + hum
    x[4000:4500] = np.nan
    assert find_lines(x, fs) == pytest.approx([16.67, 33.33, 83.33], abs=0.03)
    out, said = remove_strong_hum(x, fs)
    assert "16.7, 33.3, 83.3 Hz" in said
    np.testing.assert_array_equal(np.isnan(out), np.isnan(x))
    far = np.r_[:3000, 5500 : len(x)]
    assert np.sqrt(np.mean((out - MADE.signal)[far] ** 2)) < 0.05


@pytest.mark.parametrize("rate", [20, 60, 75, 120, 180, 240, 300, 330])
@pytest.mark.parametrize("fs", [128, 250, 500])
def test_the_harmonics_of_a_heart_like_a_clock_are_no_hum(rate, fs):
    for seconds, waves in ((10, True), (60, False)):
        times = rhythms.steady(rate, seconds, wander=0)
        x = beats_at(times, rhythms.complex_of(60 / rate, waves), seconds * fs, fs)
        assert find_lines(x, fs) == []
        assert remove_strong_hum(x, fs)[0] is x  # not a bit of it changes


def test_real_recordings_without_hum_are_left_alone(minutes):
    for name in ("100", "119", "203", "208", "222"):
        x = read_wfdb(minutes / name).signal
        assert remove_strong_hum(x, 360)[0] is x, name


def test_snr_is_of_like_with_like():
    rng = np.random.default_rng(0)
    for want in (0, 12, 24):
        noisy = add_noise(MADE.signal, 360, "muscle", want, rng)
        assert snr_db(MADE.signal, noisy + 5) == pytest.approx(want, abs=1)  # an offset is no noise
    assert snr_db(MADE.signal, MADE.signal) == np.inf
    noisy = MADE.signal.copy()
    for kind in ("baseline", "mains", "muscle"):
        noisy = add_noise(noisy, 360, kind, 6, rng)
    assert snr_db(MADE.signal, denoise(noisy, 360)) > snr_db(MADE.signal, noisy) + 6
