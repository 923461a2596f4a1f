"""Heart rate over a recording, as report and figures draw it: a value a beat, or in a longer
recording a value a minute."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

LONG = 600  # s: of a longer recording a value a minute is drawn, not every RR interval


class Rate(NamedTuple):
    """Heart rate over time: t (k,) s; mean, lowest and highest (k,) beats/min, NaN where it is not
    known."""

    t: np.ndarray
    mean: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    def limits(self) -> tuple[float, float]:
        """(low, high) of an axis that holds the rates, beats/min; above 300 they are cut off."""
        values = np.concatenate([self.mean, self.lowest, self.highest])
        values = values[np.isfinite(values)]
        if len(values) == 0:
            return 40.0, 120.0
        low = float(min(50, np.floor(values.min() / 10) * 10))
        return low, float(max(100, np.ceil(min(values.max(), 300) / 10) * 10))


def rate_over_time(table: pd.DataFrame, summary: dict, unreadable: Iterable, fs: float) -> Rate:
    """Heart rate of a labelled recording.

    table: its beats, with sample. summary: ecg.holter.summary of them. unreadable: (start, stop,
    reason) in samples at `fs` Hz; an RR interval that touches one does not exist."""
    if summary["duration_s"] > LONG:
        return _rate_a_minute(summary)
    return _rate_a_beat(table["sample"].to_numpy(), unreadable, fs)


def _rate_a_minute(summary):
    trend = summary["heart_rate"]["trend"]
    t = np.minimum(np.array(trend["time_s"]) + trend["step_s"] / 2, summary["duration_s"])
    known = (
        np.array([np.nan if bpm is None else bpm for bpm in trend[key]], float)
        for key in ("mean_bpm", "min_bpm", "max_bpm")
    )
    return Rate(t, *known)


def _rate_a_beat(sample, unreadable, fs):
    """Every RR interval as a rate, but those that span what cannot be read."""
    t = (sample[1:] + sample[:-1]) / 2 / fs
    mean = 60 * fs / np.maximum(np.diff(sample), 1)
    for start, stop, *_ in unreadable:
        mean[(sample[1:] > start) & (sample[:-1] < stop)] = np.nan
    nothing = np.full(len(mean), np.nan)
    return Rate(t, mean, nothing, nothing)
