"""What a start is worth where few beats are labelled: trainings on a few of the training rows,
scored on all validation rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ecg.training.loop import fit
from ecg.training.recipe import Recipe
from ecg.training.rows import Rows, RowTask, validate_rows

CPU = torch.device("cpu")
SHOWN = 12_000  # beats that a training shows in all, where the number of epochs is not given
FEWEST_EPOCHS = 6


class Start(NamedTuple):
    """Where a training begins."""

    name: str  # heading of its column
    create: Callable[[], nn.Module]  # makes the network
    rate: float  # peak of the learning rate


def few_labels(y: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of `count` labelled beats, drawn as they come (a class may be rare), at least 2 of
    each class. y: (n,) classes."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    least = np.concatenate([order[y[order] == c][:2] for c in np.unique(y)])
    return np.concatenate([least, order[~np.isin(order, least)][: count - len(least)]])


def compare_starts(
    starts: Sequence[Start],
    train: Rows,
    val: Rows,
    names: Sequence[str],
    *,
    counts: Sequence[int],
    seeds: int,
    epochs: int | None,
    report: Callable[[str], object] = print,
) -> None:
    """A table: macro-F1 over the classes `names` on the validation rows, a line for each of
    `counts` labelled beats, a column a start: mean and spread (max - min) of so many seeds.

    The rows are on the CPU. epochs: of each training; None: more of them with fewer beats. report:
    takes the lines."""
    report(f"{'beats':>8}" + "".join(f" {start.name:>16}" for start in starts))
    for count in counts:
        line = f"{count:>8,}"
        for start in starts:
            recipe = Recipe(
                epochs=epochs or max(FEWEST_EPOCHS, SHOWN // count),
                batch=32,
                rate=start.rate,
                schedule="onecycle",
                optimiser="adamw",
                weight_decay=0.05,
                balance="none",
                bf16=True,
            )
            scores = []
            for seed in range(seeds):
                chosen = torch.from_numpy(few_labels(train[1].numpy(), count, seed))
                network = _trained(start, (train[0][chosen], train[1][chosen]), recipe, seed)
                scores.append(validate_rows(network, *val, names)[0]["val_macro_f1"])
            line += f" {np.mean(scores):>9.3f} {np.ptp(scores):>6.3f}"
        report(line)


def _trained(start: Start, rows: Rows, recipe: Recipe, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    task = RowTask(rows, None, recipe, seed=seed, device=CPU)
    return fit(task, start.create()).result
