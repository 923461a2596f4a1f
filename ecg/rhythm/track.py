"""The rhythm of a recording: what is asked of every half minute, and what is told of the whole."""

from typing import Any, NamedTuple

import numpy as np

RHYTHMS = ("N", "AF", "other", "noise")  # a look tells these apart; flutter is with AF
STRIP = 30.0  # s of signal in a look
STEP = 10.0  # s from one look to the next
ONE_RHYTHM = 60.0  # s: up to this length a recording has one rhythm
# of an episode; in an annotation the note of the rhythm change that begins it
NOTES = {"N": "(N", "AF": "(AFIB", "VF": "(VFL", "VT": "(VT", "other": "(OTHER", "noise": "(NOISE"}


class Track(NamedTuple):
    """Looks at a recording, in order.

    start_s, stop_s: float (k,) s, the signal that each look saw, STRIP long, all of it where the
    recording is shorter. probabilities: float32 (k, 4), of RHYTHMS, adding up to 1; of a look at
    nothing that can be read NaN."""

    start_s: np.ndarray
    stop_s: np.ndarray
    probabilities: np.ndarray


class Episode(NamedTuple):
    """From sample `start` to sample `stop`, excluded. rhythm: a key of NOTES. confidence: 0 to 1,
    the mean probability of that rhythm where a network said it, NaN where the labels of beats did
    (VT)."""

    start: int
    stop: int
    rhythm: str
    confidence: float


class Rhythm(NamedTuple):
    """of_recording: one of RHYTHMS, None where nothing could be judged. probabilities: of RHYTHMS,
    0 to 1, over the recording; empty where nothing could be judged. af_burden: share, 0 to 1, of
    the readable time that is AF or flutter, None where nothing could be judged. episodes: in order,
    without overlap, covering what could be judged. af_rate_bpm: mean ventricular rate in AF, None
    where there is no AF."""

    of_recording: str | None
    probabilities: dict[str, float]
    af_burden: float | None
    episodes: tuple[Episode, ...]
    af_rate_bpm: float | None = None

    def _af(self) -> list[list[int]]:
        """Start and stop of the episodes of AF: one that a run of V interrupts goes on."""
        found: list[list[int]] = []
        reached = None  # where AF, or the run of V that interrupts it, has come to
        for each in self.episodes:
            if each.rhythm == "AF":
                if each.start == reached:
                    found[-1][1] = each.stop
                else:
                    found.append([each.start, each.stop])
            goes_on = each.rhythm == "AF" or each.rhythm == "VT" and each.start == reached
            reached = each.stop if goes_on else None
        return found

    def as_dict(self, fs: float) -> dict[str, Any]:
        """What JSON files and DataFrame attrs hold, times in s; what is not known is None."""
        af = self._af()
        longest = max(((stop - start) / fs for start, stop in af), default=None)
        return {
            "of_recording": self.of_recording,
            "probabilities": self.probabilities,
            "af_burden": self.af_burden,
            "af_episodes": len(af),
            "af_longest_s": longest,
            "af_rate_bpm": self.af_rate_bpm,
            "episodes": [
                {
                    "start_s": each.start / fs,
                    "end_s": each.stop / fs,
                    "rhythm": each.rhythm,
                    "confidence": None if np.isnan(each.confidence) else each.confidence,
                }
                for each in self.episodes
            ],
        }


NO_LOOKS = Track(np.zeros(0), np.zeros(0), np.zeros((0, len(RHYTHMS)), np.float32))
