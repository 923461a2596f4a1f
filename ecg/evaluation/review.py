"""The beats most worth a doctor's look."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ecg import beats
from ecg.beats import CLASSES
from ecg.evaluation import metrics
from ecg.evaluation.predictions import Predictions, record_and_sample

REVIEW = 200  # beats in the review list
UNSURE = 0.9  # a label of less confidence is named with the second class
RARE = 0.02  # a class of fewer of the labels is called rare


def review_list(
    found: Predictions,
    others: Sequence[Predictions] = (),
    most: int = REVIEW,
    time_s: ArrayLike | None = None,
) -> pd.DataFrame:
    """The beats most worth a look, DataFrame of at most `most` lines: rank, row, record, sample,
    time_s, predicted, confidence, worth, why, true.

    others: predictions of other models on the same rows; where they disagree a look is worth more.
    time_s (n,): of each beat, where samples are not those of MIT-BIH (360 Hz)."""
    time_s = found.sample / beats.SOURCE_FS if time_s is None else np.asarray(time_s)
    probabilities = np.stack([found.probabilities, *(other.probabilities for other in others)])
    priority = metrics.review_priority(probabilities, found.predicted)
    order = np.argsort(-priority, kind="stable")[:most]
    names = np.array(CLASSES)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "row": order,
            **record_and_sample(found, order),
            "time_s": pd.Series(time_s[order]).where(found.sample[order] >= 0).round(3),
            "predicted": names[found.predicted[order]],
            "confidence": found.confidence[order].round(4),
            "worth": priority[order].round(4),
            "why": _reasons(found, others, probabilities, order),
            "true": names[found.true[order]],
        }
    )


def _reasons(found, others, probabilities, order):
    """Why each of the beats `order` is worth a look, in words. probabilities (models, n, 5)."""
    share = np.bincount(found.predicted, minlength=5) / max(len(found.predicted), 1)
    confidence = found.confidence
    why = []
    for k in order:
        reasons = [
            f"model {m + 2} says {CLASSES[other.predicted[k]]}"
            for m, other in enumerate(others)
            if other.predicted[k] != found.predicted[k]
        ]
        if confidence[k] < UNSURE:
            second = np.argsort(probabilities[:, k].mean(axis=0))[-2]
            reasons.append(f"may be {CLASSES[second]}")
        if share[found.predicted[k]] < RARE:
            reasons.append(f"{CLASSES[found.predicted[k]]} is rare")
        why.append("; ".join(reasons) or "less sure than most")
    return why
