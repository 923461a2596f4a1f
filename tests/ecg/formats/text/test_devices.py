"""The heads of known recorders: names, units, rate, start and what the numbers mean, each at once;
and heads that are nearly such."""

import datetime
import json

import numpy as np
import pytest

from ecg.formats import read_recording
from ecg.formats.recording import Given
from ecg.formats.text import from_text
from tests import recorder_files as files
from tests.recordings import ECG, FS, OTHER, T, rows, same, text

DAY, CLOCK = datetime.date(2026, 6, 11), datetime.time(10, 29, 43, 250000)


def channels(path):
    """The channels of a file by their names."""
    contents = from_text(path, Given())
    assert len({channel.fs for channel in contents.channels}) == 1
    return {channel.name: channel for channel in contents.channels}, contents


@pytest.mark.parametrize(
    "device, name, bits", [("bitalino", "A2", 10), ("biosignalsplux", "CH2", 16)]
)
def test_opensignals(tmp_path, device, name, bits):
    found, contents = channels(files.opensignals(tmp_path, device))
    assert "nSeq" not in found and found[name].fs == FS and found[name].kind == "ECG"
    assert {each.kind for each in found.values()} == {"DIGITAL", "RESP", "ECG"}
    assert contents.facts[:2] == (DAY, CLOCK) and contents.facts.device == device
    recording = same(read_recording(tmp_path / "opensignals.txt"), lead=name, tolerance=2e-3)
    assert any("transfer function" in note and f"{bits} bits" in note for note in recording.notes)
    # the converter's own numbers, if the user knows better what they mean
    raw = read_recording(tmp_path / "opensignals.txt", unit=f"200({2 ** (bits - 1)})/mV").signal
    counts = 200 * raw + 2 ** (bits - 1)
    assert np.allclose(counts, np.rint(counts), atol=1e-6) and counts.min() > 0


def test_opensignals_of_several_devices(tmp_path):
    path = files.opensignals(tmp_path, "biosignalsplux", several=2)
    contents = from_text(path, Given())
    assert [each.name for each in contents.channels] == ["DI", "CH1", "CH2"] * 2
    assert [each.kind for each in contents.channels] == ["DIGITAL", "RESP", "ECG"] * 2


def test_opensignals_in_units_already_or_of_an_unknown_device(tmp_path):
    path = files.opensignals(tmp_path, "respiban")
    found, _ = channels(path)
    assert found["CH2"].unit is None and found["CH2"].adc is None and found["CH2"].kind == "ECG"
    head, rest = path.read_text().split("# EndOfHeader")
    device = json.loads(head.splitlines()[1][2:])
    next(iter(device.values())).update({"device": "biosignalsplux", "convertedValues": 1})
    path.write_text(f"# Open\n# {json.dumps(device)}\n# EndOfHeader{rest}")
    found, _ = channels(path)
    assert found["CH2"].unit == "mV" and found["CH2"].adc is None
    path.write_text(path.read_text().replace("# {", "# [{"))  # no JSON: an unnamed table
    assert not {"CH1", "CH2"} & {each.name for each in from_text(path, Given(fs=250)).channels}


@pytest.mark.parametrize("version", [4, 5, 6])
def test_openbci(tmp_path, version):
    path = files.openbci(tmp_path, version)
    found, contents = channels(path)
    assert found["EXG Channel 0"].unit == "uV" and found["EXG Channel 0"].fs == FS
    assert found["Accel Channel 2"].unit == "g"
    assert not [name for name in found if "Index" in name or "Timestamp" in name]
    assert contents.facts.device == "OpenBCI" + (" BoardCytonSerial" if version > 4 else "")
    assert contents.facts.date == datetime.date(2019, 5, 15)
    assert contents.facts.clock == datetime.time(10)
    same(read_recording(path), lead="EXG Channel 0", tolerance=1e-5)


@pytest.mark.parametrize("time", ["min", "sec", "milliSec", ""])
def test_acqknowledge(tmp_path, time):
    path = files.acqknowledge(tmp_path, time)
    found, _ = channels(path)
    assert [(name, each.unit) for name, each in found.items()] == [
        ("RSP, X, RSPEC-R", "Volts"),
        ("ECG, X, ECGEC-R", "mV"),
    ]
    same(read_recording(path), lead="ECG, X, ECGEC-R")


def test_biosppy(tmp_path):
    path = files.biosppy(tmp_path)
    found, _ = channels(path)
    assert list(found) == ["PCG", "ECG"] and found["ECG"].unit == "Volts"
    same(read_recording(path), lead="ECG", tolerance=1e-6)


def test_movesense(tmp_path):
    path = files.movesense(tmp_path)
    found, contents = channels(path)
    assert list(found) == ["Sample"] and found["Sample"].kind == "ECG"
    assert contents.facts[:2] == (datetime.date(2026, 1, 25), datetime.time(16, 42, 59))
    same(read_recording(path, unit="uV"), lead="Sample", tolerance=1e-3)
    # without its first line: the times since 1970 tell rate and start
    path.write_text(path.read_text().split("\n", 1)[1])
    contents = from_text(path, Given())
    assert contents.channels[0].fs == FS and contents.facts.date == datetime.date(2026, 1, 25)


