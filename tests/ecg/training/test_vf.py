"""The training of the network of ventricular fibrillation, small."""

import dataclasses

import numpy as np
import pytest
import torch
import wfdb

import models
from ecg import artifacts, fingerprint, weights
from ecg.artifacts import InputError
from ecg.rhythm import fibrillation
from ecg.rhythm.fibrillation_numbers import HOP, RATE, WINDOW, describe_lead
from ecg.training import vf, vf_data, vf_made
from ecg.training.recipe import RECIPES
from tests.ecg.rhythm.vf_signals import FS, beating, collapse
from tests.training_rows import told_files

QUICK = dataclasses.replace(RECIPES["vf"], epochs=4, batch=256)


def _write(folder, name, signal):
    record = dict(fs=FS, units=["mV"], sig_name=["ECG"], fmt=["16"], write_dir=str(folder))
    wfdb.wrsamp(name, p_signal=signal[:, None], **record)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """(three patients with VF and one without, two annotated records, hand-held ones; noise)."""
    root = tmp_path_factory.mktemp("vf")
    watched, annotated, held, noise = (root / name for name in ("watched", "mine", "held", "ma"))
    for folder in (watched, annotated, held, noise):
        folder.mkdir()
    lines = ["record,start_s,end_s,class"]
    for k in range(3):
        _write(watched, f"w{k}", collapse(50, 30, 20, seed=k))
        lines += [f"w{k},50,80,VF", f"w{k},90,95,UNSURE"]
    _write(watched, "w3", beating(80, 130, seed=3))
    lines.append("w3,10,20,VT")
    (watched / "episodes.csv").write_text("\n".join(lines) + "\n")
    for k in range(2):
        _write(annotated, f"a{k}", collapse(40, 20, 20, seed=10 + k))
        at = (np.array([1, 40, 60, 61]) * FS).astype(int)
        notes = ["(N", "(VFL" if k else "", "", "(N"]
        symbols = ["+", "+" if k else "[", "]" if not k else "N", "+"]
        wfdb.wrann(f"a{k}", "atr", at, symbols, fs=FS, aux_note=notes, write_dir=str(annotated))
    rng = np.random.default_rng(0)
    for k in range(4):
        _write(held, f"h{k}", beating(30, 60 + 10 * k, k) if k else rng.standard_normal(30 * FS))
    (held / "REFERENCE.csv").write_text("h0,~\nh1,N\nh2,A\nh3,O\nmissing,N\n")
    _write(noise, "ma", rng.standard_normal(60 * FS))
    return [watched, annotated, held], noise


@pytest.fixture(scope="module")
def data(folders):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vf_made, "PATIENTS", 1)
        return vf_data.load_vf_data(*folders)


# ---- the truth


def test_truth_of_episodes_and_of_annotations(folders):
    (watched, annotated, held), _ = folders
    truth = vf_data.truth_of(watched, "w0", FS, 100 * FS)
    assert (truth.vf / FS).tolist() == [[50, 80]] and (truth.uncounted / FS).tolist() == [[90, 95]]
    assert len(vf_data.truth_of(watched, "w3", FS, 80 * FS).vf) == 0, "VT is none"
    for name, stop in (("a0", 60), ("a1", 61)):
        found = vf_data.truth_of(annotated, name, FS, 80 * FS).vf
        assert (found / FS).tolist() == [[40, stop]]
    assert len(vf_data.truth_of(held, "h1", FS, 30 * FS).vf) == 0


def test_flutter_of_207_is_where_its_annotation_has_it(mitdb):
    found = vf_data.truth_of(mitdb, "207", 360, 650000).vf / 360
    assert len(found) == 6 and np.isclose(np.diff(found, axis=1).sum(), 144.7, atol=0.1)


@pytest.mark.parametrize("bad", ["w0,1,2,XY", "w0,5,2,VF", "w0,a,2,VF", "w0,1"])
def test_a_bad_line_of_episodes_is_refused(tmp_path, bad):
    (tmp_path / "episodes.csv").write_text(f"record,start_s,end_s,class\n{bad}\n")
    with pytest.raises(InputError, match="is no line"):
        vf_data.truth_of(tmp_path, "w0", FS, 100)


def test_a_bad_reference_is_refused(tmp_path, folders):
    (tmp_path / "REFERENCE.csv").write_text("h0,X\n")
    with pytest.raises(InputError, match="is no line RECORD,CLASS"):
        vf_data.load_vf_data([tmp_path], folders[1])


def test_shares_of_windows():
    starts = np.arange(10) * HOP
    share = vf_data.share_of_windows(np.array([[2 * FS, 5 * FS]]), starts, FS)
    np.testing.assert_allclose(share[:6], [0.5, 0.75, 0.75, 0.5, 0.25, 0])
    assert vf_data.share_of_windows(np.zeros((0, 2), int), starts, FS).max() == 0
    assert WINDOW == 4 * RATE


# ---- what is learnt


