"""Recording -> labelled beats: R peaks, rows, model, labels with confidence. PyTorch or ONNX.

    python inference.py                                        # the demo: a synthetic recording whose labels are known
    python inference.py 100.hea                                # WFDB, EDF/EDF+, CSV, NPY; --fs, --unit, --lead where needed
    python inference.py 100.hea --csv beats.csv --json beats.json --annotation . --report 100.html
    python inference.py RECORDINGS/ --jobs 2 --out labels/     # an archive: one task a recording, resumed when run again

In a notebook:

    from inference import classify, load_model
    beats = classify(signal, fs)                               # a pandas DataFrame, one line a beat

A beat is cut, scaled and standardised by the code that made the training rows (ecg/beats.py) with the numbers in the model
card. With ONNX weights nothing here needs torch.
"""
import argparse
import contextlib
import functools
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pandas as pd
from tqdm import tqdm

from clean_ECG import preprocess_ecg_signal, remove_strong_hum, turn_upright, unlike_training  # noqa: F401  (people import it here)
from ecg import artifacts, beats, context, holter, records
from ecg.artifacts import InputError
from ecg.beats import CLASS_NAMES, detect_r_peaks, extract_beats  # noqa: F401

BATCH = 256
SILENT = 0.02                     # share of the say below which a second lead has none
LONG_ENOUGH = 60.0, 30            # seconds and beats from which `auto` trusts a model that compares beats with each other
SINGLE_BEAT = "residual", "self"  # `auto` below that: the first of these that is there
UNLABELLED = "?"                  # a beat that was found but could not be classified
COLUMNS = ["sample", "time_s", "label", "confidence", *(f"p_{name}" for name in CLASS_NAMES), "quality"]


# ------------------------------------------------------------------------------------------------- models

def load_model(model_path=None, weight="weight"):
    """A trained network (torch.nn.Module, eval mode) with its model card as `.card`.

    model_path: a .pth file or a name such as `self` (weight/model_self.pth, the default). Raises InputError when it is
    missing, damaged, or does not fit its card."""
    import models
    net, card = models.load(_weights_file(model_path or "self", weight, ".pth"))
    net.card = check_card(card, model_path)
    return net


def load_onnx_model(onnx_path=None, weight="weight", threads=0):
    """An onnxruntime.InferenceSession; the model card is in its metadata. threads: 0 lets ONNX Runtime choose."""
    path = _weights_file(onnx_path or "self", weight, ".onnx")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:    # onnxruntime has an exception type of its own for each kind of damage
        raise InputError(f"{path} is no ONNX file that can be run ({type(error).__name__}): export it again "
                         "with python export_onnx.py") from None
    check_card(card_of(session), path)
    return session


def card_of(model):
    """The model card (dict) of a loaded model, PyTorch or ONNX."""
    if isinstance(model, ort.InferenceSession) and not hasattr(model, "card"):       # opened by someone else
        card = model.get_modelmeta().custom_metadata_map.get("card")
        if card is None:
            raise InputError("the ONNX file holds no model card: export it with python export_onnx.py")
        model.card = json.loads(card)
    return model.card


def is_context(card):
    """Whether a model judges a beat against its own patient (ecg/context.py) rather than by its row alone."""
    return card["architecture"] == "ContextNet"


def check_card(card, path):
    """The card, when this code can feed the model; InputError when the model wants other rows than these."""
    contract = {} if is_context(card) else card["input"]
    ours = {"width": beats.WIDTH, "source_rate_hz": beats.SOURCE_FS, "step": beats.STEP}
    for key, value in ours.items():
        if contract.get(key, value) != value:
            raise InputError(f"{path}: the model wants rows with {key} {contract[key]}, this program cuts them with {value}")
    return card


def _weights_file(name, weight, suffix):
    """The file behind a path or a name: model_NAME.pth or ecg_model_NAME.onnx in the folder of the weights."""
    if Path(name).suffix in (".pth", ".onnx"):
        return artifacts.require(name, "python train.py && python export_onnx.py")
    folder = artifacts.locate(weight)
    path = artifacts.weights_path(folder, name)
    path = artifacts.onnx_path(path) if suffix == ".onnx" else path
    if not path.exists():
        there = sorted(p.stem.removeprefix("ecg_").removeprefix("model_") for p in folder.glob(f"*model_*{suffix}"))
        raise InputError(f"{path} is missing: there is no model {name!r}; in {folder} there are: {', '.join(there) or 'none'}")
    return path


