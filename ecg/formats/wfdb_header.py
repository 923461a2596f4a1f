"""The header of a WFDB record, field by field, before the WFDB package reads it: that takes 250 Hz
for a rate of `nan`, drops what it cannot read, and allocates what it is told.

Fields and defaults: header(5WFDB), https://physionet.org/physiotools/wag/header-5.htm"""

import re
from pathlib import Path

from ecg.artifacts import InputError
from ecg.formats.fields import check, stated
from ecg.formats.units import as_number

MOST_SIGNALS, MOST_SEGMENTS = 1000, 1_000_000
MOST_SAMPLES = 1e12  # of a signal: a thousand years at 30 Hz
MOST_HZ = 1e6
MOST_A_FRAME = 10_000  # samples of a signal in one frame
GAINS = 1e-9, 1e12  # units of the converter per physical unit, but for their sign
WHOLE = -(2.0**31), 2.0**32  # what a field of 32 bits may hold, signed or not
READ = {"8", "16", "24", "32", "61", "80", "160", "212", "310", "311", "508", "516", "524"}
_FORMAT = re.compile(r"(?P<fmt>[^x:+]*)(?:x(?P<x>[^:+]*))?(?::(?P<skew>[^+]*))?(?:\+(?P<at>.*))?")
_GAIN = re.compile(r"(?P<gain>[^(/]*)(?:\((?P<zero>[^)]*)\)?)?(?:/.*)?")
# behind the gain, as messages call them: (name, least, greatest)
_NUMBERS = (
    ("resolution of the converter", 0, 64),
    ("zero of the converter", *WHOLE),
    ("initial value", *WHOLE),
    ("checksum", *WHOLE),
    ("block size", 0, 2**31),
)


def header_lines(header: Path) -> list[list[str]]:
    """The fields of each line of a header, without comments; in UTF-8 or else Latin-1."""
    raw = header.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return [line.split() for line in text.splitlines() if line.strip() and line[0] != "#"]


def says_synthetic(header: Path) -> bool:
    """Whether a comment of the header says that the record is synthetic: no patient's."""
    lines = header.read_text(encoding="latin-1").lower().splitlines()
    return any(line.startswith("#") and "synthetic" in line for line in lines)


def check_header(header: Path, lines: list[list[str]], inner: bool = False) -> None:
    """Raises InputError, which names the field, where a header states what cannot be.

    lines: of the file `header`, as header_lines gives them. inner: whether it is of a segment of
    another record, which has no segments of its own."""
    if not lines or len(lines[0]) < 2:
        raise InputError(f"{header} is no header of a WFDB record, or empty")
    top, body = lines[0], lines[1:]
    signals = int(stated(top[1], "number of signals", header, 0, MOST_SIGNALS, whole=True))
    if len(top) > 2:
        _check_rate(top[2], header)
    length = None
    if len(top) > 3:
        length = stated(top[3], "number of samples", header, 1, MOST_SAMPLES, whole=True)
    name, several, segments = top[0].partition("/")
    if several and inner:
        raise InputError(f"{header}: a segment cannot consist of segments")
    if several:
        count = stated(segments, "number of segments", header, 1, MOST_SEGMENTS, whole=True)
        _check_segments(header, name, body, int(count))
        return
    if len(body) < signals:
        raise InputError(f"{header} tells of {signals} signals and describes {len(body)}: damaged")
    for k, line in enumerate(body[:signals]):
        _check_signal(line, header, f" of signal {k}", length)


def _check_rate(field, header):
    """Of `360/360(0)`: the rate, that of a counter, and what it begins with."""
    rate, _, counter = field.partition("/")
    number = as_number(rate)
    # what it is not: nan, 0, 1e3, which the package reads as 1
    if number is None or not 0 < number <= MOST_HZ or not re.fullmatch(r"[\d.]+", rate):
        raise InputError(f"{header} gives a sampling rate of {rate}, which is none: mend it there")
    counter, _, base = counter.partition("(")
    for text, what in (
        (counter, "rate of the counter"),
        (base.rstrip(")"), "start of the counter"),
    ):
        if text:
            stated(text, what, header, -1e15, 1e15)


def _check_signal(line, header, which, length):
    """One line: file, format, gain and what stands behind them."""
    if re.search(r"[/\\]", line[0]):
        raise InputError(f"{header}: the signal file{which} is {line[0]}: it must lie beside it")
    found = _FORMAT.fullmatch(line[1] if len(line) > 1 else "")
    kind = found["fmt"] if found else ""
    if found is None or kind not in READ:
        raise InputError(f"{header}: the format{which} is {kind or 'missing'}: none that is read")
    if found["x"] is not None:
        stated(found["x"], f"samples a frame{which}", header, 1, MOST_A_FRAME, whole=True)
    if found["skew"] is not None:
        most = length or MOST_SAMPLES
        stated(found["skew"], f"skew{which}", header, 0, min(most, 1e6), whole=True)
    if found["at"] is not None:
        stated(found["at"], f"byte offset{which}", header, 0, MOST_SAMPLES, whole=True)
    if len(line) > 2:
        _check_gain(line[2], header, which)
    for text, (name, low, high) in zip(line[3:8], _NUMBERS):
        if as_number(text) is None:  # the description, where fields before it are left out
            break
        stated(text, f"{name}{which}", header, low, high, whole=True)


def _check_gain(field, header, which):
    """Of `200(1024)/mV`: the gain, 0 or nothing where it is not known, and the baseline."""
    found = _GAIN.fullmatch(field)
    gain, zero = (found["gain"], found["zero"]) if found else (field, None)
    if gain:
        number = stated(gain, f"gain{which}", header, -GAINS[1], GAINS[1])
        if number:
            check(abs(number), f"gain{which}", header, *GAINS)
    if zero is not None:
        stated(zero, f"baseline{which}", header, *WHOLE, whole=True)


def _check_segments(header, name, body, count):
    """The lines of a record of segments, and the header of each segment that is there."""
    if len(body) != count:
        raise InputError(f"{header} tells of {count} segments and names {len(body)}: damaged")
    for k, line in enumerate(body):
        part, text = line[0], line[1] if len(line) > 1 else ""
        stated(text, f"length of segment {k}", header, 0, MOST_SAMPLES, whole=True)
        if part == "~":
            continue
        if part == name or not re.fullmatch(r"[-\w]+", part):
            raise InputError(f"{header}: segment {k} is called {part}, which no segment can be")
        file = header.with_name(f"{part}.hea")
        if not file.is_file():
            raise InputError(f"{header}: {file.name}, the header of segment {k}, is not there")
        check_header(file, header_lines(file), inner=True)
