"""The classifier for patients never seen: a small network over the features of many beats in a row.

    python train.py --model context --records data/mitdb    # trains it on DS1
    python train.py --model context --help                  # other protocols, cross-validation

This file holds the network only. A beat is described against its own patient (ecg/context/),
standardised, and judged together with its neighbours by residual convolutions; a few such networks
from different seeds are averaged inside one graph. What happens to its logits then (beats of a
patient that are alike are averaged, each lead is asked by itself and the answers are averaged) is
in ecg/context/ too. It knows N, S, V and F; paced beats are found by ecg.context.paced.
"""

import sys

import torch
from torch import nn
from torch.nn import functional as F

from ecg.context import CONTEXT_CLASSES, FEATURE_NAMES


class Residual(nn.Module):
    """x + linear map of the beats `step` before, here and `step` after (a dilated convolution of
    width 3), on (batch, beats, channels)."""

    def __init__(self, channels: int, step: int, dropout: float):
        super().__init__()
        self.step, self.norm, self.dropout = step, nn.LayerNorm(channels), nn.Dropout(dropout)
        self.mix = nn.Linear(3 * channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.dropout(F.relu(self.norm(x)))
        padded = F.pad(h, (0, 0, self.step, self.step))
        before, after = padded[:, : x.shape[1]], padded[:, 2 * self.step :]
        return x + self.mix(torch.cat([before, h, after], dim=2))


class Member(nn.Sequential):
    """One network: standardised features (batch, beats, features) -> logits (batch, beats,
    outputs)."""

    def __init__(
        self, features: int, channels: int, dilations: tuple[int, ...], dropout: float, outputs: int
    ):
        super().__init__(
            nn.Linear(features, channels),
            *(Residual(channels, step, dropout) for step in dilations),
            nn.ReLU(),
            nn.Linear(channels, outputs),
        )


class ContextNet(nn.Module):
    """Several `Member`s averaged, with standardisation and class biases inside.

    numbers: how many features describe a beat (the name stands in the model cards of weights that
    users have, so it stays); channels: of a member; dilations: in beats, one residual block each;
    members: networks averaged; dropout: share of the channels, in training; outputs: 5, or 4 of
    weights from before the network knew artefacts.

    Input: float32 (batch, beats, features), the output of ecg.context.describe, successive beats of
    one recording. Output: logits (batch, beats, outputs) for N, S, V, F, and what is no beat but an
    artefact: the logarithm of the members' mean probability plus the class biases."""

    mean: torch.Tensor  # (features,), of the standardisation
    scale: torch.Tensor  # (features,)
    bias: torch.Tensor  # (outputs,), of the classes

    def __init__(
        self,
        numbers: int = len(FEATURE_NAMES),
        channels: int = 48,
        dilations: tuple[int, ...] = (1, 2, 4),
        members: int = 3,
        dropout: float = 0.1,
        outputs: int = len(CONTEXT_CLASSES) + 1,
    ):
        super().__init__()
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("scale", torch.ones(numbers))
        self.register_buffer("bias", torch.zeros(outputs))
        self.members = nn.ModuleList(
            Member(numbers, channels, dilations, dropout, outputs) for _ in range(members)
        )

    def standardise(self, features: torch.Tensor) -> torch.Tensor:
        """Features (..., features) as the members see them: within +-5 standard deviations."""
        return torch.clamp((features - self.mean) / self.scale, -5.0, 5.0)

    @staticmethod
    def arguments_of(state: dict[str, torch.Tensor]) -> dict[str, int]:
        """What a file of weights tells of the arguments: older cards do not name the outputs."""
        return {"outputs": len(state["bias"])}

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:  # the input's name in ONNX files
        x = self.standardise(numbers)
        mean = torch.stack([torch.softmax(member(x), dim=2) for member in self.members]).mean(dim=0)
        return torch.log(mean + 1e-7) + self.bias


if __name__ == "__main__":
    print(
        "model_context.py holds the network only: train it with python train.py --model context",
        file=sys.stderr,
    )
    sys.exit(2)
