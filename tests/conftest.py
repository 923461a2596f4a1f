"""Fixtures: where real recordings are (or why a test is skipped), and running a stage as its user does."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")      # two threads on a machine whose other core is busy are slower than one

DATA = Path(os.environ.get("ECG_DATA", HOME.parent / "shared" / "data"))


def _folder(name):
    @pytest.fixture(scope="session", name=name)
    def folder():
        path = DATA / name
        if not path.is_dir():
            pytest.skip(f"no real recordings: {path} does not exist (set ECG_DATA to a folder that holds {name}/)")
        return path
    return folder


mitdb, svdb, nstdb, ec57, kaggle = (_folder(name) for name in ("mitdb", "svdb", "nstdb", "ec57", "kaggle"))


@pytest.fixture(scope="session")
def run():
    """run(script, *args, cwd=None, check=True): a stage in a process of its own, output as text."""
    def run(script, *args, cwd=None, check=True, env=None, timeout=300, input=None):
        done = subprocess.run([sys.executable, str(HOME / script), *map(str, args)], cwd=cwd or HOME, text=True,
                              capture_output=True, env={**os.environ, **(env or {})}, timeout=timeout, input=input)
        if check and done.returncode != 0:
            raise AssertionError(f"{script} {args} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done
    return run


@pytest.fixture
def refused(run):
    """refused(script, *args): the stage must refuse: exit 2, one line on stderr, no traceback. Returns that line."""
    def refused(script, *args, **kwargs):
        done = run(script, *args, check=False, **kwargs)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        assert done.returncode == 2, f"exit {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr and len(lines) == 1, done.stderr
        return lines[0]
    return refused


@pytest.fixture(scope="session")
def demo(run, tmp_path_factory):
    """A folder with the synthetic data set preprocessed (data/), a model trained on it for an epoch (weight/) and its ONNX file."""
    folder = tmp_path_factory.mktemp("demo")
    where = ["--data", folder / "data", "--weight", folder / "weight"]
    run("data_preprocess.py", "--source", "demo", "--data", folder / "data")
    run("train.py", "--epochs", 1, "--batch", 128, "--balance", "none", *where, "--runs", folder / "runs")
    run("export_onnx.py", *where)
    return folder
