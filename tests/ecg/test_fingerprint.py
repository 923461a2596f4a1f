"""Recordings that a model has learnt from are known again by their signals."""

import json
import shutil

import numpy as np
import onnxruntime as ort
import pytest

from ecg import fingerprint, formats, labelling
from ecg.formats.recording import Recording
from ecg.mitdb import DS1, DS2
from ecg.overwriting import DEMO
from ecg.weights import behind, card_path, load_card
from tests.conftest import HOME

SHIPPED = HOME / "weight" / "shipped"
FS = 100.0


def made(signal, second=None, fs=FS):
    return Recording(signal, fs, "II", "made", second=second)


@pytest.fixture(scope="module")
def signal():
    """Eleven minutes in mV, in steps of 5 microvolts."""
    rng = np.random.default_rng(0)
    return np.round(rng.normal(size=round(660 * FS)).cumsum() % 4) * 0.005 + rng.integers(
        0, 3, 66000
    )


def marks(signal):
    return fingerprint.marks(made(signal))


def test_a_mark_at_the_beginning_and_every_fifth_minute(signal):
    assert len(marks(signal)) == len(set(marks(signal))) == 3
    assert all(len(mark) == 12 and int(mark, 16) >= 0 for mark in marks(signal))
    both = fingerprint.marks(made(signal, (2 * signal).astype(np.float32)))
    assert both[:3] == marks(signal) and len(set(both)) == 6


def test_what_it_is_known_by_stays_the_same(signal):
    whole = marks(signal)
    assert marks(signal[: 60 * 100]) == whole[:1], "its first minute"
    assert marks(signal[300 * 100 : 500 * 100]) == whole[1:2], "cut at a fifth minute"
    assert marks(signal.astype(np.float32)) == whole
    assert marks(signal - 5.12) == whole, "another zero"
    assert marks(np.concatenate([np.full(50, signal[0]), signal]))[0] == whole[0], "began still"
    assert not set(marks(-signal)) & set(whole)
    assert not set(marks(signal[1:])) & set(whole)


def test_what_looks_like_any_other_has_no_mark(signal):
    assert marks(np.zeros(5000)) == marks(np.full(5000, np.nan)) == []
    assert marks(np.arange(5000) % 2.0) == []
    gap = signal.copy()
    gap[200:300] = np.nan
    assert len(marks(gap)) == 3 and marks(gap)[0] != marks(signal)[0]
    assert len(marks(signal[:400])) == 1, "a recording shorter than ten seconds has one"


def test_copied_renamed_and_as_text(tmp_path):
    source = DEMO / "100.hea"
    for suffix in ("hea", "dat"):
        shutil.copy(DEMO / f"100.{suffix}", tmp_path / f"x.{suffix}")
    header = tmp_path / "x.hea"
    header.write_text(header.read_text().replace("100", "x"))
    of_source = formats.read_recording(source, 0, second="auto")
    found = fingerprint.marks(of_source)
    assert fingerprint.marks(formats.read_recording(header, 0, second="auto")) == found
    table = np.column_stack([np.arange(len(of_source.signal)) / of_source.fs, of_source.signal])
    np.savetxt(tmp_path / "x.csv", table, "%.6f,%.3f", header="time (s),MLII (mV)", comments="")
    assert fingerprint.marks(formats.read_recording(tmp_path / "x.csv")) == found[:1]


def test_what_a_card_tells(signal):
    found = marks(signal)
    card = {"manifest": {fingerprint.KEY: fingerprint.as_text(found[1:])}}
    assert fingerprint.has_learnt(card, found) is True
    assert fingerprint.has_learnt(card, found[:1]) is False
    assert fingerprint.has_learnt({"manifest": {}}, found) is None


def test_a_training_goes_on_with_what_was_learnt_before():
    key = fingerprint.KEY
    mine, other = {"protocol": "x", key: "b a"}, {key: "c a"}
    assert fingerprint.with_marks_of(mine, other) == {"protocol": "x", key: "a b c"}
    assert fingerprint.with_marks_of(mine, {}) == {"protocol": "x"}
    assert fingerprint.with_marks_of({}, other) == {}


def test_the_warnings():
    learnt = {
        "100": {"context": True, "quality": True, "mine": None},
        "101": {"context": False, "quality": True, "mine": None},
    }
    found = fingerprint.trained_on(learnt)
    assert found == {"context": ["100"], "quality": ["100", "101"], "mine": None}
    assert fingerprint.warnings(found, 2) == [
        "1 of 2 records was in the training data of model context: 100; its figures on them "
        "flatter it",
        "2 of 2 records were in the training data of model quality: 100, 101; its figures on them "
        "flatter it",
        "not known whether these records were in the training data of model mine: the model card "
        "does not tell",
    ]
    (line,) = fingerprint.warnings({"a": ["x"], "b": ["x"]}, 1)
    assert (
        line
        == "this recording was in the training data of models a, b; figures on it flatter these"
    )
    many = {"a": [str(k) for k in range(20)]}
    assert "0, 1, 2, 3, 4, 5, 6, 7 ...;" in fingerprint.warnings(many, 30)[0]
    assert fingerprint.warnings({"a": []}, 5) == []


# ---- what comes with the program -----------------------------------------------------------------


@pytest.fixture(scope="module")
def cards():
    return {path.stem: json.loads(path.read_text()) for path in SHIPPED.glob("model_*.json")}


@pytest.fixture(scope="module")
def demo():
    """{record: marks} of the embedded first minutes."""
    names = (*DS1[:3], *DS2[:3])
    return {
        name: fingerprint.marks(formats.read_recording(DEMO / f"{name}.hea", 0, second="auto"))
        for name in names
    }


def test_shipped_models_know_the_embedded_minutes_that_they_have_learnt_from(cards, demo):
    for name, card in cards.items():
        for record, found in demo.items():
            learnt = fingerprint.has_learnt(card, found)
            only_ds1 = "interpatient" in name or name == "model_vf"
            wanted = name != "model_rhythm" and (record in DS1 or not only_ds1)
            assert learnt is wanted, f"{name}, record {record}"


def test_a_card_is_the_same_in_the_onnx_file(cards):
    for path in SHIPPED.glob("ecg_model_*.onnx"):
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        inside = json.loads(session.get_modelmeta().custom_metadata_map["card"])
        assert inside["manifest"] == cards[card_path(path).stem]["manifest"]
        assert len(json.dumps(inside["manifest"])) < 100_000
        if behind(path).exists():
            assert load_card(behind(path))["weights_sha256"] == inside["weights_sha256"]


def test_marks_of_the_published_rows(demo, mitdb):
    published = set(fingerprint.published().split())
    assert len(published) == 576 and all(set(found) <= published for found in demo.values())
    whole = fingerprint.of_records([mitdb / "114.hea", mitdb / "232.hea"]).split()
    assert set(whole) <= published and len(whole) == 24


def test_a_recording_is_looked_up_before_anything_is_done_to_it(demo):
    import inference

    recording = formats.read_recording(DEMO / f"{DS2[0]}.hea")
    turned = recording._replace(signal=recording.signal)
    model = inference.load("context", SHIPPED)
    beats = labelling.label_recording(turned, lambda n: model, invert="yes").beats
    assert beats.attrs["in_training_data"] == {"context": True}
