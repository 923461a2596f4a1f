"""What a heartbeat is: the classes, and the row of 187 samples. Training and inference both use it.

The row is the one of the published heartbeat CSVs (mitbih_train.csv, mitbih_test.csv), which can be
rebuilt bit for bit from the MIT-BIH records: from one boundary to the next and a fifth of the
interval after it, every third sample at 360 Hz (so 120 Hz), min-max over that whole segment, the
first 187 values, zero-padded.
"""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ecg import dsp

CLASSES = ["N", "S", "V", "F", "Q"]
CLASS_NAMES = CLASSES  # the former name, for users' scripts
UNLABELLED = "?"  # a beat that was found but could not be classified
CLASS_MEANINGS = {
    "N": "normal or bundle branch block",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "Q": "paced or unclassifiable",
}
# Okabe and Ito's colours: told apart by colour-blind readers, and in grey by their lightness
CLASS_COLORS = {"N": "#0072B2", "S": "#E69F00", "V": "#D55E00", "F": "#CC79A7", "Q": "#009E73"}
# WFDB symbol -> class (AAMI EC57; the symbols that MIT-BIH lacks follow the nearest one it has)
SYMBOL_CLASS = {
    **dict.fromkeys("NLRejBn", "N"),
    **dict.fromkeys("AaJS", "S"),
    **dict.fromkeys("VEr", "V"),
    "F": "F",
    **dict.fromkeys("/fQ?", "Q"),
}

WIDTH = 187  # samples of a row
SOURCE_FS = 360  # Hz: the rate at which a beat is cut
STEP = 3  # every third sample of it is kept ...
ROW_FS = SOURCE_FS / STEP  # ... so a row has 120 Hz, not the 125 Hz that is often quoted
BLOCK_ROWS = 256  # rows that are cut at a time: what the processor's cache holds


def classes_of(symbols: Iterable[str]) -> np.ndarray:
    """Class index 0..4 of each WFDB symbol, int64 (n,); -1 for an annotation that is no beat."""
    return np.array(
        [CLASSES.index(SYMBOL_CLASS[s]) if s in SYMBOL_CLASS else -1 for s in symbols],
        dtype=np.int64,
    )


