"""Fast, slow and absent hearts whose beats are known: made of waves, or of real beats put closer
together, with the noise that people have."""

from typing import NamedTuple

import numpy as np

from benchmarks.rpeaks_parts.records import Record
from ecg.noise import add_noise
from ecg.synthetic import beats_at

QRS = [[-0.026, 0.008, -0.12], [0, 0.011, 1.1], [0.026, 0.010, -0.28]]  # 85 ms wide
P_WAVE = [[0.0, 0.020, 0.15]]
SPIKE = [[0.0, 0.0008, 1.0]]  # of a pacemaker, 2 ms wide


class Made(NamedTuple):
    """leads: (n,) mV each. fs: Hz. beats: (m,) int64, samples of the R peaks. absent: (k, 2) s,
    where the heart stands still."""

    leads: list[np.ndarray]
    fs: float
    beats: np.ndarray
    absent: np.ndarray


def complex_of(rr: float, p: bool = True, t: float = 0.3) -> np.ndarray:
    """Waves (k, 3) of a narrow beat at an interval of rr s: P wave if `p`, a T wave of t mV."""
    waves = list(QRS)
    if p:
        waves += [[-min(0.16, 0.42 * rr), 0.020, 0.12]]
    if t:
        waves += [[0.26 * np.sqrt(min(rr, 1.0)), min(0.045, 0.16 * rr), t]]
    return np.array(waves)


def steady(
    rate: float, seconds: float, start: float = 0.4, wander: float = 0.01, seed: int = 0
) -> np.ndarray:
    """(m,) s: times of beats at `rate` a minute, from `start` to 0.3 s before the end; `wander`:
    spread of the intervals as a share."""
    rng = np.random.default_rng(seed)
    rr = 60 / rate * (1 + wander * rng.standard_normal(int(seconds * rate / 60) + 2))
    times = start + np.cumsum(rr) - rr[0]
    return times[times < seconds - 0.3]


def second_lead(
    x: np.ndarray, fs: float, snr: float | None, rng: np.random.Generator
) -> np.ndarray:
    """Another lead of the same heart: lower, the other way up, with its own noise."""
    return noisy(-0.6 * x, fs, snr, rng)


def noisy(x: np.ndarray, fs: float, snr: float | None, rng: np.random.Generator) -> np.ndarray:
    """x (n,) with muscle noise and baseline wander, `snr` dB below it; None: a trace of noise."""
    if snr is None:
        return x + 0.005 * rng.standard_normal(len(x))
    return add_noise(add_noise(x, fs, "muscle", snr, rng), fs, "baseline", snr, rng)


def tachycardia(
    rate: float, fs: float, waves: bool = True, snr: float | None = None, seed: int = 0
) -> Made:
    """A narrow rhythm of `rate` a minute for 60 s, with P and T waves or without, in two leads."""
    rng, n = np.random.default_rng(seed), round(60 * fs)
    times = steady(rate, 60, seed=seed)
    x = beats_at(times, complex_of(60 / rate, waves, 0.3 if waves else 0), n, fs)
    leads = [noisy(x, fs, snr, rng), second_lead(x, fs, snr, rng)]
    return Made(leads, fs, np.rint(times * fs).astype(np.int64), np.zeros((0, 2)))


def paroxysm(rate: float, fs: float, snr: float | None = None, seed: int = 0) -> Made:
    """80 a minute, `rate` for 20 s from 30 s on, and back."""
    rng, n = np.random.default_rng(seed), round(80 * fs)
    slow, fast = 60 / 80, 60 / rate
    before = steady(80, 30.3, seed=seed)
    during = before[-1] + fast * np.arange(1, round(20 / fast))
    after = during[-1] + slow * np.arange(1, round(29 / slow))
    after = after[after < 79.7]
    x = beats_at(np.r_[before, after], complex_of(slow), n, fs)
    x += beats_at(during, complex_of(fast), n, fs)
    leads = [noisy(x, fs, snr, rng), second_lead(x, fs, snr, rng)]
    return Made(leads, fs, np.rint(np.r_[before, during, after] * fs).astype(int), np.zeros((0, 2)))


def spliced(record: Record, rate: float, seconds: float = 30) -> Made | None:
    """Real beats of a record, which come at `rate` a minute: each is cut from P wave to the end of
    its T wave, freed of its offset and added where it should lie. None without narrow beats.

    The beats are those nearest to the median of the record's first minutes, so that they are of one
    kind."""
    x, fs, r = record.signal, record.fs, record.beats
    before, after = round(0.22 * fs), round(0.42 * fs)
    r = r[(r > before) & (r < min(len(x), 600 * fs) - after)]
    if len(r) < 100:
        return None
    cut = x[r[:, None] + np.arange(-before, after)]
    edge = np.linspace(0, 1, before + after)
    cut = cut - cut[:, :8].mean(1)[:, None] * (1 - edge) - cut[:, -8:].mean(1)[:, None] * edge
    cut *= np.minimum(1, 8 * np.minimum(edge, 1 - edge))
    off = np.abs(cut - np.median(cut, axis=0)).mean(1)
    cut = cut[np.argsort(off, kind="stable")[:40]]
    times = steady(rate, seconds, 0.5)
    out = np.zeros(round(seconds * fs) + before + after)
    at = np.rint(times * fs).astype(np.int64)
    for k, place in enumerate(at):
        start = place - before
        out[start : start + before + after] += cut[k % len(cut)]
    out = out[: round(seconds * fs)] + 0.005 * np.random.default_rng(0).standard_normal(
        round(seconds * fs)
    )
    return Made([out], fs, at, np.zeros((0, 2)))


def standstill(
    fs: float,
    still: float = 60,
    p_rate: float = 80,
    spikes: float = 0,
    snr: float | None = None,
    seed: int = 0,
    gain: float = 1.0,
) -> Made:
    """75 beats a minute for 60 s, no QRS complex for `still` s, again 75 for 40 s.

    In between P waves at p_rate a minute and a pacemaker's spikes without capture at 70 a minute,
    `spikes` mV high; `gain`: of the P waves."""
    rng, total = np.random.default_rng(seed), 100 + still
    n = round(total * fs)
    times = steady(75, total, wander=0.03, seed=seed)
    absent = np.array([60.0, 60 + still])
    times = times[(times < absent[0]) | (times > absent[1])]
    x = beats_at(times, complex_of(0.8), n, fs)
    level = noisy(x, fs, snr, rng) - x
    if p_rate:
        p = steady(p_rate, still, wander=0.02, seed=seed + 1) + absent[0]
        x += beats_at(p, np.array(P_WAVE) * [1, 1, gain], n, fs)
    if spikes:
        wide = max(1.0, 0.5 / fs / SPIKE[0][1])  # sampled more slowly it is lower and wider
        at = steady(70, still, wander=0, seed=1) + absent[0]
        x = x + beats_at(at, np.array(SPIKE), n, fs) * spikes / wide
    leads = [x + level, noisy(-0.6 * x, fs, snr, rng)]
    return Made(leads, fs, np.rint(times * fs).astype(np.int64), absent[None])
