"""What is special to training on single rows: loading them, the batches of an epoch, loss,
validation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg import artifacts, beats
from ecg.evaluation.metrics import accuracy, confusion, f1, macro_f1, scored_classes
from ecg.training.auxiliary import WithAuxiliary
from ecg.training.distribution import summed
from ecg.training.fast_form import fast_form
from ecg.training.recipe import Recipe
from ecg.training.row_loss import class_weights, epoch_order, shown_rows, step_loss
from ecg.training.task import Task

EVALUATION_BATCH = 1024
Rows = tuple[torch.Tensor, torch.Tensor]  # x float32 (n, 187) standardised, y int64 (n,)


class LoadedRows(NamedTuple):
    """What a training on rows works with."""

    train: Rows
    val: Rows
    manifest: dict  # which rows these are: artifacts.load_manifest


def load_rows(data: Path, device: torch.device, balance: str = "smote") -> LoadedRows:
    """The processed rows below the folder `data`, on `device`.

    SMOTE's rows are there with balance `smote` only."""
    manifest = artifacts.load_manifest(data)
    first = None if balance == "smote" else manifest["n_real"]
    train, val = _load_split(data, "train", device, first), _load_split(data, "val", device)
    return LoadedRows(train, val, manifest)


def _load_split(data: Path, split: str, device: torch.device, first: int | None = None) -> Rows:
    """The first rows of a split; None: all."""
    x, y = (np.array(part[:first]) for part in artifacts.load_split(data, split))
    rows = torch.from_numpy(x.reshape(len(y), -1))
    return rows.to(device), torch.from_numpy(y).to(device)


# ------------------------------------------------------------------------------------------ scores


@torch.no_grad()
def logits_of(network: nn.Module, x: torch.Tensor, batch: int = EVALUATION_BATCH) -> torch.Tensor:
    """Logits float32 (n, classes) of rows x (n, 187), in eval mode, in float32."""
    network.eval()
    return torch.cat([network(part[:, None]).float() for part in x.split(batch)]).cpu()


def validate_rows(
    network: nn.Module, x: torch.Tensor, y: torch.Tensor, names: Sequence[str]
) -> tuple[dict[str, float], np.ndarray]:
    """({val_loss, val_acc, val_macro_f1}, confusion matrix) of rows x with classes y.

    names: the classes that macro-F1 is over."""
    return scores_of(logits_of(network, x), y, names)


def scores_of(
    logits: torch.Tensor, y: torch.Tensor, names: Sequence[str]
) -> tuple[dict[str, float], np.ndarray]:
    """`validate_rows` of logits (n, classes) that are there already."""
    y = y.cpu()
    matrix = confusion(y.numpy(), logits.argmax(1).numpy())
    return {
        "val_loss": F.cross_entropy(logits, y).item(),
        "val_acc": float(accuracy(matrix)),
        "val_macro_f1": float(macro_f1(matrix, names)),
    }, matrix


def f1_by_class(matrix: np.ndarray) -> dict[str, float]:
    """{class: F1}, 0 where it is undefined."""
    return dict(zip(beats.CLASSES, np.nan_to_num(f1(matrix)).tolist()))


# -------------------------------------------------------------------------------------------- task


class SeenRows(NamedTuple):
    """What a step has shown of its rows in this process, k of them."""

    loss: torch.Tensor  # scalar, of these rows; over all processes it adds up to the step's
    norm: torch.Tensor  # scalar, weight of the step's rows in all processes
    right: torch.Tensor  # scalar, how many of the k were got right
    n: int  # rows of the step in all processes
    rows: torch.Tensor  # int (k,), which rows
    plain: torch.Tensor | None  # (k,), see `StepLoss`


