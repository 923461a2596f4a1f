"""The envelope that the leads of a recording have in common: each lead's own, in units of its own
QRS complexes, weighted by how far its own beats stand above all between them.

A lead of noise, one that came off or was clipped earns next to no weight while that lasts; the rule
and its constants were tried on MIT-BIH, SVDB and the noise stress test (benchmarks/rpeaks.py)."""

from typing import NamedTuple

import numpy as np

from ecg.fast import Fast, find_fast
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
    likeness_of,
    locate_r_peaks,
    marked_envelope,
    qrs_envelope,
)
from ecg.standstill import (
    LOW,
    STEADY,
    Usual,
    are_p_waves,
    are_spikes,
    sharpness,
    usual_heights,
    usual_of,
)

AROUND = 19  # beats: over so many the lowest is held against the highest peak between them
WEIGHT = 0.01, 10.0  # limits of the weight
GRID = 4  # envelope samples, 33 ms: weights and levels change slowly
LOW_WITHIN = 0.06  # s about a beat of all leads: where that of one lead peaks
SAME = 0.1  # s: so near to each other two leads show the same beat
SHORT = 60.0  # s: of less signal it is always told what its beats are usually like
NOISE = 0.05  # times the weight where the lead's own beats are noise


class ReadLead(NamedTuple):
    """A lead with its own beats. n: samples. take: (start, stop) -> that part, bridged. envelope:
    of the QRS band. at: (m,) its own beats in envelope samples. peaks: (m,) their R peaks in
    samples, empty where nobody asked for them. noisy: (m,) which of them are noise. refused: (r,)
    in envelope samples, what stands out and is a P wave or a spike in standstill. level: (m,) the
    usual height of the envelope. usual: what its beats are usually like. fast: where they come so
    fast that the envelope cannot tell them apart."""

    n: int
    gaps: Gaps
    take: Take
    envelope: Envelope
    at: np.ndarray
    peaks: np.ndarray
    noisy: np.ndarray
    refused: np.ndarray
    level: np.ndarray
    usual: Usual
    fast: Fast

    def is_noisy(self, at: np.ndarray) -> np.ndarray:
        """(m,) bool: whether the lead's own beat nearest to each of `at`, in envelope samples, is
        noise; so where it has none."""
        if len(self.at) == 0:
            return np.ones(len(at), bool)
        middle = (self.at[1:] + self.at[:-1]) / 2
        return self.noisy[np.searchsorted(middle, at)]


