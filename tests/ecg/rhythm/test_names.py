"""Names and colours of rhythms, and which episodes are listed."""

import numpy as np
import pytest

from ecg.rhythm.names import (
    GRAVEST,
    RHYTHM_COLORS,
    RHYTHM_MEANINGS,
    RHYTHM_SHORT,
    listed_episodes,
    time_of_each,
)
from ecg.rhythm.track import NOTES
from tests.rhythm_told import told_rhythm

FS = 250


def luminance(color):
    parts = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", NOTES)
def test_colours_are_told_from_the_page_and_letters_from_them(name):
    color = RHYTHM_COLORS[name]
    assert contrast(color, "#ffffff") >= 3 and contrast(color, "#14171a") >= 3
    assert contrast(color, "#000000") >= 4.5


def test_every_rhythm_has_its_name_colour_and_rank():
    assert set(NOTES) == set(RHYTHM_MEANINGS) == set(RHYTHM_SHORT) == set(RHYTHM_COLORS)
    assert sorted(GRAVEST) == sorted(NOTES) and len(set(RHYTHM_COLORS.values())) == len(NOTES)


def test_what_is_not_sinus_rhythm_is_listed_with_its_rate():
    rhythm = told_rhythm((0, 60, "N"), (60, 120, "AF"), (120, 140, "VF"), (140, 200, "N"))
    beats = np.concatenate([np.arange(0, 60, 1.0), np.arange(60, 120.1, 0.5)]) * FS
    listed, left_out = listed_episodes(rhythm, beats.astype(int), FS, 200 * FS)
    assert [(e.start_s, e.end_s, e.rhythm, e.confidence) for e in listed] == [
        (60, 120, "AF", 0.87),
        (120, 140, "VF", 0.87),
    ]
    assert listed[0].rate_bpm == pytest.approx(120) and listed[1].rate_bpm is None
    assert left_out == 0


def test_a_rate_is_not_taken_across_what_cannot_be_read():
    rhythm = told_rhythm((0, 100, "AF"))
    beats = np.concatenate([np.arange(0, 40, 0.5), np.arange(80, 100, 0.5)]) * FS
    for lost, bpm in (([], 60 * 119 / 99.5), ([(40 * FS, 79 * FS, "noise")], 120)):
        listed, _ = listed_episodes(rhythm, beats.astype(int), FS, 100 * FS, lost)
        assert listed[0].rate_bpm == pytest.approx(bpm)


def test_sinus_rhythm_is_listed_where_nothing_else_is():
    listed, _ = listed_episodes(told_rhythm((0, 30, "N")), [250], FS, 30 * FS)
    assert [e.rhythm for e in listed] == ["N"] and listed[0].rate_bpm is None
    assert listed_episodes(None, [], FS, 0) == ([], 0)


def test_of_too_many_the_gravest_and_longest_are_kept_in_order_of_time():
    episodes = [(10 * k, 10 * k + 5, "other") for k in range(50)]
    episodes += [(500, 503, "VF"), (510, 560, "AF"), (600, 609, "other"), (620, 621, "VT", None)]
    listed, left_out = listed_episodes(told_rhythm(*episodes), [], FS, 700 * FS, most=4)
    assert [(e.start_s, e.rhythm) for e in listed] == [
        (500, "VF"),
        (510, "AF"),
        (600, "other"),
        (620, "VT"),
    ]
    assert left_out == 50


def test_time_of_each_rhythm_the_gravest_first():
    rhythm = told_rhythm((0, 10, "N"), (10, 12, "VF"), (12, 20, "N"), (20, 25, "AF"))
    assert list(time_of_each(rhythm).items()) == [("VF", 2), ("AF", 5), ("N", 18)]
    assert time_of_each(None) == {}
