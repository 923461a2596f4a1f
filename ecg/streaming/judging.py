"""The context model's looks at the beats so far.

Every 10 s, every 5 s where beats have just come that may be V, it looks at all beats of the last
minutes together: a beat's label of that look is what the alarms of V go by, and once 44 s of signal
lie after it the final one. The provisional label is the model's too, by the last half minute
alone."""

import numpy as np

from ecg.alarms import COUPLET, RUN, LabelledBeat
from ecg.beats import CLASSES
from ecg.streaming.events import Context, Label, Peak
from ecg.streaming.likeness import Likeness
from ecg.streaming.signal import KeptSignal
from ecg.stretches import inside

PAST = 300.0  # s before a beat that the context model sees ...
DELAY = 44.0  # ... and after it
# s between two of its looks, where beats may be V and else: the final label comes 54 s after the
# beat at the latest
CONTEXT_HOP, QUIET_HOP = 5.0, 10.0
RECENT = 30.0  # s that it sees for a provisional label
ENOUGH = 10  # beats that it needs to compare one with
# What the V alarms go by, chosen on SVDB by networks that never saw the record: a beat next to one
# that is called V counts as V from this probability of V on, so that a run does not end ...
BESIDE_V = 0.2
STANDS = 0.1  # ... and from this on what was raised for a beat is not taken back
V = CLASSES.index("V")


class Judge:
    """What the context model says of the beats of a stream of `fs` Hz. labels: of the beats it has
    seen at its last look, in order. waves: (k, 2) in samples, fibrillation of the ventricles: what
    was found there is no beat, it has no label and tells nothing of others."""

    def __init__(self, context: Context, fs: float):
        self.context, self.fs = context, fs
        self.seen: list[Peak] = []  # R peaks that it may look at
        self.labels: list[LabelledBeat] = []
        self.waves = np.zeros((0, 2), np.int64)
        self._likeness = Likeness(fs)
        self._held: list[tuple[Peak, Label]] = []  # that wait for their final label
        self._final: dict[int, tuple[str | None, float]] = {}  # letter, probability of V

    def add(self, signal: KeptSignal, peak: Peak) -> None:
        """A beat was found."""
        self.seen.append(peak)
        self._likeness.add(signal, peak.sample)

    def is_due(self, seconds: float, now: int) -> bool:
        """Whether to look now, `seconds` after the stream began, at its sample `now`."""
        hop = CONTEXT_HOP if self._likeness.is_watched(now) else QUIET_HOP
        return seconds % hop == 0

    def hold(self, peak: Peak, label: Label) -> None:
        """A beat waits for its final label; `label` is that where the model cannot give one."""
        self._held.append((peak, label))

    def provisional(self, signal: KeptSignal, peak: Peak) -> Label | None:
        """The label of `peak` by the last half minute; None where too few beats are known."""
        found = self._ask(signal, signal.total - int(RECENT * self.fs))
        return _label(peak, found[peak.sample]) if peak.sample in found else None

    def look(self, signal: KeptSignal, until: int) -> list[tuple[Peak, Label]]:
        """Look at all beats. Returns the final labels of those up to sample `until`."""
        start = max(signal.total - int((PAST + DELAY) * self.fs), signal.origin)
        self.seen = [peak for peak in self.seen if peak.sample >= start]
        self._final = {at: label for at, label in self._final.items() if at >= start}
        found = self._ask(signal, start) if self.seen else {}
        ready = [held for held in self._held if held[0].sample <= until]
        self._held = self._held[len(ready) :]
        final = [(peak, self._final_label(peak, found, label)) for peak, label in ready]
        for peak, label in final:
            chance = float(found[peak.sample][V]) if peak.sample in found else 0.0
            known = label.letter or np.isnan(chance)
            self._final[peak.sample] = label.letter, chance if known else 0.0
        self.labels = self._labels_for_alarms(found)
        return final

    def _final_label(self, peak, found, label):
        """By what is found, {R peak: probabilities}; what has no row in its lead has no label."""
        if inside(self.waves, np.array([peak.sample]))[0]:
            return Label()
        if peak.sample not in found or label.letter is None:
            return label
        return _label(peak, found[peak.sample])

    def _labels_for_alarms(self, found):
        """All beats but the last, which may be half a one, as the alarms see them. A final label
        stands."""
        letters, chances = [], []
        for peak in self.seen[:-1]:
            letter, chance = self._final.get(peak.sample, ("", 0.0))
            if letter == "":
                letter = _label(peak, found[peak.sample]).letter if peak.sample in found else None
                chance = float(found[peak.sample][V]) if peak.sample in found else 0.0
                chance = chance if letter or np.isnan(chance) else 0.0
            letters.append(letter)
            chances.append(chance)
        linked = np.array([peak.rr is not None for peak in self.seen[:-1]], bool)
        called = np.array([letter == "V" for letter in letters], bool)
        p_v = np.array(chances)
        counted = called | _beside(called, linked) & (p_v >= BESIDE_V)
        counted = _with_artefacts(counted, np.isnan(p_v), linked)
        return [
            LabelledBeat(peak.sample, "V" if v else letter, bool(link), bool(p >= STANDS))
            for peak, letter, v, link, p in zip(self.seen, letters, counted, linked, p_v)
        ]

    def _ask(self, signal, start):
        """{R peak: probabilities (5,)} of the beats since sample `start`."""
        start = max(start, signal.origin)
        seen = [peak for peak in self.seen if peak.sample >= start]
        if len(self.waves) and seen:
            is_wave = inside(self.waves, np.array([peak.sample for peak in seen]))
            seen = [peak for peak, wave in zip(seen, is_wave) if not wave]
        if len(seen) < ENOUGH:
            return {}
        at = np.array([peak.sample for peak in seen])
        by_second = np.array([peak.lead == 1 for peak in seen])
        leads = signal.part(start, signal.total)[:2]
        found = self.context(leads, self.fs, at - start, by_second)
        return dict(zip(at.tolist(), found))


def _label(peak, probabilities):
    """The label by `probabilities` (5,); none where these are NaN, and for a third lead's beat."""
    if peak.lead > 1 or not np.isfinite(probabilities).all():
        return Label()
    return Label(CLASSES[int(np.argmax(probabilities))], float(np.max(probabilities)))


def _beside(called, linked):
    """(m,) bool: which beats stand next to one that is `called` (m,)."""
    beside = np.zeros(len(called), bool)
    beside[1:] |= called[:-1] & linked[1:]
    beside[:-1] |= called[1:] & linked[1:]
    return beside


def _with_artefacts(counted, unsure, linked):
    """`counted` V, (m,) bool, and the `unsure` beats in a row of both with three V, or two and no
    more unsure ones: in a run of V the model takes some for artefacts now and then."""
    out = counted.copy()
    either = counted | unsure
    breaks = np.flatnonzero(~(either[1:] & either[:-1] & linked[1:])) + 1
    edges = [0, *breaks.tolist(), len(counted)]
    for start, stop in zip(edges, edges[1:]):
        v, artefacts = counted[start:stop].sum(), unsure[start:stop].sum()
        if v >= RUN or v >= COUPLET and artefacts <= v:
            out[start:stop] = either[start:stop]
    return out
