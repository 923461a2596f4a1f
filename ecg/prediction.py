"""Rows in, probabilities out: what a model card asks for, PyTorch and ONNX alike. The network is
handed in."""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import ArrayLike

from ecg import beats, foreign
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.schema import card_fault
from ecg.weights import (
    StaleFile,
    card_path,
    in_folders,
    onnx_path,
    short_name,
    weights_path,
    why_stale,
)

BATCH = 256
REMEDY = "export it again with python export_onnx.py"
REMEDY_CONTEXT = "train it again with python train.py --model context"


def card_of(model: Any) -> dict:
    """The model card of a loaded model, PyTorch or ONNX. Raises InputError where an ONNX session,
    opened by someone else, holds none."""
    if isinstance(model, ort.InferenceSession) and not hasattr(model, "card"):
        file = getattr(model, "file", "the ONNX file")
        card = _card_inside(model, file)
        if card is None:
            raise InputError(f"{file} holds no model card: export it with python export_onnx.py")
        model.card = card
    return model.card


def _card_inside(session, file):
    """The card in the metadata of an ONNX file, or None. Raises InputError for a damaged one."""
    try:
        text = session.get_modelmeta().custom_metadata_map.get("card")
        card: Any = {} if text is None else json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{file}: the model card inside is no JSON: {REMEDY}") from None
    if text is None:
        return None
    if fault := card_fault(card):
        raise InputError(f"{file}: the model card inside is none: {fault}: {REMEDY}")
    return {"name": short_name(file), "manifest": {}, "recipe": {}, **card}


def is_context_model(card: Mapping) -> bool:
    """Whether a model judges a beat against its own patient (ecg/context) rather than by its row
    alone."""
    return card["architecture"] == "ContextNet"


def knows_artefacts(card: Mapping) -> bool:
    """Whether a model tells by itself what is no beat but a moved electrode."""
    return is_context_model(card) and len(card["class_bias"]) > len(card["classes"])


def check_card(card: dict, path: str | Path) -> dict:
    """The card, when this code can feed the model; InputError when the model wants other rows than
    these, or gives no labels of beats."""
    if "kind" in card["input"] and not is_context_model(card):
        raise InputError(f"{path} gives no labels of beats: it is {card['architecture']}")
    contract = {} if is_context_model(card) else card["input"]
    ours = {"width": beats.WIDTH, "source_rate_hz": beats.SOURCE_FS, "step": beats.STEP}
    for key, value in ours.items():
        if contract.get(key, value) != value:
            raise InputError(
                f"{path}: the model wants rows with {key} {contract[key]}, this program cuts them "
                f"with {value}"
            )
    return card


def scaled(rows: np.ndarray, card: Mapping) -> np.ndarray:
    """Min-max rows (n, 187) as the model of this card takes them: standardised by its mean and
    scale, or as they are where its graph holds the scaler."""
    contract = card["input"]
    if contract.get("scaler_inside"):
        return rows
    return beats.standardise(rows, contract["mean"], contract["scale"])


def logits(model: Any, x: ArrayLike) -> np.ndarray:
    """Logits float32 (n, 5) of standardised rows (n, 187) or (n, 187, 1), PyTorch or ONNX, in
    batches."""
    x = np.asarray(x, np.float32).reshape(-1, 1, beats.WIDTH)
    if len(x) == 0:
        return np.zeros((0, len(CLASSES)), np.float32)
    parts = (x[i : i + BATCH] for i in range(0, len(x), BATCH))
    if isinstance(model, ort.InferenceSession):
        run = getattr(model, "adapted", None) or partial(_own_logits, model)
        return np.concatenate([run(part) for part in parts])
    import torch

    with torch.inference_mode():
        return np.concatenate([model(torch.tensor(part)).numpy() for part in parts])


def _own_logits(session, rows):
    return session.run([foreign.OWN_OUTPUT], {foreign.OWN_INPUT: rows})[0]


def softmax(x: ArrayLike, axis: int = -1) -> np.ndarray:
    """Probabilities float64, along `axis`."""
    e = np.exp(np.asarray(x, np.float64) - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=axis, keepdims=True)


