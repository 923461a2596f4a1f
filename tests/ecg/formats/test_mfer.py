"""MFER files, built of tag, length and value as ISO 22077 has them."""

import datetime
import struct

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.mfer import from_mfer, is_mfer
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, steps

pytest.importorskip("ecgdatakit")


def tag(number, value):
    size = len(value)
    return (
        bytes([number])
        + (bytes([size]) if size < 128 else b"\x84" + struct.pack(">I", size))
        + value
    )


def mfer(path, signals, nanovolts=2500, preamble=True):
    """A file of {code of the lead: samples (n,) int16}, all of one in a block."""
    count = len(next(iter(signals.values())))
    body = tag(0x40, b"MFR ECG made up") if preamble else b""
    body += tag(0x01, b"\1")  # the low byte first
    body += tag(0x17, b"Maker^Model 9^1^2") + tag(0x82, b"P-17") + tag(0x84, b"\2")
    body += tag(0x83, b"\x3d" + struct.pack("<HHBB", 1, 1960, 2, 29))
    body += tag(0x85, struct.pack("<H5B2H", 2021, 3, 1, 8, 5, 59, 0, 0))
    body += tag(0x11, b"HPF=0.05") + tag(0x11, b"LPF=150")
    body += tag(0x0B, b"\1\xfd" + struct.pack("<B", 1000 // FS))  # 2 x 10^-3 s
    body += tag(0x0C, b"\0\xf7" + struct.pack("<H", nanovolts))  # 2500 x 10^-9 V
    body += tag(0x05, bytes([len(signals)])) + tag(0x04, struct.pack("<I", count))
    for k, lead in enumerate(signals):
        body += bytes([0x3F, k]) + bytes([4]) + tag(0x09, struct.pack("<H", lead))
    path.write_bytes(body + tag(0x1E, b"".join(x.tobytes() for x in signals.values())) + b"\x80\0")
    return path


def test_leads_and_facts(tmp_path):
    signals = {2: steps(), 62: steps(scale=-0.5)}
    path = mfer(tmp_path / "a.mwf", signals)
    assert is_mfer(path.read_bytes()[:4096])
    contents = from_mfer(path, Given())
    assert [each.name for each in contents.channels] == ["II", "aVR"]
    assert {each.fs for each in contents.channels} == {FS}
    assert contents.channels[0].filters == "0.05-150 Hz"
    x = leads(from_mfer, packed(path, tmp_path))
    factor = {"uV": 1e-6, "mV": 1e-3, "V": 1}[contents.channels[0].unit]
    for read, stored in zip(x.values(), signals.values()):
        np.testing.assert_allclose(read * factor * 1e6, 2.5 * stored, atol=1e-6)
    facts = contents.facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "Maker Model 9")
    assert int(facts.age) == 61


def test_damaged(tmp_path):
    path = mfer(tmp_path / "a.mwf", {2: steps()})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="a.mwf cannot be read"):
        from_mfer(path, Given())
    assert not is_mfer(b"@") and not is_mfer(b"<xml/> of another kind")
