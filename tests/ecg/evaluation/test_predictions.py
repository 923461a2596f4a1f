"""Rows are given to a model in its own scaling; stored predictions are read again as they were."""

import numpy as np
import pytest

from ecg import artifacts, beats, weights
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.evaluation import predictions
from tests.made_rows import made_predictions, write_rows


class Model:
    """A linear stand-in for a network, with a card. What it is given is kept."""

    def __init__(self, mean, scale):
        self.card = {"input": {"mean": mean, "scale": scale}}
        self.matrix = np.random.default_rng(0).normal(size=(187, 5)).astype(np.float32)

    def __call__(self, x):
        import torch

        return torch.tensor(x.reshape(len(x), 187).numpy() @ self.matrix)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    manifest = write_rows(data)
    return data, manifest, Model(**manifest["scaler"])


def test_other_scaling_is_undone(prepared):
    """Weights whose card has another scaler than the rows at hand get the rows in their own
    scaling."""
    data, manifest, model = prepared
    x = np.asarray(artifacts.load_split(data, "test")[0])
    rows = beats.unstandardise(x, **manifest["scaler"])
    mean, scale = np.full(187, 0.4), np.full(187, 0.2)
    expected = predictions.logits_of_rows(model, x, manifest)
    other = predictions.logits_of_rows(
        model,
        beats.standardise(rows, mean, scale),
        {"scaler": {"mean": mean.tolist(), "scale": scale.tolist()}},
    )
    assert np.abs(other - expected).max() < 1e-3


def test_scaler_inside_gets_min_max_rows(prepared):
    data, manifest, model = prepared
    x = np.asarray(artifacts.load_split(data, "test")[0])
    inside = Model(**manifest["scaler"])
    inside.card["input"]["scaler_inside"] = True
    rows = beats.unstandardise(x, **manifest["scaler"])
    assert np.array_equal(predictions.logits_of_rows(inside, x, manifest), rows @ inside.matrix)


def test_split_knows_where_its_rows_are_from(prepared):
    data, manifest, model = prepared
    found = predictions.predict_split(model, data, "test", manifest)
    assert found.record[:7].tolist() == ["r0", "r1", "r2", "r3", "r4", "r5", "r0"]
    assert found.sample[2] == 800 and len(found.true) == 200
    assert (found.predicted == found.probabilities.argmax(axis=1)).all()
    nowhere = predictions.predict_split(model, data, "test", {**manifest, "rows": {}})
    assert set(nowhere.record) == {""} and set(nowhere.sample) == {-1}


def test_stored_predictions_are_read_again(tmp_path):
    found = made_predictions(50)._replace(sample=np.arange(50) - 1)
    table = predictions.predictions_table(found, synthetic=False, rows=np.ones((50, 187)))
    assert table["s_186"].eq(1).all() and set(table["data"]) == {"real"}
    assert table["sample"].isna().tolist() == [True] + [False] * 49
    predictions.save_csv(tmp_path / "x.csv", table, "%.7g")
    again = predictions.load_predictions(tmp_path / "x.csv", temperature=2.0)
    for name in ("true", "predicted", "record", "sample"):
        assert (getattr(again, name) == getattr(found, name)).all()
    assert np.abs(again.probabilities - found.probabilities).max() < 1e-6
    before = np.exp(again.logits / 2)
    assert before / before.sum(axis=1, keepdims=True) == pytest.approx(
        found.probabilities, abs=1e-5
    )


def test_where_the_temperature_comes_from(tmp_path):
    val = made_predictions()
    manifest = {"outputs_sha256": {"y_val.npy": "1"}}
    card = {
        "architecture": "ECGCNN",
        "arguments": {},
        "input": {"mean": [0.1] * 187, "scale": [0.5] * 187},
        "classes": list(CLASSES),
        "recipe": {},
        "manifest": {"sha256": {"y_val.npy": "1"}},
        "temperature": 3.0,
    }

    def calibrated(name, **changes):
        path = tmp_path / name
        artifacts.save_json(weights.card_path(path), {**card, **changes})
        return predictions.calibrate(val, {**card, **changes}, manifest, path)

    def kept(name):
        return weights.load_card(tmp_path / name)["temperature"]

    fitted, how = calibrated("model_a.pth")
    assert 0.5 < fitted < 2 and how.endswith("kept in the model card")
    assert kept("model_a.pth") == fitted
    same, how = calibrated("shipped/model_a.pth")
    assert same == fitted and kept("shipped/model_a.pth") == 3
    assert how == (
        "fitted on the validation rows; shipped weights keep the temperature of their card"
    )
    assert calibrated("ecg_model_a.onnx") == (3.0, "from the file")
    temperature, how = calibrated("model_b.pth", recipe={"refit": True})
    assert temperature == 3 and "refit" in how
    temperature, how = calibrated("model_c.pth", manifest={})
    assert temperature == 3 and "not the validation rows of its training" in how
    assert kept("model_b.pth") == kept("model_c.pth") == 3


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "\x00\x01", "true,predicted,p_N,p_S,p_V,p_F,p_Q\nN,N,a,0,0,0,0\n"]
)
def test_a_file_that_holds_no_predictions(tmp_path, text):
    (tmp_path / "self_test.csv").write_text(text)
    with pytest.raises(InputError, match="self_test.csv holds no predictions"):
        predictions.load_predictions(tmp_path / "self_test.csv", 1.0)
