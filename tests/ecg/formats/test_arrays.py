"""NumPy arrays are written and read back; what is no recording is refused."""

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from tests.recordings import ECG, FS, OTHER, same


def test_numpy(tmp_path):
    np.save(tmp_path / "a.npy", ECG)
    same(read_recording(tmp_path / "a.npy", fs=FS, unit="mV"))
    np.save(tmp_path / "b.npy", np.vstack([OTHER, ECG]).astype(np.float32))
    same(read_recording(tmp_path / "b.npy", lead=1, fs=FS, unit="mV"), tolerance=1e-6)
    np.save(tmp_path / "c.npy", np.rint(ECG * 400 + 512).astype(np.int16))
    same(read_recording(tmp_path / "c.npy", fs=FS, unit="400(512)/mV"), tolerance=2e-3)
    np.savez(
        tmp_path / "d.npz",
        signal=np.column_stack([OTHER, ECG]) * 1e-3,
        fs=FS,
        unit="V",
        leads=["V1", "II"],
    )
    same(read_recording(tmp_path / "d.npz"), lead="II")
    np.savez_compressed(tmp_path / "e.npz", ecg=ECG)
    same(read_recording(tmp_path / "e.npz", fs=FS, unit="mV"))
    with pytest.raises(InputError, match="--fs"):
        read_recording(tmp_path / "a.npy", unit="mV")
    assert any("mV taken" in note for note in read_recording(tmp_path / "a.npy", fs=FS).notes)


def test_numpy_refused(tmp_path):
    def refuse(says):
        with pytest.raises(InputError, match=says):
            read_recording(tmp_path / "a.npy", fs=FS, unit="mV")

    np.save(tmp_path / "a.npy", np.array([{"code": 1}] * 200, dtype=object))
    refuse("Python objects")
    np.save(tmp_path / "a.npy", np.zeros((100, 187)))
    refuse("shape")
    np.save(tmp_path / "a.npy", np.array(["a"] * 100))
    refuse("no ECG")
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5)))
    refuse("no ECG")
    np.save(tmp_path / "a.npy", np.full(1000, np.nan))
    refuse("no samples")
    np.save(tmp_path / "a.npy", ECG)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:1000])
    refuse("damaged")


def test_a_table_of_named_columns(tmp_path):
    """A structured array: its columns are channels, one of them is the time."""
    table = np.zeros(len(ECG), dtype=[("time", "f8"), ("ECG", "f8"), ("resp", "f4")])
    table["time"], table["ECG"] = np.arange(len(ECG)) / FS, ECG
    np.save(tmp_path / "a.npy", table)
    same(read_recording(tmp_path / "a.npy", unit="mV"), lead="ECG")


def test_sizes_are_held_against_the_file(tmp_path):
    np.save(tmp_path / "a.npy", ECG)
    np.savez(tmp_path / "b.npz", ecg=ECG, fs=FS)
    for name in ("a.npy", "b.npz"):
        raw = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(raw.replace(b"(2500,), }      ", b"(99999999999,),}"))
        with pytest.raises(InputError, match="shape .99999999999|[Cc][Rr][Cc]|damaged"):
            read_recording(tmp_path / name, fs=FS)


def test_whose_recording_it_is(tmp_path):
    np.savez(
        tmp_path / "a.npz", ecg=ECG, fs=FS, unit="mV", age=63, sex="M", start_time="2026-01-05"
    )
    facts = read_recording(tmp_path / "a.npz").facts
    assert (facts.age, facts.sex, str(facts.date)) == (63.0, "male", "2026-01-05")