def logits(model, x):
    """Logits float32 (n, 5) of standardised rows (n, 187) or (n, 187, 1), PyTorch or ONNX, in batches."""
    x = np.asarray(x, np.float32).reshape(-1, 1, beats.WIDTH)
    if len(x) == 0:
        return np.zeros((0, len(CLASS_NAMES)), np.float32)
    parts = (x[i:i + BATCH] for i in range(0, len(x), BATCH))
    if isinstance(model, ort.InferenceSession):
        return np.concatenate([model.run(["logits"], {"ecg_input": part})[0] for part in parts])
    import torch
    with torch.inference_mode():
        return np.concatenate([model(torch.tensor(part)).numpy() for part in parts])


def softmax(x):
    """Probabilities float64, along the last axis."""
    e = np.exp(np.asarray(x, np.float64) - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=-1, keepdims=True)


def predict_heartbeat(model, beats_in):
    """Classify min-max rows, as `extract_beats` cuts them.

    beats_in: (187,) or (n, 187) in 0..1. Returns (ids int64 (n,), confidence (n,), probabilities (n, 5)). Rows are
    standardised with the model card's mean and scale; its temperature makes the confidence mean what it says."""
    rows = np.atleast_2d(np.asarray(beats_in, np.float32))
    if rows.ndim == 3 and 1 in rows.shape[1:]:
        rows = rows.reshape(len(rows), -1)
    if rows.ndim != 2 or rows.shape[1] != beats.WIDTH:
        raise ValueError(f"beats have shape {np.shape(beats_in)}: give (187,) or (n, 187)")
    if rows.size and not (rows.min() >= 0 and rows.max() <= 1):                          # NaN fails too
        raise ValueError("beats must be min-max rows in 0..1, as extract_beats gives them: not standardised, not in mV, without NaN")
    card = card_of(model)
    if is_context(card):
        raise ValueError("the context model takes whole recordings, not single rows: use classify(signal, fs)")
    scaling = None if card["input"].get("scaler_inside") else (card["input"]["mean"], card["input"]["scale"])
    parts = [rows[i:i + 4 * BATCH] for i in range(0, len(rows), 4 * BATCH)]           # what the processor's cache holds
    z = [logits(model, beats.standardise(part, *scaling) if scaling else part) for part in parts] or [logits(model, rows)]
    probabilities = softmax(np.concatenate(z) / card.get("temperature", 1.0))
    ids = probabilities.argmax(axis=1)
    return ids, probabilities[np.arange(len(ids)), ids], probabilities


def predict_heartbeat_onnx(session, beats_in):
    """`predict_heartbeat` for an ONNX session."""
    return predict_heartbeat(session, beats_in)


# ------------------------------------------------------------------------------------------------- recordings

def choose_model(model, seconds, n_beats, weight="weight"):
    """The name behind `auto` for a recording of this length: `context` where there is enough to compare a beat with, else
    the best single-beat model. Any other name is given back."""
    if model != "auto":
        return model
    folder = artifacts.locate(weight)

    def there(name):
        path = artifacts.weights_path(folder, name)
        return path.exists() or artifacts.onnx_path(path).exists()

    if seconds >= LONG_ENOUGH[0] and n_beats >= LONG_ENOUGH[1] and there("context"):
        return "context"
    return next(filter(there, SINGLE_BEAT), "self")


def load(name, weight="weight", engine="auto", threads=0):
    """A model by name or path for the engine: `onnx`, `torch`, or `auto` (ONNX where there is an ONNX file)."""
    if str(name).endswith(".pth"):
        engine = "torch"
    elif str(name).endswith(".onnx"):
        engine = "onnx"
    elif engine == "auto":
        engine = "onnx" if artifacts.onnx_path(artifacts.weights_path(artifacts.locate(weight), name)).exists() else "torch"
    return load_onnx_model(name, weight, threads) if engine == "onnx" else load_model(name, weight)


