"""What people record: pieces of 30, 10 and 5 s, hand-held recordings of healthy people, noise. By
networks that never saw the person.

    # five networks of a cross-validation, half an hour, once
    python train.py --model context --records data/mitdb data/svdb --normal data/cinc2017 \\
        --protocol all --cv --keep weight/folds
    python benchmarks/short.py --records data/svdb --normal data/cinc2017 --mixtures data/nstdb
    python benchmarks/short.py --mix data/mitdb --mixtures data/nstdb   # patients with its noise

Pieces: ten of each length a record, at random places (the same for the same record), labelled as a
user's file is; N, S, V and F, Q left out; a beat that is missed or gets `?` is wrong, but for the
first and last 0.3 s, which do not count. Healthy: recordings of class N, those with any beat called
V or S, and the share of beats so called. ECE: the expected calibration error of the labels over 15
bins of confidence.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.common.folds import Folds  # noqa: E402
from benchmarks.common.noise import FS, electrode_motion, stretch_of  # noqa: E402
from benchmarks.rpeaks_parts.scores import WINDOW, match  # noqa: E402
from ecg import artifacts, cli, formats  # noqa: E402
from ecg.beats import CLASSES, classes_of  # noqa: E402
from ecg.evaluation import metrics  # noqa: E402
from ecg.formats.annotation import annotated_records, read_annotation  # noqa: E402
from ecg.formats.recording import Recording  # noqa: E402
from ecg.labelling import label_recording  # noqa: E402
from ecg.noise import add_noise  # noqa: E402
from ecg.quality import model_or_note  # noqa: E402
from ecg.signal_models import SignalModels  # noqa: E402
from ecg.training.normal import normal_records  # noqa: E402

LENGTHS = (30, 10, 5)  # s
PIECES = 10  # of each length a record
EDGE = 0.3  # s
SNRS, MIXED_S = (12, 6, 0), 600  # dB, and how much of a record
NONE = 4  # what a beat is called that is missed, or gets `?` or Q
KINDS = CLASSES[:NONE]


class Reference(NamedTuple):
    """The annotated beats of a recording. at: (k,) samples, increasing; classes: (k,) 0..4."""

    at: np.ndarray
    classes: np.ndarray


class Judged(NamedTuple):
    """What became of k annotated beats. pairs: (k, 2) class of the reference and class given, 0..4;
    confidence: (k,), nan where no label is."""

    pairs: np.ndarray
    confidence: np.ndarray


def judge(recording: Recording, reference: Reference, network: Any, noise: Any) -> Judged:
    """The recording labelled as a user's file is; noise: as ecg.quality.model_or_note gives it."""
    table = label_recording(recording, lambda n_beats: network, models=SignalModels(noise)).beats
    at, true, fs = *reference, recording.fs
    given, confidence = np.full(len(at), NONE), np.full(len(at), np.nan)
    i, j = match(at, table["sample"].to_numpy(), WINDOW * fs).T
    label = table.label.map({name: k for k, name in enumerate(KINDS)}).fillna(NONE).to_numpy(int)
    given[i] = label[j]
    confidence[i] = np.where(label[j] < NONE, table.confidence.to_numpy(float)[j], np.nan)
    counts = (true < NONE) & (at >= EDGE * fs) & (at < len(recording.signal) - EDGE * fs)
    return Judged(np.column_stack([true, given])[counts], confidence[counts])


def pieces(
    recording: Recording, reference: Reference, seconds: int
) -> Iterator[tuple[Recording, Reference]]:
    """Pieces of a record, PIECES of them."""
    at, classes = reference
    long = int(seconds * recording.fs)
    rng = np.random.default_rng([*recording.name.encode(), seconds])
    for first in rng.integers(0, max(len(recording.signal) - long, 1), PIECES).tolist():
        inside = (at >= first) & (at < first + long)
        piece = Reference(at[inside] - first, classes[inside])
        yield _cut(recording, first, first + long), piece


def _cut(recording, first, stop):
    second = recording.second
    others = [each for each in recording.others if each.signal is not second]
    return recording._replace(
        signal=recording.signal[first:stop],
        second=None if second is None else second[first:stop],
        others=tuple(each._replace(signal=each.signal[first:stop]) for each in others),
    )


def read(folder: Path, name: str) -> tuple[Recording, Reference]:
    recording = formats.read_recording(folder / name, second="auto")
    annotation = read_annotation(folder / name)
    classes = classes_of(annotation.symbols)
    return recording, Reference(annotation.samples[classes >= 0], classes[classes >= 0])


def print_line(title: str, parts: list[Judged]) -> None:
    """One line of the table: accuracy, Se and +P, N called V, the calibration error."""
    pairs, confidence = (np.concatenate(part) for part in zip(*parts))
    counts = metrics.confusion(*pairs.T)
    se, ppv = metrics.recall(counts, 100), metrics.precision(counts, 100)
    known = np.isfinite(confidence)
    ece, _ = metrics.reliability(confidence[known], (pairs[:, 0] == pairs[:, 1])[known])
    called_v = 100 * counts[0, 2] / max(counts[0].sum(), 1)
    figures = "  ".join(f"{name} {se[k]:.1f}/{ppv[k]:.1f}" for k, name in enumerate(KINDS[:3]))
    print(
        f"{title:<24} {len(pairs):>6,} beats  accuracy {100 * metrics.accuracy(counts):.2f}  "
        f"N called V {called_v:.3f} %  Se/+P {figures}  "
        f"no label {100 * np.mean(pairs[:, 1] == NONE):.2f} %  ECE {ece:.4f}"
    )


