"""WFDB records of every storage format, unit and number of segments; damage is refused."""

import numpy as np
import pytest
import wfdb

from ecg.artifacts import InputError
from ecg.formats import find_recordings, read_recording
from ecg.formats.annotation import read_annotation
from tests.recordings import ECG, FS, OTHER, same, text, write_wfdb


@pytest.mark.parametrize("fmt", ["80", "212", "16", "24", "32", "508", "516", "524"])
def test_wfdb_formats(tmp_path, fmt):
    path = write_wfdb(tmp_path, fmt=fmt)
    for given in (path, path.with_suffix(".hea"), path.with_suffix(".dat")):
        if given.exists() or given == path:
            same(
                read_recording(given), lead="MLII", tolerance=0.01 if fmt in ("80", "508") else 1e-3
            )
    same(read_recording(path, lead="v5"), OTHER, lead="V5", tolerance=0.01)
    same(read_recording(path, lead=1), OTHER, lead="V5", tolerance=0.01)
    same(read_recording(path, lead="1"), OTHER, lead="V5", tolerance=0.01)


def test_wfdb_units_and_missing_samples(tmp_path):
    signal = ECG.copy()
    signal[100:150] = np.nan
    path = write_wfdb(tmp_path, signals=(signal * 1000,), names=("ECG",), units="uV")
    recording = read_recording(path)
    assert np.array_equal(np.isnan(recording.signal), np.isnan(signal))
    np.testing.assert_allclose(recording.signal, signal, atol=1e-3)
    path = write_wfdb(tmp_path, "pressure", signals=(ECG,), names=("ABP",), units="mmHg")
    with pytest.raises(InputError, match="mmHg.*--unit"):
        read_recording(path)


def test_wfdb_without_gain_is_said(tmp_path):
    digital = np.rint(ECG * 200).astype("<i2")
    digital.tofile(tmp_path / "raw.dat")
    text(tmp_path / "raw.hea", f"raw 1 {FS} {len(ECG)}\nraw.dat 16\n")
    recording = same(read_recording(tmp_path / "raw"), digital / 200)
    assert any("no gain" in note for note in recording.notes)
    same(read_recording(tmp_path / "raw", unit="400/mV"), digital / 400)


def test_wfdb_several_segments_with_a_gap(tmp_path):
    for k in (1, 2):
        write_wfdb(tmp_path, f"s{k}", signals=(ECG[(k - 1) * 1000 : k * 1000],), names=("MLII",))
    text(tmp_path / "whole.hea", f"whole/3 1 {FS} 2500\ns1 1000\n~ 500\ns2 1000\n")
    recording = read_recording(tmp_path / "whole")
    assert np.array_equal(
        np.isnan(recording.signal), (np.arange(2500) >= 1000) & (np.arange(2500) < 1500)
    )
    np.testing.assert_allclose(recording.signal[1500:], ECG[1000:2000], atol=1e-3)
    assert [p.name for p in find_recordings(tmp_path)] == ["whole"]


def test_wfdb_lead_faster_than_its_frames(tmp_path):
    frames = np.rint(np.column_stack([ECG[::2], ECG[1::2], OTHER[::2]]) * 1000).astype("<i2")
    frames.tofile(tmp_path / "mixed.dat")
    text(
        tmp_path / "mixed.hea",
        f"mixed 2 {FS // 2} {len(frames)}\nmixed.dat 16x2 1000/mV 16 0 0 0 0 II\n"
        "mixed.dat 16 1000/mV 16 0 0 0 0 V1\n",
    )
    same(read_recording(tmp_path / "mixed"), lead="II", tolerance=1e-3)
    same(read_recording(tmp_path / "mixed", lead="V1"), OTHER[::2], fs=FS / 2, tolerance=1e-3)
    wfdb.wrann("mixed", "atr", np.array([50, 150]), ["N", "V"], fs=FS / 2, write_dir=str(tmp_path))
    assert read_annotation(tmp_path / "mixed", fs=FS).samples.tolist() == [100, 300]


@pytest.mark.parametrize("fmt", ["212", "16"])
@pytest.mark.parametrize("count, n", [(1, 1001), (2, 150_001), (3, 1001)])
def test_wfdb_samples_are_wfdbs(tmp_path, fmt, count, n):
    x = np.random.default_rng(0).standard_normal((n, count)).cumsum(axis=0) / 30
    x[100:120] = np.nan
    wfdb.wrsamp(
        "r",
        fs=FS,
        units=["mV"] * count,
        sig_name=["I", "II", "V1"][:count],
        p_signal=x,
        fmt=[fmt] * count,
        write_dir=str(tmp_path),
    )
    for k, theirs in enumerate(wfdb.rdrecord(str(tmp_path / "r")).p_signal.T):
        assert np.array_equal(read_recording(tmp_path / "r", k).signal, theirs, equal_nan=True)


def test_wfdb_damage(tmp_path):
    path = write_wfdb(tmp_path)
    data = path.with_suffix(".dat").read_bytes()
    path.with_suffix(".dat").write_bytes(data[: len(data) // 3])
    with pytest.raises(InputError, match="damaged"):
        read_recording(path)
    path.with_suffix(".dat").unlink()
    with pytest.raises(InputError):
        read_recording(path)
    text(tmp_path / "rubbish.hea", "%%% not a header\n")
    with pytest.raises(InputError):
        read_recording(tmp_path / "rubbish")
    with pytest.raises(InputError, match=r"\.hea"):
        read_recording(tmp_path / "absent")


def test_mitbih_records_as_wfdb_reads_them(minutes):
    for name, lead in (("100", "MLII"), ("114", "V5"), ("232", "MLII")):
        recording = read_recording(minutes / name)
        assert recording.lead == lead and recording.fs == 360 and recording.name == name
        assert np.array_equal(
            recording.signal, wfdb.rdrecord(str(minutes / name), channels=[0]).p_signal[:, 0]
        )
