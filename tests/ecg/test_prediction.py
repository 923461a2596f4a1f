"""Rows in, probabilities out."""

import numpy as np
import pytest

import inference
from ecg import beats, prediction
from ecg.synthetic import synthetic_recording


@pytest.fixture(scope="module")
def recording():
    return synthetic_recording(90, seed=3)


def test_rows_that_are_no_rows_are_refused(demo):
    model = inference.load_model(demo / "weight" / "model_self.pth")
    for wrong in (
        np.zeros((3, 186)),
        np.full((2, 187), 3.0),
        np.full((2, 187), np.nan),
        np.random.default_rng(0).normal(size=(4, 187)),
    ):
        with pytest.raises(ValueError):
            prediction.predict_heartbeat(model, wrong)


def test_confidence_obeys_the_cards_temperature(demo, recording):
    model = inference.load_model(demo / "weight" / "model_self.pth")
    rows, _ = beats.extract_beats(recording.signal, recording.r_peaks, recording.fs)
    ids, sharp, _ = prediction.predict_heartbeat(model, rows)
    model.card = {**model.card, "temperature": 4.0}
    same, soft, _ = prediction.predict_heartbeat(model, rows)
    assert np.array_equal(ids, same) and (soft < sharp).mean() > 0.99
