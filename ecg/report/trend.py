"""Heart rate and events over the recording, as SVG."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from ecg import stretches
from ecg.beats import CLASS_COLORS
from ecg.clock import Clock
from ecg.report.page_text import number
from ecg.report.rhythm_band import BAND, rhythm_band
from ecg.rhythm.names import episodes_of
from ecg.rpeaks import Unreadable
from ecg.tachogram import rate_over_time


class EventKind(NamedTuple):
    """A kind of event in the summary: its key there, its name and its colour in the page."""

    key: str
    name: str
    color: str


# in the order of the page
EVENTS = (
    EventKind("v_runs", "V runs", CLASS_COLORS["V"]),
    EventKind("v_couplets", "V couplets", CLASS_COLORS["V"]),
    EventKind("v_bigeminy", "V bigeminy", CLASS_COLORS["V"]),
    EventKind("v_trigeminy", "V trigeminy", CLASS_COLORS["V"]),
    EventKind("s_runs", "S runs", CLASS_COLORS["S"]),
    EventKind("s_couplets", "S couplets", CLASS_COLORS["S"]),
    EventKind("s_bigeminy", "S bigeminy", CLASS_COLORS["S"]),
    EventKind("s_trigeminy", "S trigeminy", CLASS_COLORS["S"]),
    EventKind("pauses", "Pauses", "#56B4E9"),
    EventKind("tachycardia", "Tachycardia", "#777777"),
    EventKind("bradycardia", "Bradycardia", "#777777"),
)
# s between labels
TIME_STEPS = (5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800)
# pixels
WIDTH, LEFT, RIGHT, TOP = 760, 74, 8, 20
SPAN = WIDTH - LEFT - RIGHT
PLOT, LANE = 130, 15  # height of the heart rate, and of a kind of event below it


class Lane(NamedTuple):
    """A kind of event: its name (HTML), colour, and (time, duration) of each in s."""

    name: str
    color: str
    events: list[tuple[float, float]]


class Scale(NamedTuple):
    """Where time (s) and heart rate (beats/min) lie in the picture."""

    duration: float
    low: float
    high: float

    def x(self, t: float) -> float:
        return LEFT + SPAN * t / self.duration

    def y(self, bpm: float) -> float:
        share = (np.clip(bpm, self.low, self.high) - self.low) / (self.high - self.low)
        return TOP + PLOT * (1 - share)


def trend_svg(
    table: pd.DataFrame,
    summary: dict,
    unreadable: Sequence[Unreadable],
    fs: float,
    translate: Callable[..., Markup],
    clock: Clock = Clock(),
) -> Markup:
    """Heart rate over the recording, where it cannot be read, below it the rhythm where it is
    known, and a lane for every kind of event that occurs.

    table, summary: as of ecg.report.write_report. unreadable: (start, stop, reason) in samples at
    `fs` Hz. translate: of page_text.page_translator, for text in SVG. clock: what writes times."""
    duration = max(summary["duration_s"], 1e-9)
    rate = rate_over_time(table, summary, unreadable, fs)
    scale = Scale(duration, *rate.limits())
    episodes = episodes_of(table.attrs.get("rhythm"))
    lanes = _lanes(table, summary, fs, translate)
    top = TOP + PLOT + 8 + (BAND if episodes else 0)  # of the first lane
    height = top + LANE * len(lanes) + 24
    parts = [
        f'<svg class="trend" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{_told(summary, translate)}" '
        f'data-left="{LEFT}" data-right="{WIDTH - RIGHT}" data-width="{WIDTH}">',
        *_unreadable(unreadable, fs, scale),
        *_rate_axis(scale),
        f'<text class="axis" x="0" y="10">{translate("beats/min")}</text>',
        *_time_axis(scale, height, clock),
        *_curves(rate, scale),
        *rhythm_band(episodes, scale.x, (LEFT, TOP + PLOT + 8), translate, clock),
        *(mark for k, lane in enumerate(lanes) for mark in _marks(lane, top + k * LANE, scale)),
    ]
    return Markup("".join(parts) + "</svg>")


# ------------------------------------------------------------------------------ what is to be shown


def _told(summary, translate):
    """The picture in words, for who cannot see it; the tables beside it hold the rest."""
    rate = summary["heart_rate"]
    low, high = (number(rate[f"{end}_bpm"]) for end in ("min", "max"))
    text = translate("Heart rate over time, {low} to {high} beats/min", low=low, high=high)
    return escape(text.striptags())


def _lanes(table, summary, fs, translate):
    lanes = [
        Lane(translate(name), color, [(e["time_s"], e["duration_s"]) for e in events["events"]])
        for key, name, color in EVENTS
        if (events := summary[key])["count"]
    ]
    for name in ("S", "V"):
        times = table["sample"].to_numpy()[table["label"].to_numpy() == name] / fs
        if len(times):
            title = translate("{label} beats", label=name)
            lanes.insert(0, Lane(title, CLASS_COLORS[name], [(t, 0) for t in times]))
    return lanes


# ----------------------------------------------------------------------------- how it is drawn


def _unreadable(unreadable, fs, scale) -> Iterator[str]:
    for start, stop, _ in unreadable:
        x, width = scale.x(start / fs), max(SPAN * (stop - start) / fs / scale.duration, 0.5)
        yield f'<rect class="lost" x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{PLOT}"/>'


def _rate_axis(scale) -> Iterator[str]:
    step = next(s for s in (10, 20, 25, 50, 100) if (scale.high - scale.low) / s <= 6)
    for bpm in np.arange(np.ceil(scale.low / step) * step, scale.high + 1, step):
        yield (
            f'<path class="rule" d="M{LEFT} {scale.y(bpm):.1f}H{WIDTH - RIGHT}"/>'
            f'<text class="axis end" x="{LEFT - 6}" y="{scale.y(bpm) + 4:.1f}">{bpm:.0f}</text>'
        )


def _time_axis(scale, height, clock) -> Iterator[str]:
    step = next((s for s in TIME_STEPS if scale.duration / s <= 9), TIME_STEPS[-1])
    for at, text in clock.ticks(0.0, scale.duration, step):
        x = scale.x(at)
        anchor = "" if x < LEFT + 24 else "end" if x > WIDTH - 24 else "middle"
        yield (
            f'<path class="rule" d="M{x:.1f} {TOP}V{height - 22}"/>'
            f'<text class="axis {anchor}" x="{x:.1f}" y="{height - 8}">{text}</text>'
        )


def _curves(rate, scale) -> Iterator[str]:
    """The area between lowest and highest rate, and the line of the mean."""
    x = [f"{scale.x(t):.1f}" for t in rate.t]
    mean, lowest, highest = (
        [f"{scale.y(bpm):.1f}" for bpm in bpms] for bpms in (rate.mean, rate.lowest, rate.highest)
    )
    known = np.isfinite(rate.lowest) & np.isfinite(rate.highest)
    for first, last in stretches.runs_of(known):
        upper = [f"{x[k]},{highest[k]}" for k in range(first, last)]
        lower = [f"{x[k]},{lowest[k]}" for k in reversed(range(first, last))]
        yield f'<polygon class="range" points="{" ".join(upper + lower)}"/>'
    for first, last in stretches.runs_of(np.isfinite(rate.mean)):
        points = " ".join(f"{x[k]},{mean[k]}" for k in range(first, last))
        yield f'<polyline class="rate" points="{points}"/>'


def _marks(lane, y, scale) -> Iterator[str]:
    """The events of the lane at `y`; those that fall on the same pixel are one mark, the darker the
    more."""
    yield (
        f'<text class="axis end" x="{LEFT - 6}" y="{y + 10}">{lane.name}</text>'
        f'<path class="rule" d="M{LEFT} {y + 13}H{WIDTH - RIGHT}"/>'
    )
    cells: Counter[tuple[int, int]] = Counter()
    for time, length in lane.events:
        left, right = int(scale.x(time)), int(scale.x(time + length))
        cells[left, max(right - left, 1)] += 1
    most = max(cells.values())
    for (x, width), n in cells.items():
        yield (
            f'<rect x="{x}" y="{y + 1}" width="{width}" height="11" fill="{lane.color}" '
            f'opacity="{0.35 + 0.65 * n / most:.2f}"/>'
        )
