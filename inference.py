"""Recording -> labelled beats: R peaks, rows, model, labels with confidence. PyTorch or ONNX.

    python inference.py                  # the demo: four minutes of a real patient, from data/demo
    python inference.py 100.hea          # WFDB, EDF, CSV, NPY; --fs, --unit, --lead where needed
    python inference.py 100.hea --csv beats.csv --json beats.json --annotation . --report 100.html
    python inference.py RECORDINGS/ --jobs 2 --out labels/    # an archive: one task a recording,
                                                              # resumed when run again

In a notebook:

    from inference import classify, load_model
    beats = classify(signal, fs)         # a pandas DataFrame, one line a beat

A beat is cut, scaled and standardised by the code that made the training rows (ecg/beats.py) with
the numbers in the model card. With ONNX weights nothing here needs torch. The steps from a
recording to its labels are in ecg/labelling.py."""

import ecg.start  # noqa: F401

# isort: split
import argparse

from ecg import cli, ranges

ENGINES = {"onnx": "ONNX Runtime", "torch": "PyTorch"}
ENGINE_NAMES = "auto", *ENGINES, "both"


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="recordings, or folders of them (need --out)"
    )
    cli.add_recording_options(parser, "--second", "--invert", "--mains")
    group = parser.add_argument_group("the model")
    cli.add(
        group, "--model", default="auto", help="auto: context from two beats on; or a name or file"
    )
    group.add_argument("--engine", choices=ENGINE_NAMES, default="auto", help="what runs it")
    cli.add(group, "--weight")
    _add_output_options(parser.add_argument_group("results"))
    group = parser.add_argument_group("an archive")
    cli.add(group, "--out", help="NAME.csv, NAME.cnn, NAME.json of every recording")
    cli.add(group, "--jobs", help="recordings labelled at a time")
    group.add_argument("--backend", choices=("loky", "dask"), default="loky", help="runs the jobs")
    group.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, such as tcp://host:8786")
    return parser


def _add_output_options(group):
    option = group.add_argument
    text, lines = "beats shown in the terminal; 0: all", ranges.COUNT_OR_ALL
    option("--lines", metavar="N", type=lines, default=20, help=text)
    cli.add(group, "--csv")
    cli.add(group, "--json", help="write beats and summary as JSON")
    cli.add(group, "--annotation", "--report", "--pdf")
    cli.add(group, "--lang", help="of the report")
    cli.add(group, "--anonymous")
    cli.add(group, "--reference", help="annotator to compare with, where a WFDB record has it")


if __name__ == "__main__":
    cli.parse_early(options)  # --help and a mistyped option wait for no library

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
import pandas as pd
from numpy.typing import ArrayLike

from ecg import artifacts, foreign, formats, locks, quality, weights
from ecg.archive import label_archive, plan, print_results, recordings_in, refuse_one_name
from ecg.artifacts import InputError
from ecg.beat_table import label_beats
from ecg.beats import CLASSES
from ecg.facts import without_person
from ecg.formats import annotation, wfdb
from ecg.formats.recording import Recording
from ecg.labelling import Labelled, label_recording, lead_to_read, refuse_single_beat
from ecg.output import as_csv, as_dict, as_text, write_labels
from ecg.prediction import check_card, open_onnx
from ecg.rpeaks import FoundBeats, given_beats
from ecg.running import say_once
from ecg.signal_models import NONE, open_signal_models

# isort: split
# what notebooks import from here besides
from ecg.beats import UNLABELLED  # noqa: F401
from ecg.filters import remove_strong_hum  # noqa: F401
from ecg.labelling import summarise  # noqa: F401
from ecg.orientation import turn_upright, unlike_training  # noqa: F401
from ecg.output import COLUMNS  # noqa: F401
from ecg.output import write_labels as write_annotation  # noqa: F401
from ecg.prediction import card_of, logits, predict_heartbeat, predict_heartbeat_onnx, softmax  # noqa: F401
from ecg.tutorial import CLASS_NAMES, detect_r_peaks, extract_beats, preprocess_ecg_signal  # noqa: F401
from ecg.weights import choose_model  # noqa: F401

if TYPE_CHECKING:
    from torch import nn


