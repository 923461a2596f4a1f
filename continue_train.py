"""Fine-tuning: more epochs from saved weights, with the validation rows watched.

    python continue_train.py                     50 more epochs at 1e-4 from weight/model_self.pth
                                                 (where there is none, from the shipped one)
    python continue_train.py --patience 8        stops when validation macro-F1 has not risen for 8
                                                 epochs
    python continue_train.py --model context --records DIR --reference cor
                                                 adapts the context model to one patient, by the
                                                 first five minutes that a person has labelled

Writes weight/model_NAME_finetuned_best.pth (the epoch with the best validation macro-F1),
..._finetuned_final.pth (the last epoch), data/new_history_finetune.npy and .json, and goes on with
TensorBoard's curves where the training ended. For the context model it writes
weight/model_context_RECORD_finetuned.pth, .json and .onnx for every record.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import models
from ecg import artifacts, cli, context, fingerprint, overwriting, ranges, weights
from ecg.artifacts import InputError
from ecg.context import CONTEXT_CLASSES
from ecg.evaluation.sequences import patient_counts, score_line
from ecg.export import export_context
from ecg.formats import annotation
from ecg.prediction import is_context_model
from ecg.training import distribution
from ecg.training.adaptation import adapt
from ecg.training.log import history_files, save_history
from ecg.training.loop import Files, Training
from ecg.training.patients import Patient, labelled_minutes, load_patients
from ecg.training.recipe import RECIPES
from ecg.training.row_training import fit_rows, model_card
from ecg.training.rows import load_rows

HISTORY = "new_history_finetune"

# ---- options: what they are where they were not given; one that is not in a model's table does not
# apply to it

ROWS = {**cli.ROW_DEFAULTS, **dict(epochs=50, patience=None)}
CONTEXT = {
    **dict(records=None, reference="cor", against=None, minutes=5, steps=40),
    **dict(weight="weight", second="auto"),
}


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    cli.add(p, "--model", default="self", help="what to start from: a name or a .pth file")
    cli.add_training_options(p)
    option = cli.add_row_options(p).add_argument
    option(
        "--patience", metavar="N", type=ranges.COUNT, help="stop after N epochs without a new best"
    )
    group = p.add_argument_group("context model: one patient")
    cli.add(group, "--records", help="folder of WFDB records that a person labelled")
    cli.add(group, "--reference", default=None, help="annotator of these labels (default cor)")
    group.add_argument(
        "--against", metavar="NAME", help="annotator to score against (default: --reference)"
    )
    group.add_argument(
        "--minutes",
        metavar="MIN",
        type=ranges.above(0, 1440),
        help="labelled at the start, learnt (default 5)",
    )
    group.add_argument(
        "--steps", metavar="N", type=ranges.COUNT, help="of fine-tuning (default 40)"
    )
    cli.add(group, "--second", default=None, help="second lead: name, number, none (default auto)")
    return p


# ---- models of single rows -----------------------------------------------------------------------


def finetune(args: argparse.Namespace) -> tuple[Path, Path]:
    """Returns the weights files (best, final)."""
    recipe = cli.recipe_from(args, RECIPES["tutorial"])
    if args.threads:
        torch.set_num_threads(args.threads)
    device = distribution.choose_device(args.device)
    rank, _ = distribution.processes(device)
    data, weight, runs = artifacts.locate(args.data), artifacts.locate(args.weight), Path(args.runs)
    train, val, manifest = load_rows(data, device, recipe.balance)
    start = weights.rows_weights(args.model, weight, manifest["protocol"])
    if start.suffix == ".onnx":
        raise InputError(f"--model {start}: a training goes on from a .pth file")
    net, before = loaded(start, manifest, data, args.dropout)
    behind = before.get("metrics", {}).get("epoch", 0)
    extra = {"from": start.name, "from_sha256": artifacts.sha256(start), "from_epoch": behind}
    learnt = fingerprint.with_marks_of(manifest, before["manifest"])
    card = model_card(before["name"], net, before["arguments"], learnt, recipe, args.seed, extra)
    name = weights.short_name(start)  # mine.pth goes on as model_mine, which --model finds
    best_file, final_file = (
        weights.weights_path(weight, name, suffix=f"_finetuned_{which}")
        for which in ("best", "final")
    )
    report = cli.print_line if rank == 0 else lambda text: None
    overwriting.check(final_file)
    report(f"{start}: {behind} epochs behind it")

    def save_final(training: Training) -> None:
        last = {key: values[-1] for key, values in training.history.items()}
        about = {"epoch": training.epoch, "macro_f1_over": training.best["macro_f1_over"]}
        weights.save_weights(final_file, training.weights(), {**card, "metrics": {**last, **about}})
        save_history(data, HISTORY, training.history)

    log_dir = runs / start.stem
    best = fit_rows(
        net,
        card,
        train,
        val,
        recipe,
        best_file,
        Files(runs / best_file.stem / "checkpoint.pth", log_dir, last_run(log_dir)),
        seed=args.seed,
        device=device,
        after_epoch=save_final,
        report=report,
        resume=args.resume,
        patience=args.patience,
        first_epoch=behind,
    )
    report(
        f"{best_file.stem}: epoch {best['epoch']}, validation accuracy {best['val_acc']:.2%}, "
        f"macro-F1 {best['val_macro_f1']:.4f}; {final_file.stem}: the last epoch"
    )
    report(weights.wrote(best_file))
    report(weights.wrote(final_file, *history_files(data, HISTORY), f"{log_dir}/"))
    return best_file, final_file


def loaded(
    start: Path, manifest: Mapping[str, Any], data: Path, dropout: float | None
) -> tuple[nn.Module, dict[str, Any]]:
    """(network, its card) of the weights to start from, with another dropout where one is given.
    Raises InputError where the rows are not standardised as the network's were."""
    net, card = models.load(start)
    if any(card["input"][key] != manifest["scaler"][key] for key in ("mean", "scale")):
        raise InputError(
            f"{start} was trained on rows standardised otherwise than those in "
            f"{artifacts.processed(data)}: preprocess with the protocol and seed of its model card"
        )
    if dropout is not None and "dropout_rate" not in card["arguments"]:
        raise InputError(f"--dropout: {card['architecture']} has no dropout_rate")
    if dropout is not None:
        card["arguments"] = {**card["arguments"], "dropout_rate": dropout}
        net = weights.fill(models.build(card), net.state_dict(), start)
    return net, card


