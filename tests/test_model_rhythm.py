"""The rhythm network."""

import runpy

import pytest
import torch

from ecg.rhythm.strips import NUMBER_NAMES, SAMPLES
from model_rhythm import Forest, RhythmNet, Waveform


def strips(n=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    waveform = torch.randn(n, 1, SAMPLES, generator=generator)
    return waveform, torch.randn(n, len(NUMBER_NAMES), generator=generator)


def test_the_mean_of_what_waveform_and_numbers_say():
    torch.manual_seed(0)
    net = RhythmNet(members=2, trees=(3, 5, 2)).eval()
    net.forest.value.copy_(torch.randn(len(net.forest.value)))
    waveform, numbers = strips()
    with torch.inference_mode():
        out, parts = net(waveform, numbers), net.branches(waveform, numbers)
        assert out.shape == (3, 4) and parts.shape == (2, 3, 4)
        torch.testing.assert_close(out, parts.mean(dim=0))
        net.bias[2] += 1
        torch.testing.assert_close(net(waveform, numbers)[:, 2], out[:, 2] + 1)
        torch.testing.assert_close(parts.exp().sum(dim=2)[1], torch.ones(3))
        other = net.branches(waveform.flip(0), numbers)
    torch.testing.assert_close(other[0], parts[0].flip(0))
    assert torch.equal(other[1], parts[1]) and not torch.equal(other[0], parts[0])


def test_what_is_missing_is_not_looked_at():
    torch.manual_seed(0)
    net = Waveform((8, 8, 8), stem=33, stride=8, kernel=5, heads=2, dropout=0.0).eval()
    waveform = strips()[0]
    waveform[:, :, 1000:] = 0
    with torch.inference_mode():
        out = net(waveform)
        longer = torch.nn.functional.pad(waveform, (0, 3 * net.place * 8))
        torch.testing.assert_close(net(longer), out, atol=1e-5, rtol=1e-5)
        assert torch.isfinite(net(torch.zeros(1, 1, SAMPLES))).all()


def test_a_tree_goes_by_its_thresholds():
    forest = Forest(rounds=1, nodes=3, depth=1)
    for tree in range(4):
        root = 3 * tree
        forest.feature[root], forest.threshold[root] = tree, 0.5
        forest.left[root], forest.right[root] = root + 1, root + 2
        forest.value[root + 1], forest.value[root + 2] = -1.0, 1.0
        forest.missing_left[root] = tree == 3
    forest.start += 10
    nan = float("nan")
    rows = torch.tensor([[0.5, 0.6, nan, nan], [-9.0, 9.0, 0.0, 1.0]])
    assert forest(rows).tolist() == [[9, 11, 11, 9], [9, 11, 9, 11]]


def test_it_holds_the_network_only(capsys):
    with pytest.raises(SystemExit) as left:
        runpy.run_module("model_rhythm", run_name="__main__")
    assert left.value.code == 2 and "train.py --model rhythm" in capsys.readouterr().err
