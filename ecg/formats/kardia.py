"""AliveCor's Kardia recordings: JSON of the Kardia API, and ATC files.

JSON: `data.raw` holds frequency (Hz), mainsFrequency (Hz), amplitudeResolution (nV a unit) and
samples by lead (leadI, leadII, leadIII, AVR, AVL, AVF); `data.enhanced` the same, filtered by
AliveCor, which is taken only where there is nothing else. Source: Kardia API, "Single ECG".
ATC: blocks behind the bytes ALIVE, of which `fmt ` says rate and nV a unit, `ecg `, `ecg2` ... hold
the leads, `info` says when and with what. Source: AliveCor, ATC File Format Specification 1.7."""

import re
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import device_of
from ecg.formats.fields import check
from ecg.formats.json_values import json_of, number, numbers, text
from ecg.formats.named.facts import moment_of
from ecg.formats.named.values import in_a_line
from ecg.formats.packed import read_bytes
from ecg.formats.recording import Channel, Contents, Facts, Given

_ALIVE = b"ALIVE\0\0\0"
_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_BLOCKS = dict(zip((f"ecg{k}".encode() for k in " 23456789abc"), _LEADS))
_INFO = (32, 40, 44, 32, 32, 32, 52)  # bytes of its texts; the first is the start
_PHONE, _SOFTWARE, _HARDWARE = 3, 4, 5
_FLAGS = ((4, "mains filter"), (16, "baseline filter"), (32, "notch"), (64, "enhanced"))
_MAINS_60 = 2


# ----------------------------------------------------------------------------------------- JSON


def is_kardia(content: Any) -> bool:
    """Whether the content of a JSON file is a recording of the Kardia API."""
    if not isinstance(content, Mapping):
        return False
    data = content.get("data")
    if "data12L" in content and "recordedAt" in content:
        return True
    return isinstance(data, Mapping) and any(
        isinstance(data.get(key), Mapping) and isinstance(data[key].get("samples"), Mapping)
        for key in ("raw", "enhanced")
    )


def from_kardia(path: Path, given: Given) -> Contents:
    """The leads of a recording of the Kardia API."""
    content = json_of(path)
    if not is_kardia(content):
        raise InputError(f"{path} is no recording of the Kardia API")
    return contents_of_kardia(content, path)


def contents_of_kardia(content: Mapping[str, Any], path: Path) -> Contents:
    """The leads of a recording of the Kardia API, as it came (`raw`) where that is there."""
    data = content.get("data")
    blocks = data if isinstance(data, Mapping) else {}
    which = next((key for key in ("raw", "enhanced") if isinstance(blocks.get(key), Mapping)), None)
    samples = blocks[which].get("samples") if which else None
    if not isinstance(samples, Mapping):
        raise InputError(
            f"{path} holds no samples by lead in data.raw (those of 12 leads, in data12L, are not "
            "read): get the recording as an ATC or EDF file"
        )
    block = blocks[which]
    resolution = number(block.get("amplitudeResolution"))
    if resolution is not None:
        check(resolution, "amplitudeResolution in nV", path, 1e-3, 1e9)
    filters = "enhanced by AliveCor" if which == "enhanced" else ""
    channels = []
    for key, values in samples.items():
        counts = numbers(values)
        if counts is None:
            raise InputError(f"{path}: its samples of {in_a_line(key, 20)} are no list of numbers")
        channels.append(
            _channel(_lead_of(key), counts, number(block.get("frequency")), resolution, filters)
        )
    moment, notes = moment_of(content.get("recordedAt"))
    device = content.get("deviceInfo")
    device = device if isinstance(device, Mapping) else {}
    return Contents(
        channels,
        Facts(
            moment.date() if moment else None,
            moment.time() if moment else None,
            text(content.get("patientID")),
            device=device_of("AliveCor", text(device.get("hardwareType"))),
        ),
        notes,
    )


def _lead_of(key):
    """leadII -> II, AVR -> aVR"""
    short = re.sub(r"^lead[ _]?", "", key, flags=re.IGNORECASE)
    return next((lead for lead in _LEADS if lead.upper() == short.upper()), in_a_line(key))


def _channel(name, counts, fs, resolution, filters):
    """A lead of converter units of `resolution` nV; without it their unit is not known."""
    if resolution is None or not 0 < resolution < 1e9:
        return Channel(name, None, fs, lambda: counts.astype(np.float64), filters=filters)
    step = resolution / 1000
    return Channel(name, "uV", fs, lambda: counts * step, adc=(1 / step, 0.0), filters=filters)


# ----------------------------------------------------------------------------------------- ATC


def is_atc(head: bytes) -> bool:
    """Whether a file that begins with `head` is one of AliveCor's ATC files."""
    return head.startswith(_ALIVE)


def from_atc(path: Path, given: Given) -> Contents:
    """The leads of an ATC file; average beats and annotations are left."""
    raw = read_bytes(path)
    if not is_atc(raw):
        raise InputError(f"{path} is no ATC file")
    blocks = dict(_blocks(raw, path))
    form = blocks.get(b"fmt ", b"")
    if len(form) < 6 or form[0] != 1 or not blocks.keys() & _BLOCKS.keys():
        raise InputError(f"{path} holds no ECG of 16-bit samples, or says nothing of its format")
    fs, resolution, flags = struct.unpack("<HHB", form[1:6])
    channels = [
        _channel(
            lead,
            np.frombuffer(blocks[key], "<i2", count=len(blocks[key]) // 2),
            float(fs),
            float(resolution),
            _filters(flags),
        )
        for key, lead in _BLOCKS.items()
        if key in blocks
    ]
    said = _info(blocks.get(b"info", b""))
    moment, notes = moment_of(said[0])
    facts = Facts(device=device_of("AliveCor", said[_HARDWARE], said[_SOFTWARE], said[_PHONE]))
    if moment is not None:
        facts = facts._replace(date=moment.date(), clock=moment.time())
    return Contents(channels, facts, notes)


def _blocks(raw, path):
    """(name, bytes) of each block; what follows a block that is cut short is not there."""
    at = 12
    while at + 12 <= len(raw):
        (length,) = struct.unpack_from("<I", raw, at + 4)
        end = at + 8 + length
        if end + 4 > len(raw):
            raise InputError(f"{path} is damaged or cut short: a block ends after the file")
        (stated,) = struct.unpack_from("<I", raw, end)
        # the specification says CRC-32, AliveCor's own reader and writer add up the bytes
        if stated not in (zlib.crc32(raw[at:end]), _sum(raw[at:end])):
            raise InputError(f"{path} is damaged: the checksum of a block is wrong")
        yield raw[at : at + 4], raw[at + 8 : end]
        at = end + 4


def _sum(block):
    return int(np.frombuffer(block, np.uint8).sum(dtype=np.uint64)) % 2**32


def _info(block):
    """The texts of the block `info`, "" for those that are not there."""
    said, at = [], 0
    for length in _INFO:
        said.append(block[at : at + length].split(b"\0")[0].decode("utf-8", "replace").strip())
        at += length
    return said


def _filters(flags):
    """What the flags of the format say was done to the samples: 'notch 60 Hz, enhanced'"""
    mains = 60 if flags & _MAINS_60 else 50
    return ", ".join(
        f"{name} {mains} Hz" if name in ("mains filter", "notch") else name
        for bit, name in _FLAGS
        if flags & bit
    )
