"""Bedside and wearable monitoring: samples in as they come, beats and alarms out, memory bounded for days.

    python monitor.py data/mitdb/119 --speed 10                    # a recording replayed at ten times real time
    cat samples.txt | python monitor.py - --fs 250 --json          # a pipe: one number a line in, one JSON object a line out
    arecorder | python monitor.py - --fs 360 --format i16          # a pipe: 16-bit little-endian integers
    python monitor.py --agreement data/mitdb/119 data/mitdb/200    # provisional, final and offline labels; delay of alarms

    from monitor import Monitor
    monitor = Monitor(fs=360)
    for event in monitor.push(samples): ...                        # any number of samples at a time; Beat or Alarm
    for event in monitor.finish(): ...                             # what the end of the stream decides

The stream is looked at every 0.25 s of its own clock, always over the same stretch, so the size of the chunks changes
nothing. R peaks are those of ecg.beats over the last 15 s, taken once 0.4 s old and never taken back. A beat's row reaches a
fifth of the following RR interval past the next R peak (ecg.beats.cut_rows), so that two labels are given:

  provisional   at most 0.7 s after the next R peak was; the interval after it is taken to be the median of the last eight
  final         at most 0.7 s after the R peak after that: the row is complete, the label is the one a whole recording gets;
                with the context model (ecg.context over the five minutes before) within 60 s of the beat instead

Alarms go by the provisional label (v_run), by the R peak (tachycardia, bradycardia) or by the clock (pause, lead_off). The
definitions are those of ecg.holter, with 5 % hysteresis on the rates so that they do not flicker. Not a medical device.
"""
import argparse
import json
import sys
import time
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ecg import artifacts, beats, holter, records
from ecg.artifacts import InputError

HOP = 0.25           # s between two looks at the stream
LOOK = 0.40          # s of signal after an R peak before it is taken
BUFFER = 15.0        # s over which R peaks are looked for: the levels of nine blocks of 1.4 s, and the filters' ends
LEARN = 3.0          # s before the first beats are taken
KEEP = 60.0          # s of signal kept for the rows of beats; one longer ago has no label
LEAD_OFF = 2.0       # s without a living signal: lead off
ALIVE = 0.02         # share of the usual peak-to-peak amplitude that a living signal shows within 2 s
PAST = 300.0         # s before a beat that the context model sees ...
DELAY = 44.0         # ... and after it
CONTEXT_HOP = 15.0   # s between two of its looks: the last label comes 59 s after the beat
ENOUGH = 30          # beats that it needs to compare one with
HYSTERESIS = 0.05    # share by which a rate must come back before its alarm ends
RUN = 3              # successive V
FORMATS = {"text": None, "i16": "<i2", "i32": "<i4", "f32": "<f4", "f64": "<f8"}


class Beat(NamedTuple):
    """A labelled beat. stage: 'provisional' or 'final'. sample, time_s: of the R peak. label: N S V F Q, or None where no label
    can be given (missing samples, lead off). confidence: of the label. rr_s: RR interval before the beat, None where there is
    none. at_s: time of the stream when this was said."""
    stage: str
    sample: int
    time_s: float
    label: str | None
    confidence: float | None
    rr_s: float | None
    at_s: float


class Alarm(NamedTuple):
    """name: v_run, pause, tachycardia, bradycardia or lead_off. state: 'on' or 'off'. sample, time_s: where it began.
    duration_s: so far. beats: of the run so far. rate_bpm: of the run, or of the last 8 RR intervals. at_s: time of the
    stream when this was said."""
    name: str
    state: str
    sample: int
    time_s: float
    duration_s: float
    beats: int | None
    rate_bpm: float | None
    at_s: float


