"""Any signal in a file comes back as it was; any bytes are read, or refused in a line."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.artifacts import InputError
from ecg.formats import FORMATS, read_recording
from ecg.formats.wfdb_header import check_header
from tests.properties.signals import few, signals

HEADS = [b"", b"0       ", b"\x93NUMPY\x01\x00", b"MATLAB 5", b"ISHNE1.0", b"PAR1", b"ARROW1\0\0"]
HEADS += [
    b"ALIVE\0\0\0",
    b"<AnnotatedECG>",
    b'{"data":',
    b"fs: 250\n",
    b"time,ECG\n0,1\n",
    b"PK\3\4",
]
SUFFIXES = sorted({suffix for each in FORMATS for suffix in each.suffixes})
WORDS = st.one_of(
    st.sampled_from("nan inf -1 0 1 2 250 16 212 rec.dat rec 1e9 200(0)/mV ~ rec/2 1e-320".split()),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


@st.composite
def recordings(draw):
    """A signal that a reader takes as an ECG."""
    x, fs = draw(signals(longest=8, scales=(1.0,)))
    return np.round(x, 6), round(fs, 3)


def read(write, **more):
    """(recording, None), or (None, message) of a file that `write` puts into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder))
        try:
            return read_recording(path, **more), None
        except InputError as error:
            assert "\n" not in str(error) and path.name[:20] in str(error)
            return None, str(error)


@few(40)
@given(recordings(), st.sampled_from(["npy", "npz", "csv", "csv with times"]))
def test_a_signal_comes_back(recording, kind):
    x, fs = recording
    finite = np.where(np.isfinite(x), x, np.nan)

    def write(folder):
        if kind == "npy":
            np.save(folder / "a.npy", x)
            return folder / "a.npy"
        if kind == "npz":
            np.savez(folder / "a.npz", ecg=x, fs=fs)
            return folder / "a.npz"
        columns, head = [x], f"fs: {fs}\nECG\n"
        if kind == "csv with times":
            columns, head = [np.arange(len(x)) / fs, x], "time (s),ECG (mV)\n"
        np.savetxt(
            folder / "a.csv", np.column_stack(columns), "%.10g", ",", header=head, comments=""
        )
        return folder / "a.csv"

    found, said = read(write, fs=fs if kind == "npy" else None)
    if found is None:  # none that anybody would take as an ECG, and it is said why
        assert len(said) > 20
        return
    assert found.fs == pytest.approx(fs, rel=1e-4) and len(found.signal) == len(x)
    same = (found.signal == finite) | np.isnan(found.signal)  # a code may stand for missing ones
    assert np.all(same | np.isclose(found.signal, finite, atol=1e-9))


@few(200)
@given(st.sampled_from(SUFFIXES), st.sampled_from(HEADS), st.binary(max_size=600), st.booleans())
def test_any_bytes_are_read_or_refused(suffix, head, rest, often):
    def write(folder):
        path = folder / f"a{suffix}"
        path.write_bytes(head + rest * (20 if often else 1))
        return path

    read(write, fs=250)


@few(150)
@given(st.lists(st.lists(WORDS, max_size=9), max_size=4))
def test_any_header_is_passed_or_refused(lines):
    words = [[word for word in line if word.split() == [word]] for line in lines]
    try:
        check_header(Path("rec.hea"), [line for line in words if line])
    except InputError as error:
        assert str(error).startswith("rec.hea")
