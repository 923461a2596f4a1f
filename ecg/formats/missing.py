"""Numbers that stand for a missing sample: 9999, -32768 and their like."""

import numpy as np

from ecg.stretches import runs_of
from ecg.translations import Note

# what exporters write where nothing was measured: nines, the ends of 16, 24 and 32 bits
CODES = [0.0, -2048.0, 32767.0, -32768.0, 32768.0, 65535.0, 8388607.0, -8388608.0, 2147483647.0]
CODES += [-2147483648.0, *(sign * (10.0**k - 1) for k in range(3, 8) for sign in (1, -1))]
FAR = 2.0  # times the span of all other values: as far outside stands a known code at least
FARTHER = 4.0  # any other value
SHORTEST = 0.1  # s: the run in which any other value must stand once


def codes_as_missing(x: np.ndarray, fs: float) -> tuple[np.ndarray, tuple[str, ...]]:
    """(x with NaN for codes of a missing sample, notes on them). x: (n,) float64 at fs Hz, NaN
    where missing.

    A code is the greatest or least value, far outside all others: one that is known as a code, or
    one that stands in runs as no ECG does. x itself is left as it is."""
    notes: tuple[str, ...] = ()
    for _ in range(4):  # one after another: a file may use several
        code = _code(x, fs)
        if code is None:
            break
        hits = x == code
        x = np.where(hits, np.nan, x)
        count = np.count_nonzero(hits)
        notes += (
            Note(
                "{code:.10g} stands for a missing sample, far outside the rest: {n} samples, "
                "{seconds:.3g} s, not labelled",
                code=code,
                n=f"{count:,}",
                seconds=count / fs,
            ),
        )
    return x, notes


def _code(x, fs):
    """The greatest or least value of x where it is a code, else None."""
    if len(x) == 0:
        return None
    low, high = np.fmin.reduce(x), np.fmax.reduce(x)
    sample = x[:: max(1, len(x) // 20_000)]
    sample = sample[(sample > low) & (sample < high)]
    if len(sample) < 20:
        return None
    least, greatest = sample.min(), sample.max()
    for value in (low, high):
        gap = least - low if value == low else high - greatest
        other = high - greatest if value == low else least - low
        # of the rest the other extreme may be a code too: it is asked in its turn
        span = greatest - least + (other if other < greatest - least else 0)
        if gap > FAR * span and _is_code(x, value, fs, low, high):
            return value
    return None


def _is_code(x, value, fs, low, high):
    hits = x == value
    rest = x[~hits & (x != (high if value == low else low))]
    rest = rest[np.isfinite(rest)]
    if len(rest) < 20:
        return False
    span = np.ptp(rest)
    gap = rest.min() - value if value == low else value - rest.max()
    if value in CODES or abs(value) >= 1e30:
        return gap > FAR * span
    longest = np.ptp(runs_of(hits), axis=1).max()
    return gap > FARTHER * span and longest >= max(3, SHORTEST * fs)
