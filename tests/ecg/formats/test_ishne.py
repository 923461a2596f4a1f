"""ISHNE Holter files are read as the standard has them: names, steps, missing samples, facts."""

import binascii
import datetime
import struct
import tracemalloc

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.ishne import from_ishne, is_ishne
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, peaks, sample, steps


def ishne(path, signals, codes=(6, 11, 1), nv=2500, fs=FS, more=b"", said=None, right=True):
    """An ISHNE file of `signals` (n,) int16; codes: of the leads, `more`: the variable block."""
    head = bytearray(522)
    head[:8] = b"ISHNE1.0"
    samples = len(signals[0]) if said is None else said
    struct.pack_into("<4i", head, 10, len(more), samples, 522, 522 + len(more))
    head[28:33] = b"Maria"
    head[108:112] = b"P-17"
    struct.pack_into("<2h3h3h3h3h", head, 128, 2, 1, 29, 2, 1960, 1, 3, 2021, 2, 3, 2021, 8, 5, 59)
    struct.pack_into("<h", head, 156, len(signals))
    for k in range(12):
        here = k < len(signals)
        struct.pack_into("<h", head, 158 + 2 * k, codes[k] if here and k < len(codes) else -9)
        struct.pack_into("<h", head, 206 + 2 * k, nv if here else -9)
    head[232:240] = b"Recorder"
    struct.pack_into("<h", head, 272, fs)
    checksum = binascii.crc_hqx(bytes(head[10:]) + more, 0xFFFF) if right else 1
    struct.pack_into("<H", head, 8, checksum)
    path.write_bytes(bytes(head) + more + np.column_stack(signals).astype("<i2").tobytes())
    return path


def test_leads(tmp_path):
    one, two = steps(), steps(scale=-0.5)
    two[100:150] = -32768
    path = ishne(tmp_path / "a.ecg", [one, two, one], more=b"a comment\0")
    contents = from_ishne(path, Given())
    assert [channel.name for channel in contents.channels] == ["II", "V1", ""]
    assert {channel.unit for channel in contents.channels} == {"uV"}
    assert {channel.fs for channel in contents.channels} == {FS}
    assert contents.channels[0].adc == (0.4, 0.0)
    np.testing.assert_allclose(contents.channels[0].read(), one * 2.5)
    read = contents.channels[1].read()
    assert np.flatnonzero(np.isnan(read)).tolist() == list(range(100, 150))
    np.testing.assert_allclose(read[150:], two[150:] * 2.5)
    assert contents.notes == ()
    facts = contents.facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "Recorder")
    assert facts.age == pytest.approx(61.0, abs=0.01)
    zipped = from_ishne(packed(path, tmp_path), Given())
    np.testing.assert_array_equal(zipped.channels[1].read(), read)
    assert zipped.facts == facts


def test_what_the_header_leaves_open(tmp_path):
    x = steps()
    plain = from_ishne(ishne(tmp_path / "n.ecg", [x], nv=0), Given()).channels[0]
    assert plain.unit is None and plain.adc is None
    np.testing.assert_array_equal(plain.read(), x)
    assert from_ishne(ishne(tmp_path / "f.ecg", [x], fs=0), Given()).channels[0].fs is None


def test_what_is_told(tmp_path):
    x = steps()
    short = from_ishne(ishne(tmp_path / "s.ecg", [x, x], said=3 * len(x)), Given())
    assert any(f"{len(x):,} of each lead" in note for note in short.notes)
    together = from_ishne(ishne(tmp_path / "t.ecg", [x, x], said=2 * len(x)), Given())
    assert together.notes == ()  # some count the samples of all leads
    wrong = from_ishne(ishne(tmp_path / "w.ecg", [x], right=False), Given())
    assert any("checksum" in note for note in wrong.notes)


def test_damaged(tmp_path):
    path = ishne(tmp_path / "d.ecg", [steps(), steps()])
    whole = path.read_bytes()
    odd = tmp_path / "odd.ecg"
    odd.write_bytes(whole[:-3])  # a frame and a half
    assert len(from_ishne(odd, Given()).channels[0].read()) == len(steps()) - 1
    for at, value, words in (
        (156, 0, "0 leads"),
        (156, 13, "13 leads"),
        (10, -1, "does not fit"),
        (10, 2**31 - 1, "does not fit"),
    ):
        raw = bytearray(whole)
        struct.pack_into("<i" if at == 10 else "<h", raw, at, value)
        odd.write_bytes(bytes(raw))
        with pytest.raises(InputError, match=words):
            from_ishne(odd, Given())
    for raw, words in (
        (whole[:300], "cut short"),
        (whole[:522], "no samples"),
        (b"ANN  1.0" + whole[8:], "annotation"),
        (b"ISHNE2.0" + whole[8:], "no ISHNE"),
    ):
        odd.write_bytes(raw)
        with pytest.raises(InputError, match=words):
            from_ishne(odd, Given())


def test_a_lead_of_many_takes_little_memory(tmp_path):
    count = 12
    x = np.tile(steps(), 150)  # 300,000 samples of 12 leads: 7.2 MB
    path = ishne(tmp_path / "long.ecg", [x] * count, codes=range(5, 17))
    tracemalloc.start()
    read = from_ishne(path, Given()).channels[11].read()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < read.nbytes + 2e6  # itself, and a piece of the file; not all leads of it
    np.testing.assert_allclose(read, x * 2.5)


def test_a_real_file(recordings, tmp_path):
    path = sample(recordings, "ECG_P28.01.ecg")
    assert is_ishne(path.read_bytes()[:4096])
    contents = from_ishne(path, Given())
    assert {channel.fs for channel in contents.channels} == {1000}
    assert contents.facts.date == datetime.date(2000, 1, 1)
    assert contents.facts.clock == datetime.time(7)
    assert contents.facts.patient == "ECG_P28.01" and contents.facts.age is None
    x = leads(from_ishne, path)
    assert list(x) == "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()
    assert {len(each) for each in x.values()} == {95573}
    by_hand = np.frombuffer(path.read_bytes()[522:], "<i2").reshape(-1, 12)  # 5000 nV a step
    for k, each in enumerate(x.values()):
        np.testing.assert_allclose(each, by_hand[:, k] * 5.0)
    assert peaks(from_ishne, packed(path, tmp_path))["II"] == (-1985, 1355)
