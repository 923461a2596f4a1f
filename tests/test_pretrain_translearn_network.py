"""pretrain_translearn.py, the network: torchvision's numbers, and other people's files of it."""

import json

import numpy as np
import pytest
import torch

import models
from ecg.artifacts import InputError
from ecg.training.fast_form import fast_form
from model_self import ECGCNN
from pretrain_translearn import (
    WRAPPED,
    PretrainedResNet1D,
    create_model,
    load_backbone,
    torchvision_state,
)


@pytest.fixture(scope="module")
def golden(recordings):
    """The folder with torchvision's shapes and a forward pass of its ResNet18."""
    folder = recordings / "resnet18"
    if not folder.is_dir():
        pytest.skip(f"no golden forward pass: {folder} is missing")
    return folder


@pytest.fixture(scope="module")
def golden_state(golden):
    """The weights of that forward pass, under torchvision's names."""
    shapes = json.loads((golden / "torchvision_state_dict_shapes.json").read_text())
    shapes |= {"conv1.weight": [64, 1, 7, 1], "fc.weight": [5, 512], "fc.bias": [5]}
    state = {}
    for j, (key, shape) in enumerate(shapes.items()):
        values = 0.05 * np.sin(0.37 * np.arange(int(np.prod(shape))) + j)
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(0)
            continue
        if key.endswith("running_var"):
            values = np.ones_like(values)
        elif len(shape) == 1 and key.endswith(".weight"):
            values = values + 1
        state[key] = torch.tensor(values.reshape(shape), dtype=torch.float32)
    return state


def test_resnet18_gives_torchvisions_numbers(golden, golden_state):
    forward = json.loads((golden / "golden_forward.json").read_text())
    net = PretrainedResNet1D()
    assert list(net.state_dict()) == list(golden_state)
    net.load_state_dict(models.converted_state(golden_state, net))
    x = torch.sin(0.05 * torch.arange(4 * 187, dtype=torch.float32)).view(4, 1, 187)
    with torch.no_grad():
        np.testing.assert_allclose(net.eval()(x), forward["logits"], atol=2e-6)


def test_torchvisions_files_load(golden_state, tmp_path):
    state = golden_state | {
        "conv1.weight": torch.randn(64, 3, 7, 7),
        "fc.weight": torch.zeros(1000, 512),
        "fc.bias": torch.zeros(1000),
    }
    torch.save(state, tmp_path / "colour.pth")
    net = PretrainedResNet1D()
    load_backbone(net, tmp_path / "colour.pth")
    torch.testing.assert_close(net.conv1.weight[:, 0, :, 0], state["conv1.weight"].sum(1)[:, :, 3])
    assert torch.equal(net.layer3[0].conv2.weight[..., 0], state["layer3.0.conv2.weight"][..., 1])

    torch.save(state, tmp_path / "resnet18-0badc0de.pth")
    with pytest.raises(InputError, match="0badc0de"):
        load_backbone(net, tmp_path / "resnet18-0badc0de.pth")


def test_another_networks_file_is_refused(tmp_path):
    torch.save(ECGCNN().state_dict(), tmp_path / "other.pth")
    with pytest.raises(InputError, match="another architecture"):
        load_backbone(PretrainedResNet1D(), tmp_path / "other.pth")


def test_wrapped_files_load():
    net = PretrainedResNet1D()
    places = {child: place for place, child in WRAPPED.items()}  # of fc the last: 10
    wrapped = {}
    for key, value in net.state_dict().items():
        child, _, rest = key.partition(".")
        wrapped[f"model.{places[child]}.{rest}"] = value
    assert "model.10.bias" in wrapped and "model.4.0.bn1.weight" in wrapped
    back = models.converted_state(wrapped, PretrainedResNet1D())
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_torchvision_shapes_come_back():
    net = PretrainedResNet1D()
    wide = torchvision_state(net)
    assert tuple(wide["layer2.0.conv1.weight"].shape) == (128, 64, 3, 3)
    back = models.converted_state(wide, net)
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_frozen_means_frozen():
    """Statistics of batch norm too: a step in training mode changes nothing but the last layer, in
    the training form as well."""
    torch.manual_seed(0)
    form = fast_form(create_model(freeze_backbone=True)).train()
    before = {key: value.clone() for key, value in form.narrow_state().items()}
    optimiser = torch.optim.SGD([p for p in form.parameters() if p.requires_grad], 0.1)
    torch.nn.functional.cross_entropy(form(torch.randn(8, 187)), torch.arange(8) % 5).backward()
    optimiser.step()
    changed = {
        key for key, value in form.narrow_state().items() if not torch.equal(value, before[key])
    }
    assert changed == {"fc.weight", "fc.bias"}