def find(signal, fs, second=None):
    """Where the beats of a recording are: ((R peaks int64 (m,), unreadable stretches, which peaks are the second lead's bool (m,)) in the lead
    itself, the same in either lead), as ecg.beats.find_beats and in_either_lead tell. second: (n,) another lead, or None."""
    peaks, unreadable = beats.find_beats(signal, fs)
    own = peaks, unreadable, np.zeros(len(peaks), bool)
    return own, own if second is None else beats.in_either_lead((peaks, unreadable), second, fs)


def classify(signal, fs, model="auto", r_peaks=None, weight="weight", engine="auto", mains="auto", found=None, second=None):
    """Find and classify the beats of a recording.

    signal: (n,) one lead in any unit, NaN where samples are missing; fs in Hz, 50 to 2000. model: a name (`auto`, `context`, `self`,
    ...), a path, or what load_model or load_onnx_model gave. r_peaks: (m,) sample numbers, when they are known already.
    mains: `auto` takes strong mains hum out, and nothing else, because the models were trained on raw signals; `none` leaves it.
    found: what `find` gave for these leads, when it has been asked already. second: (n,) a second lead of the same
    recording, which the context model asks too; the R peaks are those of `signal`, and of the second where `signal` cannot be read.
    Returns a DataFrame, one line a beat: sample, time_s, label (N S V F Q, `?` where a beat could not be classified),
    confidence, p_N ... p_Q, quality (`ok` or the reason). Its attrs hold model (name), unreadable (start, stop, reason in
    samples) and n_samples, fs, leads (how many were asked), single_beat (whether the model sees a beat alone). Raises ValueError
    for arrays of the wrong shape and InputError for a model that cannot be had.
    """
    signal = np.asarray(signal)
    signal = signal if signal.dtype == np.float32 else signal.astype(np.float64, copy=False)     # twice the memory of a day
    if second is not None and np.shape(second) != signal.shape:
        raise ValueError(f"second has shape {np.shape(second)}: it must be that of the signal, {signal.shape}")
    own, either = find(signal, fs, second if r_peaks is None else None) if found is None else found
    if r_peaks is not None:
        own = either = np.asarray(r_peaks, np.int64), own[1], np.zeros(len(r_peaks), bool)
    signal, hum = remove_strong_hum(signal, fs) if mains == "auto" else (signal, None)
    notes = [hum] if hum else []
    if isinstance(model, (str, Path)):
        model = load(choose_model(str(model), len(signal) / fs, len(either[0]), weight), weight, engine)
    card = card_of(model)
    found, unreadable, by_second = either if is_context(card) else own
    quality = np.full(len(found), "ok", dtype=object)
    if is_context(card):
        second = remove_strong_hum(second, fs)[0] if second is not None and mains == "auto" else second
        probabilities, say = context.classify_beats(model, signal, fs, found, second=second, by_second=by_second)
        if second is not None:
            notes += notes_on_second(say, by_second)
            quality[by_second] = "seen in the second lead only"
        quality[probabilities[:, CLASS_NAMES.index("Q")] == 1] = "paced or beside missing samples"
    else:
        probabilities = np.full((len(found), len(CLASS_NAMES)), np.nan)
        rows, positions = extract_beats(signal, found, fs)
        at = np.searchsorted(found, positions)
        if len(rows):
            probabilities[at] = predict_heartbeat(model, rows)[2]
        cut = np.zeros(len(found), bool)
        cut[at] = True
        quality[~cut] = "beside missing samples"
        if len(found) and not cut[-1]:
            quality[-1] = "last beat: no beat after it"
    known = np.isfinite(probabilities[:, 0])
    label, confidence = np.full(len(found), UNLABELLED, dtype=object), np.full(len(found), np.nan)
    label[known] = np.array(CLASS_NAMES, dtype=object)[probabilities[known].argmax(axis=1)]
    confidence[known] = probabilities[known].max(axis=1)
    table = pd.DataFrame({"sample": found, "time_s": found / fs, "label": label, "confidence": confidence,
                          **{f"p_{name}": probabilities[:, i] for i, name in enumerate(CLASS_NAMES)}, "quality": quality})
    table.attrs = {"model": card["name"], "fs": float(fs), "n_samples": len(signal), "unreadable": unreadable,
                   "single_beat": not is_context(card), "leads": 2 if is_context(card) and second is not None else 1,
                   "notes": notes,
                   "trained_on": "synthetic data" if card["manifest"].get("synthetic") else "real recordings"}
    return table


