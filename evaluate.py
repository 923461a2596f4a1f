"""Evaluation: predictions, reports, confusion matrices, calibration, a list for review; EC57 on annotated recordings.

    python evaluate.py                                       # weight/model_self.pth on the validation and test rows
    python evaluate.py --weights self deep residual_best     # several, side by side in one table
    python evaluate.py --records data/mitdb --model self     # end to end, beat by beat, as ANSI/AAMI EC57 asks
    python evaluate.py --records data/svdb --json svdb.json --peaks annotated
    python evaluate.py --results                             # docs/results.md and the README's tables, from stored predictions

Rows: data/processed_data -> data/evaluation/PROTOCOL/NAME_{val,test}.csv, _report.txt, _report.json and pictures. The temperature
that makes a confidence mean what it says is fitted on the validation rows and kept in the model card.
Recordings: R peaks are detected and beats labelled exactly as inference.py does it, then compared with the reference annotation;
--peaks annotated takes the reference's positions instead, which tells the classifier's share of the errors from the detector's.
"""
import argparse
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tqdm import tqdm

import inference
from ecg import artifacts, beats, ec57, records, scores
from ecg.artifacts import InputError
from ecg.beats import CLASS_COLORS, CLASS_NAMES

REVIEW = 200               # beats in the review list
STRIPS = 12                # of them drawn
STRIP = 4.0                # s of ECG on either side of the beat
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)          # of beats left to a person, in reports

MEANING = {
    "kaggle": "comparable with results published on the heartbeat CSVs; the same patients are in training and test, so it says "
              "nothing about the next patient",
    "interpatient": "patients that the model never saw (DS1 -> DS2): the figure to expect on the next recording",
    "patients": "recordings that the model never saw, split by record",
    "tutorial": "scaler and SMOTE before the split: the validation figure flatters, only the test figure is worth reading",
}


# ------------------------------------------------------------------------------------------------ predictions on rows

class Scored(NamedTuple):
    """Predictions on one split. true, predicted (n,) class indices; logits (n, 5) before temperature; probabilities (n, 5);
    record (n,) names, '' where unknown; sample (n,) of the beat in its record, -1 where unknown."""
    true: np.ndarray
    predicted: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    record: np.ndarray
    sample: np.ndarray

    @property
    def confidence(self):
        return self.probabilities.max(axis=1)

    @property
    def right(self):
        return self.true == self.predicted


def weights_file(name, weight, protocol):
    """The file of weights behind a path, or behind a name such as `self` or `residual_best` under this protocol."""
    if Path(name).suffix in (".pth", ".onnx"):
        return artifacts.require(name, "python train.py")
    model, _, suffix = name.partition("_")
    if model == "context":
        raise InputError("the context model looks at whole recordings, not at single rows: evaluate it with --records DIR")
    path = artifacts.weights_path(weight, model, protocol, f"_{suffix}" if suffix else "")
    if not path.exists():
        there = sorted(p.name for p in Path(weight).glob("model_*.pth"))
        raise InputError(f"{path} is missing: python train.py --model {model} makes it from the rows of protocol {protocol}; "
                         f"in {weight} there are: {', '.join(there) or 'none'}")
    return path


def short_name(path, protocol):
    """weight/model_self_interpatient_best.pth -> self_best"""
    stem = Path(path).stem.removeprefix("ecg_").removeprefix("model_")
    return stem.replace(f"_{protocol}", "") if protocol != "kaggle" else stem


def rows_of(x, manifest):
    """The min-max rows (n, 187) behind standardised ones (n, 187, 1)."""
    mean, scale = (np.asarray(manifest["scaler"][key], np.float32) for key in ("mean", "scale"))
    return np.clip(np.asarray(x).reshape(len(x), -1) * scale + mean, 0, 1)


def logits_of(model, x, manifest):
    """Logits (n, 5) of the stored rows x, given to the model in the scaling that its card asks for."""
    card = inference.card_of(model)
    contract = card["input"]
    if not contract.get("scaler_inside") and all(np.allclose(contract[key], manifest["scaler"][key], rtol=1e-6)
                                                 for key in ("mean", "scale")):
        return inference.logits(model, x)
    rows = rows_of(x, manifest)
    if not contract.get("scaler_inside"):
        rows = beats.standardise(rows, contract["mean"], contract["scale"])
    return inference.logits(model, rows)


def score_split(model, data, split, manifest):
    """Predictions of `model` on a split of data/processed_data, as Scored, at temperature 1."""
    x, y = artifacts.load_split(data, split)
    logits = np.concatenate([logits_of(model, x[i:i + 4096], manifest) for i in
                             tqdm(range(0, len(x), 4096), split, disable=None, leave=False)] or [np.zeros((0, 5), np.float32)])
    source = manifest.get("rows", {}).get(split, {})
    record = np.array([name or "" for name in source.get("record", [""] * len(y))])
    sample = np.array([-1 if s is None else s for s in source.get("sample", [-1] * len(y))], np.int64)
    return Scored(np.asarray(y), logits.argmax(axis=1), logits, inference.softmax(logits), record, sample)


def calibrate(val, card, manifest, path):
    """(temperature, what was done with it), from predictions on the validation rows. Fitted and kept in the model card when these
    are the validation rows of the weights' own training; an ONNX export has its card inside and keeps what it has."""
    before = float(card.get("temperature", 1.0))
    if Path(path).suffix == ".onnx":
        return before, "from the file"
    if card["recipe"].get("refit"):
        return before, "fitted before the refit, which has learnt the validation rows; the validation figures are not honest"
    theirs, ours = (source.get("y_val.npy") for source in (card["manifest"].get("sha256", {}), manifest.get("outputs_sha256", {})))
    if theirs != ours:
        return before, ("from the model card: these are not the validation rows of its training, which may hold its training rows; "
                        "the validation figures are not honest")
    temperature = round(scores.fit_temperature(val.logits, val.true), 4)
    if abs(temperature - before) > 1e-3 * before:
        try:
            artifacts.save_json(artifacts.card_path(path), {**artifacts.load_card(path), "temperature": temperature})
        except InputError as error:
            return temperature, f"fitted on the validation rows, not kept: {error}"
        if artifacts.onnx_path(path).exists():
            print(f"{artifacts.onnx_path(path)} holds the former temperature: python export_onnx.py brings it up to date",
                  file=sys.stderr)
    return temperature, "fitted on the validation rows, kept in the model card"


