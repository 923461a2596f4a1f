"""The pictures of docs/gallery.md, from MIT-BIH records.

    python benchmarks/gallery.py docs --records data/mitdb

Ten seconds each of some records and of a noisy one there or in nstdb/ beside it, what the model
looked at in four beats of 208, and the data set where there is one.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from ecg import artifacts, cli, formats  # noqa: E402
from ecg.figures import fonts, save_or_show  # noqa: E402
from ecg.figures.dataset import plot_dataset  # noqa: E402
from ecg.figures.labels import plot_labelled_ecg  # noqa: E402
from ecg.figures.paper import LINE_S  # noqa: E402
from ecg.figures.saliency import saliency_page  # noqa: E402
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


def draw_record(name: str, args: argparse.Namespace) -> None:
    """Ten seconds of a record with its labels; where it is the one to explain, four of its beats
    too."""
    title, start = RECORDS[name]
    path = find_record(Path(args.records), name)
    recording = formats.read_recording(path, second=args.second)
    table = labelled_beats(path, recording, args.reference, args.model)
    fs = recording.fs
    a, b = int(start * fs), int((start + LINE_S) * fs)
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
    save(plt.gcf(), args, name)
    if name == EXPLAINED and not args.reference:
        import inference  # torch or onnxruntime

        model = inference.load_model()
        looks = (args.fontsize, args.lang)
        save(saliency_page(recording, table, model, start, *looks, count=4), args, "saliency")


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
