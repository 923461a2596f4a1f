"""The bytes of a text table: in what they are written, and its rows without the comments."""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ecg.artifacts import InputError
from ecg.formats.packed import open_unpacked

BLOCK = 1 << 18  # bytes that are worked on at a time
LONGEST_ROW = 1 << 22  # bytes: a lead of half an hour in one row
_BOM = b"\xef\xbb\xbf"
# words above a table that tell the script of a file which is not written in UTF-8
_FOREIGN_WORDS = re.compile(
    "采样|取样|频率|间隔|导联|单位|时间|日期|心电|設備|採樣|取樣|頻率|間隔|導聯|單位|時間"
    "|サンプリング|周波数|誘導|単位|心電|샘플|표본|주파수|단위|시간|심전|유도"
    "|[Чч]астота|[Ии]нтервал|[Дд]ата|[Вв]ремя|[Оо]тведени|ЭКГ"
)
_FOREIGN = ("gb18030", "big5", "cp932", "euc-kr", "cp1251")
# what is written behind the samples of a row, or instead of them; `#N/A` is a cell of a spreadsheet
_COMMENT = rb"[\t ;,]*[\"']?#(?!N/A|DIV/0|VALUE!|NUM!|REF!|NAME\?|NULL!)[^\r\n]*"
_COMMENT_OF_BYTES, _COMMENT_OF_LINE = re.compile(_COMMENT), re.compile(_COMMENT.decode())
_REMARK = re.compile(rb"(?m)^%[^\r\n]*")


def find_encoding(raw: bytes, path: Path) -> str:
    """The encoding of a text file that begins with the bytes `raw`. Raises InputError for what is
    no text."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    start = raw[:400]
    if b"\0" in start[1::2] and b"\0" not in start[::2] and start[1::2].count(0) > len(start) / 3:
        return "utf-16-le"
    if b"\0" in start[::2] and b"\0" not in start[1::2] and start[::2].count(0) > len(start) / 3:
        return "utf-16-be"
    if b"\0" in raw[:4096]:
        raise InputError(f"{path} is no text: it holds binary data")
    if _decodes(raw, "utf-8"):
        return "utf-8-sig"
    for encoding in _FOREIGN:
        if _decodes(raw, encoding) and _FOREIGN_WORDS.search(raw.decode(encoding, "ignore")):
            return encoding
    return "latin-1"


def _decodes(raw, encoding):
    try:
        codecs.getincrementaldecoder(encoding)().decode(raw)  # its last sign may be cut
    except UnicodeDecodeError:
        return False
    return True


def open_lines(path: Path, encoding: str, start: int = 0) -> BinaryIO:
    """The bytes of a text from byte `start` on, as they are in the file; UTF-16 is given as UTF-8,
    and its bytes are counted as such. A mark of the byte order is not given."""
    file = open_unpacked(path)
    if encoding.startswith("utf-16"):
        lines: BinaryIO = io.BufferedReader(_Utf8(file, encoding), BLOCK)
        while start and (raw := lines.read(min(start, BLOCK))):
            start -= len(raw)
        return lines
    mark = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
    file.seek(mark + start)
    return file  # type: ignore[return-value]


def decoded(line: bytes, encoding: str) -> str:
    """A line that open_lines gives, as text without its end."""
    codec = "utf-8" if encoding.startswith("utf") else encoding
    return line.decode(codec, "replace").rstrip("\r\n")


class _Utf8(io.RawIOBase):
    """Another encoding as UTF-8."""

    def __init__(self, file, encoding):
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._ready = b""

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._ready:
            raw = self._file.read(BLOCK)
            self._ready = self._decoder.decode(raw, not raw).lstrip("\ufeff").encode()
            if not raw:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self):
        self._file.close()
        super().close()


class Rows:
    """The rows of a text table as UTF-8, without comments: `12.5<TAB>#* cough`, lines of `%`
    between them. A block at each read(): pandas takes it without decoding and encoding it again.

    lines: an open file, at the first row, encoding: of it. length: bytes of it that belong to the
    table, None for all. where: the file, for the message on a row without an end."""

    def __init__(
        self, lines: BinaryIO, encoding: str, length: int | None = None, where: Path | str = "a row"
    ):
        self._lines, self._where = lines, where
        self._encoding = "utf-8" if encoding.startswith("utf") else encoding
        self._left = length
        self._cut = b""

    def read(self, size: int = -1) -> bytes:
        """The next rows, b"" at the end; how many is not `size`'s to say."""
        while True:
            raw = self._lines.read(BLOCK if self._left is None else min(BLOCK, self._left))
            if self._left is not None:
                self._left -= len(raw)
            # comments are looked for in whole lines
            whole = raw.rfind(b"\n") + 1 or raw.rfind(b"\r") + 1
            if raw and not whole:
                if len(self._cut) > LONGEST_ROW:
                    raise InputError(
                        f"{self._where} has a line of more than {LONGEST_ROW:,} bytes: an ECG has "
                        "one row a sample"
                    )
                self._cut += raw
                continue
            rows = self._cut + raw[:whole]
            self._cut = raw[whole:]
            if not rows.isascii():
                rows = rows.decode(self._encoding, "replace").encode()
            if (rows := _without_comments(rows)) or not raw:
                return rows

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")


def without_comment(line: str) -> str:
    """A row of a text table without the comment behind its cells."""
    return line if "#" not in line else _COMMENT_OF_LINE.sub("", line)


def _without_comments(rows):
    if b"#" in rows:
        rows = _COMMENT_OF_BYTES.sub(b"", rows)
    if b"%" in rows:
        rows = _REMARK.sub(b"", rows)
    return rows


def find_lines(path: Path, encoding: str, begin: bytes) -> list[int]:
    """Where lines begin that start with `begin`: bytes from the beginning of the text."""
    at, found, before = 0, [], b"\n"
    with open_lines(path, encoding) as lines:
        while raw := lines.read(BLOCK):
            block = before + raw
            found += [
                at - len(before) + match.start() + 1
                for match in re.finditer(rb"[\r\n]" + re.escape(begin), block)
            ]
            at += len(raw)
            before = block[-len(begin) :]  # shorter than what is looked for: nothing is found twice
    return found
