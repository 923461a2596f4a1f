"""The rows right above a table: names, units, and what is neither."""

import pytest

from ecg.formats.text.names import column_names, is_unit, split_unit


@pytest.mark.parametrize(
    "cell, name, unit",
    [
        ("MLII (mV)", "MLII", "mV"),
        ("ecg_uV", "ecg", "uV"),
        ("V5 [µV]", "V5", "µV"),
        ("Ch1[mV]", "Ch1", "mV"),
        ("ECG/mV", "ECG", "mV"),
        ("ECG in V", "ECG", "V"),
        ("ECGmV", "ECG", "mV"),
        ("Time [s]", "Time", "s"),
        ("sensor timestamp [ns]", "sensor timestamp", "ns"),
        ("SpO2 (%)", "SpO2", "%"),
        ("Lead II (filtered)", "Lead II (filtered)", None),
        ("ECG (A)", "ECG (A)", None),  # channel A
        ("lead_v", "lead_v", None),  # the chest lead
        ("Lead V", "Lead V", None),
        ("aVR", "aVR", None),
        ("PQRST", "PQRST", None),
    ],
)
def test_name_and_unit(cell, name, unit):
    assert split_unit(cell) == (name, unit)


def test_units():
    assert all(
        map(is_unit, ["mV", "µV", "Volts", "ms", "hh:mm:ss.mmm", "kOhms", "m/s^2", "counts"])
    )
    assert not any(map(is_unit, ["ECG", "V5", "II", "Time", "RESP", "", "Marker"]))


@pytest.mark.parametrize(
    "lines, names, units",
    [
        (["Time [s], RESP, V, II"], ["Time", "RESP", "V", "II"], ["s", None, None, None]),
        (["t,ecg,V,mV"], ["t", "ecg", "V", "mV"], [None] * 4),
        (["t,a,b,c", "ms,mV,mV,uS"], ["t", "a", "b", "c"], ["ms", "mV", "mV", "uS"]),
        (["t,a,b,V", "(s),(mV),(mV),(mV)"], ["t", "a", "b", "V"], ["s", "mV", "mV", "mV"]),
        (["ms,mV,mV,V"], ["", "", "", ""], ["ms", "mV", "mV", "V"]),
        (["D,D,D,D", "t,a,b,c", "CAL,CAL,CAL,RAW", "s,mV,mV,no_units"], list("tabc"),
         ["s", "mV", "mV", "no_units"]),
        (["t,a,b,c", ""], list("tabc"), [None] * 4),  # a blank line below
        (["# t,a,b,c"], list("tabc"), [None] * 4),
        ([",a,b,c"], ["", "a", "b", "c"], [None] * 4),
        (["fs,250,Hz,"], [], []),
        (["a,b"], [], []),
        (["Range=,1 V,2 V,3 V"], [], []),
    ],
)  # fmt: skip
def test_four_columns(lines, names, units):
    assert column_names(["Unit: mV", *lines], ",", 4)[:2] == (names, units)


@pytest.mark.parametrize(
    "line, names, units",
    [
        ("mV", [""], ["mV"]),
        ("V", ["V"], [None]),
        ("ecg_mV", ["ecg"], ["mV"]),
        ("ECG lead II", ["ECG lead II"], [None]),
        ("心电", ["心电"], [None]),
        ("Sampling rate: 250", [], []),
        ("Abtastrate 250", [], []),
        ("This is a file that somebody has written for us", [], []),
        ("250", [], []),
    ],
)
def test_one_column(line, names, units):
    assert column_names([line], " ", 1)[:2] == (names, units)


@pytest.mark.parametrize(
    "line, named",
    [
        ("time,ecg", True),
        ("Datum,EKG", True),
        ("Lead,Voltage", True),
        ("Lead,Lead I", False),
        ("Unit,µV", False),
        ("Sample Rate,512 hertz", False),
        ('Device,"Watch4"', False),
        ("Name,Jane", False),
    ],
)
def test_two_columns_have_names_or_the_head_has_two_cells(line, named):
    assert bool(column_names([line], ",", 2)[0]) == named


def test_names_written_otherwise_than_the_table():
    assert column_names(["# time, ecg"], " ", 2)[0] == ["time", "ecg"]
    assert column_names(["Elapsed time   MLII   V5"], " ", 3)[0] == ["Elapsed time", "MLII", "V5"]
