"""Clocks and dates that are written as text: 10:00:05.123, [10:00:05.123 26/07/2026], 5/1/26 3:05
PM, 2026-07-26T21:56:26,765+02:00, 0 days 00:00:01.004 and the like.

How a column is written is found from a few of its cells; then all are read at once, by their runs
of digits."""

import datetime
import functools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg.artifacts import InputError

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

LOOKED_AT = 300  # cells by which a column is judged
ALIKE = 0.9  # of them are written in one way
PART = 1 << 14  # cells that are read at a time
WIDEST = 48  # characters of a cell
MISSING = {"", "nan", "na", "n/a", "null", "none", "-", "nat", "<na>"}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_SIGNS = str.maketrans(
    {**dict.fromkeys("年月", "-"), **dict.fromkeys("时時分", ":"), "日": " ", "秒": ""}
)
# Runs of digits by what they are: y year, o month, d day, a and b one and the other, D all three,
# k days, h hours, m minutes, s seconds, f their fraction, i ms, T all three, z w the zone.
_DATES = (
    r"(?P<y>\d{4})[-/._](?P<o>\d\d?)[-/._](?P<d>\d\d?)",
    r"(?P<d>\d\d?)\.(?P<o>\d\d?)\.(?P<y>\d{4}|\d\d)",
    r"(?P<a>\d\d?)(?P<gap>[-/])(?P<b>\d\d?)(?P=gap)(?P<y>\d{4}|\d\d)",
    r"(?P<d>\d\d?)[-/ .]M(?P<o>\d\d)[a-z.]*[-/ ,]+(?P<y>\d{4}|\d\d)",
    r"M(?P<o>\d\d)[a-z.]* (?P<d>\d\d?),? (?P<y>\d{4})",
    r"(?P<D>(?:19|20)\d{6})",
)
_CLOCKS = (
    r"(?:(?P<k>\d+) ?(?:days?,?|d) ?\+?)?(?P<h>\d{1,4}):(?P<m>\d\d?):(?P<s>\d\d?)"
    r"(?:[.,](?P<f>\d{1,9})|:(?P<i>\d{1,3}))?",
    r"(?P<k>\d{1,3}):(?P<h>\d\d?):(?P<m>\d\d?):(?P<s>\d\d?)[.,](?P<f>\d{1,9})",
    r"(?P<h>\d\d?)\.(?P<m>\d\d)\.(?P<s>\d\d)[.,](?P<f>\d{1,9})",
    r"(?P<m>\d{1,4}):(?P<s>\d\d?)[.,](?P<f>\d{1,9})",
    r"(?P<h>\d\d?):(?P<m>\d\d)",
)
_BARE_CLOCK = r"(?P<T>\d{6})(?:[.,](?P<f>\d{1,9}))?"  # after a date only
_HALF = r"(?P<half>[AaPp]\.?[Mm]\.?|上午|下午|오전|오후)"
_ZONE = (
    r"(?: ?(?:(?P<utc>Z|UTC|GMT)|[A-Z]{3,4}))?"
    r"(?: ?(?P<sign>[-+])(?P<z>\d{4}|\d\d)(?::(?P<w>\d\d))?)?"
)


def _patterns():
    """All ways in which a cell may be written, as expressions."""
    clocks = [rf"(?:{_HALF} ?)?{clock}" for clock in _CLOCKS] + [
        rf"{clock} ?{_HALF}" for clock in _CLOCKS
    ]
    day = r"(?:[A-Z][a-z]{2,8},? )?"
    for date in _DATES:
        yield day + date
        for clock in (*clocks, _BARE_CLOCK):
            yield rf"{day}{date}(?:[T_-]|,? +){clock}{_ZONE}"
        for clock in clocks:
            yield rf"{clock},? +{date}"
    yield from clocks


@functools.cache
def _ways():
    """The expressions of `_patterns`: compiled when the first clock is read, in 0.1 s."""
    return [re.compile(pattern) for pattern in _patterns()]


class Written(NamedTuple):
    """How the cells of a column are written. codes: what their runs of digits are, one after the
    other (see _DATES). sign: -1 where their zone is west. utc, half: whether they say UTC, AM or
    PM. months: whether a month has a name."""

    codes: tuple[str, ...]
    sign: int = 1
    utc: bool = False
    half: bool = False
    months: bool = False

    @property
    def clock(self) -> bool:
        """Whether there is a time in them."""
        return not {"h", "m", "T"}.isdisjoint(self.codes)

    @property
    def date(self) -> bool:
        """Whether there is a date in them of which day and month are known."""
        return "D" in self.codes or {"y", "o", "d"} <= set(self.codes)

    @property
    def period(self) -> float:
        """After how many s the clock begins anew; inf where it tells the day."""
        if self.date or "k" in self.codes:
            return np.inf
        return 86400.0 if "h" in self.codes or "T" in self.codes else 3600.0


