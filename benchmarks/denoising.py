"""Does denoising help the classifier? End to end: detected beats, labelled, against the annotation.

    python benchmarks/denoising.py                         # about ten minutes; ECG_DATA or --data names the databases' folder
    python benchmarks/denoising.py --seconds 300 --snr 6 --kinds clean mains --model self

Twelve records of DS1 (nothing of DS2 is looked at, since a default is chosen here), clean and with noise: baseline wander,
muscle and electrode noise of the MIT-BIH Noise Stress Test Database, mains hum of 50 Hz, at 24, 12, 6 and 0 dB below the power
that the record has above 0.5 Hz. A beat counts as found when it lies within 150 ms (EC57). F1 of a class counts missed and
invented beats; the macro-F1 is over N, S, V, F (no paced records here).
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
from clean_ECG import denoise, remove_strong_hum  # noqa: E402
from ecg import artifacts, beats, ec57, records  # noqa: E402
from Noisy_ECG_Signal import add_noise  # noqa: E402

RECORDS = ("101", "106", "108", "114", "116", "119", "201", "203", "208", "209", "215", "223")
FS = 360
TREATMENTS = {"raw": None, "notch": (0, np.inf, "auto"), "0.5-40 Hz": (0.5, 40, "auto"), "0.5-150 Hz": (0.5, 150, "auto"),
              "strong hum": "remove_strong_hum"}
KINDS = ("clean", "baseline", "muscle", "electrode", "mains")


def measured_noise(folder):
    """{kind: (n,) noise of the first lead at 360 Hz, any scale} of the Noise Stress Test Database."""
    noise = {kind: records.read_wfdb(folder / name).signal for kind, name in (("baseline", "bw"), ("muscle", "ma"))}
    recovered = folder / "em_recovered_from_118e00.npz"        # electrode motion, from its mixture with record 118
    em = folder / "em"
    noise["electrode"] = records.read_wfdb(em).signal if em.with_suffix(".hea").exists() else \
        np.load(recovered, allow_pickle=False)["noise_mV"][:, 0].astype(np.float64)
    return noise


def treat(signal, treatment, fs=FS):
    """`signal` cleaned by one of TREATMENTS: `notch` removes whatever mains hum is found, `strong hum` only much of it."""
    how = TREATMENTS[treatment]
    return signal if how is None else remove_strong_hum(signal, fs)[0] if isinstance(how, str) else denoise(signal, fs, *how)


def score(counts):
    """(QRS F1, macro-F1 over N S V F, F1 of N, S, V, F) in percent, from EC57 counts summed over records."""
    hit, true, found = np.diag(counts)[:4], counts[:4].sum(axis=1), counts[:, :4].sum(axis=0)
    f1 = 200 * hit / np.maximum(true + found, 1)
    qrs = 200 * counts[:5, :5].sum() / max(counts[:5].sum() + counts[:, :5].sum(), 1)
    return qrs, f1.mean(), *f1


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--data", default=os.environ.get("ECG_DATA", HOME.parent / "shared" / "data"),
                        help="folder with mitdb/ and nstdb/")
    parser.add_argument("--model", default="self", help="model name or weights file; auto chooses by length")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    parser.add_argument("--seconds", type=float, default=600, help="of each record, s")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="kinds of noise")
    parser.add_argument("--snr", nargs="+", type=float, default=(24, 12, 6, 0), help="dB")
    parser.add_argument("--records", nargs="+", default=RECORDS, help="of mitdb")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    args = parser.parse_args(argv)
    data, stop = Path(args.data), int(args.seconds * FS)
    noise = measured_noise(data / "nstdb")
    cases = [(kind, snr) for kind in args.kinds for snr in ([None] if kind == "clean" else args.snr)]
    counts = {(case, treatment): np.zeros((7, 7), int) for case in cases for treatment in TREATMENTS}
    model = args.model if args.model in ("auto", "context") else inference.load(args.model, args.weight)
    for number, name in enumerate(tqdm(args.records, desc="records", disable=not sys.stderr.isatty())):
        signal = records.read_wfdb(data / "mitdb" / name).signal[:stop]
        samples, symbols, _ = records.read_annotation(data / "mitdb" / name)
        for kind, snr in cases:
            rng = np.random.default_rng(int(name))                 # the same noise for every strength and treatment
            x = signal
            if kind == "mains":
                x = add_noise(signal, FS, "mains", snr, rng)
            elif kind != "clean":
                start = rng.integers(len(noise[kind]) - min(len(signal), len(noise[kind]) // 2))
                x = add_noise(signal, FS, np.resize(np.roll(noise[kind], -start), len(signal)), snr, rng)
            for treatment in TREATMENTS:
                table = inference.classify(treat(x, treatment), FS, model, weight=args.weight, mains="none")
                counts[(kind, snr), treatment] += ec57.compare(
                    samples, symbols, table["sample"], table.label.replace(inference.UNLABELLED, "Q"), FS,
                    n_samples=len(signal), learning=0, class_map="aami").counts
    print(f"model {args.model}, {len(args.records)} records, {args.seconds:g} s each\n")
    print(f"{'noise':<10}{'dB':>4}  {'treatment':<12}{'QRS F1':>8}{'macro-F1':>10}"
          + "".join(f"{c:>8}" for c in beats.CLASS_NAMES[:4]))
    rows = []
    for kind, snr in cases:
        for treatment in TREATMENTS:
            figures = score(counts[(kind, snr), treatment])
            rows.append({"noise": kind, "snr_db": snr, "treatment": treatment,
                         **dict(zip(("qrs_f1", "macro_f1", "n_f1", "s_f1", "v_f1", "f_f1"), figures))})
            print(f"{kind:<10}{'' if snr is None else f'{snr:g}':>4}  {treatment:<12}{figures[0]:8.2f}{figures[1]:10.2f}"
                  + "".join(f"{f:8.2f}" for f in figures[2:]))
    print("\nmean over all cases:")
    for treatment in TREATMENTS:
        mean = np.mean([[row["qrs_f1"], row["macro_f1"]] for row in rows if row["treatment"] == treatment], axis=0)
        print(f"  {treatment:<12} QRS F1 {mean[0]:.2f}, macro-F1 {mean[1]:.2f}")
    if args.json:
        artifacts.save_json(args.json, rows)


if __name__ == "__main__":
    artifacts.run(main)