def load_predictions(csv, temperature):
    """Scored from a CSV that `predictions_table` wrote; logits are known but for a constant, and as far as 6 digits tell."""
    table = pd.read_csv(csv, dtype={"record": str})
    index = {name: k for k, name in enumerate(CLASS_NAMES)}
    p = table[[f"p_{name}" for name in CLASS_NAMES]].to_numpy()
    return Scored(table["true"].map(index).to_numpy(), table["predicted"].map(index).to_numpy(),
                  np.log(np.maximum(p, 1e-7)) * temperature, p,
                  table["record"].fillna("").to_numpy(str), table["sample"].fillna(-1).to_numpy(np.int64))


def predictions_table(scored, synthetic, rows=None):
    """DataFrame: row, record, sample, true, predicted, p_N .. p_Q, data; with rows (n, 187) also s_0 .. s_186."""
    names = np.array(CLASS_NAMES)
    table = pd.DataFrame({"row": np.arange(len(scored.true)), "record": pd.Series(scored.record).replace("", None),
                          "sample": pd.Series(scored.sample).where(scored.sample >= 0).astype("Int64"),
                          "true": names[scored.true], "predicted": names[scored.predicted],
                          **{f"p_{name}": scored.probabilities[:, k].round(6) for k, name in enumerate(CLASS_NAMES)},
                          "data": "synthetic" if synthetic else "real"})
    if rows is None:
        return table
    return pd.concat([table, pd.DataFrame(rows, columns=[f"s_{k}" for k in range(rows.shape[1])])], axis=1)


# ------------------------------------------------------------------------------------------------ report

def report_of(scored, protocol, draws=scores.DRAWS, seed=0):
    """All figures of a split as a dict; intervals are bootstrap over records, None where records are not known."""
    matrix = scores.confusion(scored.true, scored.predicted)
    over = scores.scored_classes(protocol, matrix.sum(axis=1))
    stack = scores.confusion_by(scored.record, scored.true, scored.predicted)[1] if np.all(scored.record != "") else None
    found = figures_of(matrix, over, stack, draws, seed)
    if protocol == "interpatient":
        found["macro_f1_NSVF"] = float(scores.macro_f1(matrix, ["N", "S", "V", "F"]))
        without = scored.record != "232"
        if not without.all():
            part = Scored(*(values[without] for values in scored))
            found["without_232"] = report_of(part, protocol, draws, seed)
    ece, bins = scores.reliability(scored.confidence, scored.right)
    raw = inference.softmax(scored.logits)
    nll, brier = scores.proper_scores(scored.probabilities, scored.true)
    share, accuracy, caught = scores.rejection(scored.confidence, scored.right)
    at = np.rint(np.array(SHARES) * len(scored.true)).astype(int)
    return {**found, "records": sorted(set(scored.record.tolist()) - {""}),
            "calibration": {"ece": ece, "ece_before_temperature": scores.reliability(raw.max(axis=1), scored.right)[0],
                            "nll": nll, "nll_before_temperature": scores.proper_scores(raw, scored.true)[0], "brier": brier,
                            "bins": bins},
            "rejection": {"share_left_to_a_person": share[at], "accuracy_of_the_rest": accuracy[at], "errors_caught": caught[at]}}


def figures_of(matrix, over, stack=None, draws=scores.DRAWS, seed=0):
    """Accuracy, macro-F1, and precision, recall, F1 a class of a confusion matrix; with the records' matrices `stack`
    (records, 5, 5) also 95 % intervals."""
    found = {"n": int(matrix.sum()), "accuracy": float(scores.accuracy(matrix)), "macro_f1": float(scores.macro_f1(matrix, over)),
             "macro_f1_over": over, "confusion": matrix}
    values = {"precision": scores.precision(matrix), "recall": scores.recall(matrix), "f1": scores.f1(matrix)}
    found["classes"] = {name: {**{key: float(value[k]) for key, value in values.items()}, "support": int(matrix[k].sum())}
                        for k, name in enumerate(CLASS_NAMES)}
    if stack is not None and len(stack) > 1:
        samples = scores.resampled(stack, draws, seed)
        found["intervals"] = {"method": f"bootstrap over {len(stack)} records, {draws} draws, {scores.LEVEL:.0%}",
                              "accuracy": scores.interval(scores.accuracy(samples)),
                              "macro_f1": scores.interval(scores.macro_f1(samples, over)),
                              **{key: {name: scores.interval(part[:, k]) for k, name in enumerate(CLASS_NAMES)}
                                 for key, part in (("f1", scores.f1(samples)), ("recall", scores.recall(samples)))}}
    return found


def _share(value, digits=2):
    return "-" if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f}"


def _between(pair, digits=1):
    return "" if pair is None else f"[{_share(pair[0], digits)}, {_share(pair[1], digits)}]"


def _fractions(pair):
    return "" if pair is None else f"[{pair[0]:.3f}, {pair[1]:.3f}]"


def report_text(found, heading, protocol):
    """The classification report of a split, for people."""
    between = found.get("intervals", {})
    lines = [heading, *textwrap.wrap(f"What it means: {MEANING[protocol]}.", 110), "",
             f"{'%':<6}{'precision':>10}{'recall':>9}{'F1':>9}  {'95 % interval':<15}{'beats':>8}"]
    for name, row in found["classes"].items():
        lines.append(f"{name:<6}{_share(row['precision']):>10}{_share(row['recall']):>9}{_share(row['f1']):>9}  "
                     f"{_between(between.get('f1', {}).get(name)):<15}{row['support']:>8,}")
    lines += ["", f"accuracy {_share(found['accuracy'])} {_between(between.get('accuracy'))}   macro-F1 over "
              f"{', '.join(found['macro_f1_over'])} {found['macro_f1']:.4f} {_fractions(between.get('macro_f1'))}"]
    if "macro_f1_NSVF" in found:
        lines.append(f"macro-F1 over N, S, V, F {found['macro_f1_NSVF']:.4f}")
    if "without_232" in found:
        part = found["without_232"]
        lines.append("without record 232, which holds most S beats in a rhythm of its own: "
                     f"accuracy {_share(part['accuracy'])}, macro-F1 over {', '.join(part['macro_f1_over'])} "
                     f"{part['macro_f1']:.4f}, over N, S, V, F {part['macro_f1_NSVF']:.4f}, F1 of S "
                     f"{_share(part['classes']['S']['f1'])}, of V {_share(part['classes']['V']['f1'])}")
    lines.append(f"intervals: {between['method']}" if between else "no intervals: it is not known which record each row is from")
    lines += ["", "true \\ predicted" + "".join(f"{name:>9}" for name in CLASS_NAMES)]
    lines += [f"{name:<16}" + "".join(f"{count:>9,}" for count in row)
              for name, row in zip(CLASS_NAMES, np.asarray(found["confusion"]))]
    c, r = found["calibration"], found["rejection"]
    lines += ["", f"calibration: expected calibration error {c['ece']:.4f} ({scores.BINS} bins; {c['ece_before_temperature']:.4f} at "
                  f"temperature 1), negative log-likelihood {c['nll']:.4f}, Brier score {c['brier']:.4f}",
              "leaving the least sure beats to a person:  "
              + ", ".join(f"{_share(share, 0)} % -> {_share(accuracy)}" for share, accuracy in
                          zip(r["share_left_to_a_person"], r["accuracy_of_the_rest"])) + "  (accuracy of the rest)"]
    return "\n".join(lines) + "\n"