class RowTask(Task):
    """Training on rows.

    train, val: on `device`; val None: nothing to choose the epoch by, the last one is kept. seed:
    of the order of rows. protocol: says which classes macro-F1 is over. scaler: (mean, scale) of
    the rows, each (187,), which augmentation asks for. auxiliary: `auxiliary_targets` of the
    training rows, for a recipe that learns them."""

    chosen_by = "val_macro_f1"
    example = torch.zeros(1, 1, beats.WIDTH)

    def __init__(
        self,
        train: Rows,
        val: Rows | None,
        recipe: Recipe,
        *,
        seed: int,
        device: torch.device,
        protocol: str = "kaggle",
        scaler: tuple[torch.Tensor, torch.Tensor] | None = None,
        auxiliary: tuple[torch.Tensor, torch.Tensor] | None = None,
        identity: str = "",
    ):
        super().__init__(recipe, device)
        (self.x, self.y), self.val, self.seed, self.identity = train, val, seed, identity
        self.scaler = scaler and (scaler[0].to(device), scaler[1].to(device))
        self.auxiliary = auxiliary and (auxiliary[0].to(device), auxiliary[1].to(device))
        weighted = recipe.balance in ("weights", "sampler")
        self.class_weights = class_weights(self.y, recipe.class_power) if weighted else None
        self.row_weight = torch.ones(len(self.y), device=device)
        # the loss of every row when it was last shown
        self.row_loss = torch.full((len(self.y) if recipe.focus else 0,), torch.inf)
        y_val = val[1] if val else self.y[:0]
        counts = np.bincount(y_val.cpu(), minlength=len(beats.CLASSES))
        self.scored = scored_classes(protocol, counts)
        self.heading = (
            f"{'epoch':>5} {'train loss':>10} {'acc':>7} {'val loss':>10} {'acc':>7} "
            f"{'macro-F1':>9} {'s':>6}   macro-F1 over {', '.join(self.scored)}; "
            f"{len(self.y):,} training rows, {len(y_val):,} validation rows"
        )

    def form(self, network: nn.Module) -> nn.Module:
        return fast_form(network, same_dropout=False)

    def learner(self, network: nn.Module) -> nn.Module:
        groups = int(self.auxiliary[0].max()) + 1 if self.auxiliary else 0
        learner = WithAuxiliary(network, groups)
        self.heads = learner.heads
        return learner

    def batches(self, epoch: int) -> Sequence[torch.Tensor]:
        """Indices of the rows of each step; none has a single row, which batch norm cannot take."""
        recipe, weights = self.recipe, self.class_weights
        drawn = recipe.balance == "sampler"  # by weight, and then all weigh the same
        order = epoch_order(self.y, epoch, self.seed, weights if drawn else None)
        row_weight = torch.ones(len(self.y))
        if weights is not None and not drawn:
            row_weight = weights[self.y.cpu()]
        if recipe.focus:
            shown, inverse = shown_rows(self.row_loss, recipe.focus, epoch, self.seed)
            order, row_weight = order[shown[order]], row_weight * inverse
        self.row_weight = row_weight.to(self.device)
        steps = list(order.to(self.device).split(recipe.batch))
        if len(steps) > 1 and len(steps[-1]) == 1:
            steps[-2:] = [torch.cat(steps[-2:])]
        return steps

    def loss(
        self, learner: nn.Module, batch: torch.Tensor, progress: float
    ) -> tuple[torch.Tensor, SeenRows]:
        norm = self.row_weight[batch].sum()
        mine = batch.tensor_split(self.ranks)[self.rank]
        auxiliary = self.auxiliary
        loss, right, plain = step_loss(
            learner,
            self.x[mine],
            self.y[mine],
            self.row_weight[mine],
            self.recipe,
            norm,
            self.recipe.mixup > 0 and progress < 5 / 6,
            self.scaler,
            auxiliary and (auxiliary[0][mine], auxiliary[1][mine]),
        )
        return loss, SeenRows(loss.detach(), norm, right.sum(), len(batch), mine, plain)

    def figures(self, seen: list[SeenRows]) -> dict[str, float]:
        """train_loss (mean over rows of the loss that was minimised), train_acc (share of rows got
        right while learning), train_rows."""
        losses = torch.stack([step.loss for step in seen])
        norms = torch.stack([step.norm for step in seen])
        right = torch.stack([step.right for step in seen]).sum().float()
        sums = summed(torch.stack([(losses * norms).sum(), right]), self.ranks)
        loss, n_right = sums.tolist()
        if self.recipe.focus:
            self._remember(seen)
        count = sum(step.n for step in seen)
        return {
            "train_loss": loss / norms.sum().item(),
            "train_acc": n_right / count,
            "train_rows": count,
        }

    def _remember(self, seen: list[SeenRows]) -> None:
        """The loss of the rows that this epoch has shown, by whichever process."""
        found = torch.zeros(2, len(self.row_loss), device=self.device)
        for step in seen:
            if step.plain is not None:
                found[0, step.rows], found[1, step.rows] = step.plain, 1.0
        loss, was_shown = summed(found, self.ranks)
        self.row_loss = torch.where(was_shown > 0, loss, self.row_loss.to(self.device)).cpu()

    def validate(self, network: nn.Module) -> tuple[dict[str, float], dict[str, Any]]:
        about: dict[str, Any] = {"macro_f1_over": self.scored}
        if not self.val:
            return {}, about
        scores, matrix = validate_rows(network, *self.val, self.scored)
        return scores, {**about, "val_f1": f1_by_class(matrix)}

    def line(self, epoch: int, row: Mapping[str, float], better: bool) -> str:
        validated = f"{'-':>10} {'-':>7} {'-':>9}"
        if self.val:
            values = (row[key] for key in ("val_loss", "val_acc", "val_macro_f1"))
            validated = "{:>10.4f} {:>7.2%} {:>9.4f}".format(*values)
        return (
            f"{epoch:>5} {row['train_loss']:>10.4f} {row['train_acc']:>7.2%} {validated} "
            f"{row['seconds']:>6.1f}{'   best' if better and self.val else ''}"
        )

    def state(self) -> dict[str, Any]:
        return {"more": self.heads.state_dict(), "row_loss": self.row_loss}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.heads.load_state_dict(state["more"])
        self.row_loss = state["row_loss"].cpu()
