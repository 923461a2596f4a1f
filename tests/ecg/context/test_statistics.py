"""Running statistics over the beats of a recording."""

import numpy as np

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
