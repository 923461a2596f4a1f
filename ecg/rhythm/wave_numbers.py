"""What half a minute of one lead shows before, in and after its beats, in numbers: the P wave, is
it one and the same and at its place; QRS complexes and T waves; what is left between them.

Nothing depends on gain and offset. A number that too few beats tell is NaN.
"""

import numpy as np
from scipy import ndimage

from ecg.context.statistics import correlation, rms, without_mean
from ecg.rhythm import padded

RATE = 100  # Hz
BEAT = np.arange(-40, 55)  # samples of a beat, 10 ms each
P, QRS, T = (slice(40 + a, 40 + b) for a, b in ((-30, -6), (-7, 8), (12, 50)))
TAKEN_OUT = slice(10, None)  # of BEAT: from 0.3 s before R
FEWEST = 3  # beats: fewer have no usual one
SMALL = 0.02  # is added to a ratio before its logarithm
LEAST = 1e-9  # of a height: a lead that shows nothing
BANDS = (0.5, 3.0, 4.0, 9.0, 15.0, 30.0, 45.0)  # Hz of what is left without the usual beat
FIBRILLATION = 3.0, 12.0  # Hz of the waves of the atria

USUAL_NAMES = (
    *("p_likeness", "p_likeness_25", "p_size", "p_residue", "p_energy", "p_level", "p_place"),
    *("p_bump", "qrs_likeness", "qrs_likeness_10", "qrs_width", "qrs_up", "heights"),
    *("t_size", "t_likeness", "t_residue", "t_up"),
)
REST_NAMES = (
    *("rest", *(f"rest_{low:g}" for low in BANDS[:-1]), "rest_peak", "rest_peak_share"),
    *("height", "swing", "fast", "missing"),
)
WAVE_NAMES = (
    *(f"all_{name}" for name in USUAL_NAMES),
    *(f"without_V_{name}" for name in USUAL_NAMES),
    *REST_NAMES,
)


def wave_numbers(
    y: np.ndarray, there: np.ndarray, peaks: np.ndarray, look: np.ndarray, is_v: np.ndarray
) -> np.ndarray:
    """float32 (k, len(WAVE_NAMES)) of k looks at one lead.

    y: (k, n) at RATE, baseline removed; there: bool (k, n), False where samples are missing; peaks:
    (b,) R peaks in samples of their look; look: (b,) which look each is of, increasing; is_v: bool
    (b,), ventricular beats."""
    whole = (peaks + BEAT[0] >= 0) & (peaks + BEAT[-1] < y.shape[1])
    peaks, look, is_v = peaks[whole], look[whole], is_v[whole]
    cuts = y[look[:, None], peaks[:, None] + BEAT]
    usual = _usual(cuts, look, len(y))
    waves = _waves(cuts, look, usual)
    without = waves
    if is_v.any():
        own = cuts[~is_v], look[~is_v]
        without = _waves(*own, _usual(*own, len(y)))
    rest = _rest(y, there, peaks, look, usual)
    return np.hstack([waves, without, rest]).astype(np.float32)


def _usual(cuts, look, rows):
    """(rows, len(BEAT)): the median of the beats (b, len(BEAT)) of each look; 0 without any."""
    values, there = padded.padded(cuts, look, rows)
    return np.nan_to_num(padded.percentiles(values, there, [50])[0])


def _waves(cuts, look, usual):
    """(k, len(USUAL_NAMES)) of the beats (b, len(BEAT)) beside their medians (k, len(BEAT))."""
    height = np.ptp(usual[:, QRS], axis=1) + LEAST
    p, q, t = (without_mean(cuts[:, part]) for part in (P, QRS, T))
    usual_p, usual_q, usual_t = (without_mean(usual[:, part]) for part in (P, QRS, T))
    per_beat = np.column_stack(
        [
            correlation(p, usual_p[look]),
            correlation(q, usual_q[look]),
            correlation(t, usual_t[look]),
            rms(p - usual_p[look]),
            rms(p),
            rms(t - usual_t[look]),
            np.ptp(cuts[:, QRS], axis=1),
        ]
    )
    values, there = padded.padded(per_beat, look, len(usual))
    tenth, quarter, middle, upper = padded.percentiles(values, there, [10, 25, 50, 75])
    third = p.shape[1] // 3
    slope = np.abs(np.diff(usual[:, QRS.start - 4 : QRS.stop + 4], axis=1))
    sides = usual_p[:, :third].mean(axis=1) + usual_p[:, -third:].mean(axis=1)
    numbers = np.column_stack(
        [
            middle[:, 0],
            quarter[:, 0],
            np.log(np.ptp(usual_p, axis=1) / height + SMALL),
            np.log(middle[:, 3] / height + SMALL),
            np.log(middle[:, 4] / height + SMALL),
            np.clip(usual[:, P].mean(axis=1) / height, -1, 1),
            np.abs(usual_p).argmax(axis=1) / usual_p.shape[1],
            (usual_p[:, third:-third].mean(axis=1) - sides / 2) / height,
            middle[:, 1],
            tenth[:, 1],
            (slope > 0.35 * slope.max(axis=1, keepdims=True)).mean(axis=1),
            (usual[:, QRS].max(axis=1) + usual[:, QRS].min(axis=1)) / height,
            np.log((upper[:, 6] - quarter[:, 6]) / height + SMALL),
            np.log(np.ptp(usual_t, axis=1) / height + SMALL),
            middle[:, 2],
            np.log(middle[:, 5] / height + SMALL),
            np.clip((usual_t.max(axis=1) + usual_t.min(axis=1)) / height, -1, 1),
        ]
    )
    numbers[there.sum(axis=1) < FEWEST] = np.nan
    return numbers


def _rest(y, there, peaks, look, usual):
    """(k, len(REST_NAMES)): the looks less their usual beats, over the height of these."""
    height = np.ptp(usual[:, QRS], axis=1) + LEAST
    left, at = y.copy(), peaks[:, None] + BEAT[TAKEN_OUT]
    # in order: where two beats lie over each other, the later one counts
    left[look[:, None], at] = y[look[:, None], at] - usual[look][:, TAKEN_OUT]
    power = np.abs(np.fft.rfft(left * np.hanning(left.shape[1]), axis=1)) ** 2
    hz = np.fft.rfftfreq(left.shape[1], 1 / RATE)
    edges = np.searchsorted(hz, BANDS)
    total = power[:, edges[0] : edges[-1]].sum(axis=1) + 1e-12
    shares = [power[:, a:b].sum(axis=1) / total for a, b in zip(edges, edges[1:])]
    a, b = np.searchsorted(hz, FIBRILLATION)
    smooth = ndimage.uniform_filter1d(power, max(round(0.5 / hz[1]), 1), axis=1)[:, a:b]
    best, spread = smooth.argmax(axis=1), y.std(axis=1) + LEAST
    fast = np.median(np.abs(np.diff(y, 2, axis=1)), axis=1)
    return np.column_stack(
        [
            np.log(left.std(axis=1) / height + SMALL),
            *(np.log(share + SMALL) for share in shares),
            np.log(hz[a + best]),
            np.log((smooth.max(axis=1) + 1e-12) / (smooth.mean(axis=1) + 1e-12)),
            np.log(height / spread + SMALL),
            np.log(np.abs(y).max(axis=1) / spread + SMALL),
            np.log(fast / height + SMALL),
            1 - there.mean(axis=1),
        ]
    )
