"""The context network."""

import runpy

import numpy as np
import pytest
import torch

from ecg import artifacts
from ecg.context import CONTEXT_CLASSES, FEATURE_NAMES
from model_context import ContextNet


@pytest.mark.parametrize("members", [1, 3])
def test_features_of_beats_in_logits_of_beats_out(members):
    torch.manual_seed(0)
    net = ContextNet(members=members).eval()
    x = torch.randn(2, 40, len(FEATURE_NAMES))
    with torch.inference_mode():
        out = net(x)
        assert out.shape == (2, 40, len(CONTEXT_CLASSES) + 1)
        assert np.allclose(out.exp().sum(dim=2), 1, atol=1e-4)  # log probabilities: no bias yet
        net.bias[1] = 2.0
        assert torch.allclose(net(x)[..., 1], out[..., 1] + 2)


def test_a_beat_is_judged_with_its_neighbours_only():
    """With dilations of 1, 2 and 4, seven beats on either side."""
    torch.manual_seed(0)
    net = ContextNet(members=1).eval()
    x = torch.randn(1, 40, len(FEATURE_NAMES))
    changed = x.clone()
    changed[0, 20] += 1
    with torch.inference_mode():
        moved = (net(x) != net(changed)).any(dim=2)[0].numpy()
    assert np.array_equal(np.flatnonzero(moved), np.arange(13, 28))


def test_shipped_weights_fit():
    """The argument `numbers` stands in the cards of weights that users have."""
    found = sorted((artifacts.HOME / "weight" / "shipped").glob("model_context*.pth"))
    assert found
    for path in found:
        card = artifacts.load_json(path.with_suffix(".json"), "")
        state = torch.load(path, weights_only=True)
        net = ContextNet(**card["arguments"] | ContextNet.arguments_of(state))
        net.load_state_dict(state)
        assert card["arguments"]["numbers"] == len(FEATURE_NAMES)
        assert np.allclose(net.bias, card["class_bias"])


def test_it_is_no_stage(home, capsys):
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(home / "model_context.py"), run_name="__main__")
    out, err = capsys.readouterr()
    assert end.value.code == 2 and out == ""
    assert err.splitlines() == [
        "model_context.py holds the network only: train it with python train.py --model context"
    ]
