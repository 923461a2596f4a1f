"""The harness that damages model files and stored data (`make fuzz`), and a few cases of each
loader."""

import pytest

from ecg.artifacts import InputError
from tests import fuzz_loaders
from tests.fuzz_loaders import LOADERS, Loader, try_loader

MANY = 12


@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.name)
def test_a_few_damaged_files_of_each_loader(loader, tmp_path):
    for name, raw in loader.files(tmp_path / "made").items():
        path = tmp_path / "whole" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    loader.load(tmp_path / "whole")  # undamaged, they are loaded
    counts, failures = try_loader(loader, MANY, 1)
    assert failures == [] and counts.total() == MANY and counts["refused"] > 0


def _fails(folder):
    way = int(folder.name) % 3
    raise (InputError("one\ntwo"), KeyError("missing"), MemoryError())[way]


def test_each_way_to_fail_is_told(monkeypatch):
    loader = Loader("made", lambda folder: {"a.txt": b"0.1\n" * 100}, "", _fails)
    counts, failures = try_loader(loader, 3, 0)
    assert counts == {"lines": 1, "traceback": 1, "memory": 1} and len(failures) == 3
    monkeypatch.setattr(fuzz_loaders, "LIMIT_S", -1.0)
    assert try_loader(loader, 1, 0)[0] == {"hang": 1}


def test_the_command(monkeypatch, capsys):
    assert fuzz_loaders.main(["--only", "history", "--many", "5"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "loader" and line.split()[:2] == ["history", "5"]
    monkeypatch.setattr(fuzz_loaders, "LOADERS", (LOADERS[0]._replace(load=_fails),))
    assert fuzz_loaders.main(["--many", "2"]) == 1
