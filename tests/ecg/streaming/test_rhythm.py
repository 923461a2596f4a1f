"""The rhythm of a stream: what the network is asked, what is told every 10 s, when the atria
fibrillate."""

import numpy as np
import pytest

from ecg.alarms import Alarms
from ecg.rhythm.track import RHYTHMS
from ecg.streaming import Rhythm
from ecg.streaming.rhythm import AGAIN, RhythmWatch
from ecg.streaming.signal import KeptSignal
from tests.streams import alarms, labelled, stream, strip

FS = 100
AF, N, OTHER, NOISE = (np.eye(4)[RHYTHMS.index(name)] for name in ("AF", "N", "other", "noise"))
NOTHING = np.full(4, np.nan)


def rhythms(events):
    return [e for e in events if isinstance(e, Rhythm)]


def irregular(seconds, mean, seed=0):
    rng = np.random.default_rng(seed)
    rr = mean * np.clip(1 + 0.3 * rng.standard_normal(int(seconds / mean)), 0.55, 1.8)
    return list(rr)


def by_intervals(leads, fs, r_peaks, labels):
    """A network that knows atrial fibrillation by its intervals."""
    rr = np.diff(r_peaks)
    return AF if len(rr) > 4 and np.std(rr) > 0.12 * np.mean(rr) else N


def test_what_is_asked_and_told():
    asked = []

    def ask(leads, fs, r_peaks, labels):
        asked.append((len(leads), len(leads[0]) / fs, r_peaks, labels))
        assert fs == FS and len(r_peaks) == len(labels)
        return [0.1, 0.2, 0.6, 0.1] if len(asked) < 4 else NOTHING

    letters = "NNNNVNNNNN" * 6 + "NNNNNN"
    x, r = strip(letters, 0.8, fs=FS, tail=1.0)
    events = stream(np.column_stack([x, x]), FS, rhythm=ask)
    told = rhythms(events)
    assert [e.at_s for e in told] == [10, 20, 30, 40, 50] == [e.time_s for e in told]
    assert [e.duration_s for e in told] == [10, 20, 30, 30, 30]
    assert [seconds for _, seconds, _, _ in asked] == [10, 20, 30, 30, 30]
    assert {leads for leads, _, _, _ in asked} == {2}
    third = asked[2][2]
    np.testing.assert_allclose(third, r[r < 29.4 * FS][-len(third) :], atol=2)
    assert len(third) >= 35
    known = {e.sample: e.label for e in labelled(events, "final")}
    said = asked[4][3].tolist()
    assert said[-1] == "?" and "".join(said[:-2]).count("V") == 4 and "V" in known.values()
    assert told[0].rhythm == "other" and told[0].probabilities["other"] == pytest.approx(0.6)
    assert told[0].rate_bpm == pytest.approx(75, abs=1)
    assert told[4].rhythm is None and told[4].probabilities is None


def test_atrial_fibrillation_once_an_episode():
    """With the tachycardia in it."""
    rr = [0.8] * 50 + irregular(90, 0.5) + [0.8] * 80
    x, r = strip("N" * (len(rr) + 1), rr, fs=FS, tail=1.0)
    begins, stops = r[50] / FS, (r[50] + sum(rr[50:-80]) * FS) / FS
    events = stream(x, FS, rhythm=by_intervals)
    on, off = alarms(events, "atrial_fibrillation")
    assert begins + 20 < on.at_s < begins + 60 and abs(on.time_s - begins) < 20
    assert stops < off.at_s < stops + 60
    assert on.rate_bpm == pytest.approx(120, abs=12) and on.beats is None
    assert ("tachycardia", "on") in alarms(events)
    assert [e.rhythm for e in rhythms(events)][:4] == ["N"] * 4


def watch_of(answers, again=False):
    """(a RhythmWatch whose network gives these answers, its alarms, its signal, the events)."""
    alarms_, events = Alarms(FS, 3, 100, 50), []
    watch = RhythmWatch(lambda *_: answers.pop(0), FS, alarms_, again)
    return watch, alarms_, KeptSignal(400 * FS), events


def told(answers, again=False):
    """[(seconds at which it was said, state)] of atrial fibrillation by these answers, one a look
    after the first 30 s."""
    answers = list(answers)
    watch, _, signal, events = watch_of(answers, again)
    signal.write(np.zeros((20 * FS, 1)))
    while answers:
        signal.write(np.zeros((10 * FS, 1)))
        watch.look(events, signal, 0, np.zeros((0, 2), np.int64))
    return [(e.at_s, e.state) for e in events if not isinstance(e, Rhythm)]


def test_looks_that_begin_and_end_it():
    assert told([AF, AF, N, AF, AF, OTHER]) == []
    assert told([AF, AF, AF, N, N, AF, N, N]) == [(50, "on")]
    assert told([N, AF, AF, AF, N, OTHER, N, N]) == [(60, "on"), (90, "off")]
    # what cannot be read counts neither way
    assert told([AF, NOISE, AF, NOTHING, NOTHING, AF]) == [(80, "on")]
    assert told([AF, AF, AF, NOISE, NOISE, NOISE, NOISE]) == [(50, "on")]


def test_it_is_withdrawn_where_the_final_labels_speak_against_it():
    """The three looks are asked again a minute later."""
    looks = round(AGAIN / 10)
    assert told([AF] * (3 + looks) + [N, AF, N], again=True) == [(50, "on"), (110, "withdrawn")]
    assert told([AF] * (3 + looks) + [AF, NOTHING, AF], again=True) == [(50, "on")]
    over = [AF] * 3 + [N] * looks + [N] * 3
    assert told(over, again=True) == [(50, "on"), (80, "off"), (110, "withdrawn")]


def test_beats_that_turn_out_to_be_v_take_it_back():
    """Through a whole monitor: bigeminy whose V are known for what they are after 12 s only."""

    def ask(leads, fs, r_peaks, labels):
        return OTHER if (labels == "V").mean() > 0.45 else AF

    def changes_its_mind(leads, fs, r_peaks, by_second):
        known = (len(leads[0]) - r_peaks) / fs
        return np.eye(5)[np.where((leads[0][r_peaks] > 1.3) & (known > 30), 2, 0)]

    rr = [0.6, 1.0] * 90
    x, _ = strip("NV" * 90 + "N", rr, fs=FS, tail=1.0)
    found = alarms(stream(x, FS, context=changes_its_mind, rhythm=ask), "atrial_fibrillation")
    assert [e.state for e in found][:2] == ["on", "withdrawn"]
    assert found[1].sample == found[0].sample and found[1].at_s == found[0].at_s + AGAIN


def test_in_ventricular_fibrillation_nobody_is_asked():
    watch, _, signal, events = watch_of([])
    signal.write(np.zeros((30 * FS, 1)))
    watch.look(events, signal, 0, np.array([[2000, 10**9]]))
    assert [(e.rhythm, e.probabilities, e.rate_bpm) for e in events] == [("VF", None, None)]


def test_too_short_after_lead_off():
    watch, _, signal, events = watch_of([N])
    signal.write(np.zeros((30 * FS, 1)))
    waves = np.zeros((0, 2), np.int64)
    watch.look(events, signal, 21 * FS, waves)
    assert events == []
    watch.look(events, signal, 20 * FS, waves)
    assert events[0].duration_s == 10
