"""DICOM waveforms: the longest group is the recording, with the units and facts that it states."""

import datetime

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.dicom import from_dicom, is_dicom
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, peaks, sample, steps

pydicom = pytest.importorskip("pydicom")
TWELVE_LEAD, GENERAL, AMBULATORY = (f"1.2.840.10008.5.1.4.1.1.9.1.{k}" for k in (1, 2, 3))


def code(value, meaning="", scheme="MDC"):
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def definition(source="2:2", meaning="Lead II", unit="uV", **more):
    """A channel definition; more: elements of it, None: not there."""
    item = pydicom.Dataset()
    item.ChannelSourceSequence = [code(source, meaning)]
    values = {
        "ChannelSensitivity": "2.5",
        "ChannelSensitivityCorrectionFactor": "1",
        "ChannelBaseline": "0",
        "FilterLowFrequency": "0.05",
        "FilterHighFrequency": "150",
        "NotchFilterFrequency": "50",
    }
    for keyword, value in (values | more).items():
        if value is not None:
            setattr(item, keyword, value)
    if unit:
        item.ChannelSensitivityUnitsSequence = [code(unit, scheme="UCUM")]
    return item


def group(columns, definitions, label="RHYTHM", dtype="<i2", bits=16, sort="SS", fs=FS, **more):
    item = pydicom.Dataset()
    item.MultiplexGroupLabel = label
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels = len(columns)
    item.NumberOfWaveformSamples = len(columns[0])
    item.SamplingFrequency = str(fs)
    item.ChannelDefinitionSequence = definitions
    item.WaveformBitsAllocated, item.WaveformSampleInterpretation = bits, sort
    item.WaveformData = np.column_stack(columns).astype(dtype).tobytes()
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def dicom(path, *groups, sop=TWELVE_LEAD, **more):
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = sop
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3.4"
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    for keyword, value in more.items():
        setattr(data, keyword, value)
    if groups:
        data.WaveformSequence = list(groups)
    data.save_as(path, enforce_file_format=True)
    return path


def test_leads_and_facts(tmp_path):
    one, two = steps(), steps(scale=-0.5)
    definitions = [
        definition(),
        definition("5.6.3-9-62", "aVR", "mV", ChannelSensitivityCorrectionFactor="2",
                   ChannelSensitivity="0.001", ChannelBaseline="-0.25", NotchFilterFrequency="0"),
    ]  # fmt: skip
    path = dicom(
        tmp_path / "a.dcm",
        group([one, two], definitions),
        AcquisitionDateTime="20210301080559.25+0100",
        PatientID="P-17",
        PatientSex="F",
        PatientBirthDate="19600229",
        PatientAge="050Y",
        PatientName="Doe^Maria",
        Manufacturer="Maker",
        ManufacturerModelName="Model 9",
    )
    assert is_dicom(path.read_bytes()[:4096])
    contents = from_dicom(path, Given())
    first, second = contents.channels
    assert (first.name, first.unit, first.fs, first.kind) == ("II", "uV", FS, "ECG")
    assert (second.name, second.unit) == ("aVR", "mV")
    assert first.filters == "0.05-150 Hz, notch 50 Hz" and second.filters == "0.05-150 Hz"
    np.testing.assert_allclose(first.read(), 2.5 * one)
    np.testing.assert_allclose(second.read(), 0.002 * two - 0.25)
    np.testing.assert_allclose(second.read() * second.adc[0] + second.adc[1], two, atol=1e-6)
    facts = contents.facts
    assert facts.date == datetime.date(2021, 3, 1)
    assert facts.clock == datetime.time(8, 5, 59, 250_000)
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "Maker Model 9")
    assert facts.age == pytest.approx(61, abs=0.01)
    np.testing.assert_allclose(leads(from_dicom, packed(path, tmp_path))["II"], 2.5 * one)


def test_age_and_start_as_they_are_stated(tmp_path):
    path = dicom(
        tmp_path / "a.dcm",
        group([steps()], [definition()]),
        PatientAge="006M",
        StudyDate="20210301",
        StudyTime="0805",
    )
    facts = from_dicom(path, Given()).facts
    assert facts.age == 0.5 and facts.sex == "" and facts.patient == ""
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5))


def test_the_longest_group_is_the_recording(tmp_path):
    x = steps()
    parts = [
        group([x[:1000]], [definition(f"2:{k}")], label="", MultiplexGroupTimeOffset=str(2000 * k))
        for k in (0, 1)
    ]
    strip = group([x], [definition()], "", MultiplexGroupTimeOffset="1000")
    pressure = group([x[::4]], [definition("2:1", "", "mm[Hg]", ChannelLabel="ABP")], "", fs=FS / 4,
                     MultiplexGroupTimeOffset="1000")  # fmt: skip
    beat = group([x[:600]], [definition()], "MEDIAN BEAT")
    derived = group([x[:600]], [definition()], "", WaveformOriginality="DERIVED")
    path = dicom(
        tmp_path / "a.dcm",
        *parts,
        strip,
        pressure,
        beat,
        derived,
        sop=GENERAL,
        AcquisitionDateTime="20210301235959",
    )
    contents = from_dicom(path, Given())
    assert [(each.name, each.fs) for each in contents.channels] == [("II", FS), ("I", FS / 4)]
    assert contents.channels[1].unit == "mm[Hg]"
    assert (contents.facts.date, contents.facts.clock) == (
        datetime.date(2021, 3, 2),
        datetime.time(0),
    )
    averaged, shorter = contents.notes
    assert "MEDIAN BEAT (1 signals, 1.2 s)" in averaged and "a group" in averaged
    assert "left out" in shorter
    with pytest.raises(InputError, match="averaged beats alone"):
        from_dicom(dicom(path, beat), Given())


