"""The time columns of a text table: which columns are clocks, counters or dates, which of the
clocks is believed, when the recording starts.

A clock is known by what it holds, its name only helps: see times/numbers.py for numbers,
times/written.py for text. What rate and gaps the times tell is for times/even.py."""

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.times.columns import first_moment, judge, read_clock, read_with_dates
from ecg.formats.times.even import even_rows
from ecg.formats.times.numbers import Numbers
from ecg.formats.times.written import Written

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

DISAGREE = 0.05, 0.1  # rates of clocks differ by more than counted rows do, in even ones and others
SINCE_START = re.compile(r"elapsed|relative|duration|since|verstrichen|écoul", re.IGNORECASE)
BIRTH = re.compile(
    r"birth|born|\bdob\b|geb|naiss|nacim|nascit|nascim|рожд|出生|生日|생년", re.IGNORECASE
)
UNITS = {
    1.0: "seconds",
    1e-3: "milliseconds",
    1e-6: "microseconds",
    1e-9: "nanoseconds",
    86400.0: "days",
}
DAY = 86400  # s
EPOCH = datetime.date(1970, 1, 1).toordinal()
FIRST_DAY = 3652  # since 1970: 1980


class TimeAxis(NamedTuple):
    """What the columns of a table say of time.

    columns: numbers of all that are clocks, counters or dates, or run one way for ever: none of
    them is the ECG. seconds: (n,) float64 since the first row, NaN where a row has no time; None
    where no column tells it. start: by the clock, of the first row; None where no clock says it;
    its zone is UTC where the clock keeps that. notes: what was concluded."""

    columns: tuple[int, ...]
    seconds: np.ndarray | None
    start: datetime.datetime | datetime.time | None
    notes: tuple[str, ...]


@np.errstate(all="ignore")
def time_axis(
    columns: "Sequence[pd.Series]",
    names: Sequence[str],
    path: Path,
    start_date: datetime.date | None = None,
    fs: float | None = None,
    read: bool = True,
) -> TimeAxis:
    """The time columns among `columns`, (n,) each, numbers or text, called `names` ("" without).

    start_date: the day on which the recording starts, fs: Hz, where the file says them elsewhere.
    read: whether `seconds` are wanted. Raises InputError where a time cannot be read."""
    found = [
        clock
        for k, (column, name) in enumerate(zip(columns, names))
        if (clock := judge(k, column, name, fs, start_date)) is not None
    ]
    numbers, start = tuple(clock.number for clock in found), _start(found, start_date)
    if not read:
        return TimeAxis(numbers, None, start, ())
    counter = max((c for c in found if c.counts), key=lambda c: c.kind.period, default=None)
    believed, notes = _believed([clock for clock in found if not np.isnan(clock.fs)])
    if believed is None:
        return TimeAxis(numbers, _counted(counter, fs, path), start, ())
    dates = _dates(found)
    if dates is not None and _of_the_day(believed) and _changes(dates.values):
        seconds = read_with_dates(believed, dates, path)
    else:
        seconds = read_clock(believed, path)
    if counter is not None and not believed.even:
        seconds, more = _by_counter(seconds, believed, counter, path, fs)
        notes += more
    return TimeAxis(numbers, seconds, start, notes)


# ------------------------------------------------------------------------------ which is believed


def _believed(clocks):
    """(the clock whose times are taken or None, notes): one in which each row has its own time
    before one whose times rows share; what tells its unit before what does not, unless its rate
    agrees with what others say; what counts from a known day, and is measured, before what counts
    from the start, and may be made up."""
    if not clocks:
        return None, ()

    running = [clock for clock in clocks if clock.fs > 0]  # one that falls is refused by others

    def rank(clock):
        alone = not clock.sure and not all(_agree(clock, o) for o in running if o.sure)
        return clock.fs <= 0, alone, not clock.even, not clock.sure, not clock.of_a_day

    best = min(clocks, key=rank)
    notes: tuple[str, ...] = ()
    if not best.sure:
        unit = UNITS[best.kind.unit]
        notes = (f"the time column is taken in {unit}: {best.fs:.5g} samples per second",)
    for other in running:
        if other.sure and not _agree(best, other):
            notes += (
                f"{_called(best)} tells {best.fs:.4g} samples per second, {_called(other)} "
                f"{other.fs:.4g}: the first is taken",
            )
    return best, notes


