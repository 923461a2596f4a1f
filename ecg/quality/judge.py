"""What cannot be read in any lead, by the quality network: stretches of noise, and single beats
that are a moved electrode."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort

from ecg.context.statistics import shifted
from ecg.prediction import SignalNetwork, card_of
from ecg.quality.beat_numbers import BEAT_NAMES
from ecg.quality.describe import (
    BEAT_INPUTS,
    WINDOW_INPUTS,
    WINDOW_LAGS,
    describe_lead,
    own_stretches,
)
from ecg.quality.window_numbers import WINDOW_NAMES
from ecg.stretches import inside, merged
from ecg.translations import Note

QUALITIES = ["quality_1", "quality_2"]  # columns: the quality of a beat in each lead
NOISE, MOTION = "noise", "electrode motion"  # reasons, as they stand in the column `quality`
MISSING = Note(
    "the quality model is missing, so noise is named only where the R peak detector gives up: "
    "python train.py --model quality makes it"
)
GONE = 0.95  # share of a window that is missing, or still: there is no lead
PARTLY = 0.1, 0.4  # share that is missing, or still: the window says nothing of the rest
BLOCK = 8192  # rows at a time


class Judged(NamedTuple):
    """quality: float32 (leads, m), of each beat in each lead: 1 less the larger of the
    probabilities that its surroundings are noise and that it is a moved electrode. noise: int64
    (k, 2), stretches in samples that are noise in every lead. is_noise, is_motion: bool (m,), the
    beats there, and those that every lead calls a moved electrode."""

    quality: np.ndarray
    noise: np.ndarray
    is_noise: np.ndarray
    is_motion: np.ndarray


NETWORK = SignalNetwork(
    "quality",
    (("windows", tuple(WINDOW_NAMES)), ("beats", tuple(BEAT_NAMES))),
    ((1, WINDOW_INPUTS + BEAT_INPUTS),),
    (1, 2),
    (NOISE, MOTION),
)


def open_model(weight: str | Path = "weight", threads: int = 1) -> ort.InferenceSession | None:
    """The network of a folder of weights, as ecg.prediction.SignalNetwork.open gives it."""
    return NETWORK.open(weight, threads)


def model_or_note(weight: str | Path = "weight") -> ort.InferenceSession | str:
    """`open_model`, or the sentence that tells a user that there is none."""
    return open_model(weight) or MISSING


def thresholds(model: ort.InferenceSession) -> tuple[float, float]:
    """(probability from which a window is noise, from which a beat is a moved electrode)."""
    card = card_of(model)
    return card["threshold"][NOISE], card["threshold"][MOTION]


def probabilities(model: ort.InferenceSession, rows: np.ndarray) -> np.ndarray:
    """float32 (n, 2), noise and electrode motion, of rows (n, inputs) of a DescribedLead."""
    parts = [
        model.run(["logits"], {"numbers": rows[start : start + BLOCK]})[0]
        for start in range(0, len(rows), BLOCK)
    ]
    z = np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)
    return 1 / (1 + np.exp(-np.clip(z, -50, 50)))


def judge(
    model: ort.InferenceSession, leads: Sequence[np.ndarray], fs: float, r_peaks: np.ndarray
) -> Judged:
    """What of a recording cannot be read in any of its leads.

    model: from `open_model`. leads: (n,) each, any unit, NaN where samples are missing; fs in Hz;
    r_peaks: (m,) sample numbers of the beats, increasing."""
    r_peaks = np.asarray(r_peaks, np.int64)
    n, (noise_from, motion_from) = len(leads[0]), thresholds(model)
    quality = np.ones((len(leads), len(r_peaks)), np.float32)
    least_noise, least_motion = np.ones(1, np.float32), np.ones(len(r_peaks), np.float32)
    stretches = np.zeros((1, 2), np.int64)
    for number, lead in enumerate(leads):
        described = describe_lead(lead, fs, r_peaks)
        noise = _beside_gaps(probabilities(model, described.window_rows())[:, 0], described)
        motion = probabilities(model, described.beat_rows())[:, 1]
        stretches = np.rint(own_stretches(described.starts, n / fs) * fs).astype(np.int64)
        at = np.minimum(np.searchsorted(stretches[:, 1], r_peaks, "right"), len(noise) - 1)
        quality[number] = 1 - np.maximum(noise[at], motion)
        least_noise, least_motion = np.minimum(least_noise, noise), np.minimum(least_motion, motion)
    spans = merged(stretches[least_noise > noise_from])
    is_noise = inside(spans, r_peaks)
    return Judged(quality, spans, is_noise, (least_motion > motion_from) & ~is_noise)


def _beside_gaps(noise, described):
    """The probabilities of noise (w,) of a lead: 1 in windows where it is missing or still; in one
    of which it is a part, or beside one, that of the nearest whole window among whole ones."""
    missing, still = (
        described.windows[:, WINDOW_NAMES.index(name)] for name in ("missing", "still")
    )
    gone = np.maximum(missing, still) > GONE
    there = (missing <= PARTLY[0]) & (still <= PARTLY[1]) & ~gone
    whole = np.flatnonzero(np.all([shifted(there, lag) for lag in WINDOW_LAGS], axis=0))
    if len(whole) in (0, len(noise)):
        return np.where(gone, np.float32(1), noise)
    nearest = np.searchsorted((whole[1:] + whole[:-1]) / 2, np.arange(len(noise)))
    return np.where(gone, np.float32(1), noise[whole[nearest]])


def noise_now(
    model: ort.InferenceSession, leads: Sequence[np.ndarray], fs: float, r_peaks: np.ndarray
) -> bool:
    """Whether the last 5 s of the leads are noise in every one of them; a monitor asks it of its
    last 10 s or more. Arguments as for `judge`."""
    least, _ = thresholds(model)
    last = (describe_lead(lead, fs, r_peaks).window_rows()[-1:] for lead in leads)
    # most often the first lead can be read, and the others need not be looked at
    return all(probabilities(model, row)[0, 0] > least for row in last)
