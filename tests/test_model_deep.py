"""ECGCNN_Deep: its average pooling."""

import pytest
import torch

from model_deep import AveragePool


@pytest.mark.parametrize("before", [8, 11, 23])
def test_average_pool_is_torchs(before):
    x = torch.randn(2, 3, before)
    torch.testing.assert_close(
        AveragePool(before, 8)(x), torch.nn.functional.adaptive_avg_pool1d(x, 8)
    )
