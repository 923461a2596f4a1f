"""The training loop: the tutorial's numbers, what it asks of a task."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ecg.artifacts import InputError
from ecg.training.fast_form import fast_form
from ecg.training.loop import Files, Training, fit
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.row_loss import epoch_order
from ecg.training.rows import RowTask, load_rows
from ecg.training.task import Task
from model_self import ECGCNN
from tests.training_rows import CPU, scalars


class SameDropout(RowTask):
    """Training on rows that drops the very units that the Conv1d network drops."""

    def form(self, network):
        return fast_form(network, same_dropout=True)


def test_the_tutorials_loop_gives_the_same_losses(rows):
    """Its DataLoader, criterion, optimiser and Conv1d network, fed with the same order: the same
    loss epoch by epoch."""
    (x, y), _, _ = load_rows(rows, CPU)
    task = SameDropout((x, y), None, Recipe(epochs=3, rate=1e-3), seed=1, device=CPU)
    torch.manual_seed(5)
    net = ECGCNN()
    training = Training(task, net)
    torch.manual_seed(6)
    ours = [training.learn_epoch() for _ in range(3)]
    optimiser, criterion = torch.optim.Adam(net.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    torch.manual_seed(6)
    theirs = [_tutorials_epoch(net, x, y, epoch, optimiser, criterion) for epoch in range(3)]
    for key, values, tolerance in zip(("train_loss", "train_acc"), zip(*theirs), (2e-3, 0.02)):
        np.testing.assert_allclose([row[key] for row in ours], values, atol=tolerance)


def _tutorials_epoch(net, x, y, epoch, optimiser, criterion):
    net.train()
    total = right = 0
    loader = DataLoader(
        TensorDataset(x[:, :, None], y),
        batch_size=32,
        sampler=epoch_order(y, epoch, 1).tolist(),
        generator=torch.Generator(),  # or the loader draws from the generator of dropout
    )
    for xb, yb in loader:
        optimiser.zero_grad()
        out = net(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimiser.step()
        total, right = total + loss.item() * len(yb), right + int((out.argmax(1) == yb).sum())
    return total / len(y), right / len(y)


class Line(Task):
    """y = 3 x is learnt by one weight; nothing is known of rows or beats."""

    example = torch.zeros(1, 1)
    identity = "a line"

    def batches(self, epoch):
        return [torch.full((4, 1), value) for value in (1.0, 2.0, -1.0)]

    def loss(self, learner, batch, progress):
        loss = (learner(batch) - 3 * batch).square().mean()
        return loss, loss.detach()

    def figures(self, seen):
        return {"train_loss": float(sum(seen) / len(seen))}

    def line(self, epoch, row, better):
        return f"epoch {epoch}"


def test_a_task_of_another_kind_is_learnt_logged_and_resumed(tmp_path):
    """The loop works for any task: it is stopped after two epochs and goes on to the bit."""
    recipe = Recipe(epochs=4, rate=0.1, average=0.5, schedule="onecycle", optimiser="adamw")
    files = {name: Files(tmp_path / name / "c.pth", tmp_path / name) for name in ("all", "half")}
    net, told = nn.Linear(1, 1, bias=False), []
    whole = fit(Line(recipe, CPU), net, files["all"], seed=1, report=told.append)
    assert told == [f"epoch {k}" for k in range(1, 5)]
    assert whole.history["train_loss"][-1] < whole.history["train_loss"][0]

    class Stopped(Exception):
        pass

    def stop(training, better):
        if training.epoch == 3:
            raise Stopped

    with pytest.raises(Stopped):
        fit(Line(recipe, CPU), net, files["half"], seed=1, after_epoch=stop)
    again = fit(Line(recipe, CPU), net, files["half"], seed=2, resume=True, report=told.append)
    assert told[4] == "resumed after epoch 2 of 4"
    assert all(torch.equal(w, again.weights()[key]) for key, w in whole.weights().items())
    assert again.history["train_loss"] == whole.history["train_loss"]
    log = scalars(next((tmp_path / "all").glob("2*")))
    assert [event.step for event in log.Scalars("Train/Loss")] == [1, 2, 3, 4]
    other = Line(recipe, CPU)
    other.identity = "another"
    with pytest.raises(InputError, match="another training"):
        fit(other, net, files["half"], resume=True)


def test_without_files_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(Line(Recipe(epochs=1), CPU), nn.Linear(1, 1))
    assert not list(tmp_path.iterdir())


def test_gradients_are_clipped_and_the_average_begins_where_it_is_told():
    """With the context network's recipe: one step of plain descent moves by rate x the largest
    norm; the first average is the weights after that step."""
    recipe = RECIPES["context"]
    training = Training(Line(recipe, CPU), nn.Linear(1, 1))
    before = training.optimiser.param_groups
    assert len(before) == 1 and before[0]["weight_decay"] == recipe.weight_decay
    batch = training.task.batches(0)[0]
    training._step(training.learner, 1000 * batch, 0.0, {"lr": 0.1})
    norm = torch.stack([p.grad.norm() for p in training.network.parameters()]).norm()
    assert float(norm) == pytest.approx(1, abs=1e-3)
    weights = training.network.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in training.weights().items())
