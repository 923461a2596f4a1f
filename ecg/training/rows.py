"""What is special to training on single rows: loading them, the batches of an epoch, loss,
validation."""

from collections.abc import Sequence
from pathlib import Path

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


def load_rows(data: Path, device: torch.device, balance: str = "smote") -> tuple[Rows, Rows, dict]:
    """(training rows, validation rows, manifest), the rows on `device`.

    SMOTE's rows are there with balance `smote` only."""
    manifest = artifacts.load_manifest(data)
    parts = []
    for split in ("train", "val"):
        x, y = artifacts.load_split(data, split)
        n = manifest["n_real"] if split == "train" and balance != "smote" else len(y)
        x = torch.from_numpy(np.array(x[:n]).reshape(n, -1))
        parts.append((x.to(device), torch.from_numpy(np.array(y[:n])).to(device)))
    return *parts, manifest


# ------------------------------------------------------------------------------------------ scores


@torch.no_grad()
def logits_of(network: nn.Module, x: torch.Tensor, batch: int = EVALUATION_BATCH) -> torch.Tensor:
    """Logits float32 (n, classes) of rows x (n, 187), in eval mode, in float32."""
    network.eval()
    return torch.cat([network(part).float() for part in x.split(batch)]).cpu()


def validate_rows(
    network: nn.Module, x: torch.Tensor, y: torch.Tensor, names: Sequence[str]
) -> tuple[dict[str, float], np.ndarray]:
    """({val_loss, val_acc, val_macro_f1}, confusion matrix) of rows x with classes y.

    names: the classes that macro-F1 is over."""
    return scores_of(logits_of(network, x), y, names)


def scores_of(logits, y, names) -> tuple[dict[str, float], np.ndarray]:
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


class RowTask(Task):
    """Training on rows.

    train, val: on `device`; val None: nothing to choose the epoch by, the last one is kept. seed:
    of the order of rows. protocol: says which classes macro-F1 is over. scaler: (mean, scale) of
    the rows, each (187,), which augmentation asks for. auxiliary: `auxiliary_targets` of the
    training rows, for a recipe that learns them."""

    chosen_by = "val_macro_f1"
    example = torch.zeros(1, beats.WIDTH)

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
        self.scaler = scaler and tuple(part.to(device) for part in scaler)
        self.auxiliary = auxiliary and [target.to(device) for target in auxiliary]
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

    def form(self, network):
        return fast_form(network, same_dropout=not self.recipe.bf16)

    def learner(self, network):
        groups = int(self.auxiliary[0].max()) + 1 if self.auxiliary else 0
        learner = WithAuxiliary(network, groups)
        self.heads = learner.heads
        return learner

    def batches(self, epoch):
        """Indices of the rows of each step."""
        recipe, weights = self.recipe, self.class_weights
        sampler, weighted = (recipe.balance == kind for kind in ("sampler", "weights"))
        order = epoch_order(self.y, epoch, self.seed, weights if sampler else None)
        row_weight = weights[self.y.cpu()] if weighted else torch.ones(len(self.y))
        if recipe.focus:
            shown, inverse = shown_rows(self.row_loss, recipe.focus, epoch, self.seed)
            order, row_weight = order[shown[order]], row_weight * inverse
        self.row_weight = row_weight.to(self.device)
        return order.to(self.device).split(recipe.batch)

    def loss(self, learner, batch, progress):
        norm = self.row_weight[batch].sum()
        mine = batch.tensor_split(self.ranks)[self.rank]
        loss, right, plain = step_loss(
            learner,
            self.x[mine],
            self.y[mine],
            self.row_weight[mine],
            self.recipe,
            norm,
            self.recipe.mixup > 0 and progress < 5 / 6,
            self.scaler,
            self.auxiliary and [target[mine] for target in self.auxiliary],
        )
        return loss, (loss.detach(), norm, right.sum(), len(batch), mine, plain)

    def figures(self, seen):
        """train_loss (mean over rows of the loss that was minimised), train_acc (share of rows got
        right while learning), train_rows."""
        losses, norms, right, counts, shown, plain = zip(*seen)
        losses, norms = torch.stack(losses), torch.stack(norms)
        right = torch.stack(right).sum().float()
        loss, right = summed(torch.stack([(losses * norms).sum(), right]), self.ranks).tolist()
        if self.recipe.focus:
            self._remember(shown, plain)
        return {
            "train_loss": loss / norms.sum().item(),
            "train_acc": right / sum(counts),
            "train_rows": sum(counts),
        }

    def _remember(self, shown, plain):
        """The loss of the rows that this epoch has shown, by whichever process."""
        found = torch.zeros(2, len(self.row_loss), device=self.device)
        for rows, loss in zip(shown, plain):
            found[0, rows], found[1, rows] = loss, 1.0
        loss, was_shown = summed(found, self.ranks)
        self.row_loss = torch.where(was_shown > 0, loss, self.row_loss.to(self.device)).cpu()

    def validate(self, network):
        about = {"macro_f1_over": self.scored}
        if not self.val:
            return {}, about
        scores, matrix = validate_rows(network, *self.val, self.scored)
        return scores, {**about, "val_f1": f1_by_class(matrix)}

    def line(self, epoch, row, better):
        validated = f"{'-':>10} {'-':>7} {'-':>9}"
        if self.val:
            values = (row[key] for key in ("val_loss", "val_acc", "val_macro_f1"))
            validated = "{:>10.4f} {:>7.2%} {:>9.4f}".format(*values)
        return (
            f"{epoch:>5} {row['train_loss']:>10.4f} {row['train_acc']:>7.2%} {validated} "
            f"{row['seconds']:>6.1f}{'   best' if better and self.val else ''}"
        )

    def state(self):
        return {"more": self.heads.state_dict(), "row_loss": self.row_loss}

    def restore(self, state):
        self.heads.load_state_dict(state["more"])
        self.row_loss = state["row_loss"].cpu()
