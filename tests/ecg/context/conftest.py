"""A context network for the tests of this folder."""

import pytest

from ecg import context


@pytest.fixture(scope="session")
def small():
    """A small context network of random weights, with its card."""
    import torch

    from model_context import ContextNet

    arguments = {"members": 2, "dilations": (1, 2)}
    torch.manual_seed(0)
    net = ContextNet(**arguments).eval()
    with torch.no_grad():
        net.bias.copy_(torch.tensor([0.0, -0.5, 0.25, 0.0, -8.0]))
    net.card = {
        "name": "context",
        "architecture": "ContextNet",
        "arguments": arguments,
        "classes": ["N", "S", "V", "F"],
        "temperature": 1.5,
        "class_bias": net.bias.tolist(),
        "input": {"names": list(context.FEATURE_NAMES)},
        "manifest": {},
    }
    return net


@pytest.fixture(scope="session")
def small_onnx(small, tmp_path_factory):
    """Its ONNX file. The export takes seconds: ask for it where ONNX is what is tested."""
    from ecg.export import export_context

    path = tmp_path_factory.mktemp("onnx") / "ecg_model_context.onnx"
    export_context(small, path, small.card)
    return path
