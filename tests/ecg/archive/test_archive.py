"""An archive: the same bytes for any number of workers, finished recordings skipped, none
overwritten by another."""

import datetime
import json

import numpy as np
import pytest

from ecg import formats
from ecg.formats.recording import Facts
from ecg.synthetic import demo_records, synthetic_recording


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    demo_records(folder / "ward", patients=3, duration=40)
    np.savetxt(
        folder / "watch.csv", synthetic_recording(20, seed=9).signal, header="ecg_mV", comments=""
    )
    (folder / "broken.edf").write_bytes(b"0       nothing")
    return folder


def _written(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_archive_is_the_same_for_any_number_of_workers(run, demo, archive, tmp_path):
    common = [archive, "--model", "self", "--weight", demo / "weight", "--fs", 360]
    for jobs in (1, 2):
        done = run(
            "inference.py", *common, "--out", tmp_path / str(jobs), "--jobs", jobs, check=False
        )
        assert (
            done.returncode == 1
            and "broken.edf" in done.stderr
            and "labelled 4 recordings" in done.stdout
        )
    one, two = _written(tmp_path / "1"), _written(tmp_path / "2")
    assert one == two and len(one) == 12 and any(name.startswith("ward/") for name in one)
    again = run("inference.py", *common, "--out", tmp_path / "1", check=False)
    assert "labelled 0 recordings" in again.stdout and "4 were done before" in again.stdout
    (tmp_path / "1" / "watch.csv").unlink()  # what is missing is made again, alone
    again = run("inference.py", *common, "--out", tmp_path / "1", check=False)
    assert "labelled 1 recordings" in again.stdout and _written(tmp_path / "1") == one


def test_archive_on_a_dask_cluster(run, home, demo, archive, tmp_path):
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("dask")
    common = [archive / "ward", "--model", "self", "--weight", demo / "weight"]
    run("inference.py", *common, "--out", tmp_path / "local")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        run(
            "inference.py",
            *common,
            "--out",
            tmp_path / "dask",
            "--backend",
            "dask",
            "--scheduler",
            cluster.scheduler_address,
            env={"PYTHONPATH": str(home)},
        )
    assert _written(tmp_path / "local") == _written(tmp_path / "dask") != {}


def _save(path, seed):
    path.parent.mkdir(exist_ok=True)
    np.save(path, synthetic_recording(20, seed=seed).signal)


@pytest.fixture
def nights(tmp_path):
    """night.csv and night.npy, and a night.npy in another folder."""
    _save(tmp_path / "a" / "night.npy", 1)
    _save(tmp_path / "b" / "night.npy", 2)
    signal = synthetic_recording(20, seed=3).signal
    np.savetxt(tmp_path / "a" / "night.csv", signal, header="ecg_mV", comments="")
    return tmp_path


COMMON = "--model", "self", "--fs", 360, "--unit", "mV"


def test_recordings_of_one_name_have_results_of_their_own(run, nights):
    args = ["inference.py", *COMMON, nights / "a", nights / "b", "--out", nights / "out"]
    said = run(*args).stdout
    assert "labelled 3 recordings" in said and "its results are called night_csv" in said
    first = _written(nights / "out")
    assert sorted(name for name in first if name.endswith(".json")) == [
        "a_night.json",
        "b_night.json",
        "night_csv.json",
    ]
    made = {name: json.loads(data) for name, data in first.items() if name.endswith(".json")}
    assert list(made["night_csv.json"]["made_from"]["input_sha256"]) == ["night.csv"]
    assert len({json.dumps(each["summary"]["heart_rate"]) for each in made.values()}) == 3
    again = run(*args).stdout
    assert "labelled 0 recordings" in again and "3 were done before" in again
    assert _written(nights / "out") == first


def test_what_comes_later_leaves_what_is_there(run, nights):
    out = ["--out", nights / "out"]
    run("inference.py", *COMMON, nights / "a" / "night.csv", *out)
    first = _written(nights / "out")
    assert sorted(first) == ["night.cnn", "night.csv", "night.json"]
    said = run("inference.py", *COMMON, nights / "a", *out).stdout
    assert "labelled 1 recordings" in said and "1 were done before" in said
    assert "night.npy shares its name with another: its results are called night_npy" in said
    later = _written(nights / "out")
    assert len(later) == 6 and {name: later[name] for name in first} == first
    _save(nights / "a" / "night.npy", 4)  # another content: its own results are made anew
    said = run("inference.py", *COMMON, nights / "a", *out).stdout
    assert "labelled 1 recordings" in said and len(_written(nights / "out")) == 6


def test_results_beside_the_recordings_leave_them_as_they_are(run, nights):
    before = (nights / "a" / "night.csv").read_bytes()
    args = ["inference.py", *COMMON, nights / "a", "--out", nights / "a"]
    assert "labelled 2 recordings" in run(*args).stdout
    assert (nights / "a" / "night.csv").read_bytes() == before
    again = run(*args).stdout
    assert "labelled 0 recordings" in again and "2 were done before" in again


def test_what_was_skipped_is_told(run, nights):
    (nights / "b" / "scan.png").write_bytes(b"x")
    said = run("inference.py", *COMMON, nights / "b", "--out", nights / "b" / "out").stdout
    assert f"skipped 1 (pictures): {nights / 'b' / 'scan.png'}" in said
    again = run("inference.py", *COMMON, nights / "b", "--out", nights / "b" / "out").stdout
    assert "1 were done before" in again and "skipped 1 (pictures)" in again


def test_facts_are_kept_but_for_the_person_with_anonymous(run, nights, monkeypatch):
    date, clock = datetime.date(2026, 7, 26), datetime.time(23, 59, 50)
    facts = Facts(date, clock, patient="P-17", age=69.0, sex="male", device="Recorder 3")
    plain = formats.read_recording
    read = lambda *args: plain(*args)._replace(facts=facts)  # noqa: E731
    monkeypatch.setattr(formats, "read_recording", read)
    args = ["inference.py", *COMMON, nights / "b", "--out", nights / "out"]
    run(*args)
    document = json.loads((nights / "out" / "night.json").read_text())
    assert document["start"] == "2026-07-26T23:59:50" and document["device"] == "Recorder 3"
    assert document["patient"] == {"id": "P-17", "age": 69.0, "sex": "male"}
    assert ",2026-07-27T00:00:0" in (nights / "out" / "night.csv").read_text().splitlines()[-1]
    assert "labelled 1 recordings" in run(*args, "--anonymous").stdout  # another result
    document = json.loads((nights / "out" / "night.json").read_text())
    assert document["start"] == "23:59:50" and document["device"] == "Recorder 3"
    assert document["patient"] == {"id": None, "age": None, "sex": None}
    written = b"".join(_written(nights / "out").values())
    assert not any(word in written for word in (b"P-17", b"2026", b"69.0", b'"male"'))


def test_one_night_exported_twice(run, recordings, tmp_path):
    """A recorder's own CSV and EDF of one name, side by side, in µV."""
    case = recordings / "cases" / "archive_same_name"
    if not case.is_dir():
        pytest.skip(f"{case} does not exist")
    for name in ("night.csv", "night.edf"):
        (tmp_path / name).write_bytes((case / name).read_bytes())
    args = ["inference.py", ".", "--out", "out", "--unit", "uV"]
    assert "labelled 2 recordings" in run(*args, cwd=tmp_path).stdout
    for name in ("night_csv", "night_edf"):
        document = json.loads((tmp_path / "out" / f"{name}.json").read_text())
        assert 70 < document["summary"]["heart_rate"]["mean_bpm"] < 80
    first = _written(tmp_path / "out")
    assert len(first) == 6 and "2 were done before" in run(*args, cwd=tmp_path).stdout
    assert _written(tmp_path / "out") == first
