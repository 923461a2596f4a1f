"""Whose recording a text table is, when it was made, by what: from the lines above it, in the words
of several languages. Names of persons are not taken."""

import re
from collections.abc import Iterator

from ecg.formats.clinical import age_of, sex_of
from ecg.formats.recording import Facts
from ecg.formats.text.dates import Moment, moment_of
from ecg.formats.text.rate import as_written, plain

# words before `:`, `=` or a delimiter, as plain() has them; those of a start win over a bare `date`
_START = (
    r"(?:ecg |ekg )?(?:record(?:ed|ing)?|acquisition|measurement|meas|exam(?:ination)?|study|test"
    r"|session|start(?:ing)?|begin|start of (?:recording|measurement)|recording start|acquired)"
    r"[ _-]?(?:date(?:[ _/-]?(?:and )?time)?|time|datetime|timestamp|at|on)"
    r"|record(?:ed|ing)?|start|begin|starttime|startdate|datetime|date ?/ ?time|date and time"
    r"|(?:date|time)[ _]of[ _](?:recording|measurement|examination|acquisition|test)"
    r"|record(?:ing)?(?:date|time)|(?:recording|measurement|acquisition)[ _-]?start"
)
_START_FOREIGN = (
    r"auf(?:nahme|zeichnungs?)(?:datum|zeit|beginn|start)|mess(?:datum|zeitpunkt|beginn)"
    r"|start(?:zeit|datum)|beginn|datum der aufnahme|untersuchungsdatum|aufgezeichnet am"
    r"|date (?:d'enregistrement|de l'enregistrement|enregistree|de debut|d'acquisition|de l'examen)"
    r"|enregistre le|heure (?:de debut|d'enregistrement)|debut"
    r"|fecha (?:de (?:registro|grabacion|inicio|la grabacion|adquisicion)|grabada|registrada)"
    r"|hora de inicio|inicio|data (?:de (?:registro|gravacao|inicio)|di registrazione|registrata)"
    r"|hora do inicio|ora di inizio|inizio|datum (?:en tijd|opname)|opnamedatum|starttijd"
    r"|(?:记录|录制|采集|測量|测量|检查|檢查|开始|開始|起始|記錄|记录开始|采集开始)"
    r"(?:日期|时间|時間|日期时间)"
    r"|(?:記録|測定|計測|検査|開始)(?:日時?|時刻|日)"
    r"|(?:기록|측정|시작|검사) ?(?:날짜|일시|시간|일자)"
    r"|дата(?: и время)?(?: (?:записи|начала|исследования|регистрации))?"
    r"|время (?:начала|записи)|начало"
)
_DATE = r"date|day"
_DATE_FOREIGN = r"datum|fecha|data|jour|日期|日付|日時|날짜|tag"
_TIME = r"time|clock"
_TIME_FOREIGN = r"uhrzeit|zeit|heure|hora|ora|时间|時間|時刻|시간|время"
_BIRTH = r"date[ _]of[ _]birth|birth[ _]?(?:date|day)|dob|born"
_BIRTH_FOREIGN = (
    r"geburts(?:datum|tag)|geb\.?(?:datum)?|date de naissance|fecha de nacimiento|data di nascita"
    r"|data de nascimento|geboortedatum|出生日期|出生年月日?|生日|生年月日|생년월일|дата рождения"
)
_AGE = (
    r"(?:patient|subject)?[ _]?age(?: ?[(\[]?(?:years?|yrs?|y)[)\]]?)?"
    r"|alter(?: ?[(\[]?jahre[)\]]?)?|edad|idade|eta|leeftijd|年龄|年齡|年齢|나이|연령|возраст"
)
_SEX = (
    r"(?:patient|subject)?[ _]?(?:sex|gender)|geschlecht|sexe|sexo|genero|sesso|geslacht"
    r"|性别|性別|성별|пол"
)
_DEVICE = (
    r"(?:recording[ _])?device(?:[ _](?:name|model|type))?|recorder(?:[ _](?:type|model|name))?"
    r"|instrument|board|hardware|gerat(?:e?typ|ename)?|rekorder|appareil|enregistreur|dispositivo"
    r"|equipo|apparaat|设备(?:型号|名称)?|仪器|記録器|機器|기기|장치|устройство|прибор|регистратор"
)
_PATIENT_ID = (
    r"(?:patient|subject|participant|person|case)s?[ _-]?(?:id|no|nr|number|code|identifier)\.?"
    r"|mrn|patienten?[ -]?(?:id|nummer|nr)\.?|probanden?[ -]?(?:id|nummer|nr|code)\.?"
    r"|(?:identifiant|numero|n°|no|code) (?:du |de )?patient|id[ _](?:del )?pa(?:t|c)iente?"
    r"|(?:患者|病人|受试者|受試者)(?:编号|編號|id|号|番号|识别号)|病历号|病歷號|환자 ?(?:번호|id)"
    r"|(?:id|номер|код) пациента"
)
_PATIENT = r"patient|subject|participant|proband|paciente|paziente|id|编号|患者|受试者"
_SEX_WORDS = {
    "male": "male mann mannlich masculin masculino homme hombre maschio maschile man мужской муж м"
    " 男 男性 남 남성 남자",
    "female": "female frau weiblich feminin femenino feminino femme mujer femmina femminile vrouw"
    " женский жен ж 女 女性 여 여성 여자",
}
_SEPARATOR = r"\s*(?:[(\[][^)\]]*[)\]])?\s*\"?\s*(?::=|[:=,;\t]|是)\s*"
_END = r"(?=\s*[;|\t]|,\s*(?:[^\W\d][\w ]{0,40})[:=]|\s*$)"


