"""From looks at a recording to its episodes: which rhythm, from where to where, how sure.

    rhythm = find_episodes(track, spans, confidence, r_peaks, labels, fs, n_samples, unreadable)
    rhythm.af_burden, rhythm.episodes[0].rhythm, rhythm_of_beats(rhythm, r_peaks)

The rule, in this order:

1. A recording of up to a minute has one rhythm, the most probable in the mean of its looks.
2. In a longer one every 10 s get the mean of the looks that hold them, the one around them counting
   double, and of that the median of five such steps, so that no single look decides.
3. Atrial fibrillation or flutter (AF) is where its probability stays above OFF and reaches ON;
   gaps shorter than JOINED are part of it, and what is then shorter than SHORTEST is none. It
   begins and ends where the probability passes EDGE.
4. What is left is the most probable of N, other and noise; a piece shorter than SHORTEST belongs
   to the one before.
5. Laid over this: noise, where no look could be read or an unreadable stretch lasts NOTICED;
   ventricular tachycardia, the V runs of the beat labels above 100/min (ecg/holter.py); ventricular
   fibrillation or flutter, which goes before all others.

ON, OFF and EDGE were chosen on DS1 of MIT-BIH and on SVDB, whose annotated S beats say where there
is no AF; the rest is what looks of half a minute can tell apart."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import median_filter

from ecg.holter import ventricular_tachycardia
from ecg.rhythm.track import ONE_RHYTHM, RHYTHMS, STEP, Episode, Rhythm, Track
from ecg.stretches import covered, inside, merged, overlapping, periods, runs_of, within, without

MEDIAN = 5  # steps
ON, OFF = 0.60, 0.45  # probability of AF
EDGE = 0.60
JOINED = 30.0  # s
SHORTEST = 30.0  # s
NOTICED = 10.0  # s
AF = RHYTHMS.index("AF")
Spans = dict[str, np.ndarray]  # {rhythm: int64 (k, 2)}


def find_episodes(
    track: Track,
    fibrillation_spans: ArrayLike,
    fibrillation_confidence: ArrayLike,
    r_peaks: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable = (),
) -> Rhythm:
    """The rhythm of a recording and its episodes, by the rule above.

    track: looks, none of them (k = 0) where no network was asked. fibrillation_spans: (k, 2) start
    and stop in samples of ventricular fibrillation or flutter; fibrillation_confidence: (k,), 0 to
    1. r_peaks: (m,) samples, increasing; labels: (m,) letters N S V F Q, ? for none; fs in Hz;
    n_samples: length of the recording; unreadable: (start, stop) or (start, stop, reason) in
    samples, stop excluded. Raises ValueError as ecg.beats.checked_beats does."""
    lost = within((stretch[:2] for stretch in unreadable), n_samples)
    edges = periods(n_samples, STEP * fs)
    cells = _cells(track, (edges[:-1] + edges[1:]) / (2 * fs))
    if n_samples <= ONE_RHYTHM * fs:
        spans = _one_rhythm(cells, edges, n_samples)
    else:
        spans = _timeline(cells, edges, fs)
    over = {
        "VT": ventricular_tachycardia(r_peaks, labels, fs, n_samples, lost) + [0, 1],
        "noise": lost[lost[:, 1] - lost[:, 0] >= NOTICED * fs],
        "VF": within(np.asarray(fibrillation_spans).reshape(-1, 2), n_samples),
    }
    spans = _laid_over(spans, over)
    vf = np.asarray(fibrillation_spans, np.float64).reshape(-1, 2)
    sure = np.asarray(fibrillation_confidence, np.float64).reshape(-1)
    episodes = sorted(
        Episode(int(a), int(b), name, _confidence((a, b), name, cells, edges, (vf, sure), over))
        for name, of_name in spans.items()
        for a, b in of_name
    )
    mean = _mean(cells, edges)
    if mean is None:
        return Rhythm(None, {}, None, tuple(episodes))
    length = {name: int(np.sum(of[:, 1] - of[:, 0])) for name, of in spans.items()}
    if n_samples <= ONE_RHYTHM * fs:
        of_recording = RHYTHMS[int(mean.argmax())]
    else:
        of_recording = max(RHYTHMS, key=lambda name: length.get(name, 0))
    lost = np.array(without(lost, over["VF"]), np.int64).reshape(-1, 2)
    noise = merged(np.concatenate([spans["noise"], lost]))
    af = spans.get("AF", lost[:0])
    return Rhythm(
        of_recording,
        dict(zip(RHYTHMS, mean.tolist())),
        _burden(af, noise, n_samples),
        tuple(episodes),
        _rate(np.asarray(r_peaks, np.int64), af, fs, noise),
    )


def rhythm_of_beats(rhythm: Rhythm, samples: ArrayLike) -> np.ndarray:
    """(n,) str: the rhythm of the episode in which each of `samples` (n,) lies, "" in none."""
    samples = np.asarray(samples, np.int64)
    if not rhythm.episodes:
        return np.full(len(samples), "", "U5")
    start, stop, names = (np.array([e[k] for e in rhythm.episodes]) for k in range(3))
    k = np.searchsorted(start, samples, "right") - 1
    return np.where((k >= 0) & (samples < stop[k]), names[k], "").astype("U5")


# ------------------------------------------------------------------------------------------ steps


def _cells(track, centre):
    """float (c, 4): probabilities at each of the times `centre` (c,) in s, from the looks that hold
    it, NaN where none can be read."""
    total, weight = np.zeros((len(centre), len(RHYTHMS))), np.zeros((len(centre), 1))
    first = np.searchsorted(track.stop_s, centre, "right")
    stop = np.searchsorted(track.start_s, centre, "right")
    for k in range(int(np.max(stop - first, initial=0))):
        cell = np.flatnonzero(first + k < stop)
        look = first[cell] + k
        cell, look = (at[np.isfinite(track.probabilities[look, 0])] for at in (cell, look))
        middle = (track.start_s[look] + track.stop_s[look]) / 2
        own = 1.0 + (np.abs(middle - centre[cell]) <= STEP / 2)
        total[cell] += own[:, None] * track.probabilities[look]
        weight[cell, 0] += own
    with np.errstate(invalid="ignore"):
        return total / weight


def _one_rhythm(cells, edges, n):
    """The spans of a recording of one rhythm."""
    mean = _mean(cells, edges)
    return {} if mean is None else {RHYTHMS[int(mean.argmax())]: np.array([[0, n]], np.int64)}


def _mean(cells, edges):
    """(4,) mean probabilities over a recording, None where nothing can be read."""
    known = np.isfinite(cells[:, 0])
    length = np.diff(edges)[known]
    return np.average(cells[known], axis=0, weights=length) if known.any() else None


def _timeline(cells, edges, fs):
    """The spans of a longer recording, by the looks alone."""
    known = np.flatnonzero(np.isfinite(cells[:, 0]))
    if len(known) == 0:
        return {}
    nearest = np.searchsorted((known[1:] + known[:-1]) / 2, np.arange(len(cells)))
    filled = cells[known[nearest]]
    smooth = median_filter(filled, (MEDIAN, 1), mode="nearest")
    af = _af(smooth[:, AF], filled[:, AF], edges, fs)
    rest = np.delete(np.arange(len(RHYTHMS)), AF)
    of_cell = rest[smooth[:, rest].argmax(axis=1)]
    unknown = np.delete(np.arange(len(cells)), known)
    gaps = merged(np.column_stack([edges[unknown], edges[unknown + 1]]))
    spans = {"AF": af}
    outside = without(np.array([[edges[0], edges[-1]]]), af)
    for start, stop in outside:
        for first, last, rhythm in _rest(of_cell, edges, start, stop, SHORTEST * fs):
            old = spans.get(rhythm, np.zeros((0, 2), np.int64))
            spans[rhythm] = np.concatenate([old, [[first, last]]])
    return _laid_over(spans, {"noise": gaps})


def _af(smooth, filled, edges, fs):
    """(k, 2) samples of AF. smooth, filled: (c,) its probability in each step, as the median has it
    and as it was."""
    centre = (edges[:-1] + edges[1:]) / 2
    runs = np.array(
        [run for run in runs_of(smooth >= OFF) if smooth[run[0] : run[1]].max() >= ON], np.int64
    ).reshape(-1, 2)
    spans = np.array([_edges(run, filled, centre, edges) for run in runs]).reshape(-1, 2)
    spans = np.rint(spans).astype(np.int64)
    if len(spans):
        near = np.flatnonzero(spans[1:, 0] - spans[:-1, 1] < JOINED * fs)
        spans = np.column_stack([np.delete(spans[:, 0], near + 1), np.delete(spans[:, 1], near)])
    spans = merged(spans[spans[:, 1] > spans[:, 0]])
    return spans[spans[:, 1] - spans[:, 0] >= SHORTEST * fs]


def _edges(run, p, centre, edges):
    """(start, stop) in samples: where the probability `p` (c,), a straight line from the middle of
    each step to the next, passes EDGE within a step of the ends of a run of steps."""
    first, last = run[0], run[1] - 1
    start = edges[0] if first == 0 else _crossing(p, centre, first, -1)
    stop = edges[-1] if last == len(p) - 1 else _crossing(p, centre, last, 1)
    return start, stop


def _crossing(p, centre, at, out):
    """Where p passes EDGE nearest to step `at`, looking outwards (out: -1 or 1) where it is above
    there, else inwards."""
    way = out if p[at] >= EDGE else -out
    while 0 <= at + way < len(p) and (p[at + way] >= EDGE) == (p[at] >= EDGE):
        at += way
    other = at + way
    if not 0 <= other < len(p):
        return centre[at]
    share = (EDGE - p[at]) / (p[other] - p[at])
    return centre[at] + share * (centre[other] - centre[at])


def _rest(of_cell, edges, start, stop, shortest):
    """[(start, stop, rhythm)] of what lies between start and stop, by the rhythm of each step; one
    shorter than `shortest` belongs to the one before, the first to the one after."""
    first = max(np.searchsorted(edges, start, "right") - 1, 0)
    last = min(np.searchsorted(edges, stop, "left"), len(of_cell))
    change = np.flatnonzero(np.diff(of_cell[first:last])) + 1 + first
    marks = [start, *(edges[change].tolist()), stop]
    names = [of_cell[first], *of_cell[change]]
    out: list[list] = []
    for a, b, name in zip(marks[:-1], marks[1:], names):
        if out and (name == out[-1][2] or b - a < shortest):
            out[-1][1] = b
        elif out and out[-1][1] - out[-1][0] < shortest:
            out[-1][1:] = [b, name]
        else:
            out.append([a, b, name])
    return [(a, b, RHYTHMS[name]) for a, b, name in out]


def _laid_over(spans: Spans, over: Spans) -> Spans:
    """`spans` without what `over` covers, and those of `over`, the later of them on top."""
    for name, upper in over.items():
        spans = {k: np.array(without(v, upper), np.int64).reshape(-1, 2) for k, v in spans.items()}
        spans[name] = merged(np.concatenate([spans.get(name, upper[:0]), upper]))
    return spans


def _confidence(span, name, cells, edges, fibrillation, over):
    """Mean probability of a rhythm over a span, NaN where no network said it. fibrillation: spans
    (k, 2) and their confidence (k,); over: what was laid over the looks."""
    start, stop = span
    if name == "VF":
        spans, values = fibrillation
        share = np.minimum(spans[:, 1], stop) - np.maximum(spans[:, 0], start)
    elif name == "VT" or name == "noise" and inside(over["noise"], np.array(span[:1]))[0]:
        return np.nan
    else:
        first = np.searchsorted(edges, start, "right") - 1
        last = np.searchsorted(edges, stop, "left")
        values = cells[first:last, RHYTHMS.index(name)]
        share = np.minimum(edges[first + 1 : last + 1], stop) - np.maximum(edges[first:last], start)
    known = np.isfinite(values) & (share > 0)
    return float(np.average(values[known], weights=share[known])) if known.any() else np.nan


def _burden(af, noise, n):
    """Share of the readable time that is AF, None where there is none."""
    readable = n - int(covered(noise, np.array([0, n]))[0])
    return sum(int(b - a) for a, b in without(af, noise)) / readable if readable else None


def _rate(r_peaks, af, fs, lost):
    """Mean ventricular rate, 1/min, of the RR intervals within AF; None without one."""
    start, stop = r_peaks[:-1], r_peaks[1:]
    if len(r_peaks) < 2 or not len(af):
        return None
    k = np.searchsorted(af[:, 0], start, "right") - 1
    kept = inside(af, start) & (stop <= af[k, 1]) & ~overlapping(start, stop, lost)
    return 60.0 * fs * int(kept.sum()) / int((stop - start)[kept].sum()) if kept.any() else None
