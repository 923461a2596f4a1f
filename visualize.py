"""Figures: labelled ECG on paper, heart rate and rhythm, confidence, what a model looked at, its
errors, the data set.

    python visualize.py                                  # three figures of a patient in data/demo
    python visualize.py 100 --save 100.pdf --seconds 0   # a whole recording at 25 mm/s, 10 mm/mV
    python visualize.py 119 --reference atr --start 600     # with a cardiologist's labels
    python visualize.py 202 --timeline                      # heart rate and rhythm of all of it
    python visualize.py 208 --saliency --start 60        # which part of a beat decided its label
    python visualize.py 208 --report 208.html --pdf 208.pdf # the report, on the screen and on A4
    python visualize.py --dataset                        # class counts, 20 real rows of each class
    python visualize.py --errors data/evaluation/kaggle/self_test.csv

Without --save a window opens; where there is no display, the figure is written to the working
directory. In a notebook the functions draw on the `ax` they are given, or on a new figure that the
notebook shows. What is drawn lives in ecg/figures/.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ecg import artifacts, beats, cli, formats, holter, ranges, weights
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.facts import without_person
from ecg.figures import Page, check_format, fonts, save_or_show
from ecg.figures.confidence import plot_confidence
from ecg.figures.dataset import plot_dataset
from ecg.figures.errors import errors_page, plot_errors  # noqa: F401  (people import it here)
from ecg.figures.label_layout import POSITIONS, LabelStyle
from ecg.figures.labels import plot_labelled_ecg  # noqa: F401
from ecg.figures.paper import draw_paper, draw_trace, paper_figure  # noqa: F401
from ecg.figures.recording import plot_recording
from ecg.figures.saliency import occlusion, plot_saliency, saliency_page  # noqa: F401
from ecg.figures.signals import plot_filtering
from ecg.figures.timeline import plot_timeline
from ecg.figures.tutorial import plot_names
from ecg.formats.annotation import read_annotation
from ecg.formats.recording import Recording
from ecg.hrv import withheld_in
from ecg.rhythm.annotated import rhythm_of_annotation

if TYPE_CHECKING:
    from torch import nn

    from ecg.labelling import Labelled

# inference, and with it torch or onnxruntime, is imported where a model is asked: most figures do
# without


# ------------------------------------------------------------------------------------- notebooks


def plot_ecg_with_labels(
    ecg_signal: ArrayLike,
    r_peaks: ArrayLike,
    model: Any,
    class_names: Sequence[str] | None = None,
    segment_length: int = beats.WIDTH,
    sample_rate: float = 360,
    confidence_threshold: float = 0.6,
    title: str = "ECG with predicted labels",
    figsize: tuple[float, float] = (14, 6),
) -> list[tuple[str, float] | None]:
    """The tutorial's figure: an ECG with the class of every beat, green where the model is at least
    `confidence_threshold` sure, red where it is less.

    ecg_signal: (n,) any unit at sample_rate Hz; r_peaks: (m,) samples, increasing. model: whatever
    inference.load_model or load_onnx_model gave; None for model_self. class_names: of its five
    outputs (default: inference.CLASS_NAMES). figsize: inches.

    Returns m of (name, confidence), None for a beat that could not be cut: the last, or one with
    missing samples. ValueError for another segment_length than 187. plot_labelled_ecg draws labels
    on ECG paper."""
    import inference

    if model is None:
        model = inference.load_model()
    names = class_names or inference.CLASS_NAMES
    peaks = np.asarray(r_peaks, np.int64)
    rows, positions = beats.extract_beats(ecg_signal, peaks, sample_rate, segment_length)
    ids, sure, _ = inference.predict_heartbeat(model, rows)
    labels: list[tuple[str, float] | None] = [None] * len(peaks)
    for k, label, confidence in zip(np.searchsorted(peaks, positions), ids, sure):
        labels[k] = names[label], float(confidence)
    plot_names(ecg_signal, peaks, labels, sample_rate, confidence_threshold, title, figsize)
    return labels


# -------------------------------------------------------------------------------------- the stage


def labelled_beats(
    path: str | Path,
    recording: Recording,
    labels: str | None,
    model: Any,
    weight: str | Path = "weight",
) -> pd.DataFrame:
    """Table of a recording's beats, with sample and label at least, and the rhythm in its attrs
    where that is known: from the annotation `labels` of the record at `path`, else from the
    model, in the folder `weight` where it is a name."""
    if labels:
        annotation = read_annotation(path, labels)
        classes = beats.classes_of(annotation.symbols)
        is_beat = classes >= 0
        letters = [CLASSES[k] for k in classes[is_beat]]
        table = pd.DataFrame({"sample": annotation.samples[is_beat], "label": letters})
        n = len(recording.signal)
        rhythm = rhythm_of_annotation(annotation, recording.fs, n)
        table.attrs = {"annotation": labels, "rhythm": rhythm}
        return table
    import inference

    second = recording.second
    return inference.classify(recording.signal, recording.fs, model, weight=weight, second=second)


def demo(args: argparse.Namespace) -> Iterator[Page]:
    """The tutorial's three figures: denoising, labels, confidence, of the excerpt in data/demo."""
    from ecg import demo
    from ecg.filters import denoise, normalize

    recording = formats.read_recording(demo.excerpt(), second="auto")
    table = labelled_beats(demo.excerpt(), recording, None, args.model, args.weight)
    looks = {"fontsize": args.fontsize, "lang": args.lang}
    start, fs, raw = demo.RUN_START, recording.fs, recording.signal
    cleaned, part = normalize(denoise(raw, fs)), slice(round(start * fs), round((start + 10) * fs))
    plot_filtering(raw[part], cleaned[part], fs, start=start, processed_unit="z-score", **looks)
    yield Page(plt.gcf(), 1, 3)

    labels = args.threshold, args.label_position
    for page in plot_recording(recording, table, start, None, *labels, **looks):
        yield Page(page.figure, 2, 3)

    probabilities = table[[f"p_{name}" for name in CLASSES]]
    plot_confidence(probabilities, confidence_threshold=args.threshold, **looks)
    yield Page(plt.gcf(), 3, 3)


