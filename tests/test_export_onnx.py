"""export_onnx.py: equal to PyTorch or not written; what the file says of itself; where it lies."""

import json

import numpy as np
import onnx
import pytest
import torch

import export_onnx
import inference
import models
from ecg import artifacts, export, prediction, weights
from ecg.artifacts import InputError


@pytest.fixture
def folder(demo, tmp_path):
    """A folder of weights with the demo's model alone."""
    for name in ("model_self.pth", "model_self.json"):
        (tmp_path / name).write_bytes((demo / "weight" / name).read_bytes())
    return tmp_path


@pytest.fixture
def stage(demo):
    """stage(folder, *options): export_onnx.main on the demo's rows."""

    def stage(folder, *options):
        export_onnx.main([*options, "--data", str(demo / "data"), "--weight", str(folder)])

    return stage


@pytest.fixture
def x(demo):
    """The demo's test rows, standardised."""
    return np.asarray(artifacts.load_split(demo / "data", "test")[0])


@pytest.mark.parametrize("opset", [11, 18])
def test_names_batch_and_card(stage, folder, x, capsys, opset):
    stage(folder, "--opset", str(opset))
    printed = capsys.readouterr().out
    assert "equal to PyTorch on all" in printed and "real test rows" in printed
    model = onnx.load(folder / "ecg_model_self.onnx")
    assert model.opset_import[0].version == opset
    assert [i.name for i in model.graph.input] == ["ecg_input"]
    assert [o.name for o in model.graph.output] == ["logits"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch_size"
    session = inference.load_onnx_model(folder / "ecg_model_self.onnx")
    assert prediction.card_of(session) == json.loads((folder / "model_self.json").read_text())
    net = inference.load_model(folder / "model_self.pth")
    for n in (1, 2, 31, len(x)):  # any batch
        found = export.parity(prediction.logits(net, x[:n]), prediction.logits(session, x[:n]))
        assert found.probability <= 5e-6 and found.unequal == found.ties
    kernels = [
        attribute.ints
        for node in model.graph.node
        if node.op_type == "Conv"
        for attribute in node.attribute
        if attribute.name == "kernel_shape"
    ]
    slow = "ONNX Runtime takes twice the time for Conv1d"
    assert kernels and all(len(kernel) == 2 for kernel in kernels), slow
    traced = "no paths of the machine that exported"
    assert not any(node.metadata_props for node in model.graph.node), traced


def test_scaler_inside_takes_minmax_rows(stage, folder):
    stage(folder, "--scaler-inside")
    raw = inference.load_onnx_model(folder / "ecg_model_self_raw.onnx")
    rows = np.random.default_rng(0).random((50, 187), dtype=np.float32)
    plain = prediction.predict_heartbeat(inference.load_model(folder / "model_self.pth"), rows)
    inside = inference.predict_heartbeat_onnx(raw, rows)
    assert np.array_equal(plain[0], inside[0]) and np.abs(plain[2] - inside[2]).max() < 5e-6


def test_what_differs_is_not_written(stage, folder, monkeypatch):
    real = export.export_rows

    def wrong(net, path, opset, card):
        with torch.no_grad():
            net.net.fc2[0].bias[0] += 1e-3
            real(net, path, opset, card)
            net.net.fc2[0].bias[0] -= 1e-3

    monkeypatch.setattr(export_onnx, "export_rows", wrong)
    with pytest.raises(InputError, match="not written"):
        stage(folder, "--opset", "11")
    assert not list(folder.glob("*.onnx"))


def test_int8_is_refused_when_it_costs_too_much(stage, folder, demo, monkeypatch):
    monkeypatch.setattr(export_onnx, "CALIBRATION_ROWS", 128)
    monkeypatch.setattr(export_onnx, "QUANTIZE_LOSS", 1.0)  # one epoch's weights are no measure
    stage(folder, "--quantize", "int8")
    small, full = (folder / f"ecg_model_self{s}.onnx" for s in ("_int8", ""))
    assert small.stat().st_size < 0.4 * full.stat().st_size
    card = prediction.card_of(inference.load_onnx_model(small))
    assert card["quantized"] == "int8"
    small.unlink()
    monkeypatch.setattr(export_onnx, "QUANTIZE_LOSS", -1.0)
    manifest = artifacts.load_manifest(demo / "data")
    with pytest.raises(InputError, match="macro-F1"):
        export_onnx.write_int8(full, small, demo / "data", manifest, card)
    assert not small.exists()


def test_missing_weights_are_named(refused, tmp_path, demo):
    assert "train" in refused("export_onnx.py", "--weight", tmp_path, "--data", demo / "data")
    assert models.NAMES[0] == "self"


def test_half_precision_halves_the_file_and_export_follows_it(stage, folder, x, capsys):
    path = folder / "model_self.pth"
    whole, before = path.stat().st_size, inference.load_model(path)
    stage(folder, "--half", "--opset", "11")
    assert "half precision" in capsys.readouterr().out
    assert path.stat().st_size < 0.55 * whole
    net = inference.load_model(path)
    session = inference.load_onnx_model(folder / "ecg_model_self.onnx")
    rounded, exported = prediction.logits(net, x), prediction.logits(session, x)
    assert rounded.dtype == np.float32 and export.parity(rounded, exported).probability <= 5e-6
    assert 0 < np.abs(rounded - prediction.logits(before, x)).max() < 0.05
    assert net.card == json.loads((folder / "model_self.json").read_text())


def test_half_precision_is_refused_where_a_weight_does_not_fit(stage, demo, tmp_path):
    net, card = models.load(demo / "weight" / "model_self.pth")
    state = net.state_dict()
    state["fc2.0.weight"][0, 0] = 1e6
    weights.save_weights(tmp_path / "model_self.pth", state, card)
    before = (tmp_path / "model_self.pth").read_bytes()
    with pytest.raises(InputError, match="--half"):
        stage(tmp_path, "--half")
    assert (tmp_path / "model_self.pth").read_bytes() == before
    assert not list(tmp_path.glob("*.onnx"))


@pytest.mark.parametrize("half", [False, True])
def test_shipped_weights_stay_and_their_files_go_to_the_users_folder(stage, folder, capsys, half):
    """With a copy of the weights: a pair is looked for in one folder."""
    shipped = folder / "shipped"
    shipped.mkdir()
    for name in ("model_self.pth", "model_self.json"):
        (folder / name).rename(shipped / name)
    before = {path.name: path.read_bytes() for path in shipped.iterdir()}
    stage(folder, "--opset", "11", *(["--half"] if half else []))
    assert f"wrote {folder / 'ecg_model_self.onnx'}" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in shipped.iterdir()} == before
    own = (folder / "model_self.pth").read_bytes()
    assert own == before["model_self.pth"] if not half else len(own) < len(before["model_self.pth"])
    with pytest.raises(InputError, match="shipped weights"):
        stage(shipped)
    assert inference.load_model("self", weight=folder).file == folder / "model_self.pth"
    assert inference.load_onnx_model("self", weight=folder).file == folder / "ecg_model_self.onnx"


def test_a_context_model_is_not_exported_here(refused, home):
    path = home / "weight" / "shipped" / "model_context.pth"
    assert "train.py --model context" in refused("export_onnx.py", "--model", path)
