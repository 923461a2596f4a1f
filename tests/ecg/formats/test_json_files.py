"""JSON files: which kind they are, plain objects of leads, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.json_files import from_json, is_json
from ecg.formats.recording import Given
from tests.clinical import packed
from tests.recordings import ECG, FS, OTHER, same
from tests.research import fhir, kardia, plain_json

BOTH = {"I": OTHER.tolist(), "II": ECG.tolist()}


def test_the_kind_is_told_by_what_is_in_it(tmp_path):
    same(read_recording(kardia(tmp_path / "k.json")), fs=300, lead="II", tolerance=3e-4)
    same(read_recording(fhir(tmp_path / "f.json")), lead="II", tolerance=3e-4)
    same(read_recording(plain_json(tmp_path / "p.json")), lead="II")


@pytest.mark.parametrize(
    "content, lead",
    [
        ({"fs": FS, "unit": "mV", "ecg": ECG.tolist()}, "ecg"),
        ({"sampling_rate": "250 Hz", "units": "mV", "signal": ECG.tolist()}, "signal 0"),
        ({"fs": FS, "unit": "mV", **BOTH}, "II"),
        (
            {
                "fs": FS,
                "unit": "mV",
                "signal": [OTHER.tolist(), ECG.tolist()],
                "leads": ["V1", "II"],
            },
            "II",
        ),
        ({"meta": {"fs": FS, "unit": "mV"}, "data": {"leads": BOTH}}, "II"),
        (
            {
                "fs": FS,
                "channels": [
                    {"name": "Resp", "unit": "V", "samples": OTHER.tolist()},
                    {"name": "ECG", "unit": "mV", "samples": ECG.tolist()},
                ],
            },
            "ECG",
        ),
    ],
)
def test_plain_objects(tmp_path, content, lead):
    path = plain_json(tmp_path / "p.json", **content)
    same(read_recording(path), lead=lead)
    same(read_recording(packed(path, tmp_path)), lead=lead)


def test_rows_of_objects(tmp_path):
    rows = [{"t": k / FS, "ecg": float(x)} for k, x in enumerate(ECG)]
    path = plain_json(tmp_path / "p.json", unit="mV", rows=rows)
    same(read_recording(path), lead="ecg")


@pytest.mark.parametrize("orient", ["columns", "records", "split"])
def test_tables_of_pandas(tmp_path, orient):
    table = pd.DataFrame({"t": np.arange(len(ECG)) / FS, "ECG": ECG})
    table.to_json(tmp_path / "p.json", orient=orient)
    same(read_recording(tmp_path / "p.json"), lead="ECG")


def test_several_recordings_in_one_file_are_refused(tmp_path):
    one = {"fs": FS, "start": "2026-01-05", "ecg": ECG.tolist()}
    (tmp_path / "p.json").write_text(json.dumps([one, {**one, "ecg": ECG[:2000].tolist()}]))
    with pytest.raises(InputError, match="2 recordings"):
        from_json(tmp_path / "p.json", Given())
    (tmp_path / "p.json").write_text(json.dumps([one]))
    same(read_recording(tmp_path / "p.json"), lead="ecg")


def test_an_ecg_deep_inside(tmp_path):
    """As an app exports a watch's recording."""
    rows = [{"voltage": 1000 * float(x), "units": "uV"} for x in ECG]
    recording = {
        "start": "2026-01-05 10:20:30",
        "samplingFrequency": FS,
        "voltageMeasurements": rows,
    }
    path = plain_json(tmp_path / "p.json", data={"ecg": [recording]})
    found = same(read_recording(path))
    assert str(found.facts.clock) == "10:20:30"


def test_missing_samples_are_null(tmp_path):
    x = [*ECG.tolist()]
    x[7] = None
    path = plain_json(tmp_path / "p.json", fs=FS, unit="mV", ecg=x)
    (channel,) = from_json(path, Given()).channels
    expected = ECG.copy()
    expected[7] = np.nan
    np.testing.assert_array_equal(channel.read(), expected)
    assert from_json(plain_json(tmp_path / "q.json", fs=FS, ecg=[10**400, *x]), Given())


def test_whose_recording_it_is(tmp_path):
    path = plain_json(
        tmp_path / "p.json",
        fs=FS,
        ecg=ECG.tolist(),
        patient={"id": 12, "name": "Jane Doe", "age": 41, "sex": "f"},
        subject_id=1234567,
        start_time="2026-01-05T10:20:30Z",
        device="Holter 3",
    )
    content = from_json(path, Given())
    facts = content.facts
    assert (facts.patient, facts.age, facts.sex) == ("1234567", 41.0, "female")
    assert (str(facts.date), str(facts.clock)) == ("2026-01-05", "10:20:30")
    assert facts.device == "Holter 3" and "Jane" not in str(facts)
    assert content.notes == ("the file gives its start in UTC",)


def test_what_is_no_json_of_an_ecg_is_refused(tmp_path):
    for text, says in (
        ('{"fs": 250, "ecg": [1, 2', "no JSON, or damaged"),
        ("[" * 100_000, "no JSON, or damaged"),
        ('"text"', "no JSON that is read.*Kardia.*FHIR"),
        ("{}", "no JSON that is read"),
        ('{"fs": 250, "heartRate": [60, 61]}', "no ECG"),
    ):
        (tmp_path / "p.json").write_text(text)
        with pytest.raises(InputError, match=says) as caught:
            from_json(tmp_path / "p.json", Given())
        assert "\n" not in str(caught.value)


def test_content_is_recognised():
    assert (
        is_json(b'{"fs": 250}') and is_json(b'\xef\xbb\xbf [\n {"a": 1}]') and is_json(b"[0.1, 2]")
    )
    assert not is_json(b"time,ecg\n") and not is_json(b"<xml>") and not is_json(b"")
