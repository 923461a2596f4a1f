"""24 hours from files to labels: time by step, memory, latency of a beat, PyTorch against ONNX.

    python benchmarks/holter.py                            # all of it: the MIT-BIH records, the shipped weights
    python benchmarks/holter.py --parts day latency        # some of it: day, peer, latency, parity, monitor
    python benchmarks/holter.py --limit 4                  # the first four records only (the rest is not extrapolated)

day      The 48 records (24 h) one after the other through inference.label_recording, which is `inference.py DIR --out DIR`: CSV,
         .cnn and summary written, one thread. In a process of its own, so that its peak memory is its own. A single-beat model
         is held against ONNX Runtime alone: after each record the session runs the same rows, standardised beforehand, at the
         same thread and batch; and against ONNX Runtime with the graph that torch.onnx writes for the network as it stands (1-D
         convolutions; ours has 2-D ones, export_onnx.py). Then `--jobs` on all cores, the start of the workers included; and the 24 h as one recording.
peer     neurokit2's ecg_process, then the same network row by row (batch 1) over its R peaks, on three records, extrapolated.
latency  One beat, batch 1, one thread: the network alone, and predict_heartbeat (standardisation and softmax included).
parity   PyTorch against ONNX Runtime on the test rows of data/processed_data and on every row of the 24 h.
monitor  Eight records as a stream (monitor.py): provisional, final and offline labels, delay of labels and alarms, the final
         labels by the single-beat and by the context model. Then two days of a beat a second: the memory a monitor holds.

Wall-clock time, and CPU time beside it: on a machine that others use as well, trust the latter and the ratios. Everything goes
to benchmarks/holter.json.
"""
import argparse
import functools
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
from ecg import artifacts, beats, context, records  # noqa: E402
from ecg.artifacts import InputError  # noqa: E402
import inference  # noqa: E402
import monitor  # noqa: E402

PARTS = ("day", "peer", "latency", "parity", "monitor")
PEER_RECORDS = 3
LATENCY_ROWS = 2000
TIE = 1e-5
STREAMED = ("100", "106", "119", "200", "203", "208", "223", "233")
DAYS = 48                         # hours that a monitor's memory is watched over


