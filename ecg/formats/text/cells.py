"""What a cell of a text table may be: a number, a time, nothing; and a line as its cells."""

import csv
import re

from ecg.formats.units import as_number

# cells that stand for a sample that is missing
MISSING = {"", "nan", "na", "n/a", "#n/a", "n.a.", "null", "none", "-", "--", "---", "?", "0x8000"}
_CLOCK = r"\d{1,3}:\d{1,2}(?::\d{1,2})?(?:[.,:]\d+)?(?:\s?[ap]\.?m\.?)?"
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)"
    r"|\d{1,2}[- ][a-z]{3,9}[- ,]{1,2}(?:\d{4}|\d\d)|\d{4}年\d{1,2}月\d{1,2}日)"
)
_ZONE = r"\s*(?:z|utc|gmt|[+-]\d\d:?\d\d)?"
_TIME = re.compile(
    rf"\[?(?:{_DATE}(?:[t ,]\s*{_CLOCK})?|{_CLOCK}(?:\s+{_DATE})?){_ZONE}\]?", re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:e[-+]?\d+)?", re.IGNORECASE)


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without the quotes and blanks around them."""
    if delimiter == " ":
        cells = line.split()
    elif '"' in line and len(line) < csv.field_size_limit():
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    else:
        cells = line.split(delimiter)
    return [cell.strip().strip("\"'").strip() for cell in cells]


def is_number(cell: str) -> bool:
    return as_number(cell.replace(",", ".").replace("−", "-")) is not None


def is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def is_time(cell: str) -> bool:
    """Whether a cell is a clock (0:05.123, [10:00:05], 3:07:12 PM), a date or both."""
    return _TIME.fullmatch(cell) is not None


def has_decimal_comma(cell: str) -> bool:
    return _DECIMAL_COMMA.fullmatch(cell) is not None
