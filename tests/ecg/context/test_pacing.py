"""Which beats a pacemaker has started."""

import numpy as np
import pytest

from ecg import context
from ecg.beats import classes_of
from ecg.formats import read_wfdb
from ecg.formats.annotation import read_annotation


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("102", 0.85, 1),
        ("104", 0.7, 1),
        ("107", 0.9, 1),
        ("217", 0.6, 1),
        ("100", 0, 0),
        ("118", 0, 0),
        ("208", 0, 0),
    ],
)
def test_pacing_is_found(mitdb, name, low, high):
    recording = read_wfdb(mitdb / name)
    annotation = read_annotation(mitdb / name)
    is_beat = classes_of(annotation.symbols) >= 0
    at, first = np.unique(annotation.samples[is_beat], return_index=True)
    is_paced = np.array(annotation.symbols)[is_beat][first] == "/"
    found = context.paced(recording.signal, recording.fs, at)
    share = found[is_paced].mean() if is_paced.any() else found.mean()
    assert low <= share <= high
