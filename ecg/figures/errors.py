"""The most frequent confusions of a model, with the rows that it is most sure of."""

from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecg import artifacts, beats, translations
from ecg.artifacts import InputError
from ecg.beats import CLASS_COLORS, CLASSES
from ecg.clock import elapsed
from ecg.figures.beat_labels import class_index
from ecg.figures.paper import MM
from ecg.figures.rows import ROUNDING, beat_length, min_max_rows

PROBABILITIES = [f"p_{name}" for name in CLASSES]


def plot_errors(
    predictions: pd.DataFrame,
    rows: np.ndarray | Callable[[np.ndarray], np.ndarray],
    confusions: int = 6,
    examples: int = 4,
    fs: float = beats.SOURCE_FS,
    *,
    fontsize: float = 8,
    lang: str = "en",
) -> Figure:
    """The most frequent confusions as small multiples: a line a confusion, its surest mistakes from
    the left.

    predictions: DataFrame of evaluate.py (true, predicted, p_N .. p_Q, and record, sample, row
    where known). rows: (k, 187) array or a function of row numbers that gives one. fs: Hz of
    `sample`. Returns the figure. Raises InputError where there is no error."""
    translate = translations.translator(lang)
    true, predicted = (predictions[c].map(class_index).to_numpy() for c in ("true", "predicted"))
    wrong = np.flatnonzero(true != predicted)
    if len(wrong) == 0:
        raise InputError("there is no error among these predictions, so nothing to draw")
    take = rows if callable(rows) else (lambda index: np.asarray(rows)[index])
    numbers = predictions["row"].to_numpy() if "row" in predictions else np.arange(len(true))
    pairs = pd.Series(list(zip(true[wrong], predicted[wrong]))).value_counts().head(confusions)
    figure, axes = plt.subplots(
        len(pairs),
        examples,
        figsize=(examples * 62 * MM, (len(pairs) * 33 + 12) * MM),
        layout="constrained",
        squeeze=False,
    )
    for ax in axes.flat:
        ax.axis("off")
    for line, (a, b), count in zip(axes, pairs.index, pairs):
        own, other = CLASSES[a], CLASSES[b]
        mine = wrong[(true[wrong] == a) & (predicted[wrong] == b)]
        sure = predictions[f"p_{other}"].to_numpy(float)[mine]
        mine = mine[np.argsort(-sure, kind="stable")][:examples]
        for ax, k, row in zip(line, mine, take(numbers[mine])):
            _draw_row(ax, row, own, fontsize)
            place = _place(predictions, k, fs) or translate("row {row}", row=int(numbers[k]))
            shares = (f"{c} {predictions[f'p_{c}'].iloc[k]:.0%}" for c in (other, own))
            title = f"{place}   {', '.join(shares)}"
            ax.set_title(title, fontsize=fontsize - 1, loc="left")
        name = {"rotation": 0, "ha": "right", "va": "center", "labelpad": 10}
        line[0].set_ylabel(f"{own} → {other}\n{count:,}", fontsize=fontsize + 2, **name)
    figure.supxlabel(translate("Time (s)"), fontsize=fontsize)
    order = translate("true → predicted, number of beats; surest mistakes first")
    title = f"{translate('The most frequent confusions')} ({order})"
    figure.suptitle(title, fontsize=fontsize + 2)
    return figure


def _draw_row(ax, row, own, fontsize):
    """A beat in the colour of its true class, `own`."""
    n = beat_length(row, ROUNDING) or len(row)
    ax.axis("on")
    ax.plot(np.arange(n) / beats.ROW_FS, row[:n], color=CLASS_COLORS[own], lw=1.1)
    ax.set(yticks=[], ylim=(-0.05, 1.05))
    ax.tick_params(labelsize=fontsize - 2, length=2)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _place(predictions, k, fs):
    """Record and time of line `k`; None where they are not known."""
    if "record" not in predictions or pd.isna(predictions["record"].iloc[k]):
        return None
    record, sample = predictions["record"].iloc[k], predictions["sample"].iloc[k]
    return f"{record}  {elapsed(sample / fs, 1)}" if sample >= 0 else None


def errors_page(path: Path, data: str | Path, fontsize: float = 8, lang: str = "en") -> Figure:
    """plot_errors() of a file of evaluate.py: data/evaluation/PROTOCOL/NAME_SPLIT.csv.

    data: folder of the rows that it is about. Raises InputError where the file is missing, is no
    table of predictions, or belongs to other rows."""
    table = _read_predictions(path)
    take, y, _ = min_max_rows(data, _split_of(path))
    if len(y) != len(table) or np.any(y != table["true"].map(class_index)):
        raise InputError(
            f"{path} belongs to other rows than those in {artifacts.processed(data)}: run "
            "evaluate.py again"
        )
    return plot_errors(table, take, fontsize=fontsize, lang=lang)


def _split_of(path):
    return path.stem.rsplit("_", 1)[-1]


def _read_predictions(path):
    """The table of predictions that evaluate.py wrote."""
    artifacts.require(path, "python evaluate.py")
    try:
        table = pd.read_csv(path, dtype={"record": str, "true": str, "predicted": str})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError):
        raise InputError(f"{path} is no table of predictions: evaluate.py writes one") from None
    missing = {"row", "true", "predicted", *PROBABILITIES} - set(table.columns)
    if missing or _split_of(path) not in artifacts.SPLITS:
        raise InputError(
            f"{path} is no table of predictions (NAME_val.csv or NAME_test.csv of evaluate.py)"
            + (f": it lacks {', '.join(sorted(missing))}" if missing else "")
        )
    return table
