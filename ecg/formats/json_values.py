"""JSON as the readers of JSON files take it: objects, lists, and lists of numbers as arrays."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.named.values import in_a_line
from ecg.formats.packed import read_bytes


def json_of(path: Path) -> Any:
    """What a JSON file holds. Raises InputError where it is none."""
    raw = read_bytes(path)
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON, or damaged ({in_a_line(str(error), 120)})") from None


def numbers(values: Any) -> np.ndarray | None:
    """(n,) float64 of a list of numbers, null as NaN; None where it is no such list."""
    if not isinstance(values, list) or not values:
        return None
    kinds = {type(each) for each in values}
    if not kinds <= {int, float, type(None)} or kinds == {type(None)}:
        return None
    try:
        return np.array(values, dtype=np.float64)  # None becomes nan
    except OverflowError:  # a whole number that no float holds
        return np.array([_float(each) for each in values])


def _float(value):
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.nan


def number(value: Any) -> float | None:
    """A JSON number, or a text that is one, as float; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def text(value: Any) -> str:
    """A JSON text or number as text, "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    return in_a_line(str(value), 200)
