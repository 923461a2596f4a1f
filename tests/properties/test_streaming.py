"""The stream: any content in any pieces gives the same events, or a rate is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.streaming import Beat, Monitor
from tests.properties.signals import RATES, chunks, few, signals
from tests.streams import fingerprint

SIZES = st.lists(st.integers(1, 3000), min_size=1, max_size=6)


def events_of(samples, fs, pieces):
    monitor = Monitor(fs, fingerprint)
    events = [event for piece in pieces for event in monitor.push(samples[piece])]
    assert monitor.total == len(samples)
    return events + monitor.finish()


@few(25)
@given(signals(longest=15), SIZES)
def test_chunks_do_not_matter(signal, sizes):
    x, fs = signal
    whole = events_of(x, fs, [slice(0, len(x))])
    assert events_of(x, fs, chunks(sizes, len(x))) == whole
    assert all(0 <= event.sample <= len(x) for event in whole)
    final = [each.sample for each in whole if isinstance(each, Beat) and each.stage == "final"]
    assert final == sorted(set(final))  # each beat has one


@few(12)
@given(st.data(), RATES, SIZES)
def test_chunks_of_two_leads_do_not_matter(data, fs, sizes):
    leads = [data.draw(signals(longest=10, fs=fs))[0] for _ in range(2)]
    n = min(map(len, leads))
    samples = np.column_stack([lead[:n] for lead in leads])
    whole = events_of(samples, fs, [slice(0, n)])
    assert events_of(samples, fs, chunks(sizes, n)) == whole


@few(20)
@given(st.one_of(st.floats(), st.integers(-(10**6), 10**6)))
def test_a_rate_that_cannot_be(fs):
    if 50 <= fs <= 2000:
        Monitor(fs, fingerprint)
        return
    with pytest.raises(ValueError, match="50 to 2000 Hz"):
        Monitor(fs, fingerprint)
