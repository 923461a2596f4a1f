"""Looks at a recording: what they may depend on, and what not."""

import numpy as np
import pytest
from scipy import signal as sps

from ecg.rhythm.strips import (
    CLIPPED,
    NUMBER_NAMES,
    PAGE,
    SAMPLES,
    describe_strips,
    joined,
    look_starts,
    strip_pages,
    strips_at,
)
from ecg.rhythm.track import STEP, STRIP
from tests.ecg.quality.signals import FS, fibrillation, sinus

WAVES = [k for k, name in enumerate(NUMBER_NAMES) if "p_" in name or "t_" in name or "qrs" in name]


def described(x, at, fs=FS, label="N"):
    return describe_strips([x], fs, at, np.full(len(at), label))


@pytest.mark.parametrize(
    "duration, starts",
    [(9, [0]), (30, [0]), (30.5, [0]), (34, [0, 4]), (50, [0, 10, 20]), (61, [0, 10, 20, 30])],
)
def test_looks_begin_every_step_and_reach_the_end(duration, starts):
    found = look_starts(duration)
    assert found == pytest.approx(starts) and STEP == 10
    assert found[-1] + STRIP >= min(duration, STRIP) - 1


def test_shapes_and_times():
    x, at = sinus()
    strips = describe_strips([x, -x], FS, at, np.full(len(at), "N"))
    assert strips.waveform.shape == (2, 4, SAMPLES)
    assert strips.numbers.shape == (2, 4, len(NUMBER_NAMES))
    assert strips.stop_s - strips.start_s == pytest.approx(np.full(4, STRIP))
    assert (strips.there == 1).all() and len(set(NUMBER_NAMES)) == len(NUMBER_NAMES)


@pytest.mark.parametrize("gain, offset", [(0.001, 0), (400, -7000), (1, 50)])
def test_gain_and_offset_do_not_matter(gain, offset):
    x, at = sinus()
    mine, theirs = described(x, at), described(gain * x + offset, at)
    np.testing.assert_allclose(mine.waveform, theirs.waveform, atol=1e-4)
    np.testing.assert_allclose(mine.numbers, theirs.numbers, atol=2e-3)


@pytest.mark.parametrize("fs", [200, 257, 300, 360, 500])
def test_the_sampling_rate_hardly_matters(fs):
    x, at = sinus()
    n = round(len(x) * fs / FS)
    other = np.interp(
        np.arange(n) / fs, np.arange(len(x)) / FS, sps.filtfilt([0.25, 0.5, 0.25], 1, x)
    )
    mine, theirs = described(x, at), described(other, np.rint(at * fs / FS).astype(int), fs)
    assert mine.start_s == pytest.approx(theirs.start_s)
    r = np.corrcoef(mine.waveform.ravel(), theirs.waveform.ravel())[0, 1]
    assert r > 0.97
    named = [NUMBER_NAMES.index(name) for name in ("all_median", "all_p_size", "all_t_size")]
    np.testing.assert_allclose(mine.numbers[..., named], theirs.numbers[..., named], atol=0.15)


def test_a_short_recording_is_one_look_with_nothing_after_it():
    x, at = sinus()
    n = 9 * FS
    strips = described(x[:n], at[at < n])
    assert strips.waveform.shape == (1, 1, SAMPLES) and strips.stop_s.tolist() == [9]
    assert (strips.waveform[0, 0, 900:] == 0).all() and strips.waveform[0, 0, :900].any()
    assert described(x[:FS], at[at < FS]).waveform.shape == (1, 0, SAMPLES)


def test_missing_samples_are_zero_and_counted():
    x, at = sinus()
    x[: 15 * FS] = np.nan
    strips = described(x, at[at > 15 * FS])
    assert strips.there[0].tolist() == pytest.approx([0.5, 5 / 6, 1, 1], abs=0.01)
    assert (strips.waveform[0, 0, :1490] == 0).all() and strips.waveform[0, 0, 1600:].any()
    nothing = described(np.full(len(x), np.nan), at[:0])
    assert (nothing.there == 0).all() and not nothing.waveform.any()
    assert described(np.zeros(len(x)), at[:0]).there.min() == 1


def test_an_artefact_does_not_shrink_the_rest():
    x, at = sinus()
    y = x.copy()
    y[10 * FS : 11 * FS] += 40
    mine, theirs = described(x, at), described(y, at)
    assert theirs.waveform.max() == pytest.approx(CLIPPED)
    np.testing.assert_allclose(mine.waveform[0, 0, 1700:], theirs.waveform[0, 0, 1700:], atol=0.25)


def test_p_waves_are_seen():
    kinds = {"sinus": sinus(), "fibrillation": fibrillation()}
    found = {
        name: dict(zip(NUMBER_NAMES, described(*made).numbers[0].mean(axis=0)))
        for name, made in kinds.items()
    }
    assert found["sinus"]["all_p_size"] > found["fibrillation"]["all_p_size"] + 0.5
    assert found["sinus"]["all_p_likeness"] > 0.8 > found["fibrillation"]["all_p_likeness"]
    assert found["fibrillation"]["rest_4"] > found["sinus"]["rest_4"] + 0.3


def test_ventricular_beats_change_the_numbers_without_them_only():
    x, at = sinus()
    labels = np.full(len(at), "N")
    mine = describe_strips([x], FS, at, labels).numbers[0, 0]
    labels[5] = "V"
    theirs = describe_strips([x], FS, at, labels).numbers[0, 0]
    same = mine == theirs
    for name, equal in zip(NUMBER_NAMES, same):
        if name.startswith("all_") or name.startswith("rest"):
            assert equal, name
    assert not same[[k for k in WAVES if NUMBER_NAMES[k].startswith("without_V")]].all()


def test_pages_are_the_whole_and_each_look_is_its_own():
    x, at = sinus(seconds=60)
    times = 15
    x = np.tile(x, times)
    at = np.concatenate([at + k * 60 * FS for k in range(times)])
    labels = np.full(len(at), "N")
    pages = list(strip_pages([x], FS, at, labels))
    assert [len(page.start_s) for page in pages] == [PAGE, 88 - PAGE]
    whole = joined(pages)
    alone = strips_at([x], FS, at, labels, whole.start_s[70:71])
    np.testing.assert_allclose(whole.waveform[:, 70:71], alone.waveform, atol=0.02)
    np.testing.assert_allclose(whole.numbers[:, 70:71], alone.numbers, atol=0.05)
