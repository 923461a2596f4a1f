"""ecg/networks.py: shapes of the input, and where a row's padding begins."""

import pytest
import torch

from ecg.networks import as_channels, real_samples


def test_channels_come_first():
    x = torch.randn(4, 20, 2)
    assert torch.equal(as_channels(x, 20, 2), x.transpose(1, 2))
    assert torch.equal(as_channels(x.transpose(1, 2), 20, 2), x.transpose(1, 2))
    for wrong in (x[:, 1:], x[:, :, 0], x[0]):
        with pytest.raises(ValueError, match="input has shape"):
            as_channels(wrong, 20, 2)


def test_padding_begins_after_the_last_sample_that_is_not_zero():
    rows = torch.tensor([[0.0, 0.5, 0.0, 0.2, 0.0, 0.0], [0.0] * 6, [0.1] * 6])
    assert real_samples(rows).sum(1).tolist() == [4, 0, 6]
    assert real_samples(rows)[0].tolist() == [1, 1, 1, 1, 0, 0]
