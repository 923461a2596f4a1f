"""Every phrase of figures and report has its translation, with the same numbers in it."""

import ast
import re

from ecg import holter, hrv, translations
from ecg.beats import CLASS_MEANINGS
from ecg.report import page, page_rhythm, page_warnings, strips, trend
from ecg.rhythm import names


def phrases_of(paths):
    """What these files call translate(...) with, where it is written out."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "translate":
                if isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value


def test_every_phrase_of_the_figures_has_a_translation(home):
    keys = set(phrases_of((home / "ecg" / "figures").glob("*.py")))
    assert len(keys) > 15 and keys <= set(translations.ZH), keys - set(translations.ZH)


def test_every_phrase_of_the_report_has_a_translation():
    templates = [path.read_text(encoding="utf-8") for path in page.HERE.glob("*.j2")]
    assert len(templates) >= 4
    keys = {
        *re.findall(r'(?:translate|plain)\("([^"]*)"', "".join(templates)),
        *page.script_phrases(page.page_script()),
        *phrases_of(page.HERE.glob("*.py")),
        *holter.DEFINITIONS.values(),
        *CLASS_MEANINGS.values(),
        *page_warnings.REASONS,
        *page_warnings.REASONS.values(),
        *(name for _, name, _ in trend.EVENTS),
        *(title for _, title in strips.RHYTHMS),
        *names.RHYTHM_MEANINGS.values(),
        *names.RHYTHM_SHORT.values(),
        *page_rhythm.WITHHELD,
        *hrv.WITHHELD.values(),
    }
    assert len(keys) > 80 and keys <= set(translations.ZH), keys - set(translations.ZH)


def test_both_sides_hold_the_same_numbers():
    for english, chinese in translations.ZH.items():
        numbers = [sorted(re.findall(r"\{(\w+)", text)) for text in (english, chinese)]
        assert numbers[0] == numbers[1], english


def test_what_is_not_translated_stays_english():
    translate = translations.translator("zh")
    assert translate("no such phrase, {n}", n=3) == "no such phrase, 3"
    assert translate("Time (s)") == "时间（秒）" != translations.translator()("Time (s)")
