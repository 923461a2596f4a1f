"""Synthetic ECG of known beats.

A beat is a sum of Gaussian waves (P, Q, R, S, T and a pacing spike), as in McSharry et al. 2003
(doi:10.1109/TBME.2003.808805), but placed beat by beat, so that ectopic beats come early, lose or
change their P wave and are followed by the right pause.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg import beats, overwriting
from ecg.artifacts import InputError
from ecg.noise import add_noise, add_tutorial_noise

SYMBOLS = {"N": "N", "S": "A", "V": "V", "F": "F", "Q": "/"}  # the WFDB annotation of each class
SHARES = {"S": 0.07, "V": 0.08, "F": 0.04}  # of all beats, in a demo patient without a pacemaker
ECTOPIC = "SVF"
MOST_SAMPLES = 40_000_000  # of a recording: a day at 360 Hz and a quarter
UNITS_PER_MV = 200  # of the records that are written, as in MIT-BIH

Patient = dict[str, np.ndarray]  # class -> waves (k, 3), see draw_patient


class Synthetic(NamedTuple):
    """signal: (n,) mV. fs: Hz. r_peaks: (m,) int64, sample of each beat's main deflection. symbols:
    m WFDB symbols. labels: (m,) int64 class 0..4. lead, name: as in formats.recording.Recording."""

    signal: np.ndarray
    fs: float
    r_peaks: np.ndarray
    symbols: list[str]
    labels: np.ndarray
    lead: str
    name: str


# ------------------------------------------------------------------------- a patient's beats


def draw_patient(rng: np.random.Generator) -> Patient:
    """The shapes of one made-up patient: {class: waves (k, 3)}, a wave being (offset from R in s,
    sigma in s, amplitude in mV).

    The two last waves of every class are the T wave; its offset holds for an RR interval of 1 s."""
    r, width = rng.uniform(0.7, 1.7), rng.uniform(0.009, 0.014)
    p = [-rng.uniform(0.13, 0.19), rng.uniform(0.018, 0.026), rng.uniform(0.08, 0.20)]
    q = [-2.6 * width, 0.8 * width, -r * rng.uniform(0.02, 0.15)]
    s = [2.6 * width, width, -r * rng.uniform(0.05, 0.35)]
    t = rng.uniform(0.15, 0.40) * (1 if rng.random() < 0.85 else -1)
    normal = [p, q, [0, width, r], s, [0.26, 0.050, 0.6 * t], [0.30, 0.035, 0.6 * t]]
    # from another atrial focus
    ectopic_p = [-rng.uniform(0.09, 0.13), 0.018, p[2] * rng.choice([-0.9, 0.5, 1.3])]
    supraventricular = [ectopic_p, *normal[1:]]
    ventricular = _wide_complex(rng)
    fusion = _fused(normal, ventricular, rng.uniform(0.35, 0.6))
    spike = [-0.075, 0.0015, rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)]
    paced = [spike, *_wide_complex(rng)]
    return {
        letter: _centred(np.array(waves, float))
        for letter, waves in zip("NSVFQ", (normal, supraventricular, ventricular, fusion, paced))
    }


def _wide_complex(rng):
    """Waves of a beat that starts in a ventricle: wide QRS without a P wave, T opposite to it."""
    sign, height, late = rng.choice([-1, 1]), rng.uniform(1.0, 2.2), rng.uniform(-0.5, 0.4)
    sigma = rng.uniform(0.026, 0.036)
    t = -0.5 * sign * rng.uniform(0.3, 0.8)
    return [
        [0, sigma, sign * height],
        [1.7 * sigma, sigma, sign * height * late],
        [0.30, 0.060, t],
        [0.36, 0.045, t],
    ]


def _fused(normal, ventricular, share):
    """Waves of a beat of both: `share` of the ventricular wave front."""
    qrs = [[offset, sigma, a * (1 - share)] for offset, sigma, a in normal[:-2]]
    qrs += [[offset, sigma, a * share] for offset, sigma, a in ventricular[:-2]]
    t_waves = zip(normal[-2:], ventricular[-2:])
    return qrs + [[offset, s, a * (1 - share) + v[2] * share] for (offset, s, a), v in t_waves]


def _centred(waves):
    """Move the waves so that the main deflection of the QRS lies at 0 exactly, whatever its
    neighbours add to it."""
    t = np.arange(-0.05, 0.08, 0.0002)
    qrs = waves[:-2][waves[:-2, 1] > 0.002]  # without T wave and pacing spike
    bumps = np.exp(-0.5 * ((t - qrs[:, 0, None]) / qrs[:, 1, None]) ** 2)
    shape = (qrs[:, 2, None] * bumps).sum(axis=0)
    waves[:, 0] -= t[np.argmax(np.abs(shape))]
    return waves


# ------------------------------------------------------------------------------- a recording


def synthetic_recording(
    duration: float = 60,
    fs: float = 360,
    seed: int | Sequence[int] = 0,
    rate: float = 70,
    variability: float = 0.04,
    shares: Mapping[str, float] | None = None,
    patient: Patient | None = None,
    name: str = "synthetic",
) -> Synthetic:
    """A noise-free recording with true positions and labels.

    duration in s; fs in Hz; rate: beats per minute; variability: standard deviation of the normal
    RR intervals over their mean; shares: {class: share of all beats} for S, V, F and Q, the rest is
    N (default: SHARES); patient: from `draw_patient`, otherwise drawn. The same seed gives the same
    patient and the same beats at every fs. Raises InputError for a duration, rate or shares that
    cannot be.
    """
    shares = SHARES if shares is None else shares
    _refuse_impossible(duration, fs, rate, variability, shares)
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng) if patient is None else patient
    times, classes, normal_rr = _rhythm(duration, rate, variability, shares, rng)
    # breathing moves the heart's axis
    breath = 1 + 0.04 * np.sin(2 * np.pi * 0.25 * times + rng.uniform(0, 6.28))
    n = int(round(duration * fs))
    jitter = 1 + 0.04 * rng.standard_normal((len(times), 16))
    centres, sigmas, amplitudes = [], [], []
    for letter in "NSVFQ":
        of_class = np.flatnonzero([c == letter for c in classes])
        t_scale = np.sqrt(np.clip(normal_rr[of_class], 0.3, 1.5))
        for k, (offset, sigma, amplitude) in enumerate(patient[letter]):
            is_t = k >= len(patient[letter]) - 2
            centres.append(times[of_class] + offset * (t_scale if is_t else 1))
            sigmas.append(np.full(len(of_class), max(sigma, 0.5 / fs)))
            amplitudes.append(amplitude * breath[of_class] * jitter[of_class, k])
    waves = [np.concatenate(part) for part in (centres, sigmas, amplitudes)]
    order = np.argsort(waves[1], kind="stable")  # narrow waves want narrow windows
    signal = _add_waves(n, fs, *(part[order] for part in waves))
    r_peaks = np.minimum(np.rint(times * fs).astype(np.int64), n - 1)
    symbols = [SYMBOLS[c] for c in classes]
    return Synthetic(signal, float(fs), r_peaks, symbols, beats.classes_of(symbols), "MLII", name)


def _refuse_impossible(duration, fs, rate, variability, shares):
    """InputError for what `synthetic_recording` cannot make, or no memory holds."""
    if fs > 0 and duration * fs > MOST_SAMPLES:
        raise InputError(
            f"{duration:g} s at {fs:g} Hz are {duration * fs:.4g} samples, a synthetic recording "
            f"has {MOST_SAMPLES:,} at most: give a shorter --duration, or a lower --fs"
        )
    if not (fs >= 50 and duration >= 1 and 20 <= rate <= 250 and 0 <= variability <= 0.3):
        raise InputError(
            "a synthetic recording wants fs >= 50 Hz, duration >= 1 s, rate 20..250 per minute and "
            f"variability 0..0.3, not {fs}, {duration}, {rate}, {variability}"
        )
    if (
        set(shares) - set("NSVFQ")
        or any(v < 0 for v in shares.values())
        or sum(shares.get(c, 0) for c in ECTOPIC) > 0.5
        or sum(shares.get(c, 0) for c in "SVFQ") > 1.000001
    ):
        raise InputError(
            f"shares {shares}: give S, V, F, Q >= 0, together at most 1 and S + V + F at most 0.5"
        )


def _rhythm(duration, rate, variability, shares, rng):
    """(times (m,) s, classes m letters, normal RR (m,) s) of a rhythm with the wanted share of each
    class."""
    mean = 60 / rate
    ectopic = [shares.get(c, 0) for c in ECTOPIC]
    edges = np.cumsum(ectopic)
    paced = shares.get("Q", 0) / max(1 - sum(ectopic), 1e-9)  # of the beats that are no ectopics
    phases = rng.uniform(0, 2 * np.pi, 2)
    times: list[float] = []
    classes, normals = [], []
    t, previous, compensatory = rng.uniform(0.25, 0.6), "N", None
    is_paced = rng.random() < paced
    while t < duration - 0.3:
        # an ectopic beat follows a beat that is none, so the chance is higher
        u = rng.random() * max(1 - sum(ectopic), 0.05)
        if previous in ECTOPIC or not times:
            u = 2.0
        now = next((c for c, edge in zip(ECTOPIC, edges) if u < edge), None)
        if now is None and rng.random() < 0.05:  # the pacemaker works in runs of some twenty beats
            is_paced = rng.random() < paced
        now = now or ("Q" if is_paced else "N")
        wave = (
            np.sin(2 * np.pi * 0.25 * t + phases[0])
            + 0.7 * np.sin(2 * np.pi * 0.09 * t + phases[1])
            + 0.7 * rng.normal()
        )
        normal = mean * (1 + variability * (0.05 if now == "Q" else 0.9) * np.clip(wave, -3, 3))
        rr = _coupling(rng).get(now, 1) * normal
        if times:
            t += max(compensatory or rr, 0.3)
        if t >= duration - 0.3:
            break
        times.append(t)
        classes.append(now)
        normals.append(normal)
        pause = 2 * normal - rr
        compensatory = {"S": normal * rng.uniform(1.0, 1.1), "V": pause, "F": pause}.get(now)
        previous = now
    return np.array(times), classes, np.array(normals)


def _coupling(rng):
    """The interval before an ectopic beat of each class, as a share of the normal RR interval."""
    return {
        "S": rng.uniform(0.60, 0.82),
        "V": rng.uniform(0.50, 0.76),
        "F": rng.uniform(0.86, 0.97),
    }


def beats_at(times: np.ndarray, waves: np.ndarray, n: int, fs: float) -> np.ndarray:
    """(n,) mV at fs Hz: the same beat at each of `times` (m,) s.

    waves: (k, 3) offset in s, sigma in s, amplitude in mV; a wave narrower than half a sample is
    drawn so wide."""
    out = np.zeros(n)
    for offset, sigma, amplitude in np.asarray(waves, float):
        of_all = np.ones(len(times))
        sigmas = max(sigma, 0.5 / fs) * of_all
        out += _add_waves(n, fs, np.asarray(times) + offset, sigmas, amplitude * of_all)
    return out


def _add_waves(n, fs, centres, sigmas, amplitudes):
    """(n,) sum of Gaussians; each is drawn five sigma to either side. All arguments (m,), in s and
    in the wanted unit."""
    out = np.zeros(n)
    # bounded memory
    for part in np.array_split(np.arange(len(centres)), max(len(centres) // 4000, 1)):
        half = int(np.ceil(5 * sigmas[part].max(initial=0) * fs)) + 1
        at = np.rint(centres[part] * fs).astype(np.int64)[:, None] + np.arange(-half, half + 1)
        z = (at / fs - centres[part, None]) / sigmas[part, None]
        value = amplitudes[part, None] * np.exp(-0.5 * z**2)
        inside = (at >= 0) & (at < n)
        out += np.bincount(at[inside], value[inside], minlength=n)
    return out


# ------------------------------------------------------------------------ demos and their files


class NoisyEcg(NamedTuple):
    """A signal as it should be and with noise. t: (n,) s. clean, noisy: (n,) mV."""

    t: np.ndarray
    clean: np.ndarray
    noisy: np.ndarray


def generate_noisy_ecg(
    fs: float = 500, duration: float = 10, show_plot: bool = True, *, seed: int = 0
) -> NoisyEcg:
    """(t, clean, noisy) of the tutorial's demo: normal beats with baseline wander, mains hum and
    muscle noise. fs in Hz, duration in s. show_plot: draw clean signal, noise and both, and show
    them where there is a screen."""
    clean = synthetic_recording(duration, fs, seed, shares={}).signal
    noisy = add_tutorial_noise(clean, fs, np.random.default_rng([seed, 1]))
    t = np.arange(len(clean)) / fs
    if show_plot:
        from ecg.figures import show  # matplotlib: only for who wants the figure
        from ecg.figures.signals import plot_noisy

        plot_noisy(t, clean, noisy)
        show()
    return NoisyEcg(t, clean, noisy)


def demo_recording(number: int, duration: float = 300, fs: float = 360, seed: int = 0) -> Synthetic:
    """Demo patient `number` (0, 1, ...): own shapes, rate and burden of ectopic beats; every third
    one wears a pacemaker. Slight noise. Named demo00, demo01, ..."""
    rng = np.random.default_rng([seed, number])
    burden = {c: min(share * rng.uniform(0.5, 1.6), 0.15) for c, share in SHARES.items()}
    if number % 3 == 2:
        burden = {"V": burden["V"] / 2, "Q": 0.75}
    record = synthetic_recording(
        duration,
        fs,
        [seed, number, 1],
        rate=rng.uniform(58, 92),
        variability=rng.uniform(0.02, 0.06),
        shares=burden,
        patient=draw_patient(rng),
        name=f"demo{number:02d}",
    )
    x = record.signal
    for kind, snr_db in (("baseline", 10), ("muscle", 24), ("mains", 30)):
        x = add_noise(x, fs, kind, snr_db + rng.uniform(-3, 3), rng)
    return record._replace(signal=x)


def demo_records(
    folder: str | Path, patients: int = 10, duration: float = 300, fs: float = 360, seed: int = 0
) -> list[str]:
    """Write demo patients as annotated WFDB records (16 bit, 200 units per mV as in MIT-BIH), ready
    to be preprocessed like real ones. Returns their names. Each record appears whole or not at
    all."""
    names = []
    for number in range(patients):
        record = demo_recording(number, duration, fs, seed)
        write_wfdb(folder, record)
        names.append(record.name)
    return names


def write_wfdb(folder: str | Path, record: Synthetic, annotator: str = "atr") -> None:
    """Write a Synthetic as .dat, .hea and annotation in `folder`; the header comes last, so no half
    record is ever seen. InputError where the folder cannot be written."""
    import wfdb  # slow to import, and only written with

    folder = Path(folder)
    overwriting.check(folder / f"{record.name}.hea")  # a patient's record of the same name stays
    digital = np.clip(np.rint(record.signal * UNITS_PER_MV), -32767, 32767).astype(np.int64)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder) as temporary:
            wfdb.wrsamp(
                record.name,
                fs=record.fs,
                units=["mV"],
                sig_name=[record.lead],
                d_signal=digital[:, None],
                fmt=["16"],
                adc_gain=[UNITS_PER_MV],
                baseline=[0],
                comments=["synthetic"],
                write_dir=temporary,
            )
            wfdb.wrann(
                record.name,
                annotator,
                record.r_peaks,
                record.symbols,
                fs=record.fs,
                write_dir=temporary,
            )
            for suffix in (".dat", f".{annotator}", ".hea"):
                (Path(temporary) / (record.name + suffix)).replace(folder / (record.name + suffix))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
