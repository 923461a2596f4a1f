"""The nearest neighbour that shows what shared patients and a leaked SMOTE do to a figure."""

import numpy as np

from benchmarks import dataset
from ecg.dataset import Rows


def made_up(n, seed, record):
    rng = np.random.default_rng(seed)
    y = np.array([0] * (n - 20) + [2] * 20)
    x = rng.random((n, 187), dtype=np.float32) + 3 * (y == 2)[:, None].astype(np.float32)
    return Rows.unknown(x, y)._replace(record=np.full(n, record))


def test_figures_of_the_nearest_neighbour():
    train, test = made_up(60, 0, "a"), made_up(40, 1, "b")
    assert dataset.nearest(train.x, train.x, "").tolist() == list(range(60))
    found = dataset.neighbour_figures(test, train, "")
    assert found["accuracy"] == 1 and found["same_patient"] == 0
    leaked = dataset.leak(train, test, 0, sample=10)
    assert leaked["rows"] == 80 and 0 < leaked["synthetic_in_validation"] < 1
    assert dataset.concentration(train)["V"] == [("a", 1.0)]
