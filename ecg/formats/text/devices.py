"""The heads of known recorders and their software: what they say that no general rule would find.

Each function takes the lines above a table and its first rows, as cells, and gives what they say,
or None where they are not of that kind."""

import datetime
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecg.formats.clinical import clock_of, date_of
from ecg.formats.recording import Facts
from ecg.formats.text.dates import moment_of
from ecg.formats.text.says import Converter
from ecg.formats.units import as_number


class Said(NamedTuple):
    """What a head says; empty or None where it does not. Its names, units, kinds and converters are
    those of the last columns of the table, which may have a time before them.

    fs: Hz. no_samples: how many rows of the table come before its samples."""

    names: Sequence[str] = ()
    units: Sequence[str | None] = ()
    kinds: Sequence[str] = ()
    converters: Sequence[Converter | None] = ()
    fs: float | None = None
    facts: Facts = Facts()
    notes: tuple[str, ...] = ()
    no_samples: int = 0


def said_by(lines: list[str], rows: list[list[str]], path: Path) -> Said | None:
    """What the head of a known recorder says, None where it is of none."""
    readers = (_opensignals, _openbci, _acqknowledge, _movesense)
    found = (reader(lines, rows) for reader in readers)
    return next((said for said in found if said), None) or _empatica(lines, rows, path)


# ------------------------------------------------------------------------------- PLUX, BITalino

# OpenSignals writes what the converter gave. (volts of its range, gain / 1000) of the ECG sensors,
# after the makers' transfer function: mV = (value / 2^bits - 0.5) * volts / (gain / 1000)
_PLUX = {"bitalino": (3.3, 1.1)} | dict.fromkeys(
    ("bioplux", "biosignalsplux", "rachimeter", "channeller", "swifter", "ddme_openbanplux"),
    (3.0, 1.019),
)
_NO_SIGNAL = re.compile(r"nseq|di\w?|[io]\d", re.IGNORECASE)


def _opensignals(lines, rows):
    """A line of JSON: a device each, with its columns, sensors, rate, bits, date and time."""
    text = next((line.lstrip("# ") for line in lines[:4] if line.lstrip("# ").startswith("{")), "")
    try:
        devices = [each for each in json.loads(text).values() if isinstance(each, dict)]
    except (ValueError, AttributeError, RecursionError):
        return None
    devices = [each for each in devices if isinstance(each.get("column"), list)]
    if not devices:
        return None
    names, units, kinds, converters = zip(
        *(column for device in devices for column in _columns_of(device))
    )
    first = devices[0]
    return Said(
        names,
        units,
        kinds,
        converters,
        fs=_positive(first.get("sampling rate")),
        facts=Facts(
            date=moment_of(str(first.get("date", ""))).date,
            clock=moment_of(str(first.get("time", ""))).clock,
            device=", ".join(dict.fromkeys(str(each.get("device", "")) for each in devices)),
        ),
    )


def _columns_of(device):
    """(name, unit, kind, converter) of each column of an OpenSignals device."""
    names = [str(name) for name in device["column"]]
    sensors, bits, labels = (_list(device.get(key)) for key in ("sensor", "resolution", "label"))
    if len(labels) != len(sensors) or not set(labels) <= set(names):
        labels = names[len(names) - len(sensors) :]
    kinds, resolution = dict(zip(labels, sensors)), dict(zip(labels, bits[-len(labels) :]))
    converted = bool(device.get("convertedValues"))
    for name in names:
        kind = "digital" if _NO_SIGNAL.fullmatch(name) else str(kinds.get(name, ""))
        kind = "" if kind.upper() in ("RAW", "CUSTOM") else kind.upper().removesuffix("BIT")
        yield (
            name,
            "mV" if converted and kind == "ECG" else None,
            kind,
            None if converted or kind != "ECG" else _plux_converter(device, resolution.get(name)),
        )


def _plux_converter(device, bits):
    maker = re.sub(r"_(rev|riot).*", "", str(device.get("device", "")).lower())
    if maker not in _PLUX or bits not in range(4, 25):
        return None
    volts, gain = _PLUX[maker]
    source = f"the transfer function of the {maker} ECG sensor ({bits} bits)"
    return Converter(2**bits * gain / volts, 2 ** (bits - 1), "mV", source)


def _list(value):
    return value if isinstance(value, list) else []


def _positive(value):
    number = as_number(str(value))
    return number if number is not None and 0 < number < 1e6 else None


# ------------------------------------------------------------------------------------- OpenBCI


