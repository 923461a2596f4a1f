"""continue_train.py: fine-tuning from saved weights, and adapting the context model."""

import json
import shutil

import numpy as np
import pytest

import continue_train
import models
import train
from ecg import artifacts, context, fingerprint
from ecg.artifacts import InputError
from ecg.synthetic import synthetic_recording, write_wfdb
from tests.training_rows import card_of, folders, scalars, told_files, write_rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a training of two epochs: data/, weight/, runs/."""
    out = tmp_path_factory.mktemp("trained")
    write_rows(out / "data")
    train.main([*folders(out / "data", out), "--epochs", "2", "--learning-rate", "5e-4"])
    return out


@pytest.fixture
def started(trained, tmp_path):
    """A copy of it, to go on with."""
    shutil.copytree(trained, tmp_path / "copy")
    return tmp_path / "copy"


def fine_tune(out, *more):
    continue_train.main([*folders(out / "data", out), *more])
    return json.loads((out / "data/new_history_finetune.json").read_text())


def test_it_goes_on_where_the_training_ended(started, capsys):
    start = card_of(started)["history"]
    history = fine_tune(started, "--epochs", "3")
    histories = set((started / "data").glob("new_history_finetune.*"))
    weights = set((started / "weight").glob("model_self_finetuned_*"))
    written = {*weights, *histories, started / "runs/model_self"}
    assert told_files(capsys.readouterr().out) == written and len(written) == 7
    best, final = (card_of(started, f"self_finetuned_{which}") for which in ("best", "final"))
    assert final["metrics"]["epoch"] == 3 and best["recipe"]["from"] == "model_self.pth"
    assert len(history["train_loss"]) == 3 and len(history["train_acc"]) == 3
    assert history["train_loss"][0] < start["train_loss"][-1]
    [run] = (started / "runs/model_self").glob("2*")
    behind = best["recipe"]["from_epoch"]
    steps = [event.step for event in scalars(run).Scalars("Val/Loss")]
    assert steps[-3:] == [behind + 1, behind + 2, behind + 3]


def test_patience_stops(started):
    history = fine_tune(started, "--epochs", "30", "--learning-rate", "1e-9", "--patience", "2")
    assert 3 <= len(history["val_loss"]) < 30


def test_without_weights_of_ones_own_it_starts_from_the_shipped_ones(started):
    shipped = started / "weight/shipped"
    shipped.mkdir()
    for path in list((started / "weight").glob("model_self.*")):
        path.rename(shipped / path.name)
    before = sorted(path.name for path in shipped.iterdir())
    fine_tune(started, "--epochs", "1")
    assert sorted(path.name for path in shipped.iterdir()) == before
    assert (started / "weight/model_self_finetuned_best.pth").exists()
    card = card_of(started, "self_finetuned_final")
    assert card["recipe"]["from_sha256"] == artifacts.sha256(shipped / "model_self.pth")
    # a path that exists among the shipped ones only is that one
    fine_tune(started, "--epochs", "1", "--model", str(started / "weight/model_self.pth"))


def test_it_has_learnt_what_the_weights_and_the_rows_tell(started):
    key = fingerprint.KEY
    for path, mine in (
        ("weight/model_self.json", "aa bb"),
        ("data/processed_data/manifest.json", "cc"),
    ):
        told = json.loads((started / path).read_text())
        (told if "manifest" not in told else told["manifest"])[key] = mine
        artifacts.save_json(started / path, told)
    fine_tune(started, "--epochs", "1")
    assert card_of(started, "self_finetuned_final")["manifest"][key] == "aa bb cc"


def test_weights_of_another_name_go_on_under_one_that_is_found(started):
    for suffix in ("pth", "json"):
        shutil.copy(started / f"weight/model_self.{suffix}", started / f"mine.{suffix}")
    fine_tune(started, "--epochs", "1", "--model", str(started / "mine.pth"))
    for which in ("best", "final"):
        assert (started / f"weight/model_mine_finetuned_{which}.pth").is_file()


def test_another_scaler_is_refused(started):
    path = started / "data/processed_data/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["scaler"]["mean"][0] = 0.2
    artifacts.save_json(path, manifest)
    with pytest.raises(InputError, match="standardised otherwise"):
        fine_tune(started, "--epochs", "1")


def test_refused(started, refused, tmp_path):
    with pytest.raises(InputError, match="--patience"):
        fine_tune(started, "--patience", "0")
    data = started / "data"
    assert "train.py" in refused("continue_train.py", "--data", data, "--weight", tmp_path / "none")
    line = refused("continue_train.py", "--data", data, "--minutes", 3)
    assert "--minutes does not apply to --model self" in line


# ---- the context model ---------------------------------------------------------------------------


def test_a_persons_labels_are_learnt_from_the_first_minutes(run, home, tmp_path):
    """The person calls the broad beats supraventricular (aberrated), which the model does not:
    after two labelled minutes it does."""
    made = synthetic_recording(400, 250, seed=3, shares={"V": 0.12}, name="one")
    broad = made.labels == 2
    write_wfdb(tmp_path, made._replace(symbols=np.where(broad, "S", "N").tolist()), "cor")
    shipped = home / "weight/shipped/model_context.pth"
    before = json.loads(shipped.with_suffix(".json").read_text())
    options = ["--records", tmp_path, "--minutes", 2, "--weight", tmp_path, "--model", shipped]
    done = run("continue_train.py", *options)
    found = tmp_path / "model_context_one_finetuned.pth"
    assert told_files(done.stdout) == set(tmp_path.glob("*model_context*"))
    assert "before" in done.stdout and "after" in done.stdout
    assert found.with_name("ecg_" + found.stem + ".onnx").exists()
    tuned, card = models.load_context(found)
    assert card["patient"].endswith("/one") and card["finetuned"]["from"] == "model_context.pth"
    assert card["finetuned"]["beats"]["S"] > 10
    before["arguments"]["outputs"] = 5
    del before["weights_sha256"]
    own = set(fingerprint.of_records([tmp_path / "one.hea"]).split())
    learnt = set(card["manifest"].pop(fingerprint.KEY).split())
    assert learnt == {*before["manifest"].pop(fingerprint.KEY).split(), *own} and own
    assert {key: card[key] for key in before if key not in ("patient", "finetuned")} == before
    beats, late = context.describe(made.signal, 250, made.r_peaks), made.r_peaks > 130 * 250
    nets = models.load_context(shipped)[0], tuned
    old, new = (context.context_logits(net, [beats]).argmax(1) for net in nets)
    assert (old[late & broad] == 2).mean() > 0.9, "the shipped model calls them ventricular"
    assert (new[late & broad] == 1).mean() > 0.9 and (new[late & ~broad] == 0).mean() > 0.98


def test_adapting_needs_labelled_records(refused, tmp_path):
    stage = ("continue_train.py", "--model", "context")
    assert "--records" in refused(*stage)
    assert "--minutes" in refused(*stage, "--records", tmp_path, "--minutes", 0)
    line = refused(*stage, "--records", tmp_path, "--patience", 3)
    assert "--patience does not apply to --model context" in line
