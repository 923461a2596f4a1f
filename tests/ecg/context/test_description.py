"""The features of a beat against its own patient."""

import numpy as np
import pytest
from scipy import signal as sps

from ecg import context
from ecg.context import alignment, description, window_beats
from ecg.context.features import feature
from tests.patient import synthetic_patient


def spread(features, other):
    """Median difference of each feature in units of its own standard deviation, the worst."""
    return float((np.abs(features - other).mean(axis=0) / (features.std(axis=0) + 0.05)).max())


def test_features_say_what_they_are_called():
    ecg, peaks, ectopic = synthetic_patient()
    beats = context.describe(ecg, 250, peaks)
    assert beats.features.shape == (len(peaks), len(context.FEATURE_NAMES))
    assert beats.features.dtype == np.float32 and np.isfinite(beats.features).all()
    inner = np.arange(len(peaks)) > 1
    normal, early = ~ectopic & inner & ~np.roll(ectopic, 1), ectopic & inner
    assert np.abs(feature(beats, "pre_normal")[normal]).max() < 0.12
    assert np.allclose(feature(beats, "pre_normal")[early], np.log(0.5 / 0.8), atol=0.12)
    # a full compensatory pause
    assert np.allclose(feature(beats, "pair_normal")[early], 0, atol=0.08)
    assert feature(beats, "corr_qrs")[normal].min() > 0.98
    assert feature(beats, "corr_qrs")[early].max() < 0.6
    assert feature(beats, "width35_ratio")[early].min() > 0.4
    assert np.abs(feature(beats, "width35_ratio")[normal]).max() < 0.4
    assert feature(beats, "p_best")[normal].min() > 0.8
    assert (feature(beats, "is_dominant") == ~ectopic).all()


def test_every_name_is_computed_once():
    ecg, peaks, _ = synthetic_patient(30)
    beats = window_beats.compare_with_reference(*alignment.prepare(ecg, 250), peaks)
    assert list(description.feature_table(beats)) == list(context.FEATURE_NAMES)
    assert len(set(context.FEATURE_NAMES)) == len(context.FEATURE_NAMES)


@pytest.mark.parametrize("gain", [1e-4, -1.0, 1e4])
def test_gain_and_polarity_do_not_matter(gain):
    ecg, peaks, _ = synthetic_patient()
    own, scaled = (context.describe(x, 250, peaks).features for x in (ecg, gain * ecg))
    assert spread(own, scaled) < 0.02


@pytest.mark.parametrize("fs", [128, 360, 1000])
def test_sampling_rate_matters_little(fs):
    ecg, peaks, ectopic = synthetic_patient()
    other = sps.resample_poly(ecg, fs, 250)
    a = context.describe(ecg, 250, peaks)
    b = context.describe(other, fs, np.rint(peaks * fs / 250).astype(int))
    for name in ("pre_normal", "corr_qrs", "width35_ratio", "pair_normal"):
        assert np.abs(feature(a, name) - feature(b, name))[2:].max() < 0.3, name
    assert (feature(b, "is_dominant") == ~ectopic).all()


def test_jitter_of_the_detector_costs_nothing():
    ecg, peaks, _ = synthetic_patient()
    moved = peaks + np.random.default_rng(1).integers(-5, 6, len(peaks))  # +-20 ms
    a, b = (feature(context.describe(ecg, 250, at), "pre_normal") for at in (peaks, moved))
    assert np.abs(a - b).max() < 0.03


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_beats(count):
    ecg, peaks, _ = synthetic_patient(20)
    beats = context.describe(ecg, 250, peaks[:count])
    assert beats.features.shape == (count, len(context.FEATURE_NAMES))
    assert np.isfinite(beats.features).all()
    logits = np.random.default_rng(0).standard_normal((count, 4))
    assert context.average_similar_beats(logits, beats).shape == (count, 4)


@pytest.mark.parametrize(
    "ecg", [np.zeros(5000), np.full(5000, np.nan), np.arange(5000) % 1000 == 0, np.ones(20)]
)
def test_signals_without_ecg(ecg):
    beats = context.describe(ecg, 250, np.arange(10, len(ecg), 200))
    assert np.isfinite(beats.features).all()
    logits = np.zeros((len(beats.features), 4))
    assert np.isfinite(context.average_similar_beats(logits, beats)).all()


def test_missing_samples_are_bridged():
    ecg, peaks, _ = synthetic_patient()
    ecg[5000:5040] = np.nan
    assert np.isfinite(context.describe(ecg, 250, peaks).features).all()


@pytest.mark.parametrize("step", [context.describe, context.paced])
@pytest.mark.parametrize("fs", [125, 250])  # below 200 Hz no pacing is looked for
def test_what_it_refuses(step, fs):
    ecg, peaks, _ = synthetic_patient(20)
    for signal, at in ((ecg[None], peaks), (ecg, peaks[::-1]), (ecg, peaks + len(ecg))):
        with pytest.raises(ValueError):
            step(signal, fs, at)


def test_a_moving_window_knows_the_past_only():
    ecg, peaks, _ = synthetic_patient(400)

    def described(signal):
        return context.describe(signal, 250, peaks, past=120, delay=20).features

    known = described(ecg)
    changed = ecg.copy()
    changed[300 * 250 :] = 3 * changed[300 * 250 :][::-1]
    other = described(changed)
    early = peaks < (300 - 20 - context.HOP) * 250
    assert np.array_equal(known[early], other[early])
    assert not np.array_equal(known[~early], other[~early])
    changed = ecg.copy()
    changed[: 100 * 250] = 0
    late = peaks > (100 + 120 + context.HOP) * 250
    assert np.array_equal(known[late], described(changed)[late])


@pytest.mark.parametrize("moving", [{}, {"past": 120, "delay": 20}])
def test_pacing_is_found_on_the_way(moving):
    """describe_and_find_paced gives what describe and paced give by themselves."""
    ecg, peaks, ectopic = synthetic_patient(200)
    ecg[peaks[ectopic] - 15] += 20  # a pacing spike 60 ms before the broad beats
    ecg[peaks[ectopic] - 14] -= 20
    beats, is_paced = description.describe_and_find_paced(ecg, 250, peaks, **moving)
    alone = context.describe(ecg, 250, peaks, **moving)
    assert all(np.array_equal(a, b) for a, b in zip(beats, alone))
    assert np.array_equal(is_paced, context.paced(ecg, 250, peaks))
