"""Units of voltage, and of an analogue-digital converter, to mV."""

import re
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError

_MILLIVOLTS = {
    **dict.fromkeys(("v", "volt", "volts", "伏", "伏特", "в"), 1e3),
    **dict.fromkeys(("mv", "mvolt", "mvolts", "millivolt", "millivolts", "毫伏", "мв"), 1.0),
    **dict.fromkeys(
        ("uv", "uvolt", "uvolts", "microvolt", "microvolts", "mcv", "微伏", "мкв"), 1e-3
    ),
    **dict.fromkeys(("nv", "nvolt", "nanovolt", "nanovolts"), 1e-6),
}
_PLAIN = re.compile(
    r"|adu?|adc|adc ?(units?|counts?|values?)|counts?|raw|lsbs?|bits?|digits?|int\d*|steps?"
    r"|a\.?u\.?|arb(itrary)?\.?( ?units?)?|n\.?u\.?|normali[sz]ed|units?|none|unknown|n/?a"
    r"|nan|-|1|\?",
    re.IGNORECASE,
)


def voltage(unit: str | None) -> float | None:
    """mV per `unit`, None where it is no voltage."""
    # the Latin-1 bytes of a micro sign in UTF-8 are seen too
    plain = str(unit).strip().lower().replace("â", "").replace("µ", "u").replace("μ", "u")
    return _MILLIVOLTS.get(plain)


def is_plain(unit: str) -> bool:
    """Whether a unit says that the numbers have none: `adu`, `counts`, `raw`, `a.u.`"""
    return _PLAIN.fullmatch(unit.strip()) is not None


def to_millivolt(x: np.ndarray, unit: str, where: Path | str) -> np.ndarray:
    """`x` in `unit` (V, mV, uV, nV, or ADC units GAIN(ZERO)/mV) as mV.

    where: the option or file that an InputError names when the unit is not known."""
    factor = voltage(unit)
    if factor is not None:
        return x if factor == 1 else x * factor
    adc = re.fullmatch(
        r"([\d.]+(?:e[+-]?\d+)?)(?:\((-?[\d.]+)\))?/(\w+)", str(unit).strip(), re.IGNORECASE
    )
    if adc:
        gain, zero, per = as_number(adc[1]), as_number(adc[2] or "0"), voltage(adc[3])
        if gain and zero is not None and per:
            return (x - zero) / gain * per
    raise InputError(
        f"{where}: unit {unit!r} is not known; --unit takes V, mV, uV, or ADC units as GAIN/mV or "
        "GAIN(ZERO)/mV, such as 200(1024)/mV"
    )


def as_number(text: str) -> float | None:
    """`text` as a number, None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None
