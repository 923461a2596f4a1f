"""R peaks in all leads of a stream, what of it cannot be read, and whether any lead is alive."""

from typing import NamedTuple

import numpy as np

from ecg import fast, pauses, rpeaks
from ecg.streaming.signal import KeptSignal
from ecg.stretches import merged

LOOK = 0.40  # s of signal after an R peak before it is taken
# s: nearer to the last one is the same R peak, which two looks place a little apart
SAME = 0.9 * fast.FASTEST
# s over which R peaks are looked for: the levels of nine blocks of 1.4 s, and the filters' ends
BUFFER = 15.0
EDGE = 3.0  # s at the beginning of these: of what cannot be read there an earlier look knows more
LEARN = 3.0  # s before the first beats are taken
LEAD_OFF = 2.0  # s without a living signal in any lead: lead off
BACK = 0.5  # s of living signal: a lead is back
ALIVE = 0.02  # share of the usual peak-to-peak amplitude that a living signal shows within 2 s
REMEMBER = 15.0  # s from one memory of the usual QRS complex to the next ...
MEMORY = 20  # ... and how many of these the usual is the median of
SETTLED = 10.0  # s: of a longer silence the last so many tell whether it is one
# Most looks can find nothing new. R peaks are looked for where the signal has just risen by this
# share of what it rises by in 40 ms in the steepest tenth of the last looks, ...
STEEP, RISE, LOOKS = 0.3, 0.04, 60
FLANK = 0.1  # s after an R peak: what is steep there is of the same QRS complex
RESTED = 1.0  # s after the last time, and ...
SILENT = 2.0  # s after the last beat at every look


class Found(NamedTuple):
    """New R peaks (m,) in samples of the stream, and the number of the lead of each."""

    peaks: np.ndarray
    lead: np.ndarray


