"""Leads and units, whatever file they come from."""

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording, read_wfdb
from ecg.formats.recording import Channel, Given, lead_of
from ecg.formats.units import is_plain, to_millivolt
from tests.recordings import ECG, OTHER, same, write_wfdb


def test_lead_two_is_preferred(tmp_path):
    path = write_wfdb(tmp_path, names=("I", "II"))
    recording = same(read_recording(path), OTHER, lead="II", tolerance=1e-3)
    assert any("--lead" in note for note in recording.notes)
    assert read_wfdb(path).lead == "I"
    with pytest.raises(InputError, match="no lead 'V9'.*I.*II"):
        read_recording(path, lead="V9")
    with pytest.raises(InputError, match="no lead 2"):
        read_recording(path, lead=2)


def test_what_the_user_says_wins_and_is_noted(tmp_path):
    path = write_wfdb(tmp_path)
    recording = read_recording(path, fs=500, unit="uV")
    assert recording.fs == 500 and np.allclose(recording.signal, ECG * 1e-3, atol=1e-5)
    assert any("--fs 500" in n for n in recording.notes) and any(
        "--unit uV" in n for n in recording.notes
    )
    assert any("check the unit" in n for n in recording.notes)


@pytest.mark.parametrize(
    "unit, expected",
    [
        ("V", 2000),
        ("mV", 2),
        ("uV", 0.002),
        ("µV", 0.002),
        ("μV", 0.002),
        ("200/mV", 0.01),
        ("200(1)/mV", 0.005),
        ("2(-2)/uV", 0.002),
        ("0.5/V", 4000),
    ],
)
def test_units(unit, expected):
    assert to_millivolt(np.array([2.0]), unit, "")[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    "unit", ["V", "volts", "mV", "millivolts", "µV", "μV", "uVolt", "毫伏", "мкВ", "nV"]
)
def test_spellings_of_volts(unit):
    assert to_millivolt(np.ones(1), unit, "")[0] in (1e3, 1, 1e-3, 1e-6) and not is_plain(unit)


@pytest.mark.parametrize("unit", ["adu", "ADC", "counts", "raw", "a.u.", "", "n/a", "LSB"])
def test_units_that_are_none(unit, tmp_path):
    assert is_plain(unit)
    np.savez(tmp_path / "a.npz", signal=ECG, fs=250, unit=unit or "-", leads=["II"])
    assert any("mV taken" in note for note in read_recording(tmp_path / "a.npz").notes)


@pytest.mark.parametrize("scale", [1e13, 1e300, 1e-14, 5e-324])
def test_a_scale_that_no_unit_makes_is_refused(tmp_path, scale):
    np.savez(tmp_path / "a.npz", ecg=ECG * scale, fs=250)
    with pytest.raises(InputError, match=r"lead .* reaches .* mV: its scale .* is damaged"):
        read_recording(tmp_path / "a.npz")


def test_counts_of_32_bits_and_a_flat_lead_are_read(tmp_path):
    for x in (ECG * 2.0**31, ECG * 1e-9):
        np.savez(tmp_path / "a.npz", ecg=x, fs=250)
        assert np.array_equal(read_recording(tmp_path / "a.npz").signal, x)


@pytest.mark.parametrize(
    "adc, name", [((np.nan, 0.0), "gain"), ((np.inf, 0.0), "gain"), ((200.0, np.nan), "zero")]
)
def test_a_converter_that_cannot_be_is_refused_by_name(adc, name):
    """Whatever the format: its reader hands on what the file states."""
    channel = Channel("II", "mV", 250.0, lambda: ECG, adc=adc)
    with pytest.raises(InputError, match=f"its {name} of lead II is"):
        lead_of(channel, "II", Given(), "night.scp")


@pytest.mark.parametrize("key, value", [("gain", -200.0), ("gain", np.nan), ("baseline", np.inf)])
def test_gains_of_named_values_are_refused_by_name(tmp_path, key, value):
    stated = {"gain": 200.0, key: value}
    np.savez(tmp_path / "a.npz", ecg=np.round(200 * ECG), fs=250, **stated)
    with pytest.raises(InputError, match=f"its {key} is"):
        read_recording(tmp_path / "a.npz")
