"""What the context model does on patients it never saw, and what it costs: the figures of
docs/results.md about it.

    # tables 1, 3, 4, 5: scored with the weights in weight/, or the shipped ones
    python benchmarks/context.py --mitdb data/mitdb --svdb data/svdb
    # table 2 too: five trainings
    python benchmarks/context.py --mitdb data/mitdb --svdb data/svdb --cv

1  DS1 -> DS2 and DS1 + SVDB -> DS2, annotated and detected peaks, with and without record 232 (single-beat models of the same protocol
   beside them where weight/ has them); the first five minutes learnt from a person's labels, from minute five on
2  SVDB by cross-validation over its records; training: the other folds and MIT-BIH without paced records; by two leads, by the
   first alone, and by that without the agreement of beats that are alike (ecg.context.average_similar_beats)
3  false alarms per hour on recordings without any V or without any S
4  time per 100,000 beats on one core; pacing found
5  the first lead off for one minute in three: what the second is worth then

Se/+P in percent, F1 with 95 % bootstrap intervals over records. Every confusion, missed beat and false beat counts; whole recordings.
"""  # noqa: E501 (the last paragraph is printed above the tables)

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models  # noqa: E402
from ecg import artifacts, cli, context, weights  # noqa: E402
from ecg.beats import CLASSES, classes_of  # noqa: E402
from ecg.evaluation.sequences import patient_counts, patient_figures, score_line, score_patients  # noqa: E402
from ecg.formats import read_recording, read_wfdb  # noqa: E402
from ecg.formats.annotation import annotated_records, read_annotation  # noqa: E402
from ecg.formats.recording import Recording  # noqa: E402
from ecg.mitdb import DS1, DS2  # noqa: E402
from ecg.prediction import card_of, is_context_model, open_onnx  # noqa: E402
from ecg.rpeaks import detect_r_peaks  # noqa: E402
from ecg.training.adaptation import adapt  # noqa: E402
from ecg.training.crossvalidation import left_out  # noqa: E402
from ecg.training.patients import PACED_SHARE, Patient, labelled_minutes, load_patients  # noqa: E402
from ecg.training.views import VIEWS, DescribedView  # noqa: E402
from inference import classify  # noqa: E402

PEAKS = ("annotated", "detected")
LEADS = {1: "one lead", 2: "two leads"}
UNPREDICTABLE = "232"  # sick sinus: its S beats are like its N beats; shown with and without

Logits = dict[str, dict[str, np.ndarray]]  # patient -> view -> (m, 4)
Folders = Mapping[str, Path]  # name of a database -> its folder


# ---- scoring -------------------------------------------------------------------------------------


def logits_of(net: nn.Module, patients: Sequence[Patient], leads: int = 2) -> Logits:
    """Logits of all beats, by the first so many leads."""
    return {
        p.name: {view: context.context_logits(net, p.views[view].leads[:leads]) for view in PEAKS}
        for p in patients
    }


def print_scores(
    title: str, counts: Sequence[np.ndarray] | np.ndarray, patients: Sequence[Patient] | None = None
) -> None:
    """The lines of counts (records, 6, 6); with `patients` also those without record 232."""
    print(score_line(title, counts))
    if patients:
        kept = [c for c, p in zip(counts, patients) if p.record != UNPREDICTABLE]
        print(score_line(f"  without {UNPREDICTABLE}", kept))


def print_views_and_leads(
    title: str, net: nn.Module, patients: Sequence[Patient], without: bool = False
) -> Logits:
    """Scores by annotated and detected peaks, by one and two leads. Returns the logits by both."""
    found = {leads: logits_of(net, patients, leads) for leads in LEADS}
    for view, leads in itertools.product(PEAKS, LEADS):
        counts = score_patients(patients, found[leads], view)
        print_scores(f"{title}, {view}, {LEADS[leads]}", counts, patients if without else None)
    return found[2]


def with_recordings(
    patients: Sequence[Patient], folders: Folders
) -> Iterator[tuple[Patient, Recording]]:
    for p in patients:
        yield p, read_recording(folders[p.folder] / p.record, lead=0, second="auto")


def counts_of_table(patient: Patient, table: pd.DataFrame) -> np.ndarray:
    """Counts (6, 6) of a table that inference.classify gave; a beat that could not be cut is Q."""
    labels = table.label.replace("?", "Q").map({c: k for k, c in enumerate(CLASSES)}).to_numpy()
    view = DescribedView(table["sample"].to_numpy(), [], np.full(len(table), -1))
    return patient_counts(patient._replace(views={"given": view}), "given", labels)


def context_weights(weight: str | Path, protocol: str) -> nn.Module | None:
    """The network of a protocol, or None where there is none."""
    path = weights.in_folders(weights.weights_path(weight, "context", protocol))
    return models.load_context(path)[0] if path.exists() else None


# ---- 1, 2: patients never seen -------------------------------------------------------------------


