"""docs/results.md, its pictures, and the tables of the README, from stored predictions.

    python evaluate.py --results                       # from data/evaluation/, seconds
    python evaluate.py --results --fresh --mitdb data/mitdb --svdb data/svdb       # predicts again first, a quarter of an hour

Every shipped model under weight/ is scored under the protocol it was trained with: on rows (PROTOCOL/NAME_test.csv) and end to end on
recordings (records_*/NAME_{detected,annotated}.json). A table of the README stands between <!-- table:NAME --> and <!-- /table -->.
"""
import argparse
import re
import shutil
import sys
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
import data_preprocess as prepare  # noqa: E402
import evaluate  # noqa: E402
from benchmarks import dataset  # noqa: E402
from ecg import artifacts, ec57, scores  # noqa: E402
from ecg.artifacts import InputError  # noqa: E402
from ecg.beats import CLASS_NAMES  # noqa: E402

ORDER = ("self", "self_finetuned_final", "self_finetuned_best", "self_best", "deep", "deep_best", "resnet18",
         "resnet18_best", "residual", "residual_best")
PROTOCOLS = ("kaggle", "tutorial", "interpatient")
# name, folder of the recordings (option), records, R peaks, learning period in s, heading
RUNS = (("DS2", "mitdb", ["DS2"], "annotated", 0.0, "DS2, annotated R peaks, every beat: the literature's way"),
        ("DS2", "mitdb", ["DS2"], "detected", ec57.LEARNING, "DS2, detected R peaks, after 5 minutes: EC57, what a user gets"),
        ("svdb", "svdb", None, "detected", ec57.LEARNING, "MIT-BIH Supraventricular Arrhythmia Database, detected R peaks, after 5 minutes"))


# ------------------------------------------------------------------------------------------------ predicting again

def shipped(weight):
    """{protocol: [weights file]} of the trained weights in `weight`; under `recordings` those that label whole recordings."""
    found = {}
    for path in sorted(Path(weight).glob("model_*.pth")):
        card = artifacts.load_card(path)
        if card["manifest"].get("synthetic"):
            continue
        kind = "recordings" if card["architecture"] == "ContextNet" else card["manifest"]["protocol"]
        found.setdefault(kind, []).append(path)
    return {protocol: sorted(paths, key=lambda path: place(evaluate.short_name(path, protocol))) for protocol, paths in found.items()}


def place(name):
    """Sorting key: the tutorial's model first, the best last, others after them by name."""
    return ORDER.index(name) if name in ORDER else len(ORDER), name


def rows_folder(data, protocol, mitdb):
    """A data folder whose processed_data holds this protocol's real rows: the user's own where it does, else DATA/results/PROTOCOL."""
    for folder in (Path(data), Path(data) / "results" / protocol):
        if (artifacts.processed(folder) / "manifest.json").exists():
            manifest = artifacts.load_manifest(folder)
            if manifest["protocol"] == protocol and not manifest["synthetic"]:
                return folder
    prepare.main(["--source", "records", "--records", str(mitdb), "--protocol", protocol, "--data", str(folder)])
    return folder


def predict_again(data, weight, folders):
    """All predictions that the tables need, into DATA/evaluation."""
    dataset.main(["--records", str(folders["mitdb"]), "--data", str(data)])
    models = shipped(weight)
    for protocol in PROTOCOLS:
        if protocol in models:
            evaluate.evaluate_rows([str(path) for path in models[protocol]], rows_folder(data, protocol, folders["mitdb"]), weight,
                                   out=Path(data) / "evaluation" / protocol, strips=folders["mitdb"])
    for name, folder, only, peaks, learning, heading in RUNS:
        if not Path(folders[folder]).is_dir():
            print(f"{folders[folder]} is missing: {heading} is left out", file=sys.stderr)
            continue
        offered = [path for path in models.get("kaggle", []) if evaluate.short_name(path, "kaggle") in evaluate.inference.SINGLE_BEAT]
        for path in models.get("recordings", []) + models.get("interpatient", []) + offered:
            print(f"{heading}: {path.name}", file=sys.stderr, flush=True)
            document, results, table = evaluate.evaluate_records(folders[folder], str(path), peaks=peaks, learning=learning, weight=weight, only=only)
            evaluate.save_records(document, results, table, Path(data) / "evaluation" / f"records_{name}", peaks, folders[folder])


