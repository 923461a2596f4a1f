"""EDF and BDF are written and read back; gaps stay gaps, damage is refused or told."""

import datetime
import gzip

import edfio
import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.recording import Facts
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
    without_unit = read_recording(edf(tmp_path / "n.edf", units=("", "")))
    same(without_unit, lead="ECG II", tolerance=1e-3)
    assert any("mV taken" in note for note in without_unit.notes)
    same(read_recording(edf(tmp_path / "n.edf", units=("", "")), unit="mV"), tolerance=1e-3)


def test_edf_stored_integers(tmp_path):
    """--unit GAIN/mV asks for what is stored, not for what the header makes of it."""
    path = edf(tmp_path / "a.edf")
    stored = edfio.read_edf(path).signals[0].digital
    recording = read_recording(path, unit="200(100)/mV")
    np.testing.assert_allclose(recording.signal, (stored - 100) / 200, atol=1e-6)


def test_edf_decimal_commas(tmp_path):
    """A header that writes 0,05 for 0.05 is read as if it did not."""
    path = edf(tmp_path / "a.edf", labels=("ECG",), units=("mV",), data_record_duration=0.5)
    expected = read_recording(path)
    raw = bytearray(path.read_bytes())
    signals = int(raw[252:256])
    ends = 256 + 104 * signals, 256 + 120 * signals
    for start, stop in ((244, 252), ends):
        raw[start:stop] = raw[start:stop].replace(b".", b",")
    assert b"," in raw[244:252] and raw != path.read_bytes()
    path.write_bytes(bytes(raw))
    same(read_recording(path), expected.signal, tolerance=1e-9)


def test_edf_says_who_when_and_what(tmp_path):
    """EDF+ has fields for patient, sex, age and device; the name is nobody's business."""
    path = edf(
        tmp_path / "a.edf",
        patient=edfio.Patient(
            code="P-17", sex="F", birthdate=datetime.date(1956, 3, 2), name="Doe_Jane"
        ),
        recording=edfio.Recording(startdate=datetime.date(2026, 3, 1), equipment_code="Recorder_5"),
        starttime=datetime.time(22, 15, 30),
        annotations=[],
    )
    facts = read_recording(path).facts
    assert (facts.date, facts.clock) == (datetime.date(2026, 3, 1), datetime.time(22, 15, 30))
    assert (facts.patient, facts.sex, facts.age) == ("P-17", "female", 69.0)
    assert facts.device == "Recorder 5" and "Doe" not in str(facts)
    assert read_recording(edf(tmp_path / "b.edf")).facts == Facts()


def test_edf_prefilter_is_said(tmp_path):
    signal = edfio.EdfSignal(
        ECG, FS, label="ECG", physical_dimension="mV", prefiltering="HP:0.05Hz LP:150Hz N:50Hz"
    )
    edfio.Edf([signal]).write(tmp_path / "f.edf")
    assert any("HP:0.05Hz LP:150Hz" in note for note in read_recording(tmp_path / "f.edf").notes)


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


def _field(at, size, text):
    """The number of a field of the header of an EDF file of two signals becomes `text`."""

    def change(raw):
        raw[at : at + size] = text.encode().ljust(size)

    return change


SECOND = 8  # bytes behind the field of the first signal


@pytest.mark.parametrize(
    "at, size, text, match",
    [
        (236, 8, "nan", "number of data records is 'nan'"),
        (236, 8, "-2", "number of data records is -2"),
        (244, 8, "nan", "duration of a data record is 'nan'"),
        (244, 8, "0", "duration of a data record is 0"),
        (244, 8, "-1", "duration of a data record is -1"),
        (252, 4, "x", "number of signals is 'x'"),
        (252, 4, "0", "number of signals is 0"),
        (252, 4, "2000", "tells of 2000 signals and ends before"),
        (184, 8, "1024", "length of the header of 2 signals is 1024"),
        (256 + 208, 8, "inf", "physical minimum of signal 0 is 'inf'"),
        (256 + 224 + SECOND, 8, "nan", "physical maximum of signal 1 is 'nan'"),
        (256 + 240, 8, "-1e5", "digital minimum of signal 0 is '-1e5'"),
        (256 + 256, 8, "99999999", "digital maximum of signal 0 is 99999999"),
        (256 + 432 + SECOND, 8, "0", "samples a data record of signal 1 is 0"),
        (0, 8, "9", "is no EDF or BDF file"),
    ],
)
def test_edf_headers_that_lie_are_refused_by_name(tmp_path, at, size, text, match):
    path = edf(tmp_path / "a.edf")
    raw = bytearray(path.read_bytes())
    _field(at, size, text)(raw)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=match):
        read_recording(path)


@pytest.mark.parametrize("at, text, kind", [(224, "-5", "physical"), (256, "-32768", "digital")])
def test_edf_range_of_nothing(tmp_path, at, text, kind):
    path = edf(tmp_path / "a.edf")
    raw = bytearray(path.read_bytes())
    _field(256 + at, 8, text)(raw)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=f"the {kind} minimum and maximum of ECG II are both"):
        read_recording(path)
