"""Heart-rate variability in the time domain."""

import numpy as np

from ecg.beats import CLASSES


def hrv(samples: np.ndarray, labels: np.ndarray, valid: np.ndarray, fs: float) -> dict:
    """SDNN and RMSSD of the normal-to-normal intervals [Task Force of the ESC and NASPE 1996].

    samples: int64 (n,) R peaks at `fs` Hz, increasing. labels: int64 (n,) class index. valid:
    bool (n - 1,), which RR intervals exist; a stretch that could not be read leaves out those it
    touches. Returns {"nn_intervals", "sdnn_ms", "rmssd_ms"}: of the intervals between two
    successive N beats, RMSSD over successive such intervals; None where there are too few."""
    normal = labels == CLASSES.index("N")
    nn = normal[:-1] & normal[1:] & valid
    rr = np.diff(samples) * (1000.0 / fs)
    successive = np.diff(rr)[nn[:-1] & nn[1:]]
    return {
        "nn_intervals": int(nn.sum()),
        "sdnn_ms": float(np.std(rr[nn], ddof=1)) if nn.sum() > 1 else None,
        "rmssd_ms": float(np.sqrt(np.mean(successive**2))) if len(successive) else None,
    }
