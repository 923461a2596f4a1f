"""Looks to episodes: where they begin and end, what is too short, what goes before what."""

import time

import numpy as np
import pytest

from ecg.rhythm.episodes import find_episodes, rhythm_of_beats
from ecg.rhythm.track import Track
from tests.ecg.rhythm.looks import no_looks, track_of

FS = 250
NO_SPANS = np.zeros((0, 2), np.int64)


def episodes(track, seconds, beats=(), labels=(), vf=NO_SPANS, sure=(), unreadable=()):
    return find_episodes(track, vf, sure, beats, labels, FS, int(seconds * FS), unreadable)


def shown(rhythm):
    return [(each.start / FS, each.stop / FS, each.rhythm) for each in rhythm.episodes]


def af_between(start, stop):
    return lambda at: "AF" if start <= at < stop else "N"


def test_af_begins_and_ends_where_looks_change():
    rhythm = episodes(track_of(af_between(300, 700), 1200), 1200)
    (a, b, first), (c, d, second), (e, f, third) = shown(rhythm)
    assert (first, second, third) == ("N", "AF", "N") and (a, f) == (0, 1200)
    assert b == c and d == e
    assert c == pytest.approx(300, abs=10) and d == pytest.approx(700, abs=10)
    assert rhythm.of_recording == "N"
    assert rhythm.af_burden == pytest.approx(400 / 1200, abs=0.01)
    assert rhythm.episodes[1].confidence == pytest.approx(0.85, abs=0.03)
    assert sum(rhythm.probabilities.values()) == pytest.approx(1)


def test_one_or_two_looks_are_no_episode():
    assert shown(episodes(track_of(af_between(300, 319), 1200), 1200)) == [(0, 1200, "N")]
    rhythm = episodes(track_of(af_between(300, 700), 1200), 1200)
    gap = track_of(lambda at: "N" if 500 <= at < 519 else af_between(300, 700)(at), 1200)
    assert shown(episodes(gap, 1200)) == shown(rhythm)


def test_doubt_goes_on_but_does_not_begin():
    """Hysteresis: a probability between the two limits keeps what there is."""
    doubtful, sure = track_of(lambda at: "AF", 1200, 0.52), track_of(lambda at: "AF", 1200)
    assert [each[2] for each in shown(episodes(doubtful, 1200))] == ["N"]
    half = np.arange(len(sure.start_s)) < len(sure.start_s) / 2
    mixed = Track(*sure[:2], np.where(half[:, None], sure.probabilities, doubtful.probabilities))
    assert shown(episodes(mixed, 1200)) == [(0, 1200, "AF")]


def test_a_strip_has_one_rhythm():
    for seconds in (9, 30, 60):
        rhythm = episodes(track_of(lambda at: "AF", seconds), seconds)
        assert shown(rhythm) == [(0, seconds, "AF")]
        assert (rhythm.of_recording, rhythm.af_burden) == ("AF", 1)
    two = track_of(af_between(20, 40), 60)
    assert len(shown(episodes(two, 60))) == 1
    assert episodes(track_of(lambda at: "noise", 30), 30).af_burden is None


def test_other_and_noise_are_told_and_the_short_belongs_to_what_was_before():
    at = {300: "other", 310: "other", 600: "noise", 605: "noise"}
    rhythm = episodes(
        track_of(lambda t: "other" if 300 <= t < 500 else "noise" if 600 <= t < 700 else "N", 1000),
        1000,
    )
    assert [each[2] for each in shown(rhythm)] == ["N", "other", "N", "noise", "N"]
    short = track_of(lambda t: at.get(round(t, -1), "N"), 1000)
    assert shown(episodes(short, 1000)) == [(0, 1000, "N")]


