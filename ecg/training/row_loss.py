"""Which rows an epoch shows and in which order, how much each weighs, and the loss of a step."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ecg.beats import CLASSES
from ecg.training.augmentation import augmented
from ecg.training.recipe import Recipe

LEAST_SHOWN = 0.2  # a learnt row is shown in one epoch of five


def class_weights(y: torch.Tensor, power: float) -> torch.Tensor:
    """float32 (classes,): (rows of the class)^-power, scaled so that the mean weight of a row is 1;
    0 for an absent class."""
    counts = torch.bincount(y.cpu(), minlength=len(CLASSES)).double()
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -power, 0.0)
    return (weights * counts.sum() / (weights * counts).sum()).float()


def epoch_order(
    y: torch.Tensor, epoch: int, seed: int, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Indices of the rows of an epoch in the order they are trained on: a permutation, or draws by
    class weight. It depends on seed and epoch alone, so every process of a run, and a resumed run,
    has the same one."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    if weights is None:
        return torch.randperm(len(y), generator=generator)
    drawn_by = weights[y.cpu()].double()
    return torch.multinomial(drawn_by, len(y), replacement=True, generator=generator)


def shown_rows(
    row_loss: torch.Tensor, learnt: float, epoch: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(bool (n,): which rows this epoch shows, float32 (n,): their weight in the loss).

    Four beats in five are learnt for good after a few epochs. A row is shown with probability loss
    / `learnt`, by the loss it had when last shown, but at least 1 in 5; its weight is the inverse,
    so the sum that is minimised stays, in the mean, the sum over all rows (importance sampling:
    Katharopoulos & Fleuret 2018)."""
    share = (row_loss / learnt).clamp(LEAST_SHOWN, 1.0)
    generator = torch.Generator().manual_seed(seed * 1_000_003 + 500_000 + epoch)
    return torch.rand(len(share), generator=generator) < share, 1 / share


class StepLoss(NamedTuple):
    """What a step's n rows cost."""

    loss: torch.Tensor  # scalar, what is minimised
    right: torch.Tensor  # bool (n,), which rows the network gets right
    plain: torch.Tensor | None  # float32 (n,), cross-entropy; None where the recipe needs none


def step_loss(
    learner: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    weights: torch.Tensor,
    recipe: Recipe,
    norm: torch.Tensor,
    mix: bool,
    scaler: tuple[torch.Tensor, torch.Tensor] | None,
    auxiliary: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> StepLoss:
    """What these rows cost.

    learner: a `WithAuxiliary`; x (n, 187), y (n,). weights: (n,) of each row; their sum over the
    whole step and all processes is `norm`, which the loss is divided by. mix: whether rows are
    mixed (mixup). scaler: (mean, scale) of the rows, which augmentation asks for. auxiliary: None
    or (group (n,), prematurity (n,)) of the rows."""
    other, share = None, 1.0
    if recipe.augment:
        assert scaler is not None, "rows are augmented in the scale of the recorder"
        x = augmented(x, *scaler)
    if mix and len(y) > 1:
        share = float(torch.distributions.Beta(recipe.mixup, recipe.mixup).sample())
        # the row itself is the larger part: its loss says whether it is learnt
        share = max(share, 1 - share)
        other = torch.randperm(len(y), device=x.device)
        x = torch.lerp(x[other], x, share)
    logits, outputs = learner(x)
    logits = logits.float()

    def loss_under(rows):
        """Loss (n,) by what is true of `rows`."""
        loss = _cross_entropy(logits, y[rows], recipe.smoothing)
        if auxiliary:
            group, prematurity = (target[rows] for target in auxiliary)
            off = _auxiliary_loss(outputs, group, prematurity, recipe.smoothing)
            loss = loss + recipe.hints * off
        return loss

    terms = [(share, slice(None))] + ([(1 - share, other)] if other is not None else [])
    loss = sum(part * (weights * loss_under(rows)).sum() for part, rows in terms)
    with torch.no_grad():
        plain = _cross_entropy(logits, y) if recipe.focus else None
        right = logits.softmax(2).mean(1).argmax(1) == y
    return StepLoss(loss / norm, right, plain)


def _cross_entropy(logits, target, smoothing=0.0):
    """(n,): mean over the members of logits (n, members, classes)."""
    target = target[:, None].expand(logits.shape[:2])
    each = F.cross_entropy(
        logits.transpose(1, 2), target, label_smoothing=smoothing, reduction="none"
    )
    return each.mean(1)


def _auxiliary_loss(outputs, group, prematurity, smoothing):
    """(n,): how wrong the auxiliary outputs (n, members, groups + 1) are."""
    prematurity = prematurity[:, None].expand(outputs.shape[:2])
    off = F.smooth_l1_loss(outputs[..., -1].float(), prematurity, reduction="none").mean(1)
    return _cross_entropy(outputs[..., :-1].float(), group, smoothing) + off
