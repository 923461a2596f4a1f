"""How a stage runs, holds what it writes, and ends."""

import errno
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ecg import artifacts, cli, locks, running, start
from ecg.artifacts import InputError
from ecg.writing import writing
from tests.conftest import HOME


def ended(main, capsys):
    """(exit status, stderr) of `main` as a program."""
    with pytest.raises(SystemExit) as end:
        running.run(main)
    return end.value.code, capsys.readouterr().err


def raising(error):
    def main():
        raise error

    return main


@pytest.mark.parametrize(
    "error, status, says",
    [
        (InputError("x.csv:\n  is empty"), 2, "x.csv: is empty"),
        (KeyboardInterrupt(), 130, "stopped"),
        (MemoryError("8 TB"), 2, "not enough memory for this (8 TB)"),
        (PermissionError(errno.EACCES, "Permission denied", "runs"), 2, "runs: cannot be read or"),
    ],
)
def test_what_fails_outside_of_the_program_is_one_line(error, status, says, capsys, monkeypatch):
    monkeypatch.setattr(running, "_close_stdout", lambda: None)
    found, err = ended(raising(error), capsys)
    assert found == status and says in err and err.count("\n") == 1


def test_a_fault_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        running.run(raising(ZeroDivisionError()))


@pytest.mark.parametrize("where, status", [("/dev/full", 2), ("closed", 141)])
def test_an_output_that_takes_nothing(where, status):
    """A full disk; a pipe whose reader has gone."""
    code = "from ecg import running; running.run(lambda: print('x'))"  # until the end in memory
    out = open("/dev/full", "w") if where != "closed" else subprocess.PIPE
    done = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=HOME,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    if where == "closed":
        done.stdout.close()
    said = done.stderr.read()
    assert done.wait(60) == status and "Traceback" not in said and said.count("\n") <= 1
    assert ("No space left" in said) == (status == 2)


@pytest.mark.parametrize(
    "typed, status, says",
    [(["--help"], 0, "usage: "), (["--version"], 0, "."), (["--none"], 2, "no option --none")],
)
def test_what_needs_no_library_is_answered_early(typed, status, says, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["x.py", *typed])
    with pytest.raises(SystemExit) as end:
        running.parse_early(lambda: cli.stage_parser("A stage."))
    out, err = capsys.readouterr()
    assert end.value.code == status and says in out + err and (out == "") == (status == 2)


def test_what_is_to_be_run_goes_on(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x.py", "--overwrite"])
    assert running.parse_early(lambda: cli.stage_parser("A stage.")) is None


def test_sigterm_leaves_nothing_half_written(tmp_path):
    """Told to end while it writes: the temporary file goes, the old one stays."""
    script = HOME / "benchmarks" / "none.py"  # a name that counts as a script
    code = (
        "import sys, time, types; main = sys.modules['__main__']; "
        f"main.__file__ = {str(script)!r}\n"
        "import ecg.start\nfrom ecg import running, writing\n"
        "def main():\n    with writing.writing('x.txt') as made:\n"
        "        made.write_text('half'); print('now', flush=True); time.sleep(60)\n"
        "running.run(main)"
    )
    (tmp_path / "x.txt").write_text("old")
    done = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HOME)},
    )
    assert done.stdout.readline() == "now\n"
    done.send_signal(signal.SIGTERM)
    said = done.communicate(timeout=60)[1]
    assert done.returncode == start.TERMINATED and said.count("\n") == 1 and "stopped" in said
    assert (tmp_path / "x.txt").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_outputs_are_checked_before_work_begins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def options():
        parser = cli.stage_parser("A stage.", prog="stage.py")
        parser.add_argument("file", nargs="?", metavar="FILE")
        cli.add(parser, "--csv", "--json", "--weight", "--epochs")
        return parser

    begun = []
    main = cli.stage(options)(lambda args: begun.append(args.csv))
    (tmp_path / "mine.csv").write_text("name\n")
    for typed, says in (
        (["--csv", "mine.csv"], "no earlier output"),
        (["mine.csv", "--csv", "mine.csv", "--overwrite"], "an input of this run"),
        (["--csv", "x", "--json", "./x"], "--csv and --json both name x"),
        (["--csv", ""], "--csv is empty"),
        ([""], "FILE is empty"),
        (["--csv", "mine.csv/x"], "cannot be written"),
        (["--weight", "mine.csv"], "--weight mine.csv is a file"),
        (["--weight", HOME / "weight" / "shipped"], "come with the program"),
    ):
        with pytest.raises(InputError, match=says):
            main([str(each) for each in typed])
    main(["--csv", "mine.csv", "--overwrite"])
    main(["--csv", "new.csv"])
    assert begun == ["mine.csv", "new.csv"]


def test_a_folder_found_beside_the_scripts_is_written_again(tmp_path, monkeypatch):
    """A notebook lives elsewhere: its second training replaces the first one's weights."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "weight").mkdir(parents=True)
    elsewhere.mkdir()
    (home / "weight" / "model_self.pth").write_bytes(b"PK")
    (home / "weight" / "model_self.json").write_text('{"architecture": "ECGCNN"}')
    monkeypatch.setattr(artifacts, "HOME", home)
    monkeypatch.setattr(running, "HOME", home)
    monkeypatch.chdir(elsewhere)

    def options():
        parser = cli.stage_parser("A stage.", prog="stage.py")
        cli.add(parser, "--weight")
        return parser

    written = []

    @cli.stage(options)
    def main(args):
        path = artifacts.locate(args.weight) / "model_self.pth"
        with writing(path) as temporary:
            temporary.write_bytes(b"PK new")
        written.append(path)

    main([])
    assert written == [home / "weight" / "model_self.pth"] and written[0].read_bytes() == b"PK new"


# ---- two runs at once


def test_a_folder_is_held_by_one_run_until_it_ends(tmp_path):
    folder = tmp_path / "d" / "rows"
    locks.hold(folder, "--data")
    locks.hold(folder, "--data")  # the same run
    code = f"from ecg import locks; locks.hold({str(folder)!r}, '--data')"
    other = [sys.executable, "-c", code]
    refused = subprocess.run(other, cwd=HOME, capture_output=True, text=True)
    assert "another run writes there at this moment: wait for it" in refused.stderr
    locks.release()
    assert list(tmp_path.iterdir()) == []  # made for it, and empty
    assert subprocess.run(other, cwd=HOME).returncode == 0


def test_a_stage_gives_back_what_it_held(tmp_path):
    parser = cli.stage_parser("A stage.", prog="stage.py")

    def body(args):
        locks.hold(tmp_path, "--data")
        raise InputError("no")

    for _ in range(2):
        with pytest.raises(InputError, match="no"):
            cli.stage(lambda: parser)(body)([])
    assert locks._held == {}


def test_what_is_said_without_stderr(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    start.tell("nothing")


def test_only_a_script_is_prepared(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__file__=str(HOME / "train.py")))
    assert start._is_script()
    for other in (HOME / "tests" / "x.py", HOME / ".venv" / "bin" / "pytest"):
        monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__file__=str(other)))
        assert not start._is_script()


def test_every_script_begins_with_it():
    for path in HOME.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "cli.run(main)" in text:
            first = next(line for line in text.splitlines() if line.startswith(("import", "from")))
            assert first.startswith("import ecg.start"), path
