"""AliveCor's recordings: JSON of the Kardia API and ATC files."""

import datetime
import json
import zlib

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.json_values import json_of
from ecg.formats.kardia import from_atc, from_kardia, is_atc, is_kardia
from ecg.formats.recording import Given
from tests.clinical import packed
from tests.recordings import ECG, same
from tests.research import COUNTS, OTHER_COUNTS, atc, kardia, plain_json

LEADS = "leadI", "leadII", "leadIII", "AVR", "AVL", "AVF"


def test_json_as_it_came_in_microvolts(tmp_path):
    path = kardia(tmp_path / "k.json", LEADS)
    content = from_kardia(path, Given())
    assert [each.name for each in content.channels] == ["I", "II", "III", "aVR", "aVL", "aVF"]
    one, two = content.channels[:2]
    assert (two.unit, two.fs, two.adc, two.filters) == ("uV", 300.0, (2.0, 0.0), "")
    np.testing.assert_array_equal(one.read(), OTHER_COUNTS / 2)
    np.testing.assert_array_equal(two.read(), COUNTS / 2)
    facts = content.facts
    assert facts.date == datetime.date(2021, 4, 16) and facts.clock == datetime.time(15, 19, 9)
    assert (facts.patient, facts.device) == ("DwftkmZIYHm7", "AliveCor kardia_6l")
    same(read_recording(path), fs=300, lead="II", tolerance=3e-4)
    same(read_recording(packed(path, tmp_path)), fs=300, lead="II", tolerance=3e-4)


def test_json_of_an_enhanced_signal_alone_and_without_resolution(tmp_path):
    content = json.loads(kardia(tmp_path / "k.json").read_text())
    block = content["data"]["raw"]
    del block["amplitudeResolution"]
    path = kardia(tmp_path / "e.json", data={"enhanced": block})
    channel = from_kardia(path, Given()).channels[1]
    assert (channel.unit, channel.adc, channel.filters) == (None, None, "enhanced by AliveCor")
    np.testing.assert_array_equal(channel.read(), COUNTS)


def test_json_that_is_not_read(tmp_path):
    for content, says in (
        ({"data": {"raw": {"samples": {"leadI": "AAAA"}, "frequency": 300}}}, "no list of numbers"),
        ({"data": None, "data12L": {}}, "12 leads"),
    ):
        path = kardia(tmp_path / "k.json", **content)
        assert is_kardia(json_of(path))
        with pytest.raises(InputError, match=says):
            from_kardia(path, Given())
    with pytest.raises(InputError, match="no recording of the Kardia API"):
        from_kardia(plain_json(tmp_path / "p.json"), Given())


@pytest.mark.parametrize("checksum", [zlib.crc32, sum])
def test_atc(tmp_path, checksum):
    path = atc(tmp_path / "k.atc", checksum)
    assert is_atc(path.read_bytes()[:4096])
    content = from_atc(path, Given())
    assert [each.name for each in content.channels] == ["I", "II"]  # no average beat
    two = content.channels[1]
    assert (two.unit, two.fs, two.adc, two.filters) == ("uV", 300.0, (2.0, 0.0), "notch 60 Hz")
    np.testing.assert_array_equal(two.read(), COUNTS / 2)
    facts = content.facts
    assert facts.date == datetime.date(2010, 12, 8)
    assert facts.clock == datetime.time(15, 54, 23, 245000)
    assert facts.device == "AliveCor 6L AliveECG 1.6.7 iPhone 4"
    same(read_recording(path), x=np.round(2000 * ECG) / 2000, fs=300, lead="II")


def test_atc_of_twelve_leads(tmp_path):
    blocks = [f"ecg{k}".encode() for k in " 23456789abc"]
    names = [
        each.name for each in from_atc(atc(tmp_path / "k.atc", leads=blocks), Given()).channels
    ]
    assert names == ["I", "II", "III", "aVR", "aVL", "aVF", *(f"V{k}" for k in range(1, 7))]


def test_atc_damaged(tmp_path):
    raw = atc(tmp_path / "k.atc").read_bytes()
    for content, says in (
        (raw[:5000], "damaged or cut short"),
        (raw[:600] + b"\1\2\3" + raw[603:], "checksum"),
        (b"ALIVE\0\0\0\4\0\0\0", "no ECG"),
        (b"RIFF" + raw, "no ATC file"),
    ):
        (tmp_path / "k.atc").write_bytes(content)
        with pytest.raises(InputError, match=says):
            from_atc(tmp_path / "k.atc", Given())