def draw_recording(args: argparse.Namespace) -> tuple[Iterable[Page], str]:
    """(pages, file name) of the recording: its labels, or with --saliency what the model looked
    at."""
    model = explained_model(args.model, args.weight) if args.saliency else None
    recording = read(args, args.second)
    table = labelled_beats(args.file, recording, args.reference, args.model, args.weight)
    name = f"{recording.name}.png"
    looks = {"fontsize": args.fontsize, "lang": args.lang}
    if args.saliency:
        page = saliency_page(recording, table, model, args.start, **looks)
        return [Page(page, 1, 1)], name
    if args.timeline:
        return [Page(_timeline(recording, table, looks), 1, 1)], name
    stretch, labels = (args.start, args.seconds), (args.threshold, args.label_position)
    return plot_recording(recording, table, *stretch, *labels, **looks), name


def read(args: argparse.Namespace, second: str) -> Recording:
    """The recording FILE, with the second lead that is asked for."""
    recording = formats.read_recording(args.file, args.lead, args.fs, args.unit, second)
    return without_person(recording, args.anonymous)


def summary_of(recording: Recording, table: pd.DataFrame) -> dict:
    """ecg.holter.summary of a table of beats."""
    lost = [stretch[:2] for stretch in table.attrs.get("unreadable", [])]
    fs, n = recording.fs, len(recording.signal)
    withheld = withheld_in(table.attrs.get("rhythm"), fs)
    return holter.summary(table["sample"], table["label"], fs, n, lost, withheld)


def _timeline(recording, table, looks):
    return plot_timeline(recording, table, summary_of(recording, table), **looks)


def write_page(args: argparse.Namespace) -> None:
    """The report of the recording, as HTML and as PDF: with the labels of the annotation
    --reference, else with the model's, found as inference.py finds them."""
    from ecg.report import write_report

    how = {"lang": args.lang, "pdf": args.pdf}
    if args.reference:
        recording = read(args, "auto")
        table = labelled_beats(args.file, recording, args.reference, None)
        write_report(args.report, recording, table, summary_of(recording, table), **how)
    else:
        labelled = labelled_by_model(args)
        beats = labelled.beats
        how["warnings"] = beats.attrs["notes"]
        write_report(args.report, labelled.recording, beats, labelled.summary, **how)
    for path in filter(None, (args.report, args.pdf)):
        print(f"wrote {path}")


def labelled_by_model(args: argparse.Namespace) -> "Labelled":
    """All steps of inference.py."""
    import inference
    from ecg.labelling import label_recording, lead_to_read, refuse_single_beat
    from ecg.signal_models import open_signal_models

    recording = read(args, lead_to_read(args.second, args.model))
    choose = partial(inference.choose_and_load, args.model, args.weight, "auto")
    models = open_signal_models(args.weight)
    labelled = label_recording(recording, choose, second=args.second, models=models)
    refuse_single_beat(labelled, args.file)
    return labelled


