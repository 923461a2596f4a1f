"""Stretches against a plain look at every sample."""

import numpy as np

from ecg import stretches


def flags(spans, n=200):
    """bool (n,), the samples that the spans cover."""
    out = np.zeros(n, bool)
    for start, stop in spans:
        out[start:stop] = True
    return out


def draw(rng, k):
    """(k, 2) spans anywhere in 200 samples, some of them touching."""
    start = rng.integers(0, 180, k)
    return np.column_stack([start, start + rng.integers(1, 20, k)])


def test_against_samples():
    rng = np.random.default_rng(0)
    for k in range(12):
        spans, gaps = draw(rng, k), stretches.merged(draw(rng, 5))
        union = stretches.merged(spans)
        np.testing.assert_array_equal(union, stretches.runs_of(flags(spans)))
        rest = stretches.without(union, gaps)
        np.testing.assert_array_equal(flags(rest), flags(union) & ~flags(gaps))
        at = np.arange(200)
        np.testing.assert_array_equal(stretches.inside(union, at), flags(union))
        hit = [flags(gaps)[start:stop].any() for start, stop in spans]
        np.testing.assert_array_equal(stretches.overlapping(*spans.T, gaps), hit)


def test_without_any():
    none = np.zeros((0, 2), np.int64)
    assert len(stretches.merged(none)) == len(stretches.without(none, none)) == 0
    assert not stretches.overlapping(np.array([3]), np.array([9]), none).any()
    assert stretches.pieces(7, 3) == [(0, 3), (3, 6), (6, 7)]
