"""A script written for the tutorial runs as it stands: its names, its order of arguments, its
defaults, what it gets back; its weights, which have no model card."""

import inspect
import runpy
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import clean_ECG
import inference
import models
import Noisy_ECG_Signal
import pretrain_translearn
import visualize
from ecg import beats, prediction, running, tutorial, weights
from ecg.artifacts import InputError
from ecg.synthetic import synthetic_recording
from model_deep import ECGCNN_Deep
from model_self import ECGCNN
from pretrain_translearn import PretrainedResNet1D
from tests import tutorial_networks as theirs

NONE = inspect.Parameter.empty
SIGNATURES = [
    (clean_ECG.notch_filter, {"ecg": NONE, "notch_freq": 50, "fs": 500, "Q": 30}),
    (clean_ECG.bandpass_filter, {"ecg": NONE, "low": 0.5, "high": 150, "fs": 500, "order": 4}),
    (clean_ECG.normalize, {"ecg": NONE}),
    (clean_ECG.preprocess_ecg_signal, {"raw_signal": NONE, "fs": 500}),
    (Noisy_ECG_Signal.generate_noisy_ecg, {"fs": 500, "duration": 10, "show_plot": True}),
    (inference.detect_r_peaks, {"ecg": NONE, "fs": 500}),
    (inference.extract_beats, {"ecg": NONE, "r_peaks": NONE, "fs": 500, "beat_length": 187}),
    (inference.softmax, {"x": NONE, "axis": -1}),
    (inference.predict_heartbeat, {"model": NONE, "ecg_signal": NONE}),
    (inference.predict_heartbeat_onnx, {"session": NONE, "ecg_signal": NONE}),
    (
        inference.plot_ecg_comparison,
        dict.fromkeys(
            "t ecg_noisy ecg_cleaned r_peaks beat_positions predictions confidences "
            "class_names".split(),
            NONE,
        ),
    ),
    (
        inference.plot_prediction_confidence,
        {"predictions": NONE, "confidences": NONE, "class_names": NONE},
    ),
    (ECGCNN, {"input_shape": (187, 1), "num_classes": 5, "dropout_rate": 0.5}),
    (ECGCNN_Deep, {"num_classes": 5}),
    (PretrainedResNet1D, {"num_classes": 5, "freeze_backbone": False}),
    (pretrain_translearn.create_model, {"freeze_backbone": False}),
]
OF_LABELS = {"class_names": None, "segment_length": 187, "sample_rate": 360}
OF_LABELS |= {"confidence_threshold": 0.6, "title": NONE, "figsize": (14, 6)}


@pytest.fixture(scope="module")
def made():
    return synthetic_recording(60, 360, seed=2, shares={"S": 0.1, "V": 0.15, "F": 0.05})


@pytest.fixture(autouse=True)
def fresh():
    tutorial._warn.cache_clear()
    running.say_once.cache_clear()
    yield
    plt.close("all")


