"""Episodes of labelled records against a reference: the figures of epicmp, and false minutes."""

import numpy as np
import pandas as pd
import pytest

from ecg import ec57
from ecg.evaluation.records_rhythm import (
    KINDS,
    compare_rhythm,
    episode_intervals,
    rhythm_document,
    rhythm_lines,
)
from ecg.formats.annotation import Annotation, write_annotation
from ecg.output import write_labels
from tests.ecg.rhythm.looks import told

FS = 250
SECONDS = 1800


def reference(*marks):
    """Annotation of (s, symbol, note)."""
    samples, symbols, notes = ([each[k] for each in marks] for k in range(3))
    samples = np.array(samples, np.int64) * FS
    return Annotation(samples, list(symbols), np.zeros(len(symbols), int), list(notes), FS)


TRUTH = reference(
    (0, "+", "(N"), (600, "+", "(AFIB"), (900, "+", "(AFL"), (1000, "+", "(N"), (1200, "[", ""),
    (1260, "]", ""),
)  # fmt: skip
FOUND = told(
    (0, 650, "N"), (650, 950, "AF"), (950, 1210, "N"), (1210, 1250, "VF"), (1250, 1800, "N")
)


def compared(rhythm=FOUND, truth=TRUTH, learning=300):
    return compare_rhythm(rhythm, truth, FS, SECONDS * FS, learning)


def test_af_alone_and_with_flutter():
    episodes = compared().episodes
    af, both, vf = (episodes[kind] for kind in KINDS)
    assert (af.reference_s, af.test_s, af.overlap_s) == (300, 300, 250)
    assert (both.reference_s, both.test_s, both.overlap_s) == (400, 300, 300)
    assert (vf.reference_s, vf.test_s, vf.overlap_s) == (60, 40, 40)
    assert (af.found, af.missed, af.true, af.false) == (1, 0, 1, 0)


def test_what_lies_before_does_not_count():
    result = compared(told((0, 400, "AF")), reference((0, "+", "(AFIB"), (200, "+", "(N")))
    assert result.has_af is False and result.af_s == 100
    assert result.episodes["af"].reference_s == 0 and result.counted_s == SECONDS - 300
    assert compared(learning=0).counted_s == SECONDS
    assert compared().has_af is True


def test_a_reference_without_rhythm_says_nothing_of_af():
    result = compared(truth=reference((100, "N", ""), (1200, "[", ""), (1260, "]", "")))
    assert set(result.episodes) == {"vf"} and result.has_af is None
    assert rhythm_document({"x": result}, 5)["false_af"] is None


def test_false_minutes_are_those_of_records_without_af():
    quiet = compared(told((0, 500, "N"), (500, 590, "AF")), reference((0, "+", "(N")))
    document = rhythm_document({"a": compared(), "b": quiet}, 50)
    false = document["false_af"]
    assert false["records"] == 1 and false["hours"] == pytest.approx(1500 / 3600)
    assert false["minutes_per_hour"] == pytest.approx(1.5 / (1500 / 3600))
    gross = document["af_flutter"]["gross"]
    assert gross["duration"]["Se"] == pytest.approx(75)
    assert gross["duration"]["+P"] == pytest.approx(100 * 300 / 390)
    assert document["with_af"]["records"] == 1
    assert document["with_af"]["gross"]["duration"]["+P"] == pytest.approx(100)
    low, high = document["af_flutter"]["intervals"]["duration"]["+P"]
    assert low <= gross["duration"]["+P"] <= high
    text = "\n".join(rhythm_lines(document))
    assert "76.9" in text and "3.60 min/h in 0.4 h" in text


def test_one_record_has_no_interval():
    stack = np.array([compared().episodes["af"]], float)
    assert episode_intervals(stack) is None
    assert rhythm_document({"a": compared()}, 5)["vf"]["intervals"] is None


@pytest.mark.parametrize("kind", ["af", "vf"])
def test_the_same_as_of_the_annotation_that_is_written(tmp_path, kind):
    """What is written of a rhythm, compared by its files, gives the same figures."""
    samples = np.arange(100, SECONDS * FS - 300, 200)
    table = pd.DataFrame({"sample": samples, "label": "N"})
    table.attrs = {"fs": FS, "n_samples": SECONDS * FS, "rhythm": FOUND}
    write_labels(tmp_path, "rec", table)
    write_annotation(tmp_path, "rec", *TRUTH[:2], FS, "atr", TRUTH.notes)
    (tmp_path / "rec.hea").write_text(f"rec 1 {FS} {SECONDS * FS}\nrec.dat 16 200 12 0 0 0 0 II\n")
    by_files = ec57.compare_episodes_of_record(tmp_path, "rec", "atr", "cnn", kind=kind)
    np.testing.assert_allclose(by_files, compared().episodes[kind], atol=3 / FS)
