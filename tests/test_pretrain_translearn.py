"""pretrain_translearn.py, the stage: transfer from a pre-trained backbone. (The network: tests of
the models.)"""

import pytest
import torch

import pretrain_translearn
from ecg import fingerprint, weights
from ecg.artifacts import InputError, load_json, save_json
from ecg.synthetic import synthetic_recording, write_wfdb
from pretrain_translearn import PretrainedResNet1D
from tests.training_rows import card_of, folders, told_files, write_rows


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return write_rows(tmp_path_factory.mktemp("rows") / "data", n=64)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """(a ResNet18, its file)."""
    torch.manual_seed(0)
    net, file = PretrainedResNet1D(), tmp_path_factory.mktemp("weight") / "ecg_resnet18.pth"
    weights.save_weights(file, net.state_dict(), {})
    return net, file


def test_a_frozen_backbone_stays_what_it_was(rows, backbone, tmp_path):
    net, file = backbone
    options = ["--init", str(file), "--freeze", "--epochs", "1", "--balance", "none"]
    pretrain_translearn.main([*folders(rows, tmp_path), *options])
    state = weights.load_state(tmp_path / "weight/model_resnet18.pth")
    same = {key for key, value in state.items() if torch.equal(value, net.state_dict()[key])}
    assert set(state) - same == {"fc.weight", "fc.bias"}
    card = card_of(tmp_path, "resnet18")
    assert card["recipe"]["init"] == "ecg_resnet18.pth" and card["recipe"]["freeze"]


def test_the_comparison_is_a_table(rows, backbone, tmp_path, capsys):
    options = ["--compare", "--init", str(backbone[1]), "--beats", "20", "--seeds", "1"]
    pretrain_translearn.main([*folders(rows, tmp_path), *options, "--epochs", "1"])
    assert len(capsys.readouterr().out.splitlines()[-1].split()) == 7


def test_pretraining_by_command(rows, tmp_path, capsys):
    """A file that --init takes, from a recording without annotation."""
    made = synthetic_recording(40, 250, seed=1, name="one")
    write_wfdb(tmp_path, made, "atr")
    (tmp_path / "one.atr").unlink()
    options = ["--pretrain", "--records", str(tmp_path), "--epochs", "1"]
    pretrain_translearn.main([*folders(rows, tmp_path), *options])
    said = capsys.readouterr().out
    assert "share of the hidden samples' variance left" in said
    file = tmp_path / "weight/ecg_resnet18.pth"
    written = {file, weights.card_path(file), tmp_path / "runs/ecg_resnet18"}
    assert told_files(said) == written
    assert weights.load_state(file).keys() == PretrainedResNet1D().state_dict().keys()
    card = load_json(weights.card_path(file), "")
    assert card["recipe"]["task"] == "hidden spans filled in" and card["recipe"]["batch"] == 256
    assert (tmp_path / "runs/ecg_resnet18/checkpoint.pth").exists()
    marks = fingerprint.of_records([tmp_path / "one.hea"])
    assert card["manifest"] == {fingerprint.KEY: marks} and marks
    manifest = tmp_path / "data/processed_data/manifest.json"
    write_rows(tmp_path / "data")
    save_json(manifest, {**load_json(manifest, ""), fingerprint.KEY: "aa"})
    started = ["--init", str(file), "--epochs", "1", "--freeze"]
    pretrain_translearn.main([*folders(tmp_path / "data", tmp_path), *started])
    learnt = card_of(tmp_path, "resnet18")["manifest"][fingerprint.KEY]
    assert set(learnt.split()) == {"aa", *marks.split()}


def test_refused(rows, tmp_path):
    for options, says in (
        (["--pretrain"], "--records"),
        (["--compare"], "--pretrain"),
        (["--pretrain", "--records", str(tmp_path), "--epochs", "0"], "--epochs"),
    ):
        with pytest.raises(InputError, match=says):
            pretrain_translearn.main([*folders(rows, tmp_path), *options])
