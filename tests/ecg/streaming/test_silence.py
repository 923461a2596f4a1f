"""A silence from the beginning of a signal on: the monitor first comes to know its beats."""

import numpy as np
import pytest

from ecg.streaming.silence import LEARNS
from tests.streams import FS, alarms, stream, strip


def after_silence(seconds):
    """The pause alarms of a stream that begins with so many s without a beat."""
    t = np.arange(round(seconds * FS)) / FS
    quiet = 0.03 * np.sin(2 * np.pi * 0.3 * t)
    x, _ = strip("N" * 12, 0.8)  # its first beat comes after 1 s
    return alarms(stream(np.concatenate([quiet, x])), "pause")


@pytest.mark.parametrize("seconds", [0.0, 2.0, 3.0])
def test_first_beats_may_come_late(seconds):
    assert after_silence(seconds) == []


def test_a_longer_silence_is_told():
    found = after_silence(7.0)
    assert [each.state for each in found] == ["on", "off"]
    assert 3 + LEARNS < found[0].at_s < 3 + LEARNS + 0.9
