"""inference.py: one contract from recording to labels, the same by PyTorch and ONNX, alone and in an archive."""
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import wfdb

import inference
from conftest import HOME
from ecg import artifacts, beats
from ecg.records import read_recording
from Noisy_ECG_Signal import demo_records, synthetic_recording


@pytest.fixture(scope="module")
def recording():
    return synthetic_recording(90, seed=3)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A synthetic WFDB record on disk (path without suffix), with its .atr."""
    folder = tmp_path_factory.mktemp("records")
    demo_records(folder, patients=1, duration=40)
    return next(folder.glob("*.hea")).with_suffix("")


def test_table_of_a_recording(demo, recording):
    table = inference.classify(recording.signal, recording.fs, "self", weight=demo / "weight")
    assert list(table.columns) == inference.COLUMNS
    assert abs(len(table) - len(recording.r_peaks)) <= 1 and table["sample"].is_monotonic_increasing
    known = table[table.label != inference.UNLABELLED]
    assert len(known) == len(table) - 1 and table.label.iloc[-1] == "?" and "last beat" in table.quality.iloc[-1]
    p = known[[f"p_{c}" for c in "NSVFQ"]].to_numpy()
    assert np.allclose(p.sum(axis=1), 1) and np.allclose(p.max(axis=1), known.confidence)
    assert (np.array(list("NSVFQ"))[p.argmax(axis=1)] == known.label).all()


def test_scale_and_offset_do_not_matter(demo, recording):
    first = inference.classify(recording.signal, recording.fs, "self", weight=demo / "weight")
    for scale, offset in ((1000.0, 0.0), (1e-3, 5.0)):
        other = inference.classify(recording.signal * scale + offset, recording.fs, "self", weight=demo / "weight")
        assert np.array_equal(first["sample"], other["sample"]) and (first.label == other.label).all()


def test_pytorch_and_onnx_agree(demo, recording):
    tables = [inference.classify(recording.signal, recording.fs, "self", weight=demo / "weight", engine=e) for e in ("torch", "onnx")]
    same, difference = inference.agreement(*tables)
    assert same == 1.0 and difference <= 5e-6


def test_missing_samples_are_not_labelled(demo, recording):
    signal = recording.signal.copy()
    gap = slice(30 * 360, 36 * 360)
    signal[gap] = np.nan
    table = inference.classify(signal, recording.fs, "self", weight=demo / "weight")
    assert not table["sample"].between(gap.start, gap.stop - 1).any()
    assert any(reason == "missing" for *_, reason in table.attrs["unreadable"])
    before = table[table["sample"] < gap.start].iloc[-1]
    assert before.label == "?" and before.quality == "beside missing samples", "its row would hold the gap"
    assert (table[table["sample"] >= gap.stop].label.iloc[:-1] != "?").all(), "labels go on after the gap"


def test_given_peaks_give_the_training_rows(demo, recording):
    session = inference.load_onnx_model("self", demo / "weight")
    rows, positions = beats.extract_beats(recording.signal, recording.r_peaks, recording.fs)
    ids, confidence, p = inference.predict_heartbeat_onnx(session, rows)
    table = inference.classify(recording.signal, recording.fs, session, r_peaks=recording.r_peaks)
    assert np.array_equal(table["sample"], recording.r_peaks) and np.array_equal(positions, recording.r_peaks[:-1])
    assert (table.label.iloc[:-1] == np.array(beats.CLASS_NAMES)[ids]).all()
    one = inference.predict_heartbeat_onnx(session, rows[0])
    assert one[0].shape == (1,) and one[2].shape == (1, 5) and np.allclose(one[2], p[:1], atol=1e-6)


def test_rows_that_are_no_rows_are_refused(demo):
    model = inference.load_model(demo / "weight" / "model_self.pth")
    for wrong in (np.zeros((3, 186)), np.full((2, 187), 3.0), np.full((2, 187), np.nan), np.random.default_rng(0).normal(size=(4, 187))):
        with pytest.raises(ValueError):
            inference.predict_heartbeat(model, wrong)


def test_confidence_obeys_the_cards_temperature(demo, recording):
    model = inference.load_model(demo / "weight" / "model_self.pth")
    rows, _ = beats.extract_beats(recording.signal, recording.r_peaks, recording.fs)
    ids, sharp, _ = inference.predict_heartbeat(model, rows)
    model.card = {**model.card, "temperature": 4.0}
    same, soft, _ = inference.predict_heartbeat(model, rows)
    assert np.array_equal(ids, same) and (soft < sharp).mean() > 0.99


def test_another_contract_is_an_error(demo, tmp_path):
    for file in (demo / "weight").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = json.loads((tmp_path / "model_self.json").read_text())
    card["input"]["source_rate_hz"] = 250
    (tmp_path / "model_self.json").write_text(json.dumps(card))
    with pytest.raises(artifacts.InputError, match="source_rate_hz 250"):
        inference.load_model(tmp_path / "model_self.pth")


def test_files_written(run, demo, record, tmp_path):
    done = run("inference.py", record, "--model", "self", "--weight", demo / "weight", "--engine", "both",
               "--csv", tmp_path / "b.csv", "--json", tmp_path / "b.json", "--annotation", tmp_path)
    assert "agree on 100.00 %" in done.stdout and "Se / +P" in done.stdout
    table = pd.read_csv(tmp_path / "b.csv")
    assert list(table.columns) == ["sample", "time_s", "label", "confidence", "p_N", "p_S", "p_V", "p_F", "p_Q", "quality"]
    whole = json.loads((tmp_path / "b.json").read_text(), parse_constant=lambda c: pytest.fail(f"{c} is no JSON"))
    assert len(whole["beats"]) == len(table) == whole["summary"]["beats"]["total"] and whole["beats"][-1]["confidence"] is None
    annotation = wfdb.rdann(str(tmp_path / record.name), "cnn")
    assert np.array_equal(annotation.sample, table["sample"]) and set(annotation.symbol) <= set("NSVFQ")


def test_demo_without_a_file(run, demo):
    out = run("inference.py", "--weight", demo / "weight", "--engine", "both").stdout
    assert "synthetic demo" in out and "PyTorch agree" in out and "SYNTHETIC" not in out.split("trained on")[0]
    assert "trained on synthetic data" in out


def test_runs_without_torch(demo, record, tmp_path):
    """In a process where torch (and what else only training needs) cannot be imported."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'onnx', 'onnxscript', 'sklearn', 'imblearn', 'tensorboard'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Block())\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, str(HOME / "inference.py"), str(record), "--model", "self", "--weight", str(demo / "weight"),
                           "--csv", str(tmp_path / "b.csv")], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "b.csv")) > 30
    probe = subprocess.run([sys.executable, "-c", "import torch"], capture_output=True, env=env)
    assert probe.returncode != 0, "the block does not block"


