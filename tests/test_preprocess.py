"""data_preprocess.py: the published rows to the bit, no leak from test or validation, bad CSVs refused, downloads checked."""
import functools
import hashlib
import http.server
import json
import shutil
import threading

import numpy as np
import pandas as pd
import pytest

import data_preprocess
from ecg import artifacts, beats
from ecg.artifacts import InputError

ROW_ORDER_SHA = {  # of the float32 rows, C order
    "train": "9efde051b70cb8e2f048865d40043b5220da91ed8a2c23fe2f456edd3374cf80",
    "test": "6f64721ee4fffe369be7e0cd8136ed1a0b9cf7871df1455001ddbfa824b8b6fd"}


@pytest.fixture(scope="module")
def rows(mitdb):
    return data_preprocess.cut_records(mitdb)


@pytest.fixture(scope="module")
def real(run, mitdb, tmp_path_factory):
    """MIT-BIH preprocessed under the default protocol, by the stage itself."""
    data = tmp_path_factory.mktemp("real")
    run("data_preprocess.py", "--records", mitdb, "--data", data)
    yield data
    shutil.rmtree(data)                       # half a gigabyte


def test_rebuilt_csvs_are_the_published_ones(real):
    for split, sha in ROW_ORDER_SHA.items():
        x, y = data_preprocess.read_csv(real / "archive" / f"mitbih_{split}.csv")
        assert hashlib.sha256(x.tobytes()).hexdigest() == sha
        source = pd.read_csv(real / "archive" / f"mitbih_{split}_source.csv")
        assert len(source) == len(y) == {"train": 87554, "test": 21892}[split]


def test_kaggles_own_rows(real, kaggle):
    """The ten first test rows in order; ten train rows that must be among ours: full precision, both read as float32."""
    golden = pd.read_csv(kaggle / "mitbih_test_first10.csv", header=None).to_numpy()
    x, y = data_preprocess.read_csv(real / "archive" / "mitbih_test.csv")
    assert np.array_equal(x[:10], golden[:, :187].astype(np.float32)) and np.array_equal(y[:10], golden[:, 187])
    golden = pd.read_csv(kaggle / "mitbih_train_10rows.csv", header=None).to_numpy()[:, :187].astype(np.float32)
    ours = {row.tobytes() for row in data_preprocess.read_csv(real / "archive" / "mitbih_train.csv")[0]}
    assert all(row.tobytes() in ours for row in golden)


def test_csv_and_records_give_the_same_rows(real, run, tmp_path):
    (tmp_path / "archive").mkdir()
    for path in (real / "archive").iterdir():
        (tmp_path / "archive" / path.name).symlink_to(path)
    run("data_preprocess.py", "--source", "csv", "--data", tmp_path)
    ours, theirs = artifacts.load_manifest(real), artifacts.load_manifest(tmp_path)
    assert ours["outputs_sha256"] == theirs["outputs_sha256"] and ours["rows"] == theirs["rows"]


def test_the_companion_file_tells_what_rows_do_not(tmp_path):
    """Record, sample, symbol and prematurity come back as they were; a companion file without a column is of an older version."""
    rng = np.random.default_rng(0)
    early = data_preprocess.prematurity(np.array([100, 400, 700, 850, 1300, 1600]))
    assert early[0] == 0 and early[3] == pytest.approx(np.log(0.5), abs=1e-3) and early[4] == pytest.approx(np.log(1.5), abs=1e-3)
    rows = data_preprocess.Rows(rng.random((6, 187), np.float32), np.array([0, 0, 0, 1, 2, 4]), np.array(["100"] * 6),
                                np.array([100, 400, 700, 850, 1300, 1600]), np.array(list("NNNAV/")), early)
    for split in ("train", "test"):
        data_preprocess.write_csv(tmp_path / f"mitbih_{split}.csv", rows)
    for back in data_preprocess.from_csvs(tmp_path):
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(rows, back))
    old = tmp_path / "mitbih_train_source.csv"
    pd.read_csv(old, dtype=str)[["record", "sample"]].to_csv(old, index=False)
    with pytest.raises(InputError, match="mitbih_train_source.csv has no column early"):
        data_preprocess.from_csvs(tmp_path)


def test_training_rows_are_serving_rows(rows, mitdb):
    """Fed with a record's annotations, what inference uses gives exactly the rows of the CSVs."""
    from ecg import records
    for name in ("100", "104", "207", "232"):
        recording = records.read_recording(mitdb / f"{name}.hea", lead=0)
        samples, symbols, _ = records.read_annotation(mitdb / name)
        served, positions = beats.extract_beats(recording.signal, samples, recording.fs)
        mine = rows.record == name
        keep = np.isin(positions, rows.sample[mine])
        assert keep.sum() == mine.sum()
        assert served[keep].tobytes() == rows.x[mine].tobytes()


