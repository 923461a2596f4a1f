"""Labels on an ECG: nothing overlaps, nothing is lost, and what does not fit is refused."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Annotation

from ecg.beats import CLASSES
from ecg.figures.beat_labels import class_index
from ecg.figures.label_layout import POSITIONS, LabelStyle
from ecg.figures.labels import plot_labelled_ecg
from ecg.synthetic import synthetic_recording

FS = 360


def at_rate(bpm, seconds=10):
    made = synthetic_recording(seconds, FS, seed=1, rate=bpm, variability=0.01, shares={})
    labels = np.resize([0, 2, 1, 3, 4], len(made.r_peaks))
    return made.signal, made.r_peaks, labels, np.resize([0.99, 0.6], len(made.r_peaks))


def boxes(ax):
    """Bounding boxes (pixels) of the texts that label beats, and their texts."""
    ax.figure.draw_without_rendering()
    found = [t for t in ax.texts if isinstance(t, Annotation) and t.get_text()]
    return [(t.get_bbox_patch() or t).get_window_extent() for t in found], [
        t.get_text() for t in found
    ]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize(
    "bpm, seconds, size",
    [(150, 10, None), (150, 10, (5, 2.5)), (220, 10, None), (150, 60, (11, 3))],
)
def test_labels_never_overlap_nor_leave_the_axes(position, bpm, seconds, size):
    ecg, peaks, labels, confidence = at_rate(bpm, seconds)
    ax = plt.subplots(figsize=size, layout="constrained")[1] if size else None
    plot_labelled_ecg(
        ecg,
        peaks,
        predictions=labels,
        confidence=confidence,
        sample_rate=FS,
        style=LabelStyle(position=position),
        ax=ax,
    )
    ax = plt.gca()
    found, _ = boxes(ax)
    assert found or seconds == 60
    for a, b in itertools.combinations(found, 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 1 or height <= 1.5
    axes = ax.get_window_extent()
    assert all(b.y0 >= axes.y0 - 2 and b.y1 <= axes.y1 + 2 for b in found)


def test_at_150_per_minute_every_beat_has_its_label_on_paper():
    ecg, peaks, labels, confidence = at_rate(150)
    plot_labelled_ecg(ecg, peaks, predictions=labels, confidence=confidence, sample_rate=FS)
    _, texts = boxes(plt.gca())
    letters = [t for t in texts if t[0].isalpha()]
    assert letters == [CLASSES[k] + ("" if c >= 0.8 else "?") for k, c in zip(labels, confidence)]


def test_a_long_recording_with_thousands_of_labels_is_drawn_with_ticks(made):
    times = 40
    ecg, n = np.tile(made.signal, times), len(made.signal)
    peaks = (made.r_peaks + n * np.arange(times)[:, None]).ravel()
    _, ax = plt.subplots()
    plot_labelled_ecg(ecg, peaks, predictions=np.tile(made.labels, times), sample_rate=FS, ax=ax)
    assert boxes(ax)[0] == []
    assert sum(
        len(c.get_segments())
        for c in ax.collections
        if len(c.get_linewidth()) and c.get_linewidth()[0] == 1.3
    ) == len(peaks)


def test_labels_and_arguments_that_do_not_fit_are_refused(made):
    with pytest.raises(ValueError, match="label_position"):
        LabelStyle(position="left")
    with pytest.raises(ValueError, match="predictions for"):
        plot_labelled_ecg(made.signal, made.r_peaks, predictions=[0, 1])


def test_a_class_is_given_by_letter_or_index_and_nothing_is_none():
    assert [class_index(label) for label in ("N", "Q", 2, np.int64(3))] == [0, 4, 2, 3]
    assert {class_index(label) for label in (None, np.nan, "", "?", -1)} == {None}
