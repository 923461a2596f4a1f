"""Which signal of a file is the ECG: by name, then by what it holds, never because it is the
first."""

import re

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.reading import recording_of
from ecg.formats.recording import Channel, Contents, Given
from ecg.synthetic import synthetic_recording

MADE = synthetic_recording(30, seed=4)
FS, ECG = MADE.fs, MADE.signal
N = np.arange(len(ECG))
RESP = np.sin(2 * np.pi * 0.25 * N / FS)
PULSE = np.exp(-((((N / FS * 1.2) % 1 - 0.2) / 0.1) ** 2))
COUNTER = (N % 256).astype(float)
CLOCK = 1.7e9 + N / FS
SILENT = np.zeros(len(N))


def contents(*signals, units=None, kinds=None, fs=FS):
    """Contents of signals (name, values)."""
    units, kinds = units or ["mV"] * len(signals), kinds or [""] * len(signals)
    return Contents(
        [
            Channel(name, unit, fs, lambda x=x: np.array(x), kind)
            for (name, x), unit, kind in zip(signals, units, kinds)
        ]
    )


def read(held, lead=None, second="auto", **given):
    return recording_of(held, "night", Given(lead, **given), second)


@pytest.mark.parametrize(
    "names, chosen",
    [
        (("RESP", "PLETH", "V", "AVR", "II"), "II"),
        (("PPG", "ECG", "resp"), "ECG"),
        (("patient_id", "ecg"), "ecg"),
        (("I", "II", "III"), "II"),
        (("V5", "II"), "V5"),
        (("Accel Channel 0", "value", "EKG2"), "EKG2"),
        (("ECG_Quality", "ECG_Rate", "ECG_Clean"), "ECG_Clean"),
        (("脉搏", "心电"), "心电"),
    ],
)
def test_by_name(names, chosen):
    recording = read(contents(*((name, ECG) for name in names)))
    assert recording.lead == chosen and recording.leads == names
    assert any(f"lead {chosen} taken of" in note for note in recording.notes)


def test_all_named_leads_are_kept():
    names = ("RESP", "I", "II", "III", "V1", "V5")
    recording = read(contents(*((name, ECG * (k + 1)) for k, name in enumerate(names))))
    assert recording.lead == "II" and recording.second_lead == "V1"
    assert [other.name for other in recording.others] == ["I", "III", "V1", "V5"]
    np.testing.assert_allclose(recording.others[3].signal, 6 * ECG, atol=1e-6)
    assert recording.others[0].signal.dtype == np.float32
    assert read(contents(("II", ECG), ("V1", ECG)), second="none").others == ()


def test_a_processed_copy_is_no_lead_of_its_own():
    held = contents(("ECG_Clean", ECG), ("ECG_Raw", 2 * ECG), ("ECG_Rate", RESP))
    recording = read(held)
    assert recording.lead == "ECG_Raw" and recording.others == ()
    assert read(held, lead="ECG_Clean").lead == "ECG_Clean"
    assert read(contents(("ecg filtered", ECG), ("RESP", RESP))).lead == "ecg filtered"


def test_a_named_lead_that_holds_nothing_gives_way():
    recording = read(contents(("II", SILENT), ("V1", ECG)))
    assert recording.lead == "V1"
    empty = np.full(len(N), np.nan)
    assert read(contents(("II", empty), ("V1", ECG))).lead == "V1"
    assert read(contents(("II", SILENT), ("V1", SILENT))).lead == "II"  # flat, as will be said


def test_what_the_file_says_it_measures():
    recording = read(contents(("CH1", PULSE), ("CH2", ECG), kinds=["BVP", "ECG"]))
    assert recording.lead == "CH2"


@pytest.mark.parametrize("other", [RESP, PULSE, COUNTER, CLOCK, SILENT, N // 900 % 2])
@pytest.mark.parametrize("at", [0, 1])
def test_by_beats_where_no_name_tells(other, at):
    signals = [("column 0", other), ("column 1", other)]
    signals[at] = (f"column {at}", ECG)
    recording = read(contents(*signals, units=[None, None]))
    assert recording.lead == f"column {at}" and recording.second is None
    assert any("taken for its beats" in note and "beats at" in note for note in recording.notes)


@pytest.mark.parametrize("names", [("column 0", "column 1"), ("one", "two"), ("CH1", "CH2")])
@pytest.mark.parametrize("pair", [(ECG, 0.9 * ECG), (RESP, PULSE), (RESP, COUNTER)])
def test_asks_where_neither_decides(names, pair):
    held = contents(*zip(names, pair))
    with pytest.raises(InputError, match="say which is the ECG with --lead") as error:
        read(held)
    assert all(name in str(error.value) for name in names) and "\n" not in str(error.value)
    assert read(held, lead=0).lead == names[0]


def test_never_a_clock_or_counter_even_if_asked():
    for x, word in ((COUNTER, "counts"), (CLOCK, "rises")):
        for name, given in (("ECG", None), ("column 0", None), ("column 0", 0)):
            with pytest.raises(InputError, match=f"{name} {word}.*no ECG"):
                read(contents((name, x)), lead=given)


def test_other_signals_alone_are_refused_unless_asked():
    held = contents(("RESP", RESP), ("ABP", PULSE), units=["mV", "mmHg"])
    with pytest.raises(InputError, match=re.escape("RESP in mV, ABP in mmHg: none is an ECG")):
        read(held)
    assert read(held, lead="RESP").lead == "RESP"
    with pytest.raises(InputError, match="in mmHg, not in volts.*--unit"):
        read(held, lead="ABP")
    assert read(held, lead="ABP", unit="mV").lead == "ABP"


def test_twelve_leads_without_names():
    """They are told by Einthoven's and Goldberger's equations; any other twelve are asked about."""
    one, two = ECG, 1.4 * ECG + 0.05 * np.roll(ECG, 7)
    limbs = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    chest = [ECG * k for k in range(1, 7)]
    names = [f"column {k}" for k in range(12)]
    recording = read(contents(*zip(names, limbs + chest), kinds=["ECG"] * 12))
    assert recording.lead == "II"
    recording = read(contents(*zip(names, limbs + chest)))
    assert recording.lead == "II" and recording.leads[6] == "V1" and len(recording.others) == 11
    assert any("III = II - I" in note for note in recording.notes)
    with pytest.raises(InputError, match="--lead"):
        read(contents(*zip(names, chest + limbs)))


def test_exg_channels_come_before_others():
    names = ("Accel Channel 0", "EXG Channel 0", "EXG Channel 1", "Other")
    recording = read(contents(*zip(names, (ECG, ECG, SILENT, ECG))))
    assert recording.lead == "EXG Channel 0"


def test_the_rate_is_asked_for():
    with pytest.raises(InputError, match="--fs"):
        read(contents(("column 0", RESP), ("column 1", ECG), fs=None))
    assert read(contents(("column 0", RESP), ("column 1", ECG), fs=None), fs=FS).lead == "column 1"


def test_leads_of_one_name_are_told_by_their_numbers():
    held = contents(("ECG", ECG), ("ECG", 2 * ECG), ("ECG", 3 * ECG))
    recording = read(held, lead=1, second=0)
    np.testing.assert_allclose(recording.second, ECG, atol=1e-6)
    with pytest.raises(InputError, match="first lead already"):
        read(held, lead=1, second=1)
    assert len(read(held).signals()) == 3
