"""What a reader must know before trusting the figures."""

import pytest

from ecg import formats
from ecg.formats.annotation import read_annotation
from ecg.orientation import points_down
from ecg.report.page_warnings import find_warnings
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording


def test_an_inverted_lead_is_told_and_an_upright_one_is_not(mitdb):
    for record in ("100", "103", "119", "208"):
        recording = formats.read_recording(mitdb / record)
        samples, symbols, *_ = read_annotation(mitdb / record)
        assert not points_down(recording.signal, samples, recording.fs)
        assert points_down(-recording.signal, samples, recording.fs)


@pytest.fixture(scope="module")
def plain():
    recording, table, summary = labelled_recording(synthetic_recording(120, 360, shares={}))
    return recording, table.assign(confidence=0.95), summary


def sentences(recording, table, summary):
    return " ".join(text for text, _ in find_warnings(recording, table, summary))


def test_an_upright_recording_that_is_sure_and_long_enough_needs_no_warning(plain):
    assert sentences(*plain) == ""


def test_each_warning_is_given_where_it_applies(plain):
    recording, table, summary = plain
    turned = recording._replace(signal=-recording.signal)
    assert "points down" in sentences(turned, table, summary)
    synthetic = table.copy()
    synthetic.attrs = {**table.attrs, "trained_on": "synthetic data"}
    assert "mean nothing for patients" in sentences(recording, synthetic, summary)
    unsure = table.assign(confidence=0.5)
    assert "unsure" in sentences(recording, unsure, summary)
    counts = {**summary["beats"], "labelled": summary["beats"]["labelled"] - 5}
    unclassified = {**summary, "beats": counts, "readable_s": 30}
    text = sentences(recording, table, unclassified)
    assert "could not be classified" in text and "Less than a minute" in text
    assert "cannot be read" in text
