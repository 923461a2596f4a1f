"""The report in a real browser: it works."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import wfdb

from ecg.formats.annotation import read_annotation
from ecg.report import write_report
from ecg.report.page import html_page
from ecg.rhythm.names import RHYTHM_COLORS
from ecg.synthetic import synthetic_recording
from tests.chromium import open_page, screen, start_browser, wait
from tests.labelled_recording import labelled_recording


def press(browser, *keys):
    canvas = browser.find_element("id", "ecg")
    canvas.send_keys(*keys)


def shown(browser):
    """Start and length of the view in s, as its status line says them."""
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    text = browser.find_element("id", "status").text
    first, last = [
        sum(float(part) * 60**k for k, part in enumerate(reversed(t.split(":"))))
        for t in re.findall(r"[\d:]+\.\d", text)[:2]
    ]
    return first, last - first


def test_zoom_and_pan_by_key_and_button(opened):
    start, span = shown(opened)
    assert start == 0 and 8 < span < 14  # 25 mm/s
    press(opened, "+")
    assert shown(opened)[1] < span
    opened.find_element("id", "out").click()
    opened.find_element("id", "out").click()
    assert shown(opened)[1] > span
    press(opened, "\ue010")  # End
    assert sum(shown(opened)) == pytest.approx(120, abs=0.2)
    press(opened, "\ue011", "\ue014")  # Home, right
    assert 0 < shown(opened)[0] < 10
    opened.find_element("id", "time").send_keys("1:05", "\n")
    start, span = shown(opened)
    assert start + span / 2 == pytest.approx(65, abs=0.2)
    opened.find_element("id", "time").clear()
    opened.find_element("id", "time").send_keys("9:00:00", "\n")
    assert (
        "0:00" in opened.find_element("id", "status").text
        and "2:00" in opened.find_element("id", "status").text
    )


def test_jump_goes_to_each_beat_of_a_kind_and_back(opened, ectopic):
    _, table, _ = ectopic
    from selenium.webdriver.support.ui import Select

    for kind, mine in (("V", table["label"] == "V"), ("unsure", table["confidence"] < 0.8)):
        press(opened, "\ue011")
        Select(opened.find_element("id", "kind")).select_by_value(kind)
        expected = table.index[mine].tolist()
        seen = []
        for _ in expected[:5]:
            opened.find_element("id", "next").click()
            seen.append(
                int(re.search(r"Beat (\d+) of", opened.find_element("id", "beat").text)[1]) - 1
            )
            start, span = shown(opened)
            assert start <= table["time_s"][seen[-1]] <= start + span
        assert seen == expected[:5]
        opened.find_element("id", "prev").click()
        assert (
            int(re.search(r"Beat (\d+) of", opened.find_element("id", "beat").text)[1]) - 1
            == expected[3]
        )


def test_links_in_summary_and_strips_show_that_time(opened):
    link = opened.find_element("css selector", "figcaption button.jump")
    t = float(link.get_attribute("data-t"))
    opened.execute_script("arguments[0].click()", link)
    start, span = shown(opened)
    assert start <= t <= start + span


def download(browser, button, name):
    browser.find_element("id", button).click()
    path = browser.downloads / name
    wait(browser, "return true")
    for _ in range(200):
        if path.exists() and path.stat().st_size:
            break
        browser.execute_async_script("setTimeout(arguments[0], 50)")
    return path


def test_a_corrected_label_is_in_the_downloaded_annotation(opened, ectopic):
    recording, table, _ = ectopic
    from selenium.webdriver.support.ui import Select

    Select(opened.find_element("id", "kind")).select_by_value("V")
    v = table.index[table["label"] == "V"]
    press(opened, "n", "2")  # the first V is an S
    press(opened, "n")
    opened.find_element(
        "css selector", "#correct button[data-label='-']"
    ).click()  # the second is no beat
    press(opened, "n", "4", "0")  # the third becomes F, and V again
    assert "2 corrected" in opened.find_element("id", "changed").text
    opened.refresh()  # and stays corrected
    wait(opened, "return document.documentElement.dataset.ready")
    assert "2 corrected" in opened.find_element("id", "changed").text

    path = download(opened, "cor", "demo.cor")
    annotation = wfdb.rdann(str(path.with_suffix("")), "cor")
    expected = table["label"].replace("?", "Q").tolist()
    expected[v[0]] = "S"
    del expected[v[1]]
    assert annotation.symbol == expected
    assert np.array_equal(annotation.sample, table["sample"].drop(v[1]))
    assert annotation.fs == recording.fs
    samples, symbols, *_ = read_annotation(path.with_suffix(""), "cor")  # as our own stages read it
    assert symbols == expected and np.array_equal(samples, annotation.sample)

    corrected = pd.read_csv(download(opened, "csv", "demo.cor.csv"), keep_default_na=False)
    assert corrected["label"].tolist()[v[0]] == "S" and corrected["was"].tolist()[v[0]] == "V"
    as_json = json.loads(download(opened, "json", "demo.cor.json").read_text())
    assert (
        as_json["removed"] == [int(table["sample"][v[1]])]
        and len(as_json["beats"]) == len(table) - 1
    )


@pytest.fixture
def by_clock(browser, at_midnight, tmp_path):
    """A page whose recording begins at 23:59:30.5 on 31 December, opened."""
    recording, table, summary = at_midnight
    write_report(tmp_path / "clock.html", recording._replace(name="clock"), table, summary)
    screen(browser)
    open_page(browser, tmp_path / "clock.html")
    yield browser
    browser.execute_script("localStorage.clear()")


def go(browser, text):
    """The middle of the view in s after going to the time `text`; the text itself where it is
    refused."""
    field = browser.find_element("id", "time")
    field.clear()
    field.send_keys(text, "\n")
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    status = browser.find_element("id", "status").text
    since = re.search(r"\(\+([\d:.]+)\)", status)
    if since is None:
        assert "12-31 23:59:30" in status and "01-01 00:01:30" in status
        return text
    start = sum(float(part) * 60**k for k, part in enumerate(reversed(since[1].split(":"))))
    return start + browser.execute_script("return document.getElementById('ecg').clientWidth") / (
        2 * 25 * 96 / 25.4
    )


def test_the_strip_goes_by_the_clock(by_clock):
    status = by_clock.find_element("id", "status").text
    assert status.startswith("12-31 23:59:30.5 – 12-31 23:59:") and "(+0:00.0)" in status
    for typed, seconds in (
        ("00:00:10", 39.5),
        ("23:59:40", 9.5),
        ("01-01 00:00:30", 59.5),
        ("00:01", 89.5),
        ("+1:05", 65),
    ):
        assert go(by_clock, typed) == pytest.approx(seconds, abs=0.2), typed
    for typed in ("12:00", "12-31 00:00:10", "+9:00:00", "soon", "1:2:3:4"):
        assert go(by_clock, typed) == typed


def test_what_is_corrected_has_its_clock(by_clock, at_midnight):
    _, table, _ = at_midnight
    go(by_clock, "00:00:10")
    press(by_clock, "n", "2")
    assert " at 01-01 00:00:" in by_clock.find_element("id", "beat").text
    assert "01-01 00:00:" in by_clock.find_element("id", "changed").text
    corrected = pd.read_csv(download(by_clock, "csv", "clock.cor.csv"), parse_dates=["clock"])
    past = (corrected["clock"] - pd.Timestamp("2026-12-31T23:59:30.5")).dt.total_seconds()
    assert (past - table["time_s"]).abs().max() < 0.001


def test_a_click_on_a_beat_chooses_it(opened, ectopic):
    _, table, _ = ectopic
    from selenium.webdriver.common.action_chains import ActionChains

    canvas = opened.find_element("id", "ecg")
    start, span = shown(opened)
    k = 4
    x = (table["time_s"][k] - start) / span * canvas.size["width"]
    ActionChains(opened).move_to_element_with_offset(
        canvas, x - canvas.size["width"] / 2, 0
    ).click().perform()
    assert f"Beat {k + 1} of" in opened.find_element("id", "beat").text


@pytest.mark.parametrize("way", ["click", "key"])
def test_an_episode_in_the_list_shows_where_it_begins(browser, rhythmic, tmp_path, way):
    write_report(tmp_path / "rhythm.html", *rhythmic)
    screen(browser)
    open_page(browser, tmp_path / "rhythm.html")
    buttons = browser.find_elements("css selector", "#trend tr[class^=r] button.jump")
    assert [float(button.get_attribute("data-t")) for button in buttons] == [30, 60, 66]
    if way == "click":
        buttons[1].click()
    else:
        buttons[1].send_keys("\n")
    start, span = shown(browser)
    assert start + span / 2 == pytest.approx(60, abs=0.2)
    assert browser.switch_to.active_element.get_attribute("id") == "ecg"
    status = browser.find_element("id", "status").text
    assert status.endswith("· ventricular fibrillation or flutter")


def test_the_strip_has_the_colours_of_the_rhythm_and_goes_to_its_changes(
    browser, rhythmic, tmp_path
):
    from selenium.webdriver.support.ui import Select

    write_report(tmp_path / "rhythm.html", *rhythmic)
    screen(browser)
    open_page(browser, tmp_path / "rhythm.html")
    Select(browser.find_element("id", "kind")).select_by_value("rhythm")
    middles = []
    for _ in range(4):
        browser.find_element("id", "next").click()
        start, span = shown(browser)
        middles.append(start + span / 2)
    assert middles == pytest.approx([30.25, 60.25, 66.25, 71.25], abs=0.2)
    browser.find_element("id", "next").click()
    assert "none further on" in browser.find_element("id", "status").text
    browser.find_element("id", "prev").click()
    pixel = browser.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => {"
        "const c = document.getElementById('ecg'), s = c.width / c.clientWidth;"
        "done([...c.getContext('2d').getImageData("
        "(c.clientWidth / 2 + 60) * s, (c.clientHeight - 32) * s, 1, 1).data].slice(0, 3)); }))"
    )
    assert bytes(pixel).hex() == RHYTHM_COLORS["VT"][1:].lower()


def test_chinese_gives_way_to_english_where_the_browser_has_no_glyphs(browser, ectopic, tmp_path):
    html = html_page(*ectopic, lang="zh").replace(
        "function drawsChinese() {", "function drawsChinese() { return false;"
    )
    (tmp_path / "zh.html").write_text(html, encoding="utf-8")
    screen(browser)
    open_page(browser, tmp_path / "zh.html")
    text = browser.find_element("tag name", "body").text
    assert (
        "no Chinese font" in text and "Not a medical device" in text and "Whole recording" in text
    )
    assert not re.search("[\u4e00-\u9fff]", text)


def test_24_hours_are_ready_at_once(tmp_path, request):
    """Also the measurement: `pytest tests/ecg/report -k 24_hours_are -s` prints size and
    milliseconds."""
    made = synthetic_recording(600, 128, seed=5, shares={"S": 0.05, "V": 0.05})
    times, n = 144, len(made.signal)
    noise = np.random.default_rng(0).standard_normal(times * n) * 0.01
    day = made._replace(
        signal=np.tile(made.signal, times) + noise,
        labels=np.tile(made.labels, times),
        r_peaks=(made.r_peaks + n * np.arange(times)[:, None]).ravel(),
    )
    recording, table, summary = labelled_recording(day, "day")
    path = tmp_path / "day.html"
    write_report(path, recording, table, summary)
    assert path.stat().st_size < 8e6
    browser = start_browser(tmp_path)  # its own, whose processor time counts this page alone
    request.addfinalizer(browser.quit)
    screen(browser)
    browser.execute_cdp_cmd("Performance.enable", {})
    ready = open_page(browser, path)
    used = {
        m["name"]: m["value"]
        for m in browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    }["ProcessTime"]
    print(
        f"24 h, {len(table):,} beats: {path.stat().st_size / 1e6:.1f} MB, strip drawn {ready} ms "
        f"after navigation, {used:.2f} s of processor time"
    )
    assert used < 2.0  # processor time, which a busy machine hardly stretches
    press(browser, "\ue010")
    assert sum(shown(browser)) == pytest.approx(86400, abs=1)