# ------------------------------------------------------------------------------------------------ tables

def markdown(head, lines):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *("| " + " | ".join(map(str, line)) + " |" for line in lines)])


def percent(value, digits=1):
    return "-" if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f}"


def with_interval(value, pair, digits=1, scale=100):
    if value is None or not np.isfinite(value):
        return "-"
    text = f"{scale * value:.{digits}f}"
    return text if pair is None else f"{text} ({scale * pair[0]:.{digits}f} to {scale * pair[1]:.{digits}f})"


def stored(data, protocol, split):
    """{name: report} of all stored predictions of a protocol, computed from the CSVs."""
    folder, found = Path(data) / "evaluation" / protocol, {}
    for csv in sorted(folder.glob(f"*_{split}.csv")):
        about = artifacts.load_json(csv.with_name(csv.stem + "_report.json"), "make results FRESH=1")
        if about["data"] == about["trained_on"] == "real":
            name = about["model"]
            found[name] = {**about, **evaluate.report_of(evaluate.load_predictions(csv, about["temperature"]), protocol)}
    return dict(sorted(found.items(), key=lambda item: place(item[0])))


def rows_table(reports):
    lines = []
    for name, r in reports.items():
        between = r.get("intervals", {})
        lines.append([name, f"{r['parameters'] or 0:,}", with_interval(r["accuracy"], between.get("accuracy")),
                      with_interval(r["macro_f1"], between.get("macro_f1"), 3, 1),
                      *(with_interval(r["classes"][c]["f1"], between.get("f1", {}).get(c)) for c in CLASS_NAMES if r["classes"][c]["support"])])
    classes = [c for c in CLASS_NAMES if next(iter(reports.values()))["classes"][c]["support"]]
    return markdown(["model", "parameters", "accuracy %", "macro-F1", *(f"F1 {c} %" for c in classes)], lines)


def short_table(reports):
    """The README's: no intervals."""
    return markdown(["model", "parameters", "accuracy", "macro-F1", *(f"F1 {c}" for c in CLASS_NAMES)],
                    [[name, f"{r['parameters'] or 0:,}", f"{percent(r['accuracy'], 2)} %", f"{r['macro_f1']:.4f}",
                      *(f"{np.nan_to_num(r['classes'][c]['f1']):.3f}" if r["classes"][c]["support"] else "-" for c in CLASS_NAMES)]
                     for name, r in reports.items()])


def interpatient_table(reports):
    lines = []
    for name, r in reports.items():
        for label, part in (("", r), (", without 232", r["without_232"])):
            between = part.get("intervals", {})
            lines.append([name + label, with_interval(part["accuracy"], between.get("accuracy")),
                          with_interval(part["macro_f1"], between.get("macro_f1"), 3, 1), f"{part['macro_f1_NSVF']:.3f}",
                          *(with_interval(part["classes"][c]["f1"], between.get("f1", {}).get(c)) for c in "NSV")])
    return markdown(["model", "accuracy %", "macro-F1 N, S, V", "macro-F1 N, S, V, F", "F1 N %", "F1 S %", "F1 V %"], lines)


def tutorial_table(val, test, kaggle):
    lines = [[label, f"{percent(r['accuracy'], 2)} %", f"{r['macro_f1']:.4f}", *(f"{r['classes'][c]['f1']:.3f}" for c in CLASS_NAMES)]
             for label, reports in (("tutorial, validation (leaked)", val), ("tutorial, test", test), ("kaggle, test", kaggle))
             for name, r in reports.items() if name == "self"]
    return markdown(["rows of ECGCNN's", "accuracy", "macro-F1", *(f"F1 {c}" for c in CLASS_NAMES)], lines)


def calibration_table(groups):
    lines = [[name, label, f"{r['calibration']['ece_before_temperature']:.4f}", f"{r['temperature']:g}", f"{r['calibration']['ece']:.4f}",
              percent(r["rejection"]["accuracy_of_the_rest"][3], 2), percent(r["rejection"]["errors_caught"][3], 0)]
             for label, reports in groups for name, r in reports.items()]
    return markdown(["model", "test rows", "ECE at temperature 1", "temperature", "ECE", "accuracy % without the 5 % least sure", "errors among these 5 %, %"],
                    lines)


