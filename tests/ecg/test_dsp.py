"""The filters are SciPy's to the last bit; only their designs are remembered."""

import numpy as np
import pytest
from scipy import signal as sps

from ecg import dsp

LOW, HIGH, FS = 0.7, 40.0, 125


@pytest.mark.parametrize("n, padlen", [(10, 9), (10, 0), (300, 15), (4000, 250)])
def test_both_ways_is_sosfiltfilt(n, padlen):
    x = 3 + np.random.default_rng(n).standard_normal(n)
    sos = sps.butter(2, (LOW, HIGH), "bandpass", fs=FS, output="sos")
    for _ in range(2):  # designed, and remembered
        found = dsp.both_ways(dsp.band_pass(LOW, HIGH, FS), x, padlen)
        assert np.array_equal(found, sps.sosfiltfilt(sos, x, padlen=padlen))


@pytest.mark.parametrize("up, down", [(125, 128), (25, 36), (45, 16)])
def test_resampled_is_resample_poly(up, down):
    x = np.random.default_rng(0).standard_normal(500) + np.linspace(0, 9, 500)
    assert np.array_equal(
        dsp.resampled(x, up, down), sps.resample_poly(x, up, down, padtype="line")
    )
