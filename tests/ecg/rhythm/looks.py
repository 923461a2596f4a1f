"""Tracks and rhythms made up for tests."""

import numpy as np

from ecg.rhythm.track import RHYTHMS, STEP, STRIP, Track

SURE = 0.85


def track_of(rhythm_at, seconds, sure=SURE):
    """A Track whose looks are as sure of rhythm_at(time of the middle in s) as `sure`; "" is a look
    at nothing that can be read."""
    start = np.arange(0, max(seconds - STRIP, 0) + 0.1, STEP)
    stop = np.minimum(start + STRIP, seconds)
    p = np.full((len(start), len(RHYTHMS)), (1 - sure) / 3, np.float32)
    for k, middle in enumerate((start + stop) / 2):
        name = rhythm_at(middle)
        p[k] = np.nan if name == "" else p[k]
        if name:
            p[k, RHYTHMS.index(name)] = sure
    return Track(start, stop, p)


def no_looks():
    """The Track of a recording whose rhythm was not asked for."""
    return Track(np.zeros(0), np.zeros(0), np.zeros((0, len(RHYTHMS)), np.float32))


def told(*episodes, of_recording="N", burden=0.0):
    """A dict as Rhythm.as_dict gives it, of (start in s, end in s, rhythm)."""
    return {
        "of_recording": of_recording,
        "probabilities": {"N": 0.7, "AF": 0.2, "other": 0.06, "noise": 0.04},
        "af_burden": burden,
        "af_episodes": sum(rhythm == "AF" for *_, rhythm in episodes),
        "af_longest_s": max((b - a for a, b, r in episodes if r == "AF"), default=None),
        "af_rate_bpm": 95.0 if any(r == "AF" for *_, r in episodes) else None,
        "episodes": [
            {"start_s": a, "end_s": b, "rhythm": rhythm, "confidence": 0.9}
            for a, b, rhythm in episodes
        ],
    }
