"""A beat against its own patient: rhythm, shape against the patient's own template, neighbours. No labels, NumPy and SciPy only.

The shape of a normal beat differs more between two people than a normal from an ectopic beat in one person, so a model that sees
a beat alone does not carry over to the next patient. Here every beat becomes a list of numbers (`NAMES`) that compare it with the
patient's own usual beat and usual rhythm: ratios, correlations and logarithms, so that gain, polarity and sampling rate drop out.

    beats = describe(ecg, fs, r_peaks)                        # whole recording, in pages of half an hour
    beats = describe(ecg, fs, r_peaks, past=300, delay=60)    # what a bedside monitor can know: the same code on a moving window
    logits(model, [beats])                                    # the network over beats.numbers; then beats that are alike agree
    logits(model, [beats, of_the_second_lead])                # every lead by itself, then their mean

A page (or a moving window) goes through these steps: the signal at 250 Hz and 0.5-40 Hz; every R peak moved to the energy centre of its
QRS complex (a detector's jitter costs nothing); QRS shapes clustered; the dominant shape chosen by size and by *not being premature*;
normal RR interval and template as running averages over the dominant beats; then the groups of numbers below.
"""
import json
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy import signal as sps

from ecg.artifacts import InputError
from ecg.beats import CLASS_NAMES

RATE = 250                  # Hz at which beats are described
PAGE = 1800.0               # s: long recordings are described half an hour at a time, as the models were trained ...
MARGIN = 120.0              # s of signal on either side of a page that it may look at
STILL = 1e-3                # RMS over 1 s, as a share of the page's, below which a lead gives no signal
HOP = 30.0                  # s from one moving window to the next
CLUSTERS = 15               # shapes at most; beats unlike all of them share one more cluster
ALIKE = 0.90                # correlation at which two QRS complexes have the same shape
_QRS = np.arange(-30, 31)   # +-120 ms around the centre of the QRS complex
_BEAT = np.arange(-75, 121)                                        # -300 .. +480 ms
_REGIONS = {"p": (-62, -17), "qrs": (-20, 21), "st": (20, 40), "t": (40, 105), "whole": (-62, 105)}   # samples around the centre


class Beats(NamedTuple):
    """The beats of a recording, described. numbers: float32 (m, len(NAMES)), finite: what the network sees. shapes: float32
    (m, 72), what `agreed` compares: the QRS complex at 125 Hz (30) and the beat from P to T at 62.5 Hz (42), each without its
    mean and of norm 1. reach: int (m, 2), first and last + 1 of the beats that a beat may be compared with."""
    numbers: np.ndarray
    shapes: np.ndarray
    reach: np.ndarray


def describe(ecg, fs, r_peaks, past=None, delay=60.0, hop=HOP):
    """Describe every beat of a recording against the recording itself.

    ecg: (n,) one lead, any unit, NaN where samples are missing; fs in Hz; r_peaks: (m,) sample numbers of the R peaks, increasing.
    past: None takes the whole recording, else only the `past` seconds before a beat (and what lies before its window's end);
    delay: with `past`, seconds of signal after a beat before it is described; hop: seconds from one window to the next.
    Returns Beats. Raises ValueError for a signal that is not one lead or peaks outside it.
    """
    return _described(ecg, fs, r_peaks, past, delay, hop)[0]


def _described(ecg, fs, r_peaks, past=None, delay=60.0, hop=HOP, numbers=True, spikes=False):
    """(Beats or None, beats after a pacing spike bool (m,) or None), as asked for; each window is prepared once."""
    ecg, r_peaks = np.asarray(ecg), np.asarray(r_peaks, dtype=np.int64)
    if ecg.ndim != 1:
        raise ValueError(f"ecg has shape {ecg.shape}: give one lead, shape (samples,)")
    if len(r_peaks) and (r_peaks.min() < 0 or r_peaks.max() >= len(ecg) or np.any(np.diff(r_peaks) <= 0)):
        raise ValueError("r_peaks must increase and lie inside the signal")
    m = len(r_peaks)
    table = Beats(np.zeros((m, len(NAMES)), np.float32), np.zeros((m, QRS_SHAPE + WHOLE_SHAPE), np.float32),
                  np.zeros((m, 2), np.int64)) if numbers else None
    spiked = np.zeros(m, bool) if spikes else None
    sought = spikes and fs >= SPIKE_RATE
    for low, high, start, stop in windows(len(ecg) / fs, past, delay, hop):
        inside = slice(*np.searchsorted(r_peaks, [start * fs, stop * fs]))
        wanted = slice(*np.searchsorted(r_peaks, [low * fs, high * fs]))
        if wanted.start == wanted.stop or not (numbers or sought):
            continue
        a, b = int(start * fs), int(np.ceil(stop * fs))
        x, q = _prepare(ecg[a:b], fs)
        if numbers:
            page = slice(wanted.start - inside.start, wanted.stop - inside.start)
            for whole, part in zip(table, _numbers(x, q, (r_peaks[inside] - a) * (RATE / fs))):
                whole[wanted] = part[page]
            # on a moving window not the beats after the hop: they are described later, from signal that is not there yet
            table.reach[wanted] = inside.start, inside.stop if past is None else wanted.stop
        if sought:
            spiked[wanted] = _spiked(ecg[a:b], fs, x, q, (r_peaks[wanted] - a) * (RATE / fs))
    return table, spiked


