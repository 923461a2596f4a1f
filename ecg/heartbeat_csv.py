"""The heartbeat CSVs, mitbih_train.csv and mitbih_test.csv: Kaggle's own and ours, with their
companion files, which hold what a row of 187 samples and a class does not."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from ecg import artifacts, beats, mitdb
from ecg.artifacts import InputError
from ecg.dataset import Rows

COMPANION_COLUMNS = Rows._fields[2:]  # what a row does not hold
_COLUMNS = beats.WIDTH + 1
_MAKE_AGAIN = "make both again with python data_preprocess.py --source records"


def csv_path(archive: str | Path, split: str) -> Path:
    """The heartbeat CSV of split `train` or `test` in data/archive."""
    return Path(archive) / f"mitbih_{split}.csv"


def companion_path(path: Path) -> Path:
    return path.with_name(path.stem + "_source.csv")


def is_ours(path: Path) -> bool:
    """Whether a heartbeat CSV was written by write_csv. Kaggle's own has 18 digits and an exponent
    in every cell."""
    with open(path, encoding="ascii", errors="replace") as file:
        return companion_path(path).exists() and "e+00" not in file.readline()


# ----------------------------------------------------------------------------------------- reading


def read_csvs(archive: str | Path) -> tuple[Rows, Rows]:
    """(train, test) from data/archive; the patient of a row where it is known: in files of our own
    making, and in Kaggle's test rows, whose order is known. Raises InputError, naming file and
    line."""
    train, test = (_read_rows(csv_path(archive, split)) for split in ("train", "test"))
    return train, test


def _read_rows(path):
    """The Rows of one heartbeat CSV, with what is known of them."""
    x, y = read_csv(path)
    rows = Rows.unknown(x, y)
    if is_ours(path):
        return _with_companion(rows, path)
    if mitdb.rows_sha256(x) == mitdb.TEST_ROWS_SHA:
        index = mitdb.load_test_index()
        record, sample = index["record"].to_numpy(dtype="U8"), index["sample"].to_numpy()
        return rows._replace(record=record, sample=sample)
    return rows


def _with_companion(rows, path):
    """`rows` of the CSV `path` with what its companion file tells of them."""
    companion = companion_path(path)
    known = pd.read_csv(companion, dtype={"record": str}, keep_default_na=False)
    if len(known) != len(rows.y):
        raise InputError(
            f"{companion} has {len(known)} rows, {path.name} {len(rows.y)}: {_MAKE_AGAIN}"
        )
    if missing := sorted(set(COMPANION_COLUMNS) - set(known)):
        raise InputError(
            f"{companion} has no column {missing[0]}: it is of an older version, {_MAKE_AGAIN}"
        )
    columns = {name: known[name].to_numpy(getattr(rows, name).dtype) for name in COMPANION_COLUMNS}
    return rows._replace(**columns)


def read_csv(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """(x float32 (n, 187), y int64 (n,)) of one heartbeat CSV: 187 numbers and the class 0..4 a
    line, no header. Raises InputError, naming the line, for anything else."""
    path = Path(path)
    _check_first_line(path)
    try:
        table = pd.read_csv(path, header=None, dtype=np.float64).to_numpy()
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InputError(f"{path}: {_bad_line(path) or error}") from None
    if table.shape[1] != _COLUMNS:
        raise InputError(
            f"{path} has {table.shape[1]} columns, not {_COLUMNS} (187 samples and the class)"
        )
    labels = table[:, -1]
    bad = ~np.isin(labels, range(len(beats.CLASSES)))
    if bad.any():
        raise InputError(
            f"{path}, line {bad.argmax() + 1}: label {labels[bad.argmax()]:g} is not one of "
            "0, 1, 2, 3, 4"
        )
    return table[:, :-1].astype(np.float32), labels.astype(np.int64)


def _check_first_line(path):
    """Refuse what is no heartbeat CSV, before half a gigabyte of it is read."""
    if not path.exists():
        raise InputError(
            f"{path} is missing: put Kaggle's mitbih_train.csv and mitbih_test.csv there, or use "
            "--source records or --source download"
        )
    with open(path, encoding="utf-8", errors="replace") as file:
        first = file.readline().strip()
    if not first:
        raise InputError(f"{path} is empty: download it again")
    if first.count(",") + 1 != _COLUMNS:
        raise InputError(
            f"{path} has {first.count(',') + 1} columns, not {_COLUMNS} (187 samples and the "
            "class): is it a heartbeat CSV?"
        )


def _bad_line(path):
    """What is wrong with the first line that is not 188 numbers: looked for only when reading has
    failed."""
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        for number, cells in enumerate(csv.reader(file), 1):
            if len(cells) != _COLUMNS:
                return f"line {number} has {len(cells)} columns, not {_COLUMNS}"
            for column, cell in enumerate(cells, 1):
                try:
                    float(cell)
                except ValueError:
                    return f"line {number}, column {column}: {cell[:20]!r} is not a number"
    return None


# ----------------------------------------------------------------------------------------- writing


def write_csv(path: Path, rows: Rows) -> None:
    """One heartbeat CSV and its companion (record, sample, symbol and prematurity of each row),
    with as few digits as float32 needs to come back.

    Turning numbers into text is nearly all of the time, and most of the 16 million values repeat:
    each is turned once."""
    levels, which = np.unique(rows.x, return_inverse=True)
    words = np.array([str(level) for level in levels], dtype=object)[which.reshape(rows.x.shape)]
    labels = [f"{label}.0\n" for label in range(len(beats.CLASSES))]
    with (
        artifacts.writing(path) as temporary,
        open(temporary, "w", encoding="ascii", newline="\n") as file,
    ):
        for row, label in zip(words, rows.y):
            file.write(",".join(row))
            file.write("," + labels[label])
    known = pd.DataFrame({name: getattr(rows, name) for name in COMPANION_COLUMNS})
    known.to_csv(buffer := io.StringIO(), index=False, lineterminator="\n")
    artifacts.save_text(companion_path(path), buffer.getvalue())
