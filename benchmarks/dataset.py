"""What the shared patients and the leaked SMOTE of the heartbeat CSVs do to a figure, shown with the simplest classifier there is.

    python benchmarks/dataset.py --records data/mitdb            # a few minutes on one core; writes data/evaluation/dataset.json

A nearest neighbour learns nothing: it labels a beat like the most similar training beat. On the published split that is nearly
always another beat of the same person, and after SMOTE before the split a beat interpolated from the very one it is asked about.
"""
import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
import data_preprocess as prepare  # noqa: E402
from ecg import artifacts, scores  # noqa: E402
from ecg.artifacts import InputError  # noqa: E402
from ecg.beats import CLASS_NAMES  # noqa: E402


def nearest(x, known, what, block=1024):
    """(index (n,) into `known` of the row nearest to each row of x, its distance (n,)), Euclidean. x (n, 187), known (m, 187)."""
    index, distance = np.empty(len(x), np.int64), np.empty(len(x))
    norms = np.einsum("ij,ij->i", known, known)
    for start in tqdm(range(0, len(x), block), what, disable=None, leave=False):
        part = x[start:start + block]
        gap = norms - 2 * (part @ known.T)
        at = gap.argmin(axis=1)
        index[start:start + block] = at
        distance[start:start + block] = np.sqrt(np.maximum(gap[np.arange(len(part)), at] + np.einsum("ij,ij->i", part, part), 0))
    return index, distance


def neighbour_scores(test, train, what):
    """Figures of the nearest neighbour on `test` (Rows) when `train` (Rows) is known."""
    index, _ = nearest(test.x, train.x, what)
    matrix = scores.confusion(test.y, train.y[index])
    return {"accuracy": float(scores.accuracy(matrix)), "f1": dict(zip(CLASS_NAMES, scores.f1(matrix).tolist())),
            "macro_f1": float(scores.macro_f1(matrix, CLASS_NAMES)), "macro_f1_NSV": float(scores.macro_f1(matrix, ["N", "S", "V"])),
            "same_patient": float((test.record == train.record[index]).mean()),
            "same_patient_by_class": {name: float((test.record == train.record[index])[test.y == k].mean())
                                      for k, name in enumerate(CLASS_NAMES) if (test.y == k).any()}}


def leak(train, test, seed, sample=4000):
    """The nearest neighbour under the tutorial's order: scaler and SMOTE, then the split. `sample` rows of each side are asked."""
    mean, scale = train.x.mean(axis=0), train.x.std(axis=0)
    x, y, _ = prepare.oversample((train.x - mean) / scale, train.y, seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    held, kept = order[:len(y) // 5], order[len(y) // 5:]
    asked = held[:sample]
    index, _ = nearest(x[asked], x[kept], "leaked validation")
    val = scores.confusion(y[asked], y[kept][index])
    chosen = rng.choice(len(test.y), min(sample, len(test.y)), replace=False)
    index, _ = nearest((test.x[chosen] - mean) / scale, x[kept], "test, same training rows")
    true = scores.confusion(test.y[chosen], y[kept][index])
    return {"rows": len(y), "synthetic_in_validation": float((held >= len(train.y)).mean()),
            "validation": {"accuracy": float(scores.accuracy(val)), "macro_f1": float(scores.macro_f1(val, CLASS_NAMES))},
            "test": {"accuracy": float(scores.accuracy(true)), "macro_f1": float(scores.macro_f1(true, CLASS_NAMES))}}


def concentration(rows, most=3):
    """{class: [(record, share of the class's beats)]} of the records that hold most of each class."""
    found = {}
    for k, name in enumerate(CLASS_NAMES):
        records, count = np.unique(rows.record[rows.y == k], return_counts=True)
        order = np.argsort(-count)[:most]
        found[name] = [(str(records[i]), float(count[i] / count.sum())) for i in order]
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--records", default="data/mitdb", metavar="DIR", help="the 48 WFDB records of MIT-BIH")
    parser.add_argument("--seed", type=int, default=42, help="of SMOTE and of the rows that are asked")
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data")
    args = parser.parse_args(argv)
    rows = prepare.cut_records(artifacts.locate(args.records))
    split = prepare.kaggle_split(rows)
    if split is None:
        raise InputError(f"--records {args.records}: these are not the 48 unchanged records of MIT-BIH")
    train, test = split
    ds1, ds2 = (rows.take(np.isin(rows.record, which)) for which in (prepare.DS1, prepare.DS2))
    found = {"patients_on_both_sides": len(set(train.record.tolist()) & set(test.record.tolist())), "patients": len(set(rows.record.tolist())),
             "share_of_class_by_record": concentration(rows), "kaggle": neighbour_scores(test, train, "published split"),
             "interpatient": neighbour_scores(ds2, ds1, "DS1 -> DS2"), "leak": leak(train, test, args.seed)}
    artifacts.save_json(Path(args.data) / "evaluation" / "dataset.json", found)

    print(f"{found['patients_on_both_sides']} of {found['patients']} patients are in training and test of the published split")
    for name, shares in found["share_of_class_by_record"].items():
        print(f"class {name}: " + ", ".join(f"{share:.1%} from record {record}" for record, share in shares))
    print("\nnearest neighbour                  accuracy  macro-F1  N, S, V     " + "      ".join(f"F1 {name}" for name in CLASS_NAMES) + "  same patient")
    for label, key in (("published split", "kaggle"), ("patients never seen, DS1 -> DS2", "interpatient")):
        part = found[key]
        print(f"{label:<34}{part['accuracy']:>9.2%}{part['macro_f1']:>10.4f}{part['macro_f1_NSV']:>9.4f}"
              + "".join(f"{part['f1'][name]:>10.3f}" for name in CLASS_NAMES) + f"{part['same_patient']:>14.1%}")
    part = found["leak"]
    print(f"\nSMOTE before the split: {part['synthetic_in_validation']:.0%} of the validation rows are synthetic; validation accuracy "
          f"{part['validation']['accuracy']:.2%}, macro-F1 {part['validation']['macro_f1']:.4f}; on test {part['test']['accuracy']:.2%}, "
          f"{part['test']['macro_f1']:.4f}")


if __name__ == "__main__":
    artifacts.run(main)
