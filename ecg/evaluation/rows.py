"""Models scored on the rows of a data set: files, pictures, tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg import artifacts, prediction
from ecg.artifacts import InputError
from ecg.beats import unstandardise
from ecg.evaluation import metrics
from ecg.evaluation.predictions import (
    Predictions,
    calibrate,
    predict_split,
    predictions_table,
    save_csv,
)
from ecg.evaluation.reports import comparison, comparison_text, report_of, report_text
from ecg.evaluation.review import review_list
from ecg.figures import save_figure
from ecg.figures.confusion import plot_confusion
from ecg.figures.evaluation import plot_calibration, plot_comparison, plot_rejection
from ecg.figures.review import STRIPS, plot_review
from ecg.figures.training import plot_history
from ecg.weights import history_of, rows_weights, short_name


@dataclass(frozen=True)
class RowsData:
    """The rows of data/processed_data, and where results go.

    data: folder of the data; manifest: that of its rows; out: folder of the results; draws, seed:
    of the bootstrap."""

    data: Path
    manifest: dict
    out: Path
    draws: int
    seed: int

    @property
    def protocol(self) -> str:
        return self.manifest["protocol"]

    @property
    def synthetic(self) -> bool:
        return bool(self.manifest["synthetic"])

    @property
    def kind(self) -> str:
        """What headings call the data: nobody shall take made-up beats for a patient's."""
        return "SYNTHETIC" if self.synthetic else "real"

    def rows(self, split: str, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Min-max rows (n, 187) of a split."""
        x = artifacts.load_split(self.data, split)[0]
        return unstandardise(x[index], **self.manifest["scaler"])


def evaluate_rows(
    names: Sequence[str],
    load: Callable[[Path], Any],
    data: str | Path = "data",
    weight: str | Path = "weight",
    splits: Sequence[str] = ("val", "test"),
    out: str | Path | None = None,
    with_signal: bool = False,
    strips: str | Path | None = None,
    draws: int = metrics.DRAWS,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> dict[str, dict[str, dict]]:
    """Predictions, reports and pictures of some weights on data/processed_data.

    names: of weights, or files; load: gives the model behind a file. out: folder of the results
    (default: DATA/evaluation/PROTOCOL). with_signal: the CSVs hold the rows too. strips: WFDB
    records for the pictures of the review list (default: DATA/mitdb). report: what is done with
    text for people. Returns {split: {name: report}}. Raises InputError for weights that do not fit
    these rows."""
    manifest = artifacts.load_manifest(data)
    out = Path(out) if out else Path(data) / "evaluation" / manifest["protocol"]
    rows = RowsData(Path(data), manifest, out, draws, seed)
    strips = Path(strips) if strips else Path(data) / "mitdb"
    found: dict[str, dict[str, Predictions]] = {split: {} for split in splits}
    reports: dict[str, dict[str, dict]] = {split: {} for split in splits}
    for name, path in _named_files(names, weight, rows.protocol).items():
        model = load(path)
        _check_fits(prediction.card_of(model), path, rows)
        for split, (part, about) in _predict(model, name, path, splits, rows).items():
            found[split][name] = part
            reports[split][name] = {**about, **report_of(part, rows.protocol, draws, seed)}
            _save_model(name, split, part, reports[split][name], rows, with_signal, report)
        history = history_of(path, data)
        if history:
            title = f"{name}: training on {rows.kind} rows, protocol {rows.protocol}"
            save_figure(out / f"{name}_training.png", plot_history(history, title))
    for split in splits:
        _save_comparison(split, found[split], reports[split], rows, report)
    last = list(found)[-1]
    _save_review(last, found[last], rows, strips if strips.is_dir() else None, report)
    report(f"wrote {out}/")
    return reports


def _named_files(names, weight, protocol) -> dict[str, Path]:
    """{name of the results: weights file}."""
    paths: dict[str, Path] = {}
    for given in names:
        path = rows_weights(given, weight, protocol)
        name = short_name(path, protocol) + ("_onnx" if path.suffix == ".onnx" else "")
        if name in paths:
            raise InputError(f"--model: {path} and {paths[name]} would both be called {name}")
        paths[name] = path
    return paths


def _check_fits(card, path, rows):
    """InputError for weights whose figures on these rows would mean nothing."""
    if prediction.is_context_model(card):
        raise InputError(
            f"{path} looks at whole recordings, not at single rows: evaluate it with --records DIR "
            f"--model {path}"
        )
    trained = card["manifest"].get("protocol")
    if trained is None and path.suffix == ".onnx":
        return  # somebody's network, which does not tell: the report says so
    if trained != rows.protocol:
        raise InputError(
            f"{path} was trained under protocol {trained}, the rows in "
            f"{artifacts.processed(rows.data)} are of {rows.protocol}: its training rows may be "
            "among them. Prepare the rows again with python data_preprocess.py --protocol "
            f"{trained}, or train on these"
        )


def _predict(model, name, path, splits, rows):
    """{split: (predictions at the model's temperature, what is to be said about them)}."""
    card = prediction.card_of(model)
    parts = {
        split: predict_split(model, rows.data, split, rows.manifest)
        for split in dict.fromkeys(["val", *splits])
    }
    temperature, how = calibrate(parts["val"], card, rows.manifest, path)
    found = {}
    for split in splits:
        logits = parts[split].logits
        assert logits is not None, "rows were predicted, not read from a table"
        probabilities = prediction.softmax(logits / temperature)
        about = {
            "model": name,
            "weights": path.name,
            "weights_sha256": artifacts.known_sha256(path),
            "architecture": card["architecture"],
            "parameters": card.get("parameters"),
            "protocol": rows.protocol,
            "split": split,
            "data": "synthetic" if rows.synthetic else "real",
            "trained_on": _trained_on(card),
            "temperature": temperature,
            "temperature_is": how,
            "versions": artifacts.versions(),
        }
        found[split] = parts[split]._replace(probabilities=probabilities), about
    return found


def _trained_on(card):
    if not card["manifest"]:
        return "unknown"  # beats of these very rows, maybe
    return "synthetic" if card["manifest"].get("synthetic") else "real"


def _save_model(name, split, found, about, rows, with_signal, report):
    """One model on one split: the CSV, the report as text and JSON, confusion and calibration."""
    trained_on = about["trained_on"]
    learnt = f", trained on {trained_on} beats" if trained_on != about["data"] else ""
    heading = (
        f"{name} ({about['architecture']}{learnt}): {about['n']:,} {rows.kind} beats, {split} "
        f"rows, protocol {rows.protocol}"
    )
    temperature = f"temperature {about['temperature']:g}: {about['temperature_is']}\n"
    text = report_text(about, heading, rows.protocol) + temperature
    report(text)
    stem = rows.out / f"{name}_{split}"
    signal = rows.rows(split) if with_signal else None
    save_csv(f"{stem}.csv", predictions_table(found, rows.synthetic, signal), "%.7g")
    artifacts.save_text(f"{stem}_report.txt", text)
    artifacts.save_json(f"{stem}_report.json", about)
    save_figure(f"{stem}_confusion.png", plot_confusion(about["confusion"], heading))
    save_figure(f"{stem}_calibration.png", plot_calibration(found, heading))


def _save_comparison(split, found, reports, rows, report):
    """All models on one split: rejection curves, and the table where there are several."""
    about = f"{rows.kind} {split} rows, protocol {rows.protocol}"
    save_figure(rows.out / f"rejection_{split}.png", plot_rejection(found, about))
    if len(found) < 2:
        return
    lines = comparison(found, reports, rows.seed, rows.draws)
    over = next(iter(reports.values()))["macro_f1_over"]
    text = comparison_text(lines, over, about)
    report(text)
    stem = rows.out / f"comparison_{split}"
    artifacts.save_text(f"{stem}.txt", text)
    artifacts.save_json(
        f"{stem}.json",
        {
            "data": rows.kind.lower(),
            "protocol": rows.protocol,
            "split": split,
            "macro_f1_over": over,
            "models": lines,
        },
    )
    save_figure(f"{stem}.png", plot_comparison(reports, about))


def _save_review(split, found: dict[str, Predictions], rows, strips, report):
    """The beats of a split most worth a look, by the first model and where the others disagree."""
    (name, first), *others = found.items()
    review = review_list(first, [other for _, other in others])
    save_csv(rows.out / f"{name}_{split}_review.csv", review)
    drawn = review["row"].to_numpy()[:STRIPS]
    order = np.argsort(drawn)  # a memory-mapped file is read in order
    signal = rows.rows(split, drawn[order])[np.argsort(order)]
    title = f"Most worth a look: {name}, {rows.kind} {split} rows"
    title += f", with {', '.join(other for other, _ in others)}" if others else ""
    save_figure(rows.out / f"{name}_{split}_review.png", plot_review(review, signal, strips, title))
    wrong = (review["predicted"] != review["true"]).mean()
    report(
        f"review list of {name}: {len(review)} beats, {wrong:.0%} of them mislabelled "
        f"(of all beats {1 - first.right.mean():.2%})"
    )
