"""Recordings that the tests of the report are written about."""

import datetime

import numpy as np
import pytest

from ecg.formats.recording import Facts
from ecg.report import write_report
from ecg.synthetic import synthetic_recording
from tests.chromium import open_page, screen, start_browser
from tests.labelled_recording import labelled_recording
from tests.rhythm_told import told_rhythm


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


@pytest.fixture
def rhythmic(ectopic):
    """The same recording with episodes of rhythm."""
    recording, table, summary = ectopic
    table = table.copy()
    episodes = (0, 30, "N"), (30, 60, "AF"), (60, 66, "VF"), (66, 71, "VT", None), (71, 120, "N")
    table.attrs = {**table.attrs, "rhythm": told_rhythm(*episodes, burden=0.25, rate=92)}
    return recording._replace(name="rhythm"), table, summary


@pytest.fixture
def full(rhythmic, at_midnight):
    """All that a page may hold: two leads, rhythm, a clock that passes midnight."""
    recording, table, summary = rhythmic
    second = (0.5 * recording.signal).astype(np.float32)
    known = recording._replace(facts=at_midnight[0].facts, second=second, second_lead="V1")
    return known._replace(name="full"), table, summary


@pytest.fixture(scope="package")
def browser(tmp_path_factory):
    browser = start_browser(tmp_path_factory.mktemp("downloads"))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def demo(ectopic, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "demo.html"
    write_report(path, *ectopic)
    return path


@pytest.fixture
def opened(browser, demo):
    screen(browser)
    open_page(browser, demo)
    yield browser
    browser.execute_script("localStorage.clear()")
