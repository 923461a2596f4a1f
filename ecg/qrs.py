"""The QRS detector: the envelope of the QRS band, which of its peaks are beats, where R peaks are.

Every threshold is relative to the levels around it: scale, offset and unit of the signal do not
matter. ecg/rpeaks.py puts the steps together; benchmarks/rpeaks.py shows how the parameters were
chosen and sets some of them through this module.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy import signal as sps

from ecg import dsp
from ecg.stretches import inside, pieces, runs_of

# Times in seconds, levels as shares of the levels around; chosen on MIT-BIH.
QRS_BAND = 7, 25  # Hz
SMOOTH = 0.12, 0.06  # two moving means over |band-passed signal|
MARGIN = 4.0  # after this time a filter has forgotten where its stretch began
APART = 0.27  # two peaks of the envelope are at least this far apart
BLOCK = 1.4  # the levels of signal and noise are taken from blocks of this length ...
AROUND = 9  # ... so many about the place
# of so many blocks the level at this rank, of which the level of the signal is this share at least:
# in a pause too, and where at 20 beats a minute less than half of the blocks hold one
PAUSE = 45, 0.6, 0.35
SILENCE = 1e-9  # an envelope of this share of the signal's spread is rounding error
THRESHOLD = 1.2, 0.30  # a beat stands above 1.2 noise + 0.30 (signal - noise)
# of two beats closer than this the one lower than this share of the other is a P or T wave
T_WAVE = 0.36, 0.42
RR_AROUND = 9  # intervals: their median is the local RR interval
# search back in an interval longer than 1.3 x the local one, which counts as 1.6 s at most ...
LONG_RR = 1.3, 1.6
# ... this far from the beat before, from the beat after, above half the threshold
SEARCH_BACK = 0.36, 0.30, 0.5
# valleys within 0.3 s higher than 0.8 of the peak: a beat only if the rhythm has room for it
VALLEY_REACH, VALLEY_LEVEL = 0.30, 0.8
REACH = 0.075  # the R peak is this near the peak of the envelope
# where QRS complexes point is asked anew every so many seconds, of so many beats at least
POLARITY = 600, 30
# beats are compared with their neighbours over this time either side of the R peak ...
SHAPE = 0.10
ALIKE = 25  # ... and so many together decide whether they are noise:
# signal over noise below the first and likeness below the second
NOISE = (1.25, 1.01), (2.3, 0.75), (6.0, 0.60)
BESIDE_BEAT = 0.15  # s: so far about a beat the envelope is that of the beat
CLEAR = 1.8  # times what lies between: beats so much higher are no noise

Take = Callable[[int, int], np.ndarray]  # (start, stop) -> that part of the signal


class Envelope(NamedTuple):
    """The envelope of the QRS band at 50 to 240 Hz, as far as beats are chosen by it.

    at: int64 (c,), its peaks, in envelope samples; height: (c,), their height; valley: (c,), the
    higher of the valleys beside each. tops, middles: (b,), maximum and median of each block. step:
    signal samples in an envelope sample. block: envelope samples in a block. values: (e,) float32,
    the envelope itself, where it was asked for."""

    at: np.ndarray
    height: np.ndarray
    valley: np.ndarray
    tops: np.ndarray
    middles: np.ndarray
    step: int
    block: int
    values: np.ndarray | None = None


def qrs_envelope(take: Take, n: int, fs: float, chunk: float, keep: bool = False) -> Envelope:
    """The envelope of a signal of `n` samples, without gaps, at `fs` Hz; `chunk` s at a time. keep:
    its values too."""
    step = max(1, int(fs // 120))
    rate = fs / step
    settle = round(1.0 * rate)
    sos = dsp.band_pass(QRS_BAND[0], min(QRS_BAND[1], 0.45 * rate), rate)
    mean = np.full(step, 1 / step)

    def part(first, last):
        x = take(first * step, last * step).reshape(-1, step) @ mean
        # zero phase: once in either direction, from rest and to rest
        x = _with_ends(x - x[0], settle, settle)
        e = np.abs(sps.sosfilt(sos, sps.sosfilt(sos, x)[::-1])[::-1][settle:-settle])
        for width in SMOOTH:
            e = ndimage.uniform_filter1d(e, round(width * rate))
        return e

    return marked_envelope(part, n, fs, chunk, keep)


def marked_envelope(
    part: Callable[[int, int], np.ndarray], n: int, fs: float, chunk: float, keep: bool = False
) -> Envelope:
    """Peaks, valleys and levels of an envelope, `chunk` s at a time. part: (first, last) -> that
    part of it, in its own samples. n: samples of the signal."""
    step = max(1, int(fs // 120))
    rate = fs / step
    total = n // step
    block, margin, beside = (round(s * rate) for s in (BLOCK, MARGIN, VALLEY_REACH / 2))
    values = np.empty(total, np.float32) if keep else None
    out = []
    for start, stop in pieces(total, max(1, round(chunk / BLOCK)) * block):
        first, last = max(start - margin, 0), min(stop + margin, total)
        e = part(first, last)
        at = sps.find_peaks(e, distance=round(APART * rate))[0]
        at = at[(at >= start - first) & (at < stop - first)]
        lowest = ndimage.minimum_filter1d(e[::2], beside + 1)
        valley = np.maximum(
            lowest[np.maximum(at - beside, 0) // 2],
            lowest[np.minimum(at + beside, len(e) - 1) // 2],
        )
        inner = e[start - first : stop - first]
        if values is not None:
            values[start:stop] = np.maximum(inner, 0)  # a running mean rounds below
        blocks = inner[: len(inner) // block * block].reshape(-1, block)
        middles = np.partition(blocks[:, ::3], block // 6, axis=1)[:, block // 6]
        out.append((at + first, e[at], valley, blocks.max(1), middles))
    at, height, valley, tops, middles = (np.concatenate(part) for part in zip(*out))
    return Envelope(at, height, valley, tops, middles, step, block, values)


def ranked(values: np.ndarray, around: int, share: float) -> np.ndarray:
    """Running order statistic of `values` (m,): for each the one at `share` of those, without NaN,
    among the `around` (odd) about it."""
    half, m = around // 2, len(values)
    padded = np.full(m + 2 * half, np.nan)
    padded[half : half + m] = values
    windows = np.ndarray((m, around), buffer=padded, strides=2 * padded.strides)
    count = np.isfinite(windows).sum(1)
    rank = np.minimum((count * share).astype(np.int64), np.maximum(count - 1, 0))
    return np.sort(windows, axis=1)[np.arange(m), rank]


def _with_ends(x, before, after):
    """x (n,) with so many times its first and its last sample put beside it."""
    if before == after == 0:
        return x
    return np.concatenate([np.full(before, x[0]), x, np.full(after, x[-1])])


# ----------------------------------------------------------- which peaks of the envelope are beats


class _Candidates(NamedTuple):
    """Peaks of the envelope outside of gaps, with the levels around them; all (c,).

    at: in envelope samples; gaps_before: how many, since an interval across one is no RR interval.
    height, valley: as in Envelope. noise, threshold: what stands above the threshold is a beat."""

    at: np.ndarray
    gaps_before: np.ndarray
    height: np.ndarray
    valley: np.ndarray
    noise: np.ndarray
    threshold: np.ndarray

    def rr(self, keep):
        """(which candidates are beats, the RR interval after each but the last, its local median);
        NaN across a gap."""
        beat = np.flatnonzero(keep)
        rr = np.diff(self.at[beat]).astype(np.float64)
        rr[np.diff(self.gaps_before[beat]) > 0] = np.nan
        return beat, rr, ranked(rr, RR_AROUND, 0.5) if len(rr) else rr


def choose_beats(
    envelope: Envelope,
    gaps: np.ndarray,
    fs: float,
    silence: float,
    end: int | None,
    least: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(the peaks of the envelope that are beats, int64 (m,) in samples of the signal; signal over
    noise at each, (m,)).

    gaps: (g, 2), where nothing can be found. silence: a level that is rounding error. end: of a
    signal that goes on, in envelope samples, or None. least: the level of the signal is no less."""
    rate, step = fs / envelope.step, envelope.step
    centre, signal, noise = levels(envelope, gaps)
    noise = noise + silence
    known = np.isfinite(signal)
    readable = ~inside(gaps, envelope.at * step + step // 2)
    at, height, valley = (a[readable] for a in (envelope.at, envelope.height, envelope.valley))
    if len(at) == 0 or not known.any():
        return np.zeros(0, np.int64), np.zeros(0)
    signal = np.maximum(np.interp(at, centre[known], signal[known]), least)
    noise = np.interp(at, centre[known], noise[known])
    threshold = THRESHOLD[0] * noise + THRESHOLD[1] * (signal - noise)
    gaps_before = np.searchsorted(gaps[:, 0], at * step)
    candidates = _Candidates(at, gaps_before, height, valley, noise, threshold)
    keep = height > threshold
    _drop_p_and_t_waves(candidates, keep, rate)
    _search_back(candidates, keep, rate, end)
    _drop_bursts(candidates, keep)
    return at[keep] * step + (step - 1) // 2, signal[keep] / noise[keep]


def levels(envelope: Envelope, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(centre of each block in envelope samples, level of the signal, of the noise there), (b,)
    each, NaN in gaps."""
    centre = (np.arange(len(envelope.tops)) + 0.5) * envelope.block
    hidden = inside(gaps, (centre * envelope.step).astype(np.int64))
    tops, middles = (np.where(hidden, np.nan, a) for a in (envelope.tops, envelope.middles))
    around, rank, share = PAUSE
    signal = np.fmax(ranked(tops, AROUND, 0.45), share * ranked(tops, around, rank))
    return centre, signal, ranked(middles, AROUND, 0.5)


def _drop_p_and_t_waves(candidates, keep, rate):
    """Of two beats too close to each other the much lower one is none."""
    while True:
        beat = np.flatnonzero(keep)
        near = np.diff(candidates.at[beat]) < T_WAVE[0] * rate
        first, second = candidates.height[beat[:-1]], candidates.height[beat[1:]]
        before = beat[:-1][near & (first < T_WAVE[1] * second)]
        after = beat[1:][near & (second < T_WAVE[1] * first)]
        if len(before) + len(after) == 0:
            return
        keep[before] = keep[after] = False


def _search_back(candidates, keep, rate, end):
    """Missed beats: the highest candidate in each long interval is one, three times over."""
    at, height, noise = candidates.at, candidates.height, candidates.noise
    for _ in range(3):
        beat, rr, local_rr = candidates.rr(keep)
        place = at[beat]
        if end is not None and len(rr):
            rr = np.append(rr, end - place[-1])
            local_rr = np.append(local_rr, local_rr[-1])
            place = np.append(place, end)
        low = np.flatnonzero(
            ~keep & (height > noise + SEARCH_BACK[2] * (candidates.threshold - noise))
        )
        k = np.searchsorted(beat, low) - 1
        low, k = (a[(k >= 0) & (k < len(rr))] for a in (low, k))
        fits = (
            (rr[k] > LONG_RR[0] * np.minimum(local_rr[k], LONG_RR[1] * rate))
            & (at[low] - place[k] >= SEARCH_BACK[0] * rate)
            & (place[k + 1] - at[low] >= SEARCH_BACK[1] * rate)
        )
        low, k = low[fits], k[fits]
        if len(k) == 0:
            return
        order = np.lexsort((-height[low], k))
        highest = np.concatenate([[True], np.diff(k[order]) > 0])
        keep[low[order[highest]]] = True


def _drop_bursts(candidates, keep):
    """Bursts of noise between beats of a steady rhythm, twice over: no valley beside the peak, and
    no room for it."""
    for _ in range(2):
        beat, rr, local_rr = candidates.rr(keep)
        if len(rr) < 2:
            return
        room = (rr[1:] + rr[:-1]) / (local_rr[1:] + local_rr[:-1])
        inner = beat[1:-1]
        busy = candidates.valley[inner] / candidates.height[inner] / (VALLEY_LEVEL * room)
        busy = np.concatenate([[0.0], np.nan_to_num(busy), [0.0]])
        worst = busy[1:-1] >= np.maximum(1, np.maximum(busy[2:], busy[:-2]))
        if not worst.any():
            return
        keep[inner[worst]] = False


# --------------------------------------------------------------------- where the R peaks are


def stretches_of_peaks(
    take: Take, peaks: np.ndarray, n: int, longest: int, before: int, after: int
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """(signal, those of `peaks` (m,) in it, the sample that it begins at) of every stretch of up to
    `longest` samples that holds a peak, with `before` and `after` samples beside it; beyond the
    ends of the signal of n stand its end values."""
    for start, stop in pieces(n, longest):
        p = peaks[np.searchsorted(peaks, start) : np.searchsorted(peaks, stop)]
        if len(p) == 0:
            continue
        first, last = start - before, stop + after
        x = take(max(first, 0), min(last, n))
        yield _with_ends(x, max(-first, 0), max(last - n, 0)), p, first


def locate_r_peaks(
    take: Take, peaks: np.ndarray, n: int, fs: float
) -> tuple[np.ndarray, np.ndarray]:
    """(the R peak near each of `peaks`, int64 (m,) both, in samples of the signal of `n`; the shape
    about each, (m, w), in the signal's unit).

    The R peak is the largest deviation from the mean of 0.2 s. Of two that are nearly as large, the
    one that points where most QRS complexes of these ten minutes point: so a biphasic QRS is marked
    at the same wave throughout, and a lead that is turned upside down has the same R peaks."""
    reach, wide, side = (max(1, round(seconds * fs)) for seconds in (REACH, 0.2, SHAPE))
    # of equal samples always the same one, whatever the rounding
    prefer = 1 - 1e-5 * np.abs(np.arange(-reach, reach + 1) + 0.3) / reach
    thin = max(1, round(fs / 120))
    margin = reach + side + wide + 1  # what is looked at beyond a stretch
    found, shapes = [np.zeros(0, np.int64)], [np.zeros((0, 2 * side // thin + 1))]
    points = 0
    for x, p, first in stretches_of_peaks(take, peaks, n, round(POLARITY[0] * fs), margin, margin):
        total = np.zeros(len(x) + 1)
        np.cumsum(x, out=total[1:])
        s = _detail(total, p - first, reach, fs)
        if points == 0 or len(p) >= POLARITY[1]:
            points = 1 if np.median(s.max(1) + s.min(1)) >= 0 else -1
        s *= points
        p = np.clip(p + (np.where(s > 0, s, -0.85 * s) * prefer).argmax(1) - reach, 0, n - 1)
        found.append(p)
        shapes.append(_detail(total, p - first, side, fs, thin))
    return np.concatenate(found), np.concatenate(shapes)


def _detail(total, at, half, fs, thin=1):
    """Mean of 22 ms less mean of 0.2 s, every `thin` samples from `half` before each of `at` (k,)
    to `half` after. total: (n + 1,), the running sum of the signal."""
    fine, wide = (max(1, round(seconds * fs)) for seconds in (0.022, 0.2))
    windows = np.lib.stride_tricks.sliding_window_view(total, 2 * half + 1 + wide)
    sums = windows[at - half - wide // 2]
    inner = sums[:, wide // 2 - fine // 2 :][:, : 2 * half + 1 + fine]
    mean_fine = (inner[:, fine::thin] - inner[:, :-fine:thin]) * (1 / fine)
    return mean_fine - (sums[:, wide::thin] - sums[:, :-wide:thin]) * (1 / wide)


def likeness_of(shapes: np.ndarray) -> np.ndarray:
    """(m,) correlation, -1..1, of each shape (m, w) with those of the four beats before and after
    it: the one above seven tenths of them; NaN without neighbours."""
    shapes = shapes / (np.sqrt((shapes**2).sum(1, keepdims=True)) + np.finfo(float).tiny)
    like = np.full((len(shapes), 8), np.nan)
    for k in range(1, min(5, len(shapes))):
        like[k:, k - 1] = like[:-k, k + 3] = np.einsum("ij,ij->i", shapes[k:], shapes[:-k])
    like.sort(axis=1)
    count = np.isfinite(like).sum(1)
    return like[np.arange(len(shapes)), (0.7 * count).astype(np.int64)]


def is_noise(
    contrast: np.ndarray, likeness: np.ndarray, envelope: Envelope, beats: np.ndarray, rate: float
) -> np.ndarray:
    """bool (m,): the beats that are noise, because they stand out little and do not repeat, nor
    stand clearly above all between them.

    contrast, likeness: (m,), as `choose_beats` and `likeness_of` give them. beats: (m,) in
    samples of the envelope, which has `rate` of them a second."""
    around = ranked(likeness, ALIKE, 0.5) if len(likeness) else likeness
    noisy = np.any([(contrast < ratio) & (around < least) for ratio, least in NOISE], axis=0)
    # to the last of its beats that is like no other
    for first, stop in runs_of(noisy | (likeness < NOISE[-1][1])):
        noisy[first:stop] = noisy[first:stop].any()
    return noisy & ~_stand_clear(envelope, beats, rate) if noisy.any() else noisy


def all_stand_out(contrast: np.ndarray) -> bool:
    """Whether no beat of this contrast (m,) can be noise, whatever its shape."""
    return len(contrast) == 0 or contrast.min() >= NOISE[-1][0]


def highest_between(envelope: Envelope, beats: np.ndarray, rate: float) -> np.ndarray:
    """(m + 1,) the highest peak of the envelope before, between and after `beats` (m,), in envelope
    samples; 0.15 s beside a beat are left out; 0 where there is none."""
    at, far = envelope.at, round(BESIDE_BEAT * rate)
    after = np.searchsorted(beats, at)
    padded = np.concatenate([[-far - 1], beats, [np.iinfo(np.int64).max]])
    clear = (at - padded[after] > far) & (padded[after + 1] - at > far)
    highest = np.zeros(len(beats) + 1)
    np.maximum.at(highest, after[clear], envelope.height[clear])
    return highest


def _stand_clear(envelope: Envelope, beats: np.ndarray, rate: float) -> np.ndarray:
    """(m,) bool: where beats, (m,) in envelope samples, stand clearly above all between them: over
    25 of them, 12 at least, the lower quartile of their heights above 1.8 times the upper quartile
    of the highest peaks between. Of pure noise it is at most 1.6 times."""
    at = np.minimum(np.searchsorted(envelope.at, beats), len(envelope.at) - 1)
    between = highest_between(envelope, beats, rate)[1:]
    between = np.where(between > 0, between, np.nan)  # two so close that nothing is between
    low = ranked(envelope.height[at], ALIKE, 0.25)
    high = ranked(between, ALIKE, 0.75)
    known = np.convolve(np.isfinite(between), np.ones(ALIKE), "same")
    return (low > CLEAR * high) & (known[: len(beats)] >= ALIKE // 2)
