"""Predictions on the rows of data/processed_data, stored and read again."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecg import artifacts, prediction, weights
from ecg.artifacts import InputError
from ecg.beats import CLASSES, unstandardise
from ecg.evaluation import metrics

BLOCK = 4096  # rows predicted between two steps of the progress bar


class Predictions(NamedTuple):
    """Predictions on n beats.

    true, predicted (n,) class indices; logits (n, 5) before temperature, None where they are not
    known; probabilities (n, 5); record (n,) names, '' where unknown; sample (n,) of the beat in its
    record, -1 where unknown."""

    true: np.ndarray
    predicted: np.ndarray
    logits: np.ndarray | None
    probabilities: np.ndarray
    record: np.ndarray
    sample: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class, (n,)."""
        return self.probabilities.max(axis=1)

    @property
    def right(self) -> np.ndarray:
        """bool (n,)."""
        return self.true == self.predicted

    def of(self, chosen: np.ndarray | slice) -> "Predictions":
        """Those of the `chosen` beats: their indices, or bool (n,)."""
        return Predictions(
            self.true[chosen],
            self.predicted[chosen],
            None if self.logits is None else self.logits[chosen],
            self.probabilities[chosen],
            self.record[chosen],
            self.sample[chosen],
        )


# ---- predicting -------------------------------------------------------------------------------


def logits_of_rows(model: Any, x: np.ndarray, manifest: dict) -> np.ndarray:
    """Logits (n, 5) of the stored rows x, given to the model in the scaling that its card asks
    for."""
    contract = prediction.card_of(model)["input"]
    if not contract.get("scaler_inside") and all(
        np.allclose(contract[key], manifest["scaler"][key], rtol=1e-6) for key in ("mean", "scale")
    ):
        return prediction.logits(model, x)
    rows = unstandardise(x, **manifest["scaler"])
    return prediction.logits(model, prediction.scaled(rows, prediction.card_of(model)))


def predict_split(model: Any, data: str | Path, split: str, manifest: dict) -> Predictions:
    """Predictions of `model` on a split of data/processed_data, at temperature 1."""
    x, y = artifacts.load_split(data, split)
    starts = tqdm(range(0, len(x), BLOCK), split, disable=None, leave=False)
    parts = [logits_of_rows(model, x[i : i + BLOCK], manifest) for i in starts]
    logits = np.concatenate(parts or [np.zeros((0, len(CLASSES)), np.float32)])
    source = manifest.get("rows", {}).get(split, {})
    record = [name or "" for name in source.get("record", [""] * len(y))]
    sample = [-1 if s is None else s for s in source.get("sample", [-1] * len(y))]
    return Predictions(
        np.asarray(y),
        logits.argmax(axis=1),
        logits,
        prediction.softmax(logits),
        np.array(record),
        np.array(sample, np.int64),
    )


# ---- temperature ------------------------------------------------------------------------------


def calibrate(val: Predictions, card: dict, manifest: dict, path: Path) -> tuple[float, str]:
    """(temperature, what was done with it), from predictions on the validation rows.

    Fitted and kept in the model card when these are the validation rows of the weights' own
    training; an ONNX export has its card inside and keeps what it has, and the card of weights that
    come with the repository is written by no stage."""
    before = float(card.get("temperature", 1.0))
    if Path(path).suffix == ".onnx":
        return before, "from the file"
    if card["recipe"].get("refit"):
        return before, (
            "fitted before the refit, which has learnt the validation rows; the validation figures "
            "are not honest"
        )
    theirs = card["manifest"].get("sha256", {}).get("y_val.npy")
    ours = manifest.get("outputs_sha256", {}).get("y_val.npy")
    if theirs != ours:
        return before, (
            "from the model card: these are not the validation rows of its training, which may "
            "hold its training rows; the validation figures are not honest"
        )
    assert val.logits is not None, "the validation rows were predicted, not read from a table"
    temperature = round(metrics.fit_temperature(val.logits, val.true), 4)
    if weights.is_shipped(path):
        return temperature, (
            "fitted on the validation rows; shipped weights keep the temperature of their card"
        )
    if abs(temperature - before) > 1e-3 * before:
        try:
            _keep_temperature(path, temperature)
        except InputError as error:
            return temperature, f"fitted on the validation rows, not kept: {error}"
    return temperature, "fitted on the validation rows, kept in the model card"


