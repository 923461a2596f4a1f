"""Cleaning an ECG: mains notch, band-pass, z-score; what cannot be read; a lead that lies upside down.

    python clean_ECG.py                                    # demo: a known signal with noise, SNR before and after
    python clean_ECG.py 100.hea --save clean.png           # any file that ecg/records.py reads; --fs, --unit, --lead
    python clean_ECG.py 100.hea --band 0.5 150 --mains none --out clean.csv

All filters are second-order sections run forwards and backwards: no delay, and stable at low cut-offs.
"""
import argparse
import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy import signal as sps

from ecg import artifacts, beats, records
from ecg.artifacts import InputError

BAND = 0.5, 40.0           # Hz: the tutorial's; 0.5 to 150 keeps what a diagnostic ECG shows
STRONG_HUM = -18.0         # dB of the signal's power: from here on hum costs a classifier more than the notch does; no
                           # training recording reaches it, so each of these is served the very rows it was trained on
MAINS_WINDOWS = 100        # of 4 s tell which mains hum a recording has
MAINS_STANDS_OUT = 6.0     # mains hum is removed where its line stands so many times above the spectrum beside it


# --------------------------------------------------------------------------------------------- filters

def _filtered(sos, signal, fs, settle):
    """`signal` (n,), or (m, n) one stretch a row, through second-order sections both ways; NaN stay NaN and are bridged by
    straight lines meanwhile. settle: s, the filter's memory, by which the signal is continued at its ends."""
    x = np.asarray(signal, dtype=np.float64)
    there = np.isfinite(x)
    if not there.all():
        if x.ndim == 2:
            return np.array([_filtered(sos, row, fs, settle) for row in x])
        if np.count_nonzero(there) < 2:
            return x.copy()
        at = np.arange(len(x))
        x = np.interp(at, at[there], x[there])
    elif x.shape[-1] < 2:
        return x.copy()
    middle = x.mean(axis=-1, keepdims=True)              # far offsets cost digits
    y = sps.sosfiltfilt(sos, x - middle, padlen=min(x.shape[-1] - 1, int(settle * fs)))
    passes_dc = abs(np.prod(sos[:, :3].sum(axis=1) / sos[:, 3:].sum(axis=1))) > 0.5
    y = y + middle if passes_dc else y
    return y if there.all() else np.where(there, y, np.nan)


def _one_lead(signal):
    if np.ndim(signal) != 1:
        raise ValueError(f"signal has shape {np.shape(signal)}: give one lead, shape (samples,)")
    return np.asarray(signal)


@functools.lru_cache
def _butterworth(order, limits, kind, fs):
    return sps.butter(order, limits, kind, fs=fs, output="sos")


def notch_filter(signal, fs, freq=50, q=30):
    """Remove `freq` Hz from `signal` (n,), zero phase; q: freq over the width of the notch. Above Nyquist there is nothing
    to remove, and the signal comes back as it is. Returns (n,) in the signal's unit, NaN where it was NaN."""
    if not (freq > 0 and q > 0):
        raise ValueError(f"freq {freq} and q {q} must be positive")
    if freq >= fs / 2:
        return np.array(signal, dtype=np.float64)
    return _filtered(sps.tf2sos(*sps.iirnotch(freq, q, fs)), _one_lead(signal), fs, 2 * q / freq)


def bandpass_filter(signal, fs, low=0.5, high=40, order=4):
    """Zero-phase Butterworth band-pass of `signal` (n,) at fs Hz.

    low, high: Hz; 0 for no lower limit; an upper limit at or above Nyquist is none. order: of either slope, per direction.
    Returns (n,) in the signal's unit, NaN where it was NaN. Raises ValueError for limits that leave no band."""
    if not (0 <= low < min(high, fs / 2)) or order < 1:
        raise ValueError(f"no band is left between {low:g} and {min(high, fs / 2):g} Hz at {fs:g} Hz (order {order})")
    if high >= fs / 2 and low == 0:
        return np.array(signal, dtype=np.float64)
    limits, kind = (low, "highpass") if high >= fs / 2 else (high, "lowpass") if low == 0 else ((low, high), "bandpass")
    return _filtered(_butterworth(order, limits, kind, fs), _one_lead(signal), fs, 2 / (low or high))


