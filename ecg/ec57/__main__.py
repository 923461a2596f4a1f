"""Compare two WFDB annotations beat by beat (ANSI/AAMI EC57), as bxb does.

python -m ecg.ec57 data/mitdb --test cnn --format summary --exclude 102 104 107 217
"""

import argparse

from ecg import cli
from ecg.artifacts import InputError
from ecg.ec57 import bxb
from ecg.ec57.beat_by_beat import CLASS_MAPS, LEARNING, WINDOW, compare_record
from ecg.formats.annotation import annotated_records, without_records

FORMATS = {
    "line": bxb.format_line,
    "standard": bxb.format_standard,
    "summary": bxb.format_summary,
    "shutdown": bxb.format_shutdown,
}


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m ecg.ec57",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description=__doc__.split("\n\n")[0],
    )
    parser.add_argument(
        "records",
        metavar="RECORDS_DIR",
        help="folder with the records' headers and reference annotations",
    )
    parser.add_argument(
        "--reference", default="atr", help="annotator of the reference: the files' suffix"
    )
    parser.add_argument("--test", default="cnn", help="annotator to be tested: the files' suffix")
    parser.add_argument("--test-dir", help="folder of the test annotations, if not RECORDS_DIR")
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="summary",
        help="bxb's line format (-L), its standard report (-s), lines and sums as sumstats prints "
        "them, or the second table of -L: beats missed in shutdown",
    )
    parser.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="RECORD",
        help="records to leave out, such as paced ones",
    )
    parser.add_argument(
        "--learning", type=float, default=LEARNING, help="s at the start that do not count"
    )
    parser.add_argument(
        "--window",
        type=float,
        default=WINDOW,
        help="s, farthest apart that two annotations of a beat may be",
    )
    parser.add_argument(
        "--class-map",
        choices=tuple(CLASS_MAPS),
        default="bxb",
        help="escape beats (e, j, n) are S under bxb, N under aami",
    )
    return parser


def main(argv=None):
    args = options().parse_args(argv)
    if args.learning < 0 or args.window < 0:
        raise InputError("--learning and --window are seconds, not below 0")
    names = annotated_records(args.records, args.reference, headers=False)
    names = without_records(names, args.exclude, args.records)
    results = {
        name: compare_record(
            args.records,
            name,
            args.reference,
            args.test,
            args.test_dir,
            args.learning,
            args.window,
            args.class_map,
        )
        for name in names
    }
    annotators = (args.reference, args.test) if args.format == "standard" else ()
    print(FORMATS[args.format](results, *annotators), end="")


if __name__ == "__main__":
    cli.run(main)
