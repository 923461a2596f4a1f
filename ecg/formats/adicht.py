"""LabChart's own files (.adicht), by adi-reader, which has ADInstruments' library and runs on
Windows alone. Elsewhere LabChart's exports are read: text (text.py) and MATLAB (labchart.py)."""

import functools
import importlib
import tempfile
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.labchart import joined
from ecg.formats.packed import is_packed, read_bytes
from ecg.formats.recording import Channel, Contents, Facts, Given


def from_adicht(path: Path, given: Given) -> Contents:
    """The channels of a LabChart file; its blocks stand where their clocks put them, what is
    missing between them is NaN. Raises InputError where ADInstruments' library cannot run."""
    try:
        adi = importlib.import_module("adi")
    except ImportError:
        raise InputError(
            f"{path}: LabChart's own files are read on Windows alone, with the package adi-reader "
            "(pip install adi-reader): export it from LabChart as text or for MATLAB"
        ) from None
    file = _open(adi, path)
    starts = [each.record_time.rec_datetime for each in file.records]
    channels = []
    for channel in file.channels:
        there = [k for k, count in enumerate(channel.n_samples) if count]
        if not there:
            continue
        if len({channel.fs[k] for k in there}) > 1:
            raise InputError(f"{path}: {channel.name} has several rates: export its blocks apart")
        fs = float(channel.fs[there[0]])
        onsets = [starts[k].timestamp() for k in there]
        channels.append(
            Channel(
                channel.name.strip(),
                channel.units[there[0]].strip() or None,
                fs,
                functools.partial(_values, file, channel, there, onsets, fs, path),
            )
        )
    facts = Facts(device="ADInstruments LabChart")
    if starts:
        facts = facts._replace(date=starts[0].date(), clock=starts[0].time())
    return Contents(channels, facts)


def _open(adi, path):
    """The open file; a packed one is unpacked for the library, which takes paths alone."""
    if not is_packed(path):
        return adi.read_file(str(path))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        unpacked = Path(folder) / path.stem
        unpacked.write_bytes(read_bytes(path))
        return adi.read_file(str(unpacked))


def _values(file, channel, blocks, onsets, fs, path):
    """The values (n,) of a channel; `file` is held open by it."""
    parts = [np.asarray(channel.get_data(k + 1), np.float64) for k in blocks]
    return joined(parts, onsets, fs, path)
