"""Reports say what is known, and name what is not."""

import numpy as np
import pytest

from ecg.evaluation import reports
from ecg.evaluation.review import review_list
from tests.made_rows import made_predictions


def test_rows_without_patients_have_no_intervals():
    found = made_predictions(records=("",))
    report = reports.report_of(found, "kaggle", draws=10)
    assert "intervals" not in report and report["records"] == []
    assert "not known which record" in reports.report_text(report, "x", "kaggle")


def test_record_232_is_told_apart_on_patients_never_seen():
    found = made_predictions(records=("232", "100", "232", "101"))
    report = reports.report_of(found, "interpatient", draws=10)
    assert report["macro_f1_over"] == ["N", "S", "V"] and "macro_f1_NSVF" in report
    assert report["without_232"]["n"] == 100
    assert "without_232" not in report["without_232"]
    assert "without record 232" in reports.report_text(report, "x", "interpatient")


def test_comparison_is_paired():
    """A model against its own copy: the same people are drawn, so there is no difference."""
    found = {"a": made_predictions(), "b": made_predictions(), "c": made_predictions(seed=1)}
    made = {
        name: {"parameters": 1, **reports.report_of(part, "kaggle", draws=50)}
        for name, part in found.items()
    }
    lines = reports.comparison(found, made, draws=50)
    assert lines[0]["difference"] is None and lines[1]["difference_interval"] == [0, 0]
    low, high = lines[2]["difference_interval"]
    assert low <= lines[2]["difference"] <= high
    text = reports.comparison_text(lines, list("NSVFQ"), "heading").splitlines()
    assert len(text) == 6 and text[3].endswith("+0.0000 [+0.0000, +0.0000]")


def test_review_list_says_why():
    found, other = made_predictions(), made_predictions(seed=1)
    review = review_list(found, [other], most=30)
    assert len(review) == 30 and review["worth"].is_monotonic_decreasing
    assert list(review) == [
        "rank",
        "row",
        "record",
        "sample",
        "time_s",
        "predicted",
        "confidence",
        "worth",
        "why",
        "true",
    ]
    disagree = found.predicted[review["row"]] != other.predicted[review["row"]]
    assert (review["why"].str.contains("model 2 says") == disagree).all()
    assert review["time_s"].to_numpy() == pytest.approx(review["sample"] / 360, abs=1e-3)
    by_hand = review_list(found, time_s=np.arange(200) / 4, most=5)
    assert by_hand["time_s"].tolist() == (by_hand["row"] / 4).tolist()
