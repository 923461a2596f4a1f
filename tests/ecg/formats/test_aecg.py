"""Annotated ECGs of HL7: the rhythm is read, beats are none; what the file says of it."""

import datetime

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.aecg import from_aecg, is_aecg
from ecg.formats.recording import Given
from tests.clinical import leads, packed, peaks, sample, steps

START = "20210301080559.250+0100"
PERSON = """<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>
<id root="1.2" extension="P-17"/><subjectDemographicPerson><name>Maria</name>
<administrativeGenderCode code="F"/>{birth}</subjectDemographicPerson></trialSubject></subject>
</subjectAssignment></componentOf></timepointEvent></componentOf>"""
BIRTH = '<birthTime value="19600229"/>'
AGE = """<controlVariable><relatedObservation><code code="21612-7"/>
<value value="{}" unit="{}"/></relatedObservation></controlVariable>"""
AUTHOR = """<author><seriesAuthor><manufacturedSeriesDevice>
<manufacturerModelName>Model 9</manufacturerModelName></manufacturedSeriesDevice>
<manufacturerOrganization><name>Maker</name></manufacturerOrganization></seriesAuthor></author>"""


def hz(kind, name, value):
    return f"""<controlVariable><controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_{kind}"/>
<component><controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_{name}_FREQ"/>
<value value="{value}" unit="Hz"/></controlVariable></component></controlVariable>
</controlVariable>"""


def lead(code, x, scale='<scale value="2.5" unit="uV"/>', origin='<origin value="0" unit="uV"/>'):
    digits = " ".join(str(v) for v in x)
    return f"""<component><sequence><code code="{code}"/><value>{origin}{scale}<digits>
{digits}</digits></value></sequence></component>"""


def sets(*sequences, start=START, step='value="0.002" unit="s"'):
    time = f"""<component><sequence><code code="TIME_ABSOLUTE"/><value><head value="{start}"/>
<increment {step}/></value></sequence></component>"""
    return f"<component><sequenceSet>{time}{''.join(sequences)}</sequenceSet></component>"


def series(*content, code="RHYTHM"):
    return f'<component><series><code code="{code}"/>{"".join(content)}</series></component>'


def aecg(path, *content, birth=BIRTH, top="", encoding="utf-8"):
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>{top}<!-- made up -->'
        '<h:AnnotatedECG xmlns:h="urn:hl7-org:v3" xmlns="urn:hl7-org:v3">'
        f'<effectiveTime><low value="20210301"/></effectiveTime>{PERSON.format(birth=birth)}'
        f"{''.join(content)}</h:AnnotatedECG>"
    )
    path.write_bytes(text.encode(encoding))
    return path


def test_leads_and_facts(tmp_path):
    x = steps()
    filters = (
        hz("LOW_PASS", "CUTOFF", 150) + hz("HIGH_PASS", "CUTOFF", 0.05) + hz("NOTCH", "NOTCH", 60)
    )
    negative = lead("MDC_ECG_LEAD_AVR", -x, '<scale value="0.0025" unit="mV"/>',
                    '<origin value="100" unit="uV"/>')  # fmt: skip
    path = aecg(
        tmp_path / "a.xml",
        series(AUTHOR, filters, sets(lead("MDC_ECG_LEAD_II", x), negative)),
        encoding="utf-16",
    )
    assert is_aecg(path.read_bytes()[:4096])
    contents = from_aecg(path, Given())
    two, avr = contents.channels
    assert (two.name, two.unit, two.fs, two.kind) == ("II", "uV", 500, "ECG")
    assert (avr.name, avr.unit) == ("aVR", "mV")
    assert two.filters == "0.05-150 Hz, notch 60 Hz" and two.adc == (0.4, 0)
    np.testing.assert_allclose(two.read(), 2.5 * x)
    np.testing.assert_allclose(avr.read(), 0.1 - 0.0025 * x)
    facts = contents.facts
    assert facts.date == datetime.date(2021, 3, 1)
    assert facts.clock == datetime.time(8, 5, 59, 250_000)  # by the clock of the place
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "Maker Model 9")
    assert facts.age == pytest.approx(61, abs=0.01)
    assert contents.notes == ()
    np.testing.assert_allclose(leads(from_aecg, packed(path, tmp_path))["II"], 2.5 * x)


def test_the_age_that_is_stated(tmp_path):
    rhythm = series(sets(lead("MDC_ECG_LEAD_I", steps())))
    for number, unit, years in ((46, "a", 46), (6, "mo", 0.5)):
        path = aecg(tmp_path / "a.xml", AGE.format(number, unit), rhythm, birth="")
        assert from_aecg(path, Given()).facts.age == years
    path = aecg(tmp_path / "a.xml", AGE.format(46, "a"), rhythm)
    assert from_aecg(path, Given()).facts.age == pytest.approx(61, abs=0.01)  # the birth is surer


