"""What is special to training on sequences of a patient's beats: the weight of every beat, the
sequences of an epoch, their loss, and the training of a context network member by member."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg import artifacts, context, fingerprint
from ecg.context import CONTEXT_CLASSES
from ecg.networks import ContextNetwork
from ecg.training.distribution import summed
from ecg.training.loop import Files, fit
from ecg.training.patients import Patient
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.task import Task
from ecg.training.views import ARTEFACT, NO_ECTOPIC, DescribedView

LENGTH = 64  # beats of a training sequence
# Class biases of N, S, V, F and artefacts: training makes the rare classes weigh more than they
# occur, this takes part of it back. The same for every training; chosen by cross-validation over
# SVDB, on whole records and on pieces of 10 and 30 s.
BIAS = (0.0, -0.75, -0.5, -1.5, 0.0)
BETWEEN = 16  # empty beats between two recordings: more than the network looks beyond a beat
ROBUST = 0.5  # 0: the cross-entropy; 1: the probability itself
LARGEST_WEIGHT = 30  # of a beat, where the mean is 1
FEWEST = 10  # a class with fewer beats in a record weighs as if it had so many


# ------------------------------------------------------------------------------------------- beats


# [patient][view] = (first beats of its leads (leads,), how many beats)
Places = list[list[tuple[np.ndarray, int]]]


class Beats(NamedTuple):
    """All views of all patients in all leads end to end, LENGTH empty beats between them, and
    BETWEEN between the recordings of a view that holds several.

    features: (n, features) standardised; classes: (n,) 0..5 as in a DescribedView, -1 for none;
    weights: (n,) of each beat in the loss."""

    features: torch.Tensor
    classes: torch.Tensor
    weights: torch.Tensor
    places: Places


def beat_weights(patients: Sequence[Patient], power: float) -> list[np.ndarray]:
    """Weights [patient] -> (views, 7) of a beat by class; the last, for beats of no class, is 0.

    (beats of its class in its record)^-power x (that sum over the class)^-power; at most 30, mean
    1."""
    views = [view for p in patients for view in p.views.values()]
    count = np.array([np.bincount(view.classes + 1, minlength=7)[1:] for view in views], float)
    weight = np.where(count > 0, np.maximum(count, FEWEST) ** -power, 0)
    weight *= np.maximum((weight * count).sum(axis=0), 1) ** -power
    weight /= (weight * count).sum() / count.sum()
    weight = np.hstack([np.minimum(weight, LARGEST_WEIGHT), np.zeros((len(views), 1))])
    return np.split(weight.astype(np.float32), np.cumsum([len(p.views) for p in patients])[:-1])


def standardisation(patients: Sequence[Patient]) -> tuple[np.ndarray, np.ndarray]:
    """(mean, scale) (features,) of every fourth annotated beat."""
    leads = [lead for p in patients if p.annotated for lead in p.views["annotated"].leads]
    features = np.concatenate([lead.features[::4] for lead in leads])
    return features.mean(axis=0), features.std(axis=0) + 1e-6


def join_beats(
    network: nn.Module, patients: Sequence[Patient], weight: Sequence[np.ndarray]
) -> Beats:
    """The beats of the patients, standardised by the network; weight: from `beat_weights`."""
    context_network = cast(ContextNetwork, network)
    views = [seen for p in patients for seen in p.views.values()]
    total = LENGTH + sum((_places_of(seen) + LENGTH) * len(seen.leads) for seen in views)
    # made once and filled: with all views of all patients these are gigabytes
    features = np.zeros((total, len(context_network.mean)), np.float32)
    classes, weights = np.full(total, -1), np.zeros(total, np.float32)
    places: Places = []
    at = LENGTH
    for patient, of_views in zip(patients, weight):
        places.append([])
        for seen, of_class in zip(patient.views.values(), of_views):
            count = _places_of(seen)
            places[-1].append((at + (count + LENGTH) * np.arange(len(seen.leads)), count))
            number = np.searchsorted(seen.begins, np.arange(len(seen.classes)), "right") - 1
            place = np.arange(len(seen.classes)) + BETWEEN * number
            for lead in seen.leads:
                standardised = context_network.standardise(torch.from_numpy(lead.features))
                features[at + place] = standardised.numpy()
                classes[at + place] = seen.classes
                weights[at + place] = of_class[seen.classes]
                at += count + LENGTH
    return Beats(
        torch.from_numpy(features), torch.from_numpy(classes), torch.from_numpy(weights), places
    )


def _places_of(view: DescribedView) -> int:
    """Beats of a view, with those between its recordings."""
    return len(view.classes) + BETWEEN * (len(view.begins) - 1)


def draw_sequences(
    places: Places, ectopic: np.ndarray, rng: np.random.Generator, skipped: float
) -> tuple[np.ndarray, np.ndarray]:
    """(first beats (n,) of an epoch's sequences in random order, their weights (n,)).

    Each patient is seen in one view drawn at random, each sequence in one lead drawn at random.
    ectopic: (beats + 1,) how many beats before each are S, V or F; skipped: share of the sequences
    without any such beat that is left out, the others weigh more."""
    of_patients = []
    for views in places:
        leads, count = views[rng.integers(len(views))]
        first = np.arange(-rng.integers(LENGTH), count, LENGTH)
        of_patients.append(first + rng.choice(leads, len(first)))
    starts = np.concatenate(of_patients)
    has_ectopic = ectopic[starts + LENGTH] > ectopic[starts]
    kept = np.flatnonzero(has_ectopic | (rng.random(len(starts)) > skipped))
    kept = rng.permutation(kept)
    weights = np.where(has_ectopic, 1.0, 1 / (1 - skipped)).astype(np.float32)
    return starts[kept], weights[kept]


# -------------------------------------------------------------------------------------------- task


def beat_loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(n,) loss of beats, logits (n, outputs), target (n,) 0..5: the cross-entropy; of NO_ECTOPIC
    the generalised one (Zhang and Sabuncu 2018) of its two classes together, whose pull ends at
    beats that the network is sure of: in a recording that a person called normal a few are not."""
    if logits.shape[1] <= ARTEFACT:
        return F.cross_entropy(logits, target, reduction="none")
    log_p = F.log_softmax(logits, dim=1)
    either = torch.logaddexp(log_p[:, 0], log_p[:, ARTEFACT])
    robust = (1 - torch.exp(ROBUST * either)) / ROBUST
    of_one = F.nll_loss(log_p, target.clamp(max=ARTEFACT), reduction="none")
    return torch.where(target == NO_ECTOPIC, robust, of_one)


class SequenceTask(Task):
    """Training of one member of a context network on sequences of beats.

    seed: of the sequences that are drawn, as numpy.random.default_rng takes it. name: of the
    training, for its checkpoint. Noise and dropout come from torch's generator."""

    def __init__(
        self,
        beats: Beats,
        recipe: Recipe,
        seed: Sequence[int],
        *,
        device: torch.device = torch.device("cpu"),
        quiet: bool = True,
        identity: str = "",
    ):
        super().__init__(recipe, device)
        self.quiet, self.identity = quiet, identity
        self.features, self.weights = beats.features.to(device), beats.weights.to(device)
        self.known = (beats.classes >= 0).to(device)
        self.target = beats.classes.clamp(min=0).to(device)
        self.places = beats.places
        is_ectopic = (beats.classes > 0) & (beats.classes < NO_ECTOPIC)
        self.ectopic = np.concatenate([[0], np.cumsum(is_ectopic.numpy())])
        self.example = torch.zeros(1, LENGTH, beats.features.shape[1])
        self._rng = np.random.default_rng(seed)
        self._epochs: list[tuple[np.ndarray, np.ndarray]] = []
        # the number of sequences is not the same in every epoch: the first is taken for all
        self.planned = recipe.epochs * len(self._sequences(0)[0]) / recipe.batch

    def _sequences(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The sequences of an epoch. Those before it are drawn first, so that a resumed training
        draws what one that was never stopped does."""
        while len(self._epochs) <= epoch:
            drawn = draw_sequences(self.places, self.ectopic, self._rng, self.recipe.skipped)
            self._epochs.append(drawn)
        return self._epochs[epoch]

    def progress(self, epoch: int, step: int, steps: int, done: int) -> float:
        return done / self.planned

    def batches(self, epoch: int) -> Sequence[tuple[np.ndarray, np.ndarray]]:
        """(first beats, weights) of the sequences of each step."""
        starts, weights = self._sequences(epoch)
        steps = max(1, len(starts) // self.recipe.batch)
        return list(zip(np.array_split(starts, steps), np.array_split(weights, steps)))

    def loss(
        self, learner: nn.Module, batch: tuple[np.ndarray, np.ndarray], progress: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        recipe, of_all = self.recipe, len(batch[0]) * LENGTH
        starts, weights = (
            torch.from_numpy(np.array_split(part, self.ranks)[self.rank]).to(self.device)
            for part in batch
        )
        index = starts[:, None] + torch.arange(LENGTH, device=self.device)
        x = self.features[index]
        x = x + recipe.noise * torch.randn_like(x)
        shown = torch.rand(len(starts), 1, x.shape[2], device=self.device) > recipe.hidden
        x = x * (shown / (1 - recipe.hidden))
        logits = learner(x).flatten(0, 1)
        target, known = self.target[index].reshape(-1), self.known[index].reshape(-1)
        each = beat_loss(logits, target)
        loss = (each * (self.weights[index] * weights[:, None]).reshape(-1)).sum()
        given = logits.argmax(1)
        right = (given == target) | (target == NO_ECTOPIC) & ((given == 0) | (given == ARTEFACT))
        right = (right & known).sum()
        beats = torch.tensor(len(each), device=self.device)
        return loss / of_all, torch.stack([loss.detach(), beats, right, known.sum()])

    def figures(self, seen: list[torch.Tensor]) -> dict[str, float]:
        """train_loss (mean over beats of the loss that was minimised), train_acc (share of the
        beats that get their class while learning), train_beats (how many have a class)."""
        total = summed(torch.stack(seen).sum(dim=0), self.ranks)
        loss, beats, right, known = total.tolist()
        return {"train_loss": loss / beats, "train_acc": right / known, "train_beats": int(known)}


def fit_context(
    network: nn.Module,
    patients: Sequence[Patient],
    seed: int = 0,
    recipe: Recipe = RECIPES["context"],
    *,
    device: torch.device = torch.device("cpu"),
    folder: Path | None = None,
    quiet: bool = True,
    resume: bool = False,
    report: Callable[[str], object] = lambda text: None,
) -> nn.Module:
    """Train a ContextNet, fresh as it is made, on all views of the patients: one member after the
    other with seeds of their own. Returns it, in eval mode.

    folder: of checkpoints and TensorBoard's logs, of each member one; None: none is written.
    quiet, resume, report: as for ecg.training.loop."""
    mean, scale = standardisation(patients)
    context_network = cast(ContextNetwork, network)
    context_network.mean.copy_(torch.from_numpy(mean))
    context_network.scale.copy_(torch.from_numpy(scale))
    context_network.bias.copy_(torch.tensor(BIAS)[: len(context_network.bias)])
    beats = join_beats(network, patients, beat_weights(patients, recipe.class_power))
    which = [
        recipe.as_card(),
        [p.name for p in patients],
        list(patients[0].views),
        len(beats.classes),
    ]
    files = _files_of(len(context_network.members), folder)
    for k, member in enumerate(context_network.members):
        identity = json.dumps([*which, seed, k], sort_keys=True)
        task = SequenceTask(beats, recipe, [seed, k], device=device, quiet=quiet, identity=identity)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1000 * seed + k)
            for layer in member.modules():
                if reset := getattr(layer, "reset_parameters", None):
                    reset()
            training = fit(task, member, files[k], resume=resume, report=report)
        member.load_state_dict(training.weights())
    return network.eval()


def _files_of(members: int, folder: Path | None) -> Sequence[Files | None]:
    """The files of each member's training; a folder of logs for all, named by the time."""
    if folder is None:
        return [None] * members
    run_dir = Files(folder, folder).own_run_dir()
    return [
        Files(folder / f"checkpoint_{k}.pth", folder, run_dir / f"member_{k}")
        for k in range(members)
    ]


# -------------------------------------------------------------------------------------------- card


def context_card(
    network: nn.Module,
    protocol: str,
    patients: Sequence[Patient],
    temperature: float,
    metrics: Mapping[str, Any],
    chosen: Mapping[str, Any],
) -> dict:
    """What a reader of the weights must know. chosen: seed, reference, second, rhythms of the
    training."""
    features, inside = list(context.FEATURE_NAMES), cast(ContextNetwork, network)
    classes = [p.views["annotated"].classes for p in patients if p.annotated]
    beats = {c: int(sum((y == k).sum() for y in classes)) for k, c in enumerate(CONTEXT_CLASSES)}
    return {
        "name": "context",
        "architecture": type(network).__name__,
        "arguments": {
            "numbers": len(features),
            "members": len(inside.members),
            "outputs": len(inside.bias),
        },
        "input": {
            "kind": "numbers of ecg.context.describe, successive beats of one lead",
            "tensor": "numbers (batch, beats, numbers) float32",
            "names": features,
            "rate_hz": context.RATE,
            "mean": inside.mean.tolist(),
            "scale": inside.scale.tolist(),
            "standardised_inside": True,
            "past_s": "whole recording in pages of 1800, or 300 with a delay of 60",
        },
        "output": "logits of the beats in one lead, class biases inside; labels are given after "
        "ecg.context.average_similar_beats and average_leads",
        "classes": CONTEXT_CLASSES,
        "class_bias": inside.bias.tolist(),
        "temperature": temperature,
        "protocol": protocol,
        "manifest": {
            "synthetic": False,
            "protocol": protocol,
            "seed": chosen["seed"],
            "annotator": chosen["reference"],
            "second": chosen["second"],
            "rhythms": list(chosen["rhythms"]),
            "records": [p.name for p in patients],
            fingerprint.KEY: fingerprint.as_text(mark for p in patients for mark in p.marks),
            "beats": beats,
        },
        "metrics": metrics,
        "versions": artifacts.versions(),
    }
