"""The tables of the pages, as Markdown.

Reports are those of ecg.evaluation.reports, {model: report} of one protocol; documents those of
ecg.evaluation.records, {model: document} of one run.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ecg import ec57
from ecg.beats import CLASSES
from ecg.evaluation.reference import ec57_intervals, five_classes

Reports = Mapping[str, dict]
Documents = Mapping[str, dict]
FIVE_PERCENT = 3  # index of the share 0.05 in the reports' rejection


# ---- cells ------------------------------------------------------------------------------------


def markdown(head: Sequence[str], lines: Iterable[Sequence]) -> str:
    """A Markdown table."""
    return "\n".join(
        [
            "| " + " | ".join(head) + " |",
            "|" + " --- |" * len(head),
            *("| " + " | ".join(map(str, line)) + " |" for line in lines),
        ]
    )


def percent(value: float | None, digits: int = 1) -> str:
    """A share of 1 in percent, - where it is undefined."""
    return "-" if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f}"


def with_interval(
    value: float | None,
    pair: Sequence[float] | None,
    digits: int = 1,
    scale: float = 100,
    finer: int = 0,
) -> str:
    """scale * value and, where there is one, its interval. finer: digits more of the value."""
    if value is None or not np.isfinite(value):
        return "-"
    text = f"{scale * value:.{digits + finer}f}"
    if pair is None:
        return text
    return f"{text} ({scale * pair[0]:.{digits}f} to {scale * pair[1]:.{digits}f})"


def _f1_cells(report, classes):
    between = report.get("intervals", {}).get("f1", {})
    return [with_interval(report["classes"][c]["f1"], between.get(c)) for c in classes]


# ---- rows -------------------------------------------------------------------------------------


def rows_table(reports: Reports) -> str:
    """Accuracy, macro-F1 and F1 of the classes that the rows hold, with intervals."""
    first = next(iter(reports.values()))
    lines = []
    for name, report in reports.items():
        between = report.get("intervals", {})
        lines.append(
            [
                name,
                f"{report['parameters'] or 0:,}",
                with_interval(report["accuracy"], between.get("accuracy"), finer=1),
                with_interval(report["macro_f1"], between.get("macro_f1"), 3, 1, finer=1),
                *_f1_cells(report, _classes_with_beats(report)),
            ]
        )
    f1 = [f"F1 {c} %" for c in _classes_with_beats(first)]
    return markdown(["model", "parameters", "accuracy %", "macro-F1", *f1], lines)


def _classes_with_beats(report):
    return [c for c in CLASSES if report["classes"][c]["support"]]


def interpatient_table(reports: Reports) -> str:
    """Two lines a model, the second without record 232."""
    lines = []
    for name, report in reports.items():
        for label, part in (("", report), (", without 232", report["without_232"])):
            between = part.get("intervals", {})
            lines.append(
                [
                    name + label,
                    with_interval(part["accuracy"], between.get("accuracy")),
                    with_interval(part["macro_f1"], between.get("macro_f1"), 3, 1),
                    f"{part['macro_f1_NSVF']:.3f}",
                    *_f1_cells(part, "NSV"),
                ]
            )
    macro = ["macro-F1 N, S, V", "macro-F1 N, S, V, F"]
    return markdown(["model", "accuracy %", *macro, "F1 N %", "F1 S %", "F1 V %"], lines)


def tutorial_table(val: Reports, test: Reports, kaggle: Reports) -> str:
    """The tutorial's network on its leaked validation rows, its test rows, and under `kaggle`."""
    lines = [
        [
            label,
            f"{percent(reports['self']['accuracy'], 2)} %",
            f"{reports['self']['macro_f1']:.4f}",
            *(f"{reports['self']['classes'][c]['f1']:.3f}" for c in CLASSES),
        ]
        for label, reports in (
            ("tutorial, validation (leaked)", val),
            ("tutorial, test", test),
            ("kaggle, test", kaggle),
        )
        if "self" in reports
    ]
    return markdown(
        ["rows of ECGCNN's", "accuracy", "macro-F1", *(f"F1 {c}" for c in CLASSES)], lines
    )


def calibration_table(groups: Iterable[tuple[str, Reports]]) -> str:
    """Calibration and rejection. groups: (which rows, reports)."""
    lines = [
        [
            name,
            label,
            f"{report['calibration']['ece_before_temperature']:.4f}",
            f"{report['temperature']:g}",
            f"{report['calibration']['ece']:.4f}",
            percent(report["rejection"]["accuracy_of_the_rest"][FIVE_PERCENT], 2),
            percent(report["rejection"]["errors_caught"][FIVE_PERCENT], 0),
        ]
        for label, reports in groups
        for name, report in reports.items()
    ]
    return markdown(
        [
            "model",
            "test rows",
            "ECE at temperature 1",
            "temperature",
            "ECE",
            "accuracy % without the 5 % least sure",
            "errors among these 5 %, %",
        ],
        lines,
    )


# ---- recordings -------------------------------------------------------------------------------