def test_the_longest_is_the_recording(tmp_path):
    x = steps()
    beat = sets(lead("MDC_ECG_LEAD_II", x[:300]))
    derived = f"""<derivation><derivedSeries><code code="REPRESENTATIVE_BEAT"/>{beat}
</derivedSeries></derivation>"""
    short = [sets(lead(f"MDC_ECG_LEAD_V{k}", x[:500])) for k in (1, 2)]
    long = sets(lead("MDC_ECG_LEAD_II", x), start="20210301080600")
    beside = sets(lead("MDC_ECG_LEAD_V5", x), start="20210301080600")
    path = aecg(
        tmp_path / "a.xml",
        series(short[0], derived),
        series(short[1], long, beside),
        series(beat, code="REPRESENTATIVE_BEAT"),
    )
    contents = from_aecg(path, Given())
    assert [channel.name for channel in contents.channels] == ["II", "V5"]
    assert contents.facts.clock == datetime.time(8, 6)
    assert any("averaged beats" in note for note in contents.notes)
    assert any("left out" in note and "RHYTHM" in note for note in contents.notes)


@pytest.mark.parametrize(
    "step, fs",
    [
        ('value="2" unit="ms"', 500),
        ('value="4000" unit="us"', 250),
        ('value="0.003"', 1000 / 3),
        ('value="0"', None),
        ("", None),
    ],
)
def test_rate(tmp_path, step, fs):
    path = aecg(tmp_path / "a.xml", series(sets(lead("MDC_ECG_LEAD_I", steps()), step=step)))
    got = from_aecg(path, Given()).channels[0].fs
    assert got == fs or got == pytest.approx(fs)


@pytest.mark.parametrize("value", ["x", "nan", "inf", "-0.002"])
def test_numbers_that_are_none_are_refused(tmp_path, value):
    one = lead("MDC_ECG_LEAD_I", steps())
    for wrong, name in (
        (sets(one, step=f'value="{value}" unit="s"'), "increment"),
        (sets(one.replace('scale value="2.5"', f'scale value="{value}"')), "scale"),
        (sets(one.replace('origin value="0"', f'origin value="{value}"')), "origin"),
    ):
        if value == "-0.002" and name != "increment":
            continue  # a lead upside down
        path = aecg(tmp_path / "a.xml", series(wrong))
        with pytest.raises(InputError, match=f"its <{name}> is"):
            from_aecg(path, Given())


def test_without_scale_and_by_other_names(tmp_path):
    other = lead("RESP", steps()).replace("/><value>", ' displayName="Breath"/><value>', 1)
    path = aecg(tmp_path / "a.xml", series(sets(lead("MDC_ECG_LEAD_I", steps(), "", ""), other)))
    one, breath = from_aecg(path, Given()).channels
    assert one.unit is None and one.adc is None
    np.testing.assert_array_equal(one.read(), steps())
    assert (breath.name, breath.kind) == ("Breath", "")


def test_refused(tmp_path):
    rhythm = series(sets(lead("MDC_ECG_LEAD_I", steps())))
    path = tmp_path / "a.xml"
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    file = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    for top in (laughs, file):
        with pytest.raises(InputError, match="entities"):
            from_aecg(aecg(path, rhythm, top=top), Given())
    with pytest.raises(InputError, match="no rhythm"):
        from_aecg(aecg(path), Given())
    with pytest.raises(InputError, match="no leads"):
        from_aecg(aecg(path, series(sets())), Given())
    with pytest.raises(InputError, match="scale"):
        from_aecg(
            aecg(path, series(sets(lead("MDC_ECG_LEAD_I", [1], '<scale value="nan"/>')))), Given()
        )
    path.write_bytes(aecg(path, rhythm).read_bytes()[:-500])
    with pytest.raises(InputError, match="cut short"):
        from_aecg(path, Given())
    path.write_text("<html><body/></html>")
    with pytest.raises(InputError, match="html"):
        from_aecg(path, Given())
    assert not is_aecg(path.read_bytes())
    bad = from_aecg(aecg(path, series(sets(lead("MDC_ECG_LEAD_I", ["1", "two", "3"])))), Given())
    with pytest.raises(InputError, match="no number"):
        bad.channels[0].read()


def test_a_name_in_another_encoding_than_declared(tmp_path):
    path = aecg(tmp_path / "a.xml", series(sets(lead("MDC_ECG_LEAD_I", steps()))))
    path.write_bytes(path.read_bytes().replace(b"Maria", "Märia".encode("latin-1")))
    np.testing.assert_allclose(leads(from_aecg, path)["I"], 2.5 * steps())


def test_a_real_file(recordings, tmp_path):
    path = sample(recordings, "Example.xml")
    assert is_aecg(path.read_bytes()[:4096])
    contents = from_aecg(path, Given())
    assert [each.name for each in contents.channels] == (
        "I II V1 V2 V3 V4 V5 V6 III aVR aVL aVF".split()
    )
    assert {(each.unit, each.fs, len(each.read())) for each in contents.channels} == {
        ("uV", 500, 5000)
    }
    assert peaks(from_aecg, packed(path, tmp_path))["I"] == (-305, 415)
    assert peaks(from_aecg, path)["II"] == (-667.5, 335)
    facts = contents.facts
    assert (facts.date, facts.clock) == (datetime.date(2002, 11, 22), datetime.time(9, 10))
    assert (facts.patient, facts.sex) == ("SBJ-123", "male")
    assert facts.device == "Mortara Instrument, Inc. ELI250"
    assert any("Representative Beat" in note for note in contents.notes)
