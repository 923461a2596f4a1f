"""Parquet, Feather and Arrow files go the way of a table's columns."""

import numpy as np
import pandas as pd
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.arrow_sizes import unpacked_size
from ecg.formats.parquet import from_parquet, is_feather, is_parquet
from ecg.formats.recording import Given
from tests.clinical import packed
from tests.recordings import ECG, FS, OTHER, same
from tests.research import parquet

pyarrow = pytest.importorskip("pyarrow")
SUFFIXES = ".parquet", ".feather", ".arrow"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_rate_is_that_of_the_time_column(tmp_path, suffix):
    path = parquet(tmp_path / f"a{suffix}")
    head = path.read_bytes()[:4096]
    assert is_parquet(head) == (suffix == ".parquet") != is_feather(head)
    same(read_recording(path), lead="ECG II")
    same(read_recording(packed(path, tmp_path)), lead="ECG II")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rate_and_unit_in_the_metadata(tmp_path, suffix):
    columns = {"resp": OTHER, "ecg": ECG * 1000}
    path = parquet(tmp_path / f"a{suffix}", columns, {"fs": 250, "unit": "uV", "subject_id": "s1"})
    content = from_parquet(path, Given())
    assert [each.name for each in content.channels] == ["resp", "ecg"]
    assert content.channels[1].unit == "uV" and content.channels[1].fs == 250
    assert content.facts.patient == "s1"
    same(read_recording(path), lead="ecg")


def test_the_unit_in_the_metadata_of_a_column(tmp_path):
    field = pyarrow.field("ecg", pyarrow.float32(), metadata={"unit": "uV"})
    schema = pyarrow.schema([field], metadata={"sampling_rate": "250"})
    table = pyarrow.table({"ecg": pyarrow.array(ECG * 1000, pyarrow.float32())}, schema)
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    same(read_recording(tmp_path / "a.parquet"), lead="ecg", tolerance=1e-6)


def test_moments_whole_numbers_and_missing_values(tmp_path):
    moments = pd.date_range("2026-01-05 10:20:30", periods=len(ECG), freq="4ms")
    counts = pd.array(np.round(1000 * ECG).astype(int), dtype="Int16")
    counts[7] = None
    path = parquet(tmp_path / "a.parquet", {"timestamp": moments, "ecg": counts})
    channel = next(each for each in from_parquet(path, Given()).channels if each.name == "ecg")
    assert channel.fs == pytest.approx(FS)
    expected = np.round(1000 * ECG)
    expected[7] = np.nan
    np.testing.assert_array_equal(channel.read(), expected)


def test_an_index_of_times(tmp_path):
    frame = pd.DataFrame({"ecg": ECG}, index=pd.Index(np.arange(len(ECG)) / FS, name="seconds"))
    frame.to_parquet(tmp_path / "a.parquet")
    same(read_recording(tmp_path / "a.parquet"), lead="ecg")


def test_one_row_of_lists(tmp_path):
    path = parquet(
        tmp_path / "a.parquet",
        {"ecg": [ECG.tolist()], "fs": [250], "unit": ["mV"], "subject": ["s1"]},
    )
    same(read_recording(path), lead="ecg")
    assert from_parquet(path, Given()).facts.patient == "s1"
    path = parquet(tmp_path / "b.parquet", {"ecg": [ECG.tolist()] * 2})
    with pytest.raises(InputError, match="2 rows of lists: several recordings"):
        from_parquet(path, Given())


def test_a_stream_of_arrow(tmp_path):
    table = pyarrow.table({"time": np.arange(len(ECG)) / FS, "ecg": ECG})
    with pyarrow.ipc.new_stream(tmp_path / "a.arrow", table.schema) as stream:
        stream.write_table(table, max_chunksize=1000)
    same(read_recording(tmp_path / "a.arrow"), lead="ecg")


def test_packed_buffers_are_not_taken_at_their_word(tmp_path):
    """What a buffer says that it becomes is memory that Arrow sets aside at once."""
    raw = bytearray(parquet(tmp_path / "a.feather").read_bytes())
    messages = list(pyarrow.ipc.MessageReader.open_stream(pyarrow.py_buffer(bytes(raw))[8:]))
    sizes = [unpacked_size(each.metadata.to_pybytes(), each.body) for each in messages]
    assert sizes == [0, 2 * 8 * len(ECG)]  # the schema; two columns
    at = raw.index(messages[1].body.to_pybytes()[:64])
    assert int.from_bytes(raw[at : at + 8], "little") == 8 * len(ECG)
    raw[at : at + 8] = (1 << 40).to_bytes(8, "little")
    (tmp_path / "a.feather").write_bytes(raw)
    with pytest.raises(InputError, match="far more than an ECG of its size"):
        read_recording(tmp_path / "a.feather")


def test_what_no_ecg_is_like_is_refused(tmp_path):
    constant = pyarrow.table({"ecg": pyarrow.array(np.zeros(50_000_000, np.int8))})
    pyarrow.parquet.write_table(constant, tmp_path / "a.parquet")  # a few KB
    assert (tmp_path / "a.parquet").stat().st_size < 1_000_000
    wide = parquet(tmp_path / "b.parquet", {f"c{k}": ECG for k in range(501)})
    (tmp_path / "c.parquet").write_bytes(b"PAR1" + bytes(100))
    none = parquet(tmp_path / "d.parquet", {"ecg": []})
    for path, says in (
        (tmp_path / "a.parquet", "50,000,000 rows"),
        (wide, "501 columns"),
        (tmp_path / "c.parquet", "damaged"),
        (none, "without rows"),
    ):
        with pytest.raises(InputError, match=says):
            read_recording(path, fs=250)
