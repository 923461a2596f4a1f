"""Rows in, probabilities out."""

import numpy as np
import onnxruntime as ort
import pytest

import inference
from ecg import beats, prediction, quality, running, weights
from ecg.artifacts import InputError
from ecg.synthetic import synthetic_recording
from tests.robustness import made_models


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


# ---- files that are not of each other -----------------------------------------------------------


@pytest.fixture
def stale(tmp_path):
    """A folder with an ONNX file and newer weights."""
    made_models.newer_weights(tmp_path)
    running.say_once.cache_clear()
    return tmp_path


def test_new_weights_are_used_instead_of_the_old_onnx_file(stale, capsys):
    model = inference.load("self", stale)
    assert not isinstance(model, ort.InferenceSession) and model.file == stale / "model_self.pth"
    inference.load("self", stale)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "made from other weights than model_self.pth" in said[0]


def test_an_old_onnx_file_is_refused_where_torch_is_not(stale, monkeypatch):
    monkeypatch.setattr(inference, "find_spec", lambda name: None)
    with pytest.raises(weights.StaleFile, match="python export_onnx.py"):
        inference.load("self", stale)


def test_an_old_onnx_file_alone_is_used(stale):
    (stale / "model_self.pth").unlink()
    assert isinstance(inference.load("self", stale), ort.InferenceSession)


def test_a_new_export_is_used(stale):
    import models
    from ecg.export import OPSET, export_rows

    net, card = models.load(stale / "model_self.pth")
    export_rows(net, stale / "ecg_model_self.onnx", OPSET, card)
    assert isinstance(inference.load("self", stale), ort.InferenceSession)


def test_a_signal_network_that_gives_no_numbers(tmp_path):
    """The quality network with NaN in its weights."""
    import onnx
    from onnx import numpy_helper

    name = "ecg_model_quality.onnx"
    model = onnx.load(str(made_models.SHIPPED / name))
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.size:
            tensor.CopyFrom(numpy_helper.from_array(array * np.float32(np.nan), tensor.name))
    onnx.save(model, str(tmp_path / name))
    with pytest.raises(InputError, match="gives NaN or infinity"):
        quality.open_model(tmp_path)
