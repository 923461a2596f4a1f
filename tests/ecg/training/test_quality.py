"""The training of the quality network, on recordings whose quality is known."""

import numpy as np
import pytest
import torch
import wfdb

import models
import train
from ecg import artifacts, fingerprint, quality, weights
from ecg.artifacts import InputError
from ecg.export import export_quality
from ecg.training import quality as training
from ecg.training import quality_data, quality_made
from ecg.training.recipe import RECIPES
from tests.ecg.quality.signals import FS, sinus, white
from tests.training_rows import told_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hand-held recordings: 24 of class N, 12 of ~."""
    folder = tmp_path_factory.mktemp("records") / "handheld"
    folder.mkdir()
    lines = []
    for k in range(36):
        x, _ = sinus(60 + k, seconds=30, seed=k)
        noisy = k % 3 == 1
        x = white(x, np.random.default_rng(k)) if noisy else x
        name = f"r{k:02d}"
        record = dict(fs=FS, units=["mV"], sig_name=["ECG"], fmt=["16"], write_dir=str(folder))
        wfdb.wrsamp(name, p_signal=x[:, None], **record)
        lines.append(f"{name},{'~' if noisy else 'N'}\n")
    (folder / "REFERENCE.csv").write_text("".join(lines))
    return folder


def no_labels(recording, found):
    return ["V" if k == 3 else "N" for k in range(len(found.peaks))]


@pytest.fixture(scope="module")
def data(folder):
    return quality_data.load_quality_data([folder], no_labels)


def test_what_is_loaded(folder, data):
    own = np.isin(data.groups, ["N", "~"])
    assert own.sum() == 36 and (data.groups == "~").sum() == 12
    of_n = np.flatnonzero(data.groups == "N")
    made = np.isin(data.groups, list(quality_made.STRENGTHS))
    assert made.any() and set(data.names[made]) <= set(data.names[of_n])
    assert np.isclose(data.seconds[np.isin(data.window_record, of_n[:1])].sum(), 30)
    first = data.beat_record == of_n[0]
    assert (data.motion[first & data.is_v] == 1).all() and (data.is_v & first).sum() == 1
    assert np.isnan(
        data.motion[np.isin(data.beat_record, np.flatnonzero(data.groups == "~"))]
    ).all()


def test_kept_numbers_are_read_again(data, tmp_path):
    artifacts.save_arrays(tmp_path / "numbers.npz", data)
    for mine, theirs in zip(
        data, artifacts.load_arrays(tmp_path / "numbers.npz", type(data)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_made_noise_stays_with_its_clean_recording(data):
    fold = training.folds(data, 3)
    for name in set(data.names):
        assert len(set(fold[data.names == name])) == 1
    assert set(fold) == {0, 1, 2}


def test_no_recording_is_judged_by_a_network_that_saw_it(data, monkeypatch):
    seen = []

    def fit(network, data, records, seed, recipe):
        seen.append(records.copy())
        return network

    monkeypatch.setattr(training, "fit_quality", fit)
    found = training.cross_validate(models.model_class("quality"), data, 3)
    for number, records in enumerate(seen):
        assert np.array_equal(records, found.fold != number)


def test_cross_validation_names_noise_and_thresholds_hold(data):
    found = training.cross_validate(models.model_class("quality"), data, 2)
    threshold = training.choose_thresholds(data, found)
    figures = training.figures(data, found, threshold)
    assert figures["time named"]["~"] > 60
    assert figures["time named"]["N"] <= 100 * training.MAY_BE_NOISE + 1e-6
    assert any("class N" in line for line in training.lines(figures))


def test_weights_count_recordings(data):
    rows = training.rows_of(data, np.ones(len(data.names), bool))
    noise = rows.weight[:, 0] / len(rows.x)
    target = rows.target[:, 0] == 1
    assert noise[target].sum() == pytest.approx(
        training.NOISE_SHARE + training.MADE_SHARE, rel=1e-3
    )
    assert (rows.weight[rows.weight[:, 0] > 0, 1] == 0).all(), "a row tells of one thing"


def test_a_card_and_a_file_that_the_program_can_use(data, tmp_path):
    torch.manual_seed(0)
    every = np.ones(len(data.names), bool)
    net = training.fit_quality(models.model_class("quality")(), data, every)
    threshold = {quality.NOISE: 0.5, quality.MOTION: 0.8}
    card = training.quality_card(net, data, threshold, {}, 0, RECIPES["quality"])
    path = weights.onnx_path(weights.weights_path(tmp_path, "quality"))
    export_quality(net, path, card)
    session = quality.open_model(tmp_path)
    assert quality.thresholds(session) == (0.5, 0.8)
    x = np.random.default_rng(0).standard_normal((20, 177)).astype(np.float32)
    with torch.inference_mode():
        wanted = torch.sigmoid(net(torch.from_numpy(x))).numpy()
    assert np.allclose(quality.probabilities(session, x), wanted, atol=1e-5)
    card["input"]["windows"] = ["other"]
    export_quality(net, path, card)
    with pytest.raises(InputError, match="other numbers"):
        quality.open_model(tmp_path)


def test_the_stage_trains_it(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        train, "label_beats", lambda *_: {"label": np.array(["N"] * 99)[: len(_[2].peaks)]}
    )
    options = ["--model", "quality", "--records", str(folder), "--folds", "2", "--epochs", "2"]
    weight = tmp_path / "weight"
    (weight / "shipped").mkdir(parents=True)
    shipped = artifacts.HOME / "weight" / "shipped" / "ecg_model_context.onnx"
    (weight / "ecg_model_context.onnx").write_bytes(shipped.read_bytes())
    train.main([*options, "--weight", str(weight)])
    said = capsys.readouterr().out
    assert "time named" in said and told_files(said) == set(weight.glob("*model_quality*"))
    card = artifacts.load_json(weight / "model_quality.json", "")
    marks = fingerprint.of_records(sorted(folder.glob("*.hea")))
    assert card["manifest"][fingerprint.KEY] == marks and marks
    assert quality.open_model(weight) is not None
    with pytest.raises(InputError, match="from 2 to"):
        train.main([*options, "--weight", str(weight), "--folds", "1"])
