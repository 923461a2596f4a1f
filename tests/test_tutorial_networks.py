"""The tutorial's networks to the letter: keys, sizes, numbers; files of version 1 still load."""

import pytest
import torch

import models
from ecg.networks import parameter_count
from model_deep import ECGCNN_Deep
from model_self import ECGCNN
from pretrain_translearn import PretrainedResNet1D
from tests import tutorial_networks as theirs
from tests.model_cards import row_card


def _awake(network):
    """The network in eval mode, its batch norms with statistics that are not those of the start."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


PAIRS = [(ECGCNN, theirs.ECGCNN, 376_133), (ECGCNN_Deep, theirs.ECGCNN_Deep, 1_182_277)]


@pytest.mark.parametrize("ours, tutorials, size", PAIRS)
def test_a_file_goes_either_way(ours, tutorials, size):
    """Same keys in the same order, `strict=True`, the same logits."""
    x = torch.randn(5, 1, 187)
    for source, target in ((ours, tutorials), (tutorials, ours)):
        network, other = _awake(source()), target()
        assert list(network.state_dict()) == list(other.state_dict())
        other.load_state_dict(network.state_dict(), strict=True)
        with torch.no_grad():
            torch.testing.assert_close(other.eval()(x), network(x))
    assert parameter_count(ours()) == parameter_count(tutorials()) == size


@pytest.mark.parametrize("ours, tutorials, _", PAIRS)
def test_the_same_units_are_dropped(ours, tutorials, _):
    shares = [
        [module.p for module in network().modules() if isinstance(module, torch.nn.Dropout)]
        for network in (ours, tutorials)
    ]
    assert shares[0] == shares[1]


def test_the_tutorials_resnet_loads():
    network = _awake(theirs.PretrainedResNet1D())
    own = PretrainedResNet1D(5, True)
    own.load_state_dict(models.converted_state(network.state_dict(), own))
    x = torch.randn(3, 1, 187)
    with torch.no_grad():
        torch.testing.assert_close(own.eval()(x), network(x), atol=1e-4, rtol=1e-4)
    assert [name for name, p in own.named_parameters() if p.requires_grad] == [
        "fc.weight",
        "fc.bias",
    ]


def _version_1(network, layers, heads):
    """The state_dict of `network` under version 1's names."""
    state = {}
    for key, value in network.state_dict().items():
        for new, old in {**layers, **heads}.items():
            if key.startswith(new + "."):
                key = old + key[len(new) :]
                break
        state[key] = value
    return state


def _card(architecture, **arguments):
    return row_card(architecture, arguments)


def test_version_1s_files_load(tmp_path):
    """As the networks that they were: ECGCNN with one dropout for both, ECGCNN_Deep with a fourth
    pooling."""
    from ecg.weights import save_weights

    small = _awake(ECGCNN(dropout_rate=0.3))
    state = _version_1(small, {}, {"fc1.0": "fc1", "fc2.0": "fc2"})
    assert "fc1.weight" in state
    save_weights(tmp_path / "model_self.pth", state, _card("ECGCNN", dropout_rate=0.3))
    deep = _awake(ECGCNN_Deep(fourth_pooling=True))
    layers = {f"features.{4 * i + k}": f"conv{i + 1}.{k}" for i in range(4) for k in (0, 1)}
    state = _version_1(deep, layers, {"classifier.0": "fc1", "classifier.3": "fc2"})
    assert "conv4.1.running_var" in state and "fc2.bias" in state
    save_weights(tmp_path / "model_deep.pth", state, _card("ECGCNN_Deep", dropout_rate=0.5))
    x = torch.randn(4, 1, 187)
    for name, network in (("self", small), ("deep", deep)):
        loaded, card = models.load(tmp_path / f"model_{name}.pth")
        with torch.no_grad():
            torch.testing.assert_close(loaded(x), network(x))
    assert card["arguments"]["fourth_pooling"], "or its next training would be another network's"
    with torch.no_grad():
        assert not torch.allclose(ECGCNN_Deep().eval()(x), deep(x))
