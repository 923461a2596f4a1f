"""Columns to channels: clocks left out, rows placed by their times, what the file says kept."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecg.artifacts import InputError
from ecg.formats.recording import Facts, Given
from ecg.formats.table import contents_of_table
from ecg.formats.text.says import Converter
from tests.recordings import ECG, FS, OTHER, T

PATH = Path("a.csv")


def table(
    columns, names=None, units=None, fs=None, unit=None, facts=Facts(), given=Given(), **more
):
    columns = [pd.Series(column) for column in columns]
    names = names or [""] * len(columns)
    units = units or [None] * len(columns)
    return contents_of_table(
        columns, names, units, fs, unit, facts, ("said before",), given, PATH, **more
    )


def test_channels_keep_order_names_units_and_kinds():
    found = table(
        [T, OTHER, ["N"] * len(T), ECG, ECG],
        ["time", "resp", "label", "", "ecg"],
        ["s", "a.u.", None, None, "uV"],
        unit="mV",
        kinds=["", "Respiration", "", "", "ECG"],
        filters="0.05-40 Hz",
    )
    assert [(c.name, c.unit, c.fs, c.kind, c.filters) for c in found.channels] == [
        ("resp", "a.u.", FS, "Respiration", ""),  # not the recording's unit, nor its filters
        ("column 3", "mV", FS, "", "0.05-40 Hz"),  # by its number among all columns
        ("ecg", "uV", FS, "ECG", "0.05-40 Hz"),
    ]
    assert np.array_equal(found.channels[1].read(), ECG)
    assert found.notes[0] == "said before"


def test_the_rate_of_the_user_leaves_the_times_aside():
    keep = (T < 3) | (T >= 5)
    names = ["time (s)", "ecg"]
    placed = table([T[keep], ECG[keep]], names)
    assert placed.channels[0].fs == FS
    assert np.array_equal(placed.channels[0].read(), np.where(keep, ECG, np.nan), equal_nan=True)
    plain = table([T[keep], ECG[keep]], names, given=Given(fs=500.0))
    assert plain.channels[0].fs is None and np.array_equal(plain.channels[0].read(), ECG[keep])
    assert len(plain.channels) == 1  # the clock is none of them all the same


def test_the_rate_of_the_head_where_no_time_tells_one():
    assert table([ECG], ["ecg"], fs=FS).channels[0].fs == FS
    assert table([ECG], ["ecg"]).channels[0].fs is None
    assert table([np.arange(len(T)), ECG], ["sample", "ecg"], fs=FS).channels[0].fs == FS


def test_a_channel_in_every_other_row():
    """A table of channels with several rates has cells of the slower ones in some rows only."""
    x = np.full(2 * len(ECG), np.nan)
    x[::2] = ECG
    fast = np.repeat(OTHER, 2)
    found = table([np.arange(2 * len(ECG)) / 500, fast, x], ["time (s)", "emg", "ecg"]).channels
    assert [c.fs for c in found] == [500, 250]
    assert np.array_equal(found[1].read(), ECG)
    x[1001] = 0.0  # one cell more is a damaged one
    assert table([x, fast], ["ecg", "emg"], fs=500).channels[0].fs == 250
    x[1::6] = 0.0  # many are samples
    assert table([x, fast], ["ecg", "emg"], fs=500).channels[0].fs == 500
    gaps = np.where(T < 1, np.nan, ECG)
    assert table([gaps, OTHER], ["ecg", "emg"], fs=FS).channels[0].fs == FS


@pytest.mark.parametrize("unit, converted", [(None, True), ("adu", True), ("uV", False)])
def test_what_a_converter_gave(unit, converted):
    counts = np.rint(ECG * 200) + 512
    found = table([counts], ["ecg"], [unit], converters=[Converter(200, 512, "mV")]).channels[0]
    assert found.unit == ("mV" if converted else unit)
    assert found.adc == ((200, 512) if converted else None)
    assert np.allclose(found.read(), ECG if converted else counts, atol=0.003)
    assert ("200(512)/mV" in found.note) == converted
    # volts, and other signals, are none
    assert table([ECG], ["ecg"], converters=[Converter(200, 512, "mV")]).channels[0].adc is None
    assert table([counts], ["resp"], converters=[Converter(200, 512, "mV")]).channels[0].adc is None


def test_text_of_which_most_is_numbers_is_read_or_its_word_named():
    words = [f"{v}" for v in ECG]
    words[10] = "--"
    found = table([words], ["ecg"], fs=FS).channels[0]
    assert np.isnan(found.read()[10]) and np.nansum(np.abs(found.read() - ECG)) == 0
    words[20] = "oops"
    with pytest.raises(InputError, match="'oops' in row 21"):
        table([words], ["ecg"], fs=FS).channels[0].read()
    commas = [f"{v}".replace(".", ",") for v in ECG]
    assert np.array_equal(table([commas], ["ecg"], fs=FS).channels[0].read(), ECG)


def test_moments_of_other_formats():
    stamps = pd.Series(pd.to_datetime("2026-07-26T21:56:26.5") + pd.to_timedelta(T, unit="s"))
    found = table([stamps, ECG], ["when", "ecg"])
    assert [c.name for c in found.channels] == ["ecg"] and found.channels[0].fs == FS
    assert found.facts.date == datetime.date(2026, 7, 26)
    assert found.facts.clock == datetime.time(21, 56, 26, 500000)


def test_the_start_of_the_head_and_of_the_times():
    day, clock = datetime.date(2026, 7, 26), datetime.time(21, 56, 26)
    iso = [f"2026-07-26T21:56:{26 + t:06.3f}" for t in T]
    clocks = [f"21:56:{26 + t:06.3f}" for t in T]

    def start(column, **facts):
        return table([column, ECG], ["time", "ecg"], facts=Facts(**facts)).facts[:2]

    assert start(iso) == start(clocks, date=day) == start(iso, date=day) == (day, clock)
    assert start(clocks) == (None, clock)
    other = datetime.date(2025, 1, 1), datetime.time(1)
    assert start(iso, date=other[0], clock=other[1]) == other  # by the clock of the place
    assert start(iso, date=other[0]) == (other[0], None)  # they contradict one another


def test_what_holds_no_signal():
    with pytest.raises(InputError, match="a.csv holds a time column alone"):
        table([T], ["time (s)"])
    with pytest.raises(InputError, match="a.csv holds words"):
        table([["N", "V"] * 100], ["label"])
