"""The RR intervals of a look in numbers."""

import numpy as np
import pytest

from ecg.rhythm.rr_numbers import RR_NAMES, rr_numbers


def numbers_of(rr, labels=None):
    times = np.concatenate([[0.5], 0.5 + np.cumsum(rr)])
    labels = np.array(list(labels or "N" * len(times)))
    found = rr_numbers(times, labels, np.zeros(len(times), int), np.array([30.0]))
    return dict(zip(RR_NAMES, found[0].tolist()))


def irregular(seed=0):
    return np.random.default_rng(seed).uniform(0.4, 1.1, 38)


def test_steady_beats():
    found = numbers_of(np.full(30, 0.8))
    assert found["all_median"] == pytest.approx(np.log(0.8), abs=1e-6)
    assert found["all_steps_5"] == 0 and found["all_turns"] == 0
    assert found["all_shortest"] == pytest.approx(0, abs=1e-6)
    assert found["share_beats"] == pytest.approx(np.log(31 / 30 + 0.1), abs=1e-6)


def test_fibrillation_is_more_irregular_than_sinus_in_every_way():
    beat = np.arange(38)
    sinus, found = numbers_of(0.8 + 0.03 * np.sin(beat)), numbers_of(irregular())
    for name in ("spread", "rms_step", "step_75", "steps_10", "entropy", "sample_entropy", "late"):
        assert found[f"all_{name}"] > sinus[f"all_{name}"] + 0.05, name


def test_the_rate_does_not_matter():
    slow, fast = numbers_of(irregular()), numbers_of(irregular() * 0.8)
    for name, value in slow.items():
        if name.startswith("all_") and name not in ("all_median", "all_sample_entropy"):
            assert fast[name] == pytest.approx(value, abs=1e-4), name
    assert fast["all_median"] - slow["all_median"] == pytest.approx(np.log(0.8), abs=1e-4)


def test_without_ventricular_beats_the_rest_is_steady():
    rr = np.full(40, 0.8)
    rr[10], rr[11], rr[25], rr[26] = 0.45, 1.15, 0.45, 1.15
    labels = ["N"] * 41
    labels[11] = labels[26] = "V"
    found = numbers_of(rr, labels)
    assert found["all_steps_20"] > 0.1 and found["all_early"] < -0.4
    assert found["without_V_steps_20"] == 0 and found["without_V_spread"] < -4
    assert found["share_V"] == pytest.approx(2 / 41)
    assert found["share_intervals_of_V"] == pytest.approx(4 / 40)


def test_bigeminy_repeats_after_two():
    found = numbers_of(np.tile([0.5, 1.1], 18))
    assert found["all_step_2"] < -3 < numbers_of(irregular())["all_step_2"]
    assert found["all_lag_2"] > 0.9 and found["all_lag_1"] < -0.9
    assert found["all_early_then_late"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("beats", range(5))
def test_too_few_beats_tell_no_rhythm(beats):
    found = numbers_of(np.full(max(beats - 1, 0), 0.8)) if beats else None
    if beats == 0:
        none = np.zeros(0)
        found = dict(zip(RR_NAMES, rr_numbers(none, none, none.astype(int), np.array([30.0]))[0]))
    assert np.isnan(found["all_spread"]) and np.isfinite(found["share_beats"])


def test_a_gap_is_no_interval():
    rr = np.full(20, 0.8)
    rr[9] = 6.0
    assert numbers_of(rr)["all_longest"] == pytest.approx(0, abs=1e-6)


def test_looks_do_not_touch_each_other():
    a, b = np.cumsum(irregular(1)), np.cumsum(np.full(20, 0.9))
    labels, look = np.full(len(a) + len(b), "N"), np.repeat([0, 2], [len(a), len(b)])
    found = rr_numbers(np.concatenate([a, b]), labels, look, np.full(3, 30.0))
    for row, times in ((0, a), (2, b)):
        own = rr_numbers(times, labels[: len(times)], np.zeros(len(times), int), np.array([30.0]))
        np.testing.assert_allclose(found[row], own[0], rtol=1e-5)
    assert np.isnan(found[1, 0])
