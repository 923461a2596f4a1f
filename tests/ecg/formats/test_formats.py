"""One function reads every format: the second lead, options and paths that cannot be right, the
recordings of a folder."""

import numpy as np
import pytest

from ecg import formats
from ecg.artifacts import InputError
from ecg.formats import find_recordings, read_recording
from ecg.formats.annotation import write_annotation
from ecg.formats.recording import Channel, Contents
from tests.recordings import ECG, FS, OTHER, T, edf, rows, same, text, write_wfdb


def test_second_lead(tmp_path):
    """V1 first of those that are called ECG leads, never the first lead again; by name or number;
    none by default."""
    path = write_wfdb(
        tmp_path, signals=(ECG, 2 * ECG, OTHER, 3 * ECG), names=("MLII", "Resp", "V5", "V1")
    )
    assert read_recording(path).second is None
    for second, expected, name in (
        ("auto", 3 * ECG, "V1"),
        ("v5", OTHER, "V5"),
        ("1", 2 * ECG, "Resp"),
        (2, OTHER, "V5"),
    ):
        recording = read_recording(path, second=second)
        same(recording, lead="MLII", tolerance=1e-3)
        assert recording.second_lead == name and recording.second.dtype == np.float32
        np.testing.assert_allclose(recording.second, expected, atol=2e-3)
    assert read_recording(path, lead="V1", second="auto").second_lead == "MLII"
    for second, says in (("V9", "no lead 'V9'.*--second takes"), ("mlii", "first lead already")):
        with pytest.raises(InputError, match=says):
            read_recording(path, second=second)
    twice = tmp_path / "twice.npz"
    np.savez(twice, signal=np.column_stack([ECG, OTHER]), fs=FS, leads=["ECG", "ECG"], unit="mV")
    for lead, expected in ((None, OTHER), (0, OTHER), (1, ECG)):
        np.testing.assert_allclose(
            read_recording(twice, lead=lead, second="auto").second, expected, atol=2e-3
        )


def test_second_lead_only_where_it_fits(tmp_path):
    """Other rates, other units, columns without a name and empty leads are no second lead; named,
    they are refused."""
    slow = edf(tmp_path / "slow.edf", labels=("ECG II", "ECG V1"), units=("mV", "mV"))
    assert read_recording(slow, second="auto").second is None
    frames = np.rint(np.column_stack([ECG[::2], ECG[1::2], OTHER[::2]]) * 1000).astype("<i2")
    frames.tofile(tmp_path / "mixed.dat")
    mixed = text(
        tmp_path / "mixed.hea",
        f"mixed 2 {FS // 2} {len(frames)}\nmixed.dat 16x2 1000/mV 16 0 0 0 0 II\n"
        "mixed.dat 16 1000/mV 16 0 0 0 0 V1\n",
    )
    assert read_recording(mixed, second="auto").second is None
    with pytest.raises(
        InputError, match="--second V1.*1,250 samples at 125 Hz.*2,500 at 250 Hz of II"
    ):
        read_recording(mixed, second="V1")
    table = text(tmp_path / "a.csv", rows(T, ECG, np.sin(T)))
    assert read_recording(table, unit="mV", second="auto").second is None
    assert read_recording(table, unit="mV", second="column 2").second_lead == "column 2"
    named = text(tmp_path / "b.csv", "time (s),II (mV),V2 (mV),SpO2\n" + rows(T, ECG, OTHER, OTHER))
    assert read_recording(named, second="auto").second_lead == "V2"
    empty = tmp_path / "empty.npz"
    np.savez(
        empty,
        signal=np.column_stack([ECG, np.full(len(ECG), np.nan)]),
        fs=FS,
        leads=["II", "V5"],
        unit="mV",
    )
    assert read_recording(empty, second="auto").second is None
    with pytest.raises(InputError, match="holds no samples"):
        read_recording(empty, second="V5")
    fast = np.repeat(np.column_stack([ECG, OTHER]), 16, axis=0)
    np.savez(tmp_path / "fast.npz", signal=fast, fs=16 * FS, leads=["II", "V1"], unit="mV")
    recording = read_recording(tmp_path / "fast.npz", second="auto")  # averaged down like the first
    assert recording.fs == 2000 and recording.second.shape == recording.signal.shape


def test_find_recordings(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "none").mkdir()
    a, b = write_wfdb(tmp_path, "a"), write_wfdb(tmp_path / "sub", "b")
    write_annotation(tmp_path, "a", [10], ["N"], FS, "atr")
    np.save(tmp_path / "c.npy", ECG)
    text(tmp_path / "a.csv", "beats found in a\n")
    assert find_recordings(tmp_path) == [a, tmp_path / "c.npy", b]
    assert find_recordings(a) == [a]
    with pytest.raises(InputError):
        find_recordings(tmp_path / "none")
    with pytest.raises(InputError):
        find_recordings(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "options",
    [
        dict(unit="furlong"),
        dict(unit="0/mV"),
        dict(unit="200/bpm"),
        dict(fs=0),
        dict(fs=-250),
        dict(fs=float("nan")),
        dict(fs=float("inf")),
        dict(fs=10),
    ],
)
def test_bad_options(tmp_path, options):
    np.save(tmp_path / "a.npy", ECG)
    with pytest.raises(InputError):
        read_recording(tmp_path / "a.npy", **{"fs": FS, "unit": "mV", **options})


def test_bad_paths(tmp_path):
    for path, says in (
        (tmp_path, "folder"),
        (tmp_path / "no.csv", "does not exist"),
        (text(tmp_path / "a.docx", "x"), "no reader"),
        (text(tmp_path / "bad.csv.gz", "not gzip"), "gzip"),
    ):
        with pytest.raises(InputError, match=says):
            read_recording(path)


def test_a_format_is_a_reader_and_a_line(tmp_path, monkeypatch):
    """What adding a format takes: a reader that gives the file's channels, and its suffix in the
    table."""

    def from_raw(path, given):
        return Contents([Channel("II", "uV", None, lambda: np.fromfile(path, "<i2"))])

    line = formats.Format("RAW16", (".raw16",), from_raw)
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, line))
    path = tmp_path / "night.raw16"
    (ECG * 1000).astype("<i2").tofile(path)
    same(read_recording(path, fs=FS), lead="II", tolerance=1e-3)
    assert find_recordings(tmp_path) == [path]
    with pytest.raises(InputError, match="--fs"):
        read_recording(path)
    with pytest.raises(InputError, match="NPY, NPZ.*RAW16; all but WFDB"):
        read_recording(text(tmp_path / "a.docx", "x"))


def test_names_that_no_file_can_have():
    for name in ("a" * 300, "a" * 300 + ".csv"):
        for use in (read_recording, find_recordings):
            with pytest.raises(InputError, match="cannot be opened: File name too long"):
                use(name)
    for name in ("", "."):
        with pytest.raises(InputError, match="is a folder"):
            read_recording(name)
