"""SCP-ECG files (.scp): EN 1064, ISO 11073-91064, by ecgdatakit.

Its samples of a real file equal those of the same recording as annotated ECG and as DICOM, in every
lead, and our own decoding of its Huffman codes. Records whose rhythm is stored at fewer samples
between the beats (bimodal), and the long rhythms of version 3 (section 12), it does not read."""

import re
import struct
from pathlib import Path

import numpy as np

from ecg.formats.kit import channels_of, facts_of, read_by_kit
from ecg.formats.recording import Channel, Contents, Given

_NO_LEAD = re.compile(r"-cal$|Defib|ExtPace")  # calibration pulses and the like
_POINTERS = 22  # byte of the first entry of section 0, which describes that section itself


def is_scp(head: bytes) -> bool:
    """Whether a file that begins with `head` is an SCP-ECG record."""
    if len(head) < _POINTERS + 10:
        return False
    number, size = struct.unpack_from("<HI", head, 8)
    own, _, place = struct.unpack_from("<HII", head, _POINTERS)
    return number == 0 and size >= 26 and (size - 16) % 10 == 0 and own == 0 and place == 7


def from_scp(path: Path, given: Given) -> Contents:
    """The leads of an SCP-ECG record. What one begins later than the others is missing there."""
    record, notes = read_by_kit(path, "scp_ecg", "SCPECGParser")
    total = sum(len(lead.samples) for lead in record.leads)
    channels = [
        _shifted(channel, int(lead.annotations.get("start_sample", 1)) - 1, total)
        for channel, lead in zip(channels_of(record, "ECG"), record.leads)
    ]
    channels = [
        channel._replace(kind="") if _NO_LEAD.search(channel.name) else channel
        for channel in channels
    ]
    return Contents(channels, facts_of(record), notes)


def _shifted(channel: Channel, late: int, total: int) -> Channel:
    """`channel` after `late` samples that are missing; a record of `total` samples cannot have more
    of them."""
    if not 0 < late <= total:
        return channel
    read = channel.read
    return channel._replace(read=lambda: np.concatenate([np.full(late, np.nan), read()]))