class Counted:
    """What ec57's summaries need of a comparison, from stored counts."""

    def __init__(self, counts):
        self.counts = np.array(counts)

    def figures(self):
        return ec57.figures(self.counts)


def records_table(documents, without=()):
    """QRS, VEB and SVEB of stored runs: pooled beats, with intervals over records; without=(record, ...) adds a line without these."""
    lines = []
    for name, document in documents.items():
        for label, left in (("", ()), *([(f", without {' '.join(without)}", without)] if set(without) & set(document["counts"]) else [])):
            results = {record: Counted(counts) for record, counts in document["counts"].items() if record not in left}
            gross, between = ec57.figures(ec57.pooled(results)), evaluate.ec57_intervals(results)
            classes = evaluate.five_classes(results)
            known = "; its training patients" if document["about"]["known_patients"] else ""
            v, s = (with_interval(classes[c]["F1"], classes[c]["F1_interval"], 1, 1) for c in "VS")
            cells = [with_interval(gross[event][figure], between and between[event][figure], 1, 1)
                     for event in ("QRS", "VEB", "SVEB") for figure in ("Se", "+P")]
            lines.append([name + label + known, f"{classes['accuracy']:.1f}", *cells[:4], v, *cells[4:], s])
    return markdown(["model", "accuracy %", "QRS Se", "QRS +P", "V Se", "V +P", "V F1", "S Se", "S +P", "S F1"], lines)


def unseen_table(annotated, detected):
    """The README's: DS2 by the models that never saw it, without 232 but for the last columns; Se / +P / F1, every confusion counted."""
    lines = []
    for name, document in annotated.items():
        if document["about"]["known_patients"] or name not in detected:
            continue
        cells, last = [], []
        for stored in (document, detected[name]):
            counts = {record: Counted(c) for record, c in stored["counts"].items()}
            whole = evaluate.five_classes(counts, 1)
            part = evaluate.five_classes({record: c for record, c in counts.items() if record != "232"}, 1)
            cells += [f"{part['accuracy']:.1f}", *(" / ".join(f"{part[c][key]:.1f}" if part[c][key] is not None else "-"
                                                              for key in ("Se", "+P", "F1")) for c in "VS")]
            last.append(f"{whole['S']['F1']:.1f}")
        lines.append([name, *cells, " and ".join(last)])
    return markdown(["model", "annotated peaks: accuracy", "V Se / +P / F1", "S Se / +P / F1", "detected peaks: accuracy", "V Se / +P / F1",
                     "S Se / +P / F1", "S F1 with 232"], lines)


def detector_and_classifier(documents):
    lines = [[name, f"{d['classes']['missed']:,}", f"{d['classes']['extra']:,}", f"{d['classes']['mislabelled']:,}",
              f"{d['classes']['matched_accuracy']:.2f}", f"{d['calibration']['ece']:.3f}"] for name, d in documents.items()]
    return markdown(["model", "beats missed (detector)", "beats invented (detector)", "beats mislabelled (classifier)", "accuracy % of beats found",
                     "ECE"], lines)


def dataset_tables(found):
    """Tables of docs/dataset.md from what benchmarks/dataset.py stored."""
    names = {"kaggle": "published split", "interpatient": "patients never seen, DS1 -> DS2"}
    shared = markdown(["nearest neighbour on", "accuracy", "macro-F1 N, S, V", *(f"F1 {c}" for c in CLASS_NAMES), "nearest beat is the same patient's"],
                      [[label, f"{percent(found[key]['accuracy'])} %", f"{found[key]['macro_f1_NSV']:.3f}",
                        *(f"{np.nan_to_num(found[key]['f1'][c] or 0):.3f}" for c in CLASS_NAMES), f"{percent(found[key]['same_patient'])} %"]
                       for key, label in names.items()])
    leak = found["leak"]
    leaked = markdown(["nearest neighbour, SMOTE before the split", "accuracy", "macro-F1"],
                      [[f"validation rows ({percent(leak['synthetic_in_validation'], 0)} % of them synthetic)",
                        f"{percent(leak['validation']['accuracy'])} %", f"{leak['validation']['macro_f1']:.3f}"],
                       ["real test rows, same training rows", f"{percent(leak['test']['accuracy'])} %", f"{leak['test']['macro_f1']:.3f}"]])
    return {"dataset": shared, "leak": leaked}


