"""Filters by their response, mains, quality, inversion, and the program as its user runs it."""
import numpy as np
import pytest

import clean_ECG
from clean_ECG import bandpass_filter, denoise, find_mains, normalize, notch_filter, preprocess_ecg_signal, signal_quality, snr_db
from ecg import beats, records
from ecg.artifacts import InputError
from Noisy_ECG_Signal import add_noise, synthetic_recording

MADE = synthetic_recording(60, 360, seed=5)


def gain(filtered, frequency, fs, seconds=60):
    """Gain and delay-freeness of a filter at one frequency, away from the ends."""
    t = np.arange(int(seconds * fs)) / fs
    tone = np.sin(2 * np.pi * frequency * t)
    out = filtered(tone)
    middle = slice(len(t) // 4, -len(t) // 4)
    return np.dot(out[middle], tone[middle]) / np.dot(tone[middle], tone[middle])


@pytest.mark.parametrize("fs, low, high", [(100, 0.5, 40), (100, 0.5, 150), (360, 0.5, 40), (360, 0.5, 150), (360, 0.05, 150), (2000, 0.5, 40)])
def test_band_at_every_rate(fs, low, high):
    keep = lambda x: bandpass_filter(x, fs, low, high)
    assert gain(keep, 10, fs) == pytest.approx(1, abs=0.01)
    assert gain(keep, low, fs, 200) == pytest.approx(0.5, abs=0.06)                # both ways: half at the limit
    assert abs(gain(keep, low / 4, fs, 200)) < 0.05
    if high < fs / 2:
        assert gain(keep, high, fs) == pytest.approx(0.5, abs=0.02)
    else:
        assert gain(keep, 0.45 * fs, fs) == pytest.approx(1, abs=0.02)             # the limit is clipped, nothing breaks
    assert np.abs(keep(MADE.signal + 5000)).max() < 10                             # stable, whatever the offset


def test_band_without_limits():
    assert gain(lambda x: bandpass_filter(x, 360, 0, 40), 0.1, 360) == pytest.approx(1, abs=0.01)
    assert np.array_equal(bandpass_filter(MADE.signal, 360, 0, 400), MADE.signal)
    for low, high in ((40, 40), (50, 40), (200, 300), (-1, 40)):
        with pytest.raises(ValueError):
            bandpass_filter(MADE.signal, 360, low, high)


def test_notch():
    for freq in (50, 60):
        cut = lambda x: notch_filter(x, 360, freq)
        assert abs(gain(cut, freq, 360)) < 0.01
        assert gain(cut, freq - 5, 360) == pytest.approx(1, abs=0.05)
        assert gain(cut, 1, 360) == pytest.approx(1, abs=0.001)
    assert notch_filter(MADE.signal + 1000, 360).mean() == pytest.approx(1000 + MADE.signal.mean(), abs=0.01)
    assert np.array_equal(notch_filter(MADE.signal, 100, 50), MADE.signal)         # 50 Hz is Nyquist: nothing to remove


def test_missing_samples_stay_missing_and_hurt_only_their_surroundings():
    holed = MADE.signal.copy()
    holed[5000:5400] = np.nan
    holed[0] = np.nan
    for work in (lambda x: denoise(x, 360, mains=50), lambda x: preprocess_ecg_signal(x, 360)):
        out, whole = work(holed), work(MADE.signal)
        assert np.array_equal(np.isnan(out), np.isnan(holed))
        far = np.r_[800:4200, 6400:len(out)]
        assert np.abs(out[far] - whole[far]).max() < 0.1 * np.nanstd(whole)
    for empty in (np.full(500, np.nan), np.zeros(0), np.array([1.0])):
        assert len(preprocess_ecg_signal(empty, 360)) == len(empty)
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
        assert snr_db(record.signal, denoise(x, fs, 0.5, 150)) > snr_db(record.signal, denoise(x, fs, 0.5, 150, "none")) + 1


def test_mains_of_signals_without_any():
    assert find_mains(np.zeros(10000), 360) is None
    assert find_mains(np.full(10000, np.nan), 360) is None
    assert find_mains(MADE.signal[:300], 360) is None
    with pytest.raises(ValueError):
        denoise(MADE.signal, 360, mains=55)


def test_only_strong_hum_is_removed_for_the_classifier():
    for snr, removed in ((40, False), (24, False), (12, True), (0, True)):
        x = add_noise(MADE.signal, 360, "mains", snr, np.random.default_rng(0), 60)
        out, said = clean_ECG.remove_strong_hum(x, 360)
        assert (said is not None) == removed and (out is x) != removed
        if removed:
            assert "60 Hz" in said and snr_db(MADE.signal, out) > 18
    assert find_mains(add_noise(MADE.signal, 360, "mains", 24, np.random.default_rng(0), 60), 360) == 60


def test_snr_is_of_like_with_like():
    rng = np.random.default_rng(0)
    for want in (0, 12, 24):
        noisy = add_noise(MADE.signal, 360, "muscle", want, rng)
        assert snr_db(MADE.signal, noisy + 5) == pytest.approx(want, abs=1)        # an offset is no noise
    assert snr_db(MADE.signal, MADE.signal) == np.inf
    noisy = MADE.signal.copy()
    for kind in ("baseline", "mains", "muscle"):
        noisy = add_noise(noisy, 360, kind, 6, rng)
    assert snr_db(MADE.signal, denoise(noisy, 360)) > snr_db(MADE.signal, noisy) + 6


def test_quality_names_the_reason():
    x = MADE.signal + 0.01 * np.random.default_rng(1).standard_normal(len(MADE.signal))
    x[3600:7200] = np.nan
    x[9000:12000] = x[9000]
    x[14400:18000] = np.random.default_rng(0).standard_normal(3600)
    windows = signal_quality(x, 360)
    assert [w.start for w in windows] == list(range(0, 21600, 3600)) and windows[-1].stop == 21600
    reasons = [w.reason for w in windows]
    assert reasons[0] == "ok" and reasons[1] == "missing" and "flat" in reasons[2:4] and reasons[4] == "noise"
    assert windows[1].readable < 0.05 and windows[0].readable == 1
    assert signal_quality(np.zeros(0), 360) == []


def test_inversion_of_known_leads():
    rng = np.random.default_rng(4)
    for seed in range(6):
        made = synthetic_recording(60, 250, seed=seed, shares={})
        x = add_noise(made.signal, 250, "muscle", 15, rng)
        up, down = clean_ECG.upright_figures(x, 250), clean_ECG.upright_figures(-x, 250)
        np.testing.assert_allclose(up, -down, atol=0.1)
        assert not clean_ECG.find_inversion(x, 250)
        turned, said = clean_ECG.turn_upright(x, 250)
        assert said is None and turned is x
    normal = synthetic_recording(60, 250, seed=0, shares={}).signal               # P, R and T upright
    turned, said = clean_ECG.turn_upright(-normal, 250)
    assert np.array_equal(turned, normal) and "upside down" in said
    assert clean_ECG.turn_upright(-normal, 250, "no")[1] is None
    assert clean_ECG.turn_upright(-normal, 250, lead="V1")[1] is None              # its QRS points down anyway
    assert np.array_equal(clean_ECG.turn_upright(normal, 250, "yes")[0], -normal)
    assert not clean_ECG.find_inversion(-normal[:300], 250)                        # too few beats to tell
    assert not clean_ECG.find_inversion(np.zeros(5000), 250)
    assert beats.detect_r_peaks(-turned * -1, 250).size == beats.detect_r_peaks(normal, 250).size


def test_inversion_on_real_leads(mitdb):
    missed = 0
    for name in ("100", "101", "103", "118", "207", "217", "220"):
        recording = records.read_wfdb(mitdb / name)
        x = recording.signal[:60 * 360]
        assert not clean_ECG.find_inversion(x, 360), name                          # the mistake that must not be made
        missed += not clean_ECG.find_inversion(-x, 360)
    assert missed <= 5


def test_unlike_training():
    assert clean_ECG.unlike_training("MLII", MADE.signal, 360) is None
    assert clean_ECG.unlike_training("ECG Lead II", -MADE.signal, 360) is None
    assert "aVR" in clean_ECG.unlike_training("aVR", MADE.signal, 360)
    assert clean_ECG.unlike_training("column 0", MADE.signal, 360) is None
    assert "points down" in clean_ECG.unlike_training("column 0", -MADE.signal, 360)
    of_context = [clean_ECG.unlike_training(lead, -MADE.signal, 360, single_beat=False) for lead in ("V1", "column 0", "aVR")]
    assert of_context[:2] == [None, None] and "aVR" in of_context[2] and "V1" in clean_ECG.unlike_training("V1", MADE.signal, 360)


# ------------------------------------------------------------------------------------------------ the program

def test_demo(run, tmp_path):
    done = run("clean_ECG.py", "--save", tmp_path / "demo.png", cwd=tmp_path)
    before, after = (float(word) for word in done.stdout.split("in mV:")[1].replace("dB", " ").split()[:3:2])
    assert after > before + 6
    assert (tmp_path / "demo.png").stat().st_size > 10000


def test_file_to_cleaned_file(tmp_path, capsys):
    x = add_noise(MADE.signal, 360, "mains", 10, np.random.default_rng(0), 60)
    x[1000:2000] = np.nan
    np.savez(tmp_path / "a.npz", signal=-x, fs=360, unit="mV", leads=["ECG"])
    for suffix in ("csv", "npz"):
        out = tmp_path / f"out.{suffix}"
        clean_ECG.main([str(tmp_path / "a.npz"), "--out", str(out)])
        said = capsys.readouterr().out
        assert "60 Hz removed" in said and "missing" in said
        back = records.read_recording(out)                                        # needs no --fs, no --unit
        assert back.fs == 360 and np.array_equal(np.isnan(back.signal), np.isnan(x))
        sign = 1 if "was turned" in said else -1
        np.testing.assert_allclose(back.signal, denoise(sign * x, 360, mains=60), atol=1e-6)
    clean_ECG.main([str(tmp_path / "a.npz"), "--out", str(tmp_path / "z.npy"), "--zscore", "--band", "0.5", "150"])
    assert np.nanstd(np.load(tmp_path / "z.npy")) == pytest.approx(1)


@pytest.mark.parametrize("options, says", [
    (["nowhere.csv"], "does not exist"), (["--band", "50", "40"], "--band"), (["--out", "x.wav"], "--out"),
    (["--start", "1000"], "--start"), (["--window", "0"], "--window")])
def test_refused(tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        clean_ECG.main(options)
    assert list(tmp_path.iterdir()) == []


def test_refused_in_one_line(refused, tmp_path):
    assert "nowhere.csv" in refused("clean_ECG.py", "nowhere.csv", cwd=tmp_path)
