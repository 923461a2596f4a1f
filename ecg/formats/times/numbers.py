"""Columns of numbers that are clocks or counters, known by how they run and how large they are.

A clock tells its unit by its name, or by its size where it counts from a known day, or by the rate
that its steps would give."""

import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg.formats.recording import LOWEST_FS
from ecg.formats.times.names import names_count, names_time, unit_in
from ecg.formats.times.stamps import (
    FEWEST_STAMPS,
    PART,
    stamps,
    step_parts,
    typical_step,
    without_holes,
)

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

LOOKED_AT = 4096  # rows by which a column is judged
FEWEST_ROWS = 11  # by which a column without a name is taken for a clock
STEP_RANGE = 1e-12, 1e15  # of what may be a clock, in any unit
FEWEST_RISING = 300  # by which what rises or falls, and is no clock, is known not to be a signal
HIGHEST_FS = 50_000  # Hz that a clock may give
LIKELY_FS = LOWEST_FS, 5000  # Hz of one whose unit is not known and that rows share
SLOWEST_FS = 5  # Hz of a clock that counts from a known day: what runs more slowly is another unit
EVEN_SHARE = 0.05  # of the steps that may be off by a quarter where each row has its own time
# of the steps of a clock may go back, of one that says what it is and of another: what they are is
# for who reads it to say
BACK_SHARE = 0.05, 0.0005
GAPS_SHARE = 0.2  # of the steps of a counter may leave samples out
MOST_BEGIN_ANEW = 0.34  # of the steps of a counter (0 1 2 0 1 2 ...)
LONGEST_COUNT = 4096  # what begins anew before it counts, whatever its steps
# after which clocks and counters begin anew: a second, minute, hour or day, all that 3 to 32 bits
# count, and those as micros() / 1000.0 has them
PERIODS = np.array(
    sorted(
        {
            *(t * u for t in (1, 60, 3600, 43200, 86400) for u in (1, 10**3, 10**6, 10**9)),
            *(2.0**bits for bits in range(3, 33)),
            2.0**32 / 1000,
            np.inf,
        }
    )
)
UNITS = 1.0, 1e-3, 1e-6, 1e-9
STEPS = {  # by unit, in s: steps (above, up to) that are taken for its own
    1.0: (0, 1 / LOWEST_FS),
    1e-3: (1000 / LIKELY_FS[1], 1000 / LOWEST_FS),
    1e-6: (1e6 / LIKELY_FS[1], 1e6 / LOWEST_FS),
    1e-9: (1e9 / LIKELY_FS[1], 1e9 / LOWEST_FS),
}
_UTC, _LOCAL = datetime.timezone.utc, None


class Origin(NamedTuple):
    """A day from which clocks count. unit: s. day: the first, when the clock shows `offset`. years:
    of the recordings that are taken for it. zone: None where such clocks keep the local time."""

    unit: float
    day: datetime.datetime
    years: tuple[int, int]
    zone: datetime.timezone | None = _UTC
    offset: float = 0.0

    def date(self, value: float) -> datetime.datetime | None:
        """When the clock shows `value`; None where that is out of its years."""
        try:
            at = self.day + datetime.timedelta(seconds=(value - self.offset) * self.unit)
        except (OverflowError, ValueError):
            return None
        return at.replace(tzinfo=self.zone) if self.years[0] <= at.year < self.years[1] else None


def _day(year, month=1, day=1):
    return datetime.datetime(year, month, day)


ORIGINS = (
    Origin(1.0, _day(1970), (1998, 2050)),
    Origin(1e-3, _day(1970), (1998, 2050)),
    Origin(1e-6, _day(1970), (1998, 2050)),
    Origin(1e-9, _day(1970), (2012, 2050)),
    Origin(1e-9, _day(2000), (2012, 2042)),  # Polar
    Origin(86400.0, _day(1899, 12, 30), (1980, 2060), _LOCAL),  # Excel
    Origin(86400.0, _day(1970), (1980, 2060), _LOCAL, 719529.0),  # MATLAB
    Origin(1.0, _day(1904), (2008, 2050)),  # LabVIEW
    Origin(1.0, _day(2001), (2010, 2029)),  # Apple
    Origin(1e-7, _day(1), (2000, 2050), _LOCAL),  # .NET
    Origin(1e-7, _day(1601), (2000, 2050)),  # Windows
)