def stored_runs(data, name, peaks):
    folder, found = Path(data) / "evaluation" / f"records_{name}", {}
    for file in sorted(folder.glob(f"*_{peaks}.json")):
        document = artifacts.load_json(file, "make results FRESH=1")
        if document["about"]["data"] == "real" and document["about"]["model_trained_on"] == ["real"]:
            found["+".join(document["about"]["model"])] = document
    return dict(sorted(found.items(), key=lambda item: (not item[0].startswith("context"), "interpatient" not in item[0], item[0])))


# ------------------------------------------------------------------------------------------------ the page

def picture(data, docs, source, name, words):
    """Copy a stored picture into docs/figures and return the Markdown that shows it; nothing where it is missing."""
    file = Path(data) / "evaluation" / source
    if not file.exists():
        return []
    target = Path(docs) / "figures" / f"{name}.png"
    with artifacts.writing(target) as temporary:
        shutil.copyfile(file, temporary)
    return [f"![{words}](figures/{name}.png)", ""]


def page(data, docs):
    """(text of docs/results.md, {name: table for the README}) from what is stored. Raises InputError when nothing is."""
    test = {protocol: stored(data, protocol, "test") for protocol in PROTOCOLS}
    val = {protocol: stored(data, protocol, "val") for protocol in PROTOCOLS}
    if not any(test.values()):
        raise InputError(f"{Path(data) / 'evaluation'} holds no predictions of really trained weights: make results FRESH=1 makes them")
    tables = {}
    text = ["# Results", "", "Made by `make results` from stored predictions (`make results FRESH=1` predicts again). In brackets: 95 % intervals by "
            f"bootstrap over records, {scores.DRAWS:,} draws: what other patients might have given. Models whose intervals overlap widely are "
            "not told apart by these data.", ""]
    kaggle = test["kaggle"]
    if kaggle:
        tables["kaggle"] = short_table(kaggle)
        best = max(kaggle, key=lambda name: kaggle[name]["macro_f1"])
        text += ["## The published split (protocol `kaggle`)", "",
                 "Means: how the models compare with the many published results on the heartbeat CSVs' 21,892 test rows. Does not mean: that the next "
                 "patient's beats are labelled this well, because all patients are in training and test.", "", rows_table(kaggle), "",
                 *picture(data, docs, "kaggle/comparison_test.png", "kaggle_comparison", "F1 of each class and model, with intervals over records"),
                 *picture(data, docs, f"kaggle/{best}_test_confusion.png", "kaggle_confusion", f"Confusion matrix of {best}"),
                 *(picture(data, docs, f"kaggle/{best}_training.png", "kaggle_training", f"Training curves of {best}"))]
    if test["tutorial"]:
        tables["tutorial"] = tutorial_table(val["tutorial"], test["tutorial"], kaggle)
        text += ["## The tutorial's order (protocol `tutorial`)", "",
                 "Means: how much a validation figure flatters when scaler and SMOTE come before the split: the same weights, asked on "
                 "their leaked validation rows and on real test rows. Does not mean: anything about a model's worth.", "", tables["tutorial"], ""]
    if test["interpatient"]:
        tables["interpatient"] = interpatient_table(test["interpatient"])
        text += ["## Patients never seen, single beats (protocol `interpatient`)", "",
                 "Means: what a network that sees one beat at a time does on people it was not trained on (DS1 -> DS2, de Chazal 2004). Record 232 "
                 "holds 1,382 of the S beats in a rhythm of its own, so both figures are given; F and Q come from one or two records and say "
                 "nothing here. Does not mean: that the networks are useless; they lack what a row alone does not hold.", "",
                 tables["interpatient"], "",
                 *picture(data, docs, "interpatient/comparison_test.png", "interpatient_comparison", "F1 of each class and model on DS2")]
    runs = [(run, stored_runs(data, run[0], run[3])) for run in RUNS]
    if any(found for _, found in runs):
        text += ["## Recordings, end to end", "",
                 "Means: what a user gets for a recording, beat by beat as ANSI/AAMI EC57 asks; `context` compares a beat with its own patient, "
                 "the others see it alone. Lines marked 'its training patients' are there to show how misleading they are. Does not mean: a "
                 "clinical validation; both databases are small, old and ambulatory. +P is EC57's, which forgives F and Q called V; F1 counts every confusion.", ""]
        for (name, _, _, peaks, _, heading), found in runs:
            if found:
                tables[f"{name}_{peaks}"] = records_table(found, ("232",))
                text += [f"### {heading}", "", tables[f"{name}_{peaks}"], ""]
                if peaks == "detected":
                    text += ["Whose errors they are:", "", detector_and_classifier(found), ""]
        by_run = {(run[0], run[3]): found for run, found in runs}
        tables["unseen"] = unseen_table(by_run["DS2", "annotated"], by_run["DS2", "detected"])
        text += picture(data, docs, "records_DS2/context_interpatient_plus_detected_calibration.png", "calibration_DS2",
                        "Reliability on DS2, patients never seen, detected R peaks: context_interpatient_plus")
    if kaggle:
        tables["calibration"] = calibration_table((("kaggle", kaggle), ("DS2", test["interpatient"])))
        text += ["## Confidence", "",
                 "Means: whether 0.9 is right nine times in ten (expected calibration error, 15 bins of equal width; the temperature is fitted on "
                 "validation rows), and what is gained by leaving the least sure beats to a person. Does not mean: that confidence can be "
                 "trusted on patients unlike the training's, as the DS2 lines show.", "", tables["calibration"], "",
                 *picture(data, docs, f"kaggle/{best}_test_calibration.png", "calibration", f"Reliability, and confidence of right and wrong beats: {best}"),
                 *picture(data, docs, "kaggle/rejection_test.png", "rejection", "Accuracy against the share of beats left to a person"),
                 *picture(data, docs, f"kaggle/{next(iter(kaggle))}_test_review.png", "review", "The beats most worth a doctor's look")]
    return "\n".join(text).rstrip() + "\n", tables