def table_ds2(patients: Sequence[Patient], weight: str | Path, folders: Folders) -> None:
    print("\n1  Patients of DS2")
    for title, protocol in (
        ("DS1 -> DS2", "interpatient"),
        ("DS1 + SVDB -> DS2", "interpatient_plus"),
    ):
        net = context_weights(weight, protocol)
        if net is None:
            path = weights.weights_path(weight, "context", protocol)
            print(f"{title}: {path} is missing")
            continue
        learnt = card_of(net)["manifest"]["records"]
        assert not {name.split("/")[-1] for name in learnt} & set(DS2)
        print_views_and_leads(title, net, patients, without=True)
        print_adapted(title, net, patients)
    print_single_beats(patients, weight, folders)


def print_adapted(
    title: str, net: nn.Module, patients: Sequence[Patient], minutes: int = 5
) -> None:
    """Before and after fine-tuning on the first five minutes' labels; scored from there on,
    detected peaks."""
    before: list[np.ndarray] = []
    after: list[np.ndarray] = []
    for p in patients:
        leads = p.views["detected"].leads
        tuned = adapt(net, leads, labelled_minutes(p, minutes))
        for model, counts in ((net, before), (tuned, after)):
            labels = context.context_logits(model, leads).argmax(axis=1)
            counts.append(patient_counts(p, "detected", labels, learning=60 * minutes))
    print_scores(f"{title}, from minute {minutes}, as it is", before)
    print_scores(f"{title}, from minute {minutes}, adapted", after)


def print_single_beats(patients: Sequence[Patient], weight: str | Path, folders: Folders) -> None:
    """The single-beat models of the interpatient protocol, where they have been trained."""
    pattern = "model_*_interpatient*.pth"
    places = [path for f in weights.search_folders(weight) for path in f.glob(pattern)]
    paths = {path.name: path for path in reversed(places)}  # the first folder's counts
    for name in sorted(paths):
        path = paths[name]
        if is_context_model(weights.load_card(path)):
            continue
        counts = []
        for p, recording in with_recordings(patients, folders):
            peaks = p.views["detected"].peaks
            table = classify(recording.signal, p.fs, str(path), r_peaks=peaks)
            counts.append(counts_of_table(p, table))
        print_scores(f"DS1 -> DS2, detected, single beats: {path.stem[6:]}", counts, patients)


def table_svdb(svdb: Sequence[Patient], mitdb: Sequence[Patient], seed: int) -> None:
    print(
        f"\n2  SVDB, cross-validation over {len(svdb)} records (training: the other folds and "
        f"{len(mitdb)} records of MIT-BIH)"
    )
    alone: Logits = {}
    one: Logits = {}
    both: Logits = {}
    network = models.model_class("context")
    for net, out in left_out(lambda: network(members=3), svdb, seed=seed, always=mitdb):
        each_alone = mock.patch("ecg.context.classify.average_similar_beats", lambda z, beats: z)
        with each_alone:
            alone.update(logits_of(net, out, 1))
        one.update(logits_of(net, out, 1))
        both.update(logits_of(net, out))
    for found, title in (
        (alone, "one lead, every beat for itself"),
        (one, "one lead"),
        (both, "two leads"),
    ):
        for view in PEAKS:
            print_scores(f"SVDB, {view}, {title}", score_patients(svdb, found, view))
    table_false_alarms("SVDB, cross-validation", svdb, both)


# ---- 3: false alarms -----------------------------------------------------------------------------


def table_false_alarms(title: str, patients: Sequence[Patient], found: Logits) -> None:
    """Per hour, on the records without a beat of that class; N recall on the records with
    neither."""
    counts = score_patients(patients, found, "detected")
    hours = np.array([p.n_samples / p.fs / 3600 for p in patients])
    absent = counts.sum(axis=2) == 0  # (records, classes)
    for k, name in ((1, "S"), (2, "V")):
        without = absent[:, k]
        if without.any():
            alarms = counts[without][:, :, k].sum(axis=1)
            print(
                f"3  {title}: false {name} per hour on {without.sum()} records without {name}: "
                f"{alarms.sum() / hours[without].sum():.1f} "
                f"(median of records {np.median(alarms / hours[without]):.1f})"
            )
    normal = absent[:, 1:4].all(axis=1)
    if normal.any():
        c = counts[normal].sum(axis=0)
        recall = 100 * c[0, 0] / c[0].sum()
        print(f"3  {title}: N recall on {normal.sum()} records of N only: {recall:.2f} %")


# ---- 4, 5: cost, pacing, a lead that comes off ---------------------------------------------------


