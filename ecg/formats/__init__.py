"""ECG files in, recordings out.

`read_recording` takes WFDB, EDF/EDF+/BDF, CSV/TSV/text (Apple Watch exports and gzip too), NPY and
NPZ, and gives one lead in mV, or two. Rate and unit come from the file where it says them and are
asked for where it does not. What had to be concluded from the file's looks stands in
`Recording.notes`, for the stage to print.

A format is a file with a reader, `from_x(path, given) -> Recording` (recording.py says how it
ends), and a line in FORMATS.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.arrays import from_numpy
from ecg.formats.edf import from_edf
from ecg.formats.packed import unpacked_suffix
from ecg.formats.recording import (
    HIGHEST_FS,
    LOWEST_FS,
    Given,
    Recording,
    amplitude_note,
    choose_lead,
    second_leads,
    to_millivolt,
)
from ecg.formats.text import from_text
from ecg.formats.wfdb import from_wfdb, header_path, segment_paths, wfdb_base


class Format(NamedTuple):
    """A kind of file: how a message calls it, its suffixes (in small letters; packed, .gz comes
    after them), its reader."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Given], Recording]


FORMATS = (
    Format("EDF/BDF", (".edf", ".bdf", ".rec"), from_edf),
    Format("CSV/TSV/TXT", (".csv", ".tsv", ".txt"), from_text),
    Format("NPY, NPZ", (".npy", ".npz"), from_numpy),
)


def read_recording(
    path: str | Path,
    lead: str | int | None = None,
    fs: float | None = None,
    unit: str | None = None,
    second: str | int = "none",
) -> Recording:
    """One lead of any ECG file, or two.

    path: the file, with or without .hea for WFDB. lead: name or number from 0. fs in Hz and unit
    (`V`, `mV`, `uV`, `200(1024)/mV`) win over the file where given; the rate is needed where the
    file does not say it. A recording faster than 2000 Hz is averaged down. second: `none`, a name
    or number, or `auto`: V1, V5, V2 or the next whose name is that of an ECG lead, if it is sampled
    like the first.
    Raises InputError, naming file and option, for anything that cannot be read as an ECG."""
    given = Given(lead, fs, unit)
    recording = _read_lead(path, given)
    if second == "none":
        return recording
    leads = recording.leads
    own = leads.index(recording.lead) if lead is None else choose_lead(leads, lead, path)
    if second == "auto":
        return _with_likely_second(recording, path, given, own)
    number = choose_lead(leads, second, path, "--second")
    if number == own:
        raise InputError(
            f"--second {second}: that is the first lead already; give another, or none"
        )
    other = _read_lead(path, given._replace(lead=number))
    if not _sampled_alike(recording, other):
        raise InputError(
            f"--second {second}: {path} holds {len(other.signal):,} samples at {other.fs:g} Hz of "
            f"it, and {len(recording.signal):,} at {recording.fs:g} Hz of {recording.lead}: "
            "give another, or none"
        )
    return _with_second(recording, other)


def read_wfdb(path: str | Path, lead: str | int = 0) -> Recording:
    """A lead (name or number) of a WFDB record, by default the first: the one the published
    heartbeat rows were cut from."""
    return read_recording(path, lead)


def _with_likely_second(recording, path, given, own):
    """`recording`, lead number `own` of its file, with the likeliest second lead that fits it."""
    for number in second_leads(recording.leads, own):
        try:
            other = _read_lead(path, given._replace(lead=number))
        except InputError:  # not in volts, empty: no second lead
            continue
        if _sampled_alike(recording, other):
            return _with_second(recording, other)
    return recording


def _sampled_alike(one, other):
    return one.fs == other.fs and len(one.signal) == len(other.signal)


def _with_second(recording, other):
    return recording._replace(second=other.signal.astype(np.float32), second_lead=other.lead)


# ----------------------------------------------------------------------------------------- a lead


