"""What the lines above a text table say of its columns: the unit, the steps of the converter, the
lead, the list of the channels."""

import re
from typing import NamedTuple

from ecg.formats.leads import is_ecg
from ecg.formats.text.facts import is_fact
from ecg.formats.text.rate import as_written, plain, rate_of
from ecg.formats.units import voltage

_UNIT_WORD = re.compile(
    r"\bunits?\b|einheit|unidad|\bunite|unita\b|eenheid|unidade|jednostka|единиц|单位|單位|単位|단위"
)
_VALUES_IN = re.compile(
    r"(?:amplitude|voltage|values?|signals?|data|spannung|werte|tension|voltaje|幅值|电压)"
    r"(?:\s+(?:is|are|values?))?\s*(?:[\[(]|in |en )\s*([mnuµμ]?v|(?:milli|micro)?volts?)\b"
)
_STEPS = (
    r"(?:adu|adc(?: ?(?:units?|counts?|values?))?|a/d|counts?|units?|lsbs?|digits?|steps?|bits?)"
)
_VOLT = r"([nmuµμ]?v|(?:milli|micro)volts?)"
_NUMBER = r"(?<!\d)(\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)"
_IS = r"\s*[)\]]?\s*(?::=|[:=,;\t])\s*"
# (units of the converter per volt, a number first or last) and (volts per unit)
_GAINS = (
    re.compile(rf"{_NUMBER}\s*{_STEPS}?\s*(?:/|per)\s*{_VOLT}\b"),
    re.compile(rf"{_STEPS}\s*(?:/|per)\s*{_VOLT}{_IS}{_NUMBER}"),
)
_WEIGHTS = (
    re.compile(rf"{_NUMBER}\s*{_VOLT}\s*(?:/|per)\s*{_STEPS}\b"),
    re.compile(rf"{_VOLT}\s*(?:/|per)\s*{_STEPS}{_IS}{_NUMBER}"),
    re.compile(rf"(?:1 )?lsb(?: ?(?:weight|size|value))?{_IS}{_NUMBER}\s*{_VOLT}\b"),
    re.compile(rf"(?:amplitude |adc |a/d |voltage )?resolution{_IS}{_NUMBER}\s*{_VOLT}\b"),
)
# 1 mV = 200 adu
_EQUAL = re.compile(rf"([1-9]\d*)\s*{_VOLT}\s*=\s*([1-9]\d*(?:[.,]\d+)?)\s*{_STEPS}")
_VOLTS = {"v": "V", "mv": "mV", "uv": "uV", "μv": "uV", "nv": "nV"}  # as people write them
_GAIN_LINE = re.compile(
    r"gain|verstark|scal|resol|lsb|adu|adc|a/d|count|sensitiv|units? per|per unit|faktor|factor"
)
_ZERO = re.compile(
    r"(?:adc[ _-]?zero|zero(?:[ _-](?:level|line|value|point))?|base ?line|offset)"
    r"(?:\s*[(\[][^)\]]*[)\]])?\s*(?::=|[:=,;\t])\s*(-?\d+)"
    r"(?![\d.,]*\d|\s*(?:[a-zµμ]*v|hz|m?s)\b)"
)
_LEAD_WORD = (
    r"(?:leads?|ableitung|derivations?|derivacion|derivazione|derivacao|afleiding|导联|導聯|導程|誘導"
    r"|유도|отведение|channel|kanal|canal|signal)"
)
_LEAD_LINE = re.compile(
    rf"[\s#%\"']*{_LEAD_WORD}(?: ?name)?\"?\s*(?::=|[:=,;\t])\s*\"?(.{{1,80}}?)[\s\",;]{{0,9}}"
)
_LEAD = re.compile(r"(?:ml|d)?i{1,3}|av[rlf]|v[1-9]r?|mv\d|m?cl\d|c[mbs]\d", re.IGNORECASE)
_LIST_WORD = re.compile(
    r"[\s#%\"']*(?:(?:channel|column|lead|signal) ?(?:names?|labels?|titles?)?s?|labels?|names"
    r"|kanale|ableitungen|kanalnamen|voies|canaux|canales|derivaciones"
    r"|通道|导联|列名|チャンネル|誘導|채널|каналы|отведения)\"?\s*(?::=|[:=])\s*(.+)"
)
_FILTER = re.compile(
    r"(?:^|[;|,\t])[\s#%\"']*(?P<what>(?:pre)?filt(?:er|re|ro)|band[ -]?pass|notch|high[ -]?pass"
    r"|low[ -]?pass|hochpass|tiefpass|滤波|濾波)(?:er|s| ?filter| ?settings?)*(?: ?[(\[]hz[)\]])?"
    r"\s*(?::=|[:=,;\t])\s*(?P<value>.{0,100}?)(?=\s*[;|\t]|,\s*[^\W\d][\w ]{0,40}[:=]|$)"
)
_STATEMENT = re.compile(r"[\s#%\"']*[\w /'().-]{2,40}(?::=|[:=])\s*\S")


class Converter(NamedTuple):
    """What is stored: `gain` units of the converter per `unit` of voltage, at zero volts `zero`.
    source: who says so."""

    gain: float
    zero: float
    unit: str
    source: str = "as the lines above the table say"


