"""inference.py: what is written and said, without torch too; what is refused."""

import datetime
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import wfdb

import inference
from ecg import artifacts, formats
from ecg.formats import read_recording
from ecg.formats.recording import Facts
from ecg.synthetic import demo_records, synthetic_recording


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A synthetic WFDB record on disk (path without suffix), with its .atr."""
    folder = tmp_path_factory.mktemp("records")
    demo_records(folder, patients=1, duration=40)
    return next(folder.glob("*.hea")).with_suffix("")


def test_another_contract_is_an_error(demo, tmp_path):
    for file in (demo / "weight").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = json.loads((tmp_path / "model_self.json").read_text())
    card["input"]["source_rate_hz"] = 250
    (tmp_path / "model_self.json").write_text(json.dumps(card))
    with pytest.raises(artifacts.InputError, match="source_rate_hz 250"):
        inference.load_model(tmp_path / "model_self.pth")


def test_files_written(run, demo, record, tmp_path):
    done = run(
        "inference.py",
        record,
        "--model",
        "self",
        "--weight",
        demo / "weight",
        "--engine",
        "both",
        "--csv",
        tmp_path / "b.csv",
        "--json",
        tmp_path / "b.json",
        "--annotation",
        tmp_path,
    )
    assert "agree on 100.00 %" in done.stdout and "Se / +P" in done.stdout
    table = pd.read_csv(tmp_path / "b.csv")
    assert list(table.columns) == [
        "sample",
        "time_s",
        "label",
        "confidence",
        "p_N",
        "p_S",
        "p_V",
        "p_F",
        "p_Q",
        "quality",
        "rhythm",
        "quality_1",
        "quality_2",
    ]
    whole = json.loads(
        (tmp_path / "b.json").read_text(), parse_constant=lambda c: pytest.fail(f"{c} is no JSON")
    )
    assert (
        len(whole["beats"]) == len(table) == whole["summary"]["beats"]["total"]
        and whole["beats"][-1]["confidence"] is None
    )
    annotation = wfdb.rdann(str(tmp_path / record.name), "cnn")
    assert np.array_equal(annotation.sample, table["sample"]) and set(annotation.symbol) <= set(
        "NSVFQ"
    )


def test_facts_of_the_file_are_said_but_for_the_person_with_anonymous(
    run, demo, record, tmp_path, monkeypatch
):
    facts = Facts(
        date=datetime.date(2026, 7, 26),
        clock=datetime.time(21, 56, 26),
        patient="P-17",
        age=69.0,
        sex="male",
        device="Recorder 3",
    )
    plain = formats.read_recording
    read = lambda *args: plain(*args)._replace(facts=facts)  # noqa: E731
    monkeypatch.setattr(formats, "read_recording", read)
    files = {name: tmp_path / f"b.{name}" for name in ("csv", "json", "report")}
    args = ["inference.py", record, "--model", "self", "--weight", demo / "weight"]
    args += [word for name, path in files.items() for word in (f"--{name}", path)]
    person = "P-17", "2026-07-26", "69 years", '"male"'

    said = run(*args).stdout.splitlines()[0]
    assert "from 2026-07-26 21:56:26, male, 69 years, patient P-17, device Recorder 3" in said
    written = said + "".join(path.read_text() for path in files.values())
    assert all(word in written for word in person)
    assert "clock" in pd.read_csv(files["csv"]).columns

    said = run(*args, "--anonymous").stdout
    assert ", from 21:56:26, device Recorder 3, " in said.splitlines()[0]
    written = said + "".join(path.read_text() for path in files.values())
    assert not any(word in written for word in person)
    assert all("21:56:2" in path.read_text() for path in files.values())
    assert json.loads(files["json"].read_text())["start"] == "21:56:26"


def test_demo_without_a_file(run, demo):
    """The excerpt in data/demo, by any model that is there."""
    out = run("inference.py", "--weight", demo / "weight", "--engine", "both").stdout
    assert "213: lead MLII, 360 Hz, 4:00" in out and "PyTorch agree" in out
    assert "model self" in out and "against 213.atr" in out and "never saw" not in out


def test_demo_without_a_file_by_the_default_model(run, tmp_path):
    """Figures against the annotation, and beside them those of a model that never saw the patient;
    run from elsewhere, and nothing is written."""
    out = run("inference.py", "--lines", "1", cwd=tmp_path).stdout
    own, unseen = out.split("a model that never saw this patient")
    for part, models in ((own, "models context, quality"), (unseen, "model quality")):
        qrs = part[part.index("against 213.atr") :].splitlines()[1].split()
        assert qrs[:2] == ["QRS", "431"] and float(qrs[2]) > 99 and float(qrs[3]) > 99
        assert f"was in the training data of {models};" in part
    assert "model context (" in own and "runs of 3 or more V: 1" in own
    assert not list(tmp_path.iterdir())


def test_runs_without_torch(home, demo, record, tmp_path):
    """In a process where torch (and what else only training needs) cannot be imported."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'onnx', 'onnxscript', 'sklearn', 'imblearn', "
        "'tensorboard'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Block())\n"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [
            sys.executable,
            str(home / "inference.py"),
            str(record),
            "--model",
            "self",
            "--weight",
            str(demo / "weight"),
            "--csv",
            str(tmp_path / "b.csv"),
        ],
        capture_output=True,
        text=True,
        env=env,
    )
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "b.csv")) > 30
    probe = subprocess.run([sys.executable, "-c", "import torch"], capture_output=True, env=env)
    assert probe.returncode != 0, "the block does not block"


