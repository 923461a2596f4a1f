"""Features of shape: the beat against the patient's template, and the shapes in which beats are
compared with each other."""

from collections.abc import Container

import numpy as np

from ecg.context.alignment import BEAT, QRS, REGIONS, region_columns
from ecg.context.features import QRS_SAMPLES, WHOLE_SAMPLES
from ecg.context.statistics import correlation, rms, running_medians, unit_rows, without_mean
from ecg.context.window_beats import WindowBeats


def shape_features(beats: WindowBeats) -> dict[str, np.ndarray]:
    """The beat against the running template (mean of the 40 nearest reference beats), after
    realigning it within 48 ms.

    Regions around the centre of the QRS: P -248..-68, QRS -80..80, ST 80..160, T 160..420 ms, whole
    -248..420; samples later than 120 ms before the next beat are left out. The groups below, how
    far the beat moved, and each of the others also minus its running median of 31 (`_d`)."""
    features = with_deviations(
        {**_by_region(beats), **_qrs_size(beats), **_qrs_slope(beats), **_t_size(beats)}
    )
    features["moved"] = np.abs(beats.moved) / 4.0
    return features


def with_deviations(
    features: dict[str, np.ndarray], but: Container[str] = ()
) -> dict[str, np.ndarray]:
    """The features, and after them each minus its running median of 31 beats (`_d`), except those
    named in `but`."""
    chosen = [name for name in features if name not in but]
    rows = np.array([features[name] for name in chosen], np.float64)
    deviations = rows - running_medians(rows, 31)
    return {**features, **{f"{name}_d": row for name, row in zip(chosen, deviations)}}


def _by_region(beats):
    """Correlation with the template, and log RMS of the difference over the template's QRS, in each
    region."""
    features = {}
    for region in REGIONS:
        c = region_columns(region)
        beat, template, mask = beats.cuts[:, c], beats.template[:, c], beats.own_samples[:, c]
        features[f"corr_{region}"] = correlation(beat, template, mask)
        features[f"diff_{region}"] = np.log(rms(beat - template, mask) / beats.scale + 0.02)
    return features


def _qrs_size(beats):
    """Log ratios of the QRS' amplitude (peak to peak) and area to the template's; difference of
    polarity (balance of positive and negative area), in the template's sign."""
    c = region_columns("qrs")
    both = beats.cuts[:, c], beats.template[:, c]
    amplitude, usual_amplitude = (np.ptp(part, axis=1) + 1e-6 for part in both)
    area, usual_area = (np.abs(part).mean(axis=1) + 1e-6 for part in both)
    balance, usual_balance = (part.sum(axis=1) / (np.abs(part).sum(axis=1) + 1e-6) for part in both)
    return {
        "amplitude": np.log(amplitude / usual_amplitude),
        "area": np.log(area / usual_area),
        "polarity": (balance - usual_balance) * np.where(usual_balance < 0, -1.0, 1.0),
    }


def _qrs_slope(beats):
    """Log ratio of steepness within 120 ms to the template's; QRS width at 20, 35 and 50 % of the
    largest slope, in 100 ms, and its log ratio to the template's."""
    c = slice(QRS[0] - BEAT[0], QRS[-1] - BEAT[0] + 1)
    slope, usual_slope = (
        np.abs(np.diff(part[:, c], axis=1)) for part in (beats.cuts, beats.template)
    )
    steepest = (slope.max(axis=1) + 1e-6) / (usual_slope.max(axis=1) + 1e-6)
    features = {"slope": np.log(steepest)}
    for level in (20, 35, 50):
        width, usual_width = (qrs_width(s, level / 100) / 25 for s in (slope, usual_slope))
        features[f"width{level}"] = width
        features[f"width{level}_ratio"] = np.log(width / usual_width)
    return features


def qrs_width(slope: np.ndarray, level: float) -> np.ndarray:
    """Width of the QRS in samples, float32 (m,): from the first to the last sample whose slope
    exceeds `level` of the largest. slope: (m, n), absolute differences of successive samples."""
    steep = slope >= level * slope.max(axis=1, keepdims=True)
    first, last = np.argmax(steep, axis=1), np.argmax(steep[:, ::-1], axis=1)
    return (slope.shape[1] - last - first).astype(np.float32)


def _t_size(beats):
    """Log ratio of the T wave's RMS to the template's."""
    c = region_columns("t")
    mask = beats.own_samples[:, c]
    size, usual_size = (rms(part[:, c], mask) + 1e-6 for part in (beats.cuts, beats.template))
    return {"t_size": np.log(size / usual_size)}


def beat_shapes(beats: WindowBeats) -> np.ndarray:
    """The `shapes` of DescribedBeats, float32 (m, 72): means of 2 samples over the QRS complex
    (+-120 ms) and of 4 samples from P to T (-248..+420 ms)."""

    def shape(first, count, step):
        start = first - BEAT[0]
        part = beats.cuts[:, start : start + count * step].reshape(-1, count, step).mean(axis=2)
        return unit_rows(without_mean(part))

    qrs, whole = shape(QRS[0], QRS_SAMPLES, 2), shape(REGIONS["whole"][0], WHOLE_SAMPLES, 4)
    return np.concatenate([qrs, whole], axis=1)
