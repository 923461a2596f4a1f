"""SCP-ECG records, built section by section: plain, as differences and in Huffman codes."""

import binascii
import datetime
import struct

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.recording import Given
from ecg.formats.scp import from_scp, is_scp
from tests.clinical import FS, leads, packed, peaks, sample, steps

pytest.importorskip("ecgdatakit")
DEFAULT_CODES = 19999


def section(number, body):
    body += b"\0" * (len(body) % 2)
    head = struct.pack("<HIBB6s", number, 16 + len(body), 13, 13, b"\0" * 6)
    return struct.pack("<H", binascii.crc_hqx(head + body, 0xFFFF)) + head + body


def tags(**more):
    """Section 1: who and when."""
    values = {
        2: b"P-17\0",
        5: struct.pack("<HBB", 1960, 2, 29),
        8: b"\2",
        14: bytes(8) + b"MODEL9" + bytes([13, 0xA0, 0, 0, 0]) + bytes(17) + b"\0\0\0\0Maker\0",
        25: struct.pack("<HBB", 2021, 3, 1),
        26: bytes([8, 5, 59]),
        27: struct.pack("<H", 5),
        28: struct.pack("<H", 150),
        29: b"\2",
    } | more.get("values", {})
    body = b"".join(struct.pack("<BH", tag, len(v)) + v for tag, v in values.items())
    return section(1, body + b"\xff\0\0")


def huffman(values):
    """The default table of the standard: 0 is `0`; to 8, ones, a zero and the sign; then 8 and 16
    bits."""
    bits = ""
    for v in (int(v) for v in values):
        if v == 0:
            bits += "0"
        elif abs(v) <= 8:
            bits += "1" * abs(v) + "0" + ("1" if v < 0 else "0")
        elif -128 <= v <= 127:
            bits += "1111111110" + f"{v & 0xFF:08b}"
        else:
            bits += "1111111111" + f"{v & 0xFFFF:016b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def differences(x, order):
    x = x.astype(np.int64)
    if order == 1:
        return np.diff(x, prepend=0)
    second = x[2:] - 2 * x[1:-1] + x[:-2]
    return np.concatenate([x[:2], second]) if order == 2 else x


def scp(path, signals, order=0, coded=False, nv=2500, step=2000, starts=None, **more):
    """A record of {lead code: samples (n,) int16}. starts: number of each one's first sample."""
    starts = starts or [1] * len(signals)
    sections = [tags(**more)]
    if coded:
        sections.append(section(2, struct.pack("<H", DEFAULT_CODES)))
    places = zip(signals.items(), starts)
    definitions = b"".join(struct.pack("<IIB", s, s + len(x) - 1, k) for (k, x), s in places)
    sections.append(section(3, bytes([len(signals), 4 | len(signals) << 3 & 0xFF]) + definitions))
    data = [differences(x, order) for x in signals.values()]
    data = [huffman(x) if coded else x.astype("<i2").tobytes() for x in data]
    sizes = struct.pack(f"<{len(data)}H", *map(len, data))
    sections.append(section(6, struct.pack("<HHBB", nv, step, order, 0) + sizes + b"".join(data)))
    numbers = [struct.unpack_from("<H", each, 2)[0] for each in sections]
    at, pointers = 6 + 16 + 120 + 1, {}
    for number, each in zip(numbers, sections):
        pointers[number] = (len(each), at)
        at += len(each)
    entries = [(0, 136, 7)] + [(k, *pointers.get(k, (0, 0))) for k in range(1, 12)]
    first = section(0, b"".join(struct.pack("<HII", *entry) for entry in entries))
    rest = struct.pack("<I", at - 1) + first + b"".join(sections)
    path.write_bytes(struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest)
    return path


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("coded", [False, True])
def test_leads(tmp_path, order, coded):
    signals = {1: steps(), 2: steps(scale=-0.5), 62: steps(scale=2)}
    path = scp(tmp_path / "a.scp", signals, order, coded)
    assert is_scp(path.read_bytes()[:4096])
    contents = from_scp(path, Given())
    assert [each.name for each in contents.channels] == ["I", "II", "aVR"]
    for channel, x in zip(contents.channels, signals.values()):
        assert (channel.unit, channel.fs, channel.kind) == ("uV", FS, "ECG")
        assert channel.adc == (0.4, 0) and channel.filters == "0.05-150 Hz, notch 50 Hz"
        np.testing.assert_allclose(channel.read(), 2.5 * x)
    assert contents.notes == ()
    np.testing.assert_allclose(leads(from_scp, packed(path, tmp_path))["II"], 2.5 * signals[2])


