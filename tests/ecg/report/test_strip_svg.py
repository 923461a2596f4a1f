"""The rhythm in a printed strip."""

import re

import numpy as np

from ecg.report.data import beat_columns
from ecg.report.page_text import page_translator
from ecg.report.strip_svg import PER_S, RHYTHM, THICK, THIN, strip_svg
from tests.rhythm_told import told_rhythm


def strip(recording, table, start=28.0):
    translate = page_translator("en", tag="tspan")
    return strip_svg(recording, table, beat_columns(table), start, translate)


def size(svg):
    return [int(v) for v in re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups()]


def test_the_rhythm_lies_below_the_trace_which_keeps_its_place(ectopic):
    recording, table, _ = ectopic
    plain = strip(recording, table)
    told = table.copy()
    told.attrs = {**table.attrs, "rhythm": told_rhythm((0, 30, "N"), (30, 90, "AF"))}
    svg = strip(recording, told)
    width, height = size(svg)
    assert (width, height) == (size(plain)[0], size(plain)[1] + RHYTHM)
    path = r'class="trace" d="[^"]+"'
    assert re.search(path, svg)[0] == re.search(path, plain)[0]
    bars = re.findall(
        r'class="rhythm r(\w+)" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', svg
    )
    assert [(name, int(x), int(w), int(h)) for name, x, _, w, h in bars] == [
        ("N", 0, 2 * PER_S, THIN),
        ("AF", 2 * PER_S, 5 * PER_S, THICK),
    ]
    assert all(int(y) >= height - RHYTHM for _, _, y, _, _ in bars)
    assert re.findall(r'class="strip-rhythm"[^>]*>(\w+)<', svg) == ["AF"]


def test_a_strip_between_episodes_has_no_bar(ectopic):
    recording, table, _ = ectopic
    told = table.copy()
    told.attrs = {**table.attrs, "rhythm": told_rhythm((60, 90, "AF"))}
    assert 'class="rhythm' not in strip(recording, told)


def test_both_leads_are_drawn_to_scale_one_below_the_other(ectopic):
    recording, table, _ = ectopic
    second = np.zeros(len(recording.signal), np.float32)
    second[int(30 * recording.fs) :] = 0.8  # mV
    svg = strip(recording._replace(second=second, second_lead="V<1"), table)
    first, below = re.findall(r'class="trace" d="M\d+ (\d+)([^"]*)"', svg)
    plain = strip(recording, table)
    assert re.search(r'class="trace" d="[^"]+"', plain)[0] in svg  # the first keeps its place
    assert int(below[0]) > size(plain)[1] > int(first[0])
    assert max(abs(int(y)) for y in re.findall(r"l\d+ (-?\d+)", below[1])) == 800  # 0.01 mm
    assert re.findall(r'class="stamp">([^<]*)</text>', svg) == ["MLII", "V&lt;1", "0:28.0"]
    assert 'aria-label="ECG strip, MLII, V&lt;1, from 0:28.0, labels: ' in svg
