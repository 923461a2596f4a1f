"""The time columns of tables: which they are, which of them is believed, when it starts."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecg.artifacts import InputError
from ecg.formats.times import time_axis
from ecg.formats.times.even import even_rows

PATH = Path("night.csv")
N = 5000
ROWS = np.arange(N)
MS = ROWS * 4
ECG = np.round(np.exp(-0.5 * ((ROWS / 250 % 0.8 - 0.4) / 0.012) ** 2), 4)
EVENING = datetime.datetime(2026, 7, 26, 23, 59, 55)
UTC = datetime.timezone.utc


def axis(*columns, names=None, **more):
    """The axis of `columns` and an ECG after them, which never is one of them."""
    columns = [pd.Series(column) for column in columns]
    columns.append(pd.Series(np.resize(ECG, len(columns[0]))))
    found = time_axis(columns, [*(names or [""] * (len(columns) - 1)), ""], PATH, **more)
    assert len(columns) - 1 not in found.columns
    return found


def rate(found, fs=None):
    """(Hz, the place of the last row, all notes)"""
    even = even_rows(found.seconds, PATH, fs)
    last = len(found.seconds) - 1 if even.place is None else int(even.place[-1])
    return even.fs, last, found.notes + even.notes


def clock(form, ms=MS, start=EVENING):
    """Moments as text in a form of strftime, in which %f has three digits."""
    moments = (start + datetime.timedelta(milliseconds=int(each)) for each in ms)
    return [at.strftime(form.replace("%f", f"{at.microsecond // 1000:03d}")) for at in moments]


@pytest.mark.parametrize(
    "form, start",
    [
        ("%Y-%m-%dT%H:%M:%S.%f", EVENING),
        ("%Y-%m-%d %H:%M:%S,%f", EVENING),
        ("%Y-%m-%dT%H:%M:%S.%fZ", EVENING.replace(tzinfo=UTC)),
        (
            "%Y-%m-%dT%H:%M:%S.%f+02:00",
            EVENING.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        ),
        ("%Y/%m/%d %H:%M:%S.%f", EVENING),
        ("%d.%m.%Y %H:%M:%S,%f", EVENING),
        ("%d/%m/%Y %H:%M:%S.%f", EVENING),
        ("%m/%d/%Y %I:%M:%S.%f %p", EVENING),
        ("[%H:%M:%S.%f %d/%m/%Y]", EVENING),
        ("%d-%b-%Y %H:%M:%S.%f", EVENING),
        ("%Y年%m月%d日 %H:%M:%S.%f", EVENING),
        ("%H:%M:%S.%f", EVENING.time()),
        ("%I:%M:%S.%f %p", EVENING.time()),
        ("%H:%M:%S:%f", EVENING.time()),
        ("[%H:%M:%S.%f]", EVENING.time()),
        ("1900-01-01 %H:%M:%S.%f", EVENING.time()),
    ],
)
def test_clocks_as_text_over_midnight(form, start):
    found = axis(clock(form, MS[: N if "1900" not in form else 1000]), names=["when"])
    assert found.columns == (0,) and found.start == start
    assert rate(found) == (250, len(found.seconds) - 1, ())


def test_twelve_hours_without_am_and_pm():
    noon = datetime.datetime(2026, 7, 26, 12, 59, 55)
    assert rate(axis(clock("%I:%M:%S.%f", start=noon)))[:2] == (250, N - 1)


def test_time_since_the_start_is_no_time_of_day():
    midnight = datetime.datetime(2026, 7, 26)
    for form, name in (
        ("%H:%M:%S.%f", "time"),
        ("%M:%S.%f", "time"),
        ("0 days %H:%M:%S.%f", ""),
        ("1970-01-01 %H:%M:%S.%f", ""),
    ):
        found = axis(clock(form, start=midnight), names=[name])
        assert found.start is None and rate(found)[:2] == (250, N - 1)
    assert axis(clock("%H:%M:%S.%f"), names=["Elapsed time"]).start is None
    found = axis(clock("%M:%S.%f", start=EVENING))  # begins anew after an hour
    assert rate(found)[:2] == (250, N - 1)


def test_fractions_without_their_zeros():
    """10:00:00.4 is 4 ms where .04 would have been before it, else 400."""
    plain = clock("%H:%M:%S.%f")
    as_count = [f"{each[:9]}{int(each[9:])}" for each in plain]
    stripped = [each.rstrip("0").rstrip(".") for each in plain]
    for cells in (as_count, stripped):
        assert rate(axis(cells))[:2] == (250, N - 1)


def test_date_and_time_in_two_columns():
    dates, times = clock("%d.%m.%Y"), clock("%H:%M:%S.%f")
    found = axis(dates, times, names=["Datum", "Uhrzeit"])
    assert found.columns == (0, 1) and found.start == EVENING
    assert rate(found) == (250, N - 1, ())
    session = axis(["2026-07-26"] * N, times)  # the day of the start, also after midnight
    assert session.start == EVENING and rate(session)[:2] == (250, N - 1)
    numbers = axis(np.full(N, 20260726), times, names=["Date", "Time"])
    assert numbers.columns == (0, 1) and numbers.start == EVENING
    rdsamp = axis(clock("[%H:%M:%S.%f"), clock("%d/%m/%Y]"))
    assert rdsamp.start == EVENING and rate(rdsamp)[:2] == (250, N - 1)
    born = axis(["1960-05-01"] * N, times, names=["Date of birth", "time"])
    assert born.columns == (0, 1) and born.start == EVENING.time()


def test_dates_tell_of_days_without_rows():
    pause = np.where(ROWS < 2500, MS, MS + 2 * 86_400_000)
    found = axis(clock("%d.%m.%Y", pause), clock("%H:%M:%S.%f", pause))
    assert found.seconds[-1] == pytest.approx(2 * 86400 + 19.996)
    with pytest.raises(InputError, match="jump by 172800 s"):
        rate(found)


def test_the_day_of_the_start():
    start, times = datetime.datetime(2026, 5, 1, 14), "%H:%M:%S.%f"
    assert axis(clock("%m/%d/%Y " + times, start=start)).start == start.time()  # or 5 January
    known = axis(clock("%m/%d/%Y " + times, start=start), start_date=start.date())
    assert known.start == start
    assert axis(clock(times, start=start), start_date=start.date()).start == start
    epoch = 1_785_110_400_000 + MS  # 2026-07-27 00:00 UTC; the clock on the wall is 4 h behind
    wall = clock(times, start=datetime.datetime(2026, 7, 26, 20))
    assert axis(epoch).start == datetime.datetime(2026, 7, 27, tzinfo=UTC)
    assert axis(epoch, wall).start == datetime.datetime(2026, 7, 26, 20)


def test_numbers_as_text():
    for cells in (
        [f"{each / 1000:.3f}".replace(".", ",") for each in MS],
        [f"'{each / 1000:.3f}'" for each in MS],
    ):
        found = axis(cells, names=["t"])
        assert rate(found) == (
            250,
            N - 1,
            ("the time column is taken in seconds: 250 samples per second",),
        )
    with pytest.raises(InputError, match="time in row 5000 .* cannot be read"):
        axis([*cells[:-1], "oops"], names=["t"])
    assert axis([*cells[:-1], "oops"], names=["t"], read=False) == ((0,), None, None, ())


def test_moments_as_numbers():
    cells = clock("%Y%m%d%H%M%S.%f")
    for values in (
        np.array(cells, float),
        np.array([each.replace(".", "") for each in cells], int),
    ):
        found = axis(values)
        assert found.start == EVENING and rate(found)[:2] == (250, N - 1)


def test_moments_of_other_formats():
    moments = pd.to_datetime(pd.Series(clock("%Y-%m-%dT%H:%M:%S.%f")))
    found = axis(moments)
    assert found.start == EVENING and rate(found) == (250, N - 1, ())
    assert rate(axis(moments - moments[0]))[:2] == (250, N - 1)


def test_whole_seconds_and_minutes():
    for form, many in (("%H:%M:%S", N), ("%Y-%m-%d %H:%M:%S", N), ("%H:%M", 200_000)):
        found = axis(clock(form, np.arange(many) * 4))
        assert rate(found)[:2] == (250, many - 1)


# ------------------------------------------------------------------------------- several of them


def test_polar_sensor_logger():
    """A phone's stamps of packets, a sensor's clock and what was computed from it: of the start the
    phone's, of the times another's."""
    rows = np.arange(3900)
    phone = clock("%Y-%m-%dT%H:%M:%S.%f", rows // 73 * 73 / 0.13 + 40 * (rows // 73 % 3))
    sensor = 838_432_586_543_515_816 + np.rint(rows / 130 * 1e9).astype(np.int64)
    for kind in (np.int64, np.float64):
        found = axis(
            phone,
            sensor.astype(kind),
            rows / 0.13,
            names=["Phone timestamp", "sensor timestamp [ns]", "timestamp [ms]"],
        )
        assert found.columns == (0, 1, 2) and found.start == EVENING
        assert rate(found) == (130, 3899, ())
    alone = axis(phone)
    assert rate(alone)[:2] == (130, 3899) and alone.start == EVENING


def test_openbci():
    """A counter that wraps, an unused column, stamps of packets twice."""
    random = np.random.default_rng(0)
    rows = np.delete(np.arange(20_000), slice(8000, 9700))
    ms = rows // 2 * 8 + np.repeat(random.integers(0, 3, 10_000), 2)[rows]
    stamp, wall = 1_557_936_053_336 + ms, datetime.datetime(2019, 5, 15, 18, 0, 53, 336000)
    columns = rows % 256, np.zeros(len(rows)), stamp, clock("%H:%M:%S.%f", ms, wall)
    found = axis(*columns)
    assert found.columns == (0, 2, 3)
    assert found.start == wall + datetime.timedelta(milliseconds=int(ms[0]))
    fs, last, notes = rate(found)
    assert (fs, last) == (250, 19_999)  # 1700 are missing: more than the counter counts
    assert "column 0 counts the samples, column 2 tells their rate" in notes[0]
    assert rate(axis(*columns, fs=250), 250)[:2] == (250, 19_999)


def test_whole_seconds_with_ms_or_a_counter_beside():
    seconds = clock("%H:%M:%S")
    found = axis(seconds, MS % 1000, names=["Time", "ms"])
    assert found.start == EVENING.time() and rate(found) == (250, N - 1, ())
    kept = np.delete(ROWS, slice(1000, 1100))
    found = axis(clock("%H:%M:%S", kept * 4), kept % 256)
    assert rate(found)[:2] == (250, N - 1)


def test_counters_alone():
    assert axis(ROWS, names=["sample"]) == ((0,), None, None, ())
    assert axis(ROWS % 16, fs=1000) == ((0,), None, None, ())
    kept = np.delete(ROWS, slice(1000, 1100))
    assert axis(kept % 256) == ((0,), None, None, ())
    assert rate(axis(kept % 256, fs=250), 250)[:2] == (250, N - 1)


def test_movesense():
    """The column that is called Sample holds the ECG."""
    columns = [pd.Series(1_737_823_380.35 + ROWS / 200), pd.Series(1000 * ECG)]
    found = time_axis(columns, ["Timestamp", "Sample"], PATH)
    assert found.columns == (0,) and rate(found) == (200, N - 1, ())
    assert found.start.replace(microsecond=0) == datetime.datetime(2025, 1, 25, 16, 43, tzinfo=UTC)


def test_clocks_that_disagree():
    since_1970 = 1_700_000_000_000 + ROWS * 8
    found = axis(ROWS / 250, since_1970, names=["time [s]", "stamp"])
    assert rate(found)[0] == 125
    assert "column stamp tells 125 samples per second, column time [s] 250" in found.notes[0]
    assert rate(axis(ROWS * 4, since_1970))[0] == 125  # no ms: the other one tells
    shared = 1_700_000_000_000 + ROWS // 18 * 72
    found = axis(ROWS * 4, shared)
    assert rate(found)[:2] == (250, N - 1) and "in milliseconds" in found.notes[0]


def test_columns_that_are_never_the_ecg():
    found = axis(
        ROWS / 250,
        ROWS,
        np.cumsum(ROWS % 50 == 0),
        -ROWS,
        ["N"] * N,
        ROWS % 2 == 0,
        np.full(N, 1.7e12),
        names=["t", "#", "beats", "left", "label", "flag", "timestamp"],
    )
    assert found.columns == (0, 1, 2, 3, 6)


def test_nothing_tells():
    assert time_axis([], [], PATH) == ((), None, None, ())
    assert time_axis([pd.Series(ECG)], [""], PATH) == ((), None, None, ())
    assert axis(np.zeros(0), names=["time"]).seconds is None
    shuffled = np.random.default_rng(0).permutation(N)
    assert axis(shuffled, names=["time"]) == ((), None, None, ())
    said = axis(["10:00:00"] * N)  # when the file was made, in every row
    assert said.seconds is None and said.start == datetime.time(10)


@pytest.mark.parametrize(
    "cells, says",
    [
        (ROWS[::-1] / 250, "backwards at row 2 "),
        (clock("%Y-%m-%d %H:%M:%S.%f")[::-1], "backwards at row 2 "),
        (np.r_[ROWS, ROWS] / 250, "backwards at row 5001 "),
        (np.r_[ROWS, ROWS[2000:]] / 250, "backwards at row 5001 "),
        ([*clock("%H:%M:%S.%f"), "25h"], "time in row 5001 .* cannot be read"),
    ],
)
def test_refused_with_the_row(cells, says):
    with pytest.raises(InputError, match=says):
        rate(axis(cells, names=["time"]))
