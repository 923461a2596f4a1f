"""The lines above a text table: where the table begins, how it is written, and what they say of
its columns, rate and unit."""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.packed import read_bytes
from ecg.formats.recording import LOWEST_FS, voltage
from ecg.formats.text_columns import ONE_VALUE_A_LINE, TIME_NAME, is_missing, is_number, is_time

HEAD_BYTES, HEAD_CHARACTERS, HEAD_LINES = 400_000, 200_000, 400  # what is looked at
_RATE = re.compile(
    r"(?:sampl\w*[ _-]?(?:rate|frequency|freq)|\bs?fs\b|\bsfreq\b)"
    r"\W{0,4}?[:=,;\t ]+\"?(\d+(?:[.,]\d+)?)\s*(k?)",
    re.IGNORECASE,
)
_HERTZ = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(k?)(?:hertz|hz\b|赫兹|赫茲|赫|ヘルツ|герц|헤르츠)", re.IGNORECASE
)
# whose hertz are no sampling rate
_FILTER = re.compile(r"filt|mains|notch|band|pass|line noise", re.IGNORECASE)
_UNIT = re.compile(r"unit|einheit|unidad|单位|單位|単位|단위", re.IGNORECASE)


class Head(NamedTuple):
    """How a text table is written, and what the lines above it say.

    lines: those above the table that are not blank. skip: how many lines stand above it, blank ones
    too. names, units: of the columns, [] where the lines do not name them; a unit may be None.
    fs: Hz, unit: of the recording; None where they are not told."""

    encoding: str
    delimiter: str
    decimal: str
    skip: int
    lines: list[str]
    names: list[str]
    units: list[str | None]
    fs: float | None
    unit: str | None


def read_head(path: Path) -> Head:
    """The head of a text table. Raises InputError for what is no text or holds no table."""
    text, encoding = _decode(path)
    lines = text.splitlines()[:HEAD_LINES]
    delimiter, skip = _layout(lines, path)
    above = [line for line in lines[:skip] if line.strip()]
    table = [_cells(line, delimiter) for line in lines[skip:-1] or lines[skip:] if line.strip()]
    names, units = _column_names(lines[:skip], delimiter, max(map(len, table)))
    fs = _rate(above)
    decimal = "."
    if not names and fs and delimiter == "," and _one_value_a_line(table):
        delimiter, decimal = ONE_VALUE_A_LINE, ","
    elif delimiter != "," and any("," in cell for cells in table for cell in cells):
        decimal = ","
    return Head(encoding, delimiter, decimal, skip, above, names, units, fs, _unit(above))


def _decode(path):
    """(the first characters of a text file, its encoding)"""
    raw = read_bytes(path, HEAD_BYTES)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in raw[:4096]:
        raise InputError(f"{path} is no text: it holds binary data")
    else:
        encoding = "utf-8-sig"
    try:
        return codecs.getincrementaldecoder(encoding)().decode(raw)[:HEAD_CHARACTERS], encoding
    except UnicodeDecodeError:
        return raw.decode("latin-1")[:HEAD_CHARACTERS], "latin-1"


# ----------------------------------------------------------------------------------------- layout


def _cells(line, delimiter):
    cells = line.split() if delimiter == " " else line.split(delimiter)
    return [cell.strip().strip("\"'").strip() for cell in cells]


