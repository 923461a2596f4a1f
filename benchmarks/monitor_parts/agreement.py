"""The monitor held against the whole recording: agreement of labels, delay of labels and alarms."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecg import holter
from ecg.alarms import COUPLET, NAMES, RUN, Alarm
from ecg.beats import CLASSES, extract_beats
from ecg.labelling import find_beats
from ecg.streaming import LEARN, Beat, Context, Event, Monitor, Predict

# the whole recording's summary has no noise; of fibrillation benchmarks/rhythm.py and vf.py tell
HELD = [name for name in NAMES if name != "noise" and not name.endswith("fibrillation")]
# their names in ecg.holter, where they differ
EVENTS = {"v_run": "v_runs", "v_couplet": "v_couplets", "pause": "pauses", "asystole": "pauses"}


def agreement(
    leads: Sequence[np.ndarray],
    fs: float,
    predict: Predict,
    context: Context | None = None,
    **more: Any,
) -> tuple[dict, list[Event]]:
    """Replay the leads (n,) of a recording and hold what the stream gave against what the whole
    recording gives. more: for the Monitor.

    Returns (figures, events). figures, shares of the beats found both by the stream and offline
    (150 ms; the last beat has no row): {"beats_stream", "beats_offline", "both",
    "provisional_final", "final_offline", "provisional_offline", "v_offline", "v_provisional" (of
    the former, found by provisional label), "v_provisional_more" (others called V),
    "provisional_delay_s" {"median", "p99", "max", "late": beats over 0.7 s} after the next R peak,
    "final_delay_s" after the one after that (with a context model: after the beat itself, late over
    60 s), "speed": times real time on one core, "alarms": {name: {"events" (offline, ecg.holter),
    "alarms", "missed", "false", "delay_median_s", "delay_max_s"}}}. An alarm's delay counts from
    the moment that defines it: R peak of the third V, R peak that brings the mean of 8 beyond its
    limit, end of the limit of the pause or asystole, R peak of the second V of a couplet. Shares
    are None where there is nothing to share. Delays leave out the first 3 s."""
    monitor, began = Monitor(fs, predict, context, **more), time.process_time()
    events = monitor.push(np.column_stack(leads)) + monitor.finish()
    took = time.process_time() - began
    beats = [event for event in events if isinstance(event, Beat)]
    final = sorted((e for e in beats if e.stage == "final"), key=lambda e: e.sample)
    provisional = {e.sample: e for e in beats if e.stage == "provisional"}
    found = find_beats(leads, fs)
    peaks, n = found.peaks, len(leads[0])
    labels = _offline_labels(leads, fs, found, predict, context)
    summary = holter.summary(peaks, labels, fs, n, [s[:2] for s in found.unreadable])
    figures = {
        **_label_figures(final, provisional, peaks, labels, fs),
        **_delay_figures(final, provisional, fs, context is not None),
        "speed": n / fs / max(took, 1e-9),
        "alarms": _alarm_figures(monitor.alarms, events, summary, peaks, n / fs),
    }
    return figures, events


def _offline_labels(leads, fs, found, predict, context):
    """Class index (m,) of every beat by the whole recording, -1 where no row could be cut and no
    second lead shows it."""
    peaks = found.peaks
    rows, positions = extract_beats(leads[0], peaks, fs)
    at = np.searchsorted(peaks, positions)
    at, rows = at[found.lead[at] == 0], rows[found.lead[at] == 0]
    labels = np.full(len(peaks), -1)
    if context is None:
        labels[at] = predict(rows)[0] if len(rows) else []
    elif len(peaks):
        by_second = found.lead == 1
        probabilities = context(leads[:2], fs, peaks, by_second)
        judged = np.where(np.isfinite(probabilities[:, 0]), probabilities.argmax(axis=1), -1)
        at = np.union1d(at, np.flatnonzero(by_second))
        labels[at] = judged[at]
    return labels


def _label_figures(final, provisional, peaks, labels, fs):
    r = np.array([e.sample for e in final], dtype=np.int64)
    partner = _nearest(r, peaks, 0.15 * fs)
    trio = np.array(
        [
            [_id(provisional[e.sample].label), _id(e.label), labels[k]]
            for e, k in zip(final, partner)
            if k >= 0 and e.sample in provisional
        ]
    ).reshape(-1, 3)
    first, last, offline = trio[(trio >= 0).all(axis=1)].T
    v = CLASSES.index("V")
    return {
        "beats_stream": len(r),
        "beats_offline": len(peaks),
        "both": int((partner >= 0).sum()),
        "provisional_final": _share(first == last),
        "final_offline": _share(last == offline),
        "provisional_offline": _share(first == offline),
        "v_offline": int((offline == v).sum()),
        "v_provisional": int(((first == v) & (offline == v)).sum()),
        "v_provisional_more": int(((first == v) & (offline != v)).sum()),
    }


def _delay_figures(final, provisional, fs, with_context):
    r = [e.sample for e in final]
    settled = [k for k in range(len(r) - 1) if r[k] / fs > LEARN]
    first = [provisional[r[k]].at_s - r[k + 1] / fs for k in settled if r[k] in provisional]
    ahead = 0 if with_context else 2  # R peaks after the beat at which its final label is due
    last = [final[k].at_s - r[k + ahead] / fs for k in settled if k + 2 < len(r)]
    return {
        "provisional_delay_s": _delays(first, 0.7),
        "final_delay_s": _delays(last, 60.0 if with_context else 0.7),
    }


def _alarm_figures(alarms, events, summary, peaks, end):
    """How the alarms of a stream stand to the events of the whole recording."""
    figures = {}
    for name in HELD:
        spans = _alarm_spans(events, name, end)
        group = summary.get(EVENTS.get(name, name), {"events": []})["events"]
        if name in alarms.silence:
            limit = alarms.silence[name]
            group = [e for e in group if e["duration_s"] >= limit and not e["open"]]
        true = [(e["time_s"], e["time_s"] + e["duration_s"]) for e in group]
        delays = []
        for (a, b), event in zip(true, group):  # the first alarm of each, unless one was on already
            at = min((at for start, stop, at in spans if a <= stop and b >= start), default=-1.0)
            if at >= a:
                delays.append(float(at - _due(name, event, alarms, peaks)))
        missed = (not any(a <= stop and b >= start for start, stop, _ in spans) for a, b in true)
        false = (not any(a <= stop and b >= start for a, b in true) for start, stop, _ in spans)
        figures[name] = {
            "events": len(true),
            "alarms": len(spans),
            "missed": sum(missed),
            "false": sum(false),
            "delay_median_s": float(np.median(delays)) if delays else None,
            "delay_max_s": float(max(delays)) if delays else None,
        }
    return figures


def _alarm_spans(events, name, end):
    """[from, to, when it was raised] in s of each alarm of this name."""
    spans = []
    for alarm in (e for e in events if isinstance(e, Alarm) and e.name == name):
        if alarm.state == "on":
            spans.append([alarm.time_s, end, alarm.at_s])
        elif alarm.state == "off":
            spans[-1][1] = max(alarm.time_s + alarm.duration_s, spans[-1][2])
    return spans


def _due(name, event, alarms, peaks):
    """Time in s of the moment that defines the alarm of an event."""
    if name in alarms.silence:
        return event["time_s"] + alarms.silence[name]
    first = np.searchsorted(peaks, event["sample"])
    beats = {"v_run": RUN - 1, "v_couplet": COUPLET - 1}.get(name, holter.WINDOW)
    return peaks[first + beats] / alarms.fs


def _nearest(test, reference, within):
    """For each of `test` the index of the nearest of `reference`, or -1 where none is within that
    many samples."""
    if len(reference) == 0:
        return np.full(len(test), -1)
    k = np.clip(np.searchsorted(reference, test), 1, max(len(reference) - 1, 1))
    k = np.where(
        np.abs(reference[k - 1] - test)
        <= np.abs(reference[np.minimum(k, len(reference) - 1)] - test),
        k - 1,
        k,
    )
    k = np.minimum(k, len(reference) - 1)
    return np.where(np.abs(reference[k] - test) <= within, k, -1)


def _id(label):
    return -1 if label is None else CLASSES.index(label)


def _share(flags):
    return float(np.mean(flags)) if len(flags) else None


def _delays(seconds, limit):
    if not seconds:
        return {"median": None, "p99": None, "max": None, "late": 0}
    return {
        "median": float(np.median(seconds)),
        "p99": float(np.percentile(seconds, 99)),
        "max": float(max(seconds)),
        "late": int(np.sum(np.array(seconds) > limit)),
    }


def _percent(value):
    return "     -" if value is None else f"{100 * value:6.2f}"


def print_agreement(results: Sequence[tuple[str, dict]]) -> None:
    """results: (name of the recording, figures of `agreement`) of each."""
    print("labels of the stream; agreement in percent of the beats that both found,")
    print("V by the provisional label\n")
    print(
        "record       stream offline    both  prov=final final=offline prov=offline  "
        "V offl. found  more"
    )
    for name, f in results:
        keys = "provisional_final", "final_offline", "provisional_offline"
        shares = "       ".join(_percent(f[key]) for key in keys)
        print(
            f"{name:<10} {f['beats_stream']:>8,} {f['beats_offline']:>7,} {f['both']:>7,}      "
            f"{shares} {f['v_offline']:>8,} {f['v_provisional']:>6,} {f['v_provisional_more']:>5,}"
        )
    print(
        "\ndelay in s: of the provisional label after the next R peak; of the final one after the "
        "R "
        "peak after that\n(context model: after the beat); late: beats over 0.7 s (final by the "
        "context model: 60 s)\n"
    )
    print("record      median    p99    max     late | median    p99    max     late")
    for name, f in results:
        cells = [_delay_cells(f[key]) for key in ("provisional_delay_s", "final_delay_s")]
        print(f"{name:<10} " + " | ".join(cells))
    print(
        "\nalarms against the events of the whole recording; delay in s after the moment that "
        "defines them\n"
    )
    print("alarm         events  alarms  missed  false  median    max")
    for alarm in HELD:
        print(_alarm_line(alarm, [f["alarms"][alarm] for _, f in results]))
    speeds = ", ".join(f"{name} {f['speed']:.0f}" for name, f in results)
    print(f"\ntimes real time on one core: {speeds}")


def _delay_cells(delays):
    values = [delays[key] for key in ("median", "p99", "max")]
    cells = " ".join("     -" if value is None else f"{value:6.2f}" for value in values)
    return f"{cells} {delays['late']:>8,}"


def _alarm_line(name, parts):
    events, alarms, missed, false = (
        sum(part[key] for part in parts) for key in ("events", "alarms", "missed", "false")
    )
    known = [part for part in parts if part["delay_max_s"] is not None]
    median = f"{np.median([p['delay_median_s'] for p in known]):6.2f}" if known else "     -"
    most = f"{max(p['delay_max_s'] for p in known):6.2f}" if known else "     -"
    return f"{name:<12} {events:>7,} {alarms:>7,} {missed:>7,} {false:>6,}  {median} {most}"
