"""Figures of predictions as dicts and as text for people."""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from ecg import prediction
from ecg.beats import CLASSES
from ecg.evaluation import metrics
from ecg.evaluation.predictions import Predictions

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)  # of beats left to a person, in reports
MEANING = {
    "kaggle": "comparable with results published on the heartbeat CSVs; the same patients are in "
    "training and test, so it says nothing about the next patient",
    "interpatient": "patients that the model never saw (DS1 -> DS2): what "
    "other patients may expect, as far as so few tell",
    "patients": "recordings that the model never saw, split by record",
    "tutorial": "scaler and SMOTE before the split: the validation figure flatters, only the test "
    "figure is worth reading",
}


# ---- figures of a split -----------------------------------------------------------------------


def report_of(found: Predictions, protocol: str, draws: int = metrics.DRAWS, seed: int = 0) -> dict:
    """All figures of a split; intervals are bootstrap over records, absent where records are not
    known."""
    matrix = metrics.confusion(found.true, found.predicted)
    over = metrics.scored_classes(protocol, matrix.sum(axis=1))
    report = figures_of(matrix, over, _by_record(found), draws, seed)
    if protocol == "interpatient":
        report["macro_f1_NSVF"] = float(metrics.macro_f1(matrix, ["N", "S", "V", "F"]))
        without = found.record != "232"
        if not without.all():
            report["without_232"] = report_of(found.of(without), protocol, draws, seed)
    return {
        **report,
        "records": sorted(set(found.record.tolist()) - {""}),
        "calibration": _calibration(found),
        "rejection": _rejection(found),
    }


def _by_record(found):
    """A confusion matrix of each record (records, 5, 5), None where records are not known."""
    if not np.all(found.record != ""):
        return None
    return metrics.confusion_by(found.record, found.true, found.predicted)[1]


def _calibration(found):
    ece, bins = metrics.reliability(found.confidence, found.right)
    uncalibrated = prediction.softmax(found.logits)
    nll, brier = metrics.proper_scores(found.probabilities, found.true)
    return {
        "ece": ece,
        "ece_before_temperature": metrics.reliability(uncalibrated.max(axis=1), found.right)[0],
        "nll": nll,
        "nll_before_temperature": metrics.proper_scores(uncalibrated, found.true)[0],
        "brier": brier,
        "bins": dataclasses.asdict(bins),
    }


def _rejection(found):
    share, accuracy, caught = metrics.rejection(found.confidence, found.right)
    index = np.rint(np.array(SHARES) * len(found.true)).astype(int)
    return {
        "share_left_to_a_person": share[index],
        "accuracy_of_the_rest": accuracy[index],
        "errors_caught": caught[index],
    }


def figures_of(
    matrix: np.ndarray,
    over: Sequence[str],
    stack: np.ndarray | None = None,
    draws: int = metrics.DRAWS,
    seed: int = 0,
) -> dict:
    """Accuracy, macro-F1 over the classes `over`, and precision, recall, F1 a class of a confusion
    matrix; with the records' matrices `stack` (records, 5, 5) also 95 % intervals."""
    found = {
        "n": int(matrix.sum()),
        "accuracy": float(metrics.accuracy(matrix)),
        "macro_f1": float(metrics.macro_f1(matrix, over)),
        "macro_f1_over": over,
        "confusion": matrix,
    }
    values = {
        "precision": metrics.precision(matrix),
        "recall": metrics.recall(matrix),
        "f1": metrics.f1(matrix),
    }
    found["classes"] = {
        name: {
            **{key: float(value[k]) for key, value in values.items()},
            "support": int(matrix[k].sum()),
        }
        for k, name in enumerate(CLASSES)
    }
    if stack is not None and len(stack) > 1:
        samples = metrics.resampled(stack, draws, seed)
        by_class = {"f1": metrics.f1(samples), "recall": metrics.recall(samples)}
        found["intervals"] = {
            "method": f"bootstrap over {len(stack)} records, {draws} draws, {metrics.LEVEL:.0%}",
            "accuracy": metrics.interval(metrics.accuracy(samples)),
            "macro_f1": metrics.interval(metrics.macro_f1(samples, over)),
            **{
                key: {name: metrics.interval(value[:, k]) for k, name in enumerate(CLASSES)}
                for key, value in by_class.items()
            },
        }
    return found


# ---- text -------------------------------------------------------------------------------------


def _share(value, digits=2):
    return "-" if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f}"


def _between(pair, digits=1):
    return "" if pair is None else f"[{_share(pair[0], digits)}, {_share(pair[1], digits)}]"


def _fractions(pair):
    return "" if pair is None else f"[{pair[0]:.3f}, {pair[1]:.3f}]"


