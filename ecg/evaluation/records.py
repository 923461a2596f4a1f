"""Models scored on annotated recordings, end to end, beat by beat (EC57)."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecg import artifacts, ec57, fingerprint, formats
from ecg.artifacts import InputError
from ecg.beats import CLASSES, classes_of
from ecg.evaluation import metrics
from ecg.evaluation.predictions import Predictions, class_indices, probabilities_of
from ecg.evaluation.records_rhythm import (
    RhythmOfRecord,
    compare_rhythm,
    rhythm_document,
    told_kinds,
)
from ecg.evaluation.reference import compare_labels, ec57_intervals, five_classes, reference_labels
from ecg.formats.annotation import Annotation, annotated_records, read_annotation, without_records
from ecg.formats.wfdb_header import says_synthetic
from ecg.labelling import label_recording
from ecg.mitdb import record_names
from ecg.prediction import card_of
from ecg.quality import QUALITIES
from ecg.rpeaks import given_beats
from ecg.signal_models import NONE, SignalModels, open_signal_models
from ecg.weights import choose_model, short_name


class LabelledRecord(NamedTuple):
    """A record with its labels and its reference.

    beats: DataFrame as `ecg.beat_table.label_beats` gives it. reference: at the rate of the beats.
    model, card: name and model card of what labelled it. paced: whether the reference has paced
    beats. synthetic: whether the header says that it is made up."""

    beats: pd.DataFrame
    reference: Annotation
    model: str
    card: dict
    paced: bool
    synthetic: bool


class Scores(NamedTuple):
    """What models did on annotated records.

    document: the figures, as they are written as JSON. results: {class map: {record:
    ec57.Comparison}}. table: DataFrame of all beats that were found, with the reference's label
    where one is matched. rhythm: {record: RhythmOfRecord}, empty where no rhythm was asked for."""

    document: dict
    results: dict[str, dict[str, ec57.Comparison]]
    table: pd.DataFrame
    rhythm: dict[str, RhythmOfRecord]


def evaluate_records(
    folder: str | Path,
    load: Callable[[str], Any],
    model: str = "auto",
    reference: str = "atr",
    peaks: str = "detected",
    learning: float = ec57.LEARNING,
    paced: str = "out",
    weight: str | Path = "weight",
    only: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    lead: str | int | None = None,
    draws: int = metrics.DRAWS,
    seed: int = 0,
    second: str = "auto",
) -> Scores:
    """Label the annotated WFDB records of a folder and compare with the reference, beat by beat and
    episode by episode.

    load: gives the model behind a name or path. model: a name or path, or `auto`: what inference.py
    would take from the folder `weight`. reference: the annotator. peaks: `detected` or `annotated`,
    whose R peaks are labelled. learning: s at the start that do not count. paced: `out` leaves
    records with paced beats out, `in` counts them. only, exclude: names of records. lead, second:
    as in `ecg.formats.read_recording`. draws, seed: of the bootstrap. Raises InputError where there
    is nothing to score."""
    names = annotated_records(folder, reference, headers=False)
    wanted = record_names(list(only), names, folder) if only else names
    names = without_records(wanted, exclude, folder)
    load = functools.cache(load)

    def choose(n_beats):
        name = choose_model(model, n_beats, weight)
        return name, load(name)

    asked = open_signal_models(weight)
    records, left_out = {}, []
    for name in tqdm(names, "records", disable=None, leave=False):
        record = label_record(folder, name, reference, peaks, choose, lead, second, asked)
        if record.paced and paced == "out":
            left_out.append(name)
        else:
            records[name] = record
    if not records:
        raise InputError(
            f"{folder}: every record is paced and --paced out leaves paced ones out; give --paced "
            "in"
        )
    about = {
        "folder": Path(folder).name,
        "reference": reference,
        "peaks": peaks,
        "learning_s": learning,
        "paced": paced,
        "left_out": left_out,
        "excluded": list(exclude),
    }
    return _scores(records, asked, about, draws, seed)


# ---- labelling --------------------------------------------------------------------------------


def label_record(
    folder: str | Path,
    name: str,
    reference: str,
    peaks: str,
    choose: Callable[[int], tuple[str, Any]],
    lead: str | int | None = None,
    second: str = "auto",
    models: SignalModels = NONE,
) -> LabelledRecord:
    """A record labelled as inference.py labels it, but that its lead stays as it lies.

    reference: the annotator; peaks, lead, second: as in `evaluate_records`. choose: (number
    of beats) -> (name, model). models: as in `ecg.labelling.label_recording`. Raises
    InputError for a reference without beats."""
    path = Path(folder) / name
    recording = formats.read_recording(path, 0 if lead is None else lead, second=second)
    signal, fs = recording.signal, recording.fs
    truth = read_annotation(path, reference, fs)
    is_beat = classes_of(truth.symbols) >= 0
    if not is_beat.any():
        raise InputError(f"{folder}/{name}.{reference} holds no beats")
    if peaks == "annotated":
        inside = (truth.samples >= 0) & (truth.samples < len(signal))
        found = given_beats(np.unique(truth.samples[is_beat & inside]), signal, fs)
    else:
        found = None
    chosen: list[tuple[str, Any]] = []

    def chosen_model(n_beats):
        chosen.append(choose(n_beats))
        return chosen[-1][1]

    labelled = label_recording(recording, chosen_model, invert="no", models=models, found=found)
    [(model_name, model)] = chosen
    return LabelledRecord(
        labelled.beats,
        truth,
        short_name(model_name) if Path(model_name).suffix else model_name,
        card_of(model),
        "/" in truth.symbols,
        says_synthetic(path.with_name(f"{name}.hea")),
    )


def _scores(records, asked, about, draws, seed):
    """Scores of labelled records. asked: the SignalModels that they were labelled with; about: what
    was asked for."""
    learning = about["learning_s"]
    results = {class_map: _compare(records, learning, class_map) for class_map in ("aami", "bxb")}
    table = _all_beats(records, results["aami"])
    rhythm = _compare_rhythms(records, told_kinds(asked), learning)
    about = {**about, "weights_sha256": _weights_sha256(records, asked)}
    document = _document(records, results, table, about, draws, seed)
    document["episodes"] = rhythm_document(rhythm, draws, seed) if rhythm else None
    return Scores(document, results, table, rhythm)


def _weights_sha256(records, asked):
    """{file name: SHA-256} of the networks that labelled the records and told their rhythm."""
    files = {record.beats.attrs["weights"] for record in records.values()}
    files |= {str(getattr(model, "file", "")) for model in asked}
    return {Path(file).name: artifacts.known_sha256(file) for file in sorted(files - {""})}


def _compare(records, learning, class_map):
    """{record: ec57.Comparison}."""
    return {
        name: compare_labels(record.beats, record.reference, learning, class_map)
        for name, record in records.items()
    }


def _compare_rhythms(records, kinds, learning):
    """{record: RhythmOfRecord} of the kinds of episode that a network was asked for."""
    return {
        name: compare_rhythm(
            a["rhythm"], record.reference, a["fs"], a["n_samples"], learning, kinds
        )
        for name, record in records.items()
        if kinds and (a := record.beats.attrs).get("rhythm")
    }


def _all_beats(records, comparisons):
    """One table of the beats of all records, with the record and the reference's label."""
    tables = []
    for name, record in records.items():
        table = record.beats.drop(columns=["quality", *QUALITIES], errors="ignore")
        table.insert(0, "record", name)
        pairs = comparisons[name].pairs
        table["reference"] = reference_labels(pairs, record.reference.symbols, len(table))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def matched_predictions(table: pd.DataFrame) -> tuple[Predictions, pd.DataFrame]:
    """(predictions without logits, their part of the table) of the beats of labelled recordings
    (`Scores.table`) that were found, matched and classified."""
    known = table[table["reference"].isin(CLASSES) & table["label"].isin(CLASSES)]
    return Predictions(
        class_indices(known["reference"]),
        class_indices(known["label"]),
        None,
        probabilities_of(known),
        known["record"].to_numpy(str),
        known["sample"].to_numpy(np.int64),
    ), known


