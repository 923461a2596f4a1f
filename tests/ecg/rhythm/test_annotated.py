"""The rhythm that a WFDB annotation tells."""

import numpy as np
import pytest

from ecg.formats.annotation import Annotation, read_annotation
from ecg.rhythm.annotated import rhythm_of_annotation


def told(marks, n=1000, fs=10):
    samples, symbols, notes = zip(*marks) if marks else ((), (), ())
    annotation = Annotation(
        np.array(samples, np.int64), list(symbols), np.zeros(len(marks), int), list(notes), fs
    )
    rhythm = rhythm_of_annotation(annotation, fs, n)
    return rhythm and [(e["start_s"], e["end_s"], e["rhythm"]) for e in rhythm["episodes"]]


def test_a_rhythm_lasts_to_the_next_and_neighbours_of_one_rhythm_are_one():
    marks = [(0, "+", "(N"), (50, "N", ""), (100, "+", "(AFIB"), (200, "+", "(AFL")]
    marks += [(300, "+", "(B"), (400, "+", "(NOISE"), (500, "+", "(UNKNOWN"), (600, "+", "(SBR")]
    assert told(marks) == [
        (0, 10, "N"),
        (10, 30, "AF"),
        (30, 40, "other"),
        (40, 50, "noise"),
        (60, 100, "N"),
    ]


def test_fibrillation_goes_before_what_it_lies_in():
    marks = [(0, "+", "(N"), (200, "[", ""), (300, "]", ""), (800, "[", "")]
    assert told(marks) == [(0, 20, "N"), (20, 30, "VF"), (30, 80, "N"), (80, 100, "VF")]
    assert told([(200, "[", ""), (300, "]", "")]) == [(20, 30, "VF")]


def test_an_annotation_of_beats_alone_tells_none():
    assert told([(100, "N", ""), (200, "V", ""), (300, "+", "MISSB")]) is None
    assert told([]) is None


def test_atrial_fibrillation_of_a_real_record(mitdb):
    rhythm = rhythm_of_annotation(read_annotation(mitdb / "202"), 360, 650000)
    af = [e for e in rhythm["episodes"] if e["rhythm"] == "AF"]
    assert len(af) == 3 and af[1]["start_s"] == pytest.approx(1176, abs=2)
    assert rhythm["of_recording"] is None and rhythm["af_burden"] is None