class Moments(NamedTuple):
    """When n cells are. days: (n,) int64 since 1970, all 0 where they do not tell. seconds: (n,) of
    the day, NaN where a cell tells none. zone: (n,) s by which it is ahead of UTC."""

    days: np.ndarray
    seconds: np.ndarray
    zone: np.ndarray


def how_written(cells: Sequence[str], start: datetime.date | None = None) -> Written | None:
    """How cells are written as clocks or dates, None where they are not.

    start: the day that the file says elsewhere: it tells day and month apart."""
    texts = [text for cell in cells if (text := _plain(cell)).lower() not in MISSING]
    if len(texts) == 0 or _way(texts[0]) is None and _way(texts[-1]) is None:
        return None
    ways = Counter(_way(text) for text in texts)
    del ways[None]
    written = max(ways, key=lambda way: (len(way.codes), ways[way]), default=None)
    if written is None:
        return None
    whole = written._replace(codes=_without(written.codes, "f"))  # 10:00:05 beside 10:00:05.004
    if ways[written] + (whole != written) * ways[whole] < ALIKE * len(texts):
        return None
    if any(str(cell).strip(" '\"\t").strip("[]") != str(cell).strip(" '\"\t") for cell in cells):
        written = _in_order(written, "do")  # rdsamp: [10:00:00.000 26/07/2026]
    return _day_and_month(written, texts, start)


