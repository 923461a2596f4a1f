"""The training of the rhythm network, on recordings whose rhythm is known."""

import dataclasses

import numpy as np
import pytest
import torch
import wfdb

import train
from ecg import artifacts, fingerprint, formats
from ecg.artifacts import InputError
from ecg.labelling import find_beats, turned_upright
from ecg.rhythm import network
from ecg.rhythm.strips import NUMBER_NAMES, describe_strips
from ecg.training import rhythm as training
from ecg.training import rhythm_data, rhythm_scores, rhythm_trees
from ecg.training.recipe import RECIPES
from ecg.training.rhythm_changes import changed, noise_bank
from model_rhythm import RhythmNet
from tests.ecg.quality.signals import FS, bigeminy, fibrillation, sinus, white
from tests.training_rows import told_files

LETTERS = "NAO~"
SMALL = dataclasses.replace(RECIPES["rhythm"], epochs=2, batch=16)


def made(letter, seed):
    """Half a minute of each class."""
    if letter == "A":
        return fibrillation(seed)[0][: 30 * FS]
    if letter == "O":
        return bigeminy()[0][seed * 40 : seed * 40 + 30 * FS]
    x = sinus(60 + seed, seconds=30, seed=seed)[0]
    return x if letter == "N" else white(x, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hand-held recordings: eight of each class."""
    folder = tmp_path_factory.mktemp("records") / "handheld"
    folder.mkdir()
    lines = []
    for k in range(32):
        letter, name = LETTERS[k % 4], f"r{k:02d}"
        record = dict(fs=FS, units=["mV"], sig_name=["ECG"], fmt=["16"], write_dir=str(folder))
        wfdb.wrsamp(name, p_signal=made(letter, k // 4)[:, None], **record)
        lines.append(f"{name},{letter}\n")
    (folder / "REFERENCE.csv").write_text("".join(lines))
    return folder


def no_labels(name, recording, found):
    return np.full(len(found.peaks), "N")


def fresh(**arguments):
    return RhythmNet(channels=(8, 8), stride=16, **arguments)


@pytest.fixture(scope="module")
def data(folder):
    return rhythm_data.load_rhythm_data(folder, no_labels)


def test_what_is_learnt_from_is_what_serving_sees(folder, data):
    assert data.names.tolist() == [f"handheld/r{k:02d}" for k in range(32)]
    assert np.bincount(data.classes).tolist() == [8, 8, 8, 8]
    assert data.record.tolist() == list(range(32))
    recording = formats.read_recording(folder / "r05.hea")
    found = find_beats(recording.signals(), recording.fs)
    signal = turned_upright(recording, found).signal
    served = describe_strips([signal], recording.fs, found.peaks, ["N"] * len(found.peaks))
    np.testing.assert_allclose(data.waveform[5], served.waveform[0, 0], atol=0.01)
    np.testing.assert_array_equal(data.numbers[5], served.numbers[0, 0])


def test_kept_looks_are_read_again(data, tmp_path):
    artifacts.save_arrays(tmp_path / "looks.npz", data)
    for mine, theirs in zip(
        data, artifacts.load_arrays(tmp_path / "looks.npz", type(data)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_the_trees_are_those_that_grew(monkeypatch):
    monkeypatch.setitem(rhythm_trees.SETTINGS, "max_iter", 20)
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((600, len(NUMBER_NAMES))).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    classes = np.digitize(np.nan_to_num(numbers[:, 3]) + np.nan_to_num(numbers[:, 7]), [-1, 0, 1])
    grown = rhythm_trees.grow(numbers, classes, np.ones(600), 0)
    forest = RhythmNet(trees=rhythm_trees.shape_of(grown)).forest
    rhythm_trees.fill(forest, grown)
    found = forest(torch.from_numpy(numbers)).softmax(dim=1).numpy()
    np.testing.assert_allclose(found, grown.predict_proba(numbers), atol=1e-5)
    assert (found.argmax(axis=1) == classes).mean() > 0.9


def test_changes_leave_what_is_missing_missing():
    waveform = np.random.default_rng(0).standard_normal((200, 3000)).astype(np.float16)
    waveform[:, 1500:] = 0
    rng = np.random.default_rng(1)
    x = changed(waveform, rng, noise_bank(0))
    assert x.shape == (200, 1, 3000) and torch.isfinite(x).all()
    assert (x[:, 0, 2000:] == 0).all(), "stretched by less than a third"
    assert 0.08 < (x[:, 0, :1200] == 0).any(dim=1).float().mean() < 0.3


def test_no_recording_is_judged_by_a_network_that_saw_it(data, monkeypatch):
    seen = []

    def fit(create, data, records, seed, recipe):
        seen.append(records.copy())
        return fresh(trees=(1, 1, 0)).eval()

    monkeypatch.setattr(training, "fit_rhythm", fit)
    found = training.cross_validate(fresh, data, 4)
    for number, records in enumerate(seen):
        assert np.array_equal(records, found.fold != number)
    for each in range(4):
        assert np.bincount(found.fold[data.classes == each]).tolist() == [2, 2, 2, 2]


def test_scores_are_those_of_recordings(data):
    right = np.log(np.eye(4)[data.classes[data.record]] + 0.01)
    assert rhythm_scores.scores(data, right)["mean"] == 1
    wrong = right.copy()
    wrong[data.record == 0] = np.log([0.1, 0.9, 0.01, 0.01])  # one N is called AF
    found = rhythm_scores.scores(data, wrong)
    assert found["N"] == pytest.approx(14 / 15) and found["AF"] == pytest.approx(16 / 17)
    assert found["other"] == 1
    assert found["mean"] == pytest.approx((14 / 15 + 16 / 17 + 1) / 3)
    lines = rhythm_scores.lines([found, found])
    assert "one a person is assumed" in lines[0] and lines[-1].startswith("s.d.")


def test_a_bias_is_chosen_on_other_folds(data):
    looks = np.log(np.eye(4)[data.classes[data.record]] + 0.5)
    looks[:, 2] -= 1.6  # "other" is called too seldom, by a little
    every = np.ones(32, bool)
    assert rhythm_scores.scores(data, looks)["other"] == 0
    bias = rhythm_scores.choose_bias(data, looks, every)
    assert bias[:2].tolist() == [0, 0] and bias[2] > 0.5
    assert rhythm_scores.scores(data, looks + bias)["mean"] == 1
    out = rhythm_scores.balanced_left_out(data, looks, np.where(data.classes == 2, 0, 1))
    added = out - looks
    assert (added[data.classes == 2] == added[data.classes == 2][0]).all()
    assert added[data.classes != 2][:, 2].min() > 0.5, "chosen where there is other rhythm"


def test_the_temperature_undoes_overconfidence(data):
    told = data.classes[data.record].copy()
    told[::4] = (told[::4] + 1) % 4  # a quarter is wrong, and three quarters sure
    looks = np.log(np.where(np.eye(4)[told] == 1, 0.75, 0.25 / 3))
    assert rhythm_scores.temperature_left_out(data, looks) == pytest.approx(1, abs=0.02)
    assert rhythm_scores.temperature_left_out(data, 1.5 * looks) == pytest.approx(1.5, rel=0.02)


def test_the_stage_trains_it(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(rhythm_trees.SETTINGS, "max_iter", 3)
    monkeypatch.setitem(rhythm_trees.SETTINGS, "min_samples_leaf", 3)
    monkeypatch.setitem(training.RECIPES, "rhythm", SMALL)
    shipped = artifacts.HOME / "weight" / "shipped" / "ecg_model_context.onnx"
    (tmp_path / shipped.name).write_bytes(shipped.read_bytes())
    folds = tmp_path / "folds"
    folds.mkdir()
    for suffix in (".pth", ".json"):
        network_of_others = shipped.with_name(f"model_context{suffix}").read_bytes()
        (folds / f"model_context_fold0{suffix}").write_bytes(network_of_others)
    options = ["--model", "rhythm", "--records", str(folder), "--weight", str(tmp_path)]
    train.main([*options, "--folds", "2", "--seeds", "2", "--cv", "--context", str(folds)])
    assert "s.d." in capsys.readouterr().out
    assert not (tmp_path / "model_rhythm.pth").exists()
    train.main([*options, "--folds", "2", "--members", "1"])
    said = capsys.readouterr().out
    assert "32 recordings" in said and told_files(said) == set(tmp_path.glob("*model_rhythm*"))
    session = network.open_model(tmp_path)
    net, card = train.models.load(tmp_path / "model_rhythm.pth")
    assert card["manifest"]["recordings"] == {"N": 8, "AF": 8, "other": 8, "noise": 8}
    assert card["manifest"]["labels_of_beats"] == "ecg_model_context.onnx"
    marks = fingerprint.of_records(sorted(folder.glob("*.hea")))
    assert set(card["manifest"][fingerprint.KEY].split()) <= set(marks.split())
    assert len(card["manifest"][fingerprint.KEY].split()) == 32
    data = rhythm_data.load_rhythm_data(folder, no_labels)
    data.numbers[3, :20] = np.nan
    waveform = data.waveform.astype(np.float32)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(waveform)[:, None], torch.from_numpy(data.numbers)).numpy()
    np.testing.assert_allclose(network.logits(session, waveform, data.numbers), wanted, atol=1e-4)


def test_mistakes_are_told(folder, tmp_path):
    options = ["--model", "rhythm", "--records"]
    with pytest.raises(InputError, match="one folder"):
        train.main([*options, str(folder), str(folder)])
    with pytest.raises(InputError, match="no networks of a cross-validation"):
        train.main([*options, str(folder), "--context", str(tmp_path)])
    with pytest.raises(InputError, match="REFERENCE.csv"):
        train.main([*options, str(tmp_path)])
    with pytest.raises(InputError, match="does not apply"):
        train.main([*options, str(folder), "--noise", "data/nstdb"])
    of_n = tmp_path / "of_n"
    of_n.mkdir()
    for path in folder.glob("r00.*"):
        (of_n / path.name).write_bytes(path.read_bytes())
    (of_n / "REFERENCE.csv").write_text("r00,N\n")
    data = rhythm_data.load_rhythm_data(of_n, no_labels)
    with pytest.raises(InputError, match="no recording to learn AF, other, noise from"):
        training.fit_rhythm(fresh, data, np.ones(1, bool))
