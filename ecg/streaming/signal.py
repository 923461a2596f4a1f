"""The samples that a monitor keeps."""

import numpy as np


class KeptSignal:
    """The last samples of all leads, at least `keep` of them. total: how many have come."""

    def __init__(self, keep: int):
        self.keep, self.total = keep, 0
        self._x = np.empty((0, 2 * keep))  # when it is full, its last half moves to the front
        self.origin = 0  # number of the first sample kept

    @property
    def leads(self) -> int:
        """How many there are, 0 before the first sample."""
        return len(self._x)

    def write(self, samples: np.ndarray) -> None:
        """Add samples (n, leads), n at most `keep`. Raises ValueError for other leads than
        before."""
        if len(self._x) == 0:
            self._x = np.empty((samples.shape[1], 2 * self.keep))
        if samples.shape[1] != len(self._x):
            raise ValueError(
                f"samples of {samples.shape[1]} leads after those of {len(self._x)}: give the same "
                "leads throughout"
            )
        used = self.total - self.origin
        if used + len(samples) > self._x.shape[1]:
            self._x[:, : self.keep] = self._x[:, used - self.keep : used]
            self.origin = self.total - self.keep
            used = self.keep
        self._x[:, used : used + len(samples)] = samples.T
        self.total += len(samples)

    def part(self, start: int, stop: int) -> list[np.ndarray]:
        """Samples start..stop of each lead, (n,) each; they must be kept."""
        return list(self._x[:, start - self.origin : stop - self.origin])