def fill(file, tables):
    """Put tables between <!-- table:NAME --> and <!-- /table --> of a Markdown file, where it exists and has such places."""
    if not file.exists():
        return
    text = file.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- table:(\w+) -->\n).*?(<!-- /table -->)",
                 lambda m: f"{m[1]}{tables[m[2]]}\n{m[3]}" if m[2] in tables else m[0], text, flags=re.DOTALL)
    if new != text:
        artifacts.save_text(file, new)
        print(f"brought the tables of {file.name} up to date")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="evaluate.py --results", description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="predict again instead of taking what is stored")
    parser.add_argument("--mitdb", default="data/mitdb", metavar="DIR", help="records of MIT-BIH, for --fresh")
    parser.add_argument("--svdb", default="data/svdb", metavar="DIR", help="records of the supraventricular database, for --fresh")
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    parser.add_argument("--docs", default=str(HOME / "docs"), metavar="DIR", help="where results.md and its figures go; README*.md beside it")
    args = parser.parse_args(argv)
    data = artifacts.locate(args.data)
    if args.fresh:
        folders = {"mitdb": artifacts.locate(args.mitdb), "svdb": artifacts.locate(args.svdb)}
        artifacts.require(folders["mitdb"], "--mitdb names the folder of the MIT-BIH records; python data_preprocess.py --source download")
        predict_again(data, artifacts.locate(args.weight), folders)
    text, tables = page(data, args.docs)
    artifacts.save_text(Path(args.docs) / "results.md", text)
    print(f"wrote {Path(args.docs) / 'results.md'}")
    neighbours = Path(data) / "evaluation" / "dataset.json"
    if neighbours.exists():
        tables |= dataset_tables(artifacts.load_json(neighbours, "python benchmarks/dataset.py"))
    for file in (*sorted(Path(args.docs).resolve().parent.glob("README*.md")), Path(args.docs) / "dataset.md"):
        fill(file, tables)


if __name__ == "__main__":
    artifacts.run(main)
