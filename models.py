"""The models by name: building one from its card, loading weights, and the form in which a CPU computes it fastest.

Used by the stages that train, score, export and infer; a model's own file says what it is.
"""
import copy
import importlib

import torch
from torch import nn

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.beats import WIDTH

# name on the command line -> (module, class)
MODELS = {"self": ("model_self", "ECGCNN"),
          "deep": ("model_deep", "ECGCNN_Deep"),
          "resnet18": ("pretrain_translearn", "PretrainedResNet1D"),
          "residual": ("model_residual", "ResidualNet"),
          "context": ("model_context", "ContextNet")}
NAMES = [name for name in MODELS if name != "context"]      # those that take single rows


def model_class(name):
    """The class behind a name (`self`) or behind its own name (`ECGCNN`). Raises InputError for anything else."""
    for key, (module, cls) in MODELS.items():
        if name in (key, cls):
            return getattr(importlib.import_module(module), cls)
    raise InputError(f"there is no model {name!r}: choose among {', '.join(NAMES)}")


def build(card):
    """The network a model card describes, with fresh weights. `card` needs `architecture` and `arguments` only."""
    try:
        return model_class(card["architecture"])(**card["arguments"])
    except TypeError as error:
        raise InputError(f"the model card's arguments do not fit {card['architecture']}: {error}") from None


def load(weights):
    """(network in eval mode, model card) of weight/model_NAME.pth. Raises InputError when file and card do not fit."""
    card = artifacts.load_card(weights)
    module = build(card)
    return artifacts.fill(module, adapted(artifacts.load_state(weights), module), weights).eval(), card


def adapted(state, module):
    """`state` under the names of `module`: float32, and keys of other people's files renamed by the module's own rule."""
    rename = getattr(module, "adapt", None)
    state = rename(state) if rename else state
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def as_channels(x, width=WIDTH, channels=1):
    """(N, width), (N, width, channels) or (N, channels, width) as (N, channels, width).

    Raises ValueError for any other shape."""
    if x.dim() == 2 and channels == 1 and x.shape[1] == width:
        return x.unsqueeze(1)
    if x.dim() == 3 and tuple(x.shape[1:]) == (channels, width):
        return x
    if x.dim() == 3 and tuple(x.shape[1:]) == (width, channels):
        return x.transpose(1, 2)
    raise ValueError(f"input has shape {tuple(x.shape)}: give (N, {width}), (N, {width}, {channels}) or (N, {channels}, {width})")


def real_samples(rows):
    """float32 like `rows` (..., width), in 0..1: 1 up to the last sample that is not zero, 0 in the padding after it."""
    filled = (rows.abs() > 1e-4).float()
    return (filled.sum(-1, keepdim=True) - filled.cumsum(-1) + filled > 0.5).float()   # something is filled from here on


def parameter_count(module):
    return sum(p.numel() for p in module.parameters())


# ------------------------------------------------------------------------------------------------- fast form

class Wide(nn.Module):
    """A Conv1d network run as Conv2d with kernels (1, k) in channels-last memory: same numbers, faster on a CPU.

    `net` must offer `layers(x)`, its forward pass on (N, channels, width). `narrow_state` gives the state_dict of the
    Conv1d network, so that nothing of this form is seen in a weights file. same_dropout: the very units are
    dropped that the Conv1d network would drop, which costs a quarter of a training's time; else as many."""

    def __init__(self, net, same_dropout=True):
        super().__init__()
        self.net = _two_dimensional(copy.deepcopy(net), _SameDropout if same_dropout else _QuickDropout).to(memory_format=torch.channels_last)

    def forward(self, x):
        x = as_channels(x, self.net.width, self.net.channels)
        return self.net.layers(x.unsqueeze(2).contiguous(memory_format=torch.channels_last))

    def narrow_state(self):
        return {key: value.squeeze(2) if value.dim() == 4 else value for key, value in self.net.state_dict().items()}

    def load_narrow(self, state):
        own = self.net.state_dict()
        self.net.load_state_dict({key: value.unsqueeze(2) if own[key].dim() == 4 else value for key, value in state.items()})


