"""What a model card and a manifest must hold, key by key; what does not fit is named by its key.

A few rules of our own and no library: inference runs without any that is not needed for signals,
and what is to be said is one line a person understands."""

import math
import reprlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ecg.beats import CLASSES, WIDTH

# (value, its key) -> what is wrong with it, or None
Rule = Callable[[Any, str], str | None]


def number(low: float = -math.inf, high: float = math.inf, whole: bool = False) -> Rule:
    """A finite number from `low` to `high`, a whole one where that is asked for."""
    kinds = (int,) if whole else (int, float)

    def rule(value, key):
        if type(value) in kinds and low <= value <= high and abs(value) != math.inf:
            return None
        limits = [
            f"from {low:g}" if low > -math.inf else "",
            f"to {high:g}" if high < 1e308 else "",
        ]
        kind = " ".join(["a whole number" if whole else "a number", *filter(None, limits)])
        return f"{key} is {_short(value)}, not {kind}"

    return rule


def text(value: Any, key: str) -> str | None:
    """A string."""
    return None if isinstance(value, str) else f"{key} is {_short(value)}, not a text"


def flag(value: Any, key: str) -> str | None:
    """true or false."""
    return None if isinstance(value, bool) else f"{key} is {_short(value)}, not true or false"


def list_of(rule: Rule, count: int | None = None) -> Rule:
    """A list of what fits `rule`, of `count` values where that is told."""

    def found(value, key):
        if not isinstance(value, list):
            return f"{key} is {_short(value)}, not a list"
        if count is not None and len(value) != count:
            return f"{key} holds {len(value)} values, not {count}"
        return _first(rule(each, f"{key}[{k}]") for k, each in enumerate(value))

    return found


def column(kind: type) -> Rule:
    """A list of values of one type and of null, of which there may be 100,000; whole numbers may
    stand among others."""
    kinds = {kind, type(None)} | ({int} if kind is float else set())

    def found(value, key):
        if not isinstance(value, list):
            return f"{key} is {_short(value)}, not a list"
        wrong = (k for k, each in enumerate(value) if type(each) not in kinds or not _finite(each))
        if set(map(type, value)) <= kinds and (kind is not float or all(map(_finite, value))):
            return None
        k = next(wrong)
        return f"{key}[{k}] is {_short(value[k])}, not of type {kind.__name__} or null"

    return found


def table_of(rule: Rule) -> Rule:
    """An object whose values all fit `rule`."""

    def found(value, key):
        if not isinstance(value, dict):
            return f"{key} is {_short(value)}, not an object"
        return _first(rule(each, f"{key}.{name}") for name, each in value.items())

    return found


def fields(needed: Mapping[str, Rule], optional: Mapping[str, Rule] | tuple = ()) -> Rule:
    """An object with these keys, and others, of which nothing is asked."""
    rules = {**needed, **dict(optional)}

    def found(value, key):
        if not isinstance(value, dict):
            return f"{key or 'it'} is {_short(value)}, not an object"
        names = {name: f"{key}.{name}" if key else name for name in rules}
        missing = [names[name] for name in needed if name not in value]
        if missing:
            return f"it lacks {', '.join(missing)}"
        return _first(rules[n](value[n], names[n]) for n in rules if n in value)

    return found


def one_of(values: Collection[Any]) -> Rule:
    """One of these values."""
    told = " or ".join(map(str, values))
    return lambda value, key: None if value in values else f"{key} is {_short(value)}, not {told}"


def anything(value: Any, key: str) -> None:
    """Whatever it is."""


def either(*rules: Rule) -> Rule:
    """What fits one of the rules; what is told is of the last."""

    def found(value, key):
        told = [rule(value, key) for rule in rules]
        return None if None in told else told[-1]

    return found


def _finite(value):
    return not isinstance(value, float) or math.isfinite(value)


def _first(told):
    return next((each for each in told if each), None)


def _short(value):
    return reprlib.repr(value)[:60]


# ---- what is stored ---------------------------------------------------------------------------

POSITIVE = 1e-12  # the least standard deviation that a row is divided by
MOST = 4096  # the largest number that an argument of a network may be
SCALER: dict[str, Rule] = {
    "mean": list_of(number(-1e6, 1e6), WIDTH),
    "scale": list_of(number(POSITIVE, 1e6), WIDTH),
}
_NUMBERS = table_of(number())
_ARGUMENT = either(flag, text, one_of([None]), list_of(number(-MOST, MOST)), number(-MOST, MOST))


def _of_classes(value, key):
    """The five letters, in any order."""
    if isinstance(value, list) and sorted(map(str, value)) == sorted(CLASSES):
        return None
    return f"{key} is {_short(value)}, not a list of the letters {' '.join(CLASSES)}"


HISTORY = table_of(list_of(either(one_of([None]), number())))
ANY_CARD = fields(
    {
        "architecture": text,
        "arguments": table_of(_ARGUMENT),
        "input": table_of(anything),
        "classes": list_of(text),
    },
    {
        "name": text,
        "parameters": number(0),
        "temperature": number(1e-3, 1e3),
        "manifest": fields(
            {},
            {"protocol": text, "sha256": table_of(text), "signals_sha256": text, "synthetic": flag},
        ),
        "recipe": table_of(anything),
        "metrics": table_of(anything),
        "history": HISTORY,
        "class_bias": list_of(number()),
        "threshold": either(number(0, 1), table_of(number(0, 1))),
        "weights_sha256": text,
        "replaced_sha256": text,
    },
)
# of a model that takes single rows, and of the one over a patient's beats
ROW_CARD = fields({"input": fields(SCALER, {"scaler_inside": flag}), "classes": _of_classes})
READY_ROW_CARD = fields({"classes": _of_classes})  # its graph holds the scaler
CONTEXT_CARD = fields(
    {
        "input": fields({"names": list_of(text)}),
        "classes": one_of([CLASSES[:-1]]),
        "class_bias": list_of(number()),
    }
)


def card_fault(card: Any, own: bool = False) -> str | None:
    """What is wrong with a model card, or None. own: of a network that gives its classes in our
    order."""
    fault = ANY_CARD(card, "")
    if fault:
        return fault
    if card["architecture"] == "ContextNet":
        return CONTEXT_CARD(card, "")
    if "kind" in card["input"]:  # one that judges the signal: ecg/quality, ecg/rhythm check it
        return None
    inside = card["input"].get("scaler_inside") is True
    if fault := (READY_ROW_CARD if inside else ROW_CARD)(card, ""):
        return fault
    return None if card["classes"] == CLASSES or not own else "classes are in another order"


_PART = fields(
    {},
    {"record": column(str), "sample": column(int), "symbol": column(str), "early": column(float)},
)
MANIFEST = fields(
    {
        "synthetic": flag,
        "protocol": text,
        "n_real": number(0, whole=True),
        "classes": _of_classes,
        "scaler": fields(SCALER),
    },
    {
        "source": text,
        "seed": number(0, whole=True),
        "counts": table_of(_NUMBERS),
        "outputs_sha256": table_of(text),
        "inputs_sha256": table_of(text),
        "signals_sha256": text,
        "rows": table_of(_PART),
    },
)


def manifest_fault(manifest: Any) -> str | None:
    """What is wrong with the manifest of data/processed_data, or None."""
    return MANIFEST(manifest, "")
