"""Signals before and after processing."""

import matplotlib.pyplot as plt
import pytest

from ecg.figures.signals import plot_ecg_comparison

FS = 360


def test_comparison_draws_on_the_axes_it_is_given(made):
    _, one = plt.subplots()
    assert (
        plot_ecg_comparison(made.signal, made.signal / 2, FS, ax=one) == [one]
        and len(one.lines) == 2
    )
    _, two = plt.subplots(2)
    assert plot_ecg_comparison(
        made.signal, made.signal / 2, FS, ax=two, processed_unit="z-score"
    ) == list(two)
    assert all(len(ax.lines) == 1 for ax in two)
    assert len(plot_ecg_comparison(made.signal, made.signal / 2, FS)) == 2


def test_two_units_need_two_axes(made):
    with pytest.raises(ValueError, match="two axes"):
        plot_ecg_comparison(made.signal, made.signal, ax=plt.gca(), processed_unit="z-score")
