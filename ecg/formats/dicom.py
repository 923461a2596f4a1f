"""DICOM waveforms: 12-lead, general and ambulatory ECG (PS3.3 A.34, C.10.9), by pydicom.

pydicom reads the data set. The samples are taken from its bytes a channel at a time: its own
array holds all channels in float64, and ecgdatakit 2.0.3 takes every sample that equals the padding
value as missing, where a usual padding value is 0."""

import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

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
from ecg.formats.fields import HIGHEST_HZ, LOWEST_HZ, SCALES, check
from ecg.formats.optional import need
from ecg.formats.packed import read_bytes
from ecg.formats.recording import Channel, Contents, Facts, Given
from ecg.formats.units import as_number

if TYPE_CHECKING:
    from pydicom import Dataset

_DEFLATED = b"1.2.840.10008.1.2.1.99"  # a transfer syntax whose data set is packed
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DTYPES = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (16, "SS"): "i2",
    (16, "US"): "u2",
    (32, "SL"): "i4",
    (32, "UL"): "u4",
}
_REQUIRED = (
    "NumberOfWaveformChannels",
    "NumberOfWaveformSamples",
    "WaveformBitsAllocated",
    "WaveformData",
)
# Leads as SCP-ECG and ISO/IEEE 11073-10102 number them: codes 5.6.3-9-1 and 2:1 (CID 3001)
_LEADS = dict(
    enumerate("I II V1 V2 V3 V4 V5 V6 V7 V2R V3R V4R V5R V6R V7R X Y Z CC5 CM5".split(), 1)
)
_LEADS |= dict(enumerate("III aVR aVL aVF -aVR V8 V9 V8R V9R".split(), 61))
_CODE = re.compile(r"(?:5\.6\.3-9-|2:)(\d+)$")
_AVERAGED = re.compile(r"median|averag|represent|dominant", re.IGNORECASE)
PADDING_RUN = 1.0  # s: a padding value that a lead can have, too, is padding where it lasts so long


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins with `head` is a DICOM file."""
    return head[128:132] == b"DICM"


def from_dicom(path: Path, given: Given) -> Contents:
    """The channels of the longest group of a DICOM waveform; median beats are none."""
    pydicom = need("pydicom", path)
    raw = read_bytes(path)
    if not is_dicom(raw):
        raise InputError(f"{path} is no DICOM file, or cut short")
    if _DEFLATED in raw[:2048]:
        raise InputError(
            f"{path} is packed (deflated) inside: store it unpacked, as dcmconv +te does"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of identifiers that are not quite regular
        data = pydicom.dcmread(io.BytesIO(raw))
        groups = [_group(data, each, path) for each in _items(data, "WaveformSequence")]
        if not groups:
            kind = getattr(data.get("SOPClassUID"), "name", "") or "no waveform"
            raise InputError(f"{path} is a DICOM file without waveforms ({kind})")
        channels, start, notes = longest_group(groups)
        if not channels:
            raise InputError(f"{path} holds averaged beats alone, no recording")
        return Contents(channels, _facts(data, start), notes)


def _items(data: "Dataset", keyword: str) -> list:
    """The items of a sequence, none where there is none."""
    return list(data.get(keyword) or [])


def _group(data: "Dataset", item: "Dataset", path: Path) -> Group:
    """A multiplex group: channels whose samples stand in turn."""
    if lacking := [keyword for keyword in _REQUIRED if item.get(keyword) in (None, "")]:
        raise InputError(f"{path}: a group of its waveforms lacks {lacking[0]}: damaged")
    count, samples = int(item.NumberOfWaveformChannels), int(item.NumberOfWaveformSamples)
    bits, sort = int(item.WaveformBitsAllocated), str(item.get("WaveformSampleInterpretation"))
    if (bits, sort) not in _DTYPES:
        raise InputError(f"{path}: samples of {bits} bits, kind {sort}, are not read")
    syntax = str(data.file_meta.get("TransferSyntaxUID", ""))
    dtype = np.dtype((">" if syntax == _BIG_ENDIAN else "<") + _DTYPES[bits, sort])
    definitions, values = _items(item, "ChannelDefinitionSequence"), item.WaveformData
    if count < 1 or len(definitions) != count:
        raise InputError(
            f"{path}: {len(definitions)} channels are described, {count} stored: damaged"
        )
    if samples * count * dtype.itemsize > len(values):
        raise InputError(
            f"{path} claims {samples} samples of {count} channels and holds "
            f"{len(values) // dtype.itemsize} values: damaged or cut short"
        )
    table = np.frombuffer(values, dtype, samples * count).reshape(samples, count)
    fs = _stated(item, "SamplingFrequency", path, LOWEST_HZ, HIGHEST_HZ)
    padding = item.get("WaveformPaddingValue")
    told = isinstance(padding, bytes) and len(padding) >= dtype.itemsize
    missing = np.frombuffer(padding, dtype, 1)[0] if told else None
    channels = [
        _channel(definition, table[:, k], missing, fs, path)
        for k, definition in enumerate(definitions)
    ]
    name = " ".join(str(item.get("MultiplexGroupLabel") or "").split())
    start = (_number(item, "MultiplexGroupTimeOffset") or 0.0) / 1000
    averaged = bool(_AVERAGED.search(name)) or _is_beat(item, samples / (fs or 500))
    return Group(channels, start, samples / (fs or 500), averaged, name)


def _is_beat(item, seconds):
    """Whether a group without a telling name is one beat: derived, and shorter than two."""
    return str(item.get("WaveformOriginality")).upper() == "DERIVED" and seconds < 2


def _channel(definition, stored, missing, fs, path):
    """A channel of the samples `stored` (n,): each times sensitivity and correction factor, plus
    the baseline (C.10.9.1.4.2)."""
    scales = ("ChannelSensitivity", "ChannelSensitivityCorrectionFactor")
    sensitivity, factor = (_stated(definition, each, path, *SCALES) for each in scales)
    step = (sensitivity or 1.0) * (factor or 1.0)
    zero = _stated(definition, "ChannelBaseline", path, -1e15, 1e15) or 0.0
    units = _items(definition, "ChannelSensitivityUnitsSequence")
    unit = str(units[0].get("CodeValue") or "") if units and sensitivity else ""
    name, kind = _name(definition)

    def read() -> np.ndarray:
        values = stored.astype(np.float64)
        lacking = _padded(stored, missing, fs)
        values = values * step + zero
        values[lacking] = np.nan
        return values

    return Channel(
        name,
        unit or None,
        fs,
        read,
        kind,
        (1 / step, (0.0 - zero) / step) if unit else None,
        filters_of(
            _number(definition, "FilterLowFrequency"),
            _number(definition, "FilterHighFrequency"),
            _number(definition, "NotchFilterFrequency"),
        ),
    )


def _name(definition):
    """(name, kind) of a channel: its lead, where a code says which, else its label or source."""
    sources = _items(definition, "ChannelSourceSequence")
    code = str(sources[0].get("CodeValue") or "") if sources else ""
    meaning = str(sources[0].get("CodeMeaning") or "").strip() if sources else ""
    label = str(definition.get("ChannelLabel") or "").strip()
    found = _CODE.match(code)
    lead = _LEADS.get(int(found[1])) if found else None
    if lead is None and code.upper().startswith("MDC_ECG_LEAD_"):
        lead = code[len("MDC_ECG_LEAD_") :]
    if lead is not None:
        return lead, "ECG"
    return label or meaning, meaning if label else ""


def _padded(stored, missing, fs):
    """Which of the samples `stored` (n,) are padding, bool: all that equal the value `missing`
    where the others are far from it; else, because leads pass 0 too, its long runs."""
    equal = np.zeros(len(stored), bool) if missing is None else stored == missing
    if not equal.any() or equal.all():
        return equal
    others = stored[~equal]
    if missing < others.min() or missing > others.max():
        return equal
    edges = np.flatnonzero(np.diff(np.concatenate([[0], equal.view(np.int8), [0]])))
    for start, stop in edges.reshape(-1, 2):
        if stop - start < PADDING_RUN * (fs or 500):
            equal[start:stop] = False
    return equal


def _stated(data, keyword, path, low, high):
    """A number of the data set, None where there is none; refused where it is not from `low` to
    `high`, a scale (SCALES) by its size."""
    value = data.get(keyword)
    if value in (None, ""):
        return None
    number = as_number(str(value))
    number = float("nan") if number is None else number
    check(abs(number) if (low, high) == SCALES else number, keyword, path, low, high)
    return number


def _number(data, keyword):
    """A number of the data set, None where there is none."""
    value = data.get(keyword)
    found = as_number(str(value)) if value not in (None, "") else None
    return found if found is not None and np.isfinite(found) else None


def _facts(data, start):
    texts = [str(data.get("AcquisitionDateTime") or "")]
    for part in ("Acquisition", "Content", "Study"):
        texts.append(str(data.get(f"{part}Date") or "") + str(data.get(f"{part}Time") or ""))
    moments = [(date_of(text), clock_of(text[8:])) for text in texts]
    day, clock = max(moments, key=lambda moment: (moment[0] is not None) + (moment[1] is not None))
    day, clock = later(day, clock, start)
    age = re.fullmatch(r"\s*(\d{1,3})([YMWD])\s*", str(data.get("PatientAge") or ""))
    return Facts(
        day,
        clock,
        str(data.get("PatientID") or "").strip(),
        age_of(
            date_of(str(data.get("PatientBirthDate") or "")),
            day,
            years_in(float(age[1]), age[2]) if age else None,
        ),
        sex_of(str(data.get("PatientSex") or "")),
        device_of(
            str(data.get("Manufacturer") or ""), str(data.get("ManufacturerModelName") or "")
        ),
    )
