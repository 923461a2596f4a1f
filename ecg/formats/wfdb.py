"""WFDB records (.hea with .dat or .mat), single- and multi-segment."""

import re
from functools import partial
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.clinical import sex_of
from ecg.formats.recording import Channel, Contents, Facts, Given, most_samples
from ecg.formats.room import most_unpacked, refuse_too_large
from ecg.formats.units import as_number
from ecg.formats.wfdb_header import check_header, header_lines

MISSING_SAMPLE = {"212": -2048, "16": -32768}  # the stored value of a sample that is missing
# bytes of a sample in a signal file, by format; those that are packed tell no size
BYTES = {"8": 1, "16": 2, "24": 3, "32": 4, "61": 2, "80": 1, "160": 2, "212": 1.5}
BYTES |= {"310": 4 / 3, "311": 4 / 3}
PIECE = 1 << 17  # samples of a lead that are unpacked at a time


def wfdb_base(path: str | Path) -> Path:
    """Path of a WFDB record without suffix: 100, 100.hea, 100.dat and 100.atr -> 100"""
    path = Path(path)
    return path.with_suffix("") if path.suffix in (".hea", ".dat", ".atr", ".mat") else path


def header_path(path: str | Path) -> Path:
    """The header of a WFDB record: 100, 100.dat -> 100.hea"""
    base = wfdb_base(path)
    return base.with_name(base.name + ".hea")


def segment_paths(header: Path) -> list[Path]:
    """Paths of the segments that a multi-segment header refers to."""
    lines = header_lines(header)
    if not lines or "/" not in lines[0][0]:
        return []
    return [header.parent / line[0] for line in lines[1:] if line[0] != "~"]


def from_wfdb(path: Path, given: Given) -> Contents:
    """The signals of a WFDB record; gaps between segments and missing samples are NaN."""
    import wfdb

    base = wfdb_base(path)
    lines = header_lines(header_path(base))
    check_header(header_path(base), lines)
    header = wfdb.rdheader(str(base), rd_segments=True)
    segmented = isinstance(header, wfdb.MultiRecord)
    names = header.get_sig_name() if segmented else header.sig_name
    if not names:
        raise InputError(f"{base}.hea describes no signal")
    if segmented:
        channels = [_joined_channel(base, header, name or "") for name in names]
    else:
        channels = [_channel(base, header, k, lines) for k in range(header.n_sig)]
    notes = () if len(lines[0]) > 2 else (f"{base}.hea gives no rate: 250 Hz, as WFDB defines",)
    return Contents(channels, _facts(header), notes)


def _channel(base, header, number, lines):
    """Signal `number` of a single-segment record; lines: of its header."""
    note = ""
    if _without_gain(lines[1 + number]):
        note = (
            f"{base}.hea gives no gain: 200 units per mV assumed, as WFDB defines (another with "
            "--unit GAIN/mV)"
        )
    return Channel(
        _name(header, number, lines),
        _unit(header, number, lines),
        float(header.fs) * header.samps_per_frame[number],
        partial(_read_segment, base, header, number),
        adc=(header.adc_gain[number], header.baseline[number]),
        note=note,
    )


