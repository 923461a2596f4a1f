"""The rate at which the rows of a table follow, and the gaps between them, from the time of each.

Times are of two kinds. Either each row has its own: the rate is that of the median step, and a
longer step is a gap. Or the rows share the stamps of packets, or of a clock that is coarser than
the sampling, or have the time at which they arrived: then only their line over the rows tells the
rate, and a gap is where the times move away from that line for good, not where they are late once.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.recording import most_samples
from ecg.formats.times.stamps import (
    FEWEST_STAMPS,
    for_good,
    shared_times,
    some_steps,
    stamps,
    step_parts,
    stretches,
    typical_step,
    without_holes,
)

UNEVEN_SHARE = 0.01  # of the steps may be off by a quarter of one, or be gaps, of a row's own times
SHORTEST_STEP = 1e-9  # s: what is less is no time from row to row
BESIDE = 4  # rows looked at on either side of a gap
AGREES = 0.02  # a rate that is said and one that a line of shared times gives may differ so far


class EvenRows(NamedTuple):
    """Where the rows stand in an even signal.

    fs: Hz. place: (n,) int64, the sample of each row, counted from the first; None where the rows
    follow without gaps. notes: what was concluded."""

    fs: float
    place: np.ndarray | None
    notes: tuple[str, ...]


@np.errstate(all="ignore")
def even_rows(seconds: np.ndarray, path: Path, fs: float | None = None) -> EvenRows:
    """The rate and the gaps of rows at `seconds` (n,), NaN where a row has no time.

    fs: Hz that the file says elsewhere; the rate of times that rows share gives way to it. Raises
    InputError where the times run backwards, are uneven or too coarse to tell the rate, or leave
    out more than `recording.LONGEST_GAPS`."""
    times, notes = without_holes(seconds)
    if times is None:
        raise InputError(f"{path}: its time column has gaps; fill them or give --fs")
    rows = stamps(times)
    step = typical_step(times, rows)
    _refuse_backwards(times, step, path)
    own = _own_times(times, step)
    few_gaps = own is not None and len(own.late) <= UNEVEN_SHARE * len(times)
    if own is not None and few_gaps and own.uneven <= UNEVEN_SHARE * len(times):
        return _placed(times, own, fs, notes, path)
    rows = np.arange(len(times)) if rows is None else rows
    if step > SHORTEST_STEP and (shared := shared_times(times, rows, step)) is not None:
        return _on_a_line(times, shared, fs, notes, path)
    if own is not None and own.uneven <= UNEVEN_SHARE * len(times):
        return _placed(times, own, fs, notes, path)  # many gaps, but whole samples all of them
    if own is None and fs:
        return EvenRows(float(fs), None, notes)
    if len(rows) < FEWEST_STAMPS or step <= 0:
        raise InputError(
            f"{path}: its times are too coarse to tell the sampling rate: give --fs HZ"
        )
    if own is not None:
        found = f"steps of {own.shortest:.4g} to {own.longest:.4g} s"
    else:
        steps = stretches(times, rows)
        found = f"{1 / steps.max():.4g} to {1 / max(steps.min(), 1e-300):.4g} rows a second"
    raise InputError(f"{path} is not evenly sampled ({found}): resample it first, or give --fs HZ")


# -------------------------------------------------------------------------------------- the times


def _refuse_backwards(times, step, path):
    """A time that is earlier than the last by more than a late packet is."""
    slack = 1.5 * step if step > 0 else 0.0
    for start, steps in step_parts(times):
        if steps.min() < -slack:
            row = start + int(np.argmax(steps < -slack)) + 1
            raise InputError(
                f"{path}: its times run backwards at row {row + 1} "
                f"(from {times[row - 1]:.10g} to {times[row]:.10g} s after the first): "
                "sort the rows or give --fs HZ"
            )


# ---------------------------------------------------------------------------- a time for each row


class _Own(NamedTuple):
    """Times of which each row has its own. within: s, the sum of the steps but the long ones. fs:
    Hz of those. quantum: what times are rounded to, s. late: rows before a longer step. uneven: how
    many other steps are off by a quarter; shortest, longest: their range in s."""

    within: float
    fs: float
    quantum: float
    late: np.ndarray
    uneven: int
    shortest: float
    longest: float


def _own_times(times, step) -> _Own | None:
    """What the steps between `times`, `step` s or about, tell; None where rows share times."""
    some = some_steps(times)
    median = np.median(some) if len(some) else 0.0
    if median <= 0 or not step > SHORTEST_STEP:
        return None
    quantum = _quantum(some, median)
    limit = 1.5 * min(step, median + 0.5 * quantum)  # what is longer is a gap
    late = np.concatenate([k + np.flatnonzero(steps > limit) for k, steps in step_parts(times)])
    within = sum(float(np.sum(steps, where=steps <= limit)) for _, steps in step_parts(times))
    if not within > 0:
        return None
    fs = (len(times) - 1 - len(late)) / within
    uneven, shortest, longest = 0, np.inf, -np.inf
    for _, steps in step_parts(times):
        shortest = min(shortest, steps.min())
        longest = max(longest, steps.max(initial=-np.inf, where=steps <= limit))
        steps *= fs
        steps -= 1
        np.abs(steps, out=steps)
        uneven += int(np.count_nonzero(steps > 0.25 + 1.01 * quantum * fs))
    late_too = np.abs((times[late + 1] - times[late]) * fs - 1) > 0.25 + 1.01 * quantum * fs
    uneven -= int(np.count_nonzero(late_too))
    return _Own(within, fs, quantum, late, uneven, shortest, longest)


def _quantum(steps, median):
    """What times are rounded to (to ms, say), in s: the least difference between two steps; 0 where
    they are not rounded, or more coarsely than they follow."""
    different = np.unique(np.round(steps, 7))
    quantum = np.min(np.diff(different), initial=np.inf)
    return quantum if quantum < 0.6 * median else 0.0


def _placed(times, own, said, notes, path):
    """EvenRows of rows that have their own times."""
    step = times[own.late + 1] - times[own.late]
    behind, _ = for_good(times, None, own.late, 1 / own.fs, BESIDE)
    extra = np.rint(np.minimum(step * own.fs - 1, (behind + own.quantum) * own.fs))
    gap = extra > 0  # else a row was late, and the next ones were not
    within = own.within + step[~gap].sum()
    fs = float((len(times) - 1 - np.count_nonzero(gap)) / within)
    doubt = 1e-5 + own.quantum * (1 + np.count_nonzero(gap) ** 0.5) / within
    if said and abs(fs / said - 1) <= doubt:
        fs = float(said)
    else:
        fs = _whole(fs, doubt)
    if said and abs(fs / said - 1) > 0.01:
        notes += (f"the file says {said:g} Hz, its times {fs:.5g} Hz: the times are taken",)
    return _with_gaps(len(times), own.late + 1, extra, fs, notes, path)


def _on_a_line(times, shared, said, notes, path):
    """EvenRows of rows that share times."""
    fs = _whole(shared.fs, min(1e-5 + shared.doubt, 2e-3))
    if shared.a_stamp > 1.1:
        many = shared.a_stamp
        about = f"about {many:{'.0f' if many > 99 else '.3g'}} rows share a time"
    else:
        about = "the times of the rows are not even"
    if said and abs(fs / said - 1) <= AGREES:
        fs = float(said)
    elif said:
        note = f"{about} and come at {fs:.5g} Hz, the file says {said:g} Hz: that is taken"
        return EvenRows(float(said), None, (*notes, note))
    elif shared.a_stamp > 1.1 or shared.spread * fs > 1:
        notes += (f"{about}: {fs:.5g} samples per second are taken from all of them",)
    return _with_gaps(len(times), shared.rows, np.rint(shared.gaps * fs), fs, notes, path)


# --------------------------------------------------------------------------------------- the gaps


def _with_gaps(n, rows, extra, fs, notes, path):
    """EvenRows of n rows, where `extra` (m,) samples are missing before each of `rows` (m,)."""
    rows, extra = rows[extra > 0], extra[extra > 0]
    if len(rows) == 0:
        return EvenRows(fs, None, notes)
    missing = float(extra.sum())
    if not n + missing <= most_samples(n, fs):
        raise InputError(
            f"{path}: its times jump by {extra.max() / fs:.9g} s at row {rows[extra.argmax()] + 1}"
            f" ({missing / fs:.9g} s are missing of {(n + missing) / fs:.9g}): "
            "cut the recording there"
        )
    place = np.ones(n, np.int64)
    place[0] = 0
    place[rows] += extra.astype(np.int64)
    np.cumsum(place, out=place)
    note = f"rows are missing: {len(rows)} gaps, {missing / fs:.3g} s, kept as missing signal"
    return EvenRows(fs, place, (*notes, note))


def _whole(fs, doubt):
    """`fs` as a whole number where that is within the `doubt` (a share) of it."""
    return float(round(fs)) if abs(fs - round(fs)) <= fs * doubt and fs > 0.5 else fs
