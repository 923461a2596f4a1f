"""A stretch without beats: a pause of the heart, or one in which beats could not be seen?

An amplifier that an electrode has driven to its end gives a smooth line for seconds while it
recovers, and a lead may hold QRS complexes that the detector did not take. Recording and monitor
believe a silence by one rule: in no lead does anything in it reach the height of a QRS complex, and
in at least one the baseline stays where it is. Chosen on MIT-BIH, with SVDB: of the silences of 2 s
or more that its cardiologists saw the wildest reaches 0.45 of a QRS complex (in 232) and 0.52 in
the baseline (in 207); of those that are none the calmest that one of the two can tell reach 0.54
(207) and 0.94 (853)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ecg.gaps import bridged, find_gaps
from ecg.holter import PAUSE
from ecg.qrs import qrs_envelope
from ecg.rpeaks import FoundBeats, Unreadable
from ecg.stretches import merged, without

AROUND = 15.0  # s on either side of a silence: the beats there tell how large QRS complexes are
LEAST = 5  # beats without which nothing is known of these
LOUD = 0.5  # of the height of a QRS complex in the envelope: it may be one
SWING = 0.75  # of the size of a QRS complex: a baseline that moves so far hides them
BESIDE = 0.40, 0.25  # s after the R peak before a silence, before the one after it: not part of it
EARS = 2.0  # a lead has a say where its QRS complexes are so many times what is between them
QRS = 0.08  # s on either side of an R peak


class UsualBeat(NamedTuple):
    """What the QRS complexes of a lead are like. height: in the envelope; between: the highest that
    the envelope reaches between them; size: peak to peak, in the unit of the lead."""

    height: float
    between: float
    size: float

    @property
    def heard(self) -> bool:
        """Whether they stand above what is between them."""
        return self.height >= EARS * self.between


def usual_beat(lead: np.ndarray, fs: float, peaks: np.ndarray) -> UsualBeat | None:
    """The medians over the beats with R peaks `peaks` (m,) of a lead (n,), None where they are
    fewer than 5 or the lead shows none."""
    if len(peaks) < LEAST:
        return None
    values, step = _envelope(lead, fs)
    side, far = round(QRS * fs), round(2 * QRS * fs / step)
    at = np.minimum(peaks // step, len(values) - 1)
    near = max(1, round(QRS * fs / step))
    height = [values[max(k - near, 0) : k + near + 1].max() for k in at]
    between = [values[a + far : b - far].max() for a, b in zip(at, at[1:]) if b - a > 2 * far]
    sizes = [np.ptp(lead[max(p - side, 0) : p + side + 1]) for p in peaks]
    if not between or not np.isfinite(size := float(np.nanmedian(sizes))) or size <= 0:
        return None
    return UsualBeat(float(np.median(height)), float(np.median(between)), size)


def is_silence(
    leads: Sequence[np.ndarray], fs: float, start: int, stop: int, usual: Sequence[UsualBeat | None]
) -> bool:
    """Whether there is no beat between samples `start`, the R peak before, and `stop`, the one
    after or the end of what is known, of leads (n,) whose QRS complexes are as `usual`, one a
    lead. Where that is not known of any lead, nothing speaks against it."""
    a, b = start + round(BESIDE[0] * fs), stop - round(BESIDE[1] * fs)
    known = [
        (lead, like)
        for lead, like in zip(leads, usual)
        if like is not None and np.isfinite(lead[a:b]).all() and np.ptp(lead[a:b]) > 0
    ]
    known = [each for each in known if each[1].heard] or known
    if not known or b <= a:
        return True
    if any(_is_loud(lead, fs, a, b, like) for lead, like in known):
        return False
    return any(_baseline_range(lead[a:b], fs) <= SWING * like.size for lead, like in known)


def unseen_beats(leads: Sequence[np.ndarray], fs: float, found: FoundBeats) -> list[Unreadable]:
    """The readable stretches of 2 s or more without beats that are no silence of the heart: where
    beats are there but cannot be told. leads: (n,) each, in which `found` was found."""
    n = len(leads[0])
    marks = np.concatenate([[0], found.peaks, [n]])
    spans = np.column_stack([marks[:-1], marks[1:]])
    spans = spans[spans[:, 1] - spans[:, 0] >= PAUSE * fs]
    lost = merged(np.array([each[:2] for each in found.unreadable], np.int64).reshape(-1, 2))
    unseen = []
    for start, stop in spans:
        for a, b in without(np.array([[start, stop]]), lost):
            if b - a >= PAUSE * fs and not _believed(leads, fs, int(a), int(b), found.peaks):
                unseen.append(Unreadable(int(a) + 1, int(b), "noise"))
    return unseen


def with_unseen(leads: Sequence[np.ndarray], fs: float, found: FoundBeats) -> FoundBeats:
    """The same beats, and among what is unreadable the stretches of `unseen_beats`."""
    unseen = unseen_beats(leads, fs, found)
    return found._replace(unreadable=sorted([*found.unreadable, *unseen])) if unseen else found


def _believed(leads, fs, start, stop, peaks):
    """`is_silence` by the beats around."""
    first, last = max(start - round(AROUND * fs), 0), stop + round(AROUND * fs)
    parts = [np.asarray(lead[first:last], np.float64) for lead in leads]
    beats = peaks[(peaks >= first) & (peaks < last)] - first
    usual = [usual_beat(part, fs, beats) for part in parts]
    return is_silence(parts, fs, start - first, stop - first, usual)


def _is_loud(lead, fs, start, stop, like):
    """Whether the envelope reaches the height of a QRS complex between samples start and stop."""
    values, step = _envelope(lead, fs)
    part = values[start // step : stop // step]
    least = max(LOUD * like.height, np.sqrt(like.height * like.between))
    return len(part) > 0 and part.max() >= least


def _envelope(lead, fs):
    """(the envelope of the QRS band of a lead (n,), samples of the lead in one of it)."""
    gaps = find_gaps(lead, fs)
    envelope = qrs_envelope(
        lambda start, stop: bridged(lead, start, stop, gaps), len(lead), fs, 600.0, keep=True
    )
    return envelope.values, envelope.step


def _baseline_range(x, fs):
    """How far the median of 0.3 s moves in x (n,)."""
    wide = round(0.3 * fs)
    windows = np.lib.stride_tricks.sliding_window_view(x, min(wide, len(x)))[:: max(1, wide // 3)]
    return float(np.ptp(np.median(windows, axis=1)))
