"""Fine-tuning: more epochs from saved weights, with the validation rows watched.

    python continue_train.py                     50 more epochs at 1e-4 from weight/model_self.pth
                                                 (where there is none, from the shipped one)
    python continue_train.py --patience 8        stops when validation macro-F1 has not risen for 8
                                                 epochs
    python continue_train.py --model context --records DIR --annotator cor
                                                 adapts the context model to one patient, by the
                                                 first five minutes that a person has labelled

Writes weight/model_NAME_finetuned_best.pth (the epoch with the best validation macro-F1),
..._finetuned_final.pth (the last epoch), data/new_history_finetune.npy and .json, and goes on with
TensorBoard's curves where the training ended. For the context model it writes
weight/model_context_RECORD_finetuned.pth, .json and .onnx for every record.
"""

import argparse
import functools
from pathlib import Path

import numpy as np
import torch

import models
from ecg import artifacts, cli, context, weights
from ecg.artifacts import InputError
from ecg.context import CONTEXT_CLASSES
from ecg.evaluation.sequences import patient_counts, score_line
from ecg.export import export_context
from ecg.formats import annotation
from ecg.training import distribution
from ecg.training.adaptation import adapt
from ecg.training.log import save_history
from ecg.training.loop import Files
from ecg.training.patients import labelled_minutes, load_patients
from ecg.training.recipe import RECIPES
from ecg.training.row_training import fit_rows, model_card
from ecg.training.rows import load_rows

# ---- options: what they are where they were not given; one that is not in a model's table does not
# apply to it

ROWS = {**cli.ROW_DEFAULTS, **dict(epochs=50, start=None, patience=None)}
CONTEXT = {
    **dict(records=None, annotator="cor", reference=None, minutes=5, steps=40),
    **dict(start=None, weight="weight", second="auto"),
}


def parser() -> argparse.ArgumentParser:
    p = cli.stage_parser(__doc__)
    p.add_argument(
        "--model", choices=list(models.MODELS), default="self", help="weight/model_NAME.pth"
    )
    p.add_argument(
        "--from",
        dest="start",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="start from these weights (default: the model's own)",
    )
    cli.add_training_options(p)
    option = cli.add_row_options(p)
    option(
        "--patience",
        type=int,
        help="stop after so many epochs without a better validation macro-F1 (default: never)",
    )
    group = p.add_argument_group("context")
    option = functools.partial(group.add_argument, default=argparse.SUPPRESS)
    option("--records", metavar="DIR", help="folder of WFDB records with the person's annotation")
    option("--annotator", help="suffix of the person's annotation files (default cor)")
    option(
        "--reference",
        metavar="SUFFIX",
        help="annotation to score against after the labelled minutes (default: --annotator)",
    )
    option(
        "--minutes",
        type=float,
        help="labelled minutes at the start of the recording that are learnt (default 5)",
    )
    option("--steps", type=int, help="steps of fine-tuning (default 40)")
    cli.add_second_lead_option(group, argparse.SUPPRESS)
    return p


def starting_weights(args: argparse.Namespace, weight: Path, protocol: str = "kaggle") -> Path:
    """The weights to start from: those of --from, else the model's own, else the shipped ones."""
    if args.start:
        return weights.require_weights(args.start, "python train.py")
    return weights.in_folders(weights.weights_path(weight, args.model, protocol))


# ---- models of single rows -----------------------------------------------------------------------


