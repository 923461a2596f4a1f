"""EDF and BDF are written and read back; gaps stay gaps, damage is refused or told."""

import gzip

import edfio
import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from tests.recordings import ECG, FS, edf, same, text


def test_edf(tmp_path):
    same(read_recording(edf(tmp_path / "a.edf")), lead="ECG II", tolerance=1e-3)
    same(read_recording(edf(tmp_path / "u.edf", units=("uV", ""), scale=1000)), tolerance=1e-3)
    plus = edf(
        tmp_path / "plus.edf",
        annotations=[edfio.EdfAnnotation(1, None, "start")],
        data_record_duration=1,
    )
    same(read_recording(plus, lead="II"), tolerance=1e-3)
    zipped = tmp_path / "z.edf.gz"
    zipped.write_bytes(gzip.compress(plus.read_bytes()))
    assert same(read_recording(zipped), tolerance=1e-3).name == "z"
    with pytest.raises(InputError, match="--lead"):
        read_recording(edf(tmp_path / "x.edf", labels=("one", "two")))
    with pytest.raises(InputError, match="--unit"):
        read_recording(edf(tmp_path / "n.edf", units=("", "")))
    same(read_recording(edf(tmp_path / "n.edf", units=("", "")), unit="mV"), tolerance=1e-3)


def test_edf_interrupted(tmp_path):
    path = edf(
        tmp_path / "d.edf", labels=("ECG",), units=("mV",), annotations=[], data_record_duration=1
    )
    raw, at = bytearray(path.read_bytes()), 0
    for k in range(10):  # the records from the fifth on begin three seconds later
        at = raw.index(f"+{k}\x14\x14\0".encode(), at)
        later = f"+{k + 3 if k >= 4 else k}\x14\x14".encode()
        raw[at : at + len(later)] = later
        at += len(later)
    path.write_bytes(bytes(raw).replace(b"EDF+C", b"EDF+D"))
    recording = read_recording(path)
    assert len(recording.signal) == 13 * FS and np.isnan(recording.signal[4 * FS : 7 * FS]).all()
    np.testing.assert_allclose(recording.signal[7 * FS :], ECG[4 * FS :], atol=1e-3)
    assert any("3 s are missing" in note for note in recording.notes)


def test_bdf(tmp_path):
    edfio.Bdf(
        [
            edfio.BdfSignal(
                ECG * 1000, FS, label="EKG", physical_dimension="uV", physical_range=(-5000, 5000)
            )
        ]
    ).write(tmp_path / "b.bdf")
    same(read_recording(tmp_path / "b.bdf"), lead="EKG", tolerance=1e-4)


def test_edf_damage(tmp_path):
    path = edf(tmp_path / "a.edf", labels=("ECG",), units=("mV",), data_record_duration=1)
    path.write_bytes(path.read_bytes()[:-700])  # two records are lost, which is said
    recording = read_recording(path)
    assert len(recording.signal) == 8 * FS and any("8 records" in note for note in recording.notes)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError):
        read_recording(path)
    with pytest.raises(InputError):
        read_recording(text(tmp_path / "text.edf", "this is no EDF file " * 50))
