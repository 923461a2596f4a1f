"""data/processed_data: SMOTE, the scaler; a set of files that is the old or the new one, checked
when it is read."""

import json
import os
import re
import time

import numpy as np
import pytest

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.dataset import Rows
from ecg.heartbeat_csv import COMPANION_COLUMNS
from ecg.processed_data import oversample, save_processed, scale_and_balance


def splits():
    """Rows of two classes, those of validation and test at other levels."""
    rng = np.random.default_rng(0)
    return {
        name: Rows.unknown(
            (rng.random((60, 187)) + shift).astype(np.float32), np.array([0] * 40 + [2] * 20)
        )
        for name, shift in (("train", 0), ("val", 5), ("test", 9))
    }


def test_smote_with_few_rows():
    rng = np.random.default_rng(0)
    y = np.array([0] * 40 + [1] * 3 + [2] * 1 + [3] * 8)
    x = rng.random((len(y), 187), dtype=np.float32)
    more, labels, _ = oversample(x, y, 0)
    # one row is left alone, an absent class too
    assert np.bincount(labels, minlength=5).tolist() == [40, 40, 1, 40, 0]
    assert np.array_equal(more[: len(x)], x)


def test_scaler_sees_training_rows_only():
    parts = splits()
    done = scale_and_balance(parts, "kaggle", 0)
    assert done.n_real == 60 and len(done.arrays["train"][1]) == 80
    assert abs(done.arrays["train"][0][:60].mean()) < 1e-5 < done.arrays["val"][0].min()
    assert np.allclose(done.scaler.mean_, parts["train"].x.mean(axis=0), atol=1e-5)
    leaked = scale_and_balance(parts, "tutorial", 0)
    assert leaked.scaler.mean_.mean() > 2  # what is validated on has been seen
    x, y = leaked.arrays["train"]
    assert 0 < leaked.n_real < len(y) and len(leaked.sources["train"].y) == leaked.n_real


@pytest.fixture
def done():
    return scale_and_balance(splits(), "kaggle", 0)


def _manifest(done, seed=0):
    scaler = {"mean": done.scaler.mean_, "scale": done.scaler.scale_}
    about = {"source": "demo", "synthetic": True, "protocol": "kaggle", "seed": seed}
    return {**about, "n_real": done.n_real, "classes": CLASSES, "scaler": scaler}


def _contents(folder):
    return {path.name: artifacts.sha256(path) for path in folder.iterdir() if path.is_file()}


def test_the_manifest_tells_of_the_files_beside_it(tmp_path, done):
    folder = artifacts.processed(tmp_path)
    save_processed(tmp_path, done, {"source": "demo"})
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"] == "demo" and len(manifest["outputs_sha256"]) == 6
    for name, sha in manifest["outputs_sha256"].items():
        assert artifacts.sha256(folder / name) == sha
    assert not list(folder.glob(".*"))
    assert manifest["rows"]["val"] == dict.fromkeys(COMPANION_COLUMNS, [None] * 60)


def test_the_old_set_stays_until_the_new_one_is_whole(tmp_path, done, monkeypatch):
    folder = artifacts.processed(tmp_path)
    save_processed(tmp_path, done, _manifest(done))
    before = _contents(folder)

    def killed(path, text):
        raise KeyboardInterrupt

    monkeypatch.setattr(artifacts, "save_text", killed)
    with pytest.raises(KeyboardInterrupt):
        save_processed(tmp_path, done, _manifest(done, seed=1))
    assert _contents(folder) == before and not list(folder.glob(".*"))
    assert artifacts.load_manifest(tmp_path)["seed"] == 0


