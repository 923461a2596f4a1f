"""What is made of rhythms without fibrillation."""

import numpy as np

from ecg.rpeaks import detect_r_peaks
from ecg.training import vf_made


def test_each_kind_once_a_patient():
    made = list(vf_made.made_negatives(np.random.default_rng(0), patients=2))
    assert len(made) == 14 and len({each.name for each in made}) == 14
    assert all(len(each.signal) == vf_made.SECONDS * vf_made.FS for each in made)
    of = {each.name: each for each in made}
    assert np.isnan(of["gaps 0"].signal).any()
    assert of["lead off 0"].is_noise and not of["narrow 0"].is_noise


def test_a_tachycardia_has_its_rate():
    rng = np.random.default_rng(1)
    for rate in (150, 220):
        signal = vf_made.narrow_tachycardia(rng, rate)
        beats = detect_r_peaks(signal, vf_made.FS)
        assert abs(len(beats) - rate) <= 4


def test_standstill_is_faint():
    rng = np.random.default_rng(2)
    for _ in range(10):
        assert np.std(vf_made.standstill(rng)) < 0.06


def test_the_same_seed_makes_the_same():
    first, second = (list(vf_made.made_negatives(np.random.default_rng(3), 1)) for _ in range(2))
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one.signal, other.signal)
