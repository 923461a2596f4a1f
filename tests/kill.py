"""Stages that are killed (SIGKILL) at random moments: each file is the old one or a new one, whole,
and a training that is resumed ends with the weights of one that was not killed.

    make kill                             50 times a stage
    python -m tests.kill --times 5 --seed 1 --stages label figure

Every stage runs in a folder with results of an earlier run, a number of times killed somewhere
between its start and its end. After each, every file there must be what it was, or what a whole run
leaves; files under temporary names are no results and are not looked at."""

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ecg import cli, ranges
from tests.conftest import HOME

LIMIT_S = 600.0  # of a run that is not killed
TRAINING = ("--epochs", "3", "--batch", "128", "--balance", "none", "--threads", "1")
FOLDERS = ("--data", "data", "--weight", "weight", "--runs", "runs")


class Stage(NamedTuple):
    """command: a stage and its arguments. before: commands that make what it needs. same: whether
    two runs give equal bytes, so that a new file is known by them; else by `whole`."""

    command: Sequence[str]
    before: Sequence[Sequence[str]] = ()
    resume: bool = False


_ROWS = ("data_preprocess.py", "--source", "demo", "--protocol", "kaggle", "--data", "data")
_TRAIN = ("train.py", *TRAINING, *FOLDERS)
STAGES = {
    "rows": Stage((*_ROWS, "--seed", "7"), [_ROWS]),
    "train": Stage(_TRAIN, [_ROWS], resume=True),
    "continue": Stage(("continue_train.py", *TRAINING, *FOLDERS), [_ROWS, _TRAIN], resume=True),
    "export": Stage(("export_onnx.py", *FOLDERS[:4]), [_ROWS, _TRAIN]),
    "evaluate": Stage(("evaluate.py", *FOLDERS[:4], "--draws", "20"), [_ROWS, _TRAIN]),
    "label": Stage(
        (
            *("inference.py", "demo/demo00", "--csv", "b.csv", "--json", "b.json"),
            *("--annotation", "cnn", "--report", "b.html"),
        ),
        [("Noisy_ECG_Signal.py", "--records", "demo", "--duration", "20")],
    ),
    "archive": Stage(
        ("inference.py", "demo", "--out", "labels"),
        [("Noisy_ECG_Signal.py", "--records", "demo", "--duration", "20")],
    ),
    "clean": Stage(("clean_ECG.py", "--out", "c.csv", "--save", "c.png")),
    "noisy": Stage(("Noisy_ECG_Signal.py", "--save", "n.png", "--seed", "3")),
    "figure": Stage(("visualize.py", "--dataset", "--data", "data", "--save", "d.png"), [_ROWS]),
}


def start(command: Sequence[str], folder: Path) -> subprocess.Popen:
    """A stage as a process in `folder`."""
    return subprocess.Popen(
        [sys.executable, str(HOME / command[0]), *command[1:]],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
    )


def finish(command: Sequence[str], folder: Path) -> float:
    """Run a stage to its end; the seconds it took. Raises RuntimeError where it fails."""
    begun = time.monotonic()
    process = start(command, folder)
    said = process.communicate(timeout=LIMIT_S)[1]
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said[-1000:]}")
    return time.monotonic() - begun


def files_of(folder: Path) -> dict[str, str]:
    """{name: SHA-256} of the results in a folder; not what lies there under a temporary name, nor
    TensorBoard's logs."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not path.name.startswith("events.out")
    }


def whole(path: Path) -> str | None:
    """What is wrong with a file that was killed while it may have been written; None for nothing.
    For files that hold times or versions, whose bytes differ from run to run."""
    import json

    import numpy as np
    import torch

    try:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".pth":
            torch.load(path, weights_only=True)
        elif path.suffix == ".npy":
            np.load(path, allow_pickle="history" in path.name)
        elif path.suffix == ".onnx":
            import onnx

            onnx.checker.check_model(onnx.load(path))
        elif path.suffix == ".html":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
        elif path.suffix == ".png":
            assert b"IEND" in path.read_bytes()[-12:]
        else:
            assert path.read_bytes()
    except Exception as error:  # whatever a broken file makes its reader raise
        return f"{path.name} is broken ({type(error).__name__}: {error})"
    return None


def broken(before: dict[str, str], new: dict[str, str], folder: Path) -> list[str]:
    """What is wrong in `folder` after a kill: a file that is gone, or neither as `before`, nor as
    the `new` one, nor whole."""
    there = files_of(folder)
    wrong = [f"{name} is gone" for name in before if name not in there]
    for name, digest in there.items():
        if digest not in (before.get(name), new.get(name)) and (why := whole(folder / name)):
            wrong.append(why)
    return wrong


def weights_of(folder: Path) -> dict[str, bytes]:
    """{weights file: the bytes of its tensors}"""
    import torch

    found = {}
    for path in sorted((folder / "weight").glob("*.pth")):
        state = torch.load(path, weights_only=True)
        found[path.name] = b"".join(value.numpy().tobytes() for value in state.values())
    return found


def killed(stage: Stage, template: Path, moment: float) -> Path:
    """A copy of `template` in which the stage was killed `moment` seconds after its start."""
    folder = template.with_name(f"{template.name}-killed")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    process = start(stage.command, folder)
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return folder


def try_stage(
    name: str, times: int, rng: random.Random, place: Path, report: Callable[[str], None]
) -> list[str]:
    """Kill one stage `times` times, in folders below `place`. Returns what was wrong."""
    stage, template = STAGES[name], place / name
    for folder in FOLDERS[1::2]:  # else they would be those beside the scripts
        (template / folder).mkdir(parents=True)
    for command in stage.before:
        finish(command, template)
    fresh = template.with_name(f"{name}-whole")
    shutil.copytree(template, fresh)
    seconds = finish(stage.command, fresh)
    new, expected = files_of(fresh), weights_of(fresh)
    # the second half of the kills: over the results of an earlier run
    templates = [template, fresh] if not stage.resume else [template]
    wrong = []
    for k in range(times):
        base = templates[k * len(templates) // times]
        folder = killed(stage, base, rng.uniform(0.3, 1.0) * seconds)
        wrong += [f"{name}, kill {k}: {each}" for each in broken(files_of(base), new, folder)]
        finish([*stage.command, *(["--resume"] if stage.resume else [])], folder)
        if weights_of(folder) != expected:
            wrong.append(f"{name}, kill {k}: run again, it ends with other weights")
        missing = set(new) - set(files_of(folder))
        wrong += [f"{name}, kill {k}: run again, it lacks {each}" for each in sorted(missing)]
    report(f"{name}: {times} kills, {len(wrong)} faults, {seconds:.0f} s a whole run")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.kill", description=__doc__)
    parser.add_argument("--times", type=ranges.COUNT, default=50, help="kills a stage")
    parser.add_argument("--seed", type=ranges.SEED, default=0, help="of the moments")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    args = parser.parse_args(argv)
    rng = random.Random(args.seed)
    wrong = []
    for name in args.stages:
        with tempfile.TemporaryDirectory(prefix="ecg-kill-") as place:
            wrong += try_stage(name, args.times, rng, Path(place), cli.print_line)
    print("\n".join(wrong) or "nothing was broken")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
