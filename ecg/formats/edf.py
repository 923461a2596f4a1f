"""EDF, EDF+ (continuous or not) and BDF."""

import contextlib
import datetime
import io
import re
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.fields import stated
from ecg.formats.packed import read_bytes
from ecg.formats.recording import Channel, Contents, Facts, Given, most_samples

if TYPE_CHECKING:
    import edfio

NO_DATE = datetime.date(1985, 1, 1)  # what EDF writes where it does not know, or may not tell
_MAGIC_EDF, _MAGIC_BDF = b"0       ", b"\xffBIOSEMI"
# fields of a signal in the header that hold decimal numbers: (where among the 256 bytes of a
# signal, how long)
_DECIMALS = (104, 8), (112, 8)
MOST_SIGNALS = 2000
# fields of the file and of a signal that hold numbers: (where, how long, what it is called, least,
# greatest, whether it is whole); -1 records: the file was not closed, its length tells
_OF_FILE = (
    (236, 8, "number of data records", -1, 1e8, True),
    (244, 8, "duration of a data record", 0, 1e6, False),
)
_OF_SIGNAL = (
    (104, 8, "physical minimum", -1e15, 1e15, False),
    (112, 8, "physical maximum", -1e15, 1e15, False),
    (120, 8, "digital minimum", -(2**23), 2**23, True),
    (128, 8, "digital maximum", -(2**23), 2**23, True),
    (216, 8, "samples a data record", 1, 1e8, True),
)


def is_edf(head: bytes) -> bool:
    """Whether a file that begins with `head` is an EDF or BDF file."""
    return head[:8] in (_MAGIC_EDF, _MAGIC_BDF)


def from_edf(path: Path, given: Given) -> Contents:
    """The signals of an EDF or BDF file; what an interrupted recording misses is NaN."""
    if not is_edf(read_bytes(path, 256)):
        raise InputError(f"{path} is no EDF or BDF file, or its first bytes are damaged")
    raw = _with_points(read_bytes(path))
    bytes_per_sample = 3 if raw[:8] == _MAGIC_BDF else 2
    _check_header(raw, path)
    edf, notes = _parse(raw, bytes_per_sample, path)
    if not edf.signals:
        raise InputError(f"{path} holds annotations alone, no signal")
    onsets = None
    if re.match(r"(EDF|BDF)\+D", edf.reserved):
        onsets = _record_onsets(raw, edf.num_data_records, bytes_per_sample)
        span = edf.data_record_duration
        missing = onsets[-1] - onsets[0] + span - span * len(onsets)
        if missing > span / 100:
            notes += (f"the recording is interrupted: {missing:.0f} s are missing",)
    channels = [_channel(signal, onsets, path) for signal in edf.signals]
    return Contents(channels, _facts(edf), notes)


def _check_header(raw, path):
    """Refuse numbers of the header that are none or cannot be, by the name of their field."""

    def number(at, size, name, low, high, whole):
        return stated(raw[at : at + size].decode("latin-1"), name, path, low, high, whole)

    count = int(number(252, 4, "number of signals", 1, MOST_SIGNALS, True))
    if len(raw) < 256 * (count + 1):
        raise InputError(f"{path} tells of {count} signals and ends before it describes them")
    size = 256 * (count + 1)
    number(184, 8, f"length of the header of {count} signals", size, size, True)
    for field in _OF_FILE:
        number(*field)
    labels = [raw[256 + 16 * k : 272 + 16 * k].strip() for k in range(count)]
    if not all(label.endswith(b"Annotations") for label in labels):
        number(244, 8, "duration of a data record", 1e-6, 1e6, False)
    for at, size, name, *limits in _OF_SIGNAL:
        for k in range(count):
            number(256 + at * count + size * k, size, f"{name} of signal {k}", *limits)


def _channel(signal, onsets, path):
    fs, step = float(signal.sampling_frequency), None
    if signal.digital_max != signal.digital_min:
        step = (signal.physical_max - signal.physical_min) / (
            signal.digital_max - signal.digital_min
        )
    return Channel(
        signal.label.strip(),
        signal.physical_dimension.strip() or None,
        fs,
        partial(_values, signal, onsets, fs, path),
        adc=(1 / step, signal.digital_min - signal.physical_min / step) if step else None,
        filters=signal.prefiltering.strip(),
    )


