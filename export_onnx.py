"""ONNX, parity-checked: weight/model_NAME.pth -> weight/ecg_model_NAME.onnx.

    python export_onnx.py                    # model_self.pth, opset 18
    python export_onnx.py --model deep --opset 11
    python export_onnx.py --scaler-inside    # takes min-max rows: a device needs this one file only
    python export_onnx.py --quantize int8    # smaller and faster; refused if macro-F1 falls
    python export_onnx.py --half             # first, the .pth itself in half precision

Input `ecg_input` (batch_size, 1, 187), output `logits` (batch_size, 5). The model card travels in
the file's metadata, under `card`. Nothing is written unless ONNX Runtime agrees with PyTorch on
every test row. The file lies beside the weights; of shipped weights (weight/shipped/, which stays
as it is) in WEIGHT, with a copy of them.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
import shutil
from pathlib import Path

import numpy as np

import models
from ecg import artifacts, beats, cli, ranges, weights
from ecg.artifacts import InputError
from ecg.evaluation.metrics import confusion, macro_f1
from ecg.export import (
    OPSET,
    PROBABILITY_TOLERANCE,
    TIE,
    Parity,
    Standardised,
    export_rows,
    halve,
    microseconds_a_row,
    parity,
    quantize,
)
from ecg.prediction import is_context_model, logits, open_onnx, scaled
from ecg.training.fast_form import fast_form, why_plain

QUANTIZE_LOSS = 0.005  # macro-F1 on validation rows that int8 may cost
CALIBRATION_ROWS = 2048  # real training rows that give the ranges of int8


# ---- steps ------------------------------------------------------------------------------------


def find_weights(args: argparse.Namespace) -> tuple[Path, Path]:
    """(the weights to export, the path that they have where the output goes): the same but for
    shipped weights, which no stage changes. Raises InputError where there are none."""
    source = Path(args.model)
    if source.suffix != ".pth":
        source = weights.find_weights(args.model, args.weight, ".pth")
    source = weights.require_weights(source, "python train.py")
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
    return scaled(minmax_rows(x, manifest), card)


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


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--model", default="self", help="name, or .pth file, of what to export")
    cli.add(parser, "--data", help="folder of the data; its test rows prove the parity")
    cli.add(parser, "--weight")
    option = parser.add_argument_group("the file").add_argument
    option(
        "--opset",
        type=ranges.whole(1, 100),
        choices=(11, OPSET),
        default=OPSET,
        help="ONNX operators",
    )
    option("--scaler-inside", action="store_true", help="the scaler in the graph: NAME_raw.onnx")
    option("--quantize", choices=("none", "int8"), default="none", help="NAME_int8.onnx too")
    option("--half", action="store_true", help="first the .pth itself in half precision")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
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
    card = weights.of_weights(path if args.half else source, card)

    target = weights.onnx_path(path)
    graph = fast_form(net).eval()  # ONNX Runtime, too, takes half the time for it
    if reason := why_plain(net):
        print(f"{card['architecture']} is exported as it is, without the faster form: {reason}")
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


def tell(target: Path, opset: int, micros: float, found: Parity, manifest: dict) -> None:
    """What was written, how fast it is, how near to PyTorch. micros: microseconds a row."""
    kind = "synthetic" if manifest["synthetic"] else "real"
    print(
        f"wrote {target}: opset {opset}, {target.stat().st_size / 1e6:.2f} MB, {micros:.0f} us a "
        "row at batch 256"
    )
    print(
        f"equal to PyTorch on all {found.rows:,} {kind} test rows: labels the same (ties within "
        f"{TIE:g} apart), probabilities within {found.probability:.1e}"
    )


def tell_int8(
    target: Path, micros: float, micros_float32: float, scores: list[float], card: dict
) -> None:
    """The same of int8, beside float32. scores: macro-F1 on validation rows of [float32, int8]."""
    refit = card["recipe"].get("refit")
    rows = "validation rows, learnt by this refit," if refit else "validation rows"
    print(
        f"wrote {target}: {target.stat().st_size / 1e6:.2f} MB, {micros:.0f} us a row (float32: "
        f"{micros_float32:.0f}); macro-F1 on {rows} {scores[1]:.4f} (float32: {scores[0]:.4f})"
    )


if __name__ == "__main__":
    cli.run(main)
