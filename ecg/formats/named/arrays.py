"""Files of named values, MATLAB, NumPy, JSON: which of the arrays are signals, and what they are
called.

Such a file is a struct of values by name: arrays, texts, numbers, lists, and structs again. An
array is a signal by its name (`ecg`, `II`, `val`, `data`), else because nothing else can be one.
Which of the signals is the ECG is decided where it is for all formats (choice.py)."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats import leads
from ecg.formats.fields import SCALES, check
from ecg.formats.named.facts import facts_of, structs
from ecg.formats.named.values import (
    MOST_DEEP,
    PAPER_GAINS,
    TITLE_KEYS,
    Beside,
    beside,
    holds_signal,
    in_a_line,
    listed,
    numbers_of,
    or_else,
    own_of,
    plain,
    rate_for,
    split_texts,
    texts_of,
)
from ecg.formats.recording import MAX_LEADS, Channel, Contents, Facts, Given
from ecg.formats.units import is_plain, voltage

SHORTEST = 100  # values: a shorter array is no signal
MOST_ARRAYS = 2000  # of a file that are looked at
# names that say that an array is a signal, not what of
SIGNAL_KEYS = frozenset(
    "signal signals data x y v val values value samples sample psignal psignals dsignal arr0 sig"
    " waveform waveforms wave trial record recording raw voltage measurements array".split()
)
# names of arrays that stand beside a signal: its time, what was found in it
_TIME = r"t|tm|times?|time ?stamps?|secs?|seconds"
_BESIDE = (
    rf"{_TIME}|ann\w*|r? ?peaks?|qrs\w*|rr\w*|beats?|types?|labels?|class\w*|targets?|index|indices"
    r"|idx|ind|locs?|onsets?|offsets?|quality|sqi|events?|markers?|mask"
)


class Signal(NamedTuple):
    """An array x (samples, leads) that may be a signal: the struct and the key where it stands,
    what is said beside it, the title of the struct, whether the rate is said of it alone, and what
    its name says for it: 2 an ECG, 1 a signal, 0 nothing."""

    struct: str
    key: str
    x: np.ndarray
    said: Beside
    title: str
    has_own_rate: bool
    standing: int


def contents_of_arrays(
    tree: Mapping[str, Any], path: Path, given: Given, shortest: int = SHORTEST
) -> Contents:
    """What a struct of named values holds: a channel for every lead of every signal, whose shape is
    (samples,), (samples, leads) or (leads, samples), whichever way is longer.

    shortest: values that a signal has more of. Raises InputError, with a list of what is there,
    where nothing can be a signal."""
    if recordings := _several(tree):
        raise InputError(
            f"{path} holds {recordings[1]} recordings, in {in_a_line(recordings[0])}: give each in "
            "a file of its own"
        )
    facts, notes = facts_of(list(islice(structs(tree), MOST_ARRAYS)))
    found = list(islice(_arrays(tree, "", "", Beside(), shortest), MOST_ARRAYS))
    signals = _kept([each for each in found if not _is(_BESIDE, each.key)])
    if sum(each.x.shape[1] for each in signals) > MAX_LEADS:
        signals = [each for each in signals if each.standing == 2]
    if not 0 < sum(each.x.shape[1] for each in signals) <= MAX_LEADS:
        raise InputError(
            f"{path} holds {listed(tree)}: no ECG, which is an array of numbers, of shape "
            f"(samples,), (samples, leads) or (leads, samples), with over {SHORTEST} samples and "
            f"{MAX_LEADS} leads at most: call it `ecg` (rows of beats are for the models, not for "
            "this)"
        )
    channels = _channels(signals, path)
    if given.fs is None and all(each.fs is None for each in channels):
        times = [each for each in found if _is(_TIME, each.key) and each.x.shape[1] == 1]
        timed = _by_their_time(signals, channels, times, (facts, notes), given, path)
        if timed is not None:
            return timed
    return Contents(channels, facts, notes)


# ----------------------------------------------------------------------------------------- signals


def _several(tree, depth=0):
    """(name, number) of the first list of recordings: structs without a name of their own, of
    which one has several signals, or which differ in length. None where there is no such list."""
    for key, value in tree.items() if depth < MOST_DEEP else ():
        if isinstance(value, Mapping):
            if found := _several(value, depth + 1):
                return found
        elif isinstance(value, list):
            items = [each for each in value if isinstance(each, Mapping) and holds_signal(each)]
            if len(items) > 1 and not any(plain(t) in TITLE_KEYS for each in items for t in each):
                found = [list(_arrays(each, "", "", Beside(), SHORTEST)) for each in items]
                if any(len(each) != 1 for each in found) or (
                    len({each[0].x.shape for each in found}) > 1
                ):
                    return key, len(items)
    return None


def _arrays(struct, name, title, outer, shortest, depth=0, inside_ecg=False) -> Iterator[Signal]:
    """The arrays of a struct, and of those in it, that may be signals, in the order of the file."""
    said = or_else(beside(struct), outer)
    for key, value in struct.items():
        values = value if isinstance(value, list) else [value]
        for k, each in enumerate(values[:MOST_ARRAYS]):
            numbered = key if len(values) == 1 else f"{key} {k + 1}"
            if isinstance(each, Mapping) and depth < MOST_DEEP:
                titles = (texts_of(each[t])[:1] for t in each if plain(t) in TITLE_KEYS)
                inner = next((found[0] for found in titles if found), "")
                is_ecg = inside_ecg or leads.is_ecg(key)
                yield from _arrays(each, numbered, inner, said, shortest, depth + 1, is_ecg)
                continue
            x = _as_columns(each, shortest)
            if x is not None:
                own = own_of(key, struct)
                generic = plain(key) in SIGNAL_KEYS
                standing = 2 if _is_ecg(key, name, title) else int(generic)
                standing = 2 if generic and inside_ecg else standing
                yield Signal(
                    name, numbered, x, or_else(own, said), title, own.rate is not None, standing
                )


def _as_columns(value, shortest):
    """A value as (samples, leads), whichever way round it is; None where it is no such array."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        return None
    x = value if value.ndim in (1, 2) else value.squeeze()
    if x.ndim not in (1, 2) or x.size <= shortest or not x.size:
        return None
    x = x[:, None] if x.ndim == 1 else x.T if x.shape[0] < x.shape[1] else x
    return x if x.shape[1] <= MAX_LEADS else None