def test_what_is_loaded(folders, data):
    assert set(data.group) == {"watched", "annotated", "noisy", "hand-held", "made"}
    own = data.record == data.names.tolist().index("watched/w0")
    as_is = np.flatnonzero(own & (data.group == "watched"))
    rows = describe_lead(collapse(50, 30, 20, seed=0), FS).rows()
    some = rows[40]
    distance = np.abs(data.rows[as_is] - some).max(axis=1).min()
    assert distance < 0.05, "training rows are serving rows"
    assert data.vf[as_is].max() == 1 and not data.noise[own & (data.vf > 0)].any()
    noisy = data.names[np.unique(data.record[data.noise & (data.group == "hand-held")])]
    assert noisy.tolist() == ["held/h0"]
    assert (data.vf[data.group == "made"] == 0).all()
    # UNSURE from 90 to 95 s touches the windows that begin at 87 to 94 s
    first = as_is[: 1 + np.flatnonzero(np.diff(as_is) > 1)[0]]
    assert len(first) == len(rows) - 8


def test_no_patient_is_judged_by_a_network_that_saw_it(data, monkeypatch):
    seen = []

    def fit(network, data, records, seed, recipe):
        seen.append(records)
        return network

    monkeypatch.setattr(vf, "fit_vf", fit)
    fold, networks = vf.cross_validate(models.model_class("vf"), data, 0, QUICK)
    of = dict(zip(data.names.tolist(), fold.tolist()))
    with_vf = ["watched/w0", "watched/w1", "watched/w2", "mine/a0", "mine/a1"]
    assert sorted(of[name] for name in with_vf) == [0, 1, 2, 3, 4] and len(networks) == 5
    assert 0 <= of["watched/w3"] < 5 and of["held/h1"] == -1
    for k, records in enumerate(seen):
        assert records.tolist() == (fold != k).tolist()


def test_weights_add_up_as_they_shall(data):
    rows = vf.rows_of(data, np.ones(len(data.names), bool))
    np.testing.assert_allclose(rows.target.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(rows.weight.mean(), 1, rtol=1e-3)
    share = rows.weight[data.vf > 0.5].sum() / rows.weight.sum()
    everything = vf.VF_SHARE + vf.NOISE_SHARE + sum(vf.SHARES.values())
    np.testing.assert_allclose(share, vf.VF_SHARE / everything, rtol=0.01)


def test_a_training_finds_what_it_never_saw(data):
    torch.manual_seed(0)
    left = data.names == "watched/w0"
    network = vf.fit_vf(models.model_class("vf")(members=1), data, ~left, 0, QUICK)
    likely = vf.left_out(data, np.where(left, 0, -1), [network])
    assert np.isnan(likely[~left[data.record]]).all()
    figures = vf.figures(data, likely, 0.5)
    assert figures["VF"] > 90 and figures["no VF, patients with it"] < 10


def test_the_stage_writes_network_and_card(run, folders, tmp_path, monkeypatch):
    monkeypatch.setattr(vf_made, "PATIENTS", 1)
    records, noise = folders
    options = ["--records", *records, "--noise", noise, "--weight", tmp_path]
    done = run("train.py", "--model", "vf", "--epochs", 1, *options)
    assert "Leaving one patient out" in done.stdout
    card = artifacts.load_json(weights.card_path(tmp_path / "model_vf.pth"), "")
    assert card["architecture"] == "VfNet" and len(card["manifest"]["records"]) == 6
    assert told_files(done.stdout) == set(tmp_path.glob("*model_vf*"))
    for folder in (*records, noise):
        marks = fingerprint.of_records(sorted(folder.glob("*.hea"))).split()
        assert fingerprint.has_learnt(card, marks), folder
    session = fibrillation.open_model(tmp_path)
    network, _ = models.load(tmp_path / "model_vf.pth")
    rows = describe_lead(collapse(), FS).rows()
    with torch.inference_mode():
        mine = torch.softmax(network(torch.from_numpy(rows)), dim=1).numpy()
    np.testing.assert_allclose(fibrillation.probabilities(session, rows), mine, atol=1e-5)


def test_without_fibrillation_nothing_is_trained(refused, folders, tmp_path):
    records, noise = folders
    line = refused(
        *("train.py", "--model", "vf", "--records", records[2], "--noise", noise),
        *("--weight", tmp_path),
    )
    assert "no recording holds ventricular fibrillation" in line


def test_the_shipped_weights_are_those_of_the_onnx_file(home):
    network, card = models.load(home / "weight" / "shipped" / "model_vf.pth")
    rows = describe_lead(collapse(), FS).rows()
    with torch.inference_mode():
        mine = torch.softmax(network(torch.from_numpy(rows)), dim=1).numpy()
    session = fibrillation.open_model(home / "weight" / "shipped")
    np.testing.assert_allclose(fibrillation.probabilities(session, rows), mine, atol=1e-5)
    assert not {f"mitdb/{name}" for name in ("100", "103", "233")} & set(
        card["manifest"]["records"]
    )