def table_lead_off(patients: Sequence[Patient], weight: str | Path, folders: Folders) -> None:
    """DS2 by the model of DS1 + SVDB through inference.classify; the first lead stays at its last
    value in every third minute."""
    path = weights.in_folders(weights.weights_path(weight, "context", "interpatient_plus"))
    found: dict[str, list[np.ndarray]] = {
        "both leads": [],
        "first lead off at times, alone": [],
        "first lead off at times, and the second": [],
    }
    for p, recording in with_recordings(patients, folders):
        whole, second = recording.signal, recording.second
        minute = np.arange(len(whole)) // int(60 * p.fs)
        last = np.maximum(minute * int(60 * p.fs) - 1, 0)
        off = np.where(minute % 3 == 1, whole[last], whole)
        for counts, leads in zip(found.values(), ((whole, second), (off, None), (off, second))):
            table = classify(leads[0], p.fs, str(path), second=leads[1])
            counts.append(counts_of_table(p, table))
    print()
    for title, counts in found.items():
        total = patient_figures(np.sum(counts, axis=0))
        print(
            f"5  {title}: QRS Se {100 * total['QRS'][0]:.2f} +P {100 * total['QRS'][1]:.2f}, "
            f"V F1 {100 * total['V'][2]:.1f}, accuracy {100 * total['accuracy']:.2f}"
        )


def table_cost(weight: str | Path, folders: Folders) -> None:
    path = context_onnx(weight)
    if path is None:
        return
    session = open_onnx(path, threads=1)
    seconds = {"R peaks": 0.0, "numbers": 0.0, "network, beats alike": 0.0}
    n_beats = 0
    for folder in folders.values():
        for name in sorted(path.stem for path in folder.glob("*.hea"))[:12]:
            recording = read_wfdb(folder / name)
            start = time.process_time()
            peaks = detect_r_peaks(recording.signal, recording.fs)
            seconds["R peaks"] += time.process_time() - start
            start = time.process_time()
            described = context.describe(recording.signal, recording.fs, peaks)
            seconds["numbers"] += time.process_time() - start
            start = time.process_time()
            context.context_logits(session, [described])
            seconds["network, beats alike"] += time.process_time() - start
            n_beats += len(peaks)
    parts = ", ".join(f"{name} {1e5 * spent / n_beats:.1f}" for name, spent in seconds.items())
    print(
        f"\n4  CPU seconds per 100,000 beats on one core, in each lead: {parts} ({n_beats:,} beats)"
    )


def context_onnx(weight: str | Path) -> Path | None:
    """A context network as ONNX, from the first folder that has one, or None."""
    for folder in weights.search_folders(weight):
        for path in sorted(folder.glob("ecg_model_context*.onnx")):
            return path
    return None


def table_pacing(folder: Path) -> None:
    flagged: list[tuple] = []
    normal: list[tuple] = []
    for name in annotated_records(folder):
        recording = read_wfdb(folder / name)
        samples, symbols, *_ = read_annotation(folder / name)
        is_beat = classes_of(symbols) >= 0
        at, first = np.unique(samples[is_beat], return_index=True)
        is_paced = np.isin(np.array(symbols)[is_beat][first], ["/", "f"])
        found = context.paced(recording.signal, recording.fs, at)
        row = (name, found[is_paced].sum(), is_paced.sum(), found[~is_paced].sum())
        (flagged if is_paced.mean() > PACED_SHARE else normal).append(row)
    shares = ", ".join(f"{name} {100 * hit / count:.0f} %" for name, hit, count, _ in flagged)
    print(
        f"4  Pacing found: {shares}; beats of the {len(normal)} other records called paced: "
        f"{sum(row[3] for row in normal)}"
    )


# ---- the command ---------------------------------------------------------------------------------


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    p.add_argument("--mitdb", metavar="DIR", default="data/mitdb", help="records of MIT-BIH")
    p.add_argument(
        "--svdb", metavar="DIR", default="data/svdb", help="records with supraventricular beats"
    )
    cli.add(p, "--weight")
    p.add_argument("--cv", action="store_true", help="table 2 too: five trainings")
    cli.add(p, "--seed", help="of the cross-validation")
    return p


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    mitdb, svdb = artifacts.locate(args.mitdb), artifacts.locate(args.svdb)
    folders = {mitdb.name: mitdb, svdb.name: svdb}
    print(__doc__.strip().split("\n\n")[-1])
    ds2 = load_patients([mitdb], views=PEAKS, wanted=lambda name: name in DS2)
    table_ds2(ds2, args.weight, folders)
    net = context_weights(args.weight, "interpatient_plus")
    if net is not None:
        table_false_alarms("DS2, trained on DS1 + SVDB", ds2, logits_of(net, ds2))
        table_lead_off(ds2, args.weight, folders)
    net = context_weights(args.weight, "interpatient")
    if net is not None or args.cv:
        others = load_patients([svdb], views=VIEWS if args.cv else PEAKS)
    if net is not None:
        print("\n2  SVDB, trained on DS1 only")
        print_views_and_leads("DS1 -> SVDB", net, others)
        print_adapted("DS1 -> SVDB", net, others)
    if args.cv:
        every = load_patients([mitdb], wanted=lambda name: name in DS1 + DS2)
        table_svdb(others, every, args.seed)
    table_cost(args.weight, folders)
    table_pacing(mitdb)


if __name__ == "__main__":
    cli.run(main)
