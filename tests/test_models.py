"""models.py: the models by name, fresh or loaded; what holds for every network of single rows, ours
and those of others."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import models
from ecg import export, prediction, weights
from ecg.artifacts import InputError
from ecg.networks import parameter_count
from ecg.training import fast_form
from ecg.training.loop import fit
from ecg.training.recipe import RECIPES
from ecg.training.rows import RowTask
from model_context import ContextNet
from model_self import ECGCNN
from tests.fresh_networks import SCALER, fresh
from tests.model_cards import row_card

MANIFEST = {"scaler": {"mean": SCALER[0], "scale": SCALER[1]}}
OURS = "self", "deep", "resnet18", "residual"


@pytest.mark.parametrize("name", models.NAMES)
def test_every_model_gives_five_logits_a_row(name):
    network = models.create(name, MANIFEST)[0].eval()
    with torch.no_grad():
        assert [tuple(network(torch.randn(n, 1, 187)).shape) for n in (1, 3)] == [(1, 5), (3, 5)]


@pytest.mark.parametrize("name", OURS)
def test_all_input_layouts_give_the_same_logits(name):
    net, x = fresh(name).eval(), torch.randn(3, 187)
    with torch.no_grad():
        flat = net(x)
        assert flat.shape == (3, 5)
        torch.testing.assert_close(net(x[:, :, None]), flat, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(net(x[:, None]), flat, atol=1e-5, rtol=1e-5)
        assert net(x[:1, :, None]).shape == (1, 5)
    with pytest.raises(ValueError, match="186"):
        net(torch.randn(3, 186))


def test_registry():
    card = {"architecture": "ECGCNN", "arguments": {"dropout_rate": 0.1}}
    assert isinstance(models.build(card), ECGCNN)
    with pytest.raises(InputError, match="choose among"):
        models.build({"architecture": "os.system", "arguments": {}})
    with pytest.raises(InputError, match="arguments"):
        models.build({"architecture": "ECGCNN", "arguments": {"depth": 3}})


@pytest.mark.parametrize("name", OURS)
def test_what_is_created_is_built_again_from_its_arguments(name):
    network, arguments, extra = models.create(name, MANIFEST)
    again = models.build({"architecture": type(network).__name__, "arguments": arguments})
    assert parameter_count(again) == parameter_count(network)
    assert arguments.keys() == ({"mean", "scale"} if name == "residual" else set())
    assert extra == ({"init": "none", "freeze": False} if name == "resnet18" else {})


def test_options_that_a_model_does_not_have_are_refused():
    assert models.create("deep", MANIFEST, dropout=0.1)[1] == {"dropout_rate": 0.1}
    frozen, _, extra = models.create("resnet18", MANIFEST, freeze=True)
    assert extra["freeze"] and not frozen.conv1.weight.requires_grad
    with pytest.raises(InputError, match="--dropout"):
        models.create("resnet18", MANIFEST, dropout=0.1)
    for option in ({"freeze": True}, {"init": "imagenet"}):
        with pytest.raises(InputError, match="--init and --freeze"):
            models.create("self", MANIFEST, **option)


def test_a_line_of_models_that_leads_nowhere_is_told(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "model_broken.py").write_text("import no_such_package\n")
    (tmp_path / "model_other.py").write_text("Net = 3\n")
    for module, cls, why in (
        ("model_nowhere", "Net", "No module named 'model_nowhere'"),
        ("model_broken", "Net", "No module named 'no_such_package'"),
        ("model_other", "Net", "no network of the name Net"),
        ("model_other", "Absent", "no network of the name Absent"),
    ):
        monkeypatch.setitem(models.MODELS, "mine", (module, cls))
        with pytest.raises(InputError) as told:
            models.model_class("mine")
        assert f'models.py, line "mine": ("{module}", "{cls}")' in str(told.value)
        assert why in str(told.value) and "\n" not in str(told.value)


# ---- networks of others --------------------------------------------------------------------------


class Scaled(nn.Module):
    """It takes the scaler, and no dropout_rate."""

    def __init__(self, mean, scale):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.head = nn.Linear(187, 5)

    def forward(self, x):
        return self.head((x + self.mean).flatten(1))


class Squeezed(Scaled):
    """It forgets that a batch may be of one row."""

    def forward(self, x):
        return super().forward(x).squeeze()


class Demanding(nn.Module):
    def __init__(self, depth):
        super().__init__()


def test_what_a_class_takes_it_gets_whatever_its_name(monkeypatch):
    def create(cls, **options):
        monkeypatch.setattr(models, "model_class", lambda name: cls)
        return models.create("mine", MANIFEST, **options)

    assert create(Scaled)[1] == MANIFEST["scaler"]
    with pytest.raises(InputError, match="--dropout: Scaled"):
        create(Scaled, dropout=0.1)
    with pytest.raises(InputError, match=r"Squeezed gives \(5,\) for rows \(1, 1, 187\)"):
        create(Squeezed)
    with pytest.raises(InputError, match="depth.*needs a default"):
        create(Demanding)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.conv, self.norm = nn.Conv1d(1, 8, 7, stride=4), nn.GroupNorm(2, 8)
        self.layers = kind(8, 12, num_layers=2, batch_first=True, dropout=0.1)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.head(self.layers(x.transpose(1, 2))[0].mean(1))


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.place = nn.Conv1d(1, 16, 11, stride=8), nn.Parameter(torch.zeros(23, 16))
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.attention, self.norm = nn.MultiheadAttention(16, 2), nn.LayerNorm(16)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.layer(self.conv(x).transpose(1, 2) + self.place).transpose(0, 1)
        return self.head(self.norm(x + self.attention(x, x, x)[0]).mean(0))


class Functional(nn.Module):
    """Pooling that is no layer, a layer without a faster form, weights of four axes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 4, padding="same", dilation=2)
        self.norm, self.gain = nn.InstanceNorm1d(8, affine=True), nn.Parameter(torch.ones(1, 8, 1))
        self.head = nn.Linear(64 + 40, 5)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x))) * self.gain
        pooled = F.adaptive_avg_pool1d(x, 8), F.adaptive_max_pool1d(x, 5)
        return self.head(torch.cat([part.flatten(1) for part in pooled], 1))


