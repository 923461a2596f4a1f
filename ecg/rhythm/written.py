"""What is written of a rhythm: marks of a WFDB annotation, lines of text for the terminal.

Of the dict that ecg.rhythm.track.Rhythm.as_dict gives, which attrs of a table of beats and JSON
files hold as `rhythm`; where it is None, nothing is known and nothing is written."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ecg.clock import elapsed
from ecg.rhythm.names import RHYTHM_MEANINGS, episodes_of, time_of_each, told_rhythm
from ecg.rhythm.track import NOTES, ONE_RHYTHM

Told = dict[str, Any] | None
UNKNOWN = "(UNKNOWN"  # as a note: the rhythm after this is not known


class Marks(NamedTuple):
    """Annotations, in order of time: samples int64 (k,), their WFDB symbols and notes."""

    samples: np.ndarray
    symbols: list[str]
    notes: list[str]


def stretches(rhythm: Told, name: str, fs: float) -> np.ndarray:
    """int64 (k, 2): start and stop in samples, stop excluded, of the episodes of one rhythm."""
    spans = [(e["start_s"], e["end_s"]) for e in episodes_of(rhythm) if e["rhythm"] == name]
    return np.rint(np.array(spans, np.float64).reshape(-1, 2) * fs).astype(np.int64)


def marks(rhythm: Told, beats: np.ndarray, fs: float, n_samples: int) -> Marks:
    """A + with its note where the rhythm changes, [ and ] at the ends of ventricular fibrillation.

    beats: (n,) samples of the beats, increasing; n_samples: length of the recording. No two
    annotations may have the same sample: a mark goes to the nearest free one before a beat that is
    there already, or after another mark. Where an episode ends and nothing is known of what
    follows, the note is UNKNOWN."""
    taken = set(np.asarray(beats).tolist())
    found: list[tuple[int, str, str]] = []

    def put(at, symbol, note="", way=-1):
        at = min(at, n_samples - 1)
        while at in taken and at > 0:
            at += way
        while at in taken:
            at += 1
        taken.add(at)
        found.append((at, symbol, note))

    before, reached = None, None
    for each in episodes_of(rhythm):
        start, stop = (int(round(each[key] * fs)) for key in ("start_s", "end_s"))
        if reached is not None and start > reached:
            put(reached, "+", UNKNOWN, 1)
            before = None
        if each["rhythm"] == "VF":
            put(start, "[")
            put(start + 1, "+", NOTES["VF"], 1)
            put(stop, "]")
        elif each["rhythm"] != before:
            put(start, "+", NOTES[each["rhythm"]], 1 if before == "VF" else -1)
        before, reached = each["rhythm"], stop
    if reached is not None and reached < n_samples:
        put(reached, "+", UNKNOWN, 1)
    found.sort()
    samples = np.array([sample for sample, *_ in found], np.int64)
    return Marks(samples, [symbol for _, symbol, _ in found], [note for *_, note in found])


def lines(rhythm: Told, seconds: float, moment: Callable[[float], str]) -> Iterator[str]:
    """What the terminal says of the rhythm: what a recording that lasts `seconds` is, and its
    atrial and ventricular fibrillation. moment: when something was, as text."""
    if rhythm is None:
        return
    of = told_rhythm(rhythm, seconds)
    if of is None:
        text = "not judged"
    elif of == "VF":
        text = RHYTHM_MEANINGS[of]
    elif seconds <= ONE_RHYTHM:
        others = [f"{name} {p:.2f}" for name, p in rhythm["probabilities"].items()]
        text = f"{RHYTHM_MEANINGS[of]} ({', '.join(others)})"
    else:
        shares = [
            f"{RHYTHM_MEANINGS[name]} {time / seconds:.1%}"
            for name, time in sorted(time_of_each(rhythm).items(), key=lambda pair: -pair[1])
        ]
        text = ", ".join(shares) or "not judged"
    yield f"  rhythm: {text}"
    if rhythm["af_episodes"] and rhythm["af_burden"] is not None:
        rate = rhythm["af_rate_bpm"]
        yield (
            f"  AF: {rhythm['af_burden']:.1%} of the readable time, "
            f"{_number(rhythm['af_episodes'])}, the longest {elapsed(rhythm['af_longest_s'])}"
            + ("" if rate is None else f", ventricular rate {rate:.0f}/min")
        )
    vf = [each for each in episodes_of(rhythm) if each["rhythm"] == "VF"]
    if vf:
        longest = max(vf, key=lambda each: each["end_s"] - each["start_s"])
        yield (
            f"  VF: {_number(len(vf))}, the longest {longest['end_s'] - longest['start_s']:.1f} s "
            f"at {moment(longest['start_s'])}"
        )


def _number(n):
    return f"{n} episode" if n == 1 else f"{n} episodes"
