"""The signal quality names what makes a window unreadable."""

import numpy as np

from ecg.quality import signal_quality
from ecg.synthetic import synthetic_recording

MADE = synthetic_recording(60, 360, seed=5)


def test_quality_names_the_reason():
    x = MADE.signal + 0.01 * np.random.default_rng(1).standard_normal(len(MADE.signal))
    x[3600:7200] = np.nan
    x[9000:12000] = x[9000]
    x[14400:18000] = np.random.default_rng(0).standard_normal(3600)
    windows = signal_quality(x, 360)
    assert [w.start for w in windows] == list(range(0, 21600, 3600)) and windows[-1].stop == 21600
    reasons = [w.reason for w in windows]
    assert (
        reasons[0] == "ok"
        and reasons[1] == "missing"
        and "flat" in reasons[2:4]
        and reasons[4] == "noise"
    )
    assert windows[1].readable < 0.05 and windows[0].readable == 1
    assert signal_quality(np.zeros(0), 360) == []
