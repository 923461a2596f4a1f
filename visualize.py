"""Figures: labelled ECG on paper, heart rate and rhythm, confidence, what a model looked at, its
errors, the data set.

    python visualize.py                                  # the tutorial's three figures
    python visualize.py 100 --save 100.pdf --seconds 0   # a whole recording at 25 mm/s, 10 mm/mV
    python visualize.py 119 --reference atr --start 600     # with a cardiologist's labels
    python visualize.py 202 --timeline                      # heart rate and rhythm of all of it
    python visualize.py 208 --saliency --start 60        # which part of a beat decided its label
    python visualize.py --dataset                        # class counts, 20 real rows of each class
    python visualize.py --errors data/evaluation/kaggle/self_test.csv

Without --save a window opens; where there is no display, the figure is written to the working
directory. In a notebook every function draws on the `ax` it is given, or on a new figure that the
notebook shows. What is drawn lives in ecg/figures/.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from ecg import artifacts, beats, cli, formats, holter, ranges
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.facts import without_person
from ecg.figures import Page, check_format, fonts, save_or_show
from ecg.figures.confidence import plot_prediction_confidence
from ecg.figures.dataset import plot_dataset
from ecg.figures.errors import errors_page, plot_errors  # noqa: F401  (people import it here)
from ecg.figures.label_layout import POSITIONS, LabelStyle
from ecg.figures.labels import plot_labelled_ecg
from ecg.figures.paper import draw_paper, draw_trace, paper_figure  # noqa: F401
from ecg.figures.recording import plot_recording
from ecg.figures.saliency import occlusion, plot_saliency, saliency_page  # noqa: F401
from ecg.figures.signals import plot_ecg_comparison
from ecg.figures.timeline import plot_timeline
from ecg.formats.annotation import read_annotation
from ecg.formats.recording import Recording
from ecg.rhythm.annotated import rhythm_of_annotation

if TYPE_CHECKING:
    from torch import nn

# inference, and with it torch or onnxruntime, is imported where a model is asked: most figures do
# without


# ------------------------------------------------------------------------------------- notebooks


def predict(
    ecg: ArrayLike, r_peaks: ArrayLike, model: Any, sample_rate: float
) -> tuple[list[int | None], np.ndarray]:
    """(predictions, confidence), one for each R peak: class index and its probability; None and NaN
    where no beat could be cut.

    ecg: (n,) any unit; r_peaks: (m,) samples, increasing. model: whatever inference.load_model or
    load_onnx_model gave; None for model_self."""
    import inference

    if model is None:
        model = inference.load_model()
    r_peaks = np.asarray(r_peaks)
    rows, positions = beats.extract_beats(ecg, r_peaks, sample_rate)
    predictions: list[int | None] = [None] * len(r_peaks)
    confidence = np.full(len(r_peaks), np.nan)
    if len(rows):
        ids, sure, _ = inference.predict_heartbeat(model, rows)
        at = np.searchsorted(r_peaks, positions)
        confidence[at] = sure
        for k, label in zip(at, ids):
            predictions[k] = int(label)
    return predictions, confidence


def plot_ecg_with_labels(
    ecg: ArrayLike,
    r_peaks: ArrayLike,
    model: Any = None,
    sample_rate: float = 360,
    confidence_threshold: float = 0.8,
    label_position: str = "top",
    fontsize: float = 9,
    ax: Axes | None = None,
    *,
    predictions: Sequence | None = None,
    confidence: ArrayLike | None = None,
    start: float = 0.0,
    unit: str = "mV",
    title: str = "",
    legend: bool = True,
    lang: str = "en",
) -> list[int | None]:
    """An ECG on paper with the label of every beat.

    ecg: (n,) mV at sample_rate Hz; r_peaks: (m,) samples, increasing. Labels come from `model`
    (whatever inference.load_model or load_onnx_model gave; None for model_self), or from
    `predictions` (m class indices or letters, None where there is none) with `confidence` (m,)
    0..1. Filled labels are at least `confidence_threshold` sure, hollow ones with a question mark
    are not. label_position: 'top', 'bottom' or 'peak' (above each R peak). start: time of the first
    sample, s. Labels never overlap: they move into up to three rows, then those of N beats give way
    to plain ticks.

    Returns the predictions, one for each R peak: the class index, None for a beat that could not be
    cut."""
    style = LabelStyle(confidence_threshold, label_position, fontsize)
    ecg, r_peaks = np.asarray(ecg, float), np.asarray(r_peaks, np.int64)
    if predictions is None:
        predictions, confidence = predict(ecg, r_peaks, model, sample_rate)
    return plot_labelled_ecg(
        ecg,
        r_peaks,
        predictions,
        confidence,
        sample_rate,
        style,
        ax,
        start=start,
        unit=unit,
        title=title,
        legend=legend,
        lang=lang,
    )


# -------------------------------------------------------------------------------------- the stage


def labelled_beats(
    path: str | Path, recording: Recording, labels: str | None, model: Any
) -> pd.DataFrame:
    """Table of a recording's beats, with sample and label at least, and the rhythm in its attrs
    where that is known: from the annotation `labels` of the record at `path`, else from the
    model."""
    if labels:
        annotation = read_annotation(path, labels)
        classes = beats.classes_of(annotation.symbols)
        is_beat = classes >= 0
        letters = [CLASSES[k] for k in classes[is_beat]]
        table = pd.DataFrame({"sample": annotation.samples[is_beat], "label": letters})
        n = len(recording.signal)
        table.attrs = {"rhythm": rhythm_of_annotation(annotation, recording.fs, n)}
        return table
    import inference

    return inference.classify(recording.signal, recording.fs, model, second=recording.second)


def demo(args: argparse.Namespace) -> Iterator[Page]:
    """The tutorial's three figures: denoising, labels, confidence, on a synthetic ECG of ten
    seconds."""
    import inference
    from ecg.filters import preprocess_ecg_signal
    from ecg.synthetic import generate_noisy_ecg

    fs = 360
    _, _, noisy = generate_noisy_ecg(fs, 10)
    looks = {"fontsize": args.fontsize, "lang": args.lang}
    cleaned = preprocess_ecg_signal(noisy, fs)
    plot_ecg_comparison(noisy, cleaned, fs, processed_unit="z-score", **looks)
    yield Page(plt.gcf(), 1, 3)

    table = inference.classify(noisy, fs)
    letters, confidence = table["label"].tolist(), table["confidence"]
    figure, ax = paper_figure(10, 6)
    style = label_style(args)
    plot_labelled_ecg(noisy, table["sample"], letters, confidence, fs, style, ax, lang=args.lang)
    yield Page(figure, 2, 3)

    probabilities = table[[f"p_{name}" for name in CLASSES]]
    plot_prediction_confidence(probabilities, confidence_threshold=args.threshold, **looks)
    yield Page(plt.gcf(), 3, 3)


def draw_recording(args: argparse.Namespace) -> tuple[Iterable[Page], str]:
    """(pages, file name) of the recording: its labels, or with --saliency what the model looked
    at."""
    model = explained_model(args.model) if args.saliency else None
    recording = formats.read_recording(args.file, args.lead, args.fs, args.unit, args.second)
    recording = without_person(recording, args.anonymous)
    table = labelled_beats(args.file, recording, args.reference, args.model)
    name = f"{recording.name}.png"
    looks = {"fontsize": args.fontsize, "lang": args.lang}
    if args.saliency:
        page = saliency_page(recording, table, model, args.start, **looks)
        return [Page(page, 1, 1)], name
    if args.timeline:
        return [Page(_timeline(recording, table, looks), 1, 1)], name
    stretch, labels = (args.start, args.seconds), (args.threshold, args.label_position)
    return plot_recording(recording, table, *stretch, *labels, **looks), name


def _timeline(recording, table, looks):
    lost = [stretch[:2] for stretch in table.attrs.get("unreadable", [])]
    n = len(recording.signal)
    summary = holter.summary(table["sample"], table["label"], recording.fs, n, lost)
    return plot_timeline(recording, table, summary, **looks)


def explained_model(name: str) -> "nn.Module":
    """The model that --saliency explains: one of single beats."""
    import inference
    from ecg.prediction import card_of, is_context_model

    model = inference.load_model(None if name == "auto" else name)
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
        "file", nargs="?", metavar="FILE", help="a recording (default: the tutorial's demo)"
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
    cli.add(group, "--anonymous", "--data", "--save")
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
OF_FILE = "lead", "second", "fs", "unit", "start", "seconds", "anonymous"


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
    if args.save:
        check_format(args.save)


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    check(args)
    args.lang, font = fonts.figure_language(args.lang)
    args.data = artifacts.locate(args.data)
    with plt.rc_context(font):  # type: ignore[arg-type]  # its stubs list every key
        pages, name = draw(args)
        save_or_show(pages, args.save, name)


if __name__ == "__main__":
    cli.run(main)
