"""export_onnx.py: equal to PyTorch or not written; what the file says of itself."""
import json

import numpy as np
import onnx
import pytest

import export_onnx
import inference
import models
from ecg import artifacts


@pytest.mark.parametrize("opset", [11, 18])
def test_names_batch_and_card(run, demo, tmp_path, opset):
    for name in ("model_self.pth", "model_self.json"):
        (tmp_path / name).write_bytes((demo / "weight" / name).read_bytes())
    done = run("export_onnx.py", "--opset", opset, "--data", demo / "data", "--weight", tmp_path)
    assert "equal to PyTorch on all" in done.stdout and "synthetic" in done.stdout
    model = onnx.load(tmp_path / "ecg_model_self.onnx")
    assert model.opset_import[0].version == opset
    assert [i.name for i in model.graph.input] == ["ecg_input"] and [o.name for o in model.graph.output] == ["logits"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch_size"
    session = inference.load_onnx_model(tmp_path / "ecg_model_self.onnx")
    assert inference.card_of(session) == json.loads((tmp_path / "model_self.json").read_text())
    net = inference.load_model(tmp_path / "model_self.pth")
    x = np.asarray(artifacts.load_split(demo / "data", "test")[0])
    for n in (1, 2, 31, len(x)):                                     # any batch
        difference, labels = export_onnx.compare(inference.logits(net, x[:n]), inference.logits(session, x[:n]))
        assert difference <= 5e-6 and labels == 0
    kernels = [a.ints for node in model.graph.node if node.op_type == "Conv" for a in node.attribute if a.name == "kernel_shape"]
    assert kernels and all(len(kernel) == 2 for kernel in kernels), "ONNX Runtime takes twice the time for Conv1d"
    assert not any(node.metadata_props for node in model.graph.node), "no paths of the machine that exported"


def test_scaler_inside_takes_minmax_rows(run, demo, tmp_path):
    for name in ("model_self.pth", "model_self.json"):
        (tmp_path / name).write_bytes((demo / "weight" / name).read_bytes())
    run("export_onnx.py", "--scaler-inside", "--data", demo / "data", "--weight", tmp_path)
    raw = inference.load_onnx_model(tmp_path / "ecg_model_self_raw.onnx")
    rows = np.random.default_rng(0).random((50, 187), dtype=np.float32)
    plain = inference.predict_heartbeat(inference.load_model(tmp_path / "model_self.pth"), rows)
    inside = inference.predict_heartbeat_onnx(raw, rows)
    assert np.array_equal(plain[0], inside[0]) and np.abs(plain[2] - inside[2]).max() < 5e-6


def test_what_differs_is_not_written(demo, tmp_path, monkeypatch):
    for name in ("model_self.pth", "model_self.json"):
        (tmp_path / name).write_bytes((demo / "weight" / name).read_bytes())
    real = export_onnx.export

    def wrong(net, path, opset, card):
        with __import__("torch").no_grad():
            net.net.fc2.bias[0] += 1e-3
            real(net, path, opset, card)
            net.net.fc2.bias[0] -= 1e-3

    monkeypatch.setattr(export_onnx, "export", wrong)
    with pytest.raises(artifacts.InputError, match="not written"):
        export_onnx.main(["--data", str(demo / "data"), "--weight", str(tmp_path)])
    assert not list(tmp_path.glob("*.onnx"))


def test_int8_is_refused_when_it_costs_too_much(demo, tmp_path, monkeypatch):
    for name in ("model_self.pth", "model_self.json"):
        (tmp_path / name).write_bytes((demo / "weight" / name).read_bytes())
    monkeypatch.setattr(export_onnx, "QUANTIZE_LOSS", 1.0)                  # one epoch's weights are no measure
    export_onnx.main(["--quantize", "int8", "--data", str(demo / "data"), "--weight", str(tmp_path)])
    small, full = (tmp_path / f"ecg_model_self{s}.onnx" for s in ("_int8", ""))
    assert small.stat().st_size < 0.4 * full.stat().st_size
    assert inference.card_of(inference.load_onnx_model(small))["quantized"] == "int8"
    small.unlink()
    monkeypatch.setattr(export_onnx, "QUANTIZE_LOSS", -1.0)
    with pytest.raises(artifacts.InputError, match="macro-F1"):
        export_onnx.main(["--quantize", "int8", "--data", str(demo / "data"), "--weight", str(tmp_path)])
    assert not small.exists()


def test_missing_weights_are_named(refused, tmp_path, demo):
    assert "train" in refused("export_onnx.py", "--weight", tmp_path, "--data", demo / "data")
    assert models.NAMES[0] == "self"


def test_half_precision_halves_the_file_and_export_follows_it(run, demo, tmp_path):
    for name in ("model_self.pth", "model_self.json"):
        (tmp_path / name).write_bytes((demo / "weight" / name).read_bytes())
    whole, before = (tmp_path / "model_self.pth").stat().st_size, inference.load_model(tmp_path / "model_self.pth")
    done = run("export_onnx.py", "--half", "--data", demo / "data", "--weight", tmp_path)
    assert "half precision" in done.stdout and (tmp_path / "model_self.pth").stat().st_size < 0.55 * whole
    net, session = inference.load_model(tmp_path / "model_self.pth"), inference.load_onnx_model(tmp_path / "ecg_model_self.onnx")
    x = np.asarray(artifacts.load_split(demo / "data", "test")[0])
    rounded, exported = inference.logits(net, x), inference.logits(session, x)
    assert rounded.dtype == np.float32 and export_onnx.compare(rounded, exported)[0] <= 5e-6
    assert 0 < np.abs(rounded - inference.logits(before, x)).max() < 0.05
    assert net.card == json.loads((tmp_path / "model_self.json").read_text())


def test_half_precision_is_refused_where_a_weight_does_not_fit(demo, tmp_path):
    net, card = models.load(demo / "weight" / "model_self.pth")
    state = net.state_dict()
    state["fc2.weight"][0, 0] = 1e6
    artifacts.save_weights(tmp_path / "model_self.pth", state, card)
    before = (tmp_path / "model_self.pth").read_bytes()
    with pytest.raises(artifacts.InputError, match="--half"):
        export_onnx.main(["--half", "--data", str(demo / "data"), "--weight", str(tmp_path)])
    assert (tmp_path / "model_self.pth").read_bytes() == before and not list(tmp_path.glob("*.onnx"))


def test_a_context_model_is_not_exported_here(refused):
    assert "model_context.py" in refused("export_onnx.py", "--weights", artifacts.HOME / "weight" / "model_context.pth")
