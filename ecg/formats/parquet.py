"""Tables of columns: Parquet, Feather and Arrow files, by pyarrow.

A row a sample goes the way of the columns of a text table (table.py); a file of one row, whose
columns hold lists of samples, that of named values (named/arrays.py). Rate and unit may stand in
the metadata of the table, as pandas (`attrs`) and others write them."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.arrow_sizes import unpacked_size
from ecg.formats.named.arrays import contents_of_arrays
from ecg.formats.named.facts import facts_of, structs
from ecg.formats.named.values import beside, in_a_line, rate_for, texts_of
from ecg.formats.optional import need
from ecg.formats.packed import read_bytes
from ecg.formats.recording import Contents, Given

_PARQUET, _FEATHER, _FEATHER_1, _STREAM = b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"
MOST_COLUMNS = 500
MOST_AT_ONCE = 50_000_000  # bytes that any file may be unpacked to
UNPACKED_AT_MOST = 200  # times: what a byte of a table with an ECG in it becomes
_LONGEST_TEXT = 10_000_000  # bytes, and items, in Parquet's own headers


def is_parquet(head: bytes) -> bool:
    """Whether a file that begins with `head` is Parquet."""
    return head.startswith(_PARQUET)


def is_feather(head: bytes) -> bool:
    """Whether a file that begins with `head` is Feather or Arrow. A stream of Arrow begins with a
    mark and the length of a message."""
    is_stream = head.startswith(_STREAM) and 0 < int.from_bytes(head[4:8], "little") < 1 << 24
    return head.startswith((_FEATHER, _FEATHER_1)) or is_stream


def from_parquet(path: Path, given: Given) -> Contents:
    """The columns of a Parquet, Feather or Arrow file."""
    raw = read_bytes(path)
    need("pyarrow", path)
    if is_parquet(raw):
        table = _parquet(raw, path)
    elif is_feather(raw):
        table = _feather(raw, path)
    else:
        raise InputError(f"{path} is no Parquet, Feather or Arrow file")
    if table.num_columns == 0 or table.num_rows == 0:
        raise InputError(f"{path} is a table without rows or columns")
    said = _metadata(table)
    if table.num_rows == 1:
        row = {name: _listed(table.column(k)) for k, name in enumerate(table.column_names)}
        return contents_of_arrays({"info": said, **row}, path, given)
    facts, notes = facts_of(list(structs(said)))
    around = beside(said)
    named = [k for k, field in enumerate(table.schema) if not _is_nested(field)]
    if not named:
        raise InputError(
            f"{path} has {table.num_rows} rows of lists: several recordings; give a file of one"
        )
    from ecg.formats.table import contents_of_table  # and with it pandas

    return contents_of_table(
        [_series(table.column(k)) for k in named],
        [_name_of(table.column_names[k]) for k in named],
        [_unit_of(table.schema.field(k)) for k in named],
        rate_for(around, 0, 1),
        next(iter(texts_of(around.unit)), None),
        facts,
        notes,
        given,
        path,
    )


# ----------------------------------------------------------------------------------------- tables


def _parquet(raw, path):
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(
        io.BytesIO(raw),
        thrift_string_size_limit=_LONGEST_TEXT,
        thrift_container_size_limit=_LONGEST_TEXT,
        pre_buffer=False,
    )
    about = file.metadata
    sizes = [about.row_group(k).total_byte_size for k in range(about.num_row_groups)]
    _check(about.num_rows, about.num_columns, max([0, *sizes, sum(sizes)]), raw, path)
    table = file.read(use_threads=False)
    table.validate(full=True)
    return table


def _feather(raw, path):
    """A Feather file holds the messages of a stream behind its first 8 bytes, and what they are."""
    import pyarrow

    if raw.startswith(_FEATHER_1):
        raise InputError(f"{path} is of Feather's first version: save it as version 2, or Parquet")
    content = pyarrow.py_buffer(raw)[8 if raw.startswith(_FEATHER) else 0 :]
    for message in pyarrow.ipc.MessageReader.open_stream(content):
        size = unpacked_size(message.metadata.to_pybytes(), message.body)
        _check(0, 0, size, raw, path)
    stream = pyarrow.ipc.open_stream(content)
    kept, rows = [], 0
    for batch in stream:
        batch.validate(full=True)
        rows += batch.num_rows
        _check(rows, batch.num_columns, 0, raw, path)
        kept.append(batch)
    return pyarrow.Table.from_batches(kept, stream.schema)


def _check(rows, columns, size, raw, path):
    """Refuse a table that says it holds more than an ECG of so many bytes does."""
    if columns > MOST_COLUMNS:
        raise InputError(f"{path} has {columns} columns: an ECG has one a lead, and a row a sample")
    most = max(MOST_AT_ONCE, UNPACKED_AT_MOST * len(raw))
    if rows < 0 or rows * columns * 8 > most or size > most:
        raise InputError(
            f"{path} says it holds {rows:,} rows of {columns} columns: far more than an ECG of its "
            "size"
        )


# ----------------------------------------------------------------------------------------- columns


def _is_nested(field):
    import pyarrow

    return pyarrow.types.is_nested(field.type)


def _name_of(name):
    """The index that pandas keeps beside its columns has no name of its own."""
    return "index" if name.startswith("__index_level_") else in_a_line(name)


def _series(column):
    """A column as a pandas Series: numbers, texts; times in s since 1970."""
    import pandas as pd
    import pyarrow

    kind = column.type
    if pyarrow.types.is_timestamp(kind):
        ns = column.cast(pyarrow.timestamp("ns"), safe=False).cast(pyarrow.int64())
        return pd.Series(ns.to_pandas().to_numpy(np.float64, na_value=np.nan) / 1e9)
    if pyarrow.types.is_duration(kind):
        ns = column.cast(pyarrow.duration("ns"), safe=False).cast(pyarrow.int64())
        return pd.Series(ns.to_pandas().to_numpy(np.float64, na_value=np.nan) / 1e9)
    if pyarrow.types.is_decimal(kind) or pyarrow.types.is_floating(kind):
        return column.cast(pyarrow.float64()).to_pandas()
    series = column.to_pandas()
    numeric = pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind)
    return series.astype(np.float64) if numeric else series.astype(str)


def _listed(column):
    """The value of the one row of a column: a list of numbers as an array (n,) or (n, m)."""
    value = column[0].as_py()
    if isinstance(value, list):
        try:
            return np.array(value, np.float64)
        except (ValueError, TypeError):
            return value[:1000]
    return value if isinstance(value, str | int | float) else str(value)


# ----------------------------------------------------------------------------------------- metadata


def _metadata(table) -> dict[str, Any]:
    """What stands in the metadata of a table, of pandas' what its user put there (`attrs`)."""
    said: dict[str, Any] = {}
    for key, value in (table.schema.metadata or {}).items():
        name = key.decode("utf-8", "replace")
        if name == "ARROW:schema":
            continue
        content = _decoded(value)
        if name == "pandas":
            content = content.get("attributes") if isinstance(content, Mapping) else None
        if name in ("pandas", "PANDAS_ATTRS"):
            said |= content if isinstance(content, Mapping) else {}
        elif content is not None:
            said[name] = content
    return said


def _decoded(value):
    text = value.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _unit_of(field):
    """The unit in the metadata of a column."""
    own = {key.decode(): _decoded(value) for key, value in (field.metadata or {}).items()}
    return next(iter(texts_of(beside(own).unit)), None)