def notes_on_second(say, by_second):
    """What a user should know of the second lead: at how many beats it had no `say` (m,), and how many are its own (`by_second` (m,),
    bool)."""
    notes = []
    if len(say) and (silent := np.mean(say < SILENT)) > 0.01:
        notes.append(f"the second lead has no say at {silent:.0%} of the beats: it is noise there, or came off")
    if by_second.any():
        notes.append(f"{by_second.sum():,} of the beats are seen in the second lead only: the first cannot be read there")
    return notes


def upright(recording, invert="auto"):
    """(recording, found): its lead turned where it lies upside down (invert: auto, yes, no), with a note on what was done or is
    doubtful; and what `find` finds in it."""
    found = find(recording.signal, recording.fs, recording.second)
    signal, turned = turn_upright(recording.signal, recording.fs, invert, recording.lead, found[0][0])
    return recording._replace(signal=signal, notes=(*recording.notes, *([turned] if turned else []))), found


def noted(recording, table, second):
    """The recording with a note where its lead is unlike those that the model of the table was trained on, and one where --second
    (`second`) could name a lead that `auto` did not dare to take."""
    a = table.attrs
    strange = unlike_training(recording.lead, recording.signal, recording.fs, table["sample"].to_numpy(), a["single_beat"])
    notes = [strange] if strange else []
    if second == "auto" and not a["single_beat"] and a["leads"] == 1 and len(recording.leads) > 1:
        notes.append("no other signal is called an ECG lead; if one is, name it with --second for better labels")
    return recording._replace(notes=(*recording.notes, *notes))


def agreement(table, other):
    """(share of equal labels, largest |probability difference|) of two tables of the same recording."""
    columns = [f"p_{name}" for name in CLASS_NAMES]
    difference = np.abs(table[columns].to_numpy() - other[columns].to_numpy())
    return float((table.label == other.label).mean()) if len(table) else 1.0, float(np.nanmax(difference, initial=0.0))


def against_reference(table, samples, symbols):
    """Per-class figures of a labelled recording against a person's annotation, over the whole recording (no learning period):
    {"QRS": {"Se", "+P"}, "N": ..., ...} in percent, None where undefined; a beat that was missed or not classified is missed."""
    from ecg import ec57
    counts = ec57.compare(samples, symbols, table["sample"], table.label.replace(UNLABELLED, "Q"), table.attrs["fs"],
                          learning=0, class_map="aami").counts
    result = {"QRS": ec57.figures(counts)["QRS"]}
    for i, name in enumerate(CLASS_NAMES):
        hit, true, found = counts[i, i], counts[i].sum(), counts[:, i].sum()
        result[name] = {"beats": int(true), "Se": 100 * hit / true if true else None, "+P": 100 * hit / found if found else None}
    return result


# ------------------------------------------------------------------------------------------------- what is written

def as_csv(table):
    """The beats as CSV text, numbers with six decimals; what is not known is empty."""
    table = table[COLUMNS]
    table.attrs = {}                                     # pandas copies these for every column that is asked for
    line = "%d,%.6f,%s" + ",%.6f" * (len(COLUMNS) - 4) + ",%s\n"
    lines = [line % row for row in zip(*(table[name].tolist() for name in COLUMNS))]
    return ",".join(COLUMNS) + "\n" + "".join(lines).replace(",nan", ",")


