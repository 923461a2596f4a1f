"""MATLAB files of v4, which hold arrays of numbers and texts one after another.

Each begins with five whole numbers: 1000 * byte order + 10 * kind of numbers + (0 numbers, 1 text,
2 sparse), rows, columns, whether there are imaginary parts, length of the name; then come the name
and the numbers, column by column. Format: MathWorks, MAT-File Level 4."""

import re
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg.artifacts import InputError

HEAD = 20  # bytes before a name
_KINDS = "f8", "f4", "i4", "i2", "u2", "u1"
_NUMBERS, _TEXT = 0, 1


class _Variable(NamedTuple):
    order: str
    form: np.dtype
    content: int  # _NUMBERS, _TEXT or another
    rows: int
    columns: int
    parts: int  # 2 where there are imaginary ones
    name: str
    length: int  # of the name


def is_v4(head: bytes) -> bool:
    """Whether a file that begins with `head` begins with a variable of v4."""
    return _variable(head, 0) is not None


def tree_of_v4(raw: bytes, path: Path) -> tuple[dict[str, Any], list[str]]:
    """({name: value} of a file, the variables that are left, in words): arrays without sides of 1,
    numbers, texts. Raises InputError where it is damaged."""
    tree: dict[str, Any] = {}
    left: list[str] = []
    at = 0
    while at < len(raw):
        one = _variable(raw, at)
        if one is None:
            raise InputError(f"{path} is damaged or cut short behind {len(tree)} variables")
        start = at + HEAD + one.length
        count = one.rows * one.columns
        at = start + count * one.parts * one.form.itemsize
        if at > len(raw):
            raise InputError(f"{path} is damaged or cut short: {one.name} is longer than the file")
        x = np.frombuffer(raw, one.form, count, start).reshape((one.rows, one.columns), order="F")
        if one.content == _TEXT:
            rows = x.astype(np.uint8) if count else x[:0]
            texts = [bytes(row).decode("latin-1").strip(" \0") for row in rows]
            tree[one.name] = texts[0] if len(texts) == 1 else texts
        elif one.content == _NUMBERS and one.parts == 1:
            tree[one.name] = x.item() if count == 1 else x.squeeze()
        else:
            left.append(f"{one.name} (sparse or complex)")
    return tree, left


def _variable(raw, at):
    """What is said of the variable at `at`, None where there is none."""
    if len(raw) < at + HEAD + 2:
        return None
    for order in "<>":
        kind, rows, columns, imaginary, length = struct.unpack_from(f"{order}5i", raw, at)
        written = raw[at + HEAD : at + HEAD + max(0, min(length, 256))]
        if (
            0 <= kind < 5000
            and kind // 10 % 10 < len(_KINDS)
            and min(rows, columns) >= 0
            and imaginary in (0, 1)
            and re.fullmatch(rb"[A-Za-z]\w*\0*", written)
        ):
            name = written.rstrip(b"\0").decode("ascii")
            form = np.dtype(order + _KINDS[kind // 10 % 10])
            return _Variable(order, form, kind % 10, rows, columns, imaginary + 1, name, length)
    return None
