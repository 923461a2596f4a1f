"""Heart-rate variability in the time domain, of a recording and period by period.

    from ecg.hrv import by_period, hrv
    hrv(samples, labels, fs, n_samples, unreadable).sdnn_ms
    by_period(samples, labels, fs, n_samples, unreadable, seconds=300)[0]["rmssd_ms"]

Which intervals count (NN, normal to normal):

- Both beats are labelled N, and no unreadable or withheld stretch touches the interval. So nothing
  is left of either interval beside an ectopic beat or one without a label (the coupling interval
  and the pause after it), and no difference is taken across it; the intervals beyond those two
  count. To leave these out as well brought the figures of detected beats no nearer to those of
  reference beats, and cost record 208 three quarters of its intervals.
- It lasts 300 to 2000 ms.
- It is no artefact: it lies within 20 % of the median of the 11 such intervals around it. An
  R peak that was missed or invented, an early beat that was labelled N and a blocked one show as
  intervals beyond. A limit of 20 % is the usual one [Malik et al. 1989]; chosen on DS1 of MIT-BIH
  between 15 % (which takes respiratory sinus arrhythmia for artefacts) and 40 %.

Figures, of the Task Force of the ESC and NASPE 1996: mean NN; SDNN, their standard deviation (n -
1); RMSSD, the root mean square of the differences of successive NN intervals, two that share a
beat; pNN50, how many percent of these differences exceed 50 ms (of the differences, as PhysioNet's
HRV toolkit; where beats are left out, to divide by the number of intervals would read too low).

When a figure is withheld (None, with the reason): stretches in which nothing is to be counted, such
as atrial fibrillation or noise, are more than half of the time; fewer than 20 NN intervals (10
differences for RMSSD and pNN50); NN intervals that add up to less than a tenth of the time, as
single beats between paced ones; or an irregular rhythm: the rule of artefacts leaves out more than
7.5 % of the intervals between N. Of 5 minutes of atrial fibrillation it leaves out 31 % or more on
DS1, of other rhythm with 100 or more N 4.7 % or less (reference beats); on DS2, where nothing was
chosen, 7.6 % or more and 4.1 % or less.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import median_filter

from ecg.beats import CLASSES, checked_beats
from ecg.clock import Clock
from ecg.rhythm.names import episodes_of
from ecg.stretches import covered, overlapping, period_of, periods, within

RANGE = 300.0, 2000.0  # ms: what an NN interval can last
AROUND = 11  # NN intervals, itself among them, whose median one is compared with
TOLERANCE = 0.20  # of that median
IRREGULAR = 0.075  # of the intervals between N: more artefacts than this are a rhythm
LEAST = 20  # NN intervals
LEAST_PAIRS = 10  # differences of successive NN intervals
LEAST_SHARE = 0.10  # of the time that NN intervals add up to
MOST_LOST = 0.50  # of the time that stretches take
NN50 = 50.0  # ms
WITHHELD = {  # rhythms in which intervals between N say nothing of the sinus node
    "AF": "atrial fibrillation or flutter",
    "VF": "ventricular fibrillation or flutter",
    "noise": "noise",
}


class Hrv(NamedTuple):
    """Heart-rate variability of a recording or a period of it.

    nn_intervals: how many count; nn_pairs: how many differences of successive ones; artefacts: how
    many intervals between N were left out as such. mean_nn_ms, sdnn_ms, rmssd_ms: ms.
    pnn50_percent: 0 to 100. reason: why a figure is None; None where none is."""

    nn_intervals: int
    nn_pairs: int
    artefacts: int
    mean_nn_ms: float | None
    sdnn_ms: float | None
    rmssd_ms: float | None
    pnn50_percent: float | None
    reason: str | None


class NormalIntervals(NamedTuple):
    """Intervals between successive N beats, (k,) each. end: sample of the R peak that ends it.
    ms: its length. artefact: bool. successive: bool, it and the one before share a beat and neither
    is an artefact."""

    end: np.ndarray
    ms: np.ndarray
    artefact: np.ndarray
    successive: np.ndarray


def hrv(
    samples: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable = (),
    stretches: Iterable[tuple[int, int, str]] = (),
) -> Hrv:
    """Heart-rate variability of a whole recording.

    samples, labels, fs (Hz), n_samples: as in ecg.beats.checked_beats, whose ValueError it raises.
    unreadable: (start, stop) or (start, stop, reason) in samples, stop excluded. stretches: (start,
    stop, reason) in which nothing is to be counted, such as (0, 9000, "atrial fibrillation"); any
    order, overlaps allowed."""
    edges = np.array([0, n_samples])
    return _by_period(samples, labels, fs, n_samples, unreadable, stretches, edges)[0]


def by_period(
    samples: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable = (),
    stretches: Iterable[tuple[int, int, str]] = (),
    seconds: float = 300,
    clock: Clock = Clock(),
) -> list[dict]:
    """A dict of each period of `seconds` (300: 5 minutes, 3600: an hour): start_s, stop_s (from the
    start of the recording) and what `Hrv` holds. An interval belongs to the period in which it
    ends.

    The rest as for `hrv`. clock: where it is known, periods begin at its round times (10:05,
    10:10), and the first and the last may be shorter than `seconds`."""
    edges = periods(n_samples, seconds * fs, -(clock.first or 0.0) * fs)
    found = _by_period(samples, labels, fs, n_samples, unreadable, stretches, edges)
    return [
        {"start_s": start / fs, "stop_s": stop / fs, **each._asdict()}
        for start, stop, each in zip(edges[:-1].tolist(), edges[1:].tolist(), found)
    ]


def normal_intervals(
    samples: np.ndarray, labels: np.ndarray, fs: float, lost: np.ndarray
) -> NormalIntervals:
    """The intervals between N beats, and which of them are artefacts.

    samples: int64 (n,) R peaks at `fs` Hz. labels: int64 (n,) class index. lost: (k, 2) ordered
    stretches that leave out every interval they touch."""
    normal = labels == CLASSES.index("N")
    ms = np.diff(samples) * (1000.0 / fs)
    between = normal[:-1] & normal[1:] & (ms >= RANGE[0]) & (ms <= RANGE[1])
    between &= ~overlapping(samples[:-1], samples[1:], lost)
    at = np.flatnonzero(between)
    ms = ms[at]
    usual = median_filter(ms, min(AROUND, len(ms) | 1), mode="mirror") if len(ms) else ms
    artefact = np.abs(ms - usual) > TOLERANCE * usual
    follows = np.append(False, np.diff(at) == 1)[: len(at)]
    successive = follows & ~artefact & ~np.append(True, artefact)[: len(at)]
    return NormalIntervals(samples[at + 1], ms, artefact, successive)


def withheld_in(rhythm: dict[str, Any] | None, fs: float) -> list[tuple[int, int, str]]:
    """The stretches of a recording at fs Hz in which the heart-rate variability is withheld, with
    the reason: the episodes of WITHHELD in what ecg.rhythm.track.Rhythm.as_dict gave."""
    return [
        (round(each["start_s"] * fs), round(each["end_s"] * fs), WITHHELD[each["rhythm"]])
        for each in episodes_of(rhythm)
        if each["rhythm"] in WITHHELD
    ]


# ---------------------------------------------------------------------------------------- periods


def _by_period(samples, labels, fs, n_samples, unreadable, stretches, edges) -> list[Hrv]:
    """`Hrv` of each period between the `edges` (k + 1,)."""
    samples, labels = checked_beats(samples, labels, fs, n_samples)
    by_reason: dict[str, list] = {}
    for start, stop, *reason in [*unreadable, *stretches]:
        by_reason.setdefault(reason[0] if reason else "unreadable", []).append((start, stop))
    lost = within((span for spans in by_reason.values() for span in spans), n_samples)
    nn = normal_intervals(samples, labels, fs, lost)
    length = np.maximum(np.diff(edges), 1)
    lost_share = covered(lost, edges) / length
    shares = {r: covered(within(s, n_samples), edges) / length for r, s in by_reason.items()}
    figures = _figures(nn, edges)
    nn_share = figures.pop("nn_ms") * fs / 1000.0 / length
    columns = {name: values.tolist() for name, values in figures.items()}
    out = []
    for k in range(len(length)):
        own = {name: values[k] for name, values in columns.items()}
        covers = {r: float(share[k]) for r, share in shares.items()}
        reason = _reason(own, float(lost_share[k]), covers, float(nn_share[k]))
        out.append(_withheld(own, reason))
    return out


def _figures(nn, edges):
    """The fields of `Hrv`, and nn_ms, the sum of the intervals, as arrays (k,) over periods; NaN
    or anything where there is too little for one."""
    steps = len(edges) - 1
    of, ms = period_of(edges, nn.end[~nn.artefact]), nn.ms[~nn.artefact]
    apart = period_of(edges, nn.end[nn.successive])
    difference = np.diff(nn.ms, prepend=0.0)[nn.successive]

    def total(period, weights=None):
        return np.bincount(period, weights, minlength=steps)

    count, pairs, sum_ms = total(of), total(apart), total(of, ms)
    mean = sum_ms / np.maximum(count, 1)
    squares = total(of, (ms - mean[of]) ** 2)
    over = np.abs(difference) > NN50 + 1e-6  # 18 samples at 360 Hz are 50 ms, not more
    return {
        "nn_intervals": count,
        "nn_pairs": pairs,
        "artefacts": total(period_of(edges, nn.end[nn.artefact])),
        "mean_nn_ms": mean,
        "sdnn_ms": np.sqrt(squares / np.maximum(count - 1, 1)),
        "rmssd_ms": np.sqrt(total(apart, difference**2) / np.maximum(pairs, 1)),
        "pnn50_percent": 100.0 * total(apart, over) / np.maximum(pairs, 1),
        "nn_ms": sum_ms,
    }


def _reason(own, lost_share, covers, nn_share):
    """Why all figures of a period are withheld, or None. own: its figures; covers: share of the
    time by the reason of stretches."""
    count, artefacts = own["nn_intervals"], own["artefacts"]
    irregular = artefacts / max(count + artefacts, 1)
    if lost_share > MOST_LOST:
        reason = max(covers, key=covers.__getitem__)
        return f"{reason}: {covers[reason]:.0%} of the time"
    if count < LEAST:
        return f"too few normal intervals: {count} of at least {LEAST}"
    if irregular > IRREGULAR:
        return f"irregular: {irregular:.0%} of the intervals differ by more than " + (
            f"{TOLERANCE:.0%} from those around them"
        )
    if nn_share < LEAST_SHARE:
        return f"normal intervals are {nn_share:.0%} of the time only"
    return None


def _withheld(own, reason):
    """`Hrv` of the figures of a period, without those that are withheld."""
    if reason is not None:
        hidden = ["mean_nn_ms", "sdnn_ms", "rmssd_ms", "pnn50_percent"]
    elif own["nn_pairs"] < LEAST_PAIRS:
        hidden = ["rmssd_ms", "pnn50_percent"]
        reason = f"too few successive normal intervals: {own['nn_pairs']} of at least {LEAST_PAIRS}"
    else:
        hidden = []
    return Hrv(**{**own, **dict.fromkeys(hidden)}, reason=reason)
