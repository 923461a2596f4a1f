"""Two leads of a recording: each is asked by itself, and the better one weighs more."""

import numpy as np
import pytest

from ecg import context
from tests.patient import second_lead, synthetic_patient


def quality_of(ecg, peaks):
    return context.lead_quality(context.describe(ecg, 250, peaks))


def test_leads_are_asked_by_themselves_and_averaged(small):
    ecg, peaks, _ = synthetic_patient(120)
    leads = [context.describe(x, 250, peaks) for x in (ecg, ecg + 0.1 * np.roll(ecg, 3))]
    one, other, both = (
        context.context_logits(small, chosen) for chosen in ([leads[0]], [leads[1]], leads)
    )
    mean = (one + other) / 2
    mean[:, :4] -= np.logaddexp.reduce(mean[:, :4], axis=1, keepdims=True)  # probabilities of 1
    assert np.abs(both - mean).max() < 1e-9 and np.abs(one - other).max() > 1e-3
    alone, none = context.classify_beats(small, ecg, 250, peaks)
    probabilities, weight = context.classify_beats(
        small, ecg, 250, peaks, second=second_lead(ecg, "itself")
    )
    assert np.abs(probabilities - alone).max() < 1e-4  # gain, sign and offset drop out
    assert not none.any() and np.abs(weight - 0.5).max() < 1e-3


@pytest.mark.parametrize("kind", ["flat", "stuck", "missing", "noise"])
def test_a_lead_without_an_ecg_has_no_weight(small, kind):
    ecg, peaks, _ = synthetic_patient(120)
    bad = second_lead(ecg, kind)
    assert quality_of(bad, peaks).max() < 0.01 < 0.99 < quality_of(ecg, peaks).min()
    alone = context.classify_beats(small, ecg, 250, peaks)[0]
    probabilities, weight = context.classify_beats(small, ecg, 250, peaks, second=bad)
    assert np.abs(probabilities - alone).max() < 0.01 and weight.max() < 0.01


@pytest.mark.parametrize("kind", ["flat", "stuck", "missing", "noise"])
def test_a_lead_that_comes_off_loses_its_weight(kind):
    ecg, peaks, _ = synthetic_patient(120)
    bad, at = second_lead(ecg, kind), np.arange(len(ecg))
    quality = quality_of(np.where(at < len(ecg) // 2, ecg, bad), peaks)
    assert quality[: len(peaks) // 4].min() > 0.99 and quality[-len(peaks) // 6 :].max() < 0.2
    # soon: its silence is no shape
    quality = quality_of(np.where(at < len(ecg) // 4, ecg, bad), peaks)
    assert quality[: len(peaks) // 8].min() > 0.9 and quality[-len(peaks) // 3 :].max() < 0.2