def table_pieces(folders: list[Path], folds: Folds, noise: Any) -> None:
    found: dict[int, list[Judged]] = {seconds: [] for seconds in LENGTHS}
    files = [(folder, name) for folder in folders for name in annotated_records(folder)]
    for folder, name in tqdm(files, desc="pieces", unit="record", disable=None):
        network = folds.network(name)
        recording, reference = read(folder, name)
        for seconds, parts in found.items():
            for piece, beats in pieces(recording, reference, seconds):
                parts.append(judge(piece, beats, network, noise))
    print(f"\nPieces of {len(files)} records, by networks that never saw the record")
    for seconds, parts in found.items():
        print_line(f"{seconds} s", parts)


def table_mixtures(folder: Path, folds: Folds, noise: Any) -> None:
    """Records of the noise stress test, each called by its record of MIT-BIH and what was added:
    118e12."""
    print("\nMIT-BIH records with noise, by networks that never saw the patient")
    parts = []
    for name in (name for name in annotated_records(folder) if name[:3].isdigit()):
        recording, reference = read(folder, name)
        parts.append(judge(recording, reference, folds.network(name[:3]), noise))
        print_line(name, parts[-1:])
    print_line("all", parts)


def table_mixed(folder: Path, mixtures: Path, folds: Folds, noise: Any) -> None:
    """The first ten minutes of records, both leads, with the electrode motion of `mixtures` added
    in every other two minutes after the first: as that database does it, with other patients."""
    motion = electrode_motion(mixtures)
    title = "MIT-BIH records with electrode motion added, by networks that never saw the patient"
    found: dict[int, list[Judged]] = {snr: [] for snr in SNRS}
    left_out = {name[:3] for name in annotated_records(mixtures)}  # the noise may hold their beats
    names = [name for name in annotated_records(folder) if name not in left_out]
    for name in tqdm(names, desc="mixed", unit="record", disable=None):
        recording, reference = read(folder, name)
        part = _cut(recording, 0, int(MIXED_S * recording.fs))
        beats = Reference(*(each[reference.at < len(part.signal)] for each in reference))
        for snr, parts in found.items():
            noisy = with_motion(part, motion, snr)
            parts.append(judge(noisy, beats, folds.network(name), noise))
    print(f"\n{title}: {len(names)} records")
    for snr, parts in found.items():
        print_line(f"{snr} dB", parts)


def with_motion(recording: Recording, motion: np.ndarray, snr_db: float) -> Recording:
    """The recording, its second lead alone beside, with `motion` (n, 2) at 360 Hz added to both
    leads from the first minute on, two minutes with and two without."""
    rng, fs = np.random.default_rng([*recording.name.encode()]), recording.fs
    n, start = len(recording.signal), int(rng.integers(len(motion)))
    in_noise = (np.arange(n) / fs - 60) % 240 < 120
    in_noise &= np.arange(n) >= 60 * fs
    at = (np.arange(n) * (FS / fs)).astype(int)

    def moved(lead, k):
        own = stretch_of(motion[:, k], int(at[-1]) + 1, start)[at]
        return np.where(in_noise, add_noise(lead, fs, own - own.mean(), snr_db, rng), lead)

    second = None if recording.second is None else moved(recording.second, 1)
    return recording._replace(signal=moved(recording.signal, 0), second=second, others=())


def table_healthy(folder: Path, folds: Folds, noise: Any) -> None:
    labels, asked = [], SignalModels(noise)
    for name in tqdm(normal_records(folder), desc="healthy", unit="recording", disable=None):
        recording = formats.read_recording(folder / name)
        network = folds.network(name)
        labelled = label_recording(recording, lambda n_beats: network, models=asked)  # noqa: B023
        labels.append(labelled.beats.label.to_numpy())
    beats = np.concatenate(labels)
    print(f"\n{len(labels):,} hand-held recordings of class N, {len(beats):,} beats found")
    for letter in ("V", "S", "?"):
        any_so = np.mean([(each == letter).any() for each in labels])
        print(
            f"{letter}: in {100 * any_so:.1f} % of the recordings, "
            f"{100 * np.mean(beats == letter):.2f} % of the beats"
        )


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    cli.add(p, "--records", nargs="+", default=[], help="annotated records, to be cut")
    p.add_argument("--normal", metavar="DIR", help="hand-held recordings, with REFERENCE.csv")
    p.add_argument("--mixtures", metavar="DIR", help="records with noise, 118e12 and so on")
    p.add_argument("--mix", metavar="DIR", help="records that the noise of --mixtures is added to")
    p.add_argument("--folds", metavar="DIR", default="weight/folds", help="the networks")
    cli.add(p, "--weight", help="folder of the quality network")
    return p


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.mix and not args.mixtures:
        raise artifacts.InputError("--mix needs the noise: name its folder with --mixtures")
    if not (args.records or args.normal or args.mixtures):
        raise artifacts.InputError("nothing to work on: name --records, --normal or --mixtures")
    torch.set_num_threads(1)
    folds, noise = Folds(args.folds), model_or_note(args.weight)
    if args.records:
        table_pieces([artifacts.locate(folder) for folder in args.records], folds, noise)
    if args.mixtures:
        table_mixtures(artifacts.locate(args.mixtures), folds, noise)
    if args.mix:
        mixtures = artifacts.locate(args.mixtures)
        table_mixed(artifacts.locate(args.mix), mixtures, folds, noise)
    if args.normal:
        table_healthy(artifacts.locate(args.normal), folds, noise)


if __name__ == "__main__":
    cli.run(main)
