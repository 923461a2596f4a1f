"""A labelled recording without a model, for the tests of the report."""

import numpy as np
import pandas as pd

from ecg import holter
from ecg.beats import CLASSES
from ecg.formats.recording import Recording


def labelled_recording(made, name="demo", confidence=0.95, unreadable=()):
    """A recording, its table as inference.classify gives it, and its summary, from a synthetic ECG
    whose beats are known."""
    recording = Recording(np.asarray(made.signal), made.fs, made.lead, name)
    labels = np.array(CLASSES, dtype=object)[made.labels]
    sure = np.full(len(labels), float(confidence))
    sure[::7] = 0.55
    table = pd.DataFrame(
        {
            "sample": made.r_peaks,
            "time_s": made.r_peaks / made.fs,
            "label": labels,
            "confidence": sure,
            **{f"p_{c}": np.where(labels == c, sure, (1 - sure) / 4) for c in CLASSES},
            "quality": "ok",
        }
    )
    table.loc[len(table) - 1, ["label", "quality"]] = ["?", "last beat: no beat after it"]
    table.loc[len(table) - 1, ["confidence", *(f"p_{c}" for c in CLASSES)]] = np.nan
    table.attrs = {
        "model": "self",
        "fs": made.fs,
        "n_samples": len(made.signal),
        "unreadable": list(unreadable),
        "trained_on": "real recordings",
    }
    summary = holter.summary(
        table["sample"], table["label"], made.fs, len(made.signal), [u[:2] for u in unreadable]
    )
    return recording, table, summary
