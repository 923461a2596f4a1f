"""A recording as the rhythm network takes it: looks of half a minute at each lead, the waveform and
numbers beside it. Training and serving use it alike.

    describe_strips([lead], fs, r_peaks, labels).waveform       # float32 (leads, k, SAMPLES)
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ecg import dsp
from ecg.rhythm import padded
from ecg.rhythm.rr_numbers import RR_NAMES, VENTRICULAR, rr_numbers
from ecg.rhythm.track import STEP, STRIP
from ecg.rhythm.wave_numbers import RATE, WAVE_NAMES, wave_numbers

NUMBER_NAMES = (*RR_NAMES, *WAVE_NAMES)
SAMPLES = int(STRIP * RATE)  # of a strip
BAND = 0.5, 40.0  # Hz
MARGIN = 4.0  # s beside a page that the filters see
PAGE = 60  # looks that are described at a time: ten minutes
LEVEL = 200  # samples, 2 s: the scale of a strip is the median swing of such pieces
SCALED, CLIPPED = 6.0, 10.0  # such a swing in the waveform; where it is cut off
SHORTEST = 2.0  # s: less signal is no strip


class Strips(NamedTuple):
    """start_s, stop_s: float (k,) s, what each look saw. waveform: float32 (leads, k, SAMPLES), at
    RATE, scaled by its own swing, 0 where samples are missing and after the end. numbers: float32
    (leads, k, len(NUMBER_NAMES)), NaN where not known. there: float32 (leads, k), share of the
    samples of each look that are not missing."""

    start_s: np.ndarray
    stop_s: np.ndarray
    waveform: np.ndarray
    numbers: np.ndarray
    there: np.ndarray


def look_starts(duration: float) -> np.ndarray:
    """float (k,) s at which the looks at a recording of so many seconds begin: every STEP, and one
    that ends with it; one look where there is no more than half a minute."""
    starts = np.arange(0, max(duration - STRIP, 0) + 1e-6, STEP)
    rest = duration - STRIP - starts[-1]
    return np.append(starts, duration - STRIP) if rest > 1 else starts


def describe_strips(
    leads: Sequence[np.ndarray], fs: float, r_peaks: np.ndarray, labels: Sequence[str] | np.ndarray
) -> Strips:
    """All looks at a recording.

    leads: (n,) each, any unit, offset and gain, NaN where samples are missing; fs in Hz; r_peaks:
    (m,) samples of the beats, increasing; labels: (m,) letters N S V F Q or ? of them."""
    return joined(list(strip_pages(leads, fs, r_peaks, labels)))


def joined(pages: Sequence[Strips]) -> Strips:
    """Successive Strips as one."""
    times = (np.concatenate([getattr(p, name) for p in pages]) for name in ("start_s", "stop_s"))
    by_lead = (
        np.concatenate([getattr(p, name) for p in pages], axis=1)
        for name in ("waveform", "numbers", "there")
    )
    return Strips(*times, *by_lead)


def strip_pages(
    leads: Sequence[np.ndarray], fs: float, r_peaks: np.ndarray, labels: Sequence[str] | np.ndarray
) -> Iterator[Strips]:
    """`describe_strips` in pages of at most PAGE looks, so that a day needs little memory."""
    r_peaks, labels = np.asarray(r_peaks, np.int64), np.asarray(labels, dtype="U1")
    duration = len(leads[0]) / fs
    if duration < SHORTEST:
        yield _empty(len(leads))
        return
    starts = look_starts(duration)
    for at in range(0, len(starts), PAGE):
        yield strips_at(leads, fs, r_peaks, labels, starts[at : at + PAGE])


def strips_at(
    leads: Sequence[np.ndarray],
    fs: float,
    r_peaks: np.ndarray,
    labels: np.ndarray,
    starts: np.ndarray,
) -> Strips:
    """The looks that begin at `starts` (k,) s, increasing; they lie near each other."""
    duration = len(leads[0]) / fs
    stops = np.minimum(starts + STRIP, duration)
    a = max(int((starts[0] - MARGIN) * fs), 0)
    b = min(int(np.ceil((stops[-1] + MARGIN) * fs)), len(leads[0]))
    owned = [slice(*np.searchsorted(r_peaks, span)) for span in zip(starts * fs, stops * fs)]
    look = np.repeat(np.arange(len(starts)), [own.stop - own.start for own in owned])
    beat = np.concatenate([np.arange(own.start, own.stop) for own in owned])
    times, letters = r_peaks[beat] / fs, labels[beat]
    rr = rr_numbers(times, letters, look, stops - starts)
    n = min(round((stops[0] - starts[0]) * RATE), SAMPLES)
    waveform = np.zeros((len(leads), len(starts), SAMPLES), np.float32)
    numbers = np.full((len(leads), len(starts), len(NUMBER_NAMES)), np.nan, np.float32)
    there = np.zeros((len(leads), len(starts)), np.float32)
    at = np.rint((times - starts[look]) * RATE).astype(np.int64)
    for number, lead in enumerate(leads):
        x, known = at_rate(lead[a:b], fs)
        first = np.rint((starts - a / fs) * RATE).astype(np.int64)
        cut = np.minimum(first[:, None] + np.arange(n), len(x) - 1)
        y, seen = _scaled(x[cut], known[cut]), known[cut]
        waveform[number, :, :n] = np.clip(y, -CLIPPED, CLIPPED)
        there[number] = seen.mean(axis=1)
        of_waves = wave_numbers(y, seen, at, look, np.isin(letters, VENTRICULAR))
        of_waves[there[number] == 0] = np.nan
        numbers[number] = np.hstack([rr, of_waves])
    return Strips(starts, stops, waveform, numbers, there)


def _empty(leads):
    shape = leads, 0
    waveform = np.zeros((*shape, SAMPLES), np.float32)
    numbers = np.zeros((*shape, len(NUMBER_NAMES)), np.float32)
    return Strips(np.zeros(0), np.zeros(0), waveform, numbers, np.zeros(shape, np.float32))


def at_rate(x: np.ndarray, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """(the signal (n,) at fs Hz at RATE, in BAND, 0 where samples are missing; where they are
    not)."""
    x = np.asarray(x, np.float64)
    there = np.isfinite(x)
    if not there.all():
        known = np.flatnonzero(there)
        x = np.interp(np.arange(len(x)), known, x[known]) if len(known) else np.zeros(len(x))
    x = x - np.median(x)
    ratio = Fraction(RATE / fs).limit_denominator(1000)
    if ratio != 1:
        x = dsp.resampled(x, ratio.numerator, ratio.denominator)
    rounding = 1e-9 * np.abs(x).max(initial=0)
    y = dsp.both_ways(dsp.band_pass(*BAND, RATE), x, min(len(x) - 1, 2 * RATE))
    y[np.abs(y) <= rounding] = 0.0
    if there.all():
        return y, np.ones(len(y), bool)
    there = there[np.minimum((np.arange(len(y)) * (fs / RATE)).astype(np.int64), len(there) - 1)]
    return np.where(there, y, 0.0), there


def _scaled(y, there):
    """The strips (k, n) over the median swing of their pieces of 2 s that are not missing, times
    SCALED."""
    edges = np.arange(0, y.shape[1], LEVEL)
    swings = np.maximum.reduceat(y, edges, axis=1) - np.minimum.reduceat(y, edges, axis=1)
    whole = np.logical_and.reduceat(there, edges, axis=1)
    swing = np.nan_to_num(padded.percentiles(swings, whole, [50])[0])
    swing = np.where(swing > 0, swing, np.ptp(y, axis=1))[:, None]
    return y * (SCALED / np.where(swing > 0, swing, SCALED))
