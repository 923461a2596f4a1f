"""ISHNE Holter files (.ecg): Badilini, Ann Noninvasive Electrocardiol 1998;3:263-266.

Read by hand: the header is 522 bytes, and a day of leads need not be in memory at once."""

import binascii
import datetime
import io
import struct
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import age_of, device_of, sex_of
from ecg.formats.fields import check
from ecg.formats.packed import is_packed, read_bytes
from ecg.formats.recording import Channel, Contents, Facts, Given

MAGIC = b"ISHNE1.0"
HEADER = 522  # bytes: the magic, a checksum, 512 of what is fixed
MOST_LEADS = 12
MISSING = -32768  # stands for a lead that was off
_NOT_TOLD = 0, -9  # resolutions
PIECE = 1 << 18  # samples, of all leads together, that are read at a time
# Table 1 of the paper; 0 is unknown, 1 some bipolar lead
_LEADS = dict(enumerate("X Y Z I II III aVR aVL aVF V1 V2 V3 V4 V5 V6 ES AS AI".split(), 2))


def is_ishne(head: bytes) -> bool:
    """Whether a file that begins with `head` is an ISHNE Holter file."""
    return head.startswith(MAGIC)


def from_ishne(path: Path, given: Given) -> Contents:
    """The leads of an ISHNE file, in uV; where a lead was off, missing."""
    raw = read_bytes(path) if is_packed(path) else None
    head = read_bytes(path, HEADER) if raw is None else raw[:HEADER]
    if head.startswith(b"ANN  1.0"):
        raise InputError(f"{path} is an ISHNE annotation file: name the recording, its .ecg file")
    if not is_ishne(head) or len(head) < HEADER:
        raise InputError(f"{path} is no ISHNE Holter file, or cut short")
    count, fs = _short(head, 156), _short(head, 272)
    if fs:  # 0: not told
        check(fs, "sampling rate", path, 1, 32767)
    if not 1 <= count <= MOST_LEADS:
        raise InputError(
            f"{path} claims {count} leads, ISHNE files have 1 to {MOST_LEADS}: damaged"
        )
    first, samples = _layout(head, count, path.stat().st_size if raw is None else len(raw), path)
    where = path if raw is None else raw
    for k in range(count):
        if (step := _short(head, 206 + 2 * k)) not in _NOT_TOLD:
            check(step, f"resolution of lead {k} in nV", path, 1, 32767)
    channels = [
        _channel(head, where, k, first, (samples, count), fs if fs > 0 else None)
        for k in range(count)
    ]
    notes = _checksum_note(where, first) + _length_note(head, count, samples)
    return Contents(channels, _facts(head), notes)


def _layout(head, count, size, path):
    """(byte of the first sample, samples of each of `count` leads) in a file of `size` bytes."""
    (more,) = struct.unpack_from("<i", head, 10)
    first = HEADER + more  # what the header says of it is less often right
    if more < 0 or first > size:
        raise InputError(f"{path}: its header of {first} bytes does not fit: damaged or cut short")
    samples = (size - first) // (2 * count)
    if not samples:
        raise InputError(f"{path} holds no samples")
    return first, samples


def _channel(head, where, number, first, shape, fs):
    """Lead `number` of the samples (n, leads) of `shape` from byte `first` on."""
    step = _short(head, 206 + 2 * number)  # nV
    scaled = step > 0
    return Channel(
        _LEADS.get(_short(head, 158 + 2 * number), ""),
        "uV" if scaled else None,
        fs,
        lambda: _lead(where, number, first, shape, step / 1000 if scaled else 1.0),
        kind="ECG",
        adc=(1000 / step, 0.0) if scaled else None,
    )


def _lead(where, number, first, shape, scale):
    """(n,) lead `number`, in steps of `scale`, of the samples (n, leads) of `shape` in the file, or
    the bytes, `where`."""
    samples, count = shape
    out, piece = np.empty(samples), PIECE // count
    with open(where, "rb") if isinstance(where, Path) else io.BytesIO(where) as stream:
        stream.seek(first)
        for start in range(0, samples, piece):
            part = out[start : start + piece]
            values = np.frombuffer(stream.read(2 * count * len(part)), "<i2")[number::count]
            np.multiply(values, scale, out=part)
            part[values == MISSING] = np.nan
    return out


def _checksum_note(where, first):
    """A note where the header differs from its checksum, in either order of its bytes."""
    head = read_bytes(where, first) if isinstance(where, Path) else where[:first]
    (stored,) = struct.unpack_from("<H", head, 8)
    right = binascii.crc_hqx(head[10:], 0xFFFF)
    if stored in (0, right, int.from_bytes(right.to_bytes(2, "little"), "big")):
        return ()
    return ("the header does not fit its checksum: what it says may be wrong",)


def _length_note(head, count, samples):
    """A note where the file is shorter than its header says, which some give of all leads together
    and some as the most that the recorder could hold."""
    (said,) = struct.unpack_from("<i", head, 14)
    if said <= samples or said == count * samples:
        return ()
    return (f"the header tells of {said:,} samples, the file holds {samples:,} of each lead",)


def _facts(head):
    day, clock = _three(head, 138, datetime.date), _three(head, 150, datetime.time)
    recorder = _text(head, 232, 40)
    return Facts(
        day,
        clock,
        _text(head, 108, 20),
        age_of(_three(head, 132, datetime.date), day),
        sex_of({1: "male", 2: "female"}.get(_short(head, 128))),
        "" if recorder.lower() in ("analog", "digital") else device_of(recorder),
    )


def _three(head, at, kind):
    """A date (written day, month, year) or time of day (hour, minute, second); None where it is
    none."""
    numbers = struct.unpack_from("<3h", head, at)
    try:
        return kind(*(numbers[::-1] if kind is datetime.date else numbers))
    except ValueError:
        return None


def _short(head, at):
    return struct.unpack_from("<h", head, at)[0]


def _text(head, at, size):
    return head[at : at + size].split(b"\0")[0].decode("latin-1").strip()
