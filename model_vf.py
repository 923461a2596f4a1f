"""The network that tells ventricular fibrillation and flutter from beats: small perceptrons over
four seconds of a lead in numbers.

    python train.py --model vf --records data/cudb data/mitdb data/cinc2017 --noise data/nstdb

This file holds the network only. The numbers are those of ecg/rhythm/fibrillation_numbers.py; what
becomes of its answers in several leads is in ecg/rhythm/fibrillation.py. Training: see train.py.
"""

import sys

import torch
from torch import nn

from ecg.rhythm.fibrillation_numbers import INPUTS


class Perceptron(nn.Sequential):
    """Standardised numbers (n, numbers) -> logits (n, 3)."""

    def __init__(self, numbers: int, channels: int, dropout: float):
        super().__init__(
            *(nn.Linear(numbers, channels), nn.ReLU(), nn.Dropout(dropout)),
            *(nn.Linear(channels, channels), nn.ReLU(), nn.Dropout(dropout)),
            nn.Linear(channels, 3),
        )


class VfNet(nn.Module):
    """Several perceptrons from different seeds averaged, with standardisation inside.

    numbers: how many tell of a window and those beside it; channels: of either hidden layer;
    members: perceptrons averaged; dropout: share of the channels, in training.

    Input: float32 (n, numbers), rows of ecg.rhythm.fibrillation_numbers.Described. Output: logits
    (n, 3): fibrillation or flutter, beats that can be told apart, nothing that can be read."""

    mean: torch.Tensor  # (numbers,), of the standardisation
    scale: torch.Tensor  # (numbers,)

    def __init__(
        self, numbers: int = INPUTS, channels: int = 48, members: int = 3, dropout: float = 0.2
    ):
        super().__init__()
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("scale", torch.ones(numbers))
        self.members = nn.ModuleList(Perceptron(numbers, channels, dropout) for _ in range(members))

    def standardise(self, numbers: torch.Tensor) -> torch.Tensor:
        """Rows as the perceptrons see them: within +-5 standard deviations."""
        return torch.clamp((numbers - self.mean) / self.scale, -5.0, 5.0)

    def each(self, numbers: torch.Tensor) -> torch.Tensor:
        """(members, n, 3) logits of the members, each of which learns by itself."""
        x = self.standardise(numbers)
        return torch.stack([member(x) for member in self.members])

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:  # the input's name in ONNX files
        return self.each(numbers).mean(dim=0)


if __name__ == "__main__":
    print(
        "model_vf.py holds the network only: train it with python train.py --model vf",
        file=sys.stderr,
    )
    sys.exit(2)
