"""The table hour by hour: its rows add up to the summary, its rates are those of ecg/holter.py."""

import datetime
import json
import time

import numpy as np
import pandas as pd
import pytest

from ecg import holter
from ecg.clock import Clock, clock_of
from ecg.formats.recording import Facts
from ecg.hourly import COUNTED, hourly, hourly_of, hourly_text
from ecg.hrv import by_period, withheld_in
from tests.ecg.rhythm.looks import told

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


def test_af_of_the_readable_time_and_hrv_withheld_in_it():
    samples = np.arange(50, 3 * 3600 * FS, 80)
    samples += np.random.default_rng(1).integers(-2, 3, len(samples))
    labels = np.full(len(samples), "N")
    n = 3 * 3600 * FS
    rhythm = told((0, 1800, "N"), (1800, 7200, "AF"), (7200, 9000, "noise"), (9000, 10800, "N"))
    lost = [(4000 * FS, 4400 * FS, "flat")]
    rows = hourly(samples, labels, FS, n, lost, rhythm=rhythm)
    assert [row["af_percent"] for row in rows] == [50, 100, 0]
    assert "atrial fibrillation" in rows[1]["hrv"]["reason"]
    assert rows[0]["hrv"]["sdnn_ms"] > 0 and rows[2]["hrv"]["sdnn_ms"] > 0
    by_hour = by_period(samples, labels, FS, n, lost, withheld_in(rhythm, FS), 3600)
    assert [row["hrv"]["sdnn_ms"] for row in rows] == [each["sdnn_ms"] for each in by_hour]
    json.dumps(rows, allow_nan=False)
    plain = hourly(samples, labels, FS, n, lost)
    assert all(row["af_percent"] is None for row in plain)
    assert plain[1]["hrv"]["sdnn_ms"] > 0


def test_a_recording_of_more_than_two_hours_has_a_table():
    samples, labels, n, lost = day(2.2)
    table = pd.DataFrame({"sample": samples, "label": labels})
    table.attrs = {"fs": FS, "n_samples": n, "unreadable": lost}
    facts = Facts(clock=datetime.time(22, 30))
    rows = hourly_of(table, facts)
    assert rows == hourly(samples, labels, FS, n, lost, clock_of(facts, n / FS))
    lines = list(hourly_text(rows))
    assert len(lines) == len(rows) + 1 == 4
    assert "AF %" in lines[0] and lines[1].split()[0] == "22:30:00"
    assert lines[1].split()[1] == f"{rows[0]['beats']:,}" and len({len(x) for x in lines}) == 1
    assert lines[1].split()[-2] == "-"  # the rhythm is not known
    assert list(hourly_text(hourly_of(table)))[2].split()[0] == "1:00:00"
    table.attrs["n_samples"] = 2 * 3600 * FS
    assert hourly_of(table[table["sample"] < 2 * 3600 * FS]) is None
