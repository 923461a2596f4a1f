"""The page: what it says, that it needs no network, and that nobody's file can run code in it."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from ecg import holter
from ecg.beats import CLASS_COLORS
from ecg.clock import elapsed
from ecg.facts import anonymous
from ecg.formats.recording import Recording
from ecg.report import data, write_report
from ecg.report.page import HERE, html_page


def words(html):
    """What of the page is read, in English."""
    body = html[html.index("<header>") : html.index('<script type="application/json"')]
    return " ".join(re.sub(r"<[^>]+>", "", body).split())


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
    assert said in words(html)
    assert "counted from the start: 2026-12-31 23:59:30.500" in words(html)
    meta = json.loads(element(html, "meta"))
    assert (meta["clock"], meta["date"], meta["days"]) == (86370.5, "2026-12-31", True)
    chinese = html_page(*at_midnight, lang="zh")
    assert all(text in chinese for text in ("男", "69\u00a0岁", "患者 P-17"))


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
    assert "from 23:59:30.500 · device Recorder 3 Not a medical device" in words(html)
    assert not any(text in html for text in ("P-17", "2026", "12-31", "69 years", ">male"))
    assert "+1d: the day after it began" in html
    assert re.search(r"title=\"\+0:\d\d\.\d\">00:00:\d\d \+1d<", html)


def test_a_page_without_facts_says_none(ectopic):
    html = html_page(*ectopic)
    assert 'class="facts"' not in html and "those of the clock" not in html
    assert json.loads(element(html, "meta"))["clock"] is None


def test_every_picture_has_a_name_and_every_scrolling_table_too(ectopic):
    for lang in ("en", "zh"):
        html = html_page(*ectopic, lang=lang)
        pictures = re.findall(r"<svg [^>]*>", html)
        named = [tag for tag in pictures if re.search(r'role="img" aria-label="[^"]+"', tag)]
        assert len(named) == len(pictures) - 1 and "aria-hidden" in pictures[0]
        assert all("data-label=" in tag for tag in re.findall(r'<div class="wide"[^>]*>', html))
    assert re.search(
        r'aria-label="ECG strip, MLII, from 0:\d\d\.\d, labels: [NSVF ]+"', html_page(*ectopic)
    )


def test_the_name_on_every_printed_page_is_text_only(ectopic):
    recording, table, summary = ectopic
    evil = recording._replace(name='"; } </style> x')
    assert r'content: "\22 \3b  \7d  \3c \2f style\3e  x";' in html_page(evil, table, summary)


# ---------------------------------------------------------------------------------- two leads


@pytest.fixture(scope="module")
def both_leads(ectopic):
    recording, table, summary = ectopic
    second = (0.5 * recording.signal).astype(np.float32)
    return recording._replace(second=second, second_lead="V1"), table, summary


def test_both_leads_are_named_and_drawn(both_leads):
    html = html_page(*both_leads)
    assert "Lead MLII, V1, 360 Hz" in words(html) and 'id="ecg" class="two"' in html
    first, second = json.loads(element(html, "meta"))["signals"]
    assert (first["name"], second["name"]) == ("MLII", "V1")
    assert element(html, "signal0") != element(html, "signal1")


def test_a_second_lead_without_room_is_said_to_be_missing(both_leads, monkeypatch):
    packed = data.pack_signals([both_leads[0].signal, both_leads[0].second], 360)
    monkeypatch.setattr(data, "MOST_BYTES", 1.4 * len(packed[0].text))
    html = html_page(*both_leads)
    assert "Lead V1 is in the strips above" in html
    assert 'id="signal1"' not in html and 'class="two"' not in html
    assert html.count(">V1</text>") == html.count('class="paper"')  # drawn in every strip


# ------------------------------------------------------------------------------------- looks


def contrast(one, other):
    """Of two colours #rrggbb, as WCAG 2.1 defines it."""

    def luminance(color):
        shares = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(shares <= 0.03928, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme):
    css = (HERE / "page.css").read_text(encoding="utf-8")
    root = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    color = dict(re.findall(r"--([\w-]+): (#\w{6});", root))
    behind = ("page", "card", "sheet")
    pairs = [(text, back) for text in ("ink", "soft", "link") for back in behind]
    for text, back in [*pairs, ("ink", "warn"), ("trace", "sheet")]:
        assert contrast(color[text], color[back]) >= 4.5, (text, back)
    for name, of_class in CLASS_COLORS.items():
        assert contrast(of_class, "#ffffff" if name == "N" else "#000000") >= 4.5
