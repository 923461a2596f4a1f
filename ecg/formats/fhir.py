"""FHIR Observations with sampled data (JSON, R4 and R5), alone or in a Bundle.

SampledData: value = origin.value + factor * number, in the unit of origin; `E` (error), `U` and `L`
(above and below what can be measured) among the numbers are missing samples; several dimensions
alternate; the time between samples is period (ms, R4) or interval with intervalUnit (R5). The lead
is the code of the component (ISO 11073-10101 or text). Sources: HL7 FHIR R4 and R5, SampledData.
HealthKitOnFHIR writes the ECG of an Apple Watch in pieces of 10 s, one component each, and period
in s: its component of the sampling frequency is heard before."""

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import age_of, date_of, device_of, sex_of
from ecg.formats.fields import check, check_scale
from ecg.formats.json_values import json_of, number, text
from ecg.formats.named.facts import moment_of
from ecg.formats.named.values import in_a_line
from ecg.formats.recording import MAX_LEADS, Channel, Contents, Facts, Given
from ecg.formats.units import voltage

# ISO 11073-10101: 131328 + the number of the lead
_POTENTIAL = 131328
_LEADS = {1: "I", 2: "II", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 87: "V"}
_LEADS |= {2 + k: f"V{k}" for k in range(1, 7)} | {59 + k: f"V{k}" for k in (7, 8, 9)}
_ECG = re.compile(r"ecg|ekg|electrocardio|elektrokardio", re.IGNORECASE)
_UCUM = {"uv": "uV", "microv": "uV", "mv": "mV", "milliv": "mV", "v": "V", "nv": "nV"}
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_PERIODS_IN_S = 1 / 4000, 1 / 50  # as ms they would be rates that no ECG has
IN_SECONDS = ("its period is taken as s: as ms, which FHIR says, it would be no ECG's rate",)


def _in_seconds(period):
    return period is not None and _PERIODS_IN_S[0] <= period <= _PERIODS_IN_S[1]


class _Piece(NamedTuple):
    """Sampled data of one lead: where its numbers stand, what to make of them."""

    observation: int
    name: str
    kind: str
    unit: str | None
    fs: float | None
    factor: float  # from here on what may differ between pieces of a lead
    origin: float
    words: str
    dimension: int
    dimensions: int
    in_seconds: bool


def is_fhir(content: Any) -> bool:
    """Whether the content of a JSON file is an Observation of FHIR, or a Bundle."""
    return isinstance(content, Mapping) and content.get("resourceType") in ("Observation", "Bundle")


def from_fhir(path: Path, given: Given) -> Contents:
    """The signals of an Observation or Bundle."""
    content = json_of(path)
    if not is_fhir(content):
        raise InputError(f"{path} is no Observation of FHIR")
    return contents_of_fhir(content, path)


def contents_of_fhir(content: Mapping[str, Any], path: Path) -> Contents:
    """The signals of an Observation; of a Bundle, those of the first recording in it: Observations
    that begin at the same time are its leads."""
    resources = list(_resources(content))
    observations = [each for each in resources if each.get("resourceType") == "Observation"]
    sampled = [each for each in observations if next(_sampled(each), None) is not None]
    if not sampled:
        raise InputError(
            f"{path} holds {len(observations)} observations and no sampled data: an ECG is in "
            "valueSampledData, of the observation or of its components"
        )
    first = _start(sampled[0])
    together = [each for each in sampled if _start(each) == first]
    notes: tuple[str, ...] = ()
    if len(together) < len(sampled):
        notes += (
            f"{len(sampled)} observations with signals: those of {first or 'no time'} are read, "
            f"{len(sampled) - len(together)} of other times are not",
        )
    pieces = [piece for k, each in enumerate(together) for piece in _pieces(each, k, path)]
    moment, more = moment_of(first)
    notes += more + (IN_SECONDS if any(each.in_seconds for each in pieces) else ())
    return Contents(_channels(pieces, path), _facts(together[0], resources, moment, first), notes)


