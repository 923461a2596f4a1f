"""Columns of numbers that are clocks or counters: how they run, how large they are, their names."""

import datetime

import numpy as np
import pandas as pd
import pytest

from ecg.formats.times.names import names_count, names_time, unit_in
from ecg.formats.times.numbers import judge_numbers, read_numbers
from tests.recordings import ECG

N = 5000
ROWS = np.arange(N)
UTC = datetime.timezone.utc


def _judge(values, name="", fs=None):
    return judge_numbers(pd.Series(values), name, fs)


@pytest.mark.parametrize(
    "name, unit",
    [
        ("time [s]", 1),
        ("Time (sec)", 1),
        ("timestamp (ms)", 1e-3),
        ("t_us", 1e-6),
        ("t [µs]", 1e-6),
        ("sensor timestamp [ns]", 1e-9),
        ("Zeit in ms", 1e-3),
        ("timestampMs", 1e-3),
        ("timestamp_ns", 1e-9),
        ("micros", 1e-6),
        ("Time (min)", 60),
        ("时间(秒)", 1),
        ("时间（毫秒）", 1e-3),
        ("Время, с", 1),
        ("Elapsed time", None),
        ("Time [h:mm:ss]", None),
        ("timestamps", None),
        ("ECG (uV)", None),
        ("", None),
    ],
)
def test_units_in_names(name, unit):
    assert unit_in(name) == unit


def test_what_names_say():
    for name in ("Time", "t", "Phone timestamp", "Uhrzeit", "ms", "日時", "elapsed_time", "tempo"):
        assert names_time(name) and not names_count(name), name
    for name in ("Sample Index", "nSeq", "#", "N", "packet counter", "sample_no", "序号"):
        assert names_count(name) and not names_time(name), name
    for name in ("", "ecg", "II", "V5", "temperature", "RESP", "ECG (mV)", "aVR"):
        assert not names_count(name) and not names_time(name), name


