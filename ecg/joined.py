"""The envelope that the leads of a recording have in common: each lead's own, in units of its own
QRS complexes, weighted by how far its own beats stand above all between them.

A lead of noise, one that came off or was clipped earns next to no weight while that lasts; the rule
and its constants were tried on MIT-BIH, SVDB and the noise stress test (benchmarks/rpeaks.py)."""

from typing import NamedTuple

import numpy as np

from ecg.gaps import Gaps, bridged
from ecg.qrs import (
    SILENCE,
    Envelope,
    Take,
    all_stand_out,
    choose_beats,
    highest_between,
    is_noise,
    levels,
    locate_r_peaks,
    marked_envelope,
    qrs_envelope,
)

AROUND = 19  # beats: over so many the lowest is held against the highest peak between them
WEIGHT = 0.01, 10.0  # limits of the weight
GRID = 4  # envelope samples, 33 ms: weights and levels change slowly
NOISE = 0.05  # times the weight where the lead's own beats are noise


class ReadLead(NamedTuple):
    """A lead with its own beats. n: samples. take: (start, stop) -> that part, bridged. envelope:
    with its values. at: (m,) its own beats in envelope samples. noisy: (m,) which of them are
    noise."""

    n: int
    gaps: Gaps
    take: Take
    envelope: Envelope
    at: np.ndarray
    noisy: np.ndarray

    def is_noisy(self, at: np.ndarray) -> np.ndarray:
        """(m,) bool: whether the lead's own beat nearest to each of `at`, in envelope samples, is
        noise; so where it has none."""
        if len(self.at) == 0:
            return np.ones(len(at), bool)
        middle = (self.at[1:] + self.at[:-1]) / 2
        return self.noisy[np.searchsorted(middle, at)]


def read_lead(ecg: np.ndarray, gaps: Gaps, fs: float, chunk: float) -> ReadLead:
    """The beats that a lead (n,) with these gaps shows by itself."""
    n = len(ecg)

    def take(start, stop):
        return bridged(ecg, start, stop, gaps)

    envelope = qrs_envelope(take, n, fs, chunk, keep=True)
    at, contrast = choose_beats(envelope, gaps.spans, fs, SILENCE * gaps.spread, None)
    beats = at // envelope.step
    if all_stand_out(contrast):
        noisy = np.zeros(len(at), bool)
    else:
        _, likeness = locate_r_peaks(take, at, n, fs)
        noisy = is_noise(contrast, likeness, envelope, beats, fs / envelope.step)
    return ReadLead(n, gaps, take, envelope, beats, noisy)


def joined_envelope(leads: list[ReadLead], fs: float, chunk: float) -> Envelope:
    """The envelope of several leads: the square of the weighted mean of the roots of their own. The
    root keeps a burst of noise in one lead from outweighing the beat that the others show."""
    terms = [(lead, *_weights(lead, fs)) for lead in leads]

    def part(first, last):
        skip = first % GRID  # the grid does not depend on where a chunk begins
        coarse = np.arange(first - skip, last, GRID)
        total = np.zeros(len(coarse))
        root = np.zeros(last - first, np.float32)
        for lead, places, weights, centres, level in terms:
            if len(places) == 0:
                continue
            weight = np.interp(coarse, places, weights)
            for start, stop in (
                lead.gaps.spans // lead.envelope.step // GRID - coarse[0] // GRID + [0, 1]
            ):
                weight[max(start, 0) : max(stop, 0)] = 0
            total += weight
            scale = weight / np.sqrt(np.interp(coarse, centres, level))
            root += _fine(scale, skip, last - first) * np.sqrt(lead.envelope.values[first:last])
        return (root * _fine(1 / np.maximum(total, 1e-9), skip, last - first)) ** 2

    return marked_envelope(part, leads[0].n, fs, chunk)


def _fine(values, skip, n):
    """(n,) float32 of values that stand for GRID samples each, after the first `skip`."""
    return np.repeat(values.astype(np.float32), GRID)[skip : skip + n]


def _weights(lead, fs):
    """(places in envelope samples and weights there, places and the level of the signal there)."""
    envelope, at = lead.envelope, lead.at
    centre, signal, _ = levels(envelope, lead.gaps.spans)
    known = np.isfinite(signal) & (signal > 0)
    if not known.any() or len(at) < 3:
        return np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)
    centre, signal = centre[known], signal[known]
    relative = envelope._replace(height=envelope.height / np.interp(envelope.at, centre, signal))
    between = highest_between(relative, at, fs / envelope.step)
    beats = envelope.values[at] / np.interp(at, centre, signal)
    low = _running(beats, np.min, np.inf)
    high = _running(np.maximum(between[1:], between[:-1]), np.max, 0)
    weight = np.clip(low / np.maximum(high, 1e-3), *WEIGHT)
    return at, weight * np.where(lead.noisy, NOISE, 1), centre, signal


def _running(values, reduce, beyond):
    """Of each value (m,) and its neighbours, AROUND together, what `reduce` makes of them; `beyond`
    stands for those past either end."""
    padded = np.pad(values, AROUND // 2, constant_values=beyond)
    return reduce(np.lib.stride_tricks.sliding_window_view(padded, AROUND), axis=1)
