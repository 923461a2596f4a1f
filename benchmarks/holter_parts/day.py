"""The 24 h of the 48 records, from files to labels; every measurement in a process of its own, so
that its peak memory is its own.

day      One record after the other through ecg.archive.label_file, which is `inference.py DIR --out
         DIR`: CSV, .cnn and summary written, one thread. A single-beat model is held against ONNX
         Runtime alone: after each record the session runs the same rows, standardised beforehand,
         at the same thread and batch.
graph    ONNX Runtime alone with the graph that torch.onnx writes for the network as it stands (1-D
         convolutions; ours has 2-D ones, export_onnx.py).
jobs     `--jobs` on all cores, the start of the workers included.
joined   The 24 h as one recording.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import inference
from benchmarks.holter_parts.common import clocks, peak_mb, rows_of, task_options
from benchmarks.holter_parts.steps import Steps
from ecg import archive, artifacts, beat_table, beats, formats, labelling, prediction
from ecg.artifacts import InputError

SCRIPT = artifacts.HOME / "benchmarks" / "holter.py"
TASKS = ("day", "graph", "jobs", "joined")


# ---- in the child processes -------------------------------------------------------------------


def run_child(task: str, paths: list[Path], model: str, weight: Path) -> None:
    """Run a task and print its figures as JSON on the last line."""
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "day": lambda: label_day(paths, model, weight, Path(folder)),
            "graph": lambda: run_plain_graph(paths, model, weight, Path(folder)),
            "jobs": lambda: label_by_jobs(paths, model, weight, Path(folder)),
            "joined": lambda: label_joined(paths, model, weight),
        }[task]()
    print(json.dumps(figures))


def label_day(paths: list[Path], model: str, weight: Path, folder: Path) -> dict:
    """Label recordings one by one: {"steps": {step: [wall, CPU]}, "total", "alone" [wall, CPU] or
    None, "rows", "peak_mb"}."""
    steps, cut = Steps(), []
    session = inference.load(model, weight, "onnx", threads=1)  # as a task of an archive has it
    single = not prediction.is_context_model(prediction.card_of(session))
    plain_logits, plain_cut = prediction.logits, beat_table.extract_beats

    def cut_and_keep(*args):
        found = plain_cut(*args)
        cut.append(found[0])
        return found

    beat_table.extract_beats = cut_and_keep
    steps.watch_all()
    load = steps.timed("load the model", inference.load)
    label_file = steps.timed("else", archive.label_file)
    total, alone, rows = np.zeros(2), np.zeros(2), 0
    for path in tqdm(paths, desc=f"model {model}", unit="record", disable=None):
        start = clocks()
        _, error, _ = label_file(str(path), str(folder), task_options(model, weight), load)
        total += clocks() - start
        if error:
            raise InputError(error)
        if single:
            x = _standardised(np.concatenate(cut), session)
            rows += len(x)
            start = clocks()
            plain_logits(session, x)
            alone += clocks() - start
            cut.clear()
    return {
        "steps": {step: seconds.tolist() for step, seconds in steps.seconds.items()},
        "total": total.tolist(),
        "alone": alone.tolist() if single else None,
        "rows": rows,
        "peak_mb": peak_mb(),
    }


def _standardised(rows: np.ndarray, model: Any) -> np.ndarray:
    scaler = prediction.card_of(model)["input"]
    return beats.standardise(rows, scaler["mean"], scaler["scale"])


def run_plain_graph(paths: list[Path], model: str, weight: Path, folder: Path) -> dict:
    """ONNX Runtime alone on the rows of the recordings, with the graph that torch.onnx writes for
    the network as it stands, and with ours, by turns: {"plain" [wall, CPU], "ours" [wall, CPU]}."""
    from ecg.export import OPSET, export_rows  # torch: not in the memory of the other tasks

    net = inference.load_model(model, weight=weight)
    export_rows(net, folder / "plain.onnx", OPSET, prediction.card_of(net))
    sessions = {
        "plain": inference.load_onnx_model(folder / "plain.onnx", threads=1),
        "ours": inference.load_onnx_model(model, weight=weight, threads=1),
    }
    spent = {name: np.zeros(2) for name in sessions}
    for path in paths:
        x = _standardised(rows_of(path), net)
        for name, session in sessions.items():
            start = clocks()
            prediction.logits(session, x)
            spent[name] += clocks() - start
    return {name: seconds.tolist() for name, seconds in spent.items()}


def label_by_jobs(paths: list[Path], model: str, weight: Path, folder: Path) -> dict:
    """The day through `--jobs` on all cores: {"jobs", "total" wall s, "peak_mb" of the largest
    worker}."""
    jobs, root = os.cpu_count(), paths[0].parent
    start = time.perf_counter()
    tasks = archive.plan({root: paths}, folder)
    results = archive.label_archive(tasks, task_options(model, weight), inference.load, jobs)
    wall = time.perf_counter() - start
    for _, error, _ in results:
        if error:
            raise InputError(error)
    from joblib.externals.loky import get_reusable_executor

    # only of processes that have ended is the memory told
    get_reusable_executor().shutdown(wait=True)
    return {"jobs": jobs, "total": wall, "peak_mb": peak_mb(resource.RUSAGE_CHILDREN)}


def label_joined(paths: list[Path], model: str, weight: Path) -> dict:
    """The recordings as one of 24 h, already in memory as float32: {"total", "input_mb", "peak_mb",
    "beats"}."""
    signal = np.concatenate(
        [formats.read_recording(path).signal.astype(np.float32) for path in paths]
    )
    start = clocks()
    table = inference.classify(signal, 360.0, model, weight=weight, engine="onnx")
    labelling.summarise(table)
    return {
        "total": (clocks() - start).tolist(),
        "input_mb": signal.nbytes / 2**20,
        "peak_mb": peak_mb(),
        "beats": len(table),
    }


# ---- here -------------------------------------------------------------------------------------


def measure(models: list[str], args: argparse.Namespace) -> dict:
    """{model: the figures of its tasks}, printed."""
    figures = {}
    for model in models:
        figures[model] = day = in_child("day", model, args)
        print_day(model, day)
        if day["alone"]:
            day["graph"] = in_child("graph", model, args)
            print_graph(day)
        day["by_jobs"] = many = in_child("jobs", model, args)
        print(
            f"  --jobs {many['jobs']}: {many['total']:.1f} s wall, peak memory of a worker "
            f"{many['peak_mb']:.0f} MB"
        )
        day["joined"] = joined = in_child("joined", model, args)
        wall, cpu = joined["total"]
        print(
            f"  as one recording of {joined['input_mb']:.0f} MB: {wall:.1f} s wall, {cpu:.1f} s "
            f"CPU, peak memory {joined['peak_mb']:.0f} MB, {joined['beats']:,} beats"
        )
    return figures


def in_child(task: str, model: str, args: argparse.Namespace) -> dict:
    """The figures of a task run in a process of its own."""
    command = [sys.executable, str(SCRIPT), "--child", task, "--model", model]
    command += ["--records", args.records, "--weight", args.weight, "--limit", str(args.limit)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        raise InputError(f"the part for model {model} ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def print_day(model: str, day: dict) -> None:
    wall, cpu = day["total"]
    print(
        f"\nfiles to labels, model {model}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak memory "
        f"{day['peak_mb']:.0f} MB"
    )
    for step, (w, c) in sorted(day["steps"].items(), key=lambda item: -item[1][0]):
        print(f"  {step:<26}{w:8.2f} s wall {c:8.2f} s CPU {100 * w / wall:5.1f} %")
    if day["alone"]:
        w, c = day["alone"]
        print(
            f"  ONNX Runtime alone, {day['rows']:,} rows: {w:.2f} s wall, {c:.2f} s CPU; "
            f"files to labels / alone: {wall / w:.2f} wall, {cpu / c:.2f} CPU"
        )


def print_graph(day: dict) -> None:
    plain, ours = day["graph"]["plain"][0], day["graph"]["ours"][0]
    print(
        f"  the graph that torch.onnx writes, alone: {plain:.2f} s wall, ours in the same run "
        f"{ours:.2f} s; files to labels / it: {day['total'][0] / plain:.2f} wall"
    )
