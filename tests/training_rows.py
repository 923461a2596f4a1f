"""Made-up rows for the tests of training: five kinds of bump."""

import json
from pathlib import Path

import numpy as np
import torch

from ecg import artifacts

CPU = torch.device("cpu")


def write_rows(data, n=240, seed=0, protocol="kaggle"):
    """A processed_data folder of five kinds of bump, in which the last quarter of the training rows
    counts as SMOTE's. Returns `data`."""
    rng, t = np.random.default_rng(seed), np.arange(187)
    folder, about, sha256 = artifacts.processed(data), {}, {}
    for split, size in (("train", n), ("val", 100), ("test", 20)):
        y = np.arange(size) % 5
        bump = np.exp(-0.5 * ((t - 30 - 25 * y[:, None]) / 6) ** 2)
        x = bump + 0.8 * rng.standard_normal((size, 187))
        artifacts.save_npy(folder / f"X_{split}.npy", x.astype(np.float32)[:, :, None])
        artifacts.save_npy(folder / f"y_{split}.npy", y.astype(np.int64))
        for name in (f"X_{split}.npy", f"y_{split}.npy"):
            sha256[name] = artifacts.sha256(folder / name)
        size = n * 3 // 4 if split == "train" else size
        about[split] = {
            "record": [f"r{k % 3}" for k in range(size)],
            "symbol": ["NAVF/"[k % 5] for k in range(size)],
            "early": np.sin(np.arange(size)).round(3).tolist(),
        }
    manifest = {
        "source": "demo",
        "synthetic": True,
        "protocol": protocol,
        "seed": seed,
        "n_real": n * 3 // 4,
        "classes": list("NSVFQ"),
        "counts": {},
        "scaler": {"mean": [0.1] * 187, "scale": [0.5] * 187},
        "outputs_sha256": sha256,
        "rows": about,
    }
    artifacts.save_json(folder / "manifest.json", manifest)
    return data


def folders(data, out):
    """The options of a training on `data` that leaves everything below `out`."""
    where = ("--data", data, "--weight", out / "weight", "--runs", out / "runs")
    return *map(str, where), "--threads", "1", "--device", "cpu"


def card_of(out, name="self"):
    """The model card that a training left below `out`."""
    return json.loads((out / f"weight/model_{name}.json").read_text())


def told_files(text):
    """What the output of a training says that it wrote, as paths; each must be there, and a folder
    must hold something."""
    lines = [line for line in text.splitlines() if line.startswith("wrote ")]
    names = [n for line in lines for n in line[6:].split("; ")[0].split(": ")[0].split(", ")]
    assert names, "nothing is said of files"
    for name in names:
        assert any(Path(name).iterdir()) if name.endswith("/") else Path(name).is_file(), name
    return {Path(name) for name in names}


def scalars(folder):
    """TensorBoard's log in a folder, read."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()