def _convolutions():
    return nn.Sequential(
        *(nn.Conv1d(1, 8, 7, stride=2, padding=3), nn.GroupNorm(2, 8), nn.PReLU()),
        *(nn.Conv1d(8, 16, 3, dilation=4, groups=4), nn.BatchNorm1d(16), nn.Mish()),
        *(nn.Conv1d(16, 8, 5, padding="same", dilation=2), nn.ReLU(), nn.Dropout(0.1)),
        *(nn.AvgPool1d(4, padding=1, ceil_mode=True), nn.AdaptiveAvgPool1d(23)),
        *(nn.AdaptiveAvgPool1d(8), nn.Flatten(), nn.Linear(64, 5)),
    )


THEIRS = {
    "LSTM": (lambda: Recurrent(nn.LSTM), "LSTM"),
    "GRU": (lambda: Recurrent(nn.GRU), "GRU"),
    "attention": (Attending, "TransformerEncoderLayer"),
    "functional": (Functional, "InstanceNorm1d"),
    "convolutions": (_convolutions, None),
}
X, Y = torch.randn(40, 187, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 5


@pytest.fixture(params=THEIRS)
def theirs(request):
    """(name, a network of that kind, the layer that has no faster form or None)."""
    torch.manual_seed(0)
    make, layer = THEIRS[request.param]
    return request.param, make(), layer


@pytest.mark.parametrize("recipe", ["tutorial", "best"])
def test_networks_of_others_learn(theirs, recipe):
    """In bfloat16 too, and with a last batch of one row; their weights go back into them."""
    _, network, layer = theirs
    reason = fast_form.why_plain(network)
    assert reason == (layer and f"there is no such form of {layer}")
    recipe = dataclasses.replace(RECIPES[recipe], epochs=1, batch=13, balance="none")
    task = RowTask((X, Y), (X, Y), recipe, seed=0, device=torch.device("cpu"))
    training = fit(task, network, seed=0)
    assert np.isfinite(training.history["train_loss"]).all()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    network.load_state_dict(training.weights())
    assert any(not torch.equal(before[k], value) for k, value in network.state_dict().items())
    with torch.no_grad():
        wanted, found = network.eval()(X[:, None]), training.result.eval()(X[:, None])
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("opset", [11, 18])
def test_networks_of_others_are_exported(theirs, opset, tmp_path, capfd):
    name, network, _ = theirs
    card = row_card("Theirs")
    form, path = fast_form.fast_form(network).eval(), tmp_path / "theirs.onnx"
    if name == "attention" and opset == 11:
        with pytest.raises(InputError, match="--opset 11: .*--opset 18 has") as told:
            export.export_rows(form, path, opset, card)
        assert "\n" not in str(told.value)
    else:
        export.export_rows(form, path, opset, card)
        session = prediction.open_onnx(path)
        for n in (1, 2, 40):
            ours = prediction.logits(network.eval(), X[:n])
            found = export.parity(ours, prediction.logits(session, X[:n]))
            assert found.probability <= export.PROBABILITY_TOLERANCE
    assert capfd.readouterr().out == "", "the exporter keeps its graphs to itself"


def saved(folder, network, arguments):
    """The file of these weights, with a card."""
    name = type(network).__name__
    path = folder / f"model_{name}.pth"
    weights.save_weights(path, network.state_dict(), row_card(name, arguments))
    return path


def test_every_architecture_is_loaded_the_same_way(tmp_path):
    for network, arguments in ((fresh("self"), {}), (ContextNet(members=1), {"members": 1})):
        loaded, card = models.load(saved(tmp_path, network, arguments))
        assert type(loaded) is type(network) and not loaded.training and loaded.card is card
        for key, value in network.state_dict().items():
            assert torch.equal(loaded.state_dict()[key], value)


def test_a_single_beat_model_is_no_context_model(tmp_path):
    path = saved(tmp_path, ContextNet(members=1), {"members": 1})
    assert isinstance(models.load_context(path)[0], ContextNet)
    with pytest.raises(InputError, match="single beats"):
        models.load_context(saved(tmp_path, fresh("self"), {}))


def test_half_precision_is_read_as_float32():
    net = fresh("self")
    halved = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    state = models.converted_state(halved, ECGCNN())
    assert {k: v.dtype for k, v in state.items()} == {
        k: v.dtype for k, v in net.state_dict().items()
    }
