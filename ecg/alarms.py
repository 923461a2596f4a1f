"""The alarms of the monitor: when each begins and ends, and when it is taken back.

Alarms go by labels (v_run, v_couplet), by the R peak (tachycardia, bradycardia) or by the clock
(pause, asystole, lead_off, noise; atrial and ventricular fibrillation, which networks name). The
definitions are those of ecg.holter, with 5 % hysteresis on the rates so that they do not flicker.
Which label each waits for, the table at the top of monitor.py says. An alarm that what is known
later contradicts is withdrawn.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ecg import holter

HYSTERESIS = 0.05  # share by which a rate must come back before its alarm ends
RUN = 3  # successive V
COUPLET = 2
ASYSTOLE = 4.0  # s of readable signal without a beat
NAMES = (
    "v_run",
    "v_couplet",
    "tachycardia",
    "bradycardia",
    "pause",
    "asystole",
    "lead_off",
    "noise",
    "atrial_fibrillation",
    "ventricular_fibrillation",
)
# what fibrillation waves can be taken for, by the R peak and by the clock
BY_PEAK = "tachycardia", "bradycardia"
IN_FIBRILLATION = *BY_PEAK, "pause", "asystole", "noise"


class Alarm(NamedTuple):
    """name: one of NAMES. state: 'on', 'off' or 'withdrawn': it was none, as later labels or R
    peaks tell; sample and time_s are those of the alarm that is taken back. sample, time_s: where
    it began. duration_s: so far. beats: of the run so far. rate_bpm: of the run, or of the last 8
    RR intervals. at_s: time of the stream when this was said."""

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


class LabelledBeat(NamedTuple):
    """A beat as alarms see it: its R peak in samples, its letter or None, whether the RR interval
    before it is one (nothing unreadable in it), whether it may be V although it is called
    otherwise: then what was raised for it stands."""

    sample: int
    letter: str | None
    linked: bool
    maybe: bool = False


class _Run(NamedTuple):
    """Successive V: first and last R peak in samples, number of beats, whether another beat or
    something unreadable has ended it."""

    first: int
    last: int
    beats: int
    ended: bool

    def overlaps(self, other: "_Run") -> bool:
        return self.first <= other.last and other.first <= self.last


class _Raised(NamedTuple):
    """A run that was raised: as it is known now, and the sample where the alarm says it began."""

    run: _Run
    since: int


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
        self.silence = {"pause": pause, "asystole": ASYSTOLE}  # s without a beat
        self.on: dict[str, int] = {}  # alarms that are on: name -> sample where they began
        self._said: dict[str, int] = {}  # when each was last raised, in samples received
        # what was raised by labels that may still change
        self._raised: dict[str, list[_Raised]] = {"v_couplet": [], "v_run": []}

    # ------------------------------------------------------------------------------- any alarm

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
        self.on[name], self._said[name] = since, now
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

    def withdraw(
        self, events: Events, now: int, name: str, until: int, since: int | None = None
    ) -> None:
        """The alarm `name` was none; it had lasted to sample `until`. since: where it began, if it
        may be over by now."""
        if since is None or self.on.get(name) == since:
            since = self.on.pop(name)
        self._add(events, now, name, "withdrawn", since, until, None, None)

    def fibrillation(self, events: Events, now: int, since: int) -> None:
        """Ventricular fibrillation or flutter has begun at sample `since`. What was raised since
        then, its waves were taken for: it is withdrawn; nothing is known any more of a rate."""
        for name in [name for name in IN_FIBRILLATION if name in self.on]:
            if self._said[name] >= since:
                self.withdraw(events, now, name, now)
            elif name in BY_PEAK:
                self.end(events, now, name, since)
        self.begin(events, now, "ventricular_fibrillation", since, now)

    def _add(self, events, now, name, state, since, until, count, rate):
        seconds = since / self.fs, (until - since) / self.fs
        events.append(Alarm(name, state, since, *seconds, count, rate, now / self.fs))

    def end_all(self, events: Events, now: int) -> None:
        """Nothing more is known of what goes on: all alarms end."""
        for raised in self._raised["v_run"]:
            self._end_run(events, now, "v_run", raised)
        for name in list(self.on):
            self.end(events, now, name, now)

    # ---------------------------------------------------------------------------- by the R peak

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

    # -------------------------------------------------------------------------------- by labels

    def labels(self, events: Events, now: int, beats: Sequence[LabelledBeat]) -> None:
        """Runs and couplets of V, by what is known now of the last beats, in order. Beats that are
        left out, because they are too long ago, keep what was said of them."""
        if not beats:
            return
        runs = _runs(beats, lambda beat: beat.letter == "V")
        maybe = _runs(beats, lambda beat: beat.letter == "V" or beat.maybe)
        long = [run for run in runs if run.beats >= RUN]
        two = [run for run in runs if run.beats == COUPLET and run.ended]
        pairs = [m for m in maybe if m.beats >= COUPLET and not any(map(m.overlaps, long))]
        # what is left of a longer run is no couplet
        start = beats[0].sample
        former = [each.run for each in self._raised["v_run"] if each.run.first < start]
        two = [run for run in two if not any(map(run.overlaps, former))]
        self._follow(events, now, "v_couplet", two, pairs, beats)
        self._follow(events, now, "v_run", long, [m for m in maybe if m.beats >= RUN], beats)

    def _follow(self, events, now, name, found, maybe, beats):
        """Bring what was raised to the runs `found` now; `maybe`: those that keep what was raised
        from being taken back."""
        kept = []
        for raised in self._raised[name]:
            same = [run for run in found if run.overlaps(raised.run)]
            if raised.run.first < beats[0].sample:  # the part that is still known may be short
                raised = self._grown(raised, beats)
                if raised.run.ended:
                    self._end_run(events, now, name, raised)
                if raised.run.last >= beats[0].sample:
                    kept.append(raised)
            elif same:
                raised = raised._replace(run=same[-1])
                if raised.run.ended:
                    self._end_run(events, now, name, raised)
                elif name not in self.on:
                    raised = self._begin_run(events, now, name, raised.run)
                kept.append(raised)
            elif any(run.overlaps(raised.run) for run in maybe):
                self._end_run(events, now, name, raised)
                kept.append(raised)
            else:
                self._take_back(events, now, name, raised)
        for run in found:
            if not any(run.overlaps(raised.run) for raised in kept):
                kept.append(self._begin_run(events, now, name, run))
        self._raised[name] = kept

    def _grown(self, raised, beats):
        """A run whose first beats are known no more, to the last V in a row."""
        run = raised.run
        if run.ended:
            return raised
        for beat in beats:
            if beat.sample > run.last:
                if beat.letter != "V" or not beat.linked:
                    return raised._replace(run=run._replace(ended=True))
                run = run._replace(last=beat.sample, beats=run.beats + 1)
        return raised._replace(run=run)

    def _take_back(self, events, now, name, raised):
        if self.on.get(name) == raised.since:
            del self.on[name]
        run, rate = raised.run, self._rate_of(raised.run)
        self._add(events, now, name, "withdrawn", raised.since, run.last, run.beats, rate)

    def _begin_run(self, events, now, name, run):
        self.begin(events, now, name, run.first, run.last, run.beats, self._rate_of(run))
        raised = _Raised(run, run.first)
        if run.ended:
            self._end_run(events, now, name, raised)
        return raised

    def _end_run(self, events, now, name, raised):
        """The alarm of a run ends, where it is on."""
        if self.on.get(name) == raised.since:
            run = raised.run
            self.end(events, now, name, run.last, run.beats, self._rate_of(run))

    def _rate_of(self, run):
        return 60.0 * self.fs * (run.beats - 1) / (run.last - run.first)


def _runs(beats, is_v):
    """Runs of any length of beats that are `is_v`, in order."""
    runs: list[_Run] = []
    going_on = False
    for beat in beats:
        if going_on and not (is_v(beat) and beat.linked):
            runs[-1] = runs[-1]._replace(ended=True)
            going_on = False
        if is_v(beat) and going_on:
            runs[-1] = runs[-1]._replace(last=beat.sample, beats=runs[-1].beats + 1)
        elif is_v(beat):
            runs.append(_Run(beat.sample, beat.sample, 1, False))
            going_on = True
    return runs
