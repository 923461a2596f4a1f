"""24 hours from files to labels: time by step, memory, latency of a beat, PyTorch against ONNX.

    python benchmarks/holter.py                       # all of it: MIT-BIH records, shipped weights
    python benchmarks/holter.py --parts day latency   # some of it
    python benchmarks/holter.py --limit 4             # the first four records only (the rest is not
                                                      # extrapolated)

day      The 48 records (24 h) one after the other, by step; then --jobs on all cores, and the 24 h
         as one recording                                           (holter_parts/day.py)
peer     neurokit2's ecg_process, then the same network row by row  (holter_parts/peer.py)
latency  One beat, batch 1, one thread                              (holter_parts/engines.py)
parity   PyTorch against ONNX Runtime on the test rows and on every row of the 24 h (the same file)
monitor  Eight records as a stream; two days of a beat a second     (holter_parts/stream.py)

Each of these files says what it measures and how. Wall-clock time, and CPU time beside it: on a
machine that others use as well, trust the latter and the ratios. Everything goes to
benchmarks/holter.json.
"""

import argparse
import os
import sys
from pathlib import Path

import onnxruntime

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
import inference  # noqa: E402
from benchmarks.holter_parts import day, engines, peer, stream  # noqa: E402
from benchmarks.holter_parts.common import find_records  # noqa: E402
from ecg import artifacts, cli, ranges, weights  # noqa: E402
from ecg.prediction import BATCH, card_of, is_context_model  # noqa: E402

PARTS = ("day", "peer", "latency", "parity", "monitor")


def default_models(weight: Path) -> list[str]:
    """ECGCNN, and the two models behind `auto`: of a single beat, and of more."""
    short = weights.choose_model("auto", 0, weight)
    long = weights.choose_model("auto", 2000, weight)
    return list(dict.fromkeys(["self", short, long]))


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    records = Path(os.environ.get("ECG_DATA", HOME.parent / "shared" / "data")) / "mitdb"
    cli.add(parser, "--records", default=str(records), help="the 48 MIT-BIH records")
    cli.add(parser, "--weight", help="folder of the weights, PyTorch and ONNX")
    cli.add(parser, "--data", help="folder of the data; its test rows are for parity")
    option = parser.add_argument
    option("--models", nargs="+", metavar="NAME", help="(default: self and those behind `auto`)")
    option("--parts", nargs="+", choices=PARTS, default=PARTS, help="measured (default: all)")
    first = ranges.COUNT_OR_ALL
    option("--limit", metavar="N", type=first, default=0, help="the first N records; 0: all")
    out = str(HOME / "benchmarks" / "holter.json")
    cli.add(parser, "--out", metavar="FILE", default=out, help="where the figures go")
    # what day.py starts in processes of their own
    option("--child", choices=day.TASKS, help=argparse.SUPPRESS)
    option("--model", help=argparse.SUPPRESS)
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    weight = artifacts.locate(args.weight)
    paths = find_records(args.records, args.limit)
    if args.child:
        return day.run_child(args.child, paths, args.model, weight)
    models = args.models or default_models(weight)
    single = [
        name
        for name in models
        if not is_context_model(card_of(inference.load_onnx_model(name, weight=weight)))
    ]
    print(
        f"{len(paths)} records, {os.cpu_count()} cores, ONNX Runtime {onnxruntime.__version__}, "
        f"batch {BATCH}, models {', '.join(models)}"
    )
    measure = {
        "day": lambda: day.measure(models, args),
        "peer": lambda: peer.measure(paths, single[0], weight),
        "latency": lambda: engines.measure_latency(paths, single, weight),
        "parity": lambda: engines.measure_parity(paths, single, weight, args.data),
        "monitor": lambda: stream.measure(paths, weight),
    }
    figures = artifacts.load_json(args.out, "this program") if Path(args.out).exists() else {}
    for part in args.parts:
        figures[part] = measure[part]()
    figures["machine"] = {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "records": len(paths),
        **artifacts.versions(),
    }
    artifacts.save_json(args.out, figures)
    print(f"\nwrote {args.out}")
    return None


if __name__ == "__main__":
    cli.run(main)
