"""What the context model does on patients it never saw, and what it costs. Every figure of the README about it comes from here.

    python benchmarks/context.py --mitdb data/mitdb --svdb data/svdb                # tables 1, 3, 4: scored with the weights in weight/
    python benchmarks/context.py --mitdb data/mitdb --svdb data/svdb --cv           # table 2 too: five trainings

1  DS1 -> DS2 and DS1 + SVDB -> DS2, annotated and detected peaks, with and without record 232 (single-beat models of the same protocol
   beside them where weight/ has them); the first five minutes learnt from a person's labels, from minute five on
2  SVDB by cross-validation over its records; training: the other folds and MIT-BIH without paced records; by two leads, by the
   first alone, and by that without the agreement of beats that are alike (ecg.context.agreed)
3  false alarms per hour on recordings without any V or without any S
4  time per 100,000 beats on one core; pacing found
5  the first lead off for one minute in three: what the second is worth then

Se/+P in percent, F1 with 95 % bootstrap intervals over records. Every confusion, missed beat and false beat counts; whole recordings.
"""
import argparse
import itertools
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import model_context as mc                              # noqa: E402
from data_preprocess import DS1, DS2                    # noqa: E402
from ecg import artifacts, context                      # noqa: E402
from ecg.beats import detect_r_peaks                    # noqa: E402
from ecg.records import read_recording, read_wfdb       # noqa: E402

PEAKS = ("annotated", "detected")
LEADS = {1: "one lead", 2: "two leads"}


def predicted(net, patients, leads=2):
    return {p.name: {view: context.logits(net, p.views[view].leads[:leads]) for view in PEAKS} for p in patients}


def table_ds2(patients, weight):
    print("\n1  Patients of DS2")
    for title, protocol in (("DS1 -> DS2", "interpatient"), ("DS1 + SVDB -> DS2", "interpatient_plus")):
        path = artifacts.weights_path(weight, "context", protocol)
        if not path.exists():
            print(f"{title}: {path} is missing")
            continue
        net, card = mc.load(path)
        assert not {name.split("/")[-1] for name in card["manifest"]["records"]} & set(DS2)
        found = {leads: predicted(net, patients, leads) for leads in LEADS}
        for view, leads in itertools.product(PEAKS, LEADS):
            print(mc.score_line(f"{title}, {view}, {LEADS[leads]}", mc.score_patients(patients, found[leads], view)))
            print(mc.score_line("  without 232", mc.score_patients([p for p in patients if p.record != "232"], found[leads], view)))
        adapted(title, net, patients)
    single_beats(patients, weight)


def adapted(title, net, patients, minutes=5):
    """Before and after fine-tuning on the first five minutes' labels; scored from there on, detected peaks."""
    before, after = [], []
    for p in patients:
        seen = p.views["detected"]
        tuned = mc.adapt(net, seen.leads, mc.labelled_minutes(p, minutes))
        for model, rows in ((net, before), (tuned, after)):
            rows.append(mc.confusion(p, "detected", context.logits(model, seen.leads).argmax(axis=1), learning=60 * minutes))
    print(mc.score_line(f"{title}, from minute {minutes}, as it is", before))
    print(mc.score_line(f"{title}, from minute {minutes}, adapted", after))


def single_beats(patients, weight):
    """The single-beat models of the interpatient protocol, where they have been trained."""
    from inference import classify
    for path in sorted(Path(weight).glob("model_*_interpatient*.pth")):
        if artifacts.load_card(path)["architecture"] == "ContextNet":
            continue
        rows = []
        for p, recording in patients_recordings(patients):
            rows.append(counted(p, classify(recording.signal, p.fs, str(path), r_peaks=p.views["detected"].peaks)))
        print(mc.score_line(f"DS1 -> DS2, detected, single beats: {path.stem[6:]}", rows))
        print(mc.score_line("  without 232", [c for c, p in zip(rows, patients) if p.record != "232"]))


