"""The table hour by hour: its rows add up to the summary, its rates are those of ecg/holter.py."""

import datetime
import json
import time

import numpy as np
import pytest

from ecg import holter
from ecg.clock import Clock, clock_of
from ecg.formats.recording import Facts
from ecg.hourly import COUNTED, hourly
from ecg.hrv import by_period

FS = 100


def day(hours=3.4, seed=0):
    """(samples, labels, length, unreadable) of a rhythm with ectopic beats, pauses and gaps."""
    rng = np.random.default_rng(seed)
    n = int(hours * 3600 * FS)
    rr = np.where(rng.random(int(2 * n / FS)) < 0.001, 2.6, rng.uniform(0.6, 1.0, int(2 * n / FS)))
    samples = np.cumsum((rr * FS).astype(int))
    samples = samples[samples < n]
    labels = rng.choice(list("NSV?"), len(samples), p=[0.6, 0.15, 0.2, 0.05])
    start = rng.integers(0, n, 40)
    return samples, labels, n, [(int(at), int(at) + 2000, "noise") for at in start]


@pytest.mark.parametrize("first", [None, 10 * 3600.0, 10 * 3600.0 + 1234.5])
def test_rows_add_up_to_the_summary(first):
    samples, labels, n, lost = day()
    rows = hourly(samples, labels, FS, n, lost, Clock(first))
    summary = holter.summary(samples, labels, FS, n, [each[:2] for each in lost])
    assert len(rows) == 4
    for name in COUNTED:
        assert sum(row[name] for row in rows) == summary[name]["count"] > 0
    assert sum(row["beats"] for row in rows) == len(samples)
    for letter in "SV":
        assert sum(row[letter] for row in rows) == summary["beats"][letter]
    rate = summary["heart_rate"]
    assert min(row["min_bpm"] for row in rows) == rate["min_bpm"]
    assert max(row["max_bpm"] for row in rows) == rate["max_bpm"]
    unreadable = sum(row["unreadable_percent"] * (row["stop_s"] - row["start_s"]) for row in rows)
    assert unreadable / 100 == pytest.approx(summary["duration_s"] - summary["readable_s"])
    assert rows == hourly(samples, labels, FS, n, lost, Clock(first), summary)
    json.dumps(rows, allow_nan=False)


def test_each_hour_holds_its_own():
    hour = 3600 * FS
    samples = np.concatenate([np.arange(50, hour, 100), np.arange(hour + 25, 2 * hour, 50)])
    labels = np.array(["N"] * len(samples), object)
    labels[10:12] = "V"  # a couplet in the first hour
    labels[-20:-15] = "S"  # a run in the second
    samples = np.delete(samples, [100, 101])
    labels = np.delete(labels, [100, 101])
    first, second = hourly(samples, labels, FS, 2 * hour, [(hour, hour + 3600)])
    assert (first["start_s"], first["stop_s"], second["stop_s"]) == (0, 3600, 7200)
    assert (first["beats"], second["beats"]) == (3598, 7200)
    assert (first["V"], first["v_couplets"], first["pauses"], first["s_runs"]) == (2, 1, 1, 0)
    assert (second["S"], second["v_couplets"], second["pauses"], second["s_runs"]) == (5, 0, 0, 1)
    assert first["mean_bpm"] == pytest.approx(60 * 3597 / 3599)
    assert (first["max_bpm"], first["min_bpm"]) == (60, pytest.approx(60 * 8 / 10))
    assert second["mean_bpm"] == second["max_bpm"] == second["min_bpm"] == 120
    assert (first["unreadable_percent"], second["unreadable_percent"]) == (0, 1)
    assert first["clock"] is None


def test_hours_are_those_of_the_clock_and_of_hrv():
    samples, labels, n, lost = day(3.0)
    clock = clock_of(Facts(clock=datetime.time(22, 30)), n / FS)
    rows = hourly(samples, labels, FS, n, lost, clock)
    assert [row["start_s"] for row in rows] == [0, 1800, 5400, 9000]
    assert [row["clock"] for row in rows] == [
        "22:30:00",
        "23:00:00",
        "00:00:00 +1d",
        "01:00:00 +1d",
    ]
    periods = by_period(samples, labels, FS, n, lost, seconds=3600, clock=clock)
    assert [each["start_s"] for each in periods] == [row["start_s"] for row in rows]


@pytest.mark.parametrize("n, rows", [(0, 0), (500, 1)])
def test_without_beats(n, rows):
    table = hourly([], [], FS, n)
    assert len(table) == rows
    for row in table:
        assert row["beats"] == row["V"] == 0 and row["mean_bpm"] is row["max_bpm"] is None
        assert row["pauses"] == 1 and row["unreadable_percent"] == 0


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one label a beat"):
        hourly([1, 2], ["N"], FS, 100)


def test_a_day_takes_no_time():
    samples, labels, n, lost = day(24)
    summary = holter.summary(samples, labels, FS, n, [each[:2] for each in lost])
    start = time.process_time()
    assert len(hourly(samples, labels, FS, n, lost, summary=summary)) == 24
    assert time.process_time() - start < 0.2
