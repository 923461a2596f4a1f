"""An archive: the same bytes for any number of workers, finished recordings skipped."""

import numpy as np
import pytest

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
