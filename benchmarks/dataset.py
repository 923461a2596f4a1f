"""What the shared patients and the leaked SMOTE of the heartbeat CSVs do to a figure, shown with
the simplest classifier there is.

    python benchmarks/dataset.py --records data/mitdb   # minutes; data/evaluation/dataset.json

A nearest neighbour learns nothing: it labels a beat like the most similar training beat. On the
published split that is nearly always another beat of the same person, and after SMOTE before the
split a beat interpolated from the very one it is asked about.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from ecg import artifacts, cli, dataset, mitdb  # noqa: E402
from ecg.artifacts import InputError  # noqa: E402
from ecg.beats import CLASSES  # noqa: E402
from ecg.dataset import Rows  # noqa: E402
from ecg.evaluation import metrics  # noqa: E402
from ecg.processed_data import oversample  # noqa: E402

BLOCK = 1024  # rows that are compared with all others at a time


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--records", default="data/mitdb", help="the 48 WFDB records of MIT-BIH")
    cli.add(parser, "--seed", default=42, help="of SMOTE and of the rows that are asked")
    cli.add(parser, "--data")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    rows = dataset.cut_records(artifacts.locate(args.records))
    published = mitdb.kaggle_split(rows)
    if published is None:
        raise InputError(
            f"--records {args.records}: these are not the 48 unchanged records of MIT-BIH"
        )
    found = measure(rows, *published, args.seed)
    artifacts.save_json(Path(args.data) / "evaluation" / "dataset.json", found)
    print_figures(found)


def measure(rows: Rows, train: Rows, test: Rows, seed: int) -> dict:
    """All figures: of the published split (train, test), of DS1 against DS2, of the leak."""
    ds1, ds2 = (rows.take(np.isin(rows.record, records)) for records in (mitdb.DS1, mitdb.DS2))
    return {
        "patients_on_both_sides": len(set(train.record.tolist()) & set(test.record.tolist())),
        "patients": len(set(rows.record.tolist())),
        "share_of_class_by_record": concentration(rows),
        "kaggle": neighbour_figures(test, train, "published split"),
        "interpatient": neighbour_figures(ds2, ds1, "DS1 -> DS2"),
        "leak": leak(train, test, seed),
    }


def nearest(x: np.ndarray, known: np.ndarray, title: str) -> np.ndarray:
    """Index (n,) into `known` (m, 187) of the row nearest to each row of x (n, 187), Euclidean."""
    index = np.empty(len(x), np.int64)
    norms = np.einsum("ij,ij->i", known, known)
    for start in tqdm(range(0, len(x), BLOCK), title, disable=None, leave=False):
        part = slice(start, start + BLOCK)
        index[part] = (norms - 2 * (x[part] @ known.T)).argmin(axis=1)
    return index


def neighbour_figures(test: Rows, train: Rows, title: str) -> dict:
    """Figures of the nearest neighbour on `test` when `train` is known."""
    index = nearest(test.x, train.x, title)
    matrix = metrics.confusion(test.y, train.y[index])
    same_patient = test.record == train.record[index]
    return {
        "accuracy": float(metrics.accuracy(matrix)),
        "f1": dict(zip(CLASSES, metrics.f1(matrix).tolist())),
        "macro_f1": float(metrics.macro_f1(matrix, CLASSES)),
        "macro_f1_NSV": float(metrics.macro_f1(matrix, ["N", "S", "V"])),
        "same_patient": float(same_patient.mean()),
        "same_patient_by_class": {
            name: float(same_patient[test.y == k].mean())
            for k, name in enumerate(CLASSES)
            if (test.y == k).any()
        },
    }


def leak(train: Rows, test: Rows, seed: int, sample: int = 4000) -> dict:
    """The nearest neighbour under the tutorial's order: scaler and SMOTE, then the split. `sample`
    rows of each side are asked."""
    mean, scale = train.x.mean(axis=0), train.x.std(axis=0)
    x, y, _ = oversample((train.x - mean) / scale, train.y, seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    held, kept = order[: len(y) // 5], order[len(y) // 5 :]
    asked = held[:sample]
    index = nearest(x[asked], x[kept], "leaked validation")
    validation = metrics.confusion(y[asked], y[kept][index])
    asked = rng.choice(len(test.y), min(sample, len(test.y)), replace=False)
    index = nearest((test.x[asked] - mean) / scale, x[kept], "test, same training rows")
    true = metrics.confusion(test.y[asked], y[kept][index])
    return {
        "rows": len(y),
        "synthetic_in_validation": float((held >= len(train.y)).mean()),
        **{
            name: {
                "accuracy": float(metrics.accuracy(matrix)),
                "macro_f1": float(metrics.macro_f1(matrix, CLASSES)),
            }
            for name, matrix in (("validation", validation), ("test", true))
        },
    }


def concentration(rows: Rows, most: int = 3) -> dict:
    """{class: [(record, share of the class's beats)]} of the records that hold most of each
    class."""
    found = {}
    for k, name in enumerate(CLASSES):
        records, count = np.unique(rows.record[rows.y == k], return_counts=True)
        order = np.argsort(-count)[:most]
        found[name] = [(str(records[i]), float(count[i] / count.sum())) for i in order]
    return found


def print_figures(found: dict) -> None:
    print(
        f"{found['patients_on_both_sides']} of {found['patients']} patients are in training and "
        "test of the published split"
    )
    for name, shares in found["share_of_class_by_record"].items():
        most = ", ".join(f"{share:.1%} from record {record}" for record, share in shares)
        print(f"class {name}: {most}")
    print(
        "\nnearest neighbour                  accuracy  macro-F1  N, S, V     "
        + "      ".join(f"F1 {name}" for name in CLASSES)
        + "  same patient"
    )
    for label, key in (
        ("published split", "kaggle"),
        ("patients never seen, DS1 -> DS2", "interpatient"),
    ):
        part = found[key]
        print(
            f"{label:<34}{part['accuracy']:>9.2%}{part['macro_f1']:>10.4f}"
            f"{part['macro_f1_NSV']:>9.4f}"
            + "".join(f"{part['f1'][name]:>10.3f}" for name in CLASSES)
            + f"{part['same_patient']:>14.1%}"
        )
    part = found["leak"]
    print(
        f"\nSMOTE before the split: {part['synthetic_in_validation']:.0%} of the validation rows "
        f"are synthetic; validation accuracy {part['validation']['accuracy']:.2%}, "
        f"macro-F1 {part['validation']['macro_f1']:.4f}; "
        f"on test {part['test']['accuracy']:.2%}, {part['test']['macro_f1']:.4f}"
    )


if __name__ == "__main__":
    cli.run(main)
