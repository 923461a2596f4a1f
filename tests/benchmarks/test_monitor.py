"""benchmarks/monitor.py: the stream against the whole recording, false alarms by annotation."""

import numpy as np
import pytest
import wfdb

from benchmarks import monitor as benchmark
from benchmarks.monitor_parts import false_alarms
from benchmarks.monitor_parts.agreement import agreement, print_agreement
from ecg.alarms import NAMES, Alarm
from ecg.formats.annotation import read_annotation
from ecg.streaming import fibrillation
from ecg.synthetic import synthetic_recording
from ecg.training.vf_data import Truth
from tests.streams import FS, fingerprint, strip, v_by_width, wide_is_v


@pytest.fixture(scope="module")
def minute():
    return synthetic_recording(40, fs=FS, seed=3)


def test_agreement_of_a_recording_with_itself(minute):
    figures, events = agreement([minute.signal], FS, fingerprint)
    assert (
        figures["beats_stream"] == figures["beats_offline"] == figures["both"]
        and figures["final_offline"] == 1.0
    )
    assert (
        0 < figures["provisional_delay_s"]["median"] < 0.7
        and figures["provisional_delay_s"]["late"] == 0
    )
    x, _ = strip("NNNNNNNNVVVVNNNNNNNNN", [0.8] * 7 + [0.5] * 4 + [0.8] * 5 + [4.5] + [0.8] * 3)
    figures, _ = agreement([x, 0.5 * x], FS, wide_is_v)
    for name in ("v_run", "pause", "asystole"):
        told = figures["alarms"][name]
        assert (told["events"], told["alarms"], told["missed"], told["false"]) == (1, 1, 0, 0)
        assert 0 < told["delay_max_s"] < 1.6
    print_agreement([("strip", figures)])


@pytest.fixture
def annotated(tmp_path):
    """A record of two leads with a run of five V, a couplet, a run that the annotation does not
    have, and a pause of 5 s: its folder."""
    letters = "N" * 14 + "VVVVV" + "N" * 8 + "VV" + "N" * 8 + "VVV" + "N" * 10
    rr = np.full(len(letters) - 1, 0.6)
    rr[41] = 5.0
    x, r = strip(letters, rr, fs=250)
    called = np.array(list(letters))
    called[37:40] = "N"
    wfdb.wrsamp(
        "made", 250, ["mV"] * 2, ["II", "V1"], np.column_stack([x, 0.5 * x]),
        fmt=["16"] * 2, write_dir=str(tmp_path),
    )  # fmt: skip
    wfdb.wrann("made", "atr", r, symbol=called.tolist(), write_dir=str(tmp_path))
    return tmp_path


def test_false_and_missed_alarms(annotated, monkeypatch, capsys):
    monkeypatch.setattr(benchmark.stage, "as_context", lambda network: v_by_width)
    record = benchmark.alarms_of(annotated / "made", None, "atr", {})
    lines = {line["row"].strip(): line for line in false_alarms.table([record])}

    def told(row):
        return tuple(lines[row][key] for key in ("events", "found", "alarms", "false"))

    assert told("v_run") == (1, 1, 2, 1) and told("v_couplet") == (1, 1, 1, 0)
    assert told("pause") == told("asystole") == (1, 1, 1, 0)
    assert lines["of 5 or more"]["found"] == 1 and lines["of 3 or 4"]["events"] == 0
    assert 0 < lines["v_run"]["delay_max_s"] < 8 and 0 < lines["pause"]["delay_max_s"] < 0.7
    assert lines["v_run"]["false_per_hour"] == pytest.approx(1 / record.hours)
    assert told("lead_off") == (None, None, 0, None)
    assert told("atrial_fibrillation")[:2] == (None, None)  # the record tells no rhythm
    assert told("ventricular_fibrillation")[:2] == (0, 0)
    false_alarms.print_table([record])
    printed = capsys.readouterr().out
    assert "v_couplet" in printed and "asystole" in printed


def test_withdrawn_alarms_are_false_and_find_nothing(annotated):
    annotation = read_annotation(annotated / "made", "atr")
    events = false_alarms.true_events(annotation, 250, {"pause": 3.0, "asystole": 4.0})
    (run,) = events["v_run"]
    since = int(run.start * 250)

    def record(*states):
        alarms = [Alarm("v_run", s, since, run.start, 2.0, 5, 100.0, run.due + 1) for s in states]
        raised = {"v_run": false_alarms.raised_alarms(alarms, "v_run", 60.0)}
        return false_alarms.RecordAlarms("made", 0.1, raised, events, np.zeros((0, 2)))

    _, found, delays, false = false_alarms.judged(record("on", "off"), "v_run")
    assert (found, false) == ([True], 0) and delays == pytest.approx([1.0])
    _, found, delays, false = false_alarms.judged(record("on", "off", "withdrawn"), "v_run")
    assert (found, delays, false) == ([False], [], 1)
    unjudged = record("on")._replace(unjudged=np.array([[run.start, run.stop]]))
    assert false_alarms.judged(unjudged, "v_run") == ([], [], [], 0)


