"""What a signal is by its name, in the spellings of recorders and databases."""

import pytest

from ecg.formats.leads import is_ecg, is_something_else, lead_key, ranked, ranked_beside

LEADS = (
    "I II III aVR aVL aVF avf V1 V6 V9 V3R V MLII MLI ML5 MCL1 CM5 CS2 DI DII DIII D1 D2 mV1 "
    "lead_ii LEAD_V1 Lead-II lead2 VX ECG ekg EKG1 ECG2 ECG_II ecgI ecg_raw ECGV5 modV1 V1-V2 "
    "心电 心电图 导联II II导联 ЭКГ ECG-A Elektrokardiogramm"
).split()
LEADS += ["ECG lead II", "EKG I", "lead I", "ecg [uV]", "II (mV)", "Ableitung II", "ЭКГ II"]
LEADS += ["EEG EKG-REF", "Derivación III", "ECG (LL-RA)", "Dérivation II", "ECG 1", "LeadV4"]
OTHERS = (
    "RESP Resp1 PLETH Pleth2 PPG ABP ART ART1 CVP PAP ICP SpO2 SPO2 EEG EMG EOG EDA GSR AccX "
    "acc_x ACC gyro_z temp Temperature counter nSeq packet marker trigger Event patient_id "
    "subject time Timestamp HR BVP IR RED ECG_Rate ECG_Quality ECG_R_Peaks ECG_T_Onsets ecg_time "
    "heart_rate HeartRate RR_interval label class battery CO2 flow thorax abdomen snore PCG "
    "呼吸 脉搏 血氧 血压 体温 时间 心率 дыхание пульс"
).split()
OTHERS += ["Sample Index", "Accel Channel 0", "Other 3", "ECG heart rate", "Heart sound"][1:2]
OTHERS += ["ECG lead off", "heart rate", "Heart sound", "Resp oro-nasal", "Patient ID"]
NEITHER = "column 3|signal 0|CH1|channel 2|EXG Channel 0|value|Sample|A2|ai0|one|data|C3|X|x"


@pytest.mark.parametrize("name", LEADS)
def test_leads(name):
    assert is_ecg(name, among=["DI", "DII", "DIII"] if name == "DI" else [name])


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_never_an_ecg(name):
    assert not is_ecg(name, among=[name]) and is_something_else(name)


@pytest.mark.parametrize("name", NEITHER.split("|"))
def test_names_that_say_nothing(name):
    assert not is_ecg(name, among=[name]) and not is_something_else(name)


def test_what_the_file_says_it_measures_has_the_first_word():
    assert is_ecg("CH1", kind="ECG") and is_ecg("A2", kind="ecg sensor")
    assert not is_ecg("ECG", kind="Respiration") and is_something_else("CH1", kind="EMG")
    assert is_ecg("II", kind="RAW")  # which says nothing


def test_a_unit_that_is_no_voltage():
    assert not is_ecg("II", unit="mmHg") and is_something_else("one", unit="%")
    assert is_ecg("II", unit="uV") and is_ecg("II", unit="adu") and is_ecg("II", unit="200/mV")
    assert is_ecg("X", unit="mV") and not is_ecg("X", unit="g")  # Frank's, or acceleration


def test_chest_leads_as_iec_names_them():
    """C1 ... C6 stand beside limb leads; C3 and C4 of a sleep recording are on the scalp."""
    assert is_ecg("C3", among=["I", "II", "C1", "C2", "C3"])
    assert not is_ecg("C3", among=["ECG", "EEG F3", "C3", "C4"])


def test_a_digital_input_called_di():
    assert is_ecg("DI", among=["DI", "DII"]) and not is_ecg("DI", among=["nSeq", "DI", "CH1"])


@pytest.mark.parametrize(
    "name, key",
    [
        ("ECG Lead II", "II"),
        ("ekg-ii", "II"),
        ("DII", "II"),
        ("D3", "III"),
        ("Lead 1", "I"),
        ("aVR", "AVR"),
        ("LL-RA", "II"),
        ("ECG LA-RA", "I"),
        ("II [mV]", "II"),
        ("V5", "V5"),
        ("ECG", "ECG"),
        ("MLII", "MLII"),
    ],
)
def test_lead_key(name, key):
    assert lead_key(name) == key


def test_order():
    assert ranked(["I", "II", "V1"]) == [1, 0, 2] and ranked(["V5", "II"]) == [0, 1]
    assert ranked(["ECG", "ECG2"]) == [0, 1]
    assert ranked_beside(["III", "V5", "V1"], "II") == [2, 1, 0]
    assert ranked_beside(["V2", "II"], "V5") == [1, 0]
