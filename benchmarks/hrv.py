"""Heart-rate variability of detected and labelled beats beside that of the reference's.

    python benchmarks/hrv.py --records data/mitdb                  # by the model trained on DS1
    python benchmarks/hrv.py --records data/svdb --model context_interpatient

Both by the rule of ecg/hrv.py. Atrial fibrillation and flutter of the reference's rhythm
annotation and ventricular flutter are withheld from both. A record: SDNN / RMSSD in ms and pNN50
in percent of the reference, the same of detected beats, or why they are withheld. Below: how far
detected figures lie from the reference's, over records and over periods of 5 minutes in which
neither is withheld. Records that the model has learnt from are marked *.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from ecg import artifacts, cli, quality, weights  # noqa: E402
from ecg.beats import classes_of  # noqa: E402
from ecg.ec57 import episodes  # noqa: E402
from ecg.evaluation.records import LabelledRecord, label_record  # noqa: E402
from ecg.formats.annotation import Annotation, annotated_records  # noqa: E402
from ecg.hrv import Hrv, by_period, hrv  # noqa: E402
from ecg.prediction import open_onnx  # noqa: E402
from ecg.signal_models import SignalModels  # noqa: E402

FIGURES = {"sdnn_ms": "SDNN", "rmssd_ms": "RMSSD", "pnn50_percent": "pNN50"}


def withheld(annotation: Annotation, n: int) -> list[tuple[int, int, str]]:
    """The stretches of fibrillation and flutter that an annotation of `n` samples marks."""
    atrial = episodes.rhythm_episodes(annotation, [*episodes.AF, *episodes.FLUTTER], n)
    ventricular = episodes.fibrillation_episodes(annotation.samples, annotation.symbols, n)
    kinds = (("atrial fibrillation", atrial), ("ventricular flutter", ventricular))
    return [(int(a), int(b), kind) for kind, found in kinds for a, b in found]


def both(record: LabelledRecord) -> list[tuple]:
    """The arguments of `hrv` for the reference's beats and for the detected ones."""
    fs, n = record.beats.attrs["fs"], record.beats.attrs["n_samples"]
    truth = record.reference
    classes = classes_of(truth.symbols)
    at = truth.samples
    beat = (classes >= 0) & (at >= 0) & (at < n) & np.append(True, np.diff(at) > 0)
    stretches = withheld(truth, n)
    reference = (at[beat], classes[beat], fs, n, (), stretches)
    unreadable = record.beats.attrs["unreadable"]
    found = (record.beats["sample"], record.beats["label"], fs, n, unreadable, stretches)
    return [reference, found]


def line(name: str, pair: list[Hrv]) -> str:
    """A record's line of the table."""
    cells = []
    for each in pair:
        if each.sdnn_ms is None:
            cells.append(str(each.reason))
        else:
            values = [getattr(each, key) for key in FIGURES]
            sdnn, rmssd, pnn50 = ("-" if v is None else f"{v:.0f}" for v in values)
            cells.append(f"{each.nn_intervals:5d} NN  {sdnn:>3} / {rmssd:>3}  {pnn50:>2} %")
    return f"{name:<6} {cells[0]:<44.42} {cells[1]:.42}".rstrip()


def differences(pairs: list[list[dict]]) -> str:
    """How far the second of each pair lies from the first, and how often one alone is withheld."""
    known = [[each["sdnn_ms"] is not None for each in pair] for pair in pairs]
    whole = [pair for pair, both_known in zip(pairs, known) if all(both_known)]
    out = [f"{len(whole)} with both figures, {sum(k[0] and not k[1] for k in known)} withheld of"]
    out[0] += f" detected beats only, {sum(k[1] and not k[0] for k in known)} of the reference only"
    for key, name in FIGURES.items():
        values = [(a[key], b[key]) for a, b in whole if None not in (a[key], b[key])]
        if not values:
            continue
        reference, found = np.array(values).T
        off, unit = np.abs(found - reference), "points"
        if key != "pnn50_percent":
            off, unit = 100 * off / np.maximum(reference, 1.0), "%"
        quantiles = "  ".join(f"{np.quantile(off, q):5.1f}" for q in (0.5, 0.9, 1.0))
        out.append(f"  {name:<6} off by (median, 90th percentile, most): {quantiles} {unit}")
    return "\n".join(out)


def table(folder: Path, session: Any, noise: Any, name: str) -> None:
    """All records of a folder, and the differences."""
    records: list[list[dict]] = []
    periods: list[tuple[dict, ...]] = []
    for record in annotated_records(folder):
        labelled = label_record(
            folder, record, "atr", "detected", lambda n: (name, session), models=SignalModels(noise)
        )
        arguments = both(labelled)
        pair = [hrv(*each) for each in arguments]
        learnt = bool(labelled.beats.attrs["in_training_data"][weights.short_name(session.file)])
        print(line(f"{record}{'*' * learnt}", pair), flush=True)
        records.append([each._asdict() for each in pair])
        periods += zip(*(by_period(*each) for each in arguments))
    print(f"records: {differences(records)}")
    print(f"5 minutes: {differences([list(each) for each in periods])}")


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--records", "--weight")
    cli.add(parser, "--model", default="context_interpatient")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    folder = artifacts.locate(args.records or "data/mitdb")
    session = open_onnx(weights.find_weights(args.model, args.weight, ".onnx"), 1)
    table(folder, session, quality.model_or_note(args.weight), args.model)


if __name__ == "__main__":
    cli.run(main)
