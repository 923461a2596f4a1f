"""What a file says of its recording, in words and in JSON, and what of it names nobody."""

import datetime

import pytest

from ecg.facts import anonymous, facts_dict, facts_text, start_text, without_person
from ecg.formats.recording import Facts, Recording
from ecg.translations import translator

FACTS = Facts(
    date=datetime.date(2026, 7, 26),
    clock=datetime.time(21, 56, 26),
    patient="P-17",
    age=69.9,
    sex="male",
    device="Recorder 3",
)


def test_all_that_is_known_is_said():
    assert facts_text(FACTS) == [
        "from 2026-07-26 21:56:26",
        "male",
        "69 years",
        "patient P-17",
        "device Recorder 3",
    ]
    assert facts_text(Facts()) == []
    assert facts_text(FACTS, translator("zh"))[:3] == ["始于 2026-07-26 21:56:26", "男", "69 岁"]


@pytest.mark.parametrize(
    "facts, says",
    [
        (Facts(age=0.5), "6 months"),
        (Facts(age=0.0), "0 months"),
        (Facts(clock=datetime.time()), "from 00:00:00"),
        (Facts(clock=datetime.time(1, 2, 3, 4500)), "from 01:02:03.004"),
        (Facts(date=FACTS.date), "from 2026-07-26"),
        (Facts(sex="unbestimmt"), "unbestimmt"),
        (Facts(patient="{0}\n\x1b[31m7"), "patient {0} [31m7"),
        (Facts(device="x" * 99), "device " + "x" * 59 + "…"),
    ],
)
def test_each_alone(facts, says):
    assert facts_text(facts) == [says]


def test_json_says_what_is_not_known():
    assert facts_dict(FACTS) == {
        "start": "2026-07-26T21:56:26",
        "patient": {"id": "P-17", "age": 69.9, "sex": "male"},
        "device": "Recorder 3",
    }
    nobody = {"id": None, "age": None, "sex": None}
    assert facts_dict(Facts()) == {"start": None, "patient": nobody, "device": None}


def test_anonymous_facts_name_nobody():
    left = anonymous(FACTS)
    assert left == Facts(clock=FACTS.clock, device=FACTS.device)
    assert start_text(left) == "21:56:26"
    recording = Recording(None, 360.0, "II", "x", facts=FACTS)
    assert without_person(recording).facts == left
    assert without_person(recording, wanted=False) == recording
