"""The report: what it says, that it fits and needs no network, and that it works in a real browser."""
import base64
import gzip
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import wfdb
from scipy import signal as sps

import report
from ecg import holter, records, words
from ecg.beats import CLASS_MEANINGS, CLASS_NAMES
from Noisy_ECG_Signal import synthetic_recording


def labelled(made, name="demo", confidence=0.95, unreadable=()):
    """A recording, its table as inference.classify gives it, and its summary, from a synthetic ECG whose beats are known."""
    recording = records.Recording(np.asarray(made.signal), made.fs, made.lead, name)
    labels = np.array(CLASS_NAMES, dtype=object)[made.labels]
    sure = np.full(len(labels), float(confidence))
    sure[::7] = 0.55
    table = pd.DataFrame({"sample": made.r_peaks, "time_s": made.r_peaks / made.fs, "label": labels, "confidence": sure,
                          **{f"p_{c}": np.where(labels == c, sure, (1 - sure) / 4) for c in CLASS_NAMES}, "quality": "ok"})
    table.loc[len(table) - 1, ["label", "quality"]] = ["?", "last beat: no beat after it"]
    table.loc[len(table) - 1, ["confidence", *(f"p_{c}" for c in CLASS_NAMES)]] = np.nan
    table.attrs = {"model": "self", "fs": made.fs, "n_samples": len(made.signal), "unreadable": list(unreadable),
                   "trained_on": "real recordings"}
    summary = holter.summary(table["sample"], table["label"], made.fs, len(made.signal), [u[:2] for u in unreadable])
    return recording, table, summary


@pytest.fixture(scope="module")
def ectopic():
    return labelled(synthetic_recording(120, 360, seed=3, shares={"S": 0.1, "V": 0.15, "F": 0.05}),
                    unreadable=[(7200, 9000, "noise")])


def unpack(text):
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), np.uint8)


def element(html, name):
    return re.search(rf'<script[^>]* id="{name}">(.*?)</script>', html, re.DOTALL)[1]


# ------------------------------------------------------------------------------------------------ the data of the page

