"""The training of the rhythm network: convolutions and trees, folds by recording, card."""

import argparse
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg import artifacts, cli, fingerprint, prediction, weights
from ecg.artifacts import InputError
from ecg.beat_table import label_beats
from ecg.export import export_rhythm
from ecg.rhythm.strips import BAND, NUMBER_NAMES, SAMPLES
from ecg.rhythm.track import RHYTHMS, STRIP
from ecg.rhythm.wave_numbers import RATE
from ecg.training import rhythm_trees
from ecg.training.context_folds import ContextFolds
from ecg.training.loop import fit
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.rhythm_changes import changed, noise_bank
from ecg.training.rhythm_data import Label, RhythmData, load_rhythm_data
from ecg.training.rhythm_scores import (
    balanced_left_out,
    choose_bias,
    lines,
    scores,
    temperature_left_out,
)
from ecg.training.task import Task

FOLDS = 5
WEIGHTS = (1.0, 2.0, 1.3, 2.0)  # of RHYTHMS in the loss over the waveform ...
TREE_WEIGHTS = (1.0, 3.0, 1.3, 3.0)  # ... and in that of the trees
BLOCK = 256  # looks at a time

OPTIONS = {
    **dict(epochs=None, batch=None, learning_rate=None, seed=0, threads=1, weight="weight"),
    **dict(records=["data/cinc2017"], context=None, cv=False, folds=FOLDS, seeds=1, members=2),
}

Create = Callable[..., nn.Module]  # (trees=(rounds, nodes, depth)) -> a fresh RhythmNet


class _Network(Protocol):
    members: nn.ModuleList
    forest: rhythm_trees.Forest
    bias: torch.Tensor