def comparison(scored, reports, seed=0, draws=scores.DRAWS):
    """One line a model: figures, and the difference in macro-F1 to the first with its interval over records (paired draws)."""
    lines, first = [], None
    for name, part in scored.items():
        found = reports[name]
        line = {"model": name, "parameters": found["parameters"], "accuracy": found["accuracy"], "macro_f1": found["macro_f1"],
                **{f"f1_{c}": found["classes"][c]["f1"] for c in CLASS_NAMES}, "ece": found["calibration"]["ece"],
                "difference": None, "difference_interval": None}
        if np.all(part.record != ""):
            stack = scores.confusion_by(part.record, part.true, part.predicted)[1]
            draw = scores.macro_f1(scores.resampled(stack, draws, seed), found["macro_f1_over"])
            if first is not None:
                line |= {"difference": found["macro_f1"] - first[0], "difference_interval": scores.interval(draw - first[1])}
            first = first or (found["macro_f1"], draw)
        lines.append(line)
    return lines


def comparison_text(lines, over, heading):
    rows = [heading, f"{'model':<28}{'parameters':>11}{'accuracy':>10}{'macro-F1':>10}"
            + "".join(f"{'F1 ' + c:>8}" for c in CLASS_NAMES) + f"{'ECE':>8}  macro-F1 against the first"]
    for line in lines:
        pair = line["difference_interval"]
        against = "" if line["difference"] is None else f"{line['difference']:+.4f}"
        against += f" [{pair[0]:+.4f}, {pair[1]:+.4f}]" if pair else ""
        rows.append(f"{line['model']:<28}{line['parameters'] or 0:>11,}{_share(line['accuracy']):>10}{line['macro_f1']:>10.4f}"
                    + "".join(f"{_share(line[f'f1_{c}'], 1):>8}" for c in CLASS_NAMES) + f"{line['ece']:>8.4f}  {against}")
    return "\n".join([*rows, f"macro-F1 over {', '.join(over)}"]) + "\n"


# ------------------------------------------------------------------------------------------------ review list

def review_list(scored, others=(), most=REVIEW, time_s=None):
    """The beats most worth a look, DataFrame of at most `most` lines: rank, row, record, sample, time_s, predicted, confidence,
    worth, why, true. others: Scored of other models on the same rows; where they disagree a look is worth more. time_s (n,): of
    each beat, where samples are not those of MIT-BIH (360 Hz)."""
    time_s = scored.sample / beats.SOURCE_FS if time_s is None else np.asarray(time_s)
    together = np.stack([scored.probabilities, *(other.probabilities for other in others)])
    worth = scores.worth_a_look(together, scored.predicted)
    order = np.argsort(-worth, kind="stable")[:most]
    share = np.bincount(scored.predicted, minlength=5) / max(len(worth), 1)
    why = []
    for k in order:
        reasons = [f"model {m + 2} says {CLASS_NAMES[other.predicted[k]]}" for m, other in enumerate(others)
                   if other.predicted[k] != scored.predicted[k]]
        second = CLASS_NAMES[int(np.argsort(together[:, k].mean(axis=0))[-2])]
        reasons += [f"may be {second}"] if scored.confidence[k] < 0.9 else []
        reasons += [f"{CLASS_NAMES[scored.predicted[k]]} is rare"] if share[scored.predicted[k]] < 0.02 else []
        why.append("; ".join(reasons) or "less sure than most")
    names = np.array(CLASS_NAMES)
    return pd.DataFrame({"rank": np.arange(1, len(order) + 1), "row": order,
                         "record": pd.Series(scored.record[order]).replace("", None),
                         "sample": pd.Series(scored.sample[order]).where(scored.sample[order] >= 0).astype("Int64"),
                         "time_s": pd.Series(time_s[order]).where(scored.sample[order] >= 0).round(3),
                         "predicted": names[scored.predicted[order]], "confidence": scored.confidence[order].round(4),
                         "worth": worth[order].round(4), "why": why, "true": names[scored.true[order]]})


