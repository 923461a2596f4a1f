"""GE CardioSoft and CASE XML (CardiologyXML); tried on files built after its published structure.

Read by hand, because no package that we keep reads it: a lead is a list of integers in steps of a
number of microvolts."""

import datetime
import xml.etree.ElementTree as ET
from functools import partial
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import (
    Group,
    age_of,
    device_of,
    filters_of,
    longest_group,
    sex_of,
    years_in,
)
from ecg.formats.fields import HIGHEST_HZ, LOWEST_HZ, SCALES, stated
from ecg.formats.recording import Channel, Contents, Facts, Given
from ecg.formats.units import as_number
from ecg.formats.xml_files import attribute, numbers, root_name, words, xml_root

_UNITS = {"uvperlsb": "uV", "mvperlsb": "mV", "nvperlsb": "nV"}  # of the resolution
MOST_LEADS = 64


def is_cardiosoft(head: bytes) -> bool:
    """Whether a file that begins with `head` is XML of CardioSoft or CASE."""
    return root_name(head).lower() == "cardiologyxml"


def from_cardiosoft(path: Path, given: Given) -> Contents:
    """The leads of the longest of the strip and, of an exercise test, the full disclosure."""
    root = xml_root(path)
    if root.tag.lower() != "cardiologyxml":
        raise InputError(f"{path} is XML, but not of CardioSoft: its root is {root.tag}")
    filters = _filters(root)
    parts = [("StripData", False), ("FullDisclosure", False), ("MedianSamples", True)]
    groups = [
        Group(channels, 0.0, _seconds(element), averaged, element.tag)
        for tag, averaged in parts
        for element in root.iter(tag)
        if (channels := _channels(element, filters, path))
    ]
    channels, _, notes = longest_group(groups)
    if not channels:
        raise InputError(f"{path} holds no strip of an ECG")
    return Contents(channels, _facts(root), notes)


def _channels(element: ET.Element, filters: str, path: Path) -> list[Channel]:
    """The leads of a strip, each by itself, or of a full disclosure, all of one time together."""
    fs = _stated(element, "SampleRate", path, LOWEST_HZ, HIGHEST_HZ)
    step = _stated(element, "Resolution", path, *SCALES) or 0.0
    unit = _UNITS.get(attribute(element, "Resolution", "units").lower(), "uV")
    scaled = 1e-9 < step < 1e9
    found = [
        (each.get("lead") or "", each, 0, 1)
        for each in element.findall("WaveformData")
        if (each.text or "").strip()
    ]
    together = element.find("FullDisclosureData")
    if together is not None:
        names = [name.strip() for name in words(element, "LeadOrder").split(",") if name.strip()]
        if not 1 <= len(names) <= MOST_LEADS:
            raise InputError(f"{path} does not say which leads its full disclosure holds: damaged")
        found += [(name, together, k, len(names)) for k, name in enumerate(names)]
    adc = (1 / step, 0.0) if scaled else None
    return [
        Channel(
            name,
            unit if scaled else None,
            fs,
            partial(_samples, each, place, step if scaled else 1.0, path),
            "ECG",
            adc,
            filters,
        )
        for name, each, *place in found
    ]


def _stated(element, place, path, low, high):
    """The number at `place` of an element, None where there is none, or 0."""
    text = words(element, place)
    return stated(text, place, path, low, high) if text.strip(" 0.") else None


def _samples(element: ET.Element, place: list[int], step: float, path: Path) -> np.ndarray:
    """(n,) every place[1]th number of an element from the place[0]th on, in steps of `step`."""
    values = numbers(_own_text(element), path)
    first, count = place
    return values[first : len(values) // count * count : count] * step


def _own_text(element):
    """The text of an element, without that of what stands in it, such as a number of samples."""
    return (element.text or "") + "".join(each.tail or "" for each in element)


def _seconds(element):
    """How long a strip is: by its commas, of the lead that has most."""
    texts = [each.text or "" for each in element.findall("WaveformData")]
    samples = max((text.count(",") + 1 for text in texts), default=0)
    leads = words(element, "LeadOrder").count(",") + 1
    together = sum(_own_text(each).count(",") for each in element.findall("FullDisclosureData"))
    return max(samples, together / leads) / (as_number(words(element, "SampleRate")) or 500)


def _facts(root):
    person = next(root.iter("PatientInfo"), None)
    day = _day(root.find("ObservationDateTime"))
    age = as_number(words(person, "Age"))
    return Facts(
        day,
        _clock(root.find("ObservationDateTime")),
        words(person, "PID"),
        age_of(
            _day(None if person is None else person.find("BirthDateTime")),
            day,
            years_in(age, attribute(person, "Age", "units") or "years"),
        ),
        sex_of(words(person, "Gender")),
        device_of(words(next(root.iter("DeviceInfo"), None), "Desc")),
    )


def _day(element):
    """The date of an element with Year, Month and Day; None where it is none."""
    try:
        year, month, day = (int(words(element, name)) for name in ("Year", "Month", "Day"))
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _clock(element):
    """The time of day of an element with Hour, Minute and Second; None where it is none."""
    try:
        hour, minute, second = (int(words(element, name)) for name in ("Hour", "Minute", "Second"))
        return datetime.time(hour, minute, second)
    except ValueError:
        return None


def _filters(root):
    setting = next(root.iter("FilterSetting"), None)
    notch = [hz for hz in (50, 60) if words(setting, f"Filter{hz}Hz").lower() in ("yes", "true")]
    return filters_of(
        as_number(words(setting, "HighPass")),
        as_number(words(setting, "LowPass")),
        notch[0] if notch else None,
    )
