"""ecg/training/fast_form.py: the same network in a form that trains faster."""

import pytest
import torch
from torch import nn

from ecg.training import fast_form
from tests.fresh_networks import fresh


@pytest.mark.parametrize("name", ["self", "deep", "resnet18", "residual"])
def test_the_fast_form_is_the_same_network(name):
    net, x = fresh(name), torch.randn(6, 187)
    form = fast_form.fast_form(net)
    assert {k: v.shape for k, v in form.narrow_state().items()} == {
        k: v.shape for k, v in net.state_dict().items()
    }
    # dropout drops the same units, batch norm learns the same statistics
    for mode in (True, False):
        net.train(mode), form.train(mode)
        torch.manual_seed(3)
        a = net(x)
        torch.manual_seed(3)
        b = form(x)
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)
    for key, value in form.narrow_state().items():
        torch.testing.assert_close(value, net.state_dict()[key], atol=1e-5, rtol=1e-4)
    again = fast_form.fast_form(fresh(name))
    again.load_narrow(form.narrow_state())
    assert torch.equal(again.eval()(x), form.eval()(x))


@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 1.0])
def test_byte_dropout_drops_as_many(p):
    """On images in any memory order: the share p is 0, the rest grows so that the mean stays;
    gradients follow; eval mode drops nothing."""
    torch.manual_seed(0)
    drop = fast_form._ByteDropout(p)
    for order in (torch.channels_last, torch.contiguous_format):
        x = torch.ones(40, 33, 1, 91).contiguous(memory_format=order).requires_grad_()
        y = drop(x)
        y.sum().backward()
        dropped = (y == 0).float()
        assert dropped.mean().item() == pytest.approx(p, abs=0.01)
        assert torch.equal(x.grad, y.detach())
        assert p == 1 or y.mean().item() == pytest.approx(1, abs=0.02)
        assert dropped.mean(dim=(0, 2, 3)).std() < 0.02  # no channel, no place is spared
        assert dropped.mean(dim=(0, 1, 2)).std() < 0.03
    assert torch.equal(drop.eval()(x), x)
    assert not torch.equal(fast_form._ByteDropout(0.5)(x), fast_form._ByteDropout(0.5)(x))


class Mixed(nn.Module):
    """Convolutions over rows and over images, and parameters that are no kernels."""

    def __init__(self, first):
        super().__init__()
        self.first, self.second = first, nn.Conv2d(1, 2, (3, 1))
        self.gain = nn.Parameter(torch.randn(1, 2, 1, 1))
        self.table = nn.Parameter(torch.randn(2, 3, 4, 4))
        self.head = nn.Linear(2 * 6 * 187, 5)

    def forward(self, x):
        x = self.first(x.reshape(len(x), 1, 187)).reshape(len(x), 1, 8, 187)
        return self.head((self.second(x) * self.gain + self.table.sum()).flatten(1))


@pytest.mark.parametrize("first", [nn.Conv1d(1, 8, 3, padding=1), nn.Linear(187, 8 * 187)])
def test_weights_that_are_no_kernels_stay_as_they_are(first):
    """A form gives the weights of its network back, or there is none."""
    net = Mixed(first)
    form = fast_form.fast_form(net)
    state = form.narrow_state() if hasattr(form, "narrow_state") else form.state_dict()
    for key, value in net.state_dict().items():
        assert torch.equal(state[key], value), key


def test_an_lstm_learns_in_float32_where_the_rest_is_bfloat16():
    """oneDNN has no LSTM in bfloat16 on most CPUs."""
    net = nn.LSTM(4, 6, batch_first=True)
    form, x, state = fast_form.fast_form(net), torch.randn(3, 9, 4), torch.zeros(1, 3, 6)
    with torch.autocast("cpu", torch.bfloat16):
        found = form(x.bfloat16(), (state.bfloat16(), state))[0]
    assert found.dtype == torch.float32
    wanted = net(x.bfloat16().float(), (state, state))[0]
    torch.testing.assert_close(found, wanted)
    assert torch.equal(form(x)[0], net(x)[0])
    assert form.state_dict().keys() == net.state_dict().keys()