def plot_review(review, rows, folder=None, title="", strips=STRIPS):
    """The first lines of a review list: a strip of ECG around each beat where the record is in `folder`, else the row alone.
    rows: (most, 187) min-max rows in the list's order. Returns the figure."""
    shown = review.head(strips)
    figure = Figure(figsize=(11, 0.4 + 0.95 * max(len(shown), 1)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(max(len(shown), 1), 1))
    cache = {}
    for ax, line, row in zip(axes, shown.itertuples(), rows):
        color = CLASS_COLORS[line.predicted]
        strip = _strip(folder, line.record, line.time_s, cache) if pd.notna(line.record) and pd.notna(line.time_s) else None
        if strip is not None:
            t, x = strip
            ax.plot(t, x, color="#333333", lw=0.7)
            ax.axvspan(line.time_s - 0.15, line.time_s + 0.35, color=color, alpha=0.25, lw=0)
            ax.set_xlim(line.time_s - STRIP, line.time_s + STRIP)
        else:
            ax.plot(np.arange(len(row)) / beats.ROW_FS, row, color=color, lw=1)
        where = f"record {line.record}, {line.time_s:.1f} s" if pd.notna(line.record) else f"row {line.row}"
        ax.set_title(f"{line.rank}. {where}: {line.predicted} {line.confidence:.0%}   {line.why}   (reference: {line.true})",
                     fontsize=8, loc="left", pad=2)
        ax.tick_params(labelsize=6, length=2)
        ax.set_yticks([])
        ax.spines[["top", "right", "left"]].set_visible(False)
    if not len(shown):
        axes[0].axis("off")
        axes[0].text(0.5, 0.5, "no beats", ha="center")
    figure.suptitle(title, fontsize=9, x=0.01, ha="left")
    return figure


def _strip(folder, record, time, cache):
    """(times in s, mV) around `time` in a WFDB record of `folder`; None where it is not there."""
    if folder is None or not (Path(folder) / f"{record}.hea").exists():
        return None
    if record not in cache:
        cache[record] = records.read_wfdb(Path(folder) / record)
    signal, fs = cache[record].signal, cache[record].fs
    first, last = max(int((time - STRIP) * fs), 0), min(int((time + STRIP) * fs), len(signal))
    return np.arange(first, last) / fs, signal[first:last]


# ------------------------------------------------------------------------------------------------ figures

def save_figure(path, figure, dpi=110):
    with artifacts.writing(path) as temporary:
        figure.savefig(temporary, dpi=dpi)


def plot_confusion(matrix, title=""):
    """Counts and row percentages of a confusion matrix (5, 5). Returns the figure."""
    matrix = np.asarray(matrix)
    share = np.nan_to_num(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))
    figure = Figure(figsize=(5.6, 5), layout="constrained")
    ax = figure.subplots()
    ax.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)            # the root shows small shares
    for i, j in np.ndindex(*matrix.shape):
        ax.text(j, i, f"{matrix[i, j]:,}\n{share[i, j]:.1%}", ha="center", va="center", fontsize=9,
                color="white" if share[i, j] > 0.35 else "black")
    ax.set(xticks=range(5), yticks=range(5), xlabel="predicted", ylabel="true")
    ax.set_xticklabels(CLASS_NAMES)
    ax.set_yticklabels([f"{name}\n{count:,}" for name, count in zip(CLASS_NAMES, matrix.sum(axis=1))])
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        for label, name in zip(labels, CLASS_NAMES):
            label.set_color(CLASS_COLORS[name])
    ax.set_title(title + "\nbeats, and share of the true class", fontsize=9)
    return figure


