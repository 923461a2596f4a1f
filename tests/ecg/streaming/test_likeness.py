"""Beats beside those before them: two unlike ones in a row are watched for 10 s."""

import numpy as np
import pytest

from ecg.streaming.likeness import BEFORE, WATCHED, Likeness
from ecg.streaming.signal import KeptSignal
from tests.streams import FS, strip


def watched(letters, *leads_of):
    """Seconds after each beat of `letters` that the stream is watched for; leads_of: (x) -> a
    lead."""
    x, r = strip(letters, 0.6)
    leads = [make(x) for make in leads_of or [np.array]]
    signal = KeptSignal(len(x))
    signal.write(np.column_stack(leads))
    likeness, out = Likeness(FS), []
    for at in r.tolist():
        likeness.add(signal, at)
        ends = [s for s in np.arange(0, WATCHED + 1, 0.5) if likeness.is_watched(at + int(s * FS))]
        out.append(max(ends, default=0.0))
    return np.array(out)


def test_two_unlike_beats_in_a_row_are_watched():
    usual = "N" * 40
    for letters, at in (("NVVN", 41), ("NVNN", None), ("NNNN", None)):
        seconds = watched(usual + letters)
        assert (seconds[:BEFORE] == WATCHED).all()  # too few beats tell nothing
        assert seconds[39] == 0
        assert seconds[-1] > 0 if at else (seconds[-4:] == 0).all()
        if at:
            assert seconds[at] < seconds[at + 1] == WATCHED  # from the second V on


@pytest.mark.parametrize("gain, offset", [(1e-3, 0), (-200, 1024)])
def test_gain_and_offset_do_not_matter(gain, offset):
    letters = "N" * 30 + "NVVNNVVVN"
    changed = watched(letters, lambda x: gain * x + offset)
    assert np.array_equal(changed, watched(letters))


def test_one_lead_is_enough_and_a_dead_one_says_nothing():
    letters = "N" * 30 + "NVVN"
    both = watched(letters, np.array, np.zeros_like)
    assert np.array_equal(both, watched(letters))
    gone = watched("N" * 40, lambda x: np.full_like(x, np.nan), np.zeros_like)
    assert (gone == WATCHED).all()  # what cannot be compared is watched
