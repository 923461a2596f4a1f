"""The labels of the beats of a signal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecg.beats import CLASSES, UNLABELLED

NO_LABEL = "–"  # in place of the letter of a beat that could not be classified


def class_index(label: str | float | np.integer | None) -> int | None:
    """Index of a class given by letter or index; None for a beat without label (None, NaN, -1, `?`
    or an empty string)."""
    if label is None or label in ("", UNLABELLED, -1) or label != label:
        return None
    return CLASSES.index(label) if isinstance(label, str) else int(label)


@dataclass(frozen=True)
class BeatLabels:
    """The labels of the beats of a signal.

    samples: (m,) R peaks in samples of the signal, increasing. classes: m class indices, None where
    there is no label. confidence: (m,) 0..1, NaN where it is not known."""

    samples: np.ndarray
    classes: list[int | None]
    confidence: np.ndarray

    @classmethod
    def of_table(cls, table: pd.DataFrame) -> "BeatLabels":
        """Those of a table with sample, label and, where known, confidence of every beat."""
        unknown = np.full(len(table), np.nan)
        confidence = table["confidence"].to_numpy(float) if "confidence" in table else unknown
        classes = [class_index(label) for label in table["label"]]
        return cls(table["sample"].to_numpy(), classes, confidence)

    def between(self, start: float, stop: float) -> "BeatLabels":
        """Those of the beats in samples start..stop, counted from `start`."""
        a, b = np.searchsorted(self.samples, [start, stop])
        return BeatLabels(self.samples[a:b] - start, self.classes[a:b], self.confidence[a:b])

    @property
    def letters(self) -> np.ndarray:
        """(m,) letter of each class, NO_LABEL where there is none."""
        letters = [NO_LABEL if k is None else CLASSES[k] for k in self.classes]
        return np.array(letters, dtype=object)

    def unsure(self, threshold: float) -> np.ndarray:
        """(m,) bool: whether the confidence is below `threshold`; False where it is not known."""
        with np.errstate(invalid="ignore"):
            return self.confidence < threshold
