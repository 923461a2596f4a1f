"""ECG files in, labels out."""
from pathlib import Path
from typing import NamedTuple

import numpy as np
import wfdb

from ecg.artifacts import InputError


class Recording(NamedTuple):
    """One lead of a recording: signal (n,) in mV, NaN where it is missing; fs in Hz; lead name; name of the recording."""
    signal: np.ndarray
    fs: float
    lead: str
    name: str


def read_wfdb(path, lead=0):
    """One lead of a WFDB record (path with or without .hea or .dat), as Recording."""
    base = Path(path)
    if base.suffix in (".hea", ".dat", ".atr"):
        base = base.with_suffix("")
    if not base.with_name(base.name + ".hea").exists():
        raise InputError(f"{base}.hea is missing: a WFDB record is a .hea and a .dat file")
    record = wfdb.rdrecord(str(base), channels=[lead], physical=True)
    return Recording(record.p_signal[:, 0], float(record.fs), record.sig_name[0], base.name)


def read_annotation(path, annotator="atr"):
    """(samples int64 (n,), symbols list of str, aux_note list of str) of a WFDB annotation file."""
    base = Path(path)
    file = base.with_name(f"{base.name}.{annotator}")
    if not file.exists():
        raise InputError(f"{file} is missing: the record has no annotation by {annotator!r}")
    ann = wfdb.rdann(str(base), annotator)
    return np.asarray(ann.sample, dtype=np.int64), list(ann.symbol), list(ann.aux_note or [""] * len(ann.sample))