def _agree(clock, other):
    return abs(clock.fs / other.fs - 1) <= DISAGREE[0 if clock.even and other.even else 1]


def _called(clock):
    return f"column {clock.name or clock.number}"


# ------------------------------------------------------------------------------------- what counts


def _counted(counter, fs, path):
    """(n,) s by a counter alone, where the rate is known and it leaves samples out; else None."""
    if counter is None or fs is None:
        return None
    samples = read_clock(counter, path)
    return samples / fs if samples[-1] > len(samples) - 1 else None


def _by_counter(seconds, clock, counter, path, fs):
    """((n,) s, notes): the counter says which sample a row is, the times that rows share, (n,) in
    `seconds`, only how fast they follow, and how long it stood where it began anew meanwhile."""
    samples = read_clock(counter, path)
    try:
        rows = even_rows(seconds, path, fs)
    except InputError:
        if fs is None:
            raise
        return samples / fs, ()
    if not np.isfinite(samples).all():
        return seconds, ()
    round_ = counter.kind.period / counter.kind.step
    if rows.place is not None and np.isfinite(round_):
        steps = np.diff(samples)
        rounds = np.maximum(np.rint((np.diff(rows.place) - steps) / round_), 0)
        samples = np.append(samples[0], samples[0] + np.cumsum(steps + round_ * rounds))
    if fs is not None:
        return samples / rows.fs, ()
    note = (
        f"{_called(counter)} counts the samples, {_called(clock)} tells their rate: "
        f"{rows.fs:.5g} per second"
    )
    return samples / rows.fs, (note,)


# ------------------------------------------------------------------------------------- the start


def _dates(found):
    """The column that tells the date alone, None without."""
    dates = (clock for clock in found if clock.only_date and clock.kind.date)
    return next((clock for clock in dates if not BIRTH.search(clock.name)), None)


def _of_the_day(clock):
    """Whether a clock is text that tells the time of a day it does not name."""
    return isinstance(clock.kind, Written) and not clock.of_a_day and clock.kind.period == DAY


def _changes(column):
    return bool((column != column.iloc[0]).any())


def _start(found, start_date):
    """When the first row is: by a clock that keeps the local time before one that keeps UTC."""
    written = [clock for clock in found if isinstance(clock.kind, Written)]
    if (moment := next((clock.first for clock in found if clock.first), None)) is not None:
        return moment
    origins = [
        date
        for clock in found
        if isinstance(clock.kind, Numbers)
        and clock.kind.origin is not None
        and (date := clock.kind.origin.date(float(clock.values.iloc[0]))) is not None
    ]
    for clock in sorted(written, key=lambda clock: not clock.of_a_day):
        if clock.kind.clock and (start := _written_start(clock, found, origins, start_date)):
            return start
    return min(origins, key=lambda date: date.tzinfo is not None, default=None)


def _written_start(clock, found, origins, start_date):
    """The first moment of a clock that is text, with its date if anything tells it; None where it
    runs since the start."""
    moment = first_moment(clock)
    if moment is None:
        return None
    day, seconds, zone = moment
    if day is not None and day < FIRST_DAY:
        day = None  # 1900-01-01 10:00:00: a program that has no time without a date
    dates = _dates(found)
    if day is None and dates is not None and (date := first_moment(dates)) is not None:
        day = date[0]
    if day is None:
        hours = not {"h", "T"}.isdisjoint(clock.kind.codes) and "k" not in clock.kind.codes
        if not hours or SINCE_START.search(clock.name):
            return None
        if not (3600 <= seconds < DAY or clock.kind.half):
            return None  # in its first hour: it may as well count from the start
    start = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds % DAY)
    if day is not None:
        start = datetime.datetime.combine(datetime.date.fromordinal(EPOCH + day), start.time())
    elif start_date is not None:
        start = datetime.datetime.combine(start_date, start.time())
    elif origins:
        start = _nearest(start.time(), origins[0].replace(tzinfo=None))
    else:
        return start.time()
    if zone is not None:
        start = start.replace(tzinfo=datetime.timezone(datetime.timedelta(seconds=zone)))
    return start


def _nearest(clock, moment):
    """The day and time at which a clock shows `clock`, nearest to `moment`."""
    days = [moment.date() + datetime.timedelta(days=day) for day in (-1, 0, 1)]
    return min(
        (datetime.datetime.combine(day, clock) for day in days), key=lambda at: abs(at - moment)
    )