def _kept(found):
    """The signals among the arrays of a file: those whose names say most for them, and the vectors
    beside these. A rate that stands beside vectors of several lengths is that of the first of them,
    by name and then by length."""
    if not found:
        return []
    top = max(each.standing for each in found)
    lengths = {len(each.x) for each in found if each.standing == top}
    kept = [
        each
        for each in found
        if each.standing == top
        or each.x.shape[1] == 1
        and (
            len(each.x) in lengths
            or each.has_own_rate
            or each.standing
            or leads.is_something_else(each.key)
        )
    ]
    first = max(kept, key=lambda each: (each.standing, len(each.x)))
    return [
        each._replace(said=each.said._replace(rate=None, step=None))
        if each.struct == first.struct and len(each.x) != len(first.x) and not each.has_own_rate
        else each
        for each in kept
    ]


def _is_ecg(key, struct, title):
    """Whether the name of an array, or that of the struct in which it stands, is that of an ECG."""
    if plain(key) not in SIGNAL_KEYS:
        return leads.is_ecg(key)
    return leads.is_ecg(struct) or leads.is_ecg(title)


def _is(words, key):
    return re.search(rf"(?<![a-z])({words})(?![a-z])", _words(key)) is not None


def _words(key):
    """A key as words in small letters: `ECG_rPeaks` -> `ecg r peaks`"""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key)
    return re.sub(r"[\W_]+", " ", apart).strip().lower()


# ----------------------------------------------------------------------------------------- channels


