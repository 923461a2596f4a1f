"""Other rhythms made of a patient's own beats."""

import numpy as np
import pytest

from ecg.training.rhythms import ALL_RHYTHMS, splice_rhythm
from tests.patient import synthetic_patient


def test_a_spliced_rhythm_is_the_same_in_every_lead():
    ecg, peaks, ectopic = synthetic_patient(200)
    other, classes = np.sin(np.arange(len(ecg)) / 50), 2 * ectopic.astype(int)
    for rhythm in ALL_RHYTHMS:
        (a, p, c), (b, q, d) = (
            splice_rhythm(rhythm, lead, 250, peaks, classes, np.random.default_rng(3))
            for lead in (ecg, other)
        )
        assert len(a) == len(b) and np.array_equal(p, q) and np.array_equal(c, d)


@pytest.mark.parametrize("rhythm", ALL_RHYTHMS)
def test_what_is_given_stays_as_it_is(rhythm):
    """The signal, peaks and classes that are given are the annotated view's too."""
    ecg, peaks, ectopic = synthetic_patient(200)
    given = ecg, peaks, 2 * ectopic.astype(int)
    before = [array.copy() for array in given]
    signal, peaks, classes = given
    splice_rhythm(rhythm, signal, 250, peaks, classes, np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(given, before))


@pytest.fixture(scope="module")
def spliced():
    """spliced(rhythm): over eight draws, what the recordings are like into which it is spliced."""
    ecg, peaks, ectopic = synthetic_patient(400)

    def spliced(rhythm):
        before_s, spread, dropped, ratios = [], [], 0, []
        for seed in range(8):
            signal, at, classes = splice_rhythm(
                rhythm, ecg, 250, peaks, 2 * ectopic.astype(int), np.random.default_rng(seed)
            )
            rr = np.diff(at, prepend=at[0] - 200) / 250
            around = at[classes != 2][:, None] + np.arange(-12, 13)
            around = signal[np.clip(around, 0, len(signal) - 1)]
            assert (np.abs(around.argmax(axis=1) - 12) <= 1).mean() > 0.99, "R peaks lie on QRS"
            before_s.append(rr[classes == 1])
            spread.append(rr[classes == 0].std())
            ratios.append((rr[1:] / rr[:-1])[(classes[1:] == 0) & (classes[:-1] == 0)])
            dropped += (ectopic.sum() - (classes == 2).sum()) > 0
        return np.concatenate(before_s), np.median(spread), dropped, ratios

    return spliced


def test_tachycardia(spliced):
    before_s, _, dropped, _ = spliced("tachycardia")
    assert len(before_s) > 100 and 0.3 < np.median(before_s) < 0.62 and dropped == 8


def test_fibrillation(spliced):
    before_s, spread, dropped, _ = spliced("fibrillation")
    assert len(before_s) == 0 and spread > 0.1 and dropped == 0


def test_block(spliced):
    """A beat after a dropped one comes at twice the interval, the next at half of it again."""
    before_s, _, dropped, ratios = spliced("block")
    whole = np.concatenate(ratios)
    doubled, halved = ((np.abs(whole / by - 1) < 0.15).sum() for by in (2, 0.5))
    assert len(before_s) == 0 and dropped == 0 and doubled > 50 and halved > 50
    assert all((np.abs(r / 2 - 1) < 0.15).any() for r in ratios)


def test_ectopic(spliced):
    """Most beats of the stretch are S, steady and sooner than those before and after it."""
    before_s, _, dropped, _ = spliced("ectopic")
    assert len(before_s) > 800 and 0.35 < np.median(before_s) < 0.65 and dropped == 8


def test_sinus(spliced):
    """No jump as in the other rhythms, but much more than the 0.02 s of the recording."""
    before_s, spread, _, ratios = spliced("sinus")
    assert len(before_s) == 0 and spread > 0.05
    assert np.mean(np.abs(np.log(np.concatenate(ratios))) < 0.35) > 0.97


def test_bigeminy(spliced):
    before_s, _, dropped, _ = spliced("bigeminy")
    assert len(before_s) > 100 and (before_s < 0.75).all() and dropped > 0
