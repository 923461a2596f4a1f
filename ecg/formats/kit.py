"""Formats that the package ecgdatakit reads, as `Contents`.

Of version 2.0.3 a parser is called, not FileParser: that imports all parsers, decides by content
what a file is, and scales every lead. Each reader that uses it says what of it was checked."""

import contextlib
import datetime
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import age_of, device_of, filters_of, sex_of
from ecg.formats.optional import need
from ecg.formats.packed import is_packed, read_bytes
from ecg.formats.recording import Channel, Contents, Facts

if TYPE_CHECKING:
    from ecgdatakit import ECGRecord
    from ecgdatakit.models import Lead

_OF_BEATS = ("median", "representative", "repbeat", "TYPICAL_CYCLE")  # warnings that matter to none


def read_by_kit(path: Path, module: str, parser: str) -> tuple["ECGRecord", tuple[str, ...]]:
    """(record, notes on what is not right) of a file, by a `parser` of a `module` of ecgdatakit.

    Raises InputError where the file is damaged or of a kind that it does not read."""
    parsers = need(f"ecgdatakit.parsing.parsers.{module}", path)
    errors = need("ecgdatakit.exceptions", path)
    with _unpacked(path) as plain, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            record = getattr(parsers, parser)().parse(plain)
        except errors.ECGDataKitError as error:
            said = str(error).replace(str(plain), path.name)
            raise InputError(f"{path} cannot be read: {said}") from None
        except MemoryError:  # before a sample is decoded, room is made for all that are promised
            raise InputError(f"{path} promises more samples than it can hold: damaged") from None
    told = dict.fromkeys(str(warning.message) for warning in caught)
    notes = [text for text in told if not any(word in text for word in _OF_BEATS)]
    if record.median_beats:
        notes.append(f"{len(record.median_beats)} averaged beats, which are no recording, left out")
    return record, tuple(notes)


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """The file as one that is not packed: the parsers open it by its name."""
    if not is_packed(path):
        yield path
        return
    handle, name = tempfile.mkstemp(suffix=Path(path.stem).suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(read_bytes(path))
        yield Path(name)
    finally:
        os.unlink(name)


def channels_of(record: "ECGRecord", kind: str = "") -> list[Channel]:
    """The leads of a record, in their order, in the unit of their resolution. kind: what they are
    by the format, where it holds nothing else."""
    found = record.recording.acquisition.filters
    notch = found.notch if found.notch_active is not False else None
    filters = filters_of(found.highpass, found.lowpass, notch)
    return [_channel(lead, filters, kind) for lead in record.leads]


def _channel(lead: "Lead", filters: str, kind: str) -> Channel:
    unit = (lead.resolution_unit if lead.is_raw else lead.units) or None
    step, zero = (lead.resolution, lead.offset) if lead.is_raw and unit else (1.0, 0.0)
    stored = lead.samples

    def read() -> np.ndarray:
        return np.asarray(stored, dtype=np.float64) * step + zero

    adc = None
    if lead.is_raw and unit:  # a resolution of 0 is refused with the gain that it means
        adc = (1 / step, (0.0 - zero) / step) if step else (np.inf, 0.0)
    return Channel(lead.label, unit, float(lead.sampling_rate) or None, read, kind, adc, filters)


def facts_of(record: "ECGRecord") -> Facts:
    """What a record says beside its leads."""
    start, patient, device = record.recording.date, record.patient, record.recording.device
    day = start.date() if start else _day(record.raw_metadata.get("acquisition_date"))
    born = patient.birth_date.date() if patient.birth_date else None
    return Facts(
        day,
        start.time() if start else None,
        patient.patient_id.strip(),
        age_of(born, day, patient.age),
        sex_of(patient.sex),
        device_of(device.manufacturer, device.model),
    )


def _day(text):
    """A day that has no time of day, as the parsers keep it apart; None where it is none."""
    try:
        return datetime.date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        return None


def by_kit(path: Path, module: str, parser: str, kind: str = "") -> Contents:
    """What a file holds that a `parser` of a `module` of ecgdatakit reads."""
    record, notes = read_by_kit(path, module, parser)
    if not record.leads:
        raise InputError(f"{path} holds no leads")
    return Contents(channels_of(record, kind), facts_of(record), notes)
