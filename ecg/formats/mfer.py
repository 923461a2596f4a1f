"""MFER files (.mwf): ISO 22077, by ecgdatakit; tried on files built after the published rules."""

from pathlib import Path

from ecg.formats.kit import by_kit
from ecg.formats.recording import Contents, Given


def is_mfer(head: bytes) -> bool:
    """Whether a file that begins with `head` is an MFER file: with its preamble, which is optional
    and the only sure sign."""
    return len(head) > 6 and head[0] == 0x40 and head[2:6] == b"MFR "


def from_mfer(path: Path, given: Given) -> Contents:
    """The channels of an MFER file."""
    return by_kit(path, "mfer", "MFERParser")
