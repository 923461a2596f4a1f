"""What is written of a recording: the facts of its file, and times by its clock."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.formats.annotation import read_annotation
from ecg.formats.recording import Facts
from ecg.output import COLUMNS, as_csv, as_dict, as_text, write_labels
from ecg.synthetic import synthetic_recording
from tests.ecg.rhythm.looks import told
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


RHYTHM = told((0, 40, "N"), (40, 90, "AF"), (90, 100, "VF"), (100, 120, "other"), burden=0.42)


@pytest.fixture
def with_rhythm(made):
    recording, table, summary = made
    table = table.copy()
    table.attrs = {**made[1].attrs, "rhythm": RHYTHM}
    table["rhythm"] = np.where(table["time_s"] < 40, "N", "AF")
    for k, name in enumerate(("quality_1", "quality_2")):
        table[name] = 0.9 - k
    return recording, table, summary


def test_csv_has_a_column_rhythm_after_quality(made, with_rhythm):
    assert "rhythm" not in as_csv(made[1])
    lines = as_csv(with_rhythm[1], FACTS).splitlines()
    head = [*COLUMNS, "rhythm", "clock", "quality_1", "quality_2"]
    assert lines[0] == ",".join(head)
    assert [line.split(",")[len(COLUMNS)] for line in lines[1:]] == with_rhythm[1][
        "rhythm"
    ].tolist()
    plain = [line.rpartition(",")[0] for line in as_csv(made[1], FACTS).splitlines()]
    assert [",".join(line.split(",")[: len(COLUMNS)]) for line in lines] == plain


def test_json_holds_the_rhythm(made, with_rhythm):
    document = as_dict(*with_rhythm)
    assert document["rhythm"] == RHYTHM
    assert document["beats"][0]["rhythm"] == "N" and document["beats"][-1]["rhythm"] == "AF"
    assert as_dict(*with_rhythm, with_beats=False)["rhythm"] == RHYTHM
    assert as_dict(*made)["rhythm"] is None and "rhythm" not in as_dict(*made)["beats"][0]
    json.dumps(artifacts.plain(document), allow_nan=False)


def test_annotation_holds_the_rhythm_and_the_same_beats(made, with_rhythm, tmp_path):
    write_labels(tmp_path, "plain", made[1])
    write_labels(tmp_path, "told", with_rhythm[1])
    plain, found = (read_annotation(tmp_path / name, "cnn") for name in ("plain", "told"))
    assert set(plain.symbols) <= set("NSVFQ")
    is_beat = np.isin(found.symbols, list("NSVFQ"))
    assert found.samples[is_beat].tolist() == plain.samples.tolist()
    assert [s for s in found.symbols if s in "NSVFQ"] == plain.symbols
    assert [note for note in found.notes if note] == ["(N", "(AFIB", "(VFL", "(OTHER"]
    assert (np.diff(found.samples) > 0).all()
    opens, closes = (int(found.samples[found.symbols.index(s)]) for s in "[]")
    fs = with_rhythm[1].attrs["fs"]
    assert abs(opens / fs - 90) < 0.02 and abs(closes / fs - 100) < 0.02


def test_the_annotation_of_another_recording_is_not_replaced(made, tmp_path):
    table = made[1]
    write_labels(tmp_path, "one", table, replace=False)
    other = table.assign(sample=table["sample"] + round(0.3 * table.attrs["fs"]))
    other.attrs = table.attrs
    with pytest.raises(InputError, match="one.cnn holds the beats of another recording"):
        write_labels(tmp_path, "one", other, replace=False)
    again = table.assign(label="V", sample=table["sample"] + 1)
    again.attrs = table.attrs
    write_labels(tmp_path, "one", again, replace=False)
    assert set(read_annotation(tmp_path / "one", "cnn").symbols) == {"V"}
    write_labels(tmp_path, "one", other)
    (tmp_path / "one.cnn").write_bytes(b"no annotation")
    write_labels(tmp_path, "one", table, replace=False)


def test_the_terminal_says_rhythm_and_variability(made, with_rhythm):
    text = as_text(*with_rhythm)
    assert "rhythm: atrial fibrillation or flutter 41.7%, sinus rhythm 33.3%" in text
    assert "AF: 42.0% of the readable time, 1 episode, the longest 0:50" in text
    assert "VF: 1 episode, the longest 10.0 s at 1:30" in text
    hrv = with_rhythm[2]["hrv"]
    assert f"HRV: mean NN {hrv['mean_nn_ms']:.0f} ms, SDNN {hrv['sdnn_ms']:.0f} ms, RMSSD" in text
    recording, table, summary = made
    assert "rhythm:" not in as_text(recording, table, summary)
    withheld = {**hrv, "sdnn_ms": None, "reason": "atrial fibrillation: 60% of the time"}
    text = as_text(recording, table, {**summary, "hrv": withheld})
    assert "HRV withheld: atrial fibrillation: 60% of the time" in text


def test_a_long_recording_is_told_hour_by_hour(made):
    """Of the same beats, said to last three hours."""
    recording, table, summary = made
    table = table.copy()
    table.attrs = {**made[1].attrs, "n_samples": 3 * 3600 * 250, "rhythm": RHYTHM}
    document = as_dict(recording, table, summary)["summary"]
    assert [hour["beats"] for hour in document["hourly"]] == [len(table), 0, 0]
    assert document["hourly"][0]["af_percent"] == pytest.approx(100 * 50 / 3600)
    assert len(document["hrv_5_min"]) == 36
    assert document["hrv_5_min"][0]["nn_intervals"] > 0
    assert "hourly" not in summary and "hrv_5_min" not in as_dict(*made)["summary"]
    assert "  1:00:00" in as_text(recording, table, summary)
