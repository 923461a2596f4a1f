"""A made-up data set of rows with untrained weights, for the tests of what scores them."""

import numpy as np

from ecg import artifacts, beats, weights
from ecg.evaluation.predictions import Predictions


def write_rows(data, protocol="kaggle", val=120, test=200):
    """data/processed_data with made-up validation and test rows of six records r0 .. r5. Returns
    the manifest."""
    rng = np.random.default_rng(0)
    folder = artifacts.processed(data)
    mean, scale = rng.random(187), 0.1 + rng.random(187)
    manifest = {
        "source": "records",
        "synthetic": True,
        "protocol": protocol,
        "seed": 1,
        "n_real": 0,
        "classes": beats.CLASSES,
        "counts": {},
        "scaler": {"mean": mean, "scale": scale},
        "rows": {},
        "outputs_sha256": {},
    }
    for split, n in (("val", val), ("test", test)):
        rows = beats.standardise(rng.random((n, 187)), mean, scale)[:, :, None]
        artifacts.save_npy(folder / f"X_{split}.npy", rows)
        artifacts.save_npy(folder / f"y_{split}.npy", rng.integers(0, 5, n))
        manifest["rows"][split] = {
            "record": [f"r{k % 6}" for k in range(n)],
            "sample": [400 * k for k in range(n)],
        }
        sha256 = artifacts.sha256(folder / f"y_{split}.npy")
        manifest["outputs_sha256"][f"y_{split}.npy"] = sha256
    artifacts.save_json(folder / "manifest.json", manifest)
    return artifacts.load_manifest(data)


def write_weights(folder, manifest, names=("self",)):
    """folder/model_NAME.pth of untrained networks ECGCNN, as if trained on these rows."""
    import torch

    from ecg.training.recipe import Recipe
    from ecg.training.row_training import model_card
    from model_self import ECGCNN

    for seed, name in enumerate(names):
        torch.manual_seed(seed)
        net = ECGCNN()
        card = model_card("self", net, {}, manifest, Recipe(), 0)
        history = {"train_loss": [2, 1], "val_acc": [0.2, 0.3]}
        path = folder / f"model_{name}.pth"
        weights.save_weights(path, net.state_dict(), {**card, "history": history})


def made_predictions(n=200, seed=0, records=("100", "101", "232")):
    """Predictions that are right at two beats in three, of these records in turn."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 5, n)
    logits = rng.normal(size=(n, 5)) + 2 * np.eye(5)[true]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    record = np.array([records[k % len(records)] for k in range(n)])
    return Predictions(true, logits.argmax(axis=1), logits, p, record, 400 * np.arange(n))
