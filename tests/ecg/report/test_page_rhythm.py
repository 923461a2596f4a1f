"""What the page says of rhythm, hours and heart-rate variability."""

import re

import numpy as np
import pandas as pd
import pytest

from ecg import holter
from ecg.clock import clock_of
from ecg.formats.recording import Facts, Recording
from ecg.hrv import by_period
from ecg.report.page import html_page
from ecg.report.page_rhythm import rhythm_view, withheld_text
from ecg.report.page_text import page_translator
from tests.rhythm_told import told_rhythm

EPISODES = [(0, 30, "N"), (30, 60, "AF"), (60, 66, "VF"), (66, 80, "VT", None), (80, 120, "N")]


@pytest.fixture(scope="module")
def with_rhythm(ectopic):
    recording, table, summary = ectopic
    table = table.copy()
    told = told_rhythm(*EPISODES, burden=0.25, rate=92.4)
    table.attrs = {**table.attrs, "rhythm": told}
    return recording, table, summary


def words(html):
    body = html[html.index("<header>") : html.index('<script type="application/json"')]
    return " ".join(re.sub(r"<title>.*?</title>|<[^>]+>", " ", body).split())


def test_the_summary_says_the_rhythm_and_what_it_amounts_to(with_rhythm):
    text = words(html_page(*with_rhythm))
    assert "Rhythm of the recording: sinus rhythm (58 % of the time)" in text
    assert "Atrial fibrillation or flutter: 25.0 % of the readable time; " in text
    assert "episodes: 1, the longest 0:30; mean ventricular rate in it 92/min" in text
    assert "Ventricular fibrillation or flutter : episodes: 1, 0:06 in all, the first 1:00" in text
    assert "was found (0:06 in all): no beats are labelled there." in text


def test_a_strip_of_half_a_minute_has_a_probability(ectopic):
    recording, table, _ = ectopic
    n = int(30 * recording.fs)
    table = table[table["sample"] < n].copy()
    table.attrs = {"rhythm": told_rhythm((0, 30, "other"), of="other", probability=0.71)}
    summary = holter.summary(table["sample"], table["label"], recording.fs, n)
    text = words(html_page(recording._replace(signal=recording.signal[:n]), table, summary))
    assert "Rhythm of the recording: other rhythm (probability 71 %)" in text
    assert "No atrial fibrillation or flutter was found." in text


def test_what_could_not_be_judged_is_said(ectopic):
    recording, table, summary = ectopic
    told = {**told_rhythm(burden=None), "of_recording": None, "probabilities": {}}
    table = table.copy()
    table.attrs = {**table.attrs, "rhythm": told}
    text = words(html_page(recording, table, summary))
    assert "Rhythm of the recording: could not be judged" in text
    assert "atrial fibrillation" not in text[: text.index("Ischaemia")].lower()


def test_episodes_are_buttons_to_their_beginning(with_rhythm):
    html = html_page(*with_rhythm)
    listed = html[html.index('id="episodes"') :]
    rows = re.findall(r'<tr class="r(\w+)">.*?data-t="([\d.]+)"', listed)
    assert rows == [("AF", "30"), ("VF", "60"), ("VT", "66")]
    assert '<a href="#episodes">' in html
    text = words(html)
    assert "Ventricular tachycardia is told by the labels" in text
    assert "Sinus rhythm between the episodes is not listed." in text
    assert "VF ventricular fibrillation or flutter 0:06.0 87 % –" in text
    assert "AF atrial fibrillation or flutter 0:30 87 %" in text
    assert re.search(r"VT ventricular tachycardia 0:14 – \d", text)  # no confidence


def test_nothing_of_it_is_there_where_the_rhythm_is_not_known(ectopic, with_rhythm):
    recording, table, summary = ectopic
    unknown = table.copy()
    unknown.attrs = {**table.attrs, "rhythm": None}
    pages = [html_page(recording, each, summary) for each in (table, unknown)]
    assert pages[0] == pages[1]
    assert not re.search(r'class="rhythm|id="episodes"|Rhythm of', pages[0])
    assert '"rhythm": []' in pages[0]
    assert rhythm_view(table, recording.fs, len(recording.signal)) is None


def test_a_page_with_rhythm_is_chinese_throughout(with_rhythm):
    html = html_page(*with_rhythm, lang="zh")
    phrases = re.findall(r'<(?:span|tspan) data-en="([^"]*)">([^<]*)<', html)
    same = {english for english, text in phrases if english == text}
    assert same <= {"SDNN / RMSSD, ms"}, same
    assert "记录的心律" in html and "其间平均心室率 92\u00a0次/分" in html


# ------------------------------------------------------------------------ heart-rate variability