def _resources(content, depth=0) -> Iterator[Mapping[str, Any]]:
    """The resources of a Bundle, and those contained in them."""
    if not isinstance(content, Mapping) or depth > 5:
        return
    yield content
    entries = content.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            yield from _resources(entry.get("resource"), depth + 1)
    contained = content.get("contained")
    for each in contained if isinstance(contained, list) else ():
        yield from _resources(each, depth + 1)


# ----------------------------------------------------------------------------------------- signals


def _components(observation):
    parts = observation.get("component")
    parts = parts if isinstance(parts, list) else []
    return [each for each in (observation, *parts) if isinstance(each, Mapping)]


def _sampled(observation):
    """(part of an observation, its sampled data)"""
    for part in _components(observation):
        data = part.get("valueSampledData")
        if isinstance(data, Mapping) and isinstance(data.get("data"), str):
            yield part, data


def _pieces(observation, number_of_it, path) -> Iterator[_Piece]:
    """The sampled data of an observation, one a lead and dimension."""
    stated = _stated_rate(observation)
    kind = "ECG" if _ECG.search(_coded(observation)) else ""
    for part, data in _sampled(observation):
        origin = data.get("origin") if isinstance(data.get("origin"), Mapping) else {}
        count = number(data.get("dimensions"))
        count = int(count) if count is not None and 1 <= count <= MAX_LEADS else 1
        factor, zero = number(data.get("factor")), number(origin.get("value"))
        if factor is not None:
            check_scale(factor, "factor", path)
        if zero is not None:
            check(zero, "origin", path, -1e15, 1e15)
        for name in ("period", "interval"):
            if step := number(data.get(name)):
                check(step, name, path, 1e-12, 1e12)
        for k in range(count):
            name = _lead(part) if part is not observation or not kind else _lead(part, strict=True)
            yield _Piece(
                number_of_it,
                name if count == 1 else f"{name} {k + 1}".strip(),
                kind or ("ECG" if _ECG.search(_coded(part)) else ""),
                _unit(origin),
                stated or _rate(data),
                1.0 if factor is None else factor,
                zero or 0.0,
                data["data"],
                k,
                count,
                stated is None and _in_seconds(number(data.get("period"))),
            )


def _channels(pieces, path):
    """A channel a lead; pieces of one lead, with the same rate and unit, follow each other."""
    leads: dict[tuple, list[_Piece]] = {}
    for piece in pieces:
        key = (*piece[:5], piece.dimension, piece.dimensions)
        leads.setdefault(key, []).append(piece)
    if len(leads) > MAX_LEADS:
        raise InputError(f"{path} holds {len(leads)} signals, of which {MAX_LEADS} can be one ECG")
    channels = []
    for parts in leads.values():
        first = parts[0]
        alike = all((each.factor, each.origin) == (first.factor, first.origin) for each in parts)
        adc = (
            (1 / first.factor, 0.0 - first.origin / first.factor)
            if alike and first.factor
            else None
        )
        read = functools.partial(_values, parts, path)
        channels.append(Channel(first.name, first.unit, first.fs, read, first.kind, adc))
    return channels


def _values(pieces, path):
    """The values (n,) of one lead, NaN where samples are missing."""
    parts = []
    for piece in pieces:
        words = piece.words.split()
        if len(words) % piece.dimensions:
            raise InputError(
                f"{path}: {len(words)} numbers are no multiple of the {piece.dimensions} "
                "dimensions they are said to have"
            )
        words = words[piece.dimension :: piece.dimensions]
        try:
            x = np.array([np.nan if word in ("E", "U", "L") else float(word) for word in words])
        except ValueError as error:
            raise InputError(f"{path}: among its data: {in_a_line(str(error), 100)}") from None
        parts.append(piece.origin + piece.factor * x)
    return np.concatenate(parts)


