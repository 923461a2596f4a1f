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


def test_periods_and_what_is_covered():
    rng = np.random.default_rng(1)
    for n, size, offset in (
        (200, 60, 0),
        (200, 60, -45),
        (180, 60, 0),
        (7, 60, -59),
        (200, 33.3, 5),
    ):
        edges = stretches.periods(n, size, offset)
        of = np.floor((np.arange(n) - offset) / size)
        expected = np.unique(of, return_inverse=True)[1]
        np.testing.assert_array_equal(stretches.period_of(edges, np.arange(n)), expected)
        spans = stretches.within(draw(rng, 9), n)
        counts = np.bincount(expected[flags(spans, n)], minlength=len(edges) - 1)
        np.testing.assert_array_equal(stretches.covered(spans, edges), counts)
    assert stretches.periods(0, 60).tolist() == [0]
    assert stretches.covered(stretches.within([], 9), np.array([0, 4, 9])).tolist() == [0, 0]


def test_within_cuts_at_the_ends():
    spans = stretches.within([(5, 3), (-9, 2), (180, 300), (1, 4), (400, 500)], 200)
    assert spans.tolist() == [[0, 4], [180, 200]]


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
