"""Filters of an ECG: notch, band-pass, mains hum, z-score; what the filtering has gained.

All filters are second-order sections run forwards and backwards: no delay, and stable at low
cut-offs.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal as sps

BAND = 0.5, 40.0  # Hz: what a monitor shows; 0.5 to 150 keeps what a diagnostic ECG shows
# dB of the signal's power: from here on hum costs a classifier more than the notch does; no
# training recording reaches it, so each of these is served the very rows it was trained on
STRONG_HUM = -18.0
MAINS_WINDOWS = 100  # of 4 s tell which mains hum a recording has
# mains hum is removed where its line stands so many times above the spectrum beside it
MAINS_STANDS_OUT = 6.0
# any other hum: from so many Hz on, where it stands so many times above all within so many Hz. The
# harmonics of a steady heart beat do not: up to 330 a minute there is another one as near
HUM_FROM, HUM_STANDS_OUT, HUM_BESIDE = 10.0, 5.0, 6.5


# -------------------------------------------------------------------------------------- filters


def filtered(sos: np.ndarray, signal: ArrayLike, fs: float, settle: float) -> np.ndarray:
    """`signal` (n,), or (m, n) one stretch a row, through second-order sections both ways; NaN stay
    NaN and are bridged by straight lines meanwhile. settle: s, the filter's memory, by which the
    signal is continued at its ends."""
    x = np.asarray(signal, dtype=np.float64)
    there = np.isfinite(x)
    if not there.all():
        if x.ndim == 2:
            return np.array([filtered(sos, row, fs, settle) for row in x])
        if np.count_nonzero(there) < 2:
            return x.copy()
        at = np.arange(len(x))
        x = np.interp(at, at[there], x[there])
    elif x.shape[-1] < 2:
        return x.copy()
    middle = x.mean(axis=-1, keepdims=True)  # far offsets cost digits
    y = sps.sosfiltfilt(sos, x - middle, padlen=min(x.shape[-1] - 1, int(settle * fs)))
    passes_dc = abs(np.prod(sos[:, :3].sum(axis=1) / sos[:, 3:].sum(axis=1))) > 0.5
    y = y + middle if passes_dc else y
    return y if there.all() else np.where(there, y, np.nan)


def one_lead(signal: ArrayLike) -> np.ndarray:
    """`signal` as an array (n,). ValueError for more than one lead."""
    if np.ndim(signal) != 1:
        raise ValueError(f"signal has shape {np.shape(signal)}: give one lead, shape (samples,)")
    return np.asarray(signal)


@functools.lru_cache
def butterworth(
    order: int, limits: float | tuple[float, float], kind: str, fs: float
) -> np.ndarray:
    """Second-order sections of a Butterworth filter; limits in Hz, kind as in scipy.signal."""
    return sps.butter(order, limits, kind, fs=fs, output="sos")


def notch(signal: ArrayLike, fs: float, freq: float = 50, q: float = 30) -> np.ndarray:
    """Remove `freq` Hz from `signal` (n,), zero phase; q: freq over the width of the notch.

    Above Nyquist there is nothing to remove, and the signal comes back as it is. Returns (n,) in
    the signal's unit, NaN where it was NaN. ValueError for a freq or q that is not positive."""
    if not (freq > 0 and q > 0):
        raise ValueError(f"freq {freq} and q {q} must be positive")
    if freq >= fs / 2:
        return np.array(signal, dtype=np.float64)
    return filtered(sps.tf2sos(*sps.iirnotch(freq, q, fs)), one_lead(signal), fs, 2 * q / freq)


def bandpass(
    signal: ArrayLike, fs: float, low: float = 0.5, high: float = 40, order: int = 4
) -> np.ndarray:
    """Zero-phase Butterworth band-pass of `signal` (n,) at fs Hz.

    low, high: Hz; 0 for no lower limit; an upper limit at or above Nyquist is none. order: of
    either slope, per direction. Returns (n,) in the signal's unit, NaN where it was NaN. Raises
    ValueError for limits that leave no band."""
    if not (0 <= low < min(high, fs / 2)) or order < 1:
        raise ValueError(
            f"no band is left between {low:g} and {min(high, fs / 2):g} Hz at {fs:g} Hz "
            f"(order {order})"
        )
    if high < fs / 2 and low > 0:
        sos = butterworth(order, (low, high), "bandpass", fs)
    elif high < fs / 2:
        sos = butterworth(order, high, "lowpass", fs)
    elif low > 0:
        sos = butterworth(order, low, "highpass", fs)
    else:
        return np.array(signal, dtype=np.float64)
    return filtered(sos, one_lead(signal), fs, 2 / (low or high))


