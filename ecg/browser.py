"""A page of HTML printed as PDF, by a browser that is there and shows no window for it: Chromium,
Chrome or Edge. How it lies on the paper, the page's own print rules say."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ecg.errors import InputError
from ecg.overwriting import MADE_BY
from ecg.writing import writing

NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("msedge", "microsoft-edge", "microsoft-edge-stable"),
)
# below the folders that Windows installs programs in, and below those of macOS
WINDOWS = (
    *("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe"),
    "Microsoft/Edge/Application/msedge.exe",
)
MACOS = (
    *("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium"),
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
LONGEST = 300  # s that printing may take; of 24 hours it takes some ten
NONE_FOUND = (
    "--pdf needs Chromium, Chrome or Edge, and none was found here: use --report FILE and print "
    "that page from any browser"
)


def find_browser() -> str:
    """The program that prints: the first of NAMES on the PATH, else where Windows or macOS keep
    it. Raises InputError where there is none."""
    on_path = (shutil.which(name) for name in NAMES)
    usual = (str(path) for path in _usual_places() if path.is_file())
    found = next((each for each in (*on_path, *usual) if each), None)
    if found is None:
        raise InputError(NONE_FOUND)
    return found


def _usual_places():
    if os.name == "nt":
        roots = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = [Path(os.environ[root]) for root in roots if os.environ.get(root)]
        return [folder / name for folder in folders for name in WINDOWS]
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        return [folder / name for folder in folders for name in MACOS]
    return []


def save_pdf(path: str | Path, page: str) -> None:
    """Print `page`, HTML text, to the PDF file `path`, whole or not at all. Raises InputError where
    no browser is there, it does not print, or `path` cannot be written."""
    browser = find_browser()
    with writing(path) as temporary:
        content = _printed(browser, page)
        # by this comment the file is known again as ours, and may be written over
        temporary.write_bytes(content + f"\n% {MADE_BY}\n".encode())


def _printed(browser, page):
    """The bytes of the PDF that a browser makes of a page, in a profile of its own."""
    with tempfile.TemporaryDirectory(prefix="ecg-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            *(browser, "--headless=new", "--disable-gpu", "--no-first-run", "--disable-extensions"),
            *("--disable-dev-shm-usage", "--no-pdf-header-footer", f"--print-to-pdf={target}"),
            f"--user-data-dir={Path(folder) / 'profile'}",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # root has no sandbox
            command.append("--no-sandbox")
        try:
            done = subprocess.run(
                [*command, source.as_uri()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LONGEST,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"--pdf: {browser} did not print ({_reason(error)})") from None
        content = target.read_bytes() if target.is_file() else b""
        if not (content.startswith(b"%PDF-") and b"%%EOF" in content[-64:]):
            raise InputError(f"--pdf: {browser} did not print (exit status {done.returncode})")
        return content


def _reason(error):
    if isinstance(error, subprocess.TimeoutExpired):
        return f"not in {LONGEST} s"
    return error.strerror or error