def _values(signal, onsets, fs, path):
    for kind in ("digital", "physical"):
        low, high = getattr(signal, f"{kind}_min"), getattr(signal, f"{kind}_max")
        if low == high:
            raise InputError(
                f"{path}: the {kind} minimum and maximum of {signal.label.strip()} are both "
                f"{low:g}: damaged"
            )
    x = np.array(signal.data, dtype=np.float64)
    return x if onsets is None else _place_blocks(x.reshape(len(onsets), -1), onsets, fs, path)


def _with_points(raw):
    """The file with decimal points where its header has decimal commas: a fault of some
    recorders."""
    with contextlib.suppress(ValueError):
        count = int(raw[252:256])
        spans = [(244, 252)]
        spans += [
            (256 + at * count + size * k, 256 + at * count + size * (k + 1))
            for at, size in _DECIMALS
            for k in range(max(0, min(count, len(raw) // 256)))
        ]
        if any(b"," in raw[start:stop] for start, stop in spans):
            out = bytearray(raw)
            for start, stop in spans:
                out[start:stop] = raw[start:stop].replace(b",", b".")
            return bytes(out)
    return raw


def _parse(raw, bytes_per_sample, path):
    """(the parsed file, notes on a file that is cut short)"""
    import edfio

    edf: edfio.Edf | edfio.Bdf
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if bytes_per_sample == 3:
            edf = edfio.read_bdf(io.BytesIO(raw))
        else:
            edf = edfio.read_edf(raw, header_encoding="latin-1")
    return edf, tuple(
        f"{path.name}: {warning.message}"
        for warning in caught
        if re.search("incomplete|indicates", str(warning.message), re.IGNORECASE)
    )


def _facts(edf: "edfio.Edf | edfio.Bdf") -> Facts:
    """What the header says of start, person and device. EDF+ has fields for them; plain EDF has
    free text, which may hold the person's name and is left alone."""
    date = clock = None
    with contextlib.suppress(Exception):  # an anonymous date is an error of its own
        date = edf.startdate if edf.startdate != NO_DATE else None
    with contextlib.suppress(Exception):
        clock = edf.starttime if date or edf.starttime != datetime.time() else None
    facts = Facts(date, clock)
    if not re.match(r"(EDF|BDF)\+", edf.reserved):
        return facts
    with contextlib.suppress(Exception):  # fields that are not as they should be say nothing
        person = edf.patient
        sex = {"F": "female", "M": "male"}.get(person.sex, "")
        facts = facts._replace(patient=person.code.strip("X "), sex=sex)
        with contextlib.suppress(Exception):
            if person.birthdate and date:
                years = (date - person.birthdate).days / 365.25
                facts = facts._replace(age=float(int(years)) if 0 <= years < 130 else None)
    with contextlib.suppress(Exception):
        code = edf.recording.equipment_code
        facts = facts._replace(device=code.replace("_", " ") if code != "X" else "")
    return facts


def _record_onsets(raw, records, bytes_per_sample):
    """(records,) s: when each data record of a discontinuous EDF+ (2 bytes a sample) or BDF+ (3)
    begins."""
    first, count = int(raw[184:192]), int(raw[252:256])
    labels = [raw[256 + 16 * k : 272 + 16 * k].strip() for k in range(count)]
    sizes = [
        bytes_per_sample * int(raw[256 + 216 * count + 8 * k : 264 + 216 * count + 8 * k])
        for k in range(count)
    ]
    k = next(k for k, label in enumerate(labels) if label.endswith(b"Annotations"))
    starts = first + sum(sizes[:k]) + sum(sizes) * np.arange(records)
    return np.array([float(raw[at : at + sizes[k]].split(b"\x14", 1)[0]) for at in starts])


def _place_blocks(blocks, onsets, fs, path):
    """(n,) the blocks (m, k) where their onsets (m,) in s put them, NaN between."""
    at = np.rint((onsets - onsets[0]) * fs).astype(np.int64)
    if np.any(np.diff(at) < blocks.shape[1] - 1) or at[-1] > most_samples(blocks.size, fs):
        raise InputError(f"{path}: the times of its data records are not in order")
    out = np.full(at[-1] + blocks.shape[1], np.nan)
    out[at[:, None] + np.arange(blocks.shape[1])] = blocks
    return out