def unit_of(lines: list[str]) -> str | None:
    """Unit that the lines above a table name: `unit: mV`, `Einheit,µV`, `Units:= Volts`; not every
    volt that is mentioned there."""
    for line in lines:
        text = plain(line)
        words = [
            word.strip("\"'()[]")
            for word in re.split(r"[,;:=：\t ]+", line.strip().lstrip("#% "))
            if word
        ]
        units = [word for word in words[1:] if voltage(word) is not None]
        if units and (_UNIT_WORD.search(text) or len(words) == 2 and units[0].lower() != "v"):
            return units[-1]
        if match := _VALUES_IN.search(text):
            return _VOLTS.get(match[1], match[1])
    return None


def units_list(lines: list[str], width: int) -> list[str | None]:
    """A unit for each of `width` channels, where a line names as many: `Units:= mV<TAB>mmHg`."""
    for line in lines:
        match = re.match(r"[\s#%\"']*units?\"?\s*(?::=|[:=])\s*(.+)", line, re.IGNORECASE)
        if match and len(cells := _listed(match[1], width)) == width > 1:
            return [cell or None for cell in cells]
    return []


def converter_of(lines: list[str]) -> Converter | None:
    """What the lines say of the converter whose integers are stored: `Gain: 200/mV`, `LSB = 4.88
    uV`, `Scale: 2.5 uV/LSB`, with `ADC zero: 1024`; None where they do not."""
    texts = [plain(line) for line in lines]
    zeros = (match for match in map(_ZERO.search, texts) if match)
    zero = next((float(match[1]) for match in zeros), 0.0)
    for equal in filter(None, map(_EQUAL.search, texts)):
        gain = _value(equal[3]) / _value(equal[1])
        return Converter(gain, zero, _VOLTS.get(equal[2], equal[2]))
    for text in filter(_GAIN_LINE.search, texts):
        for patterns, is_gain in ((_WEIGHTS, False), (_GAINS, True)):
            for match in filter(None, (pattern.search(text) for pattern in patterns)):
                first, last = match[1], match[2]
                number, unit = (first, last) if first[0].isdigit() else (last, first)
                if (value := _value(number)) > 0:
                    return Converter(value if is_gain else 1 / value, zero, _VOLTS.get(unit, unit))
    return None


def _value(number):
    return float(number.replace(",", "."))


def lead_named(lines: list[str]) -> str:
    """The lead that one of the lines above a table of one column names: `Lead,Lead I`; "" where
    none does."""
    for line in lines:
        if match := _LEAD_LINE.fullmatch(plain(line)):
            words = as_written(match, line).split()
            if _LEAD.fullmatch(words[-1]):
                return words[-1]
            if len(words) <= 3 and re.search(r"e[ck]g", match[1]):
                return " ".join(words)
    last_words = (
        re.split(r"[,;:=\t ]+", line.strip().strip("\"',;"))[-1]
        for line in lines
        if not is_fact(line)  # Louis II
    )
    return next((word for word in last_words if re.fullmatch(r"I{1,3}|aV[RLF]", word)), "")


def names_listed(lines: list[str], width: int) -> list[str]:
    """The names of the channels of a table of `width` columns, where a line lists them all, or all
    but the first, which is the time: `Labels:= PCG<TAB>ECG`; [] where none does."""
    for line in lines:
        if match := _LIST_WORD.fullmatch(plain(line)):
            for many in (width, width - 1):
                if many > 1 and len(names := _listed(as_written(match, line), many)) == many:
                    return [""] * (width - many) + names
    return []


def _listed(text, many):
    """The items of a list, split by what gives `many` of them."""
    text = text.strip().strip("[](){}")
    for separator in (r"\t", r";", r",", r"\|", r"\s+"):
        items = [item.strip(" \"'") for item in re.split(separator, text.strip("\t "))]
        if len(items) == many:
            return items
    return []


def filters_of(lines: list[str]) -> str:
    """What the lines say was filtered before it was stored: `Filter: 0.5-40 Hz`, `Notch,50 Hz`; ""
    where they say nothing, or that nothing was."""
    said = []
    for line in lines:
        for match in _FILTER.finditer(plain(line)):
            value = as_written(match, line, "value").strip(" \t\"',;")
            if re.search(r"\d", value):  # not `none`
                said.append(value if "filt" in match["what"] else f"{match['what']} {value}")
    return ", ".join(dict.fromkeys(said))[:100]


def is_statement(line: str, cells: list[str]) -> bool:
    """Whether a line above a table of as many columns as it has `cells` says something of the
    recording instead of naming the columns."""
    text = plain(line)
    cells = [cell for cell in cells if cell]  # the others are of a spreadsheet
    if _LIST_WORD.fullmatch(text) or cells[0].endswith((":", "=")):
        return True
    if len(cells) > 2:
        return False
    if len(cells) == 1 and _STATEMENT.match(line):
        return True
    if is_ecg(cells[-1]) and not (match := _LEAD_LINE.fullmatch(text)):
        return False
    if match := _LEAD_LINE.fullmatch(text):
        return len(cells) == 2 and _LEAD.fullmatch(match[1].split()[-1]) is not None
    unit = re.match(rf"\W*(?:{_UNIT_WORD.pattern})\W", text) is not None
    return unit or is_fact(line) or rate_of([line]) is not None
