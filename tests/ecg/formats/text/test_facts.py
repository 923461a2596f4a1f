"""Start, person and recorder from the lines above a table; never a person's name."""

import datetime

import pytest

from ecg.formats.recording import Facts
from ecg.formats.text.dates import moment_of
from ecg.formats.text.facts import facts_of, is_fact

DAY, CLOCK = datetime.date(2024, 4, 3), datetime.time(8, 15, 30)
WHOLE = Facts(DAY, CLOCK, "4711", 52.0, "female", "Faros 180")


@pytest.mark.parametrize(
    "head",
    [
        "Patient ID: 4711\nName: Doe, Jane\nAge: 52\nSex: F\nDevice: Faros 180\n"
        "Start date: 2024-04-03\nStart time: 08:15:30",
        "# Subject: 4711; Age (years): 52; Gender: female\n# Recorder = Faros 180\n"
        "# Recording date/time: Apr 3, 2024 8:15:30 AM",
        'Name,Jane Doe\npatient_id,4711\nage,52\nsex,Female\nDevice,"Faros 180"\n'
        "Recorded Date,2024-04-03 08:15:30 +0100",
        "Patienten-ID;4711\nName;Muster\nAlter;52 Jahre\nGeschlecht;weiblich\nGerät;Faros 180\n"
        "Datum;03.04.2024\nUhrzeit;08:15:30",
        "Patient: 4711\nAlter: 52\nGeschlecht: w\nGerät: Faros 180\n"
        "Aufzeichnungsdatum: 3.4.2024 8:15:30",
        "Identifiant du patient : 4711\nÂge : 52 ans\nSexe : Féminin\nAppareil : Faros 180\n"
        "Date d’enregistrement : 03/04/2024\nHeure de début : 08h15m30",
        "ID del paciente: 4711\nEdad: 52\nSexo: Mujer\nDispositivo: Faros 180\n"
        "Fecha de inicio: 03/04/2024 08:15:30",
        "患者编号：4711\n姓名：张三\n年龄：52岁\n性别：女\n设备：Faros 180\n"
        "记录时间：2024年4月3日 8:15:30",
        "病历号\t4711\n年龄\t52\n性别\t女\n设备型号\tFaros 180\n"
        "开始日期\t2024/04/03\n开始时间\t08:15:30",
    ],
)
def test_a_head_tells_all(head):
    assert facts_of(head.split("\n")) == WHOLE


def test_what_is_not_said_is_not_known():
    assert facts_of(["Sampling rate: 250 Hz", "Unit: mV", "End time: 10:00:00"]) == Facts()
    assert facts_of(["Patient: Jane Doe", "Name: 4711"]).patient == ""  # a name, or might be one
    assert facts_of(["Sex: unknown", "Age: ?"]) == Facts()
    assert facts_of(["Date: 03/04/2024"]).date is None  # April or March?
    assert facts_of(["Date: 13/04/2024"]).date == datetime.date(2024, 4, 13)
    assert facts_of(["Datum: 03/04/2024"]).date == DAY
    assert facts_of(["Age: 6 months"]).age == 0.5


def test_age_of_a_birthday():
    facts = facts_of(['Date of Birth,"Apr 3, 1980"', "Recorded Date,2024-04-03 08:15:30 +0100"])
    assert facts.age == 44 and facts.date == DAY and facts.clock == CLOCK
    assert facts_of(["Geburtsdatum: 03.04.1980", "Datum: 03.04.2024"]).age == 44
    assert facts_of(["Date of Birth: 1980-04-03"]) == Facts()  # no age without a day


def test_the_start_is_that_of_the_recording():
    facts = facts_of(["Date: 2024-05-01", "Time: 10:00", "Recording start: 2024-04-03 08:15:30"])
    assert (facts.date, facts.clock) == (DAY, CLOCK)


@pytest.mark.parametrize(
    "text, date, clock",
    [
        ("2024-04-03t08:15:30z", DAY, CLOCK),
        ("20240403 081530", DAY, CLOCK),
        ("3-apr-2024 08:15:30", DAY, CLOCK),
        ("3. april 2024, 8:15:30", DAY, CLOCK),
        ("april 3rd, 2024", DAY, None),
        ("03.04.24", DAY, None),
        ("8:15:30 pm", None, datetime.time(20, 15, 30)),
        ("12:05 am", None, datetime.time(0, 5)),
        ("08:15:30,25", None, datetime.time(8, 15, 30, 250000)),
        ("2024-02-31", None, None),
        ("25:61:00", None, None),
        ("17", None, None),
    ],
)
def test_moments(text, date, clock):
    assert moment_of(text) == (date, clock)


def test_a_row_of_names_is_no_fact():
    assert is_fact('Device,"Watch4,2"') and is_fact("Name,Jane") and is_fact("性别：女")
    assert not is_fact("time,ecg") and not is_fact("Datum;EKG")
