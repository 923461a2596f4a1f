"""Rows in, probabilities out: what a model card asks for, PyTorch and ONNX alike. The network is
handed in."""

import json

import numpy as np
import onnxruntime as ort

from ecg import beats
from ecg.artifacts import InputError
from ecg.beats import CLASSES

BATCH = 256


def card_of(model):
    """The model card (dict) of a loaded model, PyTorch or ONNX."""
    if isinstance(model, ort.InferenceSession) and not hasattr(
        model, "card"
    ):  # opened by someone else
        card = model.get_modelmeta().custom_metadata_map.get("card")
        if card is None:
            raise InputError(
                "the ONNX file holds no model card: export it with python export_onnx.py"
            )
        model.card = json.loads(card)
    return model.card


def is_context_model(card):
    """Whether a model judges a beat against its own patient (ecg/context) rather than by its row
    alone."""
    return card["architecture"] == "ContextNet"


def check_card(card, path):
    """The card, when this code can feed the model; InputError when the model wants other rows than
    these."""
    contract = {} if is_context_model(card) else card["input"]
    ours = {"width": beats.WIDTH, "source_rate_hz": beats.SOURCE_FS, "step": beats.STEP}
    for key, value in ours.items():
        if contract.get(key, value) != value:
            raise InputError(
                f"{path}: the model wants rows with {key} {contract[key]}, this program cuts them "
                f"with {value}"
            )
    return card


def logits(model, x):
    """Logits float32 (n, 5) of standardised rows (n, 187) or (n, 187, 1), PyTorch or ONNX, in
    batches."""
    x = np.asarray(x, np.float32).reshape(-1, 1, beats.WIDTH)
    if len(x) == 0:
        return np.zeros((0, len(CLASSES)), np.float32)
    parts = (x[i : i + BATCH] for i in range(0, len(x), BATCH))
    if isinstance(model, ort.InferenceSession):
        return np.concatenate([model.run(["logits"], {"ecg_input": part})[0] for part in parts])
    import torch

    with torch.inference_mode():
        return np.concatenate([model(torch.tensor(part)).numpy() for part in parts])


def softmax(x):
    """Probabilities float64, along the last axis."""
    e = np.exp(np.asarray(x, np.float64) - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=-1, keepdims=True)


def predict_heartbeat(model, beats_in):
    """Classify min-max rows, as `extract_beats` cuts them.

    beats_in: (187,) or (n, 187) in 0..1. Returns (ids int64 (n,), confidence (n,), probabilities
    (n, 5)). Rows are standardised with the model card's mean and scale; its temperature makes the
    confidence mean what it says."""
    rows = np.atleast_2d(np.asarray(beats_in, np.float32))
    if rows.ndim == 3 and 1 in rows.shape[1:]:
        rows = rows.reshape(len(rows), -1)
    if rows.ndim != 2 or rows.shape[1] != beats.WIDTH:
        raise ValueError(f"beats have shape {np.shape(beats_in)}: give (187,) or (n, 187)")
    if rows.size and not (rows.min() >= 0 and rows.max() <= 1):  # NaN fails too
        raise ValueError(
            "beats must be min-max rows in 0..1, as extract_beats gives them: not standardised, "
            "not in mV, without NaN"
        )
    card = card_of(model)
    if is_context_model(card):
        raise ValueError(
            "the context model takes whole recordings, not single rows: use classify(signal, fs)"
        )
    scaling = (
        None
        if card["input"].get("scaler_inside")
        else (card["input"]["mean"], card["input"]["scale"])
    )
    parts = [
        rows[i : i + 4 * BATCH] for i in range(0, len(rows), 4 * BATCH)
    ]  # what the processor's cache holds
    z = [
        logits(model, beats.standardise(part, *scaling) if scaling else part) for part in parts
    ] or [logits(model, rows)]
    probabilities = softmax(np.concatenate(z) / card.get("temperature", 1.0))
    ids = probabilities.argmax(axis=1)
    return ids, probabilities[np.arange(len(ids)), ids], probabilities


def open_onnx(path, threads=0):
    """An onnxruntime.InferenceSession of a file, with its card as `.card` and the file as `.file`.
    threads: 0 lets ONNX Runtime choose. Raises InputError for a file that cannot be run, or whose
    card asks for other rows."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has an exception type of its own for each kind of damage
        raise InputError(
            f"{path} is no ONNX file that can be run ({type(error).__name__}): export it again "
            "with python export_onnx.py"
        ) from None
    check_card(card_of(session), path)
    session.file = path
    return session
