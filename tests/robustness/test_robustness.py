"""Whatever a user gives: a line or three that say what is wrong, exit status 2, nothing written,
nothing overwritten. Every row of docs/robustness.md, run."""

import pytest

from tests.robustness import document
from tests.robustness.case import MOST_LINES, cases, changed, contents

ALL = [
    pytest.param(case, id=f"{group}: {case.given}")
    for group, found in cases().items()
    for case in found
]


@pytest.mark.parametrize("case", ALL)
def test_it_is_refused_in_words(case, tmp_path):
    command = case.command(tmp_path)
    before = contents(tmp_path)
    done = case.run(tmp_path, command)
    assert done.returncode == case.code, done.stderr
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert 1 <= len(said) <= MOST_LINES and "Traceback" not in done.stderr, done.stderr
    assert case.words(tmp_path, command) in done.stderr
    assert changed(before, contents(tmp_path), new=case.code == 0) == []


def test_the_harness_sees_what_changed(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("1")
    before = contents(tmp_path)
    (tmp_path / "a").write_text("2")
    (tmp_path / "b").unlink()
    (tmp_path / "c").mkdir()
    assert changed(before, contents(tmp_path)) == ["a", "b", "c"]
    assert changed(before, contents(tmp_path), new=True) == ["a", "b"]


@pytest.mark.parametrize("language", document.LANGUAGES)
def test_the_document_is_of_these_cases(language):
    rows = document.rows_of(document.path_of(language).read_text(encoding="utf-8"))
    expected = [case for found in cases().values() for case in found]
    given = [document.given(case, language) for case in expected]
    assert [row[0] for row in rows] == given, "run python -m tests.robustness.document"
    assert len(set(given)) == len(given), "two rows give the same"
    for case, (_, _, seen) in zip(expected, rows):
        for part in case.seen.split("{file}"):
            assert document.code(part.strip()) in seen, f"{case.given}: the document is an old one"


def test_there_are_a_hundred_of_them():
    assert len(ALL) >= 100
