"""train.py: what a training leaves, resuming after a kill, several processes, what is refused."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

import models
import train
from ecg import artifacts, cli, fingerprint
from ecg.artifacts import InputError
from ecg.mitdb import DS2
from ecg.synthetic import synthetic_recording, write_wfdb
from ecg.training.recipe import HINTS
from ecg.training.rows import load_rows, validate_rows
from tests.training_rows import CPU, card_of, folders, scalars, told_files, write_rows


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A data folder that no test of this file but `trained` writes histories of model self to."""
    return write_rows(tmp_path_factory.mktemp("rows") / "data")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a training of six epochs: data/, weight/, runs/."""
    out = tmp_path_factory.mktemp("trained")
    write_rows(out / "data")
    train.main([*folders(out / "data", out), "--epochs", "6", "--learning-rate", "1e-3"])
    return out


def fit(rows, out, *more, name="self"):
    train.main([*folders(rows, out), *more])
    return card_of(out, name)


# ---- what a training leaves ----------------------------------------------------------------------


def test_the_model_card_and_the_history(trained):
    card = card_of(trained)
    assert card["architecture"] == "ECGCNN" and card["parameters"] == 376_133
    assert card["temperature"] == 1.0
    assert card["input"]["mean"] == [0.1] * 187 and card["input"]["rate_hz"] == 120
    assert card["metrics"]["val_macro_f1"] > 0.9
    assert card["metrics"]["macro_f1_over"] == list("NSVFQ")
    assert card["recipe"]["epochs"] == 6 and card["recipe"]["batch"] == 32
    assert "clip" not in card["recipe"], "of no use to rows, so at its default"
    history = np.load(trained / "data/history_self.npy", allow_pickle=True).item()
    assert history == json.loads((trained / "data/history_self.json").read_text())
    assert {"train_loss", "val_loss", "val_acc"} <= set(history) and len(history["val_loss"]) == 6
    assert card["metrics"]["epoch"] == int(np.argmax(history["val_macro_f1"])) + 1
    assert card["last"]["epoch"] == 6 and card["history"] == history


def test_the_weights_kept_are_the_best_epochs(trained):
    net, card = models.load(trained / "weight/model_self.pth")
    _, (x, y), _ = load_rows(trained / "data", CPU)
    scores, _ = validate_rows(net, x, y, list("NSVFQ"))
    best = max(card["history"]["val_macro_f1"])
    assert scores["val_macro_f1"] == pytest.approx(best, abs=1e-6)


def test_the_log(trained):
    log = scalars(next((trained / "runs/model_self").glob("2*")))
    tags = log.Tags()
    wanted = {"Train/Loss", "Train/Acc", "Val/Loss", "Val/Acc", "Val/MacroF1", "LearningRate"}
    assert wanted <= set(tags["scalars"])
    assert {"Val/ConfusionMatrix", "Val/Errors"} <= set(tags["images"]) and tags["graph"]
    assert [e.step for e in log.Scalars("Val/Loss")] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("balance", ["weights", "sampler", "none"])
def test_every_balance_trains(rows, tmp_path, balance):
    card = fit(rows, tmp_path, "--epochs", "1", "--batch", "64", "--balance", balance)
    assert card["recipe"]["balance"] == balance and np.isfinite(card["history"]["train_loss"][0])


def test_hints(rows, tmp_path):
    card = fit(rows, tmp_path, "--epochs", "1", "--batch", "64", "--balance", "none", "--hints")
    assert card["recipe"]["hints"] == HINTS
    assert models.load(tmp_path / "weight/model_self.pth"), "what was learnt beside is not kept"
    with pytest.raises(InputError, match="SMOTE"):
        fit(rows, tmp_path, "--hints")


def test_refit_learns_the_validation_rows_too(rows, tmp_path, capsys):
    with pytest.raises(InputError, match="without --refit"):
        fit(rows, tmp_path, "--refit")
    options = ["--epochs", "3", "--learning-rate", "1e-3"]
    last = fit(rows, tmp_path, *options)["last"]  # the epoch that a refit keeps
    assert last["epoch"] == 3 and 0 < last["val_acc"] <= 1
    with pytest.raises(InputError, match="trained otherwise"):
        fit(rows, tmp_path, "--refit", "--epochs", "4", "--learning-rate", "1e-3")
    capsys.readouterr()
    card = fit(rows, tmp_path, "--refit", *options, "--seed", "7")
    said = capsys.readouterr().out
    assert "340 training rows, 0 validation rows" in said
    histories = {rows / f"history_self.{suffix}" for suffix in ("npy", "json")}
    written = {*(tmp_path / "weight").iterdir(), *histories, tmp_path / "runs/model_self"}
    assert told_files(said) == written
    assert card["temperature"] == last["temperature"]
    assert card["metrics"]["epoch"] == 3 and "val_acc" not in card["metrics"]
    assert card["validation"] == {**last, "seed": 42} and card["recipe"]["refit"]
    assert models.load(tmp_path / "weight/model_self.pth")[1]["recipe"]["seed"] == 7


def test_shipped_weights_are_not_written(rows, tmp_path):
    """A training beside shipped weights of the same name leaves them alone, and its refit looks at
    the user's own training only."""
    shipped = tmp_path / "weight/shipped"
    fit(rows, tmp_path, "--epochs", "1", "--batch", "64")
    shipped.mkdir()
    for path in list((tmp_path / "weight").glob("model_self.*")):
        path.rename(shipped / path.name)
    before = {path.name: artifacts.sha256(path) for path in shipped.iterdir()}
    with pytest.raises(InputError, match="without --refit"):
        fit(rows, tmp_path, "--epochs", "1", "--batch", "64", "--refit")
    fit(rows, tmp_path, "--epochs", "1", "--batch", "64", "--seed", "1")
    assert {path.name: artifacts.sha256(path) for path in shipped.iterdir()} == before