@pytest.mark.parametrize(
    "values, name, unit, fs, sure",
    [
        (ROWS / 250, "", 1, 250, False),
        (ROWS / 250 + 2054.125, "time", 1, 250, False),
        (ROWS * 4, "", 1e-3, 250, False),
        (np.rint(ROWS / 0.36), "t", 1e-3, 360, False),
        (ROWS * 0.5, "", 1e-3, 2000, False),
        (ROWS / 1.024, "", 1e-3, 1024, False),
        (ROWS * 4000, "", 1e-6, 250, False),
        (ROWS * 4e6, "", 1e-9, 250, False),
        (ROWS / 250 / 86400, "", 86400, 250, False),
        (np.round(ROWS / 250, 2), "", 1, 250, False),  # rows share hundredths
        (ROWS // 250, "time", 1, 250, False),
        (ROWS // 18 * 72, "Timestamp", 1e-3, 250, False),
        (ROWS, "time [ms]", 1e-3, 1000, True),
        (ROWS / 250 / 60, "Time (min)", 60, 250, True),
        (ROWS * 40, "time [ms]", 1e-3, 25, True),  # too slow for an ECG: others refuse it
        (ROWS * 4 + 1_700_000_000, "uptime (ms)", 1e-3, 250, True),
    ],
)
def test_clocks_since_the_start(values, name, unit, fs, sure):
    kind = _judge(values, name)
    assert (kind.unit, kind.sure, kind.origin) == (unit, sure, None)
    assert kind.fs == pytest.approx(fs, rel=2e-3)
    seconds = read_numbers(pd.Series(values), kind)
    assert seconds[0] == 0 and seconds[-1] == pytest.approx(values[-1] * unit - values[0] * unit)


@pytest.mark.parametrize(
    "values, name, start",
    [
        (1.7e9 + ROWS / 250, "Timestamp", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (1_700_000_000 + ROWS // 250, "", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (1_700_000_000_000 + ROWS * 4, "", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (1_700_000_000_000 + ROWS, "", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (1.7e12 + ROWS * 4, "time [s]", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (1.7e15 + ROWS * 4000, "", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (1.7e18 + ROWS * 4e6, "", datetime.datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        (838_432_586_543_515_816 + ROWS * 7_692_308, "sensor timestamp [ns]", None),  # from 2000
        (45778.63 + ROWS / 250 / 86400, "", datetime.datetime(2025, 5, 1, 15, 7, 12)),  # Excel
        (np.round(45778.63 + np.arange(1e5) / 250 / 86400, 4), "", None),  # rows share a time
        (738000.5 + ROWS / 250 / 86400, "", datetime.datetime(2020, 7, 28, 12)),  # MATLAB
        (638_500_000_000_000_000 + ROWS * 40_000, "Ticks", None),  # .NET
        (3.83e9 + ROWS / 250, "", datetime.datetime(2025, 5, 13, 16, 53, 20, 0, UTC)),  # LabVIEW
    ],
)
def test_clocks_from_a_known_day(values, name, start):
    for kind_of_number in (np.float64, values.dtype):
        column = pd.Series(values.astype(kind_of_number))
        kind = judge_numbers(column, name)
        assert kind.sure and kind.origin is not None
        assert kind.fs == pytest.approx(
            250 if np.diff(values)[1] != 7_692_308 else 130, rel=0.01
        ) or (np.diff(values)[1] == 1 and kind.fs == 1000)
        at = kind.origin.date(float(values[0]))
        assert at.year in (2020, 2023, 2024, 2025, 2026)
        assert start is None or abs(at - start) < datetime.timedelta(milliseconds=1)


def test_whole_nanoseconds_keep_their_digits():
    values = 838_432_586_543_515_816 + np.cumsum(np.where(ROWS % 2, 7_692_307, 7_692_309))
    column = pd.Series(values)
    seconds = read_numbers(column, judge_numbers(column, "sensor timestamp [ns]"))
    assert np.array_equal(np.rint(seconds * 1e9).astype(np.int64), values - values[0])


@pytest.mark.parametrize(
    "values, name",
    [
        (ROWS, ""),
        (ROWS + 1, "t"),  # samples or ms: it cannot be told
        (ROWS % 256, "Sample Index"),
        (ROWS % 16, "nSeq"),
        (ROWS % 250, ""),
        (ROWS % 3, ""),
        (ROWS * 2, "Sample Index"),
        (ROWS * 2 % 256, ""),
        (np.arange(70_000) % 65536, ""),
    ],
)
def test_counters(values, name):
    kind = _judge(values, name)
    assert kind.counts and kind.unit is None and np.isnan(kind.fs)
    assert np.array_equal(read_numbers(pd.Series(values), kind), np.arange(len(values)))


def test_a_counter_that_leaves_samples_out():
    kept = np.delete(ROWS, [*range(300, 310), *range(2000, 2190)])
    for values in (kept, kept % 256):
        kind = _judge(values.astype(np.uint16), "n")
        assert kind.counts
        assert np.array_equal(read_numbers(pd.Series(values), kind), kept)


@pytest.mark.parametrize(
    "values, name, period",
    [
        (np.arange(100_000) * 4 % 65536, "", 65536),  # 16 bits, after the rows that are looked at
        (np.arange(100_000) * 4 % 65536 - 32768, "t_ms", 65536),
        ((4.29e9 + np.arange(50_000) * 4000) % 2**32, "micros", 2**32),
        (ROWS * 4 % 1000, "ms", 1000),
        (np.round(np.arange(100_000) / 250 % 60, 3), "seconds", 60),
    ],
)
def test_clocks_that_begin_anew(values, name, period):
    kind = _judge(values, name)
    assert kind.period == period and kind.fs == pytest.approx(250)
    assert np.allclose(read_numbers(pd.Series(values), kind), np.arange(len(values)) / 250)


@pytest.mark.parametrize("name", ["", "ecg", "Sample", "N", "index", "time"])
def test_no_clocks(name):
    ecg = np.tile(ECG, 2)
    noise = np.random.default_rng(0)
    for values in (ecg, np.rint(1000 * ecg), np.rint(5 * ecg), noise.normal(size=N)):
        assert _judge(values, name) is None
    assert _judge(noise.permutation(N), name) is None
    assert _judge(np.sin(ROWS / 300), name) is None
    assert _judge(np.r_[np.linspace(0, 1, 4500), ecg], name) is None  # it rises at first only


def test_what_runs_one_way_is_told_though_it_is_no_clock():
    for values in (-ROWS, np.floor(100 - ROWS / 1000), np.cumsum(ROWS % 50 == 0), ROWS**2):
        kind = _judge(values)
        assert kind is not None and kind.unit is None and not kind.counts
    assert _judge(ECG[100:120]) is None  # too few rows to tell


def test_a_rate_that_is_said_tells_the_unit():
    assert _judge(ROWS * 0.04, "time").unit is None
    kind = _judge(ROWS * 0.04, "time", 25)
    assert (kind.unit, kind.sure) == (1, True)
    assert _judge(ROWS * 2, "", 250).unit is None  # every second one of 500
    assert _judge(ROWS / 250, "time", 500).unit == 1  # others say that they differ


def test_rows_without_a_number():
    values = pd.Series(np.where(ROWS % 7 == 0, np.nan, ROWS / 250))
    kind = judge_numbers(values, "")
    assert kind.fs == pytest.approx(250)
    assert np.array_equal(np.isnan(read_numbers(values, kind)), values.isna())
    whole = pd.Series(ROWS * 4, dtype="Int64").mask(ROWS % 7 == 3)
    assert judge_numbers(whole, "ms").fs == pytest.approx(250)
    assert np.array_equal(np.isnan(read_numbers(whole, judge_numbers(whole, "ms"))), whole.isna())


def test_few_rows():
    for values in ([], [1.0], [np.nan] * 50, [3.0] * 50):
        assert _judge(np.array(values), "") is None
        kind = _judge(np.array(values), "time")  # a name, and nothing that runs
        assert kind.unit is None and not kind.counts
    assert _judge(np.array([0, 0.004, 0.008])) is None
    assert _judge(np.array([0, 0.004, 0.008]), "time").fs == pytest.approx(250)


def test_numbers_out_of_all_bounds():
    for value in (1e308, -1e308, np.inf, -np.inf, 5e-324, 9.2e18):
        for at in (0, 100, N - 1):
            values = ROWS / 250
            values[at] = value
            kind = _judge(values, "time [s]")
            assert kind is None or len(read_numbers(pd.Series(values), kind)) == N
