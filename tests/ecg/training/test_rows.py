"""What is special to training on rows: the steps of an epoch."""

import torch

from ecg.training.recipe import Recipe
from ecg.training.rows import RowTask
from tests.training_rows import CPU


def test_no_step_has_a_single_row():
    """Batch norm after a dense layer cannot take one: the last step takes it in."""
    x, y = torch.zeros(65, 187), torch.arange(65) % 5
    task = RowTask((x, y), None, Recipe(batch=32, balance="none"), seed=0, device=CPU)
    steps = task.batches(0)
    assert [len(step) for step in steps] == [32, 33]
    assert sorted(torch.cat(steps).tolist()) == list(range(65))