def test_a_second_lead_is_asked(run, refused, two_leads, tmp_path):
    """By default, said in what is printed and written, and not with --second none; a single-beat
    model has no use for one."""
    found = {}
    recording = read_recording(two_leads)
    signal, fs = recording.signal, recording.fs
    for second in ("auto", "V1", "none"):
        done = run(
            "inference.py", two_leads, "--second", second, "--json", tmp_path / f"{second}.json"
        )
        document = json.loads((tmp_path / f"{second}.json").read_text())
        assert document["model"] == "context" and document["second_lead"] == (
            None if second == "none" else "V1"
        )
        assert ("leads II and V1" in done.stdout) == (second != "none")
        found[second] = [[beat[f"p_{c}"] for c in "NSVFQ"] for beat in document["beats"]]
    assert found["auto"] == found["V1"] and found["auto"] != found["none"]
    plain = run("inference.py", two_leads, "--model", "self", "--json", tmp_path / "self.json")
    assert (
        "lead II," in plain.stdout
        and json.loads((tmp_path / "self.json").read_text())["second_lead"] is None
    )
    assert "context model alone" in refused(
        "inference.py", two_leads, "--model", "self", "--second", "V1"
    )
    assert "no lead 'V6'" in refused("inference.py", two_leads, "--second", "V6")
    assert "not in volts" in refused("inference.py", two_leads, "--second", "ABP")
    table = pd.DataFrame(
        {
            "time (s)": np.arange(len(signal)) / fs,
            "CH1 (mV)": signal,
            "CH2 (mV)": np.sin(np.arange(len(signal)) / fs),
        }
    )
    table.to_csv(
        tmp_path / "channels.csv", index=False
    )  # no name tells whether the other is an ECG
    told = [
        "--second NAME makes the labels better"
        in run("inference.py", tmp_path / "channels.csv", *more).stdout
        for more in ([], ["--second", "none"], ["--second", "CH2"], ["--model", "self"])
    ]
    assert told == [True, False, False, False]
    for second in ("auto", "none"):  # another lead is another task
        done = run("inference.py", two_leads, "--second", second, "--out", tmp_path / "out")
        assert "labelled 1 recordings" in done.stdout
    silent = inference.classify(signal, fs, "context", second=np.zeros(len(signal)))
    assert (
        "cannot be read at 100% of the beats" in silent.attrs["notes"][-1]
        and (silent.label == inference.classify(signal, fs, "context").label).all()
    )
    with pytest.raises(ValueError, match="second has shape"):
        inference.classify(
            np.zeros(20000),
            250,
            "context",
            r_peaks=np.arange(300, 19000, 200),
            second=np.zeros(100),
        )


