"""Does denoising help the classifier? End to end: detected beats, labelled, against the annotation.

    python benchmarks/denoising.py       # about ten minutes
    python benchmarks/denoising.py --seconds 300 --snr 6 --kinds clean mains --model self

ECG_DATA or --data names the folder of the databases. Twelve records of DS1 (nothing of DS2 is
looked at, since a default is chosen here), clean and with noise: baseline wander, muscle and
electrode noise of the MIT-BIH Noise Stress Test Database, mains hum of 50 Hz, at 24, 12, 6 and 0 dB
below the power that the record has above 0.5 Hz. A beat counts as found when it lies within 150 ms
(EC57). F1 of a class counts missed and invented beats; the macro-F1 is over N, S, V, F (no paced
records here).
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
import inference  # noqa: E402
from benchmarks.common.noise import electrode_motion, stretch_of  # noqa: E402
from ecg import artifacts, beats, cli, ec57, formats, ranges  # noqa: E402
from ecg.filters import denoise, remove_strong_hum  # noqa: E402
from ecg.formats import annotation  # noqa: E402
from ecg.noise import add_noise  # noqa: E402

RECORDS = ("101", "106", "108", "114", "116", "119", "201", "203", "208", "209", "215", "223")
FS = 360  # Hz
KINDS = ("clean", "baseline", "muscle", "electrode", "mains")
# name -> signal (n,) at FS -> signal; `notch` removes whatever mains hum is found, `strong hum`
# only much of it
TREATMENTS = {
    "raw": lambda x: x,
    "notch": lambda x: denoise(x, FS, 0, np.inf),
    "0.5-40 Hz": lambda x: denoise(x, FS, 0.5, 40),
    "0.5-150 Hz": lambda x: denoise(x, FS, 0.5, 150),
    "strong hum": lambda x: remove_strong_hum(x, FS)[0],
}


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    data = os.environ.get("ECG_DATA", HOME.parent / "shared" / "data")
    cli.add(p, "--data", default=data, help="folder with mitdb/ and nstdb/")
    cli.add(p, "--model", default="self", help="name or file; auto: as inference.py")
    cli.add(p, "--weight")
    p.add_argument("--seconds", metavar="S", type=ranges.LENGTH, default=600, help="of each record")
    p.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=KINDS, help="of noise (default: all)"
    )
    p.add_argument(
        "--snr",
        nargs="+",
        metavar="DB",
        type=ranges.DECIBELS,
        default=(24, 12, 6, 0),
        help="strengths, dB",
    )
    p.add_argument(
        "--records", nargs="+", metavar="RECORD", default=RECORDS, help="(default: 12 of DS1)"
    )
    cli.add(p, "--json", help="write the figures there")
    return p


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    cases = [
        (kind, snr) for kind in args.kinds for snr in ([None] if kind == "clean" else args.snr)
    ]
    counts = count(args, cases)
    print(f"model {args.model}, {len(args.records)} records, {args.seconds:g} s each\n")
    rows = print_table(cases, counts)
    print_means(rows)
    if args.json:
        artifacts.save_json(args.json, rows)


def measured_noise(folder: Path) -> dict[str, np.ndarray]:
    """{kind: (n,) noise of the first lead at 360 Hz, any scale} of the Noise Stress Test
    Database."""
    names = {"baseline": "bw", "muscle": "ma"}
    noise = {kind: formats.read_wfdb(folder / name).signal for kind, name in names.items()}
    noise["electrode"] = electrode_motion(folder)[:, 0]
    return noise


def with_noise(
    signal: np.ndarray, kind: str, snr: float | None, noise: dict[str, np.ndarray], seed: int
) -> np.ndarray:
    """`signal` (n,) with noise of a kind; the same seed gives the same noise at every strength."""
    rng = np.random.default_rng(seed)
    if snr is None:  # clean
        return signal
    if kind == "mains":
        return add_noise(signal, FS, "mains", snr, rng)
    measured = noise[kind]
    start = rng.integers(len(measured) - min(len(signal), len(measured) // 2))
    return add_noise(signal, FS, stretch_of(measured, len(signal), int(start)), snr, rng)


def count(args: argparse.Namespace, cases: list[tuple]) -> dict:
    """{((kind, dB), treatment): EC57 counts (7, 7) over the records}"""
    data, stop = Path(args.data), int(args.seconds * FS)
    noise = measured_noise(data / "nstdb")
    model = args.model
    if model not in ("auto", "context"):
        model = inference.load(model, args.weight)
    counts = {(case, name): np.zeros((7, 7), int) for case in cases for name in TREATMENTS}
    for name in tqdm(args.records, desc="records", disable=not sys.stderr.isatty()):
        signal = formats.read_wfdb(data / "mitdb" / name).signal[:stop]
        samples, symbols, *_ = annotation.read_annotation(data / "mitdb" / name)
        for kind, snr in cases:
            noisy = with_noise(signal, kind, snr, noise, int(name))
            for treatment, treat in TREATMENTS.items():
                table = inference.classify(
                    treat(noisy), FS, model, weight=args.weight, mains="none"
                )
                labels = table.label.replace(beats.UNLABELLED, "Q")
                compared = ec57.compare(
                    samples,
                    symbols,
                    table["sample"],
                    labels,
                    FS,
                    n_samples=len(signal),
                    learning=0,
                    class_map="aami",
                )
                counts[(kind, snr), treatment] += compared.counts
    return counts


def score(counts: np.ndarray) -> tuple[float, ...]:
    """(QRS F1, macro-F1 over N S V F, F1 of N, S, V, F) in percent, from EC57 counts summed over
    records."""
    hit, true, found = np.diag(counts)[:4], counts[:4].sum(axis=1), counts[:, :4].sum(axis=0)
    f1 = 200 * hit / np.maximum(true + found, 1)
    qrs = 200 * counts[:5, :5].sum() / max(counts[:5].sum() + counts[:, :5].sum(), 1)
    return qrs, f1.mean(), *f1


def print_table(cases: list[tuple], counts: dict) -> list[dict]:
    """The figures of every case and treatment; they are returned as what --json writes."""
    columns = "".join(f"{c:>8}" for c in beats.CLASSES[:4])
    print(f"{'noise':<10}{'dB':>4}  {'treatment':<12}{'QRS F1':>8}{'macro-F1':>10}{columns}")
    keys = ("qrs_f1", "macro_f1", "n_f1", "s_f1", "v_f1", "f_f1")
    rows = []
    for kind, snr in cases:
        for treatment in TREATMENTS:
            figures = score(counts[(kind, snr), treatment])
            case = {"noise": kind, "snr_db": snr, "treatment": treatment}
            rows.append({**case, **dict(zip(keys, figures))})
            strength = "" if snr is None else f"{snr:g}"
            print(
                f"{kind:<10}{strength:>4}  {treatment:<12}{figures[0]:8.2f}{figures[1]:10.2f}"
                + "".join(f"{f:8.2f}" for f in figures[2:])
            )
    return rows


def print_means(rows: list[dict]) -> None:
    print("\nmean over all cases:")
    for treatment in TREATMENTS:
        of_treatment = [row for row in rows if row["treatment"] == treatment]
        qrs, macro = np.mean([[row["qrs_f1"], row["macro_f1"]] for row in of_treatment], axis=0)
        print(f"  {treatment:<12} QRS F1 {qrs:.2f}, macro-F1 {macro:.2f}")


if __name__ == "__main__":
    cli.run(main)
