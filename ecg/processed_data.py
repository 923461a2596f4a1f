"""What data/processed_data holds: the split rows standardised, SMOTE's among the training rows, and
the manifest that describes them. Read again by artifacts.load_manifest and artifacts.load_split."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.preprocessing import StandardScaler

from ecg import artifacts, beats
from ecg.dataset import Rows, join, stratified_fifth

NEIGHBOURS = 5  # of SMOTE, in a class that has as many others


class Processed(NamedTuple):
    """Arrays that networks are trained and tested on.

    arrays: {split: (x float32 (n, 187) standardised, y int64 (n,))}. n_real: the first rows of
    `train` are real, the others SMOTE's. scaler, smote: the fitted StandardScaler and SMOTE (None
    where nothing was to be oversampled). sources: {split: Rows that tell where its real rows
    are from}."""

    arrays: dict[str, tuple[np.ndarray, np.ndarray]]
    n_real: int
    scaler: StandardScaler
    smote: SMOTE | None
    sources: dict[str, Rows]


class Oversampled(NamedTuple):
    """Rows x float32 (n, 187) of classes y int64 (n,), the given ones first; smote: that made the
    others, None where it was not needed."""

    x: np.ndarray
    y: np.ndarray
    smote: SMOTE | None


def oversample(x: np.ndarray, y: np.ndarray, seed: int) -> Oversampled:
    """Rows x (n, 187) of classes y (n,), with SMOTE's up to the largest class.

    k is 5 neighbours, or n - 1 in a class of n <= 5 rows; a class of one row is left alone (Chawla
    et al. 2002)."""
    classes = range(len(beats.CLASSES))
    counts = np.bincount(y, minlength=len(classes))
    synthetic, smote = [], None
    for k in range(1, NEIGHBOURS + 1):
        wanted = {
            c: int(counts.max())
            for c in classes
            if 2 <= counts[c] < counts.max() and min(NEIGHBOURS, counts[c] - 1) == k
        }
        if wanted:
            smote = SMOTE(sampling_strategy=wanted, k_neighbors=k, random_state=seed)
            more_x, more_y = smote.fit_resample(x, y)
            synthetic.append((more_x[len(x) :], more_y[len(x) :]))
    xs, ys = zip((x, y), *synthetic)
    return Oversampled(np.concatenate(xs).astype(np.float32), np.concatenate(ys), smote)


def scale_and_balance(splits: dict[str, Rows], protocol: str, seed: int) -> Processed:
    """The rows of each split standardised, the training rows oversampled.

    The scaler is fitted and SMOTE applied on training rows alone, but under protocol `tutorial`."""
    if protocol == "tutorial":
        return _leaked(splits, seed)
    train = splits["train"]
    scaler = StandardScaler().fit(train.x)
    x, y, smote = oversample(_standardise(train, scaler), train.y, seed)
    arrays = {"train": (x, y)}
    for name in ("val", "test"):
        arrays[name] = _standardise(splits[name], scaler), splits[name].y
    return Processed(arrays, len(train.y), scaler, smote, dict(splits))


def _leaked(splits, seed):
    """The tutorial's order, a leak on purpose: scaler and SMOTE see what is validated on."""
    both = join([splits["train"], splits["val"]])
    n = len(both.y)
    scaler = StandardScaler().fit(both.x)
    x, y, smote = oversample(_standardise(both, scaler), both.y, seed)
    fit, val = stratified_fifth(y, seed)
    fit = np.concatenate([fit[fit < n], fit[fit >= n]])  # real rows first
    n_real = int((fit < n).sum())
    # one more row, of which nothing is known, stands for all of SMOTE's
    known = join([both, Rows.unknown(both.x[:1], both.y[:1])])
    return Processed(
        {
            "train": (x[fit], y[fit]),
            "val": (x[val], y[val]),
            "test": (_standardise(splits["test"], scaler), splits["test"].y),
        },
        n_real,
        scaler,
        smote,
        {
            "train": both.take(fit[:n_real]),
            "val": known.take(np.minimum(val, n)),
            "test": splits["test"],
        },
    )


def _standardise(rows, scaler):
    return beats.standardise(rows.x, scaler.mean_, scaler.scale_)


# ----------------------------------------------------------------------------------------- saving


def save_processed(data: str | Path, processed: Processed, manifest: Mapping) -> None:
    """Write data/processed_data: arrays, scaler, SMOTE and `manifest`, to which the outputs'
    SHA-256 and what is known of every row are added.

    All of it takes its place together: until the new set is whole, the old one stays."""
    with artifacts.writing_set(artifacts.processed(data)) as folder:
        outputs = {}
        for split, (x, y) in processed.arrays.items():
            x = np.ascontiguousarray(x[:, :, None], dtype=np.float32)
            for name, array in ((f"X_{split}.npy", x), (f"y_{split}.npy", y.astype(np.int64))):
                artifacts.save_npy(folder / name, array)
                outputs[name] = artifacts.sha256(folder / name)
        for name, fitted in (("scaler", processed.scaler), ("smote", processed.smote)):
            with artifacts.writing(folder / f"{name}.pkl") as temporary:
                joblib.dump(fitted, temporary)
        rows = {split: _known_of_rows(source) for split, source in processed.sources.items()}
        head = artifacts.plain({**manifest, "outputs_sha256": outputs})
        head = json.dumps(head, indent=1, ensure_ascii=False)
        # the rows in a line, not in 200,000
        text = f'{head[:-2]},\n "rows": {json.dumps(rows)}\n}}\n'
        artifacts.save_text(folder / "manifest.json", text)


def _known_of_rows(rows):
    """{column of the companion file: its values, None where they are not known}"""
    return {
        "record": [record or None for record in rows.record.tolist()],
        "sample": [None if sample < 0 else sample for sample in rows.sample.tolist()],
        "symbol": [symbol or None for symbol in rows.symbol.tolist()],
        "early": [None if np.isnan(early) else early for early in rows.early.tolist()],
    }
