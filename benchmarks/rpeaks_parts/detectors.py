"""The detectors that are compared: ours, and its peers where they are installed."""

import importlib.util
import sys

import numpy as np

from ecg.rpeaks import detect_r_peaks


def _neurokit2(x, fs):
    import neurokit2

    cleaned = neurokit2.ecg_clean(x, sampling_rate=int(fs))
    return neurokit2.ecg_peaks(cleaned, sampling_rate=int(fs))[1]["ECG_R_Peaks"]


def _sleepecg(x, fs):
    import sleepecg

    return sleepecg.detect_heartbeats(x, fs)


def _gqrs(x, fs):
    from wfdb import processing

    return processing.gqrs_detect(x, fs)


def _xqrs(x, fs):
    from wfdb import processing

    return processing.xqrs_detect(x, fs, verbose=False)


# name -> (signal (n,), fs in Hz) -> R peaks in samples
DETECTORS = {
    "ours": detect_r_peaks,
    "sleepecg": _sleepecg,
    "neurokit2": _neurokit2,
    "gqrs": _gqrs,
    "xqrs": _xqrs,
}
SLOW = ("gqrs", "xqrs")
PACKAGES = {"sleepecg": "sleepecg", "neurokit2": "neurokit2", "gqrs": "wfdb", "xqrs": "wfdb"}


def installed(names: list[str]) -> list[str]:
    """Those of `names` that can run here; of the others stderr says how they are installed."""
    found = []
    for name in names:
        package = PACKAGES.get(name)
        if package is None or importlib.util.find_spec(package) is not None:
            found.append(name)
        else:
            print(f"{name} is left out: pip install {package}", file=sys.stderr)
    return found


def detect(name: str, signal: np.ndarray, fs: float, where: str) -> np.ndarray:
    """R peaks by the detector `name`. A peer's fault is its own: it counts as nothing found, and
    stderr says `where`."""
    try:
        return np.asarray(DETECTORS[name](signal, fs))
    except Exception as error:
        print(f"{name} failed on {where}: {type(error).__name__}: {error}", file=sys.stderr)
        return np.zeros(0, np.int64)
