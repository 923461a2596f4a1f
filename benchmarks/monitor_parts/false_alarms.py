"""False alarms per hour, and which events raise one, over annotated records.

What is true is the reference annotation's: runs and couplets of V, RR intervals of 3 s and 4 s or
more, 8 successive intervals above 100 or below 50/min. Fibrillation and flutter waves are no beats:
what overlaps them is neither true nor false. An alarm that is withdrawn is false, whatever it was
raised for, and raises nothing."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ecg import holter
from ecg.alarms import ASYSTOLE, COUPLET, NAMES, RUN, Alarm
from ecg.beats import CLASSES, classes_of
from ecg.formats.annotation import Annotation
from ecg.streaming import Context, Monitor
from ecg.stretches import merged, overlapping

LONG_RUN = 5  # V: from so many on a run is counted apart
WITHIN = 0.15  # s: an R peak of the reference and one that was found are the same
FIBRILLATION = "[", "]", "!"  # where it begins, ends, and a flutter wave
# rows of the table: (what is printed, the alarm, beats from, to)
ROWS = (
    ("v_run", "v_run", RUN, None),
    ("  of 5 or more", "v_run", LONG_RUN, None),
    ("  of 3 or 4", "v_run", RUN, LONG_RUN - 1),
    *((name, name, None, None) for name in NAMES if name != "v_run"),
)


class Raised(NamedTuple):
    """An alarm: from, to, when it was raised, in s; whether it was withdrawn."""

    start: float
    stop: float
    at: float
    withdrawn: bool


class Event(NamedTuple):
    """What should raise an alarm: from, to, the moment that defines it, in s; beats of a run."""

    start: float
    stop: float
    due: float
    beats: int = 0


class RecordAlarms(NamedTuple):
    """hours of a record; of each alarm what was raised, what should have been, and what is not
    judged, (k, 2) s."""

    name: str
    hours: float
    raised: dict[str, list[Raised]]
    events: dict[str, list[Event]]
    unjudged: np.ndarray


def replay_record(
    name: str,
    leads: Sequence[np.ndarray],
    fs: float,
    annotation: Annotation,
    context: Context,
    **more: Any,
) -> RecordAlarms:
    """The alarms of a record beside those of its annotation. leads: (n,) each. more: for the
    Monitor. Only alarms are asked for: no single-beat model is."""
    monitor = Monitor(fs, _no_label, context, single=True, **more)
    events = monitor.push(np.column_stack(leads)) + monitor.finish()
    end = len(leads[0]) / fs
    alarms = [event for event in events if isinstance(event, Alarm)]
    return RecordAlarms(
        name,
        end / 3600,
        {each: raised_alarms(alarms, each, end) for each in NAMES},
        true_events(annotation, fs, monitor.alarms.silence | {"asystole": ASYSTOLE}),
        fibrillation(annotation, fs, end),
    )


def _no_label(rows):
    return np.zeros(len(rows), np.int64), np.zeros(len(rows)), np.zeros((len(rows), len(CLASSES)))


def raised_alarms(alarms: Sequence[Alarm], name: str, end: float) -> list[Raised]:
    """The alarms of this name in the order in which they were raised; one that is still on lasts to
    `end`, in s."""
    raised: list[Raised] = []
    for alarm in alarms:
        if alarm.name != name:
            continue
        if alarm.state == "on":
            raised.append(Raised(alarm.time_s, end, alarm.at_s, False))
            continue
        stop = alarm.time_s + alarm.duration_s
        k = max(k for k, each in enumerate(raised) if each.start == alarm.time_s)
        raised[k] = raised[k]._replace(stop=stop, withdrawn=alarm.state == "withdrawn")
    return raised


def true_events(
    annotation: Annotation, fs: float, silence: dict[str, float]
) -> dict[str, list[Event]]:
    """What the annotation says should raise each alarm. silence: limits in s of pause and
    asystole."""
    classes = classes_of(annotation.symbols)
    beat = classes >= 0
    times, labels = annotation.samples[beat] / fs, classes[beat]
    order = np.argsort(times, kind="stable")
    times, labels = times[order], labels[order]
    times, first = np.unique(times, return_index=True)
    labels = labels[first]
    events: dict[str, list[Event]] = {name: [] for name in NAMES}
    bounds = np.flatnonzero(np.diff(np.concatenate([[0], labels == CLASSES.index("V"), [0]])))
    for a, b in bounds.reshape(-1, 2):
        name, least = ("v_run", RUN) if b - a >= RUN else ("v_couplet", COUPLET)
        if b - a >= COUPLET:
            due = times[a + least - 1]
            events[name].append(Event(times[a], times[b - 1], float(due), int(b - a)))
    for name, limit in silence.items():
        long = np.flatnonzero(np.diff(times) >= limit)
        events[name] = [Event(times[k], times[k + 1], times[k] + limit) for k in long]
    samples = np.rint(times * fs).astype(np.int64)
    summary = holter.summary(samples, labels, fs, int(samples[-1]) + 1 if len(samples) else 1)
    for name in ("tachycardia", "bradycardia"):
        for event in summary[name]["events"]:
            first_beat = np.searchsorted(samples, event["sample"])
            due = float(times[first_beat + holter.WINDOW])
            start = event["time_s"]
            events[name].append(Event(start, start + event["duration_s"], due))
    return events


def fibrillation(annotation: Annotation, fs: float, end: float) -> np.ndarray:
    """(k, 2) s: ventricular fibrillation and flutter, from the beat before to the beat after."""
    spans, since = [], None
    for sample, symbol in zip(annotation.samples / fs, annotation.symbols):
        if symbol == FIBRILLATION[0]:
            since = sample
        elif symbol == FIBRILLATION[1] and since is not None:
            spans.append((since, sample))
            since = None
        elif symbol == FIBRILLATION[2]:
            spans.append((sample, sample + WITHIN))
    spans += [] if since is None else [(since, end)]
    spans = [(start - 2.0, stop + 2.0) for start, stop in spans]
    return merged(np.array(spans, np.float64).reshape(-1, 2))


# ------------------------------------------------------------------------------------- the table


def judged(record: RecordAlarms, name: str) -> tuple[list[Event], list[bool], list[float], int]:
    """(the events of this name that are judged, which of them raised an alarm, s from the moment
    that defines each to its alarm, how many alarms are false)."""

    def outside(each):
        span = np.array([each.start]), np.array([each.stop])
        return not overlapping(*span, record.unjudged)[0]

    raised = [each for each in record.raised[name] if outside(each)]
    events = [each for each in record.events[name] if outside(each)]
    found, delays = [], []
    for event in events:
        own = [r.at for r in raised if not r.withdrawn and _meet(r, event)]
        found.append(bool(own))
        delays += [min(own) - event.due] if own else []
    false = sum(r.withdrawn or not any(_meet(r, event) for event in events) for r in raised)
    return events, found, delays, false


def _meet(raised, event):
    return raised.start <= event.stop + WITHIN and raised.stop >= event.start - WITHIN


def table(records: Sequence[RecordAlarms]) -> list[dict[str, Any]]:
    """A line for each of ROWS: {"row", "events", "found", "alarms", "withdrawn", "false",
    "false_per_hour", "delay_median_s", "delay_max_s"}; what does not apply is None."""
    hours = sum(record.hours for record in records)
    lines = []
    for row, name, least, most in ROWS:
        events, found, delays, false, alarms, withdrawn = 0, 0, [], 0, 0, 0
        for record in records:
            of, hit, late, wrong = judged(record, name)
            which = [
                least is None or least <= event.beats and (most is None or event.beats <= most)
                for event in of
            ]
            events += sum(which)
            found += sum(h for h, w in zip(hit, which) if w)
            delays += late
            false += wrong
            alarms += len(record.raised[name])
            withdrawn += sum(each.withdrawn for each in record.raised[name])
        part = row.startswith(" ")
        truth = name not in ("lead_off", "noise")
        lines.append(
            {
                "row": row,
                "events": events if truth else None,
                "found": found if truth else None,
                "alarms": None if part else alarms,
                "withdrawn": None if part else withdrawn,
                "false": false if truth and not part else None,
                "false_per_hour": false / hours if truth and not part else None,
                "per_hour": None if part else alarms / hours,
                "delay_median_s": float(np.median(delays)) if delays and not part else None,
                "delay_max_s": float(max(delays)) if delays and not part else None,
            }
        )
    return lines


def print_table(records: Sequence[RecordAlarms]) -> None:
    hours = sum(record.hours for record in records)
    print(
        f"{len(records)} records, {hours:.1f} h; delay in s after the moment that defines an alarm"
    )
    print("an alarm of lead_off or noise has no reference: it is counted only\n")
    print("alarm             events   found  alarms withdrawn  false  false/h  median     max")
    for line in table(records):
        cells = [
            f"{'-' if value is None else value:>{width}}"
            for value, width in zip(
                (line[k] for k in ("events", "found", "alarms", "withdrawn", "false")),
                (8, 8, 8, 10, 7),
            )
        ]
        cells += [
            f"{'-':>8}" if line[k] is None else f"{line[k]:8.2f}"
            for k in ("false_per_hour", "delay_median_s", "delay_max_s")
        ]
        print(f"{line['row']:<16}" + "".join(cells))
