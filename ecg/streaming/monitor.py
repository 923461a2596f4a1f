"""The order of things in a monitor: what is done at each look at the stream."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from ecg import beats, holter
from ecg.alarms import Alarms, LabelledBeat
from ecg.rhythm.track import STEP
from ecg.streaming import fibrillation, hum
from ecg.streaming.events import (
    Beat,
    Context,
    Event,
    FibrillationNow,
    Label,
    Noise,
    Peak,
    Predict,
    RhythmNow,
)
from ecg.streaming.fibrillation import Fibrillation
from ecg.streaming.finding import LEARN, LOOK, Finder
from ecg.streaming.hum import HumRemover
from ecg.streaming.judging import DELAY, PAST, Judge
from ecg.streaming.rhythm import RhythmWatch
from ecg.streaming.signal import KeptSignal
from ecg.streaming.silence import NOISE, Silence

HOP = 0.25  # s between two looks at the stream
KEEP = 60.0  # s of signal kept for the rows of beats; one longer ago has no label
NOISE_HOP = 2.5  # s between two times that `noise` is asked
RECENT = 64  # beats whose labels the alarms follow without a context model


class Monitor:
    """Streaming classifier of one lead or several.

    fs: Hz, 50 to 2000. predict: as monitor.single_beat gives it. context: as monitor.context_model
    gives it, for better labels and for the alarms that wait for these; None: `predict` gives them
    all. single: provisional labels by `predict` all the same, at a third of the time. noise: asked
    beside the detector whether the signal is noise. rhythm: asked every 10 s for the rhythm of the
    last half minute. fibrillation: asked each second whether the ventricles fibrillate. pause: s;
    tachycardia, bradycardia: 1/min. Unit, scale and offset of the samples do not matter; NaN is a
    missing sample. Raises ValueError for a rate or for limits that cannot be."""

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
        rhythm: RhythmNow | None = None,
        fibrillation: FibrillationNow | None = None,
    ):
        if not 50 <= fs <= 2000:
            raise ValueError(f"fs is {fs}: give a sampling rate of 50 to 2000 Hz")
        self.fs, self.predict, self.single = fs, predict, single
        self.alarms = Alarms(fs, pause, tachycardia, bradycardia)
        self._signal = KeptSignal(int((PAST + 2 * DELAY if context else KEEP) * fs))
        self._hum = HumRemover(fs)
        self._finder = Finder(fs)
        self._silence = Silence(self._finder, self.alarms, fs, noise)
        self._fibrillation = Fibrillation(fibrillation, fs, self.alarms)
        self._rhythm = RhythmWatch(rhythm, fs, self.alarms, context is not None)
        self._judge = Judge(context, fs) if context else None
        self._looks = 0
        self._chain: list[Peak] = []  # beats whose label is not final, at most 2
        self._provisional = Label()  # of the first of two
        self._rr: list[float] = []  # the last 8 RR intervals, s
        self._rate_rr: list[float] = []  # of these, the ones in a row
        self._letters: list[LabelledBeat] = []  # of the last beats, without a context model

    @property
    def total(self) -> int:
        """Samples received."""
        return self._signal.total

    def push(self, samples: Iterable[float] | float) -> list[Event]:
        """Take samples (n,) of one lead, or (n, leads) of several, any n. Returns the list of
        Beat, Alarm and Rhythm that they bring about, in order. Raises ValueError for another number
        of leads than before."""
        samples = np.atleast_1d(np.asarray(samples, dtype=np.float64))
        if samples.ndim > 2 or samples.ndim == 2 and samples.shape[1] == 0:
            raise ValueError(
                f"samples have shape {samples.shape}: give one lead, shape (n,), or several, "
                "(n, leads)"
            )
        samples = samples.reshape(len(samples), -1) if samples.size else np.zeros((0, 1))
        events: list[Event] = []
        done = 0
        while done < len(samples):
            next_look = round((self._looks + 1) * HOP * self.fs)
            part = samples[done : done + next_look - self.total]
            self._hum.write(self._signal, part)
            done += len(part)
            if self.total == next_look:
                self._looks += 1
                self._look(events, next_look - round((self._looks - 1) * HOP * self.fs))
        return events

    def finish(self) -> list[Event]:
        """The stream has ended: the beats that wait get the label they would get at the end of a
        recording, the last one none. Returns the last events."""
        events: list[Event] = []
        if not self._finder.is_off and self._signal.leads:
            self._take(events, self.total)
        if len(self._chain) == 2:
            self._label_final(events, self._chain.pop(0), self.total)
        self._let_go(events)
        self._judge_until(events, self.total)
        self._silence.let_go(events, self.total, believed=True)
        self._fibrillation.stop(events, self.total)
        self.alarms.end_all(events, self.total)
        return events

    # ----------------------------------------------------------------------------- at each look

    def _look(self, events, new):
        """One look at the stream, `new` samples after the one before, at a time that does not
        depend on how it was cut into chunks."""
        if self._is_time(hum.HOP):
            self._hum.look(self._signal)
        if self._judge and self._judge.is_due(self._looks * HOP, self.total):
            self._judge_until(events, self.total - int(DELAY * self.fs))
        if self._finder.living(self._signal, HOP):
            self._lead(events)
        if self._finder.is_off or self.total < LEARN * self.fs:
            return
        if self._is_time(NOISE_HOP) and self.total >= 2 * NOISE * self.fs:
            self._silence.ask_noise(self._signal)
        if self._is_time(fibrillation.HOP):
            self._ask_fibrillation(events)
        until = self.total - int(LOOK * self.fs)
        if self._finder.is_due(self._signal, new, until):
            self._take(events, until)
            held = self._fibrillation.holds
            self._silence.watch(events, self._signal, held)
            self._silence.watch_noise(events, self.total, held)
        if self._is_time(STEP):
            waves = self._fibrillation.spans
            self._rhythm.look(events, self._signal, self._finder.since, waves)

    def _is_time(self, every):
        """Whether this look is one of those `every` s."""
        return self._looks % round(every / HOP) == 0

    def _ask_fibrillation(self, events):
        held = self._fibrillation.holds
        begun = self._fibrillation.look(events, self._signal, self._finder.since)
        if held and not self._fibrillation.holds:
            self._silence.let_go(events, self.total, believed=True)
        if begun:
            self._silence.let_go(events, self.total, believed=False)
            self._rr, self._rate_rr = [], []
            self._alarms_by_label(events, self._judge.labels if self._judge else self._letters)

    def _lead(self, events):
        """All leads came off, or one is back."""
        if not self._finder.is_off:
            self.alarms.end(events, self.total, "lead_off", self._finder.since)
            return
        self._let_go(events)
        self._silence.let_go(events, self.total, believed=True)
        self._fibrillation.stop(events, self.total)
        self._rhythm.stop()
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
        self._silence.beat(events, self._signal, sample, rr, self._fibrillation.holds)
        self._rhythm.beat(sample)
        if rr is not None:
            self._rr = [*self._rr[1 - holter.WINDOW :], rr]
            self._rate_rr = [*self._rate_rr[1 - holter.WINDOW :], rr]
            self.alarms.rate(events, self.total, self._rate_rr, sample)
        peak = Peak(sample, rr, lead)
        if self._judge:
            self._judge.add(self._signal, peak)
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
        if self._fibrillation.touches(start, stop):
            return False
        long = stop - start >= holter.PAUSE * self.fs
        return not long or self._finder.is_silence(self._signal, start, stop)

    def _label_provisional(self, events, expected):
        """Of the first of the two beats that wait; expected: where the one after these may lie."""
        first, second = self._chain
        label = None
        if self._judge and not self.single:
            self._judge.waves = self._fibrillation.spans
            label = self._judge.provisional(self._signal, first)
        label = self._with_row(first, second.sample, expected, label)
        if self._fibrillation.covers(first.sample):
            label = Label()
        self._provisional = label
        self._emit(events, "provisional", first, label)
        if not self._judge:
            self._follow(events, first, label)

    def _label_final(self, events, peak, third):
        """Of the first of three beats, which has just left the chain; third: sample of the last."""
        label = None
        if self._judge and not self.single and self._provisional.letter:
            label = self._provisional
        label = self._with_row(peak, self._chain[0].sample, third, label)
        if not self._judge and self._fibrillation.covers(peak.sample):
            label = Label()  # the context model will know when it was over
        self._final(events, peak, label)

    def _with_row(self, peak, second, third, label):
        """`label`, which the context model gave, or where it is None the single-beat model's; none
        for a beat with missing samples or one that only the context model can see, in the second
        lead. second, third: samples of the next two R peaks, as known or expected."""
        if peak.lead > 0:
            return label or Label()
        start, end, ratio = self._span_of_row(peak.sample, second, third)
        if start < self._signal.origin:
            return Label()
        part = self._signal.part(start, end)[0]
        if label is not None and np.isfinite(part).all():
            return label
        x = beats.at_source_rate(part, self.fs)
        at = np.rint((np.array([peak.sample, second, third]) - start) * float(ratio))
        row, _ = beats.cut_rows(x, at.astype(np.int64), np.array([True, False, False]))
        if not np.isfinite(row).all():
            return Label()
        if label is not None:
            return label
        ids, confidence, _ = self.predict(row)
        return Label(beats.CLASSES[int(ids[0])], float(confidence[0]))

    def _span_of_row(self, first, second, third):
        """(start, stop) in samples of the signal that the row of a beat is cut from, whose R peak
        and the next two are at `first` ... `third`; 360 Hz over the stream's rate."""
        margin = int(0.25 * self.fs)  # for the resampling filter
        ratio = Fraction(beats.SOURCE_FS / self.fs).limit_denominator(2000)
        # a sample that both rates share
        start = max(first - margin, 0) // ratio.denominator * ratio.denominator
        return start, min(second + (third - second) // 5 + margin, self.total), ratio

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
        self._alarms_by_label(events, self._letters)

    def _alarms_by_label(self, events, labels):
        self._rhythm.labels(labels)
        self.alarms.labels(events, self.total, self._fibrillation.without(labels))

    def _judge_until(self, events, until):
        """The context model looks at the beats: final labels up to sample `until`, alarms."""
        if self._judge is None:
            return
        self._judge.waves = self._fibrillation.spans
        for peak, label in self._judge.look(self._signal, until):
            self._emit(events, "final", peak, label)
        self._alarms_by_label(events, self._judge.labels)

    def _emit(self, events, stage, peak: Peak, label: Label):
        self._rhythm.label(peak.sample, label.letter)
        said = peak.sample / self.fs, *label, peak.rr, self.total / self.fs
        events.append(Beat(stage, peak.sample, *said, peak.lead))
