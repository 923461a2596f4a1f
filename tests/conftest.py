"""Fixtures: where real recordings are (or why a test is skipped), and running a stage as its user
does."""

import contextlib
import importlib
import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

HOME = Path(__file__).resolve().parent.parent
os.environ.setdefault("MPLBACKEND", "Agg")
# two threads on a machine whose other core is busy are slower than one
os.environ.setdefault("OMP_NUM_THREADS", "1")

DATA = Path(os.environ.get("ECG_DATA", HOME.parent / "shared" / "data"))


def _folder(name):
    @pytest.fixture(scope="session", name=name)
    def folder():
        path = DATA / name
        if not path.is_dir():
            pytest.skip(
                f"no real recordings: {path} does not exist (set ECG_DATA to a folder that holds "
                f"{name}/)"
            )
        return path

    return folder


mitdb, svdb, nstdb, ec57, kaggle, cases = (
    _folder(name) for name in ("mitdb", "svdb", "nstdb", "ec57", "kaggle", "cases")
)


@pytest.fixture(scope="session")
def minutes():
    """The folder of the first minutes of MIT-BIH's 44 records without paced beats."""
    from ecg import demo

    return demo.records()


@pytest.fixture(scope="session")
def excerpt():
    """Four minutes of MIT-BIH's record 213, as the name of a WFDB record."""
    from ecg import demo

    return demo.excerpt().with_suffix("")


@pytest.fixture(scope="session")
def home():
    """The root of the project."""
    return HOME


@pytest.fixture(scope="session")
def recordings():
    """The folder that holds mitdb/, svdb/ ...; it may not exist."""
    return DATA


def in_process(script, args, cwd, env, input):
    """A stage as `python SCRIPT ARGS` would run it, in this process: (returncode, stdout,
    stderr)."""
    from ecg import cli

    name = str(script).removesuffix(".py").replace("/", ".")
    stdin = io.TextIOWrapper(io.BytesIO((input or "").encode()))
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(sys, "argv", [str(script), *args]))
        stack.enter_context(mock.patch.object(sys, "stdin", stdin))
        stack.enter_context(mock.patch.dict(os.environ, env or {}))
        stack.enter_context(contextlib.chdir(cwd or HOME))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            cli.run(importlib.import_module(name).main)
        except SystemExit as end:
            status = end.code or 0
    return SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(scope="session")
def run():
    """run(script, *args): a stage with this command line; gives returncode, stdout, stderr.

    It runs in this process, which saves the start of an interpreter; process=True, or a timeout,
    starts one where the process itself is what is tested."""

    def run(script, *args, cwd=None, check=True, env=None, timeout=None, input=None, process=False):
        args = [str(arg) for arg in args]
        if process or timeout:
            done = subprocess.run(
                [sys.executable, str(HOME / script), *args],
                cwd=cwd or HOME,
                text=True,
                capture_output=True,
                env={**os.environ, **(env or {})},
                timeout=timeout or 300,
                input=input,
            )
        else:
            done = in_process(script, args, cwd, env, input)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{script} {args} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    return run


@pytest.fixture(scope="session")
def refused(run):
    """refused(script, *args): the stage must refuse: exit 2, one line on stderr, no traceback.
    Returns that line."""

    def refused(script, *args, **kwargs):
        done = run(script, *args, check=False, **kwargs)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        assert done.returncode == 2, f"exit {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr and len(lines) == 1, done.stderr
        return lines[0]

    return refused


@pytest.fixture(scope="session")
def demo(run, tmp_path_factory):
    """A folder with the recordings of data/demo preprocessed (data/), a model trained on them for
    an epoch (weight/) and its ONNX file."""
    folder = tmp_path_factory.mktemp("demo")
    where = ["--data", folder / "data", "--weight", folder / "weight"]
    small = ["--epochs", 1, "--batch", 128, "--balance", "none"]
    rows = "--source", "demo", "--protocol", "kaggle"
    run("data_preprocess.py", *rows, "--data", folder / "data")
    run("train.py", *small, *where, "--runs", folder / "runs")
    run("export_onnx.py", *where)
    return folder


@pytest.fixture(scope="session")
def two_leads(tmp_path_factory):
    """A synthetic WFDB record of two minutes in leads II and V1, and a made-up ABP."""
    import numpy as np
    import wfdb

    from ecg.synthetic import synthetic_recording

    folder = tmp_path_factory.mktemp("leads")
    made = synthetic_recording(120, seed=5, shares={"V": 0.1})
    second = 0.4 * np.roll(made.signal, 4) + 0.02 * np.random.default_rng(0).standard_normal(
        len(made.signal)
    )
    wfdb.wrsamp(
        "two",
        fs=made.fs,
        units=["mV", "mmHg", "mV"],
        sig_name=["II", "ABP", "V1"],
        fmt=["16"] * 3,
        write_dir=str(folder),
        p_signal=np.column_stack([made.signal, 80 + 10 * made.signal, second]),
    )
    return folder / "two"