def as_dict(recording, table, summary, with_beats=True):
    """What `--json` holds; undefined numbers are None."""
    a = table.attrs
    seconds = [{"start_s": start / a["fs"], "stop_s": stop / a["fs"], "reason": reason} for start, stop, reason in a["unreadable"]]
    result = {"recording": recording.name, "lead": recording.lead, "second_lead": recording.second_lead if a["leads"] == 2 else None,
              "fs": a["fs"], "n_samples": a["n_samples"], "model": a["model"],
              "trained_on": a["trained_on"], "notes": [*recording.notes, *a["notes"]], "unreadable": seconds, "summary": summary}
    if with_beats:
        result["beats"] = table[COLUMNS].astype(object).where(table[COLUMNS].notna(), None).to_dict("records")
    return result


def summarise(table):
    """ecg.holter.summary of a labelled recording."""
    a = table.attrs
    return holter.summary(table["sample"], table.label, a["fs"], a["n_samples"], [stretch[:2] for stretch in a["unreadable"]])


def write_annotation(folder, name, table):
    """NAME.cnn, which PhysioNet's tools open; a beat that could not be classified is a Q there."""
    records.write_annotation(folder, name, table["sample"].to_numpy(), table.label.replace(UNLABELLED, "Q").tolist(),
                             table.attrs["fs"], "cnn")


def as_text(recording, table, summary, lines=20):
    """The table of the terminal: what was read, counts and burden, rhythm, and the first beats (0 lines: all of them)."""
    a = table.attrs
    leads = f"leads {recording.lead} and {recording.second_lead}" if a["leads"] == 2 else f"lead {recording.lead}"
    out = [f"{recording.name}: {leads}, {a['fs']:g} Hz, {_clock(a['n_samples'] / a['fs'])}, {len(table):,} beats; "
           f"model {a['model']} (trained on {a['trained_on']})"]
    out += [f"  note: {note}" for note in (*recording.notes, *a["notes"])]
    lost = sum(stop - start for start, stop, _ in a["unreadable"])
    if lost:
        reasons = sorted({reason for *_, reason in a["unreadable"]})
        out.append(f"  not readable: {lost / a['fs']:.1f} s ({', '.join(reasons)}), not labelled")
    counts, burden = summary["beats"], summary["burden_percent"]
    out.append("")
    out.append("  class  beats  burden")
    out += [f"  {c:<5}{counts[c]:>7,}  {'-' if burden[c] is None else f'{burden[c]:5.1f}%':>6}  {beats.CLASS_MEANINGS[c]}"
            for c in CLASS_NAMES]
    if counts["total"] > counts["labelled"]:
        out.append(f"  {UNLABELLED:<5}{counts['total'] - counts['labelled']:>7,}         found, not classified (see quality)")
    rate = summary["heart_rate"]
    if rate["mean_bpm"] is not None:
        extremes = "" if rate["min_bpm"] is None else (f" (lowest {rate['min_bpm']:.0f} at {_clock(rate['min_time_s'])}, "
                                                       f"highest {rate['max_bpm']:.0f} at {_clock(rate['max_time_s'])})")
        out.append(f"\n  heart rate {rate['mean_bpm']:.0f}/min{extremes}")
    for key, words in (("pauses", "pauses of 2 s or more"), ("v_runs", "runs of 3 or more V"), ("s_runs", "runs of 3 or more S"),
                       ("v_couplets", "V couplets"), ("v_bigeminy", "V bigeminy"), ("tachycardia", "tachycardia (> 100/min)"),
                       ("bradycardia", "bradycardia (< 50/min)")):
        group = summary[key]
        if group["count"]:
            longest = group["longest"]
            out.append(f"  {words}: {group['count']}, the longest {longest['duration_s']:.1f} s at {_clock(longest['time_s'])}")
    shown = table if lines == 0 else table.head(lines)
    if len(shown):
        out.append("\n     time  label  conf.    " + "  ".join(f"p_{c}  " for c in CLASS_NAMES) + " quality")
        for row in shown.itertuples():
            numbers = [row.confidence, row.p_N, row.p_S, row.p_V, row.p_F, row.p_Q]
            out.append(f"  {row.time_s:7.2f}  {row.label:<5}" + " ".join("    - " if np.isnan(p) else f"{p:6.3f}" for p in numbers)
                       + f"  {row.quality}")
        if len(shown) < len(table):
            out.append(f"  ... {len(table) - len(shown):,} more beats (--lines 0 shows all, --csv FILE keeps them)")
    return "\n".join(out)


