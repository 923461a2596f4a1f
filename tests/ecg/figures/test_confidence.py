"""How sure the model is, of one beat and of many."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ecg.figures.confidence import plot_confidence


def test_confidence_of_one_beat_and_of_many():
    ax = plot_confidence([0.02, 0.03, 0.9, 0.05, 0.0], ax=plt.subplots()[1])
    assert [bar.get_width() for bar in ax.patches][:5] == [0.02, 0.03, 0.9, 0.05, 0.0]
    assert "V" in ax.get_title(loc="left")
    many = np.vstack([np.eye(5) * 0.9 + 0.02, np.full(5, np.nan)])
    ax = plot_confidence(many, ax=plt.subplots()[1])
    dots = np.vstack([c.get_offsets() for c in ax.collections])
    assert sorted(dots[:, 0]) == [1, 2, 3, 4, 5] and np.allclose(dots[:, 1], 0.92)


def test_probabilities_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="shape"):
        plot_confidence([0.5, 0.5])
    with pytest.raises(ValueError, match="no beat"):
        plot_confidence(np.full((3, 5), np.nan))
