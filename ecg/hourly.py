"""The table of a long recording hour by hour: rates, ectopic beats and their company, pauses.

    from ecg.hourly import hourly
    hourly(samples, labels, fs, n_samples, unreadable, clock)[0]["mean_bpm"]

What a pause, a run or a rate is, ecg/holter.py defines; its events are counted here, each in the
hour in which it begins, so that the rows add up to the summary. ecg.hrv.by_period with seconds=3600
and the same clock has the same hours."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ecg import holter
from ecg.beats import CLASSES, checked_beats
from ecg.clock import Clock
from ecg.stretches import covered, overlapping, period_of, periods, within

HOUR = 3600.0  # s
COUNTED = ("v_couplets", "s_couplets", "v_runs", "s_runs", "pauses")  # groups of events


def hourly(
    samples: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable = (),
    clock: Clock = Clock(),
    summary: dict | None = None,
) -> list[dict]:
    """A dict of each hour, in order, that json.dumps takes.

    samples, labels, fs (Hz), n_samples: as in ecg.beats.checked_beats, whose ValueError it raises.
    unreadable: (start, stop) or (start, stop, reason) in samples, stop excluded. clock: where it is
    known, hours are those of the clock (10:00 to 11:00) and the first and the last may be shorter;
    otherwise they count from the start. summary: what ecg.holter.summary gave for the same beats;
    without it that is computed.

    Keys: start_s, stop_s (from the start of the recording); clock (text of the start, None where
    it is not known); beats (of any label); mean_bpm, min_bpm, max_bpm (as in the summary, of the
    intervals and windows that end in the hour; None where there are none); S, V (beats);
    v_couplets, s_couplets, v_runs, s_runs, pauses (how many begin in the hour);
    unreadable_percent."""
    spans = [stretch[:2] for stretch in unreadable]
    samples, labels = checked_beats(samples, labels, fs, n_samples)
    if summary is None:
        summary = holter.summary(samples, labels, fs, n_samples, spans)
    lost = within(spans, n_samples)
    valid = ~overlapping(samples[:-1], samples[1:], lost)
    edges = periods(n_samples, HOUR * fs, -(clock.first or 0.0) * fs)
    start = (edges[:-1] / fs).tolist()
    columns: dict[str, list[Any]] = {
        "start_s": start,
        "stop_s": (edges[1:] / fs).tolist(),
        "clock": [clock(second) if clock.known else None for second in start],
        "beats": _number(samples, edges),
        **holter.rates_between(samples, valid, fs, edges),
        **{c: _number(samples[labels == CLASSES.index(c)], edges) for c in "SV"},
    }
    for name in COUNTED:
        begins = np.array([e["sample"] for e in summary[name]["events"]], np.int64)
        columns[name] = _number(begins, edges)
    columns["unreadable_percent"] = (100.0 * covered(lost, edges) / np.diff(edges)).tolist()
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def _number(at, edges):
    """How many of the samples `at` lie in each period between the `edges`."""
    return np.bincount(period_of(edges, at), minlength=len(edges) - 1).tolist()
