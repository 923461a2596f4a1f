"""data/processed_data: SMOTE, the scaler, and a manifest that is never there without its files."""

import json

import numpy as np
import pytest

from ecg import artifacts
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


def test_kill_leaves_no_half_manifest(tmp_path, monkeypatch):
    """The manifest is the first file to go and the last to be written, and its hashes are those of
    the files beside it."""
    done = scale_and_balance(splits(), "kaggle", 0)
    folder = artifacts.processed(tmp_path)
    save_processed(tmp_path, done, {"source": "demo"})
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"] == "demo" and len(manifest["outputs_sha256"]) == 6
    for name, sha in manifest["outputs_sha256"].items():
        assert artifacts.sha256(folder / name) == sha
    assert not list(folder.glob(".*tmp-*"))
    assert manifest["rows"]["val"] == dict.fromkeys(COMPANION_COLUMNS, [None] * 60)

    def killed(path, text):
        raise KeyboardInterrupt

    monkeypatch.setattr(artifacts, "save_text", killed)
    with pytest.raises(KeyboardInterrupt):
        save_processed(tmp_path, done, {"source": "demo"})
    assert not (folder / "manifest.json").exists() and (folder / "X_train.npy").exists()
