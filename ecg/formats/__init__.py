"""ECG files in, recordings out.

`read_recording` takes any ECG file, WFDB, EDF, text tables, clinical and research formats (the
table is in docs/formats.md), packed with gzip or not, and gives one lead in mV, or several. Rate
and unit come from the file where it says them and are asked for where it does not. What had to be
concluded from the file's looks stands in `Recording.notes`, for the stage to print.

A format is a file with a reader, `from_x(path, given) -> Contents` (recording.py), and a line in
FORMATS.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.acq import from_acq, is_acq
from ecg.formats.adicht import from_adicht
from ecg.formats.aecg import from_aecg, is_aecg
from ecg.formats.arrays import from_numpy, is_numpy
from ecg.formats.cardiosoft import from_cardiosoft, is_cardiosoft
from ecg.formats.dicom import from_dicom, is_dicom
from ecg.formats.edf import from_edf, is_edf
from ecg.formats.ishne import from_ishne, is_ishne
from ecg.formats.json_files import from_json, is_json
from ecg.formats.kardia import from_atc, is_atc
from ecg.formats.matlab import from_matlab, is_matlab
from ecg.formats.mfer import from_mfer, is_mfer
from ecg.formats.mortara import from_mortara, is_mortara
from ecg.formats.muse import from_muse, is_muse
from ecg.formats.packed import read_bytes, unpacked_suffix
from ecg.formats.parquet import from_parquet, is_feather, is_parquet
from ecg.formats.philips import from_philips, is_philips
from ecg.formats.reading import one_line_errors, recording_of
from ecg.formats.recording import Contents, Given, Recording
from ecg.formats.room import refuse_too_large
from ecg.formats.scp import from_scp, is_scp
from ecg.formats.text import from_text
from ecg.formats.units import to_millivolt
from ecg.formats.wfdb import from_wfdb, header_path, segment_paths, wfdb_base

HEAD_BYTES = 4096  # of a file, by which its format is recognised
LARGE = 1 << 20  # bytes: of a longer file the head is looked at before all of it is read


class Format(NamedTuple):
    """A kind of file: how a message calls it, its suffixes (in small letters; packed, .gz comes
    after them), its reader, and where its suffix is another format's too or may be missing, what
    recognises it by its first bytes."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Given], Contents]
    recognise: Callable[[bytes], bool] | None = None


FORMATS = (
    Format("EDF/BDF", (".edf", ".bdf", ".rec"), from_edf, is_edf),
    Format("CSV/TSV/TXT", (".csv", ".tsv", ".txt", ".asc", ".tab"), from_text),
    Format("NPY, NPZ", (".npy", ".npz"), from_numpy, is_numpy),
    Format("MAT", (".mat",), from_matlab, is_matlab),
    Format("DICOM", (".dcm", ".dicom"), from_dicom, is_dicom),
    Format("SCP-ECG", (".scp",), from_scp, is_scp),
    Format("HL7 aECG", (".xml",), from_aecg, is_aecg),
    Format("Philips XML", (".xml",), from_philips, is_philips),
    Format("GE MUSE XML", (".xml",), from_muse, is_muse),
    Format("GE CardioSoft XML", (".xml",), from_cardiosoft, is_cardiosoft),
    Format("Mortara XML", (".xml",), from_mortara, is_mortara),
    Format("ISHNE", (".ecg",), from_ishne, is_ishne),
    Format("MFER", (".mwf",), from_mfer, is_mfer),
    Format("AcqKnowledge", (".acq",), from_acq, is_acq),
    Format("LabChart", (".adicht",), from_adicht),
    Format("Kardia ATC", (".atc",), from_atc, is_atc),
    Format("JSON (Kardia, FHIR)", (".json",), from_json, is_json),
    Format("Parquet", (".parquet", ".pq"), from_parquet, is_parquet),
    Format("Feather", (".feather", ".arrow"), from_parquet, is_feather),
)
# suffixes of the files of a WFDB record, which is read where its header is there
WFDB_SUFFIXES = "", ".hea", ".dat", ".mat", ".atr"


