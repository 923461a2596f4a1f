"""Synthetic ECG whose beats are known, and noise of known kind and strength.

    python Noisy_ECG_Signal.py                                     # the tutorial's figure: clean and noisy ECG
    python Noisy_ECG_Signal.py --kinds N,S,V,F --noise muscle --snr 6 --save noisy.png
    python Noisy_ECG_Signal.py --records data/demo                 # ten annotated WFDB recordings, all five classes

A beat is a sum of Gaussian waves (P, Q, R, S, T and a pacing spike), as in McSharry et al. 2003
(doi:10.1109/TBME.2003.808805), but placed beat by beat, so that ectopic beats come early, lose or change their P wave
and are followed by the right pause. It is material for demonstrations and tests: figures of a classifier on it say nothing
about patients.
"""
import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import signal as sps

from ecg import artifacts, beats
from ecg.artifacts import InputError

NOISE_KINDS = ("baseline", "muscle", "mains", "electrode")
SYMBOLS = {"N": "N", "S": "A", "V": "V", "F": "F", "Q": "/"}   # the WFDB annotation of each class
SHARES = {"S": 0.07, "V": 0.08, "F": 0.04}                     # of all beats, in a demo patient without a pacemaker


class Synthetic(NamedTuple):
    """signal: (n,) mV. fs: Hz. r_peaks: (m,) int64, sample of each beat's main deflection. symbols: m WFDB symbols.
    labels: (m,) int64 class 0..4. lead, name: as in ecg.records.Recording."""
    signal: np.ndarray
    fs: float
    r_peaks: np.ndarray
    symbols: list
    labels: np.ndarray
    lead: str
    name: str


# --------------------------------------------------------------------------------------------- a patient's beats

def draw_patient(rng):
    """The shapes of one made-up patient: {class: waves (k, 3)}, a wave being (offset from R in s, sigma in s, amplitude in mV).

    The two last waves of every class are the T wave; its offset holds for an RR interval of 1 s."""
    r, width = rng.uniform(0.7, 1.7), rng.uniform(0.009, 0.014)
    p = [-rng.uniform(0.13, 0.19), rng.uniform(0.018, 0.026), rng.uniform(0.08, 0.20)]
    q = [-2.6 * width, 0.8 * width, -r * rng.uniform(0.02, 0.15)]
    s = [2.6 * width, width, -r * rng.uniform(0.05, 0.35)]
    t = rng.uniform(0.15, 0.40) * (1 if rng.random() < 0.85 else -1)
    normal = [p, q, [0, width, r], s, [0.26, 0.050, 0.6 * t], [0.30, 0.035, 0.6 * t]]
    other_p = [-rng.uniform(0.09, 0.13), 0.018, p[2] * rng.choice([-0.9, 0.5, 1.3])]     # another atrial focus
    early = [other_p, *normal[1:]]

    def wide():
        sign, height, late = rng.choice([-1, 1]), rng.uniform(1.0, 2.2), rng.uniform(-0.5, 0.4)
        sigma = rng.uniform(0.026, 0.036)
        tall = -0.5 * sign * rng.uniform(0.3, 0.8)                                      # T opposite to the QRS
        return [[0, sigma, sign * height], [1.7 * sigma, sigma, sign * height * late],
                [0.30, 0.060, tall], [0.36, 0.045, tall]]

    ventricular = wide()
    mixed = rng.uniform(0.35, 0.6)                                                      # share of the ventricular wave front
    fusion = [[o, w, a * (1 - mixed)] for o, w, a in normal[:-2]] + [[o, w, a * mixed] for o, w, a in ventricular[:-2]]
    fusion += [[o, w, a * (1 - mixed) + b[2] * mixed] for (o, w, a), b in zip(normal[-2:], ventricular[-2:])]
    paced = [[-0.075, 0.0015, rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)], *wide()]
    return {name: _centred(np.array(waves, float))
            for name, waves in zip("NSVFQ", (normal, early, ventricular, fusion, paced))}


def _centred(waves):
    """Move the waves so that the main deflection of the QRS lies at 0 exactly, whatever its neighbours add to it."""
    t = np.arange(-0.05, 0.08, 0.0002)
    qrs = waves[:-2][waves[:-2, 1] > 0.002]                                             # without T wave and pacing spike
    shape = (qrs[:, 2, None] * np.exp(-0.5 * ((t - qrs[:, 0, None]) / qrs[:, 1, None]) ** 2)).sum(axis=0)
    waves[:, 0] -= t[np.argmax(np.abs(shape))]
    return waves


