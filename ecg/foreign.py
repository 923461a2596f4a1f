"""Networks that others made: a file that takes rows (N, 1, 187) and says nothing of itself.

What our own files have in their card is asked for here: a card beside the file, or what the command
line tells; of weights that the tutorial's own code may have trained, what it trained on is taken,
and said. The input of an ONNX file may have any name and any arrangement of 187 samples, the output
may be logits or probabilities.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.beats import CLASSES, WIDTH
from ecg.running import say_once
from ecg.schema import card_fault
from ecg.weights import SHIPPED, card_path, load_card

INPUTS = "standardised", "minmax"  # what such a network may have been trained on
OWN_INPUT, OWN_OUTPUT = "ecg_input", "logits"  # what export_onnx.py calls them
PROBABILITY_FLOOR = 1e-12  # below which the logarithm of a probability is not told apart


def card_beside(path: str | Path) -> dict | None:
    """The card beside an ONNX file, with what it may leave out filled in, or None where there is
    none. Raises InputError for one that does not tell what the network takes and gives."""
    file = card_path(path)
    if not file.exists():
        return None
    card = artifacts.load_json(file, "whoever made the network")
    missing = [key for key in ("input", "classes") if key not in card]
    if missing:
        raise InputError(f"{file} is no model card: it lacks {', '.join(missing)}")
    told = card["input"] if isinstance(card["input"], dict) else {}
    if not ({"mean", "scale"} <= set(told) or told.get("scaler_inside")):
        raise InputError(
            f"{file}: input needs mean and scale (187 numbers each), or scaler_inside where the "
            "network takes min-max rows"
        )
    card = _filled(card, path)
    if fault := card_fault(card):
        raise InputError(f"{file} is no model card: {fault}")
    return card


def card_for(
    path: str | Path, scaler: Mapping, takes: str = INPUTS[0], classes: str = "".join(CLASSES)
) -> dict:
    """A card for a network without one.

    scaler: {mean, scale} of the rows it is scored on; takes: `standardised` by that scaler, or
    `minmax`; classes: the letters of its outputs, in order. Raises InputError for letters that are
    not those of the five classes."""
    letters = classes.upper().replace(",", "").replace(" ", "")
    if sorted(letters) != sorted(CLASSES):
        raise InputError(
            f"--classes {classes}: give the letters {', '.join(CLASSES)} in the order of the "
            "network's outputs"
        )
    contract = {key: scaler[key] for key in ("mean", "scale")}
    if takes == "minmax":
        contract = {"scaler_inside": True}
    return _filled({"input": contract, "classes": list(letters)}, path)


def tutorials_card(path: str | Path, scaler: Any = None) -> dict:
    """The card of a file that has none, as if the tutorial's code had trained it: rows standardised
    by a scaler fitted to Kaggle's training rows; stderr says so.

    scaler: the one it was trained with, where it is known: a fitted StandardScaler, or a mapping
    with mean and scale (187,). Raises InputError for one that does not fit."""
    if scaler is None:
        say_once(
            f"{path} has no model card: its rows are taken to be standardised by the mean and "
            "scale of Kaggle's training rows; if they were not, give scaler= or a card beside it"
        )
        shipped = artifacts.HOME / "weight" / SHIPPED / "model_self.pth"
        scaler = load_card(shipped)["input"]
    elif not isinstance(scaler, Mapping):
        scaler = {key: getattr(scaler, f"{key}_", None) for key in ("mean", "scale")}
    card = artifacts.plain(card_for(path, {key: scaler.get(key) for key in ("mean", "scale")}))
    if fault := card_fault(card):
        raise InputError(f"scaler, given for {path}: {fault}")
    return card


def _filled(card, path):
    about = {"name": Path(path).stem, "architecture": "a network without a card of ours"}
    return {**about, "arguments": {}, "manifest": {}, "recipe": {}, "temperature": 1.0, **card}


def is_foreign(session: ort.InferenceSession) -> bool:
    """Whether a session is of a file that export_onnx.py did not write."""
    names = [part.name for part in (*session.get_inputs(), *session.get_outputs())]
    return names != [OWN_INPUT, OWN_OUTPUT]


def adapted(
    session: ort.InferenceSession, card: Mapping, path: str | Path
) -> Callable[[np.ndarray], np.ndarray]:
    """Rows float32 (n, 1, 187) -> logits float32 (n, 5) in our order of classes, by a foreign
    network. Raises InputError for one that takes or gives something else."""
    inputs, output = session.get_inputs(), session.get_outputs()[0]
    fixed = [size if isinstance(size, int) else 0 for size in inputs[0].shape]  # 0: any size
    place = fixed[1:] if fixed[1:] and all(fixed[1:]) else [1, WIDTH]
    if len(inputs) > 1 or int(np.prod(place)) != WIDTH:
        told = ", ".join(f"{part.name} {part.shape}" for part in inputs)
        raise InputError(
            f"{path} takes {told}: rows of {WIDTH} samples, (N, 1, {WIDTH}), are given"
        )
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    kind = kinds.get(inputs[0].type)
    if kind is None:
        raise InputError(f"{path} takes {inputs[0].type}: rows are float32")
    order = [list(card["classes"]).index(letter) for letter in CLASSES]

    def outputs(rows: np.ndarray) -> np.ndarray:
        rows = rows.reshape(-1, *place).astype(kind)
        step = fixed[0] or max(1, len(rows))  # a file may have been exported for one row at a time
        parts = [
            session.run([output.name], {inputs[0].name: rows[i : i + step]})[0]
            for i in range(0, len(rows), step)
        ]
        return np.concatenate(parts)

    probabilities = _gives_probabilities(outputs, path)

    def logits(rows: np.ndarray) -> np.ndarray:
        found = outputs(rows)[:, order]
        if probabilities:
            found = np.log(np.maximum(found, PROBABILITY_FLOOR))
        return found.astype(np.float32)

    return logits


def _gives_probabilities(outputs: Callable[[np.ndarray], Any], path: str | Path) -> bool:
    """Whether what a network gives on made-up rows are probabilities. Raises InputError where it
    does not run, or does not give a number a class."""
    rows = np.random.default_rng(0).uniform(0, 1, (8, 1, WIDTH)).astype(np.float32)
    try:
        found = np.asarray(outputs(rows))
    except Exception as error:  # ONNX Runtime has an exception type for each kind of trouble
        raise InputError(f"{path} does not run on rows ({type(error).__name__})") from None
    if found.shape != (len(rows), len(CLASSES)):
        raise InputError(
            f"{path} gives {found.shape[1:]} numbers a row: {len(CLASSES)} are needed, one a class"
        )
    if not np.isfinite(found).all():
        raise InputError(f"{path} gives no numbers (NaN or infinity): its weights are damaged")
    return bool((found >= 0).all() and np.allclose(found.sum(axis=1), 1, atol=1e-3))
