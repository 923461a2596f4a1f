"""Rhythm in annotations and in the terminal."""

import numpy as np
import pytest

from ecg.clock import elapsed
from ecg.rhythm.written import UNKNOWN, lines, marks, stretches
from tests.ecg.rhythm.looks import told

FS = 250


def found(rhythm, beats=(), n=100 * FS):
    return list(zip(*(list(column) for column in marks(rhythm, np.array(beats, int), FS, n))))


def test_marks_where_the_rhythm_changes():
    rhythm = told((0, 10, "N"), (10, 20, "AF"), (20, 100, "other"))
    assert found(rhythm) == [(0, "+", "(N"), (2500, "+", "(AFIB"), (5000, "+", "(OTHER")]
    assert found(None) == []


def test_no_two_annotations_share_a_sample():
    rhythm = told((0, 10, "N"), (10, 20, "VF"), (20, 100, "AF"))
    beats = [0, 1, 2499, 2500, 5000, 5001]
    marked = found(rhythm, beats)
    assert [each[1:] for each in marked] == [
        ("+", "(N"),
        ("[", ""),
        ("+", "(VFL"),
        ("]", ""),
        ("+", "(AFIB"),
    ]
    samples = [each[0] for each in marked]
    assert len(set(samples + beats)) == len(samples) + len(beats)
    assert samples == sorted(samples)
    assert np.abs(np.array(samples) - [0, 2500, 2500, 5000, 5000]).max() <= 2


def test_what_is_not_known_is_marked():
    rhythm = told((10, 20, "VT"), (40, 60, "VF"))
    assert [each[1:] for each in found(rhythm)] == [
        ("+", "(VT"),
        ("+", UNKNOWN),
        ("[", ""),
        ("+", "(VFL"),
        ("]", ""),
        ("+", UNKNOWN),
    ]
    at_the_end = found(told((40, 100, "VF")))
    assert at_the_end[-1] == (100 * FS - 1, "]", "")


def test_stretches_of_a_rhythm():
    rhythm = told((0, 10, "N"), (10, 20.004, "AF"), (30, 40, "AF"))
    assert stretches(rhythm, "AF", FS).tolist() == [[2500, 5001], [7500, 10000]]
    assert stretches(None, "AF", FS).shape == stretches(rhythm, "VF", FS).shape == (0, 2)


def test_lines_of_a_strip_and_of_a_long_recording():
    strip = "\n".join(lines(told((0, 30, "AF"), of_recording="AF", burden=1.0), 30, elapsed))
    assert "rhythm: atrial fibrillation or flutter (N 0.70, AF 0.20" in strip
    rhythm = told((0, 900, "N"), (900, 1190, "AF"), (1190, 1200, "VF"), burden=0.24)
    first, af, vf = lines(rhythm, 1200, elapsed)
    assert first.startswith("  rhythm: sinus rhythm 75.0%, atrial fibrillation or flutter 24.2%")
    assert af.startswith("  AF: 24.0% of the readable time, 1 episode, the longest 4:50")
    assert af.endswith("ventricular rate 95/min")
    assert vf == "  VF: 1 episode, the longest 10.0 s at 19:50"
    assert list(lines(None, 1200, elapsed)) == []
    unknown = {**told(of_recording=None), "af_burden": None}
    assert list(lines(unknown, 1200, elapsed)) == ["  rhythm: not judged"]


@pytest.mark.parametrize("seconds", [60, 60.5])
def test_up_to_a_minute_is_a_strip(seconds):
    [first] = lines(told((0, seconds, "N")), seconds, elapsed)
    assert ("(N 0.70" in first) == (seconds <= 60)


def test_a_strip_of_ventricular_fibrillation_is_called_so():
    vf = {"start_s": 5.0, "end_s": 30.0, "rhythm": "VF", "confidence": 0.9}
    told = {"of_recording": "noise", "probabilities": {"noise": 1.0}, "af_episodes": 0}
    told |= {"af_burden": 0.0, "episodes": [vf]}
    assert next(iter(lines(told, 30.0, str))) == "  rhythm: ventricular fibrillation or flutter"
    vf["end_s"] = 15.0
    assert next(iter(lines(told, 30.0, str))).startswith("  rhythm: noise")
