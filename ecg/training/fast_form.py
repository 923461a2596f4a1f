"""The form in which a CPU trains and runs a convolutional network fastest: 2-D convolutions over
images one sample high, in channels-last memory.

PyTorch (oneDNN) and ONNX Runtime both have their fast kernels for 2-D convolutions only. Nobody who
writes a network needs to know: its own `forward` is run on images in place of rows, and where that
does not give what it gives on rows, the network is trained and exported as it is.
"""

import copy
import functools

import torch
from torch import nn

from ecg.beats import WIDTH

TOLERANCE = 1e-5  # largest difference of an output, as a share of the largest output above 1
CHECKED_ROWS = 8  # random rows on which a form must equal its network

# layers that do the same to an image one sample high as to a row, or have such a form below
ALIKE = (
    *(nn.Linear, nn.Flatten, nn.Identity, nn.Softmax),
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardswish),
    *(nn.Mish, nn.PReLU, nn.SELU, nn.CELU, nn.Softplus, nn.Hardsigmoid),
    *(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.GroupNorm),
)
CHANGED = (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AvgPool1d, nn.AdaptiveAvgPool1d, nn.Dropout)
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


class Conv1dAs2d(nn.Module):
    """A Conv1d network run as Conv2d with kernels (1, k): same numbers, faster on a CPU.

    Its `forward` gets images (N, channels, 1, width). `narrow_state` gives the state_dict of the
    Conv1d network, so that nothing of this form is seen in a weights file. same_dropout: the very
    units are dropped that the Conv1d network would drop, which costs a quarter of a training's
    time; else as many."""

    def __init__(self, net: nn.Module, same_dropout: bool = True):
        super().__init__()
        dropout = _SameDropout if same_dropout else _ByteDropout
        self.narrow = {key: value.shape for key, value in net.state_dict().items()}
        two_dimensional = _two_dimensional(copy.deepcopy(net), dropout)
        self.net = two_dimensional.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(_as_images(x))

    def narrow_state(self) -> dict[str, torch.Tensor]:
        """The state_dict of the network that this is a form of."""
        state = self.net.state_dict()
        return {key: value.reshape(self.narrow[key]) for key, value in state.items()}

    def load_narrow(self, state: dict[str, torch.Tensor]) -> None:
        """Take the weights of such a state_dict."""
        own = self.net.state_dict()
        self.net.load_state_dict({key: v.reshape(own[key].shape) for key, v in state.items()})


