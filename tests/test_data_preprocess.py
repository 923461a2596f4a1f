"""data_preprocess.py: the published rows to the bit, no leak from test or validation, mistakes
refused, the user's files left alone."""

import hashlib
import shutil

import numpy as np
import pandas as pd
import pytest

from ecg import artifacts, demo, fingerprint, heartbeat_csv
from ecg import mitdb as mitdb_source
from ecg.mitdb import DS1, DS1_VALIDATION, DS2
from ecg.synthetic import demo_records

ROW_ORDER_SHA = {  # of the float32 rows, C order
    "train": "9efde051b70cb8e2f048865d40043b5220da91ed8a2c23fe2f456edd3374cf80",
    "test": mitdb_source.TEST_ROWS_SHA,
}
STAGE = "data_preprocess.py"


@pytest.fixture(scope="module")
def real(run, mitdb, tmp_path_factory):
    """MIT-BIH preprocessed under the default protocol, by the stage itself."""
    data = tmp_path_factory.mktemp("real")
    run(STAGE, "--records", mitdb, "--data", data)
    yield data
    shutil.rmtree(data)  # half a gigabyte


def write_lines(folder, split, lines):
    (folder / "archive").mkdir(exist_ok=True)
    text = "\n".join(lines) + "\n" if lines else ""
    (folder / "archive" / f"mitbih_{split}.csv").write_text(text)


def good_lines(n=60):
    rng = np.random.default_rng(1)
    return [",".join(f"{v:.6f}" for v in rng.random(187)) + f",{i % 5}.0" for i in range(n)]


# ----------------------------------------------------------------------------------------- real


def test_rebuilt_csvs_are_the_published_ones(real):
    for split, sha in ROW_ORDER_SHA.items():
        x, y = heartbeat_csv.read_csv(real / "archive" / f"mitbih_{split}.csv")
        assert hashlib.sha256(x.tobytes()).hexdigest() == sha
        source = pd.read_csv(real / "archive" / f"mitbih_{split}_source.csv")
        assert len(source) == len(y) == {"train": 87554, "test": 21892}[split]


def test_kaggles_own_rows(real, kaggle):
    """The ten first test rows in order; ten train rows that must be among ours: full precision,
    both read as float32."""
    first = pd.read_csv(kaggle / "mitbih_test_first10.csv", header=None).to_numpy()
    x, y = heartbeat_csv.read_csv(real / "archive" / "mitbih_test.csv")
    assert np.array_equal(x[:10], first[:, :187].astype(np.float32))
    assert np.array_equal(y[:10], first[:, 187])
    some = pd.read_csv(kaggle / "mitbih_train_10rows.csv", header=None).to_numpy()[:, :187]
    x, _ = heartbeat_csv.read_csv(real / "archive" / "mitbih_train.csv")
    ours = {row.tobytes() for row in x}
    assert all(row.tobytes() in ours for row in some.astype(np.float32))


def test_csv_and_records_give_the_same_rows(real, run, tmp_path):
    (tmp_path / "archive").mkdir()
    for path in (real / "archive").iterdir():
        (tmp_path / "archive" / path.name).symlink_to(path)
    run(STAGE, "--source", "csv", "--data", tmp_path)
    ours, theirs = artifacts.load_manifest(real), artifacts.load_manifest(tmp_path)
    assert ours["outputs_sha256"] == theirs["outputs_sha256"] and ours["rows"] == theirs["rows"]
    assert ours[fingerprint.KEY] == theirs[fingerprint.KEY] == fingerprint.published()


def test_scaler_and_smote_see_training_rows_only(real):
    manifest = artifacts.load_manifest(real)
    x, y = artifacts.load_split(real, "train")
    n = manifest["n_real"]
    assert n == round(0.8 * 87554) == sum(manifest["counts"]["train"].values())
    assert np.abs(x[:n, :, 0].mean(axis=0, dtype=np.float64)).max() < 1e-4
    assert len(set(np.bincount(y).tolist())) == 1 and len(x) == 5 * manifest["counts"]["train"]["N"]
    rows = manifest["rows"]
    train, val, test = (
        set(zip(rows[split]["record"], rows[split]["sample"])) for split in ("train", "val", "test")
    )
    assert not train & val and not train & test and not val & test
    assert len(train) + len(val) + len(test) == 109446
    # SMOTE's rows lie between two real rows of their class, so never outside their range
    for c in range(1, 5):
        low, high = x[:n][y[:n] == c].min(axis=0), x[:n][y[:n] == c].max(axis=0)
        made = x[n:][y[n:] == c]
        assert (made >= low - 1e-4).all() and (made <= high + 1e-4).all()


def test_patients_protocol_splits_by_record(run, tmp_path):
    few, names = tmp_path / "mine", ["100", "109", "200", "207", "208", "232"]
    few.mkdir()
    for name in names:
        for suffix in ("hea", "dat", "atr"):
            (few / f"{name}.{suffix}").symlink_to(demo.records() / f"{name}.{suffix}")
    run(STAGE, "--protocol", "patients", "--records", few, "--data", tmp_path / "data")
    who = artifacts.load_manifest(tmp_path / "data")["records"]
    assert sorted(who["train"] + who["val"] + who["test"]) == names
    learnt = artifacts.load_manifest(tmp_path / "data")[fingerprint.KEY]
    seen = [few / f"{name}.hea" for name in who["train"] + who["val"]]
    assert learnt == fingerprint.of_records(seen) and learnt
    assert not (tmp_path / "data" / "archive").exists()


