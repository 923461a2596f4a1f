"""docs/architecture.md, "To add a ...": what stands there is done to the letter, in a copy of the
project, and works as it says."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ecg.synthetic import synthetic_recording

PAGES = "architecture.md", "architecture.zh-CN.md"
# runs stages one after another, as `python STAGE ARGS` would, and writes what each said
DRIVER = """
import contextlib, importlib, io, json, sys
from ecg import cli

told = []
for script, *args in json.loads(sys.argv[1]):
    sys.argv, out, err, status = [script, *args], io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.run(importlib.import_module(script.removesuffix(".py")).main)
        except SystemExit as end:
            status = end.code or 0
    told.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


def section_of(page):
    """The text of the section."""
    parts = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [part for part in parts if "tests/test_to_add.py" in part]
    return section


def blocks(page):
    """The Python blocks of the section: [(file, how it is written there, code)]."""
    section = section_of(page)
    found = re.findall(r"```python\n# (\S+), (.+?)\n(.*?)```", section, re.DOTALL)
    assert len(found) == section.count("```python")
    return found


def follow(root, file, how, code):
    """Write the code of a block into the project below `root`."""
    path = root / file
    if how == "a new file":
        assert not path.exists()
        path.write_text(code, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if how == "among the imports":
        at = next(k for k, line in enumerate(lines) if line.startswith("from ecg."))
    else:
        begin = lines.index(next(line for line in lines if line.startswith(f"{how[3:]} = ")))
        at = next(k for k in range(begin, len(lines)) if lines[k].strip() in (")", "}"))
    path.write_text("".join([*lines[:at], code, *lines[at:]]), encoding="utf-8")


@pytest.fixture(scope="module")
def added(home, tmp_path_factory):
    """A copy of the project in which all that the section shows has been added."""
    root = tmp_path_factory.mktemp("added") / "project"
    shutil.copytree(home / "ecg", root / "ecg", ignore=shutil.ignore_patterns("__pycache__"))
    for script in home.glob("*.py"):
        shutil.copy(script, root)
    for block in blocks(home / "docs" / PAGES[0]):
        follow(root, *block)
    (root / "driver.py").write_text(DRIVER, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def stages(added):
    """stages([script, *arguments], ...): run in the copy, in one process. Returns what each
    printed; all must end well."""

    def stages(*commands):
        commands = [[str(word) for word in command] for command in commands]
        done = subprocess.run(
            [sys.executable, "driver.py", json.dumps(commands)],
            cwd=added,
            text=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": ""},
            timeout=400,
        )
        assert done.returncode == 0, done.stderr
        printed = []
        for command, (status, out, err) in zip(commands, json.loads(done.stdout), strict=True):
            assert status == 0, f"{command} exited {status}\n{out}\n{err}"
            printed.append(out)
        return printed

    return stages


def test_both_languages_show_the_same_code(home):
    english, chinese = (blocks(home / "docs" / page) for page in PAGES)
    assert english == chinese and len(english) == 5


@pytest.mark.parametrize("page", PAGES)
def test_the_lists_are_short_and_name_what_is_there(home, page):
    """Six lists of at most five steps; every file and every name in them exists."""
    lists = re.split(r"^### ", section_of(home / "docs" / page), flags=re.MULTILINE)[1:]
    numbers = [[int(k) for k in re.findall(r"^(\d)\. ", text, re.MULTILINE)] for text in lists]
    assert len(lists) == 6 and all(n == list(range(1, len(n) + 1)) for n in numbers)
    assert all(2 <= len(n) <= 5 for n in numbers)
    sources = [*home.glob("*.py"), *home.glob("ecg/**/*.py"), *home.glob("benchmarks/**/*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for name in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", "".join(lists), flags=re.DOTALL)):
        if re.search("NAME|GROUP|CODE|X", name):
            continue
        if re.fullmatch(r"[\w/-]+\.(py|js|md)", name) or name.endswith("/"):
            assert (home / name).exists(), name
        elif re.fullmatch(r"\w+(\.\w+)*|--\w+", name):
            assert re.search(rf"{re.escape(name)}\b", code), name


@pytest.fixture(scope="module")
def beat_model(demo, stages, tmp_path_factory):
    """(folder, what the stages printed): the added model trained for an epoch on the demo's rows,
    and all that may follow a training."""
    folder = tmp_path_factory.mktemp("beat")
    data, weight = folder / "data", folder / "weight"
    shutil.copytree(demo / "data" / "processed_data", data / "processed_data")
    made = synthetic_recording(40, seed=3)
    np.savez(folder / "short.npz", signal=made.signal, fs=made.fs, unit="mV", leads=["II"])
    where = ["--data", data, "--weight", weight]
    learn = ["--epochs", 1, "--batch", 128, "--balance", "none", "--runs", folder / "runs"]
    learn += ["--threads", 1, "--device", "cpu"]
    name = ["--model", "beat"]
    recording = [folder / "short.npz", "--weight", weight]
    printed = stages(
        ["train.py", *name, *learn, *where],
        ["continue_train.py", *name, *learn, *where],
        ["evaluate.py", *name, *where, "--draws", 20, "--out", folder / "evaluation"],
        ["export_onnx.py", *name, *where],
        ["inference.py", *recording, *name, "--engine", "both", "--csv", folder / "beats.csv"],
        ["inference.py", *recording, *name, "--engine", "torch", "--json", folder / "beats.json"],
        ["monitor.py", *recording, *name, "--final", "single", "--speed", 0],
    )
    names = ("train", "continue", "evaluate", "export", "both", "torch", "monitor")
    return folder, dict(zip(names, printed, strict=True))


def test_an_added_model_is_trained_and_exported(beat_model):
    folder, printed = beat_model
    card = json.loads((folder / "weight" / "model_beat.json").read_text(encoding="utf-8"))
    assert card["architecture"] == "BeatLSTM" and card["name"] == "beat"
    assert card["arguments"] == {"width": 32, "dropout_rate": 0.2}
    reason = "BeatLSTM learns as it is, without the faster form for CPUs: there is no such form of"
    assert printed["train"].count(f"{reason} LSTM") == 1
    tuned = folder / "weight" / "model_beat_finetuned_best.pth"
    assert tuned.exists() and str(tuned) in printed["continue"]
    assert "equal to PyTorch on all" in printed["export"]
    assert (folder / "weight" / "ecg_model_beat.onnx").exists()
    assert {path.name for path in (folder / "evaluation").iterdir()} >= {
        "beat_val.csv",
        "beat_test_report.txt",
    }


def test_an_added_model_labels_recordings_and_streams(beat_model):
    folder, printed = beat_model
    told = re.search(r"agree on 100.00 % .* of a probability (\S+)", printed["both"])
    assert told and float(told[1]) < 1e-5
    table = pd.read_csv(folder / "beats.csv")
    labelled = json.loads((folder / "beats.json").read_text(encoding="utf-8"))["beats"]
    assert len(table) == len(labelled) > 25
    assert [beat["label"] for beat in labelled[:-1]] == table.label[:-1].tolist()
    assert set(table.label[:-1]) <= set("NSVFQ")
    assert len(re.findall(r"^00:00:\d\d\.\d{3}  [NSVFQ] ", printed["monitor"], re.M)) > 20


def test_an_added_format_is_read(home, stages, tmp_path):
    """Packed too."""
    made = synthetic_recording(30, seed=4)
    head = json.dumps({"fs": made.fs, "unit": "200/mV", "leads": ["I", "II"]}).encode()
    samples = np.column_stack([np.zeros(len(made.signal)), 200 * made.signal]).round()
    content = head + b"\n" + samples.astype("<i2").tobytes()
    (tmp_path / "night.r16").write_bytes(content)
    (tmp_path / "packed.r16.gz").write_bytes(gzip.compress(content, 1))
    model = ["--model", "self", "--weight", home / "weight" / "shipped"]
    printed = stages(
        ["inference.py", tmp_path / "night.r16", *model, "--csv", tmp_path / "night.csv"],
        ["inference.py", tmp_path / "packed.r16.gz", *model, "--csv", tmp_path / "packed.csv"],
    )
    assert all("lead II taken of I, II" in text for text in printed)
    found = pd.read_csv(tmp_path / "night.csv")["sample"].to_numpy()
    near = np.abs(found[:, None] - made.r_peaks).min(axis=0)
    assert (near < 0.05 * made.fs).mean() > 0.9
    assert (tmp_path / "packed.csv").read_text() == (tmp_path / "night.csv").read_text()
