"""How long inference.py takes to start, beside the import of the libraries it stands on.

    python benchmarks/startup.py               # 15 runs of each command, in turn
    python benchmarks/startup.py --runs 31

Four commands: Python alone; numpy, scipy.signal and onnxruntime imported; inference.py --help; and
inference.py on a .npy of 30 s (the beginning of the recording in data/demo), from the command to
the last label, with the quality, rhythm and fibrillation networks. Medians of the time on the
clock and of the processor's time of the command; a busy machine stretches the first, not the
second. A first run of each, which compiles and fills the caches, is not counted."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
from ecg import artifacts, cli, demo, formats, ranges  # noqa: E402

SECONDS = 30  # of the strip
LIBRARIES = "import numpy, scipy.signal, onnxruntime"
BASE = "the libraries"


class Seconds(NamedTuple):
    """Time of one run, in s: on the clock, and of the processor (NaN on Windows)."""

    clock: float
    processor: float


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument("--runs", metavar="N", type=ranges.COUNT, default=15, help="of a command")
    cli.add(parser, "--out", metavar="FILE", help="write the medians as JSON too")
    return parser


def commands(folder: Path) -> dict[str, list[str]]:
    """{what it is called: the words after `python`}; the strip is written into `folder`."""
    recording = formats.read_recording(demo.excerpt())
    strip = folder / "strip.npy"
    np.save(strip, recording.signal[: round(SECONDS * recording.fs)])
    inference = str(HOME / "inference.py")
    about = ["--fs", f"{recording.fs:g}", "--unit", "mV"]
    return {
        "python alone": ["-c", "pass"],
        BASE: ["-c", LIBRARIES],
        "inference.py --help": [inference, "--help"],
        "inference.py strip.npy": [inference, str(strip), *about],
    }


def timed(words: Sequence[str]) -> Seconds:
    """Run `python WORDS`, its output thrown away."""
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=settings)
    clock, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return Seconds(clock, float("nan") if os.name == "nt" else used)


def measured(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Seconds]:
    """Medians of so many runs of each command, one after the other in turn."""
    for words in commands.values():
        timed(words)
    rounds = [
        [timed(words) for words in commands.values()]
        for _ in tqdm(range(runs), desc="runs", disable=None)
    ]
    return {
        name: Seconds(*np.median([each[i] for each in rounds], axis=0).tolist())
        for i, name in enumerate(commands)
    }


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        medians = measured(commands(Path(folder)), args.runs)
    base = medians[BASE]
    print(f"medians of {args.runs} runs, in seconds, and as a multiple of the libraries' import")
    print(f"{'':24}{'clock':>8}{'':8}{'processor':>10}")
    for name, each in medians.items():
        print(
            f"{name:24}{each.clock:8.2f}{each.clock / base.clock:6.2f} x"
            f"{each.processor:10.2f}{each.processor / base.processor:6.2f} x"
        )
    if args.out:
        artifacts.save_json(args.out, {name: each._asdict() for name, each in medians.items()})


if __name__ == "__main__":
    cli.run(main)
