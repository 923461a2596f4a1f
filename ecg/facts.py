"""What a file says of its recording beside the signal, as it is written: when it was made, of whom,
by what device; and what of it names nobody."""

import datetime
from collections.abc import Callable

from ecg.formats.recording import Facts, Recording
from ecg.translations import translator

LONGEST = 60  # characters of a text that a file has


def anonymous(facts: Facts) -> Facts:
    """`facts` without patient, age, sex and date. The clock of the day and the device stay: they
    name nobody."""
    return facts._replace(date=None, patient="", age=None, sex="")


def without_person(recording: Recording, wanted: bool = True) -> Recording:
    """`recording`, right after it is read, with its facts made anonymous where that is `wanted`."""
    return recording._replace(facts=anonymous(recording.facts)) if wanted else recording


def start_text(facts: Facts, separator: str = " ") -> str:
    """'2026-07-26 21:56:26', the date or the clock alone, or ''; to the second unless the file
    says more."""
    date, clock = facts.date, facts.clock
    parts = (date and date.isoformat(), clock is not None and _time(clock))
    return separator.join(part for part in parts if part)


def facts_text(facts: Facts, translate: Callable[..., str] = translator("en")) -> list[str]:
    """What is known, a phrase each: start, sex, age, patient, device. translate: of
    ecg.translations, or of the report's page."""
    phrases = []
    if start := start_text(facts):
        phrases.append(translate("from {start}", start=start))
    if facts.sex:
        phrases.append(translate(_line(facts.sex)))
    if facts.age is not None:
        phrases.append(_age(facts.age, translate))
    if facts.patient:
        phrases.append(translate("patient {patient}", patient=_line(facts.patient)))
    if facts.device:
        phrases.append(translate("device {device}", device=_line(facts.device)))
    return phrases


def facts_dict(facts: Facts) -> dict:
    """What JSON holds of them; None where it is not known."""
    patient = {"id": facts.patient or None, "age": facts.age, "sex": facts.sex or None}
    return {
        "start": start_text(facts, "T") or None,
        "patient": patient,
        "device": facts.device or None,
    }


def _time(clock: datetime.time) -> str:
    return clock.replace(tzinfo=None).isoformat("milliseconds" if clock.microsecond else "seconds")


def _age(years, translate):
    if years < 2:
        return translate("{months} months", months=int(12 * years))
    return translate("{years} years", years=int(years))


def _line(text):
    """`text` as it may stand in a line: no control characters, not without end."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
