"""The columns of a table that have to do with time: each one judged by what it holds."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.times.names import names_time
from ecg.formats.times.numbers import (
    BACK_SHARE,
    LIKELY_FS,
    LOOKED_AT,
    Numbers,
    is_even,
    judge_numbers,
    read_numbers,
    unwrap,
)
from ecg.formats.times.stamps import FEWEST_STAMPS, stamps, typical_step, without_holes
from ecg.formats.times.written import (
    MISSING,
    Written,
    days_of,
    how_written,
    read_cells,
    read_column,
)

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

CELLS = 300  # of a column of text, by which it is judged
NOON = 43200.0  # s
EIGHT_DIGITS = 1980_01_01, 2060_12_31  # a date as one number
FOURTEEN_DIGITS = 1980_01_01_00_00_00, 2060_12_31_23_59_59  # and with its time


class Clock(NamedTuple):
    """A column that has to do with time.

    number: of the column. values: (n,) numbers, or text that is a clock. kind: how they run or are
    written. fs: rows per second, nan of what is no clock. even: whether each row has a time of its
    own. sure: whether its unit is known. first: when the first row is, of a column of moments.
    text: (n,) where the numbers were written in another way than numbers are."""

    number: int
    name: str
    values: "pd.Series"
    kind: Numbers | Written
    fs: float = np.nan
    even: bool = False
    sure: bool = True
    first: datetime.datetime | None = None
    text: "pd.Series | None" = None

    @property
    def counts(self) -> bool:
        """Whether it counts samples."""
        return isinstance(self.kind, Numbers) and self.kind.counts

    @property
    def of_a_day(self) -> bool:
        """Whether it counts from a known day, or tells the date."""
        if isinstance(self.kind, Written):
            return self.kind.date
        return self.kind.origin is not None or self.first is not None

    @property
    def only_date(self) -> bool:
        """Whether it tells a date and no time."""
        return isinstance(self.kind, Written) and not self.kind.clock


@np.errstate(all="ignore")
def judge(
    number: int,
    column: "pd.Series",
    name: str,
    fs: float | None = None,
    start: datetime.date | None = None,
) -> Clock | None:
    """Column `number`, (n,) numbers, text or moments, as a Clock; None where it has nothing to do
    with time. fs: Hz, start: the day it starts, as the file says them elsewhere."""
    kind, first, text = column.dtype.kind, None, None
    if len(column) == 0 or kind == "b":
        return None
    if kind in "mM":  # as other formats than text have them
        first = column.iloc[0].to_pydatetime() if kind == "M" and column.notna().iloc[0] else None
        column, name = (column - column.dropna().min()) / np.timedelta64(1, "s"), "time (s)"
    elif kind not in "iuf":
        cells = _some(column)
        written = how_written(cells, start)
        if written is not None and (written.codes != ("D",) or names_time(name)):
            return _judge_written(number, column, name, written)
        if not _as_numbers(cells).notna().mean() > 0.9:
            return None
        if judge_numbers(_as_numbers(column.iloc[:LOOKED_AT]), name, fs) is None:
            return None
        column, text = _as_numbers(column), column
    elif names_time(name) and (dates := _eight_digits(column)) is not None:
        if (written := how_written(dates.iloc[:1].tolist())) is not None:
            return Clock(number, name, dates, written)
    elif (read := _fourteen_digits(column)) is not None:
        (column, first), name = read, "time (s)"
    judged = judge_numbers(column, name, fs)
    if judged is None:
        return None
    return Clock(number, name, column, judged, judged.fs, judged.even, judged.sure, first, text)


def read_clock(clock: Clock, path: Path) -> np.ndarray:
    """(n,) what a clock shows since its first row: s, or samples where it counts them; NaN where a
    row has no time. Raises InputError where one cannot be read."""
    if isinstance(clock.kind, Written):
        return _since_first(_unwrapped(read_column(clock.values, clock.kind, path), clock.kind))
    since = read_numbers(clock.values, clock.kind)
    if clock.text is not None:
        for row in np.flatnonzero(np.isnan(since)):
            if str(clock.text.iloc[row]).strip(" \"'\t").lower() not in MISSING:
                raise InputError(f"{path}: the time in row {row + 1} of its table cannot be read")
    return since


def read_with_dates(clock: Clock, dates: Clock, path: Path) -> np.ndarray:
    """As read_clock of a clock of the day, with the `dates` of another column."""
    assert isinstance(clock.kind, Written) and isinstance(dates.kind, Written)
    times = read_column(clock.values, clock.kind, path)
    return _since_first(times + read_column(dates.values, dates.kind, path))


def first_moment(clock: Clock) -> tuple[int | None, float, float | None] | None:
    """(day since 1970 or None, s of that day, s ahead of UTC or None) of the first row of a Clock
    that is Written; None where the row does not tell."""
    assert isinstance(clock.kind, Written)
    days, seconds, zone = read_cells(clock.values.iloc[:1].to_numpy(dtype=object), clock.kind)
    if np.isnan(seconds[0]):
        return None
    zoned = clock.kind.utc or "z" in clock.kind.codes
    return (
        int(days[0]) if clock.kind.date else None,
        float(seconds[0]),
        float(zone[0]) if zoned else None,
    )


# ---------------------------------------------------------------------------------------- of text


def _some(column):
    """Cells from the beginning of a column and from all over it, as text."""
    first = column.iloc[: CELLS // 2].astype(str).tolist()
    spread = column.iloc[:: -(-len(column) // CELLS)].astype(str).tolist()
    return [*first, *spread, str(column.iloc[-1])]


def _as_numbers(cells):
    """Cells of text as numbers, with a comma or in quotes say; NaN for what is none."""
    import pandas as pd

    text = pd.Series(cells).astype(str).str.strip(" \"'\t").str.replace(",", ".")
    return pd.to_numeric(text, errors="coerce")


def _eight_digits(column):
    """Dates that are numbers, 20260726, as text; None where a column holds others."""
    if not column.iloc[:: -(-len(column) // CELLS)].between(*EIGHT_DIGITS).all():
        return None
    days = column.unique()
    if len(days) > 10 or not column.between(*EIGHT_DIGITS).all() or (days % 1).any():
        return None
    return column.map({day: f"{day:.0f}" for day in days})


def _fourteen_digits(column):
    """(s, the first moment) of moments that are numbers, 20260726215626.765 or without the point;
    None where a column holds others."""
    import pandas as pd

    scale = 1000 if column.iloc[0] > FOURTEEN_DIGITS[1] else 1
    low, high = (limit * scale for limit in FOURTEEN_DIGITS)
    if not low <= column.iloc[0] <= high or not column.between(low, high).all():
        return None
    numbers = column.to_numpy() / scale if scale == 1 else column.to_numpy().astype(np.int64)
    days, clock = np.divmod(numbers, 1_000_000 * scale)
    days, valid = days_of({"D": days.astype(np.int64)})
    hours, clock = np.divmod(clock, 10_000 * scale)
    minutes, s = np.divmod(clock, 100 * scale)
    s = s / scale
    if not np.all(valid & (hours < 24) & (minutes < 60) & (s < 61)):
        return None
    times = 86400.0 * (days - days[0]) + 3600.0 * hours + 60.0 * minutes + s
    first = datetime.datetime(1970, 1, 1) + datetime.timedelta(int(days[0]), float(times[0]))
    return pd.Series(times - times[0]), first


def _judge_written(number, column, name, written):
    """A column of text, `written` as clocks or dates, as a Clock."""
    dumb = Clock(number, name, column, written)
    if not written.clock:
        return dumb
    paces = [pace for way in _ways(written) if (pace := _pace(column, way)) is not None]
    if not paces:
        return dumb
    best = min(paces, key=lambda pace: pace.back)
    return dumb._replace(kind=best.written, fs=1 / best.step, even=best.even)


class _Pace(NamedTuple):
    """How a clock runs that is so `written`: step, s from row to row; even: whether each row has
    its own time; back: share of the steps that go back."""

    written: Written
    step: float
    even: bool
    back: float


def _ways(written: Written) -> Sequence[Written]:
    """How a clock may be meant: as it looks, or 10:00:05.4 as 4 ms, 75:03 as minutes and s."""
    codes = written.codes
    if "f" in codes:
        return written, written._replace(codes=tuple("i" if c == "f" else c for c in codes))
    if codes == ("h", "m") and not written.half:
        return written, written._replace(codes=("m", "s"))
    return (written,)


def _pace(column, written):
    """How a clock runs that is so `written`, None where it does not run as one."""
    stride, times = 1, _looked_at(column, written, 1)
    few = times is None or np.count_nonzero(np.diff(times)) < FEWEST_STAMPS
    if few and len(column) > LOOKED_AT:
        stride = -(-len(column) // LOOKED_AT)
        times = _looked_at(column, written, stride)
    if times is None:
        return None
    rows, steps = stamps(times), np.diff(times)
    step = typical_step(times, rows) / stride
    back = float(np.mean(steps < 0)) if steps.max(initial=-1) > 0 else 0.0
    if back > BACK_SHARE[0] or not step or np.isnan(step):
        return None
    if written.codes == ("h", "m") and not LIKELY_FS[0] <= 1 / step <= LIKELY_FS[1]:
        return None
    even = stride == 1 and rows is None and step > 0 and is_even(steps)
    return _Pace(written, step, even, back)


def _looked_at(column, written, stride):
    """The times of the rows by which a clock is judged, None where too few can be read."""
    cells = column.iloc[: LOOKED_AT * stride : stride].to_numpy(dtype=object)
    days, seconds, zone = read_cells(cells, written)
    times, _ = without_holes(86400.0 * days + seconds - zone)
    return times if times is None or len(times) < 2 else _unwrapped(times, written)


def _unwrapped(times, written):
    """`times` (n,) in s that go on after midnight; after noon where the clock has twelve hours."""
    period = written.period
    if not np.isfinite(period):
        return times
    back = np.diff(times)
    back = back[back < 0]
    if len(back) and np.nanmax(times) < NOON + 3600 and abs(np.median(back) + NOON) < 60:
        period = NOON
    return unwrap(times, period) if len(back) else times


def _since_first(times):
    times -= times[0 if np.isfinite(times[0]) else np.argmax(np.isfinite(times))]
    return times
