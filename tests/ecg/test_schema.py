"""What cards and manifests must hold: a wrong key is named."""

import math

import pytest

from ecg import schema
from ecg.beats import CLASSES

SCALER = {"mean": [0.1] * 187, "scale": [0.5] * 187}
ROW = {"architecture": "ECGCNN", "arguments": {}, "input": SCALER, "classes": list(CLASSES)}
CONTEXT = {
    "architecture": "ContextNet",
    "arguments": {"numbers": 3, "dilations": [1, 2]},
    "input": {"kind": "numbers", "names": ["a", "b"]},
    "classes": ["N", "S", "V", "F"],
    "class_bias": [0.0, -1, 0, 0],
}
MANIFEST = {
    **{"source": "csv", "synthetic": False, "protocol": "kaggle", "seed": 42, "n_real": 10},
    **{"classes": list(CLASSES), "scaler": SCALER},
    "rows": {"val": {"record": ["100", None], "sample": [3, None], "early": [0.1, None]}},
}


def _with(document, path, value):
    """The document with another value at a path such as input.mean."""
    first, _, rest = path.partition(".")
    new = _with(document.get(first, {}), rest, value) if rest else value
    return {**document, first: new}


def test_good_ones():
    assert schema.card_fault(ROW, own=True) is None
    assert schema.card_fault(CONTEXT, own=True) is None
    assert schema.manifest_fault(MANIFEST) is None
    ready = _with(ROW, "input", {"scaler_inside": True})
    assert schema.card_fault(ready) is None


@pytest.mark.parametrize("key", ["architecture", "arguments", "input", "classes"])
@pytest.mark.parametrize("value", [None, 3, "x", [1], math.nan])
def test_a_card_of_the_wrong_type_names_the_key(key, value):
    if key == "architecture" and value == "x":
        return
    assert schema.card_fault({**ROW, key: value}).startswith(key)
    missing = {k: v for k, v in ROW.items() if k != key}
    assert schema.card_fault(missing) == f"it lacks {key}"


@pytest.mark.parametrize(
    ("card", "path", "value"),
    [
        (ROW, "input.mean", [0.1] * 186),
        (ROW, "input.scale", [0.0] * 187),
        (ROW, "input.scale", [math.nan] * 187),
        (ROW, "temperature", 0),
        (ROW, "temperature", math.inf),
        (ROW, "temperature", True),
        (ROW, "manifest", []),
        (ROW, "manifest.protocol", 3),
        (ROW, "recipe", "best"),
        (ROW, "arguments.channels", 10**9),
        (ROW, "arguments.channels", {"a": 1}),
        (ROW, "history", {"loss": 3}),
        (CONTEXT, "input.names", 3),
        (CONTEXT, "class_bias", [math.inf] * 4),
        (CONTEXT, "classes", list(CLASSES)),
        (CONTEXT, "threshold", 2),
    ],
)
def test_a_wrong_value_of_a_card_is_named(card, path, value):
    assert schema.card_fault(_with(card, path, value)).startswith(path)


def test_classes_in_another_order_are_for_networks_of_others():
    card = {**ROW, "classes": ["V", "N", "S", "F", "Q"]}
    assert schema.card_fault(card) is None
    assert "order" in schema.card_fault(card, own=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", "no"),
        ("n_real", -1),
        ("n_real", 3.5),
        ("protocol", None),
        ("scaler.mean", None),
        ("scaler.scale", [-1.0] * 187),
        ("classes", ["N"]),
        ("synthetic", "no"),
        ("outputs_sha256", {"X_val.npy": 3}),
        ("rows", []),
        ("rows.val.record", [100]),
        ("rows.val.sample", [1.5]),
        ("rows.val.early", [0.1, math.nan]),
    ],
)
def test_a_wrong_value_of_a_manifest_is_named(path, value):
    assert schema.manifest_fault(_with(MANIFEST, path, value)).startswith(path)


@pytest.mark.parametrize("document", [None, [], 3, "x"])
def test_no_object(document):
    assert schema.card_fault(document) and schema.manifest_fault(document)
