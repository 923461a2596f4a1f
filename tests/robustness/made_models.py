"""Model files and stored data for the cases: good ones, and what has gone wrong with them."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg import artifacts
from tests import training_rows
from tests.conftest import HOME

SHIPPED = HOME / "weight" / "shipped"
CARD, WEIGHTS, ONNX = "model_self.json", "model_self.pth", "ecg_model_self.onnx"
INPUT, OUTPUT = "ecg_input", "logits"


def good(folder: Path, *names: str) -> None:
    """Shipped files of these names, copied."""
    for name in names:
        shutil.copyfile(SHIPPED / name, folder / name)


def card(**changes: Any) -> Callable[[Path], list]:
    """Arguments of an export of good weights whose card has other values; None takes a key out; a
    name such as input__mean is a key inside another."""

    def arguments(folder):
        good(folder, WEIGHTS)
        document = changed(json.loads((SHIPPED / CARD).read_text()), changes)
        (folder / CARD).write_text(json.dumps(document))
        return ["--model", WEIGHTS]

    return arguments


def changed(document: dict, changes: Mapping[str, Any]) -> dict:
    """A document with other values, as for `card`."""
    for name, value in changes.items():
        place, _, rest = name.partition("__")
        document[place] = changed(document[place], {rest: value}) if rest else value
    return {key: value for key, value in document.items() if value is not None}


def card_text(text: str) -> Callable[[Path], list]:
    """Arguments of an export of good weights whose card is this text."""

    def arguments(folder):
        good(folder, WEIGHTS)
        (folder / CARD).write_text(text)
        return ["--model", WEIGHTS]

    return arguments


def weights_bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], list]:
    """Arguments of an export of weights whose file has other bytes; its card tells no SHA-256."""

    def arguments(folder):
        card(weights_sha256=None)(folder)
        (folder / WEIGHTS).write_bytes(change((SHIPPED / WEIGHTS).read_bytes()))
        return ["--model", WEIGHTS]

    return arguments


def state(change: Callable[[dict], Any]) -> Callable[[Path], list]:
    """Arguments of an export of weights of which `change` makes something else."""

    def arguments(folder):
        import torch

        card(weights_sha256=None)(folder)
        torch.save(change(torch.load(SHIPPED / WEIGHTS, weights_only=True)), folder / WEIGHTS)
        return ["--model", WEIGHTS]

    return arguments


def tensor(change: Callable[[Any], Any], at: int = 0) -> Callable[[Path], list]:
    """The same with one tensor made something else."""

    def other(found):
        key = list(found)[at]
        return {**found, key: change(found[key])}

    return state(other)


def recording(folder: Path) -> str:
    """The name of a recording of 8 s."""
    from ecg.synthetic import synthetic_recording

    made = synthetic_recording(8, seed=1)
    lines = [f"{value:.4f}" for value in made.signal]
    (folder / "ecg.csv").write_text("II_mV\n" + "\n".join(lines) + "\n")
    return "ecg.csv"


def labelled(*options: str, files: tuple[str, ...] = (), **more: Any) -> Callable[[Path], list]:
    """Arguments that label a recording by `options`, with these shipped files there."""

    def arguments(folder):
        good(folder, *files)
        return [recording(folder), "--fs", 360, *options]

    return arguments


def onnx_bytes(content: bytes | Callable[[bytes], bytes]) -> Callable[[Path], list]:
    """Arguments that label by an ONNX file with these bytes."""

    def arguments(folder):
        made = content((SHIPPED / ONNX).read_bytes()) if callable(content) else content
        (folder / ONNX).write_bytes(made)
        return labelled("--model", ONNX)(folder)

    return arguments


def onnx_card(text: str | None = None, **changes: Any) -> Callable[[Path], list]:
    """The same by a good ONNX file whose card inside is this text, or has other values (see
    `card`); with neither there is none."""

    def arguments(folder):
        import onnx

        model = onnx.load(str(SHIPPED / ONNX))
        told = {each.key: each.value for each in model.metadata_props}
        if changes:
            told["card"] = json.dumps(changed(json.loads(told["card"]), changes))
        elif text is not None:
            told["card"] = text
        else:
            del told["card"]
        del model.metadata_props[:]
        onnx.helper.set_model_props(model, told)
        onnx.save(model, str(folder / ONNX))
        return labelled("--model", ONNX)(folder)

    return arguments


def graph(weight: np.ndarray, name: str = INPUT) -> Callable[[Path], list]:
    """Arguments that label by an ONNX file that multiplies rows by a matrix (samples, classes),
    with the card of a good one beside it and inside."""

    def arguments(folder):
        (folder / ONNX).write_bytes(multiplying(weight, name))
        return labelled("--model", ONNX)(folder)

    return arguments


def multiplying(weight: np.ndarray, name: str) -> bytes:
    """An ONNX file that multiplies rows (n, 1, samples) by a matrix (samples, classes)."""
    from onnx import TensorProto, helper, numpy_helper

    samples, classes = weight.shape
    rows = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1, samples])
    logits = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", classes])
    nodes = [
        helper.make_node("Flatten", [name], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], [OUTPUT]),
    ]
    matrix = numpy_helper.from_array(weight.astype(np.float32), "w")
    made = helper.make_model(
        helper.make_graph(nodes, "g", [rows], [logits], [matrix]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    helper.set_model_props(made, {"card": (SHIPPED / CARD).read_text()})
    return made.SerializeToString()


def newer_weights(folder: Path) -> None:
    """Good files, of which the weights and their card were trained again after the export."""
    import torch

    from ecg import weights

    good(folder, ONNX, CARD, WEIGHTS)
    told = json.loads((folder / CARD).read_text())
    found = torch.load(folder / WEIGHTS, weights_only=True)
    found = {
        key: 0.9 * value if value.is_floating_point() else value for key, value in found.items()
    }
    weights.save_weights(folder / WEIGHTS, found, told)


def stale(*options: str) -> Callable[[Path], list]:
    """Arguments that label by weights that are newer than their ONNX file."""

    def arguments(folder):
        newer_weights(folder)
        return labelled("--weight", ".", *options)(folder)

    return arguments


# ---- rows ---------------------------------------------------------------------------------------


def trained_on(folder: Path) -> list:
    """Arguments of a training on the rows in the folder."""
    return ["--data", ".", "--weight", ".", "--runs", ".", "--epochs", 1, "--threads", 1]


def rows(change: Callable[[Path, dict], Any], keep: bool = False) -> Callable[[Path], list]:
    """Arguments of a training on rows, whose folder and manifest `change` is given; what it gives
    is the manifest, None leaves it out. keep: the SHA-256 of the files stay in it."""

    def arguments(folder):
        place = artifacts.processed(training_rows.write_rows(folder, n=40))
        told = json.loads((place / "manifest.json").read_text())
        if not keep:
            told["outputs_sha256"] = {}
        told = change(place, told)
        (place / "manifest.json").unlink()
        if told is not None:
            text = told if isinstance(told, str) else json.dumps(told)
            (place / "manifest.json").write_text(text)
        return trained_on(folder)

    return arguments


def manifest(**changes: Any) -> Callable[[Path], list]:
    """The same with other values in the manifest, as for `card`."""
    return rows(lambda place, told: changed(told, changes))


def array(name: str, change: Callable[[np.ndarray], Any], keep: bool = False):
    """The same with another array in a file of rows."""

    def other(place, told):
        np.save(place / name, change(np.load(place / name)))
        return told

    return rows(other, keep)


def content(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], list]:
    """The same with other bytes in a file of rows."""

    def other(place, told):
        (place / name).write_bytes(change((place / name).read_bytes()))
        return told

    return rows(other)
