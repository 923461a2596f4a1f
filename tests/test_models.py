"""The networks: shapes, names, other people's weights, torchvision's numbers, and the form that trains faster."""
import dataclasses
import json

import numpy as np
import pytest
import torch

import models
import train
from conftest import DATA
from ecg.artifacts import InputError
from model_deep import AveragePool, ECGCNN_Deep
from model_residual import ResidualNet
from model_self import ECGCNN
from pretrain_translearn import PretrainedResNet1D, create_model, few_labels, hidden_spans, load_backbone, torchvision_state

FLAT = [0.0] * 187, [1.0] * 187


def networks():
    torch.manual_seed(0)
    return {"self": ECGCNN(), "deep": ECGCNN_Deep(), "resnet18": PretrainedResNet1D(), "residual": ResidualNet(*FLAT)}


@pytest.mark.parametrize("name", models.NAMES)
def test_all_input_layouts_give_the_same_logits(name):
    net, x = networks()[name].eval(), torch.randn(3, 187)
    with torch.no_grad():
        flat = net(x)
        assert flat.shape == (3, 5)
        torch.testing.assert_close(net(x[:, :, None]), flat, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(net(x[:, None]), flat, atol=1e-5, rtol=1e-5)
        assert net(x[:1, :, None]).shape == (1, 5)
    with pytest.raises(ValueError, match="186"):
        net(torch.randn(3, 186))


@pytest.mark.parametrize("name", models.NAMES)
def test_the_fast_form_is_the_same_network(name):
    net, x = networks()[name], torch.randn(6, 187)
    form = models.fast_form(net)
    assert {k: v.shape for k, v in form.narrow_state().items()} == {k: v.shape for k, v in net.state_dict().items()}
    for mode in (True, False):                       # dropout drops the same units, batch norm learns the same statistics
        net.train(mode), form.train(mode)
        torch.manual_seed(3)
        a = net(x)
        torch.manual_seed(3)
        b = form(x)
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)
    for key, value in form.narrow_state().items():
        torch.testing.assert_close(value, net.state_dict()[key], atol=1e-5, rtol=1e-4)
    fresh = models.fast_form(networks()[name])
    fresh.load_narrow(form.narrow_state())
    assert torch.equal(fresh.eval()(x), form.eval()(x))


def test_sizes():
    assert models.parameter_count(ECGCNN()) == 376_133
    assert tuple(ECGCNN().state_dict()["conv1.0.weight"].shape) == (32, 1, 5)
    assert models.parameter_count(ResidualNet(*FLAT)) < 500_000
    assert models.parameter_count(ResidualNet(*FLAT, members=4)) == 4 * models.parameter_count(ResidualNet(*FLAT, members=1))


def test_weights_with_another_name_for_the_head_load():
    net = ECGCNN()
    renamed = {key.replace("fc1.", "fc.0.").replace("fc2.", "fc.3."): value for key, value in net.state_dict().items()}
    assert renamed.keys() != net.state_dict().keys()
    back = models.adapted(renamed, ECGCNN())
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_registry():
    assert isinstance(models.build({"architecture": "ECGCNN", "arguments": {"dropout_rate": 0.1}}), ECGCNN)
    with pytest.raises(InputError, match="choose among"):
        models.build({"architecture": "os.system", "arguments": {}})
    with pytest.raises(InputError, match="arguments"):
        models.build({"architecture": "ECGCNN", "arguments": {"depth": 3}})


@pytest.mark.parametrize("before", [8, 11, 23])
def test_average_pool_is_torchs(before):
    x = torch.randn(2, 3, before)
    torch.testing.assert_close(AveragePool(before, 8)(x), torch.nn.functional.adaptive_avg_pool1d(x, 8))


def test_residual_sees_the_length_of_the_row():
    """The same beat, cut off earlier: another answer, though only zeros differ from the end on."""
    torch.manual_seed(0)
    net = ResidualNet(*FLAT).eval()
    row = torch.rand(1, 187) * 0.5 + 0.2
    row[:, 120:] = 0
    longer = row.clone()
    longer[:, 150] = 1e-3                              # one more real sample, hardly above zero: the mask reaches further
    within = row.clone()
    within[:, 60] += 1e-3                              # the same change where samples are real anyway
    assert (net(longer) - net(row)).abs().max() > 100 * (net(within) - net(row)).abs().max()


@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 1.0])
def test_quick_dropout_drops_as_many(p):
    """On images in any memory order: the share p is 0, the rest grows so that the mean stays; gradients follow; eval mode drops nothing."""
    torch.manual_seed(0)
    drop = models._QuickDropout(p)
    for order in (torch.channels_last, torch.contiguous_format):
        x = torch.ones(40, 33, 1, 91).contiguous(memory_format=order).requires_grad_()
        y = drop(x)
        y.sum().backward()
        assert (y == 0).float().mean().item() == pytest.approx(p, abs=0.01) and torch.equal(x.grad, y.detach())
        assert p == 1 or y.mean().item() == pytest.approx(1, abs=0.02)
        share = (y == 0).float().mean(dim=(0, 2, 3))                      # no channel, no place is spared
        assert share.std() < 0.02 and (y == 0).float().mean(dim=(0, 1, 2)).std() < 0.03
    assert torch.equal(drop.eval()(x), x) and not torch.equal(models._QuickDropout(0.5)(x), models._QuickDropout(0.5)(x))