def normalize(ecg: ArrayLike) -> np.ndarray:
    """z-score: mean 0, standard deviation 1 over the samples that are there. A constant signal
    becomes zeros."""
    x = np.asarray(ecg, dtype=np.float64)
    there = x[np.isfinite(x)]
    if len(there) == 0:
        return x.copy()
    spread = there.std()
    constant = spread <= 1e-12 * max(np.abs(there).max(), 1e-300)
    return (x - there.mean()) / (np.inf if constant else spread)


# ------------------------------------------------------------------------------------ mains hum


def find_mains(signal: ArrayLike, fs: float, above_db: float = -np.inf) -> int | None:
    """50, 60 or None: the mains frequency in Hz whose line stands out of the spectrum of `signal`
    (n,) and holds more than `above_db` of its power above 0.5 Hz.

    Power spectrum as the median over at most 100 windows of 4 s (Hann), spread over the recording,
    so that beats and bursts do not count; the line is compared with the median of what lies 2 to
    8 Hz beside it."""
    signal = np.asarray(signal)
    if len(signal) < int(4 * fs):
        return None
    frequency, power = _median_spectrum(signal, fs)
    ratio, level = {}, {}
    for mains in (50, 60):
        away = np.abs(frequency - mains)
        beside = power[(away >= 2) & (away <= 8) & (frequency < 0.98 * fs / 2)]
        line = power[(away <= 0.6) & (frequency < 0.995 * fs / 2)]
        floor = max(np.median(beside), 1e-30) if len(beside) else np.inf
        ratio[mains] = line.max() / floor if len(line) else 0.0
        hum = np.clip(power[away <= 1] - floor, 0, None).sum()
        level[mains] = hum / max(power[frequency > 0.5].sum(), 1e-30)
    best = max(ratio, key=ratio.__getitem__)
    strong = ratio[best] > MAINS_STANDS_OUT and level[best] > 10 ** (above_db / 10)
    return best if strong else None


def _median_spectrum(signal, fs):
    """(frequencies (k,) in Hz, median power (k,)) over windows of 4 s that are spread over the
    signal."""
    size = int(4 * fs)
    windows = min(2 * len(signal) // size - 1, MAINS_WINDOWS)
    starts = np.linspace(0, len(signal) - size, windows).astype(np.int64)
    x = np.lib.stride_tricks.sliding_window_view(signal, size)[starts].astype(np.float64)
    there = np.isfinite(x)
    if not there.all():
        x = np.where(there, x, np.median(x[there]) if there.any() else 0.0)
    x = (x - x.mean(axis=1, keepdims=True)) * sps.get_window("hann", size)
    power = np.ascontiguousarray((np.abs(np.fft.rfft(x)) ** 2).T)
    return np.fft.rfftfreq(size, 1 / fs), np.median(power, axis=1)


def find_lines(signal: ArrayLike, fs: float, above_db: float = STRONG_HUM) -> list[float]:
    """Frequencies in Hz of the hum in `signal` (n,), from 10 Hz up to below half of fs: railway
    (16.7), mains, aircraft (400), a charger, what is folded back from above half of fs.

    A line of hum is narrow and steady: in the spectrum of find_mains it is more than 5 times as
    high as all that lies 0.8 to 6.5 Hz beside it, and holds more than `above_db` of the signal's
    power above 0.5 Hz. So are not the harmonics of a heart that beats like a clock, since each has
    neighbours of its like. With a line come those of its multiples that stand above the median
    beside them 6 times."""
    signal = np.asarray(signal)
    if len(signal) < int(4 * fs):
        return []
    frequency, power = _median_spectrum(signal, fs)
    bins, total = frequency[1], max(power[frequency > 0.5].sum(), 1e-30)
    near, far = round(0.8 / bins), round(HUM_BESIDE / bins)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(power, far), 2 * far + 1)
    beside = np.delete(around, np.arange(far - near + 1, far + near), axis=1)
    hum = np.array([power[max(k - near, 0) : k + near + 1].sum() for k in range(len(power))])
    top = (power >= np.roll(power, 1)) & (power >= np.roll(power, -1))
    top &= (frequency >= HUM_FROM) & (frequency < 0.995 * fs / 2)
    strong = top & (power > HUM_STANDS_OUT * beside.max(1)) & (hum > total * 10 ** (above_db / 10))
    lines = [_exactly(power, k) * bins for k in np.flatnonzero(strong)]
    floor = np.maximum(np.median(beside, axis=1), 1e-30)
    also = [_exactly(power, k) * bins for k in np.flatnonzero(top & (power > 6 * floor))]
    multiples = {
        other
        for other in also
        for line in lines
        if other > 1.5 * line and abs(other / line - round(other / line)) * line < 0.3
    }
    return sorted({*lines, *multiples})


def _exactly(power, k):
    """Where between the bins the peak at bin k lies, in bins: of a parabola through three
    logarithms."""
    low, middle, high = np.log(power[k - 1 : k + 2] + 1e-300) if k + 1 < len(power) else (0, 1, 0)
    return k + 0.5 * (low - high) / min(low - 2 * middle + high, -1e-9)


