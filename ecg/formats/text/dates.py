"""A day and a time of day as people and recorders write them above a table."""

import datetime
import re
from typing import NamedTuple

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv ene gen", "feb fev fevr", "mar marz mars", "apr avr abr", "may mai mag",
            "jun juin giu", "jul juil lug", "aug aout ago", "sep sept set", "oct okt ott out",
            "nov", "dec dez dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d\d)(?![\d:])")
_DIGITS = re.compile(r"(?<!\d)((?:19|20)\d\d)([01]\d)([0-3]\d)(?=$|[Tt _-]|\d{6}(?!\d))")
_NAMED = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[. \-]{1,2}(?:de )?([a-z]{3,})[. ,\-]{1,2}(?:de )?"
    r"(\d{4}|\d\d)(?!\d)"
    r"|([a-z]{3,})[. ]{1,2}(\d{1,2})(?:st|nd|rd|th)?,? (\d{4})"
)
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})[:h時时시]\s?(\d{1,2})(?:[:m分분]\s?(\d{1,2})(?:[.,:](\d{1,9}))?)?[s秒초]?"
    r"\s*([ap]\.?m\b|上午|下午)?(?![\d:])"
)
_CLOCK_DIGITS = re.compile(
    r"(?:(?<=[T _-])|(?<=20\d{6}))([0-2]\d)([0-5]\d)([0-5]\d)(?:\.(\d+))?(?!\d)"
)


class Moment(NamedTuple):
    """date, clock: what a text says of a moment; None where it does not."""

    date: datetime.date | None
    clock: datetime.time | None


def moment_of(text: str, day_first: bool = False) -> Moment:
    """The day and the time of day that `text` (in small letters, without accents) names.

    day_first: whether 3/4/2026 is in April: the words beside it tell that they are not English.
    Without that, and where neither number is above 12, such a day is not told: None."""
    return Moment(_date(text, day_first), _clock(text))


def _date(text, day_first):
    if match := _YEAR_FIRST.search(text) or _DIGITS.search(text):
        return _day(match[1], match[2], match[3])
    if match := _YEAR_LAST.search(text):
        first, last, year = int(match[1]), int(match[3]), _full_year(match[4])
        if match[2] == "." or day_first or first > 12 or first == last:
            return _day(year, last, first)
        return _day(year, first, last) if last > 12 else None
    if match := _NAMED.search(text):
        day, word, year = match[1] or match[5], match[2] or match[4], match[3] or match[6]
        month = _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])
        return None if month is None else _day(_full_year(year), month, day)
    return None


def _clock(text):
    match = _CLOCK.search(text)
    if match is None:
        match = _CLOCK_DIGITS.search(text.upper())
        return None if match is None else _time(*match.groups())
    hour = int(match[1])
    if match[5]:
        hour = hour % 12 + (12 if match[5][0] == "p" or match[5] == "下午" else 0)
    return _time(hour, match[2], match[3], match[4])


def _full_year(text):
    year = int(text)
    return year + (2000 if year < 70 else 1900) if len(str(text)) == 2 else year


def _day(year, month, day):
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _time(hour, minute, second, fraction):
    try:
        return datetime.time(
            int(hour), int(minute), int(second or 0), int((fraction or "0")[:6].ljust(6, "0"))
        )
    except ValueError:
        return None