def read_lead(
    ecg: np.ndarray,
    gaps: Gaps,
    fs: float,
    chunk: float,
    end: int | None = None,
    known: Usual = Usual(),
    alone: bool = False,
    tell: bool = True,
) -> ReadLead:
    """The beats that a lead (n,) with these gaps shows by itself. end: as for `choose_beats`.
    known: what its beats were like before. alone: no other lead helps, so that the R peaks are
    wanted, and not the values of the envelope. tell: what the beats of less than a minute are
    usually like is always told."""
    n = len(ecg)

    def take(start, stop):
        return bridged(ecg, start, stop, gaps)

    envelope = qrs_envelope(take, n, fs, chunk, keep=not alone)
    least = LOW * np.nan_to_num(known.height)
    at, contrast = choose_beats(envelope, gaps.spans, fs, SILENCE * gaps.spread, end, least)
    k = np.searchsorted(envelope.at, at // envelope.step)
    fast = find_fast(take, n, fs, at, envelope.valley[k] / envelope.height[k], gaps.spans)
    at, contrast = fast.instead(at, contrast)
    clear = all_stand_out(contrast)
    wanted = alone or not clear or tell and n < SHORT * fs
    seen = _without_standstill(take, at, n, fs, envelope, known, wanted)
    kept, peaks, shapes = seen.kept, seen.peaks, seen.shapes
    refused, at, contrast = at[~kept] // envelope.step, at[kept] // envelope.step, contrast[kept]
    noisy = np.zeros(len(at), bool)
    if shapes is not None and not clear:
        noisy = is_noise(contrast, likeness_of(shapes), envelope, at, fs / envelope.step)
    return ReadLead(
        n, gaps, take, envelope, at, peaks, noisy, refused, seen.level, seen.usual, fast
    )


class _Seen(NamedTuple):
    """kept: (c,) bool, what are beats of those that stand out, m of them. level: (m,) the usual
    height there. usual: of these. peaks, shapes: (m,), (m, w), or none where nobody needs them."""

    kept: np.ndarray
    level: np.ndarray
    usual: Usual
    peaks: np.ndarray
    shapes: np.ndarray | None


def _without_standstill(take, at, n, fs, envelope, known, shapes_wanted):
    """What are beats of those at `at`, (c,) in samples: no P waves and spikes in standstill."""
    nearest = np.minimum(np.searchsorted(envelope.at, at // envelope.step), len(envelope.at) - 1)
    height = envelope.height[nearest]
    kept = ~are_spikes(take, at, n, fs)
    level = usual_heights(at / fs, np.where(kept, height, np.nan), known.height)
    if not (shapes_wanted or (height < LOW * level).any()):
        return _Seen(kept, level[kept], Usual(), at[:0], None)
    peaks, shapes = locate_r_peaks(take, at, n, fs)
    steady = kept & (likeness_of(shapes) > STEADY)
    level = usual_heights(at / fs, np.where(steady, height, np.nan), known.height)
    rate = fs / max(1, round(fs / 120))
    usual = usual_of(np.where(kept, height, 0), sharpness(shapes, rate), level)
    sharp = usual.sharp if np.isnan(known.sharp) else known.sharp
    rest = np.flatnonzero(kept)  # a spike among P waves would sharpen them
    kept[rest] = ~are_p_waves((height / level)[rest], shapes[rest], rate, sharp)
    return _Seen(kept, level[kept], usual, peaks[kept], shapes[kept])


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


def refused_by_leads(leads: list[ReadLead], at: np.ndarray, rate: float) -> np.ndarray:
    """(m,) bool: which beats that the leads show together, in envelope samples, `rate` of them a
    second, no lead has found by itself and one has refused or all show far too low."""
    refused, found = (
        np.sort(np.concatenate([getattr(lead, name) for lead in leads]))
        for name in ("refused", "at")
    )
    out = ~_near(found, at, SAME * rate)
    alone, reach = at[out], round(LOW_WITHIN * rate)
    low = np.ones(len(alone), bool)
    for lead in leads:
        if len(lead.at) and lead.envelope.values is not None:
            around = np.clip(
                alone[:, None] + np.arange(-reach, reach + 1), 0, len(lead.envelope.values) - 1
            )
            height = lead.envelope.values[around].max(1)
            low &= height < LOW * np.interp(alone, lead.at, lead.level)
    out[out] = low | _near(refused, alone, SAME * rate)
    return out


def _near(places, at, reach):
    """(m,) bool: whether one of the increasing `places` lies within reach of each of `at` (m,)."""
    return np.searchsorted(places, at + reach, "right") > np.searchsorted(places, at - reach)


def _fine(values, skip, n):
    """(n,) float32 of values that stand for GRID samples each, after the first `skip`."""
    return np.repeat(values.astype(np.float32), GRID)[skip : skip + n]


def _weights(lead, fs):
    """(places in envelope samples and weights there, places and the level of the signal there)."""
    envelope, at = lead.envelope, lead.at
    centre, signal, _ = levels(envelope, lead.gaps.spans)
    known = np.isfinite(signal) & (signal > 0)
    if not known.any() or len(at) < (3 if np.isnan(lead.level).all() else 1):
        return np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)
    centre, signal = centre[known], signal[known]
    signal = np.fmax(signal, LOW * np.interp(centre, at, lead.level))
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
    beside = np.full(AROUND // 2, beyond, np.float64)
    padded = np.concatenate([beside, values, beside])
    return reduce(np.lib.stride_tricks.sliding_window_view(padded, AROUND), axis=1)
