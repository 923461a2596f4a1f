"""How the benchmark of the detectors counts."""

import numpy as np

from benchmarks.rpeaks_parts import scores
from benchmarks.rpeaks_parts.records import Record


def test_matching():
    reference, found = np.array([100, 200, 300, 1000]), np.array([90, 210, 215, 400, 1054])
    assert sorted(map(tuple, scores.match(reference, found, 54).tolist())) == [
        (0, 0),
        (1, 1),
        (3, 4),
    ]
    assert (
        len(scores.match(reference, found[:0], 54))
        == len(scores.match(reference[:0], found, 54))
        == 0
    )
    record = Record(np.zeros(1200), 360.0, reference, [(950, 1100)])
    assert scores.errors(record, found)[:3] == (2, 1, 2)
