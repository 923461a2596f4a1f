"""Headless Chromium for the tests of pages: started, sized, and a page opened in it."""

import shutil

import pytest


def start_browser(downloads):
    """Headless Chromium that saves into `downloads`; the test is skipped where there is none."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="the browser tests need selenium: pip install selenium"
    )
    program = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip(
            "the browser tests need chromium and chromedriver on the PATH (Debian: chromium "
            "chromium-driver)"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = program
    # a click must not miss a page that still scrolls: reduced motion
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--force-prefers-reduced-motion",
    ):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.downloads = downloads
    return browser


def screen(browser, width=1280, height=900, mobile=False, scheme="light"):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "features": [
                {"name": "prefers-color-scheme", "value": scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]
        },
    )


def wait(browser, script, *arguments):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 60, 0.05).until(lambda b: b.execute_script(script, *arguments))


def open_page(browser, path):
    """Milliseconds from navigation until the strip was drawn."""
    browser.get(path.as_uri())
    ready = int(wait(browser, "return document.documentElement.dataset.ready"))
    assert [
        entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
    ] == []
    return ready
