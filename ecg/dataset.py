"""Beats as rows, and their split into training, validation and test by each protocol."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from ecg import beats, formats
from ecg.artifacts import InputError
from ecg.formats.annotation import annotated_records, read_annotation
from ecg.mitdb import DS1, DS1_VALIDATION, DS2

INVALID_SHARE = 0.01  # of the rows; a file with more of them is damaged
RR_WINDOW = 31  # intervals around a beat, whose median is the RR interval it is compared with
PREMATURITY_LIMIT = 2.0  # ln: 7.4 times as long or as short
PATIENT_DRAWS = 200  # random splits by record, of which the fairest is taken


class Rows(NamedTuple):
    """Beats as rows, n of them, and what a row does not hold, where it is known.

    x: float32 (n, 187) in 0..1. y: int64 (n,), class 0..4. record: (n,) str, else ''. sample: int64
    (n,) of the R peak in its record, else -1. symbol: (n,) str of its annotation, else ''. early:
    float (n,), ln(RR interval before the beat / median of the 31 intervals around), else NaN."""

    x: np.ndarray
    y: np.ndarray
    record: np.ndarray
    sample: np.ndarray
    symbol: np.ndarray
    early: np.ndarray

    @classmethod
    def unknown(cls, x: np.ndarray, y: np.ndarray) -> "Rows":
        """Rows of which nothing else is known."""
        n = len(y)
        return cls(
            x,
            y,
            np.full(n, "", dtype="U8"),
            np.full(n, -1),
            np.full(n, "", dtype="U1"),
            np.full(n, np.nan),
        )

    def take(self, which: np.ndarray) -> "Rows":
        """The rows with the numbers, or the mask, `which`."""
        return Rows(*(column[which] for column in self))

    @property
    def counts(self) -> dict[str, int]:
        """{class: number of rows}"""
        counts = np.bincount(self.y, minlength=len(beats.CLASSES))
        return {name: int(n) for name, n in zip(beats.CLASSES, counts)}


def join(parts: Iterable[Rows]) -> Rows:
    """Rows one after another."""
    return Rows(*(np.concatenate(columns) for columns in zip(*parts)))


# ----------------------------------------------------------------------------------------- cutting


def cut_records(folder: str | Path, annotator: str = "atr") -> Rows:
    """Rows of every WFDB record in `folder` that `annotator` has annotated, in (record, sample)
    order; channel 0. Raises InputError where there is none."""
    names = annotated_records(folder, annotator)
    return join(
        _cut_record(Path(folder) / name, annotator)
        for name in tqdm(names, desc="cutting beats", unit="record", disable=None)
    )


def _cut_record(path, annotator):
    """Rows of one record.

    All annotations are boundaries, non-beats too: with them the rows of MIT-BIH equal the published
    CSVs to the bit."""
    recording = formats.read_recording(path.with_name(f"{path.name}.hea"), lead=0)
    samples, symbols, *_ = read_annotation(path, annotator)
    ratio = beats.SOURCE_FS / recording.fs
    boundaries = samples if ratio == 1 else np.rint(samples * ratio).astype(np.int64)
    y = beats.classes_of(symbols)
    is_beat = y >= 0
    signal = beats.at_source_rate(recording.signal, recording.fs)
    x, index = beats.cut_rows(signal, boundaries, is_beat)
    early = np.zeros(len(y))
    early[is_beat] = prematurity(samples[is_beat])
    record = np.full(len(index), path.name)
    return Rows(x, y[index], record, samples[index], np.array(symbols)[index], early[index])


def prematurity(samples: np.ndarray) -> np.ndarray:
    """ln(RR interval before a beat / median of the 31 intervals around it), (n,), of the beats at
    `samples` (n,), within -2..2; 0 for the first."""
    if len(samples) < 2:
        return np.zeros(len(samples))
    rr = np.maximum(np.diff(samples, prepend=2 * samples[0] - samples[1]), 1)
    early = np.log(rr / ndimage.percentile_filter(rr, 50, size=RR_WINDOW, mode="nearest"))
    early[0] = 0
    return np.round(np.clip(early, -PREMATURITY_LIMIT, PREMATURITY_LIMIT), 4)


def without_invalid(rows: Rows, name: str) -> tuple[Rows, int]:
    """Rows without those that are all zero or not finite, and how many these were.

    Raises InputError, which calls the rows `name`, when they are over 1 %."""
    invalid = ~np.isfinite(rows.x).all(axis=1) | ~rows.x.any(axis=1)
    if invalid.mean() > INVALID_SHARE:
        raise InputError(
            f"{name}: {invalid.sum()} of {len(invalid)} rows are all zero or not finite "
            "(over 1 %): the file is damaged"
        )
    return rows.take(~invalid), int(invalid.sum())


# ----------------------------------------------------------------------------------------- splits


def split_kaggle(train: Rows, test: Rows, seed: int) -> dict[str, Rows]:
    """80/20 of the train rows, stratified by class; the test rows stay what they are."""
    require_each_class(train, 2, "a stratified 80/20 split")
    fit, val = stratified_fifth(train.y, seed)
    return {"train": train.take(fit), "val": train.take(val), "test": test}


def stratified_fifth(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(row numbers of four fifths, of a fifth) of classes y (n,), in random order, each class
    shared out alike."""
    return train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed)


def split_interpatient(rows: Rows) -> dict[str, Rows]:
    """DS1 without six records / these six / DS2. Raises InputError where a record is missing."""
    missing = sorted(set(DS1 + DS2) - set(rows.record))
    if missing:
        raise InputError(
            "--protocol interpatient needs the MIT-BIH records by name; missing: "
            f"{' '.join(missing[:8])}{' ...' if len(missing) > 8 else ''}"
        )
    fit = sorted(set(DS1) - set(DS1_VALIDATION))
    return {
        name: rows.take(np.isin(rows.record, records))
        for name, records in (("train", fit), ("val", DS1_VALIDATION), ("test", DS2))
    }


def split_patients(rows: Rows, seed: int) -> dict[str, Rows]:
    """60/20/20 of the records, at least one in each part; of 200 seeded draws the one whose classes
    are shared out best. Raises InputError for fewer than 3 records."""
    names, record = np.unique(rows.record, return_inverse=True)
    if len(names) < 3:
        raise InputError(
            "--protocol patients needs 3 records or more, one each to train, validate and test; "
            f"found {len(names)}"
        )
    counts = np.zeros((len(names), len(beats.CLASSES)))
    np.add.at(counts, (record, rows.y), 1)
    there = counts.sum(axis=0) > 0
    share = counts / np.maximum(counts.sum(axis=0), 1)
    part = max(1, round(len(names) / 5))
    rng = np.random.default_rng(seed)
    draws = [rng.permutation(len(names)) for _ in range(PATIENT_DRAWS)]

    def unfairness(draw):
        """How far the classes' shares in test and validation are from the records' share."""
        return sum(
            np.abs(share[chosen].sum(axis=0) - len(chosen) / len(names))[there].sum()
            for chosen in (draw[:part], draw[part : 2 * part])
        )

    best = min(draws, key=unfairness)
    parts = {"train": best[2 * part :], "val": best[part : 2 * part], "test": best[:part]}
    return {name: rows.take(np.isin(record, chosen)) for name, chosen in parts.items()}


def require_each_class(rows: Rows, least: int, purpose: str) -> None:
    """Raise InputError where a class has rows, but fewer than `purpose` needs."""
    for name, count in rows.counts.items():
        if 0 < count < least:
            raise InputError(f"class {name} has {count} row: {purpose} needs {least} of a class")
