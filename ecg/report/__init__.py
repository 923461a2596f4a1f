"""The report of a recording: one HTML page that needs no network, to look at, to print, and to
correct labels in.

    from ecg.report import write_report
    write_report("100.html", recording, table, summary)

or: python inference.py 100.hea --report 100.html

page.html.j2 is the page, page.css its looks, page.js its words, times.js its times, strip_*.js the
interactive strip; all go into the one file. The strip holds the whole recording at 120 Hz in 8
bits, compressed: 24 h take 3 to 8 MB. Its corrected labels are downloaded as a WFDB annotation
(annotator cor). Times are those of the clock where the recording's file tells it.
"""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ecg import artifacts
from ecg.formats.recording import Recording
from ecg.report.page import html_page


def write_report(
    path: str | Path,
    recording: Recording,
    table: pd.DataFrame,
    summary: dict,
    *,
    warnings: Iterable[str] = (),
    command: str | None = None,
    lang: str = "en",
) -> None:
    """Write the report of a recording to `path`, whole or not at all.

    table: its beats as inference.classify gives them (sample, label, confidence, p_N .. p_Q,
    quality; attrs model, trained_on, unreadable), or any DataFrame with sample and label. summary:
    ecg.holter.summary of them. warnings: sentences to show besides those found here. command: the
    line that makes this page again. lang: en or zh; a browser without Chinese glyphs shows English.
    Raises InputError where `path` cannot be written."""
    command = command or _command(recording, path, table, lang)
    page = html_page(recording, table, summary, warnings=warnings, command=command, lang=lang)
    artifacts.save_text(path, page)


def _command(recording, path, table, lang):
    """The line that makes the page again: the one that was typed, or from a notebook the one that
    does the same."""
    if Path(sys.argv[0]).name == "inference.py":
        return shlex.join(["python", "inference.py", *sys.argv[1:]])
    words = ["python", "inference.py", recording.name]
    if model := table.attrs.get("model"):
        words += ["--model", model]
    words += ["--report", str(path)]
    return shlex.join(words if lang == "en" else [*words, "--lang", lang])
