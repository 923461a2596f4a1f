"""The network that names the rhythm of half a minute: sinus, atrial fibrillation, other, noise.

    python train.py --model rhythm --records data/cinc2017

This file holds the network only: residual convolutions over the waveform, trees over the numbers of
its beats, RR intervals and P waves (ecg/rhythm), and the mean of what both say. Training: see
train.py.
"""

import sys
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from ecg.rhythm.track import RHYTHMS

FAR = -1e4  # logit of a place that the attention must not look at


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Over images one sample high: CPUs have their fast kernels for these."""
    padding = (0, kernel // 2)
    return nn.Conv2d(inputs, outputs, (1, kernel), (1, stride), padding, bias=False)


class _Block(nn.Module):
    """Two convolutions beside a shortcut, (n, inputs, 1, w) -> (n, outputs, 1, w / stride)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, dropout: float):
        super().__init__()
        self.body = nn.Sequential(
            *(_convolution(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs)),
            *(nn.ReLU(), nn.Dropout2d(dropout)),
            *(_convolution(outputs, outputs, kernel), nn.BatchNorm2d(outputs)),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d((1, stride), ceil_mode=True) if stride > 1 else nn.Identity(),
            _convolution(inputs, outputs, 1) if inputs != outputs else nn.Identity(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.body(x) + self.shortcut(x))


class Waveform(nn.Module):
    """Residual convolutions, then attention and maximum over the places where there is signal.

    Input: float32 (n, 1, samples), 0 where samples are missing. Output: logits (n, 4)."""

    def __init__(
        self,
        channels: Sequence[int],
        stem: int,
        stride: int,
        kernel: int,
        heads: int,
        dropout: float,
    ):
        super().__init__()
        self.stem = nn.Sequential(
            _convolution(1, channels[0], stem, stride), nn.BatchNorm2d(channels[0]), nn.ReLU()
        )
        pairs = zip([channels[0], *channels], channels)
        self.tower = nn.Sequential(
            *(_Block(a, b, kernel, 2 if k else 1, dropout) for k, (a, b) in enumerate(pairs))
        )
        self.place = stride * 2 ** (len(channels) - 1)  # samples
        self.attention = nn.Conv2d(channels[-1], heads, 1)
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(channels[-1] * (heads + 1), len(RHYTHMS))
        )

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        x = self.tower(self.stem(waveform[:, :, None]))
        there = F.max_pool1d(waveform.abs(), self.place, ceil_mode=True) > 0
        attention = self.attention(x)[:, :, 0].masked_fill(~there, FAR).softmax(dim=2)
        x = x[:, :, 0]
        seen = torch.matmul(attention, x.transpose(1, 2)).flatten(1)
        return self.head(torch.cat([seen, (x * there).amax(dim=2)], dim=1))


class Forest(nn.Module):
    """Decision trees, each of one rhythm, whose leaves add up to logits.

    rounds: how many trees a rhythm has; nodes: of a tree; depth: of the deepest leaf. A tree begins
    at its node 0; a leaf is its own successor. Input: float32 (n, numbers), NaN where not known.
    Output: logits (n, 4)."""

    feature: torch.Tensor  # int64 (trees * nodes,)
    threshold: torch.Tensor  # (trees * nodes,): up to it the way is to the left
    missing_left: torch.Tensor  # bool (trees * nodes,): where NaN goes
    left: torch.Tensor  # int64 (trees * nodes,)
    right: torch.Tensor  # int64 (trees * nodes,)
    value: torch.Tensor  # (trees * nodes,)
    root: torch.Tensor  # int64 (trees,)
    start: torch.Tensor  # (4,): logits before any tree

    def __init__(self, rounds: int, nodes: int, depth: int):
        super().__init__()
        trees, self.depth = rounds * len(RHYTHMS), depth
        self.shape = rounds, nodes, depth
        every = torch.arange(trees * nodes)
        self.register_buffer("feature", torch.zeros_like(every))
        for name in ("left", "right"):
            self.register_buffer(name, every.clone())
        for name in ("threshold", "value"):
            self.register_buffer(name, torch.zeros(trees * nodes))
        self.register_buffer("missing_left", torch.zeros(trees * nodes, dtype=torch.bool))
        self.register_buffer("root", torch.arange(trees) * nodes)
        self.register_buffer("start", torch.zeros(len(RHYTHMS)))

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        node = self.root + torch.zeros_like(numbers[:, :1], dtype=torch.int64)
        for _ in range(self.depth):
            x = torch.gather(numbers, 1, self.feature[node])
            to_left = (x <= self.threshold[node]) | (torch.isnan(x) & self.missing_left[node])
            node = torch.where(to_left, self.left[node], self.right[node])
        values = self.value[node].unflatten(1, (-1, len(RHYTHMS)))
        return self.start + values.sum(dim=1)


class RhythmNet(nn.Module):
    """Convolutions over a strip and trees over its numbers, side by side.

    channels: of the blocks, each but the first of which halves the length; stem, stride: samples
    of the first convolution; kernel: places of the others; heads: of the attention; dropout: share
    of the channels, in training. members: networks over the waveform, averaged. trees: rounds,
    nodes and depth of the Forest.

    Input: float32 waveform (n, 1, samples) and numbers (n, len(NUMBER_NAMES)) of
    ecg.rhythm.strips.Strips. Output: logits (n, 4) of RHYTHMS, the mean of the logarithms of the
    probabilities that either says, plus a bias of each rhythm."""

    bias: torch.Tensor  # (4,), of RHYTHMS

    def __init__(
        self,
        channels: Sequence[int] = (32, 48, 64, 96, 128),
        stem: int = 33,
        stride: int = 8,
        kernel: int = 5,
        heads: int = 4,
        dropout: float = 0.1,
        members: int = 1,
        trees: Sequence[int] = (200, 23, 12),
    ):
        super().__init__()
        self.members = nn.ModuleList(
            Waveform(channels, stem, stride, kernel, heads, dropout) for _ in range(members)
        )
        self.forest = Forest(*trees)
        self.register_buffer("bias", torch.zeros(len(RHYTHMS)))

    def branches(self, waveform: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """(2, n, 4): logarithms of the probabilities by the waveform, by the numbers."""
        by_waveform = sum(member(waveform).log_softmax(dim=1) for member in self.members)
        by_numbers = self.forest(numbers).log_softmax(dim=1)
        return torch.stack([by_waveform / len(self.members), by_numbers])

    def forward(self, waveform: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return self.branches(waveform, numbers).mean(dim=0) + self.bias


if __name__ == "__main__":
    print(
        "model_rhythm.py holds the network only: train it with python train.py --model rhythm",
        file=sys.stderr,
    )
    sys.exit(2)
