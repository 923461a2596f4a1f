"""Training, for every model: weight/model_NAME.pth, its card and runs/ (TensorBoard).

    python train.py                                     ECGCNN by the tutorial's recipe: 10 epochs,
                                                        batch 32, Adam at 1e-4, SMOTE's rows
    python train.py --model residual --recipe best      one-cycle rate, averaged weights, learnt
                                                        rows shown less often
    python train.py --model residual --recipe best --hints   it also learns whose beat a row is, and
                                                        how early the beat came
    python train.py --resume                            after a crash: continues with the last whole
                                                        epoch, to the bit
    torchrun --nproc-per-node 2 train.py                the same on several processes (gloo on CPU,
                                                        nccl on GPU)
    tensorboard --logdir runs                           what is logged: ecg/training/log.py

Models of single rows learn from data/processed_data/ (python data_preprocess.py). The weights kept
are those of the epoch with the best macro-F1 on the validation rows. Test rows are not opened here.

The context model is for patients never seen: a small network over what ecg/context says of a beat
against its own patient, many beats in a row. It learns from annotated recordings:

    python train.py --model context --records data/mitdb      trained on DS1: comparable with the
                                                              literature
    python train.py --model context --records data/mitdb data/svdb --protocol interpatient_plus
                                                              DS1 and the other folders, scored on
                                                              DS2 too
    python train.py --model context --records data/mitdb data/svdb --protocol all
                                                              every patient there is:
                                                              weight/model_context.pth
    python train.py --model context --records data/mitdb data/svdb --cv
                                                              cross-validation by record, nothing is
                                                              written

The quality network names noise and moved electrodes. It learns from recordings of known quality,
those of the PhysioNet/CinC Challenge 2017 (REFERENCE.csv) and annotated ones:

    python train.py --model quality --records data/cinc2017 data/mitdb data/svdb
                                                              cross-validation by recording, then
                                                              weight/ecg_model_quality.onnx

The network of ventricular fibrillation learns from recordings with episodes.csv, annotated ones and
hand-held ones, mixed with measured muscle noise too:

    python train.py --model vf --records data/cudb data/mitdb data/cinc2017 --noise data/nstdb
                                                              leaving one patient out, then
                                                              weight/ecg_model_vf.onnx

The rhythm network learns from hand-held recordings whose rhythm a person has named; the beats in
them are labelled by a context model, best by one that never saw the recording:

    python train.py --model rhythm --records data/cinc2017 --context weight/folds
                                                              cross-validation by recording, then
                                                              weight/ecg_model_rhythm.onnx

The context model learns from two leads of a recording, one at a time. DS2 is never opened for
training or selection except under `all`, whose weights therefore must not be scored on it. The
temperature comes from predictions on patients left out (cross-validation by record within the
training patients). Paced records are left out. No beat of class Q is learnt.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

import models
from ecg import artifacts, cli, prediction, ranges, weights
from ecg.artifacts import InputError
from ecg.beat_table import label_beats
from ecg.evaluation.sequences import patient_figures, score_patients
from ecg.export import context_parity, export_context, export_quality
from ecg.mitdb import DS2
from ecg.training import crossvalidation, distribution, quality, quality_data, rhythm, vf
from ecg.training.normal import load_normal
from ecg.training.patients import Patient, load_patients, select_patients
from ecg.training.recipe import RECIPES
from ecg.training.rhythms import ALL_RHYTHMS, RHYTHMS
from ecg.training.row_training import train_rows
from ecg.training.sequences import context_card, fit_context
from ecg.training.views import SEEN, SHORT

PROTOCOLS = ("interpatient", "interpatient_plus", "all")  # of the context model

# ---- options: what they are where they were not given; one that is not in a model's table does not
# apply to it

ROWS = cli.FRESH_ROW_DEFAULTS
CONTEXT = {
    **dict(epochs=None, batch=None, learning_rate=None, seed=0, device="cpu", threads=1),
    **dict(resume=False, weight="weight", runs="runs"),
    **dict(records=["data/mitdb"], reference="atr", second="auto"),
    **dict(protocol="interpatient", cv=False, rhythms=list(RHYTHMS), folds=5, members=3),
    **dict(normal=None, keep=None, jobs=1),
}
QUALITY = {
    **dict(epochs=None, batch=None, learning_rate=None, seed=0, threads=1, weight="weight"),
    **dict(records=["data/cinc2017", "data/mitdb", "data/svdb"], cv=False, folds=quality.FOLDS),
}


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    names = ", ".join(models.MODELS).replace("self", "self (default)", 1)
    p.add_argument(
        "--model", metavar="NAME", choices=list(models.MODELS), default="self", help=names
    )
    cli.add_training_options(p)
    option = cli.add_fresh_row_options(p).add_argument
    option(
        "--hints", action="store_true", help="record and RR interval are learnt beside the class"
    )
    option("--refit", action="store_true", help="after a training: anew, validation rows included")
    option("--noise", default="data/nstdb", help="of --model vf: folder of measured muscle noise")
    option("--context", metavar="DIR", help="of --model rhythm: networks that --cv --keep kept")
    option("--seeds", metavar="N", type=ranges.whole(1, 100), help="of --model rhythm: with --cv")
    _add_context_options(p.add_argument_group("context model"))
    return p


def _add_context_options(group: cli.Group) -> None:
    option = group.add_argument
    cli.add(group, "--records", nargs="+", help="annotated WFDB records (default data/mitdb)")
    cli.add(group, "--reference", default=None, help="annotator of the labels (default atr)")
    option("--protocol", choices=PROTOCOLS, help="(the first)")
    option("--cv", action="store_true", help="print the cross-validation by record, no more")
    option("--keep", metavar="DIR", help="with --cv: keep its networks (weight/folds)")
    option("--normal", metavar="DIR", help="hand-held recordings of class N in its REFERENCE.csv")
    cli.add(group, "--jobs", default=None, help="records described at a time (default 1)")
    option(
        "--rhythms",
        nargs="*",
        choices=ALL_RHYTHMS,
        metavar="NAME",
        help="spliced in while learning (default: all but ectopic)",
    )
    option(
        "--folds", metavar="N", type=ranges.PARTS, help="parts of the cross-validation (default 5)"
    )
    option(
        "--members", metavar="N", type=ranges.whole(1, 100), help="networks averaged (default 3)"
    )
    cli.add(group, "--second", default=None, help="second lead: name, number, none (default auto)")


# ---- the context model: from recordings to weights


def train_context(args: argparse.Namespace) -> None:
    """One training as the command line describes it: cross-validation first, then the network."""
    recipe = cli.recipe_from(args, RECIPES["context"])
    if args.keep and not args.cv:
        raise InputError("--keep keeps the networks of the cross-validation: give it with --cv")
    torch.set_num_threads(args.threads)
    device = distribution.choose_device(args.device)
    rank, _ = distribution.processes(device)
    began = time.perf_counter()
    patients = training_patients(args)
    network = models.model_class("context")
    left_out: list[tuple[nn.Module, list[Patient]]] = []
    found = crossvalidation.cross_validate(
        lambda: network(members=args.members if args.cv else 1),
        patients,
        ("annotated", "detected", *args.rhythms),
        k=args.folds,
        seed=args.seed,
        recipe=recipe,
        device=device,
        each=lambda net, out: left_out.append((net, out)),
    )
    if rank == 0:
        crossvalidation.print_cross_validation(patients, found)
    if args.cv:
        if args.keep and rank == 0:
            print(keep_networks(left_out, patients, found, args))
        return
    protocol = "kaggle" if args.protocol == "all" else args.protocol
    path = weights.weights_path(args.weight, "context", protocol)
    net = fit_context(
        network(members=args.members),
        patients,
        args.seed,
        recipe,
        device=device,
        folder=Path(args.runs) / path.stem,
        quiet=False,
        resume=args.resume,
        report=cli.print_line if rank == 0 else lambda text: None,
    )
    if rank == 0:
        written = save_context(net, path, patients, found, args)
        print(f"{written}; {time.perf_counter() - began:.0f} s")


def save_context(
    net: nn.Module,
    path: Path,
    patients: Sequence[Patient],
    found: crossvalidation.Logits,
    args: argparse.Namespace,
) -> str:
    """Weights, card and ONNX file of a trained network. Returns what there is to say about them.

    found: logits of the cross-validation, which gives temperature and metrics."""
    known = crossvalidation.annotated(patients)
    counts = {view: score_patients(known, found, view) for view in ("annotated", "detected")}
    scores = {view: patient_figures(of_records.sum(axis=0)) for view, of_records in counts.items()}
    metrics = {"cross_validation": scores, "folds": args.folds}
    temperature = crossvalidation.temperature_left_out(patients, found)
    card = context_card(net, args.protocol, patients, temperature, metrics, vars(args))
    weights.save_weights(path, net.state_dict(), card)
    onnx = weights.onnx_path(path)
    export_context(net, onnx, card)
    worst = context_parity(net, onnx, patients)
    return (
        f"{weights.wrote(path, onnx, f'{Path(args.runs) / path.stem}/')}: {len(known)} records, "
        f"{args.members} networks; ONNX within {worst:.1e} of PyTorch in every logit"
    )


def keep_networks(
    left_out: Sequence[tuple[nn.Module, list[Patient]]],
    patients: Sequence[Patient],
    found: crossvalidation.Logits,
    args: argparse.Namespace,
) -> str:
    """The networks of the cross-validation with their cards, which name the records that each was
    trained on. Returns what there is to say about them."""
    temperature = crossvalidation.temperature_left_out(patients, found)
    folder = Path(args.keep)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"model_context_fold{k}.pth" for k in range(len(left_out))]
    for path, (net, out) in zip(files, left_out):
        learnt = [p for p in patients if p.name not in {q.name for q in out}]
        card = context_card(net, args.protocol, learnt, temperature, {}, vars(args))
        weights.save_weights(path, net.state_dict(), card)
    return "\n".join(weights.wrote(path) for path in files)


def training_patients(args: argparse.Namespace) -> Sequence[Patient]:
    """The patients that the protocol trains on, described in every view. Raises InputError where
    they are too few."""
    views = (*SEEN, *args.rhythms, *SHORT)
    wanted = None if args.protocol == "all" else lambda name: name not in DS2
    folders = [artifacts.locate(folder) for folder in args.records]
    loaded = load_patients(
        folders, args.reference, views, wanted, second=args.second, jobs=args.jobs
    )
    patients = select_patients(loaded, args.protocol)
    if len(patients) < args.folds:
        raise InputError(
            f"--records: {len(patients)} records without pacing are too few for --folds "
            f"{args.folds}"
        )
    if args.normal is None:
        return patients
    return [*patients, *load_normal(artifacts.locate(args.normal), args.jobs)]


# ---- the quality network


def train_quality(args: argparse.Namespace) -> None:
    """Cross-validation by recording, which gives the thresholds; then the network of all."""
    recipe = cli.recipe_from(args, RECIPES["quality"])
    torch.set_num_threads(args.threads)
    context = weights.find_weights("context", args.weight, ".onnx")
    session = prediction.open_onnx(context, args.threads)
    data = quality_data.load_quality_data(
        [artifacts.locate(folder) for folder in args.records],
        lambda recording, found: label_beats(
            recording.signal, recording.fs, found, session, recording.second
        )["label"].tolist(),
    )
    network = models.model_class("quality")
    found = quality.cross_validate(network, data, args.folds, args.seed, recipe)
    threshold = quality.choose_thresholds(data, found)
    metrics = quality.figures(data, found, threshold)
    print("\n".join(quality.lines(metrics)))
    if args.cv:
        return
    torch.manual_seed(args.seed)
    every = np.ones(len(data.names), bool)
    net = quality.fit_quality(network(), data, every, args.seed, recipe)
    card = quality.quality_card(net, data, threshold, metrics, args.seed, recipe)
    path = weights.weights_path(args.weight, "quality")
    weights.save_weights(path, net.state_dict(), card)
    export_quality(net, weights.onnx_path(path), card)
    print(f"{weights.wrote(path, weights.onnx_path(path))}: {len(data.names)} recordings")


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    try:
        if args.model == "context":
            train_context(cli.settle(args, CONTEXT))
        elif args.model == "quality":
            train_quality(cli.settle(args, QUALITY))
        elif args.model == "vf":
            vf.train_vf(cli.settle(args, vf.OPTIONS), models.model_class("vf"))
        elif args.model == "rhythm":
            given = cli.settle(args, rhythm.OPTIONS)
            rhythm.train_rhythm(given, models.model_class("rhythm"), models.load_context)
        else:
            train_rows(cli.settle(args, ROWS), models.create)
    finally:
        distribution.leave()


if __name__ == "__main__":
    cli.run(main)
