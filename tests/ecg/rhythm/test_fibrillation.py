"""Where the ventricles fibrillate: the shipped network, and the rule of its episodes."""

import json
import shutil
import time

import numpy as np
import onnx
import pytest

from ecg import weights
from ecg.artifacts import HOME, InputError
from ecg.rhythm import fibrillation
from ecg.rhythm.fibrillation import (
    Limits,
    episodes_of,
    fibrillation_now,
    find_fibrillation,
    of_leads,
)
from ecg.rhythm.fibrillation_numbers import NUMBERS, Described
from ecg.stretches import overlaps
from ecg.training.vf_data import truth_of
from ecg.training.vf_made import FS as MADE_FS
from ecg.training.vf_made import made_negatives
from tests.ecg.rhythm.vf_signals import FS, beating, collapse, fibrillating


@pytest.fixture(scope="module")
def model():
    found = fibrillation.open_model()
    assert found is not None, "the network is shipped"
    return found


# ---- the rule

LIMITS = Limits(low=0.3, high=0.5)


def _steps(*levels):
    """(w,) probabilities: (level, windows) after each other."""
    return np.concatenate([np.full(count, level) for level, count in levels])


def test_an_episode_begins_and_ends_where_half_a_window_is_in_it():
    likely = _steps((0.1, 20), (0.9, 30), (0.1, 20))
    found = episodes_of(likely, LIMITS, FS, 73 * FS)
    # windows 20 to 49 of 4 s: middles 22 to 51 s; the crossing lies half a second out
    np.testing.assert_allclose(found.spans / FS, [[21.5, 51.5]])
    np.testing.assert_allclose(found.confidence, [0.9])


def test_gaps_are_joined_and_short_ones_left_out():
    joined = episodes_of(_steps((0, 9), (1, 9), (0, 3), (1, 9), (0, 9)), LIMITS, FS, 42 * FS)
    apart = episodes_of(_steps((0, 9), (1, 9), (0, 4), (1, 9), (0, 9)), LIMITS, FS, 43 * FS)
    assert len(joined.spans) == 1 and len(apart.spans) == 2
    assert len(episodes_of(_steps((0, 9), (1, 3), (0, 9)), LIMITS, FS, 24 * FS).spans) == 0
    assert len(episodes_of(_steps((0, 9), (1, 4), (0, 9)), LIMITS, FS, 25 * FS).spans) == 1
    one = _steps((0, 9), (1, 1), (0, 9), (1, 9), (0, 1), (1, 9), (0, 9))
    assert len(episodes_of(one, LIMITS, FS, 50 * FS).spans) == 1, "single windows are smoothed away"


def test_what_is_never_sure_is_none_and_what_is_reaches_to_where_it_is_sure():
    low, high = Limits(0.3, 0.8), _steps((0.1, 9), (0.6, 9), (0.9, 9), (0.6, 4), (0.9, 9), (0.1, 9))
    assert len(episodes_of(np.minimum(high, 0.6), low, FS, 52 * FS).spans) == 0
    (span,) = episodes_of(high, low, FS, 52 * FS).spans / FS
    # the middles of windows 18 to 39, and the way to the crossing
    np.testing.assert_allclose(span, [20 - 1 / 3, 41 + 1 / 8], atol=0.01)


def test_an_episode_at_an_end_reaches_it():
    found = episodes_of(np.ones(17), LIMITS, FS, 20 * FS + 60)
    assert found.spans.tolist() == [[0, 20 * FS + 60]]


def _lead(*shares, missing=0.0):
    """(Described, (w, 3)) of a lead with these probabilities in every window."""
    numbers = np.zeros((6, len(NUMBERS)), np.float32)
    numbers[:, NUMBERS.index("missing")] = missing
    return Described(np.arange(6) * 125, numbers), np.tile(shares, (6, 1))


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        ([_lead(0.9, 0.1, 0.0)], 0.9),
        ([_lead(0.9, 0.1, 0.0), _lead(0.1, 0.9, 0.0)], 0.1),  # the second shows beats
        ([_lead(0.9, 0.1, 0.0), _lead(0.1, 0.1, 0.8)], 0.9),  # the second is noise
        ([_lead(0.9, 0.1, 0.0), _lead(0.0, 1.0, 0.0, missing=1.0)], 0.9),  # is not there
        ([_lead(0.3, 0.1, 0.6), _lead(0.1, 0.1, 0.8)], 0.3),  # none can be read
        ([_lead(0.9, 0.1, 0.0, missing=1.0)], 0.0),
    ],
)
def test_a_lead_that_shows_beats_speaks_against_it(leads, expected):
    np.testing.assert_allclose(of_leads(*zip(*leads)), expected)