def test_facts(tmp_path):
    facts = from_scp(scp(tmp_path / "a.scp", {1: steps()}), Given()).facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "Maker MODEL9")
    assert facts.age == pytest.approx(61, abs=0.01)
    stated = {5: b"", 4: struct.pack("<HB", 46, 1), 26: b""}
    facts = from_scp(scp(tmp_path / "b.scp", {1: steps()}, values=stated), Given()).facts
    assert facts.age == 46 and facts.clock is None and facts.date == datetime.date(2021, 3, 1)


def test_leads_that_begin_later(tmp_path):
    x = steps()
    path = scp(tmp_path / "a.scp", {1: x, 2: x}, starts=[1, 1001])
    read = leads(from_scp, path)
    assert len(read["I"]) == len(x) and len(read["II"]) == len(x) + 1000
    assert np.isnan(read["II"][:1000]).all()
    np.testing.assert_allclose(read["II"][1000:], 2.5 * x)
    far = leads(from_scp, scp(path, {1: x, 2: x}, starts=[1, 4_000_000_000]))
    assert len(far["II"]) == len(x)  # a record cannot be so long: nothing is made of it


def test_what_is_no_lead(tmp_path):
    path = scp(tmp_path / "a.scp", {2: steps(), 32: steps(), 74: steps()})
    kinds = {each.name: each.kind for each in from_scp(path, Given()).channels}
    assert kinds == {"II": "ECG", "II-cal": "", "ExtPace": ""}


def test_checksums_are_told(tmp_path):
    path = scp(tmp_path / "a.scp", {1: steps()})
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 1
    path.write_bytes(bytes(raw))
    assert any("CRC" in note for note in from_scp(path, Given()).notes)


def test_damaged(tmp_path):
    path = scp(tmp_path / "a.scp", {1: steps()}, 2, True)
    whole = path.read_bytes()
    for cut in (3, 100, 400, len(whole) - 50):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match="a.scp cannot be read"):
            from_scp(path, Given())
    x = steps()
    many = scp(path, {1: x}, 2, True).read_bytes()
    end = many.index(struct.pack("<II", 1, len(x)))
    path.write_bytes(many[: end + 4] + struct.pack("<I", 2**32 - 1) + many[end + 8 :])
    with pytest.raises(InputError, match="a.scp"):
        from_scp(path, Given())
    assert not is_scp(whole[:20]) and not is_scp(b"\0" * 40 + b"\1" * 40)


def test_a_real_file(recordings, tmp_path):
    path = sample(recordings, "Example.scp")
    assert is_scp(path.read_bytes()[:4096])
    contents = from_scp(path, Given())
    assert [each.name for each in contents.channels] == (
        "I II V1 V2 V3 V4 V5 V6 III aVR aVL aVF".split()
    )
    assert {(each.unit, each.fs, len(each.read())) for each in contents.channels} == {
        ("uV", 500, 5000)
    }
    found = peaks(from_scp, packed(path, tmp_path))
    assert found["I"] == (-305, 415) and found["II"] == (-667.5, 335)
    facts = contents.facts
    assert (facts.date, facts.clock) == (datetime.date(2002, 11, 22), datetime.time(9, 10))
    assert (facts.patient, facts.sex, int(facts.age)) == ("SBJ-123", "male", 49)
    assert any("averaged beats" in note for note in contents.notes)


def test_the_same_recording_in_three_formats(recordings):
    from ecg.formats.aecg import from_aecg
    from ecg.formats.dicom import from_dicom

    pytest.importorskip("pydicom")
    one = leads(from_scp, sample(recordings, "Example.scp"))
    for reader, name in ((from_aecg, "Example.xml"), (from_dicom, "Example.dcm")):
        other = leads(reader, sample(recordings, name))
        assert set(other) == set(one)
        for lead, x in one.items():
            np.testing.assert_allclose(other[lead], x, atol=1e-9)
