"""Which rhythm every half minute is: the network (model_rhythm.py) over all leads, and the beats.

Each lead is asked by itself. Their answers are averaged, as logarithms of probabilities, each by
how likely it is that the lead can be read there."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from ecg.prediction import SignalNetwork, card_of, softmax
from ecg.rhythm.strips import NUMBER_NAMES, SAMPLES, Strips, strip_pages, strips_at
from ecg.rhythm.track import RHYTHMS, STRIP, Track
from ecg.translations import Note

MISSING = Note(
    "the rhythm model is missing, so no rhythm is named: python train.py --model rhythm makes it"
)
NOISE = RHYTHMS.index("noise")
LEAST = 0.3  # share of a look that must be there for a lead to be asked
FAINT = 0.02  # weight of a lead that is noise for certain


NETWORK = SignalNetwork(
    "rhythm",
    (("names", tuple(NUMBER_NAMES)), ("samples", SAMPLES)),
    ((1, 1, SAMPLES), (1, len(NUMBER_NAMES))),
    (1, len(RHYTHMS)),
)


def open_model(weight: str | Path = "weight", threads: int = 1) -> ort.InferenceSession | None:
    """The network of a folder of weights, as ecg.prediction.SignalNetwork.open gives it."""
    return NETWORK.open(weight, threads)


def model_or_note(weight: str | Path = "weight") -> ort.InferenceSession | str:
    """`open_model`, or the sentence that tells a user that there is none."""
    return open_model(weight) or MISSING


def rhythm_track(
    model: ort.InferenceSession,
    leads: Sequence[np.ndarray],
    fs: float,
    r_peaks: np.ndarray,
    labels: Sequence[str] | np.ndarray,
) -> Track:
    """Every look at a recording.

    model: from `open_model`. leads: (n,) each, any unit, NaN where samples are missing; fs in Hz;
    r_peaks: (m,) samples of the beats, increasing; labels: (m,) letters N S V F Q or ? of them."""
    starts, stops, found = [], [], []
    for page in strip_pages(leads, fs, r_peaks, labels):
        starts.append(page.start_s)
        stops.append(page.stop_s)
        found.append(look_probabilities(model, page))
    return Track(*(np.concatenate(each) for each in (starts, stops, found)))


def rhythm_now(
    model: ort.InferenceSession,
    leads: Sequence[np.ndarray],
    fs: float,
    r_peaks: np.ndarray,
    labels: Sequence[str] | np.ndarray,
) -> np.ndarray:
    """Probabilities float32 (4,) of RHYTHMS over the last STRIP seconds of the leads, for a
    monitor; NaN where nothing can be read. Arguments as for `rhythm_track`."""
    start = np.array([max(len(leads[0]) / fs - STRIP, 0.0)])
    r_peaks, labels = np.asarray(r_peaks, np.int64), np.asarray(labels, dtype="U1")
    return look_probabilities(model, strips_at(leads, fs, r_peaks, labels, start))[0]


def look_probabilities(model: ort.InferenceSession, strips: Strips) -> np.ndarray:
    """float32 (k, 4), of RHYTHMS, of all leads together; NaN where none of them is there."""
    temperature = card_of(model).get("temperature", 1.0)
    each = [
        softmax(logits(model, waveform, numbers) / temperature)
        for waveform, numbers in zip(strips.waveform, strips.numbers)
    ]
    p = np.array(each).reshape(len(strips.waveform), -1, len(RHYTHMS))
    weight = np.maximum(1 - p[:, :, NOISE], FAINT) * (strips.there >= LEAST)
    total = weight.sum(axis=0)
    mean = (np.log(np.maximum(p, 1e-9)) * weight[:, :, None]).sum(axis=0)
    mean /= np.where(total > 0, total, 1)[:, None]
    return np.where(total[:, None] > 0, softmax(mean), np.nan).astype(np.float32)


def logits(model: ort.InferenceSession, waveform: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """float32 (k, 4) of strips of one lead: waveform (k, SAMPLES), numbers (k, n)."""
    if len(waveform) == 0:
        return np.zeros((0, len(RHYTHMS)), np.float32)
    return model.run(["logits"], {"waveform": waveform[:, None], "numbers": numbers})[0]
