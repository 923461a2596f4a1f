"""LabChart's export for MATLAB, and the blocks in which LabChart records.

`data` (1, n) holds the blocks of all channels one after another; datastart and dataend (channels,
blocks) say where each lies, counted from 1, -1 where a channel was off; titles, samplerate
(channels, blocks), unittext and unittextmap (channels, blocks), blocktimes (MATLAB's days). In 16
bits a value is scaleunits * (data + scaleoffset). Source: LabChart's help, "MATLAB export"."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.named.values import in_a_line, numbers_of, texts_of
from ecg.formats.recording import MAX_LEADS, Channel, Contents, Facts

_NEEDED = {"data", "datastart", "dataend", "titles", "samplerate"}
LONGEST_PAUSE = 86400.0  # s between blocks, in all: with more, they are recordings of their own
MOST_MISSING = 10_000_000, 50  # samples between blocks; or so many times those in them
_DAY_ZERO = 366  # MATLAB counts days from the year 0, Python from the year 1


def is_labchart(tree: Mapping[str, Any]) -> bool:
    """Whether the values of a MATLAB file are LabChart's export."""
    return tree.keys() >= _NEEDED


def contents_of_labchart(tree: Mapping[str, Any], path: Path) -> Contents:
    """The channels of LabChart's export; what was not recorded between blocks is NaN."""
    titles = texts_of(tree["titles"])
    tables = [_table(tree.get(key), len(titles)) for key in ("datastart", "dataend", "samplerate")]
    if len(titles) > MAX_LEADS or any(each is None for each in tables):
        raise InputError(f"{path}: its titles, datastart and dataend do not fit each other")
    starts, ends, rates = (each for each in tables if each is not None)
    if not starts.shape == ends.shape == rates.shape:
        raise InputError(f"{path}: its datastart, dataend and samplerate do not fit each other")
    days = numbers_of(tree.get("blocktimes"))
    if days is not None and (len(days) != starts.shape[1] or not np.isfinite(days).all()):
        days = None
    channels = []
    for k, title in enumerate(titles):
        there = [b for b in range(starts.shape[1]) if 0 < starts[k, b] <= ends[k, b]]
        if len({rates[k, b] for b in there}) > 1:
            raise InputError(
                f"{path}: {in_a_line(title)} has several rates: export its blocks apart"
            )
        if there:
            read = _reader(tree, (starts[k], ends[k]), (k, len(titles)), there, days, path)
            fs = float(rates[k, there[0]])
            channels.append(
                Channel(in_a_line(title), _unit(tree, len(titles), k, there[0]), fs, read(fs))
            )
    start = None if days is None else _moment(days[0])
    return Contents(channels, Facts() if start is None else Facts(start.date(), start.time()))


def _reader(tree, ends, row, there, days, path):
    """Of a rate in Hz, the function that reads one channel: the blocks that are `there`."""
    data = np.asarray(tree["data"]).reshape(-1)
    onsets = None if days is None else [float(days[b]) * 86400 for b in there]

    def blocks():
        for b in there:
            by, add = _scale(tree, row[0], row[1], b)
            yield (data[int(ends[0][b]) - 1 : int(ends[1][b])] + add) * by

    return lambda fs: lambda: joined(list(blocks()), onsets, fs, path)


def joined(
    blocks: Sequence[np.ndarray], onsets: Sequence[float] | None, fs: float, path: Path
) -> np.ndarray:
    """(n,) the blocks where their onsets in s put them, NaN between; one after another where
    these are not known. Raises InputError where a pause is longer than a day, or the times are not
    in order."""
    if len(blocks) == 1:
        return np.asarray(blocks[0], np.float64)
    if onsets is None or not 0 < fs < 1e6:
        return np.concatenate([np.asarray(block, np.float64) for block in blocks])
    parts: list[np.ndarray] = []
    end, in_all = onsets[0], 0.0
    most = max(MOST_MISSING[0], MOST_MISSING[1] * sum(map(len, blocks))) / fs
    for block, onset in zip(blocks, onsets):
        pause = onset - end
        in_all += max(0.0, pause)
        if not -1 <= in_all <= min(LONGEST_PAUSE, most) or pause < -1:
            raise InputError(
                f"{path}: its blocks are {pause:.0f} s apart: they are recordings of their own, "
                "export one"
            )
        parts += [np.full(max(0, round(pause * fs)), np.nan), np.asarray(block, np.float64)]
        end = max(onset, end) + len(block) / fs
    return np.concatenate(parts)


def _table(value, rows):
    """`value` as (channels, blocks), None where it is no such table."""
    numbers = numbers_of(value)
    if numbers is None or not rows or len(numbers) % rows or not np.isfinite(numbers).all():
        return None
    return np.asarray(value, np.float64).reshape(rows, -1)


def _scale(tree, k, rows, block):
    """(factor, what is added before) of 16-bit values; (1, 0) where they are numbers already."""
    by, add = (_table(tree.get(key), rows) for key in ("scaleunits", "scaleoffset"))
    if by is None or add is None or by.shape != add.shape or block >= by.shape[1]:
        return 1.0, 0.0
    return float(by[k, block]), float(add[k, block])


def _unit(tree, rows, k, block):
    texts, numbers = texts_of(tree.get("unittext")), _table(tree.get("unittextmap"), rows)
    if numbers is None or block >= numbers.shape[1]:
        return None
    number = int(numbers[k, block])
    return texts[number - 1] if 1 <= number <= len(texts) else None


def _moment(days):
    """The moment that MATLAB's number of days means, None where it is no date of a recording."""
    if not 693_960 < days < 803_000:  # the years 1900 to 2198
        return None
    whole = datetime.datetime.fromordinal(int(days) - _DAY_ZERO)
    return whole + datetime.timedelta(milliseconds=round((days % 1) * 86_400_000))
