"""Philips XML (SierraECG, PhilipsECG 1.03 to 1.04.02), plain or with XLI-compressed leads, by
ecgdatakit.

Its samples of two real files equal those of our own decoding of LZW and of the second differences,
and the limb leads fit each other (I - II + III is 0 within a rounding)."""

import base64
import binascii
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.kit import channels_of, facts_of, read_by_kit
from ecg.formats.recording import Contents, Given
from ecg.formats.xml_files import root_name, xml_root

SHORTEST_PULSE = 0.1  # s
MOST_UNPACKED = 16e6  # bytes: ten minutes of 16 leads; ecgdatakit takes 35 times as much memory
_LARGEST_TABLE = 1022  # codes of 10 bits, but for two that mean something else


def is_philips(head: bytes) -> bool:
    """Whether a file that begins with `head` is XML of a Philips electrocardiograph."""
    return root_name(head).lower() == "restingecgdata"


def from_philips(path: Path, given: Given) -> Contents:
    """The leads of a Philips file; the calibration pulse at their end is missing."""
    _refuse_bombs(path)
    record, notes = read_by_kit(path, "sierra_xml", "SierraXMLParser")
    if not record.leads:
        raise InputError(f"{path} holds no leads")
    fs = record.leads[0].sampling_rate
    pulse = _pulse([lead.samples for lead in record.leads], fs)
    if pulse:
        for lead in record.leads:
            lead.samples[-pulse:] = np.nan
        notes += (
            f"the last {pulse / fs:.2f} s are the calibration pulse of the electrocardiograph, the "
            "same in every lead: missing signal",
        )
    return Contents(channels_of(record, "ECG"), facts_of(record), notes)


def _refuse_bombs(path):
    """Refuse compressed leads that are made to fill the memory: LZW can pack a text of one letter
    600-fold, which ecgdatakit unpacks before it looks how long a lead may be."""
    for element in xml_root(path).iter("parsedwaveforms"):
        methods = (element.get("compression"), element.get("compressmethod"))
        if "XLI" not in [(method or "").upper() for method in methods]:
            continue
        try:
            packed = base64.b64decode("".join((element.text or "").split()))
        except (binascii.Error, ValueError):
            continue  # which is refused with a line of its own
        if _unpacked_size(packed) > MOST_UNPACKED:
            raise InputError(
                f"{path}: its compressed leads are too long to be a recording: damaged"
            )


def _unpacked_size(packed):
    """Bytes of all the leads of an XLI block; where it is clearly too many, at least so many."""
    at, total = 0, 0
    while at + 8 <= len(packed) and total <= MOST_UNPACKED:
        size = int.from_bytes(packed[at : at + 4], "little")
        total += _lzw_size(packed[at + 8 : at + 8 + size])
        at += 8 + size
    return total


def _lzw_size(packed):
    """How many bytes LZW codes of 10 bits stand for: each new one for the last and a byte more."""
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))
    codes = bits[: len(bits) // 10 * 10].reshape(-1, 10) @ (1 << np.arange(9, -1, -1))
    lengths, last, total = [1] * 256, 0, 0
    for code in codes.tolist():
        length = lengths[code] if code < len(lengths) else last + 1
        if last and len(lengths) < _LARGEST_TABLE:
            lengths.append(last + 1)
        total, last = total + length, length
    return total


def _pulse(leads, fs):
    """Number of samples at the end of the `leads`, (n,) each, that are the same in all of them,
    which no heart makes: leads I, II and III then would all be 0."""
    if len(leads) < 6 or len({len(lead) for lead in leads}) > 1:
        return 0
    highest, lowest = leads[0].copy(), leads[0].copy()
    for lead in leads[1:]:
        np.maximum(highest, lead, out=highest)
        np.minimum(lowest, lead, out=lowest)
    different = np.flatnonzero(highest != lowest)
    same = len(leads[0]) - (different[-1] + 1 if len(different) else 0)
    return same if SHORTEST_PULSE * fs <= same < len(leads[0]) else 0
