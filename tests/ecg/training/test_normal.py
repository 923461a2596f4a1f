"""Recordings of people whose heart beats normally."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ecg.synthetic import synthetic_recording, write_wfdb
from ecg.training import normal
from ecg.training.sequences import beat_loss
from ecg.training.views import ARTEFACT, NO_ECTOPIC


@pytest.fixture
def folder(tmp_path):
    lines = []
    for k in range(4):
        made = synthetic_recording(12 + k, 300, seed=k, name=f"A{k}")
        write_wfdb(tmp_path, made)
        lines.append(f"A{k},{'NNAN'[k]}\n")
    (tmp_path / "REFERENCE.csv").write_text("".join(lines))
    return tmp_path


def test_recordings_of_class_n_are_learnt_from_in_groups(folder, monkeypatch):
    monkeypatch.setattr(normal, "GROUP", 2)
    one, other = normal.load_normal(folder)
    assert one.name == f"{folder.name}/A0-A1" and other.name == f"{folder.name}/A3-A3"
    assert not one.annotated
    view = one.views[normal.VIEW]
    assert (view.classes == NO_ECTOPIC).all() and len(view.begins) == 2
    assert 20 < len(view.classes) == len(view.leads[0].features)


def test_neither_a_normal_beat_nor_an_artefact_costs_anything():
    logits = torch.eye(5) * 20
    loss = beat_loss(logits, torch.full((5,), NO_ECTOPIC))
    assert loss[0] < 1e-3 and loss[ARTEFACT] < 1e-3 and (loss[1:ARTEFACT] > 1.5).all()
    # a beat that the network is sure of pulls little: not every normal recording is without one
    free = logits.clone().requires_grad_()
    beat_loss(free, torch.full((5,), NO_ECTOPIC))[2].backward()
    plain = logits.clone().requires_grad_()
    F.cross_entropy(plain, torch.zeros(5, dtype=torch.long), reduction="none")[2].backward()
    assert free.grad.abs().max() < 0.01 < plain.grad.abs().max()
    target = torch.tensor([0, 1, 2, 3, ARTEFACT])
    assert torch.equal(beat_loss(logits, target), F.cross_entropy(logits, target, reduction="none"))
    assert np.isfinite(beat_loss(1e4 * logits, torch.full((5,), NO_ECTOPIC)).numpy()).all()
