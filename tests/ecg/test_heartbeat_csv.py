"""The heartbeat CSVs and their companion files.

What is refused of them: tests/test_data_preprocess.py."""

import numpy as np
import pandas as pd
import pytest

from ecg import heartbeat_csv
from ecg.artifacts import InputError
from ecg.dataset import Rows


@pytest.fixture
def archive(tmp_path):
    """(folder with both CSVs, the Rows in each)"""
    rows = Rows(
        np.random.default_rng(0).random((6, 187), np.float32),
        np.array([0, 0, 0, 1, 2, 4]),
        np.array(["100"] * 6),
        np.array([100, 400, 700, 850, 1300, 1600]),
        np.array(list("NNNAV/")),
        np.array([0.0, 0.01, -0.02, -0.6931, 0.4055, 0.0]),
    )
    for split in ("train", "test"):
        heartbeat_csv.write_csv(heartbeat_csv.csv_path(tmp_path, split), rows)
    return tmp_path, rows


def test_the_companion_file_tells_what_rows_do_not(archive):
    """Record, sample, symbol and prematurity come back as they were."""
    folder, rows = archive
    for back in heartbeat_csv.read_csvs(folder):
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(rows, back))


def test_companion_file_that_does_not_fit(archive):
    folder, _ = archive
    companion = folder / "mitbih_train_source.csv"
    table = pd.read_csv(companion, dtype=str)
    table[["record", "sample"]].to_csv(companion, index=False)
    with pytest.raises(InputError, match="mitbih_train_source.csv has no column early"):
        heartbeat_csv.read_csvs(folder)
    table.iloc[:5].to_csv(companion, index=False)
    with pytest.raises(InputError, match="mitbih_train_source.csv has 5 rows, .* 6"):
        heartbeat_csv.read_csvs(folder)


def test_csvs_of_others_come_without_patients(archive):
    folder, rows = archive
    for path in folder.glob("*_source.csv"):
        path.unlink()
    train, _ = heartbeat_csv.read_csvs(folder)
    assert np.array_equal(train.x, rows.x) and np.array_equal(train.y, rows.y)
    assert set(train.record) == {""} and set(train.sample) == {-1} and np.isnan(train.early).all()