@pytest.fixture(scope="module")
def two_leads(tmp_path_factory):
    """A synthetic WFDB record of two minutes in leads II and V1, and a made-up ABP."""
    folder = tmp_path_factory.mktemp("leads")
    made = synthetic_recording(120, seed=5, shares={"V": 0.1})
    second = 0.4 * np.roll(made.signal, 4) + 0.02 * np.random.default_rng(0).standard_normal(len(made.signal))
    wfdb.wrsamp("two", fs=made.fs, units=["mV", "mmHg", "mV"], sig_name=["II", "ABP", "V1"], fmt=["16"] * 3, write_dir=str(folder),
                p_signal=np.column_stack([made.signal, 80 + 10 * made.signal, second]))
    return folder / "two"


@pytest.mark.parametrize("loss", [np.nan, 0.5, "noise"])
def test_where_one_lead_is_lost_the_other_is_read(two_leads, loss):
    """A minute of the first lead missing, flat or noise: its beats are those of the second, where it is there, with the labels of the whole
    recording; what neither shows stays unreadable."""
    recording = read_recording(two_leads, second="V1")
    signal, second, fs = recording.signal.astype(float), recording.second.astype(float), int(recording.fs)
    whole = inference.classify(signal, fs, "context", second=second)
    lost = slice(30 * fs, 90 * fs)
    signal[lost] = np.random.default_rng(0).standard_normal(60 * fs) if loss == "noise" else loss
    alone = inference.classify(signal, fs, "context")
    table = inference.classify(signal, fs, "context", second=second)
    inside = table["sample"].between(31 * fs, 89 * fs)
    truth = whole[whole["sample"].between(31 * fs, 89 * fs)]
    assert inside.sum() == len(truth) > 50 and not alone["sample"].between(31 * fs, 89 * fs).any()
    assert np.abs(table["sample"][inside].to_numpy() - truth["sample"].to_numpy()).max() < 0.05 * fs
    assert (table.label[inside].to_numpy() == truth.label.to_numpy()).mean() > 0.97 and set(truth.label) >= {"N", "V"}
    assert np.diff(table["sample"]).min() > 0.25 * fs and abs(len(table) - len(whole)) <= 1
    assert (table.quality[inside] == "seen in the second lead only").all() and (table.quality[~inside] == "ok").mean() > 0.9
    assert table.attrs["unreadable"] == [] and alone.attrs["unreadable"] and "seen in the second lead only" in table.attrs["notes"][-1]

    second[60 * fs:90 * fs] = np.nan
    both = inference.classify(signal, fs, "context", second=second)
    (start, stop, _), = both.attrs["unreadable"]
    assert abs(start - 60 * fs) < 2 * fs and abs(stop - 90 * fs) < 2 * fs
    assert not both["sample"].between(62 * fs, 88 * fs).any() and both["sample"].between(31 * fs, 58 * fs).sum() > 20
    single = inference.classify(signal, fs, "self", second=second)                  # a row is cut from the first lead
    assert not single["sample"].between(31 * fs, 89 * fs).any()


