"""Rows cut from any signal at any beats: shape, range, what becomes of gaps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecg.beats import WIDTH, cut_rows, extract_beats
from tests.properties.signals import extreme, few, signals

TURNED_OVER = st.sampled_from([1e-6, 0.5, 3.0, 1e6])


@st.composite
def beats_in(draw, n):
    """(m,) increasing samples of n."""
    if n == 0:
        return np.zeros(0, np.int64)
    return np.array(sorted(draw(st.sets(st.integers(0, n - 1), max_size=12))), np.int64)


@few(60)
@given(signals(longest=8, lost=False, fs=360.0), st.data())
def test_rows_are_from_0_to_1(signal, data):
    x, _ = signal
    r_peaks = data.draw(beats_in(len(x)))
    wanted = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(r_peaks), max_size=len(r_peaks)))
    )
    rows, index = cut_rows(x, r_peaks, wanted)
    assert rows.shape == (len(index), WIDTH) and rows.dtype == np.float32
    assert np.all((rows >= 0) & (rows <= 1))
    assert np.all(wanted[index]) and len(r_peaks) - 1 not in index
    assert len(index) == np.count_nonzero(wanted[:-1])


@few(30)
@given(signals(longest=8, lost=False, scales=(1.0,), fs=360.0), TURNED_OVER, st.data())
def test_rows_do_not_depend_on_the_unit(signal, factor, data):
    x, _ = signal
    r_peaks = data.draw(beats_in(len(x)))
    every = np.ones(len(r_peaks), bool)
    rows, _ = cut_rows(x, r_peaks, every)
    again, _ = cut_rows(factor * x, r_peaks, every)
    steady = np.ptp(rows, axis=1) > 0  # else rounding alone is scaled up
    span = [np.ptp(x[a:b]) for a, b in zip(r_peaks[:-1], r_peaks[1:])]
    steady &= np.array(span, float)[: len(rows)] > 1e-6 * (1 + np.abs(x).max(initial=0))
    np.testing.assert_allclose(rows[steady], again[steady], atol=1e-5)


@few(60)
@given(signals(longest=8), st.data())
def test_rows_of_any_recording(signal, data):
    """Gaps are no reason to fail, and no row has a sample that is none."""
    x, fs = signal
    rows, positions = extract_beats(x, data.draw(beats_in(len(x))), fs)
    assert rows.shape == (len(positions), WIDTH)
    assert np.all(np.diff(positions) > 0) and np.all(
        (positions >= 0) & (positions < max(len(x), 1))
    )
    assert np.all((rows >= 0) & (rows <= 1))


@few(40)
@given(extreme(), st.data())
def test_rows_of_extremes(x, data):
    rows, index = cut_rows(x, r := data.draw(beats_in(len(x))), np.ones(len(r), bool))
    assert rows.shape == (len(index), WIDTH) and len(index) == max(len(r) - 1, 0)
