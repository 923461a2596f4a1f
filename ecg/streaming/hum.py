"""Strong hum in a stream: looked for every few seconds, and taken out sample by sample from then
on. What is kept of the signal before is cleaned too."""

import numpy as np
from scipy import signal as sps

from ecg.filters import find_strong_hum, hum_before
from ecg.streaming.signal import KeptSignal

HOP = 5.0  # s between two times that it is looked for ...
SEEN = 10.0  # ... in so many s. In 10-s pieces of MIT-BIH and SVDB none is found
ENDS = 3  # times in a row that there is none
QUALITY = 30  # of a notch: its frequency over its width
SIDE = 4.0  # s of hum that a notch has gone through when it begins


class HumRemover:
    """The hum of the leads of a stream of `fs` Hz. Where there is none, or none is strong (the rule
    of ecg.filters.remove_strong_hum), not a bit of the samples changes."""

    def __init__(self, fs: float):
        self.fs = fs
        self._raw = KeptSignal(int(SEEN * fs))
        self._notches: list[_Notches | None] = []  # of each lead
        self._without = np.zeros(0, np.int64)  # times in a row that a lead had no hum

    @property
    def frequencies(self) -> list[list[float]]:
        """What is taken out of each lead, Hz."""
        return [notches.frequencies if notches else [] for notches in self._notches]

    def write(self, signal: KeptSignal, samples: np.ndarray) -> None:
        """Add samples (n, leads) to the signal, n at most what it and SEEN keep, their hum taken
        out."""
        self._raw.write(samples)
        if not self._notches:
            self._notches = [None] * samples.shape[1]
            self._without = np.zeros(samples.shape[1], np.int64)
        if any(self._notches):
            pairs = zip(self._notches, samples.T)
            samples = np.column_stack([notches(x) if notches else x for notches, x in pairs])
        signal.write(samples)

    def look(self, signal: KeptSignal) -> None:
        """Look for hum in the last 10 s, once they have come."""
        if self._raw.total < SEEN * self.fs:
            return
        recent = self._raw.part(self._raw.total - int(SEEN * self.fs), self._raw.total)
        for number, lead in enumerate(recent):
            self._look_at(signal, number, lead)

    def _look_at(self, signal, number, recent):
        notches = self._notches[number]
        mains, lines = find_strong_hum(recent, self.fs)
        multiples = [] if mains is None else range(mains, int(self.fs / 2), mains)
        found = [float(each) for each in (*multiples, *lines)]
        self._without[number] = 0 if found else self._without[number] + 1
        if found and (notches is None or not notches.take_out(found)):
            # what is kept has lost what the notches so far took out
            new = [each for each in found if not notches or not notches.take_out([each])]
            kept = signal.part(signal.origin, signal.total)[number]
            kept[:] = _Notches(new, kept, self.fs)(kept)
            self._notches[number] = notches = _Notches(found, recent, self.fs)
            notches(recent)
        elif notches and self._without[number] >= ENDS:
            self._notches[number] = None


class _Notches:
    """Notches at `frequencies` (Hz), one after the other, that have gone through the hum of
    `first`."""

    def __init__(self, frequencies: list[float], first: np.ndarray, fs: float):
        self.frequencies, self._last = frequencies, 0.0
        sections = [sps.tf2sos(*sps.iirnotch(each, QUALITY, fs)) for each in frequencies]
        self._sos = np.concatenate(sections)
        before = hum_before(first[: int(SIDE * fs)], fs, frequencies)
        self._state = sps.sosfilt_zi(self._sos) * before[:1].mean()
        self(before)

    def take_out(self, frequencies: list[float]) -> bool:
        """Whether these are among theirs, to a third of a notch's width."""
        own = np.array(self.frequencies)
        return all(np.abs(own - each).min() < each / QUALITY / 3 for each in frequencies)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The next samples (n,) without hum. Missing ones stay missing, the last one stands for
        them meanwhile."""
        there = np.isfinite(x)
        if not there.all():
            at = np.maximum.accumulate(np.where(there, np.arange(len(x)), -1))
            x = np.where(at >= 0, x[np.maximum(at, 0)], self._last)
        if len(x) == 0:
            return x
        self._last = float(x[-1])
        y, self._state = sps.sosfilt(self._sos, x, zi=self._state)
        return np.where(there, y, np.nan)
