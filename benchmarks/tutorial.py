"""What the tutorial does with a recording, beside what this project does with it, on MIT-BIH: the
beats that are found, and the V and S beats that are labelled as such.

    python benchmarks/tutorial.py --records data/mitdb   # minutes; data/evaluation/tutorial.json

The tutorial's way: notch 50 Hz, band-pass 0.5 to 150 Hz, z-score; an R peak is a maximum of the
squared slope (5 to 15 Hz, after Pan and Tompkins) above half of the greatest of the whole
recording, 600 ms from the next; a beat is 187 samples around it at the recording's own rate, handed
to the network as they are. This project's way: levels of signal and noise that follow the recording
(ecg/rpeaks.py), rows cut and standardised as those of the training (ecg/beats.py). The network is
the same: the tutorial's, trained by its own recipe on beats of these very patients.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import signal as sps
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
import inference  # noqa: E402
from benchmarks.rpeaks_parts.records import Record, read_database  # noqa: E402
from benchmarks.rpeaks_parts.scores import WINDOW, errors, figures, match  # noqa: E402
from ecg import artifacts, beats, cli, filters, rpeaks  # noqa: E402
from ecg.formats import annotation  # noqa: E402
from ecg.prediction import logits  # noqa: E402

SHOWN = "V", "S"  # classes whose beats are counted
CALLED_N = "labels N"
HALF = beats.WIDTH // 2  # samples of a window before its R peak


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--records", default="data/mitdb", help="the WFDB records of MIT-BIH")
    cli.add(parser, "--model", default="self_tutorial")
    cli.add(parser, "--weight", "--data")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    folder = artifacts.locate(args.records)
    model = inference.load_model(args.model, weight=args.weight)
    found = measure(read_database(folder), classes_in(folder), model)
    artifacts.save_json(Path(args.data) / "evaluation" / "tutorial.json", found)
    print_figures(found)


def classes_in(folder: Path) -> dict[str, np.ndarray]:
    """{record: class index 0..4 of each of its annotated beats}"""
    found = {}
    for header in sorted(folder.glob("*.hea")):
        classes = beats.classes_of(annotation.read_annotation(header.with_suffix("")).symbols)
        found[header.stem] = classes[classes >= 0]
    return found


# ---------------------------------------------------------------------------- the tutorial's way


def tutorials_signal(signal: np.ndarray, fs: float) -> np.ndarray:
    """Notch, band-pass and z-score of `signal` (n,) at `fs` Hz."""
    high = min(150.0, 0.49 * fs)
    return filters.normalize(filters.bandpass(filters.notch(signal, fs, 50), fs, 0.5, high))


def tutorials_peaks(cleaned: np.ndarray, fs: float) -> np.ndarray:
    """R peaks (m,) in samples: maxima of the squared slope above half of the greatest, 600 ms
    apart."""
    slope = np.diff(filters.bandpass(cleaned, fs, 5, 15, 2), prepend=0) ** 2
    return sps.find_peaks(slope, height=0.5 * slope.max(), distance=int(0.6 * fs))[0]


def tutorials_windows(cleaned: np.ndarray, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(windows (k, 187) around the R peaks `peaks` (m,), the R peak of each)."""
    at = peaks[(peaks >= HALF) & (peaks + beats.WIDTH - HALF <= len(cleaned))]
    windows = np.array([cleaned[p - HALF : p - HALF + beats.WIDTH] for p in at])
    return windows.reshape(-1, beats.WIDTH), at


# --------------------------------------------------------------------------------- side by side


def measure(records: dict[str, Record], classes: dict[str, np.ndarray], model: Any) -> dict:
    """{way: Se, +P and F1 of its R peaks} and {way: {class: [labelled as such, of so many]}}, that
    of CALLED_N too."""
    detected: dict[str, list] = {"the tutorial's": [], "this project's": []}
    labelled: dict[str, dict] = {}
    for name, record in tqdm(records.items(), desc="records", disable=None):
        cleaned = tutorials_signal(record.signal, record.fs)
        theirs = tutorials_peaks(cleaned, record.fs)
        ours = rpeaks.detect_r_peaks(record.signal, record.fs)
        for way, found in zip(detected, (theirs, ours)):
            detected[way].append((name, 0.0, *errors(record, found)))
        ways: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
            "the tutorial's windows, its R peaks": lambda: of_windows(model, cleaned, theirs),
            "the tutorial's windows, annotated R peaks": lambda: of_windows(
                model, cleaned, record.beats
            ),
            "this project's rows, its R peaks": lambda: of_rows(model, record, ours),
        }
        for way, label in ways.items():
            count_into(labelled.setdefault(way, {}), record, classes[name], *label())
    kept = "Se", "+P", "F1"
    of_peaks = {way: {key: figures(rows)[key] for key in kept} for way, rows in detected.items()}
    return {"records": len(records), "r_peaks": of_peaks, "labels": labelled}


def of_windows(model: Any, cleaned: np.ndarray, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(class of each window, its R peak): the windows as they are into the network."""
    windows, at = tutorials_windows(cleaned, peaks)
    return logits(model, windows).argmax(axis=1), at


def of_rows(model: Any, record: Record, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(class of each row, its R peak)."""
    rows, at = beats.extract_beats(record.signal, peaks, record.fs)
    return inference.predict_heartbeat(model, rows)[0], at


def count_into(
    counts: dict, record: Record, classes: np.ndarray, ids: np.ndarray, at: np.ndarray
) -> None:
    """Add to counts[class] the beats of a record that were found and labelled as such, and all
    that were found, within 150 ms of the annotation, one to one; to counts[CALLED_N] the labels N,
    and all labels."""
    right, found = counts.setdefault(CALLED_N, [0, 0])
    counts[CALLED_N] = [right + int(np.sum(ids == 0)), found + len(ids)]
    pairs = match(record.beats, at, WINDOW * record.fs)
    for letter in SHOWN:
        k = beats.CLASSES.index(letter)
        mine = pairs[classes[pairs[:, 0]] == k]
        right, found = counts.setdefault(letter, [0, 0])
        counts[letter] = [right + int(np.sum(ids[mine[:, 1]] == k)), found + len(mine)]


def print_figures(found: dict) -> None:
    print(f"R peaks of {found['records']} records{'Se':>26}{'+P':>8}{'F1':>8}")
    for way, row in found["r_peaks"].items():
        print(f"  {way:<42}{row['Se']:8.2f}{row['+P']:8.2f}{row['F1']:8.2f}")
    print("\nlabels that are N; beats labelled as what they are, of those found")
    for way, counts in found["labels"].items():
        told = "   ".join(f"{letter} {right:,} of {n:,}" for letter, (right, n) in counts.items())
        print(f"  {way:<42}  {told}")


if __name__ == "__main__":
    cli.run(main)