class Finder:
    """R peaks of a stream of `fs` Hz, look by look.

    unreadable: (k, 2) stretches of the last minute in which no lead can be read, in samples of the
    stream. last: the last R peak taken, -1: none. since: the signal lives since this sample.
    is_off: whether all leads are off; off_since: the sample since which they are or were."""

    def __init__(self, fs: float):
        self.fs = fs
        self.last, self.since, self.off_since, self.is_off = -1, 0, 0, False
        self.unreadable = np.zeros((0, 2), np.int64)
        self._usual: np.ndarray | None = None  # of the QRS complexes of each lead, for the detector
        self._memory: list[np.ndarray] = []
        self._usual_beats: list[pauses.UsualBeat | None] = []  # the same, for silences
        self._remembered = 0  # when
        self._steepest: list[np.ndarray] = []  # (leads,) rise in 40 ms at the last looks
        self._steep: list[tuple[int, int]] = []  # where it was steep, and how often to ask of it
        self._asked = 0  # when R peaks were looked for
        self._amplitudes: list[np.ndarray] = []  # (leads,) peak to peak, of the last minute's looks

    # --------------------------------------------------------------------------------- lead off

    def living(self, signal: KeptSignal, hop: float) -> bool:
        """Look whether the leads are off: 2 s of missing samples or of hardly any movement in all
        of them; on again: half a second that moves in one. True where this has changed."""
        if signal.total < LEAD_OFF * self.fs:
            return False
        window = signal.part(signal.total - int(LEAD_OFF * self.fs), signal.total)
        usual = np.median(self._amplitudes, axis=0) if self._amplitudes else np.zeros(len(window))
        still = ALIVE * usual
        if self.is_off:
            recent = np.array([lead[-int(BACK * self.fs) :] for lead in window])
            if not (np.isfinite(recent).all(1) & (np.ptp(recent, axis=1) > still)).any():
                return False
            self.since, self.is_off = signal.total - recent.shape[1], False
            return True
        if signal.total - self.since < len(window[0]):  # it has only just come back
            return False
        moved = np.array([_range(lead) for lead in window])
        if (moved <= still).all():
            self.is_off, self.off_since = True, signal.total - len(window[0])
            return True
        moved = np.where(moved > still, moved, usual)  # a lead that is off keeps its usual one
        self._amplitudes = [*self._amplitudes[-int(60 / hop) :], moved]
        return False

    # ----------------------------------------------------------------------------------- whether

    def is_due(self, signal: KeptSignal, new: int, until: int) -> bool:
        """Whether R peaks up to sample `until` are to be looked for at this look, which brings
        `new` samples."""
        wide = max(1, round(RISE * self.fs))
        recent = np.array(signal.part(max(signal.total - new - wide, signal.origin), signal.total))
        rise = np.abs(recent[:, wide:] - recent[:, :-wide])
        rise = np.where(np.isfinite(rise), rise, 0.0)
        steepest = rise.max(axis=1)
        self._steepest = [*self._steepest[1 - LOOKS :], steepest]
        usual = np.sort(self._steepest, axis=0)[int(0.9 * len(self._steepest))]
        lead = int(np.argmax(steepest - STEEP * usual))
        if steepest[lead] >= STEEP * usual[lead]:
            first = int((rise[lead] >= STEEP * usual[lead]).argmax())
            at = signal.total - rise.shape[1] + first
            self._steep = [*self._steep, (at, 2)]
        ready = [each for each in self._steep if each[0] <= until]
        # what brings no beat at once is asked once more
        self._steep = [each for each in self._steep if each[0] > until]
        self._steep = [(at, times - 1) for at, times in ready if times > 1] + self._steep
        rested = signal.total - self._asked >= RESTED * self.fs
        silent = until - max(self.last, self.since) >= SILENT * self.fs
        return bool(ready) or rested or silent

    # ------------------------------------------------------------------------------------- beats

    def look(self, signal: KeptSignal, until: int) -> Found:
        """The R peaks up to sample `until` that lie after the last one taken."""
        self._asked = signal.total
        # the detector thins the signal so; every look must see the same samples
        step = max(1, int(self.fs // 120))
        start = max(signal.total - int(BUFFER * self.fs), 0) // step * step
        leads = signal.part(start, signal.total)
        due = signal.total - self._remembered >= REMEMBER * self.fs
        known = self._usual is not None and bool(np.isfinite(self._usual).all())
        found = rpeaks.find_beats_in_leads(
            leads, self.fs, live=True, usual=self._usual, tell_usual=due or not known
        )
        if due:
            self._remember(leads, found, signal.total)
        self._note_unreadable(found.unreadable, start, signal.total)
        peaks = found.peaks + start
        after = self.last + int(SAME * self.fs) if self.last >= 0 else -1
        new = (peaks > max(after, self.since - 1)) & (peaks <= until)
        if new.any():
            told = max(until, peaks[new][-1] + int(FLANK * self.fs))
            self._steep = [each for each in self._steep if each[0] > told]
        return Found(peaks[new], found.lead[new])

    def _remember(self, leads, found, total):
        self._remembered = total
        if found.usual is not None:
            self._memory = [*self._memory[1 - MEMORY :], found.usual]
        if not self._memory:
            return
        memory = np.array(self._memory)
        known = np.isfinite(memory).any(0)
        usual = np.full(memory.shape[1:], np.nan)
        usual[known] = np.nanmedian(memory[:, known], axis=0)
        self._usual = usual if known.any() else None
        new = [pauses.usual_beat(lead, self.fs, found.peaks) for lead in leads]
        old = self._usual_beats or [None] * len(leads)
        self._usual_beats = [b or a for a, b in zip(old, new)]

    def _note_unreadable(self, spans, start, total):
        """Add the stretches (start, stop, reason) of a look over the samples from `start` on."""
        edge = start + int(EDGE * self.fs) if start else 0
        new = np.array([each[:2] for each in spans], np.int64).reshape(-1, 2) + start
        new[:, 0] = np.maximum(new[:, 0], edge)
        new[:, 1] = np.minimum(new[:, 1], total - int(LOOK * self.fs))
        old = self.unreadable[self.unreadable[:, 1] > total - 60 * self.fs]
        old[:, 1] = np.minimum(old[:, 1], edge)
        both = np.concatenate([old, new])
        self.unreadable = merged(both[both[:, 1] > both[:, 0]])

    def unreadable_share(self, start: int, stop: int) -> float:
        """Share of start..stop, in samples of the stream, in which no lead can be read."""
        covered = np.clip(self.unreadable, start, stop)
        return float((covered[:, 1] - covered[:, 0]).sum()) / max(stop - start, 1)

    # -------------------------------------------------------------------------------- no beats

    def silent_since(self) -> int:
        """The sample since which there is readable signal without a beat."""
        ends = self.unreadable[-1:, 1].tolist()
        return max(self.last, self.since, *ends)

    def is_silence(self, signal: KeptSignal, start: int, stop: int) -> bool:
        """Whether a stretch without beats is a silence of the heart (ecg.pauses.is_silence), by its
        last 10 s."""
        start = max(start, stop - int(SETTLED * self.fs))
        first = max(stop - int(BUFFER * self.fs), 0, signal.origin)
        leads = signal.part(first, stop)
        usual = self._usual_beats or [None] * len(leads)
        return pauses.is_silence(leads, self.fs, start - first, stop - first, usual)


def _range(x):
    """Peak to peak of what is there of x (n,)."""
    finite = x[np.isfinite(x)]
    return float(np.ptp(finite)) if len(finite) else 0.0