def report_text(found: dict, heading: str, protocol: str) -> str:
    """The classification report of a split, for people. found: what `report_of` gave."""
    between = found.get("intervals", {})
    lines = [
        heading,
        *textwrap.wrap(f"What it means: {MEANING[protocol]}.", 110),
        "",
        *_class_lines(found, between.get("f1", {})),
        "",
        *_mean_lines(found, between),
        f"intervals: {between['method']}"
        if between
        else "no intervals: it is not known which record each row is from",
        "",
        "true \\ predicted" + "".join(f"{name:>9}" for name in CLASSES),
    ]
    lines += [
        f"{name:<16}" + "".join(f"{count:>9,}" for count in row)
        for name, row in zip(CLASSES, np.asarray(found["confusion"]))
    ]
    return "\n".join([*lines, "", *_confidence_lines(found)]) + "\n"


def _class_lines(found, between):
    lines = [f"{'%':<6}{'precision':>10}{'recall':>9}{'F1':>9}  {'95 % interval':<15}{'beats':>8}"]
    for name, row in found["classes"].items():
        cells = f"{_share(row['precision']):>10}{_share(row['recall']):>9}{_share(row['f1']):>9}"
        lines.append(f"{name:<6}{cells}  {_between(between.get(name)):<15}{row['support']:>8,}")
    return lines


def _mean_lines(found, between):
    lines = [
        f"accuracy {_share(found['accuracy'])} {_between(between.get('accuracy'))}   macro-F1 over "
        f"{', '.join(found['macro_f1_over'])} {found['macro_f1']:.4f} "
        f"{_fractions(between.get('macro_f1'))}"
    ]
    if "macro_f1_NSVF" in found:
        lines.append(f"macro-F1 over N, S, V, F {found['macro_f1_NSVF']:.4f}")
    if "without_232" in found:
        rest = found["without_232"]
        lines.append(
            "without record 232, which holds most S beats in a rhythm of its own: "
            f"accuracy {_share(rest['accuracy'])}, macro-F1 over "
            f"{', '.join(rest['macro_f1_over'])} {rest['macro_f1']:.4f}, over N, S, V, F "
            f"{rest['macro_f1_NSVF']:.4f}, F1 of S {_share(rest['classes']['S']['f1'])}, of V "
            f"{_share(rest['classes']['V']['f1'])}"
        )
    return lines


def _confidence_lines(found):
    calibration, rejection = found["calibration"], found["rejection"]
    steps = zip(rejection["share_left_to_a_person"], rejection["accuracy_of_the_rest"])
    return [
        f"calibration: expected calibration error {calibration['ece']:.4f} ({metrics.BINS} bins; "
        f"{calibration['ece_before_temperature']:.4f} at temperature 1), negative log-likelihood "
        f"{calibration['nll']:.4f}, Brier score {calibration['brier']:.4f}",
        "leaving the least sure beats to a person:  "
        + ", ".join(f"{_share(share, 0)} % -> {_share(accuracy)}" for share, accuracy in steps)
        + "  (accuracy of the rest)",
    ]


# ---- several models ---------------------------------------------------------------------------


def comparison(
    predictions: Mapping[str, Predictions],
    reports: Mapping[str, dict],
    seed: int = 0,
    draws: int = metrics.DRAWS,
) -> list[dict]:
    """One line a model: figures, and the difference in macro-F1 to the first with its interval over
    records (paired draws). predictions, reports: of each model on the same rows."""
    lines, first = [], None
    for name, found in predictions.items():
        report = reports[name]
        line = {
            "model": name,
            "parameters": report["parameters"],
            "accuracy": report["accuracy"],
            "macro_f1": report["macro_f1"],
            **{f"f1_{c}": report["classes"][c]["f1"] for c in CLASSES},
            "ece": report["calibration"]["ece"],
            "difference": None,
            "difference_interval": None,
        }
        stack = _by_record(found)
        if stack is not None:
            samples = metrics.resampled(stack, draws, seed)
            samples = metrics.macro_f1(samples, report["macro_f1_over"])
            if first is not None:
                line |= {
                    "difference": report["macro_f1"] - first[0],
                    "difference_interval": metrics.interval(samples - first[1]),
                }
            first = first or (report["macro_f1"], samples)
        lines.append(line)
    return lines


def comparison_text(lines: Sequence[dict], over: Sequence[str], heading: str) -> str:
    """The lines of `comparison` as a table for people. over: the classes of macro-F1."""
    rows = [
        heading,
        f"{'model':<28}{'parameters':>11}{'accuracy':>10}{'macro-F1':>10}"
        + "".join(f"{'F1 ' + c:>8}" for c in CLASSES)
        + f"{'ECE':>8}  macro-F1 against the first",
    ]
    for line in lines:
        pair = line["difference_interval"]
        against = "" if line["difference"] is None else f"{line['difference']:+.4f}"
        against += f" [{pair[0]:+.4f}, {pair[1]:+.4f}]" if pair else ""
        rows.append(
            f"{line['model']:<28}{line['parameters'] or 0:>11,}{_share(line['accuracy']):>10}"
            f"{line['macro_f1']:>10.4f}"
            + "".join(f"{_share(line[f'f1_{c}'], 1):>8}" for c in CLASSES)
            + f"{line['ece']:>8.4f}  {against}"
        )
    return "\n".join([*rows, f"macro-F1 over {', '.join(over)}"]) + "\n"