class Lying(nn.Module):
    """A Conv2d network over images of width 1, run with the images lying on their side, in channels-last memory: same numbers,
    more than twice as fast on a CPU. `net` must offer `features(image)` and `head(features)`."""

    def __init__(self, net):
        super().__init__()
        self.net = _turned(copy.deepcopy(net)).to(memory_format=torch.channels_last)

    def features(self, x):
        x = as_channels(x, self.net.width, self.net.channels)
        return self.net.features(x.unsqueeze(2).contiguous(memory_format=torch.channels_last))

    def forward(self, x):
        return self.net.head(self.features(x))

    def narrow_state(self):
        return {key: value.transpose(2, 3) if value.dim() == 4 else value for key, value in self.net.state_dict().items()}

    def load_narrow(self, state):
        self.net.load_state_dict({key: value.transpose(2, 3) if value.dim() == 4 else value for key, value in state.items()})


def fast_form(net, same_dropout=True):
    """A copy of `net` in the form that is trained and exported (same_dropout: see `Wide`): every convolution over the length is a
    2-D one over images one sample high. PyTorch (oneDNN) and ONNX Runtime both have their fast kernels for 2-D convolutions only."""
    return Wide(net, same_dropout) if any(isinstance(m, nn.Conv1d) for m in net.modules()) else Lying(net)


def _turned(module):
    for child in module.modules():
        if isinstance(child, nn.Conv2d):
            child.weight = nn.Parameter(child.weight.detach().transpose(2, 3).clone(), child.weight.requires_grad)
            child.kernel_size, child.stride, child.padding = child.kernel_size[::-1], child.stride[::-1], child.padding[::-1]
        elif isinstance(child, nn.MaxPool2d):
            child.kernel_size, child.stride, child.padding = child.kernel_size[::-1], child.stride[::-1], child.padding[::-1]
    return module


def _two_dimensional(module, dropout):
    for name, child in module.named_children():
        setattr(module, name, _two_dimensional(child, dropout))
    if isinstance(module, nn.Conv1d):
        new = nn.Conv2d(module.in_channels, module.out_channels, (1, *module.kernel_size), (1, *module.stride),
                        (0, *module.padding), (1, *module.dilation), module.groups, module.bias is not None)
        new.weight = nn.Parameter(module.weight.detach().unsqueeze(2).clone(), module.weight.requires_grad)
        new.bias = module.bias
        return new
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


class _SameDropout(nn.Dropout):
    """Dropout that drops the units it would drop in the Conv1d network: torch fills masks in memory order, and
    channels-last memory has another one."""

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = torch.empty(x.shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
        return x * keep.div_(1 - self.p)


class _QuickDropout(_SameDropout):
    """Dropout with a random byte for every unit of an image, eight from each draw: the share that is dropped is `p` to the nearest
    256th."""

    def forward(self, x):
        kept = round(256 * (1 - self.p))
        if not self.training or kept == 256 or x.dim() < 4:
            return super().forward(x)
        draws = torch.randint(-2 ** 63, 2 ** 63 - 1, (-(-x.numel() // 8),), device=x.device)
        keep = (draws.view(torch.uint8)[:x.numel()] < kept).to(x.dtype) * (256 / max(kept, 1))
        return x * keep.as_strided(x.shape, x.stride())                    # in x's own memory order; x has no holes


class SyncedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over the rows of all processes, on any device (torch's own SyncBatchNorm wants GPUs)."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        import torch.distributed.nn.functional as collective
        wide = x.float()
        count = torch.tensor([x.numel() / x.shape[1]], device=x.device)
        sums = collective.all_reduce(torch.cat([wide.sum((0, 2, 3)), (wide * wide).sum((0, 2, 3)), count]))
        n, c = sums[-1], self.num_features
        mean = sums[:c] / n
        var = (sums[c:2 * c] / n - mean * mean).clamp(min=0)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * n / (n - 1), self.momentum)
        factor = self.weight * torch.rsqrt(var + self.eps)
        return (wide * factor[:, None, None] + (self.bias - mean * factor)[:, None, None]).to(x.dtype)

    @classmethod
    def convert(cls, module):
        for name, child in module.named_children():
            setattr(module, name, cls.convert(child))
        if isinstance(module, nn.BatchNorm2d) and not isinstance(module, cls):
            new = cls(module.num_features, module.eps, module.momentum)
            new.load_state_dict(module.state_dict())
            return new
        return module
