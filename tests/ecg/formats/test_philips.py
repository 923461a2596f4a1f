"""Philips XML, plain and with XLI-compressed leads; its calibration pulse is no heartbeat."""

import base64
import datetime
import struct
import tracemalloc

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.philips import from_philips, is_philips
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, sample, steps

pytest.importorskip("ecgdatakit")
LIMBS = "I II III aVR aVL aVF".split()
CHEST = [f"V{k}" for k in range(1, 7)]


def lzw(data):
    """LZW in codes of 10 bits, as XLI has it; no code is added after the 1022nd."""
    table, bits, word = {bytes([k]): k for k in range(256)}, "", b""
    for byte in data:
        longer = word + bytes([byte])
        if longer in table:
            word = longer
            continue
        bits += f"{table[word]:010b}"
        if len(table) < 1022:
            table[longer] = len(table)
        word = bytes([byte])
    bits += f"{table[word]:010b}" + f"{1023:010b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def xli(x):
    """A lead of XLI: second differences, whose high bytes stand before all low bytes."""
    x = [int(v) for v in x]
    # decoded: x[k] = 2 x[k - 1] - x[k - 2] - (what the header, then code k - 1, less 64, says)
    away = [2 * x[k - 1] - x[k - 2] - x[k] for k in range(2, len(x))]
    out = x[:2] + [each + 64 for each in away[1:]] + [0]
    words = np.array(out, np.int64).astype(np.uint16)
    data = (words >> 8).astype(np.uint8).tobytes() + (words & 0xFF).astype(np.uint8).tobytes()
    body = lzw(data)
    return struct.pack("<iHh", len(body), 0, away[0]) + body


def residuals(x):
    """What XLI stores of the limb leads that follow from I and II."""
    one, two, three, avr, avl, avf = x[:6]
    return [
        one,
        two,
        two - one - three,
        -avr - (one + two) // 2,
        (one - three) // 2 - avl,
        (two + three) // 2 - avf,
        *x[6:],
    ]


def twelve(scale=1.0):
    """12 leads (n,) of integers, the limb leads as they follow from I and II."""
    one, two = steps(5, scale).astype(int), steps(5, 1.7 * scale).astype(int)
    limbs = [one, two, two - one, -(one + two) // 2, one - two // 2, two - one // 2]
    return limbs + [np.roll(steps(5, 0.3 * k), 5).astype(int) for k in range(1, 7)]


def philips(path, x, compressed=False, labels=True, version="1.04", encoding="utf-8", top=""):
    x = [np.asarray(each) for each in x]
    if compressed:
        data = b"".join(xli(each) for each in residuals(x))
        how = 'compression="XLI"'
    else:
        data, how = np.concatenate(x).astype("<i2").tobytes(), 'compression="Uncompressed"'
    names = f'leadlabels="{" ".join(LIMBS + CHEST)}" numberofleads="12"' if labels else ""
    text = f"""<?xml version="1.0" encoding="{encoding}"?>{top}
<restingecgdata xmlns="http://www3.medical.philips.com">
<documentinfo><documenttype>PhilipsECG</documenttype><documentversion>{version}</documentversion>
</documentinfo><dataacquisition date="2021-03-01" time="08:05:59">
<machine detaildescription="Maker:1:A.01">Model 9</machine>
<signalcharacteristics><samplingrate>{FS}</samplingrate><resolution>5</resolution>
<signaloffset>0</signaloffset><signalsigned>True</signalsigned>
<acquisitiontype>STD-12</acquisitiontype><numberchannelsallocated>12</numberchannelsallocated>
</signalcharacteristics></dataacquisition>
<patient><generalpatientdata><patientid>P-17</patientid><age><dateofbirth>1960-02-29</dateofbirth>
<years>60</years></age><sex>Female</sex></generalpatientdata></patient>
<waveforms><parsedwaveforms {names} dataencoding="Base64" {how} hipass="0.05" lowpass="150"
notchfiltered="True" notchfilterfreqs="60" durationperchannel="{2 * len(x[0])}">
{base64.b64encode(data).decode()}</parsedwaveforms></waveforms></restingecgdata>"""
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("labels", [False, True])
def test_leads(tmp_path, compressed, labels):
    x = twelve()
    path = philips(tmp_path / "a.xml", x, compressed, labels, encoding="utf-16")
    assert is_philips(path.read_bytes()[:4096])
    contents = from_philips(path, Given())
    assert [each.name for each in contents.channels] == LIMBS + CHEST
    for channel, values in zip(contents.channels, x):
        assert (channel.unit, channel.fs, channel.kind) == ("uV", FS, "ECG")
        np.testing.assert_allclose(channel.read(), 5 * values)
    assert contents.channels[0].adc == (0.2, 0) and "0.05-150 Hz" in contents.channels[0].filters
    assert contents.notes == ()
    np.testing.assert_allclose(leads(from_philips, packed(path, tmp_path))["V2"], 5 * x[7])


def test_facts(tmp_path):
    facts = from_philips(philips(tmp_path / "a.xml", twelve()), Given()).facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "Maker Model 9")
    assert facts.age == pytest.approx(61, abs=0.01)


