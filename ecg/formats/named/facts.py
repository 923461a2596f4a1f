"""Whose recording a file of named values (MATLAB, NumPy, JSON) is, when it was made, by what."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ecg.formats.clinical import sex_of
from ecg.formats.named.values import MOST_DEEP, first_of, holds_signal, numbers_of, plain
from ecg.formats.recording import Facts

# keys as they are compared (values.plain), the first that is there wins
_PATIENT_KEYS = ("patientid", "subjectid", "subjid", "patient", "subject", "patientnumber", "mrn")
_AGE_KEYS = ("age", "patientage", "ageyears", "subjectage")
_SEX_KEYS = ("sex", "gender", "patientsex", "patientgender", "subjectsex")
_DEVICE_KEYS = ("device", "devicename", "recorder", "devicemodel", "hardware", "manufacturer")
_START_KEYS = (
    *("recordedat", "starttime", "startdatetime", "startdate", "start", "recordingdate"),
    *("recordingtime", "measdate", "acquisitiondate", "basedatetime", "datetime", "date"),
    *("timestamp", "basedate"),
)
_CLOCK_KEYS = ("basetime", "time", "starttime", "acquisitiontime")


def facts_of(trees: list[Mapping[str, Any]]) -> tuple[Facts, tuple[str, ...]]:
    """(what the structs say of person, start and device, the first wins; notes)"""
    by_key: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            if not holds_signal(value):
                by_key.setdefault(plain(key), value)
    age = first_of(by_key, _AGE_KEYS, lambda value: _age(value) is not None)
    sex = _text(first_of(by_key, _SEX_KEYS, _text))
    moment, notes = _start_of(by_key)
    return Facts(
        None if moment is None else moment.date(),
        None if moment is None or moment.time() == datetime.time() else moment.time(),
        _patient(by_key),
        _age(age),
        sex_of(sex),
        _text(first_of(by_key, _DEVICE_KEYS, _text)),
    ), notes


def _text(value):
    """A number or a text, as a text."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:60] if abs(value) < 1e15 else ""
    return value.strip()[:200] if isinstance(value, str) else ""


def _patient(values):
    """The number of the patient; a text without a digit may be a name."""
    for key in _PATIENT_KEYS:
        text = _text(values.get(key))
        if text and (key not in ("patient", "subject") or re.search(r"\d", text)):
            return text
    return ""


def _age(value):
    numbers = numbers_of(value)
    if numbers is None or len(numbers) != 1 or not 0 < numbers[0] < 130:
        return None
    return float(numbers[0])


def _start_of(values):
    for key in _START_KEYS:
        if key not in values:
            continue
        moment, notes = moment_of(values[key])
        if moment is None:
            continue
        if moment.time() == datetime.time():  # a date: the clock may stand beside it
            clocks = (values[each] for each in _CLOCK_KEYS if each in values)
            clock = next((found for each in clocks if (found := _clock(each))), None)
            moment = moment if clock is None else datetime.datetime.combine(moment.date(), clock)
        return moment, notes
    return None, ()


def _clock(value):
    try:
        clock = datetime.time.fromisoformat(value.strip())
        return clock.replace(tzinfo=None)
    except (AttributeError, ValueError):
        return None


def moment_of(value: Any) -> tuple[datetime.datetime | None, tuple[str, ...]]:
    """(the moment that a value names by the clock of where it was, without zone; notes): ISO 8601,
    or s or ms since 1970. None where it names none, or a year in which nobody recorded."""
    moment = None
    if isinstance(value, str):
        moment = _written(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool) and 1e8 < value < 1e14:
        seconds = value / 1000 if value > 1e11 else value
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    if moment is None or not 1900 < moment.year < 2200:
        return None, ()
    in_utc = moment.tzinfo is not None and not moment.utcoffset()
    return moment.replace(tzinfo=None), ("the file gives its start in UTC",) if in_utc else ()


def _written(text):
    """The moment that a text names: ISO 8601, or as MATLAB writes it (`12-Mar-2019 10:11:12`)."""
    for read in (
        datetime.datetime.fromisoformat,
        lambda text: datetime.datetime.strptime(text, "%d-%b-%Y %H:%M:%S"),
        lambda text: datetime.datetime.strptime(text, "%d-%b-%Y"),
    ):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def structs(tree: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """A struct and those in it, from the outside in; not those of which there are several."""
    if isinstance(tree, list) and len(tree) == 1:
        tree = tree[0]
    if isinstance(tree, Mapping) and depth < MOST_DEEP:
        yield tree
        for value in tree.values():
            yield from structs(value, depth + 1)
