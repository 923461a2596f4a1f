"""False alarms per hour, and which events raise one, over annotated records.

What is true is the reference annotation's: runs and couplets of V, RR intervals of 3 s and 4 s or
more, 8 successive intervals above 100 or below 50/min, the rhythm AFIB or AFL, ventricular
fibrillation and flutter. Fibrillation and flutter waves are no beats: another alarm that overlaps
them is neither true nor false. An alarm that is withdrawn is false, whatever it was raised for, and
raises nothing. Where a record has no beats or no rhythms annotated, what goes by these is counted
only."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ecg import holter
from ecg.alarms import ASYSTOLE, COUPLET, NAMES, RUN, Alarm
from ecg.beats import CLASSES, classes_of
from ecg.ec57.episodes import AF, FLUTTER, rhythm_episodes
from ecg.formats.annotation import Annotation
from ecg.streaming import Context, Monitor
from ecg.stretches import merged, overlapping
from ecg.training.vf_data import Truth

LONG_RUN = 5  # V: from so many on a run is counted apart
WITHIN = 0.15  # s: an R peak of the reference and one that was found are the same
FLUTTER_WAVE = "!"
ATRIAL, VENTRICULAR = "atrial_fibrillation", "ventricular_fibrillation"
TOLERANCE = {ATRIAL: 15.0, VENTRICULAR: 4.0}  # s: an alarm so near an episode is of it
LONG_AF = 60.0  # s: what an episode lasts that three looks of half a minute can see
LONG_VF = 8.0  # s: until then the alarm is to come
# rows of the table: (what is printed, the alarm, beats of a run or s of fibrillation from, to)
ROWS = (
    ("v_run", "v_run", RUN, None),
    ("  of 5 or more", "v_run", LONG_RUN, None),
    ("  of 3 or 4", "v_run", RUN, LONG_RUN - 1),
    *((name, name, None, None) for name in NAMES if name not in ("v_run", *TOLERANCE)),
    (ATRIAL, ATRIAL, None, None),
    ("  of 60 s or more", ATRIAL, LONG_AF, None),
    (VENTRICULAR, VENTRICULAR, None, None),
    ("  of 8 s or more", VENTRICULAR, LONG_VF, None),
)


class Raised(NamedTuple):
    """An alarm: from, to, when it was raised, in s; whether it was withdrawn."""

    start: float
    stop: float
    at: float
    withdrawn: bool


class Event(NamedTuple):
    """What should raise an alarm: from, to, the moment that defines it, in s; size: beats of a run,
    s of fibrillation."""

    start: float
    stop: float
    due: float
    size: float = 0


class RecordAlarms(NamedTuple):
    """hours of a record; of each alarm what was raised, and what should have been (no entry: the
    record does not tell); what is not judged, (k, 2) s: fibrillation of the ventricles and what is
    `unsure`, which alone is not judged of that alarm. seconds: that the replay took."""

    name: str
    hours: float
    raised: dict[str, list[Raised]]
    events: dict[str, list[Event]]
    unjudged: np.ndarray
    unsure: np.ndarray = np.zeros((0, 2))
    seconds: float = 0.0


def replay_record(
    name: str,
    leads: Sequence[np.ndarray],
    fs: float,
    annotation: Annotation | None,
    truth: Truth,
    context: Context,
    **more: Any,
) -> RecordAlarms:
    """The alarms of a record beside those of its annotation, where it has one. leads: (n,) each.
    truth: its fibrillation of the ventricles. more: for the Monitor. Only alarms are asked for: no
    single-beat model is."""
    monitor, began = Monitor(fs, _no_label, context, single=True, **more), time.process_time()
    events = monitor.push(np.column_stack(leads)) + monitor.finish()
    end = len(leads[0]) / fs
    silence = monitor.alarms.silence | {"asystole": ASYSTOLE}
    alarms = [event for event in events if isinstance(event, Alarm)]
    return RecordAlarms(
        name,
        end / 3600,
        {each: raised_alarms(alarms, each, end) for each in NAMES},
        {
            **(true_events(annotation, fs, silence) if annotation else {}),
            VENTRICULAR: [_episode(*span) for span in truth.vf / fs],
        },
        unjudged(annotation, truth, fs),
        truth.uncounted / fs,
        time.process_time() - began,
    )


def _episode(start, stop):
    return Event(start, stop, start, stop - start)


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
    """What the annotation says should raise each alarm that goes by beats, and atrial fibrillation
    where it tells rhythms. silence: limits in s of pause and asystole."""
    classes = classes_of(annotation.symbols)
    beat = classes >= 0
    times, labels = annotation.samples[beat] / fs, classes[beat]
    order = np.argsort(times, kind="stable")
    times, labels = times[order], labels[order]
    times, first = np.unique(times, return_index=True)
    labels = labels[first]
    events: dict[str, list[Event]] = {name: [] for name in NAMES if name not in TOLERANCE}
    if any(note.startswith("(") for note in annotation.notes):
        end = annotation.samples.max()
        atrial = rhythm_episodes(annotation, AF + FLUTTER, end) / fs
        events[ATRIAL] = [_episode(*span) for span in atrial]
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


def unjudged(annotation: Annotation | None, truth: Truth, fs: float) -> np.ndarray:
    """(k, 2) s: ventricular fibrillation and flutter with 2 s on either side, where the beat before
    and the one after may lie, single flutter waves, and what the truth does not tell."""
    spans = [*truth.vf / fs, *truth.uncounted / fs]
    for sample, symbol in zip(annotation.samples, annotation.symbols) if annotation else ():
        if symbol == FLUTTER_WAVE:
            spans.append((sample / fs, sample / fs + WITHIN))
    spans = [(start - 2.0, stop + 2.0) for start, stop in spans]
    return merged(np.array(spans, np.float64).reshape(-1, 2))


# ------------------------------------------------------------------------------------- the table


def judged(record: RecordAlarms, name: str) -> tuple[list[Event], list[bool], list[float], int]:
    """(the events of this name that are judged, which of them raised an alarm, s from the moment
    that defines each to its alarm, how many alarms are false)."""

    left_out = record.unsure if name == VENTRICULAR else record.unjudged
    near = TOLERANCE.get(name, WITHIN)

    def outside(each):
        span = np.array([each.start]), np.array([each.stop])
        return not overlapping(*span, left_out)[0]

    def meets(raised, event):
        return raised.start <= event.stop + near and raised.stop >= event.start - near

    events = [each for each in record.events[name] if name == VENTRICULAR or outside(each)]
    raised = [
        each
        for each in record.raised[name]
        if outside(each) or name == VENTRICULAR and any(meets(each, event) for event in events)
    ]
    found, delays = [], []
    for event in events:
        own = [r.at for r in raised if not r.withdrawn and meets(r, event)]
        found.append(bool(own))
        delays += [max(min(own) - event.due, 0.0)] if own else []
    false = sum(r.withdrawn or not any(meets(r, event) for event in events) for r in raised)
    return events, found, delays, false


def table(records: Sequence[RecordAlarms]) -> list[dict[str, Any]]:
    """A line for each of ROWS: {"row", "events", "found", "alarms", "withdrawn", "false",
    "false_per_hour", "per_hour", "delay_median_s", "delay_max_s"}; what does not apply is None."""
    return [_line(records, *row) for row in ROWS]


def _line(records, row, name, least, most):
    """What is false, and how often, is told of the records that tell the truth of it."""

    def is_sized(event):
        return (least is None or least <= event.size) and (most is None or event.size <= most)

    known = [record for record in records if name in record.events]
    events, found, delays, false = 0, 0, [], 0
    for record in known:
        of, hit, late, wrong = judged(record, name)
        events += sum(is_sized(event) for event in of)
        of_found = [event for event, h in zip(of, hit) if h]
        found += sum(map(is_sized, of_found))
        delays += [wait for event, wait in zip(of_found, late) if is_sized(event)]
        false += wrong
    raised = [each for record in records for each in record.raised[name]]
    hours, of_all = sum(each.hours for each in known), not row.startswith(" ")
    truth = bool(known) and name not in ("lead_off", "noise")
    line = {
        "row": row,
        "events": events if truth else None,
        "found": found if truth else None,
        "delay_median_s": float(np.median(delays)) if delays else None,
        "delay_max_s": float(max(delays)) if delays else None,
    }
    keys = "alarms", "withdrawn", "false", "false_per_hour", "per_hour"
    if not of_all:
        return line | dict.fromkeys(keys)
    withdrawn = sum(each.withdrawn for each in raised)
    per_hour = len(raised) / sum(record.hours for record in records)
    told = (false, false / hours) if truth else (None, None)
    return line | dict(zip(keys, (len(raised), withdrawn, *told, per_hour)))


def print_table(records: Sequence[RecordAlarms]) -> None:
    hours, seconds = (sum(getattr(each, key) for each in records) for key in ("hours", "seconds"))
    print(
        f"{len(records)} records, {hours:.1f} h, at {3600 * hours / max(seconds, 1e-9):.0f} times "
        "real time a core; delay in s after the moment that defines an alarm"
    )
    print("an alarm without a reference, of lead_off or noise, is counted only\n")
    print(f"{'alarm':<24}" + "  events   found  alarms withdrawn  false  false/h  median     max")
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
        print(f"{line['row']:<24}" + "".join(cells))
