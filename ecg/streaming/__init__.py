"""Monitoring as a state machine: samples in, beats and alarms out, memory bounded for days.

    monitor = Monitor(fs, predict, context)
    for event in monitor.push(samples): ...     # (n,) of one lead or (n, leads): Beat, Alarm or
                                                # Rhythm
    for event in monitor.finish(): ...          # what the end of the stream decides

    samples   chunks of a pipe, or of a recording that is replayed
    hum       strong hum, found every few seconds and taken out
    signal    the samples of all leads that are kept
    finding   R peaks in all leads over the last 15 s, what of these cannot be read, lead off
    silence   no beats: pause and asystole, or noise
    likeness  whether the last beats look like those before them
    judging   the context model's looks at the beats so far: final labels, what the V alarms go by
    rhythm    the rhythm of the last half minute every 10 s, atrial fibrillation
    fibrillation  of the ventricles, asked for each second; what its waves can be taken for waits
    monitor   the order of things: what is done at each look at the stream
    events    a beat, a rhythm; what a monitor asks: Predict, Context, Noise, RhythmNow,
              FibrillationNow

The stream is looked at every 0.25 s of its own clock, always over the same stretch, so the size of
the chunks changes nothing. R peaks are those of ecg.rpeaks over the last 15 s, taken once 0.4 s old
and never taken back. What a beat is labelled when, monitor.py at the top says; the alarms are in
ecg/alarms.py."""

from ecg.alarms import Alarm
from ecg.streaming.events import (
    Beat,
    Context,
    Event,
    FibrillationNow,
    Noise,
    Predict,
    Rhythm,
    RhythmNow,
)
from ecg.streaming.finding import LEARN
from ecg.streaming.monitor import HOP, Monitor

__all__ = [
    "HOP",
    "LEARN",
    "Alarm",
    "Beat",
    "Context",
    "Event",
    "FibrillationNow",
    "Monitor",
    "Noise",
    "Predict",
    "Rhythm",
    "RhythmNow",
]
