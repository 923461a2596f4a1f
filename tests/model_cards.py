"""Model cards with what every card must hold, for weights that a test makes up."""

from typing import Any

from ecg.beats import CLASSES

SCALER = {"mean": [0.1] * 187, "scale": [0.5] * 187}


def row_card(architecture: str, arguments: dict | None = None, **more: Any) -> dict:
    """Of a network of single rows, or of the context network by its name; with these keys more."""
    card = {"architecture": architecture, "arguments": arguments or {}}
    if architecture == "ContextNet":
        context = {"input": {"names": ["a"]}, "classes": CLASSES[:-1], "class_bias": [0.0] * 5}
        return {**card, **context, **more}
    return {**card, "input": SCALER, "classes": list(CLASSES), **more}
