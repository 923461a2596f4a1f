"""Annotated recordings, end to end, with an untrained network."""

import numpy as np
import pytest

from ecg import artifacts, ec57, fingerprint
from ecg.artifacts import InputError
from ecg.beats import CLASSES, UNLABELLED
from ecg.evaluation import records, records_output
from ecg.synthetic import demo_records
from tests.made_rows import write_rows, write_weights


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """load(name) -> the same untrained model, whatever its name; which names were asked for."""
    import inference

    root = tmp_path_factory.mktemp("untrained")
    write_weights(root, write_rows(root, val=1, test=1))
    model = inference.load_model(root / "model_self.pth")
    asked = []

    def load(name):
        asked.append(name)
        return model

    load.asked = asked
    return load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    demo_records(folder, patients=3, duration=90)  # the third is paced
    return folder


def test_figures_add_up(folder, load):
    load.asked.clear()
    scores = records.evaluate_records(folder, load, "any", learning=0, paced="in", draws=10)
    assert load.asked == ["any"]  # once for all records
    total = ec57.pooled(scores.results["aami"])
    c = scores.document["classes"]
    assert sum(c[name]["beats"] for name in CLASSES) == total[:5].sum()
    assert c["accuracy"] == pytest.approx(100 * np.diag(total)[:5].sum() / total[:5].sum())
    assert (scores.table["reference"] == "O").sum() == c["extra"]
    matched = scores.table[scores.table["reference"].isin(CLASSES)]
    assert len(matched) == total[:5, :5].sum()
    unlabelled = (matched["label"] == UNLABELLED).sum()
    assert unlabelled <= 3  # the last beat of a record may have no label
    found, known = records.matched_predictions(scores.table)
    assert len(known) == len(matched) - unlabelled == scores.document["calibration"]["beats"]
    assert found.right.mean() == pytest.approx((known["label"] == known["reference"]).mean())
    text = records_output.records_text(scores.document)
    assert "SYNTHETIC" in text and "bxb" in text


def test_paced_records_are_left_out(folder, load):
    document = records.evaluate_records(folder, load, "any", learning=10, draws=5).document
    assert document["about"]["left_out"] == ["demo02"]
    assert set(document["records"]) == {"demo00", "demo01"}
    with pytest.raises(InputError, match="--paced in"):
        records.evaluate_records(folder, load, "any", only=["demo02"])


def test_record_as_it_lies(folder, load):
    """The reference's positions are labelled, and no others."""
    record = records.label_record(folder, "demo00", "atr", "annotated", lambda *_: ("x", load("")))
    beats = [s in "NLRAVFf/" for s in record.reference.symbols]
    assert record.beats["sample"].tolist() == record.reference.samples[beats].tolist()
    assert record.synthetic and not record.paced and record.model == "x"
    assert record.card["architecture"] == "ECGCNN"


def test_name_of_a_model_given_as_a_file(folder, load):
    path = "elsewhere/ecg_model_deep_best.onnx"
    document = records.evaluate_records(
        folder, load, path, only=["demo00"], learning=0, draws=5
    ).document
    assert document["about"]["model"] == ["deep_best"] and document["intervals"] is None


def test_reference_without_beats(folder, load, tmp_path):
    import shutil

    import wfdb

    for suffix in ("hea", "dat"):
        shutil.copy(folder / f"demo00.{suffix}", tmp_path)
    wfdb.wrann("demo00", "atr", np.array([100]), symbol=["+"], write_dir=str(tmp_path))
    with pytest.raises(InputError, match="holds no beats"):
        records.evaluate_records(tmp_path, load, "any")


def test_a_real_record(minutes, load):
    how = {"only": ["100", "207"], "learning": 0, "draws": 5, "peaks": "annotated"}
    scores = records.evaluate_records(minutes, load, "any", **how)
    assert scores.document["gross"]["QRS"] == {"Se": 100, "+P": 100}
    assert scores.results["bxb"]["100"].counts[:5].sum() == 74
    assert scores.document["about"]["data"] == "real"


def test_records_that_were_learnt_from_are_named(folder, load):
    """By their signals, in another folder and under another name too."""
    card = load("any").card
    document = records.evaluate_records(folder, load, "any", learning=0, draws=5).document
    assert document["about"]["trained_on"]["self"] is None
    assert "not known whether these records" in records_output.records_text(document)
    card["manifest"][fingerprint.KEY] = fingerprint.of_records([folder / "demo01.hea"])
    try:
        document = records.evaluate_records(folder, load, "any", learning=0, draws=5).document
    finally:
        del card["manifest"][fingerprint.KEY]
    assert document["about"]["trained_on"]["self"] == ["demo01"]
    text = records_output.records_text(document)
    assert "1 of 2 records was in the training data of model self: demo01;" in text


def test_the_weights_of_stored_results(folder, load):
    about = records.evaluate_records(
        folder, load, "any", only=["demo00"], learning=0, draws=5
    ).document["about"]
    model = load("any").file
    assert about["weights_sha256"][model.name] == artifacts.sha256(model)
    assert "ecg_model_rhythm.onnx" in about["weights_sha256"]
