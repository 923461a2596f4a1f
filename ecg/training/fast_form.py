"""The form in which a CPU trains and runs a convolutional network fastest: 2-D convolutions over
images one sample high, in channels-last memory.

PyTorch (oneDNN) and ONNX Runtime both have their fast kernels for 2-D convolutions only.
"""

import copy

import torch
from torch import nn

from ecg.networks import as_channels


class Conv1dAs2d(nn.Module):
    """A Conv1d network run as Conv2d with kernels (1, k): same numbers, faster on a CPU.

    `net` must offer `layers(x)`, its forward pass on (N, channels, width). `narrow_state` gives the
    state_dict of the Conv1d network, so that nothing of this form is seen in a weights file.
    same_dropout: the very units are dropped that the Conv1d network would drop, which costs a
    quarter of a training's time; else as many."""

    def __init__(self, net: nn.Module, same_dropout: bool = True):
        super().__init__()
        dropout = _SameDropout if same_dropout else _ByteDropout
        net = _two_dimensional(copy.deepcopy(net), dropout)
        self.net = net.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net.layers(_as_images(x, self.net))

    def narrow_state(self) -> dict[str, torch.Tensor]:
        """The state_dict of the network that this is a form of."""
        state = self.net.state_dict()
        return {key: v.squeeze(2) if v.dim() == 4 else v for key, v in state.items()}

    def load_narrow(self, state: dict[str, torch.Tensor]) -> None:
        """Take the weights of such a state_dict."""
        own = self.net.state_dict()
        self.net.load_state_dict(
            {key: v.unsqueeze(2) if own[key].dim() == 4 else v for key, v in state.items()}
        )


class Conv2dTurned(nn.Module):
    """A Conv2d network over images of width 1, run with the images lying on their side: same
    numbers, more than twice as fast on a CPU.

    `net` must offer `features(image)` and `head(features)`; `narrow_state` and `load_narrow` are
    those of `Conv1dAs2d`."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = _turned(copy.deepcopy(net)).to(memory_format=torch.channels_last)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """The features of rows x, shaped as `net` takes them: (N, channels, 1, length)."""
        return self.net.features(_as_images(x, self.net))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net.head(self.features(x))

    def narrow_state(self) -> dict[str, torch.Tensor]:
        return _transposed(self.net.state_dict())

    def load_narrow(self, state: dict[str, torch.Tensor]) -> None:
        self.net.load_state_dict(_transposed(state))


def fast_form(net: nn.Module, same_dropout: bool = True) -> Conv1dAs2d | Conv2dTurned:
    """A copy of `net` in the form that is trained and exported (same_dropout: see `Conv1dAs2d`):
    every convolution over the length is a 2-D one over images one sample high."""
    if any(isinstance(module, nn.Conv1d) for module in net.modules()):
        return Conv1dAs2d(net, same_dropout)
    return Conv2dTurned(net)


def _as_images(x, net):
    """Rows as images (N, channels, 1, width) in channels-last memory."""
    x = as_channels(x, net.width, net.channels)
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def _turned(net):
    """`net` with every kernel, stride and padding of its 2-D layers turned by 90 degrees."""
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d)):
            for name in ("kernel_size", "stride", "padding"):
                setattr(module, name, getattr(module, name)[::-1])
        if isinstance(module, nn.Conv2d):
            weight = module.weight
            turned = weight.detach().transpose(2, 3).clone()
            module.weight = nn.Parameter(turned, weight.requires_grad)
    return net


def _transposed(state):
    return {key: v.transpose(2, 3) if v.dim() == 4 else v for key, v in state.items()}


def _two_dimensional(module, dropout):
    """`module` with its 1-D layers, at any depth, replaced by 2-D ones of the same weights, and
    nn.Dropout by `dropout`."""
    for name, child in module.named_children():
        setattr(module, name, _two_dimensional(child, dropout))
    if isinstance(module, nn.Conv1d):
        return _conv2d(module)
    if isinstance(module, nn.BatchNorm1d):
        new = nn.BatchNorm2d(module.num_features, module.eps, module.momentum)
        new.load_state_dict(module.state_dict())
        return new
    if isinstance(module, nn.MaxPool1d):
        return nn.MaxPool2d((1, module.kernel_size), (1, module.stride), (0, module.padding))
    if isinstance(module, nn.AdaptiveAvgPool1d):
        return nn.AdaptiveAvgPool2d((1, module.output_size))
    if isinstance(module, nn.Dropout):
        return dropout(module.p)
    return module


def _conv2d(conv):
    new = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (1, *conv.kernel_size),
        (1, *conv.stride),
        (0, *conv.padding),
        (1, *conv.dilation),
        conv.groups,
        conv.bias is not None,
    )
    new.weight = nn.Parameter(conv.weight.detach().unsqueeze(2).clone(), conv.weight.requires_grad)
    new.bias = conv.bias
    return new


class _SameDropout(nn.Dropout):
    """Dropout that drops the units it would drop in the Conv1d network: torch fills masks in memory
    order, and channels-last memory has another one."""

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = torch.empty(x.shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
        return x * keep.div_(1 - self.p)


class _ByteDropout(_SameDropout):
    """Dropout with a random byte for every unit of an image, eight from each draw: the share that
    is dropped is `p` to the nearest 256th."""

    def forward(self, x):
        kept = round(256 * (1 - self.p))
        if not self.training or kept == 256 or x.dim() < 4:
            return super().forward(x)
        draws = torch.randint(-(2**63), 2**63 - 1, (-(-x.numel() // 8),), device=x.device)
        keep = (draws.view(torch.uint8)[: x.numel()] < kept).to(x.dtype) * (256 / max(kept, 1))
        return x * keep.as_strided(x.shape, x.stride())  # in x's own memory order; x has no holes
