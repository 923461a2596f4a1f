"""Metrics against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from ecg import prediction
from ecg.evaluation import metrics


def labels(n=400, classes=5, seed=1):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    return true, np.where(rng.random(n) < 0.7, true, rng.integers(0, 5, n))


def test_figures_equal_scikit_learn():
    true, predicted = labels()
    matrix = metrics.confusion(true, predicted)
    assert (matrix == sklearn_metrics.confusion_matrix(true, predicted)).all()
    p, r, f, _ = sklearn_metrics.precision_recall_fscore_support(true, predicted)
    assert np.allclose(
        [metrics.precision(matrix), metrics.recall(matrix), metrics.f1(matrix)], [p, r, f]
    )
    assert metrics.accuracy(matrix) == pytest.approx(
        sklearn_metrics.accuracy_score(true, predicted)
    )
    assert metrics.macro_f1(matrix, ["N", "S", "V"]) == pytest.approx(f[:3].mean())


def test_absent_class_is_undefined_and_counts_nothing_in_the_mean():
    matrix = metrics.confusion([0, 0, 1], [0, 0, 1])
    assert np.isnan(metrics.f1(matrix)[2:]).all() and np.isnan(metrics.recall(matrix)[4])
    assert metrics.macro_f1(matrix, list("NSVFQ")) == pytest.approx(2 / 5)


def test_figures_take_stacks():
    true, predicted = labels()
    groups = np.repeat(["a", "b", "c", "d"], 100)
    names, stack = metrics.confusion_by(groups, true, predicted)
    assert (
        names.tolist() == ["a", "b", "c", "d"]
        and (stack.sum(axis=0) == metrics.confusion(true, predicted)).all()
    )
    assert np.allclose(
        metrics.f1(stack)[2],
        metrics.f1(metrics.confusion(true[200:300], predicted[200:300])),
        equal_nan=True,
    )


def test_intervals_are_over_records():
    """Two thousand beats of twenty people who are each all right or all wrong: the interval is that
    of twenty coins."""
    wrong = np.arange(20) < 5
    stack = np.array(
        [np.diag([0, 100, 0, 0, 0])[::-1] if w else np.diag([100, 0, 0, 0, 0]) for w in wrong]
    )
    low, high = metrics.interval(metrics.accuracy(metrics.resampled(stack, 4000)))
    assert 0.5 < low < 0.6 and 0.9 <= high <= 0.96
    same = np.repeat(stack[-1:], 20, axis=0)
    assert metrics.interval(metrics.accuracy(metrics.resampled(same))) == [1, 1]


def test_interval_is_none_where_hardly_any_sample_defines_the_figure():
    assert metrics.interval([np.nan, np.nan, 0.5]) is None


def test_reliability_by_hand():
    ece, bins = metrics.reliability([0.95, 0.95, 0.55, 0.2], [True, False, True, True], bins=10)
    assert ece == pytest.approx((2 * abs(0.95 - 0.5) + abs(0.55 - 1) + abs(0.2 - 1)) / 4)
    assert bins.count.tolist() == [0, 1, 0, 0, 0, 1, 0, 0, 0, 2]  # 0.2 lies in (0.1, 0.2]
    assert metrics.reliability([1.0], [True])[0] == 0


def test_temperature_is_found_again():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(20000, 5)) * 3
    p = prediction.softmax(z / 2.5)
    true = (p.cumsum(axis=1) > rng.random((len(p), 1))).argmax(axis=1)
    assert metrics.fit_temperature(z, true) == pytest.approx(2.5, rel=0.05)
    before = metrics.reliability(prediction.softmax(z).max(1), z.argmax(1) == true)[0]
    after = metrics.reliability(p.max(1), z.argmax(1) == true)[0]
    assert before > 0.1 and after < 0.02
    assert (
        metrics.fit_temperature(z[:0], true[:0]) == 1
        and metrics.fit_temperature(np.eye(5) * 9, np.arange(5)) == 1
    )


def test_rejection_by_hand():
    share, accuracy, caught = metrics.rejection([0.9, 0.2, 0.8, 0.3], [True, False, True, True])
    assert share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert accuracy[:4].tolist() == [0.75, 1, 1, 1] and np.isnan(accuracy[4])
    assert caught.tolist() == [0, 1, 1, 1, 1]


def test_proper_scores():
    p = np.array([[0.7, 0.3, 0, 0, 0], [0.5, 0.5, 0, 0, 0]])
    nll, brier = metrics.proper_scores(p, [0, 1])
    assert nll == pytest.approx(-np.log([0.7, 0.5]).mean()) and brier == pytest.approx(
        (2 * 0.09 + 2 * 0.25) / 2
    )


def test_a_look_is_worth_more_at_rare_unsure_and_disputed_beats():
    p = np.tile([0.97, 0.01, 0.01, 0.005, 0.005], (100, 1))
    p[3] = [0.55, 0, 0, 0.45, 0]  # may be the rare F
    p[4] = [0.55, 0, 0.45, 0, 0]  # may be the commoner V
    p[10:20] = [0.01, 0, 0.99, 0, 0]
    predicted = p.argmax(axis=1)
    worth = metrics.review_priority(p, predicted)
    assert worth[3] > worth[4] > worth[0] and worth[3] == worth.max()
    other = p.copy()
    other[7] = [0.02, 0.96, 0.02, 0, 0]  # another model says S, and surely
    together = metrics.review_priority(np.stack([p, other]), predicted)
    assert together[7] > 5 * worth[7] and together[0] == pytest.approx(worth[0])


def test_classes_of_the_mean():
    assert metrics.scored_classes("kaggle", [9, 9, 9, 0, 0]) == list("NSVFQ")
    assert metrics.scored_classes("interpatient", [9] * 5) == list("NSV")
    assert metrics.scored_classes("patients", [500, 20, 19, 0, 300]) == list("NSQ")


def test_rows_and_columns_without_a_beat_count():
    """Of counts with O and X, a missed beat counts against Se, an extra one against +P."""
    counts = np.zeros((7, 7), int)
    counts[0, 0], counts[0, 5], counts[0, 6], counts[5, 0], counts[1, 0] = 6, 1, 1, 2, 2
    assert metrics.recall(counts, 100)[0] == 75 and metrics.precision(counts, 100)[0] == 60
    assert metrics.accuracy(counts[:5]) == 0.6
    hits, annotated, detected = metrics.detection(np.stack([counts, 2 * counts]))
    assert (hits.tolist(), annotated.tolist(), detected.tolist()) == ([8, 16], [10, 20], [10, 20])


def test_both_ways_to_draw_records_give_the_same_interval():
    stack = np.array([np.diag([100 + 9 * k, 0, 0, 0, 0]) + 10 * np.eye(5, k=1) for k in range(20)])
    spans = []
    for one_by_one in (False, True):
        draws = metrics.resampled(stack, 4000, seed=1, one_by_one=one_by_one)
        assert draws.shape == (4000, 5, 5)
        spans.append(metrics.percentiles(metrics.accuracy(draws)))
    truth = metrics.accuracy(stack.sum(axis=0))
    assert spans[0] == pytest.approx(spans[1], abs=0.002)
    assert spans[0][0] < truth < spans[0][1]
