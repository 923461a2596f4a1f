"""Training on sequences of beats: which ones an epoch takes, the context network, cross-validation,
adaptation to a patient."""

import dataclasses

import numpy as np
import pytest
import torch

from ecg.synthetic import synthetic_recording, write_wfdb
from ecg.training.adaptation import adapt
from ecg.training.crossvalidation import cross_validate, folds, temperature_left_out
from ecg.training.patients import Patient, load_patients
from ecg.training.recipe import RECIPES
from ecg.training.sequences import (
    LENGTH,
    SequenceTask,
    beat_weights,
    draw_sequences,
    fit_context,
    join_beats,
)
from model_context import ContextNet
from tests.training_rows import CPU, scalars

SHORT = dataclasses.replace(RECIPES["context"], epochs=2, batch=4)


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Three made-up patients with ventricular beats, in two views."""
    folder = tmp_path_factory.mktemp("records")
    for seed in range(3):
        made = synthetic_recording(240, 250, seed=seed, shares={"V": 0.1}, name=f"p{seed}")
        write_wfdb(folder, made, "atr")
    return load_patients([folder], views=("annotated", "detected"))


def test_sequences_come_from_every_view_and_lead():
    """Where the sequences of an epoch begin: in all views and leads over time, one view of a
    patient and many leads in an epoch."""
    places = [[(np.array([100, 1100]), 900), (np.array([2100, 3100]), 900)]]
    ectopic = np.zeros(5000, int)
    rng, seen = np.random.default_rng(0), set()
    for _ in range(30):
        starts, _ = draw_sequences(places, ectopic, rng, skipped=0)
        areas = set(((starts + LENGTH - 100) // 1000).tolist())
        assert areas <= {0, 1} or areas <= {2, 3}
        seen |= areas
    assert seen == {0, 1, 2, 3}


def test_left_out_sequences_are_made_up_for():
    places, ectopic = [[(np.array([100]), 90_000)]], np.zeros(100_000, int)
    ectopic[50_000:] = 1  # one ectopic beat in the middle
    starts, weights = draw_sequences(places, ectopic, np.random.default_rng(0), skipped=0.6)
    assert sorted(set(weights.tolist())) == [1.0, 2.5]
    assert weights.sum() == pytest.approx(90_000 / LENGTH, rel=0.1)
    assert ((starts < 50_000) & (starts + LENGTH >= 50_000))[weights == 1].all()


def test_weights_of_beats(patients):
    weight = np.array(beat_weights(patients, 0.5))
    assert weight.shape == (3, 2, 7) and (weight[..., 6] == 0).all(), "no class, no weight"
    classes = [p.views[view].classes for p in patients for view in p_views(patients)]
    each = [w[c] for w, c in zip(weight.reshape(-1, 7), classes)]
    known = [(w, c) for w, c in zip(each, classes)]
    assert np.concatenate([w[c >= 0] for w, c in known]).mean() == pytest.approx(1, rel=1e-3)
    assert (weight[..., 2] > weight[..., 0]).all(), "the rarer class weighs more"
    assert (weight[..., 1] == 0).all(), "no beat of this class"


def p_views(patients):
    return list(patients[0].views)


def test_an_epoch_is_the_same_after_a_resumption(patients):
    """A task that starts at the third epoch draws what one that has seen the first two draws."""
    beats = join_beats(ContextNet(), patients, beat_weights(patients, 0.5))
    one, other = (SequenceTask(beats, SHORT, [1, 0]) for _ in range(2))
    epochs = [one.batches(epoch) for epoch in range(3)]
    for mine, theirs in zip(epochs[2], other.batches(2)):
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs))
    assert one.progress(1, 0, 5, len(epochs[0])) == pytest.approx(0.5, abs=0.1)


def test_members_learn_are_logged_and_resumed(patients, tmp_path):
    """Two members with seeds of their own; a second run with --resume learns nothing anew."""
    torch.manual_seed(0)
    state, told = torch.get_rng_state(), []
    options = dict(seed=3, recipe=SHORT, folder=tmp_path, report=told.append)
    net = fit_context(ContextNet(members=2), patients, **options)
    assert not net.training
    first, second = (member.state_dict() for member in net.members)
    assert any(not torch.equal(value, second[key]) for key, value in first.items())
    again = fit_context(ContextNet(members=2), patients, **options, resume=True)
    assert told == ["resumed after epoch 2 of 2"] * 2
    assert all(torch.equal(v, again.state_dict()[key]) for key, v in net.state_dict().items())
    assert len(list(tmp_path.glob("checkpoint_*.pth"))) == 2
    log = scalars(next(tmp_path.glob("2*/member_1")))
    assert {"Train/Loss", "Train/Acc", "LearningRate"} <= set(log.Tags()["scalars"])
    # torch's own generator is left where it was, but for the making of the networks
    torch.set_rng_state(state)
    plain = fit_context(ContextNet(members=2), patients, seed=3, recipe=SHORT)
    assert all(torch.equal(v, plain.state_dict()[key]) for key, v in net.state_dict().items())


def test_folds_deal_out_every_folder():
    patients = [Patient(f"a/{k}", 360, 0, [], [], {}) for k in range(10)]
    patients += [Patient(f"b/{k}", 360, 0, [], [], {}) for k in range(5)]
    fold = folds(patients, 5, seed=1)
    assert np.bincount(fold[:10]).tolist() == [2] * 5 and np.bincount(fold[10:]).tolist() == [1] * 5
    assert np.array_equal(fold, folds(patients, 5, seed=1))


def test_cross_validation_gives_logits_of_everybody(patients):
    recipe = dataclasses.replace(SHORT, epochs=1)
    found = cross_validate(lambda: ContextNet(members=1), patients, k=3, recipe=recipe)
    assert set(found) == {p.name for p in patients}
    for p in patients:
        for view in ("annotated", "detected"):
            assert found[p.name][view].shape == (len(p.views[view].peaks), 5)
    assert temperature_left_out(patients, found) > 0


def test_adaptation_moves_only_with_labels(patients):
    torch.manual_seed(0)
    net, [leads, classes] = (
        ContextNet(members=1).eval(),
        [getattr(patients[0].views["detected"], key) for key in ("leads", "classes")],
    )
    same = adapt(net, leads, np.full(len(classes), -1))
    assert all(torch.equal(v, net.state_dict()[key]) for key, v in same.state_dict().items())
    tuned = adapt(net, leads, classes, steps=3)
    assert any(not torch.equal(v, net.state_dict()[key]) for key, v in tuned.state_dict().items())
    assert not tuned.training and CPU == next(tuned.parameters()).device
