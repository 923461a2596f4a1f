"""What the lines above a table say of its columns: unit, converter, lead, list of channels."""

import pytest

from ecg.formats.text.says import converter_of, lead_named, names_listed, unit_of, units_list


@pytest.mark.parametrize(
    "line, unit",
    [
        ("Unit: mV", "mV"),
        ("Unit,µV", "µV"),
        ("# Units:= Volts", "Volts"),
        ("Einheit;µV", "µV"),
        ("unidad = uV", "uV"),
        ("单位：mV", "mV"),
        ("ecg,mV", "mV"),
        ("Amplitude in uV", "uV"),
        ("values are in microvolts", "microvolts"),
        ("Voltage [mV]", "mV"),
    ],
)
def test_unit(line, unit):
    assert unit_of(["Range: 5 mV", line]) == unit


@pytest.mark.parametrize("line", ["Range: 5 mV", "Name,V", "Gain: 10 mm/mV", "Lead: V", "Units: 3"])
def test_no_unit(line):
    assert unit_of([line]) is None


def test_a_unit_for_each_channel():
    assert units_list(["Units:= mV\tmmHg"], 2) == ["mV", "mmHg"]
    assert units_list(["Units: mV"], 2) == []


@pytest.mark.parametrize(
    "line, gain, unit",
    [
        ("Gain: 200/mV", 200, "mV"),
        ("ADC gain = 200 adu/mV", 200, "mV"),
        ("Gain (ADU/mV): 200", 200, "mV"),
        ("ADC units per mV: 200", 200, "mV"),
        ("1 mV = 200 units", 200, "mV"),
        ("LSB = 5 uV", 0.2, "uV"),
        ("LSB weight: 5 µV", 0.2, "uV"),
        ("Scale: 2.5 uV/LSB", 0.4, "uV"),
        ("Scale (uV/LSB): 2.5", 0.4, "uV"),
        ("Amplitude resolution: 5 uV/bit", 0.2, "uV"),
        ("ADC resolution: 0,005 mV", 200, "mV"),
        ("mV per unit = 0.005", 200, "mV"),
    ],
)
def test_converter(line, gain, unit):
    found = converter_of(["ADC zero: 512", line, "Gain: 10 mm/mV"])
    assert found.gain == pytest.approx(gain) and (found.zero, found.unit) == (512, unit)


@pytest.mark.parametrize(
    "line",
    ["Gain: 1000", "Resolution: 12 bits", "Sensitivity: 10 mm/mV", "Range: 5 mV", "Scale: 25 mm/s"],
)
def test_no_converter(line):
    assert converter_of([line]) is None


def test_zero_of_a_converter():
    assert converter_of(["Gain: 200/mV", "Baseline: -1024"]).zero == -1024
    assert converter_of(["Gain: 200/mV", "Offset: 0.5 mV"]).zero == 0
    assert converter_of(["Gain: 200/mV"]).zero == 0


@pytest.mark.parametrize(
    "line, lead",
    [
        ("Lead,Lead I", "I"),
        ("Ableitung,Ableitung II", "II"),
        ("导联,导联 I", "I"),
        ("Dérivation,Dérivation aVR", "aVR"),
        ("Lead: V5", "V5"),
        ("Channel: MLII", "MLII"),
        ("Signal: ECG", "ECG"),
        ("measured in lead II", "II"),
    ],
)
def test_lead(line, lead):
    assert lead_named(["Name,Jane", line]) == lead


def test_no_lead():
    assert lead_named(["Software Version,V2", "Channel: 1", "Name,Louis II"]) == ""


def test_list_of_channels():
    assert names_listed(["# Labels:= PCG\tECG"], 2) == ["PCG", "ECG"]
    assert names_listed(["Channels: I, II, V1"], 3) == ["I", "II", "V1"]
    assert names_listed(["Channels: I, II, V1"], 4) == ["", "I", "II", "V1"]  # a time first
    assert names_listed(['Leads: ["I", "II"]'], 2) == ["I", "II"]
    assert names_listed(["Channels: 3"], 3) == []
