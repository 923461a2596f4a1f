"""What is named noise, and what that costs: a table for any folders of recordings.

    python benchmarks/quality.py --records data/cinc2017 data/mitdb data/svdb data/nstdb

1  by networks that never saw the recording (five trainings; the numbers are kept in --keep and read again): share of the time of each
   class of CinC-2017 (REFERENCE.csv) and of the annotated records that is named noise, and recordings of class N with a beat called V
2  annotated records, labelled with and without the quality network: beats that lose their label, and V and S by ANSI/AAMI EC57; the
   records of table 1 by the network of table 1 that never saw them, others (nstdb) by the one in weight/ or the shipped one

Percent. A beat without a label counts as missed. The context model is the one in weight/ or the shipped one, which was trained on MIT-BIH and SVDB:
what is measured here is what the quality network takes from it.
"""  # noqa: E501 (printed as it stands)

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models  # noqa: E402
from ecg import artifacts, cli, ec57, quality, weights  # noqa: E402
from ecg.beat_table import label_beats  # noqa: E402
from ecg.evaluation.records import LabelledRecord, label_record  # noqa: E402
from ecg.evaluation.reference import compare_labels  # noqa: E402
from ecg.export import export_quality  # noqa: E402
from ecg.formats.annotation import annotated_records  # noqa: E402
from ecg.one_class import REFERENCE  # noqa: E402
from ecg.prediction import open_onnx  # noqa: E402
from ecg.signal_models import SignalModels  # noqa: E402
from ecg.training import quality as training  # noqa: E402
from ecg.training import quality_data  # noqa: E402

Open = Callable[[str], Any]  # FOLDER/RECORD -> the quality network for it


def cross_validated(args: argparse.Namespace, session: Any) -> Open:
    """Table 1. Returns the network that has not seen a recording, the shipped one for others."""
    other = quality.model_or_note(args.weight)
    folders = [Path(folder) for folder in args.records if _is_learnt(Path(folder))]
    if not any((folder / REFERENCE).exists() for folder in folders):
        print("1  no folder with a REFERENCE.csv: not cross-validated")
        return lambda name: other
    kept = Path(args.keep) / "quality_numbers.npz"
    if kept.exists():
        data = artifacts.load_arrays(kept, quality_data.QualityData)
    else:
        data = quality_data.load_quality_data(folders, _labeller(session))
        kept.parent.mkdir(parents=True, exist_ok=True)
        artifacts.save_arrays(kept, data)
    found = training.cross_validate(models.model_class("quality"), data, seed=args.seed)
    threshold = training.choose_thresholds(data, found)
    print("1  " + "\n".join(training.lines(training.figures(data, found, threshold))))
    print(f"  thresholds: {', '.join(f'{name} {at:.3f}' for name, at in threshold.items())}")
    sessions = []
    for number, network in enumerate(found.networks):
        weight = Path(args.keep) / f"fold{number}"
        card = training.quality_card(
            network, data, threshold, {}, args.seed, training.RECIPES["quality"]
        )
        export_quality(network, weights.onnx_path(weights.weights_path(weight, "quality")), card)
        sessions.append(quality.open_model(weight))
    fold = dict(zip(data.names.tolist(), found.fold.tolist()))
    return lambda name: sessions[fold[name]] if name in fold else other


def _is_learnt(folder):
    """nstdb is for testing: its noise was added to a record of MIT-BIH."""
    return folder.name != "nstdb"


def _labeller(session):
    def label(recording, found):
        table = label_beats(recording.signal, recording.fs, found, session, recording.second)
        return table["label"].to_numpy()

    return label


def table_of_records(folder: Path, session: Any, network_for: Open) -> None:
    """Table 2 of one folder of annotated records."""
    names = annotated_records(folder, "atr", headers=False)
    lost = beats = 0
    counts: dict[str, list[np.ndarray]] = {"without": [], "with": []}
    worst = []
    for name in names:
        each: dict[str, LabelledRecord] = {
            key: label_record(
                folder,
                name,
                "atr",
                "detected",
                lambda n: ("context", session),
                models=SignalModels(noise),
            )
            for key, noise in (("without", None), ("with", network_for(f"{folder.name}/{name}")))
        }
        for key, record in each.items():
            comparison = compare_labels(record.beats, record.reference, 0, "aami")
            counts[key].append(comparison.counts)
        before, after = ((each[key].beats["label"] == "?").sum() for key in counts)
        lost, beats = lost + after - before, beats + len(each["with"].beats)
        share = 100 * (after - before) / max(len(each["with"].beats), 1)
        named = 100 * each["with"].beats.attrs["noise_s"] * each["with"].beats.attrs["fs"]
        worst.append((share, name, named / each["with"].beats.attrs["n_samples"]))
    print(
        f"2  {folder.name}: {len(names)} records, {100 * lost / max(beats, 1):.3f} % of the beats "
        "lose their label"
    )
    for share, name, named in sorted(worst, reverse=True)[:8]:
        if share > 0:
            print(f"     {name}: {share:.2f} % of the beats; {named:.1f} % of the time is noise")
    for key, of_records in counts.items():
        figures = ec57.figures(np.sum(of_records, axis=0))
        cells = "  ".join(
            f"{event} {_percent(figures[event]['Se'])}/{_percent(figures[event]['+P'])}"
            for event in ("QRS", "VEB", "SVEB")
            if event in figures
        )
        print(f"     {key:<8} Se/+P: {cells}")


def _percent(value):
    return "-" if value is None else f"{value:.2f}"


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--records", nargs="+", help="folders of recordings")
    cli.add(parser, "--weight", "--seed")
    parser.add_argument(
        "--keep", metavar="DIR", default="runs/quality", help="what was computed (runs/quality)"
    )
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    session = open_onnx(weights.find_weights("context", args.weight, ".onnx"), 1)
    network_for = cross_validated(args, session)
    for folder in map(artifacts.locate, args.records):
        if not (folder / REFERENCE).exists():
            table_of_records(folder, session, network_for)


if __name__ == "__main__":
    cli.run(main)
