"""The alarms of the monitor: when each begins and ends.

Alarms go by the provisional label (v_run), by the R peak (tachycardia, bradycardia) or by the clock
(pause, lead_off). The definitions are those of ecg.holter, with 5 % hysteresis on the rates so that
they do not flicker.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ecg import holter

HYSTERESIS = 0.05  # share by which a rate must come back before its alarm ends
RUN = 3  # successive V


class Alarm(NamedTuple):
    """name: v_run, pause, tachycardia, bradycardia or lead_off. state: 'on' or 'off'. sample,
    time_s: where it began. duration_s: so far. beats: of the run so far. rate_bpm: of the run, or
    of the last 8 RR intervals. at_s: time of the stream when this was said."""

    name: str
    state: str
    sample: int
    time_s: float
    duration_s: float
    beats: int | None
    rate_bpm: float | None
    at_s: float


class Events(Protocol):
    """What alarms are added to: a list, which may hold other events too."""

    def append(self, alarm: Alarm, /) -> None: ...


class _Run(NamedTuple):
    """Successive V: first and last R peak in samples, number of beats."""

    first: int
    last: int
    beats: int


class Alarms:
    """Which alarms are on. Every method is told the list of `events` to add to and `now`, the
    number of samples received.

    fs: Hz; pause: s; tachycardia, bradycardia: 1/min. Raises ValueError for limits that cannot
    be."""

    def __init__(self, fs: float, pause: float, tachycardia: float, bradycardia: float):
        if not (pause >= 1 and 0 < bradycardia < tachycardia):
            raise ValueError(
                f"pause must be at least 1 s, and bradycardia below tachycardia: not {pause:g} s, "
                f"{bradycardia:g}/min and {tachycardia:g}/min"
            )
        self.fs = fs
        self.pause, self.tachycardia, self.bradycardia = pause, tachycardia, bradycardia
        self.on: dict[str, int] = {}  # alarms that are on: name -> sample where they began
        self._run: _Run | None = None  # the present one

    def begin(
        self,
        events: Events,
        now: int,
        name: str,
        since: int,
        until: int,
        count: int | None = None,
        rate: float | None = None,
    ) -> None:
        """The alarm `name` begins; it has lasted from sample `since` to `until`. count: beats of a
        run; rate: 1/min."""
        self.on[name] = since
        self._add(events, now, name, "on", since, until, count, rate)

    def end(
        self,
        events: Events,
        now: int,
        name: str,
        until: int,
        count: int | None = None,
        rate: float | None = None,
    ) -> None:
        """The alarm `name` ends at sample `until`; the rest as for `begin`."""
        self._add(events, now, name, "off", self.on.pop(name), until, count, rate)

    def _add(self, events, now, name, state, since, until, count, rate):
        seconds = since / self.fs, (until - since) / self.fs
        events.append(Alarm(name, state, since, *seconds, count, rate, now / self.fs))

    def end_all(self, events: Events, now: int) -> None:
        """Nothing more is known of what goes on: all alarms end."""
        self._end_run(events, now)
        for name in list(self.on):
            self.end(events, now, name, now)

    def rate(self, events: Events, now: int, rr: Sequence[float], peak: int) -> None:
        """Tachycardia and bradycardia, by the mean of the last 8 RR intervals `rr` in s, the last
        of which ends at sample `peak`."""
        if len(rr) < holter.WINDOW:
            return
        length = sum(rr)
        rate = 60.0 * len(rr) / length
        high, low = self.tachycardia, self.bradycardia
        for name, beyond, back in (
            ("tachycardia", rate > high, rate < high * (1 - HYSTERESIS)),
            ("bradycardia", rate < low, rate > low * (1 + HYSTERESIS)),
        ):
            if name not in self.on and beyond:
                since = peak - round(length * self.fs)
                self.begin(events, now, name, since, peak, rate=rate)
            elif name in self.on and back:
                self.end(events, now, name, peak, rate=rate)

    def label(self, events: Events, now: int, sample: int, label: str | None) -> None:
        """Runs of V, by the provisional label of the beat at `sample`; None: it has none."""
        if label != "V":
            self._end_run(events, now)
            return
        before = self._run or _Run(sample, sample, 0)
        self._run = run = _Run(before.first, sample, before.beats + 1)
        if run.beats == RUN:
            self.begin(events, now, "v_run", run.first, sample, RUN, self._rate_of(run))

    def _end_run(self, events, now):
        run = self._run
        if run and "v_run" in self.on:
            self.end(events, now, "v_run", run.last, run.beats, self._rate_of(run))
        self._run = None

    def _rate_of(self, run):
        return 60.0 * self.fs * (run.beats - 1) / (run.last - run.first)