def _rhythm(duration, rate, variability, shares, rng):
    """(times (m,) s, classes m letters, normal RR (m,) s) of a rhythm with the wanted share of each class."""
    mean = 60 / rate
    paced = shares.get("Q", 0) / max(1 - sum(shares.get(c, 0) for c in "SVF"), 1e-9)    # of the beats that are no ectopics
    ectopic = {c: shares.get(c, 0) for c in "SVF"}
    free = 1 - sum(ectopic.values())                    # an ectopic beat follows a beat that is none, so the chance is higher
    phases = rng.uniform(0, 2 * np.pi, 2)
    times, classes, normals = [], [], []
    t, previous, owed, is_paced = rng.uniform(0.25, 0.6), "N", None, rng.random() < paced
    while t < duration - 0.3:
        u = rng.random() * max(free, 0.05)
        if previous in "SVF" or not times:
            u = 2.0
        now = next((c for c, edge in zip("SVF", np.cumsum(list(ectopic.values()))) if u < edge), None)
        if now is None and rng.random() < 0.05:         # the pacemaker works in runs of some twenty beats
            is_paced = rng.random() < paced
        now = now or ("Q" if is_paced else "N")
        wave = np.sin(2 * np.pi * 0.25 * t + phases[0]) + 0.7 * np.sin(2 * np.pi * 0.09 * t + phases[1]) + 0.7 * rng.normal()
        normal = mean * (1 + variability * (0.05 if now == "Q" else 0.9) * np.clip(wave, -3, 3))
        rr = {"S": rng.uniform(0.60, 0.82), "V": rng.uniform(0.50, 0.76), "F": rng.uniform(0.86, 0.97)}.get(now, 1) * normal
        if times:
            t += max(owed or rr, 0.3)
        if t >= duration - 0.3:
            break
        times.append(t)
        classes.append(now)
        normals.append(normal)
        owed = {"S": normal * rng.uniform(1.0, 1.1), "V": 2 * normal - rr, "F": 2 * normal - rr}.get(now)
        previous = now
    return np.array(times), classes, np.array(normals)


