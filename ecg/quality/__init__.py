"""Can it be read? A quality of every beat in every lead, from the signal before any classifier.

    model = open_model(weight)             # ecg_model_quality.onnx; None where there is none
    judged = judge(model, leads, fs, r_peaks)
    judged.quality, judged.noise           # of each beat in each lead; stretches that nobody reads
    noise_now(model, leads, fs, r_peaks)   # a monitor: are the last 5 s noise?
    signal_quality(signal, fs)             # without a network: what the R peak detector gives up

A lead is described in numbers that do not depend on gain, offset and polarity:

    signal            the lead in pages at 125 Hz, three bands of it, the height of its QRS
    beat_numbers      each beat: likeness to the recording's own beats, recurrence of its shape,
                      swing and step of the baseline, what the usual beat leaves beside the QRS
                      complex, intervals, how long after the start
    window_numbers    every 5 s: shares of the power by band, spectral flatness, kurtosis, levels,
                      still, missing and clipped samples, swings, QRS band at the beats of all leads
                      over what lies between them, and the numbers of the beats
    describe          both, as rows of the network
    judge             the network (model_quality.py) over these rows, and what is named
    readable          windows in which the R peak detector finds nothing
"""

from ecg.quality.beat_numbers import BEAT_NAMES
from ecg.quality.describe import (
    BEAT_INPUTS,
    WINDOW_INPUTS,
    DescribedLead,
    describe_lead,
    own_stretches,
)
from ecg.quality.judge import (
    MISSING,
    MOTION,
    NOISE,
    QUALITIES,
    Judged,
    judge,
    model_or_note,
    noise_now,
    open_model,
    probabilities,
    thresholds,
)
from ecg.quality.readable import OK, Window, signal_quality
from ecg.quality.window_numbers import SECONDS, WINDOW_NAMES

__all__ = [
    "BEAT_INPUTS",
    "BEAT_NAMES",
    "MISSING",
    "MOTION",
    "NOISE",
    "OK",
    "QUALITIES",
    "SECONDS",
    "WINDOW_INPUTS",
    "WINDOW_NAMES",
    "DescribedLead",
    "Judged",
    "Window",
    "describe_lead",
    "judge",
    "model_or_note",
    "noise_now",
    "open_model",
    "own_stretches",
    "probabilities",
    "signal_quality",
    "thresholds",
]