def checked_beats(
    samples: ArrayLike, labels: ArrayLike, fs: float, n_samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """(samples, labels), int64 (n,) both, labels -1..4, of the beats of a recording.

    samples: (n,) R peaks, increasing, in 0..n_samples at `fs` Hz. labels: (n,) class index 0..4 or
    letter N S V F Q; -1, "" or "?" for a beat without a label.

    Raises ValueError when arrays do not fit each other, beats lie outside the recording or do not
    increase, or labels are unknown."""
    samples = np.asarray(samples, dtype=np.int64).reshape(-1)
    labels = np.asarray(labels).reshape(-1)
    if labels.dtype.kind in "UO":
        index = {**{c: i for i, c in enumerate(CLASSES)}, "": -1, UNLABELLED: -1}
        unknown = sorted({str(c) for c in labels} - set(index))
        if unknown:
            raise ValueError(
                f"labels hold {', '.join(unknown)}: give N S V F Q, or ? for a beat without a label"
            )
        labels = np.array([index[str(c)] for c in labels], dtype=np.int64)
    labels = labels.astype(np.int64)
    if len(samples) != len(labels):
        raise ValueError(f"{len(samples)} samples but {len(labels)} labels: give one label a beat")
    if np.any((labels < -1) | (labels >= len(CLASSES))):
        raise ValueError(f"labels must be 0..{len(CLASSES) - 1}, or -1 for a beat without a label")
    if not fs > 0:
        raise ValueError(f"fs is {fs}: give the sampling rate in Hz")
    if len(samples) and (
        samples[0] < 0 or samples[-1] >= n_samples or np.any(np.diff(samples) <= 0)
    ):
        raise ValueError(
            f"samples must increase and lie within the {n_samples} samples of the recording"
        )
    return samples, labels


# ---------------------------------------------------------------------------------- cutting rows


def at_source_rate(ecg: ArrayLike, fs: float) -> np.ndarray:
    """`ecg` (n,) at `fs` Hz brought to 360 Hz by polyphase filtering; the same array when it has
    360 Hz already."""
    ecg = np.asarray(ecg, dtype=np.float64)
    if fs == SOURCE_FS:
        return ecg
    ratio = Fraction(SOURCE_FS / fs).limit_denominator(2000)
    return dsp.resampled(ecg, ratio.numerator, ratio.denominator)


def cut_rows(
    x: ArrayLike, boundaries: ArrayLike, is_beat: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the rows of one record.

    x: (n,) one lead at 360 Hz, any unit. boundaries: (m,) increasing sample numbers of all
    annotations, non-beats too (at inference: the beats that were found). is_beat: (m,) bool, for
    which of them a row is wanted. Returns (rows float32 (k, 187) in 0..1, index int64 (k,) into
    boundaries). The last boundary starts no row: its segment has no end. A segment without any
    difference in level gives a row of zeros.
    """
    x = np.asarray(x)
    a = np.append(np.asarray(boundaries, dtype=np.int64), len(x))
    index = np.flatnonzero(np.asarray(is_beat, dtype=bool)[: max(len(a) - 2, 0)])
    start = a[index]
    stop = np.minimum(a[index + 1] + (a[index + 2] - a[index + 1]) // 5, len(x))
    count = np.maximum(-(-(stop - start) // STEP), 0)  # samples of the thinned segment
    low, high = _extremes(x, start, count)
    span = np.where(high == low, 1.0, high - low)
    offsets = np.arange(WIDTH)
    rows = np.empty((len(index), WIDTH), np.float32)
    for part in range(0, len(index), BLOCK_ROWS):
        p = slice(part, part + BLOCK_ROWS)
        values = x.take(start[p, None] + STEP * offsets, mode="clip").astype(np.float64, copy=False)
        values -= low[p]
        values /= span[p]
        np.copyto(values, 0.0, where=offsets >= count[p, None])
        rows[p] = values
    return rows, index


def _extremes(x, start, count):
    """(k, 1) minimum and (k, 1) maximum of the `count` samples, every third one, from each start;
    without a loop over beats."""
    low, high = np.zeros((2, len(start), 1))
    for phase in range(STEP):
        of_phase = np.flatnonzero((start % STEP == phase) & (count > 0))
        if len(of_phase) == 0:
            continue
        thinned = x[phase::STEP]
        first = start[of_phase] // STEP
        ends = np.column_stack([first, first + count[of_phase]]).ravel()
        if ends.max() == len(thinned):
            thinned = np.append(thinned, x[-1])  # reduceat wants every end inside the array
        low[of_phase, 0] = np.minimum.reduceat(thinned, ends)[::2]
        high[of_phase, 0] = np.maximum.reduceat(thinned, ends)[::2]
    return low, high


def extract_beats(
    ecg: ArrayLike, r_peaks: ArrayLike, fs: float, beat_length: int = WIDTH
) -> tuple[np.ndarray, np.ndarray]:
    """Cut one row a beat from a recording, exactly as the training rows were cut.

    ecg: (n,) any unit; fs in Hz; r_peaks: (m,) sample numbers of the R peaks, increasing. Returns
    (rows float32 (k, 187) in 0..1, positions int64 (k,): the R peak of each row, in samples of
    `ecg`). The last beat has no row, because its segment ends with the beat after it; a segment
    with missing samples (NaN) has none either. ValueError for another width, for more than one lead
    and for R peaks that do not increase or lie outside the signal.
    """
    if beat_length != WIDTH:
        raise ValueError(
            f"beat_length is {beat_length}, but the models take rows of {WIDTH} samples"
        )
    r_peaks = np.asarray(r_peaks, dtype=np.int64)
    ecg = np.asarray(ecg)
    if ecg.ndim != 1:
        raise ValueError(f"ecg has shape {ecg.shape}: give one lead, shape (samples,)")
    if len(r_peaks) and (r_peaks.min() < 0 or r_peaks.max() >= len(ecg)):
        raise ValueError(f"r_peaks lie outside the signal of {len(ecg)} samples")
    if np.any(np.diff(r_peaks) <= 0):
        raise ValueError("r_peaks must increase")
    x, at = ecg, r_peaks
    if fs != SOURCE_FS:
        x = at_source_rate(ecg, fs)
        at = np.rint(r_peaks * (SOURCE_FS / fs)).astype(np.int64)
        at = np.minimum(at, len(x) - 1)
    rows, index = cut_rows(x, at, np.ones(len(at), bool))
    whole = np.isfinite(rows.sum(axis=1))
    if whole.all():
        return rows, r_peaks[index]
    return rows[whole], r_peaks[index[whole]]


# ---------------------------------------------------------------------------------- scaling rows


def standardise(rows: ArrayLike, mean: ArrayLike, scale: ArrayLike) -> np.ndarray:
    """Rows (n, 187) with the training rows' mean and scale (187,) taken out, float32. The one place
    where this is done."""
    rows, mean, scale = (np.asarray(a, np.float32) for a in (rows, mean, scale))
    return (rows - mean) / scale


def unstandardise(
    x: ArrayLike,
    mean: ArrayLike,
    scale: ArrayLike,
    dtype: DTypeLike = np.float32,
    clip: bool = True,
) -> np.ndarray:
    """The min-max rows (n, 187) behind standardised ones; the inverse of `standardise`.

    x: (n, 187) or (n, 187, 1), as data/processed_data holds them. mean, scale: (187,), those of the
    manifest (`unstandardise(x, **manifest["scaler"])`) or of a model card. dtype: in which it is
    computed and returned. clip: rounding errors beyond 0..1 are cut off; a parity test, which wants
    the model's input to the last bit, and a figure, which wants float64, leave them."""
    mean, scale = np.asarray(mean, dtype), np.asarray(scale, dtype)
    x = np.asarray(x)
    rows = x.reshape(len(x), WIDTH).astype(dtype, copy=False) * scale + mean
    return np.clip(rows, 0, 1) if clip else rows
