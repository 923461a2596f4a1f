"""A strip of ECG paper with its labels, as SVG.

Printed at its size it is 25 mm/s and 10 mm/mV; the unit inside is 0.01 mm.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from ecg.beats import CLASS_COLORS, CLASSES, UNLABELLED
from ecg.clock import Clock
from ecg.formats.recording import Lead, Recording
from ecg.report.data import UNSURE, BeatColumns
from ecg.report.strips import STRIP_S
from ecg.rhythm.names import RHYTHM_SHORT, episodes_of

PER_S, PER_MV = 2500, 1000
LEAST_MV = 2.0, 1.5  # that the first and the second lead have
BAND = 850  # above the trace, for the labels
RHYTHM = 300  # below the trace, for the rhythm where it is known
THICK, THIN = 250, 90  # its bar, and that of sinus rhythm
ROOM = 1100  # that a name takes
HALF_LABEL = 190  # half the width that a label needs
FASTEST = 500  # Hz: of faster recordings the extremes of every 4 ms are drawn


class Trace(NamedTuple):
    """A lead in the strip: its name, its signal (n,) in mV, NaN where samples are missing, the
    lowest and highest mV drawn, and the y of the lowest."""

    name: str
    ecg: np.ndarray
    low: float
    high: float
    floor: int


def strip_svg(
    recording: Recording,
    table: pd.DataFrame,
    columns: BeatColumns,
    start: float,
    translate: Callable[..., Markup],
    clock: Clock = Clock(),
    seconds: float = STRIP_S,
) -> Markup:
    """`seconds` of a recording from `start` s on, which `clock` writes: its lead and, below, the
    second one where there is one. columns: beat_columns of the table."""
    fs = recording.fs
    a, b = int(start * fs), min(int((start + seconds) * fs) + 1, len(recording.signal))
    traces = _traces(recording, a, b)
    floor, width = traces[-1].floor, int(seconds * PER_S)
    episodes = episodes_of(table.attrs.get("rhythm"))
    height = floor + (RHYTHM if episodes else 0)
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg class="paper" viewBox="0 0 {width} {height}" style="--mm:{width / 100:g}mm" '
        f'role="img" aria-label="{_told(traces, table, (a, b), start, clock, translate)}">',
        f'<rect {size} class="sheet"/><rect {size} fill="url(#mm)"/><rect {size} fill="url(#cm)"/>',
        *_unreadable(table, a, fs, width, floor, translate),
        *_rhythm(episodes, start, width, height, translate),
        *(f'<path class="trace" d="{_path(*_points(trace, fs))}"/>' for trace in traces),
        *_labels(table, columns, (a, b), fs, width),
        *_names(traces),
        f'<text x="60" y="{floor - 80}" class="stamp">{clock(start, 1)}</text></svg>',
    ]
    return Markup("".join(parts))


def drawn_leads(recording: Recording) -> list[Lead]:
    """The leads that the page draws: the first and, where there is one, the second."""
    return recording.used()[:2]


def _traces(recording, a, b):
    """Samples a to b of each lead, one below the other."""
    traces: list[Trace] = []
    floor = BAND
    for lead in drawn_leads(recording):
        ecg = np.asarray(lead.signal[a:b], float)
        low, high = _y_limits(ecg[np.isfinite(ecg)], LEAST_MV[len(traces)])
        floor += int(round((high - low) * PER_MV))
        traces.append(Trace(lead.name, ecg, low, high, floor))
    return traces


def _told(traces, table, span, start, clock, translate):
    """What the strip shows, for who cannot see it: leads, time, labels in their order."""
    samples = table["sample"].to_numpy()
    first, last = np.searchsorted(samples, span)
    text = translate(
        "ECG strip, {leads}, from {start}, labels: {labels}",
        leads=", ".join(trace.name for trace in traces),
        start=clock(start, 1),
        labels=" ".join(table["label"].to_numpy()[first:last]) or "–",
    )
    return escape(text.striptags())


def _names(traces):
    """The name of each lead at the upper end of its trace."""
    for trace in traces:
        top = trace.floor - (trace.high - trace.low) * PER_MV
        yield f'<text x="60" y="{top + 300:.0f}" class="stamp">{escape(trace.name)}</text>'


def _y_limits(ecg, least):
    """(low, high) in mV, on lines 0.5 mV and at least `least` mV apart: they hold the signal, but
    not a wild artefact."""
    if len(ecg) == 0:
        lowest, highest = -0.5, 1.0
    else:
        middle = float(np.median(ecg))
        reach = min(max(float(np.percentile(np.abs(ecg - middle), 99)) * 8, 1.0), 4.0)
        lowest, highest = max(ecg.min(), middle - reach), min(ecg.max(), middle + reach)
    low = np.floor(lowest / 0.5 - 0.1) * 0.5
    return low, max(np.ceil(highest / 0.5 + 0.1) * 0.5, low + least)


def _unreadable(table, a, fs, width, height, translate):
    """A rectangle over each stretch that cannot be read, and why."""
    for start, stop, reason in table.attrs.get("unreadable", []):
        left, right = max((start - a) / fs * PER_S, 0), min((stop - a) / fs * PER_S, width)
        if right > left:
            yield (
                f'<rect x="{left:.0f}" y="{BAND}" width="{right - left:.0f}" '
                f'height="{height - BAND}" class="lost"/>'
                f'<text x="{(left + right) / 2:.0f}" y="{height - 150}" class="note">'
                f"{translate(str(reason))}</text>"
            )


def _rhythm(episodes, start, width, height, translate):
    """Below the trace a bar for each episode of rhythm, thin in sinus rhythm, else with its name
    where there is room."""
    for each in episodes:
        left = max((each["start_s"] - start) * PER_S, 0)
        right = min((each["end_s"] - start) * PER_S, width)
        if right <= left:
            continue
        thick = THIN if each["rhythm"] == "N" else THICK
        top = height - RHYTHM + (RHYTHM - thick) / 2
        yield (
            f'<rect class="rhythm r{each["rhythm"]}" x="{left:.0f}" y="{top:.0f}" '
            f'width="{right - left:.0f}" height="{thick}"/>'
        )
        if thick == THICK and right - left > ROOM:
            yield (
                f'<text class="strip-rhythm" x="{left + 80:.0f}" y="{height - 70}">'
                f"{translate(RHYTHM_SHORT[each['rhythm']])}</text>"
            )


def _points(trace, fs):
    """x (k,) and y (k,) of a trace, whole numbers, NaN in y where samples are missing."""
    x = np.rint(np.arange(len(trace.ecg)) * PER_S / fs).astype(int)
    shown = np.clip(trace.ecg, trace.low, trace.high)
    y = np.rint(trace.floor - (shown - trace.low) * PER_MV)
    if fs > FASTEST:
        every = int(fs // 250)
        n = len(y) // every * every
        block = y[:n].reshape(-1, every)
        y = np.column_stack([block.min(axis=1), block.max(axis=1)]).ravel()
        x = np.repeat(x[:n:every], 2)
    return x, y


def _path(x, y):
    """SVG path through integer points, relative moves; NaN in y starts a new stroke."""
    text, pen, at = [], False, (0, 0)
    for px, py in zip(x.tolist(), y.tolist()):
        if py != py:
            pen = False
            continue
        py = int(py)
        text.append(f"l{px - at[0]} {py - at[1]}" if pen else f"M{px} {py}")
        pen, at = True, (px, py)
    return "".join(text)


def _labels(table, columns, span, fs, width):
    """A tick at every beat; where there is room its letter and confidence in percent."""
    samples = table["sample"].to_numpy()  # once: pandas copies the attrs each time
    first, last = np.searchsorted(samples, span)
    end = -np.inf
    for k in range(first, last):
        at = (int(samples[k]) - span[0]) / fs * PER_S
        letter = [*CLASSES, UNLABELLED][columns.label[k]]
        color = CLASS_COLORS.get(letter, "#777777")
        yield f'<path d="M{at:.0f} {BAND - 90}v150" stroke="{color}" class="tick"/>'
        if at - HALF_LABEL > end and 0 < at < width:
            end = at + HALF_LABEL
            yield _label(at, letter, columns.confidence[k])


def _label(at, letter, confidence):
    """confidence: in 1/250, 255 where it is not known."""
    hollow = " unsure" if confidence < UNSURE * 250 else ""
    name = "none" if letter == UNLABELLED else letter
    box = (
        f'<g class="beat{hollow} c{name}">'
        f'<rect x="{at - 170:.0f}" y="60" width="340" height="390" rx="60"/>'
        f'<text x="{at:.0f}" y="370">{letter}</text></g>'
    )
    if confidence == 255:
        return box
    return box + f'<text x="{at:.0f}" y="690" class="percent">{round(confidence / 2.5)}</text>'
