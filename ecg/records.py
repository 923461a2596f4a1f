"""ECG files in, labels out.

`read_recording` takes WFDB, EDF/EDF+/BDF, CSV/TSV/text (Apple Watch exports and gzip too), NPY and NPZ, and gives one lead in mV.
Rate and unit come from the file where it says them and are asked for where it does not. What had to be concluded from the
file's looks stands in `Recording.notes`, for the stage to print.
"""
import array
import codecs
import gzip
import io
import re
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError, writing

LOWEST_FS = 50             # Hz: below, a QRS complex is a sample or two
HIGHEST_FS = 2000          # Hz: faster recordings are averaged down to at most this
ROWS = 1 << 19             # of a text table that are read at a time
KINDS = "WFDB (.hea), EDF/BDF, CSV/TSV/TXT, NPY, NPZ; all but WFDB also as .gz"


class Recording(NamedTuple):
    """One lead of a recording: signal (n,) float64 in mV, NaN where it is missing; fs in Hz; name of the lead; name of the
    recording; names of all leads in the file; notes: sentences about what was concluded rather than read; a second lead (n,)
    float32 in mV and its name, where one was asked for and is there."""
    signal: np.ndarray
    fs: float
    lead: str
    name: str
    leads: tuple = ()
    notes: tuple = ()
    second: np.ndarray | None = None
    second_lead: str = ""


def add_options(parser):
    """The three options of every stage that reads recordings, under the same names everywhere."""
    parser.add_argument("--lead", help="name or number (from 0) of the lead (default: II where there is one, else the first)")
    parser.add_argument("--fs", type=float, help="sampling rate in Hz, where the file does not say it")
    parser.add_argument("--unit", help="V, mV, uV, or ADC units as GAIN/mV or GAIN(ZERO)/mV, such as 200(1024)/mV, "
                                       "where the file does not say it")


def add_second(parser):
    """The option of the stages that can look at two leads of a recording."""
    parser.add_argument("--second", metavar="LEAD", default="auto",
                        help="a second lead that the context model asks too: its name or number; none; auto: V1, V5, V2 or the next "
                        "that is called an ECG lead, where there is one")


def read_recording(path, lead=None, fs=None, unit=None, second="none"):
    """One lead of any ECG file, or two.

    path: the file, with or without .hea for WFDB. lead: name or number from 0. fs in Hz and unit (`V`, `mV`, `uV`,
    `200(1024)/mV`) win over the file where given; the rate is needed where the file does not say it. A recording faster than
    2000 Hz is averaged down. second: `none`, a name or number, or `auto`: V1, V5, V2 or the next whose name is that of an ECG
    lead, if it is sampled like the first. Returns Recording.
    Raises InputError, naming file and option, for anything that cannot be read as an ECG.
    """
    recording = _read_lead(path, lead, fs, unit)
    if second == "none":
        return recording
    names = recording.leads
    own = names.index(recording.lead) if lead is None else choose_lead(names, lead, path)
    if second != "auto":
        number = choose_lead(names, second, path, "--second")
        if number == own:
            raise InputError(f"--second {second}: that is the first lead already; give another, or none")
        other = _read_lead(path, number, fs, unit)
        if (other.fs, len(other.signal)) != (recording.fs, len(recording.signal)):
            raise InputError(f"--second {second}: {path} holds {len(other.signal):,} samples at {other.fs:g} Hz of it, and "
                             f"{len(recording.signal):,} at {recording.fs:g} Hz of {recording.lead}: give another, or none")
        return recording._replace(second=other.signal.astype(np.float32), second_lead=other.lead)
    for number in _second_leads(names, own):
        try:
            other = _read_lead(path, number, fs, unit)
        except InputError:                                   # not in volts, empty: no second lead
            continue
        if (other.fs, len(other.signal)) == (recording.fs, len(recording.signal)):
            return recording._replace(second=other.signal.astype(np.float32), second_lead=other.lead)
    return recording


