"""Numbers that a header states: each is finite and in its range, or refused by its name.

A header that lies would be taken at its word otherwise: packages that read files replace what is no
number by a default, and set memory aside for as many samples as they are told."""

import math
import re
from pathlib import Path

from ecg.artifacts import InputError
from ecg.formats.units import as_number

LOWEST_HZ, HIGHEST_HZ = 1e-6, 1e9  # what any signal is sampled at; an ECG's are narrower
SCALES = 1e-15, 1e15  # factors from what is stored to a unit, but for their sign
_WHOLE = re.compile(r"[+-]?\d+")  # as packages read it: not 1e3


def stated(
    text: str, name: str, where: Path | str, low: float, high: float, whole: bool = False
) -> float:
    """The number that `text` states, from `low` to `high`.

    name: of the field, where: the file that has it, both for the message. whole: whether only whole
    numbers can stand there. Raises InputError for what is none, for nan and inf too."""
    text = text.strip()
    number = as_number(text) if text.isascii() else None
    if number is None or not math.isfinite(number) or whole and not _WHOLE.fullmatch(text):
        kind = "whole number" if whole else "number"
        raise InputError(f"{where}: its {name} is {_quoted(text)}, which is no {kind}: damaged")
    check(number, name, where, low, high)
    return number


def check(number: float, name: str, where: Path | str, low: float, high: float) -> None:
    """Raises InputError where a number that a header states is not from `low` to `high`."""
    if not low <= number <= high:  # nan too
        limits = f"{low:.10g} to {high:.10g}" if low < high else f"it is {low:.10g}"
        raise InputError(
            f"{where}: its {name} is {number:.10g}, which cannot be ({limits}): damaged"
        )


def check_scale(number: float, name: str, where: Path | str) -> None:
    """Raises InputError where a gain, resolution or factor that is stated is 0 or no number."""
    check(abs(number), name, where, *SCALES)


def _quoted(text):
    return repr(text if len(text) <= 40 else text[:40] + "...") if text else "empty"
