"""REFERENCE.csv of a folder whose recordings are of one class each."""

import pytest

from ecg.artifacts import InputError
from ecg.one_class import recordings_by_class


@pytest.fixture
def folder(tmp_path):
    """Records A0 to A2; A9, that the file names, is not there."""
    for name in ("A0", "A1", "A2"):
        (tmp_path / f"{name}.hea").write_text(f"{name} 1 300 9000\n")
    (tmp_path / "REFERENCE.csv").write_text("A2,~\nA0,N\nA1,A\nA9,N\n")
    return tmp_path


def test_recordings_that_are_there_in_order(folder):
    assert recordings_by_class(folder) == {"A0": "N", "A1": "A", "A2": "~"}
    assert list(recordings_by_class(folder, "N")) == ["A0"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("A0,X\n", "'A0,X' is no line RECORD,CLASS"),
        ("A0\n", "'A0' is no line"),
        ("", "no recording of class N"),
        ("A0,A\n", "no recording of class N"),
        ("A9,N\n", "no recording of class N or A or O or ~ that is there"),
    ],
)
def test_what_is_no_reference_is_refused(folder, text, seen):
    (folder / "REFERENCE.csv").write_text(text)
    with pytest.raises(InputError, match=seen):
        recordings_by_class(folder, "N" if text == "A0,A\n" else "NAO~")


def test_a_folder_without_one_is_refused(folder):
    (folder / "REFERENCE.csv").unlink()
    with pytest.raises(InputError, match=r"REFERENCE\.csv"):
        recordings_by_class(folder)
