"""What docs/results.md is made of: models, protocols, runs, and their stored predictions."""

from pathlib import Path
from typing import NamedTuple

from ecg import artifacts, ec57, weights
from ecg.evaluation.predictions import load_predictions
from ecg.evaluation.reports import report_of

MADE_BY = "make results FRESH=1"
PROTOCOLS = ("kaggle", "tutorial", "interpatient")
# of the lines of a table: the tutorial's model first, the best last, others after them by name
ORDER = (
    "self",
    "self_finetuned_final",
    "self_finetuned_best",
    "self_best",
    "deep",
    "deep_best",
    "resnet18",
    "resnet18_best",
    "residual",
    "residual_best",
)


class Run(NamedTuple):
    """One way to score models on recordings.

    name: of the results' folder, records_NAME. database: the option that names the folder of the
    recordings. only: records, None for all. peaks: whose R peaks are labelled. learning: s at the
    start that do not count. heading: what is said of it while it runs."""

    name: str
    database: str
    only: list[str] | None
    peaks: str
    learning: float
    heading: str


RUNS = (
    Run(
        "DS2",
        "mitdb",
        ["DS2"],
        "annotated",
        0.0,
        "DS2, annotated R peaks, every beat: the literature's way",
    ),
    Run(
        "DS2",
        "mitdb",
        ["DS2"],
        "detected",
        ec57.LEARNING,
        "DS2, detected R peaks, after 5 minutes: EC57, what a user gets",
    ),
    Run(
        "svdb",
        "svdb",
        None,
        "detected",
        ec57.LEARNING,
        "MIT-BIH Supraventricular Arrhythmia Database, detected R peaks, after 5 minutes",
    ),
)


def position(name: str) -> tuple[int, str]:
    """Sorting key of a model."""
    return ORDER.index(name) if name in ORDER else len(ORDER), name


def run_folder(data: str | Path, run: Run) -> Path:
    """Where a run's results are stored."""
    return Path(data) / "evaluation" / f"records_{run.name}"


def stored_reports(data: str | Path, protocol: str, split: str) -> dict[str, dict]:
    """{model: report} of the stored predictions of really trained weights on real rows of a
    protocol, computed from the CSVs."""
    folder, found = Path(data) / "evaluation" / protocol, {}
    for csv in sorted(folder.glob(f"*_{split}.csv")):
        about = artifacts.load_json(csv.with_name(csv.stem + "_report.json"), MADE_BY)
        if about["data"] == about["trained_on"] == "real":
            predictions = load_predictions(csv, about["temperature"])
            found[about["model"]] = {**about, **report_of(predictions, protocol)}
    return dict(sorted(found.items(), key=lambda item: position(item[0])))


def stale_predictions(data: str | Path, weight: str | Path) -> list[str]:
    """What there is to say of stored results, of rows and of recordings, that other weights made
    than those of this name that are there now, in `weight` or among the shipped ones."""
    told = []
    for file, made_by in _made_by(Path(data) / "evaluation"):
        for name, sha256 in made_by.items():
            path = weights.in_folders(Path(weight) / name)
            if path.is_file() and artifacts.known_sha256(path) != sha256:
                told.append(f"{file} was made by other weights than {path}: {MADE_BY}")
    return told


def _made_by(evaluation):
    """(file, {weights file: SHA-256}) of the stored results."""
    for file in sorted(evaluation.glob("*/*_report.json")):
        about = artifacts.load_json(file, MADE_BY)
        if about.get("weights") and about.get("weights_sha256"):
            yield file, {str(about["weights"]): about["weights_sha256"]}
    for run in {run_folder(evaluation.parent, run) for run in RUNS}:
        for file in sorted(run.glob("*_*ed.json")):
            yield file, artifacts.load_json(file, MADE_BY)["about"].get("weights_sha256", {})


def stored_documents(data: str | Path, run: Run) -> dict[str, dict]:
    """{model: document} of the stored results of a run by really trained weights: models over a
    patient's own beats first, those that never saw its patients before the others."""
    found = {}
    for file in sorted(run_folder(data, run).glob(f"*_{run.peaks}.json")):
        document = artifacts.load_json(file, MADE_BY)
        about = document["about"]
        if about["data"] == "real" and about["model_trained_on"] == ["real"]:
            found["+".join(about["model"])] = document

    def key(item):
        name, _ = item
        return not name.startswith("context"), "interpatient" not in name, name

    return dict(sorted(found.items(), key=key))
