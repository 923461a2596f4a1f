"""python -m ecg.ec57: what it prints, and what it refuses."""

import sys

import numpy as np
import pytest
import wfdb

from ecg import cli
from ecg.artifacts import InputError
from ecg.ec57 import __main__ as command
from ecg.formats import annotation
from tests.annotations import FS


@pytest.fixture(scope="module")
def ec57_folder(request):
    return request.getfixturevalue("ec57")


def test_program_prints_the_same(capsys, mitdb, ec57_folder):
    names = annotation.annotated_records(mitdb, "atr")
    others = [name for name in names if name not in ("100", "208")]
    test = ["--test", "prd", "--test-dir", str(ec57_folder)]
    command.main([str(mitdb), *test, "--format", "line", "--exclude", *others])
    golden = (ec57_folder / "qrs_veb_sveb.txt").read_text().splitlines()
    assert capsys.readouterr().out.splitlines() == [
        line for line in golden if line[:4] in ("Reco", " 100", " 208")
    ]


def test_program_prints_episodes(capsys, tmp_path):
    for annotator, start in (("atr", 310), ("rhy", 320)):
        annotation.write_annotation(
            tmp_path,
            "r",
            np.array([1, start, 330, 340]) * FS,
            ["+", "+", "+", "N"],
            FS,
            annotator,
            ["(N", "(AFIB", "(N", ""],
        )

    def lines(*args):
        command.main([str(tmp_path), "--test", "rhy", "--format", *args])
        return capsys.readouterr().out.splitlines()

    assert lines("af")[0] == "(AF detection)"
    assert lines("af")[-1].split() == "r 1 0 1 0 100 100 50 100 0:20.000 0:10.000".split()
    assert lines("vf", "--summary")[-1] == "Summary of results from 1 records"
    matrix = lines("af", "--matrix", "--exclude-flutter")
    assert matrix[2] == "     Test annotator: rhy" and "50% (0:10.000/0:20.000)" in matrix[6]
    # what lies before does not count
    assert lines("af", "--learning", "325")[-1].split()[-1] == "0:05.000"


def test_refusal_names_the_command(capsys, monkeypatch, tmp_path):
    """As `python -m ecg.ec57` starts it."""
    monkeypatch.setattr(sys, "argv", [command.__file__, str(tmp_path / "absent")])
    with pytest.raises(SystemExit, match="2"):
        cli.run(command.main)
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and line.startswith("ec57: ") and "is no folder" in line


def test_bad_input_is_said_in_plain_words(capsys, tmp_path):
    def message(*args):
        with pytest.raises(InputError) as caught:
            command.main([str(tmp_path), *args])
        return str(caught.value)

    assert "*.atr" in message()
    wfdb.wrann("r", "atr", np.array([100, 200]), symbol=["N", "N"], fs=FS, write_dir=str(tmp_path))
    assert "r.cnn is missing" in message()
    assert "no such record" in message("--exclude", "9")
    assert "leaves no record" in message("--exclude", "r")
    assert "--learning -1: give" in message("--learning", "-1")
    assert "--learning nan: give" in message("--learning", "nan")
    assert "--format af or vf" in message("--matrix")
    assert "--format af" in message("--format", "vf", "--exclude-flutter")
    assert "r.cnn is missing" in message("--format", "af")
    wfdb.wrann("r", "cnn", np.array([100, 200]), symbol=["N", "V"], fs=FS, write_dir=str(tmp_path))
    command.main([str(tmp_path), "--learning", "0", "--format", "line"])
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["r", "1"]
    (tmp_path / "r.hea").write_text("nonsense\n")
    assert "no WFDB header" in message()