def _read_lead(path, lead, fs, unit):
    """`read_recording` of one lead."""
    path = Path(path)
    if fs is not None and not (np.isfinite(fs) and fs > 0):
        raise InputError(f"--fs {fs}: give the sampling rate in Hz, such as 250")
    if unit is not None:
        to_millivolt(np.zeros(1), unit, "--unit")
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = Path(path.stem).suffix.lower()
    if suffix not in _READERS and (wfdb_base(path).with_name(wfdb_base(path).name + ".hea").is_file()):
        reader = _from_wfdb
    elif path.is_dir():
        raise InputError(f"{path} is a folder: name one recording in it")
    elif not path.is_file():
        raise InputError(f"{path} does not exist" + (f": a WFDB record needs its header {wfdb_base(path).name}.hea beside it"
                                                     if suffix in ("", ".hea", ".dat", ".mat") else ""))
    elif suffix not in _READERS:
        raise InputError(f"{path}: no reader for this kind of file; readable are {KINDS}")
    elif path.stat().st_size == 0:
        raise InputError(f"{path} is empty")
    else:
        reader = _READERS[suffix]
    try:
        recording = reader(path, lead, fs, unit)
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path}: too large for this machine's memory") from None
    except Exception as error:      # the readers of three packages raise what they like on damaged files
        raise InputError(f"{path} cannot be read, it seems damaged or cut short ({type(error).__name__}: {error})") from None
    signal = np.asarray(recording.signal, dtype=np.float64)
    if len(signal) and not np.isfinite(signal.sum()):
        signal = np.where(np.isfinite(signal), signal, np.nan)
    if len(signal) == 0 or np.isnan(signal[0]) and np.isnan(signal).all():
        raise InputError(f"{path}: lead {recording.lead} holds no samples")
    if not LOWEST_FS <= recording.fs <= 100_000:
        raise InputError(f"{path}: a sampling rate of {recording.fs:g} Hz is no ECG's ({LOWEST_FS} Hz or more is needed): "
                         "give the right one with --fs")
    notes, own_fs, many = recording.notes, recording.fs, int(np.ceil(recording.fs / HIGHEST_FS))
    if many > 1:
        signal = signal[:len(signal) // many * many].reshape(-1, many).mean(axis=1)
        notes += (f"means of {many} samples taken: {own_fs:g} Hz brought to {own_fs / many:g} Hz, in which samples are counted",)
    return recording._replace(signal=signal, fs=own_fs / many, notes=notes + _plausible(signal, own_fs / many))


def find_recordings(folder, annotator=None):
    """Sorted paths of the recordings in `folder` and below: WFDB records (without suffix; segments of a longer record are
    not listed apart) and files of the other kinds. With `annotator`, WFDB records annotated by it alone.
    A path that is itself a recording gives a list of that one. Raises InputError where there is none."""
    folder = Path(folder)
    if not folder.is_dir():
        base = wfdb_base(folder)
        if not (folder.is_file() or base.with_name(base.name + ".hea").is_file()):
            raise InputError(f"{folder} does not exist: give a recording or a folder of recordings")
        return [folder]
    visible = [p for p in folder.rglob("*") if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    headers = [p for p in visible if p.suffix == ".hea" and p.is_file()]
    segments = {segment for header in headers for segment in _segments(header)}
    found = [p.with_suffix("") for p in headers if p.with_suffix("") not in segments]
    if annotator is None:
        bases = set(found)
        found += [p for p in visible if p.is_file() and p.with_suffix("") not in bases
                  and (Path(p.stem).suffix if p.suffix.lower() == ".gz" else p.suffix).lower() in _READERS]
    else:
        found = [p for p in found if p.with_name(f"{p.name}.{annotator}").is_file()]
    if not found:
        raise InputError(f"{folder} holds no " + (f"WFDB record with an annotation .{annotator}" if annotator else
                                                  f"recordings; readable are {KINDS}"))
    return sorted(found)


# --------------------------------------------------------------------------------------------- leads, units, plausibility

def choose_lead(names, lead, path, option="--lead"):
    """Number of the wanted lead among `names`. None takes lead II (what the models saw most), unless the first lead is one of
    those the models were trained on (II, V5) or no lead is called II."""
    plain = [lead_key(name) for name in names]
    if lead is None:
        preferred = [k for k, name in enumerate(plain) if name in ("MLII", "II")]
        return 0 if not preferred or plain[0] in ("MLII", "II", "V5") else preferred[0]
    wanted = str(lead)
    for match in ([k for k, name in enumerate(names) if name == wanted],
                  [int(wanted)] if re.fullmatch(r"\d+", wanted) and int(wanted) < len(names) else [],
                  [k for k, name in enumerate(plain) if name == lead_key(wanted)]):
        if match:
            return match[0]
    raise InputError(f"{path} has no lead {lead!r}: {option} takes one of " + ", ".join(f"{k} ({n})" for k, n in enumerate(names)))


def _second_leads(names, own):
    """Numbers of the leads that may stand beside number `own`, the likeliest to add something first: what MIT-BIH has beside lead
    II. Only what is called an ECG lead: another column of a table may be anything."""
    rank = ["V1", "MV1", "V5", "MV5", "V2", "MV2"]
    if lead_key(names[own]) not in ("MLII", "II"):
        rank = ["MLII", "II", *rank]
    leads = [k for k, name in enumerate(names) if k != own
             and (re.match(r"(ECG|EKG)", name.strip().upper()) or _LEAD.fullmatch(lead_key(name)))]
    return sorted(leads, key=lambda k: (*rank, lead_key(names[k])).index(lead_key(names[k])))


_LEAD = re.compile(r"M?L?I{1,3}|AV[RLF]|M?V[1-9]R?|M?CL\d|ML\d|C[MCBS]\d|M?D[1-4]|[XYZ]")      # of the common recorders and databases


def lead_key(name):
    """The lead that a name means: `ECG Lead II`, `EKG-II`, `ii` -> II"""
    return re.sub(r"^(ECG|EKG)(?=.)", "", re.sub(r"[\s_\-:.]|LEAD", "", name.upper())) or name.upper()


def _chosen(names, number, lead):
    """A note on a lead that was chosen for the user among several."""
    if lead is not None or len(names) < 2:
        return ()
    return (f"lead {names[number]} taken of {', '.join(names[:12])}{' ...' if len(names) > 12 else ''} (another with --lead)",)


_MILLIVOLTS = {"v": 1e3, "volt": 1e3, "volts": 1e3, "mv": 1.0, "millivolt": 1.0, "millivolts": 1.0, "uv": 1e-3, "microvolt": 1e-3,
               "microvolts": 1e-3, "nv": 1e-6}


def _voltage(unit):
    """mV per `unit`, None where it is no voltage."""
    return _MILLIVOLTS.get(str(unit).strip().lower().replace("Â".lower(), "").replace("µ", "u").replace("μ", "u"))


def to_millivolt(x, unit, where):
    """`x` in `unit` (V, mV, uV, nV, or ADC units GAIN(ZERO)/mV) as mV. `where` names the option or file in the error."""
    factor = _voltage(unit)
    if factor is not None:
        return x if factor == 1 else x * factor
    adc = re.fullmatch(r"([\d.]+(?:e[+-]?\d+)?)(?:\((-?[\d.]+)\))?/(\w+)", str(unit).strip(), re.IGNORECASE)
    if adc and _voltage(adc[3]) and _number(adc[1]) and (adc[2] is None or _number(adc[2]) is not None):
        return (x - (_number(adc[2]) if adc[2] else 0.0)) / _number(adc[1]) * _voltage(adc[3])
    raise InputError(f"{where}: unit {unit!r} is not known; --unit takes V, mV, uV, or ADC units as GAIN/mV or GAIN(ZERO)/mV, "
                     "such as 200(1024)/mV")


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None


def _unit_needed(path):
    return InputError(f"{path} does not say in what unit its values are: give --unit V, mV, uV, or GAIN/mV for ADC units")


def _unit_or_millivolts(given, told):
    """(unit, note): bare numbers are taken as mV, aloud. Beats and labels do not depend on the unit, only the scale of pictures does."""
    if given is None and told is None:
        return "mV", ("the file does not say its unit: mV taken (--unit says otherwise; labels do not depend on it)",)
    return given, ()


def _rate_needed(path):
    return InputError(f"{path} does not say its sampling rate: give --fs HZ")


def _overruled(what, told, given, option):
    return () if given is None or told is None or told == given else (f"the file says {what} {told}, {option} {given} is used",)


def _plausible(signal, fs):
    """A note on amplitudes that no electrocardiograph gives: the unit is probably another."""
    part = signal[::max(1, len(signal) // 20000)]
    part = part[np.isfinite(part)]
    swing = np.subtract(*np.percentile(part, [99.5, 0.5])) if len(part) else 0.0
    if swing and not 0.02 <= swing <= 50:
        return (f"the signal spans {swing:.3g} mV, an ECG 0.1 to 10: check the unit (--unit); beats are found at any scale",)
    return ()


# --------------------------------------------------------------------------------------------- WFDB

def wfdb_base(path):
    """Path of a WFDB record without suffix: 100, 100.hea, 100.dat and 100.atr -> 100"""
    path = Path(path)
    return path.with_suffix("") if path.suffix in (".hea", ".dat", ".atr", ".mat") else path


def _segments(header):
    """Paths of the segments that a multi-segment header refers to."""
    lines = [line.split() for line in header.read_text(encoding="latin-1").splitlines() if line.strip() and line[0] != "#"]
    if not lines or "/" not in lines[0][0]:
        return []
    return [header.parent / line[0] for line in lines[1:] if line[0] != "~"]


def read_wfdb(path, lead=0):
    """A lead (name or number) of a WFDB record, by default the first: the one the published heartbeat rows were cut from."""
    return read_recording(path, lead)


def _from_wfdb(path, lead, fs, unit):
    import wfdb
    base = wfdb_base(path)
    header = wfdb.rdheader(str(base), rd_segments=True)
    several = isinstance(header, wfdb.MultiRecord)
    names = header.get_sig_name() if several else header.sig_name
    if not names:
        raise InputError(f"{base}.hea describes no signal")
    names = [name or f"signal {k}" for k, name in enumerate(names)]
    number = choose_lead(names, lead, base)
    notes = _chosen(names, number, lead)
    if several:
        parts = [(part, part.sig_name.index(names[number]) if part is not None and names[number] in part.sig_name else None,
                  base.parent / name, length) for part, name, length in zip(header.segments, header.seg_name, header.seg_len)]
        parts = [_wfdb_segment(file, part, k, unit) if k is not None and length else (length, None, None)
                 for part, k, file, length in parts]
        frame = max((per for _, per, _ in parts if per), default=1)
        signal = np.concatenate([np.full(part * frame, np.nan) if per is None else np.repeat(part, frame // per)
                                 for part, per, _ in parts])
        units = next((told for _, _, told in parts if told), None)
    else:
        signal, frame, units = _wfdb_segment(base, header, number, unit)
        if unit is None and _uncalibrated(base, number):
            notes += (f"{base}.hea gives no gain: 200 units per mV assumed, as WFDB defines (another with --unit GAIN/mV)",)
    own_fs = float(header.fs) * frame
    return Recording(signal, float(fs or own_fs), names[number], base.name, tuple(names),
                     notes + _overruled("rate", own_fs, fs, "--fs") + _overruled("unit", units, unit, "--unit"))


def _wfdb_segment(base, header, number, unit):
    """(signal (n,) mV, samples per frame, unit in the file) of signal `number` of a single-segment record."""
    told, per_frame = header.units[number], header.samps_per_frame[number]
    in_adc_units = unit is not None and "/" in unit
    if unit is None and _voltage(told) is None:
        raise InputError(f"{base}: lead {header.sig_name[number]} is in {told}, not in volts: choose another with --lead, "
                         "or give --unit")
    signal = _stored(base, header, number)
    if signal is None:
        import wfdb
        record = wfdb.rdrecord(str(base), channels=[number], smooth_frames=False)      # every sample of a lead faster than its frames
        signal = record.e_p_signal[0]
        if in_adc_units:
            signal = signal * record.adc_gain[0] + record.baseline[0]
    elif not in_adc_units:
        signal -= header.baseline[number]
        signal /= header.adc_gain[number]
    return to_millivolt(signal, unit or told, "--unit" if in_adc_units else base), per_frame, told


def _stored(base, header, number):
    """The stored values (n,) of signal `number`, float64, NaN where it is missing, a piece at a time: of whole records in one file
    of format 212 or 16, which nearly all are. None for others, which the WFDB package reads or refuses."""
    count, kind = header.n_sig, set(header.fmt)
    file = base.parent / header.file_name[number]
    if (kind not in ({"212"}, {"16"}) or len(set(header.file_name)) > 1 or not header.sig_len or set(header.samps_per_frame) != {1}
            or any(header.skew) or any(header.byte_offset) or not file.is_file()):
        return None
    out, piece, missing = np.empty(header.sig_len), 1 << 17, -2048 if kind == {"212"} else -32768
    with open(file, "rb") as stream:
        for start in range(0, len(out), piece):
            part = out[start:start + piece]
            if kind == {"212"}:                          # two samples in three bytes; the upper 4 bits of both in the middle one
                raw = np.fromfile(stream, np.uint8, -(-3 * count * len(part) // 2))
                raw = np.append(raw, np.zeros(-len(raw) % 3, np.uint8)).reshape(-1, 3).astype(np.int16)
                values = np.empty((len(raw), 2), np.int16)
                values[:, 0] = raw[:, 0] | raw[:, 1] << 8 & 0xF00
                values[:, 1] = raw[:, 2] | raw[:, 1] << 4 & 0xF00
                values = (values << 4 >> 4).ravel()      # the sign
            else:
                values = np.fromfile(stream, "<i2", count * len(part))
            if len(values) < count * len(part):
                return None
            values = values[number:count * len(part):count]
            part[:] = values
            part[values == missing] = np.nan
    return out


def _uncalibrated(base, number):
    """Whether the header of a record leaves out the gain of signal `number`, or gives 0."""
    lines = [line.split() for line in base.with_name(base.name + ".hea").read_text(encoding="latin-1").splitlines()
             if line.strip() and line[0] != "#"]
    fields = lines[1 + number]
    return len(fields) < 3 or re.match(r"0+(\.0*)?(\D|$)", fields[2]) is not None


def read_annotation(path, annotator="atr", fs=None):
    """(samples int64 (n,), symbols list of str, aux_note list of str) of a WFDB annotation file.

    path: the record, with or without suffix. fs: rate in Hz that the samples shall count in, for a lead that is stored faster
    than the record's frames (default: as stored). Raises InputError where there is no such annotation or it is damaged."""
    import wfdb
    base = wfdb_base(path)
    file = base.with_name(f"{base.name}.{annotator}")
    if not file.exists():
        raise InputError(f"{file} is missing: the record has no annotation by {annotator!r}")
    if file.stat().st_size <= 2 and file.read_bytes() in (b"", b"\0\0"):           # no annotation at all
        return np.zeros(0, np.int64), [], []
    try:
        ann = wfdb.rdann(str(base), annotator)
    except Exception as error:
        raise InputError(f"{file} is no WFDB annotation, or damaged ({type(error).__name__}: {error})") from None
    samples = np.asarray(ann.sample, dtype=np.int64)
    if fs is not None and ann.fs and float(ann.fs) != float(fs):
        samples = np.rint(samples * (fs / ann.fs)).astype(np.int64)
    return samples, list(ann.symbol), list(ann.aux_note or [""] * len(ann.sample))


# WFDB's number of each symbol (ecgcodes.h)
_CODES = {symbol: code for code, symbol in enumerate("NLRaVFJASEj/Q~ | sT*D\"=pB^t+u?![]en@xf()r", start=1) if symbol != " "}
_SKIP, _NOTE = 59, 22


def write_annotation(folder, name, samples, symbols, fs, annotator="cnn"):
    """Write folder/NAME.ANNOTATOR, a WFDB annotation file, whole or not at all. Returns its path.

    samples: (n,) increasing; symbols: n WFDB symbols; fs in Hz, kept in the file. Raises InputError for a bad annotator name,
    symbols that WFDB does not know or samples that do not increase."""
    samples, symbols = np.asarray(samples, dtype=np.int64), list(symbols)
    if not re.fullmatch(r"[A-Za-z]+", annotator):
        raise InputError(f"annotator {annotator!r}: WFDB wants letters alone, such as cnn")
    steps = np.diff(samples, prepend=0)
    if len(samples) != len(symbols) or np.any(steps < 0) or np.any(steps >= 2 ** 31):
        raise InputError(f"{name}.{annotator}: {len(samples)} samples (increasing, from 0) and {len(symbols)} symbols do not fit")
    unknown = sorted(set(symbols) - set(_CODES))
    if unknown:
        raise InputError(f"{name}.{annotator}: WFDB knows no symbol {', '.join(map(repr, unknown))}")
    with writing(Path(folder) / f"{name}.{annotator}") as temporary:
        temporary.write_bytes(_annotation_bytes(steps, symbols, fs) if len(samples) else b"\0\0")     # the end mark alone
    return Path(folder) / f"{name}.{annotator}"


def _annotation_bytes(steps, symbols, fs):
    """The MIT format of annotation files: 16-bit words, the symbol's number in the upper 6 bits, in the lower 10 the samples
    since the annotation before; a longer step comes before it, after the mark SKIP, as two words. steps (n,), n symbols."""
    note = f"## time resolution: {int(fs) if fs == int(fs) else fs}".encode()
    head = np.array([_NOTE << 10, 63 << 10 | len(note)], "<u2").tobytes() + note + b"\0" * (len(note) % 2)
    head += np.array([_SKIP << 10, 0xFFFF, 0xFFFF, 1], "<u2").tobytes()             # the notes about the file end here
    long = steps > 1023
    words = np.zeros(len(steps) + 3 * np.count_nonzero(long), np.int64)
    at = np.arange(len(steps)) + 3 * np.cumsum(long)
    words[at] = np.array([_CODES[symbol] for symbol in symbols]) << 10 | np.where(long, 0, steps)
    for k, part in enumerate((np.full_like(steps, _SKIP << 10), steps >> 16, steps & 0xFFFF)):
        words[at[long] - 3 + k] = part[long]
    return head + words.astype("<u2").tobytes() + b"\0\0"


# --------------------------------------------------------------------------------------------- EDF, BDF

def _bytes(path):
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return file.read()
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path} is no gzip file, or damaged") from None


def _from_edf(path, lead, fs, unit):
    import edfio
    is_bdf = ".bdf" in path.suffixes or ".BDF" in path.suffixes
    raw = _bytes(path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        edf = edfio.read_bdf(io.BytesIO(raw)) if is_bdf else edfio.read_edf(raw, header_encoding="latin-1")
    cut = tuple(f"{path.name}: {w.message}" for w in said if re.search("incomplete|indicates", str(w.message), re.IGNORECASE))
    names = [signal.label.strip() or f"signal {k}" for k, signal in enumerate(edf.signals)]
    if not names:
        raise InputError(f"{path} holds annotations alone, no signal")
    if lead is None and len(names) > 1:
        cardiac = [k for k, name in enumerate(names) if re.search(r"ECG|EKG", name.upper())
                   or re.fullmatch(r"ML?I{1,3}|I{1,3}|AV[RLF]|V[1-9]", lead_key(name))]
        if not cardiac:
            raise InputError(f"{path} holds {', '.join(names)}: say which is the ECG with --lead")
        number = cardiac[choose_lead([names[k] for k in cardiac], None, path)]
    else:
        number = choose_lead(names, lead, path)
    signal = edf.signals[number]
    own_unit, own_fs = signal.physical_dimension.strip(), float(signal.sampling_frequency)
    x = np.array(signal.data, dtype=np.float64)
    gaps = ()
    if re.match(r"(EDF|BDF)\+D", edf.reserved):
        onsets = _record_onsets(raw, edf.num_data_records, 3 if is_bdf else 2)
        x = _spread(x.reshape(len(onsets), -1), onsets, own_fs, path)
        missing = np.isnan(x).sum() / own_fs
        gaps = (f"the recording is interrupted: {missing:.0f} s are missing",) if missing else ()
    if unit is None and _voltage(own_unit) is None:
        raise _unit_needed(path) if not own_unit else InputError(
            f"{path}: signal {names[number]} is in {own_unit}, not in volts: choose another with --lead, or give --unit")
    if unit is not None and "/" in unit:                 # ADC units: back to the stored integers
        scale = (signal.physical_max - signal.physical_min) / (signal.digital_max - signal.digital_min)
        x = (x - signal.physical_min) / scale + signal.digital_min
    return Recording(to_millivolt(x, unit or own_unit, path), float(fs or own_fs), names[number], recording_name(path), tuple(names),
                     _chosen(names, number, lead) + cut + gaps + _overruled("rate", own_fs, fs, "--fs")
                     + _overruled("unit", own_unit or None, unit, "--unit"))


def _record_onsets(raw, records, width):
    """(records,) s: when each data record of a discontinuous EDF+ (width 2 bytes a sample) or BDF+ (3) begins."""
    first, count = int(raw[184:192]), int(raw[252:256])
    labels = [raw[256 + 16 * k:272 + 16 * k].strip() for k in range(count)]
    sizes = [width * int(raw[256 + 216 * count + 8 * k:264 + 216 * count + 8 * k]) for k in range(count)]
    k = next(k for k, label in enumerate(labels) if label.endswith(b"Annotations"))
    starts = first + sum(sizes[:k]) + sum(sizes) * np.arange(records)
    return np.array([float(raw[at:at + sizes[k]].split(b"\x14", 1)[0]) for at in starts])


def _spread(blocks, onsets, fs, path):
    """(n,) the blocks (m, k) where their onsets (m,) in s put them, NaN between."""
    at = np.rint((onsets - onsets[0]) * fs).astype(np.int64)
    if np.any(np.diff(at) < blocks.shape[1] - 1) or at[-1] > 20 * blocks.size + 86400 * fs:
        raise InputError(f"{path}: the times of its data records are not in order")
    out = np.full(at[-1] + blocks.shape[1], np.nan)
    out[at[:, None] + np.arange(blocks.shape[1])] = blocks
    return out


def recording_name(path):
    """Name of a recording from its file: 100.hea -> 100, night.csv.gz -> night"""
    path = Path(path)
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


# --------------------------------------------------------------------------------------------- text

_MISSING = {"", "nan", "na", "n/a", "null", "none", "-"}
_TIME = re.compile(r"^(elapsed ?)?(time|times|timestamp|datetime|date|t|seconds?|secs?|ms|zeit|temps|tiempo|时间|時間)(?![a-z])",
                   re.IGNORECASE)
_INDEX = re.compile(r"^(sample(s| ?#| ?(number|index|no\.?))?|index|idx|n|#|row|nseq|unnamed.*|)$", re.IGNORECASE)
_RATE = re.compile(r"(?:sampl\w*[ _-]?(?:rate|frequency|freq)|\bs?fs\b|\bsfreq\b)\W{0,4}?[:=,;\t ]+\"?(\d+(?:[.,]\d+)?)\s*(k?)",
                   re.IGNORECASE)
_HERTZ = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k?)(?:hertz|hz\b|赫兹|赫茲|赫|ヘルツ|герц|헤르츠)", re.IGNORECASE)
_FILTER = re.compile(r"filt|mains|notch|band|pass|line noise", re.IGNORECASE)      # their hertz are no sampling rate
_UNIT = re.compile(r"unit|einheit|unidad|单位|單位|単位|단위", re.IGNORECASE)
_CLOCK = re.compile(r"^\[?\d*:?\d+:\d+(\.\d+)?\]?$")


def _stream(path):
    """The bytes of a file, unpacked where it is packed."""
    return gzip.open(path) if path.suffix.lower() == ".gz" else open(path, "rb")


def _head(path):
    """(the first 200,000 characters of a text file, its encoding)"""
    try:
        with _stream(path) as stream:
            raw = stream.read(400_000)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path} is no gzip file, or damaged") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in raw[:4096]:
        raise InputError(f"{path} is no text: it holds binary data")
    else:
        encoding = "utf-8-sig"
    try:
        return codecs.getincrementaldecoder(encoding)().decode(raw)[:200_000], encoding
    except UnicodeDecodeError:
        return raw.decode("latin-1")[:200_000], "latin-1"


def _split(line, delimiter):
    parts = line.split() if delimiter == " " else line.split(delimiter)
    return [part.strip().strip("\"'").strip() for part in parts]


def _is_number(field):
    return _number(field.replace(",", ".")) is not None


def _is_time(field):
    return bool(_CLOCK.match(field) or re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", field))


def _is_data(fields):
    """Whether a line holds samples: a number somewhere, a number, gap or time first, at most one word (a label) after it."""
    words = [f for f in fields[1:] if not _is_number(f) and f.lower() not in _MISSING]
    return any(map(_is_number, fields)) and len(words) <= 1 and \
        (_is_number(fields[0]) or fields[0].lower() in _MISSING or _is_time(fields[0]))


def _layout(lines, path):
    """(delimiter, number of head lines) of a text table: its head ends where three lines of data follow one another."""
    for delimiter in ("\t", ";", ",", " "):
        fields = [_split(line, delimiter) for line in lines]
        wide = [len(f) > 1 for f in fields if f not in ([""], [])]
        if delimiter != " " and np.mean(wide[len(wide) // 2:] or [0]) < 0.9:
            continue
        data = [line.strip() != "" and line.lstrip()[0] not in "#%" and _is_data(f) for line, f in zip(lines, fields)]
        for k in range(len(lines)):
            if data[k] and all(data[k:k + 3]):
                return delimiter, k
    raise InputError(f"{path} holds no table of numbers: an ECG as text has one row a sample")


def _head_rate(head):
    """Sampling rate in Hz that the lines above a table name: `fs = 250`, or the only figure in hertz (no filter's)."""
    def rate(match):
        return float(match[1].replace(",", ".")) * (1000 if match[2] else 1)

    named = [rate(match) for line in head for match in [_RATE.search(line)] if match]
    if named:
        return named[0]
    hertz = {rate(match) for line in head if not _FILTER.search(line) for match in _HERTZ.finditer(line)}
    hertz = {value for value in hertz if value >= LOWEST_FS}
    return hertz.pop() if len(hertz) == 1 else None


def _head_unit(head):
    """Unit that the lines above a table name: `unit: mV`, `Einheit,µV`; not every volt that is mentioned there."""
    for line in head:
        words = [w.strip("\"'()[]") for w in re.split(r"[,;:=\t ]+", line.strip().lstrip("#% ")) if w]
        units = [w for w in words[1:] if _voltage(w) is not None]
        if units and (_UNIT.search(line) or len(words) == 2 and units[0].lower() != "v"):
            return units[-1]
    return None


def _unit_in(name):
    """(name without its unit, unit or None): `MLII (mV)`, `ecg_uV`, `V5 [µV]`"""
    match = re.search(r"\s*[(\[]\s*([^)\]]+?)\s*[)\]]\s*$|[_ ]([mnuµμ]?v)$", name, re.IGNORECASE)
    if match and _voltage(match[1] or match[2]) is not None:
        return name[:match.start()].strip() or name, match[1] or match[2]
    return name, None


def _from_text(path, lead, fs, unit):
    text, encoding = _head(path)
    lines = text.splitlines()[:400]
    delimiter, skip = _layout(lines, path)
    head = [line for line in lines[:skip] if line.strip()]
    first = [_split(line, delimiter) for line in lines[skip:-1] or lines[skip:] if line.strip()]
    width = max(len(f) for f in first)
    names, units = _names(lines[:skip], delimiter, width)
    said_fs = _head_rate(head)
    if not names and said_fs and delimiter == "," and width == 2 and (
            all(f[-1] == "" for f in first) or all(re.fullmatch(r"-?\d+,\d*", ",".join(f)) for f in first)):
        delimiter, width, decimal = "\n", 1, ","         # a number a line; the comma is the decimal sign or the end of the line
    else:
        decimal = "," if delimiter != "," and any("," in field for fields in first for field in fields) else "."
    columns = _columns(path, encoding, skip, delimiter, decimal)
    if len(columns) != len(names):
        names, units = [f"column {k}" for k in range(len(columns))], [None] * len(columns)
        named = False
    else:
        named = True
    clock = _time_column(columns, names, named)
    keep = [k for k in range(len(columns)) if k != clock and not (named and (_INDEX.match(names[k]) or _TIME.match(names[k])))]
    if not keep:
        raise InputError(f"{path} holds a time column alone, no ECG")
    leads = [names[k] for k in keep]
    if not named and len(keep) == 1:                      # `Lead,Lead I` among the lines of the head
        last = [re.split(r"[,;:=\t ]+", line.strip().strip('"'))[-1] for line in head]
        leads = [next((word for word in last if re.fullmatch(r"I{1,3}|aV[RLF]|V[1-6]", word)), leads[0])]
    number = choose_lead(leads, lead, path)
    told = units[keep[number]] or _head_unit(head)
    unit, assumed = _unit_or_millivolts(unit, told)
    column, clock_name = columns[keep[number]], names[clock] if named and clock is not None else ""
    clock = None if clock is None or fs is not None else columns[clock]
    del columns                                          # a day of a lead is 250 MB
    x, notes = _numbers(column, path), assumed
    own_fs = said_fs
    if clock is not None:
        times, notes = _seconds(clock, clock_name, path)
        if times is not None:
            own_fs, x, gaps = _by_time(x, times, path)
            notes += gaps
    if fs is None and own_fs is None:
        raise _rate_needed(path)
    return Recording(to_millivolt(x, unit or told, path), float(fs or own_fs), leads[number], recording_name(path), tuple(leads),
                     _chosen(leads, number, lead) + notes + _overruled("unit", told, unit, "--unit")
                     + _overruled("rate", said_fs, fs, "--fs"))


def _columns(path, encoding, skip, delimiter, decimal):
    """The columns of a text table: numbers where all of a column are, else text. Read a part at a time: a day has 30 million rows."""
    import pandas as pd
    if delimiter == "\n":
        lines = [line.strip().strip('"').rstrip(",").replace(",", ".") for line in
                 _bytes(path).decode(encoding, errors="replace").splitlines()[skip:]]
        return [pd.Series(line for line in lines if line)]
    numbers, texts = {}, {}
    try:
        with _stream(path) as stream, pd.read_csv(
                stream, sep=r"\s+" if delimiter == " " else delimiter, header=None, skiprows=skip, index_col=False, decimal=decimal,
                na_values=sorted(_MISSING), keep_default_na=True, skipinitialspace=True, comment="#", low_memory=False,
                encoding=encoding, encoding_errors="replace", chunksize=ROWS) as tables:
            for table in tables:
                if table.shape[1] > 40:
                    return _wide(table, path)
                for k in table.columns:
                    if table[k].dtype.kind in "iuf" and k not in texts:
                        numbers.setdefault(k, array.array("d")).frombytes(table[k].to_numpy(np.float64).tobytes())
                    else:
                        before = [pd.Series(np.frombuffer(numbers.pop(k)), copy=False)] if k in numbers else []
                        texts.setdefault(k, before).append(table[k])
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: its rows differ in their number of columns ({error})") from None
    columns = [pd.concat(texts[k], ignore_index=True) if k in texts else pd.Series(np.frombuffer(numbers[k]), copy=False)
               for k in range(len(numbers) + len(texts))]
    while len(columns) > 1 and columns[-1].isna().all():                   # lines that end in a delimiter
        del columns[-1]
    return columns


def _wide(table, path):
    """The columns of a table of more than 40: one row a lead instead of one row a sample, or no recording."""
    while table.shape[1] > 1 and table.iloc[:, -1].isna().all():
        table = table.iloc[:, :-1]
    if len(table) > 24 or table.shape[1] <= 500:
        raise InputError(f"{path} has {table.shape[1]} columns: an ECG has one row a sample and one column a lead "
                         "(rows of 187 samples and a class are heartbeats for data_preprocess.py, not a recording)")
    return [table.T[k] for k in table.index]


def _names(head, delimiter, width):
    """(names, units) of the columns, from the one or two lines right above the data; two empty lists where there are none."""
    above = []
    for line in reversed(head[-2:]):
        line = line.strip().lstrip("#%").strip()
        row = [line] if width == 1 and delimiter == " " else _split(line, delimiter)
        if delimiter == " " and len(row) != width:
            row = re.split(r"\s{2,}", line)                  # `Elapsed time   MLII   V5`
        row = row[:-1] if len(row) == width + 1 and row[-1] == "" else row
        if len(row) != width or sum(f == "" for f in row) > 1 or any(_HERTZ.search(f) for f in row) or row == [""]:
            break
        above.insert(0, row)
    units = [None] * width
    second = [re.sub(r"[()\[\]]", "", f) for f in above[-1]] if above else []
    if any(_voltage(f) is not None for f in second):          # names, then units, as rdsamp and PhysioBank write them
        if len(above) < 2:
            return ([f"column {k}" for k in range(width)], second) if all(_voltage(f) for f in second) else ([], [])
        units = [f if _voltage(f) is not None else None for f in second]
        above = [[f"{name} ({unit})" if _TIME.match(name) else name for name, unit in zip(above[0], second)]]
    if not above:
        return [], []
    names, inline = zip(*(_unit_in(name) for name in above[-1]))
    return list(names), [a or b for a, b in zip(inline, units)]


def _numbers(column, path):
    """(n,) float of a column; gaps are NaN; anything else that is no number is an InputError with its row."""
    import pandas as pd
    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64)
    text = column.astype("object").where(column.notna(), "").astype(str).str.strip(" \"'\t")
    x = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    for k in np.flatnonzero(np.isnan(x)):
        if text.iloc[k].lower() not in _MISSING:
            raise InputError(f"{path}: {text.iloc[k][:40]!r} in row {k + 1} of its table is no number")
    return x


def _time_column(columns, names, named):
    """Number of the column that holds the time, None where there is none."""
    if named:
        return next((k for k, name in enumerate(names) if _TIME.match(name)), None)
    if len(columns) < 2:
        return None
    first = columns[0].iloc[:2000]
    if first.dtype.kind not in "iuf":
        return 0 if first.astype(str).str.strip(" []\"'").map(_is_time).all() else None
    return 0 if len(first) > 10 and np.all(np.diff(first) > 0) else None        # no lead rises for ever


def _seconds(column, name, path):
    """(times (n,) s, notes) of a time column; None instead of times where it only counts the samples."""
    import pandas as pd
    if column.dtype.kind not in "iuf":
        text = column.astype(str).str.strip(" []\"'\t")
        if re.match(r"\d{4}-\d\d-\d\d", text.iloc[0]):
            stamps = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
            times = (stamps - stamps.iloc[0]).dt.total_seconds().to_numpy()
        elif ":" in text.iloc[0]:
            parts = text.str.split(":", expand=True).apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
            times = parts @ 60.0 ** np.arange(parts.shape[1] - 1, -1, -1)
            times = times + 86400.0 * np.concatenate([[0], np.cumsum(np.diff(times) < -43200)])           # midnight
        else:
            times = _numbers(column, path)
        if np.isnan(times).any():
            raise InputError(f"{path}: the time in row {int(np.argmax(np.isnan(times))) + 1} of its table cannot be read")
        if ":" in text.iloc[0]:
            return times, ()
    else:
        times = _numbers(column, path)
    told = re.search(r"(milli|micro|nano)?seconds?\b|(?<![a-z])(m|u|µ|μ|n)?s(ecs?)?\b", name, re.IGNORECASE)
    if told:
        prefix = (told[1] or told[2] or "").lower()
        factor = {"milli": 1e-3, "m": 1e-3, "": 1.0, "nano": 1e-9, "n": 1e-9}.get(prefix, 1e-6)
        return times if factor == 1 else times * factor, ()
    step = np.nanmedian(np.diff(times[:ROWS])) if len(times) > 1 else np.nan
    if 0 < step <= 1 / LOWEST_FS:
        return times, (f"the time column is taken in seconds: {1 / step:.5g} samples per second",)
    if 1 < step <= 1000 / LOWEST_FS:
        return times * 1e-3, (f"the time column is taken in milliseconds: {1000 / step:.5g} samples per second",)
    return None, ()                                  # a step of 1 counts the samples, or milliseconds: it cannot be told


def _by_time(x, times, path):
    """(fs, x with NaN where rows are missing, notes) from the time (n,) in s of each sample."""
    whole = np.isfinite(times)
    if not whole.all():
        raise InputError(f"{path}: its time column has gaps; fill them or give --fs")
    steps = np.diff(times)
    usual = np.median(steps) if len(steps) else 0.0
    if usual <= 0:
        raise InputError(f"{path}: its times are too coarse to tell the sampling rate: give --fs HZ")
    if np.any(steps < 0):
        raise InputError(f"{path}: its times run backwards at row {int(np.argmax(steps < 0)) + 2}: sort the rows or give --fs HZ")
    different = np.unique(np.concatenate([np.unique(np.round(steps[k:k + ROWS], 7)) for k in range(0, len(steps), ROWS)]))
    quantum = np.min(np.abs(np.diff(different)), initial=np.inf)                           # times may be rounded, to ms say
    quantum = quantum if np.isfinite(quantum) and quantum < usual else 0.0
    inner = steps <= 1.5 * usual + quantum
    within = steps if inner.all() else steps[inner]
    fs = len(within) / within.sum()
    uneven = sum(np.count_nonzero(np.abs(within[k:k + ROWS] * fs - 1) > 0.25 + 1.01 * quantum * fs)
                 for k in range(0, len(within), ROWS))
    if uneven > 0.01 * len(within):
        raise InputError(f"{path} is not evenly sampled (steps of {within.min():.4g} to {within.max():.4g} s): "
                         "resample it first, or give --fs HZ")
    if abs(fs - round(fs)) <= fs * (1e-5 + quantum / (times[-1] - times[0])):
        fs = float(round(fs))
    if inner.all():
        return fs, x, ()
    jump = np.where(inner, 1, np.rint(steps * fs)).astype(np.float64)
    if jump.sum() > 20 * len(x) + 86400 * fs:
        raise InputError(f"{path}: its times jump by {steps.max():.0f} s: cut the recording there")
    at = np.concatenate([[0], np.cumsum(jump)]).astype(np.int64)
    filled = np.full(at[-1] + 1, np.nan)
    filled[at] = x
    missing = (len(filled) - len(x)) / fs
    return fs, filled, (f"rows are missing: {np.count_nonzero(~inner)} gaps, {missing:.3g} s, kept as missing signal",)


# --------------------------------------------------------------------------------------------- NumPy

def _from_numpy(path, lead, fs, unit):
    try:
        loaded = np.load(io.BytesIO(_bytes(path)), allow_pickle=False)
        entries = {} if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except ValueError as error:
        if "pickle" in str(error):
            raise InputError(f"{path} holds Python objects, which could run code: save it as a plain array of numbers") from None
        raise
    x = loaded if isinstance(loaded, np.ndarray) else None
    lower = {key.lower(): value for key, value in entries.items()}
    if x is None:
        arrays = {k: v for k, v in entries.items() if v.ndim in (1, 2) and v.dtype.kind in "iuf" and v.size > 100}
        named = [k for k in arrays if k.lower() in ("signal", "signals", "ecg", "data", "x", "p_signal", "arr_0")]
        chosen = named[:1] or (list(arrays) if len(arrays) == 1 else [])
        if not chosen:
            raise InputError(f"{path} holds {', '.join(entries) or 'nothing'}: name the ECG's array `signal`")
        x = arrays[chosen[0]]
    if x.dtype.kind not in "iuf" or x.ndim not in (1, 2):
        raise InputError(f"{path}: an array of {x.dtype}, shape {x.shape}, is no ECG: give numbers of shape (samples,) "
                         "or (samples, leads)")
    x = x[:, None] if x.ndim == 1 else x.T if x.shape[0] < x.shape[1] else x
    if x.shape[1] > 40:
        raise InputError(f"{path}: shape {x.shape} is no ECG of (samples, leads); rows of beats are for the models, not for this")
    said_fs = next((float(lower[k].reshape(-1)[0]) for k in ("fs", "sampling_rate", "sample_rate", "sfreq", "rate", "frequency")
                    if k in lower and lower[k].size == 1 and lower[k].dtype.kind in "iuf"), None)
    said_unit = next((str(lower[k].reshape(-1)[0]) for k in ("unit", "units") if k in lower and lower[k].size), None)
    names = next(([str(v) for v in lower[k].reshape(-1)] for k in ("leads", "lead", "sig_name", "names", "channels")
                  if k in lower and lower[k].size == x.shape[1]), [f"column {k}" for k in range(x.shape[1])])
    number = choose_lead(names, lead, path)
    if fs is None and said_fs is None:
        raise _rate_needed(path)
    unit, assumed = _unit_or_millivolts(unit, said_unit)
    return Recording(to_millivolt(x[:, number].astype(np.float64), unit or said_unit, path), float(fs or said_fs), names[number],
                     recording_name(path), tuple(names), _chosen(names, number, lead) + _overruled("rate", said_fs, fs, "--fs")
                     + _overruled("unit", said_unit, unit, "--unit") + assumed)


_READERS = {".edf": _from_edf, ".bdf": _from_edf, ".rec": _from_edf, ".csv": _from_text, ".tsv": _from_text, ".txt": _from_text,
            ".npy": _from_numpy, ".npz": _from_numpy}
