"""Predicting again: every trained model, under the protocol it was trained with."""

import sys
from collections.abc import Mapping
from pathlib import Path

import data_preprocess
import inference
from benchmarks import dataset
from benchmarks.results_parts.stored import PROTOCOLS, RUNS, position, run_folder
from ecg import artifacts, weights
from ecg.evaluation.records import evaluate_records
from ecg.evaluation.records_output import save_records
from ecg.evaluation.rows import evaluate_rows

RECORDINGS = "recordings"  # in place of a protocol: models that label whole recordings


def trained_models(weight: str | Path) -> dict[str, list[Path]]:
    """{protocol: [weights file]} of the weights trained on real rows, in `weight` or shipped with
    the repository; under `recordings` those that label whole recordings."""
    files: dict[str, Path] = {}
    for folder in reversed(weights.search_folders(weight)):
        files |= {path.name: path for path in folder.glob("model_*.pth")}
    found: dict[str, list[Path]] = {}
    for _, path in sorted(files.items()):
        card = weights.load_card(path)
        if card["manifest"].get("synthetic"):
            continue
        whole = card["architecture"] == "ContextNet"
        protocol = RECORDINGS if whole else card["manifest"]["protocol"]
        found.setdefault(protocol, []).append(path)
    return {
        protocol: sorted(paths, key=lambda path: position(weights.short_name(path, protocol)))
        for protocol, paths in found.items()
    }


def rows_folder(data: str | Path, protocol: str, mitdb: str | Path) -> Path:
    """A data folder whose processed_data holds this protocol's real rows: the user's own where it
    does, else DATA/results/PROTOCOL."""
    made = Path(data) / "results" / protocol
    for folder in (Path(data), made):
        if (artifacts.processed(folder) / "manifest.json").exists():
            manifest = artifacts.load_manifest(folder)
            if manifest["protocol"] == protocol and not manifest["synthetic"]:
                return folder
    source = ["--source", "records", "--records", str(mitdb)]
    data_preprocess.main([*source, "--protocol", protocol, "--data", str(made)])
    return made


def predict_again(data: str | Path, weight: str | Path, folders: Mapping[str, Path]) -> None:
    """All predictions that the tables need, into DATA/evaluation. folders: of the recordings,
    `mitdb` and `svdb`; a run whose recordings are not there is left out."""
    dataset.main(["--records", str(folders["mitdb"]), "--data", str(data)])
    models = trained_models(weight)
    _predict_rows(data, weight, models, folders["mitdb"])
    _predict_recordings(data, weight, models, folders)


def _predict_rows(data, weight, models, mitdb):
    for protocol in PROTOCOLS:
        if protocol in models:
            evaluate_rows(
                [str(path) for path in models[protocol]],
                lambda path: inference.load(str(path), weight),
                rows_folder(data, protocol, mitdb),
                weight,
                out=Path(data) / "evaluation" / protocol,
                strips=mitdb,
            )


def _predict_recordings(data, weight, models, folders):
    offered = [  # single-beat models that stand in where the context model is not there
        path
        for path in models.get("kaggle", [])
        if weights.short_name(path, "kaggle") in weights.SINGLE_BEAT
    ]
    for run in RUNS:
        folder = folders[run.database]
        if not Path(folder).is_dir():
            print(f"{folder} is missing: {run.heading} is left out", file=sys.stderr)
            continue
        for path in models.get(RECORDINGS, []) + models.get("interpatient", []) + offered:
            print(f"{run.heading}: {path.name}", file=sys.stderr, flush=True)
            scores = evaluate_records(
                folder,
                lambda name: inference.load(name, weight),
                str(path),
                peaks=run.peaks,
                learning=run.learning,
                weight=weight,
                only=run.only,
            )
            save_records(scores, run_folder(data, run), folder)
