"""models.py: the models by name, fresh or loaded; what holds for every network of single rows."""

import pytest
import torch

import models
from ecg import weights
from ecg.artifacts import InputError
from ecg.networks import parameter_count
from model_context import ContextNet
from model_self import ECGCNN
from tests.fresh_networks import SCALER, fresh

MANIFEST = {"scaler": {"mean": SCALER[0], "scale": SCALER[1]}}


@pytest.mark.parametrize("name", models.NAMES)
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


@pytest.mark.parametrize("name", models.NAMES)
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


def saved(folder, network, arguments):
    """The file of these weights, with a card."""
    card = {"architecture": type(network).__name__, "arguments": arguments}
    path = folder / f"model_{card['architecture']}.pth"
    weights.save_weights(path, network.state_dict(), {**card, "input": {}, "classes": []})
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
