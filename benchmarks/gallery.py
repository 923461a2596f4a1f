"""The pictures of docs/gallery.md and the one the README begins with, from MIT-BIH records.

    python benchmarks/gallery.py docs --records data/mitdb

Ten seconds each of some records and of a noisy one there or in nstdb/ beside it, what the model
looked at in four beats of 208, and the data set where there is one. The README's picture comes from
data/demo: a patient that its model was not trained on, on white paper and on dark.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.spines import Spine
from matplotlib.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from ecg import artifacts, cli, demo, formats  # noqa: E402
from ecg.figures import fonts, save_figure, save_or_show  # noqa: E402
from ecg.figures.dataset import plot_dataset  # noqa: E402
from ecg.figures.labels import plot_labelled_ecg  # noqa: E402
from ecg.figures.paper import BOLD, FINE, INK, LINE_S, PAPER  # noqa: E402
from ecg.figures.saliency import saliency_page  # noqa: E402
from ecg.formats import Recording  # noqa: E402
from visualize import add_label_options, label_style, labelled_beats  # noqa: E402

# record -> (title, start in s of ten seconds worth a look)
RECORDS = {
    "100": ("MIT-BIH 100, its one ventricular beat", 1514),
    "119": ("MIT-BIH 119, bigeminy", 1329),
    "208": ("MIT-BIH 208, ventricular and fusion beats", 60),
    "233": ("MIT-BIH 233, a run of ventricular beats", 583),
    "118e12": ("MIT-BIH 118 with electrode motion at 12 dB", 310),
}
EXPLAINED = "208"  # what the model looked at

# the README's picture: record of data/demo, start in s, seconds, model, trained on other patients
FIRST = "233", 8.5, 8, "context_interpatient"
FIRST_DPI = 140
DARK_PAPER, DARK_INK = "#0d1117", "#e6edf3"
DARK = {PAPER: DARK_PAPER, FINE: "#2a1f22", BOLD: "#5a3a3d", INK: DARK_INK}


def draw_record(name: str, args: argparse.Namespace) -> None:
    """Ten seconds of a record with its labels; where it is the one to explain, four of its beats
    too."""
    title, start = RECORDS[name]
    path = find_record(Path(args.records), name)
    recording, table = draw_excerpt(path, start, LINE_S, args.model, title, args)
    save(plt.gcf(), args, name)
    if name == EXPLAINED and not args.reference:
        import inference  # torch or onnxruntime

        model = inference.load_model()
        looks = (args.fontsize, args.lang)
        save(saliency_page(recording, table, model, start, *looks, count=4), args, "saliency")


def draw_first(args: argparse.Namespace) -> None:
    """The README's picture, FOLDER/first_light.png and first_dark.png."""
    name, start, seconds, model = FIRST
    draw_excerpt(demo.records() / name, start, seconds, model, f"MIT-BIH {name}", args)
    figure = plt.gcf()
    save_figure(Path(args.folder) / "first_light.png", figure, FIRST_DPI)
    repaint(figure)
    save_figure(Path(args.folder) / "first_dark.png", figure, FIRST_DPI)
    plt.close(figure)


def draw_excerpt(
    path: Path, start: float, seconds: float, model: str, title: str, args: argparse.Namespace
) -> tuple[Recording, pd.DataFrame]:
    """A new figure of a record from `start` s on, with the labels of `model`. Returns the whole
    recording and the table of the beats that are shown."""
    recording = formats.read_recording(path, second=args.second)
    table = labelled_beats(path, recording, args.reference, model)
    fs = recording.fs
    a, b = int(start * fs), int((start + seconds) * fs)
    table = table[(table["sample"] >= a) & (table["sample"] < b)]
    plot_labelled_ecg(
        recording.signal[a:b],
        table["sample"] - a,
        table["label"].tolist(),
        table.get("confidence"),
        fs,
        label_style(args),
        start=start,
        title=f"{title}, {recording.lead}",
        lang=args.lang,
    )
    return recording, table


def repaint(figure: Figure) -> None:
    """White paper becomes dark; colours that mean a class stay."""
    for artist in figure.findobj(Artist):
        if isinstance(artist, Spine):
            artist.set_edgecolor(DARK[BOLD])
        elif isinstance(artist, Patch) and to_hex(artist.get_facecolor()) == PAPER:
            artist.set_facecolor(DARK_PAPER)
        elif isinstance(artist, LineCollection):
            shades = map(to_hex, to_rgba_array(artist.get_color()))
            artist.set_color([DARK.get(shade, shade) for shade in shades])
        elif isinstance(artist, Line2D):
            color = to_hex(artist.get_color())
            artist.set_color(DARK_INK if color == "#000000" else DARK.get(color, color))
        elif isinstance(artist, Text):
            repaint_text(artist)


def repaint_text(text: Text) -> None:
    """Light letters, but those in a filled box, which are readable on its colour already."""
    box = text.get_bbox_patch()
    if box is not None and to_hex(box.get_facecolor()) != PAPER:
        return
    if box is not None:
        box.set_facecolor(DARK_PAPER)
    text.set_color(DARK_INK)


def find_record(folder: Path, name: str) -> Path:
    """Path of a record in `folder`, or in nstdb/ beside it."""
    places = (folder / name, folder.parent / "nstdb" / name)
    return next((path for path in places if path.with_suffix(".hea").exists()), places[0])


def save(figure: Figure, args: argparse.Namespace, name: str, dpi: float = 110) -> None:
    save_or_show([(figure, 1, 1)], Path(args.folder) / f"gallery_{name}.png", None, dpi)


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="where the pictures go")
    cli.add(parser, "--records", default="data/mitdb", help="MIT-BIH records")
    cli.add(parser, "--second", "--data")
    group = parser.add_argument_group("labels and looks")
    cli.add(group, "--model", default="auto", help="model that labels, as in inference.py")
    add_label_options(group)
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    args.lang, font = fonts.figure_language(args.lang)
    args.data = artifacts.locate(args.data)
    with plt.rc_context(font):  # type: ignore[arg-type]  # its stubs list every key
        draw_first(args)
        for name in RECORDS:
            draw_record(name, args)
        if (artifacts.processed(args.data) / "manifest.json").exists():
            save(
                plot_dataset(args.data, fontsize=args.fontsize, lang=args.lang),
                args,
                "dataset",
                100,
            )


if __name__ == "__main__":
    cli.run(main)
