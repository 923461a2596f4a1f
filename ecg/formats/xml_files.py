"""XML files, read without following what they refer to."""

import re
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.optional import need
from ecg.formats.packed import read_bytes

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_SKIPPED = re.compile(r"<!--.*?(-->|\Z)|<\?.*?(\?>|\Z)", re.DOTALL)  # comments, declarations
_FIRST_TAG = re.compile(r"<(?:[^\W\d][\w.-]*:)?([^\W\d][\w.-]*)")


def root_name(head: bytes) -> str:
    """Name of the root element of an XML file that begins with `head`, without its namespace; ""
    where it is no XML."""
    text = _text(head).lstrip("\ufeff \t\r\n")
    found = _FIRST_TAG.search(_SKIPPED.sub("", text)) if text.startswith("<") else None
    return found[1] if found else ""


def xml_root(path: Path) -> ET.Element:
    """The root element of an XML file, namespaces taken off all names.

    Raises InputError where the file is damaged, or declares entities, which can make a few bytes
    fill the memory or fetch other files."""
    safe = need("defusedxml.ElementTree", path)
    raw = read_bytes(path)
    try:
        root = _parsed(raw, safe)
    except ET.ParseError as error:
        raise InputError(
            f"{path} is no well-formed XML, it seems damaged or cut short ({error})"
        ) from None
    except safe.EntitiesForbidden:
        raise InputError(f"{path} declares XML entities, which are not followed") from None
    except (ValueError, LookupError) as error:  # a DTD elsewhere, an encoding that is none
        raise InputError(f"{path} cannot be read as XML ({error})") from None
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
        if any("}" in name for name in element.attrib):
            plain = {name.rpartition("}")[2]: text for name, text in element.attrib.items()}
            element.attrib.clear()
            element.attrib.update(plain)
    return root


def _parsed(raw, safe):
    """The root of `raw`; of a file whose bytes are not in the encoding that it declares, too."""
    try:
        return safe.fromstring(raw)
    except ET.ParseError:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            return safe.fromstring(_DECLARATION.sub("", raw.decode("latin-1"), count=1))
        raise


def _text(head):
    """The first bytes of a file as text, whatever Unicode they are in."""
    for start, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if head.startswith(start):
            return head[: len(head) // 2 * 2].decode(encoding, "ignore")
    return head.decode("utf-8", "ignore")


def attribute(element: ET.Element | None, place: str, name: str) -> str:
    """Attribute `name` of the element at `place` below `element`, "" where there is none."""
    found = None if element is None else element.find(place)
    return "" if found is None else (found.get(name) or "").strip()


def words(element: ET.Element | None, place: str) -> str:
    """The text of the element at `place` below `element`, "" where there is none."""
    found = None if element is None else element.find(place)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def numbers(text: str, path: Path) -> np.ndarray:
    """(n,) float64: a text of numbers between blanks or commas. Raises InputError, which names
    `path`, at the first that is none.

    NumPy's own reader of text: a list of strings would take twenty times the memory."""
    if "," in text:
        text = text.replace(",", " ")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(text, dtype=np.float64, sep=" ")
        except (ValueError, DeprecationWarning):  # it is the one or the other by its version
            raise InputError(f"{path}: among the samples stands what is no number") from None
    values[np.abs(values) > 1e30] = np.nan  # no recorder wrote it, and no scale need multiply it
    return values
