"""Noise has the strength and the spectrum that was asked for."""

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.noise import NOISE_KINDS, ac_power, add_noise, noise
from ecg.synthetic import synthetic_recording


@pytest.mark.parametrize("kind", NOISE_KINDS)
@pytest.mark.parametrize("snr_db", [24, 6, 0])
def test_noise_strength(kind, snr_db):
    made = synthetic_recording(60, 250, seed=2)
    state = np.random.get_state()[1].copy()
    noisy = add_noise(made.signal, 250, kind, snr_db, np.random.default_rng(1))
    assert 10 * np.log10(
        ac_power(made.signal, 250) / np.mean((noisy - made.signal) ** 2)
    ) == pytest.approx(snr_db, abs=1e-6)
    assert np.array_equal(
        noisy, add_noise(made.signal, 250, kind, snr_db, np.random.default_rng(1))
    )
    assert not np.array_equal(
        noisy, add_noise(made.signal, 250, kind, snr_db, np.random.default_rng(2))
    )
    assert np.array_equal(state, np.random.get_state()[1])


def test_noise_spectra():
    rng = np.random.default_rng(0)
    share = {}
    for kind in NOISE_KINDS:
        power = np.abs(np.fft.rfft(noise(100_000, 500, kind, rng))) ** 2
        f = np.fft.rfftfreq(100_000, 1 / 500)
        share[kind] = [
            power[(f >= a) & (f < b)].sum() / power.sum()
            for a, b in ((0, 0.6), (0.6, 15), (15, 160), (49, 51))
        ]
    assert (
        share["baseline"][0] > 0.95
        and share["muscle"][2] > 0.95
        and share["mains"][3] > 0.9
        and share["electrode"][1] > 0.2
    )


def test_noise_of_ones_own():
    made = synthetic_recording(20, 250)
    own = np.random.default_rng(0).standard_normal(len(made.signal))
    assert np.std(add_noise(made.signal, 250, own, 10, None) - made.signal) > 0
    assert np.array_equal(add_noise(made.signal, 250, own * 0, 10, None), made.signal)
    with pytest.raises(InputError, match="shape"):
        add_noise(made.signal, 250, own[:10], 10, None)
    with pytest.raises(InputError, match="not known"):
        noise(100, 250, "thunder", np.random.default_rng(0))
