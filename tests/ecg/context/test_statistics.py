"""Running statistics over the beats of a recording."""

import numpy as np
import pytest

from ecg.context import statistics
from ecg.context.statistics import running_percentile


def test_percentiles_of_fewer_values_than_the_window():
    """Whatever lies in memory beside them: SciPy 1.17 gives another value in one case of 150."""
    rng = np.random.default_rng(0)
    for _ in range(4000):
        n = int(rng.choice([30, 60, 100, 200]))
        values = rng.standard_normal(rng.integers(1, n)).astype(np.float32)
        m = len(values)
        mirrored = np.pad(values, n, mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(mirrored, n)[n // 2 : n // 2 + m]
        true = np.partition(windows, n * 3 // 4, axis=1)[:, n * 3 // 4]
        assert np.array_equal(running_percentile(values, n, 75), true)


@pytest.mark.parametrize("m, n, percent", [(40, 31, 50), (300, 30, 75), (90, 60, 75), (7, 31, 50)])
def test_sorting_few_values_is_the_filter_of_scipy(m, n, percent, monkeypatch):
    values = np.random.default_rng(m).standard_normal((3, m))
    few = np.array([statistics.running_percentile(row, n, percent) for row in values])
    medians = statistics.running_medians(values, n)
    monkeypatch.setattr(statistics, "FEW", 0)
    many = np.array([statistics.running_percentile(row, n, percent) for row in values])
    assert np.array_equal(few, many)
    assert np.array_equal(medians, statistics.running_medians(values, n))


@pytest.mark.parametrize("n", [1, 15, 30])
def test_percentiles_of_rows_are_those_of_numpy(n):
    rows = np.random.default_rng(n).standard_normal((50, n)).round(2)
    found = statistics.row_percentiles(rows, [25, 50, 75])
    assert np.array_equal(found, np.percentile(rows, [25, 50, 75], axis=1))
