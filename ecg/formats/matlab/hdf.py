"""MATLAB files of v7.3, by h5py: HDF5 with the class of each variable in its attribute
MATLAB_class, arrays transposed, texts as numbers of characters, cells as references.

h5py alone is enough: what mat73 adds to it are objects and tables, which hold no signal here, and
it reads every variable whatever its size."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.named.values import in_a_line
from ecg.formats.optional import need

HDF5 = b"\x89HDF\r\n\x1a\n"  # at the beginning of the file, or after MATLAB's 512 bytes
DEFLATED_AT_MOST = 1032  # times: what a byte of a packed array can become
MOST_VALUES = 20_000  # variables, fields and cells of a file
MOST_DEEP = 30
_FILTERS = {1, 2, 3}  # deflate, shuffle, Fletcher's sums: no other is MATLAB's


def tree_of_hdf(raw: bytes, path: Path) -> tuple[dict[str, Any], list[str]]:
    """({name: value} of a file of v7.3, the variables that are left, in words): arrays with the
    axes that MATLAB shows, texts, lists for cells, dicts for structs.

    Links to other files are not followed. Raises InputError where an array is more than the file
    can hold."""
    h5py = need("h5py", path)
    left: list[str] = []
    with h5py.File(io.BytesIO(raw), "r") as file:
        reader = _Reader(h5py, file, len(raw), path)
        tree: dict[str, Any] = {}
        for name in file:
            if name.startswith("#"):  # what the references of cells and structs mean
                continue
            value = reader.value(reader.linked(file, name), 0)
            if value is None:
                left.append(f"{in_a_line(name)} (an object)")
            else:
                tree[name] = value
    return tree, left


class _Reader:
    """Reads values of an open file; counts them, since references may go in a circle."""

    def __init__(self, h5py, file, size, path):
        self.h5py, self.file, self.size, self.path = h5py, file, size, path
        self.read = 0

    def linked(self, group, name):
        """What a name in a group means, None where that is in another file."""
        link = group.get(name, getlink=True)
        return group.get(name) if isinstance(link, self.h5py.HardLink) else None

    def value(self, item, depth):
        """A dataset or group as an array, text, number, list or dict; None where it is none."""
        self.read += 1
        if item is None or depth > MOST_DEEP or self.read > MOST_VALUES:
            return None
        if isinstance(item, self.h5py.Group):
            return self._struct(item, depth)
        if not isinstance(item, self.h5py.Dataset):
            return None
        return self._dataset(item, depth)

    def _struct(self, group, depth):
        if _kind(group) not in ("", "struct"):
            return None  # an object, a sparse array
        fields = {name: self.value(self.linked(group, name), depth + 1) for name in group}
        return {name: value for name, value in fields.items() if value is not None}

    def _dataset(self, item, depth):
        kind = _kind(item)
        if item.dtype == self.h5py.ref_dtype:
            if item.size > MOST_VALUES:
                return None
            references = np.asarray(self._array(item)).T.reshape(-1)
            return [self.value(self._meant(each), depth + 1) for each in references]
        if (
            "MATLAB_empty" in item.attrs
            or "MATLAB_object_decode" in item.attrs
            or kind == "function"
        ):
            return None
        if self.h5py.check_string_dtype(item.dtype) is not None:  # written by others than MATLAB
            return self._texts(item)
        if item.dtype.kind not in "iuf":
            return None
        x = np.asarray(self._array(item)).T
        if kind == "char":
            rows = np.atleast_2d(x)[:MOST_VALUES].astype(np.uint16)
            texts = [row.tobytes().decode("utf-16-le", "replace").strip(" \0") for row in rows]
            return texts[0] if len(texts) == 1 else texts
        return x if x.size != 1 else x.reshape(-1)[0].item()

    def _texts(self, item):
        if item.size > MOST_VALUES or item.size == 0:
            return None
        texts = [
            each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
            for each in np.asarray(self._array(item)).reshape(-1).tolist()
        ]
        return texts[0] if len(texts) == 1 else texts

    def _meant(self, reference):
        return self.file[reference] if reference else None

    def _array(self, item):
        """The values of a dataset, if the file can hold them."""
        stored = item.id.get_storage_size()
        filters = item.id.get_create_plist()
        known = {filters.get_filter(k)[0] for k in range(filters.get_nfilters())} <= _FILTERS
        if item.is_virtual or item.external or not known:
            raise InputError(
                f"{self.path}: {in_a_line(item.name)} is stored in a way that is not read"
            )
        most = DEFLATED_AT_MOST * min(stored, self.size)
        if item.size * item.dtype.itemsize > most:
            raise InputError(
                f"{self.path} is damaged: {in_a_line(item.name)} of shape {item.shape} is more "
                "than it can hold"
            )
        return item[()]


def _kind(item):
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode("latin-1") if isinstance(kind, bytes) else str(kind)
