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


def options() -> cli.Parser:
    """The command line."""
    parser = cli.stage_parser(__doc__, prog="python -m ecg.ec57")
    parser.add_argument("records", metavar="RECORDS_DIR", help="headers and reference annotations")
    group = parser.add_argument_group("what is compared")
    option = group.add_argument
    cli.add(group, "--reference")
    option("--test", metavar="NAME", default="cnn", help="annotator to be tested")
    option("--test-dir", metavar="DIR", help="of its annotations, if not RECORDS_DIR")
    option(
        "--exclude", nargs="+", default=[], metavar="RECORD", help="left out, such as paced ones"
    )
    option("--learning", metavar="S", type=float, default=LEARNING, help="s that do not count")
    option("--window", metavar="S", type=float, default=WINDOW, help="s between two of one beat")
    option("--class-map", choices=tuple(CLASS_MAPS), default="bxb", help="of e, j, n: S or N")
    option("--format", choices=tuple(FORMATS), default="summary", help="of the output")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
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
