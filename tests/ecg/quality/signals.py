"""Good signals and failing ones, made up: (signal (n,), R peaks (m,) samples) at FS Hz."""

import numpy as np
from scipy import signal as sps

from ecg.noise import noise
from ecg.synthetic import beats_at

FS = 250
SECONDS = 60
# offset s, sigma s, amplitude mV of P, Q, R, S, T
NORMAL = np.array(
    [
        [-0.16, 0.02, 0.12],
        [-0.03, 0.01, -0.1],
        [0, 0.011, 1.0],
        [0.03, 0.01, -0.2],
        [0.28, 0.05, 0.25],
    ]
)
WIDE = np.array([[0, 0.032, 1.6], [0.08, 0.03, -0.7], [0.33, 0.06, -0.5]])
NO_P = NORMAL[1:]


def ecg(times, waves=NORMAL, seconds=SECONDS, level=0.01, seed=0):
    """The same beat at each of the times (m,) s, with a little noise and a breathing baseline."""
    n, rng = int(seconds * FS), np.random.default_rng(seed)
    t = np.arange(n) / FS
    x = beats_at(times, waves, n, FS) + 0.05 * np.sin(2 * np.pi * 0.25 * t)
    return x + level * rng.standard_normal(n), np.rint(times * FS).astype(np.int64)


def regular(rate, seconds=SECONDS, seed=0):
    """Times of a sinus rhythm at `rate` /min that breathes a little."""
    times = np.arange(0.5, seconds - 0.5, 60 / rate)
    return times + 0.03 * np.sin(2 * np.pi * 0.2 * times)


def sinus(rate=70, **more):
    return ecg(regular(rate), **more)


def fibrillation(seed=1):
    """Irregular intervals of 0.35 to 1.1 s, no P waves, and f waves."""
    rng = np.random.default_rng(seed)
    times = 0.5 + np.cumsum(rng.uniform(0.35, 1.1, 200))
    x, at = ecg(times[times < SECONDS - 1], NO_P)
    t = np.arange(len(x)) / FS
    return x + 0.04 * np.sin(2 * np.pi * 6 * t + 2 * np.sin(2 * np.pi * 0.3 * t)), at


def bigeminy():
    """Every other beat is a ventricular one that comes early."""
    first = np.arange(0.6, SECONDS - 1.5, 1.6)
    x, at = ecg(first)
    y, early = ecg(first + 0.55, WIDE, level=0.0)
    order = np.sort(np.concatenate([at, early]))
    return x + y, order


def low_voltage():
    x, at = sinus()
    return 0.12 * x, at


GOOD = {
    "sinus": sinus,
    "fast": lambda: sinus(170),
    "slow": lambda: sinus(35),
    "fibrillation": fibrillation,
    "bigeminy": bigeminy,
    "low voltage": low_voltage,
}


def motion(x, rng):
    """Steps as high as the QRS complexes and higher."""
    return x + 0.8 * noise(len(x), FS, "electrode", rng)


def muscle(x, rng):
    return x + 1.5 * noise(len(x), FS, "muscle", rng)


def white(x, rng):
    return 0.05 * x + rng.standard_normal(len(x))


def swings(x, rng):
    """A cable that is swung: 1 to 4 Hz, ten times the QRS complex."""
    sos = sps.butter(2, (1, 4), "bandpass", fs=FS, output="sos")
    y = sps.sosfilt(sos, rng.standard_normal(len(x)))
    return x + 5 * y / y.std()


FAILING = {"muscle": muscle, "white noise": white, "swings": swings}
