"""What stands beside the signals of a file of named values (MATLAB, NumPy, JSON): rate, unit, names
of leads, gain.

Keys are compared as letters and digits alone, in small letters: `Sampling_Rate` is samplingrate."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

# keys, the first that is there wins
RATE_KEYS = (
    *("fs", "samplingrate", "samplerate", "samplingfrequency", "samplefrequency", "sampfreq"),
    *("samplefreq", "samplingfreq", "sampfrequency", "ecgsamplerate", "sfreq", "srate", "fsample"),
    *("freqsampling", "freqsample", "samplespersecond", "sps", "sf", "sr", "ecgfs", "fsecg"),
    *("ecgsamplingrate", "ecgsamplingfrequency", "rate", "frequency", "freq", "hz"),
)
STEP_KEYS = (
    *("isi", "samplinginterval", "sampleinterval", "samplingperiod", "sampleperiod"),
    *("interval", "dt", "tsample", "period"),
)
UNIT_KEYS = ("unit", "units", "physicalunit", "physicalunits", "unittext", "physicaldimension")
LEAD_KEYS = (
    *("leads", "lead", "signame", "names", "channels", "leadnames", "leadname", "channelnames"),
    *("chnames", "channame", "channelname", "signalnames", "labels", "label", "channellabels"),
    *("chanlabels", "titles", "sensors", "columns", "siginfo", "chanlocs", "description", "ch"),
)
TITLE_KEYS = ("title", "name", "label", "lead", "leadname", "channelname", "channel")
GAIN_KEYS = ("gain", "adcgain", "adugain", "gainadu", "adcgains", "gains")
PAPER_GAINS = 2.5, 5.0, 10.0, 20.0, 40.0  # mm per mV, of a print, which such a key may mean too
ZERO_KEYS = ("baseline", "adczero", "adcbaseline", "zero", "adczerolevel")
LONGEST_STEP = 0.1  # between samples, in s; what is longer is in ms
MOST_DEEP = 30  # structs within structs: a file that has more is damaged or made to harm


class Beside(NamedTuple):
    """What stands beside the signals of a struct, as it is there; None where it is not."""

    rate: Any = None
    step: Any = None
    unit: Any = None
    names: Any = None
    gain: Any = None
    zero: Any = None


def plain(key: str) -> str:
    """A key as it is compared: `Sampling_Rate (Hz)` -> samplingrate"""
    short = re.sub(r"[\W_]+", "", key.lower())
    return re.sub(r"(?<=.)(in)?hz$", "", short)


def beside(struct: Mapping[str, Any], depth: int = 0) -> Beside:
    """What a struct, or a struct in it that holds no signal (`info`, `header`), says of the signals
    in it."""
    by_key = {plain(key): value for key, value in struct.items() if not _is_signal(value)}
    said = Beside(
        first_of(by_key, RATE_KEYS, lambda value: numbers_of(value) is not None),
        _step_of(by_key),
        first_of(by_key, UNIT_KEYS, texts_of),
        first_of(by_key, LEAD_KEYS, texts_of),
        first_of(by_key, GAIN_KEYS, lambda value: numbers_of(value) is not None),
        first_of(by_key, ZERO_KEYS, lambda value: numbers_of(value) is not None),
    )
    for value in struct.values() if depth < MOST_DEEP else ():
        inner = _transposed(value) if isinstance(value, list) else value
        if isinstance(inner, Mapping) and not holds_signal(inner):
            said = or_else(said, beside(inner, depth + 1))
    return said


def or_else(said: Beside, outer: Beside) -> Beside:
    """`said`, and of what it does not say what `outer` says. A rate, or a step between samples, of
    its own leaves nothing of either that stands further out."""
    if said.rate is not None or said.step is not None:
        outer = outer._replace(rate=None, step=None)
    return Beside(*(mine if mine is not None else theirs for mine, theirs in zip(said, outer)))


def own_of(key: str, struct: Mapping[str, Any]) -> Beside:
    """What a struct says of one of its arrays alone: `ecg_fs` or `fs_ecg`, `ecg_unit`."""
    own = plain(key)
    by_key = {plain(each): value for each, value in struct.items()}
    rates = (form for rate in RATE_KEYS for form in (own + rate, rate + own))
    units = (form for unit in UNIT_KEYS for form in (own + unit, unit + own))
    return Beside(
        first_of(by_key, rates, lambda value: rate_of(value) is not None),
        unit=first_of(by_key, units, texts_of),
    )


def holds_signal(value: Any, depth: int = 0) -> bool:
    """Whether an array that may be a signal is in a value."""
    if depth > MOST_DEEP:
        return False
    if isinstance(value, Mapping):
        return any(holds_signal(each, depth + 1) for each in value.values())
    if isinstance(value, list):
        return any(holds_signal(each, depth + 1) for each in value[:1000])
    return _is_signal(value)


def _transposed(structs_):
    """A list of structs, one a lead, as a struct of lists; None where it is another list."""
    if not structs_ or not all(isinstance(each, Mapping) for each in structs_[:1000]):
        return None
    lists = {key: [each.get(key) for each in structs_[:1000]] for key in structs_[0]}
    return {
        key: np.array(values, np.float64)
        if all(isinstance(value, int | float) and abs(value) < 1e300 for value in values)
        else values
        for key, values in lists.items()
    }


def first_of(values: Mapping[str, Any], keys: Iterable[str], fits: Callable[[Any], object]) -> Any:
    """The value of the first of `keys` that is there and `fits`; None where there is none."""
    return next((values[key] for key in keys if key in values and fits(values[key])), None)


def _is_signal(value):
    return isinstance(value, np.ndarray) and value.size > 100


def _step_of(values):
    """The step between samples in s, where a key says so: in the unit beside it, else in s where it
    is short, else in ms, of which more than 10 a ms would be no recording's."""
    for key in STEP_KEYS:
        for name in (key, f"{key}ms", f"{key}s", f"{key}sec"):
            number = numbers_of(values.get(name))
            if number is None or len(number) != 1 or not number[0] > 0:
                continue
            unit = " ".join(texts_of(values.get(f"{key}units")) or [name[len(key) :]]).lower()
            if unit.startswith(("ms", "milli")) or (not unit and number[0] >= LONGEST_STEP):
                return float(number[0]) / 1000
            return float(number[0])
    return None


