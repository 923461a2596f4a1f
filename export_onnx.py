"""ONNX, parity-checked: weight/model_NAME.pth -> weight/ecg_model_NAME.onnx.

    python export_onnx.py                                      # weight/model_self.pth, opset 18
    python export_onnx.py --weights weight/model_deep.pth --opset 11
    python export_onnx.py --scaler-inside                      # takes min-max rows: a device needs this one file only
    python export_onnx.py --quantize int8                      # smaller and faster; refused if macro-F1 falls
    python export_onnx.py --half                               # first, the .pth itself in half precision: half its size

Input `ecg_input` (batch_size, 1, 187), output `logits` (batch_size, 5). The model card travels in the file's metadata,
under `card`. Nothing is written unless ONNX Runtime agrees with PyTorch on every test row.
"""
import argparse
import contextlib
import io
import json
import logging
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from sklearn.metrics import f1_score

import models
from ecg import artifacts, beats
from ecg.artifacts import InputError
from inference import is_context, load_onnx_model, logits, softmax

PROBABILITY_TOLERANCE = 5e-6   # float32 logits of +-30 in another order of summation: 6e-7 was seen
TIE = 1e-5                     # two classes this close may swap
PERCENTILE = 99.9              # of the activations that training rows give: the range of int8, chosen on validation rows
QUANTIZE_LOSS = 0.005          # macro-F1 on validation that int8 may cost


class Standardised(torch.nn.Module):
    """A network behind its own scaler: takes min-max rows."""

    def __init__(self, net, mean, scale):
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))

    def forward(self, x):
        return self.net((x - self.mean) / self.scale)


def export(net, path, opset, card):
    """Write `net` (eval mode) as ONNX to `path`, with the card in its metadata, and check it with onnx.checker."""
    example = torch.zeros(2, 1, beats.WIDTH)
    names = {"input_names": ["ecg_input"], "output_names": ["logits"], "opset_version": opset}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if opset >= 18:
            torch.onnx.export(net, (example,), str(path), dynamo=True, external_data=False, optimize=True, verbose=False,
                              dynamic_shapes=({0: torch.export.Dim("batch_size", min=1)},), **names)
        else:  # the older exporter is the one that writes older opsets
            torch.onnx.export(net, (example,), str(path), dynamo=False, do_constant_folding=True, verbose=False,
                              dynamic_axes={"ecg_input": {0: "batch_size"}, "logits": {0: "batch_size"}}, **names)
    model = onnx.load(str(path))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch_size"
    add_card(model, card)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def add_card(model, card):
    """The card into the file's metadata; out of it what the exporter noted about the machine it ran on."""
    for node in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer):
        del node.metadata_props[:]
    onnx.helper.set_model_props(model, {"card": json.dumps(artifacts.plain(card), ensure_ascii=False)})


def compare(ours, theirs):
    """(largest |probability difference|, labels that differ and are no tie) of two sets of logits (n, 5)."""
    a, b = softmax(ours), softmax(theirs)
    differ = a.argmax(1) != b.argmax(1)
    top = np.sort(a[differ], axis=1)
    return float(np.abs(a - b).max()), int((top[:, -1] - top[:, -2] > TIE).sum())


def halve(weights, net, card, inputs):
    """Rewrite the weights file in half precision (it is read back as float32), and round `net` the same way. Raises InputError,
    and writes nothing, where a weight is too large for that or more than one label in a thousand changes on `inputs`."""
    state = {key: value.half() if value.is_floating_point() else value for key, value in net.state_dict().items()}
    before = logits(net, inputs).argmax(1)
    net.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in state.items()})
    after = logits(net, inputs)
    changed = int((after.argmax(1) != before).sum())
    if not np.isfinite(after).all() or changed > len(inputs) / 1000:
        raise InputError(f"--half: {weights} not written: {changed} of {len(inputs)} labels change: keep the float32 file")
    artifacts.save_weights(weights, state, card)
    print(f"wrote {weights} in half precision: {weights.stat().st_size / 1e6:.2f} MB; {changed} of {len(inputs):,} labels changed")


def quantize(source, target, rows, card):
    """int8 weights and activations (static, QDQ). Their ranges leave out the farthest 0.1 % of what training rows give: one rare
    row that stretches a range costs all others digits."""
    from onnxruntime import quantization as q

    class Reader(q.CalibrationDataReader):
        parts = iter(np.array_split(np.asarray(rows, np.float32).reshape(len(rows), 1, beats.WIDTH), 16))

        def get_next(self):
            part = next(self.parts, None)
            return None if part is None else {"ecg_input": part}

    logging.getLogger().setLevel(logging.ERROR)             # it recommends a pre-processing that this graph does not need
    with contextlib.redirect_stdout(io.StringIO()):         # it tells of its histograms
        q.quantize_static(str(source), str(target), Reader(), quant_format=q.QuantFormat.QDQ, per_channel=True,
                          calibrate_method=q.CalibrationMethod.Percentile, extra_options={"CalibPercentile": PERCENTILE})
    model = onnx.load(str(target))
    add_card(model, card)
    onnx.save(model, str(target))


