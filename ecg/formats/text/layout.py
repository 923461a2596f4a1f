"""How a text table is written: where it begins, what separates its cells, its decimal sign."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.text.cells import cells_of, has_decimal_comma, is_missing, is_number, is_time
from ecg.formats.text.stream import without_comment

SEPARATOR_LINE = re.compile(r"\W*sep\s*=\s*(\\t|[^\s\"]|\t|)\s*\"?\s*$", re.IGNORECASE)
_DELIMITERS = ("\t", ";", ",", "|", " ")


class Layout(NamedTuple):
    """delimiter: of the cells. skip: lines above the table. rows: cells of the rows that were
    looked at, all as long as the table is wide."""

    delimiter: str
    skip: int
    rows: list[list[str]]


def find_layout(lines: list[str], path: Path) -> Layout:
    """How the table in `lines` is written, which are the first of a file. It begins where three
    lines of data of one width follow one another. Raises InputError where there is none."""
    bare = [without_comment(line) for line in lines]
    for delimiter in _likely_delimiters(lines):
        rows = [cells_of(line, delimiter) for line in bare]
        several = [len(cells) > 1 for cells in rows if cells not in ([""], [])]
        if delimiter != " " and np.mean(several[len(several) // 2 :] or [False]) < 0.9:
            continue
        data = [_is_data(line, rows[k : k + 3]) for k, line in enumerate(lines)]
        starts = [k for k in range(len(lines)) if data[k] and all(data[k : k + 3])]
        alike = [k for k in starts if _alike(rows[k : k + 3])]
        if starts:
            skip = (alike or starts)[0]
            # the last line may be cut short
            return Layout(delimiter, skip, _of_one_width(rows[skip:-1] or rows[skip:]))
    raise InputError(f"{path} holds no table of numbers: an ECG as text has one row a sample")


def _likely_delimiters(lines):
    """Delimiters in the order to try them: the one that the first line names comes first."""
    named = [SEPARATOR_LINE.match(line) for line in lines[:2]]
    return [
        *("\t" if match[1] in ("\\t", "") else match[1] for match in named if match),
        *_DELIMITERS,
    ]


def _alike(rows):
    """Whether rows are equally wide, and where the first has a word the others have no numbers:
    `250 Hz` above two columns is no row of theirs."""
    return len({len(row) for row in rows}) == 1 and not any(
        not is_number(first) and not is_missing(first) and others and all(map(is_number, others))
        for first, *others in zip(*rows)
    )


def _of_one_width(rows):
    """The rows that are not blank, without the empty cell behind a delimiter that ends each."""
    rows = [row for row in rows if row not in ([""], [])]
    width = max(map(len, rows))
    while width > 1 and all(row[width - 1 : width] in ([], [""]) for row in rows):
        width -= 1
    return [row[:width] for row in rows]


def _is_data(line, rows):
    """Whether a line holds samples: a number somewhere, a number, gap or time first, few words
    (labels) after it, or a word first that stands in the rows after it too (a device, a lead)."""
    cells = rows[0]
    if not line.strip() or line.lstrip()[0] in "#%" or not any(map(is_number, cells)):
        return False
    words = sum(not (is_number(cell) or is_missing(cell) or is_time(cell)) for cell in cells)
    if is_number(cells[0]) or is_missing(cells[0]) or is_time(cells[0]):
        return words <= max(1, len(cells) // 2)
    return len(rows) == 3 and all(len(r) == len(cells) > 1 and r[0] == cells[0] for r in rows)


# ----------------------------------------------------------------------------------------- decimals


def decimal_sign(layout: Layout) -> str:
    """The decimal sign of the numbers of a table."""
    comma = any(has_decimal_comma(cell) for row in layout.rows for cell in row)
    return "," if comma else "."


def is_one_column(layout: Layout) -> bool:
    """Whether the commas of a table of two columns are decimal signs: `-12,5`."""
    rows = layout.rows
    if layout.delimiter != "," or not all(
        len(row) == 2 and re.fullmatch(r"-?\d+", row[0]) and re.fullmatch(r"\d*", row[1])
        for row in rows
    ):
        return False
    first, last = [row[0] for row in rows], [row[1] for row in rows]
    if any(cell.startswith("0") and cell != "0" for cell in last):
        return True
    if len(rows) < 10 or "" in last:
        return False
    # a signal goes on from row to row, the digits behind a comma do not
    steps, numbers = np.diff(np.array(first, float)), np.array(last, float)
    rough = np.median(np.abs(np.diff(numbers))) > 0.6 * np.std(numbers) > 0
    return bool(rough) and not np.all(steps == 1)