# ---- figures ----------------------------------------------------------------------------------


def _document(records, results, table, about, draws, seed):
    """All figures, as they are written as JSON."""
    used = {record.model: record.card for record in records.values()}
    aami, bxb = results["aami"], results["bxb"]
    counts = np.stack([result.counts for result in aami.values()])
    kinds = {"synthetic" if card["manifest"].get("synthetic") else "real" for card in used.values()}
    matched, _ = matched_predictions(table)
    return {
        **ec57.summarize(aami)._asdict(),
        "class_map": "aami",
        "bxb": {**ec57.summarize(bxb)._asdict(), "class_map": "bxb"},
        "intervals": ec57_intervals(counts, draws, seed),
        "classes": five_classes(counts, draws, seed),
        "about": {
            "folder": about["folder"],
            "model": sorted(used),
            "reference": about["reference"],
            "peaks": about["peaks"],
            "leads": max(record.beats.attrs["leads"] for record in records.values()),
            "learning_s": about["learning_s"],
            "paced": about["paced"],
            "left_out": about["left_out"],
            "excluded": about["excluded"],
            "data": "synthetic" if any(r.synthetic for r in records.values()) else "real",
            "model_trained_on": sorted(kinds),
            "trained_on": fingerprint.trained_on(
                {name: r.beats.attrs["in_training_data"] for name, r in records.items()}
            ),
            "weights_sha256": about["weights_sha256"],
            "versions": artifacts.versions(),
        },
        "counts": {name: result.counts for name, result in aami.items()},
        "calibration": {
            "ece": metrics.reliability(matched.confidence, matched.right)[0],
            "beats": len(matched.true),
        },
    }
