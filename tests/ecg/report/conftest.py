"""Recordings that the tests of the report are written about."""

import datetime

import pytest

from ecg.formats.recording import Facts
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording


@pytest.fixture(scope="module")
def ectopic():
    return labelled_recording(
        synthetic_recording(120, 360, seed=3, shares={"S": 0.1, "V": 0.15, "F": 0.05}),
        unreadable=[(7200, 9000, "noise")],
    )


@pytest.fixture(scope="module")
def at_midnight(ectopic):
    """The same, of a known person, begun half a minute before midnight."""
    recording, table, summary = ectopic
    facts = Facts(
        date=datetime.date(2026, 12, 31),
        clock=datetime.time(23, 59, 30, 500_000),
        patient="P-17 <b>",
        age=69.4,
        sex="male",
        device="Recorder 3",
    )
    return recording._replace(facts=facts), table, summary
