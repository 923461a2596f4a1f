"""Annotations come back as they were written, with the bytes of the WFDB package; records that have
one are listed."""

import numpy as np
import pytest
import wfdb

from ecg.artifacts import InputError
from ecg.formats import annotation
from ecg.formats.annotation import read_annotation, write_annotation
from tests.recordings import FS, write_wfdb


def test_annotation_round_trip(tmp_path):
    samples, symbols = np.array([0, 5, 5, 300, 2_000_000]), list("NSVFQ")
    path = write_annotation(tmp_path / "new", "my recording.v1", samples, symbols, 250)
    assert path.name == "my recording.v1.cnn" and [p.name for p in path.parent.iterdir()] == [
        path.name
    ]
    read = read_annotation(tmp_path / "new" / "my recording.v1", "cnn")
    assert read.samples.tolist() == samples.tolist() and read.symbols == symbols
    assert read.fs == 250 and read.notes == [""] * 5 and read.subtypes.tolist() == [0] * 5
    assert wfdb.rdann(str(tmp_path / "new" / "my recording.v1"), "cnn").fs == 250


def test_annotation_without_beats_and_mistakes(tmp_path):
    write_annotation(tmp_path, "empty", [], [], 250)
    assert read_annotation(tmp_path / "empty", "cnn").symbols == []
    for samples, symbols, annotator in (
        ([5, 3], "NN", "cnn"),
        ([1], "NN", "cnn"),
        ([1], "N", "c n"),
        ([-1], "N", "cnn"),
        ([1], "@?!", "cnn"),
    ):
        with pytest.raises(InputError):
            write_annotation(tmp_path, "bad", samples, list(symbols), 250, annotator)
    with pytest.raises(InputError):
        write_annotation(tmp_path, "bad", [1], ["unknown"], 250)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.cnn"]
    with pytest.raises(InputError, match="no annotation by 'atr'"):
        read_annotation(tmp_path / "empty")


def test_annotation_bytes_are_wfdbs(tmp_path):
    rng = np.random.default_rng(0)
    samples = np.cumsum(np.append(rng.integers(0, 3000, 500), 10**8))
    symbols = [
        str(s) for s in rng.choice(wfdb.io.annotation.ann_label_table.symbol[1:], len(samples))
    ]
    for fs in (360, 257.0, 128.5):
        wfdb.wrann("theirs", "cnn", samples, symbols, fs=fs, write_dir=str(tmp_path))
        assert (
            write_annotation(tmp_path, "ours", samples, symbols, fs).read_bytes()
            == (tmp_path / "theirs.cnn").read_bytes()
        )


def test_notes_are_written_as_wfdb_does(tmp_path):
    rng = np.random.default_rng(1)
    samples = np.cumsum(rng.integers(0, 3000, 300))
    notes = [str(n) for n in rng.choice(["", "", "(N", "(AFIB", "(VFL", "x" * 254], 300)]
    symbols = ["+" if note else "N" for note in notes]
    wfdb.wrann("theirs", "rhy", samples, symbols, fs=FS, aux_note=notes, write_dir=str(tmp_path))
    ours = write_annotation(tmp_path, "ours", samples, symbols, FS, "rhy", notes)
    assert ours.read_bytes() == (tmp_path / "theirs.rhy").read_bytes()
    assert read_annotation(tmp_path / "ours", "rhy").notes == notes
    for bad in (["(N"], ["é"] * 300, ["x" * 256] * 300):
        with pytest.raises(InputError, match="one note each"):
            write_annotation(tmp_path, "bad", samples, symbols, FS, "rhy", bad)


def test_zero_byte_after_a_note_is_no_part_of_it(tmp_path):
    """MIT-BIH's own files have them."""
    write_annotation(tmp_path, "r", [5], ["+"], FS, "rhy", ["(N\0"])
    assert read_annotation(tmp_path / "r", "rhy").notes == ["(N"]


def test_everything_an_annotation_says(tmp_path):
    """Subtypes and notes are kept; samples count in the rate that is asked for."""
    wfdb.wrann(
        "r",
        "atr",
        np.array([10, 20, 30]),
        ["+", "N", "~"],
        subtype=np.array([0, 0, 2]),
        aux_note=["(AFIB", "", ""],
        fs=FS,
        write_dir=str(tmp_path),
    )
    found = read_annotation(tmp_path / "r.hea")
    assert found.symbols == ["+", "N", "~"] and found.subtypes.tolist() == [0, 0, 2]
    assert found.notes == ["(AFIB", "", ""]
    assert found.fs == FS and found.samples.tolist() == [10, 20, 30]
    faster = read_annotation(tmp_path / "r", fs=2 * FS)
    assert faster.fs == 2 * FS and faster.samples.tolist() == [20, 40, 60]


def test_damaged_annotation(tmp_path):
    (tmp_path / "r.atr").write_bytes(b"\xff" * 7)
    with pytest.raises(InputError, match="r.atr is no WFDB annotation, or damaged"):
        read_annotation(tmp_path / "r")


def test_annotated_records(tmp_path):
    """Those with an annotation and, unless two annotations are compared, a header."""
    (tmp_path / "sub").mkdir()
    for name in ("b", "a"):
        write_wfdb(tmp_path, name)
        write_annotation(tmp_path, name, [10], ["N"], FS, "atr")
    write_annotation(tmp_path, "headless", [10], ["N"], FS, "atr")
    write_wfdb(tmp_path, "c")
    assert annotation.annotated_records(tmp_path) == ["a", "b"]
    assert annotation.annotated_records(tmp_path, headers=False) == ["a", "b", "headless"]
    for folder, message in (
        (tmp_path / "sub", r"no WFDB record.*\*\.atr"),
        (tmp_path / "x", "no folder"),
    ):
        with pytest.raises(InputError, match=message):
            annotation.annotated_records(folder, "atr")


def test_records_left_out():
    assert annotation.without_records(["a", "b", "c"], ["b"], "here") == ["a", "c"]
    for exclude, message in (
        (["d"], "no such record in here"),
        (["a", "b", "c"], "leaves no record"),
    ):
        with pytest.raises(InputError, match=message):
            annotation.without_records(["a", "b", "c"], exclude, "here")