def _channels(signals, path):
    """The channels of the signals."""
    channels = []
    for signal in signals:
        count = signal.x.shape[1]
        names = split_texts(signal.said.names, count) if count > 1 or len(signals) == 1 else []
        name = _name_of(signal, len(signals) > 1)
        units = split_texts(signal.said.unit, count) or texts_of(signal.said.unit)[:1] * count
        for k in range(count):
            read, unit, adc, note = _in_its_unit(
                signal, k, units[k] if len(units) == count else "", path
            )
            own = names[k] if names else name if count == 1 else name and f"{name} {k + 1}"
            kind = "ECG" if not own and signal.standing == 2 else ""
            fs = rate_for(signal.said, k, count)
            own, unit = in_a_line(own), in_a_line(unit, 20)
            channels.append(Channel(own, unit or None, fs, read, kind, adc, note=note))
    return channels


def _name_of(signal, several):
    """What the file calls a vector; "" where it says no more than that it is a signal, and of the
    columns of a matrix where it is an ECG, which is said apart from the name."""
    generic = plain(signal.key) in SIGNAL_KEYS
    struct = "" if plain(re.sub(r" \d+$", "", signal.struct)) in _CONTAINERS else signal.struct
    if signal.title and generic:
        return signal.title
    if signal.x.shape[1] > 1 and signal.standing == 2:
        return ""
    if generic:
        return struct or (signal.key if several else "")
    says_itself = leads.is_ecg(signal.key) or leads.is_something_else(signal.key)
    return signal.key if says_itself or not struct else f"{struct} {signal.key}"


_CONTAINERS = SIGNAL_KEYS | {"leads", "lead", "channels", "channel", "ch", "columns", ""}


def _in_its_unit(signal, k, unit, path):
    """(function that gives the values (n,) of column k, their unit, its converter, a note). Where
    whole numbers stand beside a gain, they are those of a converter."""
    column = signal.x[:, k]
    gain, zero = (
        _one_of(each, k, signal.x.shape[1]) for each in (signal.said.gain, signal.said.zero)
    )
    zero = 0.0 if zero is None else zero
    in_volts = (voltage(unit) or 0) >= 1  # whole numbers of uV may well be what was measured
    if gain:
        check(gain, "gain", path, *SCALES)
    fits = gain is not None and 0 < gain < 1e12 and (in_volts or is_plain(unit))
    if not gain or not fits or gain in PAPER_GAINS or not _whole(column):
        return lambda: column.astype(np.float64), unit, None, ""
    check(zero, "baseline", path, -1e15, 1e15)
    note = "" if in_volts else f"gain {gain:g} taken as the converter's units per mV"
    return (
        lambda: (column.astype(np.float64) - zero) / gain,
        unit if in_volts else "mV",
        (gain, zero),
        note,
    )


def _one_of(value, k, count):
    numbers = numbers_of(value)
    if numbers is None or len(numbers) not in (1, count):
        return None
    return float(numbers[k if len(numbers) == count else 0])


def _whole(column):
    part = column[:20_000]
    return column.dtype.kind in "iu" or bool(np.all(part == np.rint(part)))


def _by_their_time(signals, channels, times, said: tuple[Facts, tuple[str, ...]], given, path):
    """The contents where a vector, or a column among them, tells the times of the samples, which a
    text table would do in the same way; None where none does."""
    n = len(signals[0].x)
    clock = next((each for each in times if len(each.x) == n), None)
    rises = any(
        np.all(np.diff(each.x[:, k]) > 0) for each in signals for k in range(each.x.shape[1])
    )
    if any(len(each.x) != n for each in signals) or clock is None and not rises:
        return None
    import pandas as pd

    from ecg.formats.table import contents_of_table

    columns = [pd.Series(each.read()) for each in channels]
    names, units = [each.name for each in channels], [each.unit for each in channels]
    if clock is not None:
        columns.insert(0, pd.Series(clock.x[:, 0].astype(np.float64)))
        names.insert(0, clock.key)
        units.insert(0, None)
    facts, notes = said
    return contents_of_table(columns, names, units, None, None, facts, notes, given, path)
