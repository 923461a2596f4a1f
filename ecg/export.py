"""Networks as ONNX files with their model cards inside, and the proof that they equal PyTorch.

The networks are handed in: those of single rows and the one of a patient's successive beats go the
same way to their file.
"""

import contextlib
import functools
import io
import json
import logging
import tempfile
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import ArrayLike
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ecg import artifacts, context
from ecg.artifacts import InputError
from ecg.beats import WIDTH
from ecg.prediction import logits, softmax
from ecg.weights import behind, of_weights, save_weights

OPSET = 18
# largest difference of a probability of a row: float32 logits of +-30 in another order of summation
# (6e-7 was seen)
PROBABILITY_TOLERANCE = 5e-6
LOGIT_TOLERANCE = 1e-3  # largest difference of a logit of the context network
TIE = 1e-5  # two classes this close may swap
REASON = 200  # characters that are told of why an exporter failed
EXAMPLE_BEATS = 64  # successive beats of the input that the exporter traces; any number runs
# of the activations that training rows give: the range of int8, chosen on validation rows
PERCENTILE = 99.9


# ---- files ------------------------------------------------------------------------------------


class Standardised(nn.Module):
    """A network behind its own scaler: takes min-max rows (N, 187), (N, 187, 1) or (N, 1, 187)."""

    mean: torch.Tensor  # (187,)
    scale: torch.Tensor  # (187,)

    def __init__(self, net: nn.Module, mean: ArrayLike, scale: ArrayLike):
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net((x - self.mean) / self.scale)


def export_rows(net: nn.Module, path: str | Path, opset: int, card: dict) -> None:
    """Write a network of single rows (eval mode) as ONNX to `path`: `ecg_input` (batch_size, 1,
    187) -> `logits` (batch_size, 5), with the card in its metadata. Raises InputError for a network
    that these ONNX operators cannot say."""
    _export(net, path, card, "ecg_input", torch.zeros(2, 1, WIDTH), {"batch_size": 1}, opset)


def export_context(net: nn.Module, path: str | Path, card: dict) -> None:
    """Write the context network (eval mode) as ONNX to `path`: `numbers` (batch_size, beats,
    features) -> `logits` (batch_size, beats, 4), with the card in its metadata."""
    example = torch.zeros(2, EXAMPLE_BEATS, len(net.get_buffer("mean")))
    card = of_weights(behind(path), card)
    with artifacts.writing(path) as temporary:
        _export(net, temporary, card, "numbers", example, {"batch_size": 1, "beats": 2})


def export_quality(net: nn.Module, path: str | Path, card: dict) -> None:
    """Write the quality network (eval mode) as ONNX to `path`: `numbers` (batch_size, inputs) ->
    `logits` (batch_size, 2), with the card in its metadata."""
    example = torch.zeros(2, len(net.get_buffer("mean")))
    card = of_weights(behind(path), card)
    with artifacts.writing(path) as temporary:
        _export(net, temporary, card, "numbers", example, {"batch_size": 1})


def export_vf(net: nn.Module, path: str | Path, card: dict) -> None:
    """Write the network of ventricular fibrillation (eval mode) as ONNX to `path`: `numbers`
    (batch_size, inputs) -> `logits` (batch_size, 3), with the card in its metadata."""
    example = torch.zeros(2, len(net.get_buffer("mean")))
    card = of_weights(behind(path), card)
    with artifacts.writing(path) as temporary:
        _export(net, temporary, card, "numbers", example, {"batch_size": 1})


def export_rhythm(net: nn.Module, path: str | Path, card: dict) -> None:
    """Write the rhythm network (eval mode) as ONNX to `path`: `waveform` (batch_size, 1, samples)
    and `numbers` (batch_size, numbers) -> `logits` (batch_size, 4), with the card in its
    metadata."""
    told = card["input"]
    example = torch.zeros(2, 1, told["samples"]), torch.zeros(2, len(told["names"]))
    card = of_weights(behind(path), card)
    with artifacts.writing(path) as temporary:
        _export(net, temporary, card, ("waveform", "numbers"), example, {"batch_size": 1})


