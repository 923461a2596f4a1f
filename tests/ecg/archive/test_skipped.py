"""What of a folder is a recording, and what is told of the rest."""

import numpy as np
import pytest
import wfdb

from ecg.archive.names import CSV_HEAD
from ecg.archive.skipped import Skipped, recordings_in, skipped_in
from ecg.artifacts import InputError


@pytest.fixture
def folder(tmp_path):
    """A record with annotation, an EDF with annotation, and what else lies about."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    signal = np.zeros((1000, 1))
    wfdb.wrsamp("100", 360, ["mV"], ["II"], signal, fmt=["16"], write_dir=str(folder))
    (folder / "100.hea").rename(folder / "r.hea")  # whose signals lie in 100.dat
    (folder / "r.hea").write_text((folder / "r.hea").read_text().replace("100 1", "r 1", 1))
    for name in ("r.atr", "r.xws", "night.edf", "night.atr", "night.edf.qrs", ".hidden.png"):
        (folder / name).write_bytes(b"x")
    return folder


def reasons(folder, out):
    found = recordings_in(folder, out)
    return {
        reason: [str(path.relative_to(folder)) for path in files]
        for reason, files in skipped_in({folder: found, None: []}, out)
    }


def test_what_belongs_to_a_recording_is_not_skipped(folder, tmp_path):
    assert recordings_in(folder, tmp_path / "out") == [folder / "night.edf", folder / "r"]
    assert reasons(folder, tmp_path / "out") == {}


def test_each_reason_is_told(folder, tmp_path):
    others = "a.PDF", "b.zip", "lonely.dat", "notes", "x.xyz", "r.csv"
    for name in ("sub/scan.png", "r.png", *others):
        (folder / name).write_bytes(b"x")
    assert reasons(folder, tmp_path / "out") == {
        "pictures": ["r.png", "sub/scan.png"],
        "documents": ["a.PDF"],
        "packed folders, which must be unpacked first": ["b.zip"],
        "no WFDB header (.hea) of the same name beside it": ["lonely.dat"],
        "no reader for files without a suffix": ["notes"],
        "no reader for .xyz files": ["x.xyz"],
        "a WFDB record of the same name is read": ["r.csv"],
    }


def test_results_are_neither_recordings_nor_skipped(folder):
    for out in (folder / "out", folder):
        out.mkdir(exist_ok=True)
        (out / "night.csv").write_bytes(CSV_HEAD + b"\n")
        (out / "night.json").write_bytes(b'{\n "recording": "night"}')
        (out / "night.cnn").write_bytes(b"")
        assert recordings_in(folder, out) == [folder / "night.edf", folder / "r"]
        assert reasons(folder, out) == {}
        for path in out.glob("night.[cj]*"):
            path.unlink()


def test_a_folder_of_results_alone_is_refused(tmp_path):
    (tmp_path / "night.csv").write_bytes(CSV_HEAD + b"\n")
    with pytest.raises(InputError, match="only results"):
        recordings_in(tmp_path, tmp_path / "out")


def test_a_file_is_taken_as_it_is_given(folder, tmp_path):
    assert recordings_in(folder / "night.edf", tmp_path) == [folder / "night.edf"]


def test_ten_are_named(tmp_path):
    files = [tmp_path / f"{k:02d}.png" for k in range(12)]
    assert str(Skipped("pictures", files)).startswith(f"skipped 12 (pictures): {files[0]}, ")
    assert str(Skipped("pictures", files)).endswith("09.png and 2 more")
    assert str(Skipped("pictures", files[:10])).endswith("09.png")
