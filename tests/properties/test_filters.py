"""Filters of any signal: as many samples, missing where they were missing, and nowhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecg.filters import (
    bandpass,
    denoise,
    find_lines,
    find_mains,
    normalize,
    notch,
    remove_strong_hum,
)
from tests.properties.signals import RATES, extreme, few, signals

FILTERS = st.sampled_from(
    [
        lambda x, fs: notch(x, fs),
        lambda x, fs: notch(x, fs, 60, 5),
        lambda x, fs: bandpass(x, fs),
        lambda x, fs: bandpass(x, fs, 0, 20),
        lambda x, fs: bandpass(x, fs, 1, 1e9, 2),
        lambda x, fs: denoise(x, fs),
        lambda x, fs: denoise(x, fs, mains="50"),
        lambda x, fs: remove_strong_hum(x, fs)[0],
        lambda x, fs: normalize(x),
    ]
)


@few(120)
@given(signals(longest=10), FILTERS)
def test_what_is_there_stays_there(signal, filtering):
    x, fs = signal
    before = x.copy()
    y = filtering(x, fs)
    np.testing.assert_array_equal(x, before)  # what is given is left alone
    assert y.shape == x.shape
    there = np.isfinite(x)
    if np.count_nonzero(there) >= 2:
        assert np.isfinite(y[there]).all() and not np.isfinite(y[~there]).any()


@few(40)
@given(extreme(), RATES, FILTERS)
def test_extremes_are_no_reason_to_fail(x, fs, filtering):
    with np.errstate(all="ignore"):
        assert filtering(x, fs).shape == x.shape


@few(40)
@given(signals(longest=10))
def test_hum_is_told_or_not(signal):
    x, fs = signal
    assert find_mains(x, fs) in (None, 50, 60)
    lines = find_lines(x, fs)
    assert lines == sorted(lines) and all(9 < line < fs / 2 for line in lines)


@few(30)
@given(signals(longest=10, lost=False, scales=(1.0,)), st.sampled_from([0.25, 1024.0]))
def test_the_band_pass_is_linear(signal, factor):
    x, fs = signal
    y, again = bandpass(x, fs), bandpass(factor * x, fs)
    np.testing.assert_allclose(factor * y, again, rtol=1e-6, atol=1e-9 * factor)
