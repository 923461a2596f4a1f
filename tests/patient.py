"""A made-up patient for the tests: a regular rhythm with ectopic beats, in one lead or two."""

import numpy as np


def synthetic_patient(seconds=150, fs=250, seed=0):
    """(ecg, R peaks, is ectopic): a regular rhythm of narrow beats with P and T waves, every ninth
    beat early and broad without P."""
    rng = np.random.default_rng(seed)
    times, ectopic, t = [], [], 1.0
    while t < seconds - 1:
        early = len(times) % 9 == 8
        times.append(t - 0.3 if early else t)
        ectopic.append(early)
        t += 0.8 + 0.02 * rng.standard_normal()
    ecg = 0.005 * rng.standard_normal(int(seconds * fs))
    narrow = [(-0.16, 0.022, 0.15), (0, 0.012, 1.0), (0.03, 0.01, -0.25), (0.28, 0.05, 0.3)]
    broad = [(0, 0.05, -1.4), (0.25, 0.08, 0.5)]
    for time, is_ectopic in zip(times, ectopic):
        near = np.arange(max(int((time - 1) * fs), 0), min(int((time + 1) * fs), len(ecg)))
        for shift, width, height in broad if is_ectopic else narrow:
            ecg[near] += height * np.exp(-0.5 * ((near / fs - time - shift) / width) ** 2)
    return ecg, np.rint(np.array(times) * fs).astype(int), np.array(ectopic)


def second_lead(ecg, kind):
    """A lead beside `ecg`: flat, stuck, missing, noise or itself (of other gain, sign, offset)."""
    rng = np.random.default_rng(1)
    return {
        "flat": np.zeros(len(ecg)),
        "stuck": np.full(len(ecg), 0.37),
        "missing": np.full(len(ecg), np.nan),
        "noise": rng.standard_normal(len(ecg)),
        "itself": -3 * ecg + 1,
    }[kind]
