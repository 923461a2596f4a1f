"""Files are written whole or not at all; devices through; nothing of the user's is lost."""

import json
import os
import stat
import time

import numpy as np
import pytest

from ecg import artifacts, overwriting, writing
from ecg.artifacts import InputError
from ecg.overwriting import run_of


def test_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a" / "x.txt"
    artifacts.save_text(path, "old")
    with pytest.raises(RuntimeError), artifacts.writing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(path.parent.iterdir()) == [path]


def test_a_link_stays_and_what_is_behind_it_changes(tmp_path):
    target, link = tmp_path / "a.txt", tmp_path / "b.txt"
    target.write_text("old")
    link.symlink_to(target)
    artifacts.save_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_a_pipe_is_written_through(tmp_path):
    pipe = tmp_path / "p.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    artifacts.save_text(pipe, "through")
    assert os.read(reader, 100) == b"through" and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


def test_a_device_stays_what_it_is():
    with pytest.raises(InputError, match="/dev/full: cannot be written .No space left"):
        artifacts.save_text("/dev/full", "x" * 10_000)
    artifacts.save_text("/dev/null", "x")
    for device in ("/dev/full", "/dev/null"):
        assert stat.S_ISCHR(os.stat(device).st_mode)


def test_a_name_as_long_as_the_file_system_takes(tmp_path):
    path = tmp_path / ("x" * 251 + ".txt")
    artifacts.save_text(path, "new")
    assert path.read_text() == "new"
    with pytest.raises(InputError, match="File name too long"):
        artifacts.save_text(tmp_path / ("x" * 300), "new")


def test_what_a_killed_run_left_goes_and_what_a_run_holds_stays(tmp_path):
    path = tmp_path / "x.txt"
    left, held = tmp_path / ".x.tmp-left.txt", tmp_path / ".x.tmp-held.txt"
    for file in (left, held):
        file.touch()
        os.utime(file, (time.time() - 2 * writing.LEFT_S,) * 2)
    handle = os.open(held, os.O_RDWR)
    writing.locks.lock(handle)
    artifacts.save_text(path, "new")
    assert sorted(tmp_path.iterdir()) == [held, path]
    os.close(handle)
    artifacts.save_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_no_utf8_stays_json(tmp_path):
    artifacts.save_json(tmp_path / "x.json", {"recording": os.fsdecode(b"\xff")})
    assert json.loads((tmp_path / "x.json").read_bytes())["recording"] == "\udcff"


# ---- what a run may write over


def test_an_input_is_never_written_over(tmp_path):
    record, link = tmp_path / "rec.csv", tmp_path / "link.csv"
    record.write_bytes(overwriting.BEATS)  # although it looks like an output
    link.symlink_to(record)
    for overwrite in (False, True):
        with run_of([record], overwrite=overwrite):
            for path in (record, link, tmp_path / "." / "rec.csv"):
                with pytest.raises(InputError, match="input of this run"):
                    overwriting.check(path)
    overwriting.check(record)  # outside of a run


def test_the_files_of_a_record_are_inputs(tmp_path):
    (tmp_path / "r.hea").write_text("r 1 360 10\nsignals.dat 16 200 11 0 0 0 0 II\n")
    for name in ("signals.dat", "r.atr"):
        (tmp_path / name).write_bytes(b"x")
    with run_of([tmp_path / "r"], overwrite=True):
        for name in ("r.hea", "signals.dat", "r.atr"):
            with pytest.raises(InputError, match="input of this run"):
                overwriting.check(tmp_path / name)
        overwriting.check(tmp_path / "r.csv")


def test_a_folder_of_inputs_keeps_what_is_no_output_of_ours(tmp_path):
    (tmp_path / "100.dat").write_bytes(b"x")
    (tmp_path / "beats.csv").write_bytes(overwriting.BEATS + b"\n")
    with run_of([tmp_path], overwrite=True):
        with pytest.raises(InputError, match="among the inputs"):
            overwriting.check(tmp_path / "100.dat")
        overwriting.check(tmp_path / "beats.csv")


@pytest.mark.parametrize(
    "name, ours, theirs",
    [
        ("a.csv", overwriting.BEATS + b"p_N\n", b"sample,value\n1,2\n"),
        ("b.csv", b'"time (s)","II (mV)"\n0,1\n', b"time (s),II (mV)\n0,1\n"),
        ("a.json", b'{\n "recording": "100"}', b'{"recording": "100"}'),
        ("a.html", b'<meta name="generator" content="ecg_beats">', b"<!DOCTYPE html>"),
        ("a.report", b'<meta name="generator" content="ecg_beats">', b"notes"),
        ("a.txt", None, b"notes"),
        ("a.npy", None, b"\x93NUMPY"),
        ("a", None, b"x"),
    ],
)
def test_an_earlier_output_is_known_by_its_content(tmp_path, name, ours, theirs):
    path = tmp_path / name
    with run_of([]):
        if ours is not None:
            path.write_bytes(ours)
            overwriting.check(path)
        path.write_bytes(b"")  # nothing would be lost
        overwriting.check(path)
        path.write_bytes(theirs)
        with pytest.raises(InputError, match="no earlier output of this kind"):
            overwriting.check(path)
    with run_of([], overwrite=True):
        overwriting.check(path)


def test_where_the_stage_names_the_files_their_kind_is_enough(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3))
    (tmp_path / "b.npy").write_text("mine")
    (tmp_path / "model_self.pth").write_bytes(b"PK")  # without a card: a user's own
    with run_of([], [tmp_path]):
        overwriting.check(tmp_path / "a.npy")
        (tmp_path / "checkpoint_refit.pth").write_bytes(b"PK")  # it has no card
        overwriting.check(tmp_path / "checkpoint_refit.pth")
        for name in ("b.npy", "model_self.pth"):
            with pytest.raises(InputError, match="no earlier output"):
                overwriting.check(tmp_path / name)
        (tmp_path / "model_self.json").write_text('{"architecture": "ECGCNN"}')
        overwriting.check(tmp_path / "model_self.pth")


def test_shipped_weights_stay():
    with run_of([], [overwriting.SHIPPED], overwrite=True):
        with pytest.raises(InputError, match="comes with the program"):
            overwriting.check(overwriting.SHIPPED / "model_self.pth")
