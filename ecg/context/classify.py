"""The context network over described beats: class probabilities of every beat.

A model is here what `inference.load` gives or an onnxruntime.InferenceSession; torch is needed for
a network of PyTorch only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import ArrayLike

from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.context.description import describe, describe_and_find_paced
from ecg.context.features import CONTEXT_CLASSES, FEATURE_NAMES, DescribedBeats
from ecg.context.leads import average_leads, lead_weights
from ecg.context.similar import average_similar_beats
from ecg.context.statistics import running_mean
from ecg.prediction import card_of, softmax

BLOCK = 4096  # beats classified at once ...
BESIDE = 128  # ... and beats on either side of these that the network may look at
KINDS = len(CONTEXT_CLASSES)  # of beats
# Moved electrodes look like V beats. Where this share of the beats around is expected to be none,
# a V needs this probability, or it is taken for an artefact too.
AROUND, MOVING, SURE = 61, 0.08, 0.7


def classify_beats(
    model: Any,
    ecg: ArrayLike,
    fs: float,
    r_peaks: ArrayLike,
    past: float | None = None,
    delay: float = 60.0,
    second: ArrayLike | None = None,
    by_second: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(class probabilities of every beat: float64 (m, 5), columns N S V F Q (ecg.beats.CLASSES),
    NaN for what is no beat but an artefact; the second lead's weight in them, 0..1 (m,), 0 without
    one).

    model: an onnxruntime.InferenceSession of ecg_model_context*.onnx (torch is not needed), or the
    PyTorch network with its card as `.card`. second: (n,) another lead of the same recording, which
    is asked too, and alone about the beats `by_second` (m,), bool: those that `ecg` does not show.
    The other arguments are those of `describe`. Q is 1 for a beat that a pacemaker started or whose
    samples are missing in the lead that tells of it, else 0: the network knows N, S, V and F.
    Raises InputError for a model that was trained on other features."""
    card = card_of(model)
    _check_features(card)
    r_peaks = np.asarray(r_peaks, dtype=np.int64)
    if len(r_peaks) == 0:
        return np.zeros((0, len(CLASSES))), np.zeros(0)
    first, is_paced = describe_and_find_paced(ecg, fs, r_peaks, past, delay)
    leads, weights = [first], None
    is_missing = ~np.isfinite(np.asarray(ecg)[r_peaks])
    if second is not None:
        leads.append(describe(second, fs, r_peaks, past, delay))
        weights = lead_weights(leads)
        if by_second is not None:
            weights[:, by_second] = [[0], [1]]
            is_missing[by_second] = ~np.isfinite(np.asarray(second)[r_peaks[by_second]])
    logits = context_logits(model, leads, weights)
    probabilities = np.zeros((len(r_peaks), len(CLASSES)))
    columns = [CLASSES.index(name) for name in card["classes"]]
    probabilities[:, columns] = softmax(logits[:, :KINDS] / card.get("temperature", 1.0))
    probabilities[_artefacts(logits)] = np.nan
    probabilities[is_paced | is_missing] = np.eye(len(CLASSES))[CLASSES.index("Q")]
    return probabilities, np.zeros(len(r_peaks)) if weights is None else weights[1]


def _artefacts(logits):
    """Which beats (m,), bool, are taken for artefacts; logits: of `context_logits`."""
    likeliest = logits.argmax(axis=1)
    if logits.shape[1] == KINDS:
        return np.zeros(len(logits), bool)
    v = CONTEXT_CLASSES.index("V")
    p = softmax(logits)
    moving = running_mean(p[:, KINDS], AROUND) > MOVING
    return (likeliest == KINDS) | ((likeliest == v) & moving & (p[:, v] < SURE))


def _check_features(card):
    """Raises InputError for a model whose features are not those of FEATURE_NAMES."""
    if tuple(card["input"]["names"]) != FEATURE_NAMES:
        raise InputError(
            f"the model {card.get('name', 'context')} was trained on other numbers than this "
            "program computes: train it again with python train.py --model context"
        )


def context_logits(
    model: Any, leads: Sequence[DescribedBeats], weights: np.ndarray | None = None
) -> np.ndarray:
    """Logits float64 (m, 5) of the described beats of one recording, in order: N S V F, after
    `average_similar_beats`, the mean over the leads by `lead_weights`, plus class biases; then what
    is no beat but an artefact, which is judged on its own (m, 4 columns by a network that knows
    none). A network that has biases inside is relieved of them first: they balance the classes,
    they say nothing of a beat.

    leads: the same beats as described in each lead; weights: their `lead_weights`, where they are
    known already."""
    is_onnx = isinstance(model, ort.InferenceSession)
    bias = np.asarray(card_of(model)["class_bias"] if is_onnx else model.bias)
    if weights is None:
        weights = lead_weights(leads)
    own = [network_logits(model, beats.features) - bias for beats in leads]
    kinds = [average_similar_beats(each[:, :KINDS], beats) for each, beats in zip(own, leads)]
    logits = average_leads(kinds, weights) + bias[:KINDS]
    if len(bias) == KINDS:
        return logits
    beat = [np.logaddexp.reduce(each[:, :KINDS], axis=1) for each in own]
    odds = [(each[:, KINDS] - of_beat)[:, None] for each, of_beat in zip(own, beat)]
    total = np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return np.hstack([logits - total, average_leads(odds, weights) + bias[KINDS]])


def network_logits(model: Any, features: np.ndarray) -> np.ndarray:
    """Logits float64 (m, outputs) of the network alone, class biases inside; features: float32
    (m, len(FEATURE_NAMES)) of successive beats."""
    parts = []
    for start in range(0, len(features), BLOCK):
        low = max(start - BESIDE, 0)
        part = features[None, low : start + BLOCK + BESIDE]
        out = _run_network(model, np.ascontiguousarray(part, dtype=np.float32))
        parts.append(out[0, start - low : start - low + BLOCK])
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros((0, KINDS))


def _run_network(model, features):
    """Logits float32 (1, beats, outputs) of features (1, beats, len(FEATURE_NAMES))."""
    if isinstance(model, ort.InferenceSession):
        # The ONNX files call their input `numbers`, those that users have included.
        return model.run(["logits"], {"numbers": features})[0]
    import torch

    with torch.inference_mode():
        return model(torch.from_numpy(features)).numpy()
