"""The tables and pictures of the pages, from stored predictions.

A table stands in a page between <!-- table:NAME --> and <!-- /table -->; all around it is written
by hand and stays. Names: kaggle, tutorial, interpatient, calibration; DS2_annotated, DS2_detected,
svdb_detected, DS2_errors, svdb_errors, unseen; dataset, leak.
"""

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.results_parts import tables
from benchmarks.results_parts.chinese import in_chinese
from benchmarks.results_parts.stored import (
    MADE_BY,
    PROTOCOLS,
    RUNS,
    stored_documents,
    stored_reports,
)
from ecg import artifacts, overwriting
from ecg.artifacts import InputError

# what docs/figures/NAME.png is a copy of, below DATA/evaluation. {best}: the model of the highest
# macro-F1 on the published split's test rows, {first}: the one of the first line of that table
PICTURES = {
    "kaggle_comparison": "kaggle/comparison_test.png",
    "kaggle_confusion": "kaggle/{best}_test_confusion.png",
    "kaggle_training": "kaggle/{best}_training.png",
    "interpatient_comparison": "interpatient/comparison_test.png",
    "calibration_DS2": "records_DS2/context_interpatient_plus_detected_calibration.png",
    "calibration": "kaggle/{best}_test_calibration.png",
    "rejection": "kaggle/rejection_test.png",
    "review": "kaggle/{first}_test_review.png",
}
MARK = re.compile(r"(<!-- table:(\w+) -->\n).*?(<!-- /table -->)", re.DOTALL)
CHINESE = ".zh-CN.md"  # ends the name of a page in Chinese


def make_tables(data: str | Path) -> dict[str, str]:
    """{name: table} of all that is stored in a data folder. Raises InputError when no row
    predictions of really trained weights are."""
    test = {protocol: stored_reports(data, protocol, "test") for protocol in PROTOCOLS}
    if not any(test.values()):
        raise InputError(
            f"{Path(data) / 'evaluation'} holds no predictions of really trained weights: "
            f"{MADE_BY} makes them"
        )
    made = _of_recordings(data)
    if test["kaggle"]:
        made["kaggle"] = tables.rows_table(test["kaggle"])
        groups = (("kaggle", test["kaggle"]), ("DS2", test["interpatient"]))
        made["calibration"] = tables.calibration_table(groups)
    if test["tutorial"]:
        val = stored_reports(data, "tutorial", "val")
        made["tutorial"] = tables.tutorial_table(val, test["tutorial"], test["kaggle"])
    if test["interpatient"]:
        made["interpatient"] = tables.interpatient_table(test["interpatient"])
    neighbours = Path(data) / "evaluation" / "dataset.json"
    if neighbours.exists():
        found = artifacts.load_json(neighbours, "python benchmarks/dataset.py")
        made |= tables.dataset_tables(found)
    return made


def _of_recordings(data):
    """The tables of whole recordings."""
    found = {f"{run.name}_{run.peaks}": stored_documents(data, run) for run in RUNS}
    made = {name: tables.records_table(of, ("232",)) for name, of in found.items() if of}
    for run in RUNS:
        documents = found[f"{run.name}_{run.peaks}"]
        if documents and run.peaks == "detected":
            made[f"{run.name}_errors"] = tables.detector_and_classifier(documents)
    if found["DS2_annotated"] and found["DS2_detected"]:
        made["unseen"] = tables.unseen_table(found["DS2_annotated"], found["DS2_detected"])
    return made


def copy_pictures(data: str | Path, docs: str | Path) -> list[Path]:
    """Bring docs/figures/ up to date; a picture that is not stored stays as it is. Returns what
    was written."""
    kaggle = stored_reports(data, "kaggle", "test")
    names = {"best": "none", "first": next(iter(kaggle), "none")}
    if kaggle:
        names["best"] = max(kaggle, key=lambda name: kaggle[name]["macro_f1"])
    written, folder = [], Path(docs) / "figures"
    with overwriting.run_of((), places=[folder]):  # whose names are chosen here
        for name, source in PICTURES.items():
            stored = Path(data) / "evaluation" / source.format(**names)
            if stored.exists():
                with artifacts.writing(folder / f"{name}.png") as temporary:
                    shutil.copyfile(stored, temporary)
                written.append(folder / f"{name}.png")
    return written


def fill_tables(file: Path, made: Mapping[str, str]) -> None:
    """Put the tables into their places in a page, in Chinese where the page is. A place whose
    table was not made stays as it is, which is said."""
    text = file.read_text(encoding="utf-8")

    def filled(place: re.Match) -> str:
        table = made.get(place[2])
        if table is None:
            print(f"{file}: table {place[2]} stays: nothing is stored for it", file=sys.stderr)
            return place[0]
        return (
            f"{place[1]}{in_chinese(table) if file.name.endswith(CHINESE) else table}\n{place[3]}"
        )

    new = MARK.sub(filled, text)
    if new != text:
        with overwriting.run_of((), overwrite=True):  # what is outside of the places stays
            artifacts.save_text(file, new)
        print(f"brought the tables of {file} up to date")
