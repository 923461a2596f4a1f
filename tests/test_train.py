"""Training: the tutorial's numbers, resuming after a kill, several processes, what is saved and what is refused."""
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import continue_train
import models
import pretrain_translearn
import train
from conftest import HOME
from ecg import artifacts
from ecg.artifacts import InputError
from model_self import ECGCNN


def write_rows(data, n=240, seed=0, protocol="kaggle"):
    """A processed_data folder of five kinds of bump, in which the last quarter of the training rows counts as SMOTE's."""
    rng, t = np.random.default_rng(seed), np.arange(187)
    folder, about = artifacts.processed(data), {}
    for split, size in (("train", n), ("val", 100), ("test", 20)):
        y = np.arange(size) % 5
        x = np.exp(-0.5 * ((t - 30 - 25 * y[:, None]) / 6) ** 2) + 0.8 * rng.standard_normal((size, 187))
        artifacts.save_npy(folder / f"X_{split}.npy", x.astype(np.float32)[:, :, None])
        artifacts.save_npy(folder / f"y_{split}.npy", y.astype(np.int64))
        size = n * 3 // 4 if split == "train" else size
        about[split] = {"record": [f"r{k % 3}" for k in range(size)], "symbol": ["NAVF/"[k % 5] for k in range(size)],
                        "early": np.sin(np.arange(size)).round(3).tolist()}
    artifacts.save_json(folder / "manifest.json", {
        "source": "demo", "synthetic": True, "protocol": protocol, "seed": seed, "n_real": n * 3 // 4, "classes": list("NSVFQ"),
        "counts": {}, "scaler": {"mean": [0.1] * 187, "scale": [0.5] * 187}, "outputs_sha256": {"X_train.npy": str(n)}, "rows": about})
    return data


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return write_rows(tmp_path_factory.mktemp("rows") / "data")


def folders(rows, out):
    return "--data", str(rows), "--weight", str(out / "weight"), "--runs", str(out / "runs"), "--threads", "1", "--device", "cpu"


def fit(rows, out, *more):
    train.main([*folders(rows, out), *more])
    return json.loads((out / "weight/model_self.json").read_text())


# ------------------------------------------------------------------------------------------------- the loop

