"""From what a file holds to a recording: the lead that is the ECG, in mV, and those beside it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.choice import Choice, choose
from ecg.formats.content import is_clock, not_an_ecg
from ecg.formats.leads import choose_lead, ranked_beside
from ecg.formats.recording import (
    Contents,
    Given,
    Lead,
    Recording,
    amplitude_note,
    lead_of,
    recording_name,
)
from ecg.translations import Note


def recording_of(
    contents: Contents, path: Path, given: Given, second: str | int = "none"
) -> Recording:
    """The recording that a file holds. second: `none`, a name or number, or `auto`: the likeliest
    of the further ECG leads that are sampled like the first, which are all kept then.

    Raises InputError where no signal is the ECG, or the chosen one cannot be."""
    choice = choose(contents, given, path)
    number, first = _first_lead(contents, choice, given, path)
    name = choice.names[number]
    recording = Recording(
        first.signal,
        first.fs,
        name,
        recording_name(path),
        choice.names,
        (
            *_choice_note(choice, number),
            *contents.notes,
            *first.notes,
            *amplitude_note(first.signal),
        ),
        facts=contents.facts,
    )
    if second == "none":
        return recording
    if second == "auto":
        beside = tuple(sorted(k for k in choice.numbers if k != number))
        return _with_others(recording, contents, choice.names, beside, given, path)
    return _with_second(recording, contents, choice.names, number, given, path, second)


LONGEST_MESSAGE = 1500  # characters; forty leads are listed in fewer


@contextlib.contextmanager
def one_line_errors(path: Path) -> Iterator[None]:
    """The packages that read files raise what they like on damaged ones: an InputError instead."""
    try:
        yield
    except InputError as error:
        said = _one_line(str(error))
        raise error if said == str(error) else InputError(said) from None
    except MemoryError:
        raise InputError(f"{path}: too large for this machine's memory") from None
    except Exception as error:
        if isinstance(error, OSError) and error.filename and error.strerror:  # may not be read
            name = _one_line(str(error.filename))
            raise InputError(f"{path} cannot be read: {name}: {error.strerror}") from None
        said = _one_line(str(error))[:200]
        raise InputError(
            f"{path} cannot be read, it seems damaged or cut short ({type(error).__name__}: {said})"
        ) from None


def _one_line(text):
    """A message as one line of characters that can be shown: a damaged file may be quoted in it."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown if len(shown) <= LONGEST_MESSAGE else shown[:LONGEST_MESSAGE] + " ..."


def _first_lead(contents, choice: Choice, given, path):
    """(number of the lead to label, the lead): the first of the choice that holds something; where
    none does, the first that can be read. Refuses what counts or runs like a clock, whatever its
    name."""
    readable, errors = [], []
    for number in choice.numbers[:1] if choice.asked else choice.numbers:
        name = choice.names[number]
        try:
            lead = lead_of(contents.channels[number], name, given, path)
        except InputError as error:  # empty, or not in volts: another lead may be there
            errors.append(error)
            continue
        why = not_an_ecg(lead.signal)
        if not why:
            return number, lead
        readable.append((number, lead, why))
    if not readable:
        raise errors[0]
    number, lead, why = readable[0]
    if is_clock(why):
        raise InputError(
            f"{path}: {choice.names[number]} {why}: it is no ECG; if another signal is, name it "
            "with --lead"
        )
    return number, lead


def _choice_note(choice, number):
    """A note on a lead that was chosen for the user among several."""
    if choice.asked or len(choice.names) < 2:
        return ()
    if choice.why:
        return (choice.why,)
    listed = ", ".join(choice.names[:12]) + (" ..." if len(choice.names) > 12 else "")
    phrase = "lead {lead} taken of {names} (another with --lead)"
    return (Note(phrase, lead=choice.names[number], names=listed),)


def _with_others(recording, contents: Contents, names, beside, given, path):
    """`recording` with the further ECG leads of the file that are sampled like it, and the
    likeliest of them as its second lead."""
    others = []
    for number in beside:
        name = names[number]
        try:
            other = lead_of(contents.channels[number], name, given, path)
        except InputError:  # not in volts, empty: no lead beside the first
            continue
        if _sampled_alike(recording, other):
            others.append(Lead(name, other.signal.astype(np.float32)))
    if not others:
        return recording
    second = others[ranked_beside([each.name for each in others], recording.lead)[0]]
    return recording._replace(second=second.signal, second_lead=second.name, others=tuple(others))


def _with_second(recording, contents: Contents, names, first, given, path, second):
    """`recording`, signal number `first` of its file, with the second lead that the user names."""
    number = choose_lead(names, second, path, "--second")
    name = names[number]
    if number == first:
        raise InputError(
            f"--second {second}: that is the first lead already; give another, or none"
        )
    other = lead_of(contents.channels[number], name, given, path)
    if not _sampled_alike(recording, other):
        raise InputError(
            f"--second {second}: {path} holds {len(other.signal):,} samples at {other.fs:g} Hz of "
            f"it, and {len(recording.signal):,} at {recording.fs:g} Hz of {recording.lead}: "
            "give another, or none"
        )
    lead = Lead(name, other.signal.astype(np.float32))
    return recording._replace(second=lead.signal, second_lead=name, others=(lead,))


def _sampled_alike(one, other):
    return one.fs == other.fs and len(one.signal) == len(other.signal)