def read_recording(
    path: str | Path,
    lead: str | int | None = None,
    fs: float | None = None,
    unit: str | None = None,
    second: str | int = "none",
) -> Recording:
    """The ECG of any file.

    path: the file, with or without .hea for WFDB. lead: name or number from 0. fs in Hz and unit
    (`V`, `mV`, `uV`, `200(1024)/mV`) win over the file where given; the rate is needed where the
    file does not say it. A recording faster than 2000 Hz is averaged down. second: `none`, a name
    or number, or `auto`: V1, V5, V2 or the next whose name is that of an ECG lead, if it is sampled
    like the first; with `auto` all such leads are kept.
    Raises InputError, naming file and option, for anything that cannot be read as an ECG."""
    path, given = Path(path), Given(lead, fs, unit)
    if fs is not None and not (np.isfinite(fs) and fs > 0):
        raise InputError(f"--fs {fs}: give the sampling rate in Hz, such as 250")
    if unit is not None:
        to_millivolt(np.zeros(1), unit, "--unit")
    reader = _reader_of(path)
    with one_line_errors(path):
        return recording_of(reader(path, given), path, given, second)


def read_wfdb(path: str | Path, lead: str | int = 0) -> Recording:
    """A lead (name or number) of a WFDB record, by default the first: the one the published
    heartbeat rows were cut from."""
    return read_recording(path, lead)


# ----------------------------------------------------------------------------------------- readers


def _reader_of(path: Path) -> Callable[[Path, Given], Contents]:
    """The reader of a file. Raises InputError where there is none, or no file.

    A WFDB record is known by its header, whatever the suffix; of formats that share a suffix, and
    where the suffix is nobody's, the one that recognises the file's first bytes reads it."""
    _check_name(path)
    suffix = unpacked_suffix(path)
    formats = [each for each in FORMATS if suffix in each.suffixes]
    if (not formats or suffix in WFDB_SUFFIXES) and header_path(path).is_file():
        return from_wfdb
    if path.is_dir():
        raise InputError(f"{path} is a folder: name one recording in it")
    if not path.exists():
        wanted = f": a WFDB record needs its header {header_path(path).name} beside it"
        raise InputError(f"{path} does not exist" + (wanted if suffix in WFDB_SUFFIXES else ""))
    if not path.is_file():
        raise InputError(f"{path} is no file: name a recording")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty")
    refuse_too_large(path.stat().st_size, path)
    if path.stat().st_size > LARGE and not any(read_bytes(path, HEAD_BYTES)):
        raise InputError(f"{path} begins with {HEAD_BYTES:,} zeros: it was never written")
    if len(formats) == 1 and suffix not in WFDB_SUFFIXES:
        return formats[0].read
    head = read_bytes(path, HEAD_BYTES)
    for each in formats or FORMATS:
        if each.recognise is not None and each.recognise(head):
            return each.read
    if suffix == ".dat":
        raise InputError(
            f"{path}: the signal file of a WFDB record; its header {header_path(path).name}, which "
            "says how it is stored, must lie beside it"
        )
    if formats:
        names = ", ".join(each.name for each in formats)
        raise InputError(f"{path} is none of the {suffix} files that are read: {names}")
    raise InputError(f"{path}: no reader for this kind of file; readable are {_readable()}")


def _check_name(path):
    """InputError for a name that no file can have."""
    try:
        path.exists()
    except OSError as error:  # of 300 characters
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    if not path.name:
        raise InputError(f"{path} is a folder: name one recording in it")


def _is_readable(path):
    """Whether a file found in a folder is a recording, by its suffix, and where several formats
    share that by its first bytes. Bytes that cannot be read are left to the reader's message."""
    formats = [each for each in FORMATS if unpacked_suffix(path) in each.suffixes]
    if len(formats) < 2:
        return bool(formats)
    try:
        head = read_bytes(path, HEAD_BYTES)
    except (InputError, OSError):
        return True
    return any(each.recognise is None or each.recognise(head) for each in formats)


def _readable():
    """The formats, as a message names them."""
    return f"WFDB (.hea), {', '.join(each.name for each in FORMATS)}; all but WFDB also as .gz"


# ----------------------------------------------------------------------------------------- folders


def find_recordings(folder: str | Path) -> list[Path]:
    """Sorted paths of the recordings in `folder` and below: WFDB records (without suffix; segments
    of a longer record are not listed apart) and files of the other formats.

    A path that is itself a recording gives a list of that one. Raises InputError where there is
    none. The records that are annotated: annotation.annotated_records."""
    folder = Path(folder)
    if folder.name:
        _check_name(folder)
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
        path for path in visible if path.with_suffix("") not in records and _is_readable(path)
    ]
    if not records and not others:
        raise InputError(f"{folder} holds no recordings; readable are {_readable()}")
    return sorted([*records, *others])
