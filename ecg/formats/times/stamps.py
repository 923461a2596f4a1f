"""Times that rows share: the stamps of packets, a clock that is coarser than the sampling, or the
moments at which rows arrived. Only their line over the rows tells the rate, and a gap is where they
move away from that line for good, not where they are late once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

PART = 1 << 19  # rows that are worked on at a time
LOOKED_AT = 1 << 20  # steps, spread over the rows, of which the median is taken
SHARE_NONE = 0.99  # of the steps: so many move on where each row has its own time
BESIDE = 16  # stamps looked at on either side of a gap
SHORTEST_GAP = 0.1, 0.2  # s, and share of a packet
FEWEST_STAMPS = 4
FEWEST_SUMMED = 8  # steps whose sums tell whether what is late adds up


def without_holes(seconds: np.ndarray) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(times (n,), notes) of rows of which some have none, NaN in `seconds` (n,); None where less
    than two have one."""
    if len(seconds) == 0 or np.isfinite(seconds.sum()):
        return seconds, ()
    known = np.flatnonzero(np.isfinite(seconds))
    if len(known) < 2:
        return None, ()
    missing = len(seconds) - len(known)
    rows = np.arange(len(seconds))
    if missing > len(seconds) / 2:  # only the first row of a packet has its stamp
        last = np.maximum(np.searchsorted(known, rows, side="right") - 1, 0)
        return seconds[known[last]], (f"{missing} rows have no time: that of the last one before",)
    times = np.interp(rows, known, seconds[known])
    step = np.median(np.diff(seconds[known]) / np.diff(known))
    first, last = known[[0, -1]]  # beyond them the clock runs on
    times[:first] += step * (rows[:first] - first)
    times[last:] += step * (rows[last:] - last)
    return times, (f"{missing} rows have no time: taken from the rows beside them",)


def stamps(times: np.ndarray) -> np.ndarray | None:
    """(k,) int64 rows at which `times` (n,) move on, without the first, whose packet may have begun
    before the file; None where hardly any rows share a time."""
    some = some_steps(times)
    if np.count_nonzero(some) >= SHARE_NONE * len(some) > 0:
        return None
    moved = [start + 1 + np.flatnonzero(steps) for start, steps in step_parts(times)]
    return np.concatenate(moved) if moved else np.zeros(0, np.int64)


def typical_step(times: np.ndarray, rows: np.ndarray | None) -> float:
    """Time from row to row, of `times` (n,) that move on at `rows` (k,), None: at each: the median
    of 5 to 64 stretches, which neither gaps nor late packets change; nan where too few move on."""
    return float(np.median(stretches(times, rows))) if len(times) > 1 else np.nan


