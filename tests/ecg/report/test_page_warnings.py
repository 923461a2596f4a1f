"""What a reader must know before trusting the figures."""

import pytest

from ecg import formats
from ecg.formats.annotation import read_annotation
from ecg.orientation import points_down
from ecg.report.page_warnings import find_warnings
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording


def test_an_inverted_lead_is_told_and_an_upright_one_is_not(minutes):
    for record in ("100", "103", "119", "208"):
        recording = formats.read_recording(minutes / record)
        samples, symbols, *_ = read_annotation(minutes / record)
        assert not points_down(recording.signal, samples, recording.fs)
        assert points_down(-recording.signal, samples, recording.fs)


@pytest.fixture(scope="module")
def plain():
    recording, table, summary = labelled_recording(synthetic_recording(120, 360, shares={}))
    return recording, table.assign(confidence=0.95), summary


def sentences(recording, table, summary):
    found = find_warnings(recording, table, summary)
    return " ".join(text.format(**numbers) for text, numbers in found)


def test_an_upright_recording_that_is_sure_and_long_enough_needs_no_warning(plain):
    assert sentences(*plain) == ""


def test_each_warning_is_given_where_it_applies(plain):
    recording, table, summary = plain
    turned = recording._replace(signal=-recording.signal)
    assert "point down in lead MLII" in sentences(turned, table, summary)
    for lead in ("V1", "aVR", "III", "column 0"):  # which may point down, or say nothing
        assert sentences(turned._replace(lead=lead), table, summary) == ""
    beside = recording._replace(second=-recording.signal, second_lead="V5")
    assert "point down in lead V5" in sentences(beside, table, summary)
    learnt = table.copy()
    learnt.attrs = {**table.attrs, "in_training_data": {"context": True, "vf": False}}
    assert "in the training data of context:" in sentences(recording, learnt, summary)
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


def test_less_than_a_thousandth_is_no_loss_worth_a_warning(plain):
    recording, table, summary = plain
    readable = summary["duration_s"]
    assert sentences(recording, table, {**summary, "readable_s": readable - 0.01}) == ""
    assert "0.1 %" in sentences(recording, table, {**summary, "readable_s": 0.999 * readable})
