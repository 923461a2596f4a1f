"""The RR intervals of half a minute in numbers, with the ventricular beats among them and without.

Ratios are over the median interval, so that a rate of 60 and of 90 per minute read alike; what is
skewed goes in as a logarithm. A number that too few intervals tell is NaN.
"""

import numpy as np

from ecg.rhythm import padded

VENTRICULAR = ("V", "F")  # labels whose intervals say nothing of the atria
LONGEST = 4.0  # s: more than that between two beats is a gap, not an interval
FEWEST = 4  # intervals: fewer have no rhythm
ALIKE = 0.03  # s: intervals so close are equal to the sample entropy
SMALL = 0.01  # is added to a ratio before its logarithm
EDGE, BINS = 0.6, 24  # of differences and intervals over the median, for their entropy: -0.6..0.6
EARLY = -0.12  # logarithm of an interval over its neighbours: a beat came early
TURN = 0.02  # share of the median: a smaller step is no turn

SEQUENCE_NAMES = (
    *("median", "spread", "rms_step", "step_75", "step_90", "steps_5", "steps_10", "steps_20"),
    *("turns", "step_entropy", "entropy", "sample_entropy", "quartiles", "step_lag_1"),
    *("lag_1", "lag_2", "step_2", "shortest", "longest", "early_then_late"),
    *("early", "early_next", "late", "early_share"),
)
SHARE_NAMES = ("beats", "S", "V", "intervals_of_V", "V_twice")
RR_NAMES = (
    *(f"all_{name}" for name in SEQUENCE_NAMES),
    *(f"without_V_{name}" for name in SEQUENCE_NAMES),
    *(f"share_{name}" for name in SHARE_NAMES),
)


def rr_numbers(
    times: np.ndarray, labels: np.ndarray, look: np.ndarray, durations: np.ndarray
) -> np.ndarray:
    """float32 (k, len(RR_NAMES)) of the beats of k looks.

    times: (b,) s of the R peaks, increasing in each look; labels: (b,) letters N S V F Q or ? of
    them; look: (b,) which look each is of, increasing; durations: (k,) s of signal."""
    rows = len(durations)
    beat_there = padded.padded(times, look, rows)[1]
    t = padded.padded(times, look, rows)[0]
    is_v = padded.padded(np.isin(labels, VENTRICULAR), look, rows)[0]
    rr, joined = np.diff(t, axis=1), beat_there[:, 1:] & beat_there[:, :-1]
    whole = joined & (rr > 0) & (rr <= LONGEST)
    own = whole & ~is_v[:, 1:] & ~is_v[:, :-1]
    count = np.maximum(beat_there.sum(axis=1), 1)
    shares = np.column_stack(
        [
            np.log(beat_there.sum(axis=1) / durations + 0.1),
            np.bincount(look, labels == "S", rows) / count,
            is_v.sum(axis=1) / count,
            (whole & ~own).sum(axis=1) / np.maximum(whole.sum(axis=1), 1),
            (is_v[:, 1:] & is_v[:, :-1]).sum(axis=1) / count,
        ]
    )
    sequences = [_sequences(rr, kept) for kept in (whole, own)]
    return np.hstack([*sequences, shares]).astype(np.float32)


def _sequences(rr, kept):
    """(k, len(SEQUENCE_NAMES)) of the intervals (k, m) s that are kept, bool (k, m): a difference
    is one of two in succession."""
    low, middle, high = padded.percentiles(rr, kept, [25, 50, 75])
    with np.errstate(invalid="ignore", divide="ignore"):
        x = rr / middle[:, None]
        step, twice = np.diff(x, axis=1), kept[:, 1:] & kept[:, :-1]
        size = np.abs(step)
        upper, uppermost = padded.percentiles(size, twice, [75, 90])
        level = padded.mean(rr, kept)
        centred = np.where(kept, rr - level[:, None], 0)
        spread = np.sqrt(padded.mean(centred**2, kept))
        numbers = np.column_stack(
            [
                np.log(middle),
                np.log(spread / middle + SMALL),
                np.log(np.sqrt(padded.mean(step**2, twice)) + SMALL),
                np.log(upper + SMALL),
                np.log(uppermost + SMALL),
                *(padded.mean(size > share, twice) for share in (0.05, 0.10, 0.20)),
                _turns(step, kept),
                _entropy(step, twice),
                _entropy(x - 1, kept),
                _sample_entropy(rr, kept, level),
                np.log((high - low) / middle + SMALL),
                _lagged(np.where(twice, step, 0), 1),
                _lagged(centred, 1),
                _lagged(centred, 2),
                _second_step(x, kept, size, twice),
                np.log(np.where(kept, x, np.inf).min(axis=1, initial=np.inf)),
                np.log(np.where(kept, x, -np.inf).max(axis=1, initial=1e-9)),
                padded.mean((x[:, :-1] < 0.85) & (x[:, 1:] > 0.95), twice),
                *_against_neighbours(rr, kept),
            ]
        )
    numbers[kept.sum(axis=1) < FEWEST] = np.nan
    return numbers