class Monitor:
    """Streaming classifier of one lead.

    fs: Hz, 50 to 2000. predict: rows float32 (n, 187) in 0..1 -> (class ids (n,), confidence (n,), probabilities (n, 5)), as
    `single_beat()` (the default) gives it. context: (signal (n,), fs, R peaks (m,)) -> probabilities (m, 5), as
    `context_model()` gives it, for the final labels; None: `predict` gives these too. pause: s; tachycardia, bradycardia: 1/min.
    Unit, scale and offset of the samples do not matter; NaN is a missing sample. Raises ValueError for a rate or for limits
    that cannot be."""

    def __init__(self, fs, predict=None, context=None, pause=holter.LONG_PAUSE, tachycardia=holter.TACHYCARDIA,
                 bradycardia=holter.BRADYCARDIA):
        if not 50 <= fs <= 2000:
            raise ValueError(f"fs is {fs}: give a sampling rate of 50 to 2000 Hz")
        if not (pause >= 1 and 0 < bradycardia < tachycardia):
            raise ValueError(f"pause must be at least 1 s, and bradycardia below tachycardia: not {pause:g} s, "
                             f"{bradycardia:g}/min and {tachycardia:g}/min")
        self.fs = fs
        self.predict, self.context = predict or single_beat(), context
        self.pause, self.tachycardia, self.bradycardia = pause, tachycardia, bradycardia
        self.total = 0                                  # samples received
        self._keep = int((PAST + 2 * DELAY if context else KEEP) * fs)
        self._x = np.empty(2 * self._keep)              # when it is full, its last half moves to the front
        self._origin = 0                                # sample number of _x[0]
        self._looks = 0
        self._last = -1                                 # last R peak taken
        self._since = 0                                 # the signal lives since this sample
        self._chain = []                                # (R peak, RR interval) of the beats whose label is not final, at most 2
        self._provisional = None, None                  # label and confidence of the first of two
        self._seen = []                                 # R peaks that the context model may see
        self._held = []                                 # (beat, label, confidence) that wait for the context model
        self._rr = []                                   # the last 8 RR intervals, s
        self._run = None                                # first and last R peak and number of the present run of V
        self._amplitudes = []                           # peak to peak of the last minute's windows
        self._on = {}                                   # alarms that are on: name -> sample where they began

    def push(self, samples):
        """Take samples (n,), any n. Returns the list of Beat and Alarm that they bring about, in order."""
        samples = np.atleast_1d(np.asarray(samples, dtype=np.float64))
        if samples.ndim != 1:
            raise ValueError(f"samples have shape {samples.shape}: give one lead, shape (n,)")
        events, done = [], 0
        while done < len(samples):
            next_look = round((self._looks + 1) * HOP * self.fs)
            part = samples[done:done + next_look - self.total]
            self._write(part)
            done += len(part)
            if self.total == next_look:
                self._looks += 1
                self._look(events)
        return events

    def finish(self):
        """The stream has ended: the beats that wait get the label they would get at the end of a recording, the last one none.
        Returns the last events."""
        events = []
        if "lead_off" not in self._on:
            self._take(events, self.total)
        if len(self._chain) == 2:
            self._final(events, self._chain[0], *self._label([sample for sample, _ in self._chain] + [self.total]))
            self._chain.pop(0)
        self._let_go(events)
        self._judge(events, self.total)
        return events

    # ------------------------------------------------------------------------------------------ the signal

    def _write(self, samples):
        used = self.total - self._origin
        if used + len(samples) > len(self._x):
            self._x[:self._keep] = self._x[used - self._keep:used]
            self._origin = self.total - self._keep
            used = self._keep
        self._x[used:used + len(samples)] = samples
        self.total += len(samples)

    def _signal(self, start, stop):
        return self._x[start - self._origin:stop - self._origin]

    def _look(self, events):
        """One look at the stream, at a time that does not depend on how it was cut into chunks."""
        if self.context and self._looks % round(CONTEXT_HOP / HOP) == 0:
            self._judge(events, self.total - int(DELAY * self.fs))
        self._lead(events)
        if "lead_off" in self._on or self.total < LEARN * self.fs:
            return
        self._take(events, self.total - int(LOOK * self.fs))
        since = max(self._last, self._since)
        if "pause" not in self._on and self.total - LOOK * self.fs - since >= self.pause * self.fs:
            self._alarm(events, "pause", True, since, self.total)

    def _lead(self, events):
        """Lead off: 2 s of missing samples or of hardly any movement. On again: half a second that moves."""
        if self.total < LEAD_OFF * self.fs:
            return
        window = self._signal(self.total - int(LEAD_OFF * self.fs), self.total)
        still = ALIVE * float(np.median(self._amplitudes)) if self._amplitudes else 0.0
        if "lead_off" in self._on:
            recent = window[-int(0.5 * self.fs):]
            if np.isfinite(recent).all() and np.ptp(recent) > still:
                self._since = self.total - len(recent)
                self._alarm(events, "lead_off", False, self._on["lead_off"], self._since)
            return
        if self.total - self._since < len(window):      # it has only just come back
            return
        finite = window[np.isfinite(window)]
        moved = float(np.ptp(finite)) if len(finite) else 0.0
        if moved <= still:
            self._let_go(events)
            self._alarm(events, "lead_off", True, self.total - len(window), self.total)
        else:
            self._amplitudes = [*self._amplitudes[-int(60 / HOP):], moved]

    def _let_go(self, events):
        """Nothing more will come of the beats that wait: the provisional label of the last but one stands, the last has none."""
        if len(self._chain) == 2:
            self._final(events, self._chain[0], *self._provisional)
        if self._chain:
            self._final(events, self._chain[-1], None, None)
        self._end_run(events)
        for name, since in list(self._on.items()):
            self._alarm(events, name, False, since, self.total)
        self._chain, self._rr = [], []

    # ------------------------------------------------------------------------------------------ beats

    def _take(self, events, until):
        """Take the R peaks up to sample `until` that lie after the last one taken."""
        step = max(1, int(self.fs // 120))              # the detector thins the signal so; every look must see the same samples
        start = max(self.total - int(BUFFER * self.fs), 0) // step * step
        peaks = beats.detect_r_peaks(self._signal(start, self.total), self.fs, live=True) + start
        after = max(self._last + int(beats.APART * self.fs) if self._last >= 0 else -1, self._since - 1)
        for sample in peaks[(peaks > after) & (peaks <= until)].tolist():
            self._beat(events, sample)

    def _beat(self, events, sample):
        rr = (sample - self._last) / self.fs if self._chain else None
        self._last = sample
        if self.context:
            self._seen.append(sample)
        if "pause" in self._on:
            self._alarm(events, "pause", False, self._on["pause"], sample)
        if rr is not None:
            self._rr = [*self._rr[1 - holter.WINDOW:], rr]
            self._rate(events)
        self._chain.append((sample, rr))
        if len(self._chain) == 3:
            self._final(events, self._chain[0], *self._label([at for at, _ in self._chain]))
            self._chain.pop(0)
        if len(self._chain) == 2:
            expected = sample + int(np.median(self._rr) * self.fs)
            self._provisional = self._label([self._chain[0][0], sample, expected])
            self._say(events, "provisional", self._chain[0], *self._provisional)
            self._count(events, self._chain[0][0], self._provisional[0])

    def _label(self, peaks):
        """(letter, confidence) of the beat at peaks[0]; peaks: it, the next, and the one after as known or expected."""
        margin = int(0.25 * self.fs)                    # for the resampling filter
        ratio = Fraction(beats.SOURCE_FS / self.fs).limit_denominator(2000)
        start = max(peaks[0] - margin, 0) // ratio.denominator * ratio.denominator   # a sample that both rates share
        end = min(peaks[1] + (peaks[2] - peaks[1]) // 5 + margin, self.total)
        if start < self._origin:
            return None, None
        x = beats.at_source_rate(self._signal(start, end), self.fs)
        at = np.rint((np.array(peaks) - start) * float(ratio)).astype(np.int64)
        rows, _ = beats.cut_rows(x, at, np.array([True, False, False]))
        if not np.isfinite(rows).all():
            return None, None
        ids, confidence, _ = self.predict(rows)
        return beats.CLASS_NAMES[int(ids[0])], float(confidence[0])

    def _final(self, events, beat, label, confidence):
        if self.context:
            self._held.append((beat, label, confidence))
        else:
            self._say(events, "final", beat, label, confidence)

    def _judge(self, events, until):
        """Final labels by the context model for the beats up to sample `until`."""
        start = max(self.total - int((PAST + DELAY) * self.fs), self._origin)
        self._seen = [sample for sample in self._seen if sample >= start]
        ready = [held for held in self._held if held[0][0] <= until]
        self._held = self._held[len(ready):]
        if not ready:
            return
        probabilities = {}
        if len(self._seen) >= ENOUGH:
            r = np.array(self._seen)
            probabilities = dict(zip(self._seen, self.context(self._signal(start, self.total), self.fs, r - start)))
        for beat, label, confidence in ready:
            p = probabilities.get(beat[0])
            if label is not None and p is not None:                 # what has no row has no label either way
                label, confidence = beats.CLASS_NAMES[int(np.argmax(p))], float(np.max(p))
            self._say(events, "final", beat, label, confidence)

    def _say(self, events, stage, beat, label, confidence):
        sample, rr = beat
        events.append(Beat(stage, sample, sample / self.fs, label, confidence, rr, self.total / self.fs))

    # ------------------------------------------------------------------------------------------ alarms

    def _alarm(self, events, name, on, since, until, count=None, rate=None):
        if on:
            self._on[name] = since
        else:
            del self._on[name]
        events.append(Alarm(name, "on" if on else "off", since, since / self.fs, (until - since) / self.fs, count, rate,
                            self.total / self.fs))

    def _rate(self, events):
        """Tachycardia and bradycardia, by the mean of the last 8 RR intervals."""
        if len(self._rr) < holter.WINDOW:
            return
        length = sum(self._rr)
        rate = 60.0 * len(self._rr) / length
        for name, beyond, back in (
                ("tachycardia", rate > self.tachycardia, rate < self.tachycardia * (1 - HYSTERESIS)),
                ("bradycardia", rate < self.bradycardia, rate > self.bradycardia * (1 + HYSTERESIS))):
            if name not in self._on and beyond:
                self._alarm(events, name, True, self._last - round(length * self.fs), self._last, rate=rate)
            elif name in self._on and back:
                self._alarm(events, name, False, self._on[name], self._last, rate=rate)

    def _count(self, events, sample, label):
        """Runs of V, by the provisional label."""
        if label != "V":
            self._end_run(events)
            return
        first, _, count = self._run or (sample, sample, 0)
        self._run = first, sample, count + 1
        if count + 1 == RUN:
            self._alarm(events, "v_run", True, first, sample, RUN, self._run_rate())

    def _end_run(self, events):
        if "v_run" in self._on:
            first, last, count = self._run
            self._alarm(events, "v_run", False, first, last, count, self._run_rate())
        self._run = None

    def _run_rate(self):
        first, last, count = self._run
        return 60.0 * self.fs * (count - 1) / (last - first)


def single_beat(model="auto", weight="weight"):
    """The `predict` of a Monitor. model: `auto` (the best single-beat model that is there), a name, or a .pth or .onnx file.
    Raises InputError when it cannot be had."""
    import inference
    loaded = inference.load(inference.choose_model(model, 0, 0, weight), weight, threads=1)
    if inference.is_context(inference.card_of(loaded)):
        raise InputError(f"--model {model} judges whole recordings, not one beat: give it as --final")
    return lambda rows: inference.predict_heartbeat(loaded, rows)


def context_model(model="context", weight="weight"):
    """The `context` of a Monitor: a name or a .pth or .onnx file. Raises InputError when it cannot be had."""
    import inference
    from ecg import context
    loaded = inference.load(model, weight, threads=1)
    if not inference.is_context(inference.card_of(loaded)):
        raise InputError(f"--final {model} is no context model: give it as --model")
    return lambda signal, fs, r_peaks: context.classify_beats(loaded, signal, fs, r_peaks)[0]


def _models(args):
    """{"predict", "context"} of a Monitor as the command line asks."""
    folder = artifacts.locate(args.weight)
    name = args.final
    if name == "auto":
        weights = artifacts.weights_path(folder, "context")
        name = "context" if weights.exists() or artifacts.onnx_path(weights).exists() else "single"
    return {"predict": single_beat(args.model, folder), "context": None if name == "single" else context_model(name, folder)}


# --------------------------------------------------------------------------------------------- agreement and delay

def agreement(signal, fs, predict, context=None, **limits):
    """Replay a recording and hold what the stream said against what the whole recording gives.

    Returns (figures, events). figures, shares of the beats found both by the stream and offline (150 ms; the last beat has no
    row): {"beats_stream", "beats_offline", "both", "provisional_final", "final_offline", "provisional_offline",
    "v_offline", "v_provisional" (of the former, found by provisional label), "v_provisional_more" (others called V),
    "provisional_delay_s" {"median", "p99", "max", "late": beats over 0.7 s} after the next R peak, "final_delay_s" after the one
    after that (with a context model: after the beat itself, late over 60 s), "alarms": {name: {"events" (offline, ecg.holter),
    "alarms", "missed", "false", "delay_median_s", "delay_max_s"}}}. An alarm's delay counts from the moment that defines it: R
    peak of the third V, R peak that brings the mean of 8 beyond its limit, end of the limit of the pause. Shares are None where
    there is nothing to share. Delays leave out the first 3 s."""
    monitor = Monitor(fs, predict, context, **limits)
    events = monitor.push(signal) + monitor.finish()
    final = sorted((e for e in events if isinstance(e, Beat) and e.stage == "final"), key=lambda e: e.sample)
    provisional = {e.sample: e for e in events if isinstance(e, Beat) and e.stage == "provisional"}
    r = np.array([e.sample for e in final], dtype=np.int64)

    offline = beats.detect_r_peaks(signal, fs)
    rows, positions = beats.extract_beats(signal, offline, fs)
    labels = np.full(len(offline), -1)
    if len(rows):
        at = np.searchsorted(offline, positions)
        labels[at] = context(signal, fs, offline)[at].argmax(axis=1) if context else predict(rows)[0]
    partner = _nearest(r, offline, 0.15 * fs)
    trio = np.array([[_id(provisional[e.sample].label), _id(e.label), labels[k]] for e, k in zip(final, partner)
                     if k >= 0 and e.sample in provisional]).reshape(-1, 3)
    trio = trio[(trio >= 0).all(axis=1)]
    v = beats.CLASS_NAMES.index("V")
    figures = {"beats_stream": len(r), "beats_offline": len(offline), "both": int((partner >= 0).sum()),
               "provisional_final": _share(trio[:, 0] == trio[:, 1]), "final_offline": _share(trio[:, 1] == trio[:, 2]),
               "provisional_offline": _share(trio[:, 0] == trio[:, 2]), "v_offline": int((trio[:, 2] == v).sum()),
               "v_provisional": int(((trio[:, 0] == v) & (trio[:, 2] == v)).sum()),
               "v_provisional_more": int(((trio[:, 0] == v) & (trio[:, 2] != v)).sum())}
    at = {e.sample: e.at_s for e in final}
    settled = [k for k in range(len(r) - 1) if r[k] / fs > LEARN]
    figures["provisional_delay_s"] = _delays([provisional[r[k]].at_s - r[k + 1] / fs for k in settled if r[k] in provisional],
                                             0.7)
    figures["final_delay_s"] = _delays([at[r[k]] - r[k if context else k + 2] / fs for k in settled if k + 2 < len(r)],
                                       60.0 if context else 0.7)
    summary = holter.summary(offline, labels, fs, len(signal), [stretch[:2] for stretch in beats.unreadable(signal, fs)])
    figures["alarms"] = _alarm_figures(monitor, events, summary, offline, len(signal) / fs)
    return figures, events


def _alarm_figures(monitor, events, summary, offline, end):
    """How the alarms of a stream stand to the events of the whole recording."""
    figures = {}
    for name in ("v_run", "pause", "tachycardia", "bradycardia", "lead_off"):
        spans = []                                                  # (from, to, when it was said) of each alarm
        for alarm in (e for e in events if isinstance(e, Alarm) and e.name == name):
            if alarm.state == "on":
                spans.append([alarm.time_s, end, alarm.at_s])
            else:
                spans[-1][1] = max(alarm.time_s + alarm.duration_s, spans[-1][2])
        group = summary.get({"v_run": "v_runs", "pause": "pauses"}.get(name, name), {"events": []})["events"]
        if name == "pause":
            group = [e for e in group if e["duration_s"] >= monitor.pause and not e["open"]]
        true = [(e["time_s"], e["time_s"] + e["duration_s"], e) for e in group]
        delays = []
        for a, b, event in true:                                    # the first alarm of each, unless one was on already
            said = min((said for start, stop, said in spans if a <= stop and b >= start), default=-1.0)
            if said >= a:
                first = np.searchsorted(offline, event["sample"])
                due = a + monitor.pause if name == "pause" else \
                    offline[first + (RUN - 1 if name == "v_run" else holter.WINDOW)] / monitor.fs
                delays.append(float(said - due))
        figures[name] = {"events": len(true), "alarms": len(spans),
                         "missed": sum(not any(a <= stop and b >= start for start, stop, _ in spans) for a, b, _ in true),
                         "false": sum(not any(a <= stop and b >= start for a, b, _ in true) for start, stop, _ in spans),
                         "delay_median_s": float(np.median(delays)) if delays else None,
                         "delay_max_s": float(max(delays)) if delays else None}
    return figures


def _nearest(test, reference, within):
    """For each of `test` the index of the nearest of `reference`, or -1 where none is within that many samples."""
    if len(reference) == 0:
        return np.full(len(test), -1)
    k = np.clip(np.searchsorted(reference, test), 1, max(len(reference) - 1, 1))
    k = np.where(np.abs(reference[k - 1] - test) <= np.abs(reference[np.minimum(k, len(reference) - 1)] - test), k - 1, k)
    k = np.minimum(k, len(reference) - 1)
    return np.where(np.abs(reference[k] - test) <= within, k, -1)


def _id(label):
    return -1 if label is None else beats.CLASS_NAMES.index(label)


def _share(flags):
    return float(np.mean(flags)) if len(flags) else None


def _delays(seconds, limit):
    if not seconds:
        return {"median": None, "p99": None, "max": None, "late": 0}
    return {"median": float(np.median(seconds)), "p99": float(np.percentile(seconds, 99)), "max": float(max(seconds)),
            "late": int(np.sum(np.array(seconds) > limit))}


def print_agreement(results):
    """results: [(name of the recording, figures of `agreement`)]."""
    def percent(value):
        return "     -" if value is None else f"{100 * value:6.2f}"

    print("labels of the stream; agreement in percent of the beats that both found, V by the provisional label\n")
    print("record       stream offline    both  prov=final final=offline prov=offline  V offl. found  more")
    for name, f in results:
        shares = "       ".join(percent(f[k]) for k in ("provisional_final", "final_offline", "provisional_offline"))
        print(f"{name:<10} {f['beats_stream']:>8,} {f['beats_offline']:>7,} {f['both']:>7,}      {shares} {f['v_offline']:>8,} "
              f"{f['v_provisional']:>6,} {f['v_provisional_more']:>5,}")
    print("\ndelay in s: of the provisional label after the next R peak; of the final one after the R peak after that "
          "(context model: after the beat);\nlate: beats over 0.7 s (final by the context model: 60 s)\n")
    print("record      median    p99    max     late | median    p99    max     late")
    for name, f in results:
        both = f["provisional_delay_s"], f["final_delay_s"]
        cells = [" ".join("     -" if d[k] is None else f"{d[k]:6.2f}" for k in ("median", "p99", "max"))
                 + f" {d['late']:>8,}" for d in both]
        print(f"{name:<10} " + " | ".join(cells))
    print("\nalarms against the events of the whole recording; delay in s after the moment that defines them\n")
    print("alarm         events  alarms  missed  false  median    max")
    for alarm in ("v_run", "pause", "tachycardia", "bradycardia", "lead_off"):
        parts = [f["alarms"][alarm] for _, f in results]
        total = [sum(p[k] for p in parts) for k in ("events", "alarms", "missed", "false")]
        known = [p for p in parts if p["delay_max_s"] is not None]
        median = f"{np.median([p['delay_median_s'] for p in known]):6.2f}" if known else "     -"
        most = f"{max(p['delay_max_s'] for p in known):6.2f}" if known else "     -"
        print(f"{alarm:<12} {total[0]:>7,} {total[1]:>7,} {total[2]:>7,} {total[3]:>6,}  {median} {most}")


# --------------------------------------------------------------------------------------------- the stage

def read_stream(file, kind):
    """Chunks float64 (n,) of an open binary file, as they come. kind: a key of FORMATS. A missing sample is `nan` in text and
    -32768 in the 16-bit format, as in WFDB. Raises InputError for what is no number."""
    rest, line, dtype = b"", 0, FORMATS[kind]
    while chunk := file.read1(1 << 16):
        rest += chunk
        if dtype is None:
            *lines, rest = rest.split(b"\n")
            yield _numbers(lines, line)
            line += len(lines)
        else:
            whole = len(rest) // np.dtype(dtype).itemsize * np.dtype(dtype).itemsize
            values, rest = np.frombuffer(rest[:whole], dtype).astype(np.float64), rest[whole:]
            yield np.where(values == -32768, np.nan, values) if kind == "i16" else values
    if dtype is None:
        yield _numbers([rest] if rest.strip() else [], line)
    elif rest:
        raise InputError(f"standard input ends within a sample: {len(rest)} bytes are left over; is it --format {kind}?")


def _numbers(lines, before):
    try:
        return np.array([float(text) for text in lines if text.strip()])
    except ValueError:
        for k, text in enumerate(lines):
            try:
                float(text or 0)
            except ValueError:
                raise InputError(f"standard input, line {before + k + 1}: {text[:40].decode(errors='replace')!r} is no number; "
                                 "one number a line is expected, or --format i16, i32, f32, f64") from None
        raise


def replay(signal, fs, speed):
    """Chunks of a recording, a tenth of a second at a time, at `speed` times real time; 0: as fast as they are taken."""
    size, start = max(1, round(0.1 * fs)), time.monotonic()
    for i in range(0, len(signal), size):
        if speed:
            time.sleep(max(0.0, start + i / fs / speed - time.monotonic()))
        yield signal[i:i + size]


def as_json(event):
    return json.dumps({"type": type(event).__name__.lower(), **event._asdict()})


class Lines:
    """Events as lines for people: every provisional label, the final one where it is another, alarms."""

    def __init__(self):
        self._said = {}

    def __call__(self, event):
        """One line, or None for an event that tells a reader nothing new."""
        clock = f"{int(event.time_s // 3600):02d}:{int(event.time_s // 60 % 60):02d}:{event.time_s % 60:06.3f}"
        if isinstance(event, Alarm):
            words = {"v_run": "run of V", "lead_off": "lead off"}.get(event.name, event.name)
            figures = [f"{event.duration_s:.1f} s"] + ([f"{event.beats} beats"] if event.beats else [])
            figures += [f"{event.rate_bpm:.0f}/min"] if event.rate_bpm else []
            return f"{clock}  {'ALARM' if event.state == 'on' else 'ended'}  {words}: {', '.join(figures)}"
        if event.stage == "provisional":
            self._said[event.sample] = event.label
        elif self._said.pop(event.sample, "none") in (event.label, "none"):
            return None
        rate = "" if event.rr_s is None else f"{60 / event.rr_s:5.0f}/min"
        sure = "" if event.confidence is None else f"{100 * event.confidence:4.0f} %"
        return f"{clock}  {event.label or '?'}  {sure:>6} {rate:>9}" + ("" if event.stage == "provisional" else "  final")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="a recording to replay, or - for a pipe; without it a synthetic "
                        "minute is replayed")
    records.add_options(parser)
    parser.add_argument("--invert", choices=("yes", "no"), default="no", help="turn a lead that lies upside down")
    parser.add_argument("--format", choices=FORMATS, default="text", help="of a pipe: one number a line, or little-endian binary")
    parser.add_argument("--speed", type=float, help="replay at so many times real time; 0: as fast as possible (without it: 1, "
                        "and 0 for the synthetic minute)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, both labels of every beat")
    parser.add_argument("--model", default="auto", help="auto: the best single-beat model; or a name, or a .pth or .onnx file")
    parser.add_argument("--final", default="auto", metavar="MODEL", help="what gives the final labels: a context model by name "
                        "or file; single: the same as --model; auto: the context model where there is one")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    parser.add_argument("--pause", type=float, default=holter.LONG_PAUSE, help="s without a beat before the alarm")
    parser.add_argument("--tachycardia", type=float, default=holter.TACHYCARDIA,
                        help="alarm above this rate over 8 RR intervals, 1/min")
    parser.add_argument("--bradycardia", type=float, default=holter.BRADYCARDIA,
                        help="alarm below this rate over 8 RR intervals, 1/min")
    parser.add_argument("--agreement", action="store_true", help="replay the FILEs as fast as possible; print how provisional, "
                        "final and offline labels agree, and how late labels and alarms are")
    args = parser.parse_args(argv)

    limits = {"pause": args.pause, "tachycardia": args.tachycardia, "bradycardia": args.bradycardia}
    if args.speed is not None and not args.speed >= 0:
        raise InputError(f"--speed {args.speed:g}: give how many times real time, or 0 for as fast as possible")
    if args.agreement:
        return _agreement(args, limits)
    if len(args.files) > 1:
        raise InputError(f"{len(args.files)} FILEs: one stream at a time (--agreement takes several)")
    if args.files == ["-"]:
        if args.fs is None:
            raise InputError("a pipe does not tell its sampling rate: give --fs in Hz")
        fs, chunks = args.fs, read_stream(sys.stdin.buffer, args.format)
    elif args.files:
        recording = records.read_recording(args.files[0], args.lead, args.fs, args.unit)
        fs, chunks = recording.fs, replay(recording.signal, recording.fs, 1 if args.speed is None else args.speed)
    else:
        from Noisy_ECG_Signal import synthetic_recording
        made = synthetic_recording(60)
        print("no FILE: a synthetic minute, no patient's ECG", file=sys.stderr)
        fs, chunks = made.fs, replay(made.signal, made.fs, args.speed or 0)
    try:
        monitor = Monitor(fs, **_models(args), **limits)
    except ValueError as error:
        raise InputError(error) from None
    line = as_json if args.json else Lines()
    sign = -1.0 if args.invert == "yes" else 1.0
    for chunk in chunks:
        _print(monitor.push(sign * chunk), line)
    _print(monitor.finish(), line)


def _print(events, line):
    for text in map(line, events):
        if text is not None:
            print(text, flush=True)


def _agreement(args, limits):
    if not args.files or "-" in args.files:
        raise InputError("--agreement replays recordings: name at least one FILE")
    models, results = _models(args), []
    for file in tqdm(args.files, desc="replaying", unit="recording", disable=None):
        recording = records.read_recording(file, args.lead, args.fs, args.unit)
        signal = -recording.signal if args.invert == "yes" else recording.signal
        results.append((recording.name, agreement(signal, recording.fs, **models, **limits)[0]))
    print_agreement(results)


if __name__ == "__main__":
    artifacts.run(main)
