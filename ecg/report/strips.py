"""The stretches of a recording that are most worth a look: the strips of the page."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from ecg.formats.recording import Recording
from ecg.report.data import UNSURE
from ecg.report.page_text import number
from ecg.rhythm.names import episodes_of

STRIP_S = 7.0  # s of a printed strip: 175 mm, which A4 holds
MOST_STRIPS = 16
MOST_UNCERTAIN = 3  # strips of beats that the model is not sure of

# key and member of the summary's events, title, s of the strip before it
EVENTS = (
    ("v_runs", "longest", "Longest V run: {beats} beats, {rate}/min", 1.2),
    ("v_runs", "fastest", "Fastest V run: {beats} beats, {rate}/min", 1.2),
    ("s_runs", "longest", "Longest S run: {beats} beats, {rate}/min", 1.2),
    ("s_runs", "fastest", "Fastest S run: {beats} beats, {rate}/min", 1.2),
    ("pauses", "longest", "Longest pause: {seconds} s", 2.0),
)
RATES = (
    ("max", "Fastest: {rate}/min over 8 intervals"),
    ("min", "Slowest: {rate}/min over 8 intervals"),
)
MORE_EVENTS = (
    ("v_couplets", "fastest", "V couplet: {rate}/min", 2.0),
    ("v_bigeminy", "longest", "Longest V bigeminy: {seconds} s", 1.2),
    ("v_trigeminy", "longest", "Longest V trigeminy: {seconds} s", 1.2),
    ("s_couplets", "fastest", "S couplet: {rate}/min", 2.0),
    ("s_bigeminy", "longest", "Longest S bigeminy: {seconds} s", 1.2),
)
# rhythm, title of its longest episode: 2 s before it begins are shown
RHYTHMS = (
    ("VF", "Longest ventricular fibrillation or flutter"),
    ("AF", "Longest atrial fibrillation or flutter"),
)


class Sight(NamedTuple):
    """Something worth a look: its title (HTML), its time in s, and how many s before it are to be
    shown."""

    title: str
    time: float
    before: float


class Strip(NamedTuple):
    """A strip of the page: its title (HTML), the s it starts at, and the s of what the title is
    about."""

    title: str
    start: float
    mark: float


def choose_strips(
    recording: Recording, table: pd.DataFrame, summary: dict, translate: Callable[..., str]
) -> list[Strip]:
    """The stretches most worth a look. Those that would show the same are one."""
    seconds = table["sample"].to_numpy() / recording.fs
    labels = table["label"].to_numpy()
    unknown = np.full(len(table), np.nan)
    confidence = table["confidence"].to_numpy(float) if "confidence" in table else unknown
    sights = [
        *_rhythms(table, translate),
        *_events(summary, EVENTS, translate),
        *_rates(summary["heart_rate"], translate),
        *_events(summary, MORE_EVENTS, translate),
        *_surest(seconds, labels, confidence, translate),
        *_least_certain(seconds, labels, confidence, translate),
        Sight(translate("First seconds"), 0.0, 0.0),
    ]
    return _strips(sights, len(recording.signal) / recording.fs)


def _rhythms(table, translate) -> Iterator[Sight]:
    for name, title in RHYTHMS:
        mine = [e for e in episodes_of(table.attrs.get("rhythm")) if e["rhythm"] == name]
        if mine:
            longest = max(mine, key=lambda each: each["end_s"] - each["start_s"])
            yield Sight(translate(title), longest["start_s"], 2.0)


def _events(summary, events, translate) -> Iterator[Sight]:
    for key, which, title, before in events:
        event = summary[key][which]
        if event:
            rate = number(event.get("rate_bpm"))
            seconds = number(event["duration_s"], ".1f")
            title = translate(title, beats=event.get("beats"), rate=rate, seconds=seconds)
            yield Sight(title, event["time_s"], before)


def _rates(rate, translate) -> Iterator[Sight]:
    for key, title in RATES:
        if rate[f"{key}_bpm"] is not None:
            title = translate(title, rate=number(rate[f"{key}_bpm"]))
            yield Sight(title, rate[f"{key}_time_s"], 0.6)


def _surest(seconds, labels, confidence, translate) -> Iterator[Sight]:
    """Of each class but N, the beat that the model is most sure of."""
    for name in ("V", "S", "F", "Q"):
        mine = np.flatnonzero(labels == name)
        if len(mine):
            best = mine[np.argmax(np.nan_to_num(confidence[mine], nan=0.0))]
            yield Sight(translate("Surest {label} beat", label=name), seconds[best], 3.0)


def _least_certain(seconds, labels, confidence, translate) -> Iterator[Sight]:
    """The beats that the model is least sure of, a strip apart."""
    taken: list[float] = []
    for k in np.argsort(np.nan_to_num(confidence, nan=2.0), kind="stable")[:200]:
        if not confidence[k] < UNSURE or len(taken) == MOST_UNCERTAIN:
            break
        if all(abs(seconds[k] - other) > STRIP_S for other in taken):
            taken.append(seconds[k])
            title = "Least certain: {label}, {confidence:.0%}"
            title = translate(title, label=labels[k], confidence=confidence[k])
            yield Sight(title, seconds[k], 3.0)


def _strips(sights: list[Sight], duration: float) -> list[Strip]:
    """A strip for each sight, those that one strip shows together."""
    strips: list[Strip] = []
    for title, time, before in sights:
        start = float(np.clip(time - before, 0, max(duration - STRIP_S, 0)))
        same = (k for k, strip in enumerate(strips) if _shows(strip.start, start, time))
        if (k := next(same, None)) is not None:
            titles = strips[k].title + (Markup(" · ") + title)
            strips[k] = strips[k]._replace(title=titles)
        elif len(strips) < MOST_STRIPS:
            strips.append(Strip(title, start, time))
    return strips


def _shows(begin, start, time):
    """Whether the strip that begins at `begin` shows well what another, from `start` on, would."""
    return begin + 0.3 < time < begin + STRIP_S - 2.5 or begin == start