@pytest.mark.parametrize("fs", [100, 120, 128, 250, 360, 1000])
def test_the_strip_is_the_recording_within_half_a_step(fs):
    made = synthetic_recording(300, fs, seed=1)
    ecg = made.signal.copy()
    ecg[20 * fs:22 * fs] = np.nan
    text, step, zero, rate, filtered = report.pack_signal(ecg, fs)
    codes = np.cumsum(unpack(text), dtype=np.uint8)
    assert rate == min(fs, 120) and not filtered and len(codes) == -(-len(ecg) * rate // fs)
    missing = np.flatnonzero(codes == report.MISSING) / rate
    assert missing.min() == pytest.approx(20, abs=0.02) and missing.max() == pytest.approx(22, abs=0.02)
    shown = (codes.astype(float) - zero) * step
    reference = made.signal if fs <= 120 else sps.resample_poly(made.signal, 120, fs)
    kept = (np.arange(len(codes)) / rate < 19) | (np.arange(len(codes)) / rate > 23)
    assert np.abs(shown - reference[:len(shown)])[kept].max() <= step / 2 + 1e-4
    assert step <= 0.02


def test_the_strip_of_a_drifting_electrode_is_high_passed_and_says_so():
    made = synthetic_recording(300, 128, seed=1)
    t = np.arange(len(made.signal)) / 128
    text, step, zero, _, filtered = report.pack_signal(made.signal + 8 * np.sin(2 * np.pi * t / 60), 128)
    assert filtered and step < 0.03
    recording, table, summary = labelled(made._replace(signal=made.signal + 8 * np.sin(2 * np.pi * t / 60)))
    assert "Slow drift was taken out" in report.page(recording, table, summary)


def test_24_hours_of_the_worst_noise_stay_below_10_mb():
    noise = np.random.default_rng(0).uniform(-5, 5, 24 * 3600 * 120)         # nothing compresses less
    assert len(report.pack_signal(noise, 120)[0]) < 9e6


def test_beats_come_back_from_the_page(ectopic):
    recording, table, summary = ectopic
    n, planes = len(table), unpack(element(report.page(*ectopic), "beats"))
    planes = planes.reshape(12, n)
    samples = np.cumsum(planes[:4].astype(np.int64).T @ 256 ** np.arange(4))
    assert np.array_equal(samples, table["sample"])
    assert ["NSVFQ?"[k] for k in planes[4]] == table["label"].tolist()
    assert planes[5][-1] == 255 and np.allclose(planes[5][:-1] / 250, table["confidence"][:-1], atol=0.002)


# ------------------------------------------------------------------------------------------------ what it says

def test_figures_of_the_page_are_those_of_the_summary(ectopic):
    recording, table, summary = ectopic
    text = re.sub(r"<[^>]+>", " ", report.page(recording, table, summary, command="python inference.py demo"))
    assert f"{summary['burden_percent']['V']:.1f} %" in text and f"{summary['heart_rate']['mean_bpm']:.0f}" in text
    assert "Not a medical device" in text and "python inference.py" in text
    assert "4.2 % of the recording (0:05) cannot be read" in text and "noise 0:05" in text


def test_what_matters_has_a_strip():
    made = synthetic_recording(120, 360, seed=0)
    labels = made.labels.copy()
    labels[40:45] = CLASS_NAMES.index("V")
    labels[80] = CLASS_NAMES.index("S")
    keep = np.ones(len(labels), bool)
    keep[[100, 101, 102]] = False                                           # a pause
    made = made._replace(labels=labels[keep], r_peaks=made.r_peaks[keep])
    recording, table, summary = labelled(made)
    strips = report.choose_strips(recording, table, summary, words.speaker())
    inside = {title: s for s in strips for title in s["title"].split(" · ")}
    run = next(s for title, s in inside.items() if title.startswith("Longest V run: 5 beats"))
    assert run["start"] <= made.r_peaks[40] / 360 <= run["start"] + report.STRIP
    pause = next(s for title, s in inside.items() if title.startswith("Longest pause"))
    assert pause["start"] <= made.r_peaks[99] / 360 <= pause["start"] + report.STRIP
    assert any("Least certain" in title for title in inside) and any("Fastest: " in title for title in inside)
    assert len(strips) <= report.STRIPS


def test_an_inverted_lead_is_told_and_an_upright_one_is_not(mitdb):
    for record in ("100", "103", "119", "208"):
        recording = records.read_recording(mitdb / record)
        samples, symbols, _ = records.read_annotation(mitdb / record)
        assert not report.inverted(recording.signal, samples, recording.fs)
        assert report.inverted(-recording.signal, samples, recording.fs)


def test_a_recording_of_a_stranger_cannot_run_code_in_the_page(ectopic):
    recording, table, summary = ectopic
    evil = recording._replace(name='</script><img src=x onerror=alert(1)>"', lead="<b>", notes=("<script>alert(2)</script>",))
    html = report.page(evil, table, summary, warnings=["<i>"], command="python <u>")
    assert "<img" not in html and "<script>alert" not in html and "<b>," not in html and "<i>" not in html and "<u>" not in html
    assert json.loads(element(html, "meta"))["name"] == evil.name


def test_the_page_needs_no_network(ectopic):
    html = report.page(*ectopic)
    assert "default-src 'none'" in html
    assert not re.search(r'(?:src|href|url)\s*[=(]\s*["\']?\s*(?:https?:)?//', html)


def test_every_phrase_has_a_translation(ectopic):
    html = report.page(*ectopic, lang="zh")
    same = {english for english, text in re.findall(r'<(?:span|tspan) data-en="([^"]*)">([^<]*)<', html) if english == text}
    assert same <= {"SDNN / RMSSD, ms"}, same
    script = (report.HERE / "page.js").read_text(encoding="utf-8")
    keys = {json.loads(f'"{key}"') for key in re.findall(r'\bsay\("((?:[^"\\]|\\.)*)"', script)}
    keys |= {*holter.DEFINITIONS.values(), *CLASS_MEANINGS.values(), *report.REASONS, *report.REASONS.values(),
             *(name for _, name, _ in report.EVENTS)}
    assert len(keys) > 30 and keys <= set(words.ZH), keys - set(words.ZH)
    for english, chinese in words.ZH.items():                               # the same numbers on both sides
        assert sorted(re.findall(r"\{(\w+)", english)) == sorted(re.findall(r"\{(\w+)", chinese)), english


@pytest.mark.parametrize("n, peaks", [(3600, []), (50, [10]), (36000, list(range(9000, 36000, 300)))])
def test_pages_of_hardly_anything(n, peaks):
    ecg = np.full(n, np.nan)
    for at in peaks:
        ecg[at - 5:at + 200] = 0.0
    recording = records.Recording(ecg, 360.0, "II", "little")
    table = pd.DataFrame({"sample": np.array(peaks, np.int64), "label": ["N"] * len(peaks)})
    html = report.page(recording, table, holter.summary(peaks, table["label"], 360.0, n, [(0, n // 2)]))
    assert html.count('class="paper"') >= 1


def test_nothing_is_left_of_a_report_that_cannot_be_written(tmp_path, ectopic):
    with pytest.raises(ValueError, match="cannot be written"):
        (tmp_path / "file").write_text("")
        report.write_report(tmp_path / "file" / "out.html", *ectopic)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# ------------------------------------------------------------------------------------------------ in a browser

def start_browser(downloads):
    """Headless Chromium that saves into `downloads`; the test is skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="the browser tests need selenium: pip install selenium")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("the browser tests need chromium and chromedriver on the PATH (Debian: chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--force-prefers-reduced-motion"):                         # a click must not miss a page that still scrolls
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.downloads = downloads
    return browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = start_browser(tmp_path_factory.mktemp("downloads"))
    yield browser
    browser.quit()


def screen(browser, width=1280, height=900, mobile=False, scheme="light"):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1,
                                                                   "mobile": mobile})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme},
                                                                     {"name": "prefers-reduced-motion", "value": "reduce"}]})


def wait(browser, script, *arguments):
    from selenium.webdriver.support.ui import WebDriverWait
    return WebDriverWait(browser, 60, 0.05).until(lambda b: b.execute_script(script, *arguments))


def open_page(browser, path):
    """Milliseconds from navigation until the strip was drawn."""
    browser.get(path.as_uri())
    ready = int(wait(browser, "return document.documentElement.dataset.ready"))
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    return ready


def press(browser, *keys):
    canvas = browser.find_element("id", "ecg")
    canvas.send_keys(*keys)


def shown(browser):
    """Start and length of the view in s, as its status line says them."""
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    text = browser.find_element("id", "status").text
    first, last = [sum(float(part) * 60 ** k for k, part in enumerate(reversed(t.split(":"))))
                   for t in re.findall(r"[\d:]+\.\d", text)[:2]]
    return first, last - first


@pytest.fixture(scope="module")
def demo(ectopic, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "demo.html"
    report.write_report(path, *ectopic)
    return path


@pytest.fixture
def opened(browser, demo):
    screen(browser)
    open_page(browser, demo)
    yield browser
    browser.execute_script("localStorage.clear()")


def test_zoom_and_pan_by_key_and_button(opened):
    start, span = shown(opened)
    assert start == 0 and 8 < span < 14                                     # 25 mm/s
    press(opened, "+")
    assert shown(opened)[1] < span
    opened.find_element("id", "out").click()
    opened.find_element("id", "out").click()
    assert shown(opened)[1] > span
    press(opened, "\ue010")                                                 # End
    assert sum(shown(opened)) == pytest.approx(120, abs=0.2)
    press(opened, "\ue011", "\ue014")                                       # Home, right
    assert 0 < shown(opened)[0] < 10
    opened.find_element("id", "time").send_keys("1:05", "\n")
    start, span = shown(opened)
    assert start + span / 2 == pytest.approx(65, abs=0.2)
    opened.find_element("id", "time").clear()
    opened.find_element("id", "time").send_keys("9:00:00", "\n")
    assert "0:00" in opened.find_element("id", "status").text and "2:00" in opened.find_element("id", "status").text


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
            seen.append(int(re.search(r"Beat (\d+) of", opened.find_element("id", "beat").text)[1]) - 1)
            start, span = shown(opened)
            assert start <= table["time_s"][seen[-1]] <= start + span
        assert seen == expected[:5]
        opened.find_element("id", "prev").click()
        assert int(re.search(r"Beat (\d+) of", opened.find_element("id", "beat").text)[1]) - 1 == expected[3]


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
    press(opened, "n", "2")                                                 # the first V is an S
    press(opened, "n")
    opened.find_element("css selector", "#correct button[data-label='-']").click()      # the second is no beat
    press(opened, "n", "4", "0")                                            # the third becomes F, and V again
    assert "2 corrected" in opened.find_element("id", "changed").text
    opened.refresh()                                                        # and stays corrected
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
    samples, symbols, _ = records.read_annotation(path.with_suffix(""), "cor")          # as our own stages read it
    assert symbols == expected and np.array_equal(samples, annotation.sample)

    corrected = pd.read_csv(download(opened, "csv", "demo.cor.csv"), keep_default_na=False)
    assert corrected["label"].tolist()[v[0]] == "S" and corrected["was"].tolist()[v[0]] == "V"
    as_json = json.loads(download(opened, "json", "demo.cor.json").read_text())
    assert as_json["removed"] == [int(table["sample"][v[1]])] and len(as_json["beats"]) == len(table) - 1


def test_a_click_on_a_beat_chooses_it(opened, ectopic):
    _, table, _ = ectopic
    from selenium.webdriver.common.action_chains import ActionChains
    canvas = opened.find_element("id", "ecg")
    start, span = shown(opened)
    k = 4
    x = (table["time_s"][k] - start) / span * canvas.size["width"]
    ActionChains(opened).move_to_element_with_offset(canvas, x - canvas.size["width"] / 2, 0).click().perform()
    assert f"Beat {k + 1} of" in opened.find_element("id", "beat").text


def test_the_page_fits_phone_and_desktop_by_day_and_night(browser, ectopic, tmp_path):
    report.write_report(tmp_path / "demo.html", *ectopic, lang="zh")
    screen(browser)
    open_page(browser, tmp_path / "demo.html")
    for width, mobile, scheme in ((360, True, "light"), (390, True, "dark"), (1280, False, "dark")):
        screen(browser, width, 800, mobile, scheme)
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        back = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", back)[:3])) < 150) == (scheme == "dark")
        heights = browser.execute_script("return [...document.querySelectorAll('button:not(.jump), select, input')].map(b => b.offsetHeight)")
        assert min(heights) >= 36                                           # large enough for a finger
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_chinese_gives_way_to_english_where_the_browser_has_no_glyphs(browser, ectopic, tmp_path):
    html = report.page(*ectopic, lang="zh").replace("function drawsChinese() {", "function drawsChinese() { return false;")
    (tmp_path / "zh.html").write_text(html, encoding="utf-8")
    screen(browser)
    open_page(browser, tmp_path / "zh.html")
    text = browser.find_element("tag name", "body").text
    assert "no Chinese font" in text and "Not a medical device" in text and "Whole recording" in text
    assert not re.search("[\u4e00-\u9fff]", text)


def test_paper_is_true_to_scale_in_print(opened):
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    width = opened.execute_script("return document.querySelector('svg.paper').getBoundingClientRect().width")
    assert width * 25.4 / 96 == pytest.approx(25 * report.STRIP, rel=0.01)
    assert not opened.find_element("id", "recording").is_displayed()
    assert [entry for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_24_hours_are_ready_at_once(tmp_path, request):
    """Also the measurement: `pytest tests/test_report.py -k 24_hours_are -s` prints size and milliseconds."""
    made = synthetic_recording(600, 128, seed=5, shares={"S": 0.05, "V": 0.05})
    times, n = 144, len(made.signal)
    noise = np.random.default_rng(0).standard_normal(times * n) * 0.01
    day = made._replace(signal=np.tile(made.signal, times) + noise, labels=np.tile(made.labels, times),
                        r_peaks=(made.r_peaks + n * np.arange(times)[:, None]).ravel())
    recording, table, summary = labelled(day, "day")
    path = tmp_path / "day.html"
    report.write_report(path, recording, table, summary)
    assert path.stat().st_size < 10e6
    browser = start_browser(tmp_path)                    # its own, whose processor time counts this page alone
    request.addfinalizer(browser.quit)
    screen(browser)
    browser.execute_cdp_cmd("Performance.enable", {})
    ready = open_page(browser, path)
    used = {m["name"]: m["value"] for m in browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}["ProcessTime"]
    print(f"24 h, {len(table):,} beats: {path.stat().st_size / 1e6:.1f} MB, strip drawn {ready} ms after navigation, {used:.2f} s of processor time")
    assert used < 2.0        # processor time, which a busy machine hardly stretches
    press(browser, "\ue010")
    assert sum(shown(browser)) == pytest.approx(86400, abs=1)
