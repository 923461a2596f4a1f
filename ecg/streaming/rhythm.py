"""The rhythm of the last half minute of a stream, every 10 s, and atrial fibrillation, which is
believed by several looks."""

from collections.abc import Iterable

import numpy as np

from ecg.alarms import Alarms, LabelledBeat
from ecg.rhythm.track import RHYTHMS, STEP, STRIP
from ecg.streaming.events import Event, Rhythm, RhythmNow
from ecg.streaming.signal import KeptSignal
from ecg.stretches import inside

NAME = "atrial_fibrillation"
SHORTEST = 10.0  # s of signal that a look needs
LOOKS = 3  # in a row that say it, or do not, begin and end it
AGAIN = 60.0  # s after it was raised: by then the beats that raised it have their final labels
UNREAD = "noise", None  # looks that count neither way


class RhythmWatch:
    """The rhythm of a stream of `fs` Hz.

    ask: None, nobody is asked, and nothing is said. again: whether labels change within the next
    minute, so that the looks which raised the alarm are to be repeated."""

    def __init__(self, ask: RhythmNow | None, fs: float, alarms: Alarms, again: bool):
        self.ask, self.fs, self._alarms, self._again = ask, fs, alarms, again
        self._letters: dict[int, str | None] = {}  # of the last beats, by R peak, in order
        self._turned: list[int] = []  # ends of the last looks that speak against what was said
        self._doubted: list[tuple[int, list[int]]] = []  # alarms to look at again: since, ends

    def beat(self, sample: int) -> None:
        """A beat was found."""
        if self.ask is not None:
            self._letters[sample] = None

    def label(self, sample: int, letter: str | None) -> None:
        """It has this label now."""
        if sample in self._letters:
            self._letters[sample] = letter

    def labels(self, beats: Iterable[LabelledBeat]) -> None:
        """They have these labels now."""
        for beat in beats:
            self.label(beat.sample, beat.letter)

    def look(self, events: list[Event], signal: KeptSignal, since: int, waves: np.ndarray) -> None:
        """Say the rhythm of the half minute that ends now, where 10 s at least have come since
        sample `since`. waves: (k, 2) in samples, what fibrillates in the ventricles."""
        if self.ask is None:
            return
        now = signal.total
        kept = now - (STRIP + STEP * LOOKS + AGAIN + STEP) * self.fs
        self._letters = {at: letter for at, letter in self._letters.items() if at >= kept}
        if now - since < SHORTEST * self.fs:
            return
        start = max(now - int(STRIP * self.fs), since, signal.origin)
        is_vf = bool(inside(waves, np.array([now]))[0])
        at = self._beats(start, now, waves)
        probabilities = None if is_vf else self._ask(signal, start, now, at)
        rhythm = "VF" if is_vf else _name(probabilities)
        rate = 60.0 * self.fs / np.mean(np.diff(at)) if len(at) > 1 and not is_vf else None
        events.append(self._event(start, now, rhythm, probabilities, rate))
        if rhythm not in UNREAD:
            self._follow(events, now, since, rhythm == "AF", rate)
        self._look_again(events, signal, waves)

    def _event(self, start, now, rhythm, probabilities, rate):
        seconds = now / self.fs
        told = None
        if probabilities is not None:
            told = {name: float(p) for name, p in zip(RHYTHMS, probabilities)}
        return Rhythm(now, seconds, rhythm, told, (now - start) / self.fs, rate, seconds)

    def _beats(self, start, stop, waves):
        """R peaks from sample start to stop, those among waves left out."""
        at = np.array([each for each in self._letters if start <= each < stop], np.int64)
        return at[~inside(waves, at)]

    def _ask(self, signal, start, stop, at):
        """Probabilities (4,) of start..stop with the R peaks `at`; None where nothing is read."""
        if self.ask is None:
            return None
        letters = np.array([self._letters[each] or "?" for each in at.tolist()], dtype="<U1")
        found = np.asarray(self.ask(signal.part(start, stop), self.fs, at - start, letters))
        return found if np.isfinite(found).all() else None

    def _follow(self, events, now, since, is_af, rate):
        """Atrial fibrillation begins or ends, where three looks in a row say so: from the middle of
        the first of them on."""
        is_on = NAME in self._alarms.on
        self._turned = [*self._turned, now] if is_af != is_on else []
        if len(self._turned) < LOOKS:
            return
        edge = max(self._turned[0] - int(STRIP / 2 * self.fs), since)
        if is_on:
            self._alarms.end(events, now, NAME, max(edge, self._alarms.on[NAME]))
        else:
            self._alarms.begin(events, now, NAME, edge, now, rate=rate)
            if self._again:
                self._doubted.append((edge, self._turned))
        self._turned = []

    def _look_again(self, events, signal, waves):
        """The looks that raised the alarm, with the final labels of their beats: it is withdrawn
        where most of them say otherwise now."""
        for since, ends in list(self._doubted):
            if signal.total < ends[-1] + AGAIN * self.fs:
                continue
            self._doubted.remove((since, ends))
            said = []
            for stop in ends:
                start = max(stop - int(STRIP * self.fs), signal.origin)
                found = self._ask(signal, start, stop, self._beats(start, stop, waves))
                said.append(_name(found) == "AF")
            if 2 * sum(said) < len(said):
                self._alarms.withdraw(events, signal.total, NAME, ends[-1], since)
                self._turned = []

    def stop(self) -> None:
        """Nothing comes any more: what comes later stands by itself."""
        self._turned = []


def _name(probabilities):
    return None if probabilities is None else RHYTHMS[int(np.argmax(probabilities))]
