"""MATLAB files (.mat) of v4 (matlab/v4.py), v5 to v7 (matlab/v5.py) and v7.3 (matlab/hdf.py).

No object of MATLAB is made and nothing in the file is run: arrays, texts, structs and cells are
taken, all else is left. Which of them is the signal: named/arrays.py. A WFDB record in a .mat file
has a header beside it and is read by wfdb.py; one that PhysioBank ATM exported has a text beside it
instead, NAME.info, which says rate, names, gains and units of the rows of `val`."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.labchart import contents_of_labchart, is_labchart
from ecg.formats.matlab.hdf import HDF5, tree_of_hdf
from ecg.formats.matlab.v4 import is_v4, tree_of_v4
from ecg.formats.matlab.v5 import tree_of_v5
from ecg.formats.named.arrays import contents_of_arrays
from ecg.formats.packed import read_bytes
from ecg.formats.recording import Contents, Given, recording_name
from ecg.formats.units import as_number

_HDF5_AT = 0, 512  # where HDF5 may begin
_LONGEST_INFO = 100_000  # characters


def is_matlab(head: bytes) -> bool:
    """Whether a file that begins with `head` is one of MATLAB's."""
    return head.startswith((b"MATLAB 5", b"MATLAB 7", HDF5)) or is_v4(head)


def from_matlab(path: Path, given: Given) -> Contents:
    """The signals of a MATLAB file; rate, units, names of leads, gains and whose recording it is
    from what stands beside them."""
    raw = read_bytes(path)
    if not is_matlab(raw[:4096]):
        raise InputError(f"{path} is no MATLAB file (a table of text needs the suffix .txt)")
    if any(raw[at : at + len(HDF5)] == HDF5 for at in _HDF5_AT):
        tree, left = tree_of_hdf(raw, path)
    elif raw.startswith(b"MATLAB"):
        tree, left = tree_of_v5(raw, path)
    else:
        tree, left = tree_of_v4(raw, path)
    if not tree:
        what = f", but {', '.join(left[:5])}, which only MATLAB can read" if left else ""
        raise InputError(
            f"{path} holds no arrays{what}: save the ECG as an array of numbers with its rate `fs`"
        )
    if "val" in tree:
        tree |= _info_beside(path)
    if is_labchart(tree):
        return contents_of_labchart(tree, path)
    return contents_of_arrays(tree, path, given)


def _info_beside(path) -> dict[str, Any]:
    """What the text beside an export of PhysioBank ATM says, as a struct of the file would."""
    file = path.with_name(recording_name(path) + ".info")
    if not file.is_file():
        return {}
    with open(file, encoding="utf-8", errors="replace") as stream:
        text = stream.read(_LONGEST_INFO)
    rate = re.search(r"Sampling frequency:\s*([\d.]+)\s*Hz", text)
    rows = re.findall(r"^\d+\t([^\t]*)\t([\d.e+]+)\t(-?\d+)\t(\S+)", text, re.MULTILINE)
    said: dict[str, Any] = {"fs": float(rate[1])} if rate and as_number(rate[1]) else {}
    if rows:
        names, gains, zeros, units = (list(column) for column in zip(*rows))
        said |= {"names": names, "units": units}
        said |= {
            "gain": np.array([as_number(each) or np.nan for each in gains]),
            "baseline": np.array([as_number(each) for each in zeros], np.float64),
        }
    return {"info": said} if said else {}