def test_names(tmp_path):
    definitions = [
        definition("2:0", "Unspecified lead", ChannelLabel="CH 1"),
        definition("X-1", "Lead II (Einthoven)"),
        definition("MDC_ECG_LEAD_V4", "whatever"),
        definition("2:67", "Lead V9"),
    ]
    path = dicom(tmp_path / "a.dcm", group([steps()] * 4, definitions), sop=AMBULATORY)
    channels = from_dicom(path, Given()).channels
    assert [each.name for each in channels] == ["CH 1", "Lead II (Einthoven)", "V4", "V9"]


@pytest.mark.parametrize(
    "dtype, bits, sort", [("i1", 8, "SB"), ("<u2", 16, "US"), ("<i4", 32, "SL")]
)
def test_kinds_of_samples(tmp_path, dtype, bits, sort):
    x = steps(uv=20) + 20
    path = dicom(tmp_path / "a.dcm", group([x, x], [definition()] * 2, "", dtype, bits, sort))
    np.testing.assert_allclose(from_dicom(path, Given()).channels[1].read(), 2.5 * x)


def test_padding(tmp_path):
    """A padding value that a lead has, too, is padding only where it lasts."""
    x = steps()
    assert 0 in x and np.count_nonzero(x == 0) < FS
    path = dicom(tmp_path / "a.dcm", group([x], [definition()], WaveformPaddingValue=b"\0\0"))
    assert not np.isnan(leads(from_dicom, path)["II"]).any()
    x[600:1200] = 0
    path = dicom(path, group([x], [definition()], WaveformPaddingValue=b"\0\0"))
    assert np.flatnonzero(np.isnan(leads(from_dicom, path)["II"])).tolist() == list(
        range(600, 1200)
    )
    x[600:1200] = steps()[600:1200]
    x[[3, 50, 51]] = -32768
    path = dicom(path, group([x], [definition()], WaveformPaddingValue=b"\0\x80"))
    assert np.flatnonzero(np.isnan(leads(from_dicom, path)["II"])).tolist() == [3, 50, 51]


def test_without_unit(tmp_path):
    path = dicom(
        tmp_path / "a.dcm", group([steps()], [definition(unit="", ChannelSensitivity=None)])
    )
    (channel,) = from_dicom(path, Given()).channels
    assert channel.unit is None and channel.adc is None
    np.testing.assert_array_equal(channel.read(), steps())


def test_refused(tmp_path):
    path = dicom(tmp_path / "a.dcm", sop="1.2.840.10008.5.1.4.1.1.104.1")
    with pytest.raises(InputError, match="without waveforms .Encapsulated PDF"):
        from_dicom(path, Given())
    for more, words in (
        ({"NumberOfWaveformSamples": 10**9}, "claims"),
        ({"NumberOfWaveformChannels": 3}, "described"),
        ({"WaveformSampleInterpretation": "MB", "WaveformBitsAllocated": 8}, "not read"),
    ):
        item = group([steps()] * 2, [definition()] * 2)
        for keyword, value in more.items():
            setattr(item, keyword, value)
        with pytest.raises(InputError, match=words):
            from_dicom(dicom(path, item), Given())
    item = group([steps()], [definition()])
    del item.WaveformData
    with pytest.raises(InputError, match="lacks WaveformData"):
        from_dicom(dicom(path, item), Given())
    raw = dicom(path, group([steps()], [definition()])).read_bytes()
    path.write_bytes(raw[132:])
    with pytest.raises(InputError, match="no DICOM"):
        from_dicom(path, Given())
    path.write_bytes(raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99", 1))
    with pytest.raises(InputError, match="deflated"):
        from_dicom(path, Given())


@pytest.mark.parametrize(
    "name, fs, count, first, second, filters",
    [
        ("Example.dcm", 500, 5000, (-305, 415), (-667.5, 335), ""),
        ("waveform_ecg.dcm", 1000, 10000, (-62.5, 725), (-208.75, 1137.5), "0.05-300 Hz"),
    ],
)
def test_real_files(recordings, tmp_path, name, fs, count, first, second, filters):
    path = sample(recordings, name)
    assert is_dicom(path.read_bytes()[:4096])
    contents = from_dicom(path, Given())
    assert [each.name for each in contents.channels] == (
        "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()
    )
    assert {(each.unit, each.fs, each.filters) for each in contents.channels} == {
        ("uV", fs, filters)
    }
    x = leads(from_dicom, path)
    assert {(len(each), int(np.isnan(each).sum())) for each in x.values()} == {(count, 0)}
    found = peaks(from_dicom, packed(path, tmp_path))
    assert (found["I"], found["II"]) == (first, second)
    by_pydicom = pydicom.dcmread(path).waveform_array(0)
    for k, each in enumerate(x.values()):
        np.testing.assert_allclose(each, by_pydicom[:, k])
    assert any("MEDIAN BEAT" in note for note in contents.notes)


def test_facts_of_real_files(recordings):
    facts = from_dicom(sample(recordings, "Example.dcm"), Given()).facts
    assert (facts.date, facts.clock) == (datetime.date(2002, 11, 22), datetime.time(9, 10))
    assert (facts.patient, facts.sex, facts.device) == ("SBJ-123", "male", "ELI250")
    assert int(facts.age) == 49
    facts = from_dicom(sample(recordings, "waveform_ecg.dcm"), Given()).facts
    assert (facts.date, facts.clock) == (datetime.date(2013, 1, 25), datetime.time(10, 59, 19))
    assert (facts.patient, facts.sex, int(facts.age)) == ("642341", "female", 42)
    assert facts.device == "Mortara Instrument, Inc. el250"