def test_scaler_and_smote_see_training_rows_only(real):
    manifest = artifacts.load_manifest(real)
    x, y = artifacts.load_split(real, "train")
    n = manifest["n_real"]
    assert n == round(0.8 * 87554) == sum(manifest["counts"]["train"].values())
    assert np.abs(x[:n, :, 0].mean(axis=0, dtype=np.float64)).max() < 1e-4
    assert len(set(np.bincount(y).tolist())) == 1 and len(x) == 5 * manifest["counts"]["train"]["N"]
    keys = {split: set(zip(manifest["rows"][split]["record"], manifest["rows"][split]["sample"]))
            for split in ("train", "val", "test")}
    assert not keys["train"] & keys["val"] and not keys["train"] & keys["test"] and not keys["val"] & keys["test"]
    assert sum(map(len, keys.values())) == 109446
    # SMOTE's rows lie between two real rows of their class, so never outside their range
    for c in range(1, 5):
        low, high = x[:n][y[:n] == c].min(axis=0), x[:n][y[:n] == c].max(axis=0)
        made = x[n:][y[n:] == c]
        assert (made >= low - 1e-4).all() and (made <= high + 1e-4).all()


def test_interpatient_shares_no_patient(rows):
    parts = data_preprocess.split_interpatient(rows)
    found = {name: set(part.record) for name, part in parts.items()}
    assert not found["train"] & found["val"] and not (found["train"] | found["val"]) & found["test"]
    assert len(found["val"]) == 6 and not found["val"] & {"203", "208"} and len(found["test"]) == 22
    assert not set.union(*found.values()) & {"102", "104", "107", "217"}
    assert parts["test"].counts == {"N": 44238, "S": 1836, "V": 3221, "F": 388, "Q": 7}


def test_patients_protocol_splits_by_record(run, svdb, tmp_path):
    few = tmp_path / "mine"
    few.mkdir()
    for name in ("800", "802", "804", "806", "808", "810"):
        for suffix in ("hea", "dat", "atr"):
            (few / f"{name}.{suffix}").symlink_to(svdb / f"{name}.{suffix}")
    run("data_preprocess.py", "--protocol", "patients", "--records", few, "--data", tmp_path / "data")
    who = artifacts.load_manifest(tmp_path / "data")["records"]
    assert sorted(who["train"] + who["val"] + who["test"]) == ["800", "802", "804", "806", "808", "810"]
    assert not (tmp_path / "data" / "archive").exists()


def test_smote_with_few_rows():
    rng = np.random.default_rng(0)
    y = np.array([0] * 40 + [1] * 3 + [2] * 1 + [3] * 8)
    x = rng.random((len(y), 187), dtype=np.float32)
    more, labels, _ = data_preprocess.oversample(x, y, 0)
    assert np.bincount(labels, minlength=5).tolist() == [40, 40, 1, 40, 0]       # one row is left alone, an absent class too
    assert np.array_equal(more[:len(x)], x)


def test_tutorial_protocol_leaks_and_says_so(run, tmp_path):
    done = run("data_preprocess.py", "--source", "demo", "--protocol", "tutorial", "--data", tmp_path)
    manifest = artifacts.load_manifest(tmp_path)
    assert None in manifest["rows"]["val"]["record"], "under this protocol SMOTE's rows are validated on"
    assert "flatters" in done.stdout and "SYNTHETIC" in done.stdout
    x, _ = artifacts.load_split(tmp_path, "train")
    assert 0 < manifest["n_real"] < len(x) and len(manifest["rows"]["train"]["record"]) == manifest["n_real"]


def _csv(folder, split, lines):
    (folder / "archive").mkdir(exist_ok=True)
    (folder / "archive" / f"mitbih_{split}.csv").write_text("\n".join(lines) + "\n" if lines else "")


def _good(n=60):
    rng = np.random.default_rng(1)
    return [",".join(f"{v:.6f}" for v in rng.random(187)) + f",{i % 5}.0" for i in range(n)]


@pytest.mark.parametrize("spoil, words", [
    (lambda lines: [], "empty"),
    (lambda lines: [line.rsplit(",", 1)[0] for line in lines], "187 columns, not 188"),
    (lambda lines: [*lines[:7], lines[7] + ",1", *lines[8:]], "line 8 has 189 columns"),
    (lambda lines: [*lines[:4], "x" + lines[4][1:], *lines[5:]], "line 5, column 1"),
    (lambda lines: [*lines[:2], lines[2][:-3] + "7.0", *lines[3:]], "line 3: label 7"),
    (lambda lines: ["0.0," * 187 + "0.0"] * 5 + lines, "5 of 65 rows"),
])
def test_bad_csv_is_refused(refused, tmp_path, spoil, words):
    _csv(tmp_path, "train", spoil(_good()))
    _csv(tmp_path, "test", _good())
    line = refused("data_preprocess.py", "--source", "csv", "--data", tmp_path)
    assert words in line and ("mitbih_train.csv" in line or "train rows" in line)
    assert not (tmp_path / "processed_data").exists()


