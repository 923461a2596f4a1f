"""Labelled beats against a reference annotation: what became of every beat, figures, intervals.

Labelled beats are a table as `ecg.beat_table.label_beats` gives it; counts are those of ecg.ec57.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ecg import ec57, fingerprint
from ecg.beats import CLASSES, SYMBOL_CLASS, UNLABELLED, classes_of
from ecg.ec57.statistics import defined
from ecg.evaluation import metrics
from ecg.formats.annotation import Annotation


def compare_labels(
    table: pd.DataFrame, reference: Annotation, learning: float, class_map: str
) -> ec57.Comparison:
    """Labelled beats compared with a reference that counts at the same rate. learning: s at the
    start that do not count.

    A beat that was found but not classified counts as unclassifiable (Q); unreadable stretches are
    the test's shutdown."""
    edges = [
        edge
        for start, stop, _ in table.attrs["unreadable"]
        for edge in ((start, ec57.UNREADABLE), (stop, 0))
    ]
    samples = [table["sample"].to_numpy(np.int64), np.array([at for at, _ in edges], np.int64)]
    return ec57.compare(
        reference.samples,
        reference.symbols,
        np.concatenate(samples),
        _symbols(table) + ["~"] * len(edges),
        table.attrs["fs"],
        table.attrs["n_samples"],
        learning,
        class_map=class_map,
        ref_subtypes=reference.subtypes,
        test_subtypes=[0] * len(table) + [subtype for _, subtype in edges],
    )


def _symbols(table):
    return table["label"].replace(UNLABELLED, "Q").tolist()


def reference_labels(pairs: np.ndarray, symbols: Sequence[str], n: int) -> np.ndarray:
    """The reference's class of each of n found beats: N S V F Q, 'O' for one that the reference
    lacks, '' before the learning period. pairs: those of the Comparison; symbols: the
    reference's."""
    labels = np.full(n, "", dtype=object)
    index = pairs[(pairs[:, 1] >= 0) & (pairs[:, 1] < n)]
    labels[index[:, 1]] = ["O" if i < 0 else SYMBOL_CLASS[symbols[i]] for i in index[:, 0]]
    return labels


def against_reference(table: pd.DataFrame, samples: ArrayLike, symbols: Sequence[str]) -> dict:
    """Per-class figures of a labelled recording against a person's annotation, over the whole
    recording (no learning period): {"QRS": {"Se", "+P"}, "N": {"beats", "Se", "+P"}, ...} in
    percent, None where undefined; a beat that was missed or not classified is missed."""
    counts = ec57.compare(
        samples,
        symbols,
        table["sample"],
        _symbols(table),
        table.attrs["fs"],
        learning=0,
        class_map="aami",
    ).counts
    se, ppv = metrics.recall(counts, 100), metrics.precision(counts, 100)
    by_class = {
        name: {"beats": int(counts[k].sum()), "Se": defined(se[k]), "+P": defined(ppv[k])}
        for k, name in enumerate(CLASSES)
    }
    return {"QRS": ec57.figures(counts)["QRS"], **by_class}


def against_reference_text(
    table: pd.DataFrame, samples: ArrayLike, symbols: Sequence[str], reference: str
) -> str:
    """`against_reference` as lines for the terminal; reference: what the annotation is called."""
    lines = [f"  against {reference}, whole recording, annotated / Se / +P in percent:"]
    all_beats = int(np.sum(classes_of(symbols) >= 0))
    for name, f in against_reference(table, samples, symbols).items():
        cells = "  ".join("    -" if f[k] is None else f"{f[k]:6.2f}" for k in ("Se", "+P"))
        lines.append(f"  {name:<4}{f.get('beats', all_beats):>7,}  {cells}")
    told = fingerprint.trained_on({reference: table.attrs.get("in_training_data", {})})
    return "\n".join([*lines, *(f"  {line}" for line in fingerprint.warnings(told, 1))])


def ec57_intervals(counts: np.ndarray, draws: int = metrics.DRAWS, seed: int = 0) -> dict | None:
    """{"QRS": {"Se": [low, high], ...}, ...}: 95 % intervals in percent of the gross figures of
    counts (records, 7, 7), bootstrap over records; None for one record."""
    return metrics.ratio_intervals(counts, ec57.ratios, draws, seed)


def five_classes(counts: np.ndarray, draws: int = metrics.DRAWS, seed: int = 0) -> dict:
    """Accuracy, and Se, +P, F1 of each class, in percent, of counts (records, 7, 7): missed and
    extra beats count against Se and +P. `matched_accuracy` is over beats that were found, the
    classifier's own."""
    total = counts.sum(axis=0)
    matched = total[:5, :5]
    se, ppv = metrics.recall(total, 100), metrics.precision(total, 100)
    f1, samples = 100 * metrics.f1(total), None
    if len(counts) > 1:
        samples = 100 * metrics.f1(metrics.resampled(counts, draws, seed))
    return {
        # 0 where there is no beat
        "accuracy": np.nan_to_num(metrics.accuracy(total[:5], 100)),
        "matched_accuracy": np.nan_to_num(metrics.accuracy(matched, 100)),
        "missed": int(total[:5, 5:].sum()),
        "extra": int(total[5:, :5].sum()),
        "mislabelled": int(matched.sum() - np.trace(matched)),
        **{
            name: {
                "Se": defined(se[k]),
                "+P": defined(ppv[k]),
                "F1": float(f1[k]),
                "beats": int(total[k].sum()),
                "F1_interval": None if samples is None else metrics.interval(samples[:, k]),
            }
            for k, name in enumerate(CLASSES)
        },
    }
