"""Heart rate over a recording, as it is drawn."""

import numpy as np
import pandas as pd
import pytest

from ecg import holter
from ecg.tachogram import rate_over_time

FS = 100


def recording(seconds, rr=0.5):
    samples = (np.arange(0.25, seconds, rr) * FS).astype(int)
    table = pd.DataFrame({"sample": samples, "label": "N"})
    return table, holter.summary(samples, table["label"], FS, seconds * FS)


def test_a_short_recording_has_a_value_a_beat_but_none_across_what_cannot_be_read():
    table, summary = recording(60)
    rate = rate_over_time(table, summary, [(1000, 2000, "noise")], FS)
    assert len(rate.t) == len(table) - 1 and np.isnan(rate.lowest).all()
    inside = (rate.t > 10) & (rate.t < 20)
    assert np.isnan(rate.mean[inside]).all() and inside.sum() >= 19
    assert np.nanmax(rate.mean) == np.nanmin(rate.mean) == 120
    assert rate.limits() == (50, 120)


def test_a_long_one_has_a_value_a_minute():
    table, summary = recording(1200)
    rate = rate_over_time(table, summary, [], FS)
    assert rate.t.tolist() == [60 * k + 30 for k in range(20)]
    assert rate.mean == pytest.approx(120) and rate.highest == pytest.approx(120)


def test_limits_hold_the_rates_up_to_300_and_are_there_without_any():
    table, summary = recording(30, rr=0.1)
    assert rate_over_time(table, summary, [], FS).limits() == (50, 300)
    empty = table.iloc[:0]
    assert rate_over_time(empty, summary, [], FS).limits() == (40, 120)
