"""Noisy_ECG_Signal.py as its user runs it."""

import pytest

import Noisy_ECG_Signal
from ecg.artifacts import InputError


def test_figure(tmp_path, capsys):
    figure = str(tmp_path / "a.png")
    options = ["--kinds", "N,S,V,F,Q", "--noise", "electrode", "--snr", "3", "--duration", "60"]
    Noisy_ECG_Signal.main([*options, "--save", figure])
    assert "SNR 3.0 dB" in capsys.readouterr().out and (tmp_path / "a.png").exists()


def test_records(tmp_path, capsys):
    Noisy_ECG_Signal.main(["--records", str(tmp_path / "demo"), "--duration", "10"])
    assert "10 records" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options, says",
    [(["--kinds", "X"], "--kinds"), (["--save", "a.xyz"], "a.xyz"), (["--seed", "-1"], "--seed")],
)
def test_refused(tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        Noisy_ECG_Signal.main(options)
    assert list(tmp_path.iterdir()) == []


def test_what_notebooks_import_from_here():
    for name in (
        "draw_patient synthetic_recording noise ac_power add_noise generate_noisy_ecg "
        "demo_recording demo_records write_wfdb plot_noisy show_figure"
    ).split():
        assert callable(getattr(Noisy_ECG_Signal, name))
