"""The signal as beats are described on it, and the centre of every QRS complex."""

from fractions import Fraction

import numpy as np
from scipy import ndimage

from ecg import dsp

RATE = 250  # Hz at which beats are described
PADDED = 15  # samples by which the filters continue a lead at its ends
STILL = 1e-3  # RMS over 1 s, as a share of the window's, below which a lead gives no signal

# Samples at RATE around the centre of the QRS complex.
QRS = np.arange(-30, 31)  # +-120 ms
BEAT = np.arange(-75, 121)  # -300 .. +480 ms
REGIONS = {"p": (-62, -17), "qrs": (-20, 21), "st": (20, 40), "t": (40, 105), "whole": (-62, 105)}


def prepare(ecg: np.ndarray, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """(x, q): one lead as beats are described on it, float32 at 250 Hz.

    ecg: (n,), any unit, NaN where samples are missing (they are bridged); fs in Hz. x is zero-phase
    band-passed 0.5-40 Hz and q 5-25 Hz (Butterworth, order 2), each with standard deviation 1, so
    that gain drops out. Both are 0 where the lead lies still, so that the last ringing of a filter,
    the same at every beat, is not taken for the shape of the patient's beats.
    """
    x = _at_rate(_bridged(np.asarray(ecg, dtype=np.float64)), fs)
    if len(x) < 64:
        x = np.pad(x, (0, 64 - len(x)), mode="edge") if len(x) else np.zeros(64)
    rounding = 1e-12 * np.abs(x).max()  # what the filters leave of a constant is no signal
    bands = []
    for band in ((0.5, 40), (5, 25)):
        part = dsp.both_ways(dsp.band_pass(*band, RATE), x, PADDED)
        spread = part.std()
        bands.append(part / spread if spread > rounding else np.zeros(len(part)))
    x, q = bands
    still = ndimage.uniform_filter1d(x * x, RATE) < STILL**2
    x[still], q[still] = 0, 0
    return x.astype(np.float32), q.astype(np.float32)


def _bridged(x):
    """Missing samples on a straight line between their neighbours; 0 where all are missing."""
    bad = ~np.isfinite(x)
    if bad.all():
        return np.zeros(len(x))
    if bad.any():
        return np.interp(np.arange(len(x)), np.flatnonzero(~bad), x[~bad])
    return x


def _at_rate(x, fs):
    """x at 250 Hz, by polyphase filtering."""
    if fs == RATE:
        return x
    ratio = Fraction(RATE / fs).limit_denominator(1000)
    return dsp.resampled(x, ratio.numerator, ratio.denominator)


def cut(x: np.ndarray, centre: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Windows of x around integer centres: (m, len(offsets)); the ends of the signal are repeated.

    offsets: successive sample numbers relative to the centre, without a gap."""
    first = centre + offsets[0]
    before = max(0, -first.min(initial=0))
    after = max(0, first.max(initial=0) + len(offsets) - len(x))
    if before or after:
        x = np.pad(x, (before, after), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(x, len(offsets))[first + before]


def region_columns(region: str) -> slice:
    """The columns of beats cut by BEAT that show a region of REGIONS."""
    low, high = REGIONS[region]
    return slice(low - BEAT[0], high - BEAT[0])


def qrs_centre(q: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Centre of each QRS complex in samples of q, float (m,), so that a detector's jitter costs
    nothing.

    q: from `prepare`; r: (m,) R peaks in samples of q. The maximum of the envelope (root of the
    60 ms mean of q squared) within 80 ms of r, then twice the centroid of the energy within 100 ms.
    """
    power = ndimage.uniform_filter1d(q * q, 15)
    at = np.clip(np.rint(r).astype(np.int64), 0, len(q) - 1)
    near = np.arange(-20, 21)
    at = at + near[np.argmax(cut(power, at, near), axis=1)]
    near = np.arange(-25, 26)
    centre = at.astype(np.float64)
    for _ in range(2):
        at = np.rint(centre).astype(np.int64)
        weight = cut(power, at, near) + 1e-12
        centre = at + (weight * near).sum(axis=1) / weight.sum(axis=1)
    return np.clip(centre, 0, len(q) - 1)


def realign(
    x: np.ndarray, centre: np.ndarray, template: np.ndarray, reach: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """Move each beat by at most `reach` samples (48 ms) to where its QRS correlates best with the
    template's.

    centre: int (m,); template: (m, len(QRS)). Returns (centre (m,), moved (m,)), in samples of x.
    """
    wide = cut(x, centre, np.arange(QRS[0] - reach, QRS[-1] + reach + 1))
    # (m, 2 reach + 1, len(QRS))
    views = np.lib.stride_tricks.sliding_window_view(wide, len(QRS), axis=1)
    dot = np.einsum("kij,kj->ki", views, template, optimize=True)
    squares = np.cumsum(np.pad(wide * wide, ((0, 0), (1, 0))), axis=1)
    norm = np.sqrt(np.maximum(squares[:, len(QRS) :] - squares[:, : -len(QRS)], 1e-9))
    moved = np.argmax(dot / norm, axis=1) - reach
    return centre + moved, moved