# ---- the network


@pytest.mark.parametrize("fs", [128, 250, 360])
def test_a_collapse_is_found_to_two_seconds(model, fs):
    x = collapse(fs=fs)
    found = find_fibrillation(model, [x, 0.5 * x], fs)
    assert len(found.spans) == 1 and found.confidence[0] > 0.7
    np.testing.assert_allclose(found.spans[0] / fs, [60, 100], atol=2)


def test_gain_and_polarity_change_nothing(model):
    x = collapse()
    first = find_fibrillation(model, [x], FS)
    for other in (1000 * x + 4, -x):
        np.testing.assert_allclose(
            find_fibrillation(model, [other], FS).spans, first.spans, atol=0.1 * FS
        )


def test_a_lead_that_fell_off_does_not_hide_it(model):
    x = collapse()
    off = np.full_like(x, np.nan)
    spans = find_fibrillation(model, [off, x], FS).spans
    np.testing.assert_allclose(spans, find_fibrillation(model, [x], FS).spans, atol=1)
    assert len(spans) == 1


def test_beats_in_the_other_lead_are_believed(model):
    assert len(find_fibrillation(model, [collapse(), beating(160)], FS).spans) == 0


def test_standstill_pacing_fast_hearts_and_loose_leads_are_none(model):
    rng = np.random.default_rng(77)  # not those that were learnt from
    called = [
        made.name
        for made in made_negatives(rng, patients=3)
        if len(find_fibrillation(model, [made.signal], MADE_FS).spans)
    ]
    assert called == []


def test_the_monitor_hears_of_it_within_eight_seconds_and_not_before(model):
    limit, x = fibrillation.limits_of(model).high, collapse(60, 20, 1)
    likely = {
        second: fibrillation_now(model, [x[(45 + second) * FS : (60 + second) * FS]], FS)
        for second in (0, 2, 7, 12)
    }
    assert likely[0] < limit < likely[7] and likely[12] > limit
    assert fibrillation_now(model, [beating(15)], FS) < 0.2
    assert fibrillation_now(model, [fibrillating(3)], FS) == 0, "too little to say"


def test_of_a_lead_with_nothing_in_it_nothing_is_said(model):
    for x in (np.full(60 * FS, np.nan), np.zeros(60 * FS)):
        assert len(find_fibrillation(model, [x], FS).spans) == 0


def test_an_hour_takes_less_than_three_seconds(model):
    leads = [np.tile(beating(60, seed=seed), 60) for seed in (0, 1)]
    began = time.process_time()
    find_fibrillation(model, leads, FS)
    assert time.process_time() - began < 3


def test_real_fibrillation_and_a_real_rhythm(model, mitdb):
    from ecg.formats import read_recording

    recording = read_recording(mitdb / "207", 0, second="auto")
    fs, n = recording.fs, len(recording.signal)
    spans = find_fibrillation(model, recording.signals(), fs).spans
    truth = truth_of(mitdb, "207", fs, n).vf
    assert len(truth) == 6
    assert covered_by(overlaps(truth, spans)) > 0.85 * covered_by(truth)
    assert covered_by(overlaps(spans, truth)) > 0.85 * covered_by(spans)


def covered_by(spans):
    return np.diff(spans, axis=1).sum()


# ---- the file


def test_no_file_is_a_sentence(tmp_path):
    assert fibrillation.open_model(tmp_path) is None
    assert "train.py --model vf" in fibrillation.model_or_note(tmp_path)


def test_a_file_of_other_numbers_is_refused(tmp_path):
    shipped = weights.onnx_path(HOME / "weight" / "shipped" / "model_vf.pth")
    copy = tmp_path / shipped.name
    shutil.copy(shipped, copy)
    model = onnx.load(str(copy))
    (card,) = (each for each in model.metadata_props if each.key == "card")
    told = json.loads(card.value)
    told["input"]["numbers"] = told["input"]["numbers"][1:]
    card.value = json.dumps(told)
    onnx.save(model, str(copy))
    with pytest.raises(InputError, match="other numbers"):
        fibrillation.open_model(tmp_path)
    copy.write_bytes(b"no network")
    with pytest.raises(InputError, match="no ONNX file"):
        fibrillation.open_model(tmp_path)
