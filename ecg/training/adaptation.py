"""The context network adapted to one patient.

This is no training by the loop: forty steps over all labelled beats at once, held back by the
distance from where the weights were, in a second. There are no batches, no epochs, nothing to
validate on, and nothing to resume.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg.context import CONTEXT_CLASSES, DescribedBeats

NOISE = 0.2  # standard deviations, added to every feature in every step


def adapt(
    network: nn.Module,
    leads: Sequence[DescribedBeats],
    classes: np.ndarray,
    steps: int = 40,
    rate: float = 1e-3,
    hold: float = 0.02,
    seed: int = 0,
) -> nn.Module:
    """A copy of the network fine-tuned on the labelled beats of one patient.

    leads: the beats as described in each lead; classes (m,) 0..3, -1 where a person has not
    labelled. All weights move, by Adam over the whole sequence of all leads at once, held back by
    hold x the squared distance from where they were; a class weighs as the root of its number.
    After Kiranyaz 2016 (five minutes of the patient's own beats, as EC57 allows), but from a
    network that knows other patients. Returns a network in eval mode; with no labelled beat, an
    equal one."""
    tuned = copy.deepcopy(network)
    labelled = np.flatnonzero(np.asarray(classes) >= 0)
    if len(labelled) == 0:
        return tuned
    x = torch.from_numpy(np.stack([beats.features for beats in leads]))
    target = torch.from_numpy(np.asarray(classes, np.int64)[labelled])
    weight = _weights(target.numpy())
    parameters = list(tuned.parameters())
    scale = tuned.get_buffer("scale")
    before = [p.detach().clone() for p in parameters]
    optimiser = torch.optim.Adam(parameters, rate)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(steps):
            noisy = x + NOISE * scale * torch.randn_like(x)
            of_leads = [
                F.cross_entropy(logits[labelled], target, reduction="none")
                for logits in tuned(noisy)
            ]
            each = torch.stack(of_leads).mean(dim=0)
            distance = sum(((p - q) ** 2).sum() for p, q in zip(parameters, before))
            loss = (each * weight).mean() + hold * distance
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return tuned.eval()


def _weights(target: np.ndarray) -> torch.Tensor:
    """float32 (n,): (beats of the class)^-0.5, mean 1."""
    weight = np.bincount(target, minlength=len(CONTEXT_CLASSES)).clip(1) ** -0.5
    of_beats = weight[target]
    return torch.from_numpy((of_beats / of_beats.mean()).astype(np.float32))
