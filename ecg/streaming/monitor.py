"""The order of things in a monitor: what is done at each look at the stream."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from ecg import beats, holter
from ecg.alarms import Alarm, Alarms, LabelledBeat
from ecg.pauses import BESIDE
from ecg.streaming.events import Beat, Context, Label, Noise, Peak, Predict
from ecg.streaming.finding import LEARN, LOOK, Finder
from ecg.streaming.judging import CONTEXT_HOP, DELAY, PAST, Judge
from ecg.streaming.signal import KeptSignal

HOP = 0.25  # s between two looks at the stream
KEEP = 60.0  # s of signal kept for the rows of beats; one longer ago has no label
NOISE = 5.0  # s that cannot be read: noise
NOISE_HOP = 2.5  # s between two times that `noise` is asked ...
NOISE_SEEN = 15.0  # ... about so many s
NOISE_ENDS = 0.5  # of the last 5 s, that can be read again
RECENT = 64  # beats whose labels the alarms follow without a context model


class Monitor:
    """Streaming classifier of one lead or several.

    fs: Hz, 50 to 2000. predict: as monitor.single_beat gives it. context: as monitor.context_model
    gives it, for better labels and for the alarms that wait for these; None: `predict` gives them
    all. single: provisional labels by `predict` all the same, at a third of the time. noise: asked
    beside the detector whether the signal is noise. pause: s; tachycardia,
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
        single: bool = False,
        noise: Noise | None = None,
    ):
        if not 50 <= fs <= 2000:
            raise ValueError(f"fs is {fs}: give a sampling rate of 50 to 2000 Hz")
        self.fs, self.predict, self.single, self.noise = fs, predict, single, noise
        self.alarms = Alarms(fs, pause, tachycardia, bradycardia)
        self._signal = KeptSignal(int((PAST + 2 * DELAY if context else KEEP) * fs))
        self._finder = Finder(fs)
        self._judge = Judge(context, fs) if context else None
        self._looks = 0
        self._chain: list[Peak] = []  # beats whose label is not final, at most 2
        self._provisional = Label()  # of the first of two
        self._rr: list[float] = []  # the last 8 RR intervals, s
        self._rate_rr: list[float] = []  # of these, the ones in a row
        self._letters: list[LabelledBeat] = []  # of the last beats, without a context model
        self._recent: list[int] = []  # R peaks of the last 15 s, for `noise`
        self._is_noisy = False  # as it said last
        self._silent, self._doubted = 0.0, False  # s without a beat; whether it is no silence

    @property
    def total(self) -> int:
        """Samples received."""
        return self._signal.total

    def push(self, samples: Iterable[float] | float) -> list[Beat | Alarm]:
        """Take samples (n,) of one lead, or (n, leads) of several, any n. Returns the list of Beat
        and Alarm that they bring about, in order. Raises ValueError for another number of leads
        than before."""
        samples = np.atleast_1d(np.asarray(samples, dtype=np.float64))
        if samples.ndim > 2 or samples.ndim == 2 and samples.shape[1] == 0:
            raise ValueError(
                f"samples have shape {samples.shape}: give one lead, shape (n,), or several, "
                "(n, leads)"
            )
        samples = samples.reshape(len(samples), -1) if samples.size else np.zeros((0, 1))
        events: list[Beat | Alarm] = []
        done = 0
        while done < len(samples):
            next_look = round((self._looks + 1) * HOP * self.fs)
            part = samples[done : done + next_look - self.total]
            self._signal.write(part)
            done += len(part)
            if self.total == next_look:
                self._looks += 1
                self._look(events, next_look - round((self._looks - 1) * HOP * self.fs))
        return events

    def finish(self) -> list[Beat | Alarm]:
        """The stream has ended: the beats that wait get the label they would get at the end of a
        recording, the last one none. Returns the last events."""
        events: list[Beat | Alarm] = []
        if not self._finder.is_off and self._signal.leads:
            self._take(events, self.total)
        if len(self._chain) == 2:
            self._label_final(events, self._chain.pop(0), self.total)
        self._let_go(events)
        self._judge_until(events, self.total)
        self.alarms.end_all(events, self.total)
        return events

    # ----------------------------------------------------------------------------- at each look

    def _look(self, events, new):
        """One look at the stream, `new` samples after the one before, at a time that does not
        depend on how it was cut into chunks."""
        if self._judge and self._looks % round(CONTEXT_HOP / HOP) == 0:
            self._judge_until(events, self.total - int(DELAY * self.fs))
        if self._finder.living(self._signal, HOP):
            self._lead(events)
        if self._finder.is_off or self.total < LEARN * self.fs:
            return
        known = self.total >= 2 * NOISE * self.fs
        if self.noise and known and self._looks % round(NOISE_HOP / HOP) == 0:
            self._ask_noise(self.noise)
        until = self.total - int(LOOK * self.fs)
        if self._finder.is_due(self._signal, new, until):
            self._take(events, until)
            self._watch_silence(events)
            self._watch_noise(events)

    def _lead(self, events):
        """All leads came off, or one is back."""
        if not self._finder.is_off:
            self.alarms.end(events, self.total, "lead_off", self._finder.since)
            return
        self._let_go(events)
        self.alarms.end_all(events, self.total)
        off = self._finder.off_since
        self.alarms.begin(events, self.total, "lead_off", off, self.total)

    def _let_go(self, events):
        """Nothing more will come of the beats that wait: the provisional label of the last but one
        stands, the last has none."""
        if len(self._chain) == 2:
            self._final(events, self._chain[0], self._provisional)
        if self._chain:
            self._final(events, self._chain[-1], Label())
        self._chain, self._rr, self._rate_rr = [], [], []

    def _watch_silence(self, events):
        """Pause and asystole begin, where nothing speaks against a silence."""
        since = self._finder.silent_since()
        self._silent = (self.total - since) / self.fs - LOOK
        due = [
            name
            for name, limit in self.alarms.silence.items()
            if name not in self.alarms.on and self._silent >= limit
        ]
        if not due:
            return
        # a QRS complex that has just come is none of it
        limit = max(self.alarms.silence[name] for name in due)
        until = self.total - int(LOOK * self.fs)
        stop = max(since + int((limit + BESIDE[1]) * self.fs), until)
        self._doubted = not self._finder.is_silence(self._signal, since, stop)
        if not self._doubted:
            for name in due:
                self.alarms.begin(events, self.total, name, since, self.total)

    def _watch_noise(self, events):
        """Noise begins and ends: by what the detector cannot read, by a silence that is none, and
        by `noise`."""
        until = self.total - int(LOOK * self.fs)
        start = until - int(NOISE * self.fs)
        share = self._finder.unreadable_share(start, until)
        if start < self._finder.since:  # what lead off has said
            share = 0.0
        if self._doubted and self._silent >= NOISE:
            share = 1.0
        if "noise" not in self.alarms.on and (share == 1 or self._is_noisy):
            self.alarms.begin(events, self.total, "noise", start, self.total)
        elif "noise" in self.alarms.on and share <= NOISE_ENDS and not self._is_noisy:
            self.alarms.end(events, self.total, "noise", until)

    def _ask_noise(self, noise):
        start = max(self.total - int(NOISE_SEEN * self.fs), 0)
        self._recent = [at for at in self._recent if at >= start]
        leads = self._signal.part(start, self.total)
        peaks = np.array(self._recent, np.int64) - start
        self._is_noisy = noise(leads, self.fs, peaks)

    # ------------------------------------------------------------------------------------- beats

    def _take(self, events, until):
        """Take the R peaks up to sample `until` that lie after the last one taken."""
        found = self._finder.look(self._signal, until)
        for sample, lead in zip(found.peaks.tolist(), found.lead.tolist()):
            self._beat(events, sample, lead)

    def _beat(self, events, sample, lead):
        last, self._finder.last = self._finder.last, sample
        rr = (sample - last) / self.fs if self._chain else None
        if rr is not None and not self._is_interval(last, sample):
            rr, self._rate_rr = None, []
        self._end_silence(events, sample, rr)
        self._doubted = False
        if rr is not None:
            self._rr = [*self._rr[1 - holter.WINDOW :], rr]
            self._rate_rr = [*self._rate_rr[1 - holter.WINDOW :], rr]
            self.alarms.rate(events, self.total, self._rate_rr, sample)
        peak = Peak(sample, rr, lead)
        if self._judge:
            self._judge.add(peak)
        if self.noise:
            self._recent.append(sample)
        self._chain.append(peak)
        if len(self._chain) == 3:
            self._label_final(events, self._chain.pop(0), self._chain[-1].sample)
        if len(self._chain) == 2:
            usual = float(np.median(self._rr)) if self._rr else 0.8
            self._label_provisional(events, sample + int(usual * self.fs))

    def _is_interval(self, start, stop):
        """Whether there is no beat between two R peaks: all can be read, and a pause is one."""
        if self._finder.unreadable_share(start, stop) > 0:
            return False
        long = stop - start >= holter.PAUSE * self.fs
        return not long or self._finder.is_silence(self._signal, start, stop)

    def _end_silence(self, events, sample, rr):
        """A beat, `rr` s after the last, ends pause and asystole, or shows that they were none: it
        comes too early, or the stretch before it was no silence. One that just reaches the limit is
        told with its end."""
        for name, limit in self.alarms.silence.items():
            if name not in self.alarms.on:
                if rr is not None and rr >= limit:
                    since = sample - round(rr * self.fs)
                    self.alarms.begin(events, self.total, name, since, sample)
                    self.alarms.end(events, self.total, name, sample)
                continue
            since = self.alarms.on[name]
            early = sample - since < limit * self.fs
            if early or not self._finder.is_silence(self._signal, since, sample):
                self.alarms.withdraw(events, self.total, name, sample)
            else:
                self.alarms.end(events, self.total, name, sample)

    def _label_provisional(self, events, expected):
        """Of the first of the two beats that wait; expected: where the one after these may lie."""
        first, second = self._chain
        row = self._row(first, second.sample, expected)
        label = None
        if self._judge and not self.single:
            label = self._judge.provisional(self._signal, first)
        self._provisional = label = self._with_row(first, row, label)
        self._emit(events, "provisional", first, label)
        if not self._judge:
            self._follow(events, first, label)

    def _label_final(self, events, peak, third):
        """Of the first of three beats, which has just left the chain; third: sample of the last."""
        row = self._row(peak, self._chain[0].sample, third)
        label = self._provisional if self._judge and not self.single else None
        self._final(events, peak, self._with_row(peak, row, label))

    def _with_row(self, peak, row, label):
        """`label`, which the context model gave, or where it is None the single-beat model's; none
        for a beat with missing samples or one that only the context model can see, in the second
        lead."""
        if peak.lead > 0:
            return label or Label()
        if row is None:
            return Label()
        if label is not None:
            return label
        ids, confidence, _ = self.predict(row)
        return Label(beats.CLASSES[int(ids[0])], float(confidence[0]))

    def _row(self, peak, second, third):
        """The row (1, 187) of a beat in the first lead; second, third: samples of the next two R
        peaks, as known or expected. None where samples are missing."""
        if peak.lead > 0:
            return None
        margin = int(0.25 * self.fs)  # for the resampling filter
        ratio = Fraction(beats.SOURCE_FS / self.fs).limit_denominator(2000)
        # a sample that both rates share
        start = max(peak.sample - margin, 0) // ratio.denominator * ratio.denominator
        end = min(second + (third - second) // 5 + margin, self.total)
        if start < self._signal.origin:
            return None
        x = beats.at_source_rate(self._signal.part(start, end)[0], self.fs)
        peaks = np.array([peak.sample, second, third])
        at = np.rint((peaks - start) * float(ratio)).astype(np.int64)
        rows, _ = beats.cut_rows(x, at, np.array([True, False, False]))
        return rows if np.isfinite(rows).all() else None

    def _final(self, events, peak, label):
        if self._judge:
            self._judge.hold(peak, label)
        else:
            self._emit(events, "final", peak, label)
            self._follow(events, peak, label)

    def _follow(self, events, peak, label):
        """Tell the alarms of a label, which takes the place of an earlier one of the same beat."""
        beat = LabelledBeat(peak.sample, label.letter, peak.rr is not None)
        kept = [each for each in self._letters if each.sample != peak.sample]
        self._letters = sorted([*kept, beat])[-RECENT:]
        self.alarms.labels(events, self.total, self._letters)

    def _judge_until(self, events, until):
        """The context model looks at the beats: final labels up to sample `until`, alarms."""
        if self._judge is None:
            return
        for peak, label in self._judge.look(self._signal, until):
            self._emit(events, "final", peak, label)
        self.alarms.labels(events, self.total, self._judge.labels)

    def _emit(self, events, stage, peak: Peak, label: Label):
        said = peak.sample / self.fs, *label, peak.rr, self.total / self.fs
        events.append(Beat(stage, peak.sample, *said, peak.lead))