def explained_model(name: str, weight: str | Path) -> "nn.Module":
    """The model that --saliency explains: one of single beats."""
    import inference
    from ecg.prediction import card_of, is_context_model

    model = inference.load_model(None if name == "auto" else name, weight=weight)
    if is_context_model(card_of(model)):
        raise InputError(
            f"--saliency --model {name}: that one judges beats in a row; name a model of "
            "single beats, such as residual"
        )
    return model


def draw(args: argparse.Namespace) -> tuple[Iterable[Page], str]:
    """(pages, file name without --save) of what was asked for."""
    looks = {"fontsize": args.fontsize, "lang": args.lang}
    if args.dataset:
        return [Page(plot_dataset(args.data, **looks), 1, 1)], "dataset.png"
    if args.errors:
        return [Page(errors_page(Path(args.errors), args.data, **looks), 1, 1)], "errors.png"
    if args.file:
        return draw_recording(args)
    return demo(args), "ecg.png"


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="a recording (default: that of data/demo)"
    )
    cli.add_recording_options(parser, "--second")
    option = parser.add_argument_group("what is drawn").add_argument
    option("--start", metavar="S", type=ranges.SECONDS, default=0, help="first second drawn")
    text = "how many; 0: to the end (default: one page)"
    option("--seconds", metavar="S", type=ranges.SECONDS, help=text)
    option("--timeline", action="store_true", help="heart rate and rhythm of the whole recording")
    option("--saliency", action="store_true", help="what the model looked at, in eight beats")
    option("--dataset", action="store_true", help="class counts and rows of DATA/processed_data")
    option("--errors", metavar="CSV", help="frequent confusions, of a file that evaluate.py wrote")
    group = parser.add_argument_group("labels and looks")
    cli.add(group, "--model", default="auto", help="labels, as in inference.py; --saliency: self")
    add_label_options(group)
    cli.add(group, "--anonymous", "--data", "--weight", "--save", "--report", "--pdf")
    cli.add_moved_option(parser, "--gallery", "python benchmarks/gallery.py")
    return parser


def add_label_options(group: argparse.ArgumentParser | cli.Group) -> None:
    """The options about labels and looks, which benchmarks/gallery.py has too."""
    option = group.add_argument
    cli.add(group, "--reference", default=None, help="draw this annotation, not a model's labels")
    option(
        "--threshold", metavar="P", type=ranges.SHARE, default=0.8, help="lesser labels are hollow"
    )
    option("--label-position", choices=POSITIONS, default="top", help="where labels stand")
    option("--fontsize", metavar="PT", type=ranges.POINTS, default=9, help="of labels, in points")
    cli.add(group, "--lang")


# what nothing but a recording has a use for
OF_FILE = "lead", "second", "fs", "unit", "start", "seconds", "anonymous", "report", "pdf"
OF_FIGURE = "start", "seconds", "timeline", "saliency", "threshold", "label_position", "fontsize"


def label_style(args: argparse.Namespace) -> LabelStyle:
    """How labels are drawn, as the command line asks."""
    return LabelStyle(args.threshold, args.label_position, args.fontsize)


def check(args: argparse.Namespace) -> None:
    """Raise InputError for options that cannot be, or that do not go together."""
    if not args.file:
        why = "is about a recording: name its file"
        cli.refuse_unused(args, ("saliency", "timeline", "reference", *OF_FILE), why)
    if args.dataset + bool(args.errors) + bool(args.file) > 1:
        raise InputError("FILE, --dataset and --errors are three pictures: give one of them")
    if args.timeline and args.saliency:
        raise InputError("--timeline and --saliency are two pictures: give one of them")
    if args.timeline:
        why = "would be ignored: --timeline shows all of the recording"
        cli.refuse_unused(args, ("start", "seconds", "threshold", "label_position"), why)
    if args.reference and args.saliency:
        raise InputError("--reference and --saliency do not go together: the model is explained")
    if args.reference:
        cli.refuse_unused(args, ("model", "second"), "would be ignored beside --reference")
    weights.refuse_unknown(args.model, args.weight)
    if args.save:
        check_format(args.save)
    elif args.report or args.pdf:
        why = "is about a figure, and the report has its own: give --save FILE too"
        cli.refuse_unused(args, OF_FIGURE, why)


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    check(args)
    if args.report or args.pdf:
        write_page(args)
        if not args.save:
            return
    args.lang, font = fonts.figure_language(args.lang)
    args.data = artifacts.locate(args.data)
    with plt.rc_context(font):  # type: ignore[arg-type]  # its stubs list every key
        pages, name = draw(args)
        save_or_show(pages, args.save, name)


if __name__ == "__main__":
    cli.run(main)