class Numbers(NamedTuple):
    """How a column of numbers runs.

    unit: s for 1, None where it is no clock. sure: whether it says its unit, by name or size.
    origin: from which it counts. step: between samples, in its numbers. counts: whether it counts
    samples. even: whether each row has its own number, all evenly. period: after which it begins
    anew, in its numbers, inf where it does not."""

    unit: float | None = None
    sure: bool = False
    origin: Origin | None = None
    step: float = np.nan
    counts: bool = False
    even: bool = False
    period: float = np.inf

    @property
    def fs(self) -> float:
        """Rows per second; nan of what is no clock."""
        return 1 / (self.step * self.unit) if self.unit else np.nan


@np.errstate(all="ignore")
def judge_numbers(column: "pd.Series", name: str, fs: float | None = None) -> Numbers | None:
    """What kind of clock or counter a column of numbers is, None where it does not run like one.

    name: of the column, "" without. fs: Hz that the file says elsewhere, which tells a unit."""
    timed = names_time(name) or unit_in(name) is not None
    stride, x = 1, _known(column, 1)
    if len(column) > LOOKED_AT and np.count_nonzero(np.diff(x)) < FEWEST_STAMPS:
        stride = -(-len(column) // LOOKED_AT)
        x = _known(column, stride)
    if len(x) < (2 if timed else FEWEST_ROWS) or x.min() == x.max():
        return Numbers() if names_time(name) else None
    steps = np.diff(x)
    if steps.max() <= 0:  # falls for ever; a clock that does is refused by who reads it
        step = min(-STEP_RANGE[0], float(steps.mean() / stride))
        falls = Numbers(unit_in(name) or 1.0, True, step=step)
        return falls if timed else Numbers() if len(x) >= FEWEST_RISING else None
    if np.mean(steps < 0) > MOST_BEGIN_ANEW:
        return None
    exact = _is_exact(steps)
    back = _steps_back(column)
    period = _period(back, steps, x, exact and not timed)
    at = unwrap(x.copy(), period, exact) if np.isfinite(period) else x
    rows = stamps(at)
    step = typical_step(at, rows) / stride
    kind = Numbers(step=float(step), even=stride == 1 and rows is None and is_even(np.diff(at)))
    if STEP_RANGE[0] < step < STEP_RANGE[1]:
        kind = _with_unit(kind, at, name, fs, exact, period)._replace(period=period)
    share = 0 if np.isfinite(period) else len(back) / len(column)
    if kind.unit is None and not kind.counts and (share or len(x) < FEWEST_RISING):
        return None
    return kind if share <= BACK_SHARE[0 if timed or kind.sure else 1] else None


@np.errstate(all="ignore")
def read_numbers(column: "pd.Series", kind: Numbers) -> np.ndarray:
    """(n,) what a clock or counter shows since the first row: s of a clock, samples of a counter;
    NaN where the row has no number. The column itself where it holds that."""
    whole = column.dtype.kind in "iu" and not column.hasnans
    values = column.to_numpy(np.int64) if whole else _floats(column)
    first = values[0 if np.isfinite(values[0]) else np.argmax(np.isfinite(values))]
    factor = 1 / kind.step if kind.counts else kind.unit or 1.0
    if first == 0 and factor == 1 and kind.period == np.inf and values.dtype == np.float64:
        return values
    since = (values - first).astype(np.float64, copy=False)  # whole ns have 19 digits
    if np.isfinite(kind.period):
        unwrap(since, kind.period, kind.counts)
    since *= factor
    return since


# ------------------------------------------------------------------------------------ how it runs


def _known(column, stride):
    """Numbers of the rows by which a column is judged: the first, or one in `stride`."""
    values, _ = without_holes(_floats(column.iloc[: LOOKED_AT * stride : stride]))
    return np.zeros(0) if values is None else values


def _floats(column):
    """(n,) float64 of a column of numbers, not copied where it holds nothing else."""
    if isinstance(column.dtype, np.dtype):
        values = column.to_numpy(np.float64)
    else:
        values = column.to_numpy(np.float64, na_value=np.nan)
    return values if np.isfinite(values.sum()) else np.where(np.isfinite(values), values, np.nan)


def is_even(steps: np.ndarray) -> bool:
    """Whether steps are those of rows that have their own times, up to rounding."""
    median = np.median(steps)
    quantum = np.min(np.diff(np.unique(np.round(steps / median, 6))), initial=1.0)
    off = np.abs(steps / median - 1) > 0.25 + (1.01 * quantum if quantum < 0.6 else 0.0)
    return bool(np.mean(off) <= EVEN_SHARE)


def _is_exact(steps):
    """Whether a column counts: whole steps, nearly all the same, but for those that go back."""
    step = np.median(steps[steps > 0])
    return step == np.rint(step) and np.mean(steps[steps >= 0] == step) >= 1 - GAPS_SHARE


def _steps_back(column):
    """The steps of a whole column that go back."""
    parts = [steps[steps < 0] for _, steps in step_parts(_floats(column))]
    return np.concatenate(parts)


def _period(back, steps, x, counts):
    """After how many numbers a column begins anew, from its steps `back`, those of the rows looked
    at and their numbers x; inf where it does not. counts: whether it may do so anywhere."""
    if len(back) == 0:
        return np.inf
    step = np.median(steps[steps > 0])
    own = float(step - np.median(back))
    if counts and len(back) > 1 and np.mean(step - back == own) >= 0.9 and np.ptp(x) < own:
        return own
    usual = PERIODS[np.searchsorted(PERIODS, -back.min() * (1 - 1e-9))]
    anew = np.ptp(x) < usual and np.median(usual + back) <= max(3 * step, 0.02 * usual)
    return float(usual) if anew else np.inf


def unwrap(x: np.ndarray, period: float, exact: bool = False) -> np.ndarray:
    """x (n,), changed in place so that it goes on where it begins anew: where it goes back by most
    of its period, or at all if it is `exact`."""
    added, last = 0.0, x[:1].copy()
    for start in range(0, len(x), PART):
        part = x[start : start + PART]
        anew = np.diff(part, prepend=last) < (0 if exact else -period / 2)
        last = part[-1:].copy()
        part += added + period * np.cumsum(anew)
        added += period * np.count_nonzero(anew)
    return x


# ------------------------------------------------------------------------------------- its unit


def _with_unit(kind, at, name, fs, exact, period):
    """`kind` of a column that shows `at` (k,) in the rows looked at, with its unit."""
    named = unit_in(name)
    rates = {unit: 1 / (kind.step * unit) for unit in (*UNITS, 1e-7, 60.0, 3600.0, 86400.0)}
    origin = _origin(at[0], rates, named)
    if origin is not None:
        return kind._replace(unit=origin.unit, sure=True, origin=origin)
    if named is not None:
        return kind._replace(unit=named, sure=True)
    if exact and (count := _count(at, name, period)) is not None:
        return kind._replace(step=count, counts=True)
    if fs is not None and (kind.even or names_time(name)):
        told = [unit for unit, rate in rates.items() if abs(rate / fs - 1) < 0.05]
        if told or exact and not names_time(name):
            return kind._replace(unit=told[0] if told else None, sure=bool(told))
    if kind.even:
        return kind._replace(unit=_unit_of_step(kind.step, at))
    units = UNITS if names_time(name) else () if np.array_equal(at, np.rint(at)) else (1.0,)
    likely = [unit for unit in units if LIKELY_FS[0] <= rates[unit] <= LIKELY_FS[1]]
    return kind._replace(unit=likely[0] if likely else None)


def _origin(first, rates, named):
    """The Origin of a clock that shows `first`, None without; `rates` (Hz) it would give by its
    unit, `named` is the unit that its name says."""
    found = [
        origin
        for origin in ORIGINS
        if SLOWEST_FS <= rates[origin.unit] <= HIGHEST_FS and origin.date(first) is not None
    ]
    if named in rates and SLOWEST_FS <= rates[named] <= HIGHEST_FS:
        found = [origin for origin in found if origin.unit == named]
    likely = [o for o in found if LIKELY_FS[0] <= rates[o.unit] <= LIKELY_FS[1]]
    return next(iter(likely + found), None)


def _count(at, name, period):
    """By how much a column counts a sample, None where it does not count: whole numbers, the same
    step but for gaps, of 1 unless the name or a short period says that it counts."""
    steps = np.diff(at)
    step = np.median(steps)
    if not np.array_equal(at, np.rint(at)) or np.any(steps % step) or np.any(steps < step):
        return None
    counter = names_count(name) and not names_time(name)
    short = period <= LONGEST_COUNT and np.log2(period) % 1 == 0
    return float(step) if step == 1 or counter or short else None


def _unit_of_step(step, at):
    """The unit, in s, in which `step` would be that of an ECG; None where it could be several, or
    none: a step of 1 counts the samples, or milliseconds."""
    if abs(step - 1) < (0.05 if np.array_equal(at, np.rint(at)) else 1e-6):
        return None
    if step < 1e-6 and LIKELY_FS[0] <= 1 / (86400 * step) <= LIKELY_FS[1]:
        return 86400.0
    for unit, (low, high) in STEPS.items():
        if low < step <= high:
            return unit
    return None