def test_the_tutorials_loop_gives_the_same_losses(rows):
    """Its DataLoader, criterion, optimiser and Conv1d network, fed with the same order: the same loss epoch by epoch."""
    (x, y), _, _ = train.load_rows(rows, torch.device("cpu"))
    recipe, ours, theirs = train.Recipe(epochs=3, rate=1e-3), [], []
    torch.manual_seed(5)
    net = ECGCNN()
    run = train.Run(net, recipe, len(y), torch.device("cpu"))
    torch.manual_seed(6)
    for run.epoch in range(3):
        ours.append(train.train_epoch(run, x, y, train.epoch_order(y, run.epoch, 1), recipe))
    optimiser, criterion = torch.optim.Adam(net.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()
    torch.manual_seed(6)
    for epoch in range(3):
        net.train()
        total = right = 0
        for xb, yb in DataLoader(TensorDataset(x[:, :, None], y), batch_size=32, sampler=train.epoch_order(y, epoch, 1).tolist(),
                                 generator=torch.Generator()):     # or the loader draws from the generator of dropout
            optimiser.zero_grad()
            out = net(xb)
            loss = criterion(out, yb)
            loss.backward()
            optimiser.step()
            total, right = total + loss.item() * len(yb), right + int((out.argmax(1) == yb).sum())
        theirs.append((total / len(y), right / len(y)))
    np.testing.assert_allclose([o["train_loss"] for o in ours], [t[0] for t in theirs], atol=2e-4)
    np.testing.assert_allclose([o["train_acc"] for o in ours], [t[1] for t in theirs], atol=0.01)


def test_what_a_training_leaves(rows, tmp_path):
    card = fit(rows, tmp_path, "--epochs", "6", "--rate", "1e-3")
    assert card["architecture"] == "ECGCNN" and card["parameters"] == 376_133 and card["temperature"] == 1.0
    assert card["input"]["mean"] == [0.1] * 187 and card["input"]["rate_hz"] == 120
    assert card["metrics"]["val_macro_f1"] > 0.9 and card["metrics"]["macro_f1_over"] == list("NSVFQ")
    assert card["recipe"]["epochs"] == 6 and card["recipe"]["batch"] == 32
    history = np.load(rows / "history_self.npy", allow_pickle=True).item()
    assert history == json.loads((rows / "history_self.json").read_text())
    assert {"train_loss", "val_loss", "val_acc"} <= set(history) and len(history["val_loss"]) == 6
    best = int(np.argmax(history["val_macro_f1"]))
    assert card["metrics"]["epoch"] == best + 1

    net, _ = models.load(tmp_path / "weight/model_self.pth")          # the weights kept are the best epoch's
    _, (x, y), _ = train.load_rows(rows, torch.device("cpu"))
    scores, _ = train.validation(net, x, y, list("NSVFQ"))
    assert scores["val_macro_f1"] == pytest.approx(history["val_macro_f1"][best], abs=1e-6)

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    log = EventAccumulator(str(next((tmp_path / "runs/model_self").glob("2*")))).Reload()
    tags = log.Tags()
    assert {"Train/Loss", "Train/Acc", "Val/Loss", "Val/Acc", "Val/MacroF1", "LearningRate"} <= set(tags["scalars"])
    assert {"Val/ConfusionMatrix", "Val/Errors"} <= set(tags["images"]) and tags["graph"]
    assert [e.step for e in log.Scalars("Val/Loss")] == [1, 2, 3, 4, 5, 6]


def test_killed_and_resumed_is_the_same_to_the_bit(rows, tmp_path):
    """kill -9 in the middle, --resume: the same weights and history as a run that nothing happened to, also with schedule,
    average, focus and hints."""
    options = ["--recipe", "best", "--model", "residual", "--hints", "--epochs", "4", "--batch", "64"]
    train.main([*folders(rows, tmp_path / "whole"), *options])
    command = [sys.executable, str(HOME / "train.py"), *folders(rows, tmp_path / "killed"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if line.strip().startswith("2 "):
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    process.stdout.close()
    checkpoint = tmp_path / "killed/runs/model_residual/checkpoint.pth"
    assert 2 <= torch.load(checkpoint, weights_only=True)["epoch"] < 4
    train.main([*folders(rows, tmp_path / "killed"), *options, "--resume"])
    whole, killed = (torch.load(tmp_path / which / "runs/model_residual/checkpoint.pth", weights_only=True)
                     for which in ("whole", "killed"))
    for part in ("network", "average", "more"):
        assert all(torch.equal(value, killed[part][key]) for key, value in whole[part].items())
    a, b = json.loads(whole["history"]), json.loads(killed["history"])
    assert all(a[key] == b[key] for key in a if key != "seconds") and len(a["val_loss"]) == 4
    with pytest.raises(InputError, match="another training"):
        train.main([*folders(rows, tmp_path / "killed"), *options, "--resume", "--rate", "0.1"])


def test_two_processes_learn_what_one_does(rows, tmp_path):
    """Same rows a step, split over two gloo processes, batch norm over both: the same loss curve."""
    options = ["--epochs", "2", "--batch", "48", "--rate", "1e-3", "--dropout", "0", "--balance", "weights", "--hints"]
    alone = fit(rows, tmp_path / "alone", *options)["history"]
    done = subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
                           str(HOME / "train.py"), *folders(rows, tmp_path / "two"), *options],
                          text=True, capture_output=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    two = json.loads((tmp_path / "two/weight/model_self.json").read_text())["history"]
    np.testing.assert_allclose(two["train_loss"], alone["train_loss"], atol=5e-4)
    np.testing.assert_allclose(two["val_loss"], alone["val_loss"], atol=5e-4)
    assert done.stdout.count("macro-F1 over") == 1                     # one process reports


# ------------------------------------------------------------------------------------------------- balance and recipe

def test_balance(rows):
    y = torch.tensor([0] * 90 + [1] * 9 + [4])
    weights = train.class_weights(y, 1.0)
    np.testing.assert_allclose((weights[:2] * torch.tensor([90, 9])).numpy(), (weights[4] * 1).item(), rtol=1e-5)
    assert weights[2] == 0 and float((weights[y]).mean()) == pytest.approx(1)
    drawn = torch.cat([y[train.epoch_order(y, e, 0, weights)] for e in range(60)])
    assert all(abs(int((drawn == c).sum()) / len(drawn) - 1 / 3) < 0.03 for c in (0, 1, 4))
    order = train.epoch_order(y, 3, 0)
    assert sorted(order.tolist()) == list(range(100)) and not torch.equal(order, train.epoch_order(y, 4, 0))
    assert len(train.load_rows(rows, torch.device("cpu"), "smote")[0][1]) == 240
    assert len(train.load_rows(rows, torch.device("cpu"), "none")[0][1]) == 180


@pytest.mark.parametrize("balance", ["weights", "sampler", "none"])
def test_every_balance_trains(rows, tmp_path, balance):
    card = fit(rows, tmp_path, "--epochs", "1", "--balance", balance)
    assert card["recipe"]["balance"] == balance and np.isfinite(card["history"]["train_loss"][0])


def test_hints_are_learnt_beside_the_classes_and_not_kept(rows, tmp_path):
    """The network has to guess record, symbol and prematurity of its training rows, and gets better at it; what guesses is not saved."""
    (x, y), (x_val, y_val), manifest = train.load_rows(rows, torch.device("cpu"), "none")
    kind, early = train.hints_of(manifest["rows"], ("train",), len(y))
    assert len(kind) == len(early) == 180 and kind.unique().tolist() == list(range(15))          # 3 records x 5 symbols
    assert early[1] * train.USUAL_EARLY == pytest.approx(np.sin(1), abs=1e-3)
    assert len(train.hints_of(manifest["rows"], ("train", "val"), 280)[0]) == 280
    torch.manual_seed(0)
    recipe = train.Recipe(epochs=8, rate=3e-3, balance="none", hints=1.0)
    run = train.Run(ECGCNN(dropout_rate=0.0), recipe, len(y), torch.device("cpu"), kinds=15)

    def guess():
        with torch.no_grad():
            said = run.learner.train()(x)[1]
        assert said.shape == (180, 1, 16)
        return torch.nn.functional.cross_entropy(said[:, 0, :15], kind), (said[:, 0, 15] - early).abs().mean()

    before = guess()
    for run.epoch in range(8):
        train.train_epoch(run, x, y, train.epoch_order(y, run.epoch, 1), recipe, hints=(kind, early))
    assert all(now < 0.9 * then for now, then in zip(guess(), before))
    assert run.learner.eval()(x)[1] is None and set(run.kept.narrow_state()) == set(ECGCNN().state_dict())

    card = fit(rows, tmp_path, "--epochs", "1", "--balance", "none", "--hints")
    assert card["recipe"]["hints"] == train.HINTS and models.load(tmp_path / "weight/model_self.pth")
    with pytest.raises(InputError, match="SMOTE"):
        fit(rows, tmp_path, "--hints")
    manifest["rows"]["train"]["symbol"][7] = None
    with pytest.raises(InputError, match="--source records"):
        train.hints_of(manifest["rows"], ("train",), 180)


def test_focus_keeps_the_sum_over_all_rows():
    loss = torch.rand(20_000) ** 3
    shown, weight = train.shown_rows(loss, 0.5, epoch=1, seed=0)
    assert 0.2 < shown.float().mean() < 0.6
    assert float((loss * weight)[shown].sum() / loss.sum()) == pytest.approx(1, abs=0.02)
    assert shown[loss > 0.5].all()


def test_rate_and_augmentation():
    recipe = train.RECIPES["best"]
    rates = [train.rate_at(recipe, p) for p in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(recipe.rate) and np.argmax(rates) == 10 and rates[-1] < 1e-9 and rates[0] < recipe.rate / 10
    row, mean, scale = torch.rand(64, 187) * 0.8 + 0.1, torch.rand(187), torch.rand(187) + 0.5
    row[:, 120:] = 0
    torch.manual_seed(0)
    after = train.augmented((row - mean) / scale, mean, scale) * scale + mean
    assert 0.01 < float((after - row)[:, 5:110].square().mean().sqrt()) < 1
    lengths = models.real_samples(after).sum(1)
    assert set(lengths.tolist()) == {118, 119, 120, 121, 122}          # moved by the shift, not filled by noise


def test_continue_train(rows, tmp_path):
    fit(rows, tmp_path, "--epochs", "2", "--rate", "5e-4")
    continue_train.main([*folders(rows, tmp_path), "--epochs", "3"])
    cards = {which: json.loads((tmp_path / f"weight/model_self_finetuned_{which}.json").read_text()) for which in ("best", "final")}
    assert cards["final"]["metrics"]["epoch"] == 3 and cards["best"]["recipe"]["from"] == "model_self.pth"
    history = json.loads((rows / "new_history_finetune.json").read_text())
    assert len(history["train_loss"]) == 3 and len(history["train_acc"]) == 3
    start = json.loads((tmp_path / "weight/model_self.json").read_text())["history"]
    assert history["train_loss"][0] < start["train_loss"][-1]           # it began where the training ended
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    runs = list((tmp_path / "runs/model_self").glob("2*"))
    log = EventAccumulator(str(runs[0])).Reload()
    behind = cards["best"]["recipe"]["from_epoch"]
    assert len(runs) == 1 and [e.step for e in log.Scalars("Val/Loss")][-3:] == [behind + 1, behind + 2, behind + 3]


def test_refit_learns_the_validation_rows_too(rows, tmp_path, capsys):
    with pytest.raises(InputError, match="without --refit"):
        train.main([*folders(rows, tmp_path), "--refit"])
    fit(rows, tmp_path, "--epochs", "3", "--rate", "1e-3")
    last = json.loads((tmp_path / "weight/model_self.json").read_text())["last"]      # the epoch that a refit keeps
    assert last["epoch"] == 3 and 0 < last["val_acc"] <= 1
    with pytest.raises(InputError, match="trained otherwise"):
        train.main([*folders(rows, tmp_path), "--refit", "--epochs", "4", "--rate", "1e-3"])
    capsys.readouterr()
    card = fit(rows, tmp_path, "--refit", "--epochs", "3", "--rate", "1e-3", "--seed", "7")
    assert "340 training rows, 0 validation rows" in capsys.readouterr().out
    assert card["temperature"] == last["temperature"] != 1 and card["metrics"]["epoch"] == 3 and "val_acc" not in card["metrics"]
    assert card["validation"] == {**last, "seed": 42} and card["recipe"]["refit"]
    assert models.load(tmp_path / "weight/model_self.pth")[1]["recipe"]["seed"] == 7


def test_patience_stops(rows, tmp_path):
    fit(rows, tmp_path, "--epochs", "1")
    continue_train.main([*folders(rows, tmp_path), "--epochs", "30", "--rate", "1e-9", "--patience", "2"])
    history = json.loads((rows / "new_history_finetune.json").read_text())
    assert 3 <= len(history["val_loss"]) < 30


# ------------------------------------------------------------------------------------------------- transfer

def test_transfer_from_pretraining(rows, tmp_path, capsys):
    """Pre-training learns to fill hidden spans, its file starts a training, and a frozen backbone stays what it was."""
    (x, _), _, manifest = train.load_rows(rows, torch.device("cpu"), "none")
    told = []
    net = pretrain_translearn.pretrain(x[:64].repeat(2, 1), epochs=3, batch=32, rate=3e-3, seed=0, report=told.append)
    left = [float(line.split()[-1]) for line in told]
    assert len(left) == 3 and left[-1] < left[0]
    file = tmp_path / "weight/ecg_resnet18.pth"
    artifacts.save_weights(file, net.state_dict(), {})
    pretrain_translearn.main([*folders(rows, tmp_path), "--init", str(file), "--freeze", "--epochs", "1", "--balance", "none"])
    state = artifacts.load_state(tmp_path / "weight/model_resnet18.pth")
    same = {key for key, value in state.items() if torch.equal(value, net.state_dict()[key])}
    assert set(state) - same == {"fc.weight", "fc.bias"}
    card = json.loads((tmp_path / "weight/model_resnet18.json").read_text())
    assert card["recipe"]["init"] == "ecg_resnet18.pth" and card["recipe"]["freeze"]
    pretrain_translearn.main([*folders(rows, tmp_path), "--compare", "--labels", "20", "--seeds", "1", "--epochs", "1"])
    assert len(capsys.readouterr().out.splitlines()[-1].split()) == 7


def test_unlabelled_rows(svdb, tmp_path):
    record = sorted(svdb.glob("*.hea"))[0].stem
    for suffix in (".hea", ".dat"):                                      # no annotation: labels cannot be read
        (tmp_path / f"{record}{suffix}").symlink_to(svdb / f"{record}{suffix}")
    x = pretrain_translearn.unlabelled_rows(tmp_path, [0.0] * 187, [1.0] * 187)
    assert x.shape[1] == 187 and len(x) > 1000 and 0 <= x.min() and x.max() <= 1
    with pytest.raises(InputError, match="no WFDB record"):
        pretrain_translearn.unlabelled_rows(tmp_path / "none", [0.0], [1.0])


# ------------------------------------------------------------------------------------------------- refusals

@pytest.mark.parametrize("options, says", [
    (["--data", "NOWHERE"], "data_preprocess.py"), (["--epochs", "0"], "--epochs"), (["--rate", "-1"], "--rate"),
    (["--dropout", "1"], "--dropout"), (["--freeze"], "resnet18"), (["--model", "resnet18", "--init", "none.pth"], "none.pth"),
    *([] if torch.cuda.is_available() else [(["--device", "cuda"], "--device cuda")])])
def test_refused(rows, tmp_path, options, says):
    with pytest.raises(InputError, match=says):
        train.main([*folders(rows, tmp_path), *options])
    assert not (tmp_path / "weight").exists()


def test_refused_as_a_program(refused, tmp_path):
    assert "data_preprocess.py" in refused("train.py", "--data", tmp_path / "none")
    assert "train.py" in refused("continue_train.py", "--data", write_rows(tmp_path / "data"), "--weight", tmp_path / "none")


def test_another_scaler_is_refused(rows, tmp_path):
    fit(rows, tmp_path, "--epochs", "1")
    other = write_rows(tmp_path / "data")
    manifest = json.loads((other / "processed_data/manifest.json").read_text())
    manifest["scaler"]["mean"][0] = 0.2
    artifacts.save_json(other / "processed_data/manifest.json", manifest)
    with pytest.raises(InputError, match="standardised otherwise"):
        continue_train.main([*folders(other, tmp_path), "--epochs", "1"])


def test_divergence_is_told(rows, tmp_path):
    with pytest.raises(InputError, match="smaller --rate"):
        train.main([*folders(rows, tmp_path), "--epochs", "2", "--rate", "1e20"])