def _export(net, path, card, name, example, axes, opset=OPSET):
    """Trace `net` on `example`, write it as ONNX with the card, and check it with onnx.checker.
    name: of the input; axes: {name: least length} of its first axes, which may be longer. A network
    of several inputs has a tuple of names and of examples.

    torch has two exporters, and each fails on networks that the other writes: what the first cannot
    do, or writes wrongly, the second is asked for."""
    newer = functools.partial(_write_new, axes=axes)
    older = functools.partial(_write_old, axes=axes, opset=opset)
    recurrent = any(isinstance(module, nn.RNNBase) for module in net.modules())
    # the newer one takes a minute for an LSTM; the older is the one that writes older opsets
    writers = [older] if opset < OPSET else [older, newer] if recurrent else [newer, older]
    reasons = []
    for write in writers:
        try:
            with _without_words(), _Sayable():
                write(net, path, name, example)
            _check_file(net, path, example)
            break
        except Exception as error:  # an exporter has an exception type for each kind of trouble
            reasons.append(" ".join(str(error).split())[:REASON] or type(error).__name__)
    else:
        other = f"; --opset {OPSET} has more operators" if opset < OPSET else ""
        raise InputError(
            f"the network cannot be written with --opset {opset}: {reasons[-1]}{other}"
        )
    model = onnx.load(str(path))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = next(iter(axes))
    _add_card(model, card)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def _write_new(net, path, name, example, axes):
    dims = [torch.export.Dim(axis, min=least) for axis, least in axes.items()]
    shapes = (dict(enumerate(dims)),) * len(_listed(example))
    more = dict(external_data=False, optimize=True, dynamic_shapes=shapes)
    _write(net, path, name, example, OPSET, dynamo=True, **more)


def _write_old(net, path, name, example, axes, opset):
    dims = dict(enumerate(axes))
    named = dict.fromkeys((*_listed(name), "logits"), dims)
    more = dict(do_constant_folding=True, dynamic_axes=named)
    _write(net, path, name, example, opset, dynamo=False, **more)


def _write(net, path, name, example, opset, **how):
    torch.onnx.export(
        net,
        _listed(example),
        str(path),
        input_names=list(_listed(name)),
        output_names=["logits"],
        opset_version=opset,
        verbose=False,
        **how,
    )


def _listed(value):
    """A tuple of one or several."""
    return value if isinstance(value, tuple) else (value,)


@contextlib.contextmanager
def _without_words():
    """What the exporters say to their makers stays unsaid."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    # the older exporter prints the graph that it fails on, whatever it is told
    graph = mock.patch.object(torch._C, "_jit_onnx_log", create=True)
    with graph, warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _check_file(net, path, example):
    """Raises ValueError where the file does not give what `net` gives on one item and on three."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    for items in (1, 3):
        inputs = [
            torch.randn(items, *each.shape[1:], generator=generator) for each in _listed(example)
        ]
        with torch.inference_mode():
            wanted = net(*inputs).numpy()
        names = (each.name for each in session.get_inputs())
        found = session.run(None, {name: x.numpy() for name, x in zip(names, inputs)})[0]
        if found.shape != wanted.shape:
            raise ValueError(f"{items} rows in give {found.shape}, in PyTorch {wanted.shape}")
        if not np.allclose(found, wanted, atol=LOGIT_TOLERANCE, rtol=LOGIT_TOLERANCE):
            raise ValueError("the file gives other numbers than PyTorch")


