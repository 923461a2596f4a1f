"""A silence: a pause of the heart, or beats that could not be seen."""

import numpy as np
import pytest

from ecg import formats, holter, pauses, rpeaks
from ecg.rpeaks import Unreadable, find_beats_in_leads
from tests.streams import FS, strip

LONG = [0.8] * 12 + [5.0] + [0.8] * 12


def unseen(leads):
    return pauses.unseen_beats(leads, FS, find_beats_in_leads(leads, FS))


def recovering(x, start, seconds=7):
    """x with an amplifier that comes back from its end from `start` s on."""
    x, n = x.copy(), round(seconds * FS)
    x[round(start * FS) :][:n] = 4 * np.exp(-np.arange(n) / FS / 2.0)
    return x


def test_a_pause_with_a_quiet_baseline_is_one():
    x, _ = strip("N" * 26, LONG)
    assert unseen([x]) == [] and unseen([x, -0.5 * x]) == []


def test_a_recovering_amplifier_hides_beats():
    x, r = strip("N" * 40, 0.8)
    (lost,) = unseen([recovering(x, 16.2)])
    assert lost.reason == "noise" and lost.stop - lost.start > 5 * FS
    inside = (r > lost.start) & (r < lost.stop)
    assert inside.sum() >= 6 and not np.isin(lost.start, r)


def test_what_another_lead_says():
    """A QRS complex in it is none of a pause; a steady lead speaks for one that swings."""
    usual = pauses.usual_beat(x := strip("N" * 26, LONG)[0], FS, strip("N" * 26, LONG)[1])
    start, stop = strip("N" * 26, LONG)[1][12:14]
    assert usual is not None and usual.heard
    assert pauses.is_silence([x], FS, start, stop, [usual])
    middle = (start + stop) // 2
    beat = x.copy()
    beat[middle - 90 : middle + 90] += strip("N", 0.8)[0][FS - 90 : FS + 90]
    assert not pauses.is_silence([x, beat], FS, start, stop, [usual, usual])
    swings = x + 2 * np.exp(-0.5 * ((np.arange(len(x)) - middle) / (0.8 * FS)) ** 2)
    assert not pauses.is_silence([swings], FS, start, stop, [usual])
    assert pauses.is_silence([swings, x], FS, start, stop, [usual, usual])
    assert pauses.is_silence([swings], FS, start, stop, [None])  # nothing is known of it


def test_too_few_beats_say_nothing():
    x, r = strip("NNNN", 0.8)
    assert pauses.usual_beat(x, FS, r) is None
    assert pauses.usual_beat(np.zeros(len(x)), FS, np.append(r, r[-1] + 200)) is None


def test_unseen_stretches_join_what_is_unreadable():
    x, _ = strip("N" * 40, 0.8, tail=1.0)
    x = recovering(x, 16.2)
    found = find_beats_in_leads([x], FS)._replace(unreadable=[Unreadable(0, 10, "flat")])
    more = pauses.with_unseen([x], FS, found)
    assert more.unreadable[0] == (0, 10, "flat") and len(more.unreadable) == 2
    assert more.peaks is found.peaks
    spans = [each[:2] for each in more.unreadable]
    labels = np.zeros(len(more.peaks), int)
    assert holter.summary(more.peaks, labels, FS, len(x), spans)["pauses"]["count"] == 0
    assert holter.summary(more.peaks, labels, FS, len(x))["pauses"]["count"] == 1


@pytest.mark.parametrize(
    "record, least, longest", [("116", 0, 2.0), ("208", 1, 3.2), ("232", 100, 6)]
)
def test_real_pauses(mitdb, record, least, longest):
    """Electrodes that recover in 116 and 208 are no pauses, those of 232 stay."""
    recording = formats.read_recording(mitdb / record, lead=0)
    signals = [recording.signal]
    found = pauses.with_unseen(signals, recording.fs, rpeaks.find_beats_in_leads(signals, 360))
    spans = [each[:2] for each in found.unreadable]
    labels = np.zeros(len(found.peaks), int)
    told = holter.summary(found.peaks, labels, 360, len(recording.signal), spans)["pauses"]
    assert told["count"] >= least
    assert max((e["duration_s"] for e in told["events"]), default=0.0) <= longest