def _add_waves(n, fs, centres, sigmas, amplitudes):
    """(n,) sum of Gaussians; each is drawn five sigma to either side. All arguments (m,), in s and in the wanted unit."""
    out = np.zeros(n)
    for part in np.array_split(np.arange(len(centres)), max(len(centres) // 4000, 1)):   # bounded memory
        half = int(np.ceil(5 * sigmas[part].max(initial=0) * fs)) + 1
        at = np.rint(centres[part] * fs).astype(np.int64)[:, None] + np.arange(-half, half + 1)
        value = amplitudes[part, None] * np.exp(-0.5 * ((at / fs - centres[part, None]) / sigmas[part, None]) ** 2)
        inside = (at >= 0) & (at < n)
        out += np.bincount(at[inside], value[inside], minlength=n)
    return out


def synthetic_recording(duration=60, fs=360, seed=0, rate=70, variability=0.04, shares=None, patient=None, name="synthetic"):
    """A noise-free recording with true positions and labels.

    duration in s; fs in Hz; rate: beats per minute; variability: standard deviation of the normal RR intervals over their
    mean; shares: {class: share of all beats} for S, V, F and Q, the rest is N (default: SHARES); patient: from
    `draw_patient`, otherwise drawn. The same seed gives the same patient and the same beats at every fs. Returns Synthetic.
    Raises InputError for a duration, rate or shares that cannot be.
    """
    shares = SHARES if shares is None else shares
    if not (fs >= 50 and duration >= 1 and 20 <= rate <= 250 and 0 <= variability <= 0.3):
        raise InputError(f"a synthetic recording wants fs >= 50 Hz, duration >= 1 s, rate 20..250 per minute and variability "
                         f"0..0.3, not {fs}, {duration}, {rate}, {variability}")
    if set(shares) - set("NSVFQ") or any(v < 0 for v in shares.values()) or sum(shares.get(c, 0) for c in "SVF") > 0.5 \
            or sum(shares.get(c, 0) for c in "SVFQ") > 1.000001:
        raise InputError(f"shares {shares}: give S, V, F, Q >= 0, together at most 1 and S + V + F at most 0.5")
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng) if patient is None else patient
    times, classes, normals = _rhythm(duration, rate, variability, shares, rng)
    breath = 1 + 0.04 * np.sin(2 * np.pi * 0.25 * times + rng.uniform(0, 6.28))         # breathing moves the heart's axis
    n = int(round(duration * fs))
    jitter = 1 + 0.04 * rng.standard_normal((len(times), 16))
    centres, sigmas, amplitudes = [], [], []
    for letter in "NSVFQ":
        mine = np.flatnonzero([c == letter for c in classes])
        for k, (offset, sigma, amplitude) in enumerate(patient[letter]):
            is_t = k >= len(patient[letter]) - 2
            centres.append(times[mine] + offset * (np.sqrt(np.clip(normals[mine], 0.3, 1.5)) if is_t else 1))
            sigmas.append(np.full(len(mine), max(sigma, 0.5 / fs)))
            amplitudes.append(amplitude * breath[mine] * jitter[mine, k])
    order = np.argsort(np.concatenate(sigmas), kind="stable")                           # narrow waves want narrow windows
    signal = _add_waves(n, fs, *(np.concatenate(part)[order] for part in (centres, sigmas, amplitudes)))
    r_peaks = np.minimum(np.rint(times * fs).astype(np.int64), n - 1)
    symbols = [SYMBOLS[c] for c in classes]
    return Synthetic(signal, float(fs), r_peaks, symbols, beats.classes_of(symbols), "MLII", name)


# --------------------------------------------------------------------------------------------- noise

def noise(n, fs, kind, rng, mains=50):
    """(n,) noise of unit power.

    baseline: breathing and drift below 0.5 Hz. muscle: 20-150 Hz, in bursts. mains: `mains` Hz with its third harmonic.
    electrode: steps that decay within 0.1 to 0.6 s, as when an electrode moves; they look like beats.
    """
    t = np.arange(n) / fs
    if kind == "baseline":
        frequency, phase = rng.uniform(0.05, 0.5, 12), rng.uniform(0, 2 * np.pi, 12)
        x = (np.sin(2 * np.pi * frequency * t[:, None] + phase) / np.sqrt(frequency)).sum(axis=1)
    elif kind == "muscle":
        sos = sps.butter(4, [20, min(150, 0.45 * fs)], "bandpass", fs=fs, output="sos")
        burst = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.05, 0.2) * t + rng.uniform(0, 2 * np.pi))
        x = burst * sps.sosfilt(sos, rng.standard_normal(n))
    elif kind == "mains":
        x = np.sin(2 * np.pi * mains * t + rng.uniform(0, 2 * np.pi))
        if 3 * mains < fs / 2:
            x = x + 0.2 * np.sin(6 * np.pi * mains * t + rng.uniform(0, 2 * np.pi))
    elif kind == "electrode":
        events = max(rng.poisson(n / fs), 1)                                            # about one a second
        start, decay = rng.uniform(-0.5, n / fs, events), rng.uniform(0.1, 0.6, events)
        height = rng.lognormal(0, 0.7, events) * rng.choice([-1, 1], events)
        x = np.zeros(n)
        for s, d, h in zip(start, decay, height):
            a, b = max(int(np.ceil(s * fs)), 0), min(int((s + 8 * d) * fs) + 1, n)
            since = t[a:b] - s
            x[a:b] += h * np.exp(-since / d) * -np.expm1(-since / 0.02)
    else:
        raise InputError(f"noise {kind!r} is not known: use one of {', '.join(NOISE_KINDS)}")
    return x / max(np.sqrt(np.mean(x ** 2)), 1e-12) if n else x


def ac_power(signal, fs):
    """Power of `signal` (n,) above 0.5 Hz, in its unit squared: baseline wander is no ECG. NaN are left out."""
    x = np.asarray(signal, float)
    x = np.where(np.isfinite(x), x, np.nanmean(x) if np.isfinite(x).any() else 0.0)
    sos = sps.butter(2, 0.5, "highpass", fs=fs, output="sos")
    return float(np.mean(sps.sosfiltfilt(sos, x, padlen=min(len(x) - 1, int(3 * fs))) ** 2))


