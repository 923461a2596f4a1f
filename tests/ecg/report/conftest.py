"""Recordings that the tests of the report are written about."""

import pytest

from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording


@pytest.fixture(scope="module")
def ectopic():
    return labelled_recording(
        synthetic_recording(120, 360, seed=3, shares={"S": 0.1, "V": 0.15, "F": 0.05}),
        unreadable=[(7200, 9000, "noise")],
    )
