"""What the page says of the rhythm: of the recording, episode by episode; and of heart-rate
variability, or why nothing can be said of it."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from ecg.rhythm.names import ListedEpisode, listed_episodes, time_of_each, told_rhythm
from ecg.rhythm.track import ONE_RHYTHM

# What ecg.hrv says where it withholds a figure, with a name in place of each number
WITHHELD = (
    "too few normal intervals: {n} of at least {least}",
    "too few successive normal intervals: {n} of at least {least}",
    "irregular: {share} of the intervals differ by more than {most} from those around them",
    "normal intervals are {share} of the time only",
)
MOSTLY = re.compile(r"(?P<why>.+): (?P<share>\d+%) of the time")


class RhythmView(NamedTuple):
    """What the page shows of the rhythm.

    told: of the dict of ecg.rhythm.track.Rhythm.as_dict what the page asks. sure: how sure the
    rhythm of the recording is, a phrase to be translated with `percent`, None where not known.
    episodes, left_out: of ecg.rhythm.names.listed_episodes. times: s that each rhythm that occurs
    lasts in all. fibrillation: start_s of the first VF, how many there are."""

    told: dict[str, Any]
    sure: tuple[str, float] | None
    episodes: list[ListedEpisode]
    left_out: int
    times: dict[str, float]
    fibrillation: tuple[float, int] | None


def rhythm_view(table: pd.DataFrame, fs: float, n_samples: int) -> RhythmView | None:
    """Of a table of beats whose attrs hold `rhythm`; None where they do not."""
    rhythm = table.attrs.get("rhythm")
    if not rhythm:
        return None
    known = ("af_burden", "af_longest_s", "af_rate_bpm")
    told = {
        **{name: rhythm.get(name) for name in known},
        "of_recording": told_rhythm(rhythm, n_samples / fs),
        "af_episodes": rhythm.get("af_episodes") or 0,
        "probabilities": rhythm.get("probabilities") or {},
    }
    unreadable = table.attrs.get("unreadable", [])
    samples = table["sample"].to_numpy()
    episodes, left_out = listed_episodes(rhythm, samples, fs, n_samples, unreadable)
    vf = [each["start_s"] for each in rhythm.get("episodes", ()) if each["rhythm"] == "VF"]
    first = (vf[0], len(vf)) if vf else None
    times = time_of_each(rhythm)
    sure = _how_sure(told, times, n_samples / fs)
    return RhythmView(told, sure, episodes, left_out, times, first)


def _how_sure(told, times, seconds):
    """Of a recording that has one rhythm its probability, of a longer one its share of the time."""
    of = told["of_recording"]
    if of is None:
        return None
    if seconds > ONE_RHYTHM or of == "VF":
        return "{percent:.0f} % of the time", 100 * times.get(of, 0.0) / seconds
    probability = told["probabilities"].get(of)
    return None if probability is None else ("probability {percent:.0f} %", 100 * probability)


def withheld_text(reason: str, translate: Callable[..., str]) -> str:
    """Why figures of heart-rate variability are withheld, as ecg.hrv gives it, translated."""
    for phrase in WITHHELD:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>\\d+%?)", re.escape(phrase))
        if found := re.fullmatch(pattern, reason):
            return translate(phrase, **found.groupdict())
    if found := MOSTLY.fullmatch(reason):
        share = translate("{share} of the time", share=found["share"])
        return translate(found["why"]) + translate(": ") + share
    return translate(reason)
