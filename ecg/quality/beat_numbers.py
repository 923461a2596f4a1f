"""How each beat lies in its surroundings: what tells a moved electrode from a heart."""

import numpy as np

from ecg.context.alignment import cut
from ecg.context.statistics import correlation, running_median, running_percentile
from ecg.quality.signal import RATE, Page

AROUND = np.arange(-38, 51)  # -0.3 .. +0.4 s
SHAPE = np.arange(-13, 20)  # -0.1 .. +0.15 s: what is compared
ALIKE = 16  # beats before and after among which the most similar one is looked for
# beats: each so many share one usual beat, the median of every other one of three times so many
GROUP = 40
SETTLING = 8.0  # s: how long after its start a recording may still settle
BEAT_NAMES = (
    "likeness",  # correlation with the usual beat
    "recurs",  # with the most similar of the beats around
    "recurs_second",  # with the next most similar
    "surroundings",  # with the usual beat, -0.3 .. +0.4 s
    "height",  # over the usual height, log
    "energy",  # of the QRS band over the usual, log
    "residue_before",  # RMS of what the usual beat leaves of -0.3 .. -0.1 s, over the usual height
    "residue_after",  # of +0.2 .. +0.4 s
    "swing",  # trough to peak of the baseline -0.3 .. +0.4 s, over the usual height, log
    "usual_swing",  # median of that over the beats around, log
    "step",  # level after the beat less that before, over the usual height, log of the size
    "fast",  # RMS of what changes from sample to sample beside the QRS complex, log
    "fast_usual",  # over the median of it around, log
    "steepness",  # steepest slope over height, log
    "width",  # share of the energy -0.1 .. +0.15 s that lies beyond 60 ms of the R peak
    "still",  # share of samples around without any change
    "before",  # interval before over the local median, log
    "after",  # interval after, likewise
    "pair",  # both together over twice the median, log
    "start",  # s since the start, at most SETTLING, as a share of it
    "end",  # s to the end, likewise
)


def beat_numbers(page: Page, total: int) -> np.ndarray:
    """(m, len(BEAT_NAMES)) of the beats of a page; total: samples at RATE of the recording. Every
    number is a share, a logarithm of a ratio or a correlation: gain, offset and polarity drop
    out."""
    m = len(page.r)
    if m == 0:
        return np.zeros((0, len(BEAT_NAMES)))
    around = cut(page.y, page.r, AROUND)
    usual = _usual_beats(around)
    inner = slice(SHAPE[0] - AROUND[0], SHAPE[-1] - AROUND[0] + 1)
    shapes = _unit(around[:, inner])
    best, second = _most_alike(shapes)
    tall = np.maximum(page.usual, 1e-9 + page.usual.max(initial=0) * 1e-6)
    residue = (around - usual) ** 2
    slow = cut(page.slow, page.r, AROUND)
    swing = (slow.max(axis=1) - slow.min(axis=1)) / tall
    raw = cut(page.x, page.r, AROUND)
    level = cut(page.y, page.r, np.arange(-5, 6))
    energy = np.sqrt((cut(page.envelope, page.r, np.arange(-6, 7)) ** 2).mean(axis=1))
    change = np.abs(np.diff(around, axis=1))
    beside = np.concatenate([change[:, :25], change[:, 58:]], axis=1)
    fast = np.sqrt((np.diff(beside, axis=1) ** 2).mean(axis=1)) / tall
    wide = around[:, inner] ** 2
    before, after, pair = _intervals(page.r)
    columns = (
        correlation(shapes, _unit(usual[:, inner])),
        best,
        second,
        correlation(around, usual),
        _log(page.height / tall),
        _log(energy / np.maximum(running_median(energy, 17), 1e-12)),
        np.sqrt(residue[:, :25].mean(axis=1)) / tall,
        np.sqrt(residue[:, 63:].mean(axis=1)) / tall,
        _log(swing),
        _log(running_median(swing, 17)),
        _log(np.abs(slow[:, -13:].mean(axis=1) - slow[:, :13].mean(axis=1)) / tall),
        _log(fast),
        _log(fast / np.maximum(running_median(fast, 17), 1e-9)),
        _log(np.abs(np.diff(level, axis=1)).max(axis=1) / np.maximum(page.height, 1e-12)),
        1 - wide[:, 5:21].sum(axis=1) / np.maximum(wide.sum(axis=1), 1e-30),
        (np.diff(raw, axis=1) == 0).mean(axis=1),
        before,
        after,
        pair,
        np.minimum((page.first + page.r) / RATE, SETTLING) / SETTLING,
        np.minimum((total - page.first - page.r) / RATE, SETTLING) / SETTLING,
    )
    return np.column_stack(columns)


def _log(ratio):
    return np.log(np.clip(ratio, 1e-3, 1e3))


def _unit(rows):
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.sqrt((rows**2).sum(axis=1, keepdims=True)), 1e-12)


def _usual_beats(around):
    """(m, w) the usual beat at each: the median of the beats of its group and of those beside."""
    groups = max(round(len(around) / GROUP), 1)
    edges = np.linspace(0, len(around), groups + 1).astype(np.int64)
    usual = np.empty_like(around)
    for low, high in zip(edges[:-1], edges[1:]):
        near = around[max(low - GROUP, 0) : high + GROUP : 2]  # every other one tells as much
        usual[low:high] = np.median(np.ascontiguousarray(near.T), axis=1)
    return usual


def _most_alike(shapes):
    """((m,), (m,)) correlation of each shape with the most and the next most similar of the ALIKE
    before and after it; 0 where there is none."""
    best, second = np.full((2, len(shapes)), -1.0)
    for lag in range(1, min(ALIKE + 1, len(shapes))):
        alike = np.einsum("ij,ij->i", shapes[lag:], shapes[:-lag])
        for at in (slice(lag, None), slice(None, -lag)):
            second[at] = np.maximum(second[at], np.minimum(alike, best[at]))
            best[at] = np.maximum(best[at], alike)
    return np.where(best > -1, best, 0), np.where(second > -1, second, 0)


def _intervals(r):
    """Logarithms (m,), of the interval before and after each beat and of both, over the median of
    the 16 around; 0 where there is none."""
    if len(r) < 3:
        return np.zeros((3, len(r)))
    rr = np.maximum(np.diff(r), 1).astype(float)
    usual = running_percentile(rr, 16, 50)
    before = np.concatenate([[0], np.log(rr / usual)])
    after = np.concatenate([np.log(rr / usual), [0]])
    pair = np.zeros(len(r))
    pair[1:-1] = np.log((rr[1:] + rr[:-1]) / (usual[1:] + usual[:-1]))
    return np.clip(before, -3, 3), np.clip(after, -3, 3), np.clip(pair, -3, 3)
