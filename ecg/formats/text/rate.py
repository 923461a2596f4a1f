"""The sampling rate that the lines above a text table name, in the words of many languages."""

import re
import unicodedata
from collections.abc import Iterator

from ecg.formats.recording import LOWEST_FS

LONGEST_LINE = 2000  # characters, in which words are looked for
_FASTEST = 100_000  # Hz
_W = r"\w{0,12}?"  # the rest of a word
_SAMPLING = (
    rf"(?:samp(?:l{_W})?|abtast{_W}|mess|digiti[sz]{_W}|acquisition|recording|echantillonnage"
    rf"|muestreo|amostragem|campionamento|bemonster{_W}|probkowania|ornekleme|vzorkovaci"
    rf"|naytteenotto{_W}|mintaveteli|esantionare|дискретизации|дискретизаціі|опроса|выборки"
    r"|采样|取样|采集|採樣|取樣|採集|サンプリング|サンプル|標本化|표본화?|샘플링?)"
)
_RATE = (
    rf"(?:rate|freq(?:uency|uences?|uenz|uenza|uencia)?|frekvens{_W}|frekvence|frekvencia"
    rf"|frequentie|frekans{_W}|frecuencia|taux|taxa|tasa|tasso|cadence|velocidad|hastighe[dt]"
    rf"|snelheid|czestotliwosc|hiz{_W}|hız{_W}|taajuus|frecventa|частота"
    r"|率|频率|速率|速度|頻率|周波数|レート|율|주파수|속도|레이트)"
)
_INTERVAL = (
    r"(?:intervall?[eo]?|interval|period[eo]?|periode|step|pas|abstand|dauer|zeit|time|tempo|odstep"
    r"|интервал|период|шаг|间隔|周期|間隔|間隔時間|간격|주기)"
)
_OF = r"\s*(?:of|de|di|da|der|d|van)?\s*(?:the|la|l)?\s*['’]?\s*"
_GAP = r"[\s_\-./]{0,3}(?:time)?[\s_\-./]{0,2}"
_NOT_NEGATIVE = r"(?<![\s:=,;\"'(\[][-−])(?<!^[-−])"
# no clock, no date, no rate below zero
_NUMBER = rf"(?<!\d){_NOT_NEGATIVE}(\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)(?![\d:]|[-/.]\d)"
# to the number behind the words: `(Hz):= `, `", `, ` of the ECG = `
_TO = r"(?![a-zа-я])(?:\W{0,3}1/s\W{0,4}|\W{0,3}|[^\d;|\n]{0,40}?)"
_UNIT = r"\s*(к?гц|герц\w{0,12}|赫兹?|赫茲|ヘルツ|헤르츠|毫秒|秒|[a-zµμ]*(?:/[a-z]+)?)"
_RATE_WORDS = re.compile(
    rf"(?:{_SAMPLING}{_GAP}{_RATE}|{_RATE}{_OF}{_SAMPLING}"
    r"|samples?[ _]?(?:/|per|a|pro)[ _]?s[a-z]{0,6}"
    rf"|(?<![a-z0-9])(?:s?fs|sfreq|f_s|srate|sr|fe)(?=[\s\"'\[(_:=,;]))({_TO}){_NUMBER}{_UNIT}"
)
_INTERVAL_WORDS = re.compile(
    rf"(?:{_SAMPLING}{_GAP}{_INTERVAL}|{_INTERVAL}{_OF}{_SAMPLING}|^\W*(?:time ?)?interval"
    rf"|(?:^|(?<=[\s,;]))(?:dt|delta ?t|time ?step|zeitschritt|pas de temps|period)(?=\W))"
    rf"({_TO}){_NUMBER}{_UNIT}"
)
_A_SECOND = re.compile(
    rf"{_NUMBER}\s*(k?)(?:sps|sa?/s|(?:sampl|smpl|abtast|echantillon|muestra|amostra|campion"
    rf"|отсчет|выбор){_W}\s*(?:/|per|par|pro|por|al|a|в)\s*s?{_W}|点/秒|次/秒|サンプル/秒)(?![a-z])"
    rf"|(?:sps|sa?/s|(?:samples|abtastungen|muestras|echantillons)\s*(?:/|per|pro|por|par)\s*s{_W})"
    rf"\W{{1,4}}{_NUMBER}"
)
_A_SAMPLE = re.compile(
    rf"{_NUMBER}\s*(ms|msec|milliseconds?|[uµμ]s|usec|s|secs?|seconds?)\s*(?:/|per)\s*sample"
)
_HERTZ = re.compile(rf"{_NUMBER}\s*(k?)(?:hertz|hz\b|赫兹|赫茲|赫|ヘルツ|к?гц|герц|헤르츠)")
_FREQUENCY_LINE = re.compile(
    rf"\W*(?:{_RATE}|hz|khz)\W{{0,4}}(hz|khz|)\W{{1,4}}{_NUMBER}\s*(k?hz|)\W*"
)
# whose hertz are no sampling rate
_FILTER = re.compile(
    r"filt|mains|notch|band|pass|line noise|cut[ -]?off|corner|\bhum\b|netz|hpf|lpf|coupure|пропуск"
    r"|фильтр|сетев|滤波|工频|濾波|フィルタ|필터|heart|puls|herz|心率|original"
)
_TIME_UNITS = {"ms": 1e-3, "mse": 1e-3, "mil": 1e-3, "us": 1e-6, "use": 1e-6, "mic": 1e-6}
_TIME_UNITS |= {"s": 1.0, "sec": 1.0, "sek": 1.0, "ns": 1e-9, "nan": 1e-9, "毫秒": 1e-3, "秒": 1.0}


