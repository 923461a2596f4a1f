"""The command lines of the benchmarks."""

import importlib
from pathlib import Path

import pytest

from ecg import artifacts

FOLDER = Path(__file__).resolve().parent.parent.parent / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_options_are_told_shortly(name):
    benchmark = importlib.import_module(f"benchmarks.{name}")
    text = benchmark.options().format_help().partition("every stage:")[0]
    assert "--quiet" in benchmark.options().format_help()
    assert all(len(line) <= 100 for line in text.splitlines())
    assert callable(benchmark.main.__wrapped__), "a stage: --quiet is seen to"


def test_quiet_prints_nothing_and_writes_all_the_same(monkeypatch, tmp_path, capsys):
    training = importlib.import_module("benchmarks.training")
    monkeypatch.setattr(training, "compare", lambda args: print("a table") or {"rows": args.rows})
    monkeypatch.setattr(training.torch, "set_num_threads", lambda n: None)
    file = tmp_path / "figures.json"
    training.main(["--rows", "7", "--out", str(file), "--quiet"])
    assert capsys.readouterr().out == ""
    assert artifacts.load_json(file, "the benchmark") == {"rows": 7}
