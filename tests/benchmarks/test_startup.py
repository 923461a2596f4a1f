"""The benchmark of the start, and what the start of inference.py must not import."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import startup

HOME = Path(__file__).resolve().parent.parent.parent
# what labelling a .npy with ONNX models has no use for
IDLE = "torch", "onnx", "sklearn", "imblearn", "matplotlib", "jinja2", "wfdb", "joblib", "requests"


def imported(*words):
    """The modules that `python WORDS` imports."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=True
    )
    lines = (line for line in run.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def test_help_loads_no_library():
    names = imported(str(HOME / "inference.py"), "--help")
    assert "ecg.cli" in names
    assert not names & {"numpy", "scipy", "pandas", "onnxruntime", "tqdm", *IDLE}


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    return startup.commands(tmp_path_factory.mktemp("strip"))


def test_a_strip_loads_only_what_it_needs(commands):
    names = imported(*commands["inference.py strip.npy"])
    assert {"numpy", "scipy", "pandas", "onnxruntime"} <= names
    assert not names & {*IDLE}


def test_medians(monkeypatch, capsys):
    times = iter(range(100))
    monkeypatch.setattr(startup, "commands", lambda folder: {"one": ["1"], startup.BASE: ["2"]})
    monkeypatch.setattr(
        startup, "timed", lambda words: startup.Seconds(next(times), 2 * int(*words))
    )
    startup.main(["--runs", "3"])
    _, _, one, base = capsys.readouterr().out.splitlines()
    # two runs that do not count, then 2 4 6 and 3 5 7
    assert one.split() == ["one", "4.00", "0.80", "x", "2.00", "0.50", "x"]
    assert base.split()[2:] == ["5.00", "1.00", "x", "4.00", "1.00", "x"]


def test_time_of_a_command():
    taken = startup.timed(["-c", "pass"])
    assert 0 < taken.clock < 60
    with pytest.raises(subprocess.CalledProcessError):
        startup.timed(["-c", "raise SystemExit(3)"])
