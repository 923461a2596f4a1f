"""Beats of a patient that are alike are averaged."""

import numpy as np

from ecg import context
from tests.patient import synthetic_patient


def logits_of(n=-9.0, s=-9.0, v=-9.0, f=-9.0, count=None):
    """Logits (m, 4) of four columns, each an array (m,) or a number."""
    count = count or max(np.size(column) for column in (n, s, v, f))
    return np.column_stack([np.broadcast_to(column, count) for column in (n, s, v, f)])


def v_or_n(is_v, sure=2.0):
    """Logits of a network that takes the beats `is_v` for V and the others for N."""
    return logits_of(n=np.where(is_v, -sure, sure), v=np.where(is_v, sure, -sure)) / 2


def test_beats_that_are_alike_agree():
    """One broad beat in six taken for N, one narrow beat in thirty for V: the others of their shape
    know better."""
    ecg, peaks, ectopic = synthetic_patient(300)
    beats = context.describe(ecg, 250, peaks)
    wrong = np.zeros(len(peaks), bool)
    wrong[np.flatnonzero(ectopic)[::6]] = wrong[np.flatnonzero(~ectopic)[::30]] = True
    logits = v_or_n(ectopic ^ wrong)
    after = context.average_similar_beats(logits, beats)
    assert (logits.argmax(axis=1)[wrong] == np.where(ectopic, 0, 2)[wrong]).all()
    assert (after.argmax(axis=1) == np.where(ectopic, 2, 0)).all()


def test_n_beyond_doubt_stays_and_certainty_fades_in():
    """A beat listens the more the less sure it is: no jump of the probabilities where that
    begins."""
    ecg, peaks, _ = synthetic_patient(60)
    beats = context.describe(ecg, 250, peaks)
    others = logits_of(n=0.0, v=1.0, count=len(peaks))
    found = []
    for p in np.linspace(0.85, 0.999, 150):
        logits = others.copy()
        logits[20] = np.log([p, 1e-4, 1 - p, 1e-4])
        found.append(np.exp(context.average_similar_beats(logits, beats)[20, 0]))
    assert found[0] < 0.5 and found[-1] > 0.99 and np.abs(np.diff(found)).max() < 0.1


def test_an_early_beat_is_no_peer_of_a_timely_one():
    """Narrow beats called S where they come early are not outvoted by the many alike in shape that
    come in time."""
    ecg, peaks, early = synthetic_patient(300)
    beats = context.describe(ecg, 250, peaks)
    shapes = beats.shapes.copy()
    shapes[early] = shapes[~early][: early.sum()]  # the same shape as any other beat
    logits = logits_of(n=np.where(early, -1.0, 1.0), s=np.where(early, 1.0, -1.0))
    after = context.average_similar_beats(logits, beats._replace(shapes=shapes))
    assert (after.argmax(axis=1) == early).all()


def test_on_a_moving_window_no_later_beat_is_asked():
    ecg, peaks, _ = synthetic_patient(400)
    beats = context.describe(ecg, 250, peaks, past=120, delay=20)
    # when the beat is described, less the delay
    hop = np.ceil((peaks / 250 + 1e-9) / context.HOP) * context.HOP
    first, last = beats.reach.T
    known = peaks < 300 * 250
    assert (first <= np.arange(len(peaks))).all() and (last > np.arange(len(peaks))).all()
    assert (peaks[last - 1] / 250 <= hop)[known].all()
    assert (peaks[first] / 250 >= hop - 120 - 1e-6)[known].all()
    logits = np.random.default_rng(0).standard_normal((len(peaks), 4))
    changed = logits.copy()
    changed[~known] = 5
    a, b = (context.average_similar_beats(z, beats)[known] for z in (logits, changed))
    assert np.array_equal(a, b)