def test_missing_csv_and_records_are_refused(refused, tmp_path):
    assert "mitbih_train.csv is missing" in refused("data_preprocess.py", "--source", "csv", "--data", tmp_path)
    assert "--records" in refused("data_preprocess.py", "--source", "records", "--data", tmp_path)
    (tmp_path / "none").mkdir()
    assert "no WFDB record" in refused("data_preprocess.py", "--records", tmp_path / "none", "--data", tmp_path)
    assert "do not tell" in refused("data_preprocess.py", "--source", "csv", "--protocol", "interpatient", "--data", tmp_path)
    assert "3 records" in _few_patients(refused, tmp_path)


def _few_patients(refused, tmp_path):
    from Noisy_ECG_Signal import demo_records
    demo_records(tmp_path / "two", patients=2, duration=30)
    return refused("data_preprocess.py", "--protocol", "patients", "--records", tmp_path / "two", "--data", tmp_path)


def test_users_csvs_are_never_overwritten(run, tmp_path):
    _csv(tmp_path, "train", _good(200))
    _csv(tmp_path, "test", _good(60))
    before = {path.name: path.read_bytes() for path in (tmp_path / "archive").iterdir()}
    run("data_preprocess.py", "--data", tmp_path)                         # auto: they are there, they are used
    assert artifacts.load_manifest(tmp_path)["source"] == "csv"
    run("data_preprocess.py", "--source", "demo", "--data", tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "archive").iterdir()} == before


class _Server(http.server.SimpleHTTPRequestHandler):
    """A mirror that answers Range requests, as PhysioNet does."""

    def do_GET(self):
        part = self.headers.get("Range")
        self.server.asked.append((self.path, part))
        path = self.translate_path(self.path)
        try:
            body = open(path, "rb").read()
        except OSError:
            return self.send_error(404)
        first = int(part.split("=")[1].rstrip("-")) if part else 0
        if part and first >= len(body):
            return self.send_error(416)
        self.send_response(206 if part else 200)
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        self.wfile.write(body[first:])

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(tmp_path):
    from Noisy_ECG_Signal import demo_records
    site = tmp_path / "site"
    demo_records(site, patients=4, duration=120)
    names = sorted(path.name for path in site.iterdir() if path.suffix in (".hea", ".dat", ".atr"))
    (site / "RECORDS").write_text("\n".join(sorted({name[:-4] for name in names})) + "\n")
    (site / "SHA256SUMS.txt").write_text("".join(f"{artifacts.sha256(site / name)} {name}\n" for name in names))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Server, directory=str(site)))
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site, server, names
    server.shutdown()


def test_download_is_checked_and_continued(run, refused, mirror, tmp_path):
    site, server, names = mirror
    url, data = f"http://127.0.0.1:{server.server_port}/", tmp_path / "data"
    here = data / "mitdb"
    here.mkdir(parents=True)
    dat = next(name for name in names if name.endswith(".dat"))
    (here / f"{dat}.part").write_bytes((site / dat).read_bytes()[:5000])          # an interrupted download
    shutil.copy(site / names[0], here / names[0])                                 # a file that is there already
    run("data_preprocess.py", "--source", "download", "--url", url, "--data", data)
    assert ("/" + dat, "bytes=5000-") in server.asked and ("/" + names[0], None) not in server.asked
    assert all((here / name).read_bytes() == (site / name).read_bytes() for name in names)
    assert artifacts.load_manifest(data)["source"] == "download"
    (site / dat).write_bytes(b"something else")                                   # the mirror is damaged
    (here / dat).unlink()
    assert "SHA-256" in refused("data_preprocess.py", "--source", "download", "--url", url, "--data", data)
    assert not (here / dat).exists()
    assert "cannot be downloaded" in refused("data_preprocess.py", "--source", "download", "--url", url + "absent/", "--data", data)


def test_kill_leaves_no_half_manifest(demo):
    """The manifest is the last file written, and its hashes are those of the files beside it."""
    folder = demo / "data" / "processed_data"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["synthetic"] and manifest["source"] == "demo"
    for name, sha in manifest["outputs_sha256"].items():
        assert artifacts.sha256(folder / name) == sha
    assert not list(folder.glob(".*tmp-*"))
