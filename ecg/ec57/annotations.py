"""Reference and test annotation of a record, on one clock."""

from pathlib import Path
from typing import NamedTuple

from ecg.artifacts import InputError
from ecg.formats.annotation import Annotation, read_annotation


class Pair(NamedTuple):
    """Two annotations of a record. fs: Hz, of both's samples; n_samples: length of the record, None
    where there is no header."""

    reference: Annotation
    test: Annotation
    fs: float
    n_samples: int | None


def read_pair(
    folder: str | Path, record: str, reference: str, test: str, test_dir: str | Path | None = None
) -> Pair:
    """The annotations of a WFDB record by the annotators `reference` and `test`.

    test_dir: folder of the test annotation, if it is another. Raises InputError where one is
    missing or damaged, or no rate is known."""
    ref = read_annotation(Path(folder) / record, reference)
    other = read_annotation(Path(test_dir or folder) / record, test)
    fs, n_samples = _rate_and_length(Path(folder) / f"{record}.hea")
    fs = fs or ref.fs
    if not fs:
        raise InputError(
            f"{Path(folder) / record}.hea is missing and {record}.{reference} tells no sampling "
            "rate: put the header beside it"
        )
    return Pair(ref, other, fs, n_samples)


def _rate_and_length(header):
    """(Hz, samples) of a WFDB header, (None, None) where there is none."""
    import wfdb

    if not header.exists():
        return None, None
    try:
        found = wfdb.rdheader(str(header.with_suffix("")))
    except Exception as error:  # wfdb raises whatever a damaged file leads it into
        raise InputError(f"{header} is no WFDB header ({error})") from None
    return found.fs, found.sig_len