class RhythmTask(Task):
    """Every recording once an epoch, in random order, by one of its looks, changed as strips may
    be; the weighted cross-entropy of the waveform."""

    def __init__(self, data: RhythmData, records: np.ndarray, recipe: Recipe, seed: int):
        """records: int (r,), the recordings learnt from."""
        super().__init__(recipe, torch.device("cpu"))
        self.data, self.records, self.seed = data, records, seed
        self.first = np.searchsorted(data.record, np.arange(len(data.names)))
        self.looks = np.bincount(data.record, minlength=len(data.names))
        self.weight, self.bank = torch.tensor(WEIGHTS), noise_bank(seed)

    def form(self, network: nn.Module) -> nn.Module:
        return super().form(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def batches(self, epoch: int) -> Sequence[Any]:
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.records)
        whole = max(len(order) // self.recipe.batch, 1)
        return [(part, rng.integers(2**32)) for part in np.array_split(order, whole)]

    def loss(
        self, learner: nn.Module, batch: Any, progress: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows, seed = batch
        rng = np.random.default_rng(seed)
        look = self.first[rows] + rng.integers(0, self.looks[rows])
        x = changed(self.data.waveform[look], rng, self.bank)
        target = torch.from_numpy(self.data.classes[rows])
        smoothing = self.recipe.smoothing
        loss = F.cross_entropy(learner(x), target, self.weight, label_smoothing=smoothing)
        return loss, loss.detach()

    def figures(self, seen: list) -> dict[str, float]:
        return {"train_loss": float(torch.stack(seen).mean())}


def fit_rhythm(
    create: Create,
    data: RhythmData,
    records: np.ndarray,
    seed: int = 0,
    recipe: Recipe = RECIPES["rhythm"],
) -> nn.Module:
    """Train a fresh network on the recordings `records`, bool (r,). Returns it, in eval mode."""
    rows = np.flatnonzero(records[data.record])
    of_look = data.classes[data.record[rows]]
    weight = np.array(TREE_WEIGHTS)[of_look] / np.bincount(data.record)[data.record[rows]]
    absent = [RHYTHMS[k] for k in range(len(RHYTHMS)) if not (of_look == k).any()]
    if absent:
        raise InputError(f"no recording to learn {', '.join(absent)} from")
    grown = rhythm_trees.grow(data.numbers[rows], of_look, weight, seed)
    shape = rhythm_trees.shape_of(grown)
    torch.manual_seed(seed)
    network = create(trees=shape)
    inside = cast(_Network, network)
    rhythm_trees.fill(inside.forest, grown)
    for number, member in enumerate(inside.members):
        task = RhythmTask(data, np.flatnonzero(records), recipe, seed + 1000 * number)
        member.load_state_dict(fit(task, member, seed=seed + 1000 * number).weights())
    return network.eval()


def log_probabilities(network: nn.Module, data: RhythmData, looks: np.ndarray) -> np.ndarray:
    """float32 (n, 4) of the looks (n,) by number."""
    parts = []
    with torch.inference_mode():
        for at in range(0, len(looks), BLOCK):
            rows = looks[at : at + BLOCK]
            waveform = torch.from_numpy(data.waveform[rows].astype(np.float32))[:, None]
            numbers = torch.from_numpy(data.numbers[rows])
            parts.append(network(waveform, numbers).log_softmax(dim=1).numpy())
    return np.concatenate(parts) if parts else np.zeros((0, len(RHYTHMS)), np.float32)


class LeftOut(NamedTuple):
    """looks: float32 (k, 4), log-probabilities by networks that never saw the recording; fold:
    (r,) of each recording; networks: of each fold."""

    looks: np.ndarray
    fold: np.ndarray
    networks: list[nn.Module]


def folds(data: RhythmData, k: int = FOLDS, seed: int = 0) -> np.ndarray:
    """Fold of each recording, (r,): each class dealt out in random order. People are not known:
    one recording a person is assumed."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(data.names), int)
    for each in range(len(RHYTHMS)):
        rows = np.flatnonzero(data.classes == each)
        fold[rng.permutation(rows)] = np.arange(len(rows)) % k
    return fold


def cross_validate(
    create: Create,
    data: RhythmData,
    k: int = FOLDS,
    seed: int = 0,
    recipe: Recipe = RECIPES["rhythm"],
    report: Callable[[str], Any] = lambda line: None,
) -> LeftOut:
    """Each recording by a network that was trained on the other folds. report: takes a line a
    fold."""
    fold, networks = folds(data, k, seed), []
    looks = np.zeros((len(data.record), len(RHYTHMS)), np.float32)
    for j in range(k):
        network = fit_rhythm(create, data, fold != j, seed + 10 * j, recipe)
        out = np.flatnonzero(fold[data.record] == j)
        looks[out] = log_probabilities(network, data, out)
        networks.append(network)
        part = scores(data, looks, fold == j)
        report(f"fold {j + 1} of {k}: mean F1 {part['mean']:.3f}")
    return LeftOut(looks, fold, networks)


def rhythm_card(
    network: nn.Module,
    data: RhythmData,
    temperature: float,
    metrics: Mapping[str, Any],
    labels: str,
    seed: int,
    recipe: Recipe,
) -> dict:
    """What a reader of the weights must know. labels: who labelled the beats."""
    count = np.bincount(data.classes, minlength=len(RHYTHMS)).tolist()
    inside = cast(_Network, network)
    return {
        "name": "rhythm",
        "architecture": type(network).__name__,
        "arguments": {"members": len(inside.members), "trees": list(inside.forest.shape)},
        "input": {
            "kind": "looks of ecg.rhythm.strips.Strips: half a minute of one lead",
            "tensor": "waveform (n, 1, samples) float32, numbers (n, names) float32, NaN unknown",
            "rate_hz": RATE,
            "band_hz": list(BAND),
            "seconds": STRIP,
            "samples": SAMPLES,
            "names": list(NUMBER_NAMES),
        },
        "output": "logits (n, 4)",
        "classes": list(RHYTHMS),
        "temperature": temperature,
        "recipe": recipe.as_card(),
        "trees": dict(rhythm_trees.SETTINGS),
        "manifest": {
            "synthetic": False,
            "seed": seed,
            "recordings": dict(zip(RHYTHMS, count)),
            "folders": sorted({name.split("/")[0] for name in data.names}),
            fingerprint.KEY: fingerprint.as_text(data.marks.tolist()),
            "labels_of_beats": labels,
            "people": "not known; one recording a person is assumed",
        },
        "metrics": dict(metrics),
        "versions": artifacts.versions(),
    }


def beats_labelled(
    args: argparse.Namespace, load: Callable[[Path], tuple[nn.Module, dict]]
) -> tuple[Label, str]:
    """(what labels the beats of a recording; its name for the card): the networks of a context
    cross-validation in args.context, each of which never saw the recording, or the context model.
    load: (path) -> (a context network, its card)."""
    if args.context:
        network: Any = ContextFolds(args.context, lambda path: load(path)[0]).network
        told = "context networks that never saw the recording"
    else:
        path = weights.find_weights("context", args.weight, ".onnx")
        session = prediction.open_onnx(path, args.threads)
        network, told = (lambda name: session), path.name

    def label(name, recording, found):
        table = label_beats(recording.signal, recording.fs, found, network(name))
        return table["label"].to_numpy().astype("U1")

    return label, told


def train_rhythm(
    args: argparse.Namespace,
    create: Callable[..., nn.Module],
    load: Callable[[Path], tuple[nn.Module, dict]],
) -> None:
    """`train.py --model rhythm`: cross-validation by recording, then the network of all.

    create: (members, trees) -> a fresh network. load: see `beats_labelled`."""
    recipe = cli.recipe_from(args, RECIPES["rhythm"])
    torch.set_num_threads(args.threads)
    if len(args.records) > 1:
        raise InputError("--records: the rhythm network learns from one folder")
    label, labels = beats_labelled(args, load)
    data = load_rhythm_data(artifacts.locate(args.records[0]), label)
    fresh = functools.partial(create, members=args.members)
    left = [
        cross_validate(fresh, data, args.folds, args.seed + 100 * k, recipe, cli.print_line)
        for k in range(args.seeds)
    ]
    found = [scores(data, balanced_left_out(data, each.looks, each.fold)) for each in left]
    print("\n".join(lines(found)))
    if args.cv:
        return
    every = np.ones(len(data.names), bool)
    network = fit_rhythm(fresh, data, every, args.seed, recipe)
    temperature = calibrate(network, data, np.mean([each.looks for each in left], axis=0))
    metrics = {"cross-validation, F1": found, "folds": args.folds}
    card = rhythm_card(network, data, temperature, metrics, labels, args.seed, recipe)
    print(write(network, card, args.weight))


def calibrate(network: nn.Module, data: RhythmData, looks: np.ndarray) -> float:
    """Give the network its bias by the log-probabilities (k, 4) of recordings left out. Returns
    the temperature."""
    bias = choose_bias(data, looks, np.ones(len(data.names), bool))
    cast(_Network, network).bias.copy_(torch.from_numpy(bias))
    return temperature_left_out(data, looks + bias)


def write(network: nn.Module, card: dict, weight: str | Path) -> str:
    """Weights, card and ONNX file into a folder of weights. Returns what there is to say."""
    path = weights.weights_path(weight, "rhythm")
    weights.save_weights(path, network.state_dict(), card)
    onnx = weights.onnx_path(path)
    export_rhythm(network, onnx, card)
    recordings = sum(card["manifest"]["recordings"].values())
    return f"{weights.wrote(path, onnx)}: {recordings:,} recordings"