def _read_lead(path: str | Path, given: Given) -> Recording:
    """The lead that is `given`, checked, at 2000 Hz or less."""
    path = Path(path)
    if given.fs is not None and not (np.isfinite(given.fs) and given.fs > 0):
        raise InputError(f"--fs {given.fs}: give the sampling rate in Hz, such as 250")
    if given.unit is not None:
        to_millivolt(np.zeros(1), given.unit, "--unit")
    reader = _reader_of(path)
    try:
        recording = reader(path, given)
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path}: too large for this machine's memory") from None
    except Exception as error:  # the packages that read files raise what they like on damaged ones
        raise InputError(
            f"{path} cannot be read, it seems damaged or cut short "
            f"({type(error).__name__}: {error})"
        ) from None
    recording = _averaged_down(_checked(recording, path))
    return recording._replace(notes=recording.notes + amplitude_note(recording.signal))


def _reader_of(path: Path) -> Callable[[Path, Given], Recording]:
    """The reader of a file. Raises InputError where there is none, or no file.

    A WFDB record is known by its header, whatever the suffix."""
    suffix = unpacked_suffix(path)
    reader = _reader_for(suffix)
    if reader is None and header_path(path).is_file():
        return from_wfdb
    if path.is_dir():
        raise InputError(f"{path} is a folder: name one recording in it")
    if not path.is_file():
        wanted = f": a WFDB record needs its header {header_path(path).name} beside it"
        is_wfdb = suffix in ("", ".hea", ".dat", ".mat")
        raise InputError(f"{path} does not exist" + (wanted if is_wfdb else ""))
    if reader is None:
        raise InputError(f"{path}: no reader for this kind of file; readable are {_readable()}")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty")
    return reader


def _reader_for(suffix):
    """The reader in FORMATS for files with this suffix, None where there is none."""
    return next((each.read for each in FORMATS if suffix in each.suffixes), None)


def _readable():
    """The formats, as a message names them."""
    return f"WFDB (.hea), {', '.join(each.name for each in FORMATS)}; all but WFDB also as .gz"


def _checked(recording, path):
    """`recording` as float64 with NaN for all that is missing, if it holds samples at an ECG's
    rate."""
    signal = np.asarray(recording.signal, dtype=np.float64)
    if len(signal) and not np.isfinite(signal.sum()):
        signal = np.where(np.isfinite(signal), signal, np.nan)
    if len(signal) == 0 or np.isnan(signal[0]) and np.isnan(signal).all():
        raise InputError(f"{path}: lead {recording.lead} holds no samples")
    if not LOWEST_FS <= recording.fs <= 100_000:
        raise InputError(
            f"{path}: a sampling rate of {recording.fs:g} Hz is no ECG's ({LOWEST_FS} Hz or more "
            "is needed): give the right one with --fs"
        )
    return recording._replace(signal=signal)


def _averaged_down(recording):
    """`recording` at HIGHEST_FS or less: means of as many samples as that takes."""
    signal, fs = recording.signal, recording.fs
    many = int(np.ceil(fs / HIGHEST_FS))
    if many == 1:
        return recording
    note = (
        f"means of {many} samples taken: {fs:g} Hz brought to {fs / many:g} Hz, in which samples "
        "are counted"
    )
    signal = signal[: len(signal) // many * many].reshape(-1, many).mean(axis=1)
    return recording._replace(signal=signal, fs=fs / many, notes=(*recording.notes, note))


# ----------------------------------------------------------------------------------------- folders


def find_recordings(folder: str | Path) -> list[Path]:
    """Sorted paths of the recordings in `folder` and below: WFDB records (without suffix; segments
    of a longer record are not listed apart) and files of the other formats.

    A path that is itself a recording gives a list of that one. Raises InputError where there is
    none. The records that are annotated: annotation.annotated_records."""
    folder = Path(folder)
    if not folder.is_dir():
        if not (folder.is_file() or header_path(folder).is_file()):
            raise InputError(f"{folder} does not exist: give a recording or a folder of recordings")
        return [folder]
    visible = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    headers = [path for path in visible if path.suffix == ".hea"]
    segments = {segment for header in headers for segment in segment_paths(header)}
    records = {wfdb_base(header) for header in headers} - segments
    others = [
        path
        for path in visible
        if path.with_suffix("") not in records and _reader_for(unpacked_suffix(path))
    ]
    if not records and not others:
        raise InputError(f"{folder} holds no recordings; readable are {_readable()}")
    return sorted([*records, *others])
