"""Features of rhythm: RR intervals in the patient's own units, and how irregular they are.

A feature function takes `WindowBeats` and gives features by name, each float (m,), in the order of
`FEATURE_NAMES`. All ratios are natural logarithms.
"""

import numpy as np
from scipy import ndimage

from ecg.context.statistics import (
    rolling_windows,
    row_percentiles,
    running_mean,
    running_median,
    running_percentile,
    running_share,
    shifted,
)
from ecg.context.window_beats import WindowBeats


def rhythm_features(beats: WindowBeats) -> dict[str, np.ndarray]:
    """RR intervals in the patient's own units, over references, over their neighbours, and how fast
    the rate is and changes; the groups below say which."""
    log_pre, log_post = np.log(beats.pre_rr), np.log(beats.post_rr)
    references = {
        "normal": np.log(beats.normal_rr),
        "p75": np.log(beats.steady_rr),
        "p75_100": running_percentile(log_pre, 100, 75),
        **{f"med{n}": running_median(log_pre, n) for n in (5, 50, 200)},
    }
    over_references = _over_references(beats, log_pre, log_post, references)
    return {
        **over_references,
        **_over_neighbours(log_pre, over_references["pre_normal"]),
        **_rate_features(log_pre, over_references["pre_p75_100"], references),
        **_rate_changes(log_pre),
    }


def _over_references(beats, log_pre, log_post, references):
    """RR before (pre) and after (post) a beat over: the normal RR; the 75th percentiles of 30 and
    of 100 intervals; medians of 5, 50 and 200. pre/post; (pre + post) / (2 normal): 0 for a full
    compensatory pause."""
    features = {}
    for name, level in references.items():
        features[f"pre_{name}"] = log_pre - level
        features[f"post_{name}"] = log_post - level
    features["pre_post"] = log_pre - log_post
    pair = beats.pre_rr + beats.post_rr
    features["pair_normal"] = np.log(pair / (2 * beats.normal_rr))
    return features


def _over_neighbours(log_pre, pre_normal):
    """RR at lags -4..4 over the normal RR; RR over the largest and smallest of the 8 before and the
    median of the 3 before; the most abrupt acceleration and deceleration among the last 8
    intervals; ranks of RR among 8 and 200 around, where 2 % count as equal."""
    features = {f"rr{lag:+d}": shifted(pre_normal, lag) for lag in (-4, -3, -2, -1, 2, 3, 4)}
    last_nine = np.lib.stride_tricks.sliding_window_view(np.pad(log_pre, (8, 0), mode="edge"), 9)
    features["pre_max8"] = log_pre - last_nine[:, :8].max(axis=1)
    features["pre_min8"] = log_pre - last_nine[:, :8].min(axis=1)
    features["drop8"] = np.diff(last_nine, axis=1).min(axis=1)
    features["rise8"] = np.diff(last_nine, axis=1).max(axis=1)
    features["pre_med3_before"] = log_pre - np.median(last_nine[:, 5:8], axis=1)
    for n in (8, 200):
        around = rolling_windows(log_pre, n)
        shorter = (around < log_pre[:, None] - 0.02).mean(axis=1)
        longer = (around > log_pre[:, None] + 0.02).mean(axis=1)
        features[f"rank{n}"] = shorter - longer
    return features


def _rate_features(log_pre, pre_p75_100, references):
    """Shares of short intervals among 5, 15 and 60 around. Rate (median of 5) against the normal
    one, the median of 200, and the patient's slow one (95th percentile of the window): a
    tachycardia that lasts is normal by every local reference."""
    features = {f"short{n}": running_share(pre_p75_100 < -0.12, n) for n in (5, 15, 60)}
    rate = references["med5"]
    features["rate_normal"] = rate - references["normal"]
    features["rate_med200"] = rate - references["med200"]
    features["rate_p95"] = rate - np.percentile(rate, 95)
    features["fast_share"] = np.full(len(log_pre), (features["rate_p95"] < -0.25).mean())
    return features


def _rate_changes(log_pre):
    """How abruptly the rate changed: mean of 4 intervals against the 4 before, the largest fall in
    the last n beats and rise in the next n. How regular the 5 intervals around are."""
    features = {}
    smooth = ndimage.uniform_filter1d(log_pre, 4, mode="nearest")
    step = shifted(smooth, 2) - shifted(smooth, -2)
    for n in (20, 100):
        features[f"onset{n}"] = ndimage.minimum_filter1d(step, n, mode="nearest", origin=n // 2 - 1)
        features[f"offset{n}"] = ndimage.maximum_filter1d(step, n, mode="nearest", origin=-(n // 2))
    difference = np.diff(log_pre, prepend=log_pre[0])
    features["regular5"] = np.log(running_mean(difference**2, 5).clip(0) ** 0.5 + 0.005)
    return features


def irregularity_features(beats: WindowBeats) -> dict[str, np.ndarray]:
    """How irregular the rhythm is around a beat, over 15, 30 and 60 intervals: root mean square of
    successive differences over the median, median absolute deviation, share of differences above
    8 %, share of turning points, interquartile range; and the same deviation over the 31 reference
    beats around: atrial fibrillation is irregular there too, ectopy in sinus rhythm is not."""
    log_pre = np.log(beats.pre_rr)
    difference = np.diff(log_pre, prepend=log_pre[0])
    turns = difference * shifted(difference, 1) < 0
    features = {}
    for n in (15, 30, 60):
        around = rolling_windows(log_pre, n)
        low, middle, high = row_percentiles(around, [25, 50, 75])
        rmssd = np.sqrt(running_mean(difference**2, n).clip(0))
        features[f"rmssd{n}"] = np.log(rmssd + 0.01)
        features[f"mad{n}"] = np.log(np.abs(around - middle[:, None]).mean(axis=1) + 0.01)
        features[f"jumps{n}"] = running_share(np.abs(difference) > 0.08, n)
        features[f"turns{n}"] = running_share(turns, n)
        features[f"iqr{n}"] = np.log(high - low + 0.01)
    rows = np.flatnonzero(beats.is_reference)
    deviation = np.abs(log_pre - np.log(beats.normal_rr))[rows]
    over_beats = np.interp(np.arange(len(log_pre)), rows, running_median(deviation, 31))
    features["mad_usual"] = np.log(over_beats + 0.01)
    return features
