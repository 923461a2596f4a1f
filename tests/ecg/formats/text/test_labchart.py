"""Text exports of LabChart: heads, comments, blocks and the time between them."""

import datetime

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.recording import Given
from ecg.formats.text import from_text
from ecg.formats.text.labchart import excel_moment
from tests import recorder_files as files
from tests.recordings import ECG, FS, OTHER, T, rows, same, text

HALF = len(T) // 2
START = 45778.5  # noon of 1 May 2025


def block(clock="12:00:00.000000", start=START, x=ECG, **more):
    return files.labchart_head(clock, start, **more) + rows(
        T[: len(x)], x, OTHER[: len(x)], delimiter="\t"
    )


def test_names_units_rate_and_start(tmp_path):
    path = text(tmp_path / "a.txt", block())
    contents = from_text(path, Given())
    assert [(c.name, c.unit, c.fs) for c in contents.channels] == [
        ("ECG", "mV", FS),
        ("RESP", "V", FS),
    ]
    assert contents.facts[:2] == (datetime.date(2025, 5, 1), datetime.time(12))
    same(read_recording(path), lead="ECG")
    contents = from_text(text(tmp_path / "b.txt", block(units="uV\t*")), Given())
    assert [c.unit for c in contents.channels] == ["uV", "V"]


@pytest.mark.parametrize("interval", ["4 ms", "0.004 s", "4000 us", "0,004 s"])
def test_rows_without_their_time(tmp_path, interval):
    body = files.labchart_head("12:00:00", START, interval) + rows(ECG, OTHER, delimiter="\t")
    same(read_recording(text(tmp_path / "a.txt", body)), lead="ECG")


def test_the_first_row_may_be_later_than_the_block(tmp_path):
    body = files.labchart_head("12:00:00", START) + rows(T + 65.5, ECG, OTHER, delimiter="\t")
    facts = from_text(text(tmp_path / "a.txt", body), Given()).facts
    assert facts.clock == datetime.time(12, 1, 5, 500000)


def test_blocks_are_apart_as_they_began(tmp_path):
    recording = read_recording(files.labchart(tmp_path, gap=15))
    signal = np.full(HALF + 15 * FS, np.nan)
    signal[:HALF], signal[15 * FS :] = ECG[:HALF], ECG[HALF:]
    same(recording, signal, lead="ECG")
    assert any("10 s" in note for note in recording.notes)
    assert any("2 blocks" in note for note in recording.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_blocks_in_every_encoding(tmp_path, encoding):
    path = files.labchart(tmp_path)
    body = path.read_text().replace("cough", "µ-cough").replace("\n", "\r\n")
    again = read_recording(text(tmp_path / "b.txt", body, encoding))
    assert len(again.signal) == HALF + 15 * FS and again.lead == "ECG"


def test_blocks_without_a_clock_follow_at_once(tmp_path):
    one = block(x=ECG[:HALF]).replace("ExcelDateTime", "Other")
    two = block(x=ECG[HALF:]).replace("ExcelDateTime", "Other")
    recording = same(read_recording(text(tmp_path / "a.txt", one + two)))
    assert any("do not say when they began" in note for note in recording.notes)


def test_blocks_of_the_time_of_the_file_go_on(tmp_path):
    parts = [
        files.labchart_head("12:00:00", START).replace("StartOfBlock", "StartOfFile")
        + rows(T[half], ECG[half], OTHER[half], delimiter="\t")
        for half in (slice(HALF), slice(HALF, None))
    ]
    same(read_recording(text(tmp_path / "a.txt", "".join(parts))))


def test_a_channel_may_be_off_and_rows_have_the_time_of_the_day(tmp_path):
    later = files.labchart_head("12:00:05.000000", START + 5 / 86400)
    clock = [f"12:00:{t:06.3f}" for t in T]
    parts = [
        files.labchart_head("12:00:00.000000", START)
        + rows(clock[:HALF], ECG[:HALF], OTHER[:HALF], delimiter="\t"),
        later + rows(clock[HALF:], ECG[HALF:], [""] * HALF, delimiter="\t"),
    ]
    path = text(tmp_path / "a.txt", "".join(parts))
    same(read_recording(path), lead="ECG")
    breath = from_text(path, Given()).channels[1].read()
    assert np.isnan(breath[HALF:]).all() and np.array_equal(breath[:HALF], OTHER[:HALF])


def test_blocks_of_another_rate_are_left_out(tmp_path):
    other = block("12:01:00", START + 60 / 86400, interval="0.01 s")
    recording = same(read_recording(text(tmp_path / "a.txt", block() + other)))
    assert any("1 blocks of other channels" in note for note in recording.notes)


def test_a_word_in_a_block_is_named_with_its_row(tmp_path):
    body = block().replace("\n0.4\t", "\n0.4\toops", 1)
    with pytest.raises(InputError, match="'oops.*' in row 101"):
        read_recording(text(tmp_path / "a.txt", body))


@pytest.mark.parametrize(
    "cells, date, clock",
    [
        (["45778.5", "01/05/2025 12:00:00.5"], (2025, 5, 1), (12, 0, 0, 500000)),
        (["45778.5", "5/1/25 12:00:00 PM"], (2025, 5, 1), (12,)),
        (["45778,5", ""], (2025, 5, 1), (12,)),
        (["45778.5", "01.05.2025 12:00"], (2025, 5, 1), (12,)),
    ],
)
def test_day_and_month_by_the_number_of_days(cells, date, clock):
    expected = datetime.datetime.combine(datetime.date(*date), datetime.time(*clock))
    assert excel_moment(cells) == expected


def test_no_moment():
    assert excel_moment([]) is None and excel_moment(["x", "01/05/2025"]) is None
    assert excel_moment(["1e9"]) is None
