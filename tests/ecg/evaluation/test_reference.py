"""Labelled beats against a reference: what is missed, extra, mislabelled, unreadable."""

import numpy as np
import pandas as pd
import pytest

from ecg import ec57
from ecg.evaluation import metrics, reference
from ecg.formats.annotation import Annotation

FS = 100


def labelled(events, unreadable=()):
    """A table as label_beats gives it, of [(second, label)]."""
    table = pd.DataFrame(
        {"sample": [round(t * FS) for t, _ in events], "label": [label for _, label in events]}
    )
    table.attrs = {"fs": FS, "n_samples": 60 * FS, "unreadable": list(unreadable)}
    return table


def annotated(events):
    samples = np.array([round(t * FS) for t, _ in events])
    symbols = [symbol for _, symbol in events]
    return Annotation(samples, symbols, np.zeros(len(events), int), [""] * len(events), FS)


@pytest.fixture
def truth():
    return annotated([(1, "N"), (2, "V"), (3, "+"), (4, "A"), (5, "N"), (8, "N"), (9, "N")])


def test_unclassified_is_q_and_unreadable_is_shutdown(truth):
    table = labelled([(1, "N"), (2, "?"), (4, "S"), (6, "N"), (9, "N")], [(700, 850, "noise")])
    counts = reference.compare_labels(table, truth, 0, "aami").counts
    assert counts[2, 4] == 1 and counts[0, 5] == 1  # V called nothing; N at 5 s missed
    assert counts[0, 6] == 1 and counts[5, 0] == 1  # N in the shutdown; the extra beat at 6 s
    assert counts.sum() == 7 and counts[0, 0] == 2 and counts[1, 1] == 1


def test_labels_of_the_reference(truth):
    table = labelled([(1, "N"), (2, "V"), (4.5, "S"), (8, "N")])
    pairs = reference.compare_labels(table, truth, 1.5, "aami").pairs
    found = reference.reference_labels(pairs, truth.symbols, len(table))
    assert found.tolist() == ["", "V", "O", "N"]


def test_whole_recording_against_a_person(truth):
    table = labelled([(1, "N"), (2, "?"), (4, "S"), (5, "S"), (8, "N"), (9, "N")])
    found = reference.against_reference(table, truth.samples, truth.symbols)
    assert found["QRS"] == {"Se": 100, "+P": 100}
    assert found["N"] == {"beats": 4, "Se": 75, "+P": 100}
    assert found["S"] == {"beats": 1, "Se": 100, "+P": 50}
    assert found["V"] == {"beats": 1, "Se": 0, "+P": None}
    assert found["F"] == {"beats": 0, "Se": None, "+P": None}


def some_counts(records):
    rng = np.random.default_rng(0)
    return rng.integers(0, 50, (records, 7, 7)) + np.diag([900, 90, 80, 7, 0, 0, 0])


def test_intervals_are_those_of_the_figures():
    counts = some_counts(5)
    found = reference.ec57_intervals(counts, draws=40, seed=3)
    each = [ec57.figures(draw) for draw in metrics.resampled(counts, 40, 3)]
    for event, group in each[0].items():
        for name in group:
            values = [figures[event][name] for figures in each]
            assert found[event][name] == metrics.interval(values)
    assert reference.ec57_intervals(some_counts(1)) is None


def test_five_classes_by_hand():
    counts = some_counts(4)
    found, total = reference.five_classes(counts, draws=20), counts.sum(axis=0)
    beats = total[:5].sum()
    assert found["accuracy"] == pytest.approx(100 * np.diag(total)[:5].sum() / beats)
    assert found["missed"] + found["mislabelled"] == beats - np.diag(total)[:5].sum()
    assert sum(found[name]["beats"] for name in "NSVFQ") == beats
    s = found["S"]
    assert s["Se"] == pytest.approx(100 * total[1, 1] / total[1].sum())
    assert s["+P"] == pytest.approx(100 * total[1, 1] / total[:, 1].sum())
    assert s["F1"] == pytest.approx(2 * s["Se"] * s["+P"] / (s["Se"] + s["+P"]))
    assert s["F1_interval"][0] <= s["F1"] <= s["F1_interval"][1]
    assert reference.five_classes(np.zeros((1, 7, 7), int))["accuracy"] == 0


def test_a_recording_that_a_model_has_learnt_from_is_told():
    table, samples = pd.DataFrame({"sample": [100, 400], "label": ["N", "V"]}), [100, 400]
    table.attrs = {"fs": 250.0, "in_training_data": {"context": True, "rhythm": False}}
    text = reference.against_reference_text(table, samples, ["N", "V"], "x.atr")
    assert text.splitlines()[-1] == (
        "  this recording was in the training data of model context; its figures on it flatter it"
    )
    table.attrs["in_training_data"] = {"context": False}
    assert "training" not in reference.against_reference_text(table, samples, ["N", "V"], "x.atr")