class Conv2dTurned(nn.Module):
    """A Conv2d network over images of width 1, run with the images lying on their side: same
    numbers, more than twice as fast on a CPU.

    Its `forward` gets images (N, channels, 1, length); `narrow_state` and `load_narrow` are those
    of `Conv1dAs2d`."""

    def __init__(self, net: nn.Module):
        super().__init__()
        layers = net.named_modules(remove_duplicate=False)
        self.kernels = {f"{name}.weight" for name, m in layers if isinstance(m, nn.Conv2d)}
        self.net = _turned(copy.deepcopy(net)).to(memory_format=torch.channels_last)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """The features of rows x of a network that offers them: (N, channels, 1, length)."""
        return self.net.features(_as_images(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(_as_images(x))

    def narrow_state(self) -> dict[str, torch.Tensor]:
        return self._transposed(self.net.state_dict())

    def load_narrow(self, state: dict[str, torch.Tensor]) -> None:
        self.net.load_state_dict(self._transposed(state))

    def _transposed(self, state):
        return {key: v.transpose(2, 3) if key in self.kernels else v for key, v in state.items()}


def fast_form(net: nn.Module, same_dropout: bool = True) -> nn.Module:
    """A copy of `net` in the form that is trained and exported (same_dropout: see `Conv1dAs2d`):
    every convolution over the length is a 2-D one over images one sample high. A copy of the
    network as it is where `why_plain` knows a reason."""
    if why_plain(net):
        return _as_it_is(copy.deepcopy(net))
    return _form(net, same_dropout)


def why_plain(net: nn.Module) -> str | None:
    """Why `net` has no faster form, in a few words, or None where it has one: every layer is known,
    and on random rows, learning and not, the form gives what the network gives."""
    for module in net.modules():
        known = isinstance(module, (*ALIKE, *CHANGED, *CONTAINERS))
        if type(module).__module__.startswith("torch.nn.") and not known:
            return f"there is no such form of {type(module).__name__}"
    plain = copy.deepcopy(net).cpu()
    x = torch.randn(CHECKED_ROWS, 1, WIDTH, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        for mode in (True, False):
            try:
                form = _form(plain, same_dropout=True).train(mode)
                form.load_narrow(plain.state_dict())
                torch.manual_seed(0)
                found = form(x)
            except Exception as error:  # whatever a stranger's forward says to an image
                return f"its forward does not run on images ({type(error).__name__})"
            torch.manual_seed(0)
            wanted = plain.train(mode)(x)
            if found.shape != wanted.shape or not _equal(found, wanted):
                return "that form gives other numbers"
            kept = form.narrow_state()
            if any(kept[key].shape != value.shape for key, value in plain.state_dict().items()):
                return "that form has other weights"
    return None


def _as_it_is(net):
    """`net`, whose recurrent layers compute in float32 under autocast too: most CPUs have no LSTM
    in bfloat16, and no mixed cells."""
    for module in net.modules():
        if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
            setattr(module, "forward", functools.partial(_in_float32, module.forward))
    return net


def _in_float32(forward, *args, **options):
    if not torch.is_autocast_enabled("cpu"):
        return forward(*args, **options)
    with torch.autocast("cpu", enabled=False):
        return forward(*map(_float32, args), **{k: _float32(v) for k, v in options.items()})


def _float32(value):
    """A tensor, a packed sequence or a tuple of them, in float32; None stays."""
    if value is None:
        return None
    return value.float() if hasattr(value, "float") else tuple(map(_float32, value))


def _form(net, same_dropout):
    if any(isinstance(module, nn.Conv1d) for module in net.modules()):
        return Conv1dAs2d(net, same_dropout)
    return Conv2dTurned(net)


def _equal(found, wanted):
    largest = max(1.0, float(wanted.abs().max()))
    return bool((found - wanted).abs().max() <= TOLERANCE * largest)


def _as_images(x):
    """Rows (N, width) or (N, channels, width) as images (N, channels, 1, width) in channels-last
    memory."""
    x = x.unsqueeze(1) if x.dim() == 2 else x
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


def _two_dimensional(module, dropout):
    """`module` with its 1-D layers, at any depth, replaced by 2-D ones of the same weights, and
    nn.Dropout by `dropout`."""
    for name, child in module.named_children():
        setattr(module, name, _two_dimensional(child, dropout))
    if isinstance(module, nn.Conv1d):
        return _conv2d(module)
    if isinstance(module, nn.BatchNorm1d):
        new = nn.BatchNorm2d(
            *(module.num_features, module.eps, module.momentum),
            *(module.affine, module.track_running_stats),
        )
        new.load_state_dict(module.state_dict())
        return new
    if isinstance(module, nn.MaxPool1d):
        kernel, stride, padding = _flat(module)
        options = module.return_indices, module.ceil_mode
        return nn.MaxPool2d(kernel, stride, padding, (1, _number(module.dilation)), *options)
    if isinstance(module, nn.AvgPool1d):
        kernel, stride, padding = _flat(module)
        options = module.ceil_mode, module.count_include_pad
        return nn.AvgPool2d(kernel, stride, padding, *options)
    if isinstance(module, nn.AdaptiveAvgPool1d):
        return nn.AdaptiveAvgPool2d((1, _number(module.output_size)))
    if isinstance(module, nn.Dropout):
        return dropout(module.p)
    return module


def _flat(pool):
    """Kernel, stride and padding of a 1-D pooling, for images one sample high."""
    sizes = (_number(getattr(pool, name)) for name in ("kernel_size", "stride", "padding"))
    return [(first, size) for first, size in zip((1, 1, 0), sizes)]


def _number(size):
    """A size that torch keeps as a number or as a tuple of one."""
    return size[0] if isinstance(size, tuple) else size


def _conv2d(conv):
    if conv.padding_mode != "zeros":
        raise ValueError(f"no such form with padding {conv.padding!r}, {conv.padding_mode}")
    new = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (1, *conv.kernel_size),
        (1, *conv.stride),
        conv.padding if isinstance(conv.padding, str) else (0, *conv.padding),
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
