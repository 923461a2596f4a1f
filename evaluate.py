"""Evaluation: predictions, reports, calibration, a list for review; EC57 on annotated recordings.

    python evaluate.py                                     # model_self.pth on validation, test rows
    python evaluate.py --model self deep residual_best     # several, side by side in one table
    python evaluate.py --model THEIR.onnx --input minmax   # any network of rows (N, 1, 187)
    python evaluate.py --records data/mitdb --model self   # as ANSI/AAMI EC57 asks: beats, episodes
    python evaluate.py --records data/svdb --json svdb.json --peaks annotated
    python evaluate.py --model rhythm --records data/cinc2017   # rhythms by REFERENCE.csv

Rows: data/processed_data -> data/evaluation/PROTOCOL/NAME_{val,test}.csv, _report.txt, _report.json
and pictures. The temperature that makes a confidence mean what it says is fitted on the validation
rows and kept in the model card.
Recordings: R peaks are detected, beats labelled and rhythms told exactly as inference.py does it,
then compared with the reference annotation, beat by beat, and episode by episode of atrial and
ventricular fibrillation; --peaks annotated takes the reference's positions instead, which
tells the classifier's share of the errors from the detector's. Records that a model was trained on
are named, by their signals (ecg/fingerprint.py), in whatever folder they lie.
docs/results.md and the README's tables: python benchmarks/results.py makes them from what is stored
here.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

import inference
from ecg import artifacts, cli, ec57, foreign, prediction, ranges, weights
from ecg.artifacts import InputError
from ecg.evaluation import metrics
from ecg.evaluation.records import evaluate_records
from ecg.evaluation.records_output import records_text, save_records
from ecg.evaluation.rhythms import evaluate_rhythms, rhythms_text
from ecg.evaluation.rows import evaluate_rows
from ecg.signal_models import open_signal_models


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(
        parser,
        "--model",
        nargs="+",
        default=None,
        help="names or files, several in one table (default: self; --records: auto)",
    )
    cli.add(
        parser, "--records", help="compare beats and episodes with these annotated WFDB records"
    )
    cli.add(parser, "--data", "--weight")
    cli.add(parser, "--out", help="folder of the results (default: in DATA/evaluation)")
    parser.add_argument(
        "--draws",
        metavar="N",
        type=ranges.COUNT,
        default=metrics.DRAWS,
        help="behind each interval",
    )
    cli.add(parser, "--seed", help="of these bootstrap draws")
    _add_rows_options(parser.add_argument_group("without --records: rows of DATA/processed_data"))
    _add_recordings_options(parser.add_argument_group("with --records"))
    cli.add_moved_option(parser, "--results", "python benchmarks/results.py")
    return parser


def _add_rows_options(group):
    option = group.add_argument
    option("--splits", nargs="+", choices=SPLITS, default=list(SPLITS), help="to predict")
    option("--with-signal", action="store_true", help="the CSV holds the 187 samples of a row too")
    option(
        "--strips", metavar="DIR", help="records for the review's pictures (default: DATA/mitdb)"
    )
    about = "of a network without a card"
    option("--input", choices=foreign.INPUTS, default=foreign.INPUTS[0], help=about)
    option("--classes", metavar="LETTERS", default="NSVFQ", help="its outputs, in order")


def _add_recordings_options(group):
    option = group.add_argument
    option("--peaks", choices=PEAKS, default=PEAKS[0], help="whose R peaks")
    cli.add(group, "--reference")
    option(
        "--learning", metavar="S", type=ranges.SECONDS, default=ec57.LEARNING, help="s not counted"
    )
    option("--paced", choices=("out", "in"), default="out", help="records with paced beats (/)")
    option("--only", nargs="+", metavar="RECORD", help="these alone; DS1, DS2: de Chazal's halves")
    option("--exclude", nargs="+", default=[], metavar="RECORD", help="without these records")
    cli.add(group, "--lead", help="lead: name or number from 0 (default: the first)")
    cli.add(group, "--second")
    cli.add(group, "--json", help="write the figures there too")


SPLITS = "val", "test"
PEAKS = "detected", "annotated"
# what is refused rather than overlooked
ONLY_WITH_RECORDS = (
    *("json", "only", "exclude", "lead", "second", "peaks", "paced", "learning", "reference"),
)
ONLY_WITH_ROWS = "splits", "with_signal", "strips", "input", "classes"


def loader(
    weight: Path, args: argparse.Namespace, scaler: Mapping | None = None
) -> Callable[[str | Path], Any]:
    """load(name or file) -> model; which file it is, is told where it is a shipped one.

    scaler: of the rows that a network without a card gets, which --input and --classes tell of."""

    def load(name: str | Path) -> Any:
        model: Any = None
        if scaler and str(name).endswith(".onnx"):
            told = foreign.card_for(name, scaler, args.input, args.classes)
            model = prediction.open_onnx(name, card=told)
            if model.card is not told:
                why = f"would be ignored: {name} has a card"
                cli.refuse_unused(args, ("input", "classes"), why)
        model = model or inference.load(str(name), weight)
        if weights.is_shipped(model.file):
            text = f"{weights.short_name(model.file)}: {artifacts.shown(model.file)}"
            tqdm.write(text, file=sys.stderr)
        return model

    return load


def score_rows(args: argparse.Namespace) -> None:
    """Predictions, reports and pictures of --model on the rows of data/processed_data."""
    cli.refuse_unused(args, ONLY_WITH_RECORDS, "is only for --records DIR")
    weight, data = artifacts.locate(args.weight), artifacts.locate(args.data)
    names = args.model or ["self"]
    if not any(name.endswith(".onnx") for name in names):
        cli.refuse_unused(args, ("input", "classes"), "is for an ONNX file without a card")
    evaluate_rows(
        names,
        loader(weight, args, artifacts.load_manifest(data)["scaler"]),
        data,
        weight,
        list(dict.fromkeys(args.splits)),
        args.out,
        args.with_signal,
        args.strips,
        args.draws,
        args.seed,
    )


def score_records(args: argparse.Namespace) -> None:
    """--model on annotated recordings, printed and written."""
    cli.refuse_unused(args, ONLY_WITH_ROWS, "is only for rows, without --records")
    if len(args.model or ()) > 1:
        raise InputError(f"--model {' '.join(args.model)}: one model at a time with --records")
    weight = artifacts.locate(args.weight)
    scores = evaluate_records(
        args.records,
        loader(weight, args),
        args.model[0] if args.model else "auto",
        args.reference,
        args.peaks,
        args.learning,
        args.paced,
        weight,
        args.only,
        args.exclude,
        args.lead,
        args.draws,
        args.seed,
        args.second,
    )
    if not ec57.pooled(scores.results["aami"]).any():
        raise InputError(
            f"no beat lies after the first {args.learning:g} s of these records: give a shorter "
            "--learning, in s"
        )
    print(records_text(scores.document))
    default = Path(args.data) / "evaluation" / f"records_{Path(args.records).resolve().name}"
    print(f"wrote {save_records(scores, args.out or default, args.records, args.json)}*")


def score_rhythms(args: argparse.Namespace) -> None:
    """The rhythm model on recordings of one rhythm each, printed, and with --json written."""
    mine = {"json"}
    unused = (*ONLY_WITH_ROWS, *(name for name in ONLY_WITH_RECORDS if name not in mine))
    cli.refuse_unused(args, (*unused, "out"), "has no use with --model rhythm")
    weight = artifacts.locate(args.weight)
    document = evaluate_rhythms(
        artifacts.locate(args.records),
        lambda n_beats: inference.choose_and_load("auto", weight, "auto", n_beats),
        open_signal_models(weight),
        args.draws,
        args.seed,
    )
    print(rhythms_text(document))
    if args.json:
        artifacts.save_json(args.json, document)


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.model == ["rhythm"]:
        if not args.records:
            raise InputError("--model rhythm: name the folder of the recordings as --records DIR")
        score_rhythms(args)
    elif args.records:
        score_records(args)
    else:
        score_rows(args)


if __name__ == "__main__":
    cli.run(main)
