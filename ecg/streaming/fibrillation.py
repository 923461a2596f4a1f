"""Ventricular fibrillation in a stream: a network is asked each second. What the waves can be taken
for, a silence, noise, runs of V, waits while it says yes, and is taken back once it is certain."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ecg.alarms import Alarms, Events, LabelledBeat
from ecg.streaming.events import FibrillationNow
from ecg.streaming.signal import KeptSignal
from ecg.stretches import inside, overlapping

NAME = "ventricular_fibrillation"
HOP = 1.0  # s between two times that the network is asked ...
SEEN = 10.0  # ... about so many s, which its windows reach back, ...
LEAST = 5.0  # ... and so many at least
# ... where a glance shows waves: a lead is away from its middle for BUSY of the time. In 1,347
# seconds of fibrillation and flutter (Creighton University's database, MIT-BIH 207) it is for 0.39
# at least; 41 % of the other seconds of MIT-BIH, 26 % of SVDB's are as busy
GLANCE, RATE = 3.0, 60.0  # s of signal, at so many Hz
WANDER = 0.5  # s over which the baseline is the mean
AWAY = 0.2  # of the 98th percentile of the distance from the middle
BUSY = 0.3
CERTAIN = 2  # what it answers then; 1: it may be
BEGINS, ENDS = 2, 5  # times in a row that it may be, once for certain, and that it is not
PATIENCE = 5  # times in a row that it may be and is never certain: so long other alarms wait
BEFORE = 3.0  # s: so long before the first of these times it began, or had ended at the latest
KEPT = 600.0  # s for which it is known where it was


class Fibrillation:
    """Whether a stream of `fs` Hz fibrillates.

    oscillates: whether it may have when the network was last asked. ask: None, nobody is asked, and
    nothing fibrillates."""

    def __init__(self, ask: FibrillationNow | None, fs: float, alarms: Alarms):
        self.ask, self.fs, self._alarms = ask, fs, alarms
        self.oscillates = False
        self._over: list[tuple[int, int]] = []  # in samples
        self._turned = 0  # since this sample the answers are others than before ...
        self._times = 0  # ... so many of them
        self._is_sure = False  # whether one of these was certain

    @property
    def is_on(self) -> bool:
        """Whether it is certain."""
        return NAME in self._alarms.on

    @property
    def holds(self) -> bool:
        """Whether a silence, noise and runs of V are not believed for now."""
        return self.is_on or self.oscillates and self._times <= PATIENCE

    @property
    def spans(self) -> np.ndarray:
        """(k, 2) in samples, where it was or is."""
        now = [(self._alarms.on[NAME], np.iinfo(np.int64).max)] if self.is_on else []
        return np.array([*self._over, *now], np.int64).reshape(-1, 2)

    def look(self, events: Events, signal: KeptSignal, since: int) -> bool:
        """Ask, where at least 5 s have come since sample `since`, when the signal began to live.
        Returns whether the alarm has just begun."""
        now = signal.total
        if self.ask is None or now - since < LEAST * self.fs:
            return False
        start = max(now - int(SEEN * self.fs), since, signal.origin)
        leads = signal.part(start, now)
        busy = any(is_busy(lead, self.fs) for lead in leads)
        said = int(self.ask(leads, self.fs)) if busy else 0
        self.oscillates = said > 0
        if self.oscillates == self.is_on:
            self._times, self._is_sure = 0, False
            return False
        self._times += 1
        self._is_sure |= said == CERTAIN
        if self._times == 1:
            self._turned = max(now - int(BEFORE * self.fs), start)
        if not (self._times >= ENDS if self.is_on else self._times >= BEGINS and self._is_sure):
            return False
        self._times, self._is_sure = 0, False
        if self.is_on:
            self.end(events, now, self._turned)
            return False
        self._alarms.fibrillation(events, now, self._turned)
        return True

    def end(self, events: Events, now: int, until: int) -> None:
        """It is over since sample `until`."""
        since = self._alarms.on[NAME]
        kept = [each for each in self._over if each[1] > now - KEPT * self.fs]
        self._over = [*kept, (since, max(until, since))]
        self._alarms.end(events, now, NAME, max(until, since))

    def stop(self, events: Events, now: int) -> None:
        """Nothing more is known, or nothing comes any more."""
        if self.is_on:
            self.end(events, now, now)
        self.oscillates, self._times, self._is_sure = False, 0, False

    def covers(self, sample: int) -> bool:
        """Whether what was found at `sample` is a wave of it."""
        return bool(inside(self.spans, np.array([sample]))[0])

    def touches(self, start: int, stop: int) -> bool:
        """Whether it was or is between two samples."""
        return bool(overlapping(np.array([start]), np.array([stop]), self.spans)[0])

    def without(self, beats: Sequence[LabelledBeat]) -> list[LabelledBeat]:
        """The beats that may raise an alarm: its waves are none, and end what was before them.
        Those since the signal oscillates wait."""
        if not (self.holds or self._over) or not beats:
            return list(beats)
        waits = self._turned if self.holds and not self.is_on else np.iinfo(np.int64).max
        at = np.array([beat.sample for beat in beats])
        known = ~inside(self.spans, at) & (at < waits)
        ends = [LabelledBeat(int(start), None, False) for start, _ in self.spans if at[0] < start]
        kept = [beat for beat, is_known in zip(beats, known) if is_known]
        return sorted([*kept, *ends], key=lambda beat: beat.sample)


def is_busy(lead: np.ndarray, fs: float) -> bool:
    """Whether the last 3 s of a lead (n,) are away from their middle for as much of the time as in
    fibrillation; QRS complexes are short. Missing samples count as the middle."""
    step = max(1, int(fs // RATE))
    size = int(GLANCE * fs) // step
    x = lead[len(lead) - size * step :].reshape(size, step).mean(axis=1)
    there = np.isfinite(x)
    if not there.any():
        return False
    x = np.where(there, x, np.median(x[there]))
    x = x - ndimage.uniform_filter1d(x, max(1, round(WANDER * fs / step)), mode="nearest")
    far = np.abs(x - np.median(x))
    return bool(np.mean(far > AWAY * np.percentile(far, 98)) >= BUSY)
