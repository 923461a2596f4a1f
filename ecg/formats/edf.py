"""EDF, EDF+ (continuous or not) and BDF."""

import io
import re
import warnings
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.packed import read_bytes, unpacked_suffix
from ecg.formats.recording import Given, Recording, build_recording, choose_lead, lead_key, voltage

# Stricter than what names a second lead: a sleep study has electrodes such as C3 and M1 too.
_ECG = re.compile(r"ECG|EKG")
_LEAD = re.compile(r"ML?I{1,3}|I{1,3}|AV[RLF]|V[1-9]")


def from_edf(path: Path, given: Given) -> Recording:
    """One signal of an EDF or BDF file; what an interrupted recording misses is NaN."""
    bytes_per_sample = 3 if unpacked_suffix(path) == ".bdf" else 2
    raw = read_bytes(path)
    edf, notes = _parse(raw, bytes_per_sample, path)
    leads = [signal.label.strip() or f"signal {k}" for k, signal in enumerate(edf.signals)]
    if not leads:
        raise InputError(f"{path} holds annotations alone, no signal")
    number = _choose_signal(leads, given.lead, path)
    signal = edf.signals[number]
    unit, fs = signal.physical_dimension.strip(), float(signal.sampling_frequency)
    x = np.array(signal.data, dtype=np.float64)
    if re.match(r"(EDF|BDF)\+D", edf.reserved):
        onsets = _record_onsets(raw, edf.num_data_records, bytes_per_sample)
        x = _place_blocks(x.reshape(len(onsets), -1), onsets, fs, path)
        missing = np.isnan(x).sum() / fs
        if missing:
            notes += (f"the recording is interrupted: {missing:.0f} s are missing",)
    _require_unit(unit, leads[number], given, path)
    if given.unit is not None and "/" in given.unit:
        x = _stored_integers(x, signal)
    return build_recording(path, given, leads, number, x, fs, unit or None, notes)


def _parse(raw, bytes_per_sample, path):
    """(the parsed file, notes on a file that is cut short)"""
    import edfio

    edf: edfio.Edf | edfio.Bdf
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if bytes_per_sample == 3:
            edf = edfio.read_bdf(io.BytesIO(raw))
        else:
            edf = edfio.read_edf(raw, header_encoding="latin-1")
    return edf, tuple(
        f"{path.name}: {warning.message}"
        for warning in caught
        if re.search("incomplete|indicates", str(warning.message), re.IGNORECASE)
    )


def _choose_signal(leads, lead, path):
    """Number of the signal to read: the wanted one, else one whose name is that of an ECG lead."""
    if lead is not None or len(leads) == 1:
        return choose_lead(leads, lead, path)
    ecg = [
        k
        for k, name in enumerate(leads)
        if _ECG.search(name.upper()) or _LEAD.fullmatch(lead_key(name))
    ]
    if not ecg:
        raise InputError(f"{path} holds {', '.join(leads)}: say which is the ECG with --lead")
    return ecg[choose_lead([leads[k] for k in ecg], None, path)]


def _require_unit(unit, lead, given, path):
    """Refuse a signal that is not in volts, unless the user gives its unit."""
    if given.unit is not None or voltage(unit) is not None:
        return
    if not unit:
        raise InputError(
            f"{path} does not say in what unit its values are: give --unit V, mV, uV, or GAIN/mV "
            "for ADC units"
        )
    raise InputError(
        f"{path}: signal {lead} is in {unit}, not in volts: choose another with --lead, "
        "or give --unit"
    )


def _stored_integers(x, signal):
    """The integers (n,) that stand in the file, of the physical values x (n,) of `signal`."""
    digital_range = signal.digital_max - signal.digital_min
    step = (signal.physical_max - signal.physical_min) / digital_range
    return (x - signal.physical_min) / step + signal.digital_min


def _record_onsets(raw, records, bytes_per_sample):
    """(records,) s: when each data record of a discontinuous EDF+ (2 bytes a sample) or BDF+ (3)
    begins."""
    first, count = int(raw[184:192]), int(raw[252:256])
    labels = [raw[256 + 16 * k : 272 + 16 * k].strip() for k in range(count)]
    sizes = [
        bytes_per_sample * int(raw[256 + 216 * count + 8 * k : 264 + 216 * count + 8 * k])
        for k in range(count)
    ]
    k = next(k for k, label in enumerate(labels) if label.endswith(b"Annotations"))
    starts = first + sum(sizes[:k]) + sum(sizes) * np.arange(records)
    return np.array([float(raw[at : at + sizes[k]].split(b"\x14", 1)[0]) for at in starts])


def _place_blocks(blocks, onsets, fs, path):
    """(n,) the blocks (m, k) where their onsets (m,) in s put them, NaN between."""
    at = np.rint((onsets - onsets[0]) * fs).astype(np.int64)
    if np.any(np.diff(at) < blocks.shape[1] - 1) or at[-1] > 20 * blocks.size + 86400 * fs:
        raise InputError(f"{path}: the times of its data records are not in order")
    out = np.full(at[-1] + blocks.shape[1], np.nan)
    out[at[:, None] + np.arange(blocks.shape[1])] = blocks
    return out