def read_cells(cells: np.ndarray, written: Written) -> Moments:
    """When each of `cells` (n,) object is, as they are `written`."""
    texts = cells.astype(f"U{WIDEST}")
    if written.months:
        for number, month in enumerate(_MONTHS, 1):
            texts = np.strings.replace(texts, month, f"{number:02d}")
    texts = texts.astype(f"U{WIDEST}")
    values, digits, found = _runs(texts, len(written.codes))
    read = found == len(written.codes)
    if "f" in written.codes:  # a whole second may be written without
        at = written.codes.index("f")
        whole = found == len(written.codes) - 1
        values[at + 1 :, whole] = values[at:-1, whole]
        values[at, whole], digits[at, whole] = 0, 1
        read |= whole
    of = dict(zip(written.codes, values))
    zero = np.zeros(len(cells), np.int64)
    hours, minutes, s = (of.get(code, zero) for code in "hms")
    if "T" in of:
        hours, minutes, s = of["T"] // 10000, of["T"] // 100 % 100, of["T"] % 100
    if written.half:
        late = np.isin(texts.view(np.uint32), [ord(c) for c in "Pp下후"])
        hours = hours % 12 + 12 * late.reshape(len(cells), -1).any(axis=1)
    seconds = (hours * 3600 + minutes * 60 + s).astype(np.float64)
    if "f" in of:
        seconds += of["f"] / 10.0 ** digits[written.codes.index("f")]
    seconds += of.get("i", zero) / 1000
    read &= (s < 61) & ((minutes < 60) | ("h" not in of))
    zone = of.get("z", zero)
    zone = np.where(zone >= 100, zone // 100 * 3600 + zone % 100 * 60, zone * 3600)
    zone = written.sign * (zone + 60 * of.get("w", zero))
    read &= (np.abs(zone) <= 50400) & (of.get("k", zero) < 10**6)
    days = of.get("k", zero)
    if written.date:
        dates, valid = days_of(of)
        days, read = days + dates, read & valid
    return Moments(np.where(read, days, 0), np.where(read, seconds, np.nan), zone)


def read_column(column: "pd.Series", written: Written, path: Path) -> np.ndarray:
    """(n,) s of a clock from midnight before its first row, by its own zone; NaN where a cell is
    missing. Raises InputError where one cannot be read."""
    times, first = np.empty(len(column)), None
    for start in range(0, len(column), PART):
        cells = column.iloc[start : start + PART].to_numpy(dtype=object)
        days, seconds, zone = read_cells(cells, written)
        for k in np.flatnonzero(np.isnan(seconds)):
            if _plain(cells[k]).lower() not in MISSING:
                raise InputError(
                    f"{path}: the time in row {start + k + 1} of its table cannot be read"
                )
        if first is None and not np.isnan(seconds).all():
            known = np.argmax(~np.isnan(seconds))
            first = days[known], zone[known]
        day, ahead = first or (0, 0)
        times[start : start + PART] = 86400.0 * (days - day) + seconds - (zone - ahead)
    return times


# -------------------------------------------------------------------------------------- one cell


def _plain(cell):
    return str(cell).strip(" \t[](){}\"'").translate(_SIGNS).strip(" :")


def _way(text):
    """How a cell is Written, None where it is no clock or date."""
    if len(text) > WIDEST:
        return None
    numbered = re.sub("|".join(_MONTHS), lambda month: f"M{_MONTHS.index(month[0]) + 1:02d}", text)
    for way in _ways():
        if match := way.fullmatch(numbered):
            found = {name: match.start(name) for name, value in match.groupdict().items() if value}
            codes = sorted((name for name in found if len(name) == 1), key=found.__getitem__)
            return Written(
                tuple(codes),
                -1 if "sign" in found and match["sign"] == "-" else 1,
                "utc" in found,
                "half" in found,
                numbered != text,
            )
    return None


def _without(codes, code):
    return tuple(c for c in codes if c != code)


def _day_and_month(written, texts, start):
    """`written` with a and b told apart: one is greater than 12, or changes while the other does
    not, or the recording is known to start then; else they stay as they are."""
    if "a" not in written.codes:
        return written
    values, _, found = _runs(np.array(texts, dtype=f"U{WIDEST}"), len(written.codes))
    values = values[:, found >= len(written.codes) - 1]
    a, b = (values[written.codes.index(code)] for code in "ab")
    order = None
    if a.max() > 12 or np.ptp(a) and not np.ptp(b):
        order = "do"
    elif b.max() > 12 or np.ptp(b) and not np.ptp(a):
        order = "od"
    elif start is not None and start.day != start.month:
        orders = {(start.day, start.month): "do", (start.month, start.day): "od"}
        order = orders.get((int(a[0]), int(b[0])))
    elif a[0] == b[0]:
        order = "do"  # the same day
    return written if order is None else _in_order(written, order)


def _in_order(written, order):
    """`written` with a and b, where it has them, as day and month (`do`) or the other way round."""
    return written._replace(codes=tuple(dict(zip("ab", order)).get(c, c) for c in written.codes))


# -------------------------------------------------------------------------------------- all cells


def _runs(texts, most):
    """(values (most, n) int64, their digits (most, n), how many there are (n,)) of the runs of
    digits in texts (n,); what is more than `most`, or longer than 15 digits, is not read."""
    codes = texts.view(np.uint32).reshape(len(texts), -1) - ord("0")
    codes = np.minimum(codes, 10).astype(np.uint8)  # 10: no digit; what is less than 0 is large
    used = np.flatnonzero((codes < 10).any(axis=0))
    codes = np.ascontiguousarray(codes[:, : used[-1] + 1 if len(used) else 0].T)
    values = np.zeros((most, len(texts)), np.int64)
    digits = np.zeros((most, len(texts)), np.int64)
    found = np.zeros(len(texts), np.int64)
    for rows, where in _alike((codes < 10).T):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], where, [0]])))
        starts, stops = edges[::2], edges[1::2]
        found[rows] = len(starts) if np.all(stops - starts <= 15) else -1
        for run, (start, stop) in enumerate(zip(starts[:most], np.minimum(stops, starts + 15))):
            value = codes[start, rows].astype(np.int64)
            for code in codes[start + 1 : stop, rows]:
                value = 10 * value + code
            values[run, rows], digits[run, rows] = value, stop - start
    return values, digits, found


def _alike(digit):
    """The rows of each pattern of `digit` (n, width) bool, and the pattern (width,)."""
    if len(digit) == 0 or (digit == digit[0]).all():
        yield slice(None), digit[0] if len(digit) else digit.any(axis=0)
        return
    packed = np.packbits(digit, axis=1)
    keys = np.zeros((len(digit), 8), np.uint8)
    keys[:, : packed.shape[1]] = packed
    _, of = np.unique(keys.view(np.uint64)[:, 0], return_inverse=True)
    order = np.argsort(of, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(of))[:-1]):
        yield rows, digit[rows[0]]


def days_of(of: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(days (n,) since 1970, whether there is such a day (n,)) of runs of digits by their code."""
    if "D" in of:
        year, month, day = of["D"] // 10000, of["D"] // 100 % 100, of["D"] % 100
    else:
        year, month, day = of["y"], of["o"], of["d"]
    year = np.where(year < 100, year + 2000, year)
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year > 0) & (year < 10000)
    months = 12 * (year - 1970) + month - 1
    first = np.where(valid, months, 0).astype("M8[M]").astype("M8[D]").astype(np.int64)
    return first + day - 1, valid
