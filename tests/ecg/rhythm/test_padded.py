"""Rows of different length side by side."""

import numpy as np

from ecg.rhythm import padded


def test_rows_keep_their_values_in_order():
    values, there = padded.padded(np.arange(5.0), np.array([0, 0, 2, 2, 2]), 4)
    assert values[there].tolist() == [0, 1, 2, 3, 4]
    assert there.sum(axis=1).tolist() == [2, 0, 3, 0]


def test_statistics_are_those_of_each_row_alone():
    rng = np.random.default_rng(0)
    row = np.sort(rng.integers(0, 6, 60))
    x = rng.standard_normal((60, 3))
    values, there = padded.padded(x, row, 6)
    found = padded.percentiles(values, there, [10, 50, 75])
    means = padded.mean(values[:, :, 0], there)
    for k in range(6):
        np.testing.assert_allclose(found[:, k], np.percentile(x[row == k], [10, 50, 75], axis=0))
        np.testing.assert_allclose(means[k], x[row == k, 0].mean())


def test_nothing_there_is_nan():
    values, there = padded.padded(np.ones(2), np.array([1, 1]), 2)
    assert np.isnan(padded.mean(values, there)[0])
    assert np.isnan(padded.percentiles(values, there, [50])[0, 0])


def test_what_is_there_moves_to_the_front():
    x, there = np.array([[1.0, 2, 3, 4]]), np.array([[False, True, False, True]])
    values, kept = padded.moved_up(x, there)
    assert values[kept].tolist() == [2, 4] and kept[0].tolist() == [True, True, False, False]
