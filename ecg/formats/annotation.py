"""WFDB annotation files: reading, writing, and which records of a folder have one."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.artifacts import InputError, writing
from ecg.formats.wfdb import wfdb_base

# WFDB's code of each symbol (ecgcodes.h)
_CODES = {
    symbol: code
    for code, symbol in enumerate('NLRaVFJASEj/Q~ | sT*D"=pB^t+u?![]en@xf()r', start=1)
    if symbol != " "
}
# the MIT format's own codes, beside those of symbols: a long step follows; a note follows
_SKIP, _NOTE = 59, 22


class Annotation(NamedTuple):
    """What an annotation file says, n annotations in the order of the file.

    samples: int64 (n,). symbols: n WFDB symbols, such as N, V, + or ~. subtypes: int (n,), such as
    the bits of ~ that say which signals are noisy. notes: n auxiliary notes, such as (AFIB, or "".
    fs: Hz, the rate that `samples` count in; None where neither file nor header says it."""

    samples: np.ndarray
    symbols: list[str]
    subtypes: np.ndarray
    notes: list[str]
    fs: float | None


def read_annotation(
    path: str | Path, annotator: str = "atr", fs: float | None = None
) -> Annotation:
    """The annotation of a WFDB record by `annotator`.

    path: the record, with or without suffix. fs: rate in Hz that the samples shall count in, for a
    lead that is stored faster than the record's frames (default: as stored).
    Raises InputError where there is no such annotation or it is damaged."""
    import wfdb

    base = wfdb_base(path)
    file = base.with_name(f"{base.name}.{annotator}")
    if not file.exists():
        raise InputError(f"{file} is missing: the record has no annotation by {annotator!r}")
    if file.stat().st_size <= 2 and file.read_bytes() in (b"", b"\0\0"):  # no annotation at all
        return Annotation(np.zeros(0, np.int64), [], np.zeros(0, np.int64), [], fs)
    try:
        found = wfdb.rdann(str(base), annotator)
    except Exception as error:  # wfdb raises whatever a damaged file leads it into
        raise InputError(
            f"{file} is no WFDB annotation, or damaged ({type(error).__name__}: {error})"
        ) from None
    samples = np.asarray(found.sample, dtype=np.int64)
    if fs is not None and found.fs and float(found.fs) != float(fs):
        samples = np.rint(samples * (fs / found.fs)).astype(np.int64)
    return Annotation(
        samples,
        list(found.symbol),
        np.asarray(found.subtype),
        [note.rstrip("\0") for note in found.aux_note or [""] * len(samples)],
        fs or found.fs,
    )


def annotated_records(
    folder: str | Path, annotator: str = "atr", headers: bool = True
) -> list[str]:
    """Names of the WFDB records in `folder` (not below) that `annotator` has annotated, sorted.

    headers: only those whose .hea lies there too; without, two annotations can still be compared.
    Raises InputError where there is none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give one with WFDB records")
    names = sorted(
        path.stem
        for path in folder.glob(f"*.{annotator}")
        if not headers or path.with_suffix(".hea").exists()
    )
    if not names:
        raise InputError(
            f"{folder} holds no WFDB record with an annotation *.{annotator}: "
            "name the folder with --records, or the annotator with --reference"
        )
    return names


def without_records(names: Sequence[str], exclude: Sequence[str], folder: str | Path) -> list[str]:
    """`names` of the records in `folder` without those of --exclude.

    Raises InputError for one that is not there, and when none is left."""
    unknown = [name for name in exclude if name not in names]
    if unknown:
        raise InputError(f"--exclude {' '.join(unknown)}: no such record in {folder}")
    left = [name for name in names if name not in exclude]
    if not left:
        raise InputError(f"{folder}: --exclude leaves no record")
    return left


def write_annotation(
    folder: str | Path,
    name: str,
    samples: ArrayLike,
    symbols: Iterable[str],
    fs: float,
    annotator: str = "cnn",
    notes: Sequence[str] | None = None,
) -> Path:
    """Write folder/NAME.ANNOTATOR, a WFDB annotation file, whole or not at all. Returns its path.

    samples: (n,) increasing; symbols: n WFDB symbols; fs in Hz, kept in the file; notes: n
    auxiliary notes, such as (AFIB of a +, "" for none. Raises InputError for a bad annotator name,
    symbols that WFDB does not know, samples that do not increase or notes beyond 255 bytes ASCII.
    """
    samples, symbols = np.asarray(samples, dtype=np.int64), list(symbols)
    if not re.fullmatch(r"[A-Za-z]+", annotator):
        raise InputError(f"annotator {annotator!r}: WFDB wants letters alone, such as cnn")
    file = Path(folder) / f"{name}.{annotator}"
    steps = np.diff(samples, prepend=0)
    if len(samples) != len(symbols) or np.any(steps < 0) or np.any(steps >= 2**31):
        raise InputError(
            f"{file.name}: {len(samples)} samples (increasing, from 0) and "
            f"{len(symbols)} symbols do not fit"
        )
    unknown = sorted(set(symbols) - set(_CODES))
    if unknown:
        raise InputError(f"{file.name}: WFDB knows no symbol {', '.join(map(repr, unknown))}")
    notes = [""] * len(symbols) if notes is None else list(notes)
    if len(notes) != len(symbols) or any(len(n) > 255 or not n.isascii() for n in notes):
        raise InputError(f"{file.name}: one note each, ASCII, of at most 255 characters")
    with writing(file) as temporary:
        temporary.write_bytes(_annotation_bytes(steps, symbols, notes, fs))
    return file


def _annotation_bytes(steps, symbols, notes, fs):
    """The MIT format of annotation files: 16-bit words, the symbol's code in the upper 6 bits, in
    the lower 10 the samples since the annotation before; a longer step comes before it, after the
    mark SKIP, as two words, and a note after it. steps (n,), n symbols, n notes."""
    end_mark = b"\0\0"
    if not len(steps):
        return end_mark
    rate = f"## time resolution: {int(fs) if fs == int(fs) else fs}"
    head = np.array([_NOTE << 10, *_note_words(rate)], "<u2").tobytes()
    # the notes about the file end here
    head += np.array([_SKIP << 10, 0xFFFF, 0xFFFF, 1], "<u2").tobytes()
    long = steps > 1023
    noted = {k: _note_words(note) for k, note in enumerate(notes) if note}
    after = np.zeros(len(steps) + 1, np.int64)
    after[[k + 1 for k in noted]] = [len(words) for words in noted.values()]
    words = np.zeros(len(steps) + 3 * np.count_nonzero(long) + after.sum(), np.int64)
    at = np.arange(len(steps)) + 3 * np.cumsum(long) + np.cumsum(after)[:-1]
    words[at] = np.array([_CODES[symbol] for symbol in symbols]) << 10 | np.where(long, 0, steps)
    for k, part in enumerate((np.full_like(steps, _SKIP << 10), steps >> 16, steps & 0xFFFF)):
        words[at[long] - 3 + k] = part[long]
    for index, note in noted.items():
        words[at[index] + 1 : at[index] + 1 + len(note)] = note
    return head + words.astype("<u2").tobytes() + end_mark


def _note_words(note):
    """The words of a note: mark and length, then its bytes, two a word."""
    data = note.encode("ascii")
    return [63 << 10 | len(data), *np.frombuffer(data + b"\0" * (len(data) % 2), "<u2")]
