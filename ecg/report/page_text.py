"""Words, numbers and JSON as they stand in the page."""

import json
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
    translated = translations.translator(lang)(text, **numbers)
    return Markup('<{0} data-en="{1}">{2}</{0}>').format(tag, english, translated)


def as_json(value: dict) -> Markup:
    """JSON that may stand in a script element."""
    text = json.dumps(artifacts.plain(value), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def number(value: float | None, form: str = ",.0f") -> str:
    """A number in a format; a dash where it is undefined."""
    return "–" if value is None else format(value, form)
