"""AcqKnowledge files: channels of several rates, both byte orders, compressed ones; what damaged
headers say is held against the file."""

import datetime
import struct

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.acq import from_acq, is_acq
from ecg.formats.recording import Given
from tests.clinical import packed, peaks, sample
from tests.recordings import ECG, FS, same
from tests.research import COUNTS, OTHER_COUNTS, acq, packed_acq

pytest.importorskip("bioread")
ECG_NAME = "ECG, X, 0.05-35 Hz"


@pytest.mark.parametrize("order", ["<", ">"])
def test_channels_have_their_own_rates_and_units(tmp_path, order):
    path = acq(tmp_path / "a.acq", order)
    content = from_acq(path, Given())
    assert [(each.name, each.unit, each.fs) for each in content.channels] == [
        ("Temp", "deg C", 500.0),
        (ECG_NAME, "mV", 250.0),
        ("Pulse", "Volts", 50.0),
    ]
    temperature, ecg, pulse = content.channels
    np.testing.assert_array_equal(temperature.read(), np.linspace(30, 31, 5000))
    np.testing.assert_allclose(ecg.read(), COUNTS * 0.0005, atol=1e-12)
    np.testing.assert_allclose(pulse.read(), np.round(1000 * ECG[::5]) * 0.001 + 0.25, atol=1e-12)
    gain, zero = pulse.adc
    np.testing.assert_allclose(pulse.read() * gain + zero, np.round(1000 * ECG[::5]), atol=1e-9)
    assert temperature.adc is None and content.facts.clock is None
    assert content.facts.device == "BIOPAC, AcqKnowledge 3.7.0"


def test_the_ecg_is_taken_by_its_name_and_packed_files_are_read(tmp_path):
    path = acq(tmp_path / "a.acq")
    same(read_recording(path), lead=ECG_NAME, tolerance=3e-4)
    same(read_recording(packed(path, tmp_path)), lead=ECG_NAME, tolerance=3e-4)


def test_compressed_with_its_start(tmp_path):
    content = from_acq(packed_acq(tmp_path / "c.acq"), Given())
    one, other = content.channels
    assert (one.name, one.unit, one.fs, other.name) == ("ECG", "mV", float(FS), "Other")
    np.testing.assert_allclose(one.read(), COUNTS * 0.0005, atol=1e-12)
    np.testing.assert_allclose(other.read(), OTHER_COUNTS * 0.0005, atol=1e-12)
    assert content.facts.date == datetime.date(2016, 2, 2)
    assert content.facts.clock == datetime.time(16, 30, 56, 276000)
    assert content.notes == ("the file gives its start in UTC",)


def test_content_that_is_no_acq_is_refused(tmp_path):
    assert is_acq(acq(tmp_path / "a.acq").read_bytes()[:4096])
    assert not is_acq(b"") and not is_acq(b"time,ecg\n0,1\n" * 100)
    assert not is_acq(b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(100))
    (tmp_path / "b.acq").write_bytes(bytes(4096))
    with pytest.raises(InputError, match="no AcqKnowledge file"):
        from_acq(tmp_path / "b.acq", Given())


@pytest.mark.parametrize(
    "at, form, value, says",
    [
        (10, "<h", 500, "headers seem damaged"),  # channels
        (2500 + 252 + 88, "<i", 2_000_000_000, "damaged or cut short"),  # samples
        (2500 + 252 + 88, "<i", -5, "damaged or cut short"),
        (2500, "<i", -252, "damaged"),  # length of a header: back to where it began
    ],
)
def test_what_headers_say_is_held_against_the_file(tmp_path, at, form, value, says):
    raw = bytearray(acq(tmp_path / "a.acq").read_bytes())
    struct.pack_into(form, raw, at, value)
    (tmp_path / "a.acq").write_bytes(raw)
    with pytest.raises(InputError, match=says):
        read_recording(tmp_path / "a.acq", fs=250)


def test_dividers_that_hardly_meet_are_refused(tmp_path):
    raw = bytearray(acq(tmp_path / "a.acq").read_bytes())
    for k, divider in enumerate((32749, 32719, 32717)):
        struct.pack_into("<h", raw, 2500 + 252 * k + 250, divider)
    (tmp_path / "a.acq").write_bytes(raw)
    with pytest.raises(InputError, match="dividers"):
        from_acq(tmp_path / "a.acq", Given())


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    path = acq(tmp_path / "a.acq")
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(InputError, match="cut short"):
        read_recording(path)


def by_hand(raw):
    """{name: samples in their unit} of an uncompressed AcqKnowledge file of version 4.3 or later in
    big-endian order: its headers one after another, then a sample of each channel at a time."""
    at, channels = struct.unpack_from(">i", raw, 6)[0], struct.unpack_from(">h", raw, 10)[0]
    for _ in range(struct.unpack_from(">h", raw, 2398)[0]):  # paddings
        at += struct.unpack_from(">i", raw, at)[0]
    heads = []
    for _ in range(channels):
        name = raw[at + 6 : at + 46].split(b"\0")[0].decode()
        count, scale, offset = struct.unpack_from(">idd", raw, at + 88)
        (divider,) = struct.unpack_from(">h", raw, at + 152)
        heads.append((name, count, scale, offset, divider or 1))
        at += struct.unpack_from(">i", raw, at)[0]
    at += struct.unpack_from(">i", raw, at)[0]  # foreign data
    kinds = [struct.unpack_from(">hh", raw, at + 4 * k) for k in range(channels)]
    at += 4 * channels
    found = {head[0]: [] for head in heads}
    tick = 0
    while any(len(found[head[0]]) < head[1] for head in heads):
        for (name, count, *_, divider), (size, kind) in zip(heads, kinds):
            if tick % divider == 0 and len(found[name]) < count:
                found[name].append(struct.unpack_from(">h" if kind == 2 else ">d", raw, at)[0])
                at += size
        tick += 1
    return {
        name: np.array(found[name]) * (scale if kind == 2 else 1) + (offset if kind == 2 else 0)
        for (name, _, scale, offset, _), (_, kind) in zip(heads, kinds)
    }


def test_real_file(recordings):
    path = sample(recordings, "physio-4.4.0.acq")
    content = from_acq(path, Given())
    assert [(each.name, each.unit, each.fs) for each in content.channels] == [
        ("EDA filtered, differentiated", "microsiemens", 2000.0),
        ("EKG - ERS100C", "mV", 1000.0),
        ("RESP - RSP100C", "Volts", 3.90625),
        ("EDA - GSR100C", "microsiemens", 2000.0),
    ]
    expected = by_hand(path.read_bytes())
    for channel in content.channels:
        np.testing.assert_allclose(channel.read(), expected[channel.name], rtol=0, atol=1e-9)
    assert peaks(from_acq, path)["EKG - ERS100C"] == pytest.approx((-0.4425, 0.4655), abs=1e-4)
    assert str(content.facts.date) == "2016-02-02" and content.facts.clock.hour == 16  # in UTC
    found = read_recording(path)
    assert found.lead == "EKG - ERS100C" and found.fs == 1000 and len(found.signal) == 61_893
    assert np.ptp(found.signal) == pytest.approx(0.908, abs=1e-3)
