"""Fonts that can draw Chinese."""

import subprocess
import sys
from functools import lru_cache
from typing import Any

# Fonts that hold simplified Chinese, by the systems that bring them
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "SimHei",
    "DengXian",
    "SimSun",
    "PingFang SC",
    "Hiragino Sans GB",
    "STHeiti",
    "Heiti SC",
    "Arial Unicode MS",
    "Noto Sans CJK JP",
    "Noto Sans CJK TC",
)


@lru_cache
def cjk_font() -> str | None:
    """Name, as matplotlib knows it, of an installed font that can draw Chinese; None where there is
    none."""
    from matplotlib import font_manager

    fonts = font_manager.fontManager.ttflist
    name = _usable([font for font in fonts if font.name in CJK_FONTS])
    if name is None:  # installed since matplotlib listed the fonts, or of another name
        before = len(fonts)
        for path in _chinese_font_files()[:3]:
            try:
                font_manager.fontManager.addfont(path)
            except (OSError, RuntimeError):
                continue
        name = _usable(fonts[before:])
    return name


def _usable(fonts):
    """Name of the first of these that can draw Chinese, those of CJK_FONTS first."""
    by_name = {font.name: font.fname for font in fonts}
    known = [name for name in CJK_FONTS if name in by_name]
    return next((name for name in [*known, *by_name] if _draws_chinese(by_name[name])), None)


def _draws_chinese(path):
    from matplotlib.ft2font import FT2Font

    try:
        charmap = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):
        return False
    return all(ord(letter) in charmap for letter in "心电图搏动预测置信度")


def _chinese_font_files():
    """Files of installed fonts for Chinese, as fontconfig knows them, plain ones first."""
    command = ["fc-list", ":lang=zh-cn", "file"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return []
    paths = [line.strip().rstrip(":") for line in found.splitlines()]
    return sorted(
        paths, key=lambda path: ("Mono" in path, "Serif" in path, "Regular" not in path, path)
    )


def figure_language(lang: str) -> tuple[str, dict[str, Any]]:
    """(language, rcParams) for matplotlib: Chinese with a font that has it, else English and a line
    on stderr that says so."""
    if lang != "zh":
        return lang, {}
    font = cjk_font()
    if font is None:
        print(
            "no Chinese font found: the figures are in English (install Noto Sans CJK, Debian "
            "package fonts-noto-cjk)",
            file=sys.stderr,
        )
        return "en", {}
    return "zh", {"font.family": [font, "DejaVu Sans"], "axes.unicode_minus": False}
