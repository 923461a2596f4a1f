"""Mortara ELI XML, built after the structure that open readers show."""

import base64
import datetime

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.mortara import from_mortara, is_mortara
from ecg.formats.recording import Given
from tests.clinical import FS, leads, packed, steps

pytest.importorskip("ecgdatakit")


def mortara(path, signals, per_mv=400, bits=16, rate=FS):
    channels = "".join(
        f'<CHANNEL OFFSET="0" BITS="{bits}" FORMAT="SIGNED" UNITS_PER_MV="{per_mv}" '
        f'DURATION="{len(x)}" SAMPLE_FREQ="{rate}" NAME="{name}" ENCODING="BASE64" '
        f'DATA="{base64.b64encode(x.astype("<i2").tobytes()).decode()}"/>'
        for name, x in signals.items()
    )
    path.write_text(f"""<?xml version="1.0" encoding="UTF-8"?>
<ECG ACQUISITION_TIME="20210301080559" AGE="61" AGE_UNITS="YEARS" NUM_QRS="5">
<SUBJECT LAST_NAME="Doe" FIRST_NAME="Maria" ID="P-17" GENDER="Female" DOB="19600229"/>
<SOURCE TYPE="ELECTROCARDIOGRAPH" MANUFACTURER="MORTARA" MODEL="ELI 280" LOW_PASS_FILTER="150"/>
{channels}</ECG>""")
    return path


def test_leads_and_facts(tmp_path):
    one, two = steps(), steps(scale=-0.5)
    path = mortara(tmp_path / "a.xml", {"I": one, "AVR": two})
    assert is_mortara(path.read_bytes()[:4096])
    contents = from_mortara(path, Given())
    assert [each.name for each in contents.channels] == ["I", "aVR"]
    assert {(each.unit, each.fs, each.kind) for each in contents.channels} == {("uV", FS, "ECG")}
    assert contents.channels[0].adc == (0.4, 0)
    assert contents.channels[0].filters == "low-pass 150 Hz"
    x = leads(from_mortara, packed(path, tmp_path))
    np.testing.assert_allclose(x["I"], 2.5 * one)
    np.testing.assert_allclose(x["aVR"], 2.5 * two)
    facts = contents.facts
    assert (facts.date, facts.clock) == (datetime.date(2021, 3, 1), datetime.time(8, 5, 59))
    assert (facts.patient, facts.sex, facts.device) == ("P-17", "female", "MORTARA ELI 280")
    assert facts.age == pytest.approx(61, abs=0.01)


def test_refused(tmp_path):
    for more in ({"bits": 24}, {"rate": 0}):
        with pytest.raises(InputError, match="a.xml cannot be read"):
            from_mortara(mortara(tmp_path / "a.xml", {"I": steps()}, **more), Given())
    path = mortara(tmp_path / "a.xml", {})
    with pytest.raises(InputError, match="No CHANNEL"):
        from_mortara(path, Given())
    path.write_bytes(mortara(path, {"I": steps()}).read_bytes()[:-300])
    with pytest.raises(InputError, match="Malformed"):
        from_mortara(path, Given())
