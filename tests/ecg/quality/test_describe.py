"""A lead in numbers: the same in pages as in one piece, whatever the sampling rate."""

import numpy as np
import pytest
from scipy import signal as sps

from ecg import quality
from ecg.quality.beat_numbers import BEAT_NAMES
from ecg.quality.window_numbers import WINDOW_NAMES
from tests.ecg.quality.signals import FS, SECONDS, ecg, regular, sinus


def test_shapes_and_names():
    x, at = sinus()
    described = quality.describe_lead(x, FS, at)
    assert described.windows.shape == (len(described.starts), len(WINDOW_NAMES))
    assert described.beats.shape == (len(at), len(BEAT_NAMES))
    assert described.window_rows().shape[1] == quality.WINDOW_INPUTS + quality.BEAT_INPUTS
    assert described.beat_rows().shape == (len(at), quality.WINDOW_INPUTS + quality.BEAT_INPUTS)
    assert np.isfinite(described.window_rows()).all() and np.isfinite(described.beat_rows()).all()
    own = quality.own_stretches(described.starts, SECONDS)
    assert own[0, 0] == 0 and own[-1, 1] == SECONDS and np.array_equal(own[1:, 0], own[:-1, 1])


def test_the_numbers_say_what_their_names_say():
    x, at = sinus(60)
    column = {name: k for k, name in enumerate(BEAT_NAMES)}
    usual = quality.describe_lead(x, FS, at).beats
    assert np.median(usual[:, column["likeness"]]) > 0.95
    assert np.abs(usual[3:-3, column["before"]]).max() < 0.1
    moved = x.copy()
    moved[at[30] - 20 :] += 3  # a step before one beat
    beats = quality.describe_lead(moved, FS, at).beats
    assert beats[:, column["swing"]].argmax() in (29, 30, 31)
    assert beats[30, column["swing"]] > usual[30, column["swing"]] + 1.5
    windows = quality.describe_lead(
        np.where(np.arange(len(x)) < 20 * FS, np.nan, x), FS, at
    ).windows
    assert windows[0, WINDOW_NAMES.index("missing")] == 1
    assert windows[-1, WINDOW_NAMES.index("missing")] == 0


def test_an_early_beat_is_told():
    times = regular(70)
    times[20] -= 0.3
    x, at = ecg(times)
    before, after = (
        quality.describe_lead(x, FS, at).beats[:, BEAT_NAMES.index(name)]
        for name in ("before", "after")
    )
    assert before.argmin() == 20 and before[20] < -0.3
    assert after.argmax() == 20 and after[20] > 0.25


def test_pages_do_not_matter():
    """Windows and beats of a long recording are those of its parts, far from the ends."""
    x, at = ecg(regular(70, 1500), seconds=1500)
    whole = quality.describe_lead(x, FS, at)
    kept = (at > 400 * FS) & (at < 800 * FS)  # around the end of the first page
    a, b = 300 * FS, 900 * FS
    part = quality.describe_lead(x[a:b], FS, at[(at >= a) & (at < b)] - a)
    inner = kept[(at >= a) & (at < b)]
    likeness = BEAT_NAMES.index("likeness")
    difference = (
        whole.beats[kept][:, likeness]
        - part.beats[: len(inner)][inner[: len(part.beats)]][:, likeness]
    )
    assert np.abs(difference).max() < 0.02


@pytest.mark.parametrize("fs", [128, 360, 500, 1000])
def test_the_sampling_rate_matters_little(fs):
    x, at = sinus()
    other = sps.resample_poly(x, fs * 2, FS * 2)
    first = quality.describe_lead(x, FS, at)
    second = quality.describe_lead(other, fs, np.rint(at * fs / FS).astype(int))
    assert len(first.starts) == len(second.starts)
    inner = slice(2, -2)
    k = [WINDOW_NAMES.index(name) for name in ("band_5", "peakedness", "likeness", "contrast")]
    assert np.abs(first.windows[inner, k] - second.windows[inner, k]).max() < 0.25