def patients_recordings(patients):
    for p in patients:
        yield p, read_recording(FOLDERS[p.name.split("/")[0]] / p.record, lead=0, second="auto")


def counted(patient, table):
    """Counts (6, 6) of a table that inference.classify gave, as mc.confusion counts; a beat that could not be cut is Q."""
    labels = table.label.replace("?", "Q").map({c: k for k, c in enumerate("NSVFQ")}).to_numpy()
    return mc.confusion(patient._replace(views={"seen": mc.View(table["sample"].to_numpy(), [], None)}), "seen", labels)


def table_svdb(svdb, mitdb, seed):
    print(f"\n2  SVDB, cross-validation over {len(svdb)} records (training: the other folds and {len(mitdb)} records of MIT-BIH)")
    alone, one, found = {}, {}, {}
    for net, out in mc.left_out(svdb, seed=seed, members=3, always=mitdb):
        with mock.patch.object(context, "agreed", lambda logits, beats: logits):
            alone.update(predicted(net, out, 1))
        one.update(predicted(net, out, 1))
        found.update(predicted(net, out))
    for said, title in ((alone, "one lead, every beat for itself"), (one, "one lead"), (found, "two leads")):
        for view in PEAKS:
            print(mc.score_line(f"SVDB, {view}, {title}", mc.score_patients(svdb, said, view)))
    table_false_alarms("SVDB, cross-validation", svdb, found)


def table_false_alarms(title, patients, found):
    """Per hour, on the records without a beat of that class; N recall on the records with neither."""
    counts = mc.score_patients(patients, found, "detected")
    hours = np.array([p.n_samples / p.fs / 3600 for p in patients])
    normal = (counts[:, 1].sum(axis=1) == 0) & (counts[:, 2].sum(axis=1) == 0) & (counts[:, 3].sum(axis=1) == 0)
    for k, name in ((1, "S"), (2, "V")):
        without = counts[:, k].sum(axis=1) == 0
        if without.any():
            alarms = counts[without][:, :, k].sum(axis=1)
            print(f"3  {title}: false {name} per hour on {without.sum()} records without {name}: {alarms.sum() / hours[without].sum():.1f} "
                  f"(median of records {np.median(alarms / hours[without]):.1f})")
    if normal.any():
        c = counts[normal].sum(axis=0)
        print(f"3  {title}: N recall on {normal.sum()} records of N only: {100 * c[0, 0] / c[0].sum():.2f} %")


def table_lead_off(patients, weight):
    """DS2 by the model of DS1 + SVDB through inference.classify; the first lead stays at its last value in every third minute."""
    from inference import classify
    path = str(artifacts.weights_path(weight, "context", "interpatient_plus"))
    found = {"both leads": [], "first lead off at times, alone": [], "first lead off at times, and the second": []}
    for p, recording in patients_recordings(patients):
        whole, second = recording.signal, recording.second
        minute = np.arange(len(whole)) // int(60 * p.fs)
        off = np.where(minute % 3 == 1, whole[np.maximum(minute * int(60 * p.fs) - 1, 0)], whole)
        for rows, leads in zip(found.values(), ((whole, second), (off, None), (off, second))):
            rows.append(counted(p, classify(leads[0], p.fs, path, second=leads[1])))
    print()
    for title, rows in found.items():
        total = mc.figures(np.sum(rows, axis=0))
        print(f"5  {title}: QRS Se {100 * total['QRS'][0]:.2f} +P {100 * total['QRS'][1]:.2f}, V F1 {100 * total['V'][2]:.1f}, "
              f"accuracy {100 * total['accuracy']:.2f}")


