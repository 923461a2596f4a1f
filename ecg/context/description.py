"""Every beat described against its own patient, page by page or on a moving window."""

import numpy as np
from numpy.typing import ArrayLike

from ecg.context.cluster_features import cluster_features, neighbour_features
from ecg.context.features import FEATURE_NAMES, QRS_SAMPLES, WHOLE_SAMPLES, DescribedBeats
from ecg.context.p_wave_features import p_wave_features
from ecg.context.pacing import SPIKE_RATE, after_spike, paced, steadily_paced
from ecg.context.rhythm_features import irregularity_features, rhythm_features
from ecg.context.shape_features import beat_shapes, shape_features
from ecg.context.window_beats import WindowBeats, compare_with_reference
from ecg.context.windowing import HOP, PreparedWindow, checked_lead, prepared_windows


def describe(
    ecg: ArrayLike,
    fs: float,
    r_peaks: ArrayLike,
    past: float | None = None,
    delay: float = 60.0,
    hop: float = HOP,
) -> DescribedBeats:
    """Describe every beat of a recording against the recording itself.

    ecg: (n,) one lead, any unit, NaN where samples are missing; fs in Hz; r_peaks: (m,) sample
    numbers of the R peaks, increasing. past: None takes the whole recording, else only the `past`
    seconds before a beat (and what lies before its window's end); delay: with `past`, seconds of
    signal after a beat before it is described; hop: seconds from one window to the next. Raises
    ValueError for a signal that is not one lead or peaks outside it.
    """
    ecg, r_peaks = checked_lead(ecg, r_peaks)
    beats = _undescribed(len(r_peaks))
    for window in prepared_windows(ecg, fs, r_peaks, past, delay, hop):
        _describe_window(beats, window, moving=past is not None)
    return beats


def describe_and_find_paced(
    ecg: ArrayLike, fs: float, r_peaks: ArrayLike, past: float | None = None, delay: float = 60.0
) -> tuple[DescribedBeats, np.ndarray]:
    """What `describe` and `paced` give. Pacing is always looked for in the whole recording; where
    the beats are described in it too, each window is prepared once for both."""
    if past is not None:
        return describe(ecg, fs, r_peaks, past, delay), paced(ecg, fs, r_peaks)
    ecg, r_peaks = checked_lead(ecg, r_peaks)
    beats, spiked = _undescribed(len(r_peaks)), np.zeros(len(r_peaks), bool)
    for window in prepared_windows(ecg, fs, r_peaks):
        _describe_window(beats, window, moving=False)
        if fs >= SPIKE_RATE:
            spiked[window.described] = after_spike(window, fs)
    return beats, steadily_paced(spiked)


def _undescribed(m):
    """DescribedBeats of m beats, all zero, to be filled window by window."""
    return DescribedBeats(
        features=np.zeros((m, len(FEATURE_NAMES)), np.float32),
        shapes=np.zeros((m, QRS_SAMPLES + WHOLE_SAMPLES), np.float32),
        reach=np.zeros((m, 2), np.int64),
    )


def _describe_window(beats: DescribedBeats, window: PreparedWindow, moving: bool) -> None:
    """Fill in the beats that are described in this window."""
    rows = window.described
    features, shapes = features_of_window(window.x, window.q, window.r)
    beats.features[rows] = features[window.inner]
    beats.shapes[rows] = shapes[window.inner]
    # On a moving window not the beats after the hop: they are described later, from signal that is
    # not there yet.
    beats.reach[rows] = window.seen.start, rows.stop if moving else window.seen.stop


def features_of_window(
    x: np.ndarray, q: np.ndarray, r: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features and shapes of all beats of one window, as in DescribedBeats. x, q: from `prepare`;
    r: (m,) R peaks in samples of x, m > 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        beats = compare_with_reference(x, q, r)
        table, shapes = feature_table(beats), beat_shapes(beats)
    features = np.empty((len(r), len(FEATURE_NAMES)), np.float32)
    for column, name in enumerate(FEATURE_NAMES):
        features[:, column] = table[name]
    return np.nan_to_num(np.clip(features, -20, 20, out=features), copy=False), shapes


def feature_table(beats: WindowBeats) -> dict[str, np.ndarray]:
    """All groups of features of the beats of one window, by name in the order of FEATURE_NAMES,
    each float (m,)."""
    shape = shape_features(beats)
    return {
        **rhythm_features(beats),
        **irregularity_features(beats),
        **shape,
        **p_wave_features(beats),
        **cluster_features(beats, shape),
        **neighbour_features(beats, shape),
    }
