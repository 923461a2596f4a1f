"""The training of the quality network: weights of the rows, thresholds, cross-validation, card."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg import artifacts, fingerprint, quality
from ecg.training import quality_made as made
from ecg.training.loop import fit
from ecg.training.quality_data import ANNOTATED, CLEAN, NOISY, QualityData
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.task import Task

FOLDS = 5
NOISE_SHARE = 0.25  # weight of class ~ beside that of N, A and O; annotated records weigh as all
MADE_SHARE = 0.15  # weight of made noise, strong and mild each
THINNED = 3  # of the windows of annotated records, every third is learnt from
# shares of the time of class N, and of the true V beats, that may be named: the thresholds
MAY_BE_NOISE, MAY_BE_MOTION = 0.02, 0.003


class _Network(Protocol):
    mean: torch.Tensor
    scale: torch.Tensor


class Rows(NamedTuple):
    """x: float32 (n, inputs); target, weight: float32 (n, 2), of noise and electrode motion."""

    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray


def rows_of(data: QualityData, records: np.ndarray) -> Rows:
    """What is learnt from the recordings `records`, bool (r,)."""
    group = data.groups[data.window_record]
    thin = (group != ANNOTATED) | (np.arange(len(group)) % THINNED == 0)
    w = np.flatnonzero(records[data.window_record] & thin)
    b = np.flatnonzero(records[data.beat_record] & np.isfinite(data.motion))
    x = np.zeros((len(w) + len(b), quality.WINDOW_INPUTS + quality.BEAT_INPUTS), np.float32)
    x[: len(w), : quality.WINDOW_INPUTS] = data.windows[w]
    x[len(w) :, quality.WINDOW_INPUTS :] = data.beats[b]
    target, weight = np.zeros((2, len(x), 2), np.float32)
    noisy = np.isin(group[w], [NOISY, made.NOISY])
    target[: len(w), 0] = noisy
    for rows, share in (
        (group[w] == NOISY, NOISE_SHARE),
        (group[w] == made.NOISY, MADE_SHARE),
        (group[w] == made.MILD, MADE_SHARE),
        (np.isin(group[w], list(CLEAN)), 1 - NOISE_SHARE),
        (group[w] == ANNOTATED, 1.0),
    ):
        weight[: len(w), 0] += _by_record(data.window_record[w], rows, share, 1.0)
    motion, is_v = data.motion[b] == 1, data.is_v[b]
    annotated = data.groups[data.beat_record[b]] == ANNOTATED
    target[len(w) :, 1] = motion
    for rows, share in (
        (motion, 1.0),
        (annotated & is_v, 1.0),
        (~annotated & is_v & ~motion, 0.5),
        (~is_v, 0.5),
    ):
        weight[len(w) :, 1] += _by_record(data.beat_record[b], rows, share, 0.5)
    return Rows(x, target, weight * len(x))


def _by_record(record, rows, share, power):
    """(n,) weights that add up to `share` over the `rows` (n,) bool; a record of k of them weighs
    k^(1 - power)."""
    count = np.bincount(record[rows], minlength=record.max(initial=0) + 1)
    weight = np.where(rows, np.maximum(count[record], 1.0) ** -power, 0.0)
    return share * weight / max(weight.sum(), 1e-9)


class QualityTask(Task):
    """Rows in random order, with noise on their standardised numbers; the weighted binary
    cross-entropy of both answers."""

    def __init__(self, network: nn.Module, rows: Rows, recipe: Recipe, seed: int):
        super().__init__(recipe, torch.device("cpu"))
        self.quiet, self.seed = True, seed
        self.x, self.target, self.weight = (torch.from_numpy(each) for each in rows)

    def batches(self, epoch: int) -> Sequence[torch.Tensor]:
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.x))
        return torch.from_numpy(order).split(self.recipe.batch)

    def loss(
        self, learner: nn.Module, batch: torch.Tensor, progress: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x, scale = self.x[batch], cast(_Network, learner).scale
        x = x + self.recipe.noise * scale * torch.randn_like(x)
        each = F.binary_cross_entropy_with_logits(
            learner(x), self.target[batch], self.weight[batch], reduction="none"
        )
        loss = each.sum(dim=1).mean()
        return loss, loss.detach()

    def figures(self, seen: list) -> dict[str, float]:
        return {"train_loss": float(torch.stack(seen).mean())}


def fit_quality(
    network: nn.Module,
    data: QualityData,
    records: np.ndarray,
    seed: int = 0,
    recipe: Recipe = RECIPES["quality"],
) -> nn.Module:
    """Train a fresh QualityNet on the recordings `records`, bool (r,). Returns it, in eval mode."""
    rows = rows_of(data, records)
    inside, windows = cast(_Network, network), rows.weight[:, 0] > 0
    for columns, known in (
        (slice(None, quality.WINDOW_INPUTS), windows),
        (slice(quality.WINDOW_INPUTS, None), ~windows),
    ):
        part = rows.x[known][:, columns]
        if len(part):
            inside.mean[columns] = torch.from_numpy(part.mean(axis=0))
            inside.scale[columns] = torch.from_numpy(part.std(axis=0) + 1e-3)
    trained = fit(QualityTask(network, rows, recipe, seed), network, seed=seed)
    network.load_state_dict(trained.weights())
    return network.eval()


class LeftOut(NamedTuple):
    """Probabilities by networks that never saw the recording: noise (w,) of each window, motion
    (b,) of each beat; fold: (r,) of each recording; networks: of each fold."""

    noise: np.ndarray
    motion: np.ndarray
    fold: np.ndarray
    networks: list[nn.Module]


def folds(data: QualityData, k: int = FOLDS, seed: int = 0) -> np.ndarray:
    """Fold of each recording, (r,): each group of each folder dealt out in random order, made noise
    with its clean recording."""
    rng = np.random.default_rng(seed)
    names, first, same = np.unique(data.names, return_index=True, return_inverse=True)
    fold = np.zeros(len(names), int)
    kind = np.array([f"{data.names[i].split('/')[0]} {data.groups[i]}" for i in first])
    for each in sorted(set(kind)):
        rows = np.flatnonzero(kind == each)
        fold[rng.permutation(rows)] = np.arange(len(rows)) % k
    return fold[same]


def cross_validate(
    create: Callable[[], nn.Module],
    data: QualityData,
    k: int = FOLDS,
    seed: int = 0,
    recipe: Recipe = RECIPES["quality"],
) -> LeftOut:
    """Each recording by a network that was trained on the other folds."""
    fold, networks = folds(data, k, seed), []
    noise, motion = np.zeros(len(data.windows)), np.zeros(len(data.beats))
    for j in range(k):
        torch.manual_seed(100 * seed + j)
        network = fit_quality(create(), data, fold != j, seed, recipe)
        w, b = fold[data.window_record] == j, fold[data.beat_record] == j
        noise[w] = _answers(network, data.windows[w], 0)
        motion[b] = _answers(network, data.beats[b], 1)
        networks.append(network)
    return LeftOut(noise, motion, fold, networks)


def _answers(network, numbers, column):
    """(n,) probabilities of one of the two answers."""
    at = quality.WINDOW_INPUTS if column else 0
    x = np.zeros((len(numbers), quality.WINDOW_INPUTS + quality.BEAT_INPUTS), np.float32)
    x[:, at : at + numbers.shape[1]] = numbers
    with torch.inference_mode():
        return torch.sigmoid(network(torch.from_numpy(x))[:, column]).numpy()


def named(data: QualityData, noise: np.ndarray, threshold: float) -> dict[str, float]:
    """{group: percent of its time that is named noise, by the R peak detector or the network}; of a
    recording with two leads where both are."""
    least = noise.copy()
    for record in np.unique(data.window_record[data.window_lead == 1]):
        of_leads = [(data.window_record == record) & (data.window_lead == k) for k in (0, 1)]
        both = np.minimum(*(noise[rows] for rows in of_leads))
        least[of_leads[0]] = both
    first = data.window_lead == 0
    seconds = np.where(least > threshold, data.seconds, data.lost)
    group = data.groups[data.window_record]
    return {
        each: 100 * float(seconds[rows].sum() / data.seconds[rows].sum())
        for each in sorted(set(data.groups))
        if (rows := first & (group == each)).any()
    }


def choose_thresholds(data: QualityData, found: LeftOut) -> dict[str, float]:
    """{"noise", "electrode motion"}: the lowest ones by which at most MAY_BE_NOISE of class N's
    time, and MAY_BE_MOTION of the annotated V beats, are named."""
    rows = data.groups[data.window_record] == "N"
    order = np.argsort(-found.noise[rows])
    probability = found.noise[rows][order]
    more = (data.seconds - data.lost)[rows][order]
    share = (np.cumsum(more) + data.lost[rows].sum()) / max(data.seconds[rows].sum(), 1e-9)
    noise = probability[np.searchsorted(share, MAY_BE_NOISE)] if len(order) else 0.5
    annotated = data.groups[data.beat_record] == ANNOTATED
    true_v = annotated & data.is_v & (data.motion == 0) & (data.beat_lead == 0)
    motion = np.quantile(found.motion[true_v], 1 - MAY_BE_MOTION) if true_v.any() else 0.5
    return {quality.NOISE: float(noise), quality.MOTION: float(motion)}


def with_v(data: QualityData, motion: np.ndarray, threshold: float) -> tuple[float, float]:
    """Percent of the recordings of class N with a beat called V: before and after beats that are
    moved electrodes (motion (b,) above the threshold) lose their label."""
    of_n = (data.groups[data.beat_record] == "N") & data.is_v
    recordings = max((data.groups == "N").sum(), 1)
    before, after = (
        100 * len(np.unique(data.beat_record[rows])) / recordings
        for rows in (of_n, of_n & ~(motion > threshold))
    )
    return before, after


def figures(
    data: QualityData, found: LeftOut, threshold: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """What the cross-validation gave, in percent."""
    group, lead = data.groups[data.beat_record], data.beat_lead
    moved = found.motion > threshold[quality.MOTION]
    of_v = {
        "V of annotated records": (group == ANNOTATED) & (data.motion == 0) & (lead == 0),
        "V of class N": group == "N",
        "V of class O": group == "O",
    }
    before, after = with_v(data, found.motion, threshold[quality.MOTION])
    return {
        "time named by the R peak detector": named(data, found.noise, np.inf),
        "time named": named(data, found.noise, threshold[quality.NOISE]),
        "V beats named a moved electrode": {
            name: 100 * float(moved[rows & data.is_v].mean())
            for name, rows in of_v.items()
            if (rows & data.is_v).any()
        },
        "recordings of class N with a V beat": {"before": before, "after": after},
    }


def lines(metrics: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The table of `figures`."""
    table = [
        f"  {title}: {', '.join(f'{name} {value:.1f}' for name, value in row.items())}"
        for title, row in metrics.items()
    ]
    return ["Cross-validation by recording, percent", *table]


