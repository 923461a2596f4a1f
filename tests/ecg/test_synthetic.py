"""Synthetic beats stand where they are said to stand, and behave as their classes do."""

import numpy as np
import pytest
import wfdb

from ecg.artifacts import InputError
from ecg.beats import classes_of
from ecg.noise import add_noise
from ecg.rpeaks import detect_r_peaks
from ecg.synthetic import demo_records, draw_patient, generate_noisy_ecg, synthetic_recording


def test_tutorial_function():
    state = np.random.get_state()[1].copy()
    t, clean, noisy = generate_noisy_ecg(fs=250, duration=12, show_plot=False)
    assert t.shape == clean.shape == noisy.shape == (3000,) and t[1] == 1 / 250
    assert 0.5 < clean.max() < 3 and np.std(noisy - clean) > 0.05
    # the same signal every time
    assert np.array_equal(noisy, generate_noisy_ecg(250, 12, False)[2])
    assert np.array_equal(state, np.random.get_state()[1])  # the global state is left alone


@pytest.mark.parametrize("fs", [125, 360, 1000])
def test_positions_labels_and_rates(fs):
    made = synthetic_recording(300, fs, seed=7, rate=80, variability=0.05)
    same = synthetic_recording(300, 360, seed=7, rate=80, variability=0.05)
    assert made.symbols == same.symbols and np.abs(
        made.r_peaks / fs - same.r_peaks / 360
    ).max() < 1 / min(fs, 360)
    assert np.array_equal(made.labels, classes_of(made.symbols)) and np.all(
        np.diff(made.r_peaks) > 0.25 * fs
    )
    window = int(0.05 * fs)
    peak = [
        np.argmax(np.abs(made.signal[p - window : p + window + 1])) - window
        for p in made.r_peaks[1:-1]
    ]
    assert np.mean(np.abs(peak) <= max(1, 0.004 * fs)) > 0.98  # on the main deflection
    normal = np.diff(made.r_peaks)[(made.labels[1:] == 0) & (made.labels[:-1] == 0)] / fs
    assert 60 / normal.mean() == pytest.approx(80, rel=0.03)
    assert normal.std() / normal.mean() == pytest.approx(0.05, rel=0.4)


def test_ectopic_beats_behave():
    made = synthetic_recording(900, 250, seed=3, shares={"S": 0.1, "V": 0.1, "F": 0.05})
    rr, y = np.diff(made.r_peaks) / 250, made.labels
    normal = np.median(rr[(y[1:] == 0) & (y[:-1] == 0)])
    before, after = {}, {}
    for k in (1, 2, 3):
        at = np.flatnonzero((y[1:-1] == k) & (y[:-2] == 0) & (y[2:] == 0)) + 1
        before[k], after[k] = np.mean(rr[at - 1]), np.mean(rr[at])
        assert (
            0.6 * {1: 0.1, 2: 0.1, 3: 0.05}[k]
            < np.mean(y == k)
            < 1.5 * {1: 0.1, 2: 0.1, 3: 0.05}[k]
        )
    assert before[1] < 0.85 * normal and before[2] < 0.8 * normal  # early
    assert before[2] + after[2] == pytest.approx(2 * normal, rel=0.03)  # with a compensatory pause
    assert before[1] + after[1] < 1.9 * normal  # or without one
    near = np.abs(made.signal[made.r_peaks[1:-1, None] + np.arange(-25, 26)])
    width = np.mean(near > 0.3 * near[:, 25:26], axis=1)
    assert np.median(width[y[1:-1] == 2]) > 1.5 * np.median(width[y[1:-1] == 0])


def test_pacing_spike():
    made = synthetic_recording(60, 1000, seed=1, shares={"Q": 1.0})
    assert set(made.symbols) == {"/"} and np.std(np.diff(made.r_peaks)) < 20
    steep = [
        np.argmax(np.abs(np.diff(made.signal[p - 120 : p + 60]))) - 120 for p in made.r_peaks[1:-1]
    ]
    assert np.all((np.array(steep) < -40) & (np.array(steep) > -110))  # a spike before every QRS


def test_detector_finds_the_beats():
    for seed in range(4):
        made = synthetic_recording(120, 250, seed=seed)
        found = detect_r_peaks(
            add_noise(made.signal, 250, "muscle", 15, np.random.default_rng(0)), 250
        )
        near = np.abs(found[:, None] - made.r_peaks).min(axis=0)
        assert np.mean(near <= 0.05 * 250) > 0.97 and abs(len(found) - len(made.r_peaks)) <= 3


def test_demo_records(tmp_path):
    names = demo_records(tmp_path / "demo", patients=6, duration=120)
    assert names == [f"demo{k:02d}" for k in range(6)]
    assert sorted(p.name for p in (tmp_path / "demo").iterdir()) == sorted(
        f"{n}.{s}" for n in names for s in ("atr", "dat", "hea")
    )
    counts = np.zeros(5, int)
    for name in names:
        record, ann = (
            wfdb.rdrecord(str(tmp_path / "demo" / name)),
            wfdb.rdann(str(tmp_path / "demo" / name), "atr"),
        )
        assert (
            record.fs == 360 and record.sig_name == ["MLII"] and np.isfinite(record.p_signal).all()
        )
        counts += np.bincount(classes_of(ann.symbol), minlength=5)
    assert np.all(counts >= 8)
    first = (tmp_path / "demo" / "demo03.dat").read_bytes()
    demo_records(tmp_path / "again", patients=4, duration=120)
    assert (tmp_path / "again" / "demo03.dat").read_bytes() == first


def test_patients_differ():
    a, b = (draw_patient(np.random.default_rng(seed)) for seed in (0, 1))
    assert set(a) == set("NSVFQ") and not np.allclose(a["N"], b["N"])


@pytest.mark.parametrize(
    "options",
    [
        dict(fs=10),
        dict(duration=0),
        dict(rate=5),
        dict(variability=2),
        dict(shares={"X": 0.1}),
        dict(shares={"S": 0.9}),
        dict(shares={"S": -0.1}),
        dict(shares={"S": 0.3, "Q": 0.9}),
    ],
)
def test_impossible_recordings(options):
    with pytest.raises(InputError):
        synthetic_recording(**options)


@pytest.mark.parametrize("duration, fs", [(1e12, 360), (86_400, 1000), (float("inf"), 360)])
def test_more_samples_than_a_memory_holds_are_refused_with_the_number(duration, fs):
    with pytest.raises(InputError, match="samples, a synthetic recording has 40,000,000 at most"):
        synthetic_recording(duration, fs)
    with pytest.raises(InputError, match="at most"):
        generate_noisy_ecg(fs, duration, False)