def _clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


# ------------------------------------------------------------------------------------------------- archives

def label_recording(path, folder, options):
    """One task of an archive: write NAME.csv, NAME.cnn and NAME.json (summary) into `folder`.

    Returns (path, error or None, done before). The .json comes last and holds what went in (SHA-256 of recording and
    models, options): a recording whose .json says the same is skipped. Paths in and small files out, so that the task runs
    in any process on any machine that sees the folders."""
    path, folder = Path(path), Path(folder)
    name = records.recording_name(path)
    try:
        identity = {**options, "input_sha256": _input_sha(path), "model_sha256": _models_sha(options["model"], options["weight"])}
        finished = folder / f"{name}.json"
        if finished.exists() and all((folder / f"{name}.{suffix}").exists() for suffix in ("csv", "cnn")):
            with contextlib.suppress(InputError):
                if artifacts.load_json(finished, "inference.py").get("made_from") == artifacts.plain(identity):
                    return str(path), None, True
        recording = records.read_recording(path, options["lead"], options["fs"], options["unit"],
                                           _second_to_read(options["second"], options["model"]))
        recording, found = upright(recording, options["invert"])
        model = choose_model(options["model"], len(recording.signal) / recording.fs, len(found[1][0]), options["weight"])
        model = _loaded(model, options["weight"], options["engine"], tuple(identity["model_sha256"].values()))
        table = classify(recording.signal, recording.fs, model, mains=options["mains"], found=found, second=recording.second)
        _needs_context(options["second"], table, path)
        recording = noted(recording, table, options["second"])
        artifacts.save_text(folder / f"{name}.csv", as_csv(table))
        write_annotation(folder, name, table)
        artifacts.save_json(finished, {**as_dict(recording, table, summarise(table), with_beats=False), "made_from": identity})
        return str(path), None, False
    except ValueError as error:                       # InputError is one: collected, told at the end
        return str(path), " ".join(str(error).split()), False


@functools.lru_cache(maxsize=2)
def _loaded(name, weight, engine, sha):
    """A model for the tasks of this process, one thread each: how many run at a time is for --jobs to say. sha: of its files,
    so that new weights are loaded anew."""
    return load(name, weight, engine, threads=1)


def _input_sha(path):
    base = records.wfdb_base(path)
    files = [path] if path.is_file() and path.suffix not in (".hea", ".dat") else \
        sorted(p for p in base.parent.glob(base.name + ".*") if p.suffix in (".hea", ".dat", ".mat"))
    return {file.name: artifacts.sha256(file) for file in files}