def _openbci(lines, rows):
    """Lines of %: rate, number of channels, board. Up to version 5 without names: a counter, the
    channels in uV, three of acceleration, others, times."""
    if not any(re.match(r"%\s*OpenBCI", line) for line in lines):
        return None
    head = "\n".join(lines)
    count = re.search(r"Number of channels\s*=\s*(\d+)", head)
    board = re.search(r"Board\s*=\s*(?:OpenBCI_GUI\$)?(\w+)", head)
    facts = Facts(device=f"OpenBCI {board[1]}" if board else "OpenBCI")
    zeros = len(rows) > 1 and all(as_number(cell) == 0 for cell in rows[0])
    named = next((line for line in lines if re.match(r"%?\s*(Sample )?Index\s*,", line)), None)
    width = len(rows[0])
    if named:
        names = [name.strip() for name in named.lstrip("% ").split(",")]
    else:
        channels = int(count[1]) if count and int(count[1]) < width else min(8, width - 1)
        names = ["Sample Index", *(f"EXG Channel {k}" for k in range(channels))]
        names += [f"Accel Channel {k}" for k in range(3)]
    names = (names + [""] * width)[:width]
    units = ["uV" if name.startswith("EXG") else None for name in names]
    units = ["g" if name.startswith("Accel") else unit for name, unit in zip(names, units)]
    return Said(names, units, facts=facts, no_samples=int(zeros))


# ---------------------------------------------------------------------------------- AcqKnowledge

_INTERVAL = re.compile(r"\W*[\d.,]+\s*m?sec/sample")


def _acqknowledge(lines, rows):
    """`1 msec/sample`, `2 channels`, then a line of its name and one of its unit for each channel,
    a row `min CH1 CH2` and one of how many samples each has."""
    at = next((k for k, line in enumerate(lines) if _INTERVAL.match(line)), None)
    if at is None:
        return None
    count = re.match(r"\W*(\d{1,3})\s*channels?", "".join(lines[at + 1 : at + 2]))
    below = [line for line in lines[at + 2 :] if not re.match(r"\W*\d+\s*samples", line)]
    many = int(count[1]) if count else 0
    pairs = [re.split(r"[\t;]", line)[0].strip(' ",') for line in below[: 2 * many]]
    names, units = pairs[::2], pairs[1::2]
    if not many or len(units) < many:
        return None
    titles = next((re.split(r"[\t,;]", line) for line in below[2 * many :]), [])
    numbered = [cell.strip() for cell in titles if re.fullmatch(r"\W*CH\d+\W*", cell)]
    if len(rows[0]) == many + 1:
        unit = titles[0].strip() if len(titles) > 1 else ""
        names, units = ["time", *names], [unit or None, *units]
    counts = [cell for cell in rows[0] if cell]
    whole = counts and all(re.fullmatch(r"\d+( samples)?", cell) for cell in counts)
    return Said(names, units, no_samples=int(bool(whole) and len(counts) == len(numbered)))


# -------------------------------------------------------------------------- Movesense, Empatica


def _movesense(lines, rows):
    """One line as long as two names of an EDF header, with date, clock and rate glued together:
    `ECG ... 25.01.2616.42.59200`."""
    for line in lines[:2]:
        match = re.search(r"\s(\d\d)\.(\d\d)\.(\d\d)(\d\d)\.(\d\d)\.(\d\d)(\d+)?\s*$", line)
        if match and len(line) > 100:
            day, month, year, hour, minute, second, rate = match.groups()
            facts = Facts(date_of(f"20{year}{month}{day}"), clock_of(hour + minute + second))
            kind = "ECG" if re.search(r"\bE[CK]G\b", line) else ""
            return Said(kinds=[kind], fs=_positive(rate), facts=facts)
    return None


def _empatica(lines, rows, path):
    """No lines above: the first row is the start (s since 1970), the second the rate; the name of
    the file is that of the sensor."""
    if lines or len(rows) < 4 or any(len(set(row)) != 1 for row in rows[:2]):
        return None
    start, rate, first = (as_number(row[0]) or 0.0 for row in rows[:3])
    if not (1e9 < start < 4e9 and 0 < rate <= 2000 and abs(first) < 1e9):
        return None
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=start)
    sensor = re.match(r"(ECG|EKG|BVP|EDA|TEMP|ACC|HR|IBI)\b", path.stem.upper())
    return Said(
        kinds=[sensor[1] if sensor else ""] * len(rows[0]),
        fs=rate,
        facts=Facts(moment.date(), moment.time()),
        no_samples=2,
    )