class Steps:
    """Wall and CPU seconds of each step, without what it calls that is a step itself."""

    def __init__(self):
        self.seconds = defaultdict(lambda: np.zeros(2))
        self._inner = []

    def timed(self, step, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            self._inner.append(np.zeros(2))
            start = _clocks()
            try:
                return function(*args, **kwargs)
            finally:
                spent = _clocks() - start
                self.seconds[step] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent
        return wrapper

    def watch(self, module, name, step):
        setattr(module, name, self.timed(step, getattr(module, name)))


def _clocks():
    return np.array([time.perf_counter(), time.process_time()])


def _peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ------------------------------------------------------------------------------------------------- the day (child processes)

def label_day(paths, model, weight, folder):
    """Label recordings one by one: {"steps": {step: [wall, CPU]}, "total", "alone" [wall, CPU] or None, "rows", "peak_mb"}."""
    steps, kept = Steps(), []
    loaded = inference.load(model, weight, "onnx", threads=1)             # as a task of an archive has it
    single = not inference.is_context(inference.card_of(loaded))
    for module, name, step in (
            (records, "read_recording", "read the files"), (beats, "find_beats", "R peaks"), (beats, "detect_r_peaks", "R peaks"),
            (inference, "remove_strong_hum", "mains hum"), (inference, "turn_upright", "lead turned, or strange"),
            (inference, "unlike_training", "lead turned, or strange"),
            (inference, "extract_beats", "cut rows"), (inference, "logits", "network"),
            (context, "_described", "compare with own patient"),
            (context, "logits", "network"), (inference, "summarise", "summary"),
            (inference, "as_csv", "write"), (inference, "write_annotation", "write"), (artifacts, "save_text", "write"),
            (artifacts, "save_json", "write"), (inference, "load", "load the model")):
        steps.watch(module, name, step)
    plain_logits, plain_cut = inference.logits.__wrapped__, inference.extract_beats.__wrapped__

    def keep(*args, **kwargs):
        found = plain_cut(*args, **kwargs)
        kept.append(found[0])
        return found
    inference.extract_beats = steps.timed("cut rows", keep)
    one = steps.timed("else", inference.label_recording)
    options = _options(model, weight)
    card = inference.card_of(loaded)
    total, alone, rows = np.zeros(2), np.zeros(2), 0
    for path in tqdm(paths, desc=f"model {model}", unit="record", disable=None):
        start = _clocks()
        _, error, _ = one(str(path), str(folder), options)
        total += _clocks() - start
        if error:
            raise InputError(error)
        if single:
            x = beats.standardise(np.concatenate(kept), card["input"]["mean"], card["input"]["scale"])
            rows += len(x)
            start = _clocks()
            plain_logits(loaded, x)
            alone += _clocks() - start
            kept.clear()
    return {"steps": {k: v.tolist() for k, v in steps.seconds.items()}, "total": total.tolist(),
            "alone": alone.tolist() if single else None, "rows": rows, "peak_mb": _peak_mb()}


def label_by_jobs(paths, model, weight, folder):
    """The same through `--jobs` on all cores: {"jobs", "total" wall s, "peak_mb" of the largest worker}."""
    jobs = os.cpu_count()
    start = time.perf_counter()
    results = inference.label_archive(paths, paths[0].parent, folder, _options(model, weight), jobs)
    wall = time.perf_counter() - start
    for _, error, _ in results:
        if error:
            raise InputError(error)
    from joblib.externals.loky import get_reusable_executor
    get_reusable_executor().shutdown(wait=True)          # only of processes that have ended is the memory told
    return {"jobs": jobs, "total": wall, "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def _options(model, weight):
    """What `inference.py DIR --out DIR` hands to each of its tasks, by its defaults."""
    return {"model": model, "engine": "onnx", "lead": None, "fs": None, "unit": None, "invert": "auto", "mains": "auto",
            "second": "auto", "weight": str(weight)}


def label_joined(paths, model, weight):
    """The recordings as one of 24 h, already in memory as float32: {"total", "input_mb", "peak_mb", "beats"}."""
    signal = np.concatenate([records.read_recording(path).signal.astype(np.float32) for path in paths])
    start = _clocks()
    table = inference.classify(signal, 360.0, model, weight=weight, engine="onnx")
    inference.summarise(table)
    return {"total": (_clocks() - start).tolist(), "input_mb": signal.nbytes / 2 ** 20, "peak_mb": _peak_mb(),
            "beats": len(table)}


def run_plain_graph(paths, model, weight, folder):
    """ONNX Runtime alone on the rows of the recordings, with the graph that torch.onnx writes for the network as it stands, and with
    ours, by turns: {"plain" [wall, CPU], "ours" [wall, CPU]}."""
    import export_onnx
    net = inference.load_model(model, weight)
    export_onnx.export(net, folder / "plain.onnx", 18, net.card)
    sessions = {"plain": inference.load_onnx_model(folder / "plain.onnx", threads=1), "ours": inference.load_onnx_model(model, weight, 1)}
    spent = {name: np.zeros(2) for name in sessions}
    for path in paths:
        recording = records.read_recording(path)
        rows, _ = beats.extract_beats(recording.signal, beats.find_beats(recording.signal, recording.fs)[0], recording.fs)
        x = beats.standardise(rows, net.card["input"]["mean"], net.card["input"]["scale"])
        for name, session in sessions.items():
            start = _clocks()
            inference.logits(session, x)
            spent[name] += _clocks() - start
    return {name: seconds.tolist() for name, seconds in spent.items()}


def in_child(task, args, model):
    """A task in a process of its own; its figures."""
    command = [sys.executable, __file__, "--child", task, "--model", model, "--records", args.records, "--weight", args.weight,
               "--limit", str(args.limit)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise InputError(f"the part for model {model} ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def child(args):
    paths = find(args)
    weight = artifacts.locate(args.weight)
    with tempfile.TemporaryDirectory() as folder:
        figures = {"day": lambda: label_day(paths, args.model, weight, Path(folder)),
                   "jobs": lambda: label_by_jobs(paths, args.model, weight, Path(folder)),
                   "joined": lambda: label_joined(paths, args.model, weight),
                   "graph": lambda: run_plain_graph(paths, args.model, weight, Path(folder))}[args.child]()
    print(json.dumps(figures))


def part_day(args, models):
    figures = {}
    for model in models:
        figures[model] = day = in_child("day", args, model)
        wall, cpu = day["total"]
        print(f"\nfiles to labels, model {model}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak memory {day['peak_mb']:.0f} MB")
        for step, (w, c) in sorted(day["steps"].items(), key=lambda item: -item[1][0]):
            print(f"  {step:<26}{w:8.2f} s wall {c:8.2f} s CPU {100 * w / wall:5.1f} %")
        if day["alone"]:
            w, c = day["alone"]
            print(f"  ONNX Runtime alone, {day['rows']:,} rows: {w:.2f} s wall, {c:.2f} s CPU; "
                  f"files to labels / alone: {wall / w:.2f} wall, {cpu / c:.2f} CPU")
            figures[model]["graph"] = graph = in_child("graph", args, model)
            (w, _), (ours, _) = graph["plain"], graph["ours"]
            print(f"  the graph that torch.onnx writes, alone: {w:.2f} s wall, ours in the same run {ours:.2f} s; "
                  f"files to labels / it: {wall / w:.2f} wall")
        figures[model]["by_jobs"] = many = in_child("jobs", args, model)
        print(f"  --jobs {many['jobs']}: {many['total']:.1f} s wall, peak memory of a worker {many['peak_mb']:.0f} MB")
        figures[model]["joined"] = joined = in_child("joined", args, model)
        wall, cpu = joined["total"]
        print(f"  as one recording of {joined['input_mb']:.0f} MB: {wall:.1f} s wall, {cpu:.1f} s CPU, "
              f"peak memory {joined['peak_mb']:.0f} MB, {joined['beats']:,} beats")
    return figures


# ------------------------------------------------------------------------------------------------- the peer

def part_peer(args, model):
    try:
        import neurokit2
    except ImportError:
        print("\nneurokit2 is not installed (benchmarks/requirements.txt): left out")
        return None
    session = inference.load_onnx_model(model, artifacts.locate(args.weight))
    paths = find(args)[:PEER_RECORDS]
    theirs, ours, lengths = np.zeros(2), np.zeros(2), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for path in tqdm(paths, desc="neurokit2", unit="record", disable=None):
            recording = records.read_recording(path)
            lengths += len(recording.signal) / recording.fs
            start = _clocks()
            _, info = neurokit2.ecg_process(recording.signal, sampling_rate=int(recording.fs))
            r = np.unique(np.asarray(info["ECG_R_Peaks"], dtype=np.int64))
            for row in inference.extract_beats(recording.signal, r, recording.fs)[0]:
                inference.predict_heartbeat(session, row)
            theirs += _clocks() - start
            start = _clocks()
            _, error, _ = inference.label_recording(str(path), folder, _options(model, artifacts.locate(args.weight)))
            ours += _clocks() - start
            if error:
                raise InputError(error)
    day = 86400 / lengths
    ratio = theirs / ours
    print(f"\nneurokit2 {neurokit2.__version__} ecg_process and model {model} row by row, {len(paths)} records: "
          f"{theirs[0]:.1f} s against {ours[0]:.2f} s wall ({ratio[0]:.0f} x), {theirs[1]:.1f} against {ours[1]:.2f} s CPU "
          f"({ratio[1]:.0f} x); extrapolated to 24 h: {theirs[0] * day:.0f} s against {ours[0] * day:.1f} s wall")
    return {"records": len(paths), "seconds_of_ecg": lengths, "theirs": theirs.tolist(), "ours": ours.tolist(),
            "ratio": ratio.tolist()}


# ------------------------------------------------------------------------------------------------- latency, parity

def part_latency(args, models):
    import torch
    torch.set_num_threads(1)
    rows = day_rows(args)[:LATENCY_ROWS]
    figures = {}
    print(f"\none beat, batch 1, one thread, median of {len(rows):,} in microseconds (95th percentile)")
    for model in models:
        net = inference.load_model(model, artifacts.locate(args.weight))
        session = inference.load_onnx_model(model, artifacts.locate(args.weight), threads=1)
        card = inference.card_of(net)
        x = beats.standardise(rows, card["input"]["mean"], card["input"]["scale"]).reshape(-1, 1, 1, beats.WIDTH)
        with torch.inference_mode():
            tasks = {"ONNX Runtime": (x, lambda row: session.run(["logits"], {"ecg_input": row})),
                     "PyTorch": (list(map(torch.from_numpy, x)), net),
                     "predict_heartbeat, ONNX": (rows, functools.partial(inference.predict_heartbeat, session)),
                     "predict_heartbeat, PyTorch": (rows, functools.partial(inference.predict_heartbeat, net))}
            spent = {name: np.empty(len(rows)) for name in tasks}
            for k in range(len(rows)):                                  # in turn, so that all meet the same machine
                for name, (items, function) in tasks.items():
                    start = time.perf_counter()
                    function(items[k])
                    spent[name][k] = time.perf_counter() - start
        figures[model] = {name: {"median_us": float(np.median(s) * 1e6), "p95_us": float(np.percentile(s, 95) * 1e6)}
                          for name, s in spent.items()}
        print(f"  {model:<14}" + "   ".join(f"{k} {f['median_us']:.0f} ({f['p95_us']:.0f})" for k, f in figures[model].items()))
    return figures


@functools.cache
def _rows(paths):
    found = []
    for path in paths:
        _, fs, *_ = recording = records.read_recording(path)
        found.append(beats.extract_beats(recording.signal, beats.detect_r_peaks(recording.signal, fs), fs)[0])
    return np.concatenate(found)


def day_rows(args):
    """The rows of all recordings, with detected R peaks: float32 (n, 187) in 0..1."""
    return _rows(tuple(find(args)))


def part_parity(args, models):
    sets = {"24 h": day_rows(args)}
    try:
        manifest = artifacts.load_manifest(artifacts.locate(args.data))
        x, _ = artifacts.load_split(artifacts.locate(args.data), "test")
        scaler = manifest["scaler"]
        mean, scale = (np.asarray(scaler[key], np.float32) for key in ("mean", "scale"))
        sets[f"test rows ({manifest['protocol']})"] = np.clip(np.asarray(x)[:, :, 0] * scale + mean, 0, 1)
    except InputError as error:
        print(f"\nwithout test rows: {error}")
    figures = {}
    print("\nPyTorch against ONNX Runtime: rows, unequal labels (of these ties within 1e-5), largest difference of a "
          "probability, of a logit")
    for model in models:
        net = inference.load_model(model, artifacts.locate(args.weight))
        session = inference.load_onnx_model(model, artifacts.locate(args.weight))
        card = inference.card_of(net)
        for name, rows in sets.items():
            x = beats.standardise(rows, card["input"]["mean"], card["input"]["scale"])
            logits = [inference.logits(engine, x) for engine in (net, session)]
            p = [inference.softmax(z) for z in logits]
            differ = p[0].argmax(1) != p[1].argmax(1)
            top = np.sort(p[0], axis=1)
            tie = top[:, -1] - top[:, -2] <= TIE
            figures[f"{model}, {name}"] = f = {
                "rows": len(x), "unequal": int(differ.sum()), "ties": int((differ & tie).sum()),
                "probability": float(np.abs(p[0] - p[1]).max()), "logit": float(np.abs(logits[0] - logits[1]).max())}
            print(f"  {model:<14} {name:<22} {f['rows']:>8,} {f['unequal']:>5} ({f['ties']})  {f['probability']:.1e}  "
                  f"{f['logit']:.1e}")
    return figures


# ------------------------------------------------------------------------------------------------- the stream

def replayed(path, final, weight):
    """(name, figures of monitor.agreement) of a record; final: `single` or the name of a context model."""
    recording = records.read_recording(path)
    context_of = None if final == "single" else monitor.context_model(final, weight)
    return recording.name, monitor.agreement(recording.signal, recording.fs, monitor.single_beat("auto", weight), context_of)[0]


def part_monitor(args):
    weight, figures = artifacts.locate(args.weight), {}
    paths = [path for path in find(args) if path.stem in STREAMED]
    for final in ("single", "context"):
        tasks = [joblib.delayed(replayed)(path, final, weight) for path in paths]
        results = joblib.Parallel(n_jobs=os.cpu_count(), return_as="generator")(tasks)
        figures[final] = list(tqdm(results, total=len(tasks), desc=f"streams, final labels {final}", unit="record", disable=None))
        print(f"\nmonitor.py, final labels by the {final} model")
        monitor.print_agreement(figures[final])
    hours = monitored_days(DAYS)
    figures["memory_kb"] = hours
    print(f"\nmemory of a monitor after 1 h {hours[0]:.0f} kB, most up to {DAYS} h {max(hours):.0f} kB, then {hours[-1]:.0f} kB")
    return figures


def monitored_days(hours, fs=100):
    """kB that a monitor with a context model holds after each hour of a beat a second. Detector and models are stand-ins that
    take no time; the signal and all that is remembered of it are the monitor's own."""
    def labels(rows):
        return np.zeros(len(rows), np.int64), np.ones(len(rows)), None

    signal = 0.01 * np.random.default_rng(0).standard_normal(3600 * fs)
    signal[fs // 2::fs] = 1.0
    held = []
    with mock.patch.object(beats, "detect_r_peaks", lambda x, fs, live: np.flatnonzero(x > 0.5)), \
            mock.patch.object(monitor, "HOP", 1.0), mock.patch.object(beats, "at_source_rate", lambda x, fs: np.repeat(x, 4)):
        bedside = monitor.Monitor(fs, labels, lambda x, fs, r: np.tile([1.0, 0, 0, 0, 0], (len(r), 1)))
        for _ in tqdm(range(hours), desc="memory", unit="h", disable=None):
            said = bedside.push(signal)
            if len(said) < 7000:
                raise RuntimeError(f"the monitor said {len(said)} things in an hour of 3,600 beats")
            held.append(len(pickle.dumps({k: v for k, v in vars(bedside).items() if not callable(v)})) / 1024)
    return held


# ------------------------------------------------------------------------------------------------- the stage

def find(args):
    folder = Path(args.records)
    found = sorted(folder.glob("*.hea"))
    if not found:
        raise InputError(f"{folder} holds no WFDB records: name with --records the folder of the MIT-BIH Arrhythmia Database")
    return found[:args.limit or None]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    default = Path(os.environ.get("ECG_DATA", HOME.parent / "shared" / "data")) / "mitdb"
    parser.add_argument("--records", default=str(default), metavar="DIR", help="folder of the 48 MIT-BIH records")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights, PyTorch and ONNX")
    parser.add_argument("--data", default="data", metavar="DIR", help="its processed_data/ holds the test rows")
    parser.add_argument("--models", nargs="+", metavar="NAME", help="models (default: self, and those behind `auto`)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--limit", type=int, default=0, help="records (0: all)")
    parser.add_argument("--out", metavar="FILE", default=str(HOME / "benchmarks" / "holter.json"), help="where the figures go")
    parser.add_argument("--child", choices=("day", "jobs", "joined", "graph"), help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.child:
        return child(args)

    paths = find(args)
    weight = artifacts.locate(args.weight)
    models = args.models or list(dict.fromkeys(["self", inference.choose_model("auto", 0, 0, weight),
                                                inference.choose_model("auto", 1800, 2000, weight)]))
    single = [name for name in models if not inference.is_context(inference.card_of(inference.load_onnx_model(name, weight)))]
    print(f"{len(paths)} records, {os.cpu_count()} cores, ONNX Runtime {inference.ort.__version__}, batch {inference.BATCH}, "
          f"models {', '.join(models)}")
    figures = artifacts.load_json(args.out, "this program") if Path(args.out).exists() else {}
    measure = {"day": lambda: part_day(args, models), "peer": lambda: part_peer(args, single[0]),
               "latency": lambda: part_latency(args, single), "parity": lambda: part_parity(args, single),
               "monitor": lambda: part_monitor(args)}
    for part in args.parts:
        figures[part] = measure[part]()
    figures["machine"] = {"cores": os.cpu_count(), "load_average": os.getloadavg()[0], "records": len(paths),
                          **artifacts.versions()}
    artifacts.save_json(args.out, figures)
    print(f"\nwrote {args.out}")


if __name__ == "__main__":
    artifacts.run(main)
