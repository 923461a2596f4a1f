"""Elapsed times and times of the clock."""

import datetime

import pytest

from ecg.clock import Clock, clock_of, elapsed
from ecg.formats.recording import Facts

EVENING = Facts(date=datetime.date(2026, 12, 31), clock=datetime.time(23, 59, 30, 500_000))


def test_elapsed():
    assert [elapsed(s) for s in (None, 65.5, 3661)] == ["–", "1:05", "1:01:01"]
    assert elapsed(65.5, decimals=1) == "1:05.5"


def test_without_a_clock_moments_are_counted_from_the_start():
    for facts in (Facts(), Facts(date=EVENING.date)):
        clock = clock_of(facts, 1e6)
        assert not clock.known and clock(65.5, 1) == "1:05.5" and clock(None) == "–"
        assert list(clock.ticks(0.0, 120.0, 60)) == [(0, "0:00"), (60, "1:00"), (120, "2:00")]


def test_moments_within_a_day():
    clock = clock_of(EVENING, 29.0)
    assert clock.known and not clock.days
    assert clock(0) == "23:59:30" and clock(0.51, 2) == "23:59:31.01" and clock(None) == "–"


def test_moments_of_several_days_say_the_day():
    clock = clock_of(EVENING, 3 * 86400.0)
    assert [clock(s) for s in (0, 29.5, 86400)] == [
        "12-31 23:59:30",
        "01-01 00:00:00",
        "01-01 23:59:30",
    ]
    bare = clock_of(EVENING._replace(date=None), 3 * 86400.0)
    assert [bare(s) for s in (0, 29.5, 2 * 86400)] == ["23:59:30", "00:00:00 +1d", "23:59:30 +2d"]


def test_an_axis_has_round_times_and_the_day_where_it_begins():
    clock = clock_of(EVENING, 60.0)
    assert list(clock.ticks(0.0, 60.0, 20)) == [
        (pytest.approx(9.5), "23:59:40"),
        (pytest.approx(29.5), "01-01"),
        (pytest.approx(49.5), "00:00:20"),
    ]
    bare = clock_of(EVENING._replace(date=None), 60.0)
    assert [text for _, text in bare.ticks(0.0, 60.0, 20)] == ["23:59:40", "+1d", "00:00:20"]
    midnight = clock_of(EVENING._replace(clock=datetime.time()), 60.0)
    assert [text for _, text in midnight.ticks(0.0, 60.0, 60)] == ["00:00:00", "00:01:00"]


def test_stamps_are_iso_text():
    assert clock_of(EVENING, 60.0).stamps([0.0, 29.5, 29.5004]) == [
        "2026-12-31T23:59:30.500",
        "2027-01-01T00:00:00.000",
        "2027-01-01T00:00:00.000",
    ]
    assert clock_of(EVENING._replace(date=None), 60.0).stamps([29.25]) == ["23:59:59.750"]
    assert Clock(0.0).stamps([]) == []


def test_the_last_of_all_days_has_no_day_after_it():
    clock = clock_of(EVENING._replace(date=datetime.date.max), 60.0)
    assert clock(29.5) == "00:00:00 +1d"
