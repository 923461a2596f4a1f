"""Evaluation: predictions, reports, calibration, a list for review; EC57 on annotated recordings.

    python evaluate.py                                     # model_self.pth on validation, test rows
    python evaluate.py --weights self deep residual_best   # several, side by side in one table
    python evaluate.py --records data/mitdb --model self   # beat by beat, as ANSI/AAMI EC57 asks
    python evaluate.py --records data/svdb --json svdb.json --peaks annotated

Rows: data/processed_data -> data/evaluation/PROTOCOL/NAME_{val,test}.csv, _report.txt, _report.json
and pictures. The temperature that makes a confidence mean what it says is fitted on the validation
rows and kept in the model card.
Recordings: R peaks are detected and beats labelled exactly as inference.py does it, then compared
with the reference annotation; --peaks annotated takes the reference's positions instead, which
tells the classifier's share of the errors from the detector's.
docs/results.md and the README's tables: python benchmarks/results.py makes them from what is stored
here.
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

import inference
from ecg import artifacts, cli, ec57, weights
from ecg.artifacts import InputError
from ecg.evaluation import metrics
from ecg.evaluation.records import evaluate_records
from ecg.evaluation.records_output import records_text, save_records
from ecg.evaluation.rows import evaluate_rows


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = cli.stage_parser(__doc__)
    _add_rows_options(parser.add_argument_group("rows of data/processed_data"))
    _add_recordings_options(parser.add_argument_group("annotated recordings"))
    parser.add_argument(
        "--draws", type=int, default=metrics.DRAWS, help="bootstrap draws behind each interval"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="where results go (default: DATA/evaluation/PROTOCOL, or records_FOLDER)",
    )
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    cli.add_moved_option(parser, "--results", "python benchmarks/results.py")
    return parser


def _add_rows_options(group):
    group.add_argument(
        "--weights",
        nargs="+",
        default=["self"],
        metavar="NAME",
        help="names (self, deep, residual_best, ...) or files; "
        "several give a table, and the first gives the review list",
    )
    group.add_argument(
        "--splits",
        nargs="+",
        choices=("val", "test"),
        default=["val", "test"],
        help="which rows to predict",
    )
    group.add_argument(
        "--with-signal",
        action="store_true",
        help="write the 187 samples of each row into the CSV too",
    )
    group.add_argument(
        "--strips",
        metavar="DIR",
        help="WFDB records for the pictures of the review list (default: DATA/mitdb)",
    )


def _add_recordings_options(group):
    group.add_argument(
        "--records",
        metavar="DIR",
        help="folder of annotated WFDB records: compare beat by beat (EC57)",
    )
    group.add_argument(
        "--model",
        default="auto",
        help="name or file of the model; auto: what inference.py would take",
    )
    group.add_argument(
        "--peaks",
        choices=("detected", "annotated"),
        default="detected",
        help="whose R peaks are classified",
    )
    group.add_argument(
        "--reference", default="atr", metavar="EXT", help="annotator of the reference"
    )
    group.add_argument(
        "--learning",
        type=float,
        default=ec57.LEARNING,
        metavar="S",
        help="s at the start that do not count",
    )
    group.add_argument(
        "--paced",
        choices=("out", "in"),
        default="out",
        help="records with paced beats (/): left out or counted",
    )
    group.add_argument(
        "--only",
        nargs="+",
        metavar="RECORD",
        help="these records alone; DS1 and DS2 stand for de Chazal's halves",
    )
    group.add_argument(
        "--exclude", nargs="+", default=[], metavar="RECORD", help="without these records"
    )
    group.add_argument("--lead", help="name or number of the lead (default: the first)")
    cli.add_second_lead_option(group)
    group.add_argument("--json", metavar="FILE", help="write the figures there too")


# what is refused without --records, rather than overlooked
ONLY_WITH_RECORDS = (
    "json",
    "model",
    "only",
    "exclude",
    "lead",
    "peaks",
    "paced",
    "learning",
    "reference",
)


def loader(weight):
    """load(name or file) -> model; which file it is, is told where it is a shipped one."""

    def load(name):
        model = inference.load(str(name), weight)
        if weights.is_shipped(model.file):
            text = f"{weights.short_name(model.file)}: {artifacts.shown(model.file)}"
            tqdm.write(text, file=sys.stderr)
        return model

    return load


def score_rows(args, parser):
    """Predictions, reports and pictures of --weights on the rows of data/processed_data."""
    unused = [
        f"--{name}" for name in ONLY_WITH_RECORDS if getattr(args, name) != parser.get_default(name)
    ]
    if unused:
        raise InputError(f"{', '.join(unused)}: only with --records DIR")
    weight = artifacts.locate(args.weight)
    evaluate_rows(
        args.weights,
        loader(weight),
        artifacts.locate(args.data),
        weight,
        list(dict.fromkeys(args.splits)),
        args.out,
        args.with_signal,
        args.strips,
        args.draws,
        args.seed,
    )


def score_records(args):
    """--model on annotated recordings, printed and written."""
    if args.learning < 0:
        raise InputError(f"--learning {args.learning:g} is in seconds, not below 0")
    weight = artifacts.locate(args.weight)
    scores = evaluate_records(
        args.records,
        loader(weight),
        args.model,
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


def main(argv=None):
    parser = options()
    args = parser.parse_args(argv)
    if args.draws < 1:
        raise InputError(f"--draws {args.draws} must be at least 1")
    if args.records:
        score_records(args)
    else:
        score_rows(args, parser)


if __name__ == "__main__":
    cli.run(main)
