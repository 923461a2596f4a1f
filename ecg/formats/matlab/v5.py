"""MATLAB files of v5 to v7, packed or not.

Read here, not by scipy.io: its compiled reader takes sizes and kinds from a damaged file at their
word, sets memory aside by them and ends the process. Here nothing is larger than the bytes it is
made of. Arrays, texts, structs and cells are taken; objects and functions are left.

Format: MathWorks, MAT-File Level 5 File Format. A file is elements (kind, size, content) behind 128
bytes; one that is a matrix holds flags, sides, name and, by its class, numbers or more elements."""

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.named.values import in_a_line

HEAD = 128  # bytes
_MATRIX, _PACKED = 14, 15  # kinds of elements; of numbers and texts:
_KINDS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_CODES = {1: "latin-1", 2: "latin-1", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
_CELL, _STRUCT, _CHARS, _OPAQUE = 1, 2, 4, 17  # classes of matrices; of numbers:
_CLASSES = dict(zip(range(6, 16), ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")))
_LOGICAL, _COMPLEX = 0x200, 0x800  # flags
_MOST_DEEP = 30
_UNPACKED_AT_MOST = 1 << 28, 64  # bytes; or so many times the file


def tree_of_v5(raw: bytes, path: Path) -> tuple[dict[str, Any], list[str]]:
    """({name: value} of a file, the variables that are left, in words): arrays without sides of 1,
    numbers, texts, dicts for structs, lists for cells. Raises InputError where it is damaged."""
    return _Reader(raw, path).tree()


class _Reader:
    def __init__(self, raw, path):
        self.raw, self.path = raw, path
        self.order = ">" if raw[126:128] == b"MI" else "<"
        self.most = max(_UNPACKED_AT_MOST[0], _UNPACKED_AT_MOST[1] * len(raw))

    def tree(self):
        tree, left = {}, []
        for kind, content in self._elements(memoryview(self.raw)[HEAD:]):
            if kind == _PACKED:
                kind, content = next(self._elements(self._unpacked(content)), (0, content))
            if kind != _MATRIX:
                continue
            name, value = self._matrix(content, 0)
            if name and value is None:
                left.append(f"{in_a_line(name)} (an object)")
            elif name:
                tree[name] = value
        return tree, left

    def _damaged(self, what):
        return InputError(f"{self.path} is damaged or cut short: {what}")

    def _unpacked(self, content):
        out = zlib.decompressobj().decompress(content, self.most + 1)
        self.most -= len(out)
        if self.most < 0:
            raise InputError(f"{self.path} says it holds far more than an ECG of its size")
        return memoryview(out)

    def _elements(self, content) -> Iterator[tuple[int, memoryview]]:
        """(kind, content) of the elements, one after another."""
        at = 0
        while at + 8 <= len(content):
            kind, size = struct.unpack_from(f"{self.order}II", content, at)
            start = at + 8
            if kind >> 16:  # a small one: size and kind in half of the room, then the content
                size, kind, start = kind >> 16, kind & 0xFFFF, at + 4
            if start + size > len(content):
                raise self._damaged("an element is longer than what it stands in")
            yield kind, content[start : start + size]
            at = start + size
            at += 0 if kind == _PACKED else -at % 8

    # ------------------------------------------------------------------------------------- values

    def _matrix(self, content, depth):
        """(name, value) of a matrix; None where it is an object or the like."""
        parts = list(self._elements(content))
        if len(parts) < 2 or len(parts[0][1]) < 4 or depth > _MOST_DEEP:
            return "", None
        (flags,) = struct.unpack_from(f"{self.order}I", parts[0][1])
        kind = flags & 0xFF
        if kind == _OPAQUE or len(parts) < 3:  # no sides: its name follows at once
            return self._name(parts[1]), None
        name, sides = self._name(parts[2]), self._numbers(parts[1])
        sides = [int(side) for side in sides[:32]] if sides.dtype.kind == "i" else []
        if not sides or min(sides) < 0:
            raise self._damaged(f"{in_a_line(name)} has no shape")
        count, parts = math.prod(sides), parts[3:]
        if kind == _CELL:
            return name, self._all(parts, count, name, depth)
        if kind == _STRUCT:
            return name, self._structs(parts, count, name, depth)
        if not parts and count:
            raise self._damaged(f"{in_a_line(name)} holds nothing")
        if kind == _CHARS:
            return name, self._texts(parts, sides)
        if kind in _CLASSES:
            return name, self._array(parts, sides, flags, name)
        return name, None

    def _name(self, part):
        return bytes(part[1][:1000]).split(b"\0")[0].decode("utf-8", "replace")

    def _numbers(self, part):
        kind, content = part
        if kind not in _KINDS:
            raise self._damaged(f"numbers of the unknown kind {kind}")
        form = np.dtype(self.order + _KINDS[kind])
        return np.frombuffer(content, form, len(content) // form.itemsize)

    def _array(self, parts, sides, flags, name):
        """An array without sides of 1, or a number."""
        if not parts:
            return np.zeros(sides).squeeze()
        count = math.prod(sides)
        x = self._numbers(parts[0])
        if len(x) != count:
            raise self._damaged(f"{in_a_line(name)} of shape {tuple(sides)} holds {len(x)} numbers")
        x = x.astype(bool if flags & _LOGICAL else _CLASSES[flags & 0xFF])
        if flags & _COMPLEX:
            x = x.astype(complex)  # that it is complex is all that matters: it is no signal
        x = x.reshape(sides, order="F").squeeze()
        return x.item() if x.ndim == 0 else x

    def _texts(self, parts, sides):
        """The text of one row, or the texts of several."""
        if not parts:
            return ""
        kind, content = parts[0]
        code = _CODES.get(kind)
        if code is None:
            raise self._damaged(f"a text of the unknown kind {kind}")
        if code in ("utf-16", "utf-32"):
            code += "-le" if self.order == "<" else "-be"
        text, rows = bytes(content).decode(code, "replace"), sides[0]
        if rows <= 1 or not text or len(text) != math.prod(sides):
            return text.strip()
        return [text[k::rows].strip() for k in range(rows)]  # it is written column by column

    def _all(self, parts, count, name, depth):
        """The values of `count` matrices."""
        if len(parts) < count:
            raise self._damaged(f"{in_a_line(name)} has {count} items and holds {len(parts)}")
        return [
            self._matrix(content, depth + 1)[1] if kind == _MATRIX else None
            for kind, content in parts[:count]
        ]

    def _structs(self, parts, count, name, depth):
        """One struct as a dict, several as a list of them."""
        if len(parts) < 2:
            raise self._damaged(f"{in_a_line(name)} has no fields")
        lengths, names = self._numbers(parts[0]), bytes(parts[1][1])
        length = int(lengths[0]) if len(lengths) else 0
        if not 0 < length <= 1000:
            raise self._damaged(f"{in_a_line(name)} has no fields")
        starts = range(0, len(names) // length * length, length)
        fields = [self._name((1, names[at : at + length])) for at in starts]
        values = self._all(parts[2:], count * len(fields), name, depth)
        found = [
            {
                field: value
                for field, value in zip(fields, values[k * len(fields) : (k + 1) * len(fields)])
                if value is not None
            }
            for k in range(count if fields else 0)
        ]
        return found[0] if len(found) == 1 else found