class _Sayable(TorchFunctionMode):
    """While it is on, a network is traced in operators that ONNX has: adaptive pooling to a length
    that does not divide the samples, and convolution with padding "same", are said otherwise."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name.startswith("adaptive_") and not kwargs.get("return_indices"):
            size = args[1] if len(args) > 1 else kwargs.get("output_size")
            pooled = _pooled(name, args[0], size)
            return func(*args, **kwargs) if pooled is None else pooled
        if name in ("conv1d", "conv2d") and len(args) == 7 and args[4] == "same":
            x, weight, bias, stride, _, dilation, groups = args
            total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])]
            # F.pad begins with the last axis; an odd sample more goes to the end
            pad = [side for t in reversed(total) for side in (t // 2, t - t // 2)]
            return func(F.pad(x, pad), weight, bias, stride, 0, dilation, groups)
        return func(*args, **kwargs)


def _pooled(name, x, size):
    """Adaptive pooling of x (..., n) to `size` places that do not divide n, place by place; None
    where the exporters have it: they do, or it is none over the last axis."""
    sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    over_rows = name.endswith("pool1d") or (
        name.endswith("pool2d") and x.shape[-2] == 1 and len(sizes) == 2 and sizes[0] in (1, None)
    )
    n, places = int(x.shape[-1]), sizes[-1]
    if not over_rows or places is None or n % places == 0:
        return None
    pool = torch.mean if "avg" in name else torch.amax
    ends = [(i * n // places, -(-(i + 1) * n // places)) for i in range(places)]
    return torch.cat([pool(x[..., a:b], -1, keepdim=True) for a, b in ends], -1)


def _add_card(model, card):
    """The card into the file's metadata; out of it what the exporter noted about the machine it ran
    on."""
    graph = model.graph
    parts = (graph.node, graph.input, graph.output, graph.value_info, graph.initializer)
    for part in parts:
        for item in part:
            del item.metadata_props[:]
    text = json.dumps(artifacts.plain(card), ensure_ascii=False)
    onnx.helper.set_model_props(model, {"card": text})


# ---- smaller files ----------------------------------------------------------------------------


def halve(path: str | Path, net: nn.Module, card: dict, inputs: np.ndarray) -> int:
    """Write the weights of `net` in half precision to `path` (they are read back as float32), with
    their card, and round `net` the same way. Returns how many labels change on the rows `inputs`.

    Raises InputError, and writes nothing, where a weight is too large for that or more than one
    label in a thousand changes."""
    state = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    before = logits(net, inputs).argmax(1)
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    after = logits(net, inputs)
    changed = int((after.argmax(1) != before).sum())
    if not np.isfinite(after).all() or changed > len(inputs) / 1000:
        raise InputError(
            f"--half: {path} not written: {changed} of {len(inputs)} labels change: keep the "
            "float32 file"
        )
    save_weights(path, state, card)
    return changed


def quantize(source: str | Path, target: str | Path, rows: np.ndarray, card: dict) -> None:
    """Write the ONNX file `source` with int8 weights and activations (static, QDQ) to `target`.

    rows: (n, 187) as the graph takes them. The ranges leave out the farthest 0.1 % of what they
    give: one rare row that stretches a range costs all others digits."""
    from onnxruntime import quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(q.CalibrationDataReader):
        parts = iter(np.array_split(np.asarray(rows, np.float32).reshape(len(rows), 1, WIDTH), 16))

        def get_next(self):
            part = next(self.parts, None)
            return None if part is None else {"ecg_input": part}

    # it recommends a pre-processing that this graph does not need, and tells of its histograms
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        prepared = str(Path(folder) / "prepared.onnx")
        quant_pre_process(str(source), prepared, skip_symbolic_shape=True)
        q.quantize_static(
            prepared,
            str(target),
            Reader(),
            quant_format=q.QuantFormat.QDQ,
            per_channel=True,
            calibrate_method=q.CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE},
        )
    model = onnx.load(str(target))
    _add_card(model, card)
    onnx.save(model, str(target))


# ---- proof ------------------------------------------------------------------------------------


class Parity(NamedTuple):
    """How far two sets of logits of the same rows are apart. rows: how many; unequal: labels that
    differ; ties: those of them whose two best classes are within TIE; probability, logit: the
    largest difference of one."""

    rows: int
    unequal: int
    ties: int
    probability: float
    logit: float


def parity(ours: np.ndarray, theirs: np.ndarray) -> Parity:
    """The Parity of two sets of logits (n, classes)."""
    a, b = softmax(ours), softmax(theirs)
    differ = a.argmax(1) != b.argmax(1)
    best = np.sort(a[differ], axis=1)
    return Parity(
        rows=len(a),
        unequal=int(differ.sum()),
        ties=int((best[:, -1] - best[:, -2] <= TIE).sum()),
        probability=float(np.abs(a - b).max(initial=0)),
        logit=float(np.abs(ours - theirs).max(initial=0)),
    )


def context_parity(net: nn.Module, path: str | Path, patients: Iterable) -> float:
    """Largest difference of a logit between the context network and its ONNX file over the first
    view of the patients (ecg.training.patients.Patient). Raises InputError above
    LOGIT_TOLERANCE."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = max(
        parity(*(context.network_logits(model, beats.features) for model in (net, session))).logit
        for patient in patients
        for beats in next(iter(patient.views.values())).leads
    )
    if worst > LOGIT_TOLERANCE:
        raise InputError(f"{path}: ONNX Runtime differs from PyTorch by {worst:.1e} in a logit")
    return worst


def microseconds_a_row(model: Any, rows: np.ndarray) -> float:
    """Microseconds that `model` (PyTorch or ONNX) takes for a row at batch 256, best of three
    passes over at most 4,096 rows."""
    rows = rows[:4096]
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        logits(model, rows)
        times.append(time.perf_counter() - begin)
    return 1e6 * min(times) / len(rows)
