"""The columns of a text table: reading them, and their values."""

import array
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.recording import MAX_LEADS
from ecg.formats.text.cells import MISSING, is_missing
from ecg.formats.text.stream import Rows, open_lines
from ecg.formats.units import as_number

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

PART = 1 << 19  # rows of a text table that are worked on at a time
WIDEST = 24, 500  # leads (rows) at most, samples (columns) above, where a row is a lead
WIDEST_NAMED = 300  # columns of a table whose columns have names
_MISSING = sorted({each for word in MISSING for each in (word, word.upper(), word.title())})


def read_columns(
    path: Path,
    encoding: str,
    skip: int,
    delimiter: str,
    decimal: str,
    length: int | None = None,
    named: bool = False,
) -> list["pd.Series"]:
    """The columns of a text table: numbers where all of a column are, else text.

    skip, length: bytes above the table and of it (stream.open_lines says how they count);
    None: to the end. named: whether its columns have names. Read a part at a time: a day has 30
    million rows. Raises InputError where rows differ in length, or the table is no recording."""
    import pandas as pd

    # what is read so far, by the number of the column
    numbers: dict[int, array.array[float]] = {}
    texts: dict[int, list[pd.Series]] = {}
    try:
        with (
            open_lines(path, encoding, skip) as lines,
            pd.read_csv(
                cast(Any, Rows(lines, encoding, length, path)),
                sep=r"\s+" if delimiter == " " else delimiter,
                header=None,
                index_col=False,
                decimal=decimal,
                na_values=_MISSING,
                keep_default_na=True,
                skipinitialspace=True,
                low_memory=False,
                chunksize=PART,
            ) as parts,
        ):
            for part in parts:
                if part.shape[1] > (WIDEST_NAMED if named else MAX_LEADS):
                    return _rows_as_columns(part, path)
                _append(part, numbers, texts)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        where = _where(error)
        raise InputError(f"{path}: its rows differ in their number of columns{where}") from None
    columns = [
        pd.concat(texts[k], ignore_index=True) if k in texts else _as_series(numbers[k])
        for k in range(len(numbers) + len(texts))
    ]
    while len(columns) > 1 and columns[-1].isna().all():  # lines that end in a delimiter
        del columns[-1]
    return columns


def _where(error):
    """Which row it was, of what pandas says: `Expected 2 fields in line 5007, saw 3`."""
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    return f": {found[3]} in row {found[2]} of its table, not {found[1]}" if found else ""


def _append(part, numbers, texts):
    """Add a part of a table to what is read of its columns, in place. A column of numbers in which
    a word turns up is one of text from there on, with its numbers before."""
    for k in part.columns:
        if part[k].dtype.kind in "iuf" and k not in texts:
            values = part[k].to_numpy(np.float64)
            numbers.setdefault(k, array.array("d")).frombytes(values.tobytes())
        else:
            before = [_as_series(numbers.pop(k))] if k in numbers else []
            texts.setdefault(k, before).append(part[k])


def _as_series(values):
    import pandas as pd

    return pd.Series(np.frombuffer(values), copy=False)


def _rows_as_columns(table, path):
    """The columns of a table that is too wide: one row a lead instead of one row a sample, or no
    recording."""
    while table.shape[1] > 1 and table.iloc[:, -1].isna().all():
        table = table.iloc[:, :-1]
    if len(table) > WIDEST[0] or table.shape[1] <= WIDEST[1]:
        raise InputError(
            f"{path} has {table.shape[1]} columns: an ECG has one row a sample and one column a "
            "lead (rows of 187 samples and a class are heartbeats for data_preprocess.py, not a "
            "recording)"
        )
    return [table.T[k] for k in table.index]


def column_numbers(column: "pd.Series", path: Path) -> np.ndarray:
    """(n,) float of a column; gaps are NaN; anything else that is no number is an InputError with
    its row."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        return column.to_numpy(dtype=np.float64)
    text = column.astype("object").where(column.notna(), "").astype(str).str.strip(" \"'\t")
    x = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    for k in np.flatnonzero(np.isnan(x)):
        cell = text.iloc[k]
        number = as_number(cell.replace(",", ".").replace("−", "-"))
        if number is not None:
            x[k] = number
        elif not is_missing(cell):
            raise InputError(f"{path}: {cell[:40]!r} in row {k + 1} of its table is no number")
    return x
