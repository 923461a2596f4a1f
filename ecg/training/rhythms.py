"""Other rhythms made of a patient's own beats, spliced into recordings that are learnt.

A rhythm is a function that changes a `BeatPlan`: which beats stay, at what intervals, of which
class. `splice_rhythm` then cuts the recording and joins it again as planned.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, SupportsIndex

import numpy as np

RHYTHMS = ("tachycardia", "fibrillation", "bigeminy", "block", "sinus")
# By default the last is left out: what it gains in one record it costs elsewhere.
ALL_RHYTHMS = (*RHYTHMS, "ectopic")
# from the first beat to the last: short pieces know nothing else (ecg/training/pieces.py)
THROUGHOUT = ("reentry", "exercise")

N, S = 0, 1  # the classes that rhythms give to beats

# A beat begins so many RR intervals (of one second at most) before its R peak: at its P wave.
P_WAVE = 0.25
SHORTEST_RR = 0.28  # s between spliced beats
JOINT = 0.06  # s over which a joint is spread
P_CUT_AWAY = 0.08  # as P_WAVE: the P wave is cut away
P_KEPT = 0.22  # as P_WAVE: most of the P wave is kept


class BeatPlan(NamedTuple):
    """How the n beats of a recording are spliced. A rhythm changes the last four in place."""

    fs: float  # Hz
    usual_rr: float  # samples, the median RR interval
    second: float  # samples: `usual_rr`, one second at most; onsets are shares of it
    annotated: np.ndarray  # int (n,), classes 0..3 or -1 as they were
    classes: np.ndarray  # int (n,), classes after splicing
    keep: np.ndarray  # bool (n,), False where a beat is dropped
    rr: np.ndarray  # float (n,), samples to the next beat; NaN: as it was
    onset: np.ndarray  # float (n,), samples before the R peak that belong to a beat


class Spliced(NamedTuple):
    """A lead of n samples after splicing, and its m beats."""

    signal: np.ndarray  # float (n,), in the unit it had
    peaks: np.ndarray  # int (m,), sample numbers of the R peaks
    classes: np.ndarray  # int (m,), 0..3 or -1


def splice_rhythm(
    rhythm: str,
    signal: np.ndarray,
    fs: float,
    peaks: np.ndarray,
    classes: np.ndarray,
    rng: np.random.Generator,
) -> Spliced:
    """A recording into which another rhythm, made of the patient's own beats, has been spliced.

    rhythm: one of ALL_RHYTHMS or THROUGHOUT; signal: one lead; fs in Hz; peaks: sample numbers of
    the R peaks; classes: 0..3 or -1 of every peak. The same seed gives the same beats, cut at the
    same samples, in every lead of a recording.

    Each of these is a matter of a few patients in the databases, too few to learn from, and common
    among patients elsewhere: see the function of each rhythm. Other ectopic beats inside a stretch
    are dropped. Where an interval is longer than it was, the signal stays at its last level. A
    joint is spread over 60 ms. A recording of fewer than four beats stays as it is."""
    n = len(peaks)
    if n < 4:
        return Spliced(signal, peaks, classes)
    usual_rr = np.median(np.diff(peaks))
    second = min(usual_rr, fs)
    if rhythm == "block":
        return _block(signal, fs, peaks, classes, second, rng)
    plan = BeatPlan(
        fs=fs,
        usual_rr=usual_rr,
        second=second,
        annotated=classes,
        classes=classes.copy(),
        keep=np.ones(n, bool),
        rr=np.full(n, np.nan),
        onset=np.full(n, P_WAVE * second),
    )
    _PLANNED[rhythm](plan, rng)
    return _splice(signal, peaks, plan)


# ---- the rhythms --------------------------------------------------------------------------------


def _stretches(
    n: int, count: SupportsIndex, shortest: float, longest: float, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """`count` stretches of successive beats out of n, shortest..longest beats long, at random; the
    last beat is in none."""
    for length in rng.uniform(shortest, longest, count).astype(int):
        start = int(rng.integers(max(1, n - length)))
        yield np.arange(start, min(start + length, n - 1))


def _tachycardia(plan: BeatPlan, rng: np.random.Generator) -> None:
    """In up to three stretches and six short runs, normal beats follow each other at 0.45 to 0.72
    of the usual RR interval, steadily and from one beat to the next, P wave cut away or kept:
    class S. Or, in two long stretches of five, the rate rises and falls slowly to at most 1.6
    times, as the sinus node does: class N."""
    n = len(plan.keep)
    stretches = list(_stretches(n, rng.integers(1, 4), 0.05 * n, 0.3 * n, rng))
    runs = list(_stretches(n, rng.integers(0, 7), 3, 25, rng))
    for k in [*stretches, *runs]:
        plan.keep[k] = plan.annotated[k] == N
        if len(k) > 40 and rng.random() < 0.4:
            slow_rise = np.sin(np.linspace(0, np.pi, len(k)))
            share: np.ndarray | float = 1 - rng.uniform(0.15, 0.4) * slow_rise
            plan.classes[k], plan.onset[k] = N, P_WAVE * plan.second
        else:
            share = rng.uniform(0.45, 0.72)
            plan.classes[k] = S
            plan.onset[k] = rng.choice([P_CUT_AWAY, P_KEPT]) * plan.second
        plan.rr[k] = share * plan.usual_rr * (1 + 0.01 * rng.standard_normal(len(k)))


def _fibrillation(plan: BeatPlan, rng: np.random.Generator) -> None:
    """In up to three long stretches the P waves are cut away and the RR intervals are drawn at
    random: normal beats stay N and ventricular ones V, however early they come."""
    n = len(plan.keep)
    for k in _stretches(n, rng.integers(1, 4), 0.15 * n, 0.6 * n, rng):
        plan.keep[k] = plan.annotated[k] != S
        mean, spread = rng.uniform(0.55, 0.95), rng.uniform(0.12, 0.28)
        share = np.clip(mean * np.exp(spread * rng.standard_normal(len(k))), 0.38, 1.3)
        plan.rr[k] = plan.usual_rr * share
        plan.onset[k] = np.where(plan.annotated[k] == N, 0.08, 0.12) * plan.fs


def _bigeminy(plan: BeatPlan, rng: np.random.Generator) -> None:
    """In up to three stretches every second to fourth normal beat comes at 0.5 to 0.85 of the usual
    interval, with a pause after it: class S."""
    n = len(plan.keep)
    for k in _stretches(n, rng.integers(1, 4), 0.03 * n, 0.25 * n, rng):
        plan.keep[k] = plan.annotated[k] == N
        k = k[plan.keep[k]]
        early = np.arange(len(k)) % rng.choice([2, 2, 2, 3, 4]) == 1
        share = np.where(early, rng.uniform(1.0, 1.25), 1.0)
        share[np.flatnonzero(early) - 1] = rng.uniform(0.5, 0.85)
        plan.rr[k] = plan.usual_rr * share * (1 + 0.025 * rng.standard_normal(len(k)))
        plan.classes[k] = np.where(early, S, N)
        early_onset = rng.choice([P_CUT_AWAY, 0.15, P_KEPT]) * plan.second
        plan.onset[k] = np.where(early, early_onset, plan.onset[k])


def _sinus(plan: BeatPlan, rng: np.random.Generator) -> None:
    """In up to three long stretches the RR interval of the normal beats goes up and down by 5 to
    25 % every 3 to 9 beats, as breathing makes it do: class N."""
    n = len(plan.keep)
    for k in _stretches(n, rng.integers(1, 4), 0.1 * n, 0.5 * n, rng):
        plan.keep[k] = plan.annotated[k] == N
        usual = rng.uniform(3, 9)
        beats_a_breath = usual * (1 + 0.15 * rng.standard_normal(len(k))).clip(0.6)
        phase = 2 * np.pi * np.cumsum(1 / beats_a_breath)
        mean = plan.usual_rr * rng.uniform(0.8, 1.15)
        breathing = rng.uniform(0.05, 0.25) * np.sin(phase)
        plan.rr[k] = mean * (1 + breathing + 0.02 * rng.standard_normal(len(k)))


def _ectopic(plan: BeatPlan, rng: np.random.Generator) -> None:
    """In one stretch of half the recording or more, another pacemaker in the atria leads: beats at
    a steady 0.5 to 0.75 of the usual interval, P wave cut away or kept, are S; every few beats it
    pauses for 1 to 1.8 of it, and the beat after that is N."""
    n = len(plan.keep)
    for k in _stretches(n, 1, 0.5 * n, 0.95 * n, rng):
        plan.keep[k] = plan.annotated[k] == N
        k = k[plan.keep[k]]
        late = np.zeros(len(k), bool)
        after_pause = np.cumsum(rng.geometric(rng.uniform(0.12, 0.4), len(k)) + 1)
        late[after_pause[after_pause < len(k)]] = True
        share = rng.uniform(0.5, 0.75) * (1 + 0.02 * rng.standard_normal(len(k)))
        pauses = rng.uniform(1.0, 1.8, len(k))
        plan.rr[k[:-1]] = plan.usual_rr * np.where(late, pauses, share)[1:]
        plan.classes[k] = np.where(late, N, S)
        ectopic_onset = rng.choice([P_CUT_AWAY, P_KEPT]) * plan.second
        plan.onset[k] = np.where(late, plan.onset[k], ectopic_onset)


def _reentry(plan: BeatPlan, rng: np.random.Generator) -> None:
    """All normal beats follow each other at 130 to 210/min, more steadily than the sinus node ever
    lets them, the P wave hidden in most hearts: class S."""
    k = _all_normal(plan)
    rate = rng.uniform(130, 210)
    plan.rr[k] = plan.fs * 60 / rate * (1 + rng.uniform(0, 0.015) * rng.standard_normal(len(k)))
    plan.classes[k] = S
    plan.onset[k] = rng.choice([0.05, P_CUT_AWAY, P_CUT_AWAY, P_KEPT]) * plan.second


def _exercise(plan: BeatPlan, rng: np.random.Generator) -> None:
    """All normal beats follow each other at 90 to 150/min, slowly faster and slower, with their P
    waves: class N."""
    k = _all_normal(plan)
    drift = np.cumsum(rng.standard_normal(len(k))) / np.sqrt(max(len(k), 1))
    rate = np.clip(rng.uniform(90, 150) + 10 * drift, 80, 160)
    plan.rr[k] = plan.fs * 60 / rate * (1 + 0.015 * rng.standard_normal(len(k)))


def _all_normal(plan):
    """The normal beats but the last; the others are dropped."""
    plan.keep[:-1] = plan.annotated[:-1] == N
    return np.flatnonzero(plan.keep[:-1])


def _block(
    signal: np.ndarray,
    fs: float,
    peaks: np.ndarray,
    classes: np.ndarray,
    second: float,
    rng: np.random.Generator,
) -> Spliced:
    """In up to four stretches every second to seventh beat is dropped where it is a normal one, its
    P wave left (the atrioventricular node blocks it) or gone too (the sinus node pauses): the
    others keep their classes, although those that follow each other directly now come at half the
    interval of the rest. The only rhythm that keeps every interval: beats are wiped out of a copy
    of the signal, and nothing is spliced. Arguments and result as in `splice_rhythm`."""
    n = len(peaks)
    dropped = np.zeros(n, bool)
    for k in _stretches(n, rng.integers(1, 5), 0.05 * n, 0.3 * n, rng):
        for part in np.array_split(k, max(1, len(k) // int(rng.integers(8, 60)))):
            dropped[part[rng.integers(2) :: rng.choice([2, 2, 2, 3, 3, 4, 5, 7])]] = True
    dropped &= (classes == N) & (np.arange(n) > 0) & (np.arange(n) < n - 1)
    p_stays = rng.random(dropped.sum()) < 0.7
    signal = signal.copy()
    for beat, onset in zip(np.flatnonzero(dropped), np.where(p_stays, 0.06 * fs, P_WAVE * second)):
        to_next = peaks[beat + 1] - peaks[beat]
        start = max(int(peaks[beat] - onset), 0)
        stop = int(peaks[beat + 1] - P_WAVE * min(to_next, second))
        last_level = signal[max(stop, start + 1)]
        signal[start:stop] = np.linspace(signal[start], last_level, max(stop - start, 0))
    return Spliced(signal, peaks[~dropped], classes[~dropped])


_PLANNED: dict[str, Callable[[BeatPlan, np.random.Generator], None]] = {
    "tachycardia": _tachycardia,
    "fibrillation": _fibrillation,
    "bigeminy": _bigeminy,
    "sinus": _sinus,
    "ectopic": _ectopic,
    "reentry": _reentry,
    "exercise": _exercise,
}


# ---- splicing -----------------------------------------------------------------------------------


def _splice(signal: np.ndarray, peaks: np.ndarray, plan: BeatPlan) -> Spliced:
    """The recording cut into its beats and joined as planned. The last kept beat only ends the one
    before it."""
    kept, onset = np.flatnonzero(plan.keep), plan.onset.astype(int)
    pieces: list[np.ndarray] = []
    peaks_after, classes, length = [], [], 0
    for k, following in zip(kept[:-1], kept[1:]):
        body = _from_r_to_next_beat(signal, peaks, plan, k, following, onset[following])
        if len(body) == 0:
            continue
        start = max(peaks[k] - onset[k], 0)
        piece = np.concatenate([signal[start : peaks[k]], body])
        if pieces:
            ramp = min(len(piece), int(JOINT * plan.fs))
            piece[:ramp] += np.linspace(1, 0, ramp) * (pieces[-1][-1] - piece[0])
        pieces.append(piece)
        peaks_after.append(length + peaks[k] - start)
        classes.append(plan.classes[k])
        length += len(piece)
    at, first = np.unique(np.minimum(peaks_after, length - 1), return_index=True)
    return Spliced(np.concatenate(pieces), at, np.array(classes)[first])


def _from_r_to_next_beat(signal, peaks, plan, k, following, next_onset):
    """The signal from the R peak of beat k to where the next kept beat, `following`, begins. Beyond
    what belongs to the beat it stays at its last level: the P wave of a beat that is dropped or
    comes at another time is not shown."""
    to_next, is_spliced = peaks[k + 1] - peaks[k], np.isfinite(plan.rr[k])
    if is_spliced:
        rr = max(int(plan.rr[k]), int(SHORTEST_RR * plan.fs))
    elif following == k + 1:
        rr = to_next
    else:
        rr = int(plan.usual_rr)
    length = rr - next_onset
    own_length = length
    if is_spliced or following > k + 1:
        until_p = to_next - int(P_WAVE * min(to_next, plan.usual_rr))
        own_length = min(length, max(until_p, int(0.1 * plan.fs)))
    body = signal[peaks[k] : peaks[k] + own_length]
    if len(body) == 0:
        return body
    last_level = body[-max(1, int(0.02 * plan.fs)) :].mean()
    return np.concatenate([body, np.full(max(0, length - len(body)), last_level)])