def _turns(step, kept):
    """Share of intervals that both neighbours lie above, or both below, by TURN or more."""
    known = kept[:, 2:] & kept[:, 1:-1] & kept[:, :-2]
    one, next_one = step[:, :-1], step[:, 1:]
    turn = (one * next_one < 0) & (np.minimum(np.abs(one), np.abs(next_one)) > TURN)
    return padded.mean(turn, known)


def _entropy(values, there):
    """(k,) of the histogram of values (k, m), over that of as many different ones."""
    count = there.sum(axis=1)
    bins = np.nan_to_num((np.clip(values, -0.98 * EDGE, 0.98 * EDGE) + EDGE) * (BINS / 2 / EDGE))
    row, column = np.nonzero(there)
    held = np.zeros((len(values), BINS))
    np.add.at(held, (row, bins[row, column].astype(np.int64)), 1)
    p = held / np.maximum(count, 1)[:, None]
    total = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)
    return np.where(count > 1, total / np.log(np.maximum(count, 2)), np.nan)


def _sample_entropy(rr, kept, level):
    """Coefficient of sample entropy (Lake and Moorman 2011), m = 1, r = ALIKE."""
    x, there = padded.moved_up(rr, kept)
    close = np.abs(x[:, :, None] - x[:, None, :]) <= ALIKE
    close &= there[:, :, None] & there[:, None, :]
    close[:, np.arange(x.shape[1]), np.arange(x.shape[1])] = False
    followed = there[:, 1:, None] & there[:, None, 1:]
    ones = (close[:, :-1, :-1] & followed).sum(axis=(1, 2))
    twos = (close[:, :-1, :-1] & close[:, 1:, 1:]).sum(axis=(1, 2))
    return -np.log((twos + 1) / (ones + 2)) + np.log(2 * ALIKE) - np.log(level)


def _lagged(x, lag):
    """(k,) correlation of x (k, m), mean 0, with itself so many further on."""
    return (x[:, lag:] * x[:, :-lag]).sum(axis=1) / ((x**2).sum(axis=1) + 1e-9)


def _second_step(x, kept, size, twice):
    """Median |step over two intervals| over that over one: small in bigeminy, about 1 in atrial
    fibrillation."""
    two = np.abs(x[:, 2:] - x[:, :-2])
    of_two = padded.percentiles(two, kept[:, 2:] & kept[:, :-2], [50])[0]
    of_one = padded.percentiles(size, twice, [50])[0]
    return np.log((of_two + SMALL) / (of_one + SMALL))


def _against_neighbours(rr, kept):
    """Logarithms of intervals over the median of the five around: the two least, the greatest;
    share of those below EARLY."""
    x, there = padded.moved_up(rr, kept)
    count = np.maximum(there.sum(axis=1), 1)
    last = np.minimum(np.arange(-2, x.shape[1] + 2), count[:, None] - 1)
    wide = np.take_along_axis(x, np.maximum(last, 0), 1)
    around = np.median(np.lib.stride_tricks.sliding_window_view(wide, 5, axis=1), axis=2)
    ratio = np.log(x / around)
    least = np.sort(np.where(there, ratio, np.inf), axis=1)
    greatest = np.where(there, ratio, -np.inf).max(axis=1, initial=-np.inf)
    second = least[:, min(1, least.shape[1] - 1)]
    return least[:, 0], second, greatest, padded.mean(ratio < EARLY, there)
