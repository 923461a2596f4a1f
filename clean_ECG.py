"""Cleaning an ECG: mains notch, band-pass, z-score; what cannot be read; a lead upside down.

    python clean_ECG.py                            # demo: a known signal with noise, its SNR
    python clean_ECG.py 100.hea --save clean.png   # any file of ecg/formats; --fs, --unit, --lead
    python clean_ECG.py 100.hea --band 0.5 150 --mains none --out clean.csv

All filters are second-order sections run forwards and backwards: no delay, and stable at low
cut-offs.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg import cli, formats, ranges
from ecg.artifacts import InputError
from ecg.figures import show_figure
from ecg.figures.signals import plot_cleaning
from ecg.filters import BAND, chosen_hum, denoise, normalize, snr_db
from ecg.formats.recording import Recording
from ecg.orientation import turn_upright, unlike_training
from ecg.output import save_signal
from ecg.quality import Window, signal_quality
from ecg.synthetic import generate_noisy_ecg

# isort: split
# what notebooks import from here besides
from ecg.filters import STRONG_HUM, find_mains, remove_strong_hum  # noqa: F401
from ecg.orientation import (  # noqa: F401
    CLEARLY,
    PERHAPS,
    UPRIGHT_WEIGHTS,
    find_inversion,
    median_beat,
    upright_figures,
)
from ecg.tutorial import bandpass_filter, notch_filter, preprocess_ecg_signal  # noqa: F401

DEMO_FS = 360.0  # Hz
SHOWN = 20  # windows that cannot be read are listed, at most


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    p.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a recording; without it a demo whose clean signal is known",
    )
    cli.add_recording_options(p, "--invert")
    group = p.add_argument_group("cleaning")
    group.add_argument(
        "--band",
        metavar=("LOW", "HIGH"),
        type=ranges.FREQUENCY,
        nargs=2,
        default=BAND,
        help="Hz kept; 0.5 150: all of a diagnostic ECG",
    )
    cli.add(group, "--mains", choices=("auto", "50", "60", "none"), help="hum taken out, Hz")
    length = ranges.real(1, 3600)
    group.add_argument("--window", metavar="S", type=length, default=10, help="of quality, s")
    group = p.add_argument_group("results")
    cli.add(group, "--out", metavar="FILE", help="the cleaned signal: .csv, .npy or .npz")
    group.add_argument("--zscore", action="store_true", help="standardised there, not in mV")
    cli.add(group, "--save")
    group.add_argument(
        "--start", metavar="S", type=ranges.SECONDS, default=0, help="of the figure, s"
    )
    group.add_argument(
        "--seconds", metavar="S", type=ranges.LENGTH, default=20, help="of the figure"
    )
    return p


class Cleaned(NamedTuple):
    """What the steps have made of a recording. raw: (n,) mV, upright; cleaned: (n,) mV; truth: (n,)
    mV, the clean signal where it is known; hum: Hz that was removed; turned: what turn_upright
    says; windows: of the signal quality."""

    raw: np.ndarray
    cleaned: np.ndarray
    truth: np.ndarray | None
    hum: int | None
    turned: str | None
    windows: list[Window]


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.out and Path(args.out).suffix not in (".csv", ".npy", ".npz"):
        raise InputError(f"--out {args.out}: give a name that ends in .csv, .npy or .npz")

    if not args.file:
        cli.refuse_unused(args, ("lead", "unit"), "is about a recording: name its file")
    elif not args.save:
        cli.refuse_unused(args, ("start", "seconds"), "is about the figure: give --save FILE too")
    if not args.out:
        cli.refuse_unused(args, ("zscore",), "is about the signal written: give --out FILE too")

    recording, truth = read(args)
    result = clean(recording, truth, args)
    report(recording, result, args)
    if args.out:
        signal, unit = result.cleaned, "mV"
        if args.zscore:
            signal, unit = normalize(signal), "z"
        save_signal(args.out, signal, recording.fs, recording.lead, unit)
        print(f"wrote {args.out}")
    if args.save or not args.file:
        draw(recording.fs, result, args)


def read(args: argparse.Namespace) -> tuple[Recording, np.ndarray | None]:
    """(the recording, its clean signal (n,) in mV where it is known: in the demo)."""
    truth = None
    if args.file:
        recording = formats.read_recording(args.file, args.lead, args.fs, args.unit)
    else:
        fs = args.fs or DEMO_FS
        _, truth, noisy = generate_noisy_ecg(fs, show_plot=False)
        recording = Recording(noisy, fs, "II", "demo")
    seconds = len(recording.signal) / recording.fs
    if args.start >= seconds:
        raise InputError(f"--start {args.start:g}: the recording has {seconds:.1f} s")
    return recording, truth


def clean(recording: Recording, truth: np.ndarray | None, args: argparse.Namespace) -> Cleaned:
    """The steps: upright, without hum, band-passed, judged."""
    fs = recording.fs
    raw, turned = turn_upright(recording.signal, fs, args.invert, recording.lead)
    if truth is not None and raw is not recording.signal:
        truth = -truth
    hum = chosen_hum(raw, fs, args.mains)
    try:
        cleaned = denoise(raw, fs, args.band[0], args.band[1], hum or "none")
    except ValueError as error:
        raise InputError(f"--band {args.band[0]:g} {args.band[1]:g}: {error}") from None
    windows = signal_quality(raw, fs, args.window)
    return Cleaned(raw, cleaned, truth, hum, turned, windows)


def report(recording: Recording, result: Cleaned, args: argparse.Namespace) -> None:
    """What was done and found, on the terminal."""
    fs, n, windows = recording.fs, len(result.raw), result.windows
    if result.hum:
        mains = f"mains {result.hum} Hz removed"
    else:
        mains = "no mains removed" if args.mains == "none" else "no mains hum found"
    print(
        f"{recording.name}: lead {recording.lead}, {fs:g} Hz, {n / fs:.1f} s; {mains}; "
        f"band {args.band[0]:g} to {min(args.band[1], fs / 2):g} Hz"
    )
    unknown_lead = unlike_training(recording.lead, result.raw, fs)
    for note in (*recording.notes, result.turned, unknown_lead):
        if note:
            print(f"  note: {note}")
    bad = [w for w in windows if w.reason != "ok"]
    readable = sum(w.readable * (w.stop - w.start) for w in windows)
    print(
        f"  readable: {100 * readable / n:.1f} %; "
        f"{len(windows) - len(bad)} of {len(windows)} windows of {args.window:g} s are ok"
    )
    for w in bad[:SHOWN]:
        print(
            f"    {w.start / fs:9.1f} - {w.stop / fs:.1f} s: {w.reason} "
            f"({100 * (1 - w.readable):.0f} % unreadable)"
        )
    if len(bad) > SHOWN:
        print(f"    ... and {len(bad) - SHOWN} more")
    if result.truth is not None:
        print(
            "  SNR against the known clean signal, in mV: "
            f"{snr_db(result.truth, result.raw):.1f} dB before, "
            f"{snr_db(result.truth, result.cleaned):.1f} dB after"
        )


def draw(fs: float, result: Cleaned, args: argparse.Namespace) -> None:
    """The figure of --seconds from --start."""
    part = slice(int(args.start * fs), int((args.start + args.seconds) * fs))
    t = np.arange(len(result.raw))[part] / fs
    truth = None if result.truth is None else result.truth[part]
    figure = plot_cleaning(t, result.raw[part], result.cleaned[part], result.windows, fs, truth)
    show_figure(figure, args.save, "clean_ecg.png")


if __name__ == "__main__":
    cli.run(main)
