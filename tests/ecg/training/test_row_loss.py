"""Balance, order and weight of rows in an epoch; augmentation."""

import numpy as np
import pytest
import torch

from ecg.networks import real_samples
from ecg.training.augmentation import augmented
from ecg.training.row_loss import class_weights, epoch_order, shown_rows
from ecg.training.rows import load_rows
from tests.training_rows import CPU


def test_balance(rows):
    y = torch.tensor([0] * 90 + [1] * 9 + [4])
    weights = class_weights(y, 1.0)
    of_class = (weights[:2] * torch.tensor([90, 9])).numpy()
    np.testing.assert_allclose(of_class, (weights[4] * 1).item(), rtol=1e-5)
    assert weights[2] == 0 and float((weights[y]).mean()) == pytest.approx(1)
    drawn = torch.cat([y[epoch_order(y, e, 0, weights)] for e in range(60)])
    assert all(abs(int((drawn == c).sum()) / len(drawn) - 1 / 3) < 0.03 for c in (0, 1, 4))
    order = epoch_order(y, 3, 0)
    assert sorted(order.tolist()) == list(range(100))
    assert not torch.equal(order, epoch_order(y, 4, 0))
    assert len(load_rows(rows, CPU, "smote")[0][1]) == 240
    assert len(load_rows(rows, CPU, "none")[0][1]) == 180


def test_learnt_rows_are_shown_less_often_and_the_sum_stays():
    loss = torch.rand(20_000) ** 3
    shown, weight = shown_rows(loss, 0.5, epoch=1, seed=0)
    assert 0.2 < shown.float().mean() < 0.6
    assert float((loss * weight)[shown].sum() / loss.sum()) == pytest.approx(1, abs=0.02)
    assert shown[loss > 0.5].all()


def test_augmentation():
    row, mean, scale = torch.rand(64, 187) * 0.8 + 0.1, torch.rand(187), torch.rand(187) + 0.5
    row[:, 120:] = 0
    torch.manual_seed(0)
    after = augmented((row - mean) / scale, mean, scale) * scale + mean
    assert 0.01 < float((after - row)[:, 5:110].square().mean().sqrt()) < 1
    lengths = set(real_samples(after).sum(1).tolist())
    assert lengths == {118, 119, 120, 121, 122}, "moved by the shift, not filled by noise"