def windows(duration, past=None, delay=60.0, hop=HOP):
    """The windows in which a recording of `duration` seconds is described: list of (low, high, start, stop) in seconds;
    beats in [low, high) are described from the signal in [start, stop)."""
    end = duration + 1.0
    if past is None:
        count = max(1, round(duration / PAGE))
        edges = np.linspace(0, duration, count + 1)
        return [(low if low else 0.0, high if high < duration else end, max(low - MARGIN, 0.0), min(high + MARGIN, end))
                for low, high in zip(edges[:-1], edges[1:])]
    ready = np.arange(hop, max(duration - delay, 1e-3) + hop, hop)   # beats before these times are described once `delay` more has come
    rows = [(high - hop, high, max(high - past, 0.0), min(high + delay, end)) for high in ready]
    rows[-1] = (rows[-1][0], end, rows[-1][2], end)
    return rows


def _numbers(x, q, r):
    """Numbers and shapes of all beats of one window, as in `Beats`. x, q: from `_prepare`; r: (m,) R peaks in samples of x."""
    table, shapes = _table(x, q, r)
    numbers = np.empty((len(r), len(NAMES)), np.float32)
    for k, name in enumerate(NAMES):
        numbers[:, k] = table[name]
    return np.nan_to_num(np.clip(numbers, -20, 20, out=numbers), copy=False), shapes


# ------------------------------------------------------------------------------------------------- signal and alignment

def _prepare(ecg, fs):
    """(x, q): the signal at 250 Hz, zero-phase band-passed 0.5-40 Hz and 5-25 Hz (Butterworth, order 2), each with
    standard deviation 1; missing samples bridged. Both 0 where the lead lies still, so that the last ringing of a filter, the same at every
    beat, is not taken for the shape of the patient's beats."""
    x = np.asarray(ecg, dtype=np.float64)
    bad = ~np.isfinite(x)
    if bad.any():
        x = np.zeros(len(x)) if bad.all() else np.interp(np.arange(len(x)), np.flatnonzero(~bad), x[~bad])
    if fs != RATE:
        ratio = Fraction(RATE / fs).limit_denominator(1000)
        x = sps.resample_poly(x, ratio.numerator, ratio.denominator, padtype="line")
    if len(x) < 64:
        x = np.pad(x, (0, 64 - len(x)), mode="edge") if len(x) else np.zeros(64)
    both = [sps.sosfiltfilt(sps.butter(2, band, "bandpass", fs=RATE, output="sos"), x) for band in ((0.5, 40), (5, 25))]
    rounding = 1e-12 * np.abs(x).max()                                # what the filters leave of a constant is no signal
    spread = [part.std() for part in both]
    x, q = (part / s if s > rounding else np.zeros(len(part)) for part, s in zip(both, spread))        # gain drops out
    still = ndimage.uniform_filter1d(x * x, RATE) < STILL ** 2
    x[still], q[still] = 0, 0
    return x.astype(np.float32), q.astype(np.float32)


