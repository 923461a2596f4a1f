"""Damaged model files and stored data against what loads them: each is loaded, or refused in one
line. Part of `make fuzz`.

    .venv/bin/python -m tests.fuzz_loaders                        # 10,000 files a loader
    .venv/bin/python -m tests.fuzz_loaders --only onnx --many 500

The files are good ones, damaged by fuzz_mutations.py; case k of a loader is the same file in every
run with the same --seed. Exit status 1 where a file is neither loaded nor refused."""

import argparse
import json
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg import artifacts, prediction, quality, weights
from ecg.artifacts import InputError
from ecg.evaluation.predictions import load_predictions, predictions_table
from tests import made_rows, training_rows
from tests.fuzz_mutations import mutated
from tests.robustness.made_models import SHIPPED

LIMIT_S = 20.0  # a case that takes longer is a failure
ROWS = np.full((3, 187), 0.5, np.float32)


class Loader(NamedTuple):
    """files: gives {name: content} of good files, written into an empty folder it is given the
    name of; hurt: a part of the name of those that are damaged; load: what loads the folder."""

    name: str
    files: Callable[[Path], dict[str, bytes]]
    hurt: str
    load: Callable[[Path], object]


def _shipped(*names):
    return lambda folder: {name: (SHIPPED / name).read_bytes() for name in names}


def _weights(folder):
    """Those of a small network, with a card that does not tell their SHA-256."""
    card = json.loads((SHIPPED / "model_self.json").read_text())
    kept = {key: card[key] for key in ("architecture", "arguments", "input", "classes", "recipe")}
    files = {"model_self.json": json.dumps({**kept, "temperature": 1.5}).encode()}
    return {**files, **_shipped("model_self.pth")(folder)}


def _load_weights(folder):
    import models

    models.load(folder / "model_self.pth")


def _load_rows_model(folder):
    prediction.predict_heartbeat(prediction.open_onnx(folder / "ecg_model_self.onnx"), ROWS)


def _rows(told):
    """data/processed_data; told: whether the manifest tells the SHA-256 of the arrays."""

    def files(folder):
        place = artifacts.processed(training_rows.write_rows(folder, n=40))
        if not told:
            manifest = json.loads((place / "manifest.json").read_text())
            artifacts.save_json(place / "manifest.json", {**manifest, "outputs_sha256": {}})
        return {str(path.relative_to(folder)): path.read_bytes() for path in place.iterdir()}

    return files


def _load_rows(folder):
    artifacts.load_manifest(folder)
    for split in artifacts.SPLITS:
        artifacts.load_split(folder, split)


def _predictions(folder):
    table = predictions_table(made_rows.made_predictions(40), False)
    return {"self_test.csv": table.to_csv(index=False).encode()}


LOADERS = (
    Loader("card", _weights, ".json", _load_weights),
    Loader("checkpoint", _weights, ".pth", _load_weights),
    Loader("onnx", _shipped("ecg_model_self.onnx"), "", _load_rows_model),
    Loader(
        "context",
        _shipped("ecg_model_context.onnx"),
        "",
        lambda folder: prediction.open_onnx(folder / "ecg_model_context.onnx"),
    ),
    Loader("quality", _shipped("ecg_model_quality.onnx"), "", quality.open_model),
    Loader("manifest", _rows(True), "manifest", _load_rows),
    Loader("rows", _rows(False), ".npy", _load_rows),
    Loader(
        "history",
        lambda folder: {"history_self.json": b'{"train_loss": [2, 1.5], "val_acc": [20, null]}'},
        "",
        lambda folder: weights.history_of("model_self.pth", folder),
    ),
    Loader(
        "predictions",
        _predictions,
        "",
        lambda folder: load_predictions(folder / "self_test.csv", 1.0),
    ),
)


def try_loader(loader: Loader, many: int, seed: int) -> tuple[Counter, list[str]]:
    """({what became of a file: how many}, what was said of those neither loaded nor refused)."""
    counts: Counter = Counter()
    failures, own = [], zlib.crc32(loader.name.encode())  # other cases than the next loader's
    with tempfile.TemporaryDirectory(prefix="fuzz_") as name:
        good = loader.files(Path(name) / "good")
        for case in range(many):
            folder = Path(name) / str(case)
            _write(folder, good, loader, np.random.default_rng([own, seed, case]))
            began = time.monotonic()
            outcome, said = _outcome(loader, folder)
            if time.monotonic() - began > LIMIT_S:
                outcome, said = "hang", f"{time.monotonic() - began:.0f} s"
            counts[outcome] += 1
            if outcome not in ("loaded", "refused"):
                failures.append(f"{loader.name} {case}: {outcome} {said}")
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
    return counts, failures


def _write(folder, good, loader, rng):
    names = [name for name in good if loader.hurt in name]
    hurt = names[int(rng.integers(len(names)))]
    for name, raw in good.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutated(raw, rng) if name == hurt else raw)


def _outcome(loader, folder):
    try:
        loader.load(folder)
        return "loaded", ""
    except InputError as error:
        said = str(error)
        return ("refused", said) if said.isprintable() else ("lines", ascii(said)[:400])
    except MemoryError:
        return "memory", traceback.format_exc(limit=-3)
    except Exception:
        return "traceback", traceback.format_exc(limit=-4)


def main(argv: list[str] | None = None) -> int:
    """Try all loaders, or one; 1 where a file is neither loaded nor refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--many", type=int, default=10_000, help="files a loader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[each.name for each in LOADERS])
    args = parser.parse_args(argv)
    print(f"{'loader':<12}{'files':>8}{'loaded':>8}{'refused':>9}{'failed':>8}")
    every = []
    for loader in LOADERS:
        if args.only in (None, loader.name):
            counts, failures = try_loader(loader, args.many, args.seed)
            told = f"{counts['loaded']:>8,}{counts['refused']:>9,}{len(failures):>8,}"
            print(f"{loader.name:<12}{args.many:>8,}{told}", flush=True)
            every += failures
    print("\n".join(every[:20]), end="\n" if every else "")
    return 1 if every else 0


if __name__ == "__main__":
    raise SystemExit(main())
