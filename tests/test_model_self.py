"""ECGCNN: the tutorial's shapes, and other people's names for its head."""

import torch

import models
from ecg.networks import parameter_count
from model_self import ECGCNN


def test_size():
    assert parameter_count(ECGCNN()) == 376_133
    assert tuple(ECGCNN().state_dict()["conv1.0.weight"].shape) == (32, 1, 5)


def test_weights_with_another_name_for_the_head_load():
    net = ECGCNN()
    renamed = {
        key.replace("fc1.", "fc.0.").replace("fc2.", "fc.3."): value
        for key, value in net.state_dict().items()
    }
    assert renamed.keys() != net.state_dict().keys()
    back = models.converted_state(renamed, ECGCNN())
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())
