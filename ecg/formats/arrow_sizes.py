"""How much a message of an Arrow stream says that its packed buffers become, before they are
unpacked: Arrow sets that memory aside without asking.

A message is a FlatBuffer: a table has a list of the places of its fields. Of a RecordBatch field 2
are its buffers (place and length in the body, 8 bytes each), field 3 is there where they are
packed; then each begins with its unpacked length, -1 where it is not packed after all. Sources:
FlatBuffers internals; Apache Arrow, Message.fbs and "Recordbatch body compression"."""

import struct

_HEADER_TYPE, _HEADER = 1, 2  # fields of a message
_DICTIONARY, _BATCH = 2, 3  # kinds of header; a dictionary has its batch in field 1
_BUFFERS, _COMPRESSION = 2, 3  # fields of a batch


def unpacked_size(metadata: bytes, body: memoryview | None) -> int:
    """Bytes that the packed buffers of a message become, as it says itself; 0 where none is packed
    or the message makes no sense, which Arrow will say."""
    try:
        return _size(metadata, memoryview(body) if body is not None else memoryview(b""))
    except (struct.error, IndexError):
        return 0


def _size(metadata, body):
    message = struct.unpack_from("<I", metadata, 0)[0]
    kind = _field(metadata, message, _HEADER_TYPE)
    header = _field(metadata, message, _HEADER)
    if kind is None or header is None or metadata[kind] not in (_DICTIONARY, _BATCH):
        return 0
    batch = _behind(metadata, header)
    if metadata[kind] == _DICTIONARY:
        inner = _field(metadata, batch, 1)
        if inner is None:
            return 0
        batch = _behind(metadata, inner)
    buffers = _field(metadata, batch, _BUFFERS)
    if buffers is None or _field(metadata, batch, _COMPRESSION) is None:
        return 0
    at = _behind(metadata, buffers)
    total = 0
    for k in range(struct.unpack_from("<I", metadata, at)[0]):
        place, length = struct.unpack_from("<qq", metadata, at + 4 + 16 * k)
        if length >= 8 and 0 <= place <= len(body) - 8:
            total += max(0, struct.unpack_from("<q", body, place)[0])
    return total


def _behind(metadata, at):
    """The place to which the offset at `at` leads."""
    return at + struct.unpack_from("<I", metadata, at)[0]


def _field(metadata, table, number):
    """The place of a field of the table at `table`, None where it is not there."""
    places = table - struct.unpack_from("<i", metadata, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", metadata, places)[0]:
        return None
    offset = struct.unpack_from("<H", metadata, places + 4 + 2 * number)[0]
    return table + offset if offset else None