# ----------------------------------------------------------------------------------------- models


def load_model(
    model_path: str | Path | None = None, *, weight: str | Path = "weight", scaler: Any = None
) -> "nn.Module":
    """A trained network in eval mode, with its model card as `.card`.

    model_path: a .pth file or a name such as `self` (model_self.pth, the default), looked for in
    weight/ and then in weight/shipped/. scaler: of weights without a card, as the tutorial's code
    writes them: the StandardScaler they were trained with, or {mean, scale}; without it that of
    Kaggle's training rows is taken, and said. Raises InputError when the file is missing, damaged,
    or does not fit its card."""
    import models

    path = weights.find_weights(model_path or "self", weight, ".pth")
    if scaler is None and weights.card_path(path).exists():
        net, card = models.load(path)
    else:
        net, card = models.load_without_card(path, scaler)
    net.card, net.file = check_card(card, path), path  # type: ignore[assignment]  # no Tensor
    return net


def load_onnx_model(
    onnx_model_path: str | Path | None = None,
    *,
    weight: str | Path = "weight",
    threads: int = 0,
    scaler: Any = None,
) -> ort.InferenceSession:
    """An ONNX session with the model card of its metadata as `.card`.

    onnx_model_path: a .onnx file or a name, as for `load_model`; so are weight, scaler and errors.
    threads: 0 lets ONNX Runtime choose."""
    path = weights.find_weights(onnx_model_path or "self", weight, ".onnx")
    return open_onnx(path, threads, partial(foreign.tutorials_card, path, scaler))


def load(
    name: str | Path, weight: str | Path = "weight", engine: str = "auto", threads: int = 0
) -> "nn.Module | ort.InferenceSession":
    """A model by name or path for the engine: `onnx`, `torch`, or `auto` (ONNX where there is an
    ONNX file beside the weights that was made from them, or nothing else)."""
    if str(name).endswith(".pth"):
        engine = "torch"
    elif str(name).endswith(".onnx"):
        engine = "onnx"
    elif engine == "auto":
        path = weights.in_folders(weights.weights_path(weight, name))
        engine = "onnx" if weights.onnx_path(path).exists() else "torch"
        try:
            return load(name, weight, engine, threads)
        except weights.StaleFile as stale:
            if find_spec("torch") is None:
                raise
            say_once(f"{stale}; {path} is used until then")
            engine = "torch"
    if engine == "onnx":
        return load_onnx_model(name, weight=weight, threads=threads)
    return load_model(name, weight=weight)


def choose_and_load(
    name: str | Path, weight: str | Path, engine: str, n_beats: int
) -> "nn.Module | ort.InferenceSession":
    """The model for a recording of so many beats: `auto` is the best choice as measured."""
    return load(weights.choose_model(str(name), n_beats, weight), weight, engine)


# ------------------------------------------------------------------------------------- notebooks