def stretches(times: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """(5 to 64,) time from row to row, in as many stretches, of 8 steps where there are enough."""
    k = len(times if rows is None else rows)
    if k < 2:
        return np.full(1, np.nan)
    ends = np.linspace(0, k - 1, min(64, max(5, k // 8), k - 1) + 1).astype(np.int64)
    ends = ends if rows is None else rows[ends]
    return np.diff(times[ends]) / np.diff(ends)


class Shared(NamedTuple):
    """Times that rows share. fs: Hz, give or take `doubt` (a share). spread: s by which times are
    off the line. rows: those before which samples are missing, gaps: s. a_stamp: rows that share a
    time."""

    fs: float
    doubt: float
    spread: float
    rows: np.ndarray
    gaps: np.ndarray
    a_stamp: float


def shared_times(times: np.ndarray, rows: np.ndarray, step: float) -> Shared | None:
    """The line of `times` (n,), which move on at `rows` (k,), `step` s a row or about; None where
    they do not lie along one, or are too few."""
    if len(rows) < FEWEST_STAMPS:
        return None
    at = times[rows]
    steps = np.diff(at)
    typical = float(np.median(steps[:LOOKED_AT]))
    shortest = max(SHORTEST_GAP[0], SHORTEST_GAP[1] * typical)
    late = np.flatnonzero(steps > step * np.diff(rows) + shortest)
    at_least, gaps = for_good(at, rows, late, step, BESIDE)
    late, gaps = late[at_least > shortest], gaps[at_least > shortest]
    if len(late):
        moved = np.zeros(len(rows))
        moved[late + 1] = gaps
        at = at - np.cumsum(moved, out=moved)
    a_stamp = len(times) / len(rows)
    few = len(rows) < 32 * FEWEST_SUMMED
    if few and a_stamp < 1.1 or not _along_a_line(at, rows, step, typical):
        return None
    fs, doubt, spread = _line(at, rows, len(late))
    return Shared(fs, doubt, spread, rows[late + 1], gaps, a_stamp)


def _along_a_line(at, rows, step, typical):
    """Whether times `at` the `rows` (k,) are late now and then, which does not add up, as it does
    where the sampling itself is uneven: the spread of the sums of many steps tells."""
    reach = min(256, len(rows) // 32)
    if reach < FEWEST_SUMMED:
        off = at - np.polyval(np.polyfit(rows - rows[0], at, 1), rows - rows[0])
        return np.subtract(*np.percentile(off, [90, 10])) <= 2 * typical
    off = at - step * rows
    ratios = []
    for k in np.linspace(0, len(off) - 8 * reach, 16).astype(np.int64):
        part = off[k : k + 8 * reach]
        one, many = np.diff(part).var(), (part[reach:] - part[:-reach]).var()
        ratios.append(many / one if one > 0 else 0.0)
    return np.median(ratios) < reach / 4


def _line(at, rows, gaps):
    """(Hz, its doubt as a share, spread in s about it) of the line through times `at` the `rows`
    (k,), from which so many gaps were taken out; late ones are left out of it, in two rounds."""
    some = slice(None, None, max(1, len(rows) // LOOKED_AT))
    x, y = (rows[some] - rows[0]).astype(np.float64), at[some] - at[0]
    keep = np.ones(len(x), bool)
    for _ in range(3):
        slope, offset = np.polyfit(x[keep], y[keep], 1)
        off = y - slope * x - offset
        spread = 1.4826 * np.median(np.abs(off - np.median(off)))
        keep = np.abs(off) <= 3 * spread + 1e-9 * abs(y[-1])
        if np.count_nonzero(keep) < FEWEST_STAMPS:
            break
    doubt = 3 * spread * np.sqrt(12 / len(x) + gaps) / max(slope * np.ptp(x), 1e-300)
    return float(1 / slope), float(doubt), float(spread)


def for_good(
    at: np.ndarray, rows: np.ndarray | None, late: np.ndarray, step: float, beside: int
) -> tuple[np.ndarray, np.ndarray]:
    """(at least, about): (m,) s by which times `at` the `rows` (k,), None: all, are behind after
    each long step `late` (m,), at `step` s a row: what the next and the last ones, as many as
    `beside`, agree on, and their middle. What is late once has been caught up by then."""
    behind, about = np.empty(len(late)), np.empty(len(late))
    reach = np.arange(beside)
    last, following = np.append(-1, late[:-1]), np.append(late[1:], len(at) - 1)
    for k in range(0, len(late), PART // beside):
        part = slice(k, k + PART // beside)
        first = late[part, None]
        before = np.maximum(first - reach, last[part, None] + 1)
        after = np.minimum(first + 1 + reach, following[part, None])
        if rows is None:
            since, until = after - first, before - first
        else:
            since, until = rows[after] - rows[first], rows[before] - rows[first]
        since, until = at[after] - step * since, at[before] - step * until
        behind[part] = since.min(axis=1) - until.max(axis=1)
        about[part] = np.median(since, axis=1) - np.median(until, axis=1)
    return behind, about


def step_parts(times: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """(row, steps from it on), a part at a time: a day has 20 million."""
    for start in range(0, len(times) - 1, PART):
        yield start, np.diff(times[start : start + PART + 1])


def some_steps(times: np.ndarray) -> np.ndarray:
    """Steps between `times` (n,), at most LOOKED_AT, from stretches over all of them."""
    if len(times) <= LOOKED_AT:
        return np.diff(times)
    starts = np.linspace(0, len(times) - LOOKED_AT // 16 - 1, 16).astype(np.int64)
    return np.concatenate([np.diff(times[k : k + LOOKED_AT // 16 + 1]) for k in starts])
