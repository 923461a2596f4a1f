"""What a user is told of a recording and its labels."""

from ecg import weights
from ecg.formats.recording import Recording
from ecg.labelling import label_recording
from ecg.notes import limits
from ecg.prediction import open_onnx
from ecg.synthetic import synthetic_recording


def test_what_a_recording_does_not_allow_is_said():
    short, few, one = limits(8.2, 7, 1, single_beat=False)
    assert short.startswith("8 s only") and few.startswith("7 beats") and "one lead only" in one
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
    assert "20 s only" in said and "one lead only" in said
