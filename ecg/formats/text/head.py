"""The lines above a text table: where the table begins, how it is written, and what they say of
its columns, of rate and unit, of the recording."""

import re
from pathlib import Path
from typing import NamedTuple

from ecg.formats.packed import read_bytes
from ecg.formats.recording import Facts
from ecg.formats.text.cells import is_number
from ecg.formats.text.devices import Said, said_by
from ecg.formats.text.facts import facts_of
from ecg.formats.text.labchart import block_of, start_of
from ecg.formats.text.layout import Layout, decimal_sign, find_layout, is_one_column
from ecg.formats.text.names import column_names
from ecg.formats.text.rate import rate_of
from ecg.formats.text.says import (
    Converter,
    converter_of,
    filters_of,
    lead_named,
    names_listed,
    unit_of,
    units_list,
)
from ecg.formats.text.shimmer import shimmer_names
from ecg.formats.text.stream import decoded, find_encoding, open_lines

HEAD_BYTES, HEAD_LINES = 400_000, 400  # what is looked at


class Head(NamedTuple):
    """How a text table is written, and what the lines above it say.

    skip: bytes above the table (stream.open_lines). no_samples: rows of it before its samples.
    names, units, kinds, converters: of the columns; "" or None where the lines do not tell. lead:
    of a table of one column, "" where it is not told. fs: Hz, unit: of the recording; None where
    they are not told. filters: what was done to it before. is_labchart: whether there may be
    further heads in the table."""

    encoding: str
    delimiter: str
    decimal: str
    skip: int
    no_samples: int
    names: list[str]
    units: list[str | None]
    kinds: list[str]
    converters: list[Converter | None]
    lead: str
    fs: float | None
    unit: str | None
    facts: Facts
    filters: str
    is_labchart: bool


def read_head(path: Path) -> Head:
    """The head of a text table. Raises InputError for what is no text or holds no table."""
    encoding = find_encoding(read_bytes(path, HEAD_BYTES), path)
    with open_lines(path, encoding) as file:
        raw = file.read(HEAD_BYTES).splitlines(keepends=True)[:HEAD_LINES]
    lines = [decoded(line, encoding) for line in raw]
    layout = find_layout(lines, path)
    decimal = decimal_sign(layout)
    above = [line for line in lines[: layout.skip] if line.strip()]
    if is_one_column(layout) and rate_of(above):
        layout, decimal = layout._replace(delimiter="\t"), ","
        layout = layout._replace(rows=[[",".join(row)] for row in layout.rows])
    width = max(map(len, layout.rows))
    names, units, used = _names_of(lines[: layout.skip], layout, width)
    said = _said(above, layout, names, path)
    above = [line for line in above if line not in used]
    facts = facts_of(above)
    facts = facts._replace(
        **{key: value for key, value in said.facts._asdict().items() if value not in ("", None)}
    )
    return Head(
        encoding,
        layout.delimiter,
        decimal,
        sum(map(len, raw[: layout.skip])),
        # below names with units the first row `0,1` is a time and a sample
        said.no_samples or (0 if any(units or ()) else _numbered(layout.rows)),
        _right(said.names or names or names_listed(above, width), width, ""),
        _right(said.units or units or units_list(above, width), width, None),
        _right(said.kinds, width, ""),
        _right(said.converters, width, None) if said.converters else [converter_of(above)] * width,
        lead_named(above),
        said.fs or rate_of(above) or rate_of(names),
        unit_of(above),
        facts,
        filters_of(above),
        block_of(above, width) is not None,
    )


def _names_of(lines, layout, width):
    """`column_names`, where a clock in brackets, as rdsamp writes it, may fill two of the columns:
    `[10:00:05.123 26/07/2026]   -0.145   -0.065`"""
    first = layout.rows[0]
    if layout.delimiter != " " or not (first[0][:1] == "[" and first[1:2] and first[1][-1:] == "]"):
        return column_names(lines, layout.delimiter, width)
    names, units, used = column_names(lines, layout.delimiter, width - 1)
    return [*names[:1], *names[:1], *names[1:]], [*units[:1], *units[:1], *units[1:]], used


def _said(above, layout: Layout, names, path):
    """What the head of a known recorder says; nothing where it is of none."""
    rows = layout.rows
    if block := block_of(above, len(rows[0])):
        has_time = len(block.titles) == len(rows[0]) - 1
        time = (["time"], ["s"]) if has_time else ([], [])
        return Said(
            [*time[0], *block.titles],
            [*time[1], *block.units],
            fs=block.fs,
            facts=start_of(block, rows[0][0] if has_time else ""),
        )
    return said_by(above, rows, path) or shimmer_names(names) or Said()


def _right(values, width, nothing):
    """`values` for the last of `width` columns, nothing for those before."""
    values = list(values)[-width:]
    return [nothing] * (width - len(values)) + values


def _numbered(rows):
    """How many rows number the columns instead of holding samples: `,0,1` or `0,1,2`."""
    row = rows[0]
    counted = [str(k) for k in range(len(row))]
    if len(rows) < 3 or len(row) < 2:
        return 0
    if row[0] == "" and row[1:] == counted[:-1]:
        return int(all(map(is_number, rows[1])))
    whole = [bool(re.fullmatch(r"\d+", cell)) for cell in rows[1]]
    return int(row == counted and not any(whole[1:]))
