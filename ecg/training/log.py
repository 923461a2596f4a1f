"""What a training leaves to look at: TensorBoard's scalars, graph and figures, the history."""

import contextlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from ecg import artifacts
from ecg.beats import unstandardise
from ecg.figures.confusion import plot_confusion
from ecg.figures.training import mistakes_figure

if TYPE_CHECKING:  # it is slow to import, and a training without a log does without it
    from torch.utils.tensorboard import SummaryWriter

# TensorBoard's name of what a row of the history holds
SCALARS = {
    "train_loss": "Train/Loss",
    "train_acc": "Train/Acc",
    "val_loss": "Val/Loss",
    "val_acc": "Val/Acc",
    "val_macro_f1": "Val/MacroF1",
    "lr": "LearningRate",
}
ACCURACIES = "train_acc", "val_acc"  # shares in the program, percent in the files of a history


def open_writer(
    run_dir: Path, step: int, network: nn.Module, example: torch.Tensor | None
) -> "SummaryWriter":
    """TensorBoard's SummaryWriter of a folder, to go on after `step` epochs; at the beginning it
    draws the graph of `network` on the input `example`."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(run_dir, purge_step=step + 1)
    if example is not None:
        # the graph is a picture: a tracer's whim must not cost a training
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            writer.add_graph(network.eval(), example)
    return writer


def log_epoch(writer: "SummaryWriter", row: Mapping[str, float], epoch: int) -> None:
    """TensorBoard's scalars: loss (cross-entropy, with auxiliary targets plus what these cost; mean
    over items) and accuracy (share of items) on training items while they are learnt and on
    validation items after the epoch; macro-F1 (mean over classes, what selects the epoch); learning
    rate."""
    for key, tag in SCALARS.items():
        if key in row:
            writer.add_scalar(tag, row[key], epoch)


def log_figures(
    writer: "SummaryWriter",
    matrix: np.ndarray,
    x: torch.Tensor,
    y: torch.Tensor,
    logits: torch.Tensor,
    scaler: tuple[torch.Tensor, torch.Tensor],
    epoch: int,
) -> None:
    """TensorBoard's images: the confusion matrix, and the validation rows that the network gets
    most confidently wrong.

    matrix (5, 5); x (n, 187) standardised by scaler = (mean, scale); y (n,), logits (n, 5)."""
    writer.add_figure("Val/ConfusionMatrix", plot_confusion(matrix, "validation rows"), epoch)
    confidence, predicted = torch.softmax(logits, 1).max(1)
    wrong = predicted != y
    surest = torch.where(wrong, confidence, -1.0).argsort(descending=True)
    surest = surest[: min(12, int(wrong.sum()))]
    mean, scale = (part.cpu() for part in scaler)
    rows = unstandardise(x[surest.to(x.device)].cpu(), mean, scale, clip=False)
    of_each = (values[surest].tolist() for values in (y, predicted, confidence))
    writer.add_figure("Val/Errors", mistakes_figure(rows, *of_each), epoch)


def in_percent(history: Mapping[str, list]) -> dict[str, list]:
    """The history of a training as files tell it: accuracies in percent, as the tutorial has
    them."""
    percent = {key: [100 * share for share in history[key]] for key in ACCURACIES if key in history}
    return {**history, **percent}


def save_history(data: str | Path, stem: str, history: Mapping[str, list]) -> None:
    """data/history_NAME.npy (a dict of lists, for notebooks) and .json (the same; what our code
    reads), accuracies in percent."""
    history, (array, text) = in_percent(history), history_files(data, stem)
    artifacts.save_npy(array, history)
    artifacts.save_json(text, history)


def history_files(data: str | Path, stem: str) -> tuple[Path, Path]:
    """The files of a history: .npy, .json."""
    return Path(data) / f"{stem}.npy", Path(data) / f"{stem}.json"
