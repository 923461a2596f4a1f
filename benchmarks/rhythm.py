"""Atrial fibrillation found in annotated recordings, end to end, and called where there is none.

    python benchmarks/rhythm.py --records data/mitdb data/svdb        # beats by the model of DS1
    python benchmarks/rhythm.py --records MINE --reference atr --model context --jobs 2

Of each folder: every record in which AF or flutter is annotated or called, in minutes (reference,
called, in both) with duration Se and +P in percent, the first 5 minutes (--learning) not counted;
the episodes of all records as ANSI/AAMI EC57 counts them, with 95 % intervals over records; and the
minutes an hour that are called AF in records without it. A folder whose reference tells no rhythm
(SVDB) has only minutes called. Records with paced beats are left out.
"""

import argparse
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import joblib
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from ecg import artifacts, cli, ec57, ranges, weights  # noqa: E402
from ecg.evaluation.records import label_record  # noqa: E402
from ecg.evaluation.records_rhythm import (  # noqa: E402
    RhythmOfRecord,
    compare_rhythm,
    rhythm_document,
    rhythm_lines,
    told_kinds,
)
from ecg.formats.annotation import annotated_records, without_records  # noqa: E402
from ecg.prediction import open_onnx  # noqa: E402
from ecg.signal_models import open_signal_models  # noqa: E402

HEAD = f"{'record':<8}{'reference':>11}{'called':>9}{'both':>9}{'Se':>8}{'+P':>8}"
MINUTE = 60.0  # s


@functools.lru_cache(maxsize=1)
def opened(model: str, weight: str) -> tuple:
    """The model of beats and those of the signal, once for the records of a process."""
    return open_onnx(weights.find_weights(model, weight, ".onnx"), 1), open_signal_models(weight)


def scored(
    folder: str, name: str, model: str, weight: str, reference: str, learning: float
) -> RhythmOfRecord | None:
    """One record, labelled and compared; None where it has paced beats."""
    session, signal_models = opened(model, weight)
    if isinstance(signal_models.rhythm, str):
        raise artifacts.InputError(signal_models.rhythm)
    record = label_record(
        folder, name, reference, "detected", lambda n: (model, session), models=signal_models
    )
    if record.paced:
        return None
    a = record.beats.attrs
    kinds = told_kinds(signal_models)
    return compare_rhythm(a["rhythm"], record.reference, a["fs"], a["n_samples"], learning, kinds)


def table(records: dict[str, RhythmOfRecord]) -> Iterator[str]:
    """The lines of records with AF, annotated or called."""
    yield HEAD
    for name, each in records.items():
        found = each.episodes.get("af_flutter")
        if found is None and each.af_s:
            yield f"{name:<8}{'-':>11}{each.af_s / MINUTE:>9.2f}"
        elif found is not None and (found.reference_s or found.test_s):
            minutes = [s / MINUTE for s in (found.reference_s, found.test_s, found.overlap_s)]
            percents = found.figures()["duration"].values()
            cells = ["-" if value is None else f"{value:.1f}" for value in percents]
            yield (
                f"{name:<8}{minutes[0]:>11.2f}{minutes[1]:>9.2f}{minutes[2]:>9.2f}"
                f"{cells[0]:>8}{cells[1]:>8}"
            )


def report(folder: Path, records: dict[str, RhythmOfRecord], args: argparse.Namespace) -> None:
    """What a folder's records gave, printed."""
    told = sum(each.has_af is not None for each in records.values())
    print(f"{folder.name}: {len(records)} records, {told} of them with an annotated rhythm")
    print("\n".join(table(records)))
    if told:
        print("\n".join(rhythm_lines(rhythm_document(records, args.draws, args.seed))))
    silent = {name: each for name, each in records.items() if each.has_af is None}
    if silent:
        hours = sum(each.counted_s for each in silent.values()) / 3600
        minutes = sum(each.af_s for each in silent.values()) / MINUTE
        print(
            f"AF called where the reference tells no rhythm: {minutes / max(hours, 1e-9):.2f} min/h"
            f" in {hours:.1f} h of {len(silent)} records"
        )


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--records", nargs="+", help="folders of annotated recordings")
    cli.add(parser, "--model", default="context_interpatient", help="what labels the beats")
    cli.add(parser, "--reference", "--weight", "--jobs", "--seed")
    option = parser.add_argument
    option(
        "--learning", metavar="S", type=ranges.SECONDS, default=ec57.LEARNING, help="s not counted"
    )
    option("--only", nargs="+", metavar="RECORD", help="these alone")
    option("--draws", metavar="N", type=ranges.COUNT, default=2000, help="behind each interval")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    for folder in map(artifacts.locate, args.records or ["data/mitdb"]):
        names = annotated_records(folder, args.reference, headers=False)
        if args.only:
            left = [name for name in names if name not in args.only]
            names = without_records(names, left, folder)
        calls = [
            joblib.delayed(scored)(
                str(folder), name, args.model, args.weight, args.reference, args.learning
            )
            for name in names
        ]
        results = joblib.Parallel(n_jobs=args.jobs, return_as="generator")(calls)
        found = zip(names, tqdm(results, folder.name, len(names), disable=None, leave=False))
        report(folder, {name: each for name, each in found if each is not None}, args)


if __name__ == "__main__":
    cli.run(main)
