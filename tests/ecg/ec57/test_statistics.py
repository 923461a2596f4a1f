"""Figures of counts: what is forgiven, what is pooled, what is undefined."""

import numpy as np
import pytest

from ecg import ec57
from tests.annotations import compared


def test_unpenalised_confusions():
    """Fusion and unclassifiable beats called V, and unclassifiable ones called S, are no false
    positives; F called S is."""
    reference = [(1, "F"), (2, "Q"), (3, "Q"), (4, "F"), (5, "N"), (6, "V"), (7, "A")]
    test = [(1, "V"), (2, "V"), (3, "S"), (4, "S"), (5, "N"), (6, "V"), (7, "S")]
    found = compared(reference, test).figures()
    assert found["VEB"] == {"Se": 100, "+P": 100, "FPR": 0}
    assert found["SVEB"]["+P"] == 50


def test_summary_of_records():
    a = compared([(1, "N"), (2, "V")], [(1, "N"), (2, "V")])
    b = compared([(1, "N"), (2, "N"), (3, "N")], [(1, "N"), (2, "V")])
    found = ec57.summarize({"a": a, "b": b})
    assert found.gross["QRS"]["Se"] == 80 and found.average["QRS"]["Se"] == pytest.approx(
        (100 + 200 / 3) / 2
    )
    assert found.records["b"]["VEB"]["Se"] is None and found.average["VEB"]["Se"] == 100
    assert found.gross["VEB"]["+P"] == 50


def test_stacks_divide_the_same():
    """A stack of counts has the figures of each."""
    stack = np.random.default_rng(0).integers(0, 90, (4, 7, 7))
    together = ec57.ratios(stack)
    for k, counts in enumerate(stack):
        for event, group in ec57.ratios(counts).items():
            for name, (part, whole) in group.items():
                values = together[event][name]
                assert (values[0][k], values[1][k]) == (part, whole)
                assert ec57.figures(counts)[event][name] == ec57.percent(part, whole)
    assert ec57.percent(1, 0) is None
