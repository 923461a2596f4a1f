"""The harness that damages files (`make fuzz`): it has files for every reader, tells each way to
fail, and a few cases of each reader are tried here."""

import os
import time

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import FORMATS, read_recording
from ecg.formats.recording import Recording
from tests import fuzz_formats
from tests.fuzz_formats import GOOD, damaged, outcome_of, try_reader
from tests.fuzz_mutations import BYTE_CHANGES, TEXT_CHANGES, mutated
from tests.fuzz_seeds import SEEDS, Seed

MANY = 30
LIBRARY_NEEDED = {"adicht"}  # whose files cannot be built
by_name = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)


def test_every_reader_has_its_files():
    readers = {each.read.__name__.removeprefix("from_") for each in FORMATS}
    assert {each.name for each in SEEDS} == {"wfdb", *readers}


@by_name
def test_a_few_damaged_files_of_each_reader(seed, tmp_path):
    files = [each for each in seed.files(tmp_path) if not each[1]]
    if seed.name not in LIBRARY_NEEDED:
        for path, _ in files:  # whole, they are read
            assert len(read_recording(path, fs=250).signal) >= 2000
    for case in range(MANY):
        folder = tmp_path / f"case{case}"
        folder.mkdir()
        path = damaged(files, 1, case, folder)
        began = time.monotonic()
        outcome, said = outcome_of(path, case)
        assert outcome in GOOD, f"{seed.name} {case}: {outcome} {said}"
        assert time.monotonic() - began < fuzz_formats.LIMIT_S


def test_a_case_is_the_same_each_time(tmp_path):
    seed = next(each for each in SEEDS if each.name == "text")
    files = list(seed.files(tmp_path))
    contents = set()
    for k in range(2):
        for case in (3, 4):
            folder = tmp_path / f"{k}_{case}"
            folder.mkdir()
            contents.add((case, damaged(files, 7, case, folder).read_bytes()))
    assert len(contents) == 2 and len({content for _, content in contents}) == 2


@pytest.mark.parametrize("change", BYTE_CHANGES + TEXT_CHANGES)
def test_each_mishap_changes_a_file(change):
    raw = b"fs: 250, unit: mV\n" + b"\n".join(b"%d,0.5" % k for k in range(500))
    rng = np.random.default_rng(0)
    changed = [change(raw, rng) for _ in range(20)]
    assert sum(each != raw for each in changed) >= 15
    assert mutated(b"ab", rng) == b"ab" and isinstance(mutated(raw, rng), bytes)


WAYS = {
    "exit": "crash",
    "loop": "hang",
    "memory": "memory",
    "lines": "traceback",
    "key": "traceback",
    "fine": "refused",
    "read": "read",
}


def failing(path, **_):
    """A reader that fails in another way in each case; its number is in the name of the folder."""
    way = list(WAYS)[int(path.parent.name.split("_")[1])]
    if way == "exit":
        os._exit(3)
    if way == "loop":
        while True:
            pass
    if way == "memory":
        np.ones(3 << 28)
    if way == "lines":
        raise InputError("one\ntwo")
    if way == "key":
        raise KeyError("missing")
    if way == "fine":
        raise InputError("refused in a line")
    return Recording(np.zeros(1), 250.0, "II", "a")


def test_each_way_to_fail_is_told():
    def build(folder):
        (folder / "a.txt").write_text("0.1\n" * 1000)
        return folder / "a.txt"

    seed = Seed("text", (build,))
    counts, failures = try_reader(seed, len(WAYS), 0, 1, failing, limit=1.0)
    assert counts == {outcome: list(WAYS.values()).count(outcome) for outcome in WAYS.values()}
    expected = {k: outcome for k, outcome in enumerate(WAYS.values()) if outcome not in GOOD}
    assert {each.case: each.outcome for each in failures} == expected


def test_the_command(capsys):
    assert fuzz_formats.main(["--only", "atc", "--many", "3", "--jobs", "1"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["reader", "files"] and line.split()[:2] == ["atc", "3"]
