"""What the name of a column says of time: a unit, that it holds times, that it counts."""

import re

_UNITS = {  # s
    "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondi"
    " сек секунд секунды с": 1.0,
    "ms msec msecs milli millis millisec millisecond milliseconds millisekunden millisecondes"
    " milisegundos millisecondi мс миллисекунды": 1e-3,
    "us µs μs usec usecs micro micros microsec microsecond microseconds mikrosekunden"
    " microsecondes microsegundos мкс микросекунды": 1e-6,
    "ns nsec nsecs nano nanos nanosec nanosecond nanoseconds nanosekunden nanosecondes"
    " nanosegundos нс наносекунды": 1e-9,
    "min mins minute minutes minuten minutos minuti мин": 60.0,
    "h hr hrs hour hours stunde stunden heures horas ore ч": 3600.0,
    "day days tage jours dias": 86400.0,
}
_UNIT_OF = {word: unit for words, unit in _UNITS.items() for word in words.split()}
_SIGNS = (  # of languages that do not part words; the longer ones first
    (r"毫秒|ミリ秒|밀리초", 1e-3),
    (r"微秒|マイクロ秒|마이크로초", 1e-6),
    (r"纳秒|納秒|ナノ秒|나노초", 1e-9),
    (r"秒|초", 1.0),
    (r"分钟|分鐘", 60.0),
)
_TIME = set(
    "t time times timestamp timestamps stamp timecode datetime date clock epoch unix elapsed tick"
    " ticks zeit uhrzeit zeitstempel datum temps heure horodatage tiempo hora fecha tempo ora время"
    " дата".split()
)
_TIME_SIGNS = re.compile(r"时间|時間|时刻|時刻|时间戳|日期|日時|시간|날짜")
_COUNT = set(
    "sample samples smp index idx n nr no num number count counter cnt seq nseq sequence frame"
    " packet package row line id #".split()
)
_COUNT_SIGNS = re.compile(r"序号|序號|编号|編號|样本|采样点|番号")


def unit_in(name: str) -> float | None:
    """The unit of time in s that a column's name holds, in brackets (`Time [ms]`) or not (`t_us`);
    None where it holds none (`Time [h:mm:ss]` tells a form)."""
    if re.search(r"[hm]+:[ms]+", name, re.IGNORECASE):
        return None
    brackets = re.search(r"[(\[{（【]([^)\]}）】]*)[)\]}）】]", name)
    for part in (brackets[1] if brackets else "", name):
        for word in _words(part):
            if word in _UNIT_OF:
                return _UNIT_OF[word]
        for signs, unit in _SIGNS:
            if re.search(signs, part):
                return unit
    return None


def names_time(name: str) -> bool:
    """Whether a column's name says that it holds times: Timestamp, t, Zeit in ms, millis, 时间"""
    words = _words(name)
    only_unit = len(words) == 1 and words[0] in _UNIT_OF
    return only_unit or not _TIME.isdisjoint(words) or bool(_TIME_SIGNS.search(name))


def names_count(name: str) -> bool:
    """Whether a column's name says that it counts: Sample Index, nSeq, #, packet counter"""
    return not _COUNT.isdisjoint(_words(name)) or bool(_COUNT_SIGNS.search(name))


def _words(name):
    """The words of a name, small: TimestampMs, time_ms -> timestamp, ms; time, ms"""
    apart = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", name)
    words = re.findall(r"[^\W\d_]+|#", apart.lower())
    ends = (re.fullmatch(r"(time|stamp|timestamp)(ms|us|ns)", word) for word in words)
    return [part for word, end in zip(words, ends) for part in (end.groups() if end else (word,))]