def _pattern(*words):
    return re.compile(
        rf"(?:^|[;|,\t])[\s#%\"']*(?:{'|'.join(words)}){_SEPARATOR}(.{{0,200}}?){_END}",
        re.IGNORECASE,
    )


_STARTS = (  # (pattern, whether its words are not English), the surest first
    (_pattern(_START), False),
    (_pattern(_START_FOREIGN), True),
    (_pattern(_DATE), False),
    (_pattern(_DATE_FOREIGN), True),
    (_pattern(_TIME), False),
    (_pattern(_TIME_FOREIGN), True),
)
_BIRTHS = ((_pattern(_BIRTH), False), (_pattern(_BIRTH_FOREIGN), True))
_AGES, _SEXES, _DEVICES, _IDS, _PATIENTS = map(
    _pattern, (_AGE, _SEX, _DEVICE, _PATIENT_ID, _PATIENT)
)
_SURE = re.compile(
    rf"[\s#%\"']*(?:{_BIRTH}|{_BIRTH_FOREIGN}|{_SEX}|{_DEVICE}|{_PATIENT_ID}|(?:patient )?name|nom"
    r"|nombre|classification|klassifizierung|symptom[es]?s?|software ?version)\s*[:=,;\t]"
)


def facts_of(lines: list[str]) -> Facts:
    """What the lines above a table say of person, start and recorder."""
    pairs = [(plain(line), line) for line in lines]
    start = _start(pairs)
    births = (
        moment_of(plain(value), foreign).date
        for pattern, foreign in _BIRTHS
        for value in _found(pattern, pairs)
    )
    age = _age(next(_found(_AGES, pairs), ""))
    return Facts(
        start.date,
        start.clock,
        _patient(pairs),
        age_of(next(births, None), start.date, age),
        _sex(next(_found(_SEXES, pairs), "")),
        next(_found(_DEVICES, pairs), "")[:60],
    )


def is_fact(line: str) -> bool:
    """Whether a line says something of person or recorder: `Device,"Watch4,2"`."""
    return _SURE.match(plain(line)) is not None


def _found(pattern, pairs) -> Iterator[str]:
    """The values behind the words of a pattern, as they are written."""
    for text, line in pairs:
        for match in pattern.finditer(text):
            if value := as_written(match, line).strip(" \t\"',;"):
                yield value


def _start(pairs):
    date = clock = None
    for pattern, foreign in _STARTS:
        for value in _found(pattern, pairs):
            moment = moment_of(plain(value), foreign)
            if date is None and moment.date is not None:
                date = moment.date
                clock = moment.clock or clock  # what stands beside a date is of it
            clock = clock or moment.clock
    return Moment(date, clock)


def _patient(pairs):
    for value in _found(_IDS, pairs):
        return value[:60]
    for value in _found(_PATIENTS, pairs):  # a number or a code, never a name
        if re.fullmatch(r"[\w\-]*\d[\w\-]*", value):
            return value[:60]
    return ""


def _age(value):
    match = re.match(r"\s*(\d{1,3}(?:[.,]\d+)?)\s*(m(?:o|onths?|on)?\b|月)?", plain(value))
    if match is None:
        return None
    return float(match[1].replace(",", ".")) / (12 if match[2] else 1)


def _sex(value):
    word = plain(value).strip(" .")
    return next((sex for sex, words in _SEX_WORDS.items() if word in words.split()), sex_of(value))