def plain(line: str) -> str:
    """The beginning of a line in small letters, without accents, full-width signs and such."""
    text = unicodedata.normalize("NFKC", line[:LONGEST_LINE]).lower()
    text = unicodedata.normalize("NFD", text)
    text = re.sub("[\u0300-\u036f]", "", text)
    return unicodedata.normalize("NFC", text).replace("’", "'")


def as_written(match: re.Match, line: str, group: int | str = 1) -> str:
    """What a group of a match in plain(line) is in the line itself."""
    same = len(match.string) == len(line)  # else signs have changed, such as full-width ones
    return line[slice(*match.span(group))] if same else match[group]


def rate_of(lines: list[str]) -> float | None:
    """Sampling rate in Hz that the lines above a table name: `fs = 250`, `Sample interval (ms): 4`,
    `250 SPS`, or the only figure in hertz (no filter's); None where they do not."""
    texts = [plain(line) for line in lines]
    texts.sort(key=lambda text: ("ecg" not in text) + 2 * ("original" in text))  # stable
    for find in (_by_words, _by_interval, _by_unit):
        for text in texts:
            if fs := find(text):
                return fs
    hertz = [text for text in texts if not _FILTER.search(text)]
    figures = {
        _number(match[1]) * (1000 if match[2] or "кг" in match[0] else 1)
        for text in hertz
        for match in _HERTZ.finditer(text)
    }
    figures = {value for value in figures if value >= LOWEST_FS}
    return figures.pop() if len(figures) == 1 else None


def _by_words(text):
    for match in _RATE_WORDS.finditer(text):
        value, unit, between = _number(match[2]), match[3], match[1]
        seconds = _seconds(unit, between)
        if seconds and "/" not in unit and value * seconds <= 1 / LOWEST_FS:
            return 1 / (value * seconds)  # `sampling rate: 4 ms`
        if unit[:1] in ("k", "к") or "khz" in between or "ksps" in between:
            return 1000 * value
        if value < LOWEST_FS and re.fullmatch(r"\d{1,2}[.,]000", match[2]):
            return 1000 * value  # 1.000 Hz, with a sign between thousands
        if value:
            return value
    if whole := _FREQUENCY_LINE.fullmatch(text):
        value = _number(whole[2]) * (1000 if "khz" in whole[0] else 1)
        return value if LOWEST_FS <= value <= _FASTEST else None
    return None


def _by_interval(text):
    for match in _INTERVAL_WORDS.finditer(text):
        value, seconds = _number(match[2]), _seconds(match[3], match[1])
        if match[3] and not seconds:  # two days
            continue
        for factor in (seconds,) if seconds else (1.0, 1e-3):
            if value and LOWEST_FS <= 1 / (value * factor) <= _FASTEST:
                return _round_rate(1 / (value * factor))
    return None


def _by_unit(text):
    if match := _A_SAMPLE.search(text):
        value = _number(match[1]) * (_seconds(match[2], "") or 1.0)
        return _round_rate(1 / value) if value else None
    for figure in _A_SECOND.finditer(text):
        value = _number(figure[1] or figure[3]) * (1000 if figure[2] else 1)
        if LOWEST_FS <= value <= _FASTEST:
            return value
    return None


def _number(text):
    return float(text.replace(",", "."))


def _round_rate(fs):
    """A rate without the rounding of the interval it was taken from: 1 / 0.004 s."""
    return float(round(fs)) if abs(fs - round(fs)) < 1e-6 * fs else fs


def _seconds(unit, between):
    """Seconds per unit of time that stands behind a number or, in brackets, before it; None where
    there is none."""
    for word in _words_of_time(unit, between):
        word = word.replace("µ", "u").replace("μ", "u")
        if factor := _TIME_UNITS.get(word) or _TIME_UNITS.get(word[:3]):
            return factor
    return None


def _words_of_time(unit, between) -> Iterator[str]:
    yield unit
    yield from re.findall(r"[\[(_ ]\s*([a-zµμ毫秒]+)\s*(?=[\])\s:=,]|$)", between)
