"""What the page says that it cannot judge."""

import numpy as np

from ecg.report.limits import find_limits
from ecg.rhythm.fibrillation import SHORTEST
from tests.rhythm_told import told_rhythm


def sentences(recording, table):
    return [text.format(**numbers) for text, numbers in find_limits(recording, table)]


def test_what_no_recording_shows_is_always_said(ectopic):
    recording, table, _ = ectopic
    text = " ".join(sentences(recording, table))
    said = "Ischaemia", "PR, QRS and QT", "AV block", "paced beats", "children", "pacemaker"
    assert all(word in text for word in said)
    assert f"Ventricular fibrillation: what lasts less than {SHORTEST:g} s is not told" in text


def test_what_this_recording_lacks_comes_first(ectopic):
    recording, table, _ = ectopic
    one, unasked, *_ = sentences(recording, table)
    assert one.startswith("One lead only (MLII)") and unasked.startswith("Rhythm: it was not")
    table = table.copy()
    table.attrs = {**table.attrs, "rhythm": told_rhythm((0, 120, "N"))}
    second = recording.signal.astype(np.float32)
    strange = recording._replace(lead="aVR", second=second, second_lead="V1")
    assert sentences(strange, table)[0].startswith("Lead aVR is unlike those")
    usual = sentences(recording._replace(second=second, second_lead="V1"), table)
    assert usual[0].startswith("Ischaemia")


def test_labels_of_an_annotation_are_not_those_of_a_model(ectopic):
    recording, table, _ = ectopic
    table = table.copy()
    table.attrs = {"annotation": "atr"}
    first, *rest = sentences(recording, table)
    assert first.startswith("The labels are those of the annotation atr.")
    assert len(rest) == 3 and not any("model" in text for text in rest)
