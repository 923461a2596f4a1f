"""The tables and pictures of docs/results.md and of other pages, from stored predictions.

    python benchmarks/results.py                     # from data/evaluation/, seconds
    python benchmarks/results.py --fresh --mitdb data/mitdb --svdb data/svdb
                                                     # predicts again first, a quarter of an hour

Every trained model in weight/ or shipped with the repository is scored under the protocol it was
trained with: on rows (PROTOCOL/NAME_test.csv) and end to end on recordings
(records_*/NAME_{detected,annotated}.json). A table stands in README*.md or docs/*.md between
<!-- table:NAME --> and <!-- /table -->; all around it is written by hand and stays.
"""

import argparse
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
from benchmarks.results_parts.page import copy_pictures, fill_tables, make_tables  # noqa: E402
from benchmarks.results_parts.stored import stale_predictions  # noqa: E402
from ecg import artifacts, cli  # noqa: E402


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    option = parser.add_argument
    cli.add(parser, "--data", "--weight")
    docs = str(HOME / "docs")
    option("--docs", metavar="DIR", default=docs, help="of the pages; README*.md lie beside it")
    option("--fresh", action="store_true", help="predict again instead of taking what is stored")
    about = "for --fresh: records"
    option("--mitdb", metavar="DIR", default="data/mitdb", help=f"{about} of MIT-BIH")
    option(
        "--svdb", metavar="DIR", default="data/svdb", help=f"{about} with supraventricular beats"
    )
    return parser


def predict(args: argparse.Namespace) -> None:
    """Predict again, into args.data."""
    from benchmarks.results_parts.predicting import predict_again

    folders = {"mitdb": artifacts.locate(args.mitdb), "svdb": artifacts.locate(args.svdb)}
    artifacts.require(
        folders["mitdb"],
        "--mitdb names the folder of the MIT-BIH records; python data_preprocess.py --source "
        "download",
    )
    predict_again(artifacts.locate(args.data), artifacts.locate(args.weight), folders)


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.fresh:
        predict(args)
    data, docs = artifacts.locate(args.data), Path(args.docs)
    for line in stale_predictions(data, artifacts.locate(args.weight)):
        print(line, file=sys.stderr)
    made = make_tables(data)
    for picture in copy_pictures(data, docs):
        print(f"wrote {picture}")
    for page in (*sorted(docs.resolve().parent.glob("README*.md")), *sorted(docs.glob("*.md"))):
        fill_tables(page, made)


if __name__ == "__main__":
    cli.run(main)
