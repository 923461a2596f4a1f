"""R peaks of any signal: where they stand, what is unreadable, that the unit does not matter."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecg.rpeaks import find_beats, find_beats_in_leads
from tests.properties.signals import RATES, extreme, few, signals


def well_formed(peaks, unreadable, n):
    assert peaks.dtype == np.int64 and np.all(np.diff(peaks) > 0)
    assert np.all((peaks >= 0) & (peaks < n))
    assert all(0 <= each.start < each.stop <= n and each.reason for each in unreadable)
    assert all(a.stop <= b.start for a, b in zip(unreadable[:-1], unreadable[1:]))


@few(60)
@given(signals())
def test_beats_of_one_lead(signal):
    x, fs = signal
    peaks, unreadable = find_beats(x, fs)
    well_formed(peaks, unreadable, len(x))
    assert np.all(np.isfinite(x[peaks]))  # no beat where there is no sample


@few(40)
@given(extreme(), RATES)
def test_beats_of_extremes(x, fs):
    well_formed(*find_beats(x, fs), len(x))


@few(30)
@given(st.data(), RATES, st.integers(2, 3))
def test_beats_of_several_leads(data, fs, count):
    leads = [data.draw(signals(longest=12, fs=fs))[0] for _ in range(count)]
    n = min(map(len, leads))
    found = find_beats_in_leads([lead[:n] for lead in leads], fs)
    well_formed(found.peaks, found.unreadable, n)
    assert len(found.lead) == len(found.peaks) and np.all((found.lead >= 0) & (found.lead < count))


@few(25)
@given(signals(longest=15, scales=(1.0,)), st.sampled_from([0.25, 4.0, 1024.0, -1.0]))
def test_the_unit_does_not_matter(signal, factor):
    """By powers of two every digit stays as it is."""
    x, fs = signal
    peaks, unreadable = find_beats(x, fs)
    again, still = find_beats(factor * x, fs)
    if factor > 0:
        np.testing.assert_array_equal(peaks, again)
    assert [each[:2] for each in unreadable] == [each[:2] for each in still]
