"""The bytes of a file, unpacked where it is packed (.gz)."""

import gzip
import io
import zlib
from pathlib import Path

from ecg.artifacts import InputError


def is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def unpacked_suffix(path: Path) -> str:
    """What kind of file it is, in small letters: night.CSV.gz -> .csv"""
    return (Path(path.stem).suffix if is_packed(path) else path.suffix).lower()


def open_unpacked(path: Path) -> gzip.GzipFile | io.BufferedReader:
    """An open file that gives the unpacked bytes."""
    return gzip.open(path) if is_packed(path) else open(path, "rb")


def read_bytes(path: Path, limit: int = -1) -> bytes:
    """The unpacked bytes, at most `limit` where it is given. Raises InputError where a packed file
    is damaged."""
    try:
        with open_unpacked(path) as file:
            return file.read(limit)
    except (OSError, EOFError, zlib.error):
        if not is_packed(path):
            raise
        raise InputError(f"{path} is no gzip file, or damaged") from None
