"""Our detector alone: what must not change its peaks, where it must find none, its time and memory
on a day, and its parameters chosen on other records than they are scored on."""

import itertools
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import signal as sps
from tqdm import tqdm

from benchmarks.rpeaks_parts.records import Record
from benchmarks.rpeaks_parts.scores import errors, f1, nearest
from ecg import formats, qrs
from ecg.rpeaks import detect_r_peaks

RATES = (100, 128, 250, 500, 1000)  # Hz
CHANGES = ((1e-4, 0.0), (1e4, 0.0), (1.0, 1e4), (200.0, 1024.0), (1e-3, -5.0))  # scale, offset
# the signal's share of the threshold, the longest RR interval without search back, the valleys
GRID = (0.26, 0.30, 0.34), (1.2, 1.3, 1.4), (0.7, 0.8, 0.9)
DAY_FS = 360  # Hz


def _peaks_of_all(database):
    return {name: detect_r_peaks(record.signal, record.fs) for name, record in database.items()}


def resampled(database: dict[str, Record], rates: Sequence[int] = RATES) -> dict:
    """Our detector at other sampling rates: F1, and the share of the peaks found at the record's
    own rate that are found within 10 ms."""
    at_home = _peaks_of_all(database)
    out = {}
    for rate in rates:
        counts, near, total = np.zeros(3, np.int64), 0, 0
        for name, record in tqdm(database.items(), desc=f"{rate} Hz", disable=None):
            ratio = Fraction(rate / record.fs).limit_denominator(1000)
            x = sps.resample_poly(record.signal, ratio.numerator, ratio.denominator, padtype="line")
            found = detect_r_peaks(x, rate) * record.fs / rate
            counts += errors(record, np.rint(found).astype(np.int64))[:3]
            gap = np.abs(found[nearest(found, at_home[name])] - at_home[name]) / record.fs
            near, total = near + int((gap <= 0.0100001).sum()), total + len(gap)
        out[rate] = {"F1": f1(*counts), "within 10 ms": 100 * near / total}
        print(
            f"{rate:5d} Hz: F1 {out[rate]['F1']:.2f}, {out[rate]['within 10 ms']:.2f} % of the "
            "peaks within 10 ms"
        )
    return out


def changed(database: dict[str, Record]) -> dict[str, int]:
    """Records whose peaks move by not one sample, for each change of scale and offset, and when
    turned upside down."""
    at_home = _peaks_of_all(database)

    def unchanged(scale, offset):
        return sum(
            np.array_equal(detect_r_peaks(r.signal * scale + offset, r.fs), at_home[name])
            for name, r in tqdm(database.items(), desc=f"x {scale:g}", disable=None)
        )

    out = {f"x {scale:g} + {offset:g}": unchanged(scale, offset) for scale, offset in CHANGES}
    out["upside down"] = unchanged(-1, 0)
    for change, same in out.items():
        print(f"{change}: the same samples in {same} of {len(database)} records")
    return out


def pure_noise(data: Path, fs: int = 360, minutes: int = 10) -> dict[str, float]:
    """Beats a minute found where there is no heart. data: folder of nstdb/, whose noise is taken
    where it is there."""
    rng = np.random.default_rng(0)
    white = rng.standard_normal(fs * 60 * minutes)
    band = sps.butter(4, [30, 150], "bandpass", fs=fs, output="sos")
    noises = {
        "white": white,
        "brown": np.cumsum(white),
        "30-150 Hz": sps.sosfilt(band, white),
        "50 Hz hum": np.sin(2 * np.pi * 50 / fs * np.arange(len(white))),
        "flat": np.zeros(len(white)),
    }
    nstdb = Path(data) / "nstdb"
    if (nstdb / "ma.hea").exists():
        for kind in ("bw", "ma"):
            noises[f"recorded {kind}"] = formats.read_wfdb(nstdb / kind).signal
    out = {kind: len(detect_r_peaks(x, fs)) / (len(x) / fs / 60) for kind, x in noises.items()}
    rates = ", ".join(f"{kind} {rate:.1f}" for kind, rate in out.items())
    print(f"beats a minute in pure noise: {rates}")
    return out


def day(data: Path, script: str) -> dict:
    """The first leads of all records joined, in a process of its own (`script` --day): seconds, and
    the memory above the signal."""
    done = subprocess.run(
        [sys.executable, script, "--data", str(data), "--day"], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    hours, seconds, memory, found = map(float, done.stdout.split())
    print(
        f"{hours:.1f} h joined: {seconds:.1f} s of CPU, {memory:.0f} MB above the signal, "
        f"{found:.0f} beats"
    )
    return {"hours": hours, "CPU s": seconds, "MB above the signal": memory, "beats": int(found)}


def measure_day(data: Path) -> None:
    """What `day` asks for: hours, CPU seconds, MB and beats on one line."""
    bases = sorted(path.with_suffix("") for path in (Path(data) / "mitdb").glob("*.hea"))
    x = np.concatenate([formats.read_wfdb(base).signal.astype(np.float32) for base in bases])
    start = time.process_time()
    found = detect_r_peaks(x, DAY_FS)
    seconds = time.process_time() - start
    tracemalloc.start()  # arrays alone; a second run, because it takes time
    detect_r_peaks(x, DAY_FS)
    memory = tracemalloc.get_traced_memory()[1] / 1e6
    print(len(x) / DAY_FS / 3600, seconds, memory, len(found))


def held_out(database: dict[str, Record]) -> float:
    """F1 with thresholds chosen among 27 on one half of the records and scored on the other, both
    ways.

    Only three levels are chosen again, by setting the constants of ecg.qrs; the structure of the
    detector has seen all records."""
    names = sorted(database)
    halves = np.arange(len(names)) % 2
    grid = list(itertools.product(*GRID))
    kept = qrs.THRESHOLD, qrs.LONG_RR, qrs.VALLEY_LEVEL
    counts = np.zeros((len(grid), len(names), 3), np.int64)
    try:
        for i, (level, long, valley) in enumerate(tqdm(grid, desc="held out", disable=None)):
            qrs.THRESHOLD, qrs.LONG_RR = (kept[0][0], level), (long, kept[1][1])
            qrs.VALLEY_LEVEL = valley
            for j, peaks in enumerate(_peaks_of_all({n: database[n] for n in names}).values()):
                counts[i, j] = errors(database[names[j]], peaks)[:3]
    finally:
        qrs.THRESHOLD, qrs.LONG_RR, qrs.VALLEY_LEVEL = kept
    total = np.zeros(3, np.int64)
    for half in (0, 1):
        best = counts[:, halves == half, 1:].sum((1, 2)).argmin()
        total += counts[best, halves != half].sum(0)
    print(
        f"held out: F1 {f1(*total):.2f} with three levels chosen on the other half of the records"
    )
    return f1(*total)