def last_run(folder: Path) -> Path | None:
    """The newest TensorBoard log below `folder`, or None."""
    logs = sorted(path for path in folder.glob("*") if path.is_dir() and any(path.glob("events.*")))
    return logs[-1] if logs else None


# ---- the context model ---------------------------------------------------------------------------


def adapt_context(args: argparse.Namespace) -> None:
    """Adapt the context model to the patient of every record; print what it gains afterwards."""
    if not args.records:
        raise InputError("--model context needs --records DIR: WFDB records that a person labelled")
    torch.set_num_threads(1)
    folder = artifacts.locate(args.records)
    start = weights.find_weights(args.model, artifacts.locate(args.weight), ".pth")
    net, card = models.load_context(start)
    patients = load_patients(
        [folder], args.reference, views=("detected",), keep_paced=True, second=args.second
    )
    before: list[np.ndarray] = []
    after: list[np.ndarray] = []
    for patient in patients:
        leads, labels = patient.views["detected"].leads, labelled_minutes(patient, args.minutes)
        tuned = adapt(net, leads, labels, args.steps)
        save_adapted(tuned, card, patient, labels, start, args)
        truth = patient
        if args.against is not None:
            read = annotation.read_annotation(folder / patient.record, args.against)
            truth = patient._replace(samples=read.samples, symbols=read.symbols)
        for model, counts in ((net, before), (tuned, after)):
            labelled = context.context_logits(model, leads).argmax(axis=1)
            learnt = 60 * args.minutes
            counts.append(patient_counts(truth, "detected", labelled, learning=learnt))
    if np.sum(before):
        print(
            f"Against .{args.against or args.reference} after minute {args.minutes:g}: Se/+P in "
            "percent, F1"
        )
        print(score_line("before", before))
        print(score_line("after", after))


def save_adapted(
    net: nn.Module,
    card: Mapping[str, Any],
    patient: Patient,
    labels: np.ndarray,
    start: Path,
    args: argparse.Namespace,
) -> None:
    """Weights, card and ONNX file of the network adapted to a patient."""
    counts = {c: int((labels == k).sum()) for k, c in enumerate(CONTEXT_CLASSES)}
    path = weights.weights_path(args.weight, "context", patient.record, "_finetuned")
    about = {"from": start.name, "annotator": args.reference, "minutes": args.minutes}
    about |= {"beats": counts, "steps": args.steps}
    own = {fingerprint.KEY: fingerprint.as_text(patient.marks)}
    manifest = fingerprint.with_marks_of(card["manifest"], own)
    card = {**card, "patient": patient.name, "finetuned": about, "manifest": manifest}
    weights.save_weights(path, net.state_dict(), card)
    export_context(net, weights.onnx_path(path), card)
    learnt = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{patient.name}: {sum(counts.values())} labelled beats ({learnt})")
    print(weights.wrote(path, weights.onnx_path(path)))


def is_context(model: str) -> bool:
    """Whether a name or a file is a context model."""
    if Path(model).suffix != ".pth":
        return model == "context"
    path = weights.require_weights(model, "python train.py")
    return is_context_model(weights.load_card(path))


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    try:
        if is_context(args.model):
            adapt_context(cli.settle(args, CONTEXT))
        else:
            finetune(cli.settle(args, ROWS))
    finally:
        distribution.leave()


if __name__ == "__main__":
    cli.run(main)
