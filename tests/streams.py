"""Made-up streams for the tests of the monitor: narrow N and wide V beats, and predictors that know
them."""

import numpy as np

from ecg import beats
from ecg.streaming import Alarm, Beat, Monitor

FS = 360


def wide_is_v(rows):
    """V where the QRS complex is wide, as in `strip`; else N."""
    ids = np.where((np.asarray(rows)[:, :14] > 0.45).sum(axis=1) > 3, 2, 0)
    return ids, np.full(len(ids), 0.9), None


def fingerprint(rows):
    """A class that any change of any sample of the row would change: equal labels are equal
    rows."""
    ids = (np.asarray(rows).astype(np.float64) @ np.linspace(1e4, 2e4, beats.WIDTH)).astype(
        np.int64
    ) % 5
    return ids, np.full(len(ids), 0.9), None


def strip(letters, rr, fs=FS, tail=3.0, noise=0.01):
    """(signal, R peaks) of narrow N and wide V beats; rr: s before each beat after the first, one
    value or one a beat."""
    times = np.append(1.0, 1.0 + np.cumsum(np.broadcast_to(rr, len(letters) - 1)))
    t = np.arange(int((times[-1] + tail) * fs)) / fs
    x = noise * np.random.default_rng(0).standard_normal(len(t)).cumsum() / 10
    x = x - np.convolve(x, np.ones(fs) / fs, "same") + noise * np.sin(2 * np.pi * 0.3 * t)
    for at, letter in zip(times, letters):
        width, height, t_wave = (0.03, 1.6, -0.4) if letter == "V" else (0.012, 1.0, 0.2)
        x += height * np.exp(-0.5 * ((t - at) / width) ** 2) + t_wave * np.exp(
            -0.5 * ((t - at - 0.28) / 0.05) ** 2
        )
    return x, np.rint(times * fs).astype(int)


def v_by_width(leads, fs, r_peaks, by_second):
    """A context model that knows the wide beats of `strip` by their height."""
    return np.eye(5)[np.where(leads[0][r_peaks] > 1.3, 2, 0)]


def stream(x, fs=FS, predict=wide_is_v, chunk=None, **more):
    m = Monitor(fs, predict, **more)
    chunk = chunk or len(x)
    events = [e for i in range(0, len(x), chunk) for e in m.push(x[i : i + chunk])]
    return events + m.finish()


def alarms(events, name=None):
    return [
        (e.name, e.state) if name is None else e
        for e in events
        if isinstance(e, Alarm) and name in (None, e.name)
    ]


def labelled(events, stage):
    return [e for e in events if isinstance(e, Beat) and e.stage == stage]