def reasons():
    """What ecg.hrv says of beats of every kind that it withholds figures of."""
    rng = np.random.default_rng(0)
    n, fs = 300, 250
    regular = np.cumsum(np.full(n, 200))
    afib = np.cumsum(rng.integers(100, 320, n))
    every = np.where(np.arange(n) % 2 == 0, "N", "V")
    pairs = np.where(np.arange(n) % 3 == 2, "V", "N")
    few = np.where(np.arange(n) < 15, "N", "Q")
    mostly = np.where(np.arange(n) < 26, "N", "Q")
    af = [(0, int(0.9 * regular[-1]), "atrial fibrillation or flutter")]
    cases = [(regular, every), (afib, ["N"] * n), (regular, few), (regular, pairs)]
    cases += [(regular, mostly)]
    for samples, labels in cases:
        yield by_period(samples, labels, fs, samples[-1] + 1, seconds=9999)[0]["reason"]
    yield by_period(regular, ["N"] * n, fs, regular[-1] + 1, [], af, 9999)[0]["reason"]
    lost = [(0, int(0.8 * regular[-1]))]
    yield by_period(regular, ["N"] * n, fs, regular[-1] + 1, lost, [], 9999)[0]["reason"]


def test_every_reason_is_translated():
    english, chinese = page_translator("en"), page_translator("zh")
    found = list(reasons())
    assert len({re.sub(r"\d+", "", reason) for reason in found}) == 6
    for reason in found:
        assert str(withheld_text(reason, english)) == reason
        translated = withheld_text(reason, chinese)
        text = re.sub(r"<[^>]+>", "", str(translated))
        assert not re.search("[a-z]{3}", text), text
        assert re.findall(r"\d+", text) == re.findall(r"\d+", reason)


def test_the_page_gives_variability_or_the_reason(ectopic):
    recording, table, summary = ectopic
    hrv = {**summary["hrv"], "mean_nn_ms": 812.4, "sdnn_ms": 54.2, "rmssd_ms": 23.9}
    hrv.update(pnn50_percent=3.14, reason=None, nn_intervals=1204, artefacts=12)
    text = words(html_page(recording, table, {**summary, "hrv": hrv}))
    assert "mean NN 812 ms, SDNN 54 ms, RMSSD 24 ms, pNN50 3.1 %; 1,204 normal-to-normal" in text
    none = dict.fromkeys(("mean_nn_ms", "sdnn_ms", "rmssd_ms", "pnn50_percent"))
    hrv.update(none, reason="atrial fibrillation or flutter: 62% of the time")
    text = words(html_page(recording, table, {**summary, "hrv": hrv}))
    assert "withheld (atrial fibrillation or flutter: 62% of the time)" in text


# --------------------------------------------------------------------------------- hour by hour


def long_recording(hours, rhythm=None):
    fs, n = 50, int(hours * 3600 * 50)
    samples = np.arange(25, n - 25, 40)
    labels = np.where(np.arange(len(samples)) % 50 == 3, "V", "N")
    table = pd.DataFrame({"sample": samples, "label": labels})
    table.attrs = {"unreadable": [(0, 9000, "noise")], "rhythm": rhythm}
    facts = Facts(clock=pd.Timestamp("2026-07-26T21:30").time())
    recording = Recording(np.zeros(n, np.float32), fs, "II", "long", facts=facts)
    return recording, table, holter.summary(samples, labels, fs, n, [(0, 9000)])


def test_a_recording_of_more_than_two_hours_has_a_table_of_them():
    told = told_rhythm((0, 1800, "N"), (1800, 5400, "AF"), (5400, 9000, "N"), burden=0.4)
    recording, table, summary = long_recording(2.5, told)
    html = html_page(recording, table, summary)
    part = html[html.index('<section id="hours">') : html.index('<section id="strips">')]
    rows = [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr><td.*?</tr>", part, re.DOTALL)
    ]
    assert [row[0] for row in rows] == ["21:30:00", "22:00:00", "23:00:00"]
    assert sum(int(row[1].replace(",", "")) for row in rows) == len(table)
    assert sum(int(row[5]) for row in rows) == summary["beats"]["V"]
    assert [row[11] for row in rows] == ["0.0", "100.0", "0.0"]  # % AF
    assert rows[1][13] == "atrial fibrillation or flutter: 100% of the time"
    assert rows[2][13].isdigit() and len(rows[2]) == 15  # SDNN and RMSSD
    assert 'href="#hours"' in html


def test_the_hours_of_the_summary_are_shown_where_it_has_them():
    recording, table, summary = long_recording(2.5)
    first = html_page(recording, table, summary)
    from ecg.hourly import hourly

    rows = hourly(
        table["sample"],
        table["label"],
        50,
        len(recording.signal),
        [(0, 9000)],
        clock_of(recording.facts, 9000),
    )
    rows[0]["beats"] = 4321
    assert "4,321" not in first
    assert "4,321" in html_page(recording, table, {**summary, "hourly": rows})


def test_a_shorter_one_has_none():
    html = html_page(*long_recording(2))
    assert 'id="hours"' not in html and "#hours" not in html
