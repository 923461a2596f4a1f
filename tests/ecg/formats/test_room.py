"""How much a file may ask for."""

import gzip
import io
import os
import zipfile

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import packed, read_recording, room
from ecg.formats.packed import open_unpacked, read_bytes
from ecg.formats.recording import most_samples
from tests.recordings import ECG, rows, write_wfdb


def test_memory_is_that_of_this_machine():
    assert 1 << 28 < room.memory() < 1 << 50


def test_more_than_the_memory_takes_is_refused_with_the_number(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "memory", lambda: 10_000_000)
    room.refuse_too_large(5_000_000, tmp_path)
    with pytest.raises(InputError, match=r"night\.edf holds 0\.0 GB"):
        room.refuse_too_large(5_000_001, "night.edf")
    (tmp_path / "a.csv").write_text(rows(ECG))
    os.truncate(tmp_path / "a.csv", 6_000_000)
    with pytest.raises(InputError, match="cut it into parts"):
        read_recording(tmp_path / "a.csv", fs=250)
    with pytest.raises(InputError, match="cut it into parts"):
        read_bytes(tmp_path / "a.csv")


def test_signals_that_the_memory_does_not_take(tmp_path, monkeypatch):
    path = write_wfdb(tmp_path)
    assert len(read_recording(path).signal) == len(ECG)
    monkeypatch.setattr(room, "memory", lambda: 8 * len(ECG))
    with pytest.raises(InputError, match=r"rec\.dat makes"):
        read_recording(path)


def bomb(path, size):
    with gzip.open(path, "wb", 1) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return path


def test_packed_bytes_have_a_limit(tmp_path):
    path = bomb(tmp_path / "a.edf.gz", room.SMALL + (1 << 20))
    with pytest.raises(InputError, match=f"becomes more than {room.SMALL:,} bytes"):
        read_bytes(path)
    with open_unpacked(path) as file, pytest.raises(InputError, match="far more than an ECG"):
        while file.read(1 << 16):
            pass
    assert len(read_bytes(path, 5000)) == 5000  # its beginning can be looked at
    assert len(read_bytes(bomb(tmp_path / "b.gz", room.SMALL))) == room.SMALL


def test_packed_bytes_are_those_that_were_packed(tmp_path):
    raw = np.random.default_rng(0).bytes(300_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "a").write_bytes(raw)
    for name in ("a", "a.gz"):
        assert read_bytes(tmp_path / name) == raw
        with open_unpacked(tmp_path / name) as file:
            assert file.read(7) == raw[:7]
            assert file.seek(1000) == 1000 and file.read(9) == raw[1000:1009]
    (tmp_path / "b.gz").write_bytes(gzip.compress(raw)[:1000])
    with pytest.raises(InputError, match="no gzip file, or damaged"):
        read_bytes(tmp_path / "b.gz")


def test_an_archive_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "SMALL", 100_000)
    content = io.BytesIO()
    np.save(content, np.zeros(1_000_000))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("ecg.npy", content.getvalue())
    with pytest.raises(InputError, match="becomes 8,000,128 bytes"):
        read_recording(tmp_path / "a.npz")


def test_a_recording_packs_as_it_should(tmp_path):
    """The limits leave room: a lead that is flat for the most part is read."""
    x = np.tile(np.r_[ECG, np.zeros(9 * len(ECG))], 40)
    np.savez_compressed(tmp_path / "a.npz", ecg=x, fs=250)
    assert len(read_recording(tmp_path / "a.npz").signal) == len(x)
    packed_text = gzip.compress(("fs: 250\n" + rows(x)).encode())
    (tmp_path / "a.csv.gz").write_bytes(packed_text)
    assert packed.is_packed(tmp_path / "a.csv.gz")
    assert len(read_recording(tmp_path / "a.csv.gz").signal) == len(x)


def test_gaps_have_a_limit_in_samples():
    assert most_samples(1000, 250) == 20_000 + 5_000_000  # a day would be 21,600,000
    assert most_samples(10**9, 250) == 2 * 10**10 + 5_000_000


def test_a_file_that_was_never_written_is_not_read(tmp_path):
    for suffix in (".json", ".scp", ".dcm", ".parquet"):
        path = tmp_path / f"a{suffix}"
        path.touch()
        os.truncate(path, 1 << 30)
        with pytest.raises(InputError, match="begins with 4,096 zeros"):
            read_recording(path)
