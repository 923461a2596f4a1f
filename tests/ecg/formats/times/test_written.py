"""Clocks and dates that are written as text."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecg.artifacts import InputError
from ecg.formats.times import written as text_clock
from ecg.formats.times.written import how_written, read_cells, read_column

PATH = Path("night.csv")


@pytest.mark.parametrize(
    "cell, day, seconds, zone",
    [
        ("0:05.123", None, 5.123, 0),
        ("75:03,5", None, 4503.5, 0),
        ("10:00:05", None, 36005, 0),
        ("10:00:05.123", None, 36005.123, 0),
        ("10:00:00,004", None, 36000.004, 0),
        ("10:00:00:004", None, 36000.004, 0),
        ("10.00.00,004", None, 36000.004, 0),
        ("'10:00:05.123456789'", None, 36005.123456789, 0),
        ("100:00:05", None, 360005, 0),
        ("10:23", None, 37380, 0),
        ("3:05:06 PM", None, 54306, 0),
        ("12:00:00.5 a.m.", None, 0.5, 0),
        ("12:30:00 PM", None, 45000, 0),
        ("下午 3:05:06", None, 54306, 0),
        ("[10:00:05.123]", None, 36005.123, 0),
        ("[10:00:05.123 26/07/2026]", "2026-07-26", 36005.123, 0),
        ("[10:00:05.123 05/01/2026]", "2026-01-05", 36005.123, 0),  # as rdsamp writes it
        ("2026-07-26T21:56:26.765", "2026-07-26", 78986.765, 0),
        ("2026-07-26 21:56:26,765", "2026-07-26", 78986.765, 0),
        ("2026/07/26 21:56:26", "2026-07-26", 78986, 0),
        ("2026-07-26T21:56:26Z", "2026-07-26", 78986, 0),
        ("2026-07-26T21:56:26.765+02:00", "2026-07-26", 78986.765, 7200),
        ("2026-07-26 21:56:26 -0530", "2026-07-26", 78986, -19800),
        ("2026-07-26 21:56:26 CEST", "2026-07-26", 78986, 0),
        ("20260726T215626.765", "2026-07-26", 78986.765, 0),
        ("20260726 21:56:26", "2026-07-26", 78986, 0),
        ("26.07.2026 21:56:26", "2026-07-26", 78986, 0),
        ("5.1.26 21:56:26,765", "2026-01-05", 78986.765, 0),
        ("26/07/2026 21:56:26", "2026-07-26", 78986, 0),
        ("7/26/2026 9:56:26 PM", "2026-07-26", 78986, 0),
        ("26-07-2026 21:56:26", "2026-07-26", 78986, 0),
        ("12-Jan-2024 10:00:00", "2024-01-12", 36000, 0),
        ("Jan 12, 2024 10:00:00.5", "2024-01-12", 36000.5, 0),
        ("Fri, 12 January 2024 10:00:00", "2024-01-12", 36000, 0),
        ("2026年07月26日 21时56分26秒", "2026-07-26", 78986, 0),
        ("2026-07-26", "2026-07-26", 0, 0),
        ("26.07.2026", "2026-07-26", 0, 0),
        ("29.02.2024", "2024-02-29", 0, 0),
    ],
)
def test_cells(cell, day, seconds, zone):
    written = how_written([cell])
    moments = read_cells(np.array([cell], dtype=object), written)
    assert written.date == (day is not None)
    assert day is None or np.datetime64(int(moments.days[0]), "D") == np.datetime64(day)
    assert moments.seconds[0] == pytest.approx(seconds, abs=1e-9) and moments.zone[0] == zone


def test_time_that_has_passed():
    for cell, days, seconds in (
        ("0 days 00:00:00.004000", 0, 0.004),
        ("1 day, 0:00:05", 1, 5),
        ("2:10:00:05.25", 2, 36005.25),
    ):
        written = how_written([cell])
        moments = read_cells(np.array([cell], dtype=object), written)
        assert (moments.days[0], moments.seconds[0]) == (days, seconds) and not written.date
        assert written.period == np.inf


@pytest.mark.parametrize(
    "cell", ["", "-", "nan", "N", "ECG", "12.5", "3", "-0.5", "1-2", "1/2", "5:3", "1.2.3", "I, II"]
)
def test_no_clocks(cell):
    assert how_written([cell] * 20) is None
    assert how_written([cell] * 20 + ["10:00:00"]) is None or cell in ("", "-", "nan")


def test_day_and_month_are_told_apart_where_something_tells():
    both = "05/01/2026 10:00:00"
    assert not how_written([both]).date and how_written([both]).clock
    for cells, start, day in (
        ([both, "13/01/2026 10:00:00"], None, "2026-01-05"),
        ([both, "05/13/2026 10:00:00"], None, "2026-05-01"),
        ([both, "06/01/2026 00:00:00"], None, "2026-01-05"),  # the day changes
        ([both, "05/02/2026 00:00:00"], None, "2026-05-01"),
        ([both], datetime.date(2026, 1, 5), "2026-01-05"),
        ([both], datetime.date(2026, 5, 1), "2026-05-01"),
        (["05/05/2026 10:00:00"], None, "2026-05-05"),
    ):
        written = how_written(cells, start)
        moments = read_cells(np.array(cells, dtype=object), written)
        assert written.date and str(np.datetime64(int(moments.days[0]), "D")) == day
    assert not how_written([both], datetime.date(2026, 3, 3)).date


def test_a_column(monkeypatch):
    """Cells of several widths, whole seconds without their fraction, a missing one; in parts."""
    at = np.datetime64("2026-07-26T23:59:58.5") + np.arange(1000) * np.timedelta64(4, "ms")
    cells = [str(a).replace("T", " ").removesuffix(".000") for a in at]
    assert "2026-07-27 00:00:00" in cells
    cells[500] = None
    expected = 86398.5 + np.arange(1000) * 0.004
    expected[500] = np.nan
    for part in (text_clock.PART, 7):
        monkeypatch.setattr(text_clock, "PART", part)
        read = read_column(pd.Series(cells), how_written(cells[:300]), PATH)
        np.testing.assert_allclose(read, expected, rtol=0, atol=1e-9)
    with pytest.raises(InputError, match="time in row 901 .* cannot be read"):
        read_column(pd.Series([*cells[:900], "oops"]), how_written(cells[:300]), PATH)


def test_summer_time_ends():
    cells = ["2026-10-25T02:59:59.996+02:00", "2026-10-25T02:00:00.000+01:00"]
    read = read_column(pd.Series(cells), how_written(cells), PATH)
    assert np.diff(read) == pytest.approx(0.004)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-13-26T10:00:00",
        "2026-00-26T10:00:00",
        "2026-07-26T10:75:00",
        "2026-07-26T10:00:99",
        "2026-07-26T10:00",
        "2026-07-26T10:00:00:00:00:00:00",
        "9" * 60,
        "٢٠٢٦",
        "\x00",
    ],
)
def test_cells_that_are_no_moment(cell):
    cells = ["2026-07-26T10:00:00"] * 5 + [cell]
    with pytest.raises(InputError, match="row 6 "):
        read_column(pd.Series(cells), how_written(cells[:5]), PATH)
