"""Words, numbers and JSON as they stand in the page."""

import json
import re
from collections.abc import Callable
from functools import partial

from markupsafe import Markup, escape

from ecg import artifacts, translations


def page_translator(lang: str, tag: str = "span") -> Callable[..., Markup]:
    """A function translate(text, **numbers), as ecg.translations.translator gives it, for HTML
    (tag: span) or for text in SVG (tspan)."""
    return partial(_marked, lang, tag)


def _marked(lang, tag, text, **numbers):
    """`text` in `lang`, as HTML; another language carries the English text along, for a browser
    that has no glyphs for it."""
    english = translations.translator("en")(text, **numbers)
    if lang == "en":
        return escape(english)
    translated = _joined(translations.translator(lang)(text, **numbers))
    return Markup('<{0} data-en="{1}">{2}</{0}>').format(tag, english, translated)


def _joined(text):
    """A Chinese text whose numbers stay on the line of what they count."""
    return re.sub(r"(?<=\d) (?=[\u4e00-\u9fff])", "\u00a0", text)


def as_json(value: dict) -> Markup:
    """JSON that may stand in a script element."""
    text = json.dumps(artifacts.plain(value), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def number(value: float | None, form: str = ",.0f") -> str:
    """A number in a format; a dash where it is undefined."""
    return "–" if value is None else format(value, form)


def css_string(text: str) -> Markup:
    """A string of CSS, in quotes: what is no letter, digit or space is escaped, so that no name of
    a file ends it."""
    safe = (c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text)
    return Markup('"' + "".join(safe) + '"')