def normalize(signal):
    """z-score: mean 0, standard deviation 1 over the samples that are there. A constant signal becomes zeros."""
    x = np.asarray(signal, dtype=np.float64)
    there = x[np.isfinite(x)]
    if len(there) == 0:
        return x.copy()
    spread = there.std()
    return (x - there.mean()) / (spread if spread > 1e-12 * max(np.abs(there).max(), 1e-300) else np.inf)


def find_mains(signal, fs, above_db=-np.inf):
    """50, 60 or None: the mains frequency in Hz whose line stands out of the spectrum of `signal` (n,) and holds more than
    `above_db` of its power above 0.5 Hz.

    Power spectrum as the median over at most 100 windows of 4 s (Hann), spread over the recording, so that beats and bursts do
    not count; the line is compared with the median of what lies 2 to 8 Hz beside it."""
    signal, size = np.asarray(signal), int(4 * fs)
    if len(signal) < size:
        return None
    starts = np.linspace(0, len(signal) - size, min(2 * len(signal) // size - 1, MAINS_WINDOWS)).astype(np.int64)
    x = np.lib.stride_tricks.sliding_window_view(signal, size)[starts].astype(np.float64)
    there = np.isfinite(x)
    if not there.all():
        x = np.where(there, x, np.median(x[there]) if there.any() else 0.0)
    x = (x - x.mean(axis=1, keepdims=True)) * sps.get_window("hann", size)
    frequency = np.fft.rfftfreq(size, 1 / fs)
    power = np.median(np.ascontiguousarray((np.abs(np.fft.rfft(x)) ** 2).T), axis=1)
    ratio, level = {}, {}
    for mains in (50, 60):
        away = np.abs(frequency - mains)
        beside = power[(away >= 2) & (away <= 8) & (frequency < 0.98 * fs / 2)]
        line = power[(away <= 0.6) & (frequency < 0.995 * fs / 2)]
        floor = max(np.median(beside), 1e-30) if len(beside) else np.inf
        ratio[mains] = line.max() / floor if len(line) else 0.0
        level[mains] = np.clip(power[away <= 1] - floor, 0, None).sum() / max(power[frequency > 0.5].sum(), 1e-30)
    best = max(ratio, key=ratio.get)
    return best if ratio[best] > MAINS_STANDS_OUT and level[best] > 10 ** (above_db / 10) else None


def denoise(signal, fs, low=BAND[0], high=BAND[1], mains="auto"):
    """Notch at the mains frequency and its multiples inside the band, then band-pass. signal: (n,); the unit is kept.
    mains: `auto` (what find_mains finds), 50, 60 or `none`."""
    if str(mains) not in ("auto", "none", "50", "60"):
        raise ValueError(f"mains is {mains!r}: one of auto, 50, 60, none")
    hum = find_mains(signal, fs) if mains == "auto" else None if mains == "none" else int(mains)
    x = np.asarray(signal, dtype=np.float64)
    for multiple in range(hum or 1, int(min(high + 20, fs / 2)), hum or 1) if hum else ():
        x = notch_filter(x, fs, multiple)
    return bandpass_filter(x, fs, low, high)


def remove_strong_hum(signal, fs):
    """(signal (n,), sentence or None) as a classifier wants it: the models were trained on raw signals, which every filter
    makes a little less like those, so mains hum alone is removed and only where it is strong (benchmarks/denoising.py)."""
    hum = find_mains(signal, fs, STRONG_HUM)
    if hum is None:
        return signal, None
    x = np.asarray(signal, dtype=np.float64)
    for multiple in range(hum, int(fs / 2), hum):
        x = notch_filter(x, fs, multiple)
    return x, f"strong mains hum of {hum} Hz was removed"


def preprocess_ecg_signal(raw, fs, low=BAND[0], high=BAND[1], mains="auto"):
    """The tutorial's cleaning: notch, band-pass, z-score. raw: (n,) any unit, fs in Hz. Returns (n,) without unit."""
    return normalize(denoise(raw, fs, low, high, mains))


def snr_db(clean, signal):
    """Signal-to-noise ratio in dB of `signal` against the `clean` signal it should be; both (n,) in the same unit, means
    removed. A z-scored signal cannot be compared with one in mV."""
    clean, signal = (np.asarray(x, dtype=np.float64) for x in (clean, signal))
    there = np.isfinite(clean) & np.isfinite(signal)
    truth, error = clean[there] - clean[there].mean(), (signal - clean)[there]
    noise = np.mean((error - error.mean()) ** 2)
    return float(10 * np.log10(np.mean(truth ** 2) / noise)) if noise > 0 else np.inf


# --------------------------------------------------------------------------------------------- quality

class Window(NamedTuple):
    """start, stop: samples. readable: share of it in which beats can be found. reason: `ok`, or what makes most of the rest
    unreadable: missing, flat, clipped, noise."""
    start: int
    stop: int
    readable: float
    reason: str


def signal_quality(signal, fs, window=10.0):
    """List of Window, one each `window` seconds (the last may be shorter), from ecg.beats.unreadable. `ok` means at least
    90 % readable. signal: (n,) any unit; fs in Hz."""
    n, step = len(signal), max(int(window * fs), 1)
    starts = np.arange(0, n, step)
    lost = {}
    for start, stop, reason in beats.unreadable(signal, fs):
        overlap = np.clip(np.minimum(stop, starts + step) - np.maximum(start, starts), 0, None)
        lost[reason] = lost.get(reason, 0) + overlap
    result = []
    for k, start in enumerate(starts):
        length = min(start + step, n) - start
        here = {reason: overlap[k] for reason, overlap in lost.items()}
        readable = 1 - sum(here.values()) / length
        reason = "ok" if readable >= 0.9 else max(here, key=here.get)
        result.append(Window(int(start), int(start + length), float(readable), reason))
    return result


# --------------------------------------------------------------------------------------------- which way up, which lead

# Log odds that a lead is upright, from three figures of its median beat that change their sign when it is turned. Fitted on
# the first leads of MIT-BIH and SVDB both ways up; a lead is turned only where they are clear (benchmarks/inversion.py)
UPRIGHT_WEIGHTS = 4.3, 1.9, 1.6                          # QRS, T wave, P wave
CLEARLY, PERHAPS = 2.0, 1.0                              # turned; said to be possible
TRAINED_LEADS = ("MLII", "II", "V5")
SECOND_LEADS = ("V1", "V2", "V4")                          # of the training recordings, which the context model learns from too
DOWNWARD_LEADS = ("V1", "V2", "V3", "AVR", "MCL1")       # the QRS of a healthy heart points down in these
OTHER_LEADS = (*DOWNWARD_LEADS, "I", "III", "MLI", "MLIII", "AVL", "AVF", "V4", "V6", "CM5", "CS12")
BEAT_FS = 250
STRETCHES = 10, 16.0                                     # so many of so many s show what a lead looks like


def median_beat(signal, fs, r_peaks=None):
    """(times (200,) s, median beat (200,)) at 250 Hz, 0.5-40 Hz, aligned at the centre of the QRS energy, so that turning the
    signal turns the beat and changes nothing else. Of a longer recording ten stretches of 16 s are looked at, spread over
    the beats. None where there are fewer than 5 beats."""
    times = np.arange(-0.35, 0.45, 1 / BEAT_FS)
    signal = _one_lead(signal)
    peaks = beats.detect_r_peaks(signal, fs) if r_peaks is None else np.asarray(r_peaks, dtype=np.int64)
    peaks = peaks[(peaks > 0.5 * fs) & (peaks < len(signal) - 0.6 * fs)]
    if len(peaks) < 5:
        return None
    count, size = STRETCHES[0], round(STRETCHES[1] * fs)
    if len(signal) > count * size:
        starts = peaks[np.linspace(0, len(peaks) - 1, count).astype(np.int64)] - int(2 * fs)
        starts = np.clip(starts, 0, len(signal) - size)
    else:
        starts, size = np.zeros(1, np.int64), len(signal)
    x = np.lib.stride_tricks.sliding_window_view(signal, size)[starts]
    y = _filtered(_butterworth(4, BAND, "bandpass", fs), x, fs, 2 / BAND[0])
    energy = _filtered(_butterworth(2, (5, 25), "bandpass", fs), x, fs, 1) ** 2
    width, reach = int(0.06 * fs), int(0.08 * fs)
    energy = ndimage.uniform_filter1d(np.nan_to_num(energy), width, mode="constant")
    beat, row = np.nonzero((peaks[:, None] > starts + 0.5 * fs) & (peaks[:, None] < starts + size - 0.6 * fs))
    place = (peaks[beat] - starts[row])[:, None]
    centre = place - reach + np.argmax(energy[row[:, None], place + np.arange(-reach, reach + 1)], axis=1)[:, None]
    each = y[row[:, None], np.rint(centre + times * fs).astype(np.int64)]
    each = each[np.isfinite(each).all(axis=1)]
    return (times, np.median(each, axis=0)) if len(each) >= 5 else None


def _deflections(times, beat, rr):
    """(QRS, T, P): by how much the wave goes up more than down, -1..1 for the QRS, over the QRS's height for T and P."""
    qrs = np.abs(times) < 0.1
    centred = beat - np.median(beat)
    height = max(np.abs(centred[qrs]).max(), 1e-12)
    sharp = (centred - np.convolve(np.pad(centred, 12, "edge"), np.full(25, 1 / 25), "valid"))[qrs]     # less its 100 ms mean

    def up_minus_down(sigma, start, stop):               # of the best fitting bump of this width
        half = int(1.2 * sigma * 2.27 * BEAT_FS)
        bump = np.exp(-0.5 * (np.arange(-half, half + 1) / (sigma * BEAT_FS)) ** 2)
        bump -= bump.mean()
        fit = np.convolve(np.pad(centred, half, "edge"), bump / (bump ** 2).sum(), "valid")[(times > start) & (times < stop)]
        return (fit.max() + fit.min()) / height

    return ((sharp.max() + sharp.min()) / max(np.abs(sharp).max(), 1e-12),
            up_minus_down(0.050, 0.14, min(0.42 * np.sqrt(min(rr, 1.0)), 0.44)), up_minus_down(0.022, -0.24, -0.10))


def upright_figures(signal, fs, r_peaks=None):
    """(3,) figures of QRS, T and P wave, each in -1..1, positive where the wave points up; NaN with fewer than 5 beats. They
    change their sign when the signal is turned. signal: (n,) any unit; fs in Hz; r_peaks: (m,) samples, when known already."""
    peaks = beats.detect_r_peaks(signal, fs) if r_peaks is None else np.asarray(r_peaks, dtype=np.int64)
    found = median_beat(signal, fs, peaks)
    if found is None:
        return np.full(3, np.nan)
    qrs, t_wave, p_wave = _deflections(*found, np.median(np.diff(peaks)) / fs)
    return np.array([qrs, np.tanh(t_wave / 0.2), np.tanh(p_wave / 0.06)])


def find_inversion(signal, fs, r_peaks=None):
    """Whether the lead clearly lies upside down, for leads that should look like II or V5 (arguments as for upright_figures).
    In doubt False: to turn a lead wrongly is worse than to leave it."""
    return bool(_upright_odds(signal, fs, r_peaks) < -CLEARLY)


def _upright_odds(signal, fs, r_peaks):
    return np.dot(UPRIGHT_WEIGHTS, upright_figures(signal, fs, r_peaks))


def turn_upright(signal, fs, invert="auto", lead="", r_peaks=None):
    """(signal (n,) upright, sentence or None). invert: `auto` turns what find_inversion finds and says what is doubtful,
    unless the lead's name says that its QRS points down anyway (V1, aVR ...); `yes` always; `no` never."""
    if invert not in ("auto", "yes", "no"):
        raise ValueError(f"invert is {invert!r}: one of auto, yes, no")
    if invert == "yes":
        return -np.asarray(signal), "the lead was turned (--invert yes)"
    if invert == "no" or records.lead_key(lead) in DOWNWARD_LEADS:
        return signal, None
    odds = _upright_odds(signal, fs, r_peaks)
    if odds < -CLEARLY:
        return -np.asarray(signal), "the lead lies upside down and was turned (--invert no leaves it)"
    return signal, "the lead may lie upside down: look at it, --invert yes turns it" if odds < -PERHAPS else None


def unlike_training(lead, signal, fs, r_peaks=None, single_beat=True):
    """A sentence of warning where a lead is unlike those a model was trained on, else None. A single-beat model knows II and V5: the
    name of the lead tells or, where it says nothing, a QRS that points down. The context model (single_beat False) knows V1, V2 and V4
    too, and compares a beat with its own lead, whichever way that points. signal: (n,), after turn_upright."""
    key = records.lead_key(lead)
    trained = TRAINED_LEADS if single_beat else (*TRAINED_LEADS, *SECOND_LEADS)
    known = ("the single-beat models were trained on leads II and V5" if single_beat else
             "the context model was trained on leads II, V1, V2, V4 and V5") + ": expect more errors"
    if key in trained:
        return None
    if key in OTHER_LEADS:
        return f"lead {lead} is unlike any in training; {known}"
    if single_beat and upright_figures(signal, fs, r_peaks)[0] < -0.4:
        return f"the QRS complex of lead {lead or 'given'} points down, as in no lead of the training; {known}"
    return None


# --------------------------------------------------------------------------------------------- figure, program

def plot_cleaning(t, raw, cleaned, windows=(), fs=None, clean=None):
    """Raw, cleaned and standardised ECG, one above the other; what cannot be read is shaded. t: (n,) s; raw, cleaned and the
    true `clean` where it is known: (n,) mV. Returns the matplotlib figure."""
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(3, 1, figsize=(12, 8), sharex=True, layout="constrained")
    axes[0].plot(t, raw, color="#D55E00", lw=0.7)
    axes[0].set(title="Raw ECG", ylabel="mV")
    if clean is not None:
        axes[1].plot(t, clean - np.nanmean(clean), color="0.6", lw=0.8, label="true")
    axes[1].plot(t, cleaned, color="black", lw=0.8, label="cleaned")
    axes[1].legend(loc="upper right")
    axes[1].set(title="Cleaned ECG", ylabel="mV")
    axes[2].plot(t, normalize(cleaned), color="#0072B2", lw=0.7)
    axes[2].set(title="Standardised", ylabel="z-score", xlabel="Time (s)")
    for window in windows:
        if window.reason != "ok":
            axes[0].axvspan(window.start / fs, window.stop / fs, color="0.85", zorder=0)
            axes[0].annotate(window.reason, (window.start / fs, 0.95), xycoords=("data", "axes fraction"), fontsize=8, clip_on=True)
    return figure


def save_signal(path, signal, fs, lead, unit):
    """Write `signal` (n,) as .csv (time and value; missing samples empty), .npy (bare array) or .npz (with rate, unit, lead)."""
    path = Path(path)
    if path.suffix == ".npy":
        artifacts.save_npy(path, signal)
        return
    with artifacts.writing(path) as temporary:
        if path.suffix == ".npz":
            np.savez_compressed(temporary, signal=signal, fs=fs, unit=unit, lead=lead)
        else:
            import pandas as pd
            name = lead.replace(",", " ").replace('"', " ")
            pd.DataFrame({"time (s)": np.arange(len(signal)) / fs, f"{name} ({unit})": signal}).to_csv(
                temporary, index=False, float_format="%.9g", lineterminator="\n")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("file", nargs="?", metavar="FILE", help="a recording; without it a demo whose clean signal is known")
    records.add_options(parser)
    parser.add_argument("--band", type=float, nargs=2, default=BAND, metavar=("LOW", "HIGH"),
                        help="Hz kept; 0.5 150 keeps what a diagnostic ECG shows")
    parser.add_argument("--mains", choices=("auto", "50", "60", "none"), default="auto", help="hum to remove, Hz; auto: if found")
    parser.add_argument("--invert", choices=("auto", "yes", "no"), default="auto", help="turn a lead that lies upside down")
    parser.add_argument("--window", type=float, default=10, help="length of the windows of the signal quality, s")
    parser.add_argument("--zscore", action="store_true", help="write the standardised signal instead of mV")
    parser.add_argument("--out", metavar="FILE", help="write the cleaned signal: .csv, .npy or .npz")
    parser.add_argument("--save", metavar="FILE", help="write the figure (.png, .pdf, .svg)")
    parser.add_argument("--start", type=float, default=0, help="start of the figure, s")
    parser.add_argument("--seconds", type=float, default=20, help="length of the figure, s")
    args = parser.parse_args(argv)
    if args.out and Path(args.out).suffix not in (".csv", ".npy", ".npz"):
        raise InputError(f"--out {args.out}: give a name that ends in .csv, .npy or .npz")
    if not args.window >= 1:
        raise InputError(f"--window {args.window}: give 1 s or more")

    clean = None
    if args.file:
        recording = records.read_recording(args.file, args.lead, args.fs, args.unit)
    else:
        from Noisy_ECG_Signal import generate_noisy_ecg
        _, clean, noisy = generate_noisy_ecg(args.fs or 360)
        recording = records.Recording(noisy, args.fs or 360.0, "II", "demo")
    fs, n = recording.fs, len(recording.signal)
    if not 0 <= args.start < n / fs or not args.seconds > 0:
        raise InputError(f"--start {args.start:g} --seconds {args.seconds:g}: the recording has {n / fs:.1f} s")
    signal, turned = turn_upright(recording.signal, fs, args.invert, recording.lead)
    hum = find_mains(signal, fs) if args.mains == "auto" else None if args.mains == "none" else int(args.mains)
    try:
        cleaned = denoise(signal, fs, *args.band, mains=hum or "none")
    except ValueError as error:
        raise InputError(f"--band {args.band[0]:g} {args.band[1]:g}: {error}") from None
    windows = signal_quality(signal, fs, args.window)
    print(f"{recording.name}: lead {recording.lead}, {fs:g} Hz, {n / fs:.1f} s; "
          + (f"mains {hum} Hz removed" if hum else "no mains removed" if args.mains == "none" else "no mains hum found")
          + f"; band {args.band[0]:g} to {min(args.band[1], fs / 2):g} Hz")
    for note in (*recording.notes, turned, unlike_training(recording.lead, signal, fs)):
        if note:
            print(f"  note: {note}")
    bad = [w for w in windows if w.reason != "ok"]
    print(f"  readable: {100 * sum(w.readable * (w.stop - w.start) for w in windows) / n:.1f} %; "
          f"{len(windows) - len(bad)} of {len(windows)} windows of {args.window:g} s are ok")
    for w in bad[:20]:
        print(f"    {w.start / fs:9.1f} - {w.stop / fs:.1f} s: {w.reason} ({100 * (1 - w.readable):.0f} % unreadable)")
    if len(bad) > 20:
        print(f"    ... and {len(bad) - 20} more")
    if clean is not None:
        clean = clean if signal is recording.signal else -clean
        print(f"  SNR against the known clean signal, in mV: {snr_db(clean, signal):.1f} dB before, "
              f"{snr_db(clean, cleaned):.1f} dB after")
    if args.out:
        save_signal(args.out, normalize(cleaned) if args.zscore else cleaned, fs, recording.lead, "z" if args.zscore else "mV")
        print(f"wrote {args.out}")
    if args.save or not args.file:
        from Noisy_ECG_Signal import show_figure
        part = slice(int(args.start * fs), int((args.start + args.seconds) * fs))
        show_figure(plot_cleaning(np.arange(n)[part] / fs, signal[part], cleaned[part], windows, fs,
                                  None if clean is None else clean[part]), args.save, "clean_ecg.png")


if __name__ == "__main__":
    artifacts.run(main)
