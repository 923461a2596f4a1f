"""What a signal looks like: a counter, a clock, nothing, or a heart's beats.

Names decide which signal of a file is the ECG where there are names (leads.py); these are the
questions that its samples answer."""

from typing import NamedTuple

import numpy as np
from scipy import signal as sps

from ecg.formats.recording import HIGHEST_FS, LOWEST_FS
from ecg.rpeaks import find_beats

LOOKED_AT = 60.0  # s from the middle of a signal, for beats
LOOKED_AT_FOR_CLOCKS = 200_000  # samples from its start
FEW_VALUES = 8  # different ones; below, it is a switch, a state, a label
RUNS_ONE_WAY = (
    0.1  # share of the steps that go the other way in a clock or counter that begins anew
)
SAME_STEP = 0.8  # share of the steps of a counter that are one and the same
SHARP_BAND = 8.0, 30.0  # Hz: what of a QRS complex a pulse wave lacks
BEATS_STAND_OUT = 0.4  # `standing_out` above which a signal is taken for an ECG
CLEARLY = 1.6  # the one of two such signals that stands out so many times more is taken


class Look(NamedTuple):
    """What a signal looks like. words: for a message. never: whether it cannot be an ECG.
    stands_out: how far beats stand out, 0 where there are none."""

    words: str
    never: bool
    stands_out: float


def look_at(x: np.ndarray, fs: float) -> Look:
    """What x (n,), at fs Hz, NaN where missing, looks like."""
    why = not_an_ecg(x) or (f"has {fs:g} samples a second" if fs < LOWEST_FS else "")
    if why:
        return Look(why, True, 0.0)
    part = _middle(x, fs)
    beats, score = standing_out(part, fs)
    span = np.nanpercentile(part, 99.5) - np.nanpercentile(part, 0.5)
    if len(beats) < 3 or score == 0:
        return Look(f"spans {span:.3g}, no beats", False, 0.0)
    rate = 60 * fs / np.median(np.diff(beats))
    shape = "sharp" if score >= BEATS_STAND_OUT else "blunt"
    return Look(f"spans {span:.3g}, {shape} beats at {rate:.0f}/min", False, score)


def not_an_ecg(x: np.ndarray) -> str:
    """Why x (n,), NaN where missing, cannot be an ECG, "" where it may be one: it is constant,
    holds few values, or counts or runs like a clock, perhaps beginning anew."""
    low, high = np.fmin.reduce(x), np.fmax.reduce(x)
    if not low < high:
        return f"is constant, {low:g}" if low == high else "is empty"
    known = x[: LOOKED_AT_FOR_CLOCKS + 1]
    known = known[np.isfinite(known)]
    steps = np.diff(known)
    steps = steps[steps != 0]
    up = np.count_nonzero(steps > 0) / max(len(steps), 1)
    extent = f"{low:g} to {high:g}"
    if min(up, 1 - up) == 0 and len(steps) > 20:
        return f"{'rises' if up else 'falls'} for ever, {extent}"
    if min(up, 1 - up) < 0.3 and len(steps) > 20:
        low, high = known.min(), known.max()
        back = steps[steps < 0] if up > 0.5 else steps[steps > 0]
        step = np.median(steps)
        same = np.count_nonzero(np.abs(steps - step) <= 0.01 * abs(step)) / len(steps)
        # it begins anew: the few steps back are as long as it is high, the others are all forward
        anew = np.median(np.abs(back)) >= 0.7 * (high - low - abs(step))
        if anew and (min(up, 1 - up) < RUNS_ONE_WAY or same > SAME_STEP):
            return f"counts {extent} and begins anew"
    if len(x) > 500 and len(np.unique(known)) < FEW_VALUES:
        known = x[:: max(1, len(x) // LOOKED_AT_FOR_CLOCKS)]
        known = known[np.isfinite(known)]
    if len(x) > 500 and len(np.unique(known)) < FEW_VALUES:
        return f"holds few values, {extent}"
    return ""


def is_clock(why: str) -> bool:
    """Whether `not_an_ecg` says that a signal counts or runs like a clock: nothing else does."""
    return why.startswith(("rises", "falls", "counts"))


def standing_out(x: np.ndarray, fs: float) -> tuple[np.ndarray, float]:
    """(R peaks (m,) in samples, how far the beats of x (n,) stand out): 0 where there are none; an
    ECG has 0.4 to 0.9 (the first leads of MIT-BIH and SVDB all, of CinC-2017 95 of 100), made pulse
    and pressure waves at most 0.3, breathing, hum and noise less.

    The product of what is alike (the median correlation of the beats with their median) and what is
    sharp (the share that 8 to 30 Hz have in the height of the median beat)."""
    if fs > HIGHEST_FS:
        step = int(np.ceil(fs / HIGHEST_FS))
        peaks, score = standing_out(x[: len(x) // step * step].reshape(-1, step).mean(1), fs / step)
        return peaks * step, score
    x = np.where(np.isfinite(x), x, np.nanmedian(x))
    peaks, _ = find_beats(x, fs)
    reach = int(round(0.25 * fs))
    inside = peaks[(peaks >= reach) & (peaks < len(x) - reach)]
    if len(inside) < 3:
        return peaks, 0.0
    broad, sharp = (_band(x, fs, *edges) for edges in ((0.5, 40), SHARP_BAND))
    window = np.arange(-reach, reach + 1)
    beats = broad[inside[:, None] + window]
    middle = np.median(beats, axis=0)
    alike = np.median([np.corrcoef(beat, middle)[0, 1] for beat in beats]) if np.ptp(middle) else 0
    fine = np.median(sharp[inside[:, None] + window], axis=0)
    share = np.ptp(fine) / max(np.ptp(middle), 1e-12)
    return peaks, float(max(alike, 0) * share)


def _band(x, fs, low, high):
    sos = sps.butter(2, [low, min(high, 0.45 * fs)], "bandpass", fs=fs, output="sos")
    return sps.sosfiltfilt(sos, x)


def _middle(x, fs):
    """The middle of a signal, as much as is looked at."""
    n = int(LOOKED_AT * fs)
    start = max(0, (len(x) - n) // 2)
    return x[start : start + n]
