"""NumPy arrays: .npy and .npz."""

import io
import zipfile
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.named.arrays import contents_of_arrays
from ecg.formats.packed import read_bytes
from ecg.formats.recording import Contents, Given
from ecg.formats.room import most_unpacked

_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"


def is_numpy(head: bytes) -> bool:
    """Whether a file that begins with `head` is an array of NumPy; an archive is any .zip file."""
    return head.startswith(_NPY)


def from_numpy(path: Path, given: Given) -> Contents:
    """The signals of an array of shape (samples,), (samples, leads) or (leads, samples), of a table
    (a structured array), or of an archive (.npz), where the rate, unit and names of the leads may
    stand beside them."""
    raw = read_bytes(path)
    try:
        if raw.startswith(_NPY):
            array = _array(io.BytesIO(raw), len(raw), path)
            tree = _values(array)
            tree = tree if isinstance(tree, dict) else {"array": array}
            return contents_of_arrays(tree, path, given, shortest=0)
        return contents_of_arrays(_archive(raw, path), path, given)
    except ValueError as error:
        if "pickle" in str(error) or "Object arrays" in str(error):
            raise InputError(
                f"{path} holds Python objects, which could run code: "
                "save it as a plain array of numbers"
            ) from None
        raise


def _archive(raw, path):
    """{name: value} of an .npz"""
    tree = {}
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = [each for each in archive.infolist() if each.filename.endswith(".npy")]
        size = sum(member.file_size for member in members)
        if size > most_unpacked(len(raw)):
            raise InputError(
                f"{path} becomes {size:,} bytes, far more than an ECG of its size: damaged, or "
                "made to fill the memory"
            )
        for member in members:
            with archive.open(member) as stream:
                content = io.BytesIO(stream.read(member.file_size))  # no more than is told
            array = _array(content, member.file_size, path)
            tree[member.filename.removesuffix(".npy")] = _values(array)
    return tree


def _array(stream, size, path):
    """The array of a .npy, if its header says no more than there is."""
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise InputError(f"{path} is of version {version} of .npy: save it as a plain array")
    shape, _, kind = read(stream)
    count = 1
    for side in shape:
        count *= side
    if kind.hasobject:
        raise ValueError("Object arrays")
    if count < 0 or count * kind.itemsize > size:
        raise InputError(
            f"{path} is damaged or cut short: it holds less than an array of {kind}, shape {shape}"
        )
    stream.seek(0)
    return np.load(stream, allow_pickle=False)


def _values(array):
    """An array as what named/arrays.py takes: numbers as they are, texts as texts, a table as its
    columns, times in s since 1970."""
    kind = array.dtype.kind
    if array.dtype.names:
        return {name: _values(array[name]) for name in array.dtype.names}
    if kind == "S":
        array, kind = np.char.decode(array, "utf-8", "replace"), "U"
    if kind == "U":
        texts = [str(each) for each in array.reshape(-1)[:10_000]]
        return texts[0] if len(texts) == 1 else texts
    if kind == "M":
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
    return array.item() if array.ndim == 0 else array