def finetune(args: argparse.Namespace) -> tuple[Path, Path]:
    """Returns the weights files (best, final)."""
    recipe = cli.recipe_from(args, RECIPES["tutorial"])
    if args.patience is not None and args.patience < 1:
        raise InputError(f"--patience {args.patience} must be at least 1")
    if args.threads:
        torch.set_num_threads(args.threads)
    device = distribution.choose_device(args.device)
    rank, _ = distribution.processes(device)
    data, weight, runs = artifacts.locate(args.data), artifacts.locate(args.weight), Path(args.runs)
    train, val, manifest = load_rows(data, device, recipe.balance)
    start = starting_weights(args, weight, manifest["protocol"])
    net, before = loaded(start, manifest, data, args.dropout)
    behind = before.get("metrics", {}).get("epoch", 0)
    extra = {"from": start.name, "from_sha256": artifacts.sha256(start), "from_epoch": behind}
    card = model_card(before["name"], net, before["arguments"], manifest, recipe, args.seed, extra)
    best_file, final_file = (weight / f"{start.stem}_finetuned_{w}.pth" for w in ("best", "final"))
    report = cli.print_line if rank == 0 else lambda text: None
    report(f"{start}: {behind} epochs behind it")

    def save_final(training):
        last = {key: values[-1] for key, values in training.history.items()}
        about = {"epoch": training.epoch, "macro_f1_over": training.best["macro_f1_over"]}
        weights.save_weights(final_file, training.weights(), {**card, "metrics": {**last, **about}})
        save_history(data, "new_history_finetune", training.history)

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
        f"{best_file}: epoch {best['epoch']}, validation accuracy {best['val_acc']:.2%}, "
        f"macro-F1 {best['val_macro_f1']:.4f}\n{final_file}: the last epoch"
    )
    return best_file, final_file


def loaded(start: Path, manifest: dict, data: Path, dropout: float | None) -> tuple:
    """(network, its card) of the weights to start from, with another dropout where one is given.
    Raises InputError where the rows are not standardised as the network's were."""
    net, card = models.load(start)
    if any(card["input"][key] != manifest["scaler"][key] for key in ("mean", "scale")):
        raise InputError(
            f"{start} was trained on rows standardised otherwise than those in "
            f"{artifacts.processed(data)}: preprocess with the protocol and seed of its model card"
        )
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
    if args.minutes <= 0 or args.steps < 1:
        raise InputError("--minutes must be above 0 and --steps at least 1")
    torch.set_num_threads(1)
    folder = artifacts.locate(args.records)
    start = starting_weights(args, artifacts.locate(args.weight))
    net, card = models.load_context(start)
    patients = load_patients(
        [folder], args.annotator, views=("detected",), keep_paced=True, second=args.second
    )
    before, after = [], []
    for patient in patients:
        leads, labels = patient.views["detected"].leads, labelled_minutes(patient, args.minutes)
        tuned = adapt(net, leads, labels, args.steps)
        save_adapted(tuned, card, patient, labels, start, args)
        truth = patient
        if args.reference is not None:
            read = annotation.read_annotation(folder / patient.record, args.reference)
            truth = patient._replace(samples=read[0], symbols=read[1])
        for model, counts in ((net, before), (tuned, after)):
            labelled = context.context_logits(model, leads).argmax(axis=1)
            learnt = 60 * args.minutes
            counts.append(patient_counts(truth, "detected", labelled, learning=learnt))
    if np.sum(before):
        print(
            f"Against .{args.reference or args.annotator} after minute {args.minutes:g}: Se/+P in "
            "percent, F1"
        )
        print(score_line("before", before))
        print(score_line("after", after))


def save_adapted(net, card: dict, patient, labels: np.ndarray, start: Path, args) -> None:
    """Weights, card and ONNX file of the network adapted to a patient."""
    counts = {c: int((labels == k).sum()) for k, c in enumerate(CONTEXT_CLASSES)}
    path = weights.weights_path(args.weight, "context", patient.record, "_finetuned")
    about = {"from": start.name, "annotator": args.annotator, "minutes": args.minutes}
    about |= {"beats": counts, "steps": args.steps}
    card = {**card, "patient": patient.name, "finetuned": about}
    weights.save_weights(path, net.state_dict(), card)
    export_context(net, weights.onnx_path(path), card)
    learnt = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{patient.name}: {sum(counts.values())} labelled beats ({learnt}) -> {path}")


def main(argv: list[str] | None = None) -> None:
    args = parser().parse_args(argv)
    try:
        if args.model == "context":
            adapt_context(cli.settle(args, CONTEXT))
        else:
            finetune(cli.settle(args, ROWS))
    finally:
        distribution.leave()


if __name__ == "__main__":
    cli.run(main)