# ----------------------------------------------------------------------------------------- made up


def test_the_demo_is_split_by_patient(run, tmp_path):
    """As `interpatient`; with its three S beats SMOTE takes two neighbours; Q has no row."""
    said = run(STAGE, "--source", "demo", "--data", tmp_path).stdout
    assert "real beats, source demo, protocol interpatient" in said and "44 records" in said
    manifest = artifacts.load_manifest(tmp_path)
    assert manifest["source"] == "demo" and not manifest["synthetic"]
    who, counts = manifest["records"], manifest["counts"]
    assert who["val"] == DS1_VALIDATION and who["test"] == sorted(DS2)
    assert sorted(who["train"] + who["val"]) == sorted(DS1)
    assert counts["train"]["S"] == 3 and counts["train"]["Q"] == 0
    added = counts["train+SMOTE"]
    assert added["S"] == added["V"] == added["F"] == added["N"] > 1000 and added["Q"] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"processed_data"}


def test_synthetic_records_say_so(run, tmp_path):
    demo_records(tmp_path / "made", patients=4, duration=60)
    where = "--records", tmp_path / "made", "--data", tmp_path / "data"
    said = run(STAGE, "--protocol", "patients", *where).stdout
    assert said.startswith("SYNTHETIC beats")
    assert artifacts.load_manifest(tmp_path / "data")["synthetic"]


def test_tutorial_protocol_leaks_and_says_so(run, tmp_path):
    done = run(STAGE, "--source", "demo", "--protocol", "tutorial", "--data", tmp_path)
    manifest = artifacts.load_manifest(tmp_path)
    assert None in manifest["rows"]["val"]["record"], (
        "under this protocol SMOTE's rows are validated on"
    )
    assert "flatters" in done.stdout
    x, _ = artifacts.load_split(tmp_path, "train")
    assert 0 < manifest["n_real"] < len(x)
    assert len(manifest["rows"]["train"]["record"]) == manifest["n_real"]


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda lines: [], "empty"),
        (lambda lines: [line.rsplit(",", 1)[0] for line in lines], "187 columns, not 188"),
        (lambda lines: [*lines[:7], lines[7] + ",1", *lines[8:]], "line 8 has 189 columns"),
        (lambda lines: [*lines[:4], "x" + lines[4][1:], *lines[5:]], "line 5, column 1"),
        (lambda lines: [*lines[:2], lines[2][:-3] + "7.0", *lines[3:]], "line 3: label 7"),
        (lambda lines: ["0.0," * 187 + "0.0"] * 5 + lines, "5 of 65 rows"),
    ],
)
def test_bad_csv_is_refused(refused, tmp_path, spoil, words):
    write_lines(tmp_path, "train", spoil(good_lines()))
    write_lines(tmp_path, "test", good_lines())
    line = refused(STAGE, "--source", "csv", "--data", tmp_path)
    assert words in line and ("mitbih_train.csv" in line or "train rows" in line)
    assert not (tmp_path / "processed_data").exists()


def test_missing_csv_and_records_are_refused(refused, tmp_path):
    def refusal(*args):
        return refused(STAGE, *args, "--data", tmp_path)

    assert "mitbih_train.csv is missing" in refusal("--source", "csv")
    assert "--records" in refusal("--source", "records")
    assert "do not tell" in refusal("--source", "csv", "--protocol", "interpatient")
    assert "with --records" in refusal("--source", "download", "--protocol", "patients")
    (tmp_path / "none").mkdir()
    assert "no WFDB record" in refusal("--records", tmp_path / "none")
    demo_records(tmp_path / "two", patients=2, duration=30)
    assert "3 records" in refusal("--protocol", "patients", "--records", tmp_path / "two")
    assert "by name; missing: 100" in refusal(
        "--protocol", "interpatient", "--records", tmp_path / "two"
    )


def test_users_csvs_are_never_overwritten(run, tmp_path):
    write_lines(tmp_path, "train", good_lines(200))
    write_lines(tmp_path, "test", good_lines(60))
    before = {path.name: path.read_bytes() for path in (tmp_path / "archive").iterdir()}
    run(STAGE, "--data", tmp_path)  # auto: they are there, they are used
    assert artifacts.load_manifest(tmp_path)["source"] == "csv"
    run(STAGE, "--source", "demo", "--data", tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "archive").iterdir()} == before


def test_download_goes_to_the_folder_of_the_records(run, tmp_path, monkeypatch):
    """What it downloads and how: tests/ecg/test_mitdb.py."""
    asked = []

    def download(folder, url):
        asked.append((folder, url))
        demo_records(folder, patients=4, duration=120)
        return folder

    monkeypatch.setattr(mitdb_source, "download", download)
    run(STAGE, "--source", "download", "--url", "http://mirror/", "--data", tmp_path)
    assert asked == [(tmp_path / "mitdb", "http://mirror/")]
    manifest = artifacts.load_manifest(tmp_path)
    assert manifest["source"] == "download"
