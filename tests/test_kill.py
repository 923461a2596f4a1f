"""The short form of make kill; and that it would see a broken file."""

import random

import pytest

from tests import kill


@pytest.mark.parametrize("name", ["noisy"])
def test_killed_stages_leave_nothing_broken(name, tmp_path):
    said = []
    assert kill.try_stage(name, 1, random.Random(1), tmp_path, said.append) == []
    assert said[0].startswith(f"{name}: 1 kills, 0 faults")


@pytest.mark.parametrize("name", ["a.json", "a.npy", "a.pth", "a.onnx", "a.html", "a.png", "a.csv"])
def test_a_broken_file_is_seen(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"")
    assert kill.whole(path).startswith(f"{name} is broken")
    assert kill.broken({}, {}, tmp_path) == [kill.whole(path)]
    # as it was before, or as a whole run leaves it
    assert kill.broken(kill.files_of(tmp_path), {}, tmp_path) == []
    assert kill.broken({}, kill.files_of(tmp_path), tmp_path) == []


def test_a_file_that_is_gone_is_seen(tmp_path):
    (tmp_path / ".x.tmp-1.json").touch()
    assert kill.broken({"x.json": "0"}, {}, tmp_path) == ["x.json is gone"]


def test_every_stage_that_writes_is_killed():
    stages = {stage.command[0] for stage in kill.STAGES.values()}
    writing = {path.name for path in kill.HOME.glob("*.py") if "cli.run(main)" in path.read_text()}
    assert writing - stages == {"monitor.py", "pretrain_translearn.py"}