def test_residual_members_answer_together_and_learn_alone():
    torch.manual_seed(0)
    net, x = ResidualNet(*FLAT, dropout_rate=0.0), torch.rand(8, 187)
    alone = []
    for member in net.members:
        one = ResidualNet(*FLAT, members=1)
        one.members[0].load_state_dict(member.state_dict())
        alone.append(one.eval()(x).softmax(1))
    assert (alone[0] - alone[1]).abs().max() > 0.01
    torch.testing.assert_close(net.eval()(x).softmax(1), sum(alone) / len(alone), atol=1e-5, rtol=1e-4)

    y, weights = torch.arange(8) % 5, torch.ones(8)
    recipe = dataclasses.replace(train.RECIPES["best"], mixup=0.0)

    def first_gradient():
        net.zero_grad()
        loss, _, plain = train.step_loss(train.Learner(net).train(), x, y, weights, recipe, weights.sum(), False, None)
        loss.backward()
        assert plain.shape == (8,)
        return net.members[0].head.weight.grad.clone()

    before = first_gradient()
    torch.nn.init.zeros_(net.members[1].head.weight)        # what the other says is nothing to the first
    torch.testing.assert_close(first_gradient(), before)
    assert before.abs().max() > 0


# ------------------------------------------------------------------------------------------------- ResNet18

def golden_state():
    shapes = json.loads((DATA / "resnet18/torchvision_state_dict_shapes.json").read_text())
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


needs_golden = pytest.mark.skipif(not (DATA / "resnet18").is_dir(), reason=f"no golden forward pass: {DATA}/resnet18 is missing")


@needs_golden
def test_resnet18_gives_torchvisions_numbers():
    golden = json.loads((DATA / "resnet18/golden_forward.json").read_text())
    state = golden_state()
    net = PretrainedResNet1D()
    assert list(net.state_dict()) == list(state)
    net.load_state_dict(models.adapted(state, net))
    x = torch.sin(0.05 * torch.arange(4 * 187, dtype=torch.float32)).view(4, 1, 187)
    with torch.no_grad():
        np.testing.assert_allclose(net.eval()(x), golden["logits"], atol=2e-6)


@needs_golden
def test_torchvision_and_wrapped_files_load(tmp_path):
    state = golden_state() | {"conv1.weight": torch.randn(64, 3, 7, 7), "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    torch.save(state, tmp_path / "colour.pth")
    net = PretrainedResNet1D()
    load_backbone(net, tmp_path / "colour.pth")
    torch.testing.assert_close(net.conv1.weight[:, 0, :, 0], state["conv1.weight"].sum(1)[:, :, 3])
    assert torch.equal(net.layer3[0].conv2.weight[..., 0], state["layer3.0.conv2.weight"][..., 1])

    names = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7", "fc": "10"}
    wrapped = {f"model.{names[key.partition('.')[0]]}.{key.partition('.')[2]}": value for key, value in net.state_dict().items()}
    back = models.adapted(wrapped, PretrainedResNet1D())
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())

    torch.save(state, tmp_path / "resnet18-0badc0de.pth")
    with pytest.raises(InputError, match="0badc0de"):
        load_backbone(net, tmp_path / "resnet18-0badc0de.pth")
    torch.save(ECGCNN().state_dict(), tmp_path / "other.pth")
    with pytest.raises(InputError, match="another architecture"):
        load_backbone(net, tmp_path / "other.pth")


def test_torchvision_shapes_come_back():
    net = PretrainedResNet1D()
    wide = torchvision_state(net)
    assert tuple(wide["layer2.0.conv1.weight"].shape) == (128, 64, 3, 3)
    back = models.adapted(wide, net)
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_frozen_means_frozen():
    """Statistics of batch norm too: a step in training mode changes nothing but the last layer, in the training form as well."""
    torch.manual_seed(0)
    form = models.fast_form(create_model(freeze_backbone=True)).train()
    before = {key: value.clone() for key, value in form.narrow_state().items()}
    optimiser = torch.optim.SGD([p for p in form.parameters() if p.requires_grad], 0.1)
    torch.nn.functional.cross_entropy(form(torch.randn(8, 187)), torch.arange(8) % 5).backward()
    optimiser.step()
    changed = {key for key, value in form.narrow_state().items() if not torch.equal(value, before[key])}
    assert changed == {"fc.weight", "fc.bias"}


def test_few_labels_and_hidden_spans():
    y = np.repeat([0, 1, 2, 3, 4], [900, 30, 50, 5, 15])
    chosen = few_labels(y, 100, seed=1)
    assert len(set(chosen)) == 100 and np.bincount(y[chosen]).min() >= 2
    hidden = hidden_spans((400, 187), torch.Generator().manual_seed(0)).numpy()
    assert abs(hidden.mean() - 0.5) < 0.02
    changes = (np.diff(hidden.astype(int), axis=1) != 0).sum(1).mean()
    assert 187 / 12 * 0.5 * 0.8 < changes < 187 / 12 * 0.5 * 1.2
