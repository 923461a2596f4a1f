"""What a training learns from, as the loop (loop.py) asks for it."""

import abc
import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ecg.training.distribution import processes
from ecg.training.recipe import Recipe, rate_at


class Task(abc.ABC):
    """Batches, their loss, validation: all that is special to a kind of data. One object is one
    training.

    identity: text that says which training this is; the checkpoint of another is refused.
    chosen_by: the score of `validate` whose highest value marks the epoch that is kept.
    example: an input of the network, for TensorBoard's graph, or None.
    heading: a line to print above the lines of the epochs, or "".
    quiet: no progress bar.
    rank, ranks: this process, and how many work on this training."""

    identity = ""
    chosen_by = ""
    example: torch.Tensor | None = None
    heading = ""
    quiet = False

    def __init__(self, recipe: Recipe, device: torch.device):
        self.recipe, self.device = recipe, device
        self.rank, self.ranks = processes(device)

    def form(self, network: nn.Module) -> nn.Module:
        """A copy of `network` in the form that learns. One that is computed otherwise offers
        `narrow_state` and `load_narrow` (fast_form.py)."""
        return copy.deepcopy(network)

    def learner(self, network: nn.Module) -> nn.Module:
        """What is optimised: the network, with what learns beside it and is not kept."""
        return network

    @abc.abstractmethod
    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch (from 0), in order; the same in every process, and after a
        resumption."""

    @abc.abstractmethod
    def loss(self, learner: nn.Module, batch: Any, progress: float) -> tuple[torch.Tensor, Any]:
        """(loss of this process's part of a batch, what `figures` wants to know of it).

        The losses of all processes add up to that of the batch. progress: share of the training
        done, 0 to 1."""

    @abc.abstractmethod
    def figures(self, seen: list) -> dict[str, float]:
        """What the history keeps of an epoch's steps: train_loss and more. seen: what `loss` gave
        beside each loss."""

    def progress(self, epoch: int, step: int, steps: int, done: int) -> float:
        """Share of the training done before a step: the `step` of `steps` in this epoch, after
        `done` in all."""
        return (epoch + step / steps) / self.recipe.epochs

    def pace(self, progress: float) -> dict[str, Any]:
        """Settings of the optimiser for a step: its learning rate."""
        return {"lr": rate_at(self.recipe, progress)}

    def validate(self, network: nn.Module) -> tuple[dict[str, float], dict]:
        """(scores for the history, what else is told of the best epoch). Without scores the last
        epoch is kept."""
        return {}, {}

    def line(self, epoch: int, row: Mapping[str, float], better: bool) -> str:
        """What is printed of an epoch (from 1), or ""."""
        return ""

    def state(self) -> dict[str, Any]:
        """What changes in the task from epoch to epoch, for a checkpoint."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, which holds the keys of `state` among others."""
