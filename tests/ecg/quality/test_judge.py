"""What the shipped quality network names, on made-up signals; and what it never may depend on."""

import tracemalloc

import numpy as np
import pytest

from ecg import quality
from ecg.artifacts import InputError
from ecg.rpeaks import find_beats_in_leads
from tests.ecg.quality.signals import FAILING, FS, GOOD, SECONDS, motion, sinus

FROM, TO = 20, 40  # s: what of a recording fails


@pytest.fixture(scope="module")
def model():
    return quality.open_model()


def failing(kind, seed=0):
    """Sinus rhythm that fails so from FROM to TO."""
    x, _ = sinus(seed=seed)
    rows = slice(FROM * FS, TO * FS)
    x[rows] = FAILING[kind](x[rows], np.random.default_rng(seed))
    return x


def judged(model, *leads, fs=FS):
    found = find_beats_in_leads(leads, fs)
    return found, quality.judge(model, leads, fs, found.peaks)


def seconds_named(found, result, start, stop):
    """s of start..stop that are unreadable to the R peak detector or noise to the network."""
    lost = np.zeros(SECONDS * FS, bool)
    for a, b in [*(stretch[:2] for stretch in found.unreadable), *result.noise]:
        lost[a:b] = True
    return lost[int(start * FS) : int(stop * FS)].sum() / FS


@pytest.mark.parametrize("kind", FAILING)
def test_a_failing_signal_is_named(model, kind):
    found, result = judged(model, failing(kind))
    assert seconds_named(found, result, FROM, TO) >= 0.75 * (TO - FROM)
    outside = seconds_named(found, result, 0, FROM - 5) + seconds_named(found, result, TO + 5, 60)
    assert outside <= 2.5


@pytest.mark.parametrize("seed", range(3))
def test_electrodes_that_move_all_the_time_are_named(model, seed):
    x = motion(sinus(seed=seed)[0], np.random.default_rng(seed))
    found, result = judged(model, x)
    assert seconds_named(found, result, 0, SECONDS) >= 0.75 * SECONDS


@pytest.mark.parametrize("kind", ["flat", "clipped"])
def test_flat_and_clipped_signals_are_named_by_the_detector_or_the_network(model, kind):
    x, _ = sinus()
    rows = slice(FROM * FS, TO * FS)
    x[rows] = x[FROM * FS] if kind == "flat" else np.clip(x[rows] + 10, -3, 3)
    found, result = judged(model, x)
    assert seconds_named(found, result, FROM, TO) >= 0.75 * (TO - FROM)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_signal_is_not_named(model, kind):
    x, at = GOOD[kind]()
    result = quality.judge(model, [x], FS, at)
    assert len(result.noise) == 0
    assert result.is_motion.mean() <= 0.02
    assert np.median(result.quality) > 0.7


@pytest.mark.parametrize("kind", ["bigeminy", "fibrillation"])
def test_scale_sign_and_offset_do_not_matter(model, kind):
    x, at = GOOD[kind]()
    x[20 * FS : 30 * FS] += 3 * np.random.default_rng(3).standard_normal(10 * FS)
    usual = quality.judge(model, [x], FS, at)
    assert len(usual.noise), "there is something to compare"
    for other in (1000 * x, -x, x + 5, -1e-3 * x - 2):
        result = quality.judge(model, [other], FS, at)
        assert np.allclose(result.quality, usual.quality, atol=1e-3)
        assert np.array_equal(result.noise, usual.noise)


def test_a_beat_is_lost_only_where_no_lead_can_be_read(model):
    bad, good = failing("white noise"), sinus(seed=1)[0]
    found, result = judged(model, bad, good)
    true = np.abs(found.peaks[:, None] - sinus(seed=1)[1]).min(axis=1) < 0.1 * FS
    assert len(result.noise) == 0 and not result.is_motion[true].any()
    inside = (found.peaks > (FROM + 3) * FS) & (found.peaks < (TO - 3) * FS)
    assert np.median(result.quality[0, inside]) < 0.5 < np.median(result.quality[1, inside])
    both, result = judged(model, bad, failing("white noise", seed=2))
    assert seconds_named(found, result, FROM, TO) >= 5


def test_the_figure_of_a_beat_is_low_where_the_electrode_settles(model):
    x, at = sinus()
    t = np.arange(len(x)) / FS
    x = x + 6 * np.exp(-t / 0.15) * (t > 0.3)  # a step that decays within the first second
    peaks = np.concatenate([[int(0.33 * FS)], at[at > 1.3 * FS]])
    result = quality.judge(model, [x], FS, peaks)
    assert result.quality[0, 0] < 0.5 < np.median(result.quality[0])


def test_nothing_and_next_to_nothing_can_be_judged(model):
    none = np.zeros(0, np.int64)
    for x in (np.zeros(20), np.full(2000, np.nan), np.zeros(2000)):
        result = quality.judge(model, [x], FS, none)
        assert result.quality.shape == (1, 0) and np.isfinite(result.noise).all()
    x, at = sinus()
    result = quality.judge(model, [x[: 3 * FS]], FS, at[at < 3 * FS])
    assert np.isfinite(result.quality).all()


def test_the_monitor_asks_for_the_last_five_seconds(model):
    x = failing("white noise")
    for stop, is_noise in ((FROM, False), (FROM + 10, True), (TO + 11, False)):
        last = x[(stop - 12) * FS : stop * FS]
        found = find_beats_in_leads([last], FS, live=True)
        assert quality.noise_now(model, [last], FS, found.peaks) == is_noise
        # one lead that can be read is enough
        good = sinus(seed=3)[0][(stop - 12) * FS : stop * FS]
        for leads in ([last, good], [good, last]):
            found = find_beats_in_leads(leads, FS, live=True)
            assert not quality.noise_now(model, leads, FS, found.peaks)


def test_a_day_needs_little_memory(model):
    """Twelve hours, in float32: 43 MB of signal."""
    x, at = sinus()
    hours = 12
    day = np.tile(x.astype(np.float32), 60 * hours)
    beats = (at + SECONDS * FS * np.arange(60 * hours)[:, None]).ravel()
    tracemalloc.start()
    result = quality.judge(model, [day], FS, beats)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.quality.shape == (1, len(beats))
    assert peak < 150e6


def test_without_a_model_there_is_a_sentence(tmp_path):
    assert quality.open_model(tmp_path) is None
    assert "train.py --model quality" in quality.model_or_note(tmp_path)


def test_a_damaged_model_is_refused_in_one_line(tmp_path):
    (tmp_path / "ecg_model_quality.onnx").write_bytes(b"damaged")
    with pytest.raises(InputError, match="no ONNX file"):
        quality.open_model(tmp_path)