def _keep_temperature(path, temperature):
    card = {**weights.load_card(path), "temperature": temperature}
    weights.save_card(path, card)
    if weights.onnx_path(path).exists():
        print(
            f"{weights.onnx_path(path)} holds the former temperature: python export_onnx.py brings "
            "it up to date",
            file=sys.stderr,
        )


# ---- stored predictions -----------------------------------------------------------------------


def load_predictions(csv: Path, temperature: float) -> Predictions:
    """Predictions from a CSV that `predictions_table` wrote; logits are known but for a constant,
    and as far as 6 digits tell. Raises InputError for another file."""
    try:
        table = pd.read_csv(artifacts.require(csv, "python evaluate.py"), dtype={"record": str})
        p = probabilities_of(table)
        sample = table["sample"].fillna(-1).to_numpy(float)
        if not (np.isfinite(p).all() and (p >= 0).all() and np.isfinite(sample).all()):
            raise ValueError("probabilities or samples that are no numbers")
        return Predictions(
            class_indices(table["true"]),
            class_indices(table["predicted"]),
            np.log(np.maximum(p, 1e-7)) * temperature,
            p,
            table["record"].fillna("").to_numpy(str),
            sample.astype(np.int64),
        )
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, OSError) as error:  # pandas' errors are ValueErrors
        told = " ".join(str(error).split())[:100]
        raise InputError(
            f"{csv} holds no predictions ({told}): make them again with python evaluate.py"
        ) from None


def class_indices(names: pd.Series) -> np.ndarray:
    """int64 (n,) of class letters N S V F Q. Raises ValueError for another."""
    found = names.map({name: k for k, name in enumerate(CLASSES)})
    if found.isna().any():
        raise ValueError(f"{names[found.isna()].iloc[0]!r} is none of the classes")
    return found.to_numpy(np.int64)


def probabilities_of(table: pd.DataFrame) -> np.ndarray:
    """float64 (n, 5), the columns p_N .. p_Q of a table."""
    return table[[f"p_{name}" for name in CLASSES]].to_numpy(np.float64)


def predictions_table(
    found: Predictions, synthetic: bool, rows: np.ndarray | None = None
) -> pd.DataFrame:
    """DataFrame: row, record, sample, true, predicted, p_N .. p_Q, data; with rows (n, 187) also
    s_0 .. s_186."""
    names = np.array(CLASSES)
    probabilities = found.probabilities.round(6)
    table = pd.DataFrame(
        {
            "row": np.arange(len(found.true)),
            **record_and_sample(found),
            "true": names[found.true],
            "predicted": names[found.predicted],
            **{f"p_{name}": probabilities[:, k] for k, name in enumerate(CLASSES)},
            "data": "synthetic" if synthetic else "real",
        }
    )
    if rows is None:
        return table
    signal = pd.DataFrame(rows, columns=[f"s_{k}" for k in range(rows.shape[1])])
    return pd.concat([table, signal], axis=1)


def record_and_sample(
    found: Predictions, chosen: np.ndarray | slice = slice(None)
) -> dict[str, pd.Series]:
    """The columns record and sample of a table of the `chosen` beats, empty where unknown."""
    record, sample = pd.Series(found.record[chosen]), pd.Series(found.sample[chosen])
    return {"record": record.replace("", None), "sample": sample.where(sample >= 0).astype("Int64")}


def save_csv(path: str | Path, table: pd.DataFrame, float_format: str | None = None) -> None:
    """Write a table as CSV, without its index, whole or not at all."""
    with artifacts.writing(path) as temporary:
        table.to_csv(temporary, index=False, float_format=float_format, lineterminator="\n")
