"""Ages, sexes, filters, days and clocks as clinical files write them; which group is read."""

import datetime

import numpy as np
import pytest

from ecg.formats.clinical import (
    Group,
    age_of,
    clock_of,
    date_of,
    device_of,
    filters_of,
    later,
    longest_group,
    sex_of,
    years_in,
)
from ecg.formats.recording import Channel

DAY = datetime.date(2021, 3, 1)


def test_age():
    born = datetime.date(1953, 5, 8)
    assert age_of(born, datetime.date(2002, 5, 7)) == pytest.approx(48.98, abs=0.02)
    assert int(age_of(born, datetime.date(2002, 5, 7))) == 48
    assert age_of(born, datetime.date(2002, 5, 8)) == 49
    assert int(age_of(datetime.date(1960, 2, 29), DAY)) == 61
    assert age_of(datetime.date(2020, 9, 1), DAY) == pytest.approx(0.5, abs=0.02)
    assert (
        age_of(DAY, born, 46) == 46 and age_of(None, DAY, 46) == 46 and age_of(born, None) is None
    )
    assert age_of(None, DAY, 999) is None
    assert years_in(6, "M") == 0.5 and years_in(61, "YEARS") == 61 and years_in(1, "?") is None
    assert years_in(None, "Y") is None


def test_words():
    assert [sex_of(s) for s in ("M", "female", " F ", "Unknown", "", None, "O")] == (
        ["male", "female", "female", "", "", "", "O"]
    )
    assert device_of("Maker, Inc.", " Model  9 ") == "Maker, Inc. Model 9"
    assert device_of("Unknown", None, "Model 9", "model 9") == "Model 9"
    assert filters_of(0.05, 150, 60) == "0.05-150 Hz, notch 60 Hz"
    assert filters_of(0.5) == "high-pass 0.5 Hz" and filters_of(None, 40) == "low-pass 40 Hz"
    assert filters_of(0, None, 50) == "notch 50 Hz" and filters_of(np.nan, -1) == ""


def test_days_and_clocks():
    for text in ("20210301", "2021-03-01T08:00", "2021.03.01", "20210301080559"):
        assert date_of(text) == DAY
    assert date_of("20211301") is None and date_of("1.3.2021") is None and date_of("") is None
    assert clock_of("0805") == datetime.time(8, 5)
    assert (
        clock_of("080559.25+0100") == clock_of("08:05:59.250") == datetime.time(8, 5, 59, 250_000)
    )
    assert clock_of("2500") is None and clock_of("noon") is None
    assert later(DAY, datetime.time(23, 59, 59), 2) == (
        datetime.date(2021, 3, 2),
        datetime.time(0, 0, 1),
    )
    assert later(None, datetime.time(8), 60) == (None, datetime.time(8, 1))
    assert later(DAY, None, 60) == (DAY, None)
    assert later(datetime.date.max, datetime.time(8), 1e8) == (datetime.date.max, datetime.time(8))


def group(name, start=0.0, seconds=10.0, averaged=False):
    channel = Channel(name, "mV", 500.0, lambda: np.zeros(1))
    return Group([channel], start, seconds, averaged, name)


def test_longest_group():
    channels, start, notes = longest_group(
        [group("a", 0, 2.5), group("b", 2, 10), group("beat", 0, 60, True), group("c", 2, 9.99)]
    )
    assert [each.name for each in channels] == ["b", "c"] and start == 2
    assert ["beat (1 signals, 60 s)" in note for note in notes] == [True, False]
    assert "a (1 signals, 2.5 s)" in notes[1]
    channels, start, notes = longest_group([group("a", 0, 2.5), group("b", 2.5, 2.5)])
    assert [each.name for each in channels] == ["a"] and len(notes) == 1
    assert longest_group([group("beat", averaged=True)]) == ([], 0.0, ())