def test_the_calibration_pulse_is_missing(tmp_path):
    pulse = np.repeat([0, 200, 0], [40, 100, 60])  # 1 mV for 0.2 s, in every lead
    x = [np.concatenate([each, pulse]) for each in twelve()]
    x[0][-len(pulse) - 1] = 7  # what comes before differs
    contents = from_philips(philips(tmp_path / "a.xml", x), Given())
    for channel, values in zip(contents.channels, x):
        read = channel.read()
        assert np.isnan(read[-len(pulse) :]).all()
        np.testing.assert_allclose(read[: -len(pulse)], 5 * values[: -len(pulse)])
    assert any("0.40 s are the calibration pulse" in note for note in contents.notes)


def test_refused(tmp_path):
    path = philips(tmp_path / "a.xml", twelve(), version="9.9")
    with pytest.raises(InputError, match="9.9 are unsupported"):
        from_philips(path, Given())
    top = '<!DOCTYPE x [<!ENTITY a "ha">]>'
    with pytest.raises(InputError, match="entit"):
        from_philips(philips(path, twelve(), top=top), Given())
    whole = philips(path, twelve(), True).read_bytes()
    path.write_bytes(whole[:-2000])
    with pytest.raises(InputError, match="a.xml is no well-formed XML"):
        from_philips(path, Given())
    path.write_bytes(whole.replace(b'durationperchannel="4000"', b'durationperchannel="4e12"'))
    with pytest.raises(InputError, match="expected"):
        from_philips(path, Given())


def test_leads_that_would_fill_the_memory(tmp_path):
    """One letter, packed 600-fold: 60 kB of it would become 27 MB, and 900 MB of lists."""
    codes = [0, *range(256, 1022), *[1021] * 36000]
    bits = "".join(f"{code:010b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    lead = base64.b64encode(struct.pack("<iHh", len(body), 0, 0) + body)
    path = philips(tmp_path / "a.xml", twelve(), True)
    text = path.read_bytes()
    start, end = text.index(b'l="4000">') + 9, text.index(b"</parsedw")
    path.write_bytes(text[:start] + lead + text[end:])
    tracemalloc.start()
    with pytest.raises(InputError, match="too long to be a recording"):
        from_philips(path, Given())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6


@pytest.mark.parametrize(
    "name, facts, peaks, pulse",
    [
        (
            "129DYPRG.XML",
            ("2011-12-01 07:27:34", "1112010721168bdc", 50, "HeartstartMRx"),
            [(-170, 870), (-465, 625), (-975, 370)],
            236,
        ),
        (
            "3191723_ZZDEMOPTONLY_1-04_orig.xml",
            ("2010-01-19 15:19:22", "9999", 60, "Philips Medical Products PageWriter Touch"),
            [(-215, 230), (-920, 1400), (-750, 1225)],
            200,
        ),
    ],
)
def test_real_files(recordings, tmp_path, name, facts, peaks, pulse):
    path = sample(recordings, name)
    assert is_philips(path.read_bytes()[:4096])
    contents = from_philips(path, Given())
    assert [each.name for each in contents.channels] == LIMBS + CHEST
    found = contents.facts
    start = datetime.datetime.combine(found.date, found.clock)
    assert (str(start), found.patient, int(found.age), found.device) == facts
    assert found.sex == "male"
    x = leads(from_philips, packed(path, tmp_path))
    assert {(len(each), int(np.isnan(each).sum())) for each in x.values()} == {(5500, pulse)}
    assert {(each.unit, each.fs) for each in contents.channels} == {("uV", 500)}
    first = [(np.nanmin(x[lead]), np.nanmax(x[lead])) for lead in LIMBS[:3]]
    np.testing.assert_allclose(first, peaks)
    np.testing.assert_allclose(x["I"] - x["II"] + x["III"], 0 * x["I"], atol=10)  # a rounding
    np.testing.assert_allclose(x["aVF"], (x["II"] + x["III"]) / 2, atol=7.5)
    assert any("calibration pulse" in note for note in contents.notes)
