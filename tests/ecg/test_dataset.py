"""Beats as rows: cut as they are served, split without a patient on two sides."""

import numpy as np
import pytest

from ecg import beats, dataset, formats
from ecg.artifacts import InputError
from ecg.dataset import Rows
from ecg.formats.annotation import read_annotation
from ecg.mitdb import PACED
from ecg.synthetic import demo_records


def made_up(y, record=None):
    """Rows of classes y, one patient each unless `record` says another."""
    y = np.array(y)
    x = np.random.default_rng(0).random((len(y), 187), dtype=np.float32)
    rows = Rows.unknown(x, y)
    return rows if record is None else rows._replace(record=np.array(record))


def assert_served_as_cut(rows, folder, names):
    """Fed with a record's annotations, what inference uses gives exactly the rows of the CSVs."""
    for name in names:
        recording = formats.read_recording(folder / f"{name}.hea", lead=0)
        samples = read_annotation(folder / name).samples
        served, positions = beats.extract_beats(recording.signal, samples, recording.fs)
        mine = rows.record == name
        keep = np.isin(positions, rows.sample[mine])
        assert keep.sum() == mine.sum() > 0
        assert served[keep].tobytes() == rows.x[mine].tobytes()


def test_training_rows_are_serving_rows(minutes):
    assert_served_as_cut(dataset.cut_records(minutes), minutes, ("100", "114", "207", "232"))


def test_rows_of_synthetic_records(tmp_path):
    names = demo_records(tmp_path, patients=3, duration=30)
    rows = dataset.cut_records(tmp_path)
    assert sorted(set(rows.record)) == sorted(names) and sum(rows.counts.values()) == len(rows.y)
    assert np.array_equal(beats.classes_of(rows.symbol), rows.y)
    assert_served_as_cut(rows, tmp_path, names)
    with pytest.raises(InputError, match="no WFDB record"):
        dataset.cut_records(tmp_path, "xyz")


def test_prematurity():
    early = dataset.prematurity(np.array([100, 400, 700, 850, 1300, 1600]))
    assert early[0] == 0
    assert early[3] == pytest.approx(np.log(0.5), abs=1e-3)
    assert early[4] == pytest.approx(np.log(1.5), abs=1e-3)
    assert dataset.prematurity(np.array([5])).tolist() == [0]


def test_invalid_rows_are_left_out_or_refused():
    rows = made_up([0] * 300)
    rows.x[7], rows.x[9, 3] = 0, np.nan
    kept, removed = dataset.without_invalid(rows, "rows")
    assert removed == 2 and len(kept.y) == 298 and np.isfinite(kept.x).all()
    rows.x[:10] = 0
    with pytest.raises(InputError, match="rows: 10 of 300 rows"):
        dataset.without_invalid(rows, "rows")


def test_kaggle_split_is_stratified():
    train, test = made_up([0] * 50 + [1] * 10), made_up([0] * 7)
    parts = dataset.split_kaggle(train, test, 0)
    assert parts["train"].counts["S"] == 8 and parts["val"].counts["S"] == 2
    assert parts["test"] is test
    with pytest.raises(InputError, match="class V has 1 row"):
        dataset.split_kaggle(made_up([0] * 50 + [2]), test, 0)


def test_interpatient_shares_no_patient(mitdb):
    parts = dataset.split_interpatient(dataset.cut_records(mitdb))
    found = {name: set(part.record) for name, part in parts.items()}
    assert not found["train"] & found["val"] and not (found["train"] | found["val"]) & found["test"]
    assert len(found["val"]) == 6 and not found["val"] & {"203", "208"} and len(found["test"]) == 22
    assert not set.union(*found.values()) & set(PACED)
    assert parts["test"].counts == {"N": 44238, "S": 1836, "V": 3221, "F": 388, "Q": 7}


def test_patients_are_split_whole():
    record = np.repeat([f"p{k}" for k in range(10)], 20)
    rows = made_up(np.tile([0] * 15 + [2] * 5, 10), record)
    parts = dataset.split_patients(rows, 0)
    found = {name: set(part.record) for name, part in parts.items()}
    assert {name: len(records) for name, records in found.items()} == {
        "train": 6,
        "val": 2,
        "test": 2,
    }
    assert len(set.union(*found.values())) == 10
    with pytest.raises(InputError, match="found 2"):
        dataset.split_patients(rows.take(np.isin(record, ["p0", "p1"])), 0)