# ---- stopped, and several processes --------------------------------------------------------------


def test_killed_and_resumed_is_the_same_to_the_bit(rows, tmp_path, home):
    """kill -9 in the middle, --resume: the same weights and history as a run that nothing happened
    to, also with schedule, average, rows shown less often and auxiliary targets."""
    options = ["--recipe", "best", "--hints", "--epochs", "4", "--batch", "90"]
    runs = {which: [*folders(rows, tmp_path / which), *options] for which in ("whole", "killed")}
    train.main(runs["whole"])
    command = [sys.executable, str(home / "train.py"), *runs["killed"]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if line.strip().startswith("2 "):
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    process.stdout.close()
    paths = {which: tmp_path / which / "runs/model_self_best/checkpoint.pth" for which in runs}
    assert 2 <= torch.load(paths["killed"], weights_only=True)["epoch"] < 4
    train.main([*runs["killed"], "--resume"])
    whole, killed = (torch.load(paths[which], weights_only=True) for which in runs)
    for part in ("network", "average", "more"):
        assert all(torch.equal(value, killed[part][key]) for key, value in whole[part].items())
    a, b = json.loads(whole["history"]), json.loads(killed["history"])
    assert all(a[key] == b[key] for key in a if key != "seconds") and len(a["val_loss"]) == 4
    with pytest.raises(InputError, match="another training"):
        train.main([*runs["killed"], "--resume", "--learning-rate", "0.1"])


def test_two_processes_learn_what_one_does(rows, tmp_path, home):
    """Same rows a step, split over two gloo processes, batch norm over both: the same loss
    curve."""
    options = ["--model", "deep", "--epochs", "2", "--batch", "48", "--learning-rate", "1e-3"]
    options += ["--dropout", "0", "--balance", "weights", "--hints"]
    alone = fit(rows, tmp_path / "alone", *options, name="deep")["history"]
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*start, str(home / "train.py"), *folders(rows, tmp_path / "two"), *options],
        text=True,
        capture_output=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    two = card_of(tmp_path / "two", "deep")["history"]
    for key in ("train_loss", "val_loss"):
        np.testing.assert_allclose(two[key], alone[key], atol=5e-4)
    assert done.stdout.count("macro-F1 over") == 1, "one process reports"


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, says",
    [
        (["--data", "NOWHERE"], "data_preprocess.py"),
        (["--epochs", "0"], "--epochs"),
        (["--learning-rate", "-1"], "--learning-rate"),
        (["--dropout", "1"], "--dropout"),
        (["--threads", "0"], "--threads"),
        (["--freeze"], "resnet18"),
        (["--model", "resnet18", "--init", "none.pth"], "none.pth"),
        (["--folds", "3"], "--folds does not apply to --model self"),
        (["--second", "none"], "--second does not apply to --model self"),
        *([] if torch.cuda.is_available() else [(["--device", "cuda"], "--device cuda")]),
    ],
)
def test_refused(rows, tmp_path, options, says):
    with pytest.raises(InputError, match=says):
        fit(rows, tmp_path, *options)
    assert not (tmp_path / "weight").exists()


