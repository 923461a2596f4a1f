"""Which signal of a file is the ECG: by name first, then by what it holds, and never because it is
the first. Where neither decides, the signals are listed for the user to choose."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats import leads
from ecg.formats.content import BEATS_STAND_OUT, CLEARLY, Look, look_at
from ecg.formats.recording import Contents, Given, rate_of

# I, II, III, aVR, aVL, aVF of a table in the usual order: III = II - I and so on, to this share
STANDARD = "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"
EINTHOVEN = 0.02


class Choice(NamedTuple):
    """The lead to label and its company.

    names: of all signals of the file, as messages and --lead call them. numbers: of the ECG leads,
    the one to label first; of the others the next is taken where it holds nothing. why: how it was
    chosen where no name tells, for a note. asked: whether the user named it."""

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    why: str = ""
    asked: bool = False


def choose(contents: Contents, given: Given, path: Path) -> Choice:
    """The lead that is given, else the signal that is an ECG by its name, else the one whose beats
    stand out. Raises InputError, listing the signals, where there is none or it cannot be told."""
    channels = contents.channels
    names = tuple(each.name.strip() or f"signal {k}" for k, each in enumerate(channels))
    if not names:
        raise InputError(f"{path} holds no signal")
    named = [
        k for k, each in enumerate(channels) if leads.is_ecg(names[k], each.kind, each.unit, names)
    ]
    raw = [k for k in named if not leads.is_processed(names[k])]
    named = raw or named
    if given.lead is not None:
        number = leads.choose_lead(names, given.lead, path)
        return Choice(names, (number, *(k for k in named if k != number)), asked=True)
    if order := _standard_leads(channels, names):
        return order
    if named:
        return Choice(names, tuple(named[k] for k in leads.ranked([names[k] for k in named])))
    return _by_content(channels, names, given, path)


# ------------------------------------------------------------------------------------- by content


def _by_content(channels, names, given, path):
    """The choice among signals that no name tells to be an ECG."""
    open_ = [
        k
        for k, each in enumerate(channels)
        if not leads.is_something_else(names[k], each.kind, each.unit)
    ]
    if not open_:
        described = ", ".join(
            name + (f" in {each.unit}" if each.unit else "") for name, each in zip(names, channels)
        )
        raise InputError(
            f"{path} holds {described}: none is an ECG by its name and unit; if one is, name it "
            "with --lead (and --unit)"
        )
    if len(channels) == 1:  # nothing else could be; what cannot be read in it will be said
        return Choice(names, (0,))
    exg = [k for k in open_ if leads.is_exg(names[k])]
    signals = {k: np.asarray(channels[k].read(), np.float64) for k in exg or open_}
    looks = {k: look_at(x, rate_of(channels[k], given, path)) for k, x in signals.items()}
    possible = [k for k in looks if not looks[k].never]
    number = _standing_out(possible, looks)
    if number is None:
        raise InputError(f"{path}: {_listed(names, looks)}: say which is the ECG with --lead")
    why = (
        f"lead {names[number]} taken for its beats, no name tells ({_listed(names, looks)}; "
        "another with --lead)"
    )
    return Choice(names, (number,), why)


def _standing_out(possible, looks: dict[int, Look]):
    """The one of the possible signals whose beats stand out, clearly more than in any other; None
    where there is none."""
    order = sorted(possible, key=lambda k: -looks[k].stands_out)
    if not order or looks[order[0]].stands_out < BEATS_STAND_OUT:
        return None
    if len(order) > 1 and looks[order[0]].stands_out < CLEARLY * looks[order[1]].stands_out:
        return None
    return order[0]


def _listed(names, looks):
    return ", ".join(f"{names[k]} ({looks[k].words})" for k in looks)


def _standard_leads(channels, names):
    """The choice where twelve signals without names are the standard leads in the usual order, as
    Einthoven's and Goldberger's equations show; None where they do not."""
    if len(channels) != len(STANDARD) or not all(map(leads.UNNAMED.fullmatch, names)):
        return None
    signals = [np.asarray(each.read(), np.float64) for each in channels]
    if len({len(x) for x in signals}) > 1:
        return None
    one, two, three, avr, avl, avf = (signals[k] for k in range(6))
    spread = np.nanstd(np.concatenate([one, two]))
    wrong = (two - one - three, avr + (one + two) / 2, avl - one + two / 2, avf - two + one / 2)
    if not spread > 0 or any(not np.nanstd(each) <= EINTHOVEN * spread for each in wrong):
        return None
    why = (
        "the twelve signals have no names; they fit III = II - I and its like, so they are taken "
        f"as {', '.join(STANDARD)}"
    )
    return Choice(STANDARD, (1, 0, *range(2, 12)), why)
