"""A whole recording on pages: true to scale, all of it, nothing twice."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from ecg.beats import CLASSES
from ecg.figures.labels import plot_labelled_ecg
from ecg.figures.recording import plot_recording
from ecg.formats.recording import Recording

FS = 360


def test_paper_is_true_to_scale(made):
    ecg = made.signal[: 10 * FS]
    peaks = made.r_peaks[made.r_peaks < 10 * FS]
    plot_labelled_ecg(ecg, peaks, predictions=made.labels[: len(peaks)], sample_rate=FS)
    table = pd.DataFrame({"sample": made.r_peaks, "label": [CLASSES[k] for k in made.labels]})
    recording = Recording(made.signal, made.fs, made.lead, made.name)
    pages = [figure for figure, _, _ in plot_recording(recording, table, seconds=0)]
    for ax in [plt.figure(1).axes[0], *(ax for figure in pages for ax in figure.axes)]:
        box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
        assert box.width * 25.4 / np.ptp(ax.get_xlim()) == pytest.approx(25, rel=0.01)
        assert box.height * 25.4 / np.ptp(ax.get_ylim()) == pytest.approx(10, rel=0.01)
    shown = sorted(tuple(np.round(ax.get_xlim(), 2)) for figure in pages for ax in figure.axes)
    assert shown == [(10.0 * k, 10.0 * k + 10) for k in range(6)]  # all of it, nothing twice
