"""What is written of a recording: the facts of its file, and times by its clock."""

import datetime
import json

import pandas as pd
import pytest

from ecg import artifacts
from ecg.formats.recording import Facts
from ecg.output import COLUMNS, as_csv, as_dict, as_text
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording

FACTS = Facts(
    date=datetime.date(2026, 7, 26),
    clock=datetime.time(23, 59, 30),
    patient="P-17",
    age=69.4,
    sex="male",
    device="Recorder 3",
)


@pytest.fixture(scope="module")
def made():
    made = synthetic_recording(120, 250, seed=3, shares={"V": 0.15})
    recording, table, summary = labelled_recording(made)
    table.attrs |= {"leads": 1, "notes": [], "weights": ""}
    return recording, table, summary


def known(made):
    recording, table, summary = made
    return recording._replace(facts=FACTS), table, summary


def test_csv_has_a_clock_where_the_start_is_known(made, tmp_path):
    _, table, _ = made
    plain = as_csv(table)
    assert as_csv(table, Facts(date=FACTS.date)) == plain
    lines = as_csv(table, FACTS).splitlines()
    assert lines[0] == ",".join([*COLUMNS, "clock"])
    assert [line.rpartition(",")[0] for line in lines] == plain.splitlines()
    (tmp_path / "x.csv").write_text("\n".join(lines))
    read = pd.read_csv(tmp_path / "x.csv", parse_dates=["clock"])
    past = (read["clock"] - pd.Timestamp("2026-07-26T23:59:30")).dt.total_seconds()
    assert (past - read["time_s"]).abs().max() <= 0.0006
    bare = as_csv(table, FACTS._replace(date=None)).splitlines()
    assert [line[-12:] for line in bare[1:]] == [line[-12:] for line in lines[1:]]
    assert "2026" not in "".join(bare)


def test_json_holds_the_facts(made):
    document = as_dict(*known(made))
    assert document["start"] == "2026-07-26T23:59:30" and document["device"] == "Recorder 3"
    assert document["patient"] == {"id": "P-17", "age": 69.4, "sex": "male"}
    assert document["beats"][-1]["clock"].startswith("2026-07-27T00:01:2")
    unknown = as_dict(*made)
    assert unknown["start"] is unknown["device"] is None
    assert unknown["patient"] == {"id": None, "age": None, "sex": None}
    assert set(unknown) == set(document) and "clock" not in unknown["beats"][0]
    json.dumps(artifacts.plain(document), allow_nan=False)


def test_the_terminal_says_the_facts_and_the_clock(made):
    lines = as_text(*known(made), lines=2).splitlines()
    assert lines[0].startswith(
        "demo: lead MLII, 250 Hz, 2:00, from 2026-07-26 23:59:30, male, 69 years, patient P-17, "
        "device Recorder 3, "
    )
    at = next(k for k, line in enumerate(lines) if line.startswith("     time"))
    first = made[1].iloc[0]
    assert lines[at].index("clock") == lines[at + 1].index("07-26 23:59:30.")
    assert lines[at].index("label") == lines[at + 1].index(first["label"])
    rate = next(line for line in lines if "heart rate" in line)
    assert rate.count("(07-2") == 2
    plain = as_text(*made, lines=2)
    assert "clock" not in plain and "from" not in plain and "07-2" not in plain
    assert ", 2:00, " in plain.splitlines()[0]
    assert as_text(known(made)[0], made[1].iloc[:0], made[2]).count("\n") > 3  # no beat at all
