"""Times of rows as an even signal: rate, gaps, and what is refused."""

import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import recording
from ecg.formats.times import stamps
from ecg.formats.times.even import even_rows

PATH = Path("night.csv")
N = 7200
ROWS = np.arange(N)


def _random(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("fs", [50, 128, 250, 360, 500])
@pytest.mark.parametrize("decimals", [3, 6])
def test_rate_of_times_as_they_are_rounded(fs, decimals):
    assert even_rows(np.round(ROWS / fs, decimals), PATH) == (fs, None, ())


@pytest.mark.parametrize("fs", [700, 1024, 2000])
def test_rate_of_times_that_are_rounded_to_about_a_step(fs):
    assert even_rows(np.round(ROWS / fs, 3), PATH)[:2] == (fs, None)
    assert even_rows(np.floor(1000 * ROWS / fs) / 1000, PATH)[:2] == (fs, None)


def test_a_rate_that_is_no_whole_number_stays_one():
    assert even_rows(ROWS / 249.975, PATH).fs == pytest.approx(249.975, rel=1e-9)
    assert even_rows(ROWS * 0.0078125, PATH).fs == 128


@pytest.mark.parametrize("decimals", [3, 9])
@pytest.mark.parametrize("lost", [1, 2, 7, 500])
def test_gaps_become_missing_samples(lost, decimals):
    kept = np.delete(ROWS, slice(3000, 3000 + lost))
    fs, place, notes = even_rows(np.round(kept / 360, decimals), PATH)
    assert fs == 360 and place.dtype == np.int64
    assert np.array_equal(place, kept)
    assert notes == (f"rows are missing: 1 gaps, {lost / 360:.3g} s, kept as missing signal",)


@pytest.mark.parametrize("decimals", [3, 9])
def test_rows_lost_one_by_one(decimals):
    """Also where they are so many that hardly a stretch is without."""
    kept = np.sort(_random().choice(100_000, 95_000, replace=False))
    fs, place, _ = even_rows(np.round((kept - kept[0]) / 360, decimals), PATH)
    assert fs == 360 and np.array_equal(place, kept - kept[0])


def test_a_row_that_is_late_once_is_no_gap():
    late = ROWS / 250 + 0.003 * (ROWS == 1000)
    assert even_rows(late, PATH)[:2] == (250, None)
    fs, place, _ = even_rows(late + 0.1 * (ROWS > 1500), PATH)
    assert fs == 250 and np.array_equal(place, ROWS + 25 * (ROWS > 1500))


def test_in_parts_as_at_once(monkeypatch):
    kept = np.delete(ROWS, [*range(90, 200), *range(4000, 4003)])
    whole = even_rows(kept / 360, PATH)
    shared = even_rows(kept // 20 * 20 / 360, PATH)
    monkeypatch.setattr(stamps, "PART", 100)
    for once, times in ((whole, kept), (shared, kept // 20 * 20)):
        parts = even_rows(times / 360, PATH)
        assert (parts.fs, parts.notes) == (once.fs, once.notes)
        assert np.array_equal(parts.place, once.place)
    with pytest.raises(InputError, match="backwards at row 4001 "):
        even_rows(np.where(ROWS >= 4000, ROWS - 600, ROWS) / 360, PATH)


@pytest.mark.parametrize("jump", [366 * 86400, 1e9, 1e18, 1e300])
def test_a_gap_of_a_year_is_refused_and_not_allocated(jump):
    tracemalloc.start()
    with pytest.raises(
        InputError, match=rf"jump by {re.escape(f'{jump:.9g}')} s at row 3001 .* cut"
    ):
        even_rows(ROWS / 250 + np.where(ROWS >= 3000, jump, 0.0), PATH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_steps_that_would_allocate_too_much_are_refused():
    """A row an hour now and then: 250 Hz for a second, then an hour without."""
    times = np.repeat(np.arange(60) * 3600.0, 250) + np.tile(np.arange(250) / 250, 60)
    with pytest.raises(InputError, match="212[0-9]{3}.* s are missing"):
        even_rows(times, PATH)


@pytest.mark.parametrize(
    "times, says",
    [
        (ROWS[::-1] / 250, "backwards at row 2 "),
        (np.r_[ROWS[:500], ROWS[100:]] / 250, "backwards at row 501 .from 1.996 to 0.4 s"),
        (np.cumsum(_random().uniform(0.001, 0.01, N)), "not evenly.*steps of 0.001.* to 0.00"),
        (np.cumsum(_random().uniform(0.001, 0.01, 40)), "not evenly"),
        (np.floor(np.cumsum(_random().uniform(0.5, 1.5, N) * (1 + ROWS / N)) / 250), "not evenly"),
        (np.zeros(N), "coarse"),
        (np.floor(ROWS[:600] / 250), "coarse"),
        (np.full(N, np.nan), "gaps"),
        (np.zeros(1), "coarse"),
        (np.zeros(0), "coarse"),
    ],
)
def test_refused(times, says):
    with pytest.raises(InputError, match=says):
        even_rows(np.asarray(times, np.float64), PATH)


# ---------------------------------------------------------------------------- times rows share


@pytest.mark.parametrize(
    "fs, packet", [(250, 2), (250, 18), (130, 73), (125, 10), (250, 250), (1000, 1000)]
)
def test_packets(fs, packet):
    rows = np.arange(60 * fs)
    found = even_rows(rows // packet * packet / fs, PATH)
    assert found[:2] == (fs, None)
    assert f"{fs} samples per second" in found.notes[0]


def test_packets_that_arrive_late():
    """By tens of ms each, one by half a second, with the next ones close behind."""
    rows = np.arange(600 * 130)
    arrival = rows // 73 * 73 / 130 + _random().gamma(2, 0.02, 2000)[rows // 73]
    arrival[(rows >= 7300) & (rows < 7373)] += 0.5
    fs, place, notes = even_rows(np.maximum.accumulate(arrival), PATH)
    assert (fs, place) == (130, None) and "about 73 rows share a time" in notes[0]


def test_packets_that_are_lost():
    kept = np.delete(np.arange(600 * 130), slice(7300, 8030))
    arrival = kept // 73 * 73 / 130 + _random().gamma(2, 0.005, 2000)[kept // 73]
    fs, place, notes = even_rows(np.maximum.accumulate(arrival), PATH)
    assert fs == 130 and "1 gaps" in notes[-1]
    assert place[7299] == 7299 and abs(place - kept).max() <= 0.05 * 130


def test_rows_that_arrive_in_bursts():
    rows = np.arange(60 * 250)
    times = rows // 18 * 18 / 250 + rows % 18 * 0.0004
    assert even_rows(times, PATH)[:2] == (250, None)


def test_a_clock_of_whole_seconds():
    """The first second may have begun before the file."""
    rows = np.arange(2500)
    assert even_rows(np.floor((rows + 90) / 250), PATH)[:2] == (250, None)
    kept = np.delete(np.arange(15000), slice(5000, 6250))
    fs, place, _ = even_rows(np.floor(kept / 250), PATH)
    assert fs == 250 and np.array_equal(place, kept)


def test_what_the_file_says_of_the_rate():
    own, shared = ROWS / 250, np.floor(ROWS / 250)
    assert even_rows(own, PATH, 250) == (250, None, ())
    fs, _, notes = even_rows(own, PATH, 500)
    assert fs == 250 and "the file says 500 Hz, its times 250 Hz" in notes[0]
    assert even_rows(shared, PATH, 250.5) == (250.5, None, ())
    fs, place, notes = even_rows(shared, PATH, 500)
    assert (fs, place) == (500, None) and "come at 250 Hz, the file says 500 Hz" in notes[0]
    assert even_rows(shared[:600], PATH, 250) == (250, None, ())  # too coarse to tell


# -------------------------------------------------------------------------------- without a time


def test_rows_without_a_time():
    times = ROWS / 250
    times[[0, 1, 500, 501, N - 1]] = np.nan
    assert even_rows(times, PATH) == (
        250,
        None,
        ("5 rows have no time: taken from the rows beside them",),
    )
    times[2] = np.inf
    assert even_rows(times, PATH).notes[0].startswith("6 rows")


def test_only_the_first_row_of_a_packet_has_its_time():
    times = np.full(N, np.nan)
    times[::25] = ROWS[::25] / 250 + _random().normal(0, 0.002, N // 25)
    fs, place, notes = even_rows(times, PATH)
    assert (fs, place) == (250, None) and "that of the last one before" in notes[0]


def test_the_limits_are_as_documented():
    assert recording.LONGEST_GAPS == (20, 86400, 5_000_000)
    kept = np.r_[ROWS[:100], ROWS[100:] + 40_000]  # 160 s of 1.4
    assert even_rows(kept[:200] / 250, PATH).place[-1] == 40_199
