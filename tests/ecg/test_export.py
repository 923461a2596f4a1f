"""ecg/export.py: how far PyTorch and ONNX Runtime may be apart, and which files are written."""

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch

from ecg import context, export, prediction
from ecg.artifacts import InputError
from model_context import ContextNet
from tests.fresh_networks import fresh
from tests.model_cards import row_card

CARD = row_card("ECGCNN")


def test_parity_counts_labels_and_ties():
    ours = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1e-6]])
    assert export.parity(ours, ours) == (3, 0, 0, 0.0, 0.0)
    theirs = np.array([[0.0, 1.0], [0.0, 1.0], [1e-6, 0.0]])
    found = export.parity(ours, theirs)
    assert (found.rows, found.unequal, found.ties, found.logit) == (3, 2, 1, 1.0)
    assert found.probability == pytest.approx(np.tanh(0.5))
    assert export.parity(ours[:0], theirs[:0]) == (0, 0, 0, 0.0, 0.0)


def test_half_precision_is_written_where_labels_stay(tmp_path):
    net, rows = fresh("self").eval(), np.random.default_rng(0).standard_normal((50, 187))
    path = tmp_path / "model_self.pth"
    before = prediction.logits(net, rows)
    assert export.halve(path, net, CARD, rows) <= 1
    after = prediction.logits(net, rows)
    assert 0 < np.abs(after - before).max() < 0.05
    with torch.no_grad():
        net.fc2[0].weight[0, 0] = 1e6
    written = path.read_bytes()
    with pytest.raises(InputError, match="--half"):
        export.halve(path, net, CARD, rows)
    assert path.read_bytes() == written


@pytest.fixture(scope="module")
def context_net():
    torch.manual_seed(0)
    net = ContextNet(members=1, channels=8, dilations=(1,)).eval()
    told = {"input": {"names": list(context.FEATURE_NAMES)}, "class_bias": net.bias.tolist()}
    net.card = row_card("ContextNet", name="context", manifest={}, recipe={}, **told)
    return net


@pytest.fixture(scope="module")
def context_file(context_net, tmp_path_factory):
    path = tmp_path_factory.mktemp("context") / "ecg_model_context.onnx"
    export.export_context(context_net, path, context_net.card)
    return path


def patient(beats, seed):
    """A stand-in for ecg.training.patients.Patient: one view of one lead."""
    features = np.random.default_rng(seed).standard_normal((beats, len(context.FEATURE_NAMES)))
    lead = SimpleNamespace(features=features.astype(np.float32))
    return SimpleNamespace(views={"detected": SimpleNamespace(leads=[lead])})


def test_the_context_network_keeps_its_card_and_its_logits(context_net, context_file):
    patients = [patient(n, seed=n) for n in (2, 40, 300)]
    assert export.context_parity(context_net, context_file, patients) < 1e-4
    model = onnx.load(context_file)
    dims = [d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim[:2]]
    assert dims == ["batch_size", "beats"] and model.graph.input[0].name == "numbers"
    assert prediction.card_of(prediction.open_onnx(context_file)) == context_net.card
    assert not any(node.metadata_props for node in model.graph.node)


def test_another_context_networks_file_is_refused(context_file):
    other = ContextNet(members=1, channels=8, dilations=(1,)).eval()
    with torch.no_grad():
        other.bias += 0.01
    with pytest.raises(InputError, match="differs from PyTorch"):
        export.context_parity(other, context_file, [patient(20, seed=0)])