def test_fibrillation_is_not_judged():
    annotation = type("A", (), {"samples": np.array([2000, 2010]), "symbols": ["!", "N"]})
    none = np.zeros((0, 2), np.int64)
    truth = Truth(np.array([[100, 900]]), none)
    spans = false_alarms.unjudged(annotation, truth, 100.0).tolist()
    assert spans == [[-1.0, 11.0], [18.0, pytest.approx(22.15)]]
    assert false_alarms.unjudged(None, Truth(none, none), 100.0).shape == (0, 2)


def test_episodes_of_fibrillation():
    """The atria by the rhythm annotation, with flutter; the ventricles but where it is unsure."""
    raised = false_alarms.Raised
    annotation = type("A", (), {})()
    annotation.samples = np.array([0, 100, 1000, 10000, 10100, 12000, 20000])
    annotation.symbols = ["+", "N", "N", "+", "+", "+", "N"]
    annotation.notes = ["(N", "", "", "(AFIB", "(AFL", "(N", ""]
    events = false_alarms.true_events(annotation, 100.0, {"pause": 3.0})
    assert events["atrial_fibrillation"] == [false_alarms.Event(100.0, 120.0, 100.0, 20.0)]
    events["ventricular_fibrillation"] = [false_alarms.Event(30.0, 60.0, 30.0, 30.0)]
    alarms = {
        "atrial_fibrillation": [raised(112, 140, 130, False), raised(136, 140, 160, False)],
        "ventricular_fibrillation": [
            raised(28, 61, 35, False),
            raised(65, 70, 71, False),
            raised(82, 90, 88, False),
        ],
    }
    unsure = np.array([[80.0, 95.0]])
    record = false_alarms.RecordAlarms("made", 1.0, alarms, events, np.zeros((0, 2)), unsure)
    atrial = false_alarms.judged(record, "atrial_fibrillation")
    assert atrial[1:] == ([True], [30.0], 1)
    assert false_alarms.judged(record, "ventricular_fibrillation")[1:] == ([True], [5.0], 1)
    other = record._replace(raised={name: alarms.get(name, []) for name in NAMES})
    lines = {line["row"]: line for line in false_alarms.table([other])}
    assert lines["  of 60 s or more"]["events"] == 0
    assert lines["ventricular_fibrillation"]["false_per_hour"] == 1.0
    assert lines["  of 8 s or more"]["delay_max_s"] == 5.0


@pytest.mark.parametrize(
    "arguments, word",
    [
        ([], "FILE"),
        (["--alarms"], "--records"),
        (["--alarms", "--records", "nowhere"], "nowhere"),
        (["x", "--alarms", "--records", "nowhere"], "or FILE"),
        (["a/x", "b/x", "--alarms"], "one folder"),
        (["--alarms", "--records", "nowhere", "--lead", "II"], "--lead"),
        (["x", "--records", "y"], "--records"),
        (["x", "--speed", "2"], "--speed"),
    ],
)
def test_the_command_refuses(refused, arguments, word):
    assert word in refused("benchmarks/monitor.py", *arguments)


def test_the_command_counts_by_a_network_that_never_saw_the_record(annotated, run, refused, home):
    shipped = home / "weight" / "shipped" / "model_context_interpatient_plus.pth"
    if not shipped.exists():
        pytest.skip("the shipped context model is not there")
    arguments = ["--alarms", "--records", annotated, "--final", shipped]
    out = run("benchmarks/monitor.py", *arguments).stdout
    assert "1 records" in out and "v_run" in out and "false/h" in out
    named = run("benchmarks/monitor.py", annotated / "made", "--alarms", "--final", shipped).stdout
    assert named.splitlines()[2:] == out.splitlines()[2:]
    for suffix in (".hea", ".dat", ".atr"):
        (annotated / f"made{suffix}").rename(annotated / f"101{suffix}")
    header = annotated / "101.hea"
    header.write_text(header.read_text().replace("made", "101"))
    assert "trained on every record" in refused("benchmarks/monitor.py", *arguments)


def test_a_folder_with_episodes_tells_ventricular_fibrillation(tmp_path, monkeypatch):
    """It needs no annotation of beats: what goes by these is counted only."""
    x, _ = strip("N" * 24, 0.8, fs=250)
    wfdb.wrsamp("cu", 250, ["mV"], ["II"], x[:, None], fmt=["16"], write_dir=str(tmp_path))
    (tmp_path / "episodes.csv").write_text("record,start_s,end_s,class\ncu,9.0,14.0,VF\n")
    monkeypatch.setattr(benchmark.stage, "as_context", lambda network: v_by_width)
    monkeypatch.setattr(fibrillation, "is_busy", lambda lead, fs: True)  # it is asked each second
    said = iter([0] * 5 + [2] * 3 + [0] * 99)
    monkeypatch.setattr(
        benchmark.stage, "fibrillation_model", lambda weight: lambda leads, fs: next(said)
    )
    record = benchmark.alarms_of(tmp_path / "cu", None, "atr", {})
    lines = {line["row"].strip(): line for line in false_alarms.table([record])}
    told = lines["ventricular_fibrillation"]
    assert (told["events"], told["found"], told["false"]) == (1, 1, 0)
    assert 0 < told["delay_max_s"] < 8
    assert lines["v_run"]["events"] is None and lines["atrial_fibrillation"]["false"] is None
    chosen = benchmark.vf_data.records_of(tmp_path)
    assert chosen == ["cu"]
