"""Networks that others made: any names, any arrangement of a row, logits or probabilities."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import evaluate
from ecg import foreign, prediction
from ecg.artifacts import InputError

WEIGHTS = np.random.default_rng(0).standard_normal((187, 5)).astype(np.float32) / 20
SCALER = {"mean": [0.3] * 187, "scale": [0.2] * 187}


def network(path, place=("N", 1, 187), order="NSVFQ", softmax=False, outputs=5, card=None):
    """An ONNX file of somebody else: one dense layer from an input `heartbeat` of this shape to
    `scores`, the classes in this order."""
    columns = ["NSVFQ".index(letter) for letter in order]
    weights = WEIGHTS[:, columns][:, :outputs]
    shape = numpy_helper.from_array(np.array([-1, 187]), "shape")
    nodes = [
        helper.make_node("Reshape", ["heartbeat", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["sums" if softmax else "scores"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["sums"], ["scores"], axis=1))
    graph = helper.make_graph(
        nodes,
        "theirs",
        [helper.make_tensor_value_info("heartbeat", TensorProto.FLOAT, list(place))],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, outputs])],
        [shape, numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    if card:
        path.with_suffix(".json").write_text(json.dumps(card))
    return path


@pytest.mark.parametrize("place", [("N", 1, 187), ("N", 187, 1), ("N", 187), (1, 1, 187)])
@pytest.mark.parametrize("softmax", [False, True])
def test_rows_and_scores_of_any_arrangement(tmp_path, place, softmax):
    path = network(tmp_path / "theirs.onnx", place, "VNSQF", softmax)
    session = prediction.open_onnx(path, card=foreign.card_for(path, SCALER, "minmax", "VNSQF"))
    rows = np.random.default_rng(1).uniform(0, 1, (7, 187)).astype(np.float32)
    _, _, probabilities = prediction.predict_heartbeat(session, rows)
    np.testing.assert_allclose(probabilities, prediction.softmax(rows @ WEIGHTS), atol=1e-5)


def test_a_card_beside_it_tells_the_scaling(tmp_path):
    card = {"input": SCALER, "classes": list("NSVFQ")}
    session = prediction.open_onnx(network(tmp_path / "theirs.onnx", card=card))
    rows = np.random.default_rng(1).uniform(0, 1, (3, 187)).astype(np.float32)
    _, _, probabilities = prediction.predict_heartbeat(session, rows)
    expected = prediction.softmax((rows - 0.3) / 0.2 @ WEIGHTS)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_what_does_not_fit_is_refused(tmp_path):
    path, told = tmp_path / "theirs.onnx", foreign.card_for("x", SCALER)
    with pytest.raises(InputError, match="theirs.json"):
        prediction.open_onnx(network(path))
    for wrong, says in (
        (dict(place=("N", 1, 186)), "rows of 187 samples"),
        (dict(outputs=4), "5 are needed"),
        (dict(card={"input": {}, "classes": []}), "mean and scale"),
        (dict(card={"classes": []}), "lacks input"),
    ):
        with pytest.raises(InputError, match=says):
            prediction.open_onnx(network(path, **wrong), card=told)
    with pytest.raises(InputError, match="--classes NSV"):
        foreign.card_for(path, SCALER, classes="NSV")


def test_it_is_scored_like_any_other(demo, tmp_path, capsys):
    """As standardised or as min-max rows, as it says; a card of its own is not overruled."""
    path = network(tmp_path / "theirs.onnx", softmax=True)
    common = ["--data", str(demo / "data"), "--weight", str(demo / "weight"), "--draws", "20"]
    common += ["--out", str(tmp_path / "out"), "--splits", "test"]
    accuracies = []
    for takes in foreign.INPUTS:
        evaluate.main(["--model", str(path), "--input", takes, *common])
        report = json.loads((tmp_path / "out/theirs_onnx_test_report.json").read_text())
        assert report["trained_on"] == "unknown"
        accuracies.append(report["accuracy"])
    assert accuracies[0] != accuracies[1]
    assert "trained on unknown beats" in capsys.readouterr().out
    own = str(demo / "weight/ecg_model_self.onnx")
    with pytest.raises(InputError, match="has a card"):
        evaluate.main(["--model", own, "--classes", "NSVFQ", *common])
