"""Whether the last beats of a stream look like those before them: what the context model is asked
at once, and what can wait."""

import numpy as np

from ecg.streaming.signal import KeptSignal

SIDE = 0.10  # s on either side of the R peak that are compared
BEFORE = 15  # beats whose median is the usual one
# correlation with it, in some lead, below which a beat is unlike the usual. Of the couplets and
# runs of V in the annotations of SVDB all hold two such beats in a row, of MIT-BIH's 98 %
UNLIKE = 0.85
WATCHED = 10.0  # s after two such beats in a row


class Likeness:
    """The beats of a stream of `fs` Hz beside those before them."""

    def __init__(self, fs: float):
        self._side, self._watched = round(SIDE * fs), WATCHED * fs
        self._shapes: list[np.ndarray] = []  # (leads, w) of the last beats
        self._is_unlike = True  # the last one
        self._pair = 0  # sample up to which beats have come two of which in a row were unlike

    def add(self, signal: KeptSignal, sample: int) -> None:
        """A beat was found."""
        was_unlike, self._is_unlike = self._is_unlike, True
        if sample - self._side >= signal.origin and sample + self._side < signal.total:
            shape = np.array(signal.part(sample - self._side, sample + self._side + 1))
            shape -= shape.mean(axis=1, keepdims=True)
            if len(self._shapes) == BEFORE:
                usual = np.median(self._shapes, axis=0)
                power = (shape**2).sum(axis=1) * (usual**2).sum(axis=1)
                # a lead that is missing or lies still says nothing
                told = power > 0
                alike = (shape * usual).sum(axis=1)[told] / np.sqrt(power[told])
                self._is_unlike = len(alike) == 0 or alike.min() < UNLIKE
            self._shapes = [*self._shapes[1 - BEFORE :], shape]
        if was_unlike and self._is_unlike:
            self._pair = sample

    def is_watched(self, now: int) -> bool:
        """Whether within the last 10 s there were two beats in a row that may be V."""
        return now - self._pair <= self._watched
