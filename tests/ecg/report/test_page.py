"""The page: what it says, that it needs no network, and that nobody's file can run code in it."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from ecg import holter
from ecg.clock import elapsed
from ecg.facts import anonymous
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


def test_the_page_says_what_the_file_says_of_the_recording(at_midnight):
    html = html_page(*at_midnight)
    person = "male · 69 years · patient P-17 &lt;b&gt;"
    said = f"from 2026-12-31 23:59:30.500 · {person} · device Recorder 3"
    assert f'<p class="facts">{said}</p>' in html
    assert "counted from the start, 2026-12-31 23:59:30.500" in html
    meta = json.loads(element(html, "meta"))
    assert (meta["clock"], meta["date"], meta["days"]) == (86370.5, "2026-12-31", True)
    assert all(text in html_page(*at_midnight, lang="zh") for text in ("男", "69 岁", "患者 P-17"))


def test_times_of_the_page_are_those_of_the_clock(at_midnight):
    recording, table, summary = at_midnight
    html = html_page(recording, table, summary)
    jumps = re.findall(r'data-t="([\d.]+)" title="\+([\d:.]+)">([^<]+)<', html)
    assert len(jumps) >= 8
    for t, since, shown in jumps:
        day, time = ("12-31", float(t) - 29.5) if float(t) < 29.5 else ("01-01", float(t) - 29.5)
        minutes, seconds = divmod(time % 3600, 60)
        assert shown.startswith(f"{day} ") and f":{int(minutes):02d}:{int(seconds):02d}" in shown
        assert since == elapsed(float(t), 1)
    axis = re.findall(r'class="axis[^"]*" x="[\d.]+" y="\d+">([\d:-]+)</text>', html)
    assert "01-01" in axis and "00:01:00" in axis
    assert re.search(r'class="stamp">12-31 23:59:\d\d\.\d</text>', html)


def test_an_anonymous_page_names_nobody(at_midnight):
    recording, table, summary = at_midnight
    html = html_page(recording._replace(facts=anonymous(recording.facts)), table, summary)
    assert '<p class="facts">from 23:59:30.500 · device Recorder 3</p>' in html
    assert not any(text in html for text in ("P-17", "2026", "12-31", "69 years", ">male"))
    assert "+1d: the day after it began" in html
    assert re.search(r"title=\"\+0:\d\d\.\d\">00:00:\d\d \+1d<", html)


def test_a_page_without_facts_says_none(ectopic):
    html = html_page(*ectopic)
    assert 'class="facts"' not in html and "those of the clock" not in html
    assert json.loads(element(html, "meta"))["clock"] is None
