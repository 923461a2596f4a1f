"""BIOPAC AcqKnowledge files (.acq), versions 2 to 5, compressed or not, by bioread.

bioread reads headers as they come; what they say is held against the size of the file here before
anything is allocated. Channels may have rates of their own: a divider of the file's."""

import contextlib
import functools
import io
import logging
import struct
import zlib
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.named.values import in_a_line
from ecg.formats.optional import need
from ecg.formats.packed import read_bytes
from ecg.formats.recording import MAX_LEADS, Channel, Contents, Facts, Given

_OLDEST, _NEWEST = 30, 400  # revisions of the file that are possible, 2.0a to far beyond 5.0.1
# reads of headers: markers are read one by one, 40 bytes or more each, and a damaged count has no
# end; where kinds of numbers are sought, 4096 times as many as there are channels
_MOST_READS, _READS_A_BYTE, _READS_AT_LEAST = 100_000, 1 / 20, 20_000
_LONGEST_PATTERN = 4_000_000  # samples until the channels' dividers meet again
_DEFLATED_AT_MOST = 1032  # times: what a byte of a packed channel can become
_START_MARKER = "apnd"  # kind of marker that stands where recording began or went on


def is_acq(head: bytes) -> bool:
    """Whether a file that begins with `head` may be AcqKnowledge's: it has no magic bytes, but the
    number of its version and a count of channels that fits it."""
    return _byte_order(head) is not None


def _byte_order(head):
    """`<` or `>`, None where it is no such file."""
    if len(head) < 24:
        return None
    for order in "<>":
        revision, length, channels = struct.unpack(f"{order}iih", head[2:12])
        if _OLDEST <= revision <= _NEWEST and 0 < length < 100_000 and 0 < channels <= 512:
            return order
    return None


class _Bounded(io.BytesIO):
    """Bytes that may be read so often and no more: a damaged count of headers ends."""

    def __init__(self, raw: bytes):
        super().__init__(raw)
        self.left = min(_MOST_READS, _READS_AT_LEAST + int(_READS_A_BYTE * len(raw)))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if offset < 0 or offset > len(self.getbuffer()):
            raise EOFError("a header lies outside the file")
        return super().seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0 or size is None or size < 0:
            raise EOFError("its headers have no end")
        return super().read(size)


def from_acq(path: Path, given: Given) -> Contents:
    """The channels of an AcqKnowledge file, in their units, each at its own rate; the start from
    the marker of the first segment (version 4.4 and later; in UTC)."""
    raw = read_bytes(path)
    if not is_acq(raw[:4096]):
        raise InputError(f"{path} is no AcqKnowledge file of version 2 to 5")
    need("bioread", path)
    with _quiet_and_quick():
        reader = _headers(raw, path)
    file = reader.datafile
    channels = [
        Channel(
            in_a_line(each.name),
            in_a_line(each.units, 20) or None,
            float(each.samples_per_second),
            functools.partial(_values, reader, raw, k),
            adc=_converter(each),
        )
        for k, each in enumerate(file.channels)
    ]
    start = _start(file)
    notes = () if start is None else ("the file gives its start in UTC",)
    facts = Facts(device=f"BIOPAC, AcqKnowledge {reader.version_string}")
    if start is not None:
        facts = facts._replace(date=start.date(), clock=start.time())
    return Contents(channels, facts, notes)


@contextlib.contextmanager
def _quiet_and_quick():
    """bioread writes to the terminal what it cannot read of markers and journals, and makes the
    layout of a header anew whenever it looks at one, which takes 20 times as long as reading it."""
    from bioread.headers import Header

    logger = logging.getLogger("bioread")
    was_disabled, layout = logger.disabled, Header._struct_class
    made: dict[tuple, type] = {}

    def remembered(header):
        key = (type(header), header.file_revision, header.byte_order_char)
        if key not in made:
            made[key] = layout.fget(header)
        return made[key]

    logger.disabled = True
    Header._struct_class = property(remembered)
    try:
        yield
    finally:
        logger.disabled = was_disabled
        Header._struct_class = layout


def _headers(raw, path):
    """bioread's reader after the headers, when they fit the file."""
    from bioread.reader import Reader

    reader = Reader.read_headers(_Bounded(raw))
    file = reader.datafile
    if file is None:
        raise InputError(f"{path} cannot be read, its headers seem damaged or cut short")
    dividers = [each.frequency_divider for each in file.channels]
    if len(dividers) > MAX_LEADS:
        raise InputError(
            f"{path} says it has {len(dividers)} channels, of which {MAX_LEADS} are read"
        )
    if min(dividers) < 1 or not _pattern(dividers) <= _LONGEST_PATTERN:
        raise InputError(f"{path} is damaged: its channels have dividers {dividers}")
    counts = [each.point_count for each in file.channels]
    sizes = [each.data_length for each in file.channels]
    most = _DEFLATED_AT_MOST * len(raw) if reader.is_compressed else len(raw)
    if min(counts) < 0 or sum(sizes) > most:
        raise InputError(f"{path} is damaged or cut short: it says it holds {sum(sizes):,} bytes")
    if reader.is_compressed and len(reader.channel_compression_headers) != len(counts):
        raise InputError(f"{path} is damaged or cut short: its packed channels cannot be found")
    return reader


def _pattern(dividers):
    """Samples until the channels' dividers meet again, times the channels."""
    return int(np.lcm.reduce(np.array(dividers, dtype=object))) * len(dividers)


def _values(reader, raw, k):
    """The values (n,) of channel k in its unit."""
    from bioread.data_reader import read_uncompressed

    channel = reader.datafile.channels[k]
    if reader.is_compressed:
        header = reader.channel_compression_headers[k]
        start = header.compressed_data_offset
        packed = raw[start : start + max(0, header.compressed_data_len)]
        unpacked = zlib.decompressobj().decompress(packed, channel.data_length)
        channel.raw_data = np.frombuffer(unpacked, dtype=channel.dtype, count=channel.point_count)
    else:
        stream = io.BytesIO(raw)
        stream.seek(reader.data_start_offset)
        read_uncompressed(stream, reader.datafile.channels, [k])
    values = np.asarray(channel.data, np.float64)
    channel.free_data()
    return values


def _converter(channel):
    """(units of the converter per unit, its zero), None where numbers are stored."""
    scale, offset = channel.raw_scale_factor, channel.raw_offset
    if channel.dtype.kind == "f" or not scale or not np.isfinite([scale, offset]).all():
        return None
    return 1 / scale, 0.0 - offset / scale


def _start(file):
    """When the first sample was taken, None where no marker says it."""
    for marker in file.event_markers or ():
        if marker.sample_index == 0 and marker.type_code == _START_MARKER:
            moment = marker.date_created_utc
            return moment if moment is not None and 1980 < moment.year < 2200 else None
    return None
