"""The columns of a text table: what a cell may be, reading the columns, their values."""

import array
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.packed import open_unpacked, read_bytes
from ecg.formats.recording import MAX_LEADS, as_number

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd

PART = 1 << 19  # rows of a text table that are worked on at a time
ONE_VALUE_A_LINE = "\n"  # the delimiter of a table without any
WIDEST = 24, 500  # leads (rows) at most, samples (columns) above, where a row is a lead
MISSING = {"", "nan", "na", "n/a", "null", "none", "-"}
# names of columns that hold the time, or count the rows
TIME_NAME = re.compile(
    r"^(elapsed ?)?(time|times|timestamp|datetime|date|t|seconds?|secs?|ms"
    r"|zeit|temps|tiempo|时间|時間)(?![a-z])",
    re.IGNORECASE,
)
INDEX_NAME = re.compile(
    r"^(sample(s| ?#| ?(number|index|no\.?))?|index|idx|n|#|row|nseq|unnamed.*|)$", re.IGNORECASE
)
_CLOCK = re.compile(r"^\[?\d*:?\d+:\d+(\.\d+)?\]?$")


# ----------------------------------------------------------------------------------------- cells


def is_number(cell: str) -> bool:
    return as_number(cell.replace(",", ".")) is not None


def is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def is_time(cell: str) -> bool:
    """Whether a cell is a clock (0:05.123, [10:00:05]) or a date with a time."""
    return bool(_CLOCK.match(cell) or re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", cell))


# ----------------------------------------------------------------------------------------- columns


def read_columns(
    path: Path, encoding: str, skip: int, delimiter: str, decimal: str
) -> list["pd.Series"]:
    """The columns of a text table: numbers where all of a column are, else text.

    skip: lines above the table. Read a part at a time: a day has 30 million rows. Raises InputError
    where rows differ in length, or the table is no recording."""
    import pandas as pd

    if delimiter == ONE_VALUE_A_LINE:
        return [_values_of_lines(path, encoding, skip)]
    # what is read so far, by the number of the column
    numbers: dict[int, array.array[float]] = {}
    texts: dict[int, list[pd.Series]] = {}
    try:
        with (
            open_unpacked(path) as stream,
            pd.read_csv(
                stream,
                sep=r"\s+" if delimiter == " " else delimiter,
                header=None,
                skiprows=skip,
                index_col=False,
                decimal=decimal,
                na_values=sorted(MISSING),
                keep_default_na=True,
                skipinitialspace=True,
                comment="#",
                low_memory=False,
                encoding=encoding,
                encoding_errors="replace",
                chunksize=PART,
            ) as parts,
        ):
            for part in parts:
                if part.shape[1] > MAX_LEADS:
                    return _rows_as_columns(part, path)
                _append(part, numbers, texts)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: its rows differ in their number of columns ({error})") from None
    columns = [
        pd.concat(texts[k], ignore_index=True) if k in texts else _as_series(numbers[k])
        for k in range(len(numbers) + len(texts))
    ]
    while len(columns) > 1 and columns[-1].isna().all():  # lines that end in a delimiter
        del columns[-1]
    return columns


def _values_of_lines(path, encoding, skip):
    """The column of a table of one value a line; a comma is its decimal sign or ends the line."""
    import pandas as pd

    lines = (
        line.strip().strip('"').rstrip(",").replace(",", ".")
        for line in read_bytes(path).decode(encoding, errors="replace").splitlines()[skip:]
    )
    return pd.Series(line for line in lines if line)


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

    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64)
    text = column.astype("object").where(column.notna(), "").astype(str).str.strip(" \"'\t")
    x = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    for k in np.flatnonzero(np.isnan(x)):
        if not is_missing(text.iloc[k]):
            raise InputError(
                f"{path}: {text.iloc[k][:40]!r} in row {k + 1} of its table is no number"
            )
    return x
