"""Where the ventricles fibrillate or flutter: the network (model_vf.py) over all leads.

Every second the network says of four seconds of each lead: fibrillation, beats, or nothing that can
be read. It is fibrillation where every lead that can be read says so: a lead that shows QRS
complexes speaks against it, one that is noise or not there is not asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort
from scipy import ndimage

from ecg.prediction import SignalNetwork, card_of, softmax
from ecg.rhythm.fibrillation_numbers import (
    HOP_SECONDS,
    INPUTS,
    LAGS,
    NUMBERS,
    SECONDS,
    Described,
    describe_lead,
)
from ecg.stretches import runs_of
from ecg.translations import Note

MISSING = Note(
    "the model of ventricular fibrillation is missing, so none is looked for: "
    "python train.py --model vf makes it"
)
SMOOTHED = 5  # windows: median
JOINED, SHORTEST = 3.0, 4.0  # s: gaps of an episode, and what is shorter is none
GONE = 0.5  # share of a window that is missing or still: the lead is not asked
BLOCK = 8192  # rows at a time
NOW = 3  # windows that a monitor looks back on


class Fibrillation(NamedTuple):
    """spans: int64 (k, 2), stretches in samples, in order, that are fibrillation or flutter.
    confidence: float (k,), mean probability over each."""

    spans: np.ndarray
    confidence: np.ndarray


NOWHERE = Fibrillation(np.zeros((0, 2), np.int64), np.zeros(0))
REASON = "ventricular fibrillation or flutter"  # why a stretch has no beats


class Limits(NamedTuple):
    """Probabilities: above `low` it may be fibrillation, and is where it comes above `high`. A
    monitor alarms above `high`."""

    low: float
    high: float


NETWORK = SignalNetwork(
    "vf", (("numbers", NUMBERS), ("lags", LAGS)), ((1, INPUTS),), (1, 3), Limits._fields
)


def open_model(weight: str | Path = "weight", threads: int = 1) -> ort.InferenceSession | None:
    """The network of a folder of weights, as ecg.prediction.SignalNetwork.open gives it."""
    return NETWORK.open(weight, threads)


def model_or_note(weight: str | Path = "weight") -> ort.InferenceSession | str:
    """`open_model`, or the sentence that tells a user that there is none."""
    return open_model(weight) or MISSING


def limits_of(model: ort.InferenceSession) -> Limits:
    """The Limits of the network's card."""
    return Limits(**card_of(model)["threshold"])


def find_fibrillation(
    model: ort.InferenceSession, leads: Sequence[np.ndarray], fs: float
) -> Fibrillation:
    """Fibrillation and flutter in a recording.

    model: from `open_model`. leads: (n,) each, any unit, NaN where samples are missing; fs in
    Hz."""
    described = [describe_lead(lead, fs) for lead in leads]
    likely = of_leads(described, [probabilities(model, each.rows()) for each in described])
    return episodes_of(likely, limits_of(model), fs, len(leads[0]))


def fibrillation_now(model: ort.InferenceSession, leads: Sequence[np.ndarray], fs: float) -> float:
    """Probability, 0..1, that the end of the leads is fibrillation or flutter: the median over
    windows that end now, one and two seconds ago. A monitor gives its last 15 s or so; of fewer
    than 4 s nothing is said (0). leads, fs: as for `find_fibrillation`."""
    whole = int(len(leads[0]) / fs)
    if whole < SECONDS:
        return 0.0
    ends = [lead[len(lead) - round(whole * fs) :] for lead in leads]  # a window ends at the end
    described = [describe_lead(lead, fs) for lead in ends]
    likely = of_leads(described, [probabilities(model, each.rows()[-NOW:]) for each in described])
    return float(np.median(likely))


def probabilities(model: ort.InferenceSession, rows: np.ndarray) -> np.ndarray:
    """float64 (n, 3), fibrillation, beats, noise, of rows (n, inputs) of a Described."""
    parts = [
        model.run(["logits"], {"numbers": rows[start : start + BLOCK]})[0]
        for start in range(0, len(rows), BLOCK)
    ]
    return softmax(np.concatenate(parts))


def of_leads(described: Sequence[Described], found: Sequence[np.ndarray]) -> np.ndarray:
    """(w,) probability of fibrillation in each window: the lowest of the leads that can be read.

    found: (w, 3) of each lead, of its last w windows."""
    least, most = np.full(len(found[0]), np.inf), np.zeros(len(found[0]))
    for lead, of_lead in zip(described, found):
        gone = (lead.share("missing") + lead.share("still"))[-len(of_lead) :] > GONE
        vf = np.where(gone, 0, of_lead[:, 0])
        readable = ~gone & (of_lead[:, 2] < 0.5)
        least = np.where(readable, np.minimum(least, vf), least)
        most = np.maximum(most, vf)
    return np.where(np.isfinite(least), least, most)


def episodes_of(likely: np.ndarray, limits: Limits, fs: float, n: int) -> Fibrillation:
    """Episodes from the probability (w,) of each window of a recording of n samples at fs Hz.

    Its median over SMOOTHED windows above limits.low, gaps up to JOINED closed; of that, from where
    it first rises above limits.high to where it last falls below. What never does, or is shorter
    than SHORTEST, is none."""
    smooth = ndimage.median_filter(likely, SMOOTHED, mode="nearest")
    runs = _joined(runs_of(smooth > limits.low))
    sure = np.flatnonzero(smooth > limits.high)
    inside = np.searchsorted(sure, runs)
    is_sure = inside[:, 1] > inside[:, 0]
    if not is_sure.any():
        return Fibrillation(np.zeros((0, 2), np.int64), np.zeros(0))
    first, last = sure[inside[is_sure, 0]], sure[inside[is_sure, 1] - 1]
    start = first - _to_crossing(smooth, first, -1, limits.high)
    stop = last + _to_crossing(smooth, last, 1, limits.high)
    edges = np.column_stack([start, stop]) * HOP_SECONDS + SECONDS / 2
    edges[first == 0, 0] = 0
    edges[last == len(smooth) - 1, 1] = n / fs
    kept = edges[:, 1] - edges[:, 0] >= SHORTEST
    spans = np.clip(np.rint(edges[kept] * fs), 0, n).astype(np.int64)
    means = [smooth[a : b + 1].mean() for a, b in zip(first[kept], last[kept])]
    return Fibrillation(spans, np.array(means))


def _joined(runs):
    """Runs (k, 2) of windows without the gaps up to JOINED."""
    if len(runs) == 0:
        return runs
    opens = np.concatenate([[True], runs[1:, 0] - runs[:-1, 1] > JOINED / HOP_SECONDS])
    return np.column_stack([runs[opens, 0], runs[np.append(opens[1:], True), 1]])


def _to_crossing(smooth, at, side, limit):
    """(k,) windows from each of `at`, above the limit, to where the line to its neighbour on that
    side crosses it."""
    beside = smooth[np.clip(at + side, 0, len(smooth) - 1)]
    return (smooth[at] - limit) / np.maximum(smooth[at] - beside, 1e-9)