# ----------------------------------------------------------------------------------------- values


def texts_of(value: Any, depth: int = 0) -> list[str]:
    """The texts in a value: a text, texts, or structs that have a name; [] where there are none."""
    if depth > 3:
        return []
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, Mapping):
        named = (
            value[key] for key in value if plain(key) in ("labels", "description", *TITLE_KEYS)
        )
        return next((found for each in named if (found := texts_of(each, depth + 1))), [])
    if isinstance(value, list):
        each = [" ".join(texts_of(item, depth + 1)[:1]) for item in value[:10_000]]
        return each if any(each) else []
    return []


def split_texts(value: Any, count: int) -> list[str]:
    """`count` texts of a value: as many as there are, or one that lists them (`I, II, V1`); []
    where it has another number of them."""
    found = texts_of(value)
    if len(found) == 1 != count:
        found = [each.strip() for each in re.split(r"[,;|\t]|\s+", found[0]) if each.strip()]
    return found if len(found) == count else []


def numbers_of(value: Any) -> np.ndarray | None:
    """(n,) the numbers in a value, None where it has none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = re.match(r"\s*([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)\s*", value, re.IGNORECASE)
        return None if match is None else np.array([float(match[1].replace(",", "."))])
    if isinstance(value, Mapping):  # {"value": 250, "unit": "Hz"}
        return numbers_of(value.get("value"))
    if isinstance(value, np.ndarray):
        numeric = value.size and value.dtype.kind in "iuf"
        return value.reshape(-1).astype(np.float64) if numeric else None
    try:
        return np.array([float(value)]) if isinstance(value, int | float) else None
    except OverflowError:
        return np.array([math.inf])


def rate_of(value: Any) -> float | None:
    """Hz of a value: a number, `250 Hz`, `1 kHz`, or the same number for every lead."""
    numbers = numbers_of(value)
    if numbers is None or len(numbers) > 1 and not np.all(numbers == numbers[0]):
        return None
    kilo = 1000 if re.search(r"\dk|khz", str(value).lower().replace(" ", "")) else 1
    return kilo * float(numbers[0])


def rate_for(said: Beside, k: int, count: int) -> float | None:
    """Hz of lead `k` of `count`, as it is said beside them."""
    rate = rate_of(said.rate)
    if rate is None and said.step:
        rate = 1 / said.step
    each = numbers_of(said.rate)
    return float(each[k]) if rate is None and each is not None and len(each) == count else rate


# ----------------------------------------------------------------------------------------- messages


def in_a_line(text: str, longest: int = 80) -> str:
    """A name of a file as it may stand in a message: no control characters, not without end."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def listed(tree: Mapping[str, Any], most: int = 12) -> str:
    """What a struct holds, in words."""
    parts = [
        f"{in_a_line(key, 40)} ({_described(value)})" for key, value in islice(tree.items(), most)
    ]
    more = len(tree) - most
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "") or "nothing"


def _described(value):
    if isinstance(value, np.ndarray):
        return f"{value.dtype}, shape {value.shape}"
    if isinstance(value, Mapping):
        return (
            "struct of " + ", ".join(in_a_line(str(key), 20) for key in islice(value, 6))
            if value
            else "{}"
        )
    if isinstance(value, list):
        return f"list of {len(value)}"
    return "text" if isinstance(value, str) else type(value).__name__
