"""A page printed as PDF, whole or not at all, by the browser that is there."""

import os
import re
import sys

import pytest

from ecg import browser, overwriting
from ecg.errors import InputError

PRINTS = r"""#!{python}
import pathlib, sys
(target,) = (a.partition("=")[2] for a in sys.argv if a.startswith("--print-to-pdf="))
page = pathlib.Path(sys.argv[-1].removeprefix("file://")).read_bytes()
pathlib.Path(target).write_bytes(b"%PDF-1.4\\n" + page + b"\\n%%EOF\\n")
"""
HALF = PRINTS.replace(r' + b"\\n%%EOF\\n"', "")
FAILS = "#!{python}\nraise SystemExit(7)\n"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """fake(script): a program called chrome, the only one on the PATH."""
    if os.name == "nt":
        pytest.skip("the made-up browser is a script with a #! line")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(browser, "_usual_places", list)

    def made(script):
        program = folder / "chrome"
        program.write_text(script.format(python=sys.executable))
        program.chmod(0o755)
        return program

    return made


def test_the_browser_on_the_path_is_taken_else_the_usual_places(fake, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="--pdf needs Chromium, Chrome or Edge.*--report FILE"):
        browser.find_browser()
    edge = tmp_path / "msedge.exe"
    edge.write_text("")
    monkeypatch.setattr(browser, "_usual_places", lambda: [tmp_path / "none.exe", edge])
    assert browser.find_browser() == str(edge)
    assert str(fake(PRINTS)) == browser.find_browser()


def test_a_pdf_is_known_again_and_may_be_written_over(fake, tmp_path):
    fake(PRINTS)
    path = tmp_path / "out.pdf"
    with overwriting.run_of([]):
        browser.save_pdf(path, "<p>first</p>")
        browser.save_pdf(path, "<p>second: 心</p>")
        content = path.read_bytes()
        assert content.startswith(b"%PDF-") and "second: 心".encode() in content
        path.write_bytes(b"%PDF-1.4 somebody's own %%EOF")
        with pytest.raises(InputError, match="no earlier output"):
            browser.save_pdf(path, "<p>third</p>")
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["out.pdf"]


@pytest.mark.parametrize("script", [FAILS, HALF, "not a program"], ids=["fails", "half", "none"])
def test_what_is_not_printed_leaves_the_old_file(fake, tmp_path, script):
    fake(script)
    path = tmp_path / "out.pdf"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match="did not print"):
        browser.save_pdf(path, "<p>new</p>")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["out.pdf"]


def test_where_windows_and_macos_keep_browsers(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    if os.name != "nt":
        assert any("Google Chrome.app" in str(path) for path in browser._usual_places())
    assert all(name.endswith(".exe") for name in browser.WINDOWS)


def test_without_a_browser_nothing_is_labelled_first(fake, refused, tmp_path):
    """The line comes before the recording is read: it does not even exist."""
    for stage in ("inference.py", "visualize.py"):
        line = refused(stage, str(tmp_path / "none.hea"), "--pdf", str(tmp_path / "x.pdf"))
        assert re.search("--pdf needs Chromium, Chrome or Edge", line)
