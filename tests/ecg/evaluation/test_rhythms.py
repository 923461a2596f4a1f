"""Rhythms of whole recordings against REFERENCE.csv, as evaluate.py --model rhythm prints them."""

import json

import numpy as np
import pytest

from ecg import labelling
from ecg.rhythm.track import Track
from ecg.synthetic import synthetic_recording, write_wfdb

TOLD = {"A0": "N", "A1": "AF", "A2": "N", "A3": "noise", "A4": "other"}
TRUE = {"A0": "N", "A1": "A", "A2": "O", "A3": "~", "A4": "O"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Five recordings; the looks at them say what TOLD says."""
    folder = tmp_path / "held"
    folder.mkdir()
    for seed, name in enumerate(TRUE):
        write_wfdb(folder, synthetic_recording(20, seed=seed, name=name))
    (folder / "REFERENCE.csv").write_text("".join(f"{n},{c}\n" for n, c in TRUE.items()))
    asked = iter(TOLD.values())

    def track(*_):
        told = next(asked)
        p = np.float32([[told == rhythm for rhythm in ("N", "AF", "other", "noise")]])
        return Track(np.zeros(1), np.full(1, 20.0), p)

    monkeypatch.setattr(labelling, "rhythm_track", track)
    return folder


def test_the_table_of_four_classes(run, folder, tmp_path):
    out = tmp_path / "r.json"
    done = run("evaluate.py", "--model", "rhythm", "--records", folder, "--json", out)
    assert "5 recordings of held" in done.stdout and "trained on" not in done.stdout
    told = json.loads(out.read_text())
    assert told["confusion"] == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert told["by_rhythm"]["other"]["Se"] == 0.5 and told["by_rhythm"]["N"]["+P"] == 0.5
    assert told["mean_F1"] == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert f"mean F1 of N, AF and other: {told['mean_F1']:.3f}" in done.stdout


def test_what_it_cannot_score_is_refused(refused, folder, tmp_path):
    assert "--records DIR" in refused("evaluate.py", "--model", "rhythm")
    args = ["evaluate.py", "--model", "rhythm", "--records"]
    assert "--peaks" in refused(*args, folder, "--peaks", "annotated")
    assert "REFERENCE.csv" in refused(*args, tmp_path)
    (tmp_path / "weight").mkdir()
    assert "--model rhythm" in refused(*args, folder, "--weight", tmp_path / "weight")