def add_noise(signal, fs, kind, snr_db, rng, mains=50):
    """`signal` (n,) plus noise of `kind` (see `noise`, or an array (n,) of measured noise), `snr_db` below the power that the
    signal has above 0.5 Hz. rng: numpy Generator. Returns (n,) in the signal's unit."""
    signal = np.asarray(signal, float)
    x = noise(len(signal), fs, kind, rng, mains) if isinstance(kind, str) else np.asarray(kind, float)
    if x.shape != signal.shape:
        raise InputError(f"the noise has shape {x.shape}, the signal {signal.shape}")
    power = np.mean(x ** 2)
    return signal + x * np.sqrt(ac_power(signal, fs) / power * 10 ** (-snr_db / 10)) if power > 0 else signal.copy()


def generate_noisy_ecg(fs=360, duration=10, show_plot=False, seed=0):
    """The tutorial's demo signal: normal beats with baseline wander, mains hum and muscle noise.

    fs in Hz, duration in s. Returns (t (n,) s, clean (n,) mV, noisy (n,) mV)."""
    clean = synthetic_recording(duration, fs, seed, shares={}).signal
    rng = np.random.default_rng([seed, 1])
    noisy = clean
    for kind, snr_db in (("baseline", 0), ("mains", 9), ("muscle", 12)):
        noisy = noisy + add_noise(clean, fs, kind, snr_db, rng) - clean
    t = np.arange(len(clean)) / fs
    if show_plot:
        show_figure(plot_noisy(t, clean, noisy), None, "noisy_ecg.png")
    return t, clean, noisy


# --------------------------------------------------------------------------------------------- a demo data set

def demo_recording(number, duration=300, fs=360, seed=0):
    """Demo patient `number` (0, 1, ...): own shapes, rate and burden of ectopic beats; every third one wears a pacemaker.
    Slight noise. Returns Synthetic named demo00, demo01, ..."""
    rng = np.random.default_rng([seed, number])
    burden = {c: min(share * rng.uniform(0.5, 1.6), 0.15) for c, share in SHARES.items()}
    if number % 3 == 2:
        burden = {"V": burden["V"] / 2, "Q": 0.75}
    record = synthetic_recording(duration, fs, [seed, number, 1], rng.uniform(58, 92), rng.uniform(0.02, 0.06), burden,
                                 draw_patient(rng), f"demo{number:02d}")
    x = record.signal
    for kind, snr_db in (("baseline", 10), ("muscle", 24), ("mains", 30)):
        x = add_noise(x, fs, kind, snr_db + rng.uniform(-3, 3), rng)
    return record._replace(signal=x)


def demo_records(folder, patients=10, duration=300, fs=360, seed=0):
    """Write demo patients as annotated WFDB records (16 bit, 200 units per mV as in MIT-BIH), ready to be preprocessed
    like real ones. Returns their names. Each record appears whole or not at all."""
    names = []
    for number in range(patients):
        record = demo_recording(number, duration, fs, seed)
        write_wfdb(folder, record)
        names.append(record.name)
    return names


def write_wfdb(folder, record, annotator="atr"):
    """Write a Synthetic as .dat, .hea and annotation in `folder`; the header comes last, so no half record is ever seen."""
    import wfdb
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder) as temporary:
            digital = np.clip(np.rint(record.signal * 200), -32767, 32767).astype(np.int64)
            wfdb.wrsamp(record.name, fs=record.fs, units=["mV"], sig_name=[record.lead], d_signal=digital[:, None], fmt=["16"],
                        adc_gain=[200], baseline=[0], comments=["synthetic"], write_dir=temporary)
            wfdb.wrann(record.name, annotator, record.r_peaks, record.symbols, fs=record.fs, write_dir=temporary)
            for suffix in (".dat", f".{annotator}", ".hea"):
                (Path(temporary) / (record.name + suffix)).replace(folder / (record.name + suffix))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None


# --------------------------------------------------------------------------------------------- figure

