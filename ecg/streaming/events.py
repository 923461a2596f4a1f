"""What a monitor says of a beat, and whom it asks."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ecg.alarms import Alarm

# rows float32 (n, 187) in 0..1 -> (class ids (n,), confidence (n,), probabilities (n, 5))
Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
# (the first one or two leads (n,), fs, R peaks (m,), which of them the second lead alone shows,
# bool (m,)) -> probabilities (m, 5)
Context = Callable[[Sequence[np.ndarray], float, np.ndarray, np.ndarray], np.ndarray]
# (all leads of the last 15 s (n,), fs, R peaks (m,) in them) -> whether the last 5 s are noise
Noise = Callable[[Sequence[np.ndarray], float, np.ndarray], bool]
# (all leads of the last 30 s (n,), or of 10 s and more, fs, R peaks (m,) in them, their letters
# (m,), N S V F Q or ?) -> probabilities (4,) of ecg.rhythm.track.RHYTHMS, NaN where nothing is read
RhythmNow = Callable[[Sequence[np.ndarray], float, np.ndarray, np.ndarray], np.ndarray]
# (all leads of the last 10 s (n,), fs) -> 0: their end is no ventricular fibrillation or flutter;
# 1: it may be; 2: it is
FibrillationNow = Callable[[Sequence[np.ndarray], float], int]


class Beat(NamedTuple):
    """A labelled beat. stage: 'provisional' or 'final'. sample, time_s: of the R peak. label: N S V
    F Q, or None where no label can be given (missing samples, lead off, seen in a third lead only).
    confidence: of the label. rr_s: RR interval before the beat, None where there is none. at_s:
    time of the stream when this was said. lead: the number of the lead it is marked in."""

    stage: str
    sample: int
    time_s: float
    label: str | None
    confidence: float | None
    rr_s: float | None
    at_s: float
    lead: int = 0


class Rhythm(NamedTuple):
    """The rhythm of the last half minute. sample, time_s: where it ends. rhythm: one of
    ecg.rhythm.track.RHYTHMS, VF while that alarm is on, None where nothing can be read.
    probabilities: of RHYTHMS, 0..1, None where nothing can be read or nobody was asked. duration_s:
    of the signal that was looked at. rate_bpm: mean of the RR intervals in it, None where there are
    none. at_s: time of the stream when this was said."""

    sample: int
    time_s: float
    rhythm: str | None
    probabilities: dict[str, float] | None
    duration_s: float
    rate_bpm: float | None
    at_s: float


Event = Beat | Alarm | Rhythm


class Peak(NamedTuple):
    """An R peak that was taken: its sample, the RR interval before it in s or None, its lead."""

    sample: int
    rr: float | None
    lead: int


class Label(NamedTuple):
    """Letter and confidence, where there is a label."""

    letter: str | None = None
    confidence: float | None = None
