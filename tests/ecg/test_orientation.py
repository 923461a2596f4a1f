"""Leads that lie upside down, leads whose QRS points down, leads unlike those of the training."""

import numpy as np

from ecg import formats
from ecg.noise import add_noise
from ecg.orientation import (
    find_inversion,
    points_down,
    turn_upright,
    unlike_training,
    upright_figures,
)
from ecg.rpeaks import detect_r_peaks
from ecg.synthetic import synthetic_recording

MADE = synthetic_recording(60, 360, seed=5)


def test_inversion_of_known_leads():
    rng = np.random.default_rng(4)
    for seed in range(6):
        made = synthetic_recording(60, 250, seed=seed, shares={})
        x = add_noise(made.signal, 250, "muscle", 15, rng)
        up, down = upright_figures(x, 250), upright_figures(-x, 250)
        np.testing.assert_allclose(up, -down, atol=0.1)
        assert not find_inversion(x, 250)
        turned, said = turn_upright(x, 250)
        assert said is None and turned is x
    normal = synthetic_recording(60, 250, seed=0, shares={}).signal  # P, R and T upright
    turned, said = turn_upright(-normal, 250)
    assert np.array_equal(turned, normal) and "upside down" in said
    assert turn_upright(-normal, 250, "no")[1] is None
    # its QRS points down anyway
    assert turn_upright(-normal, 250, lead="V1")[1] is None
    assert np.array_equal(turn_upright(normal, 250, "yes")[0], -normal)
    assert not find_inversion(-normal[:300], 250)  # too few beats to tell
    assert not find_inversion(np.zeros(5000), 250)
    assert detect_r_peaks(-turned * -1, 250).size == detect_r_peaks(normal, 250).size


def test_inversion_on_real_leads(minutes):
    missed = 0
    for name in ("100", "101", "103", "118", "207", "219", "220"):
        x = formats.read_wfdb(minutes / name).signal
        assert not find_inversion(x, 360), name  # the mistake that must not be made
        missed += not find_inversion(-x, 360)
    assert missed <= 5


def test_unlike_training():
    assert unlike_training("MLII", MADE.signal, 360) is None
    assert unlike_training("ECG Lead II", -MADE.signal, 360) is None
    assert "aVR" in unlike_training("aVR", MADE.signal, 360)
    assert unlike_training("column 0", MADE.signal, 360) is None
    assert "points down" in unlike_training("column 0", -MADE.signal, 360)
    of_context = [
        unlike_training(lead, -MADE.signal, 360, single_beat=False)
        for lead in ("V1", "column 0", "aVR")
    ]
    assert (
        of_context[:2] == [None, None]
        and "aVR" in of_context[2]
        and "V1" in unlike_training("V1", MADE.signal, 360)
    )


def test_a_qrs_that_points_down():
    peaks = detect_r_peaks(MADE.signal, 360)
    assert points_down(-MADE.signal, peaks, 360) and not points_down(MADE.signal, peaks, 360)
    assert not points_down(-MADE.signal, peaks[:7], 360)  # too few beats to tell