def _layout(lines, path):
    """(delimiter, number of lines above) of a text table: it begins where three lines of data
    follow one another."""
    for delimiter in ("\t", ";", ",", " "):
        rows = [_cells(line, delimiter) for line in lines]
        several = [len(cells) > 1 for cells in rows if cells not in ([""], [])]
        if delimiter != " " and np.mean(several[len(several) // 2 :] or [False]) < 0.9:
            continue
        data = [
            line.strip() != "" and line.lstrip()[0] not in "#%" and _is_data(cells)
            for line, cells in zip(lines, rows)
        ]
        for k in range(len(lines)):
            if data[k] and all(data[k : k + 3]):
                return delimiter, k
    raise InputError(f"{path} holds no table of numbers: an ECG as text has one row a sample")


def _is_data(cells):
    """Whether a line holds samples: a number somewhere, a number, gap or time first, at most one
    word (a label) after it."""
    words = [cell for cell in cells[1:] if not is_number(cell) and not is_missing(cell)]
    return (
        any(map(is_number, cells))
        and len(words) <= 1
        and (is_number(cells[0]) or is_missing(cells[0]) or is_time(cells[0]))
    )


def _one_value_a_line(table):
    """Whether the commas of a table end its lines (`12,`) or are decimal signs (`-12,5`)."""
    if max(map(len, table)) != 2:
        return False
    return all(cells[-1] == "" for cells in table) or all(
        re.fullmatch(r"-?\d+,\d*", ",".join(cells)) for cells in table
    )


# ----------------------------------------------------------------------------------------- content


def _rate(lines):
    """Sampling rate in Hz that the lines above a table name: `fs = 250`, or the only figure in
    hertz (no filter's)."""

    def hertz(match):
        return float(match[1].replace(",", ".")) * (1000 if match[2] else 1)

    for line in lines:
        if match := _RATE.search(line):
            return hertz(match)
    figures = {
        hertz(match)
        for line in lines
        if not _FILTER.search(line)
        for match in _HERTZ.finditer(line)
    }
    figures = {value for value in figures if value >= LOWEST_FS}
    return figures.pop() if len(figures) == 1 else None


def _unit(lines):
    """Unit that the lines above a table name: `unit: mV`, `Einheit,µV`; not every volt that is
    mentioned there."""
    for line in lines:
        words = [
            word.strip("\"'()[]")
            for word in re.split(r"[,;:=\t ]+", line.strip().lstrip("#% "))
            if word
        ]
        units = [word for word in words[1:] if voltage(word) is not None]
        if units and (_UNIT.search(line) or len(words) == 2 and units[0].lower() != "v"):
            return units[-1]
    return None


def _column_names(lines, delimiter, width):
    """(names, units) of the `width` columns, from the one or two lines right above the data; two
    empty lists where there are none."""
    above = _rows_above(lines, delimiter, width)
    if not above:
        return [], []
    units: list[str | None] = [None] * width
    last = [re.sub(r"[()\[\]]", "", cell) for cell in above[-1]]
    if any(voltage(cell) is not None for cell in last):
        # names, then units, as rdsamp and PhysioBank write them
        if len(above) < 2:
            only_units = all(voltage(cell) for cell in last)
            return ([f"column {k}" for k in range(width)], last) if only_units else ([], [])
        units = [cell if voltage(cell) is not None else None for cell in last]
        names = [
            f"{name} ({unit})" if TIME_NAME.match(name) else name
            for name, unit in zip(above[0], last)
        ]
    else:
        names = above[-1]
    plain, inline = zip(*map(_split_unit, names))
    return list(plain), [a or b for a, b in zip(inline, units)]


def _rows_above(lines, delimiter, width) -> list[list[str]]:
    """The cells of the last one or two of `lines`, as far as they are as wide as the table."""
    above: list[list[str]] = []
    for line in reversed(lines[-2:]):
        line = line.strip().lstrip("#%").strip()
        row = [line] if width == 1 and delimiter == " " else _cells(line, delimiter)
        if delimiter == " " and len(row) != width:
            row = re.split(r"\s{2,}", line)  # `Elapsed time   MLII   V5`
        row = row[:-1] if len(row) == width + 1 and row[-1] == "" else row
        if (
            len(row) != width
            or sum(cell == "" for cell in row) > 1
            or any(_HERTZ.search(cell) for cell in row)
            or row == [""]
        ):
            break
        above.insert(0, row)
    return above


def _split_unit(name):
    """(name without its unit, unit or None): `MLII (mV)`, `ecg_uV`, `V5 [µV]`"""
    match = re.search(r"\s*[(\[]\s*([^)\]]+?)\s*[)\]]\s*$|[_ ]([mnuµμ]?v)$", name, re.IGNORECASE)
    if match and voltage(match[1] or match[2]) is not None:
        return name[: match.start()].strip() or name, match[1] or match[2]
    return name, None
