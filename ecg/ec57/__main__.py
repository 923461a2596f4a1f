"""Compare two WFDB annotations (ANSI/AAMI EC57): beat by beat, as bxb does, or by episodes of
atrial or ventricular fibrillation, as epicmp does.

python -m ecg.ec57 data/mitdb --test cnn --format summary --exclude 102 104 107 217
python -m ecg.ec57 data/mitdb --test cnn --format af --summary
"""

import argparse

from ecg import cli, ranges
from ecg.artifacts import InputError
from ecg.ec57 import bxb, epicmp
from ecg.ec57.beat_by_beat import CLASS_MAPS, WINDOW, compare_record
from ecg.ec57.episodes import KINDS, compare_episodes_of_record
from ecg.ec57.statistics import LEARNING
from ecg.formats.annotation import annotated_records, without_records

FORMATS = {
    "line": bxb.format_line,
    "standard": bxb.format_standard,
    "summary": bxb.format_summary,
    "shutdown": bxb.format_shutdown,
}


def options() -> cli.Parser:
    """The command line."""
    parser = cli.stage_parser(__doc__, prog="python -m ecg.ec57", writes=False)
    parser.add_argument("records", metavar="RECORDS_DIR", help="headers and reference annotations")
    group = parser.add_argument_group("what is compared")
    option = group.add_argument
    cli.add(group, "--reference")
    option("--test", metavar="NAME", default="cnn", help="annotator to be tested")
    option("--test-dir", metavar="DIR", help="of its annotations, if not RECORDS_DIR")
    option(
        "--exclude", nargs="+", default=[], metavar="RECORD", help="left out, such as paced ones"
    )
    text, s = "s that do not count", ranges.SECONDS
    option("--learning", metavar="S", type=s, default=LEARNING, help=text)
    option("--window", metavar="S", type=s, default=WINDOW, help="s between two of one beat")
    option("--class-map", choices=tuple(CLASS_MAPS), default="bxb", help="of beats e, j, n: S or N")
    option(
        "--format",
        choices=(*FORMATS, *KINDS),
        default="summary",
        help="of beats; or episodes of atrial (af) or ventricular fibrillation (vf)",
    )
    group = parser.add_argument_group("episodes (--format af or vf): one line a record, or")
    shape = group.add_mutually_exclusive_group()
    option = shape.add_argument
    option("--matrix", dest="shape", action="store_const", const="matrix", help="a block a record")
    option("--summary", dest="shape", action="store_const", const="summary", help="lines and sums")
    group.add_argument(
        "--exclude-flutter",
        action="store_true",
        help="reference flutter is neither right nor wrong for a test's af",
    )
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.shape and args.format not in KINDS:
        raise InputError(f"--{args.shape} is of episodes: give --format af or vf with it")
    if args.exclude_flutter and args.format != "af":
        raise InputError("--exclude-flutter is of atrial fibrillation: give --format af with it")
    names = annotated_records(args.records, args.reference, headers=False)
    names = without_records(names, args.exclude, args.records)
    print((_episodes if args.format in KINDS else _beats)(args, names), end="")


def _beats(args, names):
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
    return FORMATS[args.format](results, *annotators)


def _episodes(args, names):
    results = {
        name: compare_episodes_of_record(
            args.records,
            name,
            args.reference,
            args.test,
            args.test_dir,
            args.format,
            args.learning,
            args.exclude_flutter,
        )
        for name in names
    }
    if args.shape == "matrix":
        return epicmp.format_episode_matrix(results, args.format, args.reference, args.test)
    if args.shape == "summary":
        return epicmp.format_episode_summary(results, args.format)
    return epicmp.format_episode_line(results, args.format)


if __name__ == "__main__":
    cli.run(main)
