"""Which recordings a model has learnt from, known by their signals, whatever they are called now.

A mark is the first 12 hex digits of the SHA-256 of ten seconds of one lead: the steps from sample
to sample, each a whole number of tenths of a microvolt (little-endian int64). A lead has a mark at
its beginning and at every fifth minute after it; where the signal stands still there, the ten
seconds begin with its first change. So a recording is known again under another name, with another
zero, in another format that keeps its values, and when it is cut at a whole fifth minute, such as
its first minutes. The model card holds the marks of all that was trained and validated on, under
manifest.signals_sha256.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg import formats
from ecg.artifacts import HOME
from ecg.formats.recording import Recording
from ecg.prediction import card_of
from ecg.weights import short_name

KEY = "signals_sha256"  # in the manifest of a model card, or of rows
SECONDS = 10.0  # of signal behind a mark; a shorter recording has one mark a lead
EVERY = 300.0  # s from mark to mark
DIGITS = 12  # hex, of a mark
PER_MV = 10_000  # tenths of a microvolt in a millivolt
FEWEST_STEPS = 6  # different ones that a stretch must have: a lead that is off is like any other
MISSING = np.iinfo(np.int64).min
# those of the 48 records of MIT-BIH, a line each: the published heartbeat rows do not hold them
PUBLISHED = HOME / "ecg" / "mitdb_signals.txt"
SHOWN = 8  # records that a warning names


def marks(recording: Recording) -> list[str]:
    """The marks of a recording as it is read: of all leads that `Recording.used` names."""
    return [mark for lead in recording.signals() for mark in _marks_of_lead(lead, recording.fs)]


def _marks_of_lead(signal, fs):
    """The marks of a lead (n,) in mV at fs Hz."""
    n, every = round(SECONDS * fs), round(EVERY * fs)
    for start in range(0, len(signal), every):
        stretch = signal[start : start + every]
        changes = np.flatnonzero(stretch[1:] != stretch[:-1])
        begin = start + (changes[0] if len(changes) else 0)
        piece = np.asarray(signal[begin : begin + n], np.float64)
        steps = np.diff(piece) * PER_MV
        missing = np.isnan(steps)
        whole = np.where(missing, MISSING, np.rint(np.where(missing, 0, steps)).astype("<i8"))
        if (len(piece) == n or start == 0) and len(np.unique(whole)) >= FEWEST_STEPS:
            yield hashlib.sha256(whole.tobytes()).hexdigest()[:DIGITS]


def of_records(headers: Iterable[str | Path]) -> str:
    """What a manifest holds of WFDB records: their marks, in all leads."""
    read = (formats.read_recording(header, 0, second="auto") for header in headers)
    return as_text(mark for recording in read for mark in marks(recording))


def published() -> str:
    """What a manifest holds of the 48 records of MIT-BIH."""
    lines = PUBLISHED.read_text(encoding="ascii").splitlines()
    return as_text(mark for line in lines for mark in line.split()[1:])


def as_text(found: Iterable[str]) -> str:
    """Marks as a manifest holds them, each once, in order."""
    return " ".join(sorted(set(found)))


def with_marks_of(manifest: Mapping, *before: Mapping) -> dict:
    """A manifest with the marks of what was learnt before too, by the manifests of the weights that
    a training began with; without any where one of them does not tell."""
    told = {key: value for key, value in manifest.items() if key != KEY}
    every = (manifest, *before)
    if all(KEY in each for each in every):
        told[KEY] = as_text(mark for each in every for mark in each[KEY].split())
    return told


def has_learnt(card: Mapping, found: Iterable[str]) -> bool | None:
    """Whether a recording of the marks `found` was among what the model of this card was trained or
    validated on; None where the card does not tell."""
    told = card["manifest"].get(KEY)
    return None if told is None else not _set_of(told).isdisjoint(found)


def learnt_by(models: Iterable[Any], found: Iterable[str]) -> dict[str, bool | None]:
    """{name: what `has_learnt` gives} of loaded models; what is none (ecg/signal_models.py) is left
    out."""
    found = list(found)
    asked = [model for model in models if model is not None and not isinstance(model, str)]
    return {_name(model): has_learnt(card_of(model), found) for model in asked}


def _name(model):
    """That of its file, which tells models of one kind apart."""
    file = getattr(model, "file", None)
    return short_name(file) if file else card_of(model)["name"]


@functools.lru_cache(maxsize=16)
def _set_of(text):
    return frozenset(text.split())


def trained_on(learnt: Mapping[str, Mapping[str, bool | None]]) -> dict[str, list[str] | None]:
    """{model: the records that it has learnt from, None where its card does not tell} of
    {record: what `learnt_by` gave}."""
    models = dict.fromkeys(model for told in learnt.values() for model in told)
    found: dict[str, list[str] | None] = {}
    for model in models:
        told = {record: each[model] for record, each in learnt.items() if model in each}
        known = None not in told.values()
        found[model] = [record for record, seen in told.items() if seen] if known else None
    return found


def warnings(trained_on: Mapping[str, list[str] | None], total: int) -> list[str]:
    """What there is to say of figures on `total` records of which models have learnt from some, a
    sentence for models that have learnt from the same."""
    lines = []
    for records in {tuple(each or ()): each for each in trained_on.values()}.values():
        if records:
            models = [model for model, each in trained_on.items() if each == records]
            lines.append(_warning(models, records, total))
    if unknown := [model for model, each in trained_on.items() if each is None]:
        lines.append(
            f"not known whether {_these(total)} in the training data of {_named(unknown)}: the "
            "model card does not tell"
        )
    return lines


def _warning(models, records, total):
    which = "its figures on {0} flatter it" if len(models) == 1 else "figures on {0} flatter these"
    if total == 1:
        return f"{_these(1)} in the training data of {_named(models)}; {which.format('it')}"
    names = ", ".join(records[:SHOWN]) + (" ..." if len(records) > SHOWN else "")
    return (
        f"{len(records)} of {total} records {'was' if len(records) == 1 else 'were'} in the "
        f"training data of {_named(models)}: {names}; {which.format('them')}"
    )


def _these(total):
    return "this recording was" if total == 1 else "these records were"


def _named(models):
    return f"model {models[0]}" if len(models) == 1 else f"models {', '.join(models)}"
