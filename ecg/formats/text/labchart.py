"""Text exports of LabChart: a head of `Key=<TAB>a cell for each channel`, then rows; with every new
block a head again."""

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.recording import Facts
from ecg.formats.text.columns import column_numbers, read_columns
from ecg.formats.text.dates import moment_of
from ecg.formats.text.rate import rate_of
from ecg.formats.text.stream import decoded, find_lines, open_lines
from ecg.formats.units import as_number

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

FIRST_KEY = "Interval="  # of each head
MOST_BLOCKS = 1000
_HEAD_BYTES = 20_000
_KEY = re.compile(r"\W*[A-Za-z ]+=")


class Block(NamedTuple):
    """What the head of a block says: titles and units of its channels, Hz, when it began, and
    whether its rows count their time from there. has_time: whether its rows have one."""

    titles: list[str]
    units: list[str | None]
    fs: float | None
    began: datetime.datetime | None
    own_time: bool
    has_time: bool = False


class Blocks(NamedTuple):
    """The columns of all blocks, the first is the time in s; notes on what was left out."""

    columns: list["pd.Series"]
    notes: tuple[str, ...]


def block_of(lines: list[str], width: int) -> Block | None:
    """What the head of a block says, whose rows have `width` cells; None where it is no such
    head."""
    cells = [[cell.strip(' "') for cell in line.split("\t")] for line in lines]
    by_key = {row[0].lower(): row[1:] for row in cells if row[0].endswith("=")}
    if "interval=" not in by_key and "channeltitle=" not in by_key:
        return None
    titles = by_key.get("channeltitle=", [])
    while titles and (titles[-1] == "" or len(titles) > width):
        titles = titles[:-1]
    # `10.000 mV`; a `*` among the units stands for that of the range
    ranges = [re.sub(r"^[-+\d.,eE]+\s*", "", cell) for cell in by_key.get("range=", [])]
    own = by_key.get("unitname=", [])
    units = [
        _cell(own, k) if _cell(own, k) not in ("", "*") else _cell(ranges, k) or None
        for k in range(len(titles))
    ]
    return Block(
        titles,
        units,
        rate_of(lines),
        excel_moment(by_key.get("exceldatetime=", [])),
        by_key.get("timeformat=", [""])[:1] == ["StartOfBlock"],
    )


def _cell(cells, k):
    return cells[k] if k < len(cells) else ""


def start_of(block: Block, first: str) -> Facts:
    """Day and clock of the first row of a block, whose first cell is `first`."""
    if block.began is None:
        return Facts()
    since = as_number(first.replace(",", ".")) if block.own_time else 0.0
    start = block.began + datetime.timedelta(seconds=since if since and abs(since) < 1e9 else 0.0)
    return Facts(start.date(), start.time())


def excel_moment(cells: list[str]) -> datetime.datetime | None:
    """When a block began: of `45778.631066`, `01/05/2025 15:08:44.154`. The number counts days, the
    text is of the clock; together they tell the day from the month."""
    serial = as_number(cells[0].replace(",", ".")) if cells else None
    if serial is None or not 20_000 < serial < 80_000:
        return None
    counted = datetime.datetime(1899, 12, 30) + datetime.timedelta(days=serial)
    text = " ".join(cells[1:2])
    clock = moment_of(text).clock or counted.time()
    day_first = (moment_of(text, True).date or counted).timetuple()[1:3]
    told = moment_of(text, day_first == counted.timetuple()[1:3]).date
    return datetime.datetime.combine(told or counted.date(), clock)


# ---------------------------------------------------------------------------------------- blocks


def block_starts(path: Path, encoding: str) -> list[int]:
    """Where the heads of the blocks begin, bytes of the text."""
    return find_lines(path, encoding, FIRST_KEY.encode())


def read_blocks(path: Path, encoding: str, starts: list[int], decimal: str) -> Blocks:
    """The rows of all blocks that are like the first, with the time of each since the first row.

    Raises InputError where there are too many, or rows differ in length."""
    if len(starts) > MOST_BLOCKS:
        raise InputError(f"{path} holds {len(starts):,} blocks: export it as one, or in parts")
    parts: list[list[pd.Series]] = []
    times: list[np.ndarray] = []
    first: Block | None = None
    skipped = unclear = 0
    for start, stop in zip(starts, [*starts[1:], None]):
        block, own, channels = _read_block(path, encoding, start, stop, decimal, first)
        if block is None:
            continue
        first = first or block
        if (block.titles, block.fs) != (first.titles, first.fs):
            skipped += 1
            continue
        since, known = _times(own, len(channels[0]), block, first, times)
        unclear += not known
        times.append(since)
        parts.append(channels)
    if not parts:
        raise InputError(f"{path} holds no table of numbers: an ECG as text has one row a sample")
    notes: tuple[str, ...] = (f"{len(parts)} blocks of a LabChart file read",)
    if skipped:
        notes += (f"{skipped} blocks of other channels or another rate left out",)
    if unclear:
        notes += (f"{unclear} blocks do not say when they began: put right behind the others",)
    return Blocks(_joined(times, parts), notes)


def _read_block(path, encoding, start, stop, decimal, first):
    """(what its head says, None where it holds nothing; s of its rows, None where they have none;
    its channels) of the block between two bytes; `first`: the first block, None for itself."""
    import pandas as pd

    with open_lines(path, encoding, start) as lines:
        raw = lines.read(_HEAD_BYTES if stop is None else min(_HEAD_BYTES, stop - start))
    head: list[str] = []
    at = 0
    for line in raw.splitlines(keepends=True):
        text = decoded(line, encoding)
        if text.strip() and not _KEY.match(text):
            break
        head.append(text)
        at += len(line)
    else:
        return None, None, []
    length = None if stop is None else stop - start - at
    columns = read_columns(path, encoding, start + at, "\t", decimal, length)
    width = max(len(text.rstrip("\t").split("\t")), len(columns))
    block = block_of(head, width if first is None else len(first.titles) + first.has_time)
    if block is None or not block.titles:
        return None, None, []
    block = block._replace(has_time=first.has_time if first else width > len(block.titles))
    own = None
    if block.has_time:
        clock = columns.pop(0)
        own = column_numbers(clock, path) if clock.dtype.kind in "iuf" else None
    count = len(columns[0]) if columns else len(clock)
    while len(columns) < len(block.titles):  # channels that have been turned off
        columns.append(pd.Series(np.full(count, np.nan)))
    return block, own, columns[: len(block.titles)]


def _times(own, count, block, first, before):
    """(s of the rows of a block since the first block began or about, whether that is known)"""
    fs = block.fs or 1.0
    times = np.arange(count) / fs if own is None else own  # a clock is even within a block
    follows = before[-1][-1] + 1 / fs if before else None
    if block.began and first.began and (block.own_time or own is None):
        times = times + (block.began - first.began).total_seconds()
        if follows is None or times[0] > follows - 0.6 / fs:
            return times, True
    if follows is None or own is not None and not block.own_time and times[0] > follows - 0.6 / fs:
        return times, True
    return times - times[0] + follows, False


def _joined(times, parts):
    import pandas as pd

    columns = [pd.Series(np.concatenate(times))]
    for k in range(len(parts[0])):
        columns.append(pd.concat([part[k] for part in parts], ignore_index=True))
    return columns
