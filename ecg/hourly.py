"""The table of a long recording hour by hour: rates, ectopic beats and their company, pauses, AF.

    from ecg.hourly import hourly, hourly_of
    hourly(samples, labels, fs, n_samples, unreadable, clock)[0]["mean_bpm"]
    hourly_of(beats, recording.facts)  # of a table of beats as ecg.labelling gives it

What a pause, a run or a rate is, ecg/holter.py defines; its events are counted here, each in the
hour in which it begins, so that the rows add up to the summary. ecg.hrv.by_period with seconds=3600
and the same clock has the same hours."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ecg import holter
from ecg.beats import CLASSES, checked_beats
from ecg.clock import Clock, clock_of, elapsed
from ecg.formats.recording import Facts
from ecg.hrv import by_period, withheld_in
from ecg.rhythm.written import stretches
from ecg.stretches import covered, overlapping, period_of, periods, within, without

HOUR = 3600.0  # s
LONG = 7200.0  # s: a longer recording has a table of its hours
COUNTED = ("v_couplets", "s_couplets", "v_runs", "s_runs", "pauses")  # groups of events


def hourly(
    samples: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable = (),
    clock: Clock = Clock(),
    summary: dict | None = None,
    rhythm: dict | None = None,
) -> list[dict]:
    """A dict of each hour, in order, that json.dumps takes.

    samples, labels, fs (Hz), n_samples: as in ecg.beats.checked_beats, whose ValueError it raises.
    unreadable: (start, stop) or (start, stop, reason) in samples, stop excluded. clock: where it is
    known, hours are those of the clock (10:00 to 11:00) and the first and the last may be shorter;
    otherwise they count from the start. summary: what ecg.holter.summary gave for the same beats;
    without it that is computed. rhythm: as ecg.rhythm.track.Rhythm.as_dict gives it.

    Keys: start_s, stop_s (from the start of the recording); clock (text of the start, None where
    it is not known); beats (of any label); mean_bpm, min_bpm, max_bpm (as in the summary, of the
    intervals and windows that end in the hour; None where there are none); S, V (beats);
    v_couplets, s_couplets, v_runs, s_runs, pauses (how many begin in the hour);
    unreadable_percent; af_percent (of the readable time, None where the rhythm is not known or
    nothing can be read); hrv (ecg.hrv.Hrv of the hour as a dict, withheld in AF and noise)."""
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
    columns["af_percent"] = _af_percent(rhythm, fs, lost, edges)
    withheld = withheld_in(rhythm, fs)
    by_hour = by_period(samples, labels, fs, n_samples, spans, withheld, HOUR, clock)
    columns["hrv"] = [_without_times(each) for each in by_hour]
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def hourly_of(
    beats: pd.DataFrame, facts: Facts = Facts(), summary: dict | None = None
) -> list[dict] | None:
    """`hourly` of a table of beats as ecg.labelling.Labelled holds it, by the clock that `facts`
    tell; None for a recording of LONG or less."""
    a = beats.attrs
    seconds = a["n_samples"] / a["fs"]
    if seconds <= LONG:
        return None
    clock = clock_of(facts, seconds)
    known = a["fs"], a["n_samples"], a["unreadable"], clock, summary, a.get("rhythm")
    return hourly(beats["sample"], beats["label"], *known)


def hourly_text(rows: list[dict]) -> Iterator[str]:
    """The lines of the table for the terminal."""
    names = ("beats", "mean", "min", "max", "S", "V", "pairs", "runs", "pauses", "AF %", "lost %")
    head = "hour" if rows and rows[0]["clock"] is None else "clock"
    width = max([len(head), *(len(_hour(row)) for row in rows)])
    yield f"  {head:<{width}}" + "".join(f"{name:>8}" for name in names)
    for row in rows:
        values = (
            *(row[key] for key in ("beats", "mean_bpm", "min_bpm", "max_bpm", "S", "V")),
            row["v_couplets"] + row["s_couplets"],
            row["v_runs"] + row["s_runs"],
            *(row[key] for key in ("pauses", "af_percent", "unreadable_percent")),
        )
        cells = ("-" if value is None else f"{value:,.0f}" for value in values)
        yield f"  {_hour(row):<{width}}" + "".join(f"{cell:>8}" for cell in cells)


def _hour(row):
    return elapsed(row["start_s"]) if row["clock"] is None else row["clock"]


def _without_times(period):
    return {key: value for key, value in period.items() if key not in ("start_s", "stop_s")}


def _af_percent(rhythm, fs, lost, edges):
    """Share of the readable time of each period that is AF."""
    if rhythm is None or rhythm["of_recording"] is None:
        return [None] * (len(edges) - 1)
    af, noise = stretches(rhythm, "AF", fs), stretches(rhythm, "noise", fs)
    gone = np.array(
        without(within([*noise, *lost], edges[-1]), stretches(rhythm, "VF", fs)), np.int64
    ).reshape(-1, 2)
    time = covered(np.array(without(af, gone), np.int64).reshape(-1, 2), edges)
    readable = np.diff(edges) - covered(gone, edges)
    return [100.0 * t / r if r else None for t, r in zip(time.tolist(), readable.tolist())]


def _number(at, edges):
    """How many of the samples `at` lie in each period between the `edges`."""
    return np.bincount(period_of(edges, at), minlength=len(edges) - 1).tolist()