def plot_noisy(t, clean, noisy, peaks=None, letters=None):
    """Clean and noisy ECG, one above the other. t: (n,) s; clean, noisy: (n,) mV. Returns the matplotlib figure."""
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(2, 1, figsize=(12, 6), sharex=True, layout="constrained")
    axes[0].plot(t, clean, color="black", lw=0.8)
    axes[0].set(title="Clean ECG", ylabel="mV")
    for peak, letter in zip([] if peaks is None else peaks, letters or []):
        axes[0].text(t[peak], clean.max() + 0.05, letter, ha="center", color=beats.CLASS_COLORS[letter])
    axes[1].plot(t, noisy, color="#D55E00", lw=0.8)
    axes[1].set(title="Noisy ECG", ylabel="mV", xlabel="Time (s)")
    return figure


def show_figure(figure, save, fallback):
    """Save `figure` to `save`; without it open a window, or save to `fallback` where there is no display."""
    import matplotlib
    import matplotlib.pyplot as plt
    if save is None and matplotlib.get_backend().lower() not in ("agg", "pdf", "svg", "ps", "template"):
        plt.show()
    else:
        path = Path(save or fallback)
        if path.suffix.lower().lstrip(".") not in figure.canvas.get_supported_filetypes():
            raise InputError(f"{path}: figures are written as .png, .pdf or .svg")
        with artifacts.writing(path) as temporary:
            figure.savefig(temporary, dpi=150)
        print(f"figure: {path}")
    plt.close(figure)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--fs", type=float, default=360, help="sampling rate, Hz")
    parser.add_argument("--duration", type=float, help="seconds (default: 10, with --records 300)")
    parser.add_argument("--rate", type=float, default=70, help="heart rate, beats per minute")
    parser.add_argument("--variability", type=float, default=0.04, help="standard deviation of RR over its mean")
    parser.add_argument("--kinds", default="N", help="classes of beats, such as N,S,V,F or N,Q")
    parser.add_argument("--noise", choices=("mixed", *NOISE_KINDS), default="mixed", help="mixed: the tutorial's three")
    parser.add_argument("--snr", type=float, default=6, help="dB, for one kind of noise")
    parser.add_argument("--mains", type=float, default=50, help="mains frequency, Hz")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same signal")
    parser.add_argument("--save", metavar="FILE", help="write the figure (.png, .pdf, .svg) instead of opening a window")
    parser.add_argument("--records", metavar="DIR", help="write ten annotated WFDB recordings there, and no figure")
    args = parser.parse_args(argv)
    if args.seed < 0:
        raise InputError(f"--seed {args.seed}: give 0 or more")
    if args.records:
        names = demo_records(args.records, duration=args.duration or 300, fs=args.fs, seed=args.seed)
        print(f"{len(names)} records ({names[0]} .. {names[-1]}) in {args.records}")
        return
    duration = args.duration or 10
    kinds = [k for k in args.kinds.upper().replace(",", "") if k != " "]
    if set(kinds) - set(SYMBOLS):
        raise InputError(f"--kinds {args.kinds}: use letters of N, S, V, F, Q")
    wanted = {"S": 0.15, "V": 0.15, "F": 0.1, "Q": 0.5 if "N" in kinds else 1}
    shares = {k: wanted[k] for k in kinds if k != "N"}
    if shares.get("Q"):
        shares["Q"] = min(shares["Q"], 1 - sum(v for k, v in shares.items() if k != "Q"))
    record = synthetic_recording(duration, args.fs, args.seed, args.rate, args.variability, shares)
    rng = np.random.default_rng([args.seed, 1])
    noisy = record.signal.copy()
    for kind, snr_db in ([("baseline", 0), ("mains", 9), ("muscle", 12)] if args.noise == "mixed" else [(args.noise, args.snr)]):
        noisy += add_noise(record.signal, args.fs, kind, snr_db, rng, args.mains) - record.signal
    snr = 10 * np.log10(ac_power(record.signal, args.fs) / np.mean((noisy - record.signal) ** 2))
    counts = np.bincount(record.labels, minlength=5)
    print(f"{duration:g} s at {args.fs:g} Hz, {len(record.r_peaks)} beats ("
          + ", ".join(f"{name} {count}" for name, count in zip(beats.CLASS_NAMES, counts) if count) + f"), SNR {snr:.1f} dB")
    letters = [beats.CLASS_NAMES[label] for label in record.labels]
    t = np.arange(len(noisy)) / args.fs
    show_figure(plot_noisy(t, record.signal, noisy, record.r_peaks, letters), args.save, "noisy_ecg.png")


if __name__ == "__main__":
    artifacts.run(main)
