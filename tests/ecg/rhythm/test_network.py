"""Which rhythm the shipped network names, on made-up signals; and what it may not depend on."""

import time

import numpy as np
import onnx
import pytest

from ecg import weights
from ecg.artifacts import HOME, InputError
from ecg.rhythm import network
from ecg.rhythm.strips import describe_strips
from ecg.rhythm.track import RHYTHMS
from tests.ecg.quality.signals import FS, SECONDS, fibrillation, regular, sinus, white
from tests.ecg.quality.signals import ecg as ecg_of

N, AF = RHYTHMS.index("N"), RHYTHMS.index("AF")
SHIPPED = HOME / "weight" / "shipped" / "ecg_model_rhythm.onnx"


@pytest.fixture(scope="module")
def model():
    return network.open_model()


def track(model, *leads, at, labels=None):
    return network.rhythm_track(model, leads, FS, at, labels or ["N"] * len(at))


def test_sinus_rhythm(model):
    for rate in (60, 75, 90):
        x, at = sinus(rate)
        assert (track(model, x, at=at).probabilities.argmax(axis=1) == N).all()


def test_atrial_fibrillation(model):
    for seed in range(3):
        x, at = fibrillation(seed)
        found = track(model, x, at=at)
        assert (found.probabilities.argmax(axis=1) == AF).all()
        assert found.start_s.tolist() == [0, 10, 20, 30]


def test_a_track_adds_up(model):
    x, at = sinus()
    found = track(model, x, at=at)
    assert found.probabilities.shape == (4, 4) and found.probabilities.dtype == np.float32
    assert found.probabilities.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_gain_does_not_matter(model):
    x, at = fibrillation()
    mine, theirs = track(model, x, at=at), track(model, 1000 * x + 5, at=at)
    assert mine.probabilities == pytest.approx(theirs.probabilities, abs=0.01)


def test_a_lead_that_is_not_there_does_not_count(model):
    x, at = fibrillation()
    mine = track(model, x, at=at).probabilities
    gone = track(model, x, np.full(len(x), np.nan), at=at).probabilities
    assert mine == pytest.approx(gone, abs=1e-5)


def test_a_lead_of_noise_counts_little(model):
    x, at = sinus()
    noisy = white(x.copy(), np.random.default_rng(0))
    assert (track(model, noisy, x, at=at).probabilities.argmax(axis=1) == N).all()


def test_nothing_is_said_of_what_is_missing(model):
    x, at = sinus()
    x[: 45 * FS] = np.nan
    found = track(model, x, at=at[at > 45 * FS]).probabilities
    assert np.isnan(found[:2]).all() and np.isfinite(found[3]).all()
    short = track(model, x[:FS], at=at[:0])
    assert len(short.start_s) == 0 and short.probabilities.shape == (0, 4)


def test_a_short_recording_is_one_look(model):
    x, at = sinus()
    found = track(model, x[: 10 * FS], at=at[at < 10 * FS])
    assert found.stop_s.tolist() == [10] and np.isfinite(found.probabilities).all()


def test_a_monitor_sees_the_last_half_minute(model):
    x, at = fibrillation()
    whole = track(model, x, at=at).probabilities[-1]
    now = network.rhythm_now(model, [x], FS, at, ["N"] * len(at))
    assert now.shape == (4,) and now == pytest.approx(whole, abs=0.02)


def test_a_day_takes_no_more_than_its_looks(model):
    """An hour in less than 20 s, here: a day of two leads is 48 of them."""
    x, _ = ecg_of(regular(70))
    at = np.rint(regular(70) * FS).astype(int)
    times = 60
    leads = np.tile(x, times)
    peaks = np.concatenate([at + k * SECONDS * FS for k in range(times)])
    began = time.process_time()
    found = network.rhythm_track(model, [leads], FS, peaks, np.full(len(peaks), "N"))
    assert len(found.start_s) == 358 and time.process_time() - began < 20


def test_none_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "in_folders", lambda path: path)
    assert network.open_model(tmp_path) is None
    assert "train.py --model rhythm" in network.model_or_note(tmp_path)


def test_weights_of_other_numbers_are_refused(tmp_path):
    path = tmp_path / SHIPPED.name
    path.write_bytes(b"no network")
    with pytest.raises(InputError, match="train it again"):
        network.open_model(tmp_path)
    other = onnx.load(SHIPPED)
    card = other.metadata_props[0]
    card.value = card.value.replace('"all_median"', '"something else"')
    onnx.save(other, path)
    with pytest.raises(InputError, match="other numbers"):
        network.open_model(tmp_path)


def test_probabilities_are_those_of_each_lead_by_how_well_it_is_read(model):
    x, at = fibrillation()
    y, _ = sinus()
    labels = ["N"] * len(at)
    both = network.look_probabilities(model, describe_strips([x, y], FS, at, labels))
    each = [track(model, lead, at=at).probabilities for lead in (x, y)]
    low, high = np.minimum(*each), np.maximum(*each)
    ratio = np.log(both[:, AF] / both[:, N])
    assert (ratio <= np.log(high[:, AF] / low[:, N]) + 1e-3).all()
    assert (ratio >= np.log(low[:, AF] / high[:, N]) - 1e-3).all()