def speed(session, x):
    """Microseconds a row at batch 256, best of three passes over at most 4,096 rows."""
    x = x[:4096]
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        logits(session, x)
        times.append(time.perf_counter() - begin)
    return 1e6 * min(times) / len(x)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--weights", metavar="FILE", help="weights to export (default: WEIGHT/model_self.pth)")
    parser.add_argument("--opset", type=int, choices=(11, 18), default=18, help="ONNX operator set")
    parser.add_argument("--scaler-inside", action="store_true", help="put the scaler into the graph, in NAME_raw.onnx")
    parser.add_argument("--quantize", choices=("none", "int8"), default="none", help="also write NAME_int8.onnx")
    parser.add_argument("--half", action="store_true", help="first rewrite the weights file in half precision")
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data (its test rows prove the parity)")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    args = parser.parse_args(argv)

    weights = Path(args.weights) if args.weights else artifacts.weights_path(args.weight, "self")
    net, card = models.load(weights)
    if is_context(card):
        raise InputError(f"{weights} looks at whole recordings: its training (python model_context.py) has written its ONNX file already")
    manifest = artifacts.load_manifest(args.data)
    x, y = artifacts.load_split(args.data, "test")
    mean, scale = card["input"]["mean"], card["input"]["scale"]
    # the rows as this model wants them, also when the folder holds another protocol than the one it was trained under
    theirs = manifest["scaler"]
    rows = (np.asarray(x)[:, :, 0].astype(np.float64) * theirs["scale"] + theirs["mean"]).astype(np.float32)
    inputs = np.asarray(x) if theirs["mean"] == mean else beats.standardise(rows, mean, scale)
    target = artifacts.onnx_path(weights)
    net.card = card
    if args.half:
        halve(weights, net, card, inputs)
    graph = models.fast_form(net).eval()                    # ONNX Runtime, too, takes half the time for it
    if args.scaler_inside:
        net, graph, inputs = Standardised(net, mean, scale).eval(), Standardised(graph, mean, scale).eval(), rows
        card = {**card, "input": {**card["input"], "scaler_inside": True}}
        target = target.with_name(target.stem + "_raw.onnx")

    net.card = card
    expected = logits(net, inputs)
    with artifacts.writing(target) as temporary:
        export(graph, temporary, args.opset, card)
        session = load_onnx_model(temporary)
        difference, differ = compare(expected, logits(session, inputs))
        if differ or difference > PROBABILITY_TOLERANCE:
            raise InputError(f"{target} not written: against PyTorch {differ} labels differ on {len(x)} test rows, probabilities "
                             f"by up to {difference:.1e} (allowed {PROBABILITY_TOLERANCE:g}): try the other --opset")
        micros = speed(session, inputs)
    kind = "synthetic" if manifest["synthetic"] else "real"
    print(f"wrote {target}: opset {args.opset}, {target.stat().st_size / 1e6:.2f} MB, {micros:.0f} us a row at batch 256")
    print(f"equal to PyTorch on all {len(x):,} {kind} test rows: labels the same (ties within {TIE:g} apart), "
          f"probabilities within {difference:.1e}")

    if args.quantize == "int8":
        _write_int8(args, target, card, manifest, micros, rows if args.scaler_inside else None)


def _write_int8(args, target, card, manifest, micros, raw):
    x_train, _ = artifacts.load_split(args.data, "train")
    x_val, y_val = artifacts.load_split(args.data, "val")
    theirs = manifest["scaler"]

    def fit(x):                                             # processed rows -> what this graph takes
        rows = (np.asarray(x)[:, :, 0].astype(np.float64) * theirs["scale"] + theirs["mean"]).astype(np.float32)
        return rows if raw is not None else beats.standardise(rows, card["input"]["mean"], card["input"]["scale"])

    chosen = np.sort(np.random.default_rng(0).choice(manifest["n_real"], min(2048, manifest["n_real"]), replace=False))
    val = fit(x_val)
    path = target.with_name(target.stem + "_int8.onnx")
    with artifacts.writing(path) as temporary, tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        from onnxruntime.quantization.shape_inference import quant_pre_process
        quant_pre_process(str(target), str(prepared), skip_symbolic_shape=True)
        quantize(prepared, temporary, fit(x_train[chosen]), {**card, "quantized": "int8"})
        scores = [f1_score(y_val, logits(load_onnx_model(p), val).argmax(1), average="macro", labels=np.unique(y_val))
                  for p in (target, temporary)]
        if scores[0] - scores[1] > QUANTIZE_LOSS:
            raise InputError(f"--quantize int8: {path} not written: macro-F1 on validation falls from {scores[0]:.4f} to "
                             f"{scores[1]:.4f}, by more than {QUANTIZE_LOSS}: keep the float32 file")
        fast = speed(load_onnx_model(temporary), val)
    rows = "validation rows, learnt by this refit," if card["recipe"].get("refit") else "validation rows"
    print(f"wrote {path}: {path.stat().st_size / 1e6:.2f} MB, {fast:.0f} us a row (float32: {micros:.0f}); "
          f"macro-F1 on {rows} {scores[1]:.4f} (float32: {scores[0]:.4f})")


if __name__ == "__main__":
    artifacts.run(main)
