"""What rhythms are called and look like where people see them, and which episodes are worth a line.

Colours keep a contrast of 3:1 or more with white and with the dark page of the report, and 4.5:1
or more with black letters on them (WCAG 2.1, AA); no figure tells rhythms apart by colour alone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.stretches import overlapping, within

RHYTHM_MEANINGS = {
    "N": "sinus rhythm",
    "AF": "atrial fibrillation or flutter",
    "VF": "ventricular fibrillation or flutter",
    "VT": "ventricular tachycardia",
    "other": "other rhythm",
    "noise": "noise",
}
RHYTHM_SHORT = {
    "N": "sinus",
    "AF": "AF",
    "VF": "VF",
    "VT": "VT",
    "other": "other",
    "noise": "noise",
}
RHYTHM_COLORS = {
    "N": "#5B8DB8",
    "AF": "#9B6BD3",
    "VF": "#E0245E",
    "VT": "#D55E00",  # of runs of V, as V is
    "other": "#868A1F",
    "noise": "#85898F",
}
GRAVEST = ("VF", "VT", "AF", "other", "noise", "N")  # first
MOST_LISTED = 200  # episodes in a list that people read


class ListedEpisode(NamedTuple):
    """An episode as a list shows it: s from the start of the recording, a key of RHYTHM_MEANINGS,
    0 to 1 or None, and the mean ventricular rate in it, None where it holds fewer than two beats
    (and in VF, which has none)."""

    start_s: float
    end_s: float
    rhythm: str
    confidence: float | None
    rate_bpm: float | None


def episodes_of(rhythm: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The episodes of a dict as ecg.rhythm.track.Rhythm.as_dict gives it; none where it is None."""
    return list((rhythm or {}).get("episodes") or [])


def time_of_each(rhythm: dict[str, Any] | None) -> dict[str, float]:
    """s that each rhythm lasts in all, the gravest first; only those that occur."""
    seconds: dict[str, float] = {}
    for each in episodes_of(rhythm):
        length = each["end_s"] - each["start_s"]
        seconds[each["rhythm"]] = seconds.get(each["rhythm"], 0.0) + length
    return {name: seconds[name] for name in GRAVEST if name in seconds}


def told_rhythm(rhythm: dict[str, Any] | None, seconds: float) -> str | None:
    """What a recording that lasts `seconds` is called where people see it: VF where that takes more
    than half of it, else its `of_recording`."""
    if time_of_each(rhythm).get("VF", 0.0) > seconds / 2:
        return "VF"
    return (rhythm or {}).get("of_recording")


def listed_episodes(
    rhythm: dict[str, Any] | None,
    samples: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Sequence = (),
    most: int = MOST_LISTED,
) -> tuple[list[ListedEpisode], int]:
    """(episodes to list, in order of time; how many are left out).

    rhythm: as Rhythm.as_dict gives it. samples: (n,) R peaks at fs Hz, increasing. unreadable:
    (start, stop, ...) in samples: no rate is taken across one. Where there are more than `most`,
    the gravest are kept, of equals the longest. Sinus rhythm is listed where nothing else is."""
    episodes = episodes_of(rhythm)
    told = [each for each in episodes if each["rhythm"] != "N"] or episodes
    told.sort(key=lambda each: (GRAVEST.index(each["rhythm"]), each["start_s"] - each["end_s"]))
    kept = sorted(told[:most], key=lambda each: each["start_s"])
    rates = _mean_rates(kept, np.asarray(samples, np.int64), fs, n_samples, unreadable)
    listed = [
        ListedEpisode(each["start_s"], each["end_s"], each["rhythm"], each.get("confidence"), bpm)
        for each, bpm in zip(kept, rates)
    ]
    return listed, len(told) - len(kept)


def _mean_rates(episodes, samples, fs, n_samples, unreadable):
    """Beats a minute in each episode, over the RR intervals that lie in it; None without one."""
    if len(samples) < 2:
        return [None] * len(episodes)
    lost = within([stretch[:2] for stretch in unreadable], n_samples)
    valid = ~overlapping(samples[:-1], samples[1:], lost)
    count = np.concatenate([[0], np.cumsum(valid)])
    total = np.concatenate([[0], np.cumsum(np.diff(samples) * valid)])
    edges = np.array([(each["start_s"], each["end_s"]) for each in episodes]).reshape(-1, 2) * fs
    first = np.searchsorted(samples, edges[:, 0] - 0.5)
    last = np.maximum(np.searchsorted(samples, edges[:, 1] + 0.5) - 1, first)
    last = np.minimum(last, len(samples) - 1)
    first = np.minimum(first, last)
    n, length = count[last] - count[first], total[last] - total[first]
    beating = [each["rhythm"] != "VF" for each in episodes]
    counted = zip(n.tolist(), length.tolist(), beating)
    return [60.0 * fs * k / t if k and beats else None for k, t, beats in counted]
