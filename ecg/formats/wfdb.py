"""WFDB records (.hea with .dat or .mat), single- and multi-segment."""

import re
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.recording import (
    Given,
    Recording,
    choose_lead,
    given_notes,
    lead_note,
    to_millivolt,
    voltage,
)

MISSING_SAMPLE = {"212": -2048, "16": -32768}  # the stored value of a sample that is missing
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
    lines = _header_lines(header)
    if not lines or "/" not in lines[0][0]:
        return []
    return [header.parent / line[0] for line in lines[1:] if line[0] != "~"]


def _header_lines(header):
    """The fields of each line of a header, without comments."""
    return [
        line.split()
        for line in header.read_text(encoding="latin-1").splitlines()
        if line.strip() and line[0] != "#"
    ]


def from_wfdb(path: Path, given: Given) -> Recording:
    """One lead of a WFDB record; gaps between segments and missing samples are NaN."""
    import wfdb

    base = wfdb_base(path)
    header = wfdb.rdheader(str(base), rd_segments=True)
    segmented = isinstance(header, wfdb.MultiRecord)
    names = header.get_sig_name() if segmented else header.sig_name
    if not names:
        raise InputError(f"{base}.hea describes no signal")
    leads = [name or f"signal {k}" for k, name in enumerate(names)]
    number = choose_lead(leads, given.lead, base)
    notes = lead_note(leads, number, given)
    if segmented:
        signal, per_frame, unit = _join_segments(base, header, leads[number], given.unit)
    else:
        signal, per_frame, unit = _read_segment(base, header, number, given.unit)
        if given.unit is None and _without_gain(base, number):
            notes += (
                f"{base}.hea gives no gain: 200 units per mV assumed, as WFDB defines "
                "(another with --unit GAIN/mV)",
            )
    fs = float(header.fs) * per_frame
    return Recording(
        signal,
        float(given.fs or fs),
        leads[number],
        base.name,
        tuple(leads),
        notes + given_notes(given, fs, unit),
    )


def _join_segments(base, header, lead, given_unit):
    """(signal (n,) mV, samples per frame, unit in the file) of `lead` in a multi-segment record:
    NaN where a segment is missing or lacks the lead, the rate of the fastest segment."""
    parts = []
    for part, name, length in zip(header.segments, header.seg_name, header.seg_len):
        if part is None or lead not in part.sig_name or not length:
            parts.append((np.full(length, np.nan), 1, None))
        else:
            number = part.sig_name.index(lead)
            parts.append(_read_segment(base.parent / name, part, number, given_unit))
    per_frame = max((each for _, each, _ in parts), default=1)
    signal = np.concatenate([np.repeat(part, per_frame // each) for part, each, _ in parts])
    return signal, per_frame, next((unit for *_, unit in parts if unit), None)


def _read_segment(base, header, number, given_unit):
    """(signal (n,) mV, samples per frame, unit in the file) of signal `number` of a single-segment
    record."""
    unit = header.units[number]
    in_adc_units = given_unit is not None and "/" in given_unit
    if given_unit is None and voltage(unit) is None:
        raise InputError(
            f"{base}: lead {header.sig_name[number]} is in {unit}, not in volts: choose another "
            "with --lead, or give --unit"
        )
    signal = _stored_values(base, header, number)
    if signal is None:
        signal = _values_by_package(base, number, in_adc_units)
    elif not in_adc_units:
        signal -= header.baseline[number]
        signal /= header.adc_gain[number]
    signal = to_millivolt(signal, given_unit or unit, "--unit" if in_adc_units else base)
    return signal, header.samps_per_frame[number], unit


def _values_by_package(base, number, in_adc_units):
    """The values (n,) of signal `number`, physical or in ADC units, as the WFDB package reads them:
    every sample of a lead that is faster than its frames."""
    import wfdb

    record = wfdb.rdrecord(str(base), channels=[number], smooth_frames=False)
    signal = record.e_p_signal[0]
    return signal * record.adc_gain[0] + record.baseline[0] if in_adc_units else signal


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
        or not file.is_file()
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


def _without_gain(base, number):
    """Whether the header of a record leaves out the gain of signal `number`, or gives 0."""
    fields = _header_lines(base.with_name(base.name + ".hea"))[1 + number]
    return len(fields) < 3 or re.match(r"0+(\.0*)?(\D|$)", fields[2]) is not None
