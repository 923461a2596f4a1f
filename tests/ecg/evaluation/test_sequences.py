"""Figures of patients: every confusion counts, Q of the reference does not."""

import numpy as np
import pytest

from ecg.evaluation import sequences


def counts():
    """N S V F Q O: 80 of 90 N, one of them missed; one false beat, called S; Q called V."""
    found = np.zeros((6, 6), int)
    found[0, 0], found[0, 2], found[0, 5], found[1, 1], found[4, 2], found[5, 1] = 80, 9, 1, 4, 7, 1
    return found


def test_figures_by_hand():
    figures = sequences.patient_figures(counts())
    assert figures["N"] == pytest.approx([80 / 90, 1, 160 / 170])
    assert figures["S"] == pytest.approx([1, 4 / 5, 8 / 9])
    assert np.isnan(figures["V"][0]) and figures["V"][1:].tolist() == [0, 0]
    assert figures["accuracy"] == pytest.approx(84 / 94)
    assert figures["QRS"] == pytest.approx([100 / 101, 100 / 101])


def test_figures_take_stacks_and_lines_show_them():
    stack = np.stack([counts(), 3 * counts()])
    figures = sequences.patient_figures(stack)
    assert figures["F"].shape == (2, 3) and figures["QRS"].shape == (2, 2)
    assert figures["N"][1] == pytest.approx(figures["N"][0])
    intervals = sequences.patient_intervals(stack, rounds=20)
    assert intervals["N"].shape == (2, 3)
    first, second = sequences.score_line("title", stack, rounds=20).splitlines()
    assert "accuracy 89.36  N  88.9/100.0/0.941" in first and "2 records" in second
    assert "N 0.941-0.941" in second
