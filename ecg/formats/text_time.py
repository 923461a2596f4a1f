"""The time column of a text table, and the rate and the gaps that it tells."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats import text_columns
from ecg.formats.recording import LOWEST_FS
from ecg.formats.text_columns import TIME_NAME, column_numbers, is_time

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

UNEVEN_SHARE = 0.01  # of the steps may be off by a quarter of one
LONGEST_GAPS = 20, 86400  # the filled signal: at most so many times its samples, and so many s more
_UNIT_OF_TIME = re.compile(
    r"(milli|micro|nano)?seconds?\b|(?<![a-z])(m|u|µ|μ|n)?s(ecs?)?\b", re.IGNORECASE
)


class EvenSamples(NamedTuple):
    """A lead whose rate its times have told.

    fs: Hz. signal: (n,), NaN where rows are missing. notes: what was concluded of gaps."""

    fs: float
    signal: np.ndarray
    notes: tuple[str, ...]


def time_column(columns: "Sequence[pd.Series]", names: Sequence[str], named: bool) -> int | None:
    """Number of the column that holds the time, None where there is none."""
    if named:
        return next((k for k, name in enumerate(names) if TIME_NAME.match(name)), None)
    if len(columns) < 2:
        return None
    first = columns[0].iloc[:2000]
    if first.dtype.kind not in "iuf":
        return 0 if first.astype(str).str.strip(" []\"'").map(is_time).all() else None
    return 0 if len(first) > 10 and np.all(np.diff(first) > 0) else None  # no lead rises for ever


def seconds(
    column: "pd.Series", name: str, path: Path
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(times (n,) s, notes) of a time column called `name`; None instead of times where it only
    counts the samples."""
    if column.dtype.kind in "iuf":
        times = column_numbers(column, path)
    else:
        times, is_clock = _times_of_text(column, path)
        if np.isnan(times).any():
            raise InputError(
                f"{path}: the time in row {int(np.argmax(np.isnan(times))) + 1} of its table "
                "cannot be read"
            )
        if is_clock:
            return times, ()
    if unit := _UNIT_OF_TIME.search(name):
        prefix = (unit[1] or unit[2] or "").lower()
        factor = {"milli": 1e-3, "m": 1e-3, "": 1.0, "nano": 1e-9, "n": 1e-9}.get(prefix, 1e-6)
        return times if factor == 1 else times * factor, ()
    step = np.nanmedian(np.diff(times[: text_columns.PART])) if len(times) > 1 else np.nan
    if 0 < step <= 1 / LOWEST_FS:
        return times, (f"the time column is taken in seconds: {1 / step:.5g} samples per second",)
    if 1 < step <= 1000 / LOWEST_FS:
        return times * 1e-3, (
            f"the time column is taken in milliseconds: {1000 / step:.5g} samples per second",
        )
    return None, ()  # a step of 1 counts the samples, or milliseconds: it cannot be told


def _times_of_text(column, path):
    """(times (n,), whether they come from a clock, which is in s); NaN for what cannot be read."""
    import pandas as pd

    text = column.astype(str).str.strip(" []\"'\t")
    is_clock = ":" in text.iloc[0]
    if re.match(r"\d{4}-\d\d-\d\d", text.iloc[0]):
        stamps = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
        return (stamps - stamps.iloc[0]).dt.total_seconds().to_numpy(), is_clock
    if not is_clock:
        return column_numbers(column, path), is_clock
    fields = text.str.split(":", expand=True).apply(pd.to_numeric, errors="coerce")
    fields = fields.to_numpy(dtype=np.float64)
    times = fields @ 60.0 ** np.arange(fields.shape[1] - 1, -1, -1)
    midnights = np.concatenate([[0], np.cumsum(np.diff(times) < -43200)])
    return times + 86400.0 * midnights, is_clock


def by_time(x: np.ndarray, times: np.ndarray, path: Path) -> EvenSamples:
    """The samples x (n,) at the rate that the time (n,) in s of each tells, with NaN where rows are
    missing.

    Raises InputError where the times run backwards, are uneven or too coarse to tell the rate."""
    steps = _checked_steps(times, path)
    median_step = np.median(steps)
    quantum = _quantum(steps, median_step)
    inner = steps <= 1.5 * median_step + quantum  # the others are gaps
    within = steps if inner.all() else steps[inner]
    fs = len(within) / within.sum()
    uneven = sum(
        np.count_nonzero(np.abs(part * fs - 1) > 0.25 + 1.01 * quantum * fs)
        for part in _parts(within)
    )
    if uneven > UNEVEN_SHARE * len(within):
        raise InputError(
            f"{path} is not evenly sampled (steps of {within.min():.4g} to {within.max():.4g} s): "
            "resample it first, or give --fs HZ"
        )
    if abs(fs - round(fs)) <= fs * (1e-5 + quantum / (times[-1] - times[0])):
        fs = float(round(fs))
    if inner.all():
        return EvenSamples(fs, x, ())
    filled = _fill_gaps(x, steps, inner, fs, path)
    missing = (len(filled) - len(x)) / fs
    note = (
        f"rows are missing: {np.count_nonzero(~inner)} gaps, {missing:.3g} s, "
        "kept as missing signal"
    )
    return EvenSamples(fs, filled, (note,))


def _checked_steps(times, path):
    """The steps (n - 1,) in s between `times`, which must be there, increase and tell a rate."""
    if not np.isfinite(times).all():
        raise InputError(f"{path}: its time column has gaps; fill them or give --fs")
    steps = np.diff(times)
    if len(steps) == 0 or np.median(steps) <= 0:
        raise InputError(
            f"{path}: its times are too coarse to tell the sampling rate: give --fs HZ"
        )
    if np.any(steps < 0):
        raise InputError(
            f"{path}: its times run backwards at row {int(np.argmax(steps < 0)) + 2}: "
            "sort the rows or give --fs HZ"
        )
    return steps


def _quantum(steps, median_step):
    """What times are rounded to (to ms, say), in s: the least difference between two steps; 0 where
    they are not rounded."""
    different = np.concatenate([np.unique(np.round(part, 7)) for part in _parts(steps)])
    quantum = np.min(np.abs(np.diff(np.unique(different))), initial=np.inf)
    return quantum if np.isfinite(quantum) and quantum < median_step else 0.0


def _parts(x):
    """A long array a part at a time."""
    return (x[k : k + text_columns.PART] for k in range(0, len(x), text_columns.PART))


def _fill_gaps(x, steps, inner, fs, path):
    """x (n,) with NaN for the samples that are missing where a step is not an `inner` one."""
    jump = np.where(inner, 1, np.rint(steps * fs)).astype(np.float64)
    if jump.sum() > LONGEST_GAPS[0] * len(x) + LONGEST_GAPS[1] * fs:
        raise InputError(f"{path}: its times jump by {steps.max():.0f} s: cut the recording there")
    at = np.concatenate([[0], np.cumsum(jump)]).astype(np.int64)
    filled = np.full(at[-1] + 1, np.nan)
    filled[at] = x
    return filled
