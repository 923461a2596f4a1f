"""HL7 annotated ECG (aECG, XML): ANSI/HL7 V3 ECG R1-2004, the format of studies for the FDA.

Read by hand: a sequence is a list of integers with an origin and a scale. ecgdatakit 2.0.3, which
reads it too, takes the first series and the first set of leads alone, whatever its length, and
rounds the sampling rate to whole Hz, which is 40 s in a day at 333.33 Hz."""

import datetime
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import (
    Group,
    age_of,
    clock_of,
    date_of,
    device_of,
    filters_of,
    later,
    longest_group,
    sex_of,
    years_in,
)
from ecg.formats.fields import check, stated
from ecg.formats.recording import Channel, Contents, Facts, Given
from ecg.formats.units import as_number
from ecg.formats.xml_files import attribute, numbers, root_name, words, xml_root

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6}
_SPELLED = {"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}
_AGE_STATED = "21612-7"  # LOINC: reported age
_SUBJECT = "componentOf/timepointEvent/componentOf/subjectAssignment/subject/trialSubject"


def is_aecg(head: bytes) -> bool:
    """Whether a file that begins with `head` is an annotated ECG of HL7."""
    return root_name(head).lower() == "annotatedecg"


def from_aecg(path: Path, given: Given) -> Contents:
    """The leads of the longest rhythm of an aECG file; representative beats are none."""
    root = xml_root(path)
    if root.tag.lower() != "annotatedecg":
        raise InputError(f"{path} is XML, but no annotated ECG of HL7: its root is {root.tag}")
    every = root.findall("component/series")
    series = [each for each in every if not _is_beat(each)]
    if not series:
        raise InputError(f"{path} holds no rhythm series")
    day, clock = _start(root, series[0])
    derived = root.findall("component/series/derivation/derivedSeries")
    groups = [
        _group(part, each, (day, clock), path)
        for each in (*every, *filter(_is_beat, derived))
        for part in each.findall("component/sequenceSet")
    ]
    channels, start, notes = longest_group(groups)
    if not channels:
        raise InputError(f"{path} holds no leads")
    return Contents(channels, _facts(root, series[0], later(day, clock, start)), notes)


def _is_beat(series):
    return attribute(series, "code", "code").upper() == "REPRESENTATIVE_BEAT"


def _group(part: ET.Element, series: ET.Element, start: tuple, path: Path) -> Group:
    """The leads of a sequenceSet of `series`; `start`: day and time of the first rhythm."""
    fs, head, channels = None, None, []
    filters = _filters(series)
    for sequence in part.findall("component/sequence"):
        code, value = attribute(sequence, "code", "code"), sequence.find("value")
        if value is None:
            continue
        if code.upper().startswith("TIME_"):
            fs, head = _rate(value, path), attribute(value, "head", "value")
            continue
        if value.find("digits") is not None:
            name, kind = _lead_name(sequence, code)
            channels.append(_channel(name, kind, value, filters, path))
    channels = [channel._replace(fs=fs) for channel in channels]
    longest = max((_count(each) for each in part.findall("component/sequence")), default=0)
    begins = head or attribute(series, "effectiveTime/low", "value")
    name = attribute(series, "code", "displayName") or attribute(series, "code", "code")
    seconds = longest / (fs or 500.0)
    return Group(channels, _after(start, begins), seconds, _is_beat(series), name)


def _count(sequence):
    """How many samples a sequence holds: texts between blanks or commas."""
    text = np.frombuffer((sequence.findtext("value/digits") or "").encode(), np.uint8)
    apart = (text <= ord(" ")) | (text == ord(","))
    return int(np.count_nonzero(apart[:-1] & ~apart[1:]) + (len(text) > 0 and not apart[0]))


def _channel(name, kind, value, filters, path):
    """A lead of the element `value`, a list with an origin and a scale (SLIST_PQ)."""
    scale, origin = _stated(value, "scale", path), _stated(value, "origin", path) or 0.0
    unit = attribute(value, "scale", "unit") or attribute(value, "origin", "unit") or None
    origin *= _ratio(attribute(value, "origin", "unit"), unit)
    step = 1.0 if scale is None else scale
    if not (1e-12 < abs(step) < 1e12 and abs(origin) < 1e12):  # nan too
        raise InputError(f"{path}: lead {name} has the scale {step:g} and the origin {origin:g}")
    digits = value.find("digits")

    def read() -> np.ndarray:
        return numbers("".join(digits.itertext()), path) * step + origin

    adc = (1 / step, (0.0 - origin) / step) if scale and unit else None
    return Channel(name, unit, None, read, kind, adc, filters)


def _stated(value, place, path):
    """The number that is the value of the element at `place`, None where it is empty."""
    text = attribute(value, place, "value")
    return stated(text, f"<{place}>", path, -1e15, 1e15) if text else None


def _ratio(unit, wanted):
    """What a number in `unit` is multiplied with for its number in the unit that is `wanted`."""
    powers = {"nV": -9, "uV": -6, "µV": -6, "μV": -6, "mV": -3, "V": 0}
    return 10.0 ** (powers.get(unit, 0) - powers.get(wanted, 0)) if unit and wanted else 1.0


def _rate(value, path):
    """Hz of a time sequence (GLIST), None where it does not tell."""
    step = _stated(value, "increment", path)
    unit = _SECONDS.get(attribute(value, "increment", "unit") or "s")
    if not step or not unit:
        return None
    check(step, "<increment>", path, 1e-12, 1e12)
    fs = 1 / (step * unit)
    return float(round(fs)) if abs(fs - round(fs)) < 1e-6 * fs else fs


def _lead_name(sequence, code):
    """(name, kind) of a sequence: the lead of a code such as MDC_ECG_LEAD_AVR, else what the code
    is called."""
    for mark in ("_ECG_LEAD_", "_ECG_ELEC_POTL_"):
        before, _, name = code.upper().partition(mark)
        if name:
            return _SPELLED.get(name, code[len(before) + len(mark) :]), "ECG"
    return attribute(sequence, "code", "displayName") or code, ""


# ------------------------------------------------------------------------------------------- facts


def _start(root, series):
    """(day, time of day) of the first sample, None where they are not told."""
    texts = [
        each.get("value") or ""
        for part in series.findall("component/sequenceSet/component/sequence")
        if attribute(part, "code", "code").upper() == "TIME_ABSOLUTE"
        for each in part.findall("value/head")
    ]
    for element in (series, root):
        texts += [attribute(element, f"effectiveTime/{at}", "value") for at in ("low", "center")]
    moments = [(date_of(text), clock_of(text[8:])) for text in texts]
    with_clock = [moment for moment in moments if moment[0] and moment[1]]
    with_day = [moment for moment in moments if moment[0]]
    return (with_clock or with_day or [(None, None)])[0]


def _after(start, text):
    """Seconds from `start` (day, time of day) to the stamp `text`; 0 where one is not known."""
    day, clock = date_of(text), clock_of(text[8:])
    if not (day and clock and all(start)):
        return 0.0
    begin, end = datetime.datetime.combine(*start), datetime.datetime.combine(day, clock)
    return (end - begin).total_seconds()


def _facts(root, series, start):
    subject = root.find(_SUBJECT)
    person = "subjectDemographicPerson"
    patient = attribute(subject, "id", "extension")
    stated = None
    for each in root.findall("controlVariable/relatedObservation"):
        if attribute(each, "code", "code") == _AGE_STATED:
            unit = attribute(each, "value", "unit")
            stated = years_in(
                as_number(attribute(each, "value", "value")), "m" if unit == "mo" else unit or "a"
            )
    device = "author/seriesAuthor/manufacturedSeriesDevice/manufacturerModelName"
    maker = "author/seriesAuthor/manufacturerOrganization/name"
    day, clock = start
    return Facts(
        day,
        clock,
        patient if patient != "?" else "",
        age_of(date_of(attribute(subject, f"{person}/birthTime", "value")), day, stated),
        sex_of(attribute(subject, f"{person}/administrativeGenderCode", "code")),
        device_of(words(series, maker), words(series, device)),
    )


def _filters(series):
    """What was done to the signal, as its control variables tell."""
    found: dict[str, float] = {}
    for filter_ in series.findall("controlVariable/controlVariable"):
        kind = attribute(filter_, "code", "code").upper()
        for each in filter_.findall("component/controlVariable"):
            hz = as_number(attribute(each, "value", "value"))
            if hz and attribute(each, "code", "code").upper().endswith("_FREQ"):
                found[kind.rpartition("_FILTER_")[2]] = hz
    return filters_of(found.get("HIGH_PASS"), found.get("LOW_PASS"), found.get("NOTCH"))
