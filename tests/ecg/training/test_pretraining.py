"""Pre-training without labels: hidden spans are filled in."""

import pytest
import torch

from ecg.artifacts import InputError
from ecg.training.loop import Files
from ecg.training.pretraining import HiddenSpans, hidden_spans, pretrain, unlabelled_rows
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.rows import load_rows
from pretrain_translearn import PretrainedResNet1D
from tests.training_rows import CPU


def test_hidden_spans_are_filled_in(rows, tmp_path):
    (x, _), _, _ = load_rows(rows, CPU, "none")
    recipe, told = Recipe(epochs=3, batch=32, rate=3e-3, decay_all=True), []
    torch.manual_seed(0)
    net = PretrainedResNet1D()
    last_layer = net.fc.weight.clone()
    files = Files(tmp_path / "checkpoint.pth", tmp_path)
    assert pretrain(net, x[:64], recipe, files, report=told.append) is net
    left = [float(line.split()[-1]) for line in told]
    assert len(left) == 3 and left[-1] < left[0]
    assert torch.equal(net.fc.weight, last_layer)
    assert "decoder" in torch.load(files.checkpoint, weights_only=True)


def test_which_samples_are_hidden():
    torch.manual_seed(0)
    hidden = hidden_spans((500, 187))
    assert 0.45 < hidden.float().mean() < 0.55
    edges = (hidden[:, 1:] != hidden[:, :-1]).float().mean()
    assert 0.02 < edges < 0.06, "spans of 12 samples"


def test_the_cycle_is_torchs():
    """Learning rate and momentum of every step are those of torch's OneCycleLR."""
    import dataclasses

    recipe = dataclasses.replace(RECIPES["pretrain"], epochs=2, batch=10)
    task = HiddenSpans(torch.zeros(305, 187), recipe, CPU)
    optimiser = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], recipe.rate)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=task.steps, pct_start=0.1
    )
    for done in range(task.steps):
        pace, [group] = task.pace(task.progress(0, 0, 1, done)), optimiser.param_groups
        assert pace["lr"] == pytest.approx(group["lr"], rel=1e-9)
        assert pace["betas"] == pytest.approx(group["betas"], rel=1e-9)
        optimiser.step()
        if done + 1 < task.steps:
            cycle.step()


def test_unlabelled_rows(minutes, tmp_path):
    for suffix in (".hea", ".dat"):  # no annotation: labels cannot be read
        (tmp_path / f"100{suffix}").symlink_to(minutes / f"100{suffix}")
    x = unlabelled_rows(tmp_path, [0.0] * 187, [1.0] * 187)
    assert x.shape[1] == 187 and len(x) > 60 and 0 <= x.min() and x.max() <= 1


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(InputError, match="no WFDB record"):
        unlabelled_rows(tmp_path / "none", [0.0], [1.0])
