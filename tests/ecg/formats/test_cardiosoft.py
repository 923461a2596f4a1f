"""CardioSoft XML: strips, the full disclosure of an exercise test, and what stands beside them."""

import datetime

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.cardiosoft import from_cardiosoft, is_cardiosoft
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, steps


def strip(signals, tag="StripData", fs=FS):
    data = "".join(
        f'<WaveformData lead="{name}">\n\t{",".join(map(str, x))}\n</WaveformData>'
        for name, x in signals.items()
    )
    return f"""<{tag}><NumberOfLeads>{len(signals)}</NumberOfLeads>
<SampleRate units="Hz">{fs}</SampleRate><Resolution units="uVperLsb">2.5</Resolution>{data}
</{tag}>"""


def disclosure(signals, order=None):
    text = ",".join(str(v) for row in zip(*signals.values()) for v in row)
    return f"""<FullDisclosure><NumberOfChannels>{len(signals)}</NumberOfChannels>
<SampleRate units="Hz">{FS}</SampleRate><Resolution units="uVperLsb">5</Resolution>
<LeadOrder>{", ".join(signals) if order is None else order}</LeadOrder>
<FullDisclosureData><SampleCountTotal>4000</SampleCountTotal>{text},</FullDisclosureData></FullDisclosure>"""


def cardiosoft(path, *parts):
    path.write_text(f"""<?xml version="1.0" encoding="ISO-8859-1"?><CardiologyXML>
<ObservationDateTime><Hour>8</Hour><Minute>5</Minute><Second>59</Second><Day>1</Day><Month>3</Month>
<Year>2021</Year></ObservationDateTime>
<ClinicalInfo><DeviceInfo><Desc>CardioSoft</Desc></DeviceInfo></ClinicalInfo>
<PatientInfo><PID>P-17</PID><Age units="years">60</Age><BirthDateTime><Day>29</Day><Month>2</Month>
<Year>1960</Year></BirthDateTime><Gender>FEMALE</Gender></PatientInfo>
<FilterSetting><Filter50Hz>yes</Filter50Hz><Filter60Hz>no</Filter60Hz>
<LowPass units="Hz">40</LowPass><HighPass units="Hz">0.01</HighPass></FilterSetting>
{"".join(parts)}</CardiologyXML>""")
    return path


def test_leads_and_facts(tmp_path):
    signals = {"I": steps(), "aVR": steps(scale=-0.5)}
    beat = strip({name: x[:600] for name, x in signals.items()}, "MedianSamples")
    measured = f"<RestingECGMeasurements>{beat}</RestingECGMeasurements>"
    path = cardiosoft(tmp_path / "a.xml", measured, strip(signals))
    assert is_cardiosoft(path.read_bytes()[:4096])
    contents = from_cardiosoft(path, Given())
    assert [each.name for each in contents.channels] == ["I", "aVR"]
    assert {(each.unit, each.fs, each.kind) for each in contents.channels} == {("uV", FS, "ECG")}
    assert {each.filters for each in contents.channels} == {"0.01-40 Hz, notch 50 Hz"}
    x = leads(from_cardiosoft, packed(path, tmp_path))
    for name, values in signals.items():
        np.testing.assert_allclose(x[name], 2.5 * values)
    facts = contents.facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "CardioSoft")
    assert facts.age == pytest.approx(61, abs=0.01)
    assert any("MedianSamples (2 signals, 1.2 s)" in note for note in contents.notes)


def test_full_disclosure(tmp_path):
    one, two = np.tile(steps(), 2), np.tile(-2 * steps(), 2)
    path = cardiosoft(tmp_path / "a.xml", strip({"I": steps()}), disclosure({"I": one, "2": two}))
    contents = from_cardiosoft(path, Given())
    x = leads(from_cardiosoft, path)
    assert list(x) == ["I", "2"] and contents.channels[0].adc == (0.2, 0)
    np.testing.assert_allclose(x["I"], 5 * one)
    np.testing.assert_allclose(x["2"], 5 * two)
    assert any("StripData" in note for note in contents.notes)


def test_refused(tmp_path):
    path = tmp_path / "a.xml"
    with pytest.raises(InputError, match="no strip"):
        from_cardiosoft(cardiosoft(path), Given())
    with pytest.raises(InputError, match="which leads"):
        from_cardiosoft(cardiosoft(path, disclosure({"I": steps()}, order="")), Given())
    path.write_bytes(cardiosoft(path, strip({"I": steps()})).read_bytes()[:-40])
    with pytest.raises(InputError, match="cut short"):
        from_cardiosoft(path, Given())
    path.write_text("<RestingECG/>")
    with pytest.raises(InputError, match="RestingECG"):
        from_cardiosoft(path, Given())
    (channel,) = from_cardiosoft(cardiosoft(path, strip({"I": ["1", "x"]})), Given()).channels
    with pytest.raises(InputError, match="no number"):
        channel.read()
