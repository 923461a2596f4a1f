"""clean_ECG.py as its user runs it."""

import numpy as np
import pytest

import clean_ECG
from ecg import formats
from ecg.artifacts import InputError
from ecg.filters import denoise
from ecg.noise import add_noise
from ecg.synthetic import synthetic_recording

MADE = synthetic_recording(60, 360, seed=5)


def test_demo(run, tmp_path):
    done = run("clean_ECG.py", "--save", tmp_path / "demo.png", cwd=tmp_path)
    before, after = (
        float(word) for word in done.stdout.split("in mV:")[1].replace("dB", " ").split()[:3:2]
    )
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
        back = formats.read_recording(out)  # needs no --fs, no --unit
        assert back.fs == 360 and np.array_equal(np.isnan(back.signal), np.isnan(x))
        sign = 1 if "was turned" in said else -1
        np.testing.assert_allclose(back.signal, denoise(sign * x, 360, mains=60), atol=1e-6)
    clean_ECG.main(
        [
            str(tmp_path / "a.npz"),
            "--out",
            str(tmp_path / "z.npy"),
            "--zscore",
            "--band",
            "0.5",
            "150",
        ]
    )
    assert np.nanstd(np.load(tmp_path / "z.npy")) == pytest.approx(1)


@pytest.mark.parametrize(
    "options, says",
    [
        (["nowhere.csv"], "does not exist"),
        (["--band", "50", "40"], "--band"),
        (["--out", "x.wav"], "--out"),
        (["--start", "1000"], "--start"),
        (["--window", "0"], "--window"),
    ],
)
def test_refused(tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        clean_ECG.main(options)
    assert list(tmp_path.iterdir()) == []


def test_refused_in_one_line(refused, tmp_path):
    assert "nowhere.csv" in refused("clean_ECG.py", "nowhere.csv", cwd=tmp_path)


def test_what_notebooks_import_from_here():
    for name in (
        "notch_filter bandpass_filter normalize find_mains denoise remove_strong_hum "
        "preprocess_ecg_signal snr_db signal_quality median_beat upright_figures find_inversion "
        "turn_upright unlike_training plot_cleaning save_signal"
    ).split():
        assert callable(getattr(clean_ECG, name))
