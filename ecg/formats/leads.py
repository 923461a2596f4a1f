"""The names of leads, and of what is not an ECG, in the spellings of recorders and databases."""

import re
from collections.abc import Sequence
from pathlib import Path

from ecg.artifacts import InputError
from ecg.formats.units import is_plain, voltage

_LEAD = re.compile(
    r"M?L?I{1,3}|AV[RLF]|M?V[1-9]R?|V|M?CL\d|ML\d|C[MCBS]\d|M?D[1-4]|(V[1-9]){2}|V[XYZ]"
)
_ELECTRODES = {"LARA": "I", "LLRA": "II", "LLLA": "III"}  # of a lead, from - to +
_FRANK = re.compile(r"[XYZ]")  # acceleration, unless it is in volts
_IEC_CHEST = re.compile(r"C[1-6]")  # V1 ... V6; beside EEG electrodes C3 and C4 are others
_LEAD_WORD = re.compile(
    r"LEAD|ABLEITUNG|ABL(?![A-Z])|DERIVACI[OÓ]N|DERIVAZIONE|D[EÉ]RIVATION|DERIVA[CÇ][AÃ]O"
    r"|ОТВЕДЕНИЕ|导联|導聯|導程|誘導|유도"
)
_ECG = re.compile(
    r"e[ck]g|electro?cardio|elektrokardio|心电|心電|экг|электрокардио|심전", re.IGNORECASE
)
# words, in small letters, of names that are never an ECG; beside `ecg` they say: made of it
_DERIVED = re.compile(
    r"(heart ?)?rate|hr|bpm|quality|sqi|(r|p|q|s|t) ?peaks?|peaks?|onsets?|offsets?|phase"
    r"|completion|time|times|timestamps?|stamp|markers?|status|state|lead ?off|leads? ?on"
    r"|impedance|contact|gain|artifacts?|artefacts?|label|labels|class|annotations?|annot|beats?"
    r"|intervals?|rri?|ibi|flags?"
    r"|index|id|events?|counts?|counter|mask|valid|saturated|battery|respiration|edr|unit|units"
)
_OTHER = re.compile(
    r"resp\w*|rsp|breath\w*|atmung\w*|thor|thorax|abd\w*|airflow|flow|nasal|snore|schnarch\w*"
    r"|pleth\w*|ppg\w*|bvp|pulse?|puls|pouls|pulso|spo2|sp02|sao2|o2|etco2|co2|oxygen\w*|ir|red|green"
    r"|abp|art|art\d|bp|nibp|cvp|pap|icp|cpp|press\w*|druck|blood|sys|dia|map|lap|rap"
    r"|eeg|emg|eog|eda|gsr|scl|scr|egg|erg|meg|pcg|phono\w*|heart ?sounds?|sounds?|mic\w*|audio"
    r"|acc|acc?el\w*|acc?[xyz]|gyro?\w*|mag\w*|imu|position|pos|angle|speed|velocity|gps|lat|lon"
    r"|motion|activity|steps?|temp|temperatur\w*|skin|humidity|light|lux|force|fsr|torque|strain"
    r"|batt?|battery|volt(age)? ?battery|supply|counter|counts?|count|seq|nseq|packet\w*|frame"
    r"|index"
    r"|markers?|trigger|trig|stim\w*|events?|digital|di|dio|io|i1|i2|o1|o2|sync"
    r"|patients?|patient ?id|subject\w*|pid|id|record\w*|session|age|sex|gender|year|month|day|hour"
    r"|minutes?|seconds?|time\w*|date\w*|clock|uhrzeit|zeit|temps|tiempo|datum|fecha"
    r"|label\w*|annot\w*|class\w*|target|beats?|status|state|quality|sqi|hr|hf|heart ?rate"
    r"|herzfrequenz"
    r"|bpm|rr|rri|ibi|hrv|flags?|impedance|lead ?off|leadoff|rssi|not used"
)
_OTHER_SIGNS = re.compile(
    r"呼吸|脉搏|脈搏|血氧|血压|血壓|体温|體溫|温度|时间|時間|日期|序号|序號|脑电|腦電|肌电|肌電|加速|心率|标签|標籤|患者"
    r"|дыхание|пульс|время|давлен|температур|ээг|эмг|метка|номер"
)
_PROCESSED = re.compile(
    r"clean\w*|filt\w*|denois\w*|smooth\w*|norm\w*|detrend\w*|inverted|envelope|bandpass\w*"
)
UNNAMED = re.compile(r"(column|signal) \d+|", re.IGNORECASE)
_EXG = re.compile(r"\bexg\b", re.IGNORECASE)


