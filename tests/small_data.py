"""A small data/processed_data and predictions of it, for the tests of figures."""

import numpy as np
import pandas as pd

from ecg import artifacts
from ecg.beats import CLASSES


def write_small_data(data):
    """Write into the folder `data`: processed_data of 57 real training rows and 93 of SMOTE, 40
    test rows, and evaluation/kaggle/self_test.csv. Returns (data, that file, its table, test
    rows)."""
    rng = np.random.default_rng(0)
    folder = artifacts.processed(data)
    y = {
        "train": np.repeat([0, 1, 2, 3, 4], [30, 6, 8, 3, 10]),
        "test": np.repeat([0, 1, 2, 3, 4], [20, 5, 5, 4, 6]),
    }
    x = {split: rng.random((len(labels), 187, 1)).astype(np.float32) for split, labels in y.items()}
    for split, extra in (("train", 93), ("test", 0)):
        filler = np.zeros(extra, np.int64)
        artifacts.save_npy(
            folder / f"X_{split}.npy",
            np.concatenate([x[split], np.full((extra, 187, 1), 9, np.float32)]),
        )
        artifacts.save_npy(folder / f"y_{split}.npy", np.concatenate([y[split], filler]))
    counts = {
        split: dict(zip(CLASSES, np.bincount(labels).tolist())) for split, labels in y.items()
    }
    artifacts.save_json(
        folder / "manifest.json",
        {
            "source": "records",
            "protocol": "kaggle",
            "n_real": 57,
            "synthetic": False,
            "classes": CLASSES,
            "scaler": {"mean": [0.0] * 187, "scale": [1.0] * 187},
            "counts": {**counts, "train+SMOTE": dict.fromkeys(CLASSES, 30)},
        },
    )
    true = y["test"]
    predicted = true.copy()
    predicted[:3], predicted[20] = 2, 0  # N taken for V three times, S for N once
    p = np.full((len(true), 5), 0.05)
    p[np.arange(len(true)), predicted] = 0.8
    p[1, 2], p[1, 0] = 0.95, 0.02
    table = pd.DataFrame(
        {
            "row": np.arange(len(true)),
            "record": [str(100 + k) for k in range(len(true))],
            "sample": np.arange(len(true)) * 3600,
            "true": [CLASSES[k] for k in true],
            "predicted": [CLASSES[k] for k in predicted],
            **{f"p_{c}": p[:, k] for k, c in enumerate(CLASSES)},
        }
    )
    path = data / "evaluation" / "kaggle" / "self_test.csv"
    path.parent.mkdir(parents=True)
    table.to_csv(path, index=False)
    return data, path, table, x["test"][:, :, 0]