def _counts(document, without=()):
    """Counts (records, 7, 7) of a document."""
    return np.array([c for record, c in document["counts"].items() if record not in without])


def records_table(documents: Documents, without: Sequence[str] = ()) -> str:
    """QRS, VEB and SVEB: pooled beats, with intervals over records; without=(record, ...) adds a
    line without these."""
    lines = []
    for name, document in documents.items():
        known = "; its training patients" if _knows_patients(document) else ""
        lines.append([name + known, *_record_cells(_counts(document))])
        if set(without) & set(document["counts"]):
            label = f"{name}, without {' '.join(without)}{known}"
            lines.append([label, *_record_cells(_counts(document, without))])
    return markdown(
        ["model", "accuracy %", "QRS Se", "QRS +P", "V Se", "V +P", "V F1", "S Se", "S +P", "S F1"],
        lines,
    )


def _knows_patients(document):
    """Whether a model has learnt from some of the records whose beats it labelled."""
    about = document["about"]
    if "trained_on" not in about:  # stored by an earlier version
        return bool(about.get("known_patients"))
    return any(about["trained_on"].get(model) for model in about["model"])


def _record_cells(counts):
    gross, between = ec57.figures(counts.sum(axis=0)), ec57_intervals(counts)
    classes = five_classes(counts)
    v, s = (with_interval(classes[c]["F1"], classes[c]["F1_interval"], 1, 1) for c in "VS")
    cells = [
        with_interval(gross[event][figure], between[event][figure] if between else None, 1, 1)
        for event in ("QRS", "VEB", "SVEB")
        for figure in ("Se", "+P")
    ]
    return [f"{classes['accuracy']:.1f}", *cells[:4], v, *cells[4:], s]


def unseen_table(annotated: Documents, detected: Documents) -> str:
    """DS2 by the models that never saw it, without 232 but for the last column; Se / +P / F1, every
    confusion counted."""
    lines = []
    for name, document in annotated.items():
        if _knows_patients(document) or name not in detected:
            continue
        cells, with_232 = [], []
        for run in (document, detected[name]):
            figures = five_classes(_counts(run, ("232",)), 1)
            cells += [f"{figures['accuracy']:.1f}", *(_se_ppv_f1(figures[c]) for c in "VS")]
            with_232.append(f"{five_classes(_counts(run), 1)['S']['F1']:.1f}")
        lines.append([name, *cells, " and ".join(with_232)])
    return markdown(
        [
            "model",
            "annotated peaks: accuracy",
            "V Se / +P / F1",
            "S Se / +P / F1",
            "detected peaks: accuracy",
            "V Se / +P / F1",
            "S Se / +P / F1",
            "S F1 with 232",
        ],
        lines,
    )


def _se_ppv_f1(figures):
    values = (figures[key] for key in ("Se", "+P", "F1"))
    return " / ".join("-" if value is None else f"{value:.1f}" for value in values)


def detector_and_classifier(documents: Documents) -> str:
    """Whose errors they are."""
    lines = [
        [
            name,
            f"{document['classes']['missed']:,}",
            f"{document['classes']['extra']:,}",
            f"{document['classes']['mislabelled']:,}",
            f"{document['classes']['matched_accuracy']:.2f}",
            f"{document['calibration']['ece']:.3f}",
        ]
        for name, document in documents.items()
    ]
    return markdown(
        [
            "model",
            "beats missed (detector)",
            "beats invented (detector)",
            "beats mislabelled (classifier)",
            "accuracy % of beats found",
            "ECE",
        ],
        lines,
    )


# ---- the data set -----------------------------------------------------------------------------


def dataset_tables(found: dict) -> dict[str, str]:
    """{"dataset", "leak"}: tables from what benchmarks/dataset.py stored."""
    names = {"kaggle": "published split", "interpatient": "patients never seen, DS1 -> DS2"}
    shared = [
        [
            label,
            f"{percent(found[key]['accuracy'])} %",
            f"{found[key]['macro_f1_NSV']:.3f}",
            *(f"{np.nan_to_num(found[key]['f1'][c] or 0):.3f}" for c in CLASSES),
            f"{percent(found[key]['same_patient'])} %",
        ]
        for key, label in names.items()
    ]
    leak = found["leak"]
    synthetic = percent(leak["synthetic_in_validation"], 0)
    leaked = [
        [label, f"{percent(leak[key]['accuracy'])} %", f"{leak[key]['macro_f1']:.3f}"]
        for key, label in (
            ("validation", f"validation rows ({synthetic} % of them synthetic)"),
            ("test", "real test rows, same training rows"),
        )
    ]
    f1 = [f"F1 {c}" for c in CLASSES]
    same = "nearest beat is the same patient's"
    return {
        "dataset": markdown(
            ["nearest neighbour on", "accuracy", "macro-F1 N, S, V", *f1, same], shared
        ),
        "leak": markdown(
            ["nearest neighbour, SMOTE before the split", "accuracy", "macro-F1"], leaked
        ),
    }
