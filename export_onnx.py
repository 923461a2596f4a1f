"""ONNX, parity-checked: weight/model_NAME.pth -> weight/ecg_model_NAME.onnx.

    python export_onnx.py                    # model_self.pth, opset 18
    python export_onnx.py --weights weight/model_deep.pth --opset 11
    python export_onnx.py --scaler-inside    # takes min-max rows: a device needs this one file only
    python export_onnx.py --quantize int8    # smaller and faster; refused if macro-F1 falls
    python export_onnx.py --half             # first, the .pth itself in half precision

Input `ecg_input` (batch_size, 1, 187), output `logits` (batch_size, 5). The model card travels in
the file's metadata, under `card`. Nothing is written unless ONNX Runtime agrees with PyTorch on
every test row. The file lies beside the weights; of shipped weights (weight/shipped/, which stays
as it is) in WEIGHT, with a copy of them.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np

import models
from ecg import artifacts, beats, cli, weights
from ecg.artifacts import InputError
from ecg.evaluation.metrics import confusion, macro_f1
from ecg.export import (
    OPSET,
    PROBABILITY_TOLERANCE,
    TIE,
    Standardised,
    export_rows,
    halve,
    microseconds_a_row,
    parity,
    quantize,
)
from ecg.prediction import is_context_model, logits, open_onnx
from ecg.training.fast_form import fast_form

QUANTIZE_LOSS = 0.005  # macro-F1 on validation rows that int8 may cost
CALIBRATION_ROWS = 2048  # real training rows that give the ranges of int8


# ---- steps ------------------------------------------------------------------------------------


def find_weights(args: argparse.Namespace) -> tuple[Path, Path]:
    """(the weights to export, the path that they have where the output goes): the same but for
    shipped weights, which no stage changes. Raises InputError where there are none."""
    default = weights.in_folders(weights.weights_path(args.weight, "self"))
    source = weights.require_weights(args.weights or default, "python train.py")
    if not weights.is_shipped(source):
        return source, source
    target = artifacts.locate(args.weight) / source.name
    if weights.is_shipped(target):
        raise InputError(f"--weight {args.weight} holds shipped weights, which stay as they are")
    return source, target


def minmax_rows(x: np.ndarray, manifest: dict) -> np.ndarray:
    """The min-max rows float32 (n, 187) behind x (n, 187, 1) of data/processed_data."""
    scaler = manifest["scaler"]
    rows = beats.unstandardise(x, scaler["mean"], scaler["scale"], dtype=np.float64, clip=False)
    return rows.astype(np.float32)


def model_inputs(x: np.ndarray, manifest: dict, card: dict) -> np.ndarray:
    """x (n, 187, 1) of data/processed_data as the model of this card takes it, also where the
    folder holds another protocol than the one it was trained under."""
    rows = minmax_rows(x, manifest)
    if card["input"].get("scaler_inside"):
        return rows
    return beats.standardise(rows, card["input"]["mean"], card["input"]["scale"])


def proof_inputs(x: np.ndarray, manifest: dict, card: dict) -> np.ndarray:
    """`model_inputs`, but x itself where the model was trained on rows with this very scaler."""
    same = manifest["scaler"]["mean"] == card["input"]["mean"]
    if same and not card["input"].get("scaler_inside"):
        return np.asarray(x)
    return model_inputs(x, manifest, card)


def copy_weights(source: Path, target: Path) -> None:
    """Weights and their card to where their ONNX file goes: a pair is looked for in one folder."""
    for old, new in ((weights.card_path(source), weights.card_path(target)), (source, target)):
        with artifacts.writing(new) as temporary:
            shutil.copyfile(old, temporary)


def write_int8(
    source: Path, target: Path, data: Path, manifest: dict, card: dict
) -> tuple[float, list[float]]:
    """Write the ONNX file `source` in int8 to `target`. Returns (microseconds a row, macro-F1 on
    the validation rows of [source, target]). Raises InputError, and writes nothing, where int8
    costs more than QUANTIZE_LOSS."""
    x_train, _ = artifacts.load_split(data, "train")
    x_val, y_val = artifacts.load_split(data, "val")
    count = min(CALIBRATION_ROWS, manifest["n_real"])
    chosen = np.random.default_rng(0).choice(manifest["n_real"], count, replace=False)
    rows = model_inputs(x_val, manifest, card)
    names = [beats.CLASSES[c] for c in np.unique(y_val)]
    with artifacts.writing(target) as temporary:
        calibration = model_inputs(x_train[np.sort(chosen)], manifest, card)
        quantize(source, temporary, calibration, {**card, "quantized": "int8"})
        sessions = [open_onnx(path) for path in (source, temporary)]
        labels = [logits(session, rows).argmax(1) for session in sessions]
        scores = [float(macro_f1(confusion(y_val, found), names)) for found in labels]
        if scores[0] - scores[1] > QUANTIZE_LOSS:
            raise InputError(
                f"--quantize int8: {target} not written: macro-F1 on validation falls from "
                f"{scores[0]:.4f} to {scores[1]:.4f}, by more than {QUANTIZE_LOSS}: keep the "
                "float32 file"
            )
        return microseconds_a_row(sessions[1], rows), scores


# ---- the stage --------------------------------------------------------------------------------


def options() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="weights to export (default: model_self.pth of WEIGHT, or the shipped one)",
    )
    parser.add_argument(
        "--opset", type=int, choices=(11, OPSET), default=OPSET, help="ONNX operator set"
    )
    parser.add_argument(
        "--scaler-inside",
        action="store_true",
        help="put the scaler into the graph, in NAME_raw.onnx",
    )
    parser.add_argument(
        "--quantize", choices=("none", "int8"), default="none", help="also write NAME_int8.onnx"
    )
    parser.add_argument(
        "--half", action="store_true", help="first rewrite the weights file in half precision"
    )
    parser.add_argument(
        "--data",
        default="data",
        metavar="DIR",
        help="folder of the data (its test rows prove the parity)",
    )
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    return parser


def main(argv=None):
    args = options().parse_args(argv)
    source, path = find_weights(args)
    net, card = models.load(source)
    if is_context_model(card):
        raise InputError(
            f"{source} looks at whole recordings: its training (python train.py --model context) "
            "has written its ONNX file already"
        )
    data = artifacts.locate(args.data)
    manifest = artifacts.load_manifest(data)
    x, _ = artifacts.load_split(data, "test")
    if args.half:
        changed = halve(path, net, card, proof_inputs(x, manifest, card))
        print(
            f"wrote {path} in half precision: {path.stat().st_size / 1e6:.2f} MB; "
            f"{changed} of {len(x):,} labels changed"
        )

    target = weights.onnx_path(path)
    graph = fast_form(net).eval()  # ONNX Runtime, too, takes half the time for it
    if args.scaler_inside:
        scaler = card["input"]["mean"], card["input"]["scale"]
        net, graph = Standardised(net, *scaler).eval(), Standardised(graph, *scaler).eval()
        card = {**card, "input": {**card["input"], "scaler_inside": True}}
        target = target.with_name(f"{target.stem}_raw.onnx")
    inputs = proof_inputs(x, manifest, card)
    with artifacts.writing(target) as temporary:
        export_rows(graph, temporary, args.opset, card)
        session = open_onnx(temporary)
        found = parity(logits(net, inputs), logits(session, inputs))
        if found.unequal > found.ties or found.probability > PROBABILITY_TOLERANCE:
            raise InputError(
                f"{target} not written: against PyTorch {found.unequal - found.ties} labels "
                f"differ on {len(x)} test rows, probabilities by up to {found.probability:.1e} "
                f"(allowed {PROBABILITY_TOLERANCE:g}): try the other --opset"
            )
        micros = microseconds_a_row(session, inputs)
        if path != source and not args.half:
            copy_weights(source, path)
    tell(target, args.opset, micros, found, manifest)
    if args.quantize == "int8":
        small = target.with_name(f"{target.stem}_int8.onnx")
        micros_int8, scores = write_int8(target, small, data, manifest, card)
        tell_int8(small, micros_int8, micros, scores, card)


def tell(target, opset, micros, found, manifest):
    kind = "synthetic" if manifest["synthetic"] else "real"
    print(
        f"wrote {target}: opset {opset}, {target.stat().st_size / 1e6:.2f} MB, {micros:.0f} us a "
        "row at batch 256"
    )
    print(
        f"equal to PyTorch on all {found.rows:,} {kind} test rows: labels the same (ties within "
        f"{TIE:g} apart), probabilities within {found.probability:.1e}"
    )


def tell_int8(target, micros, micros_float32, scores, card):
    refit = card["recipe"].get("refit")
    rows = "validation rows, learnt by this refit," if refit else "validation rows"
    print(
        f"wrote {target}: {target.stat().st_size / 1e6:.2f} MB, {micros:.0f} us a row (float32: "
        f"{micros_float32:.0f}); macro-F1 on {rows} {scores[1]:.4f} (float32: {scores[0]:.4f})"
    )


if __name__ == "__main__":
    cli.run(main)
