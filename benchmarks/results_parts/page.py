"""docs/results.md, section by section, and the tables of the README."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.results_parts import tables
from benchmarks.results_parts.stored import (
    MADE_BY,
    PROTOCOLS,
    RUNS,
    stored_documents,
    stored_reports,
)
from ecg import artifacts, overwriting
from ecg.artifacts import InputError
from ecg.evaluation import metrics


@dataclass
class Page:
    """The page as it grows. data: folder of what is stored; docs: where pictures go; lines: its
    text; tables: those that the README shows too, by name."""

    data: Path
    docs: Path
    lines: list[str] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)

    def write(self, *lines: str) -> None:
        """Each of these, and an empty line after it."""
        for line in lines:
            self.lines += [line, ""]

    def picture(self, source: str, name: str, words: str) -> None:
        """Copy a stored picture to docs/figures/NAME.png and show it; nothing where there is
        none."""
        file = self.data / "evaluation" / source
        if not file.exists():
            return
        with artifacts.writing(self.docs / "figures" / f"{name}.png") as temporary:
            shutil.copyfile(file, temporary)
        self.write(f"![{words}](figures/{name}.png)")


def make_page(data: str | Path, docs: str | Path) -> tuple[str, dict[str, str]]:
    """(text of docs/results.md, {name: table for the README}) from what is stored. Raises
    InputError when nothing is."""
    data = Path(data)
    test = {protocol: stored_reports(data, protocol, "test") for protocol in PROTOCOLS}
    if not any(test.values()):
        raise InputError(
            f"{data / 'evaluation'} holds no predictions of really trained weights: {MADE_BY} "
            "makes them"
        )
    page = Page(data, Path(docs))
    page.write(
        "# Results",
        "Made by `make results` from stored predictions (`make results FRESH=1` predicts again). "
        "In brackets: 95 % intervals by bootstrap over records, "
        f"{metrics.DRAWS:,} draws: what other patients might have given. Models whose intervals "
        "overlap widely are not told apart by these data. ResNet18's weights are not shipped: its "
        "lines were measured with version 1, whose network is the same.",
    )
    if test["kaggle"]:
        _kaggle(page, test["kaggle"])
    if test["tutorial"]:
        _tutorial(page, test["tutorial"], test["kaggle"])
    if test["interpatient"]:
        _interpatient(page, test["interpatient"])
    _recordings(page)
    if test["kaggle"]:
        _confidence(page, test["kaggle"], test["interpatient"])
    return "\n".join(page.lines).rstrip() + "\n", page.tables


def _best(reports: Mapping[str, dict]) -> str:
    return max(reports, key=lambda name: reports[name]["macro_f1"])


def _kaggle(page, reports):
    best = _best(reports)
    page.tables["kaggle"] = tables.short_table(reports)
    page.write(
        "## The published split (protocol `kaggle`)",
        "Means: how the models compare with the many published results on the heartbeat CSVs' "
        "21,892 test rows. Does not mean: that the next patient's beats are labelled this well, "
        "because all patients are in training and test.",
        tables.rows_table(reports),
    )
    page.picture(
        "kaggle/comparison_test.png",
        "kaggle_comparison",
        "F1 of each class and model, with intervals over records",
    )
    page.picture(
        f"kaggle/{best}_test_confusion.png", "kaggle_confusion", f"Confusion matrix of {best}"
    )
    page.picture(f"kaggle/{best}_training.png", "kaggle_training", f"Training curves of {best}")


def _tutorial(page, reports, kaggle):
    val = stored_reports(page.data, "tutorial", "val")
    page.tables["tutorial"] = tables.tutorial_table(val, reports, kaggle)
    page.write(
        "## The tutorial's order (protocol `tutorial`)",
        "Means: how much a validation figure flatters when scaler and SMOTE come before the split: "
        "the same weights, asked on their leaked validation rows and on real test rows. Does not "
        "mean: anything about a model's worth.",
        page.tables["tutorial"],
    )


def _interpatient(page, reports):
    page.tables["interpatient"] = tables.interpatient_table(reports)
    page.write(
        "## Patients never seen, single beats (protocol `interpatient`)",
        "Means: what a network that sees one beat at a time does on people it was not trained on "
        "(DS1 -> DS2, de Chazal 2004). Record 232 holds 1,382 of the S beats in a rhythm of its "
        "own, so both figures are given; F and Q come from one or two records and say nothing "
        "here. Does not mean: that the networks are useless; they lack what a row alone does not "
        "hold.",
        page.tables["interpatient"],
    )
    page.picture(
        "interpatient/comparison_test.png",
        "interpatient_comparison",
        "F1 of each class and model on DS2",
    )


def _recordings(page):
    found = [(run, stored_documents(page.data, run)) for run in RUNS]
    if not any(documents for _, documents in found):
        return
    page.write(
        "## Recordings, end to end",
        "Means: what a user gets for a recording, beat by beat as ANSI/AAMI EC57 asks; `context` "
        "compares a beat with its own patient, the others see it alone. Lines marked 'its training "
        "patients' are there to show how misleading they are. Does not mean: a clinical "
        "validation; both databases are small, old and ambulatory. +P is EC57's, which forgives F "
        "and Q called V; F1 counts every confusion.",
    )
    for run, documents in found:
        if not documents:
            continue
        name = f"{run.name}_{run.peaks}"
        page.tables[name] = tables.records_table(documents, ("232",))
        page.write(f"### {run.heading}", page.tables[name])
        if run.peaks == "detected":
            page.write("Whose errors they are:", tables.detector_and_classifier(documents))
    on_ds2 = {run.peaks: documents for run, documents in found if run.name == "DS2"}
    page.tables["unseen"] = tables.unseen_table(on_ds2["annotated"], on_ds2["detected"])
    page.picture(
        "records_DS2/context_interpatient_plus_detected_calibration.png",
        "calibration_DS2",
        "Reliability on DS2, patients never seen, detected R peaks: context_interpatient_plus",
    )


def _confidence(page, kaggle, interpatient):
    best = _best(kaggle)
    page.tables["calibration"] = tables.calibration_table(
        (("kaggle", kaggle), ("DS2", interpatient))
    )
    page.write(
        "## Confidence",
        "Means: whether 0.9 is right nine times in ten (expected calibration error, 15 bins of "
        "equal width; the temperature is fitted on validation rows), and what is gained by leaving "
        "the least sure beats to a person. Does not mean: that confidence can be trusted on "
        "patients unlike the training's, as the DS2 lines show.",
        page.tables["calibration"],
    )
    page.picture(
        f"kaggle/{best}_test_calibration.png",
        "calibration",
        f"Reliability, and confidence of right and wrong beats: {best}",
    )
    page.picture(
        "kaggle/rejection_test.png",
        "rejection",
        "Accuracy against the share of beats left to a person",
    )
    page.picture(
        f"kaggle/{next(iter(kaggle))}_test_review.png",
        "review",
        "The beats most worth a doctor's look",
    )


def fill_tables(file: Path, made: Mapping[str, str]) -> None:
    """Put tables between <!-- table:NAME --> and <!-- /table --> of a Markdown file, where it
    exists and has such places."""
    if not file.exists():
        return
    text = file.read_text(encoding="utf-8")
    new = re.sub(
        r"(<!-- table:(\w+) -->\n).*?(<!-- /table -->)",
        lambda m: f"{m[1]}{made[m[2]]}\n{m[3]}" if m[2] in made else m[0],
        text,
        flags=re.DOTALL,
    )
    if new != text:
        with overwriting.run_of((), overwrite=True):  # what is outside of the places stays
            artifacts.save_text(file, new)
        print(f"brought the tables of {file.name} up to date")
