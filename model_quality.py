"""The network that tells noise from ECG: two small perceptrons over a lead in numbers.

    python train.py --model quality --records data/cinc2017 data/mitdb data/svdb

This file holds the network only. The numbers of a window of five seconds and of a beat are those of
ecg/quality; what is named by its answers is in ecg/quality/judge.py. Training: see train.py.
"""

import sys

import torch
from torch import nn

from ecg.quality import BEAT_INPUTS, WINDOW_INPUTS


def _perceptron(numbers: int, channels: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(numbers, channels), nn.ReLU(), nn.Dropout(dropout)),
        *(nn.Linear(channels, channels), nn.ReLU(), nn.Dropout(dropout)),
        nn.Linear(channels, 1),
    )


class QualityNet(nn.Module):
    """Two perceptrons side by side, with standardisation inside.

    windows, beats: how many numbers tell of a window, of a beat; channels: of either hidden layer;
    dropout: share of the channels, in training.

    Input: float32 (n, windows + beats), rows of ecg.quality.DescribedLead: those of a window hold
    no numbers of a beat, and the other way round. Output: logits (n, 2): that the window is noise,
    that the beat is a moved electrode."""

    mean: torch.Tensor  # (windows + beats,), of the standardisation
    scale: torch.Tensor  # (windows + beats,)

    def __init__(
        self,
        windows: int = WINDOW_INPUTS,
        beats: int = BEAT_INPUTS,
        channels: int = 48,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.windows = windows
        self.register_buffer("mean", torch.zeros(windows + beats))
        self.register_buffer("scale", torch.ones(windows + beats))
        self.noise = _perceptron(windows, channels, dropout)
        self.motion = _perceptron(beats, channels, dropout)

    def standardise(self, numbers: torch.Tensor) -> torch.Tensor:
        """Rows as the perceptrons see them: within +-5 standard deviations."""
        return torch.clamp((numbers - self.mean) / self.scale, -5.0, 5.0)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        x = self.standardise(numbers)
        parts = self.noise(x[:, : self.windows]), self.motion(x[:, self.windows :])
        return torch.cat(parts, dim=1)


if __name__ == "__main__":
    print(
        "model_quality.py holds the network only: train it with python train.py --model quality",
        file=sys.stderr,
    )
    sys.exit(2)