@pytest.mark.parametrize("moved", range(9))
def test_killed_while_the_files_take_their_places(tmp_path, done, monkeypatch, moved):
    """Whoever reads next finds the new set, whole."""
    folder = artifacts.processed(tmp_path)
    save_processed(tmp_path, done, _manifest(done))
    rename, count = type(folder).replace, iter(range(100))

    def killed(path, target):
        if next(count) == moved:
            raise KeyboardInterrupt
        return rename(path, target)

    rows = scale_and_balance({**splits(), "val": splits()["test"]}, "kaggle", 0)
    monkeypatch.setattr(type(folder), "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        save_processed(tmp_path, rows, _manifest(rows, seed=1))
    monkeypatch.undo()
    for split in artifacts.SPLITS:
        x, y = artifacts.load_split(tmp_path, split)
        assert np.array_equal(x[:, :, 0], rows.arrays[split][0])
    assert artifacts.load_manifest(tmp_path)["seed"] == 1 and not list(folder.glob(".*"))


def test_what_a_killed_run_has_left_is_removed_later(tmp_path, done):
    folder = artifacts.processed(tmp_path)
    for name, hours in (("old", 2), ("running", 0)):
        (folder / f".new-{name}").mkdir(parents=True)
        then = time.time() - 3600 * hours
        os.utime(folder / f".new-{name}", (then, then))
    save_processed(tmp_path, done, _manifest(done))
    assert [path.name for path in folder.glob(".*")] == [".new-running"]


def test_two_runs_at_once(tmp_path, done):
    with pytest.raises(InputError, match="another run"):
        with artifacts.writing_set(tmp_path):
            (tmp_path / artifacts.WHOLE).mkdir()
            (tmp_path / artifacts.WHOLE / "X_val.npy").touch()


DAMAGES = {
    "float64 (60, 187, 1), not float32": lambda x, y: (x.astype(np.float64), y),
    "not float32 (n, 187, 1)": lambda x, y: (x[:, :100], y),
    "NaN or infinity": lambda x, y: (np.where(np.arange(187)[:, None] == 3, np.nan, x), y),
    "not int64 (n,)": lambda x, y: (x, y.astype(np.float32)),
    "the class 5: there are 0 to 4": lambda x, y: (x, np.where(np.arange(60) == 7, 5, y)),
    "the class -1": lambda x, y: (x, y - 1),
    "differ in length": lambda x, y: (x, y[:50]),
}


@pytest.mark.parametrize("told", DAMAGES)
def test_rows_that_are_none(tmp_path, done, told):
    folder = artifacts.processed(tmp_path)
    save_processed(tmp_path, done, _manifest(done))
    manifest = json.loads((folder / "manifest.json").read_text())
    x, y = DAMAGES[told](*map(np.array, artifacts.load_split(tmp_path, "val")))
    x = x if x.dtype == np.float64 and "float64" in told else x.astype(np.float32)
    for name, array in (("X_val.npy", x), ("y_val.npy", y)):
        artifacts.save_npy(folder / name, array)
    artifacts.save_json(folder / "manifest.json", {**manifest, "outputs_sha256": {}})
    with pytest.raises(InputError, match=re.escape(told)):
        artifacts.load_split(tmp_path, "val")


def test_rows_of_another_manifest(tmp_path, done):
    folder = artifacts.processed(tmp_path)
    save_processed(tmp_path, done, _manifest(done))
    y = np.array(artifacts.load_split(tmp_path, "val")[1])
    artifacts.save_npy(folder / "y_val.npy", y[::-1].copy())
    with pytest.raises(InputError, match="y_val.npy is not the file that manifest.json tells of"):
        artifacts.load_split(tmp_path, "val")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04" + bytes(60), bytes(500)])
def test_files_that_hold_no_rows(tmp_path, done, content):
    save_processed(tmp_path, done, _manifest(done))
    (artifacts.processed(tmp_path) / "X_test.npy").write_bytes(content)
    with pytest.raises(InputError, match="X_test.npy is damaged"):
        artifacts.load_split(tmp_path, "test")


def test_more_real_rows_than_there_are(tmp_path, done):
    save_processed(tmp_path, done, {**_manifest(done), "n_real": 81})
    with pytest.raises(InputError, match="n_real is 81, y_train.npy holds 80"):
        artifacts.load_split(tmp_path, "train")
