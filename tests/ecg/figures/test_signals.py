"""Signals before and after processing."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ecg.figures.signals import plot_cleaning, plot_filtering
from ecg.quality import Window

FS = 360


def test_comparison_draws_on_the_axes_it_is_given(made):
    _, one = plt.subplots()
    assert plot_filtering(made.signal, made.signal / 2, FS, ax=one) == [one] and len(one.lines) == 2
    _, two = plt.subplots(2)
    assert plot_filtering(
        made.signal, made.signal / 2, FS, ax=two, processed_unit="z-score"
    ) == list(two)
    assert all(len(ax.lines) == 1 for ax in two)
    assert len(plot_filtering(made.signal, made.signal / 2, FS)) == 2


def test_two_units_need_two_axes(made):
    with pytest.raises(ValueError, match="two axes"):
        plot_filtering(made.signal, made.signal, ax=plt.gca(), processed_unit="z-score")


def test_the_time_of_a_cleaned_stretch_is_its_own():
    """Not that of the windows, which lie all over the recording."""
    t = np.arange(10 * FS, 15 * FS) / FS
    beat = np.sin(t)
    windows = [Window(0, 9 * FS, "noise", 0.2), Window(20 * FS, 30 * FS, "flat", 0.0)]
    figure = plot_cleaning(t, beat, beat, windows, FS)
    for ax in figure.axes:
        assert ax.get_xlim() == pytest.approx((10, 15))