def lead_key(name: str) -> str:
    """The lead that a name means: `ECG Lead II`, `EKG-II`, `ii`, `DII`, `Ableitung 2` -> II"""
    plain = re.sub(r"[\[(].*?[\])]", "", name).upper()
    numbered = _LEAD_WORD.search(plain) is not None
    plain = re.sub(rf"[\s_\-:.]|{_LEAD_WORD.pattern}", "", plain)
    plain = re.sub(r"^(ECG|EKG|心电图?|心電圖?|ЭКГ|MOD(?=V))(?=.)", "", plain)
    if plain in _ELECTRODES:
        return _ELECTRODES[plain]
    if roman := re.fullmatch(r"D(I{1,3}|[123])" + (r"|([123])" if numbered else ""), plain):
        plain = roman[0].removeprefix("D")
        plain = "I" * int(plain) if plain.isdigit() else plain
    return plain or name.upper()


def is_ecg(name: str, kind: str = "", unit: str | None = None, among: Sequence[str] = ()) -> bool:
    """Whether a signal is an ECG by its name: `ECG`, `EKG1`, `心电`, or that of a lead.

    kind: what the file says that it measures, which has the first word. unit: as the file has it,
    None where it does not. among: the names of all signals of the file, on which C1 ... C6 depend:
    chest leads beside I or II, else electrodes of an EEG."""
    if kind and (says := _says(kind)):
        return says == "ecg"
    if _other_unit(unit):
        return False
    if _ECG.search(name):
        return _says(name) == "ecg"
    key = lead_key(name)
    if name.strip().upper() == "DI":  # a recorder's digital input, but where other leads are
        return any(lead_key(other) in ("II", "III", "AVR", "V1") for other in among)
    if _FRANK.fullmatch(key):
        return unit is not None and voltage(unit) is not None
    if _IEC_CHEST.fullmatch(key):
        return bool({"I", "II"} & {lead_key(other) for other in among})
    return _LEAD.fullmatch(key) is not None


def is_something_else(name: str, kind: str = "", unit: str | None = None) -> bool:
    """Whether a signal is no ECG by its name, by what the file says that it measures, or by its
    unit: breathing, a pulse wave, a pressure, a counter, a clock, a patient's number ..."""
    return (_says(kind) or _says(name)) == "other" or _other_unit(unit)


def is_processed(name: str) -> bool:
    """Whether a name says that something was done to the signal, as `ECG_Clean` does; beside the
    raw one it is no lead of its own."""
    return _holds(_PROCESSED, _words(name))


def is_exg(name: str) -> bool:
    """Whether a name says that it is a potential of the body, but not which: `EXG Channel 0`."""
    return _EXG.search(_words(name)) is not None


def _other_unit(unit):
    return unit is not None and voltage(unit) is None and not is_plain(unit) and "/" not in unit


def _words(name):
    """A name in small letters, its words apart: `ECG_R_Peaks`, `HeartRate` -> `heart rate`"""
    apart = re.sub(r"[\[(].*?[\])]", " ", name)
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", apart)
    return " ".join(re.split(r"[\s_\-:.,/#]+", apart)).strip().lower()


def _says(name):
    """`ecg`, `other` or "" where a name says neither."""
    words = _words(name)
    if _ECG.search(words):
        rest = _ECG.sub(" ", words)
        return "other" if _holds(_DERIVED, rest) else "ecg"
    if _OTHER_SIGNS.search(words) or _holds(_OTHER, words):
        return "other"
    return ""


def _holds(pattern, words):
    """Whether one of the words, or a few of them together, are what a pattern means."""
    return re.search(rf"(?<![^\W\d_])(?:{pattern.pattern})(?![^\W_])", words) is not None


def choose_lead(
    names: Sequence[str], lead: str | int, path: Path | str, option: str = "--lead"
) -> int:
    """Number of the wanted lead among `names`.

    lead: a name or a number from 0. Raises InputError, naming `path` and `option`, where there is
    no such lead."""
    wanted = str(lead)
    for matches in (
        [k for k, name in enumerate(names) if name == wanted],
        [int(wanted)] if re.fullmatch(r"\d+", wanted) and int(wanted) < len(names) else [],
        [k for k, name in enumerate(names) if lead_key(name) == lead_key(wanted)],
    ):
        if matches:
            return matches[0]
    raise InputError(
        f"{path} has no lead {lead!r}: {option} takes one of "
        + ", ".join(f"{k} ({name})" for k, name in enumerate(names))
    )


def ranked(names: Sequence[str]) -> list[int]:
    """Numbers of the named leads, the one to label first: II (what the models saw most), unless the
    first is one of those the models were trained on (II, V5) or none is called II; the others in
    the order of the file."""
    keys = [lead_key(name) for name in names]
    order = list(range(len(keys)))
    if keys and keys[0] not in ("MLII", "II", "V5"):
        order.sort(key=lambda k: keys[k] not in ("MLII", "II"))
    return order


def ranked_beside(names: Sequence[str], first: str) -> list[int]:
    """Numbers of the named leads that may stand beside lead `first`, the likeliest to add something
    first: what MIT-BIH has beside lead II."""
    rank = ["V1", "MV1", "V5", "MV5", "V2", "MV2"]
    if lead_key(first) not in ("MLII", "II"):
        rank = ["MLII", "II", *rank]
    keys = [lead_key(name) for name in names]
    return sorted(range(len(keys)), key=lambda k: (*rank, keys[k]).index(keys[k]))