def __getattr__(name: str) -> Any:
    """The tutorial's two figures, for which matplotlib is imported when they are asked for."""
    if name in ("plot_ecg_comparison", "plot_prediction_confidence"):
        return getattr(importlib.import_module("ecg.figures.tutorial"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def classify(
    signal: ArrayLike,
    fs: float,
    model: Any = "auto",
    r_peaks: ArrayLike | None = None,
    weight: str | Path = "weight",
    engine: str = "auto",
    mains: str = "auto",
    found: FoundBeats | None = None,
    second: np.ndarray | None = None,
    noise: Any = "auto",
    rhythm: str = "auto",
) -> pd.DataFrame:
    """Find and classify the beats of a recording.

    signal: (n,) one lead in any unit, NaN where samples are missing; fs in Hz, 50 to 2000. model: a
    name (`auto`, `context`, `self`, ...), a path, or what load_model or load_onnx_model gave.
    r_peaks: (m,) sample numbers, when they are known already. mains: `auto` takes strong mains hum
    out, and nothing else, because the models were trained on raw signals; `none` leaves it. found:
    what find_beats_in_leads gave, when it has been asked already (for more leads than these, too).
    second: (n,) a second lead of the same recording, in which beats are found too and which the
    context model asks. noise: `auto` names what the quality network finds unreadable, `keep` labels
    beats there too; or what ecg.quality.open_model gave. rhythm: `auto` tells the rhythm and where
    the ventricles fibrillate, `none` does not ask.
    Returns a DataFrame, one line a beat: sample, time_s, label (N S V F Q, `?` where a beat could
    not be classified), confidence, p_N ... p_Q, quality (`ok` or the reason); its attrs are those
    of ecg.labelling.Labelled. Raises ValueError for arrays of the wrong shape and InputError for a
    model that cannot be had."""
    signal = np.asarray(signal)
    if signal.dtype != np.float32:  # a day in float64 takes twice the memory
        signal = signal.astype(np.float64, copy=False)
    if second is not None and np.shape(second) != signal.shape:
        raise ValueError(
            f"second has shape {np.shape(second)}: it must be that of the signal, {signal.shape}"
        )
    if r_peaks is not None:
        found = given_beats(r_peaks, signal, fs)
    asked = open_signal_models(weight) if rhythm == "auto" else NONE
    if isinstance(noise, str):
        noise = None if noise == "keep" else quality.model_or_note(weight)

    def chosen(n_beats):
        if isinstance(model, (str, Path)):
            return choose_and_load(model, weight, engine, n_beats)
        return model

    recording = Recording(signal, fs, "", "signal", second=second)
    asked = asked._replace(noise=noise)
    labelled = label_recording(recording, chosen, "no", mains, models=asked, found=found)
    hum = [note for note in labelled.recording.notes if "hum" in note]
    labelled.beats.attrs["notes"] = [*hum, *labelled.beats.attrs["notes"]]
    return labelled.beats


# -------------------------------------------------------------------------------------- the stage


def demo(args: argparse.Namespace) -> None:
    """The excerpt in data/demo as any recording; beside it, a model that never saw this patient."""
    from ecg import demo

    label_file(args, demo.excerpt())
    if args.model == "auto" and weights.there(demo.UNSEEN, args.weight):
        args.model = demo.UNSEEN
        print(f"\n{demo.unseen_text(read_and_label(args, demo.excerpt()).beats)}")


def chooser(args: argparse.Namespace) -> "Callable[[int], nn.Module | ort.InferenceSession]":
    """(number of beats) -> model, as the command line asks."""
    engine = "auto" if args.engine == "both" else args.engine
    return partial(choose_and_load, args.model, args.weight, engine)


def read_and_label(args: argparse.Namespace, file: str | Path) -> Labelled:
    """One recording with its beats, as the command line asks."""
    second = lead_to_read(args.second, args.model)
    recording = formats.read_recording(file, args.lead, args.fs, args.unit, second)
    recording = without_person(recording, args.anonymous)
    asked = open_signal_models(args.weight)
    return label_recording(recording, chooser(args), args.invert, args.mains, args.second, asked)


def label_file(args: argparse.Namespace, file: str | Path) -> None:
    """One recording, labelled and written."""
    labelled = read_and_label(args, file)
    compare_engines(args, labelled)
    refuse_single_beat(labelled, file)
    base = wfdb.wfdb_base(file)
    if base.with_name(f"{base.name}.{args.reference}").exists():
        samples, symbols, *_ = annotation.read_annotation(base, args.reference)
        write(args, labelled, samples, symbols, f"{base.name}.{args.reference}")
    else:
        write(args, labelled)


def compare_engines(args: argparse.Namespace, labelled: Labelled) -> None:
    """With --engine both: how far PyTorch and ONNX Runtime agree, printed."""
    if args.engine != "both":
        return
    recording, name = labelled.recording, labelled.beats.attrs["model"]
    signal, fs, second = recording.signal, recording.fs, recording.second
    one, other = (
        label_beats(signal, fs, labelled.found, load(name, args.weight, engine), second)
        for engine in ENGINES
    )
    columns = [f"p_{c}" for c in CLASSES]
    difference = np.abs(one[columns].to_numpy() - other[columns].to_numpy())
    same = float((one.label == other.label).mean()) if len(one) else 1.0
    print(
        f"{recording.name}: {' and '.join(ENGINES.values())} agree on {100 * same:.2f} % of "
        f"{len(one):,} labels; largest difference of a probability "
        f"{np.nanmax(difference, initial=0.0):.1e}"
    )


def write(
    args: argparse.Namespace,
    labelled: Labelled,
    samples: np.ndarray | None = None,
    symbols: Sequence[str] = (),
    reference: str = "",
) -> None:
    """Write what was asked for, then print: who reads only the first lines (`| head`) has the files
    all the same. samples, symbols: a person's annotation to compare with, named `reference`."""
    recording, beats, summary = labelled.recording, labelled.beats, labelled.summary
    if args.csv:
        artifacts.save_text(args.csv, as_csv(beats, recording.facts))
    if args.json:
        artifacts.save_json(args.json, as_dict(recording, beats, summary))
    if args.annotation:
        write_labels(args.annotation, recording.name, beats, replace=args.overwrite)
    if args.report or args.pdf:
        from ecg.report import write_report

        notes = beats.attrs["notes"]
        how = {"warnings": notes, "lang": args.lang, "pdf": args.pdf}
        write_report(args.report, recording, beats, summary, **how)
    print(as_text(recording, beats, summary, args.lines))
    if samples is not None:
        from ecg.evaluation.reference import against_reference_text

        print(f"\n{against_reference_text(beats, samples, symbols, reference)}")
    annotated = args.annotation and Path(args.annotation) / f"{recording.name}.cnn"
    for path in filter(None, (args.csv, args.json, annotated, args.report, args.pdf)):
        print(f"wrote {path}")


def archive(args: argparse.Namespace) -> int:
    """Label every recording below the given folders; what was skipped and what failed is told at
    the end. Returns the exit status."""
    import inference  # not __main__: a worker imports it once and keeps its model

    options = {
        "model": args.model,
        "engine": args.engine,
        "lead": args.lead,
        "fs": args.fs,
        "unit": args.unit,
        "invert": args.invert,
        "mains": args.mains,
        "second": args.second,
        "anonymous": args.anonymous,
        "weight": str(artifacts.locate(args.weight).resolve()),
    }
    locks.hold(args.out, "--out")
    found: dict[Path | None, list[Path]] = {}
    for file in map(Path, args.files):
        paths = found.setdefault(file if file.is_dir() else None, [])
        paths += recordings_in(file, Path(args.out))
    tasks = plan(found, args.out)
    results = label_archive(tasks, options, inference.load, args.jobs, args.backend, args.scheduler)
    return 1 if print_results(tasks, results, found, args.out) else 0


# what only recordings of one's own, an archive or one recording has a use for
OF_FILES = ("lead", "second", "fs", "unit", "invert", "mains", "reference", "anonymous")
OF_ARCHIVE = ("jobs", "backend", "scheduler")
FILES = ("csv", "json", "report", "pdf")  # of one recording
NOT_OF_ARCHIVE = (*FILES, "annotation", "lang", "lines", "reference")


@cli.stage(options)
def main(args: argparse.Namespace) -> int | None:
    weights.refuse_unknown(args.model, args.weight)
    folder = next((file for file in args.files if Path(file).is_dir()), None)
    if not args.files:
        unused = (*OF_FILES, *OF_ARCHIVE, "out")
        cli.refuse_unused(args, unused, "needs a FILE: the demo has no use for it")
    if folder and not args.out:
        raise InputError(f"{folder} is a folder: say with --out DIR where its labels go")
    if args.out:
        why = "is for one recording: with --out every recording gets its own files"
        cli.refuse_unused(args, NOT_OF_ARCHIVE, why)
        if args.backend == "dask" and not args.scheduler:
            raise InputError("--backend dask needs --scheduler ADDRESS, such as tcp://host:8786")
        return archive(args)
    cli.refuse_unused(args, OF_ARCHIVE, "is for an archive: say with --out DIR where it goes")
    if len(args.files) > 1:
        why = f"names one file, but there are {len(args.files)} recordings: use --out DIR"
        cli.refuse_unused(args, FILES, why)
        refuse_one_name(args.files if args.annotation else [])
    if not (args.report or args.pdf):
        cli.refuse_unused(args, ("lang",), "is the language of the report: give --report FILE too")
    for file in args.files:
        label_file(args, file)
    if not args.files:
        demo(args)
    return None


if __name__ == "__main__":
    cli.run(main)