@pytest.mark.parametrize("option", ["--data", "--dropout", "--balance", "--hints", "--refit"])
def test_options_of_rows_do_not_apply_to_the_context_model(refused, option):
    value = {"--data": ["data"], "--dropout": ["0.1"], "--balance": ["none"]}.get(option, [])
    line = refused("train.py", "--model", "context", option, *value)
    assert f"{option} does not apply to --model context" in line


def test_refused_as_a_program(refused, tmp_path):
    line = refused("train.py", "--data", tmp_path / "none", process=True)
    assert "data_preprocess.py" in line


def test_divergence_is_told(rows, tmp_path, monkeypatch):
    monkeypatch.setitem(cli.OPTIONS["--learning-rate"], "type", float)  # beyond its range
    with pytest.raises(InputError, match="smaller --learning-rate"):
        fit(rows, tmp_path, "--epochs", "2", "--learning-rate", "1e20")


# ---- the context model ---------------------------------------------------------------------------


@pytest.fixture
def records(tmp_path):
    """A folder of four made-up records with ventricular beats."""
    for seed in range(4):
        made = synthetic_recording(200, 250, seed=seed, shares={"V": 0.1}, name=f"p{seed}")
        write_wfdb(tmp_path / "records", made, "atr")
    return tmp_path / "records"


def test_the_context_model_by_command(records, run, tmp_path):
    options = ["--model", "context", "--records", records, "--protocol", "all", "--folds", 2]
    options += ["--epochs", 1, "--members", 1]
    where = ["--weight", tmp_path / "weight", "--runs", tmp_path / "runs"]
    done = run("train.py", *options, *where)
    assert "Cross-validation by record, 4 records" in done.stdout and "within" in done.stdout
    assert "block N called S" in done.stdout
    card = card_of(tmp_path, "context")
    assert [name.split("/")[1] for name in card["manifest"]["records"]] == ["p0", "p1", "p2", "p3"]
    assert card["manifest"]["seed"] == 0 and card["arguments"]["members"] == 1
    files = ["ecg_model_context.onnx", "model_context.json", "model_context.pth"]
    assert sorted(p.name for p in (tmp_path / "weight").iterdir()) == files
    written = {*(tmp_path / "weight").iterdir(), tmp_path / "runs/model_context"}
    assert told_files(done.stdout) == written
    known = fingerprint.of_records(sorted(records.glob("*.hea")))
    assert card["manifest"][fingerprint.KEY] == known and len(known.split()) == 4
    assert (tmp_path / "runs/model_context/checkpoint_0.pth").exists()
    net = models.load_context(tmp_path / "weight/model_context.pth")[0]
    run("train.py", *options, *where, "--resume")
    again = models.load_context(tmp_path / "weight/model_context.pth")[0]
    assert all(torch.equal(v, again.state_dict()[key]) for key, v in net.state_dict().items())


def test_cross_validation_alone_writes_nothing(records, run, tmp_path):
    options = ["--records", records, "--protocol", "all", "--folds", 2, "--epochs", 1, "--cv"]
    where = ["--weight", tmp_path / "weight", "--runs", tmp_path / "runs"]
    few = ["--members", 1, "--rhythms", "block"]
    done = run("train.py", "--model", "context", *options, *few, *where)
    assert "Cross-validation by record, 4 records" in done.stdout
    assert not (tmp_path / "weight").exists() and not (tmp_path / "runs").exists()


def test_the_context_models_mistakes_are_refused_in_a_line(records, refused, tmp_path):
    stage = ("train.py", "--model", "context", "--records")
    assert "none is no folder" in refused(*stage, tmp_path / "none")
    assert "--folds 1: give" in refused(*stage, records, "--folds", 1)
    assert "--members 0: give" in refused(*stage, records, "--members", 0)
    assert "--epochs 0" in refused(*stage, records, "--epochs", 0)
    assert "DS1" in refused(*stage, records, "--rhythms", "--folds", 2)
    (tmp_path / "empty").mkdir()
    assert "no WFDB record" in refused(*stage, tmp_path / "empty")


def test_shipped_weights_say_what_they_saw(home):
    """The weights that are scored on DS2 never saw it."""
    found = sorted((home / "weight/shipped").glob("model_context_interpatient*.json"))
    assert len(found) == 2
    for path in found:
        records = artifacts.load_json(path, "")["manifest"]["records"]
        assert not {name.split("/")[-1] for name in records} & set(DS2), path
