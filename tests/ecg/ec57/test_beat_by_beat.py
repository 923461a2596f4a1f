"""The rules of pairing and counting hold on cases made by hand."""

import numpy as np
import pytest

from ecg import ec57
from tests.annotations import FS, cell, compared


def test_equally_near_takes_the_later():
    result = compared([(10, "N")], [(9.9, "V"), (10.1, "S")])
    assert cell(result, "Ns") == 1 and cell(result, "Ov") == 1


def test_one_to_one_and_window():
    result = compared(
        [(10, "N"), (11, "V"), (12, "N")], [(10.15, "N"), (10.9, "V"), (11.02, "N"), (12.16, "N")]
    )
    assert (
        cell(result, "Nn"),
        cell(result, "Vn"),
        cell(result, "Ov"),
        cell(result, "On"),
        cell(result, "No"),
    ) == (1, 1, 1, 1, 1)
    assert result.pairs.tolist() == [[0, 0], [-1, 1], [1, 2], [2, -1], [-1, 3]]


def test_learning_period_and_end_do_not_count():
    beats = [(t, "N") for t in range(1, 601)]
    result = compared(beats, beats, learning=300, n_samples=500 * FS)
    assert result.counts.sum() == cell(result, "Nn") == 200
    assert result.rr_error_ms == 0


def test_fibrillation_is_left_out():
    reference = [(1, "N"), (2, "N"), (2.5, "["), (8, "]"), (9, "N")]
    result = compared(reference, [(1, "N"), (2, "N"), (4, "V"), (5, "V"), (9, "N")])
    assert result.counts.sum() == cell(result, "Nn") == 3
    assert result.rr_error_ms == 0  # only 1 -> 2: the interval across [ is no RR interval


def test_shutdown_of_test_and_of_reference():
    """Beats missed while the analyser says it cannot read are in column x, detections where the
    reference says so in row X."""
    reference = [
        (1, "N"),
        (2, "V"),
        (3, "S"),
        (4, "N"),
        (5, "N"),
        (5.5, "~", -1),
        (7.5, "~", 0),
        (8, "N"),
        (9, "N"),
    ]
    test = [
        (1, "N"),
        (1.5, "~", 48),
        (3.5, "~", 0),
        (4, "N"),
        (5, "N"),
        (6, "V"),
        (7, "N"),
        (8, "N"),
    ]
    result = compared(reference, test)
    assert (
        cell(result, "Vx"),
        cell(result, "Sx"),
        cell(result, "Xv"),
        cell(result, "Xn"),
        cell(result, "No"),
    ) == (1, 1, 1, 1, 1)
    assert cell(result, "Nn") == 4 and result.counts.sum() == 9
    assert result.shutdown_s == 2.0
    found = ec57.ratios(result.counts)
    assert found["QRS"] == {"Se": (4, 7), "+P": (4, 6)}
    assert found["VEB"] == {"Se": (0, 1), "+P": (0, 1), "FPR": (1, 6)}
    assert found["SVEB"]["Se"] == (0, 1)
    assert "Beats missed in shutdown:  28.57% (2/7)" in ec57.format_standard({"x": result})
    assert "    2 seconds" in ec57.format_standard({"x": result})
    assert ec57.line_counts(result.counts)[14:18] == [
        1,
        1,
        1,
        1,
    ]  # Ov' No' So' Vo' hold X and x too


def test_lone_shutdown_reaches_to_the_neighbours():
    """One mark in the middle (AHA's convention): from 150 ms after the annotation before to 150 ms
    before the one after."""
    reference = [(t, "N") for t in range(1, 8)]
    result = compared(reference, [(1, "N"), (2, "N"), (4, "~", 0x30), (6, "N"), (7, "N")])
    assert sum(result.counts[:, 6]) == cell(result, "Nx") == 3
    assert result.shutdown_s == pytest.approx(3.7)


def test_nothing_to_compare():
    empty = ec57.compare([], [], [], [], FS)
    assert empty.counts.sum() == 0 and np.isnan(empty.rr_error_ms) and empty.pairs.shape == (0, 2)
    assert empty.figures()["QRS"] == {"Se": None, "+P": None}
    only_extra = compared([], [(1, "N")])
    assert cell(only_extra, "On") == 1
    assert "-" in ec57.format_summary({"x": empty})


def test_order_does_not_matter_and_lengths_must_agree():
    a = compared([(1, "N"), (2, "V"), (3, "N")], [(1, "N"), (2, "V"), (3, "N")])
    b = compared([(3, "N"), (1, "N"), (2, "V")], [(2, "V"), (3, "N"), (1, "N")])
    assert (a.counts == b.counts).all()
    assert sorted(b.pairs.tolist()) == [[0, 1], [1, 2], [2, 0]]
    with pytest.raises(ValueError, match="2 samples, 1 symbols"):
        ec57.compare([1, 2], ["N"], [1], ["N"], FS)
