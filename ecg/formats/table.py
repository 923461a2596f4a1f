"""A table of columns, whatever file it came from, as the channels of a recording: which columns are
clocks, at what rate the rows follow, which of the others hold numbers."""

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.fields import HIGHEST_HZ, LOWEST_HZ, check
from ecg.formats.leads import is_something_else
from ecg.formats.recording import Channel, Contents, Facts, Given
from ecg.formats.text.cells import is_missing, is_number
from ecg.formats.text.columns import column_numbers
from ecg.formats.text.says import Converter
from ecg.formats.times import TimeAxis, time_axis
from ecg.formats.times.even import even_rows
from ecg.formats.units import is_plain

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

LOOKED_AT = 1000  # cells of a column of text: more than half of them are numbers in a signal


def contents_of_table(
    columns: "Sequence[pd.Series]",
    names: Sequence[str],
    units: Sequence[str | None],
    fs: float | None,
    unit: str | None,
    facts: Facts,
    notes: tuple[str, ...],
    given: Given,
    path: Path,
    *,
    kinds: Sequence[str] = (),
    converters: Sequence[Converter | None] = (),
    filters: str = "",
) -> Contents:
    """The channels of a table: all columns of numbers that are no clock and count nothing.

    columns: (n,) each. names: "" where a column has none; such a channel is called `column k`, by
    its number among all columns. units, kinds, converters: of the columns; a converter's integers
    are brought to its unit. fs (Hz), unit, facts, notes, filters: of the recording. The rate is
    that of the rows' times, unless the user gives it; rows that are missing by these times are NaN.
    Raises InputError where no column but clocks is there, or their times tell no rate."""
    if fs is not None and given.fs is None:
        check(fs, "sampling rate in Hz", path, LOWEST_HZ, HIGHEST_HZ)
    clocks = [f"{name} ({own.lower()})" if own else name for name, own in zip(names, units)]
    axis = time_axis(columns, clocks, path, facts.date, fs, read=given.fs is None)
    place = None
    notes += axis.notes
    if given.fs is None and axis.seconds is not None:
        fs, place, more = even_rows(axis.seconds, path, fs)
        notes += more
    channels = []
    for k in range(len(columns)):
        if k in axis.columns or not _is_signal(columns[k]):
            continue
        kind = kinds[k] if kinds else ""
        name, own = names[k] or f"column {k}", units[k]
        every = 1 if place is not None else _every(columns[k])
        read = _reader(columns[k], place, every, path)
        channel = Channel(name, own, fs and fs / every, read, kind)
        if not is_something_else(names[k], kind, own):
            channel = channel._replace(unit=own or unit, filters=filters)
            if converters and converters[k] and _is_whole(columns[k]):
                channel = _converted(channel, converters[k])
        channels.append(channel)
    if not channels:
        held = "a time column alone" if axis.columns else "words"
        raise InputError(f"{path} holds {held}, no ECG")
    return Contents(channels, _with_start(facts, axis), notes)


def _is_signal(column):
    """Whether a column holds numbers: text does where most of it are some."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        return True
    if pd.api.types.is_datetime64_any_dtype(column) or column.dtype.kind == "m":
        return False
    some = column.iloc[:: len(column) // LOOKED_AT + 1].dropna()
    cells = [cell for cell in some.astype(str).str.strip(" \"'") if not is_missing(cell)]
    return sum(map(is_number, cells)) > len(cells) / 2


def _every(column):
    """How many rows there are to a sample of a column: one that is sampled more slowly than others
    of its table has a cell in every second row, say."""
    if column.dtype.kind != "f" or not np.isnan(column.iloc[:LOOKED_AT].to_numpy()).any():
        return 1
    known = np.flatnonzero(~np.isnan(column.iloc[: 100 * LOOKED_AT].to_numpy()))
    steps = np.diff(known)
    if len(steps) < LOOKED_AT // 10 or known[0] != 0:
        return 1
    every = int(np.median(steps))
    return every if np.count_nonzero(steps == every) > 0.99 * len(steps) else 1


def _reader(column, place, every, path) -> Callable[[], np.ndarray]:
    """Gives the samples (n,) of a column, one from `every` so many rows, NaN where a row is missing
    by its `place`."""

    def read():
        x = column_numbers(column, path)[::every]
        if place is None:
            return x
        filled = np.full(place[-1] + 1, np.nan)
        filled[place] = x
        return filled

    return read


def _converted(channel, converter):
    """A channel of the whole numbers that a converter gave, in volts; as it is where its unit is
    known."""
    if channel.unit is not None and not is_plain(channel.unit):
        return channel
    read, (gain, zero, unit, source) = channel.read, converter
    return channel._replace(
        unit=unit,
        read=lambda: (read() - zero) / gain,
        adc=(gain, zero),
        note=f"{channel.name}: {gain:.6g}({zero:g})/{unit}, {source}",
    )


def _is_whole(column):
    """Whether the first numbers of a column are whole."""
    if column.dtype.kind not in "iuf":
        return False
    part = column.iloc[:4096].to_numpy(np.float64)
    part = part[np.isfinite(part)]
    return len(part) > 0 and bool(np.all(part == np.rint(part)))


def _with_start(facts: Facts, axis: TimeAxis) -> Facts:
    """`facts` with the start that the times tell, where the head does not."""
    start = axis.start
    if isinstance(start, datetime.time):
        return facts if facts.clock is not None else facts._replace(clock=start)
    if start is None or facts.date is not None and facts.clock is not None:
        return facts
    if facts.date is not None and facts.date != start.date():
        return facts
    clock = facts.clock if facts.date is not None or facts.clock is None else None
    return facts._replace(date=start.date(), clock=clock or start.time())
