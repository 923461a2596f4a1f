"""Cross-validation that leaves patients out."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from ecg import context
from ecg.evaluation.metrics import fit_temperature
from ecg.evaluation.sequences import score_line, score_patients
from ecg.training.patients import Patient
from ecg.training.recipe import RECIPES, Recipe
from ecg.training.rhythms import ALL_RHYTHMS
from ecg.training.sequences import fit_context
from ecg.training.views import ARTEFACT

# rhythms that hold S beats: tachycardia and ectopic rhythm of the atria, and bigeminy
WITH_S = ("tachycardia", "bigeminy", "ectopic")
Logits = Mapping[str, Mapping[str, np.ndarray]]  # {name of a patient: {view: (m, 5)}}


def folds(patients: Sequence[Patient], k: int = 5, seed: int = 0) -> np.ndarray:
    """Fold 0..k-1 of every patient, (n,): each folder's records dealt out in random order; the same
    for the same seed."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(patients), int)
    group = np.array([p.name.split("/")[0] for p in patients])
    for name in sorted(set(group)):
        rows = np.flatnonzero(group == name)
        fold[rng.permutation(rows)] = np.arange(len(rows)) % k
    return fold


def left_out(
    create: Callable[[], nn.Module],
    patients: Sequence[Patient],
    k: int = 5,
    seed: int = 0,
    recipe: Recipe = RECIPES["context"],
    always: Sequence[Patient] = (),
    device: torch.device = torch.device("cpu"),
) -> Iterator[tuple[nn.Module, list[Patient]]]:
    """Fold by fold (a network, the patients that it never saw).

    create: makes a fresh ContextNet. always: patients added to every training set."""
    fold = folds(patients, k, seed)
    for j in tqdm(range(k), desc="cross-validation", unit="fold", disable=None):
        learnt = [p for p, f in zip(patients, fold) if f != j] + list(always)
        network = fit_context(create(), learnt, seed * k + j, recipe, device=device)
        yield network, list(itertools.compress(patients, fold == j))


def cross_validate(
    create: Callable[[], nn.Module],
    patients: Sequence[Patient],
    views: Sequence[str] = ("annotated", "detected"),
    each: Callable[[nn.Module, list[Patient]], object] = lambda network, out: None,
    **options: Any,
) -> dict[str, dict[str, np.ndarray]]:
    """Logits of every annotated patient by a network that never saw it: {name: {view: (m, 5)}}.

    each: is told every network and the patients that it never saw; the other options are those of
    `left_out`."""
    found = {}
    for network, out in left_out(create, patients, **options):
        each(network, out)
        for p in annotated(out):
            leads = {view: p.views[view].leads for view in views}
            found[p.name] = {
                view: context.context_logits(network, of) for view, of in leads.items()
            }
    return found


def annotated(patients: Sequence[Patient]) -> list[Patient]:
    """Those whose beats are known one by one."""
    return [p for p in patients if p.annotated]


def temperature_left_out(
    patients: Sequence[Patient], logits: Logits, view: str = "detected"
) -> float:
    """The temperature that fits predictions on patients left out, as `cross_validate` gives
    them."""
    y = np.concatenate([p.views[view].classes for p in annotated(patients)])
    z = np.concatenate([logits[p.name][view] for p in annotated(patients)])
    known = (y >= 0) & (y < ARTEFACT)
    return fit_temperature(z[known, :ARTEFACT], y[known])


def print_cross_validation(patients: Sequence[Patient], logits: Logits) -> None:
    """The table of the cross-validation."""
    patients = annotated(patients)
    print(
        f"Cross-validation by record, {len(patients)} records; temperature "
        f"{temperature_left_out(patients, logits):.2f}"
    )
    print("Se/+P in percent, F1; every confusion, missed and extra beat counts; whole recordings")
    groups = {"all": list(patients)}
    for p in patients:
        groups.setdefault(p.name.split("/")[0], []).append(p)
    for name, view in itertools.product(groups, ("annotated", "detected")):
        print(score_line(f"{name}, {view} peaks", score_patients(groups[name], logits, view)))
    rhythms = [view for view in patients[0].views if view in ALL_RHYTHMS]
    if rhythms:
        lines = [f"{kind} {_in_rhythm(patients, logits, kind)}" for kind in rhythms]
        print(f"Rhythms spliced into these recordings, percent of beats: {'; '.join(lines)}")


def _in_rhythm(patients: Sequence[Patient], logits: Logits, kind: str) -> str:
    """In the recordings with that rhythm: N beats called S, and S beats found where it has any."""
    true = np.concatenate([p.views[kind].classes for p in patients])
    given = np.concatenate([logits[p.name][kind].argmax(axis=1) for p in patients])
    shares = {"N called S": (given[true == 0] == 1).mean()}
    if kind in WITH_S:
        shares["S found"] = (given[true == 1] == 1).mean()
    return ", ".join(f"{what} {100 * share:.1f}" for what, share in shares.items())
