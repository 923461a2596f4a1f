"""monitor.py: pipes and recordings in, lines and JSON out; what is refused."""

import io
import json

import numpy as np
import pytest

import monitor
from ecg import formats
from ecg.alarms import Alarm
from ecg.streaming import Beat, Rhythm
from ecg.synthetic import synthetic_recording
from tests.streams import stream


def test_text_and_binary_pipes_give_the_same_samples():
    values = np.array([0, -5, 1200, -32768, 7])
    text = io.BytesIO(b"0\n-5\n\n1200\nnan\n7")
    binary = io.BytesIO(values.astype("<i2").tobytes())
    got = [
        np.concatenate(list(monitor.read_stream(io.BufferedReader(f), kind)))
        for f, kind in ((text, "text"), (binary, "i16"))
    ]
    np.testing.assert_array_equal(got[0], got[1])
    assert np.isnan(got[0][3, 0]) and got[0].shape == (5, 1)


def test_several_leads_in_a_pipe():
    values = np.array([[0, 10], [-5, 11], [1200, -32768], [7, 13]])
    text = b"0 10\n-5;11\n\n1200, nan\n7\t13"
    got = [
        np.concatenate(list(monitor.read_stream(io.BufferedReader(io.BytesIO(data)), kind, 2)))
        for data, kind in ((text, "text"), (values.astype("<i2").tobytes(), "i16"))
    ]
    np.testing.assert_array_equal(got[0], got[1])
    assert got[0].shape == (4, 2) and np.isnan(got[0][2, 1]) and got[0][2, 0] == 1200


def test_lines_for_people():
    say = monitor.Lines()
    assert (
        say(Beat("provisional", 360, 1.0, "V", 0.98, 0.5, 2.0))
        == "00:00:01.000  V    98 %   120/min"
    )
    assert say(Beat("final", 360, 1.0, "V", 0.97, 0.5, 2.5)) is None
    say(Beat("provisional", 720, 2.0, "V", 0.6, 1.0, 3.0))
    assert say(Beat("final", 720, 2.0, "N", 0.9, 1.0, 3.5)).split() == [
        "00:00:02.000",
        "N",
        "90",
        "%",
        "60/min",
        "final",
    ]
    assert (
        say(Alarm("v_run", "on", 0, 3723.5, 1.0, 3, 120.0, 9.0))
        == "01:02:03.500  ALARM  run of V: 1.0 s, 3 beats, 120/min"
    )
    taken_back = say(Alarm("v_couplet", "withdrawn", 0, 1.0, 0.5, 2, 120.0, 9.0))
    assert taken_back == "00:00:01.000  TAKEN BACK  couplet of V: 0.5 s, 2 beats, 120/min"
    vf = say(Alarm("ventricular_fibrillation", "on", 0, 1.0, 4.0, None, None, 5.0))
    assert vf == "00:00:01.000  ALARM  ventricular fibrillation: 4.0 s"
    chances = {"N": 0.04, "AF": 0.92, "other": 0.03, "noise": 0.01}
    af = say(Rhythm(14400, 40.0, "AF", chances, 30.0, 112.4, 40.0))
    assert af == "00:00:40.000  rhythm of 30 s: AF 92 %, 112/min"
    unknown = say(Rhythm(14400, 40.0, None, None, 30.0, None, 40.0))
    assert unknown == "00:00:40.000  rhythm of 30 s: ?"


def test_rhythms_as_json():
    chances = {"N": 0.04, "AF": 0.92, "other": 0.03, "noise": 0.01}
    told = json.loads(monitor.as_json(Rhythm(14400, 40.0, "AF", chances, 30.0, 112.4, 40.0)))
    assert (told["type"], told["rhythm"], told["probabilities"]) == ("rhythm", "AF", chances)


def asked(weight):
    """What a Monitor asks beside its classifiers: the networks of a folder, where they are."""
    return {
        "noise": monitor.noise_model(weight),
        "rhythm": monitor.rhythm_model(weight),
        "fibrillation": monitor.fibrillation_model(weight),
    }


def test_command_line_pipe_equals_pushing(demo, run):
    """The whole program on a pipe, text in and JSON out, against a Monitor with the same
    weights."""
    x = synthetic_recording(12, fs=250, seed=5).signal.round(4)
    out = run(
        "monitor.py",
        "-",
        "--fs",
        250,
        "--json",
        "--model",
        "self",
        "--final",
        "single",
        "--weight",
        demo / "weight",
        input="\n".join(map(str, x)) + "\n",
    ).stdout
    told = [json.loads(line) for line in out.splitlines()]
    predict = monitor.single_beat("self", demo / "weight")
    events = stream(x, 250, predict, **asked(demo / "weight"))
    assert [[t["sample"], t.get("label"), t["at_s"]] for t in told] == [
        [e.sample, getattr(e, "label", None), e.at_s] for e in events
    ]
    assert {t["type"] for t in told} <= {"beat", "alarm", "rhythm"} and any(
        t.get("stage") == "final" for t in told
    )


@pytest.mark.parametrize(
    "arguments, text, word",
    [
        (["-"], "", "--fs"),
        (["-", "--fs", "250"], "1\n2\nhello\n", "line 3"),
        (["a", "b"], "", "one stream"),
        (["nowhere.csv"], "", "nowhere.csv"),
        (["--agreement"], "", "benchmarks/monitor.py"),
        (["-", "--fs", "5"], "1\n", "fs is 5"),
        (["-", "--fs", "250", "--model", "none_such"], "1\n", "none_such"),
        (["nowhere.csv", "--model", "none_such"], "", "none_such"),  # before the file is read
        (["-", "--fs", "250", "--final", "self"], "1\n", "--final self"),
        (["x", "--speed", "-1"], "", "--speed"),
        (["-", "--fs", "250", "--leads", "2"], "1 2\n1 2\n3\n", "line 3"),
        (["-", "--fs", "250", "--leads", "0"], "1\n", "--leads 0"),
        (["x", "--leads", "2"], "", "--leads"),
    ],
)
def test_command_line_refuses(demo, refused, arguments, text, word):
    model = [] if "--model" in arguments else ["--model", "self"]
    assert word in refused(
        "monitor.py", *arguments, *model, "--weight", demo / "weight", input=text
    )


def test_a_recording_gives_all_its_leads(demo, run, two_leads):
    """Which they are is said; the events are those of a Monitor that is given both."""
    weights = ["--model", "self", "--final", "single", "--weight", demo / "weight"]
    done = run("monitor.py", two_leads, "--speed", 0, "--json", *weights)
    assert "2 leads together" in done.stderr
    recording = formats.read_recording(two_leads, second="auto")
    predict = monitor.single_beat("self", demo / "weight")
    x = np.column_stack(recording.signals())
    assert x.shape[1] == 2
    events = stream(x, recording.fs, predict, **asked(demo / "weight"))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(t["sample"], t["at_s"]) for t in told] == [(e.sample, e.at_s) for e in events]
    alone = run("monitor.py", two_leads, "--second", "none", "--speed", 0, *weights)
    assert "leads together" not in alone.stderr


def test_without_a_file_it_plays_the_excerpt(capsys):
    """Both leads of a real recording, which it names."""
    fs, chunks = monitor.samples_for(monitor.options().parse_args([]))
    samples = np.concatenate(list(chunks))
    assert fs == 360 and samples.shape == (240 * 360, 2)
    assert "record 213 of MIT-BIH, 15:00 to 19:00" in capsys.readouterr().err