def test_what_is_laid_over():
    beats = np.arange(0, 1200 * FS, 100)  # 150/min
    labels = np.full(len(beats), "N")
    labels[100:110] = "V"
    vf = np.array([[200 * FS, 220 * FS]])
    rhythm = episodes(
        track_of(lambda at: "AF", 1200),
        1200,
        beats,
        labels,
        vf,
        [0.9],
        [
            (200 * FS, 220 * FS, "ventricular fibrillation"),
            (220 * FS, 240 * FS, "flat"),
            (600 * FS, 603 * FS, "flat"),
        ],
    )
    start, stop = beats[100] / FS, beats[109] / FS
    expected = [
        (0, start, "AF"),
        (start, stop + 1 / FS, "VT"),
        (stop + 1 / FS, 200, "AF"),
        (200, 220, "VF"),
        (220, 240, "noise"),
        (240, 1200, "AF"),  # three seconds that cannot be read do not divide it
    ]
    assert shown(rhythm) == expected
    confidence = [each.confidence for each in rhythm.episodes]
    assert confidence[3] == 0.9 and np.isnan(confidence[1]) and np.isnan(confidence[4])
    assert rhythm.af_rate_bpm == pytest.approx(150)
    told = rhythm.as_dict(FS)
    assert told["af_episodes"] == 2  # a run of V does not end AF, ventricular fibrillation does
    assert told["af_longest_s"] == 1200 - 240
    assert told["episodes"][1]["confidence"] is None
    readable = 1200 - 20 - 3  # fibrillation can be read: it is not AF
    assert rhythm.af_burden == pytest.approx((readable - 20 - stop + start) / readable, abs=1e-4)


def test_looks_at_nothing_are_noise():
    rhythm = episodes(track_of(lambda at: "" if 300 <= at < 500 else "AF", 1000), 1000)
    assert [each[2] for each in shown(rhythm)] == ["AF", "noise", "AF"]
    assert rhythm.af_burden == pytest.approx(1)
    nothing = episodes(track_of(lambda at: "", 1000), 1000)
    assert nothing.of_recording is None and nothing.af_burden is None
    assert nothing.probabilities == {}


def test_without_a_rhythm_network():
    """What the other parts say is told all the same."""
    beats = np.arange(0, 100 * FS, 100)
    labels = np.where(np.arange(len(beats)) < 5, "V", "N")
    for seconds in (50, 100):
        kept = beats < seconds * FS
        rhythm = episodes(
            no_looks(), seconds, beats[kept], labels[kept], [[2000, 4000]], [0.8], [(0, 10, "flat")]
        )
        assert [each[2] for each in shown(rhythm)] == ["VT", "VF"]
        assert rhythm.of_recording is rhythm.af_burden is rhythm.af_rate_bpm is None
    assert episodes(no_looks(), 0).episodes == ()


def test_episodes_cover_and_do_not_overlap():
    rng = np.random.default_rng(4)
    seconds = 4000
    names = rng.choice(["N", "AF", "other", "noise", ""], 50, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    track = track_of(lambda at: names[int(at // 80)], seconds)
    lost = [(int(a), int(a) + 4000, "noise") for a in rng.integers(0, seconds * FS, 20)]
    beats = np.cumsum(rng.integers(100, 300, 4900))
    beats = beats[beats < seconds * FS]
    labels = rng.choice(list("NV"), len(beats), p=[0.7, 0.3])
    vf = [[100000, 120000], [500000, 503000]]
    rhythm = episodes(track, seconds, beats, labels, vf, [0.9, 0.7], lost)
    edges = [0, *(each.stop for each in rhythm.episodes)]
    assert edges[:-1] == [each.start for each in rhythm.episodes] and edges[-1] == seconds * FS
    assert {each.rhythm for each in rhythm.episodes} == {"N", "AF", "other", "noise", "VT", "VF"}
    of_beats = rhythm_of_beats(rhythm, beats)
    for each in rhythm.episodes:
        inside = (beats >= each.start) & (beats < each.stop)
        assert (of_beats[inside] == each.rhythm).all()
    assert 0 < rhythm.af_burden < 1


def test_rhythm_of_beats_outside_every_episode():
    rhythm = episodes(no_looks(), 100, vf=[[1000, 2000]], sure=[1.0])
    assert rhythm_of_beats(rhythm, [0, 999, 1000, 1999, 2000]).tolist() == ["", "", "VF", "VF", ""]
    assert rhythm_of_beats(episodes(no_looks(), 10), [5]).tolist() == [""]


def test_a_day_takes_no_time():
    rng = np.random.default_rng(0)
    names = rng.choice(["N", "AF", "other"], 300)
    track = track_of(lambda at: names[int(at // 300)], 86400)
    beats = np.cumsum(rng.integers(100, 180, 150_000))
    labels = rng.choice(list("NNNNNNNV"), len(beats))
    start = time.process_time()
    assert len(episodes(track, 86400, beats, labels).episodes) > 400
    assert time.process_time() - start < 2