def _models_sha(model, weight):
    folder = artifacts.locate(weight)
    if Path(model).suffix:
        files = [Path(model)]
    else:
        names = ("context", *SINGLE_BEAT) if model == "auto" else (model,)
        files = [p for name in names for p in (artifacts.weights_path(folder, name),) for p in (p, artifacts.onnx_path(p))]
    return {file.name: _sha_once(file, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()}


@functools.lru_cache
def _sha_once(file, modified, size):
    return artifacts.sha256(file)


def label_archive(paths, root, out, options, jobs=1, backend="loky", scheduler=None):
    """Label many recordings, in parallel. Returns the list of (path, error or None, done before), in the order of `paths`.

    backend `dask` hands the same tasks to the cluster whose scheduler listens at `scheduler`, through joblib's own backend."""
    import joblib
    import inference                                     # not __main__: a worker imports it once and keeps its model from task to task
    tasks = [joblib.delayed(inference.label_recording)(str(path), str(Path(out) / _place(path, root)), options) for path in paths]
    with contextlib.ExitStack() as stack:
        if backend == "dask":
            try:
                from dask.distributed import Client
            except ImportError:
                raise InputError("--backend dask needs the package dask: pip install 'dask[distributed]'") from None
            try:
                stack.enter_context(Client(scheduler, timeout=20))
            except (OSError, ValueError) as error:
                raise InputError(f"--scheduler {scheduler}: no Dask scheduler answers there ({type(error).__name__})") from None
        stack.enter_context(joblib.parallel_config(backend=backend, **({} if backend == "dask" else {"n_jobs": jobs})))
        results = joblib.Parallel(return_as="generator" if backend != "dask" else "list")(tasks)
        return list(tqdm(results, total=len(tasks), desc="labelling", unit="recording", disable=None))


def _place(path, root):
    """Where below --out the results of a recording go: the folder it has below the archive's."""
    return path.parent.relative_to(root) if root is not None else Path()


# ------------------------------------------------------------------------------------------------- the stage

def demo(args):
    """A synthetic recording whose labels are known, by PyTorch (where torch is installed) and by ONNX."""
    from Noisy_ECG_Signal import synthetic_recording
    made = synthetic_recording(60, seed=args.seed)
    recording = records.Recording(made.signal, made.fs, "II", "synthetic_demo", notes=("synthetic demo, no patient's ECG",))
    name = "self" if args.model == "auto" else args.model
    table = _labelled(recording, args, name)
    _output(args, recording, table, made.r_peaks, made.symbols, "the truth it was made from")


def _labelled(recording, args, model, found=None):
    """The table of one recording; with --engine both, or in the demo, the other engine's agreement is printed."""
    engine = "auto" if args.engine == "both" else args.engine
    table = classify(recording.signal, recording.fs, model, weight=args.weight, engine=engine, mains=args.mains,
                     found=found, second=recording.second)
    if args.engine == "both":
        names = {"onnx": "ONNX Runtime", "torch": "PyTorch"}
        tables = {e: classify(recording.signal, recording.fs, table.attrs["model"], weight=args.weight, engine=e,
                              mains=args.mains, found=found, second=recording.second) for e in names}
        same, difference = agreement(*tables.values())
        print(f"{recording.name}: {' and '.join(names.values())} agree on {100 * same:.2f} % of {len(table):,} labels; "
              f"largest difference of a probability {difference:.1e}")
    return table


def _output(args, recording, table, samples=None, symbols=None, reference=None):
    """Write what was asked for, then print: who reads only the first lines (`| head`) has the files all the same."""
    summary = summarise(table)
    if args.csv:
        artifacts.save_text(args.csv, as_csv(table))
    if args.json:
        artifacts.save_json(args.json, as_dict(recording, table, summary))
    if args.annotation:
        write_annotation(args.annotation, recording.name, table)
    if args.report:
        from report import write_report
        write_report(args.report, recording, table, summary, warnings=table.attrs["notes"], lang=args.lang)
    print(as_text(recording, table, summary, args.lines))
    if samples is not None:
        print(f"\n  against {reference}, whole recording, annotated / Se / +P in percent:")
        for name, f in against_reference(table, samples, symbols).items():
            numbers = "  ".join("    -" if f[k] is None else f"{f[k]:6.2f}" for k in ("Se", "+P"))
            print(f"  {name:<4}{f.get('beats', int(np.sum(beats.classes_of(symbols) >= 0))):>7,}  {numbers}")
    for path in (args.csv, args.json, args.annotation and Path(args.annotation) / f"{recording.name}.cnn", args.report):
        if path:
            print(f"wrote {path}")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="recordings, or folders of them (these need --out)")
    records.add_options(parser)
    records.add_second(parser)
    parser.add_argument("--model", default="auto", help="auto: the context model from 60 s and 30 beats on, the best single-beat "
                        "model below that; or a name (self, deep, residual, context ...) or a .pth or .onnx file")
    parser.add_argument("--engine", choices=("auto", "onnx", "torch", "both"), default="auto",
                        help="what computes the model; auto: ONNX Runtime where there is an ONNX file; both: and how they agree")
    parser.add_argument("--invert", choices=("auto", "yes", "no"), default="auto", help="turn a lead that lies upside down")
    parser.add_argument("--mains", choices=("auto", "none"), default="auto", help="auto: take strong mains hum out; nothing else is filtered")
    parser.add_argument("--reference", metavar="EXT", default="atr", help="annotator to compare with, where a WFDB record has it")
    parser.add_argument("--lines", type=int, default=20, help="beats shown in the terminal (0: all)")
    parser.add_argument("--csv", metavar="FILE", help="write the beats as CSV")
    parser.add_argument("--json", metavar="FILE", help="write beats and summary as JSON")
    parser.add_argument("--annotation", metavar="DIR", help="write a WFDB annotation (annotator cnn) into DIR")
    parser.add_argument("--report", metavar="FILE", help="write the report, one HTML page")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report")
    parser.add_argument("--out", metavar="DIR", help="write NAME.csv, NAME.cnn and NAME.json of every recording into DIR")
    parser.add_argument("--jobs", type=int, default=1, help="recordings labelled at a time, with --out")
    parser.add_argument("--backend", choices=("loky", "dask"), default="loky", help="what runs the jobs, with --out")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster, such as tcp://host:8786")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    parser.add_argument("--seed", type=int, default=0, help="of the demo's synthetic recording")
    args = parser.parse_args(argv)

    single = {"--csv": args.csv, "--json": args.json, "--report": args.report}
    if not args.files:
        return demo(args)
    if any(Path(file).is_dir() for file in args.files) and not args.out:
        raise InputError(f"{next(f for f in args.files if Path(f).is_dir())} is a folder: say with --out DIR where its labels go")
    if args.backend == "dask" and not args.scheduler:
        raise InputError("--backend dask needs --scheduler ADDRESS, such as tcp://127.0.0.1:8786")
    if args.out:
        given = [option for option, value in single.items() if value]
        if given:
            raise InputError(f"{given[0]} is for one recording: with --out every recording gets its own files")
        return archive(args)
    if len(args.files) > 1 and any(single.values()):
        raise InputError(f"{next(o for o, v in single.items() if v)} names one file, but there are {len(args.files)} recordings: "
                         "use --out DIR")
    for file in args.files:
        recording = records.read_recording(file, args.lead, args.fs, args.unit, _second_to_read(args.second, args.model))
        recording, found = upright(recording, args.invert)
        table = _labelled(recording, args, args.model, found)
        _needs_context(args.second, table, file)
        recording = noted(recording, table, args.second)
        if len(table) < 2:
            raise InputError(f"{file}: {len(table)} beat found in {len(recording.signal) / recording.fs:.1f} s of lead {recording.lead}; "
                             "two are needed to cut one" + _why(table))
        base = records.wfdb_base(file)
        compared = base.with_name(f"{base.name}.{args.reference}").exists()
        samples, symbols, _ = records.read_annotation(base, args.reference) if compared else (None, None, None)
        _output(args, recording, table, samples, symbols, f"{base.name}.{args.reference}")