def by_place(function):
    """{argument: its default} of those that a call may give by place; the rest is by keyword."""
    found = inspect.signature(function).parameters.values()
    assert all(p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in found)
    return {p.name: p.default for p in found if p.kind is p.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize("function, told", SIGNATURES, ids=lambda x: getattr(x, "__name__", ""))
def test_arguments_are_the_tutorials_in_name_order_and_default(function, told):
    found = by_place(function)
    assert list(found) == list(told) and found == told


def test_arguments_of_the_labels_and_of_what_loads_a_model():
    found = by_place(visualize.plot_ecg_with_labels)
    assert list(found) == ["ecg_signal", "r_peaks", "model", *OF_LABELS]
    assert isinstance(found.pop("title"), str)
    assert {key: found[key] for key in found if key in OF_LABELS} == {
        key: value for key, value in OF_LABELS.items() if key != "title"
    }
    assert list(by_place(inference.load_model)) == ["model_path"]
    assert list(by_place(inference.load_onnx_model)) == ["onnx_model_path"]


SCRIPT = """
from clean_ECG import bandpass_filter, normalize, notch_filter, preprocess_ecg_signal
from inference import (
    CLASS_NAMES, detect_r_peaks, extract_beats, load_model, load_onnx_model, plot_ecg_comparison,
    plot_prediction_confidence, predict_heartbeat, predict_heartbeat_onnx, softmax,
)
from Noisy_ECG_Signal import generate_noisy_ecg
from visualize import plot_ecg_with_labels

t, clean, noisy = generate_noisy_ecg(fs=500, duration=10, show_plot=True)
step = normalize(bandpass_filter(notch_filter(noisy, 50, 500, 30), 0.5, 150, 500, 4))
named = bandpass_filter(notch_filter(ecg=noisy, notch_freq=50, fs=500, Q=30), low=0.5, high=150,
                        fs=500, order=4)
cleaned = preprocess_ecg_signal(raw_signal=noisy, fs=500)
r_peaks = detect_r_peaks(cleaned, fs=500)
rows, positions = extract_beats(cleaned, r_peaks, fs=500, beat_length=187)
model = load_model(PTH)
session = load_onnx_model(ONNX)
ids, confidences, probabilities = predict_heartbeat(model, rows)
same_ids, _, same = predict_heartbeat_onnx(session, rows)
one = predict_heartbeat(model=model, ecg_signal=rows[0])
plot_ecg_comparison(t, noisy, cleaned, r_peaks, positions, ids, confidences, CLASS_NAMES)
plot_prediction_confidence(ids, confidences, CLASS_NAMES)
labels = plot_ecg_with_labels(ecg_signal=cleaned, r_peaks=r_peaks, model=model, sample_rate=500)
words = [CLASS_NAMES[k] for k in ids]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory, home):
    """The names that the script leaves, and its figures."""
    script = tmp_path_factory.mktemp("tutorial") / "script.py"
    script.write_text(SCRIPT)
    shipped = home / "weight" / "shipped"
    files = {"PTH": str(shipped / "model_self.pth"), "ONNX": shipped / "ecg_model_self.onnx"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # every rate is given: nothing is to be warned of
        names = runpy.run_path(str(script), files)
    names["figures"] = [plt.figure(number) for number in plt.get_fignums()]
    yield names
    plt.close("all")


def test_the_script_cleans_finds_and_cuts(ran):
    assert len(ran["t"]) == len(ran["clean"]) == len(ran["noisy"]) == 5000
    assert abs(ran["cleaned"].mean()) < 1e-9 and ran["cleaned"].std() == pytest.approx(1)
    np.testing.assert_allclose(ran["step"], clean_ECG.normalize(ran["named"]), atol=1e-9)
    true = inference.detect_r_peaks(ran["clean"], 500)
    assert np.abs(ran["r_peaks"] - true).max() <= 10  # samples of 2 ms
    rows, positions = beats.extract_beats(ran["cleaned"], ran["r_peaks"], 500)
    np.testing.assert_array_equal(ran["rows"], rows)  # cut as the training rows were, at any rate
    np.testing.assert_array_equal(ran["positions"], positions)


def test_the_script_labels_with_both_engines(ran):
    n = len(ran["rows"])
    assert ran["ids"].shape == ran["confidences"].shape == (n,)
    assert ran["probabilities"].shape == (n, 5)
    np.testing.assert_array_equal(ran["ids"], ran["same_ids"])
    np.testing.assert_allclose(ran["probabilities"], ran["same"], atol=1e-5)
    assert [part.shape for part in ran["one"]] == [(1,), (1,), (1, 5)]
    np.testing.assert_allclose(ran["one"][2][0], ran["probabilities"][0], atol=1e-6)
    assert set(ran["words"]) <= set(inference.CLASS_NAMES)
    assert ran["words"].count("Normal") > n / 2  # the signal is one of normal beats
    assert inference.CLASS_NAMES == "Normal Supraventricular Ventricular Fusion Unknown".split()
    assert beats.CLASS_NAMES == beats.CLASSES == list("NSVFQ")


def test_the_script_draws_four_figures(ran):
    noisy, comparison, bars, labels = ran["figures"]
    assert [len(figure.axes) for figure in (noisy, comparison)] == [3, 3]
    heights = [bar.get_height() for bar in bars.axes[0].patches]
    np.testing.assert_allclose(heights, ran["confidences"])
    assert tuple(labels.get_size_inches()) == (14, 6)
    texts = [text.get_text().split("\n")[0] for text in labels.axes[0].texts]
    assert [word.rstrip("?") for word in texts if word] == ran["words"]


def test_labels_are_green_from_the_threshold_on_red_below_and_none_where_no_beat_was_cut(
    made, monkeypatch
):
    sure = np.tile([0.6, 0.59], 100)
    monkeypatch.setattr(
        inference,
        "predict_heartbeat",
        lambda model, rows: (np.arange(len(rows)) % 5, sure[: len(rows)], None),
    )
    ecg, peaks = made.signal[:3600].copy(), made.r_peaks[made.r_peaks < 3600]
    ecg[peaks[4] + 20 : peaks[4] + 30] = np.nan  # in the row of beat 4, perhaps in that of beat 3
    labels = visualize.plot_ecg_with_labels(ecg, peaks, object(), list("abcde"))
    assert len(labels) == len(peaks) and labels[-1] is None and labels[4] is None
    cut = [label for label in labels if label is not None]
    assert cut == [("abcde"[k % 5], sure[k]) for k in range(len(cut))]
    colors = [text.get_color() for text in plt.gca().texts if text.get_text()]
    assert colors[:3] == ["#1a7f37", "#c62828", "#1a7f37"]
    with pytest.raises(ValueError, match="187"):
        visualize.plot_ecg_with_labels(ecg, peaks, object(), segment_length=200)


def test_an_omitted_rate_is_500_and_said_once():
    x = Noisy_ECG_Signal.generate_noisy_ecg(show_plot=False).noisy
    assert len(x) == 5000
    with pytest.warns(UserWarning, match="500 Hz is taken") as told:
        peaks = inference.detect_r_peaks(x)
        inference.extract_beats(x, peaks)
        clean_ECG.notch_filter(x)
    assert len(told) == 1 and told[0].filename == __file__
    np.testing.assert_array_equal(peaks, inference.detect_r_peaks(x, 500))


def test_a_rate_in_the_place_of_the_notch_is_refused():
    x = np.zeros(1000)
    for call in ((360, 50, 30), (360, 500), (250, 500)):
        with pytest.raises(ValueError, match="rate in the wrong place"):
            clean_ECG.notch_filter(x, *call)
    assert clean_ECG.notch_filter(x, 50, 128).shape == x.shape


def test_the_upper_limit_is_capped_and_said(made):
    for work in (clean_ECG.bandpass_filter, clean_ECG.preprocess_ecg_signal):
        tutorial._warn.cache_clear()
        with pytest.warns(UserWarning, match="capped"):
            assert np.isfinite(work(made.signal, fs=250)).all()


def test_softmax_takes_an_axis():
    x = np.random.default_rng(0).standard_normal((4, 5))
    np.testing.assert_allclose(inference.softmax(x.T, axis=0), inference.softmax(x).T)


# ------------------------------------------------------------------- weights without a model card

NETWORKS = {"ECGCNN": theirs.ECGCNN, "ECGCNN_Deep": theirs.ECGCNN_Deep}
NETWORKS["PretrainedResNet1D"] = theirs.PretrainedResNet1D
ROWS = np.random.default_rng(0).uniform(0, 1, (6, 187)).astype(np.float32)


def expected(network, scaler):
    """What the tutorial's network says of ROWS that its scaler has standardised."""
    x = (ROWS - np.float32(scaler["mean"])) / np.float32(scaler["scale"])
    with torch.no_grad():
        return prediction.softmax(network.eval()(torch.from_numpy(x)[:, None]).numpy())


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_of_the_tutorials_code_load_without_a_card(name, tmp_path, capsys):
    torch.manual_seed(3)
    network, path = NETWORKS[name](), tmp_path / "theirs.pth"
    torch.save(network.state_dict(), path)
    loaded = inference.load_model(path)
    assert type(loaded).__name__ == name and "no model card" in capsys.readouterr().err
    kaggle = inference.load_model().card["input"]
    found = inference.predict_heartbeat(loaded, ROWS)[2]
    np.testing.assert_allclose(found, expected(network, kaggle), atol=1e-4)

    class Fitted:  # as joblib.load gives a StandardScaler
        mean_, scale_ = np.full(187, 0.3), np.full(187, 0.2)

    loaded = inference.load_model(path, scaler=Fitted())
    assert capsys.readouterr().err == ""
    own = {"mean": Fitted.mean_, "scale": Fitted.scale_}
    weights.save_card(path, loaded.card)  # and is an ordinary model from now on
    for each in (loaded, models.load(path)[0]):
        found = inference.predict_heartbeat(each, ROWS)[2]
        np.testing.assert_allclose(found, expected(network, own), atol=1e-4)


def test_an_onnx_file_of_the_tutorials_code_loads_without_a_card(tmp_path, capsys):
    torch.manual_seed(3)
    network, path = theirs.ECGCNN().eval(), tmp_path / "ecg_model_self.onnx"
    torch.onnx.export(
        network,
        (torch.zeros(1, 1, 187),),
        str(path),
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
        dynamo=False,
    )
    session = inference.load_onnx_model(path)
    assert "no model card" in capsys.readouterr().err
    kaggle = inference.load_model().card["input"]
    found = inference.predict_heartbeat_onnx(session, ROWS)[2]
    np.testing.assert_allclose(found, expected(network, kaggle), atol=1e-4)


def test_weights_of_another_network_or_scaler_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(5, 187)}, path)
    with pytest.raises(InputError, match="none of ECGCNN, ECGCNN_Deep, PretrainedResNet1D"):
        inference.load_model(path)
    torch.save(theirs.ECGCNN().state_dict(), path)
    with pytest.raises(InputError, match="scaler.*mean"):
        inference.load_model(path, scaler={"mean": [0] * 186, "scale": [1] * 187})
    with pytest.raises(InputError, match="scaler"):
        models.load_without_card(path, object())