def quality_card(
    network: nn.Module,
    data: QualityData,
    threshold: Mapping[str, float],
    metrics: Mapping[str, Any],
    seed: int,
    recipe: Recipe,
) -> dict:
    """What a reader of the weights must know."""
    groups, count = np.unique(data.groups, return_counts=True)
    return {
        "name": "quality",
        "architecture": type(network).__name__,
        "arguments": {},
        "input": {
            "kind": "rows of ecg.quality.DescribedLead: of a window, or of a beat",
            "tensor": "numbers (n, windows + beats) float32",
            "windows": list(quality.WINDOW_NAMES),
            "beats": list(quality.BEAT_NAMES),
            "standardised_inside": True,
        },
        "output": "logits (n, 2): the window is noise, the beat is a moved electrode",
        "classes": [quality.NOISE, quality.MOTION],
        "threshold": dict(threshold),
        "recipe": recipe.as_card(),
        "manifest": {
            "synthetic": False,
            "seed": seed,
            "recordings": dict(zip(groups.tolist(), count.tolist())),
            "folders": sorted({name.split("/")[0] for name in data.names}),
            fingerprint.KEY: fingerprint.as_text(data.marks.tolist()),
        },
        "metrics": dict(metrics),
        "versions": artifacts.versions(),
    }
