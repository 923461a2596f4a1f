"""How well a rhythm network names recordings that it never saw."""

from collections.abc import Mapping, Sequence

import numpy as np

from ecg.prediction import softmax
from ecg.rhythm.track import RHYTHMS
from ecg.training.rhythm_data import RhythmData

TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(2.0), 57))
BIASED = "other"  # the rhythm with a bias: what AF is, episodes decide by a threshold
BIASES = np.linspace(-1, 1, 21)


def of_recordings(data: RhythmData, looks: np.ndarray) -> np.ndarray:
    """float (r, 4): the mean of the log-probabilities (k, 4) of each recording's looks."""
    total = np.zeros((len(data.names), len(RHYTHMS)))
    np.add.at(total, data.record, looks)
    return total / np.bincount(data.record, minlength=len(total))[:, None]


def scores(data: RhythmData, looks: np.ndarray, rows: np.ndarray | None = None) -> dict[str, float]:
    """F1 of each of RHYTHMS, and `mean`: that of N, AF and other, as the 2017 challenge scores.

    looks: (k, 4) log-probabilities; rows: bool (r,), the recordings that count, None for all."""
    rows = np.ones(len(data.names), bool) if rows is None else rows
    told, truth = of_recordings(data, looks).argmax(axis=1)[rows], data.classes[rows]
    found: dict[str, float] = {}
    for number, name in enumerate(RHYTHMS):
        both = (told == number).sum() + (truth == number).sum()
        found[name] = float(2 * ((told == number) & (truth == number)).sum() / max(both, 1))
    found["mean"] = float(np.mean([found[name] for name in RHYTHMS[:3]]))
    return found


def choose_bias(data: RhythmData, looks: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """float32 (4,), of RHYTHMS, of BIASED alone: what is added to the log-probabilities (k, 4) so
    that the mean F1 of the recordings `rows`, bool (r,), is best, as a smoothed curve over BIASES
    has it."""
    bias = np.zeros(len(RHYTHMS), np.float32)
    number, found = RHYTHMS.index(BIASED), []
    for value in BIASES:
        bias[number] = value
        found.append(scores(data, looks + bias, rows)["mean"])
    smooth = np.convolve(np.pad(found, 2, mode="edge"), [0.1, 0.2, 0.4, 0.2, 0.1], "valid")
    bias[number] = BIASES[int(np.argmax(smooth))]
    return bias


def balanced_left_out(data: RhythmData, looks: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(k, 4): the log-probabilities plus the bias that the recordings of the other folds ask for.
    fold: (r,) of each recording."""
    out = looks.copy()
    for each in np.unique(fold):
        own = fold[data.record] == each
        out[own] += choose_bias(data, looks, fold != each)
    return out


def temperature_left_out(data: RhythmData, looks: np.ndarray) -> float:
    """The temperature by which the log-probabilities of single looks tell the truth best."""
    truth = data.classes[data.record]
    weight = 1 / np.bincount(data.record)[data.record]
    losses = [
        -(weight * np.log(softmax(looks / t)[np.arange(len(truth)), truth] + 1e-12)).sum()
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def lines(found: Sequence[Mapping[str, float]]) -> list[str]:
    """The table of `scores`, one row a seed, and their mean and spread."""
    names = [*RHYTHMS, "mean"]
    head = "seed  " + "".join(f"{name:>8}" for name in [*RHYTHMS, "mean"])
    table = [
        f"{seed:>4}  " + "".join(f"{row[name]:8.3f}" for name in names)
        for seed, row in enumerate(found)
    ]
    if len(found) > 1:
        values = np.array([[row[name] for name in names] for row in found])
        for title, row in (("mean", values.mean(axis=0)), ("s.d.", values.std(axis=0, ddof=1))):
            table.append(f"{title}  " + "".join(f"{value:8.3f}" for value in row))
    return [
        "F1, cross-validation by recording (one a person is assumed: the data do not say); mean of "
        "N, AF and other",
        head,
        *table,
    ]
