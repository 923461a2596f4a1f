"""Few labelled beats: which ones are drawn. (The table: test_pretrain_translearn.py.)"""

import numpy as np

from ecg.training.few_labels import few_labels


def test_few_labels_hold_two_of_each_class():
    y = np.repeat([0, 1, 2, 3, 4], [900, 30, 50, 5, 15])
    chosen = few_labels(y, 100, seed=1)
    assert len(set(chosen)) == 100 and np.bincount(y[chosen]).min() >= 2
