"""What the networks share: the shapes of their input, the padding of a row, their size."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import nn

from ecg.beats import WIDTH


class Backbone(Protocol):
    """What pre-training asks of a network: it fills in rows from these."""

    def features(self, rows: torch.Tensor) -> torch.Tensor:
        """What the last layer looks at, of rows (N, width): (N, ...)."""


class ContextNetwork(Protocol):
    """What a training on sequences of beats asks of a network (model_context.py has it)."""

    mean: torch.Tensor  # (features,), of the standardisation
    scale: torch.Tensor  # (features,)
    bias: torch.Tensor  # (outputs,), of N, S, V, F and artefacts
    members: nn.ModuleList  # learn one by one: (batch, beats, features) -> (batch, beats, outputs)

    def standardise(self, features: torch.Tensor) -> torch.Tensor:
        """Features (..., features) as the members see them."""


def as_channels(x: torch.Tensor, width: int = WIDTH, channels: int = 1) -> torch.Tensor:
    """(N, width), (N, width, channels) or (N, channels, width) as (N, channels, width).

    Images (N, channels, 1, width), in which ecg/training/fast_form.py hands rows to a network, are
    let through. Raises ValueError for any other shape."""
    if x.dim() == 2 and channels == 1 and x.shape[1] == width:
        return x.unsqueeze(1)
    if tuple(x.shape[1:]) in ((channels, width), (channels, 1, width)):
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


def renamed_by_shape(
    state: dict[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """`state` with the names of `own` for layers that it calls otherwise, where their shapes leave
    no doubt which is which; else `state` as it is."""
    named = {key: value for key, value in state.items() if key in own}
    missing = {key: tuple(value.shape) for key, value in own.items() if key not in named}
    others = {tuple(value.shape): value for key, value in state.items() if key not in named}
    if len(others) != len(state) - len(named) or set(others) != set(missing.values()):
        return state
    return named | {key: others[shape] for key, shape in missing.items()}