def _joined_channel(base, header, lead):
    """The signal called `lead` of a multi-segment record: NaN where a segment is missing or lacks
    it, the rate of the fastest segment."""
    parts = [
        (base.parent / name, part, part.sig_name.index(lead))
        if part is not None and lead in part.sig_name and length
        else None
        for part, name, length in zip(header.segments, header.seg_name, header.seg_len)
    ]
    there = [part for part in parts if part is not None]
    per_frame = max((part.samps_per_frame[k] for _, part, k in there), default=1)
    _check_segments(base, header, there, per_frame)

    def read():
        signals = []
        for part, length in zip(parts, header.seg_len):
            if part is None:
                signals.append(np.full(length * per_frame, np.nan))
            else:
                each = part[1].samps_per_frame[part[2]]
                signals.append(np.repeat(_read_segment(*part), per_frame // each))
        return np.concatenate(signals)

    unit = None
    if there:
        base, part, number = there[0]
        unit = _unit(part, number, header_lines(header_path(base)))
    return Channel(lead, unit, float(header.fs) * per_frame, read)


def _check_segments(base, header, there, per_frame):
    """Refuse segments that contradict the record, those that are `there` as (path, header, number
    of the lead), and more samples that are missing than a recording of their length has."""
    lengths = dict(zip(header.seg_name, header.seg_len))
    for path, part, _ in there:
        if part.sig_len and part.sig_len != lengths[path.name]:
            raise InputError(
                f"{base}.hea says {lengths[path.name]:,} samples of segment {path.name}, its own "
                f"header {part.sig_len:,}: damaged"
            )
        if part.fs != header.fs:
            raise InputError(
                f"{base}.hea gives a sampling rate of {header.fs:g}, its segment {path.name} "
                f"{part.fs:g}: damaged"
            )
    held = sum(part.sig_len or 0 for _, part, _ in there)
    total = sum(header.seg_len)
    if total * per_frame > most_samples(held * per_frame, header.fs * per_frame):
        raise InputError(
            f"{base}.hea: {total - held:,} of {total:,} samples are in segments that are missing "
            "or lack the lead: read the segments one by one"
        )


# the WFDB package drops what is not ASCII from a header, such as the micro sign of a unit
def _unit(header, number, lines):
    """The unit of signal `number` as the header writes it."""
    fields = lines[1 + number]
    after = fields[2].partition("/")[2] if len(fields) > 2 else ""
    return header.units[number] if after.isascii() else after


def _name(header, number, lines):
    """The name of signal `number` as the header writes it, "" where it does not."""
    name = " ".join(lines[1 + number][8:])
    return (header.sig_name[number] or "") if name.isascii() else name


def _facts(header):
    """Date, clock, and what the usual forms of comment say of the person: `69 M 1085 1629 x1`,
    `<age>: 69 <sex>: M`, `age: 69`."""
    comments = "\n".join(header.comments)
    years = re.search(r"\bage\W{1,3}(\d+)\b", comments, re.IGNORECASE)
    letter = re.search(r"\b(?:sex|gender)\W{1,3}(m|f)", comments, re.IGNORECASE)
    if both := re.match(r"(\d+|-1) ([MF])\b", comments):
        years, letter = (both if both[1] != "-1" else None), re.match("(.)", both[2])
    return Facts(
        header.base_date,
        header.base_time,
        age=float(years[1]) if years else None,
        sex=sex_of(letter[1]) if letter else "",
    )


def _read_segment(base, header, number):
    """(n,) signal `number` of a single-segment record, in its unit."""
    _check_length(base, header, number)
    signal = _stored_values(base, header, number)
    if signal is None:
        return _values_by_package(base, number)
    signal -= header.baseline[number]
    signal /= header.adc_gain[number]
    return signal


def _check_length(base, header, number):
    """Refuse a header that asks for more samples than its signal file holds, before they are
    allocated."""
    name = header.file_name[number]
    file, size = base.parent / name, BYTES.get(header.fmt[number])
    if not file.is_file():
        what = "no file" if file.exists() else "not there"
        raise InputError(f"{base}.hea names the signal file {name}, which is {what}")
    if size is None:  # FLAC
        size = file.stat().st_size / most_unpacked(file.stat().st_size)
    if not header.sig_len:
        refuse_too_large(2 * file.stat().st_size, file, "makes")
        return
    together = [k for k, other in enumerate(header.file_name) if other == name]
    frame = sum(header.samps_per_frame[k] for k in together) * size
    held = max(0, int((file.stat().st_size - (header.byte_offset[number] or 0)) / frame))
    if header.sig_len > held + 1:
        raise InputError(
            f"{base}.hea says {header.sig_len:,} samples, {name} holds {held:,}: it is cut short, "
            "or damaged"
        )
    refuse_too_large(8.0 * header.sig_len, file, "makes")


def _values_by_package(base, number):
    """The values (n,) of signal `number` as the WFDB package reads them: every sample of a lead
    that is faster than its frames."""
    import wfdb

    record = wfdb.rdrecord(str(base), channels=[number], smooth_frames=False)
    return record.e_p_signal[0]


def _stored_values(base, header, number):
    """The stored values (n,) of signal `number`, float64, NaN where it is missing.

    Read a piece at a time, of whole records in one file of format 212 or 16, which nearly all are.
    None for others, which the WFDB package reads or refuses."""
    count, formats = header.n_sig, set(header.fmt)
    file = base.parent / header.file_name[number]
    if (
        formats not in ({"212"}, {"16"})
        or len(set(header.file_name)) > 1
        or not header.sig_len
        or set(header.samps_per_frame) != {1}
        or any(header.skew)
        or any(header.byte_offset)
    ):
        return None
    (fmt,) = formats
    read = _read_212 if fmt == "212" else _read_16
    out = np.empty(header.sig_len)
    with open(file, "rb") as stream:
        for start in range(0, len(out), PIECE):
            part = out[start : start + PIECE]
            values = read(stream, count * len(part))
            if len(values) < count * len(part):
                return None
            values = values[number : count * len(part) : count]
            part[:] = values
            part[values == MISSING_SAMPLE[fmt]] = np.nan
    return out


def _read_16(stream, count):
    """The next `count` values of format 16, or what is left."""
    return np.fromfile(stream, "<i2", count)


def _read_212(stream, count):
    """The next `count` values of format 212 (or one more), or what is left: two values in three
    bytes, the upper 4 bits of both in the middle one."""
    raw = np.fromfile(stream, np.uint8, -(-3 * count // 2))
    raw = np.append(raw, np.zeros(-len(raw) % 3, np.uint8)).reshape(-1, 3).astype(np.int16)
    values = np.empty((len(raw), 2), np.int16)
    values[:, 0] = raw[:, 0] | raw[:, 1] << 8 & 0xF00
    values[:, 1] = raw[:, 2] | raw[:, 1] << 4 & 0xF00
    return (values << 4 >> 4).ravel()  # the sign


def _without_gain(fields):
    """Whether the line of a signal in a header leaves out its gain, or gives 0."""
    if len(fields) < 3:
        return True
    gain = re.match(r"[+-]?[\d.]+(e[+-]?\d+)?", fields[2], re.IGNORECASE)
    return gain is None or as_number(gain[0]) in (None, 0)