def test_polar_sensor_logger(tmp_path):
    path = files.polar(tmp_path)
    found, contents = channels(path)
    assert list(found) == ["ecg"] and found["ecg"].unit == "uV"
    assert contents.facts.date == datetime.date(2026, 7, 26)
    assert contents.facts.clock == datetime.time(21, 56, 26)
    same(read_recording(path), lead="ecg", tolerance=1e-3)


def test_shimmer(tmp_path):
    found, contents = channels(files.shimmer(tmp_path))
    assert list(found) == ["ECG_LA-RA", "ECG_LL-RA", "ECG_RESP", "Battery"]
    assert [each.kind for each in found.values()] == ["ECG", "ECG", "", ""]
    assert found["ECG_LL-RA"].unit == "mV" and contents.facts.device == "Shimmer 820D"
    assert np.allclose(found["ECG_LL-RA"].read(), ECG)
    assert contents.facts.date == datetime.date(2023, 11, 14)
    found, _ = channels(files.shimmer_before(tmp_path))
    assert [(name, each.unit) for name, each in found.items()] == [
        ("ECG RA-LL", "mVolts"),
        ("ECG LA-LL", "mVolts"),
    ]
    assert np.allclose(found["ECG RA-LL"].read(), ECG)


def test_empatica(tmp_path):
    path = files.empatica(tmp_path)
    _, contents = channels(path)
    assert contents.facts[:2] == (datetime.date(2020, 4, 26), datetime.time(11, 20))
    same(read_recording(path))
    assert channels(files.empatica(tmp_path, "BVP"))[1].channels[0].kind == "BVP"
    # the same numbers below a name are samples
    path = text(tmp_path / "a.csv", "ecg\n1587900000\n250\n" + rows(ECG))
    assert len(from_text(path, Given(fs=FS)).channels[0].read()) == len(ECG) + 2


HOLTER = """Patient ID\t4711
Name\tDoe, Jane
Age\t52
Sex\tF
Recorder\tSEER 1000
Start date\t01.05.2024
Start time\t12:30:15
Sampling rate\t250 Hz
Filter\t0.05-40 Hz

Channel 1\tChannel 2
mV\tmV
"""


def test_software_for_holters(tmp_path):
    path = text(tmp_path / "holter.txt", HOLTER + rows(ECG, OTHER, delimiter="\t"))
    found, contents = channels(path)
    facts = contents.facts
    assert list(found) == ["Channel 1", "Channel 2"]
    assert {each.unit for each in found.values()} == {"mV"}
    assert facts == (
        datetime.date(2024, 5, 1), datetime.time(12, 30, 15), "4711", 52.0, "female", "SEER 1000"
    )  # fmt: skip
    recording = same(read_recording(path, lead=0))
    assert any("0.05-40 Hz" in note for note in recording.notes)
    assert not any("Jane" in str(each) for each in (contents.facts, recording.notes))


@pytest.mark.parametrize(
    "head, scale, zero, unit",
    [
        ("LSB = 5 uV\nADC zero: 512\n", 200, 512, "uV"),
        ("Gain: 200/mV\nBaseline: 1024\n", 200, 1024, "mV"),
        ("Scale: 2.5 uV/LSB\n", 400, 0, "uV"),
    ],
)
def test_whole_numbers_of_a_converter_that_the_head_describes(tmp_path, head, scale, zero, unit):
    counts = np.rint(ECG * scale) + zero
    path = text(tmp_path / "a.txt", f"fs = 250\n{head}ECG\n" + rows(counts))
    recording = same(read_recording(path), lead="ECG", tolerance=0.51 / scale)
    assert any(f"/{unit}" in note for note in recording.notes)
    raw = read_recording(path, unit="1(0)/mV").signal  # what is stored
    assert np.allclose(raw, counts)
    # values in volts are not counts, whatever the head says of the converter
    path = text(tmp_path / "b.txt", f"fs = 250\n{head}ECG\n" + rows(ECG))
    assert from_text(path, Given()).channels[0].adc is None
    path = text(tmp_path / "c.txt", f"fs = 250\n{head}ECG (uV)\n" + rows(np.rint(ECG * 1000)))
    same(read_recording(path), tolerance=1e-3)


def test_columns_that_are_words_are_left_out(tmp_path):
    body = rows(["H10 1234"] * len(T), T, ECG, ["N", "V"] * (len(T) // 2), ["?"] * len(T))
    path = text(tmp_path / "a.csv", "device,time (s),ecg (mV),label,note\n" + body)
    assert [each.name for each in from_text(path, Given()).channels] == ["ecg"]


def test_names_that_a_frame_makes_up(tmp_path):
    for head in (",0,1\n", ",ecg,resp\n"):
        body = rows(np.arange(len(T)), ECG, files.RESP)
        contents = from_text(text(tmp_path / "a.csv", head + body), Given(fs=FS))
        names = ["ecg", "resp"] if "ecg" in head else ["column 1", "column 2"]
        assert [each.name for each in contents.channels] == names
        assert np.array_equal(contents.channels[0].read(), ECG)
