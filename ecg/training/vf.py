"""The training of the network of ventricular fibrillation: weights of the windows, folds by
patient, card."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg import artifacts, cli, fingerprint, weights
from ecg.artifacts import InputError
from ecg.export import export_vf
from ecg.rhythm.fibrillation import Limits
from ecg.rhythm.fibrillation_numbers import LAGS, NUMBERS
from ecg.training import vf_data as groups
from ecg.training.loop import fit
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.task import Task
from ecg.training.vf_data import VfData

OPTIONS = {
    **dict(epochs=None, batch=None, learning_rate=None, seed=0, threads=1, weight="weight"),
    **dict(records=["data/cudb", "data/mitdb", "data/cinc2017"], noise="data/nstdb", cv=False),
}
OUTPUTS = ("VF", "beats", "noise")
# what each kind of window weighs in all; where a patient has k of them, as sqrt(k) of them
VF_SHARE = 0.35
SHARES = {
    groups.WATCHED: 0.25,
    groups.ANNOTATED: 0.1,
    groups.NOISY: 0.1,
    groups.HAND_HELD: 0.1,
    groups.MADE: 0.05,
}
NOISE_SHARE = 0.05
COMMON = (groups.ANNOTATED, groups.NOISY, groups.HAND_HELD)  # there are many windows of these
LIMITS = Limits(low=0.4, high=0.7)  # chosen on the patients left out and on DS1


class _Network(Protocol):
    mean: torch.Tensor
    scale: torch.Tensor

    def each(self, numbers: torch.Tensor) -> torch.Tensor: ...


class Rows(NamedTuple):
    """x: float32 (n, inputs); target: float32 (n, 3), of OUTPUTS; weight: float32 (n,), 1 in the
    mean; common: bool (n,), windows of which an epoch may leave some out."""

    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    common: np.ndarray


def rows_of(data: VfData, records: np.ndarray) -> Rows:
    """What is learnt from the recordings `records`, bool (r,)."""
    rows = np.flatnonzero(records[data.record])
    vf, noise, group, record = data.vf[rows], data.noise[rows], data.group[rows], data.record[rows]
    target = np.column_stack([vf, np.where(noise, 0, 1 - vf), noise]).astype(np.float32)
    is_vf = vf > 0.5
    kinds = [(is_vf, VF_SHARE), (noise, NOISE_SHARE)]
    kinds += [((group == name) & ~is_vf & ~noise, share) for name, share in SHARES.items()]
    weight = np.zeros(len(rows), np.float32)
    for kind, share in kinds:
        weight += _by_record(record, kind, share)
    weight *= len(rows) / max(weight.sum(), 1e-9)
    common = ~(vf > 0) & ~noise & np.isin(group, COMMON)
    return Rows(data.rows[rows], target, weight, common)


def _by_record(record, kind, share):
    """(n,) weights that add up to `share` over the rows `kind`, bool (n,)."""
    count = np.bincount(record[kind], minlength=record.max(initial=0) + 1)
    weight = np.where(kind, np.maximum(count[record], 1.0) ** -0.5, 0.0)
    return share * weight / max(weight.sum(), 1e-9)


class VfTask(Task):
    """Rows in random order, with noise on their standardised numbers; the weighted cross-entropy of
    every member."""

    def __init__(self, network: nn.Module, rows: Rows, recipe: Recipe, seed: int):
        super().__init__(recipe, torch.device("cpu"))
        self.quiet, self.seed = True, seed
        self.x, self.target = torch.from_numpy(rows.x), torch.from_numpy(rows.target)
        self.common = rows.common
        weight = np.where(rows.common, rows.weight / (1 - recipe.skipped), rows.weight)
        self.weight = torch.from_numpy(weight.astype(np.float32))

    def batches(self, epoch: int) -> Sequence[torch.Tensor]:
        rng = np.random.default_rng([self.seed, epoch])
        left = rng.random(len(self.common)) < np.where(self.common, self.recipe.skipped, 0)
        return torch.from_numpy(rng.permutation(np.flatnonzero(~left))).split(self.recipe.batch)

    def loss(
        self, learner: nn.Module, batch: torch.Tensor, progress: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        network, x = cast(_Network, learner), self.x[batch]
        x = _without_neighbours(x, self.recipe.hidden)
        x = x + self.recipe.noise * network.scale * torch.randn_like(x)
        logits = network.each(x)
        target = self.target[batch].expand(len(logits), -1, -1)
        each = F.cross_entropy(logits.flatten(0, 1), target.flatten(0, 1), reduction="none")
        loss = (each.view(len(logits), -1) * self.weight[batch]).mean(dim=1).sum()
        return loss, loss.detach() / len(logits)

    def figures(self, seen: list) -> dict[str, float]:
        return {"train_loss": float(torch.stack(seen).mean())}


def _without_neighbours(x, share):
    """Rows x (n, inputs) of which `share` has no window before or after: the window itself stands
    there, as at either end of a recording and of what a monitor has."""
    parts = list(x.split(len(NUMBERS), dim=1))
    for k in range(1, len(parts)):
        hidden = torch.rand(len(x), 1) < share
        parts[k] = torch.where(hidden, parts[0], parts[k])
    return torch.cat(parts, dim=1)


def fit_vf(
    network: nn.Module,
    data: VfData,
    records: np.ndarray,
    seed: int = 0,
    recipe: Recipe = RECIPES["vf"],
) -> nn.Module:
    """Train a fresh VfNet on the recordings `records`, bool (r,). Returns it, in eval mode."""
    rows, inside = rows_of(data, records), cast(_Network, network)
    inside.mean.copy_(torch.from_numpy(rows.x.mean(axis=0)))
    inside.scale.copy_(torch.from_numpy(rows.x.std(axis=0) + 1e-3))
    trained = fit(VfTask(network, rows, recipe, seed), network, seed=seed)
    network.load_state_dict(trained.weights())
    return network.eval()


def folds(data: VfData, seed: int = 0) -> np.ndarray:
    """Fold of each recording, int (r,): each patient with VF has one of its own, over which the
    other annotated recordings are dealt out; -1, in no fold, for the hand-held and the made ones,
    which are always learnt from."""
    has_vf = np.zeros(len(data.names), bool)
    has_vf[np.unique(data.record[data.vf > 0.5])] = True
    scored = np.zeros(len(data.names), bool)
    scored[np.unique(data.record[np.isin(data.group, [groups.WATCHED, groups.ANNOTATED])])] = True
    fold = np.full(len(data.names), -1)
    fold[has_vf] = np.arange(has_vf.sum())
    others = np.random.default_rng(seed).permutation(np.flatnonzero(scored & ~has_vf))
    fold[others] = np.arange(len(others)) % max(has_vf.sum(), 2)
    return fold


def cross_validate(
    create: Callable[[], nn.Module], data: VfData, seed: int = 0, recipe: Recipe = RECIPES["vf"]
) -> tuple[np.ndarray, list[nn.Module]]:
    """(fold of each recording (r,), the network of each fold, which never saw its recordings)."""
    fold, networks = folds(data, seed), []
    for k in range(fold.max(initial=-1) + 1):
        torch.manual_seed(100 * seed + k)
        networks.append(fit_vf(create(), data, fold != k, seed, recipe))
    return fold, networks


def vf_card(
    network: nn.Module,
    data: VfData,
    limits: Limits,
    metrics: Mapping[str, Any],
    seed: int,
    recipe: Recipe,
) -> dict:
    """What a reader of the weights must know."""
    names, count = np.unique(data.group, return_counts=True)
    watched = np.unique(data.record[np.isin(data.group, [groups.WATCHED, groups.ANNOTATED])])
    return {
        "name": "vf",
        "architecture": type(network).__name__,
        "arguments": {},
        "input": {
            "kind": "rows of ecg.rhythm.fibrillation_numbers.Described: of a window of 4 s",
            "tensor": "numbers (n, inputs) float32",
            "numbers": list(NUMBERS),
            "lags": list(LAGS),
            "standardised_inside": True,
        },
        "output": "logits (n, 3): fibrillation or flutter, beats, nothing that can be read",
        "classes": list(OUTPUTS),
        "threshold": limits._asdict(),
        "recipe": recipe.as_card(),
        "manifest": {
            "synthetic": False,
            "seed": seed,
            "windows": dict(zip(names.tolist(), count.tolist())),
            "records": data.names[watched].tolist(),
            fingerprint.KEY: fingerprint.as_text(data.marks.tolist()),
        },
        "metrics": dict(metrics),
        "versions": artifacts.versions(),
    }


def left_out(data: VfData, fold: np.ndarray, networks: Sequence[nn.Module]) -> np.ndarray:
    """float32 (w,) probability of VF in each window by a network that never saw the patient; NaN
    for recordings in no fold."""
    likely = np.full(len(data.rows), np.nan, np.float32)
    for k, network in enumerate(networks):
        rows = fold[data.record] == k
        with torch.inference_mode():
            found = torch.softmax(network(torch.from_numpy(data.rows[rows])), dim=1)
        likely[rows] = found[:, 0].numpy()
    return likely


def figures(data: VfData, likely: np.ndarray, limit: float) -> dict[str, float]:
    """Percent of the windows of 4 s in which a network that never saw the patient says VF."""
    called, wholly = likely > limit, data.vf == 1
    kinds = {
        "VF": np.isin(data.group, [groups.WATCHED, groups.ANNOTATED]) & wholly,
        "no VF, patients with it": (data.group == groups.WATCHED) & (data.vf == 0),
        "no VF, annotated records": (data.group == groups.ANNOTATED) & (data.vf == 0),
        "with muscle noise": (data.group == groups.NOISY) & (data.vf == 0),
    }
    return {
        name: round(100 * float(called[rows].mean()), 3)
        for name, kind in kinds.items()
        if (rows := kind & np.isfinite(likely)).any()
    }


def train_vf(args: argparse.Namespace, create: Callable[[], nn.Module]) -> None:
    """`train.py --model vf`: leaving one patient out, then the network of all. create: a fresh
    network."""
    recipe = cli.recipe_from(args, RECIPES["vf"])
    torch.set_num_threads(args.threads)
    folders = [artifacts.locate(folder) for folder in args.records]
    data = groups.load_vf_data(folders, artifacts.locate(args.noise), args.seed)
    if not (data.vf > 0.5).any():
        raise InputError("--records: no recording holds ventricular fibrillation, none is learnt")
    fold, networks = cross_validate(create, data, args.seed, recipe)
    metrics = figures(data, left_out(data, fold, networks), LIMITS.high)
    told = ", ".join(f"{name} {value:.2f}" for name, value in metrics.items())
    print(f"Leaving one patient out, percent of the windows called VF: {told}")
    if args.cv:
        return
    torch.manual_seed(args.seed)
    net = fit_vf(create(), data, np.ones(len(data.names), bool), args.seed, recipe)
    card = vf_card(net, data, LIMITS, {"windows left out": metrics}, args.seed, recipe)
    path = weights.weights_path(args.weight, "vf")
    weights.save_weights(path, net.state_dict(), card)
    export_vf(net, weights.onnx_path(path), card)
    print(f"{weights.wrote(path, weights.onnx_path(path))}: {len(data.names)} recordings")
