"""The data of the page: signal and beats, packed."""

import base64
import zlib
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import signal as sps

from ecg.beats import CLASSES

UNSURE = 0.8  # confidence below which a label is drawn hollow
DISPLAY_FS = 120  # Hz of the interactive strip
MISSING = 255  # its code for a missing sample; 0..254 are levels
FINEST = 0.01  # mV, the least step between two levels
DRIFT_STEP = 0.03  # mV: a strip that needs a greater step is high-passed
MOST_BYTES = 6.8e6  # of the strip in the page; a greater step is taken above it
LEAST_SHARE = 0.5  # a second lead is left out where less of the first one's bytes are left
BLOCK, MARGIN = (
    60000,
    200,
)  # resampled at a time, and what of its neighbours: bounded memory in 24 h


class PackedSignal(NamedTuple):
    """A recording for the interactive strip.

    text: base64 of the gzip of the differences (modulo 256) of 8-bit codes; MISSING is missing,
    0..254 are levels `step` mV apart. zero: level of 0 mV. fs: Hz. filtered: whether drift was
    taken out."""

    text: str
    step: float
    zero: int
    fs: float
    filtered: bool


def pack_signals(leads: Sequence[ArrayLike], fs: float) -> list[PackedSignal]:
    """Pack the first of `leads` (n,) as pack_signal does, and the second where the page has room
    for both (up to some sixteen hours)."""
    packed = [pack_signal(leads[0], fs)]
    taken = len(packed[0].text)
    left = MOST_BYTES - taken
    if len(leads) > 1 and left > LEAST_SHARE * taken:
        packed.append(pack_signal(leads[1], fs, left))
    return packed


def pack_signal(ecg: ArrayLike, fs: float, most: float = MOST_BYTES) -> PackedSignal:
    """Pack `ecg` (n,) mV at `fs` Hz, NaN where samples are missing, in `most` bytes.

    A strip that drifts through more than 254 levels of 30 uV is high-passed at 0.3 Hz (zero-phase
    Butterworth of order 2); artefacts may be clipped."""
    x, missing, rate = _at_display_rate(np.asarray(ecg), fs)
    low, high = _levels(x[~missing])
    filtered = high - low > 254 * DRIFT_STEP and len(x) > 30
    if filtered:
        highpass = sps.butter(2, 0.3, "highpass", fs=rate, output="sos")
        x = sps.sosfiltfilt(highpass, x).astype(np.float32)
        low, high = _levels(x[~missing])
    step = max(FINEST, (high - low) / 254)
    while True:
        zero = int(np.clip(round(-low / step), 0, 254))
        codes = np.clip(np.rint(x / step) + zero, 0, 254).astype(np.uint8)
        codes[missing] = MISSING
        # run lengths: as small as zlib's default, ten times as fast
        text = _compressed(np.diff(codes, prepend=np.uint8(0)), zlib.Z_RLE)
        if len(text) <= most:
            return PackedSignal(text, step, zero, rate, filtered)
        # 6 bits a character; half the levels are a bit less a sample
        step *= 2 ** max(6 * (len(text) - most) / len(codes), 0.2)


def _at_display_rate(ecg, fs):
    """(signal float32, where it is missing bool, its rate in Hz), bridged where it is missing."""
    ratio = Fraction(DISPLAY_FS / fs).limit_denominator(500) if fs > DISPLAY_FS else Fraction(1)
    up, down = ratio.numerator, ratio.denominator
    parts, lost = [np.zeros(0, np.float32)], [np.zeros(0, bool)]
    for start in range(0, len(ecg), BLOCK * down):
        left = min(start, MARGIN * down)
        piece = np.asarray(ecg[start - left : start + (BLOCK + MARGIN) * down], float)
        missing = ~np.isfinite(piece)
        piece = _bridged(piece, missing)
        first = left * up // down
        keep = -(-min(BLOCK * down, len(ecg) - start) * up // down)
        y = sps.resample_poly(piece, up, down, padtype="line") if ratio != 1 else piece
        parts.append(y[first : first + keep].astype(np.float32))
        at = (np.arange(first, first + keep) * down + down // 2) // up
        lost.append(missing[np.minimum(at, len(piece) - 1)])
    return np.concatenate(parts), np.concatenate(lost), fs * up / down


def _bridged(x, missing):
    """`x` (n,) with straight lines across what is missing; zeros where all of it is."""
    if missing.all():
        return np.zeros(len(x))
    good = np.flatnonzero(~missing)
    return np.interp(np.arange(len(x)), good, x[good]) if missing.any() else x


def _levels(x):
    """Lowest and highest level to be shown, with a tenth to spare; wild artefacts of 1 sample in
    10,000 left out."""
    if len(x) == 0:
        return -1.0, 1.0
    low, high = np.percentile(x[:: max(len(x) // 2_000_000, 1)], [0.01, 99.99])
    spare = 0.1 * (high - low) + 0.05
    return float(low - spare), float(high + spare)


def _compressed(array, strategy=zlib.Z_DEFAULT_STRATEGY):
    """base64 of the gzip stream of an array's bytes, as text."""
    stream = zlib.compressobj(6, zlib.DEFLATED, 31, 9, strategy)
    packed = stream.compress(np.ascontiguousarray(array).tobytes()) + stream.flush()
    return base64.b64encode(packed).decode()


# ------------------------------------------------------------------------------------------ beats


class BeatColumns(NamedTuple):
    """What is known of every beat, as bytes (n,): label 0..4 (5: none), confidence and
    probabilities in 1/250 (255: unknown), quality as an index into `qualities`."""

    label: np.ndarray
    confidence: np.ndarray
    probabilities: list[np.ndarray]
    quality: np.ndarray
    qualities: list[str]


def beat_columns(table: pd.DataFrame) -> BeatColumns:
    """The columns of a table of beats, with label at least."""
    n = len(table)
    index = {name: k for k, name in enumerate(CLASSES)}
    label = np.array([index.get(name, len(CLASSES)) for name in table["label"]], np.uint8)
    shares = [_share(table, column) for column in ("confidence", *(f"p_{c}" for c in CLASSES))]
    quality = table["quality"].astype(str) if "quality" in table else ["ok"] * n
    qualities = list(dict.fromkeys(["ok", *quality]))[:256]
    place = {text: k for k, text in enumerate(qualities)}
    codes = np.array([place.get(text, 0) for text in quality], np.uint8)
    return BeatColumns(label, shares[0], shares[1:], codes, qualities)


def _share(table, column):
    if column not in table:
        return np.full(len(table), 255, np.uint8)
    p = table[column].to_numpy(float)
    codes = np.rint(np.clip(np.nan_to_num(p), 0, 1) * 250)
    return np.where(np.isfinite(p), codes, 255).astype(np.uint8)


def pack_beats(samples: ArrayLike, columns: BeatColumns) -> str:
    """Positions (differences, little-endian 32 bits, low bytes first as planes) and columns of the
    beats, compressed."""
    steps = np.diff(np.asarray(samples, np.int64), prepend=0).astype("<u4")
    planes = steps.view(np.uint8).reshape(-1, 4).T.ravel()
    known = [columns.label, columns.confidence, columns.quality, *columns.probabilities]
    return _compressed(np.concatenate([planes, *known]))
