"""The page: what it says, that it needs no network, and that nobody's file can run code in it."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from ecg import holter
from ecg.formats.recording import Recording
from ecg.report import write_report
from ecg.report.page import html_page


def element(html, name):
    return re.search(rf'<script[^>]* id="{name}">(.*?)</script>', html, re.DOTALL)[1]


def test_figures_of_the_page_are_those_of_the_summary(ectopic):
    recording, table, summary = ectopic
    text = re.sub(
        r"<[^>]+>", " ", html_page(recording, table, summary, command="python inference.py demo")
    )
    assert f"{summary['burden_percent']['V']:.1f} %" in text
    assert f"{summary['heart_rate']['mean_bpm']:.0f}" in text
    assert "Not a medical device" in text and "python inference.py" in text
    assert "4.2 % of the recording (0:05) cannot be read" in text and "noise 0:05" in text


def test_a_recording_of_a_stranger_cannot_run_code_in_the_page(ectopic):
    recording, table, summary = ectopic
    evil = recording._replace(
        name='</script><img src=x onerror=alert(1)>"',
        lead="<b>",
        notes=("<script>alert(2)</script>",),
    )
    html = html_page(evil, table, summary, warnings=["<i>"], command="python <u>")
    assert not any(tag in html for tag in ("<img", "<script>alert", "<b>,", "<i>", "<u>"))
    assert json.loads(element(html, "meta"))["name"] == evil.name


def test_the_page_needs_no_network(ectopic):
    html = html_page(*ectopic)
    assert "default-src 'none'" in html
    assert not re.search(r'(?:src|href|url)\s*[=(]\s*["\']?\s*(?:https?:)?//', html)


def test_a_page_in_chinese_is_translated_throughout(ectopic):
    html = html_page(*ectopic, lang="zh")
    phrases = re.findall(r'<(?:span|tspan) data-en="([^"]*)">([^<]*)<', html)
    assert len(phrases) > 50
    same = {english for english, text in phrases if english == text}
    assert same <= {"SDNN / RMSSD, ms"}, same


@pytest.mark.parametrize(
    "n, peaks", [(3600, []), (50, [10]), (36000, list(range(9000, 36000, 300)))]
)
def test_pages_of_hardly_anything(n, peaks):
    ecg = np.full(n, np.nan)
    for at in peaks:
        ecg[at - 5 : at + 200] = 0.0
    recording = Recording(ecg, 360.0, "II", "little")
    table = pd.DataFrame({"sample": np.array(peaks, np.int64), "label": ["N"] * len(peaks)})
    html = html_page(
        recording, table, holter.summary(peaks, table["label"], 360.0, n, [(0, n // 2)])
    )
    assert html.count('class="paper"') >= 1


def test_nothing_is_left_of_a_report_that_cannot_be_written(tmp_path, ectopic):
    with pytest.raises(ValueError, match="cannot be written"):
        (tmp_path / "file").write_text("")
        write_report(tmp_path / "file" / "out.html", *ectopic)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
