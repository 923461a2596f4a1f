"""Monitoring as a state machine: samples in, beats and alarms out, memory bounded for days.

    monitor = Monitor(fs, predict, context)
    for event in monitor.push(samples): ...     # any number of samples at a time; Beat or Alarm
    for event in monitor.finish(): ...          # what the end of the stream decides

The stream is looked at every 0.25 s of its own clock, always over the same stretch, so the size of
the chunks changes nothing. R peaks are those of ecg.rpeaks over the last 15 s, taken once 0.4 s old
and never taken back. What a beat is labelled when, monitor.py says; the alarms are in
ecg/alarms.py."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ecg import beats, holter, qrs, rpeaks
from ecg.alarms import Alarm, Alarms

HOP = 0.25  # s between two looks at the stream
LOOK = 0.40  # s of signal after an R peak before it is taken
# s over which R peaks are looked for: the levels of nine blocks of 1.4 s, and the filters' ends
BUFFER = 15.0
LEARN = 3.0  # s before the first beats are taken
KEEP = 60.0  # s of signal kept for the rows of beats; one longer ago has no label
LEAD_OFF = 2.0  # s without a living signal: lead off
ALIVE = 0.02  # share of the usual peak-to-peak amplitude that a living signal shows within 2 s
PAST = 300.0  # s before a beat that the context model sees ...
DELAY = 44.0  # ... and after it
CONTEXT_HOP = 15.0  # s between two of its looks: the last label comes 59 s after the beat
ENOUGH = 30  # beats that it needs to compare one with

# rows float32 (n, 187) in 0..1 -> (class ids (n,), confidence (n,), probabilities (n, 5))
Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
# (signal (n,), fs, R peaks (m,)) -> probabilities (m, 5)
Context = Callable[[np.ndarray, float, np.ndarray], np.ndarray]
_Peak = tuple[int, float | None]  # R peak, RR interval before it in s
_Label = tuple[str | None, float | None]  # letter and confidence, where there is a label


class Beat(NamedTuple):
    """A labelled beat. stage: 'provisional' or 'final'. sample, time_s: of the R peak. label: N S V
    F Q, or None where no label can be given (missing samples, lead off). confidence: of the label.
    rr_s: RR interval before the beat, None where there is none. at_s: time of the stream when this
    was said."""

    stage: str
    sample: int
    time_s: float
    label: str | None
    confidence: float | None
    rr_s: float | None
    at_s: float


class Monitor:
    """Streaming classifier of one lead.

    fs: Hz, 50 to 2000. predict: as monitor.single_beat gives it. context: as monitor.context_model
    gives it, for the final labels; None: `predict` gives these too. pause: s; tachycardia,
    bradycardia: 1/min. Unit, scale and offset of the samples do not matter; NaN is a missing
    sample. Raises ValueError for a rate or for limits that cannot be."""

    def __init__(
        self,
        fs: float,
        predict: Predict,
        context: Context | None = None,
        pause: float = holter.LONG_PAUSE,
        tachycardia: float = holter.TACHYCARDIA,
        bradycardia: float = holter.BRADYCARDIA,
    ):
        if not 50 <= fs <= 2000:
            raise ValueError(f"fs is {fs}: give a sampling rate of 50 to 2000 Hz")
        self.fs, self.predict, self.context = fs, predict, context
        self.alarms = Alarms(fs, pause, tachycardia, bradycardia)
        self.total = 0  # samples received
        self._keep = int((PAST + 2 * DELAY if context else KEEP) * fs)
        self._x = np.empty(2 * self._keep)  # when it is full, its last half moves to the front
        self._origin = 0  # sample number of _x[0]
        self._looks = 0
        self._last = -1  # last R peak taken
        self._since = 0  # the signal lives since this sample
        self._chain: list[_Peak] = []  # beats whose label is not final, at most 2
        self._provisional: _Label = None, None  # of the first of two
        self._seen: list[int] = []  # R peaks that the context model may see
        self._held: list[tuple[_Peak, _Label]] = []  # that wait for the context model
        self._rr: list[float] = []  # the last 8 RR intervals, s
        self._amplitudes: list[float] = []  # peak to peak of the last minute's windows

    def push(self, samples: Iterable[float] | float) -> list[Beat | Alarm]:
        """Take samples (n,), any n. Returns the list of Beat and Alarm that they bring about, in
        order."""
        samples = np.atleast_1d(np.asarray(samples, dtype=np.float64))
        if samples.ndim != 1:
            raise ValueError(f"samples have shape {samples.shape}: give one lead, shape (n,)")
        events: list[Beat | Alarm] = []
        done = 0
        while done < len(samples):
            next_look = round((self._looks + 1) * HOP * self.fs)
            part = samples[done : done + next_look - self.total]
            self._write(part)
            done += len(part)
            if self.total == next_look:
                self._looks += 1
                self._look(events)
        return events

    def finish(self) -> list[Beat | Alarm]:
        """The stream has ended: the beats that wait get the label they would get at the end of a
        recording, the last one none. Returns the last events."""
        events: list[Beat | Alarm] = []
        if "lead_off" not in self.alarms.on:
            self._take(events, self.total)
        if len(self._chain) == 2:
            label = self._label([*(sample for sample, _ in self._chain), self.total])
            self._final(events, self._chain.pop(0), label)
        self._let_go(events)
        self._judge(events, self.total)
        return events

    # -------------------------------------------------------------------------------- the signal

    def _write(self, samples):
        used = self.total - self._origin
        if used + len(samples) > len(self._x):
            self._x[: self._keep] = self._x[used - self._keep : used]
            self._origin = self.total - self._keep
            used = self._keep
        self._x[used : used + len(samples)] = samples
        self.total += len(samples)

    def _signal(self, start, stop):
        return self._x[start - self._origin : stop - self._origin]

    def _look(self, events):
        """One look at the stream, at a time that does not depend on how it was cut into chunks."""
        if self.context and self._looks % round(CONTEXT_HOP / HOP) == 0:
            self._judge(events, self.total - int(DELAY * self.fs))
        self._lead(events)
        if "lead_off" in self.alarms.on or self.total < LEARN * self.fs:
            return
        self._take(events, self.total - int(LOOK * self.fs))
        since = max(self._last, self._since)
        if (
            "pause" not in self.alarms.on
            and self.total - LOOK * self.fs - since >= self.alarms.pause * self.fs
        ):
            self.alarms.begin(events, self.total, "pause", since, self.total)

    def _lead(self, events):
        """Lead off: 2 s of missing samples or of hardly any movement. On again: half a second that
        moves."""
        if self.total < LEAD_OFF * self.fs:
            return
        window = self._signal(self.total - int(LEAD_OFF * self.fs), self.total)
        still = ALIVE * float(np.median(self._amplitudes)) if self._amplitudes else 0.0
        if "lead_off" in self.alarms.on:
            recent = window[-int(0.5 * self.fs) :]
            if np.isfinite(recent).all() and np.ptp(recent) > still:
                self._since = self.total - len(recent)
                self.alarms.end(events, self.total, "lead_off", self._since)
            return
        if self.total - self._since < len(window):  # it has only just come back
            return
        finite = window[np.isfinite(window)]
        moved = float(np.ptp(finite)) if len(finite) else 0.0
        if moved <= still:
            self._let_go(events)
            off = self.total - len(window)
            self.alarms.begin(events, self.total, "lead_off", off, self.total)
        else:
            self._amplitudes = [*self._amplitudes[-int(60 / HOP) :], moved]

    def _let_go(self, events):
        """Nothing more will come of the beats that wait: the provisional label of the last but one
        stands, the last has none."""
        if len(self._chain) == 2:
            self._final(events, self._chain[0], self._provisional)
        if self._chain:
            self._final(events, self._chain[-1], (None, None))
        self.alarms.end_all(events, self.total)
        self._chain, self._rr = [], []

    # ------------------------------------------------------------------------------------- beats

    def _take(self, events, until):
        """Take the R peaks up to sample `until` that lie after the last one taken."""
        # the detector thins the signal so; every look must see the same samples
        step = max(1, int(self.fs // 120))
        start = max(self.total - int(BUFFER * self.fs), 0) // step * step
        peaks = rpeaks.detect_r_peaks(self._signal(start, self.total), self.fs, live=True) + start
        after = max(
            self._last + int(qrs.APART * self.fs) if self._last >= 0 else -1, self._since - 1
        )
        for sample in peaks[(peaks > after) & (peaks <= until)].tolist():
            self._beat(events, sample)

    def _beat(self, events, sample):
        rr = (sample - self._last) / self.fs if self._chain else None
        self._last = sample
        if self.context:
            self._seen.append(sample)
        if "pause" in self.alarms.on:
            self.alarms.end(events, self.total, "pause", sample)
        if rr is not None:
            self._rr = [*self._rr[1 - holter.WINDOW :], rr]
            self.alarms.rate(events, self.total, self._rr, sample)
        self._chain.append((sample, rr))
        if len(self._chain) == 3:
            label = self._label([at for at, _ in self._chain])
            self._final(events, self._chain.pop(0), label)
        if len(self._chain) == 2:
            expected = sample + int(np.median(self._rr) * self.fs)
            self._provisional = self._label([self._chain[0][0], sample, expected])
            self._emit(events, "provisional", self._chain[0], self._provisional)
            self.alarms.label(events, self.total, self._chain[0][0], self._provisional[0])

    def _label(self, peaks) -> _Label:
        """The label of the beat at peaks[0]; peaks: it, the next, and the one after as
        known or expected."""
        margin = int(0.25 * self.fs)  # for the resampling filter
        ratio = Fraction(beats.SOURCE_FS / self.fs).limit_denominator(2000)
        # a sample that both rates share
        start = max(peaks[0] - margin, 0) // ratio.denominator * ratio.denominator
        end = min(peaks[1] + (peaks[2] - peaks[1]) // 5 + margin, self.total)
        if start < self._origin:
            return None, None
        x = beats.at_source_rate(self._signal(start, end), self.fs)
        at = np.rint((np.array(peaks) - start) * float(ratio)).astype(np.int64)
        rows, _ = beats.cut_rows(x, at, np.array([True, False, False]))
        if not np.isfinite(rows).all():
            return None, None
        ids, confidence, _ = self.predict(rows)
        return beats.CLASSES[int(ids[0])], float(confidence[0])

    def _final(self, events, beat, label):
        if self.context:
            self._held.append((beat, label))
        else:
            self._emit(events, "final", beat, label)

    def _judge(self, events, until):
        """Final labels by the context model for the beats up to sample `until`."""
        start = max(self.total - int((PAST + DELAY) * self.fs), self._origin)
        self._seen = [sample for sample in self._seen if sample >= start]
        ready = [held for held in self._held if held[0][0] <= until]
        self._held = self._held[len(ready) :]
        if self.context is None or not ready:
            return
        probabilities: dict[int, np.ndarray] = {}
        if len(self._seen) >= ENOUGH:
            r = np.array(self._seen)
            probabilities = dict(
                zip(self._seen, self.context(self._signal(start, self.total), self.fs, r - start))
            )
        for beat, label in ready:
            p = probabilities.get(beat[0])
            if label[0] is not None and p is not None:  # what has no row has no label either way
                label = beats.CLASSES[int(np.argmax(p))], float(np.max(p))
            self._emit(events, "final", beat, label)

    def _emit(self, events, stage, beat: _Peak, label: _Label):
        sample, rr = beat
        events.append(Beat(stage, sample, sample / self.fs, *label, rr, self.total / self.fs))
