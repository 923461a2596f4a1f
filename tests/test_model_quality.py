"""The quality network."""

import runpy

import pytest
import torch

from ecg.quality import BEAT_INPUTS, WINDOW_INPUTS
from model_quality import QualityNet


def test_two_answers_each_from_its_own_numbers():
    torch.manual_seed(0)
    net = QualityNet().eval()
    x = torch.randn(5, WINDOW_INPUTS + BEAT_INPUTS)
    with torch.inference_mode():
        out = net(x)
        assert out.shape == (5, 2)
        other = x.clone()
        other[:, WINDOW_INPUTS:] += 1
        assert torch.equal(net(other)[:, 0], out[:, 0])
        assert not torch.allclose(net(other)[:, 1], out[:, 1])
        other = x.clone()
        other[:, :WINDOW_INPUTS] += 1
        assert torch.equal(net(other)[:, 1], out[:, 1])


def test_numbers_are_standardised_inside_and_limited():
    net = QualityNet().eval()
    net.mean += 3
    net.scale *= 2
    x = torch.full((1, WINDOW_INPUTS + BEAT_INPUTS), 7.0)
    assert torch.equal(net.standardise(x), torch.full_like(x, 2.0))
    assert net.standardise(1e6 * x).max() == 5


def test_it_holds_the_network_only(monkeypatch, capsys):
    with pytest.raises(SystemExit) as left:
        runpy.run_module("model_quality", run_name="__main__")
    assert left.value.code == 2 and "train.py --model quality" in capsys.readouterr().err
