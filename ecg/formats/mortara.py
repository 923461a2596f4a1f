"""Mortara (Welch Allyn, Hillrom) ELI XML, by ecgdatakit; tried on files built after the structure
that open readers of the format (BRAVEHEART, EDFbrowser) show."""

from pathlib import Path

from ecg.formats.kit import by_kit
from ecg.formats.recording import Contents, Given
from ecg.formats.xml_files import root_name


def is_mortara(head: bytes) -> bool:
    """Whether a file that begins with `head` is XML of a Mortara electrocardiograph."""
    return root_name(head) == "ECG"


def from_mortara(path: Path, given: Given) -> Contents:
    """The leads of a Mortara file."""
    return by_kit(path, "mortara_el250", "MortaraEL250Parser", "ECG")
