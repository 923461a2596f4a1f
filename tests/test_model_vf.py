"""The network of ventricular fibrillation."""

import runpy

import pytest
import torch

from ecg.rhythm.fibrillation_numbers import INPUTS
from model_vf import VfNet


def test_the_answer_is_the_mean_of_members_that_differ():
    torch.manual_seed(0)
    net = VfNet(members=3).eval()
    x = torch.randn(4, INPUTS)
    with torch.inference_mode():
        each = net.each(x)
        assert each.shape == (3, 4, 3)
        assert not torch.allclose(each[0], each[1])
        torch.testing.assert_close(net(x), each.mean(dim=0))


def test_numbers_are_standardised_inside_and_limited():
    net = VfNet().eval()
    net.mean += 3
    net.scale *= 2
    x = torch.full((1, INPUTS), 7.0)
    assert torch.equal(net.standardise(x), torch.full_like(x, 2.0))
    assert net.standardise(-1e6 * x).min() == -5


def test_it_holds_the_network_only(capsys):
    with pytest.raises(SystemExit) as left:
        runpy.run_module("model_vf", run_name="__main__")
    assert left.value.code == 2 and "train.py --model vf" in capsys.readouterr().err
