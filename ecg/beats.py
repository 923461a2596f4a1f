"""What a heartbeat is: the classes, the row of 187 samples, the R peaks. Training and inference both use this file.

The row is the one of the published heartbeat CSVs (mitbih_train.csv, mitbih_test.csv), which can be rebuilt bit for bit
from the MIT-BIH records: from one boundary to the next and a fifth of the interval after it, every third sample at 360 Hz
(so 120 Hz), min-max over that whole segment, the first 187 values, zero-padded.
"""
from fractions import Fraction

import numpy as np
from scipy import signal as sps

CLASS_NAMES = ["N", "S", "V", "F", "Q"]
CLASS_MEANINGS = {"N": "normal or bundle branch block", "S": "supraventricular ectopic", "V": "ventricular ectopic",
                  "F": "fusion of ventricular and normal", "Q": "paced or unclassifiable"}
# Okabe and Ito's colours: told apart by colour-blind readers, and in grey by their lightness
CLASS_COLORS = {"N": "#0072B2", "S": "#E69F00", "V": "#D55E00", "F": "#CC79A7", "Q": "#009E73"}

# WFDB symbol -> class (AAMI EC57; the symbols that MIT-BIH lacks follow the nearest one it has)
SYMBOL_CLASS = {**dict.fromkeys("NLRejBn", "N"), **dict.fromkeys("AaJS", "S"), **dict.fromkeys("VEr", "V"),
                "F": "F", **dict.fromkeys("/fQ?", "Q")}

WIDTH = 187                # samples of a row
SOURCE_FS = 360            # Hz: the rate at which a beat is cut
STEP = 3                   # every third sample of it is kept ...
ROW_FS = SOURCE_FS / STEP  # ... so a row has 120 Hz, not the 125 Hz that is often quoted


def classes_of(symbols):
    """Class index 0..4 of each WFDB symbol, int64 (n,); -1 for an annotation that is no beat."""
    return np.array([CLASS_NAMES.index(SYMBOL_CLASS[s]) if s in SYMBOL_CLASS else -1 for s in symbols], dtype=np.int64)


def at_source_rate(ecg, fs):
    """`ecg` (n,) at `fs` Hz brought to 360 Hz by polyphase filtering; the same array when it has 360 Hz already."""
    ecg = np.asarray(ecg, dtype=np.float64)
    if fs == SOURCE_FS:
        return ecg
    ratio = Fraction(SOURCE_FS / fs).limit_denominator(2000)
    return sps.resample_poly(ecg, ratio.numerator, ratio.denominator, padtype="line")


def cut_rows(x, boundaries, is_beat):
    """Cut the rows of one record.

    x: (n,) one lead at 360 Hz, any unit. boundaries: (m,) increasing sample numbers of all annotations, non-beats too
    (at inference: the R peaks). is_beat: (m,) bool, for which of them a row is wanted.
    Returns (rows float32 (k, 187) in 0..1, index int64 (k,) into boundaries). The last boundary starts no row: its
    segment has no end. A segment without any difference in level gives a row of zeros.
    """
    x = np.asarray(x)
    a = np.append(np.asarray(boundaries, dtype=np.int64), len(x))
    index = np.flatnonzero(np.asarray(is_beat, dtype=bool)[:max(len(a) - 2, 0)])
    start = a[index]
    stop = np.minimum(a[index + 1] + (a[index + 2] - a[index + 1]) // 5, len(x))
    count = np.maximum(-(-(stop - start) // STEP), 0)              # samples of the thinned segment
    low, high = np.zeros(len(index), x.dtype), np.zeros(len(index), x.dtype)
    for phase in range(STEP):                                      # minimum and maximum of every segment, without a loop over beats
        mine = np.flatnonzero((start % STEP == phase) & (count > 0))
        if len(mine) == 0:
            continue
        thinned = np.append(x[phase::STEP], x[-1])                 # reduceat wants every end inside the array
        first = start[mine] // STEP
        ends = np.column_stack([first, first + count[mine]]).ravel()
        low[mine] = np.minimum.reduceat(thinned, ends)[::2]
        high[mine] = np.maximum.reduceat(thinned, ends)[::2]
    span = (high - low).astype(np.float64)
    span[span == 0] = 1.0
    offsets = np.arange(WIDTH)
    rows = np.zeros((len(index), WIDTH), np.float32)
    for part in range(0, len(index), 4096):                        # bounded memory over long recordings
        p = slice(part, part + 4096)
        inside = offsets < count[p, None]
        at = np.where(inside, start[p, None] + STEP * offsets, 0)
        rows[p] = np.where(inside, (x[at] - low[p, None]) / span[p, None], 0.0)
    return rows, index


def standardise(rows, mean, scale):
    """Rows (n, 187) with the training rows' mean and scale (187,) taken out, float32. The one place where this is done."""
    return (np.asarray(rows, np.float32) - np.asarray(mean, np.float32)) / np.asarray(scale, np.float32)


def extract_beats(ecg, r_peaks, fs, beat_length=WIDTH):
    """Cut one row a beat from a recording, exactly as the training rows were cut.

    ecg: (n,) any unit; fs in Hz; r_peaks: (m,) sample numbers of the R peaks, increasing. Returns (rows float32 (k, 187)
    in 0..1, positions int64 (k,): the R peak of each row, in samples of `ecg`). The last beat has no row, because its
    segment ends with the beat after it; a segment with missing samples (NaN) has none either.
    """
    if beat_length != WIDTH:
        raise ValueError(f"beat_length is {beat_length}, but the models take rows of {WIDTH} samples")
    r_peaks = np.asarray(r_peaks, dtype=np.int64)
    ecg = np.asarray(ecg, dtype=np.float64)
    if ecg.ndim != 1:
        raise ValueError(f"ecg has shape {ecg.shape}: give one lead, shape (samples,)")
    if len(r_peaks) and (r_peaks.min() < 0 or r_peaks.max() >= len(ecg)):
        raise ValueError(f"r_peaks lie outside the signal of {len(ecg)} samples")
    if np.any(np.diff(r_peaks) <= 0):
        raise ValueError("r_peaks must increase")
    x = at_source_rate(ecg, fs)
    at = r_peaks if fs == SOURCE_FS else np.minimum(np.rint(r_peaks * (SOURCE_FS / fs)).astype(np.int64), len(x) - 1)
    rows, index = cut_rows(x, at, np.ones(len(at), bool))
    whole = np.isfinite(rows).all(axis=1)
    return rows[whole], r_peaks[index[whole]]
