"""The report as a browser shows and prints it: by day and by night, on a phone, at 200 %, by key,
for a screen reader, on A4."""

import re
import shutil
import subprocess

import pytest

from ecg.browser import find_browser
from ecg.errors import InputError
from ecg.report import write_report
from ecg.report.strips import STRIP_S
from tests.chromium import open_page, screen

# elements that lie on more than one line, or a number that is not on the line of its unit
BROKEN = """
const broken = [...document.querySelectorAll('button.jump, nav a, .n, .tiles b, .pill, button')]
  .filter(e => e.offsetParent && e.getClientRects().length > 1).map(e => e.textContent);
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = new Range();
for (let node; (node = walk.nextNode());) {
  if (!node.parentElement.offsetParent) continue;
  for (const found of node.data.matchAll(/\\d\\s?(毫秒|秒|次|个|岁)/g)) {
    range.setStart(node, found.index);
    range.setEnd(node, found.index + found[0].length);
    const lines = new Set([...range.getClientRects()].map(box => Math.round(box.bottom / 8)));
    if (lines.size > 1) broken.push(found[0] + ' in ' + node.data);
  }
}
return broken;
"""


def test_the_page_fits_phone_and_desktop_by_day_and_night(browser, full, tmp_path):
    write_report(tmp_path / "demo.html", *full, lang="zh")
    screen(browser)
    open_page(browser, tmp_path / "demo.html")
    sizes = (360, True, "light"), (390, True, "dark"), (640, False, "light"), (1280, False, "dark")
    for width, mobile, scheme in sizes:  # 640: a window of 1280 at 200 %
        screen(browser, width, 800, mobile, scheme)
        browser.execute_async_script(
            "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        )
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        back = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", back)[:3])) < 150) == (scheme == "dark")
        heights = browser.execute_script(
            "return [...document.querySelectorAll('button:not(.jump), select, input')]"
            ".map(b => b.offsetHeight)"
        )
        assert min(heights) >= 36  # large enough for a finger
        assert browser.execute_script(BROKEN) == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def axe_source(request):
    """The script of axe-core, fetched once by npm into pytest's cache; the test is skipped where
    that cannot be had."""
    folder = request.config.cache.mkdir("axe-core")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("the test of accessibility needs npm on the PATH, which fetches axe-core")
        options = "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"
        command = [npm, "install", *options, "--prefix", str(folder), "axe-core@4"]
        try:
            subprocess.run(command, capture_output=True, timeout=60, check=True)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"npm does not fetch axe-core here: {error}")
    return script.read_text(encoding="utf-8")


def test_axe_finds_nothing_to_mend_by_day_and_by_night(browser, full, tmp_path, request):
    """All rules of axe-core; by night those that may differ then. Of its strips, which are alike,
    the page keeps two; text within pictures it cannot judge (test_page.py does)."""
    source = axe_source(request)
    write_report(tmp_path / "axe.html", *full)
    browser.set_script_timeout(120)
    for scheme, rules in (("light", ""), ("dark", ", runOnly: ['color-contrast']")):
        screen(browser, 700, scheme=scheme)  # narrow enough that tables scroll
        open_page(browser, tmp_path / "axe.html")
        browser.execute_script(
            "for (const f of [...document.querySelectorAll('figure')].slice(2)) f.remove()"
        )
        browser.execute_script(source)
        found = browser.execute_async_script(
            f"axe.run({{exclude: ['svg *']}}, {{resultTypes: ['violations']{rules}}})"
            ".then(found => arguments[0](found.violations.map("
            "each => [each.id, each.nodes.map(node => node.html.slice(0, 200))])))"
        )
        assert found == []
    browser.execute_script("localStorage.clear()")


def test_what_has_the_focus_is_seen(opened):
    from selenium.webdriver.common.action_chains import ActionChains

    seen = []
    for _ in range(14):
        ActionChains(opened).send_keys("\ue004").perform()  # Tab
        name, style, width = opened.execute_script(
            "const e = document.activeElement, s = getComputedStyle(e);"
            "return [e.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]"
        )
        assert style == "solid" and width >= 2, name
        seen.append(name)
    assert {"A", "BUTTON"} <= set(seen)


def test_paper_is_true_to_scale_in_print(opened):
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    width = opened.execute_script(
        "return document.querySelector('svg.paper').getBoundingClientRect().width"
    )
    assert width * 25.4 / 96 == pytest.approx(25 * STRIP_S, rel=0.01)
    assert not opened.find_element("id", "recording").is_displayed()
    assert opened.find_element("id", "limits").is_displayed()
    assert [entry for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_nothing_is_wider_than_the_paper(browser, full, tmp_path):
    """A browser prints a page that is wider at a smaller scale."""
    for lang in ("en", "zh"):
        write_report(tmp_path / "print.html", *full, lang=lang)
        screen(browser, round(182 / 25.4 * 96))  # A4 without its margins
        open_page(browser, tmp_path / "print.html")
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        check_printed_size(browser)
    browser.execute_script("localStorage.clear()")


def check_printed_size(browser):
    wide = browser.execute_script(
        "return [...document.querySelectorAll('main *')].filter("
        "e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 99))"
    )
    assert wide == []
    clipped = browser.execute_script(
        "return [...document.querySelectorAll('figure')]"
        ".some(e => e.offsetHeight > 269 * 96 / 25.4)"
    )
    assert not clipped  # each strip fits on a page


def test_the_pdf_is_a4_with_every_strip(full, tmp_path):
    """The whole way: the page, printed by the browser that --pdf finds."""
    try:
        find_browser()
    except InputError as error:
        pytest.skip(str(error))
    write_report(None, *full, pdf=tmp_path / "full.pdf")
    content = (tmp_path / "full.pdf").read_bytes()
    pages = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert len(pages) >= 4
    for width, height in pages:
        assert float(width) == pytest.approx(595.3, abs=1)
        assert float(height) == pytest.approx(841.9, abs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["full.pdf"]
