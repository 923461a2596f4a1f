"""Pre-training without labels: hidden spans of rows are filled in from what is left of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from ecg import beats, formats
from ecg.artifacts import InputError
from ecg.beats import WIDTH
from ecg.networks import Backbone
from ecg.rpeaks import detect_r_peaks
from ecg.training.fast_form import fast_form
from ecg.training.loop import Files, fit
from ecg.training.recipe import Recipe
from ecg.training.task import Task

SPAN = 12  # samples that are hidden together: 0.1 s
HIDDEN = 0.5  # share of the samples that is hidden
MOMENTUM = 0.95, 0.85  # Adam's first beta where the learning rate is low, and at its peak


def unlabelled_rows(folder: str | Path, mean: ArrayLike, scale: ArrayLike) -> np.ndarray:
    """Rows (n, 187) float32, standardised by mean and scale (187,), of every WFDB record below
    `folder`, cut at detected R peaks; labels unread. Raises InputError where there is no record."""
    rows = []
    for header in tqdm(headers_below(folder), "cutting beats", disable=None):
        recording = formats.read_wfdb(header)
        peaks = detect_r_peaks(recording.signal, recording.fs)
        rows.append(beats.extract_beats(recording.signal, peaks, recording.fs)[0])
    joined = beats.standardise(np.concatenate(rows), np.array(mean), np.array(scale))
    return joined.astype(np.float32)


def headers_below(folder: str | Path) -> list[Path]:
    """The headers of the WFDB records below a folder. Raises InputError where there is none."""
    headers = sorted(Path(folder).rglob("*.hea"))
    if not headers:
        raise InputError(
            f"--records {folder}: no WFDB record (.hea) there; give the folder of a database, such "
            "as svdb"
        )
    return headers


def hidden_spans(shape: Sequence[int]) -> torch.Tensor:
    """bool (n, 187): which samples are hidden: about half of them, in spans of 0.1 s that begin
    anywhere."""
    n, width = shape
    blocks = torch.rand(n, -(-width // SPAN)) < HIDDEN
    start = torch.randint(0, SPAN, (n, 1))
    at = (torch.arange(width) + start) // SPAN
    return blocks.gather(1, at.clamp(max=blocks.shape[1] - 1))


class Filler(nn.Module):
    """A network that offers `features` (ecg.networks.Backbone), and what makes rows (n, 187) of
    these."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network.eval()
        with torch.no_grad():
            size = self._features(torch.zeros(1, WIDTH)).numel()
        self.decoder = nn.Sequential(nn.Flatten(), nn.Linear(size, WIDTH))

    def _features(self, rows: torch.Tensor) -> torch.Tensor:
        return cast(Backbone, self.network).features(rows)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.decoder(self._features(rows))


class HiddenSpans(Task):
    """Training of a network that offers `features` on rows x (n, 187) without labels.

    It runs in one process. Raises InputError where there are more."""

    def __init__(self, x: torch.Tensor, recipe: Recipe, device: torch.device, identity: str = ""):
        super().__init__(recipe, device)
        if self.ranks > 1:
            raise InputError("--pretrain runs in one process: start it without torchrun")
        self.x, self.identity = x.to(device), identity
        self.steps = recipe.epochs * -(-len(x) // recipe.batch)

    def form(self, network: nn.Module) -> nn.Module:
        return fast_form(network)

    def learner(self, network: nn.Module) -> nn.Module:
        learner = Filler(network).to(self.device)
        self.decoder = learner.decoder
        return learner

    def progress(self, epoch: int, step: int, steps: int, done: int) -> float:
        return done / self.steps

    def pace(self, progress: float) -> dict[str, Any]:
        """One cycle as torch's OneCycleLR runs it, where the others rise in a straight line: up and
        down by cosines, and Adam's first moment the other way."""
        recipe, step = self.recipe, round(progress * self.steps)
        top, last = recipe.warm_up * self.steps - 1, self.steps - 1
        if step < top:
            share, of_peak, momentum = step / top, (recipe.start, 1.0), MOMENTUM
        else:
            share, of_peak = (step - top) / (last - top), (1.0, recipe.floor)
            momentum = MOMENTUM[::-1]
        rate = recipe.rate * _cosine(*of_peak, share)
        return {"lr": rate, "betas": (_cosine(*momentum, share), 0.999)}

    def batches(self, epoch: int) -> Sequence[torch.Tensor]:
        """Indices of the rows of each step."""
        return torch.randperm(len(self.x)).split(self.recipe.batch)

    def loss(
        self, learner: nn.Module, batch: torch.Tensor, progress: float
    ) -> tuple[torch.Tensor, tuple[float, float]]:
        """(mean squared error of the hidden samples, (its sum over them, that of a guess of 0))."""
        rows = self.x[batch.to(self.device)]
        hidden = hidden_spans(rows.shape).to(self.device)
        filled = learner(torch.where(hidden, 0.0, rows)).float()
        loss = F.mse_loss(filled[hidden], rows[hidden])
        left = float(loss.detach()) * int(hidden.sum())
        return loss, (left, float(rows[hidden].square().sum()))

    def figures(self, seen: list[tuple[float, float]]) -> dict[str, float]:
        """train_loss: the share of the hidden samples' variance that is left (1 would be no better
        than the mean)."""
        left, total = zip(*seen)
        return {"train_loss": sum(left) / sum(total)}

    def line(self, epoch: int, row: Mapping[str, float], better: bool) -> str:
        return f"{epoch:>5} share of the hidden samples' variance left: {row['train_loss']:.3f}"

    def state(self) -> dict[str, Any]:
        return {"decoder": self.decoder.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.decoder.load_state_dict(state["decoder"])


def _cosine(start: float, end: float, share: float) -> float:
    """From start to end by half a cosine."""
    return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def pretrain(
    network: nn.Module,
    x: torch.Tensor,
    recipe: Recipe,
    files: Files | None = None,
    *,
    device: torch.device = torch.device("cpu"),
    identity: str = "",
    resume: bool = False,
    report: Callable[[str], object] = print,
) -> nn.Module:
    """Teach `network`, which offers `features`, to fill in hidden spans of the rows x (n, 187).

    Returns it. Its last layer, which has no part in it, stays as it is. Reports the share of the
    hidden samples' variance that is left, epoch by epoch. files, resume: as for
    ecg.training.loop."""
    task = HiddenSpans(x, recipe, device, identity)
    training = fit(task, network, files, resume=resume, report=report)
    network.load_state_dict(training.weights())
    return network