def predict_heartbeat(
    model: Any, ecg_signal: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classify min-max rows, as `extract_beats` cuts them.

    ecg_signal: (187,) or (n, 187) in 0..1. Returns (ids int64 (n,), confidence (n,), probabilities
    (n, 5)). Rows are standardised with the model card's mean and scale; its temperature makes the
    confidence mean what it says."""
    rows = np.atleast_2d(np.asarray(ecg_signal, np.float32))
    if rows.ndim == 3 and 1 in rows.shape[1:]:
        rows = rows.reshape(len(rows), -1)
    if rows.ndim != 2 or rows.shape[1] != beats.WIDTH:
        raise ValueError(f"beats have shape {np.shape(ecg_signal)}: give (187,) or (n, 187)")
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
    step = 4 * BATCH  # what the processor's cache holds
    parts = [rows[i : i + step] for i in range(0, len(rows), step)]
    z = [logits(model, scaled(part, card)) for part in parts] or [logits(model, rows)]
    probabilities = softmax(np.concatenate(z) / card.get("temperature", 1.0))
    ids = probabilities.argmax(axis=1)
    return ids, probabilities[np.arange(len(ids)), ids], probabilities


def predict_heartbeat_onnx(
    session: ort.InferenceSession, ecg_signal: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`predict_heartbeat` for an ONNX session."""
    return predict_heartbeat(session, ecg_signal)


def onnx_session(path: str | Path, threads: int, remedy: str) -> ort.InferenceSession:
    """An onnxruntime.InferenceSession of a file; threads: 0 lets ONNX Runtime choose. Raises
    InputError, with what to do (remedy), for a file that cannot be run."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what is wrong is said by us
    try:
        # without a second attempt, which is announced in four lines
        session = ort.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # it has an exception type of its own for each kind of damage
        raise InputError(
            f"{path} is no ONNX file that can be run ({type(error).__name__}): {remedy}"
        ) from None
    session.file = path
    return session


def check_session(
    session: ort.InferenceSession,
    takes: tuple[int, ...] | Sequence[tuple[int, ...]],
    gives: tuple[int, ...],
    remedy: str,
) -> None:
    """Raises InputError where a network of ours, from `onnx_session`, does not give finite numbers
    of the shape `gives` for input float32 of the shape `takes`, or of these shapes, one an input;
    StaleFile where it is not of the .pth beside it. remedy: what to do."""
    if why := why_stale(session.file, card_of(session)):
        raise StaleFile(f"{why}: {remedy}")
    try:
        shapes = cast(Any, [takes] if isinstance(takes[0], int) else takes)
        made_up = [np.full(shape, 0.5, np.float32) for shape in shapes]
        names = [part.name for part in session.get_inputs()]
        found = session.run([foreign.OWN_OUTPUT], dict(zip(names, made_up)))[0]
    except Exception as error:  # ONNX Runtime has an exception type for each kind of trouble
        told = ", ".join(f"{part.name} {part.shape}" for part in session.get_inputs())
        raise InputError(
            f"{session.file} takes {told}, and does not run on {takes} ({type(error).__name__}): "
            f"{remedy}"
        ) from None
    if found.shape != gives:
        raise InputError(f"{session.file} gives {found.shape} for {takes}, not {gives}: {remedy}")
    if not np.isfinite(found).all():
        raise InputError(f"{session.file} gives NaN or infinity, no probabilities: {remedy}")


class SignalNetwork(NamedTuple):
    """A network that judges a signal, and what its ONNX file must fit.

    name: as train.py --model has it. told: what `input` of its card must say, (key, value) pairs.
    takes: shapes of its inputs for one row; gives: of its logits. thresholds: names that its card
    must hold."""

    name: str
    told: tuple[tuple[str, Any], ...]
    takes: tuple[tuple[int, ...], ...]
    gives: tuple[int, ...]
    thresholds: tuple[str, ...] = ()

    def open(self, weight: str | Path, threads: int = 1) -> ort.InferenceSession | None:
        """That of a folder of weights, or the shipped one, with its card as `.card`; None where
        there is none. Raises InputError for a damaged file, and for one that was trained on other
        input than this program computes."""
        path = onnx_path(in_folders(weights_path(weight, self.name)))
        if not path.exists():
            return None
        return _signal_session(self, path, path.stat().st_mtime_ns, threads)


@functools.lru_cache(maxsize=6)
def _signal_session(network, path, modified, threads):
    """modified: when the file was written, so that a new one is read anew."""
    remedy = f"train it again with python train.py --model {network.name}"
    session = onnx_session(path, threads, remedy)
    card = card_of(session)
    for key, value in network.told:
        if card["input"].get(key) != (list(value) if isinstance(value, tuple) else value):
            raise InputError(
                f"{path} was trained on other numbers than this program computes: {remedy}"
            )
    if network.thresholds and set(card.get("threshold") or ()) != set(network.thresholds):
        wanted = ", ".join(network.thresholds)
        raise InputError(f"{path}: the card inside lacks threshold of {wanted}: {remedy}")
    check_session(session, network.takes, network.gives, remedy)
    return session


def open_onnx(
    path: str | Path, threads: int = 0, card: dict | Callable[[], dict] | None = None
) -> ort.InferenceSession:
    """An onnxruntime.InferenceSession of a file, with its card as `.card` and the file as `.file`.

    threads: 0 lets ONNX Runtime choose. card: for a file of others that holds none and has none
    beside it (ecg/foreign.py), or what gives it when it is needed. Raises InputError for a file
    that cannot be run, or whose card asks for other rows."""
    session = onnx_session(path, threads, REMEDY)
    session.card = _card_inside(session, path) or foreign.card_beside(path)
    if session.card is None and foreign.is_foreign(session):
        session.card = card() if callable(card) else card
    if session.card is None:
        raise InputError(
            f"{path} holds no model card, and there is none beside it ({card_path(path)}): export "
            "it with python export_onnx.py, or write a card with its input and classes"
        )
    card = check_card(session.card, path)
    if is_context_model(card):
        names, outputs = len(card["input"]["names"]), len(card["class_bias"])
        check_session(session, (1, 3, names), (1, 3, outputs), REMEDY_CONTEXT)
    elif foreign.is_foreign(session):
        session.adapted = foreign.adapted(session, card, path)
    else:
        if card["classes"] != CLASSES:
            raise InputError(f"{path}: classes of the card inside are in another order: {REMEDY}")
        check_session(session, (1, 1, beats.WIDTH), (1, len(CLASSES)), REMEDY)
    return session