def _rate(data):
    """Hz of sampled data, None where it does not say it."""
    period, seconds = number(data.get("period")), _SECONDS["ms"]
    if period is None:
        period = number(data.get("interval"))
        seconds = _SECONDS.get(text(data.get("intervalUnit")), np.nan)
    elif _in_seconds(period):
        seconds = 1.0
    return None if period is None or not period * seconds > 0 else 1 / (period * seconds)


def _stated_rate(observation):
    """Hz of the component that says it: a quantity in Hz that is called a frequency or rate."""
    for part in _components(observation):
        quantity = part.get("valueQuantity")
        if isinstance(quantity, Mapping) and "hz" in (
            text(quantity.get("code")).lower(),
            text(quantity.get("unit")).lower(),
        ):
            if re.search(r"sampl", _coded(part), re.IGNORECASE):
                return number(quantity.get("value"))
    return None


def _unit(origin):
    """The unit of an origin: by its code, else as it is written; None where there is none."""
    for key in ("code", "unit"):
        written = text(origin.get(key))
        unit = _UCUM.get(written.lower(), written)
        if voltage(unit) is not None:
            return unit
    return text(origin.get("unit")) or text(origin.get("code")) or None


# ----------------------------------------------------------------------------------------- names


def _codings(part):
    code = part.get("code")
    code = code if isinstance(code, Mapping) else {}
    codings = code.get("coding")
    found = (
        [each for each in codings if isinstance(each, Mapping)] if isinstance(codings, list) else []
    )
    return text(code.get("text")), found


def _coded(part):
    """All that the code of an observation or component says, in one text."""
    own, codings = _codings(part)
    said = [own, *(text(each.get(key)) for each in codings for key in ("display", "code"))]
    ecg = any(_lead_number(each) is not None for each in codings)
    return " ".join([*said, "ECG"] if ecg else said)


def _lead_number(coding):
    code = number(coding.get("code"))
    other = "snomed" in text(coding.get("system")).lower()
    if code is None or other or not _POTENTIAL <= code < _POTENTIAL + 256:
        return None
    return int(code) - _POTENTIAL


def _lead(part, strict=False):
    """The lead that a code names: `MDC_ECG_ELEC_POTL_II`, 131330, `Lead II` -> II; else its text.

    strict: leads alone, where it is the code of a whole observation, `12 lead EKG`."""
    own, codings = _codings(part)
    for coding in codings:
        if (lead := _LEADS.get(_lead_number(coding) or 0)) is not None:
            return lead
    said = [own, *(text(each.get(key)) for each in codings for key in ("display", "code"))]
    for each in said:
        if found := re.search(r"MDC_ECG_(?:ELEC_POTL|LEAD)_(\w+)", each):
            lead = found[1]
            return "aV" + lead[2] if re.fullmatch(r"AV[RLF]", lead) else lead
    return "" if strict else next((each for each in said if each), "")


# ----------------------------------------------------------------------------------------- facts


def _start(observation):
    """The start that an observation gives, as it is written."""
    period = observation.get("effectivePeriod")
    start = period.get("start") if isinstance(period, Mapping) else None
    given = (observation.get("effectiveDateTime"), observation.get("effectiveInstant"), start)
    return next((text(each) for each in given if isinstance(each, str)), "")


def _facts(observation, resources, moment, written):
    """Whose recording it is, and of which device; person and device may be resources beside it."""
    subject = observation.get("subject")
    subject = subject if isinstance(subject, Mapping) else {}
    people = (each for each in resources if each.get("resourceType") == "Patient")
    person: Mapping[str, Any] = next(people, {})
    device = observation.get("device")
    display = text(device.get("display")) if isinstance(device, Mapping) else ""
    day = moment.date() if moment is not None else None
    has_clock = moment is not None and "T" in written
    reference = text(subject.get("reference"))
    return Facts(
        day,
        moment.time() if has_clock else None,
        re.sub(r"^.*[/:#]", "", reference) or text(person.get("id")),
        age_of(date_of(text(person.get("birthDate"))), day),
        sex_of(text(person.get("gender"))),
        device_of(display),
    )
