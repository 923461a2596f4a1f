"""How far each lead is believed, and the mean over the leads."""

from collections.abc import Sequence

import numpy as np

from ecg.context.features import DescribedBeats, feature
from ecg.context.statistics import running_percentile

# Correlation with the template, up to which a lead is noise, and from which it is believed.
NOISE, CLEAN = 0.75, 0.90


def lead_quality(beats: DescribedBeats) -> np.ndarray:
    """How far a lead is to be believed at each beat, 0.001..1 (m,): by how well the better quarter
    of the 60 beats around correlates with its template. Noise, or a lead that came off, weighs next
    to nothing; where both leads are bad, both weigh the same."""
    better = running_percentile(feature(beats, "corr_qrs"), 60, 75)
    return np.clip((better - NOISE) / (CLEAN - NOISE), 1e-3, 1)


def lead_weights(leads: Sequence[DescribedBeats]) -> np.ndarray:
    """The weight of each lead at each beat, (leads, m), sum 1 over the leads: its share of their
    `lead_quality`."""
    quality = np.array([lead_quality(beats) for beats in leads])
    return quality / quality.sum(axis=0)


def average_leads(log_probabilities: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """The mean of what several leads give, (m, 4). log_probabilities: (m, 4) of each lead; weights:
    (leads, m), from `lead_weights`."""
    return (weights[:, :, None] * log_probabilities).sum(axis=0)
