"""Synthetic ECG whose beats are known, and noise of known kind and strength.

    python Noisy_ECG_Signal.py                       # the tutorial's figure: clean, noise, noisy
    python Noisy_ECG_Signal.py --kinds N,S,V,F --noise muscle --snr 6 --save noisy.png
    python Noisy_ECG_Signal.py --records made        # ten annotated WFDB recordings, all classes

A beat is a sum of Gaussian waves, placed beat by beat, so that ectopic beats come early, lose or
change their P wave and are followed by the right pause (ecg/synthetic.py). It is material for
demonstrations and tests: figures of a classifier on it say nothing about patients.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse

import numpy as np

from ecg import cli, ranges
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.figures import show_figure
from ecg.figures.signals import plot_noisy
from ecg.noise import NOISE_KINDS, ac_power, add_noise, add_tutorial_noise
from ecg.synthetic import SYMBOLS, Synthetic, demo_records, synthetic_recording

# isort: split
# what notebooks import from here besides
from ecg.noise import noise  # noqa: F401
from ecg.synthetic import SHARES, demo_recording, draw_patient, generate_noisy_ecg, write_wfdb  # noqa: F401

# shares of all beats that --kinds asks for; Q beside N, or alone
KIND_SHARES = {"S": 0.15, "V": 0.15, "F": 0.1}
PACED_SHARE, ONLY_PACED = 0.5, 1


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    option = p.add_argument_group("the signal").add_argument
    cli.add(p, "--fs", default=360, help="sampling rate")
    option("--duration", metavar="S", type=ranges.LENGTH, help="(default: 10, with --records 300)")
    option(
        "--heart-rate", metavar="BPM", type=ranges.HEART_RATE, default=70, help="beats per minute"
    )
    option(
        "--variability", metavar="CV", type=ranges.SHARE, default=0.04, help="of RR, SD over mean"
    )
    option("--kinds", metavar="LETTERS", default="N", help="classes: N,S,V,F or N,Q")
    cli.add(p, "--seed")
    option = p.add_argument_group("the noise").add_argument
    option(
        "--noise",
        metavar="KIND",
        choices=("mixed", *NOISE_KINDS),
        default="mixed",
        help=f"{', '.join(NOISE_KINDS)}, or the tutorial's three",
    )
    option("--snr", metavar="DB", type=ranges.DECIBELS, default=6, help="dB, of one kind of noise")
    option("--mains", metavar="HZ", type=ranges.FREQUENCY, default=50, help="mains frequency")
    group = p.add_argument_group("results")
    cli.add(group, "--save")
    cli.add(group, "--records", help="write ten annotated WFDB recordings there, no figure")
    return p


@cli.stage(options, inputs=())  # --records is where it writes
def main(args: argparse.Namespace) -> None:
    if args.records:
        cli.refuse_unused(args, NOT_OF_RECORDS, "does not go with --records")
        duration = args.duration or 300
        names = demo_records(args.records, duration=duration, fs=args.fs, seed=args.seed)
        print(f"{len(names)} records ({names[0]} .. {names[-1]}) in {args.records}")
        return

    if args.noise == "mixed":
        cli.refuse_unused(args, ("snr",), "is for one kind of noise: give --noise KIND too")
    duration = args.duration or 10
    shares = shares_of(args.kinds)
    record = synthetic_recording(
        duration, args.fs, args.seed, args.heart_rate, args.variability, shares
    )
    noisy = with_noise(record, args)
    report(duration, record, noisy)
    t = np.arange(len(noisy)) / args.fs
    letters = [CLASSES[label] for label in record.labels]
    figure = plot_noisy(t, record.signal, noisy, record.r_peaks, letters)
    show_figure(figure, args.save, "noisy_ecg.png")


NOT_OF_RECORDS = ("heart_rate", "variability", "kinds", "noise", "snr", "mains", "save")


def shares_of(kinds: str) -> dict[str, float]:
    """{class: share of all beats} of the letters that --kinds names; the rest is N."""
    letters = [k for k in kinds.upper().replace(",", "") if k != " "]
    if set(letters) - set(SYMBOLS):
        raise InputError(f"--kinds {kinds}: use letters of N, S, V, F, Q")
    shares = {k: KIND_SHARES[k] for k in letters if k in KIND_SHARES}
    if "Q" in letters:
        paced = PACED_SHARE if "N" in letters else ONLY_PACED
        shares["Q"] = min(paced, 1 - sum(shares.values()))
    return shares


def with_noise(record: Synthetic, args: argparse.Namespace) -> np.ndarray:
    """The signal of `record` (n,) in mV with the noise that the options ask for."""
    rng = np.random.default_rng([args.seed, 1])
    if args.noise == "mixed":
        return add_tutorial_noise(record.signal, args.fs, rng, args.mains)
    return add_noise(record.signal, args.fs, args.noise, args.snr, rng, args.mains)


def report(duration: float, record: Synthetic, noisy: np.ndarray) -> None:
    """Length, beats by class and signal-to-noise ratio, on the terminal."""
    fs, noise_power = record.fs, np.mean((noisy - record.signal) ** 2)
    snr = 10 * np.log10(ac_power(record.signal, fs) / noise_power)
    counts = np.bincount(record.labels, minlength=len(CLASSES))
    by_class = ", ".join(f"{name} {count}" for name, count in zip(CLASSES, counts) if count)
    print(
        f"{duration:g} s at {fs:g} Hz, {len(record.r_peaks)} beats ({by_class}), SNR {snr:.1f} dB"
    )


if __name__ == "__main__":
    cli.run(main)
