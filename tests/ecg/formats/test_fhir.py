"""FHIR Observations: components and dimensions, scale, missing samples, codes as names of leads,
pieces of one lead, Bundles with their patient."""

import datetime

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.fhir import from_fhir, is_fhir
from ecg.formats.recording import Given
from tests.clinical import packed
from tests.recordings import ECG, FS, OTHER, same
from tests.research import COUNTS, OTHER_COUNTS, fhir, lead_code, observation, sampled


def read(path, content=None):
    return from_fhir(fhir(path, content), Given())


def part(data, code="131330", display=""):
    return {"code": lead_code(code, display), "valueSampledData": data}


def test_components_are_leads_by_their_codes(tmp_path):
    path = tmp_path / "f.json"
    content = read(path)
    one, two = content.channels
    assert (one.name, one.unit, one.fs, one.kind) == ("I", "mV", 250.0, "ECG")
    assert (two.name, two.unit, two.fs, two.adc) == ("II", "mV", 250.0, (2000.0, 0.0))
    np.testing.assert_allclose(one.read(), OTHER_COUNTS / 2000, atol=1e-12)
    np.testing.assert_allclose(two.read(), COUNTS / 2000, atol=1e-12)
    facts = content.facts
    assert facts.date == datetime.date(2015, 2, 19) and facts.clock == datetime.time(9, 30, 35)
    assert (facts.patient, facts.device) == ("f001", "12 lead EKG Device Metric")
    assert "Heuvel" not in str(facts)
    same(read_recording(path), lead="II", tolerance=3e-4)
    same(read_recording(packed(path, tmp_path)), lead="II", tolerance=3e-4)


def test_origin_factor_and_missing_samples(tmp_path):
    numbers = [*map(str, (COUNTS + 512).tolist())]
    numbers[100:103] = "E", "U", "L"
    data = sampled(numbers, factor=0.5, origin={"value": -256, "unit": "microvolt", "code": "uV"})
    (channel,) = read(tmp_path / "f.json", observation([part(data)])).channels
    assert channel.unit == "uV" and channel.adc == (2.0, 512.0)
    expected = COUNTS / 2
    expected[100:103] = np.nan
    np.testing.assert_array_equal(channel.read(), expected)


def test_dimensions_alternate(tmp_path):
    both = np.column_stack([OTHER, ECG]).ravel()
    content = observation([], valueSampledData=sampled(both, dimensions=2), code={"text": "ecg"})
    one, two = read(tmp_path / "f.json", content).channels
    assert (one.name, two.name, one.kind) == ("1", "2", "ECG")
    np.testing.assert_allclose(two.read(), ECG, atol=1e-5)
    content["valueSampledData"]["dimensions"] = 3
    with pytest.raises(InputError, match="no multiple of the 3 dimensions"):
        read(tmp_path / "f.json", content).channels[0].read()


@pytest.mark.parametrize(
    "code, display, name",
    [
        ("131389", "", "III"),
        ("131390", "", "aVR"),
        ("131336", "", "V6"),
        ("MDC_ECG_ELEC_POTL_AVF", "", "aVF"),
        ("x", "MDC_ECG_LEAD_V2", "V2"),
        ("x", "Lead V5", "Lead V5"),
    ],
)
def test_names_of_leads(tmp_path, code, display, name):
    content = observation([part(sampled(ECG), code, display)])
    assert [each.name for each in read(tmp_path / "f.json", content).channels] == [name]


def test_rates(tmp_path):
    for data, fs in (
        (sampled(ECG, period=2), 500),
        ({**sampled(ECG), "period": None, "interval": 4, "intervalUnit": "ms"}, 250),
        ({**sampled(ECG), "period": None, "interval": 0.004, "intervalUnit": "s"}, 250),
        ({**sampled(ECG), "period": None}, None),
        (sampled(ECG, period=0), None),
    ):
        (channel,) = read(tmp_path / "f.json", observation([part(data)])).channels
        assert channel.fs == (None if fs is None else pytest.approx(fs))


def test_apple_watch_by_healthkitonfhir(tmp_path):
    """Pieces of 10 s of one lead, a period in s, the rate in a component of its own."""
    rate = {
        "code": {"coding": [{"code": "HKSamplingFrequency", "display": "Sampling Frequency"}]},
        "valueQuantity": {"value": 250, "unit": "hertz", "code": "Hz"},
    }
    microvolt = {"value": 0, "unit": "uV", "code": "uV"}
    pieces = [
        part(sampled(1000 * each, period=0.004, origin=microvolt), "131329", "MDC_ECG_ELEC_POTL_I")
        for each in (ECG[:1000], ECG[1000:2000], ECG[2000:])
    ]
    path = fhir(tmp_path / "f.json", observation([rate, *pieces]))
    same(read_recording(path), lead="I", tolerance=1e-4)
    path = fhir(tmp_path / "g.json", observation(pieces))  # the rate only by the period
    found = same(read_recording(path), lead="I", tolerance=1e-4)
    assert any("taken as s" in note for note in found.notes)


def test_bundle_with_its_patient_and_other_observations(tmp_path):
    one = observation()
    later = {**observation(), "effectiveDateTime": "2015-02-20T09:30:35+01:00"}
    rate = {"resourceType": "Observation", "code": {"text": "heart rate"}, "valueQuantity": {}}
    person = {
        "resourceType": "Patient",
        "id": "f001",
        "gender": "female",
        "birthDate": "1955-02-19",
        "name": [{"family": "Heuvel"}],
    }
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": each} for each in (person, rate, one, later)],
    }
    content = read(tmp_path / "b.json", bundle)
    assert [each.name for each in content.channels] == ["I", "II"]
    facts = content.facts
    assert (facts.patient, facts.age, facts.sex) == ("f001", 60, "female")
    assert any("2 observations" in note and "1 of other times" in note for note in content.notes)
    same(read_recording(tmp_path / "b.json"), lead="II", tolerance=3e-4)


def test_each_lead_an_observation_of_one_bundle(tmp_path):
    entries = [
        {"resource": {**observation([]), "code": lead_code(code), "valueSampledData": sampled(x)}}
        for code, x in (("131329", OTHER), ("131330", ECG))
    ]
    content = read(tmp_path / "b.json", {"resourceType": "Bundle", "entry": entries})
    assert [each.name for each in content.channels] == ["I", "II"]


def test_what_is_no_ecg_is_refused(tmp_path):
    for content, says in (
        (observation([]), "no sampled data"),
        ({"resourceType": "Patient"}, "no Observation"),
        (observation([part(sampled(["1", "two", "3"] * 100))]), "among its data.*two"),
        (observation([part(sampled(ECG), f"{k}") for k in range(50)]), "holds 50 signals"),
    ):
        with pytest.raises(InputError, match=says):
            [each.read() for each in read(tmp_path / "f.json", content).channels]
    assert is_fhir({"resourceType": "Observation"}) and not is_fhir([]) and FS == 250
