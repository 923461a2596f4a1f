"""What a model looked at is the part of the beat that decided its label."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import inference
from ecg import artifacts, formats, prediction
from ecg.figures import saliency
from ecg.formats.annotation import read_annotation


def test_occlusion_finds_the_part_that_decides(monkeypatch):
    def wants_the_bump(model, rows):  # V when samples 60..70 stand high
        p = np.full((len(rows), 5), 0.01)
        p[:, 2] = np.clip(rows[:, 60:70].mean(axis=1), 0.02, 0.96)
        p[:, 0] = 1 - p[:, 1:].sum(axis=1)
        return p.argmax(axis=1), p.max(axis=1), p

    monkeypatch.setattr(prediction, "predict_heartbeat", wants_the_bump)
    row = np.zeros(187, np.float32)
    row[:150] = 0.1
    row[60:70] = 0.9
    importance, target, confidence = saliency.occlusion(object(), row)
    assert target == 2 and confidence > 0.8
    assert 58 <= np.argmax(importance) <= 71 and importance[60:70].min() > 0
    assert np.all(np.abs(importance[:50]) < 1e-6) and np.all(importance[150:] == 0)
    ax = saliency.plot_saliency(row, importance, target, confidence, plt.subplots()[1])
    assert ax.images and len(ax.lines[-1].get_xdata()) == 150


def test_the_real_model_is_explained_over_a_real_beat(minutes):
    recording = formats.read_recording(minutes / "208")
    samples, symbols, *_ = read_annotation(minutes / "208")
    table = pd.DataFrame({"sample": samples[1:101], "label": ["N"] * 100})
    try:
        model = inference.load_model()
    except artifacts.InputError as error:
        pytest.skip(str(error))
    figure = saliency.saliency_page(recording, table, model, 20)
    assert len([ax for ax in figure.axes if ax.images]) == 8
