"""What files of electrocardiographs have in common: a person, a device, filters, groups of leads of
which some are averaged beats and no recording."""

import datetime
import re
from collections.abc import Sequence
from typing import NamedTuple

from ecg.formats.recording import Channel

_SEXES = {"m": "male", "male": "male", "f": "female", "female": "female", "w": "female"}
_UNKNOWN = {"", "u", "unk", "unknown", "undefined", "unspecified", "none", "null", "?", "---"}
_DAYS_A_YEAR = {"y": 1, "a": 1, "m": 12, "w": 365.25 / 7, "d": 365.25, "h": 8766}


class Group(NamedTuple):
    """Channels that were recorded together.

    start: s after the file's first sample. seconds: how long. averaged: whether it is a median or
    averaged beat, which is no recording. name: what the file calls it."""

    channels: list[Channel]
    start: float
    seconds: float
    averaged: bool
    name: str = ""


def age_of(
    birth: datetime.date | None, day: datetime.date | None, stated: float | None = None
) -> float | None:
    """Years from `birth` to `day`; where one of them is not known or they make no sense, the age
    that is `stated`."""
    if birth is not None and day is not None:
        years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
        if 0 <= years <= 130:
            birthday = datetime.date(birth.year + years, birth.month, min(birth.day, 28))
            part = max(0, (day - birthday).days) * 100 // 366  # hundredths since the birthday
            return years + min(part, 99) / 100
    return float(stated) if stated is not None and 0 <= stated <= 130 else None


def years_in(number: float | None, unit: str) -> float | None:
    """An age in years, of a number of years (y, a), months, weeks, days or hours, by the unit's
    first letter."""
    per_year = _DAYS_A_YEAR.get(unit.strip().lower()[:1])
    return None if number is None or per_year is None else number / per_year


def sex_of(text: str | None) -> str:
    """`male` or `female`, "" where it is not known, else as it is written."""
    word = (text or "").strip()
    return "" if word.lower() in _UNKNOWN else _SEXES.get(word.lower(), word)


def device_of(*parts: str | None) -> str:
    """Maker and model in one text, without what is empty, unknown or said twice."""
    said: list[str] = []
    for part in parts:
        text = " ".join((part or "").split())
        if text.lower() not in _UNKNOWN and text.lower() not in " ".join(said).lower():
            said.append(text)
    return " ".join(said)


def filters_of(
    low: float | None = None, high: float | None = None, notch: float | None = None
) -> str:
    """'0.05-150 Hz, notch 60 Hz', of the frequencies in Hz at which a filter begins to pass, ceases
    to, and has its notch; None or 0 where there is none."""
    low, high, notch = (hz if hz and 0 < hz < 1e6 else None for hz in (low, high, notch))
    band = ""
    if low and high:
        band = f"{low:g}-{high:g} Hz"
    elif low:
        band = f"high-pass {low:g} Hz"
    elif high:
        band = f"low-pass {high:g} Hz"
    return ", ".join(part for part in (band, f"notch {notch:g} Hz" if notch else "") if part)


def date_of(digits: str) -> datetime.date | None:
    """The day that YYYYMMDD begins with, as DICOM and HL7 write it, also 2002-11-22 and 2002.11.22;
    None for another text."""
    found = re.match(r"\s*(\d{4})([-./]?)(\d\d)\2(\d\d)", digits)
    if not found:
        return None
    try:
        return datetime.date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def clock_of(digits: str) -> datetime.time | None:
    """The time of day that HHMM[SS[.ffffff]] or HH:MM[:SS] begins with; None for another text."""
    found = re.match(r"\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,6}))?)?", digits)
    if not found:
        return None
    second, part = int(found[3] or 0), (found[4] or "").ljust(6, "0")
    try:
        return datetime.time(int(found[1]), int(found[2]), min(second, 59), int(part))
    except ValueError:
        return None


def later(
    day: datetime.date | None, clock: datetime.time | None, seconds: float
) -> tuple[datetime.date | None, datetime.time | None]:
    """Day and time of day `seconds` after these, where they are known."""
    if clock is None or not 0 < seconds < 1e9:
        return day, clock
    moment = datetime.datetime.combine(day or datetime.date(2000, 1, 1), clock)
    try:
        moment += datetime.timedelta(seconds=seconds)
    except OverflowError:
        return day, clock
    return day and moment.date(), moment.time()


def longest_group(groups: Sequence[Group]) -> tuple[list[Channel], float, tuple[str, ...]]:
    """(channels, start in s, notes) of the recording among `groups`: of the longest that is no
    averaged beat, and of those that were recorded at the same time. No channels where all are
    averaged beats."""
    whole = [group for group in groups if not group.averaged]
    averaged = [group for group in groups if group.averaged]
    if not whole:
        return [], 0.0, ()
    first = max(whole, key=lambda group: group.seconds)  # the first of several that are as long
    step = max(0.05, 0.01 * first.seconds)
    taken = [
        group
        for group in whole
        if abs(group.start - first.start) <= step and abs(group.seconds - first.seconds) <= step
    ]
    left = [group for group in whole if group not in taken]
    notes = []
    if averaged:
        notes.append(f"{_described(averaged)}: averaged beats, no recording, left out")
    if left:
        notes.append(f"{_described(left)}: shorter or later than what is read, left out")
    return [channel for group in taken for channel in group.channels], first.start, tuple(notes)


def _described(groups):
    """Groups in words: MEDIAN BEAT (12 signals, 1.2 s)"""
    return ", ".join(
        f"{group.name or 'a group'} ({len(group.channels)} signals, {group.seconds:.3g} s)"
        for group in groups[:5]
    ) + (f" and {len(groups) - 5} more" if len(groups) > 5 else "")
