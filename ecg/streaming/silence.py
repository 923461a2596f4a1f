"""No beats in a stream: pause and asystole where the heart is silent, noise where nothing can be
read."""

import numpy as np

from ecg.alarms import Alarms, Events
from ecg.pauses import BESIDE
from ecg.streaming.events import Noise
from ecg.streaming.finding import LOOK, Finder
from ecg.streaming.signal import KeptSignal

NOISE = 5.0  # s that cannot be read: noise
NOISE_ENDS = 0.5  # of the last 5 s, that can be read again
NOISE_SEEN = 15.0  # s that `noise` is asked about
LEARNS = 1.5  # s by which a silence from the beginning of a signal on must be longer


class Silence:
    """Pause, asystole and noise of a stream of `fs` Hz, as the finder of its R peaks and `noise`
    (None: nobody is asked) tell them.

    While the signal may fibrillate (`held`) none of them begins. What a beat ends meanwhile waits
    for `let_go`."""

    def __init__(self, finder: Finder, alarms: Alarms, fs: float, noise: Noise | None):
        self.noise, self.fs = noise, fs
        self._finder, self._alarms = finder, alarms
        self._recent: list[int] = []  # R peaks of the last 15 s, for `noise`
        self._is_noisy = False  # as it said last
        self._silent, self._doubted = 0.0, False  # s without a beat; whether it is no silence
        self._waiting: list[tuple[str, int, int]] = []  # silences that are over: name, from, to

    # ---------------------------------------------------------------------------- by the clock

    def watch(self, events: Events, signal: KeptSignal, held: bool) -> None:
        """Pause and asystole begin, where nothing speaks against a silence."""
        since = self._finder.silent_since()
        self._silent = (signal.total - since) / self.fs - LOOK
        if self._finder.last < self._finder.since:  # it may still come to know its first beats
            self._silent -= LEARNS
        due = [
            name
            for name, limit in self._alarms.silence.items()
            if name not in self._alarms.on and self._silent >= limit
        ]
        if not due or held:
            return
        # a QRS complex that has just come is none of it
        limit = max(self._alarms.silence[name] for name in due)
        until = signal.total - int(LOOK * self.fs)
        stop = max(since + int((limit + BESIDE[1]) * self.fs), until)
        self._doubted = not self._finder.is_silence(signal, since, stop)
        if not self._doubted:
            for name in due:
                self._alarms.begin(events, signal.total, name, since, signal.total)

    def watch_noise(self, events: Events, total: int, held: bool) -> None:
        """Noise begins and ends: by what the detector cannot read, by a silence that is none, and
        by `noise`."""
        until = total - int(LOOK * self.fs)
        start = until - int(NOISE * self.fs)
        share = self._finder.unreadable_share(start, until)
        if start < self._finder.since:  # what lead off has said
            share = 0.0
        if self._doubted and self._silent >= NOISE:
            share = 1.0
        is_on = "noise" in self._alarms.on
        if not is_on and not held and (share == 1 or self._is_noisy):
            self._alarms.begin(events, total, "noise", start, total)
        elif is_on and share <= NOISE_ENDS and not self._is_noisy:
            self._alarms.end(events, total, "noise", until)

    def ask_noise(self, signal: KeptSignal) -> None:
        """Ask whether the last 5 s are noise."""
        if self.noise is None:
            return
        start = max(signal.total - int(NOISE_SEEN * self.fs), 0)
        self._recent = [at for at in self._recent if at >= start]
        leads = signal.part(start, signal.total)
        peaks = np.array(self._recent, np.int64) - start
        self._is_noisy = self.noise(leads, self.fs, peaks)

    def let_go(self, events: Events, now: int, believed: bool) -> None:
        """The signal does not fibrillate, so that what had to wait is told; or it does, and those
        silences were none."""
        if believed:
            for name, since, until in self._waiting:
                self._alarms.begin(events, now, name, since, until)
                self._alarms.end(events, now, name, until)
        self._waiting = []

    # --------------------------------------------------------------------------- by the R peak

    def beat(
        self, events: Events, signal: KeptSignal, sample: int, rr: float | None, held: bool
    ) -> None:
        """A beat, `rr` s after the last, ends pause and asystole, or shows that they were none: it
        comes too early, or the stretch before it was no silence. One that just reaches the limit is
        told with its end."""
        now = signal.total
        self._doubted = False
        if self.noise is not None:
            self._recent.append(sample)
        for name, limit in self._alarms.silence.items():
            if name not in self._alarms.on:
                if rr is not None and rr >= limit:
                    self._waiting.append((name, sample - round(rr * self.fs), sample))
                continue
            since = self._alarms.on[name]
            early = sample - since < limit * self.fs
            if early or not self._finder.is_silence(signal, since, sample):
                self._alarms.withdraw(events, now, name, sample)
            else:
                self._alarms.end(events, now, name, sample)
        if not held:
            self.let_go(events, now, True)
