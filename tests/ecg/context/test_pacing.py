"""Which beats a pacemaker has started."""

import numpy as np
import pytest

from ecg import context
from ecg.beats import classes_of
from ecg.formats import read_wfdb
from ecg.formats.annotation import annotated_records, read_annotation


@pytest.mark.parametrize(
    ("name", "low", "high"), [("102", 0.85, 1), ("104", 0.7, 1), ("107", 0.9, 1), ("217", 0.6, 1)]
)
def test_pacing_is_found(mitdb, name, low, high):
    assert low <= paced_share(mitdb / name) <= high


def test_no_pacing_is_found_where_there_is_none(minutes):
    for name in annotated_records(minutes):
        assert paced_share(minutes / name) == 0, name


def paced_share(record):
    """Of the paced beats of a record, or of all where there is none, those called paced."""
    recording = read_wfdb(record)
    annotation = read_annotation(record)
    is_beat = classes_of(annotation.symbols) >= 0
    at, first = np.unique(annotation.samples[is_beat], return_index=True)
    is_paced = np.array(annotation.symbols)[is_beat][first] == "/"
    found = context.paced(recording.signal, recording.fs, at)
    return found[is_paced].mean() if is_paced.any() else found.mean()