def table_cost(weight):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    found = sorted(Path(weight).glob("ecg_model_context*.onnx"))
    if not found:
        return
    session = ort.InferenceSession(str(found[0]), options, providers=["CPUExecutionProvider"])
    seconds = {"R peaks": 0.0, "numbers": 0.0, "network, beats alike": 0.0}
    beats = 0
    for folder in FOLDERS.values():
        for name in sorted(path.stem for path in folder.glob("*.hea"))[:12]:
            recording = read_wfdb(folder / name)
            start = time.process_time()
            peaks = detect_r_peaks(recording.signal, recording.fs)
            seconds["R peaks"] += time.process_time() - start
            start = time.process_time()
            described = context.describe(recording.signal, recording.fs, peaks)
            seconds["numbers"] += time.process_time() - start
            start = time.process_time()
            context.logits(session, [described])
            seconds["network, beats alike"] += time.process_time() - start
            beats += len(peaks)
    print("\n4  CPU seconds per 100,000 beats on one core, in each lead: " + ", ".join(f"{k} {1e5 * v / beats:.1f}" for k, v in seconds.items())
          + f" ({beats:,} beats)")


def table_pacing(folder):
    from ecg.beats import classes_of
    from ecg.records import read_annotation
    flagged, normal = [], []
    for name in sorted(path.stem for path in folder.glob("*.atr")):
        recording = read_wfdb(folder / name)
        samples, symbols, _ = read_annotation(folder / name)
        beats = classes_of(symbols) >= 0
        at, first = np.unique(samples[beats], return_index=True)
        is_paced = np.isin(np.array(symbols)[beats][first], ["/", "f"])
        found = context.paced(recording.signal, recording.fs, at)
        (flagged if is_paced.mean() > mc.PACED_SHARE else normal).append((name, found[is_paced].sum(), is_paced.sum(), found[~is_paced].sum()))
    print("4  Pacing found: " + ", ".join(f"{name} {100 * hit / count:.0f} %" for name, hit, count, _ in flagged)
          + f"; beats of the {len(normal)} other records called paced: {sum(row[3] for row in normal)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1], formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--mitdb", metavar="DIR", default="data/mitdb", help="MIT-BIH Arrhythmia Database")
    parser.add_argument("--svdb", metavar="DIR", default="data/svdb", help="MIT-BIH Supraventricular Arrhythmia Database")
    parser.add_argument("--weight", metavar="DIR", default="weight", help="folder of the weights")
    parser.add_argument("--cv", action="store_true", help="table 2 too")
    parser.add_argument("--seed", type=int, default=0, help="of the cross-validation")
    args = parser.parse_args()
    torch.set_num_threads(1)
    weight, mitdb, svdb = (artifacts.locate(folder) for folder in (args.weight, args.mitdb, args.svdb))
    FOLDERS.update({mitdb.name: mitdb, svdb.name: svdb})
    print(__doc__.strip().split("\n\n")[-1])
    ds2 = mc.load_patients([mitdb], views=PEAKS, wanted=lambda name: name in DS2)
    table_ds2(ds2, weight)
    path = artifacts.weights_path(weight, "context", "interpatient_plus")
    if path.exists():
        net, _ = mc.load(path)
        table_false_alarms("DS2, trained on DS1 + SVDB", ds2, predicted(net, ds2))
        table_lead_off(ds2, weight)
    path = artifacts.weights_path(weight, "context", "interpatient")
    if path.exists() or args.cv:
        others = mc.load_patients([svdb], views=mc.VIEWS if args.cv else PEAKS)
    if path.exists():
        net, _ = mc.load(path)
        print("\n2  SVDB, trained on DS1 only")
        found = {leads: predicted(net, others, leads) for leads in LEADS}
        for view, leads in itertools.product(PEAKS, LEADS):
            print(mc.score_line(f"DS1 -> SVDB, {view}, {LEADS[leads]}", mc.score_patients(others, found[leads], view)))
        adapted("DS1 -> SVDB", net, others)
    if args.cv:
        table_svdb(others, mc.load_patients([mitdb], wanted=lambda name: name in DS1 + DS2), args.seed)
    table_cost(weight)
    table_pacing(mitdb)


FOLDERS = {}

if __name__ == "__main__":
    artifacts.run(main)
