"""The bytes of a file, unpacked where it is packed (.gz)."""

import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO

from ecg.artifacts import InputError
from ecg.formats.room import most_unpacked, refuse_too_large


def is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def unpacked_suffix(path: Path) -> str:
    """What kind of file it is, in small letters: night.CSV.gz -> .csv"""
    return (Path(path.stem).suffix if is_packed(path) else path.suffix).lower()


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a file, as many as an ECG of its size may become."""

    def __init__(self, path: Path):
        self._path, self._file = path, gzip.open(path)
        self._most = most_unpacked(path.stat().st_size)

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        return self._file.seek(offset, whence)

    def tell(self):
        return self._file.tell()

    def readinto(self, buffer):
        count = self._file.readinto(buffer)
        if self._file.tell() > self._most:
            raise InputError(
                f"{self._path} becomes more than {self._most:,} bytes, far more than an ECG of its "
                "size: damaged, or made to fill the memory"
            )
        return count

    def close(self):
        self._file.close()
        super().close()


def open_unpacked(path: Path) -> BinaryIO:
    """An open file that gives the unpacked bytes. Reading raises InputError where a packed file
    becomes far longer than any ECG would."""
    if not is_packed(path):
        return open(path, "rb")
    return io.BufferedReader(_Unpacked(path), 1 << 17)


def read_bytes(path: Path, limit: int = -1) -> bytes:
    """The unpacked bytes, at most `limit` where it is given. Raises InputError where a packed file
    is damaged, and where a file is larger than the memory takes."""
    if limit < 0:
        refuse_too_large(path.stat().st_size, path)
    try:
        with open_unpacked(path) as file:
            return file.read(limit)
    except (OSError, EOFError, zlib.error):
        if not is_packed(path):
            raise
        raise InputError(f"{path} is no gzip file, or damaged") from None