def test_the_second_lead_alone_makes_a_recording(two_leads):
    """The first lead was never on: the context model is chosen by the beats of the second."""
    recording = read_recording(two_leads, second="V1")
    whole = inference.classify(recording.signal, recording.fs, second=recording.second)
    table = inference.classify(np.zeros(len(recording.signal)), recording.fs, second=recording.second)
    assert table.attrs["model"] == "context" and len(table) == len(whole)
    assert (table.label.to_numpy() == whole.label.to_numpy()).mean() > 0.97


def test_a_second_lead_is_asked(run, refused, two_leads, tmp_path):
    """By default, said in what is printed and written, and not with --second none; a single-beat model has no use for one."""
    found = {}
    recording = read_recording(two_leads)
    signal, fs = recording.signal, recording.fs
    for second in ("auto", "V1", "none"):
        done = run("inference.py", two_leads, "--second", second, "--json", tmp_path / f"{second}.json")
        document = json.loads((tmp_path / f"{second}.json").read_text())
        assert document["model"] == "context" and document["second_lead"] == (None if second == "none" else "V1")
        assert ("leads II and V1" in done.stdout) == (second != "none")
        found[second] = [[beat[f"p_{c}"] for c in "NSVFQ"] for beat in document["beats"]]
    assert found["auto"] == found["V1"] and found["auto"] != found["none"]
    plain = run("inference.py", two_leads, "--model", "self", "--json", tmp_path / "self.json")
    assert "lead II," in plain.stdout and json.loads((tmp_path / "self.json").read_text())["second_lead"] is None
    assert "context model alone" in refused("inference.py", two_leads, "--model", "self", "--second", "V1")
    assert "no lead 'V6'" in refused("inference.py", two_leads, "--second", "V6")
    assert "not in volts" in refused("inference.py", two_leads, "--second", "ABP")
    table = pd.DataFrame({"time (s)": np.arange(len(signal)) / fs, "CH1 (mV)": signal, "CH2 (mV)": signal})
    table.to_csv(tmp_path / "channels.csv", index=False)                      # no name tells whether the other is an ECG
    told = ["name it with --second" in run("inference.py", tmp_path / "channels.csv", *more).stdout
            for more in ([], ["--second", "none"], ["--second", "CH2"], ["--model", "self"])]
    assert told == [True, False, False, False]
    for second in ("auto", "none"):                                          # another lead is another task
        done = run("inference.py", two_leads, "--second", second, "--out", tmp_path / "out")
        assert "labelled 1 recordings" in done.stdout
    silent = inference.classify(signal, fs, "context", second=np.zeros(len(signal)))
    assert "no say at 100% of the beats" in silent.attrs["notes"][-1] and (silent.label == inference.classify(signal, fs, "context").label).all()
    with pytest.raises(ValueError, match="second has shape"):
        inference.classify(np.zeros(20000), 250, "context", r_peaks=np.arange(300, 19000, 200), second=np.zeros(100))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    demo_records(folder / "ward", patients=3, duration=40)
    np.savetxt(folder / "watch.csv", synthetic_recording(20, seed=9).signal, header="ecg_mV", comments="")
    (folder / "broken.edf").write_bytes(b"0       nothing")
    return folder