def test_bad_input_is_refused(refused, demo, record, tmp_path):
    weight = ["--model", "self", "--weight", demo / "weight"]
    assert "does not exist" in refused("inference.py", tmp_path / "absent.hea", *weight)
    np.save(tmp_path / "x.npy", synthetic_recording(10).signal)
    assert "--fs" in refused("inference.py", tmp_path / "x.npy", *weight)
    np.save(tmp_path / "short.npy", synthetic_recording(10).signal[:400])
    assert "two are needed" in refused(
        "inference.py", tmp_path / "short.npy", "--fs", 360, "--unit", "mV", *weight
    )
    assert "--out" in refused("inference.py", record.parent, *weight)
    assert "--csv" in refused("inference.py", record, record, "--csv", tmp_path / "x.csv", *weight)
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "x.npy"
    np.save(twin, synthetic_recording(10).signal)
    files = [tmp_path / "x.npy", twin, "--annotation", tmp_path / "other"]
    assert "have one name" in refused("inference.py", *files, *weight)
    assert "no model 'none'" in refused(
        "inference.py", record, "--model", "none", "--weight", demo / "weight"
    )
    whole = (demo / "weight" / "model_self.pth").read_bytes()
    (tmp_path / "model_self.json").write_bytes((demo / "weight" / "model_self.json").read_bytes())
    (tmp_path / "model_self.pth").write_bytes(whole[: len(whole) // 2])
    assert "no weights file" in refused(
        "inference.py", record, "--model", tmp_path / "model_self.pth"
    )
    import torch

    torch.save({"conv1.0.weight": torch.zeros(8, 1, 3)}, tmp_path / "model_self.pth")
    assert "card of other weights" in refused(
        "inference.py", record, "--model", tmp_path / "model_self.pth"
    )
    card = json.loads((tmp_path / "model_self.json").read_text())
    del card["weights_sha256"]
    (tmp_path / "model_self.json").write_text(json.dumps(card))
    assert "describe a network of" in refused(
        "inference.py", record, "--model", tmp_path / "model_self.pth"
    )
    (tmp_path / "ecg_model_self.onnx").write_bytes(b"no graph")
    assert "no ONNX file" in refused(
        "inference.py", record, "--model", tmp_path / "ecg_model_self.onnx"
    )
    assert not list(tmp_path.glob("*.csv"))


class _Trap:
    def __reduce__(self):
        return (os.mkdir, ("trapped",))


def test_a_strangers_pickle_is_not_run(refused, demo, record, tmp_path):
    import pickle

    (tmp_path / "model_self.json").write_bytes((demo / "weight" / "model_self.json").read_bytes())
    (tmp_path / "model_self.pth").write_bytes(pickle.dumps({"conv1.0.weight": _Trap()}))
    refused("inference.py", record, "--model", tmp_path / "model_self.pth", cwd=tmp_path)
    assert not (tmp_path / "trapped").exists()


def test_a_reader_of_the_first_lines_has_the_files_all_the_same(home, record, tmp_path):
    read, write = os.pipe()
    os.close(read)  # as `| head` leaves it
    done = subprocess.run(
        [
            sys.executable,
            str(home / "inference.py"),
            str(record),
            "--csv",
            str(tmp_path / "beats.csv"),
            "--report",
            str(tmp_path / "report.html"),
        ],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    os.close(write)
    assert done.returncode == 141 and "Traceback" not in done.stderr
    assert len(pd.read_csv(tmp_path / "beats.csv")) > 20 and (
        tmp_path / "report.html"
    ).read_text().endswith("</html>")
