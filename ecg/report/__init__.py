"""The report of a recording: one HTML page that needs no network, to look at, to print, and to
correct labels in.

    from ecg.report import write_report
    write_report("100.html", recording, table, summary, pdf="100.pdf")

or: python inference.py 100.hea --report 100.html --pdf 100.pdf

page.html.j2 is the page, page.css its looks, page.js its words, times.js its times, strip_*.js the
interactive strip; all go into the one file. The strip holds the whole recording at 120 Hz in 8
bits, compressed: 24 h take 3 to 8 MB. Its corrected labels are downloaded as a WFDB annotation
(annotator cor). Times are those of the clock where the recording's file tells it. The PDF
is the page as a browser prints it (ecg/browser.py).
"""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ecg import artifacts
from ecg.browser import save_pdf
from ecg.formats.recording import Recording
from ecg.report.page import html_page


def write_report(
    path: str | Path | None,
    recording: Recording,
    table: pd.DataFrame,
    summary: dict,
    *,
    warnings: Iterable[str] = (),
    command: str | None = None,
    lang: str = "en",
    pdf: str | Path | None = None,
) -> None:
    """Write the report of a recording to `path` and, printed on A4, to `pdf`; None: not there. A
    file is written whole or not at all.

    table: its beats as inference.classify gives them (sample, label, confidence, p_N .. p_Q,
    quality; attrs model, trained_on, unreadable; or annotation, the name of the one that the labels
    come from), or any DataFrame with sample and label. summary:
    ecg.holter.summary of them. warnings: sentences to show besides those found here. command: the
    line that makes this page again. lang: en or zh; a browser without Chinese glyphs shows English.
    Raises InputError where a file cannot be written, or there is no browser to print with."""
    command = command or _command(recording, path or "report.html", table, lang)
    page = html_page(recording, table, summary, warnings=warnings, command=command, lang=lang)
    if path:
        artifacts.save_text(path, page)
    if pdf:
        save_pdf(pdf, page)


def _command(recording, path, table, lang):
    """The line that makes the page again: the one that was typed, or from a notebook the one that
    does the same."""
    stage = Path(sys.argv[0]).name
    if stage in ("inference.py", "visualize.py"):
        return shlex.join(["python", stage, *sys.argv[1:]])
    words = ["python", "inference.py", recording.name]
    if model := table.attrs.get("model"):
        words += ["--model", model]
    words += ["--report", str(path)]
    return shlex.join(words if lang == "en" else [*words, "--lang", lang])