def _second_to_read(second, model):
    """--second, but none where the model is known to have no use for it."""
    return "none" if second == "auto" and model in SINGLE_BEAT else second


def _needs_context(second, table, file):
    """Raises InputError for a second lead that was named and then not asked."""
    if second not in ("auto", "none") and table.attrs["leads"] == 1:
        raise InputError(f"--second {second}: the context model alone asks a second lead, and {file} is labelled by "
                         f"{table.attrs['model']}")


def _why(table):
    reasons = sorted({reason for *_, reason in table.attrs["unreadable"]})
    return f" (not readable: {', '.join(reasons)})" if reasons else ""


def archive(args):
    """Label every recording below the given folders; what failed is told at the end. Returns the exit status."""
    roots = [(Path(file), path) for file in args.files for path in records.find_recordings(file)]
    options = {"model": args.model, "engine": args.engine, "lead": args.lead, "fs": args.fs, "unit": args.unit,
               "invert": args.invert, "mains": args.mains, "second": args.second,
               "weight": str(artifacts.locate(args.weight).resolve())}
    results, by_root = [], {}
    for root, path in roots:
        by_root.setdefault(root if root.is_dir() else None, []).append(path)
    for root, paths in by_root.items():
        results += label_archive(paths, root, args.out, options, args.jobs, args.backend, args.scheduler)
    failed = [(path, error) for path, error, _ in results if error]
    before = sum(done for *_, done in results)
    print(f"labelled {len(results) - len(failed) - before} recordings into {args.out}, {before} were done before, {len(failed)} failed")
    for path, error in failed:
        print(f"{path}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    artifacts.run(main)
