"""JSON files: recordings of the Kardia API, Observations of FHIR, and plain objects such as
{"fs": 250, "unit": "mV", "leads": {"I": [...], "II": [...]}} or {"fs": 250, "ecg": [...]}."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.fhir import contents_of_fhir, is_fhir
from ecg.formats.json_values import json_of, numbers
from ecg.formats.kardia import contents_of_kardia, is_kardia
from ecg.formats.named.arrays import contents_of_arrays
from ecg.formats.named.values import MOST_DEEP
from ecg.formats.recording import Contents, Given

_READ = (
    "recordings of the Kardia API, Observations of FHIR, and objects with `fs` and `ecg` or `leads`"
)


def is_json(head: bytes) -> bool:
    """Whether a file that begins with `head` may be JSON: an object, or a list of them."""
    return re.match(rb"(\xef\xbb\xbf)?\s*(\{\s*[\"}]|\[\s*[\[{\d-])", head) is not None


def from_json(path: Path, given: Given) -> Contents:
    """The signals of a JSON file of one of these kinds."""
    content = json_of(path)
    if is_kardia(content):
        return contents_of_kardia(content, path)
    if is_fhir(content):
        return contents_of_fhir(content, path)
    values = _values(content, 0)
    if isinstance(values, list) and len(values) == 1:
        values = values[0]
    if isinstance(values, np.ndarray):
        values = {"signal": values}
    elif isinstance(values, list) and any(isinstance(each, Mapping) for each in values):
        values = {"the list": values}
    if not isinstance(values, Mapping) or not values:
        raise InputError(f"{path} is no JSON that is read: {_READ}")
    return contents_of_arrays(values, path, given)


def _values(content, depth) -> Any:
    """JSON as what named/arrays.py takes: lists of numbers as arrays (n,), lists of as long lists
    as arrays (n, m), lists of flat objects, a row a sample, as the columns that they are."""
    if isinstance(content, Mapping):
        if len(content) > 100 and all(key.isdecimal() for key in content):
            return _values(list(content.values()), depth)  # a column as pandas writes it
        if depth > MOST_DEEP:
            return None
        return {str(key): _values(value, depth + 1) for key, value in content.items()}
    if not isinstance(content, list):
        return content
    if (array := numbers(content)) is not None:
        return array
    if content and all(isinstance(each, list) for each in content):
        table = _table([numbers(each) for each in content])
        if table is not None:
            return table
    if len(content) > 100 and all(isinstance(each, Mapping) for each in content):
        columns = {str(key): [each.get(key) for each in content] for key in list(content[0])[:200]}
        return _values(columns, depth + 1) if depth < MOST_DEEP else None
    return [_values(each, depth + 1) for each in content[:10_000] if depth < MOST_DEEP]


def _table(rows):
    """Rows as one array (n, m); None where they do not fit."""
    if any(each is None for each in rows) or len({len(each) for each in rows}) != 1:
        return None
    return np.array(rows)
