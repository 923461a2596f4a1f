"""Every network of single rows with fresh weights, for the tests of what holds for all."""

import torch

from model_deep import ECGCNN_Deep
from model_residual import ResidualNet
from model_self import ECGCNN
from pretrain_translearn import PretrainedResNet1D

SCALER = [0.0] * 187, [1.0] * 187  # mean and scale that change nothing


def fresh(name):
    """The network of this name (models.NAMES), the same weights at every call."""
    torch.manual_seed(0)
    return {
        "self": ECGCNN,
        "deep": ECGCNN_Deep,
        "resnet18": PretrainedResNet1D,
        "residual": lambda: ResidualNet(*SCALER),
    }[name]()
