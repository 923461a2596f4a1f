"""PyTorch and ONNX Runtime on single rows.

latency  One beat, batch 1, one thread: the network alone, and predict_heartbeat (standardisation
         and softmax included).
parity   How far the two are apart on the test rows of data/processed_data and on every row of the
         24 h.

torch is imported where it is used: the tasks of day.py, which are this program too, are measured
without it.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import inference
from benchmarks.holter_parts.common import rows_of_all
from ecg import artifacts, beats
from ecg.artifacts import InputError
from ecg.prediction import card_of, logits, predict_heartbeat

LATENCY_ROWS = 2000


def measure_latency(paths: list[Path], models: list[str], weight: Path) -> dict:
    """{model: {what runs: {"median_us", "p95_us"}}}, printed."""
    import torch

    torch.set_num_threads(1)
    rows = rows_of_all(tuple(paths))[:LATENCY_ROWS]
    print(
        f"\none beat, batch 1, one thread, median of {len(rows):,} in microseconds (95th "
        "percentile)"
    )
    figures = {}
    for model in models:
        figures[model] = {
            name: {
                "median_us": float(np.median(seconds) * 1e6),
                "p95_us": float(np.percentile(seconds, 95) * 1e6),
            }
            for name, seconds in _seconds_a_row(model, weight, rows).items()
        }
        cells = (
            f"{name} {f['median_us']:.0f} ({f['p95_us']:.0f})" for name, f in figures[model].items()
        )
        print(f"  {model:<14}" + "   ".join(cells))
    return figures


def _seconds_a_row(model, weight, rows):
    """{what runs: seconds (n,) of each row}."""
    import torch

    net = inference.load_model(model, weight=weight)
    session = inference.load_onnx_model(model, weight=weight, threads=1)
    scaler = card_of(net)["input"]
    x = beats.standardise(rows, scaler["mean"], scaler["scale"]).reshape(-1, 1, 1, beats.WIDTH)
    tasks: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "ONNX Runtime": (x, lambda row: session.run(["logits"], {"ecg_input": row})),
        "PyTorch": (list(map(torch.from_numpy, x)), net),
        "predict_heartbeat, ONNX": (rows, partial(predict_heartbeat, session)),
        "predict_heartbeat, PyTorch": (rows, partial(predict_heartbeat, net)),
    }
    spent = {name: np.empty(len(rows)) for name in tasks}
    with torch.inference_mode():
        for k in range(len(rows)):  # in turn, so that all meet the same machine
            for name, (items, function) in tasks.items():
                start = time.perf_counter()
                function(items[k])
                spent[name][k] = time.perf_counter() - start
    return spent


def measure_parity(paths: list[Path], models: list[str], weight: Path, data: str) -> dict:
    """{"MODEL, ROWS": {"rows", "unequal" labels, of these "ties", largest difference of a
    "probability", of a "logit"}}, printed."""
    from ecg.export import parity

    sets = {"24 h": rows_of_all(tuple(paths)), **_test_rows(data)}
    print(
        "\nPyTorch against ONNX Runtime: rows, unequal labels (of these ties within 1e-5), largest "
        "difference of a probability, of a logit"
    )
    figures = {}
    for model in models:
        net = inference.load_model(model, weight=weight)
        session = inference.load_onnx_model(model, weight=weight)
        scaler = card_of(net)["input"]
        for name, rows in sets.items():
            x = beats.standardise(rows, scaler["mean"], scaler["scale"])
            found = parity(logits(net, x), logits(session, x))
            figures[f"{model}, {name}"] = found._asdict()
            print(
                f"  {model:<14} {name:<22} {found.rows:>8,} {found.unequal:>5} ({found.ties})  "
                f"{found.probability:.1e}  {found.logit:.1e}"
            )
    return figures


def _test_rows(data):
    """{name: min-max test rows}, empty where there are none."""
    try:
        manifest = artifacts.load_manifest(artifacts.locate(data))
        x, _ = artifacts.load_split(artifacts.locate(data), "test")
    except InputError as error:
        print(f"\nwithout test rows: {error}")
        return {}
    scaler = manifest["scaler"]
    rows = beats.unstandardise(x, scaler["mean"], scaler["scale"])
    return {f"test rows ({manifest['protocol']})": rows}