def _without_hum(signal, fs, hum, highest):
    """`signal` (n,) without `hum` Hz and its multiples below `highest` Hz."""
    x = np.asarray(signal, dtype=np.float64)
    for multiple in range(hum, int(highest), hum):
        x = _without_line(x, fs, multiple)
    return x


def _without_line(signal, fs, freq):
    """`signal` (n,) without hum of `freq` Hz. At either end a notch near the band of QRS complexes
    needs seconds to settle, so that the hum found there is continued beyond first."""
    x = np.asarray(signal, dtype=np.float64)
    side = min(int(4 * fs), len(x))
    before, after = (hum_before(end[:side], fs, [freq]) for end in (x, x[::-1]))
    longer = np.concatenate([before, x, after[::-1]])
    return notch(longer, fs, freq)[side : side + len(x)]


def hum_before(first: np.ndarray, fs: float, frequencies: list[float]) -> np.ndarray:
    """(n,) what may have come before `first` (n,), NaN where samples are missing: its hum of these
    frequencies in Hz, on the level that it begins with."""
    side, there = len(first), np.isfinite(first)
    if there.sum() < 4:
        return np.zeros(side)
    phase = 2 * np.pi / fs * np.outer(np.arange(-side, side), frequencies)
    waves = np.hstack([np.sin(phase), np.cos(phase)])
    known = np.column_stack([waves[side:], np.ones(side)])[there]
    of_hum = np.linalg.lstsq(known, first[there], rcond=None)[0][:-1]
    start = (first - waves[side:] @ of_hum)[: max(1, side // 20)]
    rest = start[np.isfinite(start)].mean() if np.isfinite(start).any() else 0.0
    return waves[:side] @ of_hum + rest


def find_strong_hum(signal: np.ndarray, fs: float) -> tuple[int | None, list[float]]:
    """(50, 60 or None, the mains hum that is to be taken out of signal (n,) with its multiples for
    a classifier; other lines of hum in Hz)."""
    mains = find_mains(signal, fs, STRONG_HUM)
    out = signal if mains is None else _without_hum(signal, fs, mains, fs / 2)
    return mains, find_lines(out, fs)


def remove_strong_hum(signal: np.ndarray, fs: float) -> tuple[np.ndarray, str | None]:
    """(signal (n,), sentence or None) as a classifier wants it: itself where no hum is strong.

    The models were trained on raw signals, which every filter makes a little less like those, so
    hum alone is removed and only where it is strong (benchmarks/denoising.py)."""
    mains, lines = find_strong_hum(signal, fs)
    out = signal if mains is None else _without_hum(signal, fs, mains, fs / 2)
    for line in lines:
        out = _without_line(out, fs, line)
    said = [] if mains is None else [f"strong mains hum of {mains} Hz was removed"]
    if lines:
        said.append(f"strong hum of {', '.join(f'{f:.1f}' for f in lines)} Hz was removed")
    return out, "; ".join(said) or None


# ------------------------------------------------------------------------------------- cleaning


def chosen_hum(signal: ArrayLike, fs: float, mains: str | int) -> int | None:
    """The mains frequency in Hz to take out of signal (n,), or None. mains: `auto` (what find_mains
    finds), 50, 60 or `none`."""
    if mains == "auto":
        return find_mains(signal, fs)
    return None if mains == "none" else int(mains)


def denoise(
    signal: ArrayLike,
    fs: float,
    low: float = BAND[0],
    high: float = BAND[1],
    mains: str | int = "auto",
) -> np.ndarray:
    """Notch at the mains frequency and its multiples inside the band, then band-pass. signal: (n,);
    the unit is kept. mains: `auto` (what find_mains finds), 50, 60 or `none`."""
    if str(mains) not in ("auto", "none", "50", "60"):
        raise ValueError(f"mains is {mains!r}: one of auto, 50, 60, none")
    hum = chosen_hum(signal, fs, mains)
    if hum is not None:
        signal = _without_hum(signal, fs, hum, min(high + 20, fs / 2))
    return bandpass(np.asarray(signal, dtype=np.float64), fs, low, high)


def snr_db(clean: ArrayLike, signal: ArrayLike) -> float:
    """Signal-to-noise ratio in dB of `signal` against the `clean` signal it should be; both (n,) in
    the same unit, means removed. A z-scored signal cannot be compared with one in mV."""
    clean, signal = (np.asarray(x, dtype=np.float64) for x in (clean, signal))
    there = np.isfinite(clean) & np.isfinite(signal)
    truth, error = clean[there] - clean[there].mean(), (signal - clean)[there]
    noise = np.mean((error - error.mean()) ** 2)
    return float(10 * np.log10(np.mean(truth**2) / noise)) if noise > 0 else np.inf
