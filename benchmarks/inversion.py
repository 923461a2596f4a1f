"""How reliably is a lead that lies upside down told from one that lies upright?

    python benchmarks/inversion.py                         # about a minute; ECG_DATA or --data names the databases' folder

The first leads of MIT-BIH (48 records) and SVDB (39), ten minutes each, as recorded and turned. The weights are fitted on all
records but the one they judge (logistic regression without intercept: turning the signal turns the sign). A false alarm
(a lead as recorded is turned) is worse than a miss, so clean_ECG.CLEARLY asks for clear odds. Second leads, most of them V1,
are judged too, as if their names were not known.
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
import clean_ECG  # noqa: E402
from ecg import artifacts, records  # noqa: E402


def fit(figures):
    both = np.concatenate([figures, -figures])
    model = LogisticRegression(fit_intercept=False).fit(both, np.arange(len(both)) < len(figures))
    return model.coef_[0]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--data", default=os.environ.get("ECG_DATA", HOME.parent / "shared" / "data"),
                        help="folder with mitdb/ and svdb/")
    args = parser.parse_args(argv)
    first, second, names, qrs_down = [], [], [], {}
    paths = [path for name in ("mitdb", "svdb") for path in records.find_recordings(Path(args.data) / name)]
    for path in tqdm(paths, desc="records", disable=not sys.stderr.isatty()):
        for lead, group in ((0, first), (1, second)):
            recording = records.read_recording(path, lead)
            signal = recording.signal[:int(600 * recording.fs)]
            figures = clean_ECG.upright_figures(signal, recording.fs)
            turned = clean_ECG.upright_figures(-signal, recording.fs)
            group.append((figures, turned))
            qrs_down.setdefault(recording.lead, []).append(figures[0] < -0.4)
            if lead == 0:
                names.append(f"{path.parent.name} {path.name}")
    first, second = np.array(first), np.array(second)
    upright = first[:, 0]
    print("weights fitted on all:", np.round(fit(upright), 2), " used:", clean_ECG.UPRIGHT_WEIGHTS)
    odds = np.array([first[k] @ fit(np.delete(upright, k, axis=0)) for k in range(len(first))])
    used = first @ np.array(clean_ECG.UPRIGHT_WEIGHTS)
    for title, values in (("weights fitted without the record", odds), ("weights used", used)):
        print(f"\n{title}, {len(values)} first leads:")
        for limit in (0, clean_ECG.PERHAPS, 1.5, clean_ECG.CLEARLY):
            false, found, wrong = values[:, 0] < -limit, values[:, 1] < -limit, values[:, 1] > limit
            print(f"  limit {limit}: false alarms {false.sum()} ({', '.join(n for n, f in zip(names, false) if f) or '-'}), "
                  f"turned leads found {found.sum()} ({100 * found.mean():.0f} %), called clearly upright {wrong.sum()}, "
                  "the rest left as they are")
    other = second @ np.array(clean_ECG.UPRIGHT_WEIGHTS)
    print(f"\nsecond leads ({len(other)}, most of them V1), judged without their names: as recorded "
          f"{(other[:, 0] < -clean_ECG.CLEARLY).sum()} would be turned, turned back {(other[:, 1] < -clean_ECG.CLEARLY).sum()}")
    print("\nQRS said to point down (unlike II and V5), by lead: "
          + ", ".join(f"{lead} {np.sum(flags)} of {len(flags)}" for lead, flags in sorted(qrs_down.items())))


if __name__ == "__main__":
    artifacts.run(main)
