"""How reliably is a lead that lies upside down told from one that lies upright?

    python benchmarks/inversion.py       # about a minute; ECG_DATA or --data names the databases

The first leads of MIT-BIH (48 records) and SVDB (39), ten minutes each, as recorded and turned. The
weights are fitted on all records but the one they judge (logistic regression without intercept:
turning the signal turns the sign). A false alarm (a lead as recorded is turned) is worse than a
miss, so ecg.orientation.CLEARLY asks for clear odds. Second leads, most of them V1, are judged too,
as if their names were not known.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
from ecg import cli, formats  # noqa: E402
from ecg.orientation import CLEARLY, PERHAPS, QRS_DOWN, UPRIGHT_WEIGHTS, upright_figures  # noqa: E402

SECONDS = 600  # of each record


class Leads(NamedTuple):
    """names: of the records (n,). first, second: (n, 2, 3), the figures of QRS, T and P wave of
    either lead, as recorded and turned. qrs_down: {lead: whether the QRS points down, of each}."""

    names: list[str]
    first: np.ndarray
    second: np.ndarray
    qrs_down: dict[str, list[bool]]


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    data = os.environ.get("ECG_DATA", HOME.parent / "shared" / "data")
    cli.add(parser, "--data", default=data, help="folder with mitdb/ and svdb/")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    leads = read_leads(Path(args.data))
    upright = leads.first[:, 0]
    print("weights fitted on all:", np.round(fit(upright), 2), " used:", UPRIGHT_WEIGHTS)
    fitted_without = [fit(np.delete(upright, k, axis=0)) for k in range(len(upright))]
    odds = np.array([figures @ w for figures, w in zip(leads.first, fitted_without)])
    print_limits("weights fitted without the record", odds, leads.names)
    print_limits("weights used", leads.first @ np.array(UPRIGHT_WEIGHTS), leads.names)
    print_other_leads(leads)


def read_leads(data: Path) -> Leads:
    """Both leads of every record of MIT-BIH and SVDB."""
    both: tuple[list, list] = ([], [])
    names, qrs_down = [], dict[str, list[bool]]()
    paths = [path for name in ("mitdb", "svdb") for path in formats.find_recordings(data / name)]
    for path in tqdm(paths, desc="records", disable=not sys.stderr.isatty()):
        for lead in (0, 1):
            recording = formats.read_recording(path, lead)
            signal = recording.signal[: int(SECONDS * recording.fs)]
            figures = upright_figures(signal, recording.fs)
            both[lead].append((figures, upright_figures(-signal, recording.fs)))
            qrs_down.setdefault(recording.lead, []).append(figures[0] < QRS_DOWN)
        names.append(f"{path.parent.name} {path.name}")
    return Leads(names, np.array(both[0]), np.array(both[1]), qrs_down)


def fit(figures: np.ndarray) -> np.ndarray:
    """Weights (3,) of figures (n, 3) of upright leads."""
    both = np.concatenate([figures, -figures])
    model = LogisticRegression(fit_intercept=False).fit(both, np.arange(len(both)) < len(figures))
    return model.coef_[0]


def print_limits(title: str, odds: np.ndarray, names: list[str]) -> None:
    """What a limit of the log odds (n, 2), as recorded and turned, would do."""
    print(f"\n{title}, {len(odds)} first leads:")
    for limit in (0, PERHAPS, 1.5, CLEARLY):
        false, found, wrong = odds[:, 0] < -limit, odds[:, 1] < -limit, odds[:, 1] > limit
        which = ", ".join(n for n, f in zip(names, false) if f) or "-"
        print(
            f"  limit {limit}: false alarms {false.sum()} ({which}), turned leads found "
            f"{found.sum()} ({100 * found.mean():.0f} %), called clearly upright {wrong.sum()}, "
            "the rest left as they are"
        )


def print_other_leads(leads: Leads) -> None:
    other = leads.second @ np.array(UPRIGHT_WEIGHTS)
    as_recorded, turned = (other < -CLEARLY).sum(axis=0)
    print(
        f"\nsecond leads ({len(other)}, most of them V1), judged without their names: as recorded "
        f"{as_recorded} would be turned, turned back {turned}"
    )
    down = ", ".join(f"{k} {np.sum(v)} of {len(v)}" for k, v in sorted(leads.qrs_down.items()))
    print(f"\nQRS said to point down (unlike II and V5), by lead: {down}")


if __name__ == "__main__":
    cli.run(main)
