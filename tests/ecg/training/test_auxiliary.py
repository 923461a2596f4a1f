"""Auxiliary targets (--hints): learnt beside the class, not kept."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ecg.artifacts import InputError
from ecg.training.auxiliary import PREMATURITY_SCALE, auxiliary_targets
from ecg.training.loop import Training
from ecg.training.recipe import Recipe
from ecg.training.rows import RowTask, load_rows
from model_self import ECGCNN
from tests.training_rows import CPU


@pytest.fixture
def real(rows):
    """(training rows without SMOTE's, what the manifest says of all rows)."""
    train, _, manifest = load_rows(rows, CPU, "none")
    return train, manifest["rows"]


def test_targets(real):
    _, about = real
    group, prematurity = auxiliary_targets(about, ("train",), 180)
    assert len(group) == len(prematurity) == 180
    assert group.unique().tolist() == list(range(15)), "3 records x 5 symbols"
    assert prematurity[1] * PREMATURITY_SCALE == pytest.approx(np.sin(1), abs=1e-3)
    assert len(auxiliary_targets(about, ("train", "val"), 280)[0]) == 280
    about["train"]["symbol"][7] = None
    with pytest.raises(InputError, match="--source records"):
        auxiliary_targets(about, ("train",), 180)


def test_they_are_learnt_beside_the_classes_and_not_kept(real):
    """The network has to guess record, symbol and prematurity of its training rows, and gets better
    at it; what guesses is not saved."""
    (x, y), about = real
    group, prematurity = targets = auxiliary_targets(about, ("train",), len(y))
    torch.manual_seed(0)
    recipe = Recipe(epochs=8, rate=3e-3, balance="none", hints=1.0)
    task = RowTask((x, y), None, recipe, seed=1, device=CPU, auxiliary=targets)
    training = Training(task, ECGCNN(dropout_rate=0.0))

    def errors():
        with torch.no_grad():
            outputs = training.learner.train()(x)[1]
        assert outputs.shape == (180, 1, 16)
        of_group = F.cross_entropy(outputs[:, 0, :15], group)
        return of_group, (outputs[:, 0, 15] - prematurity).abs().mean()

    before = errors()
    for _ in range(8):
        training.learn_epoch()
    assert all(now < 0.9 * then for now, then in zip(errors(), before))
    assert training.learner.eval()(x)[1] is None
    assert set(training.weights()) == set(ECGCNN().state_dict())
