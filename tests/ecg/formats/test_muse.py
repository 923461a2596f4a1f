"""GE MUSE XML: the rhythm's leads, and those that follow from I and II."""

import base64
import datetime
import zlib

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.muse import from_muse, is_muse
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, steps

pytest.importorskip("ecgdatakit")
STORED = ["I", "II", *(f"V{k}" for k in range(1, 7))]
DTD = '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">'


def lead(name, x, unit="MICROVOLTS", scale="4.88"):
    data = x.astype("<i2").tobytes()
    return f"""<LeadData><LeadByteCountTotal>{len(data)}</LeadByteCountTotal>
<LeadTimeOffset>0</LeadTimeOffset><LeadSampleCountTotal>{len(x)}</LeadSampleCountTotal>
<LeadAmplitudeUnitsPerBit>{scale}</LeadAmplitudeUnitsPerBit>
<LeadAmplitudeUnits>{unit}</LeadAmplitudeUnits><LeadHighLimit>32767</LeadHighLimit>
<LeadLowLimit>-32768</LeadLowLimit><LeadID>{name}</LeadID>
<LeadOffsetFirstSample>0</LeadOffsetFirstSample><FirstSampleBaseline>0</FirstSampleBaseline>
<LeadSampleSize>2</LeadSampleSize><LeadOff>FALSE</LeadOff>
<LeadDataCRC32>{zlib.crc32(data)}</LeadDataCRC32><WaveFormData>
{base64.b64encode(data).decode()}
</WaveFormData></LeadData>"""


def waveform(signals, kind="Rhythm", base=FS, exponent=0, **more):
    return f"""<Waveform><WaveformType>{kind}</WaveformType>
<NumberofLeads>{len(signals)}</NumberofLeads><SampleType>CONTINUOUS_SAMPLES</SampleType>
<SampleBase>{base}</SampleBase><SampleExponent>{exponent}</SampleExponent>
<HighPassFilter>5</HighPassFilter><LowPassFilter>150</LowPassFilter><ACFilter>60</ACFilter>
{"".join(lead(name, x, **more) for name, x in signals.items())}</Waveform>"""


def muse(path, *waveforms, top=DTD, encoding="ISO-8859-1"):
    text = f"""<?xml version="1.0" encoding="{encoding}"?>{top}
<RestingECG><MuseInfo><MuseVersion>8.0</MuseVersion></MuseInfo><PatientDemographics>
<PatientID>P-17</PatientID><PatientAge>61</PatientAge><AgeUnits>YEARS</AgeUnits>
<DateofBirth>02-29-1960</DateofBirth><Gender>FEMALE</Gender>
<PatientLastName>Mä</PatientLastName></PatientDemographics><TestDemographics>
<AcquisitionDevice>MAC55</AcquisitionDevice><AcquisitionTime>08:05:59</AcquisitionTime>
<AcquisitionDate>03-01-2021</AcquisitionDate></TestDemographics>
{"".join(waveforms)}</RestingECG>"""
    path.write_bytes(text.encode(encoding))
    return path


def test_leads(tmp_path):
    signals = {name: steps(4.88, 1 - 0.2 * k) for k, name in enumerate(STORED)}
    beat = {name: x[:600] for name, x in signals.items()}
    path = muse(tmp_path / "a.xml", waveform(beat, "Median"), waveform(signals))
    assert is_muse(path.read_bytes()[:4096])
    contents = from_muse(path, Given())
    assert [each.name for each in contents.channels] == [*STORED, "III", "aVR", "aVL", "aVF"]
    assert {(each.unit, each.fs, each.kind) for each in contents.channels} == {("uV", FS, "ECG")}
    assert {each.filters for each in contents.channels} == {"0.05-150 Hz, notch 60 Hz"}
    x = leads(from_muse, packed(path, tmp_path))
    for name, values in signals.items():
        np.testing.assert_allclose(x[name], 4.88 * values)
    one, two = x["I"], x["II"]
    np.testing.assert_allclose(x["III"], two - one)
    np.testing.assert_allclose(x["aVR"], -(one + two) / 2)
    np.testing.assert_allclose(x["aVL"], one - two / 2)
    np.testing.assert_allclose(x["aVF"], two - one / 2)
    assert any("III, aVR, aVL, aVF are not stored" in note for note in contents.notes)
    assert any("averaged beats" in note for note in contents.notes)


def test_what_is_stored_is_not_computed(tmp_path):
    x = steps()
    contents = from_muse(muse(tmp_path / "a.xml", waveform({"I": x, "II": x, "III": -x})), Given())
    assert [each.name for each in contents.channels] == ["I", "II", "III", "aVR", "aVL", "aVF"]
    np.testing.assert_allclose(contents.channels[2].read(), -4.88 * x)
    contents = from_muse(muse(tmp_path / "b.xml", waveform({"II": x, "V1": x})), Given())
    assert [each.name for each in contents.channels] == ["II", "V1"] and contents.notes == ()


def test_facts(tmp_path):
    facts = from_muse(muse(tmp_path / "a.xml", waveform({"II": steps()})), Given()).facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "MAC55")
    assert facts.age == pytest.approx(61, abs=0.01)


def test_rate_and_unit(tmp_path):
    path = muse(tmp_path / "a.xml", waveform({"II": steps()}, base=25, exponent=1))
    assert from_muse(path, Given()).channels[0].fs == 250
    path = muse(path, waveform({"II": steps()}, unit="MILLIVOLTS", scale="0.005"))
    (channel,) = from_muse(path, Given()).channels
    assert channel.unit == "mV" and channel.adc == (200, 0)
    np.testing.assert_allclose(channel.read(), 0.005 * steps())
    path = muse(path, waveform({"II": steps()}, unit="ticks"))
    assert from_muse(path, Given()).channels[0].unit is None


def test_refused(tmp_path):
    path = muse(tmp_path / "a.xml", waveform({"II": steps()}, "Median"))
    with pytest.raises(InputError, match="rhythm"):
        from_muse(path, Given())
    path = muse(path, waveform({"II": steps()}), top='<!DOCTYPE RestingECG [<!ENTITY a "ha">]>')
    with pytest.raises(InputError, match="entit"):
        from_muse(path, Given())
    whole = muse(path, waveform({"II": steps()}))
    path.write_bytes(whole.read_bytes()[:-900])
    with pytest.raises(InputError, match="a.xml cannot be read"):
        from_muse(path, Given())
    zipped = packed(path, tmp_path)
    with pytest.raises(InputError, match="a.xml.gz cannot be read") as refused:
        from_muse(zipped, Given())
    assert "/tmp" not in str(refused.value).removeprefix(str(zipped))  # nor the unpacked copy