def _written(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_archive_is_the_same_for_any_number_of_workers(run, demo, archive, tmp_path):
    common = [archive, "--model", "self", "--weight", demo / "weight", "--fs", 360]
    for jobs in (1, 2):
        done = run("inference.py", *common, "--out", tmp_path / str(jobs), "--jobs", jobs, check=False)
        assert done.returncode == 1 and "broken.edf" in done.stderr and "labelled 4 recordings" in done.stdout
    one, two = _written(tmp_path / "1"), _written(tmp_path / "2")
    assert one == two and len(one) == 12 and any(name.startswith("ward/") for name in one)
    again = run("inference.py", *common, "--out", tmp_path / "1", check=False)
    assert "labelled 0 recordings" in again.stdout and "4 were done before" in again.stdout
    (tmp_path / "1" / "watch.csv").unlink()                                  # what is missing is made again, alone
    again = run("inference.py", *common, "--out", tmp_path / "1", check=False)
    assert "labelled 1 recordings" in again.stdout and _written(tmp_path / "1") == one


def test_archive_on_a_dask_cluster(run, demo, archive, tmp_path):
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("dask")
    common = [archive / "ward", "--model", "self", "--weight", demo / "weight"]
    run("inference.py", *common, "--out", tmp_path / "local")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        run("inference.py", *common, "--out", tmp_path / "dask", "--backend", "dask", "--scheduler", cluster.scheduler_address,
            env={"PYTHONPATH": str(HOME)})
    assert _written(tmp_path / "local") == _written(tmp_path / "dask") != {}


def test_bad_input_is_refused(refused, demo, record, tmp_path):
    weight = ["--model", "self", "--weight", demo / "weight"]
    assert "does not exist" in refused("inference.py", tmp_path / "absent.hea", *weight)
    np.save(tmp_path / "x.npy", synthetic_recording(10).signal)
    assert "--fs" in refused("inference.py", tmp_path / "x.npy", *weight)
    np.save(tmp_path / "short.npy", synthetic_recording(10).signal[:400])
    assert "two are needed" in refused("inference.py", tmp_path / "short.npy", "--fs", 360, "--unit", "mV", *weight)
    assert "--out" in refused("inference.py", record.parent, *weight)
    assert "--csv" in refused("inference.py", record, record, "--csv", tmp_path / "x.csv", *weight)
    assert "no model 'none'" in refused("inference.py", record, "--model", "none", "--weight", demo / "weight")
    whole = (demo / "weight" / "model_self.pth").read_bytes()
    (tmp_path / "model_self.json").write_bytes((demo / "weight" / "model_self.json").read_bytes())
    (tmp_path / "model_self.pth").write_bytes(whole[:len(whole) // 2])
    assert "no weights file" in refused("inference.py", record, "--model", tmp_path / "model_self.pth")
    import torch
    torch.save({"conv1.0.weight": torch.zeros(8, 1, 3)}, tmp_path / "model_self.pth")
    assert "another architecture" in refused("inference.py", record, "--model", tmp_path / "model_self.pth")
    (tmp_path / "ecg_model_self.onnx").write_bytes(b"no graph")
    assert "no ONNX file" in refused("inference.py", record, "--model", tmp_path / "ecg_model_self.onnx")
    assert not list(tmp_path.glob("*.csv"))


class _Trap:
    def __reduce__(self):
        return (os.mkdir, ("trapped",))


def test_a_strangers_pickle_is_not_run(refused, demo, record, tmp_path):
    import pickle
    (tmp_path / "model_self.json").write_bytes((demo / "weight" / "model_self.json").read_bytes())
    (tmp_path / "model_self.pth").write_bytes(pickle.dumps({"conv1.0.weight": _Trap()}))
    refused("inference.py", record, "--model", tmp_path / "model_self.pth", cwd=tmp_path)
    assert not (tmp_path / "trapped").exists()


def test_a_reader_of_the_first_lines_has_the_files_all_the_same(record, tmp_path):
    read, write = os.pipe()
    os.close(read)                                       # as `| head` leaves it
    done = subprocess.run([sys.executable, str(HOME / "inference.py"), str(record), "--csv", str(tmp_path / "beats.csv"), "--report",
                           str(tmp_path / "report.html")], stdout=write, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    os.close(write)
    assert done.returncode == 141 and "Traceback" not in done.stderr
    assert len(pd.read_csv(tmp_path / "beats.csv")) > 20 and (tmp_path / "report.html").read_text().endswith("</html>")
