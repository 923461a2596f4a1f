"""The trace on its paper: a day of samples becomes few points that keep its highest peak."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ecg.figures import paper


def test_a_day_on_one_axes_keeps_its_highest_peak_and_few_points():
    ecg = np.zeros(24 * 3600 * 128)
    ecg[5_000_001] = 3.0
    ecg[7_000_000:7_100_000] = np.nan
    _, ax = plt.subplots()
    line = paper.draw_trace(ax, ecg, 128)
    x, y = line.get_data()
    assert len(y) < 10_000 and np.nanmax(y) == 3.0
    assert x[np.nanargmax(y)] == pytest.approx(5_000_001 / 128, abs=100)
    assert np.isnan(y).any()
