"""The training loop, the same for every kind of data.

Epochs and steps, learning rate, gradients, the running average of the weights, validation,
checkpoints, what is logged, early stopping, several processes. It knows nothing of rows or
sequences of beats: what is special to them a `Task` (task.py) says, which is handed in.
"""

import datetime
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from ecg import artifacts, locks
from ecg.artifacts import InputError
from ecg.training.distribution import (
    SyncedBatchNorm,
    computes_bf16,
    random_states,
    restore_random_state,
)
from ecg.training.log import log_epoch, open_writer
from ecg.training.recipe import Recipe
from ecg.training.task import Task


class Training:
    """What changes from step to step: network, optimiser, running average, history.

    epoch, steps: how many are done. history: a list a figure, one value an epoch. best: what is
    told of the best epoch so far, empty before the first."""

    def __init__(self, task: Task, network: nn.Module):
        self.task, recipe, device = task, task.recipe, task.device
        self.network = task.form(network).to(device)
        if task.ranks > 1:
            SyncedBatchNorm.convert(self.network)
        self.learner = task.learner(self.network)
        self.optimiser = _optimiser(self.learner, recipe, device)
        self.average = task.form(network).to(device).eval() if recipe.average else None
        if self.average is not None:
            _load(self.average, _state(self.network))
        self.epoch, self.steps = 0, 0
        self.history: dict[str, list] = {}
        self.best: dict[str, Any] = {}

    @property
    def result(self) -> nn.Module:
        """The network that is validated and kept: the running average where there is one."""
        return self.network if self.average is None else self.average

    def weights(self) -> dict[str, torch.Tensor]:
        """The state_dict of `result`, under the names and in the shapes of the plain network."""
        return _state(self.result)

    def run_epoch(self) -> tuple[dict[str, float], bool]:
        """Learn and validate for an epoch: (its row of the history, whether it is the best)."""
        began = time.perf_counter()
        row = self.learn_epoch()
        with self._autocast():
            scores, details = self.task.validate(self.result)
        row |= {**scores, "seconds": time.perf_counter() - began}
        for key, value in row.items():
            self.history.setdefault(key, []).append(value)
        chosen_by = self.task.chosen_by
        better = not scores or not self.best or row[chosen_by] > self.best[chosen_by]
        if better:
            self.best = {"epoch": self.epoch, **scores, **details}
        return row, better

    def learn_epoch(self) -> dict[str, float]:
        """One pass over the batches of an epoch: the task's figures, and the last learning rate.
        Raises InputError where the loss is not finite."""
        task, recipe, learner = self.task, self.task.recipe, self.learner
        if task.ranks > 1:
            learner = nn.parallel.DistributedDataParallel(learner, broadcast_buffers=False)
        learner.train()
        batches, seen, pace = task.batches(self.epoch), [], {}
        title, hidden = f"epoch {self.epoch + 1}/{recipe.epochs}", task.quiet or task.rank > 0
        bar = tqdm(batches, title, disable=True if hidden else None, leave=False)
        for step, batch in enumerate(bar):
            progress = task.progress(self.epoch, step, len(batches), self.steps)
            pace = task.pace(progress)
            seen.append(self._step(learner, batch, progress, pace))
        self.epoch += 1
        figures = task.figures(seen)
        if not np.isfinite(figures["train_loss"]):
            raise InputError(
                f"the loss is not finite in epoch {self.epoch}: take a smaller --learning-rate "
                f"than {recipe.rate:g}"
            )
        return {**figures, "lr": pace["lr"]}

    def _step(self, learner, batch, progress, pace):
        for group in self.optimiser.param_groups:
            group.update(pace)
        with self._autocast():
            loss, seen = self.task.loss(learner, batch, progress)
        self.optimiser.zero_grad(set_to_none=True)
        # the processes' gradients are averaged; their sum is wanted
        (loss * self.task.ranks).backward()
        if self.task.recipe.clip:
            nn.utils.clip_grad_norm_(self.learner.parameters(), self.task.recipe.clip)
        self.optimiser.step()
        if self.average is not None:
            self._follow(self.average)
        self.steps += 1
        return seen

    def _autocast(self):
        bf16 = self.task.recipe.bf16 and computes_bf16(self.task.device)
        return torch.autocast(self.task.device.type, torch.bfloat16, enabled=bf16)

    @torch.no_grad()
    def _follow(self, average: nn.Module) -> None:
        """The average follows the weights; at first faster, so that it forgets where it began."""
        decay = self.task.recipe.average
        if self.task.recipe.average_ramp:
            decay = min(decay, (1 + self.steps) / (10 + self.steps))
        elif self.steps == 0:
            decay = 0.0
        states = (network.state_dict().values() for network in (average, self.network))
        for mine, theirs in zip(*states):
            mine.lerp_(theirs, 1 - decay) if mine.is_floating_point() else mine.copy_(theirs)

    def state(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        return {
            "network": _state(self.network),
            "optimiser": self.optimiser.state_dict(),
            "epoch": self.epoch,
            "steps": self.steps,
            "average": _state(self.average) if self.average is not None else None,
            "history": json.dumps(self.history),
            "best": json.dumps(self.best),
            **self.task.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state."""
        _load(self.network, state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.steps = state["epoch"], state["steps"]
        if self.average is not None:
            _load(self.average, state["average"])
        self.history, self.best = json.loads(state["history"]), json.loads(state["best"])
        self.task.restore(state)


class Files(NamedTuple):
    """Where a training leaves what it needs to go on, and what TensorBoard shows.

    run_dir: a log to go on with; None: a new one below log_dir, named by the time."""

    checkpoint: Path
    log_dir: Path
    run_dir: Path | None = None

    def own_run_dir(self) -> Path:
        """The log of this run, if it does not go on with another."""
        return self.run_dir or self.log_dir / datetime.datetime.now().strftime("%Y%m%d-%H%M%S")


def _nothing(*_):
    pass


def fit(
    task: Task,
    network: nn.Module,
    files: Files | None = None,
    *,
    seed: int | None = None,
    resume: bool = False,
    report: Callable[[str], Any] = _nothing,
    after_epoch: Callable[[Training, bool], Any] = _nothing,
    at_end: Callable[[Training, Any], Any] = _nothing,
    patience: int | None = None,
    first_epoch: int = 0,
) -> Training:
    """Train a copy of `network` on a task. Returns the training; `result` is the network.

    files: None: nothing is written. A checkpoint is written after every epoch, so that `resume`
    continues with the next one exactly as if nothing had happened. seed: of what is drawn at
    random while training; None: torch's generator goes on as it stands. report: takes lines for
    people. In the first process, after_epoch(training, whether the epoch is the best) is called
    after every epoch and at_end(training, TensorBoard's writer) at the end. patience: stop after so
    many epochs without a new best. first_epoch: epochs that the weights have behind them, for the
    log. Raises InputError for the checkpoint of another training, and where the loss is not
    finite."""
    training = Training(task, network)
    if seed is not None:
        torch.manual_seed(seed + 7919 * task.rank)
    writer = None
    if files:
        if task.rank == 0:
            locks.hold(files.checkpoint.parent, "--runs")
        run_dir = files.own_run_dir()
        if resume:
            run_dir = _resumed(training, files.checkpoint, report) or run_dir
        if task.rank == 0:
            example = task.example if training.epoch == 0 else None
            writer = open_writer(run_dir, first_epoch + training.epoch, network, example)
    _say(report, task.heading)
    while training.epoch < task.recipe.epochs and not _stale(training, patience):
        row, better = training.run_epoch()
        states = random_states(task.device, task.ranks)
        if task.rank == 0:
            after_epoch(training, better)
            if files and writer:
                log_epoch(writer, row, first_epoch + training.epoch)
                about = {"identity": task.identity, "run_dir": str(run_dir)}
                with artifacts.writing(files.checkpoint) as temporary:
                    torch.save({**training.state(), **states, **about}, temporary)
            _say(report, task.line(training.epoch, row, better))
    if task.rank == 0:
        at_end(training, writer)
    if writer:
        writer.close()
    return training


def _say(report, text):
    if text:
        report(text)


def _stale(training, patience):
    """Whether there has been no new best for so many epochs."""
    return patience and training.best and training.epoch - training.best["epoch"] >= patience


def _resumed(training: Training, checkpoint: Path, report: Callable[[str], Any]) -> Path | None:
    """Go on from a checkpoint. Returns its log's folder, or None where there is no checkpoint."""
    task = training.task
    if not checkpoint.exists():
        report(f"nothing to resume at {checkpoint}: starting afresh")
        return None
    damaged = f"{checkpoint} is no checkpoint, or is damaged: train afresh without --resume"
    try:
        saved = torch.load(checkpoint, map_location=task.device, weights_only=True)
        same = saved["identity"] == task.identity and len(saved["rng"]) == task.ranks
    except Exception:  # a damaged pickle raises whatever its bytes happen to ask for
        raise InputError(damaged) from None
    if not same:
        raise InputError(
            f"{checkpoint} is of another training (recipe, model, rows or number of processes "
            "differ): give the same options again, or train afresh without --resume"
        )
    try:
        training.restore(saved)
        restore_random_state(saved, task.device, task.rank)
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError):
        raise InputError(damaged) from None
    report(f"resumed after epoch {training.epoch} of {task.recipe.epochs}")
    return Path(saved["run_dir"])


def _optimiser(learner: nn.Module, recipe: Recipe, device: torch.device) -> torch.optim.Optimizer:
    """Adam or AdamW; weight decay of matrices and kernels only, or of all parameters."""
    moving = [p for p in learner.parameters() if p.requires_grad]
    decayed = [p for p in moving if recipe.decay_all or p.dim() > 1]
    others = [p for p in moving if not recipe.decay_all and p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}]
    groups += [{"params": others, "weight_decay": 0.0}] if others else []
    kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.rate, fused=recipe.fused and device.type in ("cpu", "cuda"))


def _state(network) -> dict[str, torch.Tensor]:
    """The state_dict of a network, of its plain form where it has another."""
    return network.narrow_state() if hasattr(network, "narrow_state") else network.state_dict()


def _load(network, state: Mapping[str, torch.Tensor]) -> None:
    """Take such a state_dict."""
    load = network.load_narrow if hasattr(network, "load_narrow") else network.load_state_dict
    load(state)