def _cut(x, centre, offsets):
    """Windows of x around integer centres: (m, len(offsets)); the ends of the signal are repeated. offsets: without a gap."""
    first = centre + offsets[0]
    before, after = max(0, -first.min(initial=0)), max(0, first.max(initial=0) + len(offsets) - len(x))
    if before or after:
        x = np.pad(x, (before, after), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(x, len(offsets))[first + before]


def _centre(q, r):
    """Centre of each QRS complex in samples (float): the maximum of the envelope (root of the 60 ms mean of q squared) within 80 ms of r,
    then twice the centroid of the energy within 100 ms."""
    power = ndimage.uniform_filter1d(q * q, 15)
    at = np.clip(np.rint(r).astype(np.int64), 0, len(q) - 1)
    near = np.arange(-20, 21)
    at = at + near[np.argmax(_cut(power, at, near), axis=1)]
    near = np.arange(-25, 26)
    centre = at.astype(np.float64)
    for _ in range(2):
        at = np.rint(centre).astype(np.int64)
        weight = _cut(power, at, near) + 1e-12
        centre = at + (weight * near).sum(axis=1) / weight.sum(axis=1)
    return np.clip(centre, 0, len(q) - 1)


# ------------------------------------------------------------------------------------------------- running statistics

def _rolling(v, n):
    """Windows of n values (odd or even) centred on each value of v, as a view (m, n); the ends are mirrored."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(v, (n // 2, n - 1 - n // 2), mode="symmetric"), n)


def _median(v, n):
    return ndimage.percentile_filter(v, 50, size=n, mode="reflect")


def _percentile(v, n, p):
    return ndimage.percentile_filter(v, p, size=n, mode="reflect")


def _shift(v, lag):
    """v[k + lag] for every k; beyond the ends the end value."""
    return v[np.clip(np.arange(len(v)) + lag, 0, len(v) - 1)]


def _unit(a):
    return a / (np.sqrt((a * a).sum(axis=1, keepdims=True)) + 1e-9)


def _correlation(a, b, mask=None):
    """Row-wise Pearson correlation of (m, n) arrays; `mask` (m, n) of 0 and 1 leaves samples out. 0 where a row is constant."""
    if mask is None:
        a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    else:
        count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
        a, b = ((v - np.einsum("ij,ij->i", v, mask)[:, None] / count) * mask for v in (a, b))
    return np.einsum("ij,ij->i", a, b) / (np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)) + 1e-9)


def _rms(a, mask=None):
    if mask is None:
        return np.sqrt(np.einsum("ij,ij->i", a, a) / a.shape[1])
    return np.sqrt(np.einsum("ij,ij->i", a * mask, a) / np.maximum(mask.sum(axis=1), 1))


# ------------------------------------------------------------------------------------------------- shapes

def _cluster(shapes):
    """Leader clustering of unit-norm QRS shapes (m, n): (label (m,), correlation with the own cluster's mean (m,), means (k, n)).

    The leader of each round is the unassigned beat with most unassigned beats alike it (among 48 candidates spread over the page); all that
    correlate above ALIKE with it leave. At the end every beat goes to the nearest mean; what is alike none has label k."""
    free = np.arange(len(shapes))
    means = []
    while len(free) and len(means) < CLUSTERS:
        candidates = shapes[free[::max(1, len(free) // 48)]]
        votes = (shapes[free] @ candidates.T > ALIKE).sum(axis=0)
        alike = shapes[free] @ candidates[np.argmax(votes)] > ALIKE
        if not alike.any():                                            # a flat page: a shape of norm 0 is alike nothing
            break
        means.append(shapes[free[alike]].mean(axis=0))
        free = free[~alike]
    if not means:
        means = [np.ones(shapes.shape[1], shapes.dtype)]
    means = _unit(np.array(means))
    similar = shapes @ means.T
    label = similar.argmax(axis=1)
    own = similar[np.arange(len(shapes)), label]
    label[own < ALIKE - 0.1] = len(means)
    return label, own, means


def _template(cuts, usual, n=40):
    """Running template: for each beat the mean of the (about) n usual beats nearest to it in time, (m, width) and their mean square."""
    rows = np.flatnonzero(usual)
    total = np.concatenate([np.zeros((1, cuts.shape[1])), np.cumsum(cuts[rows], axis=0, dtype=np.float64)])
    middle, half = np.searchsorted(rows, np.arange(len(cuts))), n // 2
    n = min(n, len(rows))
    means = ((total[n:] - total[:len(total) - n]) / max(n, 1)).astype(np.float32)
    return means[np.clip(middle - half, 0, len(rows) - n)]


def _realign(x, centre, template, reach=12):
    """Move each beat by at most 48 ms to where its QRS correlates best with the template's: (centre (m,), moved (m,) in samples)."""
    wide = _cut(x, centre, np.arange(_QRS[0] - reach, _QRS[-1] + reach + 1))
    views = np.lib.stride_tricks.sliding_window_view(wide, len(_QRS), axis=1)          # (m, 2 reach + 1, n)
    dot = np.einsum("kij,kj->ki", views, template, optimize=True)
    squares = np.cumsum(np.pad(wide * wide, ((0, 0), (1, 0))), axis=1)
    norm = np.sqrt(np.maximum(squares[:, len(_QRS):] - squares[:, :-len(_QRS)], 1e-9))
    shift = np.argmax(dot / norm, axis=1) - reach
    return centre + shift, shift


def _width(slope, level):
    """Width of the QRS in samples: from the first to the last sample whose slope exceeds `level` of the largest, (m,)."""
    steep = slope >= level * slope.max(axis=1, keepdims=True)
    return (slope.shape[1] - np.argmax(steep[:, ::-1], axis=1) - np.argmax(steep, axis=1)).astype(np.float32)


# ------------------------------------------------------------------------------------------------- the numbers

def _table(x, q, r):
    """All groups of numbers of one page, dict name -> (m,) float, and the beats' shapes."""
    if len(r) == 0:
        return {name: np.zeros(0) for name in NAMES}, np.zeros((0, QRS_SHAPE + WHOLE_SHAPE), np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = _centre(q, r)
        rr = np.maximum(np.diff(centre), 0.15 * RATE) / RATE
        if len(rr) == 0:
            rr = np.ones(1)
        pre = np.concatenate([[np.median(rr[:8])], rr])[:len(r)]
        post = np.concatenate([rr, [np.median(rr[-8:])]])[-len(r):]
        steady = _percentile(pre, 30, 75)
        at = np.rint(centre).astype(np.int64)
        qrs = _cut(x, at, _QRS)
        label, own, means = _cluster(_unit(qrs))
        dominant = _dominant(label, pre / steady, len(means))
        usual = _usual(label == dominant, pre / steady)
        at, moved = _realign(x, at, _template(qrs, usual))
        normal = _normal_rr(pre, usual)
        page = dict(x=x, at=at, pre=pre, post=post, normal=normal, steady=steady, label=label, own=own, means=means,
                    dominant=dominant, usual=usual, moved=moved)
        shape = _shape(page)
        return {**_rhythm(page), **_irregularity(page), **shape, **_atrial(page), **_family(page, shape),
                **_neighbours(page, shape)}, _shapes(page)


def _dominant(label, prematurity, count):
    """The patient's usual shape: among clusters of at least 0.45 of the largest, the one with the largest
    median(pre-RR / 75th percentile of 30 around) + 0.15 x relative size, so that a bigeminy's ectopic beat is not taken for it."""
    size = np.bincount(label, minlength=count + 1)[:count].astype(float)
    late = np.array([np.median(prematurity[label == k]) if size[k] else 0 for k in range(count)])
    score = late + 0.15 * size / max(size.max(), 1)
    return int(np.argmax(np.where(size >= 0.45 * size.max(), score, -np.inf)))


def _usual(dominant, prematurity):
    """Beats that make the references: dominant shape, 0.85 < pre-RR/p75 < 1.2; with fewer than five such, what there is."""
    for usual in (dominant & (prematurity > 0.85) & (prematurity < 1.2), dominant):
        if usual.sum() >= 5:
            return usual
    return np.ones(len(dominant), bool)


def _normal_rr(pre, usual):
    """Normal RR in s at every beat: running median of 31 over the usual beats, interpolated."""
    rows = np.flatnonzero(usual)
    return np.interp(np.arange(len(pre)), rows, _median(pre[rows], 31))


def _rhythm(page):
    """RR intervals in the patient's own units. pre, post: seconds to the beat before and after. Natural logarithms of pre and post over:
    the normal RR; the 75th percentile of 30 intervals; medians of 5, 50 and 200; the largest and smallest of the 8 before.
    pre/post; (pre + post) / (2 normal): 0 for a full compensatory pause. RR at lags -4..4 over normal RR. Ranks of pre among 8 and 200 around.
    Rate (median of 5) against the patient's slow one (95th percentile of the page): a tachycardia that lasts is normal by every local reference."""
    pre, post, normal = page["pre"], page["post"], page["normal"]
    log_pre, log_post = np.log(pre), np.log(post)
    references = {"normal": np.log(normal), "p75": np.log(page["steady"]), "p75_100": _percentile(log_pre, 100, 75),
                  **{f"med{n}": _median(log_pre, n) for n in (5, 50, 200)}}
    table = {}
    for name, level in references.items():
        table[f"pre_{name}"] = log_pre - level
        table[f"post_{name}"] = log_post - level
    relative = table["pre_normal"]
    table["pre_post"] = log_pre - log_post
    table["pair_normal"] = np.log((pre + post) / (2 * normal))
    for lag in (-4, -3, -2, -1, 2, 3, 4):
        table[f"rr{lag:+d}"] = _shift(relative, lag)
    before = np.lib.stride_tricks.sliding_window_view(np.pad(log_pre, (8, 0), mode="edge"), 9)
    table["pre_max8"] = log_pre - before[:, :8].max(axis=1)
    table["pre_min8"] = log_pre - before[:, :8].min(axis=1)
    table["drop8"] = np.diff(before, axis=1).min(axis=1)               # the most abrupt acceleration among the last 8 intervals
    table["rise8"] = np.diff(before, axis=1).max(axis=1)
    table["pre_med3_before"] = log_pre - np.median(before[:, 5:8], axis=1)
    for n in (8, 200):
        around = _rolling(log_pre, n)
        table[f"rank{n}"] = (around < log_pre[:, None] - 0.02).mean(axis=1) - (around > log_pre[:, None] + 0.02).mean(axis=1)
    short = (table["pre_p75_100"] < -0.12).astype(float)
    for n in (5, 15, 60):
        table[f"short{n}"] = ndimage.uniform_filter1d(short, n, mode="reflect")
    table["rate_normal"] = references["med5"] - references["normal"]
    table["rate_med200"] = references["med5"] - references["med200"]
    slow = table["rate_p95"] = references["med5"] - np.percentile(references["med5"], 95)
    table["fast_share"] = np.full(len(pre), (slow < -0.25).mean())
    # how abruptly the rate changed: mean of 4 intervals against the 4 before, the largest fall in the last n beats and rise in the next n
    smooth = ndimage.uniform_filter1d(log_pre, 4, mode="nearest")
    step = _shift(smooth, 2) - _shift(smooth, -2)
    for n in (20, 100):
        table[f"onset{n}"] = ndimage.minimum_filter1d(step, n, mode="nearest", origin=n // 2 - 1)
        table[f"offset{n}"] = ndimage.maximum_filter1d(step, n, mode="nearest", origin=-(n // 2))
    table["regular5"] = np.log(ndimage.uniform_filter1d(np.diff(log_pre, prepend=log_pre[0]) ** 2, 5, mode="reflect").clip(0) ** 0.5 + 0.005)
    return table


def _irregularity(page):
    """How irregular the rhythm is around a beat, over 15, 30 and 60 intervals: root mean square of successive differences over the median, median
    absolute deviation, share of differences above 8 %, share of turning points, interquartile range; and the same deviation over the 31 usual beats
    around: atrial fibrillation is irregular there too, ectopy in sinus rhythm is not."""
    pre = page["pre"]
    log_pre = np.log(pre)
    step = np.diff(log_pre, prepend=log_pre[0])
    turn = (step * _shift(step, 1) < 0).astype(float)
    table = {}
    for n in (15, 30, 60):
        around = _rolling(log_pre, n)
        low, middle, high = np.percentile(around, [25, 50, 75], axis=1)
        table[f"rmssd{n}"] = np.log(np.sqrt(ndimage.uniform_filter1d(step ** 2, n, mode="reflect").clip(0)) + 0.01)
        table[f"mad{n}"] = np.log(np.abs(around - middle[:, None]).mean(axis=1) + 0.01)
        table[f"jumps{n}"] = ndimage.uniform_filter1d((np.abs(step) > 0.08).astype(float), n, mode="reflect")
        table[f"turns{n}"] = ndimage.uniform_filter1d(turn, n, mode="reflect")
        table[f"iqr{n}"] = np.log(high - low + 0.01)
    rows = np.flatnonzero(page["usual"])
    spread = np.abs(log_pre - np.log(page["normal"]))[rows]
    table["mad_usual"] = np.log(np.interp(np.arange(len(pre)), rows, _median(spread, 31)) + 0.01)
    return table


def _shape(page):
    """The beat against the running template (mean of the 40 nearest usual beats), after realigning it within 48 ms. Regions around the centre of the QRS:
    P -248..-68, QRS -80..80, ST 80..160, T 160..420 ms, whole -248..420; samples later than 120 ms before the next beat are left out.
    Correlation with the template and log root mean square of the difference over the template's QRS, by region; logarithms of amplitude (peak to peak),
    area and steepness ratios; polarity (balance of positive and negative area, template's sign); QRS width at 20, 35 and 50 % of the largest slope
    within 120 ms, in 100 ms and against the template; how far the beat moved; each shape number also minus its running median of 31 (`_d`)."""
    x, at = page["x"], page["at"]
    cuts = _cut(x, at, _BEAT)
    template = _template(cuts, page["usual"])
    page["cuts"], page["template"] = cuts, template
    scale = page["scale"] = _rms(template[:, _columns("qrs")]) + 1e-6
    mask = ((_BEAT < (page["post"][:, None] - 0.12) * RATE) & (_BEAT > -(page["pre"][:, None] - 0.12) * RATE)).astype(np.float32)
    page["mask"] = mask
    table = {}
    for name in _REGIONS:
        c = _columns(name)
        table[f"corr_{name}"] = _correlation(cuts[:, c], template[:, c], mask[:, c])
        table[f"diff_{name}"] = np.log(_rms(cuts[:, c] - template[:, c], mask[:, c]) / scale + 0.02)
    c = _columns("qrs")
    beat, usual = cuts[:, c], template[:, c]
    table["amplitude"] = np.log((np.ptp(beat, axis=1) + 1e-6) / (np.ptp(usual, axis=1) + 1e-6))
    table["area"] = np.log((np.abs(beat).mean(axis=1) + 1e-6) / (np.abs(usual).mean(axis=1) + 1e-6))
    balance = [(part.sum(axis=1) / (np.abs(part).sum(axis=1) + 1e-6)) for part in (beat, usual)]
    table["polarity"] = (balance[0] - balance[1]) * np.where(balance[1] < 0, -1.0, 1.0)
    c = slice(_QRS[0] - _BEAT[0], _QRS[-1] - _BEAT[0] + 1)
    slopes = [np.abs(np.diff(part[:, c], axis=1)) for part in (cuts, template)]
    table["slope"] = np.log((slopes[0].max(axis=1) + 1e-6) / (slopes[1].max(axis=1) + 1e-6))
    for level in (20, 35, 50):
        wide = [_width(slope, level / 100) / 25 for slope in slopes]
        table[f"width{level}"], table[f"width{level}_ratio"] = wide[0], np.log(wide[0] / wide[1])
    t = _columns("t")
    table["t_size"] = np.log((_rms(cuts[:, t], mask[:, t]) + 1e-6) / (_rms(template[:, t], mask[:, t]) + 1e-6))
    for name in list(table):
        table[name + "_d"] = table[name] - _median(table[name], 31)
    table["moved"] = np.abs(page["moved"]) / 4.0
    return table


def _columns(region):
    low, high = _REGIONS[region]
    return slice(low - _BEAT[0], high - _BEAT[0])


def _atrial(page):
    """Is there a P wave, the usual one, at the usual place? In the P region (-248..-68 ms), level removed: projection on the template's P wave, log energy
    over the template's, best correlation within 48 ms and where it is, all minus their running medians too; bump = middle third against the outer ones.
    P under the T wave of the beat before: what this beat's P region holds beyond the tail that the template has at the same distance after a QRS,
    as log root mean square over the template's QRS, and its largest excursion; tail = the running template 120..1000 ms after the QRS."""
    x, at, template, scale = page["x"], page["at"], page["template"], page["scale"]
    c = _columns("p")
    reach = 12
    wide = page["cuts"][:, c.start - reach:c.stop + reach]
    usual = template[:, c] - template[:, c].mean(axis=1, keepdims=True)
    size = np.sqrt((usual ** 2).sum(axis=1)) + 1e-6
    here = wide[:, reach:-reach] - wide[:, reach:-reach].mean(axis=1, keepdims=True)
    table = {"p_projection": (here * usual).sum(axis=1) / size ** 2,
             "p_energy": np.log((np.sqrt((here ** 2).sum(axis=1)) + 1e-6) / size),
             "p_level": np.log(_rms(here) / scale + 0.02)}
    views = np.lib.stride_tricks.sliding_window_view(wide, wide.shape[1] - 2 * reach, axis=1)[:, ::2]
    norm = np.sqrt(np.maximum((views ** 2).sum(axis=2) - views.mean(axis=2) ** 2 * views.shape[2], 1e-9))
    match = np.einsum("kij,kj->ki", views, usual, optimize=True) / norm / size[:, None]
    best = match.argmax(axis=1)
    table["p_best"], table["p_where"] = match[np.arange(len(match)), best], (best * 2 - reach) / float(reach)
    third = here.shape[1] // 3
    bump = [part[:, third:-third].mean(axis=1) - (part[:, :third].mean(axis=1) + part[:, -third:].mean(axis=1)) / 2 for part in (here, usual)]
    table["p_bump"] = (bump[0] - bump[1]) * np.where(bump[1] < 0, -1, 1) / scale
    tail_at = np.arange(30, 251)
    tail = _template(_cut(x, at, tail_at), page["usual"])
    lag = np.rint(np.diff(at, prepend=at[0] - RATE)).astype(np.int64)[:, None] + np.arange(c.start, c.stop) + _BEAT[0] - tail_at[0]
    expected = np.take_along_axis(tail, np.clip(lag, 0, tail.shape[1] - 1), axis=1)
    rest = here - (expected - expected.mean(axis=1, keepdims=True))
    table["hidden_p"] = np.log(_rms(rest) / scale + 0.02)
    table["hidden_peak"] = np.log(np.abs(rest).max(axis=1) / scale + 0.02)
    table["hidden_projection"] = (rest * usual).sum(axis=1) / size ** 2
    table["hidden_gain"] = np.log((_rms(rest) + 0.02 * scale) / (_rms(here - usual) + 0.02 * scale))
    for name in list(table):
        if name != "p_where":
            table[name + "_d"] = table[name] - _median(table[name], 31)
    return table


def _family(page, shape):
    """The cluster of a beat: correlation with its own mean; whether it is the dominant one; its share of the page (log) and of the 60 beats around;
    its median prematurity (pre over normal RR), post, spread of prematurity, width ratio and correlation with the template; correlation of its mean
    with the dominant cluster's."""
    label, pre, normal = page["label"], page["pre"], page["normal"]
    count = len(page["means"]) + 1
    early, late = np.log(pre / normal), np.log(page["post"] / normal)
    table = {"own": page["own"], "is_dominant": (label == page["dominant"]).astype(float)}
    size = np.bincount(label, minlength=count)
    table["share"] = np.log(size / len(label) + 0.002)[label]
    near = np.zeros(len(label))
    for k in np.flatnonzero(size):
        mine = label == k
        near[mine] = ndimage.uniform_filter1d(mine.astype(float), 60, mode="reflect")[mine]
    table["share60"] = near

    def of_cluster(values, measure=np.median):
        out = np.zeros(count)
        for k in np.flatnonzero(size):
            out[k] = measure(values[label == k])
        return out[label]

    table["family_pre"], table["family_post"] = of_cluster(early), of_cluster(late)
    table["family_spread"] = of_cluster(early, lambda v: np.subtract(*np.percentile(v, [75, 25])))
    table["family_width"], table["family_corr"] = of_cluster(shape["width35_ratio"]), of_cluster(shape["corr_qrs"])
    table["family_p"] = of_cluster(shape["corr_p"])
    table["pre_family"] = early - table["family_pre"]
    means = np.vstack([page["means"], np.zeros_like(page["means"][:1])])
    table["family_dominant"] = (means @ page["means"][page["dominant"]])[label]
    return table


def _neighbours(page, shape):
    """The beats beside it: correlation of the QRS with that of the beat 1 and 2 before and after; and those beats' own correlation with the template,
    width ratio, P correlation, and whether they are of the same cluster."""
    qrs = page["cuts"][:, _columns("qrs")]
    index = np.arange(len(qrs))
    table = {}
    for lag in (-2, -1, 1, 2):
        other = np.clip(index + lag, 0, len(qrs) - 1)
        table[f"alike{lag:+d}"] = _correlation(qrs, qrs[other])
        table[f"same{lag:+d}"] = (page["label"] == page["label"][other]).astype(float)
        for name in ("corr_qrs", "width35_ratio", "corr_p"):
            table[f"{name}{lag:+d}"] = shape[name][other]
    return table


# ------------------------------------------------------------------------------------------------- beats that are alike

QRS_SHAPE, WHOLE_SHAPE = 30, 42  # samples of the two shapes of a beat
PEERS = 20                       # beats that a beat agrees with
QUESTIONS = 256                  # beats at once that look for their peers
UNLIKE = 0.8                     # correlation below which another beat has no say
TIMING = 0.1                     # standard deviation of the likeness of ln(RR / normal RR), before and after the beat
SURE, UNSURE = 0.98, 0.90        # P(N) above which a beat keeps its own opinion, and below which it takes that of its peers


def _shapes(page):
    """The shapes of `Beats`: means of 2 samples over the QRS complex (+-120 ms) and of 4 samples from P to T (-248..+420 ms)."""
    def shape(first, count, step):
        part = page["cuts"][:, first - _BEAT[0]:][:, :count * step].reshape(-1, count, step).mean(axis=2)
        return _unit(part - part.mean(axis=1, keepdims=True))
    return np.concatenate([shape(_QRS[0], QRS_SHAPE, 2), shape(_REGIONS["whole"][0], WHOLE_SHAPE, 4)], axis=1)


def agreed(logits, beats):
    """Log probabilities float64 (m, 4), N S V F, after the beats of a patient that are alike have agreed on what they are, in one lead.

    A mean over the most similar beats of the recording, wherever they are (non-local means: Buades 2005, for images): what noise
    does to one beat of a kind does not turn it into another kind. Whether a beat is ventricular (V or F against N or S) is the
    mean log odds of the PEERS beats whose QRS complex is most like its own, itself among them; whether it is supraventricular,
    if it is not ventricular, that of the PEERS beats most like it from P to T whose RR intervals before and after are alike
    too. A beat that is N beyond doubt stays so. logits (m, 4) of the network, without class biases; beats: from `describe`."""
    own = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    n, s, v, f = own.T
    ectopic = np.logaddexp(v, f)
    odds_v, odds_s = ectopic - np.logaddexp(n, s), s - n
    mean_v, mean_s = odds_v.copy(), odds_s.copy()
    qrs, whole = beats.shapes[:, :QRS_SHAPE], beats.shapes[:, QRS_SHAPE:]
    timing = [beats.numbers[:, NAMES.index(name)] / TIMING for name in ("pre_normal", "post_normal")]
    listens = np.clip((SURE - np.exp(n)) / (SURE - UNSURE), 0, 1)
    doubtful = np.flatnonzero(listens)
    same_window = np.flatnonzero(np.any(np.diff(beats.reach[doubtful], axis=0), axis=1)) + 1
    for window in np.split(doubtful, same_window):
        for rows in np.split(window, range(QUESTIONS, len(window), QUESTIONS)):
            if len(rows) == 0:
                continue
            page = slice(*beats.reach[rows[0]])
            peers, weight = _peers(qrs[rows] @ qrs[page].T - UNLIKE, rows - page.start)
            mean_v[rows] = (weight * odds_v[page][peers]).sum(axis=1) / weight.sum(axis=1)
            likeness = whole[rows] @ whole[page].T
            likeness -= UNLIKE
            for column in timing:
                apart = column[rows, None] - column[None, page]
                apart *= apart
                likeness *= np.exp(np.multiply(apart, -0.25, out=apart), out=apart)
            peers, weight = _peers(likeness, rows - page.start)
            weight *= 1 - np.exp(ectopic[page])[peers]
            mean_s[rows] = (weight * odds_s[page][peers]).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    beat = -np.logaddexp(0, mean_v)
    together = np.column_stack([beat - np.logaddexp(0, mean_s), beat - np.logaddexp(0, -mean_s),
                                -np.logaddexp(0, -mean_v) + v - ectopic, -np.logaddexp(0, -mean_v) + f - ectopic])
    return own + listens[:, None] * (together - own)


def _peers(likeness, itself):
    """(columns of the PEERS largest of every row of likeness (k, m), the beat itself among them; their weights): the weight is the
    square of what exceeds 0, as a share of what the beat has for itself."""
    likeness[np.arange(len(likeness)), itself] = 1 - UNLIKE
    count = min(PEERS, likeness.shape[1])
    peers = np.argpartition(likeness, likeness.shape[1] - count, axis=1)[:, -count:]
    return peers, (np.take_along_axis(likeness, peers, axis=1).clip(0) / (1 - UNLIKE)) ** 2


# ------------------------------------------------------------------------------------------------- pacing

SPIKE = 12.0                # a pacing spike stands so many times above the usual 45 Hz and faster content around the beat ...
SPIKE_BEFORE = 0.10, 0.008  # ... and comes so many seconds before the QRS centre
BROAD = 0.09                # s: what a pacemaker has started is at least so wide (at 20 % of the largest slope)
SPIKE_RATE = 200            # Hz: below it a spike is gone, and none is looked for
SPIKE_SHARE = 0.3           # of the 60 beats around: a single such beat is chance


def paced(ecg, fs, r_peaks):
    """Which beats a pacemaker has started: bool (m,). A sharp spike just before a broad QRS complex, in three of ten beats around.

    Below 200 Hz, or after a strong filter, the spike is gone and nothing is found. Measured on MIT-BIH: benchmarks/context.py."""
    return _steadily(_described(ecg, fs, r_peaks, numbers=False, spikes=True)[1])


def _steadily(spiked):
    """Of the beats after a spike those that have many such beats around them: a single one is chance."""
    return spiked & (ndimage.uniform_filter1d(spiked.astype(float), 60, mode="reflect") > SPIKE_SHARE)


def _spiked(ecg, fs, x, q, r):
    """Which beats of one window are broad and begin with a sharp spike: bool (m,). ecg: its samples; x, q, r as in `_numbers`."""
    centre = _centre(q, r)
    part = np.nan_to_num(np.asarray(ecg, dtype=np.float64))
    fast = np.abs(sps.sosfiltfilt(sps.butter(2, 60, "highpass", fs=fs, output="sos"), part)) if len(part) > 64 else part
    reach = int(0.15 * fs)
    around = _cut(fast, np.rint(centre * (fs / RATE)).astype(np.int64), np.arange(-reach, reach + 1))
    peak = around.argmax(axis=1)
    before = (reach - peak) / fs
    high_enough = around[np.arange(len(peak)), peak] > SPIKE * (np.median(around, axis=1) + 1e-9)
    slope = np.abs(np.diff(_cut(x, np.rint(centre).astype(np.int64), _QRS), axis=1))
    broad = _width(slope, 0.2) / RATE >= BROAD
    return high_enough & broad & (before < SPIKE_BEFORE[0]) & (before > SPIKE_BEFORE[1])


# ------------------------------------------------------------------------------------------------- use of a model

BLOCK, BESIDE = 4096, 128   # beats classified at once, and beats on either side that the network may look at
NOISE, CLEAN = 0.75, 0.90   # correlation with the template, up to which a lead is noise, and from which it is believed


def classify_beats(model, ecg, fs, r_peaks, past=None, delay=60.0, second=None, by_second=None):
    """(class probabilities of every beat: float64 (m, 5), columns N S V F Q (ecg.beats.CLASS_NAMES); the second lead's say in them,
    0..1 (m,), 0 without one).

    model: an onnxruntime.InferenceSession of ecg_model_context*.onnx (torch is not needed), or the network that models.load gives, with its
    card as `.card`. second: (n,) another lead of the same recording, which is asked too, and alone about the beats `by_second` (m,), bool:
    those that `ecg` does not show. The other arguments are those of `describe`. Q is 1 for a beat that a pacemaker started or whose
    samples are missing in the lead that tells of it, else 0: the network knows N, S, V and F."""
    card = _card(model)
    if tuple(card["input"]["names"]) != NAMES:
        raise InputError(f"the model {card.get('name', 'context')} was trained on other numbers than this program computes: train it again "
                         "with python model_context.py")
    r_peaks = np.asarray(r_peaks, dtype=np.int64)
    probabilities = np.zeros((len(r_peaks), len(CLASS_NAMES)))
    if len(r_peaks) == 0:
        return probabilities, np.zeros(0)
    whole = past is None
    beats, spiked = _described(ecg, fs, r_peaks, past, delay, spikes=whole)
    leads = [beats] if second is None else [beats, describe(second, fs, r_peaks, past, delay)]
    say = None if second is None else shares(leads)
    seen = np.isfinite(np.asarray(ecg)[r_peaks])
    if second is not None and by_second is not None:
        say[:, by_second] = [[0], [1]]
        seen[by_second] = np.isfinite(np.asarray(second)[r_peaks[by_second]])
    scores = logits(model, leads, say) / card.get("temperature", 1.0)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities[:, [CLASS_NAMES.index(c) for c in card["classes"]]] = scores / scores.sum(axis=1, keepdims=True)
    unclear = np.union1d(np.flatnonzero(_steadily(spiked) if whole else paced(ecg, fs, r_peaks)), np.flatnonzero(~seen))
    probabilities[unclear] = np.eye(len(CLASS_NAMES))[CLASS_NAMES.index("Q")]
    return probabilities, np.zeros(len(r_peaks)) if say is None else say[1]


def logits(model, leads, say=None):
    """Logits float64 (m, 4), N S V F, of the described beats of one recording, in order: the network's, after `agreed`, the mean
    over the leads by `trust`, plus class biases. A network that has biases inside is relieved of them first: they balance the
    classes, they are no opinion of a beat. leads: list of `Beats`, the same beats as described in each lead; say: their
    `shares`, where they are known already."""
    bias = np.asarray(_card(model)["class_bias"] if hasattr(model, "get_modelmeta") else model.bias)
    opinions = [agreed(network_logits(model, beats.numbers) - bias, beats) for beats in leads]
    if len(leads) == 1:
        return opinions[0] + bias
    return over_leads(opinions, shares(leads) if say is None else say) + bias


def over_leads(opinions, say):
    """The mean of what several leads say, (m, 4). opinions: a list of log probabilities (m, 4), one a lead; say: their `shares`."""
    return (say[:, :, None] * opinions).sum(axis=0)


def shares(leads):
    """How much of the say each lead has at each beat, (leads, m), sum 1 over the leads: its share of their `trust`."""
    weight = np.array([trust(beats) for beats in leads])
    return weight / weight.sum(axis=0)


def trust(beats):
    """How far a lead is to be believed at each beat, 0.001..1 (m,): by how well the better quarter of the 60 beats around
    correlates with its template. Noise, or a lead that came off, has next to no say; where both are bad, both have the same."""
    usual = _percentile(beats.numbers[:, NAMES.index("corr_qrs")], 60, 75)
    return np.clip((usual - NOISE) / (CLEAN - NOISE), 1e-3, 1)


def network_logits(model, numbers):
    """Logits float64 (m, 4) of the network alone, class biases inside; numbers: float32 (m, len(NAMES)) of successive beats."""
    parts = []
    for start in range(0, len(numbers), BLOCK):
        low = max(start - BESIDE, 0)
        part = np.ascontiguousarray(numbers[None, low:start + BLOCK + BESIDE], dtype=np.float32)
        if hasattr(model, "get_modelmeta"):
            out = model.run(["logits"], {"numbers": part})[0]
        else:
            import torch
            with torch.inference_mode():
                out = model(torch.from_numpy(part)).numpy()
        parts.append(out[0, start - low:start - low + BLOCK])
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros((0, 4))


def _card(model):
    if hasattr(model, "get_modelmeta"):
        return json.loads(model.get_modelmeta().custom_metadata_map["card"])
    return model.card


NAMES = tuple("""
pre_normal post_normal pre_p75 post_p75 pre_p75_100 post_p75_100 pre_med5 post_med5 pre_med50 post_med50 pre_med200 post_med200
pre_post pair_normal rr-4 rr-3 rr-2 rr-1 rr+2 rr+3 rr+4 pre_max8 pre_min8 drop8 rise8 pre_med3_before rank8 rank200 short5
short15 short60 rate_normal rate_med200 rate_p95 fast_share onset20 offset20 onset100 offset100 regular5 rmssd15 mad15 jumps15
turns15 iqr15 rmssd30 mad30 jumps30 turns30 iqr30 rmssd60 mad60 jumps60 turns60 iqr60 mad_usual corr_p diff_p corr_qrs diff_qrs
corr_st diff_st corr_t diff_t corr_whole diff_whole amplitude area polarity slope width20 width20_ratio width35 width35_ratio
width50 width50_ratio t_size corr_p_d diff_p_d corr_qrs_d diff_qrs_d corr_st_d diff_st_d corr_t_d diff_t_d corr_whole_d
diff_whole_d amplitude_d area_d polarity_d slope_d width20_d width20_ratio_d width35_d width35_ratio_d width50_d width50_ratio_d
t_size_d moved p_projection p_energy p_level p_best p_where p_bump hidden_p hidden_peak hidden_projection hidden_gain
p_projection_d p_energy_d p_level_d p_best_d p_bump_d hidden_p_d hidden_peak_d hidden_projection_d hidden_gain_d own is_dominant
share share60 family_pre family_post family_spread family_width family_corr family_p pre_family family_dominant alike-2 same-2
corr_qrs-2 width35_ratio-2 corr_p-2 alike-1 same-1 corr_qrs-1 width35_ratio-1 corr_p-1 alike+1 same+1 corr_qrs+1 width35_ratio+1
corr_p+1 alike+2 same+2 corr_qrs+2 width35_ratio+2 corr_p+2
""".split())
