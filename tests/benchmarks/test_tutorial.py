"""The tutorial's way beside ours, on a made recording."""

import numpy as np
import pytest

from benchmarks import tutorial
from benchmarks.rpeaks_parts.records import Record
from ecg import rpeaks
from ecg.beats import CLASSES
from ecg.synthetic import synthetic_recording


@pytest.fixture(scope="module")
def made():
    return synthetic_recording(60, 360, seed=2, shares={"S": 0.1, "V": 0.15, "F": 0})


def test_one_large_artefact_hides_every_beat_from_the_tutorials_detector(made):
    def found(signal):
        return len(tutorial.tutorials_peaks(tutorial.tutorials_signal(signal, 360), 360))

    struck = made.signal.copy()
    struck[10_000:10_040] += 8 * np.hanning(40)  # mV: a touched electrode
    assert found(made.signal) > 0.5 * len(made.r_peaks) and found(struck) == 1
    assert len(rpeaks.detect_r_peaks(struck, 360)) >= len(made.r_peaks) - 2


def test_windows_lie_within_the_recording(made):
    peaks = np.array([10, 93, 500, len(made.signal) - 94, len(made.signal) - 5])
    windows, at = tutorial.tutorials_windows(made.signal, peaks)
    assert at.tolist() == peaks[1:4].tolist()
    np.testing.assert_array_equal(windows[:, 93], made.signal[at])  # the R peak is in the middle


def test_beats_are_counted_by_class_where_they_were_found(made):
    record = Record(made.signal, 360, made.r_peaks, [])
    k = CLASSES.index("V")
    mine = np.flatnonzero(made.labels == k)
    ids = made.labels.copy()
    ids[mine[0]] = 0  # called N
    at = np.delete(made.r_peaks + 5, mine[1])  # 14 ms off; one is missed
    counts: dict = {}
    for _ in range(2):  # records add up
        tutorial.count_into(counts, record, made.labels, np.delete(ids, mine[1]), at)
    assert counts[tutorial.CALLED_N] == [2 * int(np.sum(ids == 0)), 2 * len(at)]
    assert counts["V"] == [2 * (len(mine) - 2), 2 * (len(mine) - 1)]
