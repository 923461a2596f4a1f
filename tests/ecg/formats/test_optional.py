"""A package that is not installed is named, with the line that installs it."""

import sys
from pathlib import Path

import pytest

from ecg.artifacts import InputError
from ecg.formats.aecg import from_aecg
from ecg.formats.dicom import from_dicom
from ecg.formats.optional import need
from ecg.formats.recording import Given
from ecg.formats.scp import from_scp


def test_need():
    assert need("xml.etree.ElementTree", Path("a")).fromstring("<a/>").tag == "a"
    with pytest.raises(InputError, match=r"night.dcm needs the package not_there: pip install -r "):
        need("not_there.inside", Path("night.dcm"))


@pytest.mark.parametrize(
    "reader, package",
    [(from_dicom, "pydicom"), (from_scp, "ecgdatakit"), (from_aecg, "defusedxml")],
)
def test_readers_say_what_they_need(tmp_path, monkeypatch, reader, package):
    path = tmp_path / "a.file"
    path.write_bytes(b"anything")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match="a.file needs the package .*requirements-formats.txt"):
        reader(path, Given())