def plot_calibration(scored, title=""):
    """Reliability before (where the logits are known) and after temperature, and confidence of right and wrong beats for each
    predicted class."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.35))
    ax = left.subplots()
    ax.plot([0, 1], [0, 1], color="#999999", lw=0.8)
    curves = [(scored.probabilities, "#0072B2", "as shown to users")]
    if scored.logits is not None:
        curves.insert(0, (inference.softmax(scored.logits), "#999999", "temperature 1"))
    for probabilities, color, label in curves:
        ece, bins = scores.reliability(probabilities.max(axis=1), scored.right)
        some = bins["count"] > 0
        ax.plot(bins["confidence"][some], bins["accuracy"][some], "o-", color=color, ms=4, lw=1, label=f"{label}: ECE {ece:.4f}")
    for x, y, n in zip(bins["confidence"], bins["accuracy"], bins["count"]):
        if n:
            ax.annotate(f"{n:,}", (x, y), textcoords="offset points", xytext=(0, -11), fontsize=6, ha="center", color="#0072B2")
    ax.set(xlabel="confidence", ylabel="share right", xlim=(0.2, 1.02), ylim=(0, 1.05))
    ax.set_title("reliability, beats in each bin", fontsize=9)
    ax.legend(fontsize=8, frameon=False, loc="upper left")
    axes = right.subplots(1, 5, sharey=True)
    edges = np.linspace(0.2, 1, 17)
    for k, (ax, name) in enumerate(zip(axes, CLASS_NAMES)):
        mine = scored.predicted == k
        for outcome, color, label in ((scored.right, CLASS_COLORS[name], "right"), (~scored.right, "#333333", "wrong")):
            ax.hist(scored.confidence[mine & outcome], edges, histtype="stepfilled" if label == "right" else "step",
                    color=color, alpha=0.45 if label == "right" else 1, label=f"{label} {np.sum(mine & outcome):,}")
        ax.set_yscale("symlog", linthresh=1)
        ax.set_title(name, color=CLASS_COLORS[name])
        ax.legend(fontsize=6, frameon=False, loc="upper left")
        ax.tick_params(labelsize=7)
    axes[0].set_ylabel("beats")
    right.supxlabel("confidence, by predicted class", fontsize=9)
    figure.suptitle(title, fontsize=10)
    return figure


def plot_rejection(scored, title=""):
    """Accuracy of the beats that stay against the share left to a person. scored: {name: Scored}. Returns the figure."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    stay, found = figure.subplots(1, 2)
    for name, part in scored.items():
        share, accuracy, caught = scores.rejection(part.confidence, part.right)
        keep = share <= 0.3
        stay.plot(100 * share[keep], 100 * accuracy[keep], lw=1.2, label=name)
        found.plot(100 * share[keep], 100 * caught[keep], lw=1.2, label=name)
    stay.set(xlabel="% of beats left to a person, least sure first", ylabel="accuracy of the rest, %")
    found.set(xlabel="% of beats left to a person", ylabel="% of all errors among them")
    for ax in (stay, found):
        ax.grid(lw=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    stay.legend(fontsize=8, frameon=False, loc="lower right")
    figure.suptitle(title, fontsize=10)
    return figure


def plot_history(history, title=""):
    """Training curves: loss, and accuracy with macro-F1 where there is one. history: dict of lists, one value an epoch."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    loss, share = figure.subplots(1, 2)
    styles = {"train_loss": (loss, "#999999", "training"), "val_loss": (loss, "#0072B2", "validation"),
              "train_acc": (share, "#999999", "accuracy, training"), "val_acc": (share, "#0072B2", "accuracy, validation"),
              "val_macro_f1": (share, "#D55E00", "macro-F1, validation")}
    for key, (ax, color, label) in styles.items():
        if history.get(key):
            ax.plot(np.arange(1, len(history[key]) + 1), history[key], "o-", ms=3, lw=1, color=color, label=label)
    loss.set(xlabel="epoch", ylabel="loss")
    share.set(xlabel="epoch")
    for ax in (loss, share):
        ax.grid(lw=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=10)
    return figure


def plot_comparison(reports, title=""):
    """F1 of each class with its interval, one colour a class, one line a model. reports: {name: report}. Returns the figure."""
    figure = Figure(figsize=(9, 1.2 + 0.45 * len(reports)), layout="constrained")
    ax = figure.subplots()
    for at, found in enumerate(reports.values()):
        for k, name in enumerate(CLASS_NAMES):
            value, y = 100 * found["classes"][name]["f1"], at + (k - 2) * 0.13
            pair = found.get("intervals", {}).get("f1", {}).get(name)
            if found["classes"][name]["support"] == 0:
                continue
            if pair is not None:
                ax.plot(100 * np.array(pair), [y, y], color=CLASS_COLORS[name], lw=1.5, alpha=0.5)
            ax.plot(value, y, "o", color=CLASS_COLORS[name], ms=4, label=name if at == 0 else None)
    ax.set_yticks(range(len(reports)), list(reports))
    ax.set(xlabel="F1, %, and 95 % interval over records", ylim=(len(reports) - 0.5, -0.5))
    ax.grid(axis="x", lw=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False, ncols=5, loc="lower left", bbox_to_anchor=(0, 1))
    figure.suptitle(title, fontsize=10, x=0.99, ha="right")
    return figure


def history_of(path, data):
    """The training history of weights: data/history_NAME.json, else the one in the model card, else None."""
    stem = Path(path).stem.removeprefix("ecg_").removeprefix("model_")
    for file in (Path(data) / f"history_{stem}.json", Path(data) / f"new_history_{stem}.json"):
        if file.exists():
            return artifacts.load_json(file, "python train.py")
    return inference_card(path).get("history")


def inference_card(path):
    card = artifacts.card_path(path)
    return artifacts.load_json(card, "python train.py") if card.exists() else {}


# ------------------------------------------------------------------------------------------------ rows: the whole of it

def evaluate_rows(names, data="data", weight="weight", splits=("val", "test"), out=None, with_signal=False, strips=None,
                  draws=scores.DRAWS, seed=0, report=print):
    """Predictions, reports and pictures of some weights on data/processed_data. Returns {split: {name: report}}."""
    manifest = artifacts.load_manifest(data)
    protocol, synthetic = manifest["protocol"], bool(manifest["synthetic"])
    out = Path(out) if out else Path(data) / "evaluation" / protocol
    kind = "SYNTHETIC" if synthetic else "real"
    strips = Path(strips) if strips else Path(data) / "mitdb"
    scored, reports = {split: {} for split in splits}, {split: {} for split in splits}
    models = {}
    for given in names:
        path = weights_file(given, weight, protocol)
        model = inference.load_onnx_model(path) if path.suffix == ".onnx" else inference.load_model(path)
        name = short_name(path, protocol) + ("_onnx" if path.suffix == ".onnx" else "")
        if name in models:
            raise InputError(f"--weights: {path} and {models[name]} would both be called {name}")
        models[name] = path
        card = inference.card_of(model)
        if inference.is_context(card):
            raise InputError(f"{path} looks at whole recordings, not at single rows: evaluate it with --records DIR --model {path}")
        trained = card["manifest"]
        if trained.get("protocol") != protocol:
            raise InputError(f"{path} was trained under protocol {trained.get('protocol')}, the rows in "
                             f"{artifacts.processed(data)} are of {protocol}: its training rows may be among them. Prepare the rows "
                             f"again with python data_preprocess.py --protocol {trained.get('protocol')}, or train on these")
        parts = {split: score_split(model, data, split, manifest) for split in dict.fromkeys(["val", *splits])}
        temperature, how = calibrate(parts["val"], card, manifest, path)
        for split in splits:
            part = parts[split]._replace(probabilities=inference.softmax(parts[split].logits / temperature))
            found = {"model": name, "weights": path.name, "architecture": card["architecture"], "parameters": card.get("parameters"),
                     "protocol": protocol, "split": split, "data": "synthetic" if synthetic else "real",
                     "trained_on": "synthetic" if trained.get("synthetic") else "real",
                     "temperature": temperature, "temperature_is": how, **report_of(part, protocol, draws, seed)}
            scored[split][name], reports[split][name] = part, found
            learnt = f", trained on {found['trained_on']} beats" if found["trained_on"] != found["data"] else ""
            heading = f"{name} ({card['architecture']}{learnt}): {found['n']:,} {kind} beats, {split} rows, protocol {protocol}"
            text = report_text(found, heading, protocol) + f"temperature {temperature:g}: {how}\n"
            report(text)
            rows = rows_of(artifacts.load_split(data, split)[0], manifest) if with_signal else None
            with artifacts.writing(out / f"{name}_{split}.csv") as temporary:
                predictions_table(part, synthetic, rows).to_csv(temporary, index=False, float_format="%.7g")
            artifacts.save_text(out / f"{name}_{split}_report.txt", text)
            artifacts.save_json(out / f"{name}_{split}_report.json", found)
            save_figure(out / f"{name}_{split}_confusion.png", plot_confusion(found["confusion"], heading))
            save_figure(out / f"{name}_{split}_calibration.png", plot_calibration(part, heading))
        history = history_of(path, data)
        if history:
            save_figure(out / f"{name}_training.png", plot_history(history, f"{name}: training on {kind} rows, protocol {protocol}"))
    _together(scored, reports, out, data, manifest, strips, kind, draws, seed, report)
    return reports


def _together(scored, reports, out, data, manifest, strips, kind, draws, seed, report):
    """What takes all models at once: rejection curves, the review list of the first model, the table."""
    for split, parts in scored.items():
        about = f"{kind} {split} rows, protocol {manifest['protocol']}"
        save_figure(out / f"rejection_{split}.png", plot_rejection(parts, about))
        if len(parts) > 1:
            lines = comparison(parts, reports[split], seed, draws)
            first = next(iter(reports[split].values()))
            text = comparison_text(lines, first["macro_f1_over"], about)
            report(text)
            artifacts.save_text(out / f"comparison_{split}.txt", text)
            artifacts.save_json(out / f"comparison_{split}.json",
                                {"data": kind.lower(), "protocol": manifest["protocol"], "split": split,
                                 "macro_f1_over": first["macro_f1_over"], "models": lines})
            save_figure(out / f"comparison_{split}.png", plot_comparison(reports[split], about))
    split = list(scored)[-1]
    name, first = next(iter(scored[split].items()))
    others = [part for other, part in scored[split].items() if other != name]
    review = review_list(first, others)
    with artifacts.writing(out / f"{name}_{split}_review.csv") as temporary:
        review.to_csv(temporary, index=False)
    x = artifacts.load_split(data, split)[0]
    rows = rows_of(x[np.sort(review["row"].to_numpy()[:STRIPS])], manifest)
    rows = rows[np.argsort(np.argsort(review["row"].to_numpy()[:STRIPS]))]
    title = f"Most worth a look: {name}, {kind} {split} rows"
    title += f", with {', '.join(n for n in scored[split] if n != name)}" if others else ""
    save_figure(out / f"{name}_{split}_review.png", plot_review(review, rows, strips if strips.is_dir() else None, title))
    wrong = (review["predicted"] != review["true"]).mean()
    report(f"review list of {name}: {len(review)} beats, {wrong:.0%} of them mislabelled (of all beats {1 - first.right.mean():.2%})")
    report(f"wrote {out}/")


# ------------------------------------------------------------------------------------------------ recordings: EC57

def record_names(only, names, folder):
    """The records of --only, DS1 and DS2 spelt out. Raises InputError for one that is not among `names`."""
    from data_preprocess import DS1, DS2
    wanted = [name for group in only for name in {"DS1": DS1, "DS2": DS2}.get(group, [group])]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"--only: {folder} has no annotated record {', '.join(missing)}")
    return list(dict.fromkeys(wanted))


def label_record(folder, name, reference, model, peaks, loaded, weight, lead=None, second="auto"):
    """A record labelled as inference.py labels it, and its reference: (beats DataFrame, reference (samples, symbols, subtypes),
    paced, synthetic). loaded: {name: model}, filled as models are needed."""
    recording = records.read_recording(Path(folder) / name, 0 if lead is None else lead, second=second)
    samples, symbols, subtypes, rate = ec57.read_annotation(folder, name, reference)
    if rate and rate != recording.fs:
        samples = np.rint(samples * (recording.fs / rate)).astype(np.int64)
    keep = beats.classes_of(symbols) >= 0
    if not keep.any():
        raise InputError(f"{folder}/{name}.{reference} holds no beats")
    given = np.unique(samples[keep & (samples >= 0) & (samples < len(recording.signal))])
    annotated = peaks == "annotated"
    found = inference.find(recording.signal, recording.fs, None if annotated else recording.second)
    chosen = inference.choose_model(model, len(recording.signal) / recording.fs, len(given if annotated else found[1][0]), weight)
    if chosen not in loaded:
        loaded[chosen] = inference.load(chosen, weight)
    table = inference.classify(recording.signal, recording.fs, loaded[chosen], r_peaks=given if annotated else None, weight=weight,
                               found=found, second=recording.second)
    table.attrs["model_name"] = chosen if Path(chosen).suffix == "" else Path(chosen).stem.removeprefix("ecg_").removeprefix("model_")
    table.attrs["card"] = inference.card_of(loaded[chosen])
    header = (Path(folder) / f"{name}.hea").read_text(errors="replace")
    return table, (samples, symbols, subtypes), "/" in symbols, "synthetic" in header.lower()


def compare_labels(table, reference, learning, class_map):
    """ec57.Comparison of labelled beats (inference.classify's table) with a reference (samples, symbols, subtypes).

    A beat that was found but not classified counts as unclassifiable (Q); unreadable stretches are the test's shutdown."""
    gaps = [edge for start, stop, _ in table.attrs["unreadable"] for edge in ((start, ec57.UNREADABLE), (stop, 0))]
    samples = np.concatenate([table["sample"].to_numpy(np.int64), np.array([at for at, _ in gaps], np.int64)])
    symbols = table["label"].replace(inference.UNLABELLED, "Q").tolist() + ["~"] * len(gaps)
    subtypes = [0] * len(table) + [subtype for _, subtype in gaps]
    return ec57.compare(*reference[:2], samples, symbols, table.attrs["fs"], table.attrs["n_samples"], learning,
                        class_map=class_map, ref_subtypes=reference[2], test_subtypes=subtypes)


def ec57_intervals(results, draws=scores.DRAWS, seed=0):
    """{"QRS": {"Se": [low, high], ...}, ...}: 95 % intervals of the gross figures, bootstrap over records; None for one record."""
    if len(results) < 2:
        return None
    samples = scores.resampled(np.stack([result.counts for result in results.values()]), draws, seed)
    each = [ec57.figures(counts) for counts in samples]
    return {event: {name: scores.interval([np.nan if found[event][name] is None else found[event][name] for found in each])
                    for name in group} for event, group in each[0].items()}


def evaluate_records(folder, model="auto", reference="atr", peaks="detected", learning=ec57.LEARNING, paced="out", weight="weight",
                     only=None, exclude=(), lead=None, draws=scores.DRAWS, seed=0, second="auto"):
    """Label the annotated WFDB records of a folder and compare with the reference, beat by beat.

    Returns (document: the figures as a dict, results: {class map: {record: ec57.Comparison}}, table: DataFrame of all beats that
    were found, with the reference's label where one is matched)."""
    names = ec57.records_in(folder, reference)
    names = ec57.choose(record_names(only, names, folder) if only else names, exclude, folder)
    loaded, left_out, synthetic, tables, used = {}, [], False, [], {}
    results = {"aami": {}, "bxb": {}}
    for name in tqdm(names, "records", disable=None, leave=False):
        table, truth, is_paced, made = label_record(folder, name, reference, model, peaks, loaded, weight, lead, second)
        if is_paced and paced == "out":
            left_out.append(name)
            continue
        synthetic |= made
        used[table.attrs["model_name"]] = table.attrs["card"]
        for class_map, group in results.items():
            group[name] = compare_labels(table, truth, learning, class_map)
        table.insert(0, "record", name)
        table["reference"] = reference_labels(results["aami"][name].pairs, truth[1], len(table))
        tables.append(table.drop(columns="quality"))
    if not tables:
        raise InputError(f"{folder}: every record is paced and --paced out leaves paced ones out; give --paced in")
    table = pd.concat(tables, ignore_index=True)
    known = set().union(*(training_patients(card, Path(folder).name) for card in used.values()))
    document = {**ec57.summarize(results["aami"]), "class_map": "aami",
                "bxb": {**ec57.summarize(results["bxb"]), "class_map": "bxb"},
                "intervals": ec57_intervals(results["aami"], draws, seed), "classes": five_classes(results["aami"], draws, seed),
                "about": {"folder": Path(folder).name, "model": sorted(used), "reference": reference, "peaks": peaks,
                          "leads": max(part.attrs["leads"] for part in tables), "learning_s": learning, "paced": paced,
                          "left_out": left_out, "excluded": list(exclude),
                          "data": "synthetic" if synthetic else "real",
                          "model_trained_on": sorted({"synthetic" if card["manifest"].get("synthetic") else "real"
                                                      for card in used.values()}),
                          "known_patients": sorted(known & set(results["aami"])),
                          "versions": artifacts.versions()},
                "counts": {name: result.counts for name, result in results["aami"].items()}}
    matched = table[table["reference"].isin(CLASS_NAMES) & table["label"].isin(CLASS_NAMES)]
    document["calibration"] = {"ece": scores.reliability(matched["confidence"], matched["label"] == matched["reference"])[0],
                               "beats": len(matched)}
    return document, results, table


def training_patients(card, folder):
    """Names of the records in a folder of this name that a model learnt from, as its card tells: itself, or by its protocol."""
    from data_preprocess import DS1, DS2
    trained = card["manifest"]
    if "records" in trained:
        return {record.partition("/")[2] for record in trained["records"] if record.partition("/")[0] == folder}
    if trained.get("synthetic"):
        return set()
    every = {*DS1, *DS2, *ec57.PACED}
    return {"kaggle": every, "tutorial": every, "interpatient": set(DS1)}.get(trained.get("protocol"), set())


def reference_labels(pairs, symbols, n):
    """The reference's class of each found beat: N S V F Q, 'O' for one that the reference lacks, '' before the learning period."""
    labels = np.full(n, "", dtype=object)
    index = pairs[(pairs[:, 1] >= 0) & (pairs[:, 1] < n)]
    labels[index[:, 1]] = ["O" if i < 0 else beats.SYMBOL_CLASS[symbols[i]] for i in index[:, 0]]
    return labels


def five_classes(results, draws=scores.DRAWS, seed=0):
    """Accuracy, and Se, +P, F1 of each class, in percent, of {record: Comparison}: missed and extra beats count against Se and +P.
    `matched_accuracy` is over beats that were found, the classifier's own."""
    stack = np.stack([result.counts for result in results.values()])
    total = stack.sum(axis=0)

    def f1_of(c):
        both = c[..., :5, :].sum(axis=-1) + c[..., :, :5].sum(axis=-2)
        return 2 * np.diagonal(c, axis1=-2, axis2=-1)[..., :5] / np.where(both > 0, both, np.nan)

    hits = np.diag(total)[:5]
    samples = f1_of(scores.resampled(stack, draws, seed)) if len(stack) > 1 else None
    return {"accuracy": 100 * hits.sum() / max(total[:5].sum(), 1), "matched_accuracy": 100 * hits.sum() / max(total[:5, :5].sum(), 1),
            "missed": int(total[:5, 5:].sum()), "extra": int(total[5:, :5].sum()), "mislabelled": int(total[:5, :5].sum() - hits.sum()),
            **{name: {"Se": ec57._percent(hits[k], total[k].sum()), "+P": ec57._percent(hits[k], total[:, k].sum()),
                      "F1": float(100 * f1_of(total)[k]), "beats": int(total[k].sum()),
                      "F1_interval": scores.interval(100 * samples[:, k]) if samples is not None else None}
               for k, name in enumerate(CLASS_NAMES)}}


def records_text(document):
    """The figures of `evaluate_records`, for people."""
    about, classes = document["about"], document["classes"]
    kind = "SYNTHETIC" if about["data"] == "synthetic" else "real"
    lines = [f"{len(document['records'])} {kind} records of {about['folder']}, model {', '.join(about['model'])} (trained on "
             f"{', '.join(about['model_trained_on'])} data), {'two leads' if about['leads'] == 2 else 'one lead'}, {about['peaks']} R peaks, the first "
             f"{about['learning_s']:g} s not counted"]
    if about["known_patients"]:
        lines.append(f"{len(about['known_patients'])} of these records are patients of its training: the figures say nothing about the "
                     "next patient")
    left_out = " ".join(about["left_out"]) or "there are none"
    lines.append("paced records " + ("counted" if about["paced"] == "in" else f"left out: {left_out}"))
    cells = [("QRS", "Se"), ("QRS", "+P"), ("VEB", "Se"), ("VEB", "+P"), ("VEB", "FPR"), ("SVEB", "Se"), ("SVEB", "+P"), ("SVEB", "FPR")]
    lines += ["", f"{'%':<24}" + "".join(f"{f'{event} {figure}':>12}" for event, figure in cells)]
    for label, source in (("gross, AAMI's classes", document["gross"]), ("average over records", document["average"]),
                          ("gross, bxb's classes", document["bxb"]["gross"]), ("average over records", document["bxb"]["average"])):
        lines.append(f"{label:<24}" + "".join(f"{'-' if source[a][b] is None else format(source[a][b], '.2f'):>12}" for a, b in cells))
    if document["intervals"]:
        pairs = [document["intervals"][a][b] for a, b in cells]
        shown = ["-" if pair is None else f"{pair[0]:.1f}-{pair[1]:.1f}" for pair in pairs]
        lines.insert(-3, f"{'  95 % over records':<24}" + "".join(f"{text:>12}" for text in shown))
    lines += ["", f"{'%':<8}{'Se':>8}{'+P':>8}{'F1':>8}  {'95 % interval':<15}{'beats':>9}"]
    for name in CLASS_NAMES:
        row = classes[name]
        pair = row["F1_interval"]
        text = ["-" if row[key] is None or not np.isfinite(row[key]) else f"{row[key]:.2f}" for key in ("Se", "+P", "F1")]
        between = "" if pair is None else f"[{pair[0]:.1f}, {pair[1]:.1f}]"
        lines.append(f"{name:<8}" + "".join(f"{value:>8}" for value in text) + f"  {between:<15}{row['beats']:>9,}")
    lines += [f"accuracy {classes['accuracy']:.2f} % of all reference beats, {classes['matched_accuracy']:.2f} % of those found",
              f"errors: detector {classes['missed']:,} missed and {classes['extra']:,} extra, "
              f"classifier {classes['mislabelled']:,} mislabelled",
              f"expected calibration error {document['calibration']['ece']:.4f} over {document['calibration']['beats']:,} beats found"]
    return "\n".join(lines) + "\n"


def scored_of_records(table):
    """(Scored without logits, table) of the beats of labelled recordings (`evaluate_records`' table) that were found, matched and
    classified."""
    known = table[table["reference"].isin(CLASS_NAMES) & table["label"].isin(CLASS_NAMES)]
    index = {name: k for k, name in enumerate(CLASS_NAMES)}
    p = known[[f"p_{name}" for name in CLASS_NAMES]].to_numpy(np.float64)
    return Scored(known["reference"].map(index).to_numpy(np.int64), known["label"].map(index).to_numpy(np.int64), None, p,
                  known["record"].to_numpy(str), known["sample"].to_numpy(np.int64)), known


def save_records(document, results, table, out, peaks, folder, json_file=None):
    """Write what --records gives: figures as JSON and text, bxb's formats, all beats and the review list as CSV, its first strips
    as a picture. folder: the records. Returns the files' common stem."""
    stem = Path(out) / f"{'+'.join(document['about']['model']).replace('/', '_')}_{peaks}"
    text = records_text(document)
    artifacts.save_text(f"{stem}.txt", text)
    artifacts.save_json(f"{stem}.json", document)
    artifacts.save_text(f"{stem}_line.txt", ec57.format_summary(results["bxb"]))
    artifacts.save_text(f"{stem}_standard.txt", ec57.format_standard(results["bxb"], document["about"]["reference"], "cnn"))
    artifacts.save_text(f"{stem}_shutdown.txt", ec57.format_shutdown(results["bxb"]))
    with artifacts.writing(f"{stem}_beats.csv") as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    scored, known = scored_of_records(table)
    review = review_list(scored, time_s=known["time_s"].to_numpy()).drop(columns="row")
    with artifacts.writing(f"{stem}_review.csv") as temporary:
        review.to_csv(temporary, index=False)
    about = document["about"]
    title = f"{', '.join(about['model'])}, {about['data']} records of {about['folder']}"
    save_figure(f"{stem}_review.png", plot_review(review, np.zeros((len(review), beats.WIDTH)), folder, f"Most worth a look: {title}"))
    save_figure(f"{stem}_calibration.png", plot_calibration(scored, f"{title}, {peaks} R peaks"))
    if json_file:
        artifacts.save_json(json_file, document)
    return stem


# ------------------------------------------------------------------------------------------------ the stage

def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    rows = parser.add_argument_group("rows of data/processed_data")
    rows.add_argument("--weights", nargs="+", default=["self"], metavar="NAME", help="names (self, deep, residual_best, ...) or files; "
                      "several give a table, and the first gives the review list")
    rows.add_argument("--splits", nargs="+", choices=("val", "test"), default=["val", "test"], help="which rows to predict")
    rows.add_argument("--with-signal", action="store_true", help="write the 187 samples of each row into the CSV too")
    rows.add_argument("--strips", metavar="DIR", help="WFDB records for the pictures of the review list (default: DATA/mitdb)")
    recordings = parser.add_argument_group("annotated recordings")
    recordings.add_argument("--records", metavar="DIR", help="folder of annotated WFDB records: compare beat by beat (EC57)")
    recordings.add_argument("--model", default="auto", help="name or file of the model; auto: what inference.py would take")
    recordings.add_argument("--peaks", choices=("detected", "annotated"), default="detected", help="whose R peaks are classified")
    recordings.add_argument("--reference", default="atr", metavar="EXT", help="annotator of the reference")
    recordings.add_argument("--learning", type=float, default=ec57.LEARNING, metavar="S", help="s at the start that do not count")
    recordings.add_argument("--paced", choices=("out", "in"), default="out", help="records with paced beats (/): left out or counted")
    recordings.add_argument("--only", nargs="+", metavar="RECORD", help="these records alone; DS1 and DS2 stand for de Chazal's halves")
    recordings.add_argument("--exclude", nargs="+", default=[], metavar="RECORD", help="without these records")
    recordings.add_argument("--lead", help="name or number of the lead (default: the first)")
    records.add_second(recordings)
    recordings.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--draws", type=int, default=scores.DRAWS, help="bootstrap draws behind each interval")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    parser.add_argument("--out", metavar="DIR", help="where results go (default: DATA/evaluation/PROTOCOL, or records_FOLDER)")
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    parser.add_argument("--results", action="store_true", help="write docs/results.md and the README's tables from stored predictions; "
                        "--results --help tells more")
    argv = sys.argv[1:] if argv is None else list(argv)
    if "--results" in argv:
        from benchmarks import results
        return results.main([option for option in argv if option != "--results"])
    args = parser.parse_args(argv)
    if args.draws < 1:
        raise InputError(f"--draws {args.draws} must be at least 1")
    data, weight = artifacts.locate(args.data), artifacts.locate(args.weight)
    if not args.records:
        unused = [f"--{name}" for name in ("json", "model", "only", "exclude", "lead", "peaks", "paced", "learning", "reference")
                  if getattr(args, name) != parser.get_default(name)]
        if unused:
            raise InputError(f"{', '.join(unused)}: only with --records DIR")
        evaluate_rows(args.weights, data, weight, list(dict.fromkeys(args.splits)), args.out, args.with_signal, args.strips,
                      args.draws, args.seed)
        return
    if args.learning < 0:
        raise InputError(f"--learning {args.learning:g} is in seconds, not below 0")
    document, results, table = evaluate_records(args.records, args.model, args.reference, args.peaks, args.learning, args.paced, weight,
                                                args.only, args.exclude, args.lead, args.draws, args.seed, args.second)
    if not ec57.pooled(results["aami"]).any():
        raise InputError(f"no beat lies after the first {args.learning:g} s of these records: give a shorter --learning, in s")
    print(records_text(document))
    out = Path(args.out) if args.out else Path(args.data) / "evaluation" / f"records_{Path(args.records).resolve().name}"
    print(f"wrote {save_records(document, results, table, out, args.peaks, args.records, args.json)}*")


if __name__ == "__main__":
    artifacts.run(main)
