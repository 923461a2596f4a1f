"""What is written of models scored on annotated recordings: text, JSON, tables, pictures."""

from pathlib import Path

import numpy as np

from ecg import artifacts, ec57, fingerprint
from ecg.beats import CLASSES, WIDTH
from ecg.evaluation.predictions import save_csv
from ecg.evaluation.records import Scores, matched_predictions
from ecg.evaluation.records_rhythm import rhythm_lines
from ecg.evaluation.review import review_list
from ecg.figures import save_figure
from ecg.figures.evaluation import plot_calibration
from ecg.figures.review import plot_review

_COLUMNS = [
    ("QRS", "Se"),
    ("QRS", "+P"),
    ("VEB", "Se"),
    ("VEB", "+P"),
    ("VEB", "FPR"),
    ("SVEB", "Se"),
    ("SVEB", "+P"),
    ("SVEB", "FPR"),
]


# ---- text -------------------------------------------------------------------------------------


def records_text(document: dict) -> str:
    """The figures of `evaluate_records`, for people. document: that of the Scores."""
    lines = [
        *_heading(document),
        "",
        *_ec57_lines(document),
        "",
        *_class_lines(document["classes"]),
        *_error_lines(document["classes"], document["calibration"]),
    ]
    if document.get("episodes"):
        lines += ["", *rhythm_lines(document["episodes"])]
    return "\n".join(lines) + "\n"


def _heading(document):
    about = document["about"]
    kind = "SYNTHETIC" if about["data"] == "synthetic" else "real"
    leads = "two leads" if about["leads"] == 2 else "one lead"
    lines = [
        f"{len(document['records'])} {kind} records of {about['folder']}, model "
        f"{', '.join(about['model'])} (trained on {', '.join(about['model_trained_on'])} data), "
        f"{leads}, {about['peaks']} R peaks, the first {about['learning_s']:g} s not counted"
    ]
    lines += fingerprint.warnings(about["trained_on"], len(document["records"]))
    left_out = " ".join(about["left_out"]) or "there are none"
    paced = "counted" if about["paced"] == "in" else f"left out: {left_out}"
    return [*lines, f"paced records {paced}"]


def _ec57_lines(document):
    """Gross and average Se, +P and false positive rate by both class maps."""

    def line(label, cells):
        return f"{label:<24}" + "".join(f"{cell:>12}" for cell in cells)

    def figures(label, source):
        values = [source[event][figure] for event, figure in _COLUMNS]
        return line(label, ["-" if value is None else f"{value:.2f}" for value in values])

    intervals = []
    if document["intervals"]:
        pairs = [document["intervals"][event][figure] for event, figure in _COLUMNS]
        cells = ["-" if pair is None else f"{pair[0]:.1f}-{pair[1]:.1f}" for pair in pairs]
        intervals = [line("  95 % over records", cells)]
    return [
        line("%", [f"{event} {figure}" for event, figure in _COLUMNS]),
        figures("gross, AAMI's classes", document["gross"]),
        *intervals,
        figures("average over records", document["average"]),
        figures("gross, bxb's classes", document["bxb"]["gross"]),
        figures("average over records", document["bxb"]["average"]),
    ]


def _class_lines(classes):
    lines = [f"{'%':<8}{'Se':>8}{'+P':>8}{'F1':>8}  {'95 % interval':<15}{'beats':>9}"]
    for name in CLASSES:
        row = classes[name]
        values = [row[key] for key in ("Se", "+P", "F1")]
        cells = ["-" if v is None or not np.isfinite(v) else f"{v:.2f}" for v in values]
        pair = row["F1_interval"]
        between = "" if pair is None else f"[{pair[0]:.1f}, {pair[1]:.1f}]"
        lines.append(
            f"{name:<8}"
            + "".join(f"{cell:>8}" for cell in cells)
            + f"  {between:<15}{row['beats']:>9,}"
        )
    return lines


def _error_lines(classes, calibration):
    return [
        f"accuracy {classes['accuracy']:.2f} % of all reference beats, "
        f"{classes['matched_accuracy']:.2f} % of those found",
        f"errors: detector {classes['missed']:,} missed and {classes['extra']:,} extra, "
        f"classifier {classes['mislabelled']:,} mislabelled",
        f"expected calibration error {calibration['ece']:.4f} over {calibration['beats']:,} beats "
        "found",
    ]


# ---- files ------------------------------------------------------------------------------------


def save_records(
    scores: Scores, out: str | Path, folder: str | Path, json_file: str | Path | None = None
) -> str:
    """Write figures as JSON and text, bxb's and epicmp's formats, all beats and the review list as
    CSV, its first strips as a picture.

    out: folder of the results; folder: the records; json_file: the figures go there too. Returns
    the files' common stem, OUT/MODEL_PEAKS."""
    document, results, table, rhythm = scores
    about, bxb = document["about"], results["bxb"]
    stem = Path(out) / f"{'+'.join(about['model']).replace('/', '_')}_{about['peaks']}"
    artifacts.save_text(f"{stem}.txt", records_text(document))
    artifacts.save_json(f"{stem}.json", document)
    artifacts.save_text(f"{stem}_line.txt", ec57.format_summary(bxb))
    artifacts.save_text(
        f"{stem}_standard.txt", ec57.format_standard(bxb, about["reference"], "cnn")
    )
    artifacts.save_text(f"{stem}_shutdown.txt", ec57.format_shutdown(bxb))
    for kind in ("af", "vf"):
        found = {name: r.episodes[kind] for name, r in rhythm.items() if kind in r.episodes}
        if found:
            artifacts.save_text(f"{stem}_{kind}.txt", ec57.format_episode_summary(found, kind))
    save_csv(f"{stem}_beats.csv", table, "%.6g")
    matched, known = matched_predictions(table)
    review = review_list(matched, time_s=known["time_s"].to_numpy()).drop(columns="row")
    save_csv(f"{stem}_review.csv", review)
    title = f"{', '.join(about['model'])}, {about['data']} records of {about['folder']}"
    no_rows = np.zeros((len(review), WIDTH))
    review_figure = plot_review(review, no_rows, folder, f"Most worth a look: {title}")
    save_figure(f"{stem}_review.png", review_figure)
    calibration = plot_calibration(matched, f"{title}, {about['peaks']} R peaks")
    save_figure(f"{stem}_calibration.png", calibration)
    if json_file:
        artifacts.save_json(json_file, document)
    return str(stem)
