"""What the networks share: the shapes of their input, the padding of a row, their size."""

import torch
from torch import nn

from ecg.beats import WIDTH


def as_channels(x: torch.Tensor, width: int = WIDTH, channels: int = 1) -> torch.Tensor:
    """(N, width), (N, width, channels) or (N, channels, width) as (N, channels, width).

    Raises ValueError for any other shape."""
    if x.dim() == 2 and channels == 1 and x.shape[1] == width:
        return x.unsqueeze(1)
    if x.dim() == 3 and tuple(x.shape[1:]) == (channels, width):
        return x
    if x.dim() == 3 and tuple(x.shape[1:]) == (width, channels):
        return x.transpose(1, 2)
    raise ValueError(
        f"input has shape {tuple(x.shape)}: give (N, {width}), (N, {width}, {channels}) or "
        f"(N, {channels}, {width})"
    )


def real_samples(rows: torch.Tensor) -> torch.Tensor:
    """float32 like `rows` (..., width), min-max rows in 0..1: 1 up to the last sample that is not
    zero, 0 in the padding after it."""
    filled = (rows.abs() > 1e-4).float()
    filled_from_here_on = filled.sum(-1, keepdim=True) - filled.cumsum(-1) + filled
    return (filled_from_here_on > 0.5).float()


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
