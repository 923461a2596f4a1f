"""What a user is told of a recording and its labels, in English and Chinese."""

import ast
import pickle
import re

import numpy as np

from ecg import weights
from ecg.chinese_notes import NOTES
from ecg.formats.recording import Recording
from ecg.labelling import label_recording
from ecg.notes import limits, notes_on_second_lead
from ecg.prediction import open_onnx
from ecg.synthetic import synthetic_recording
from ecg.translations import Note, translated, translator
from tests.conftest import HOME


def test_what_a_recording_does_not_allow_is_said():
    short, few, one = limits(8.2, 7, 1, single_beat=False)
    assert "lasts 8 s" in short and few.startswith("7 beats") and "rest on one lead" in one
    assert limits(1800, 2000, 2, single_beat=False) == []
    assert limits(1800, 2000, 1, single_beat=True) == [], "a single-beat model asks one lead"
    assert len(limits(30, 0, 2, single_beat=False)) == 1


def test_the_notes_reach_the_recording():
    made = synthetic_recording(20, 250, seed=4)
    model = open_onnx(weights.find_weights("context", "weight", ".onnx"), 1)
    labelled = label_recording(
        Recording(made.signal, made.fs, made.lead, made.name), lambda n_beats: model
    )
    said = " ".join(labelled.recording.notes)
    assert "lasts 20 s" in said and "rest on one lead" in said


def test_a_second_lead_that_says_nothing_is_named():
    said = notes_on_second_lead(np.array([0.0, 0.5, 0.0, 0.5]), np.array([True, False] * 2))
    assert "cannot be read at 50% of the beats" in said[0] and said[1].startswith("2 of the beats")
    assert notes_on_second_lead(np.full(4, 0.5), np.zeros(4, bool)) == []


def test_signals_that_may_be_leads_are_listed():
    made = synthetic_recording(90, 250, seed=4)
    model = open_onnx(weights.find_weights("context", "weight", ".onnx"), 1)
    names = ("II", *(f"X{k}" for k in range(9)))
    recording = Recording(made.signal, made.fs, "II", made.name, leads=names)
    said = label_recording(recording, lambda n_beats: model).recording.notes
    assert [note for note in said if "one lead" in note] == [
        "the labels rest on one lead: no other signal of the file (X0, X1, X2, X3, X4, X5 ...) has "
        "the name of an ECG lead. If one is an ECG, --second NAME makes the labels better"
    ]


def test_a_note_is_a_sentence_that_can_be_translated():
    (note,) = limits(8.2, 0, 2, single_beat=False)
    chinese = translated(note, translator("zh"))
    assert "8 秒" in chinese and translated(note, translator("en")) == note
    assert translated("any other", translator("zh")) == "any other"
    again = pickle.loads(pickle.dumps(Note("{path} is odd", path="a{b}")))
    assert again == "a{b} is odd" and again.numbers == {"path": "a{b}"}


def phrases_in_code():
    """What Notes are made of: texts in calls of Note, and those that are called phrase."""
    for path in (HOME / "ecg").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "translations import Note" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Note":
                value = node.args[0]
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "phrase":
                value = node.value
            else:
                continue
            if isinstance(value, ast.Constant):
                yield value.value


def test_every_note_is_translated_with_its_numbers():
    assert set(phrases_in_code()) == set(NOTES)
    for english, chinese in NOTES.items():
        assert set(re.findall(r"{.*?}", english)) == set(re.findall(r"{.*?}", chinese)), english
