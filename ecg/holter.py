"""What a Holter summary holds: burden, heart rate, pauses, episodes, couplets, bigeminy, runs.

    from ecg.holter import summary
    summary(samples, labels, fs, n_samples, unreadable)["v_runs"]["longest"]

Definitions, their sources in brackets. `DEFINITIONS` holds the same in one line each, for reports.

- RR interval: between successive beats of any class. One that touches an unreadable stretch does
  not exist: nothing is counted across it. A beat without a label (-1) ends a run, a couplet or a
  bigeminy but still bounds its RR intervals.
- Heart rate: the ventricular rate, ectopic beats included. Mean: 60 x (number of RR) / (their sum).
  Minimum and maximum: of the mean over 8 successive RR intervals. No standard prescribes that
  window and devices differ (4 to 16 intervals or 10 s to 1 min); 8 spans two respiratory cycles at
  most and is not set by one premature beat and its pause.
- Tachycardia and bradycardia: every stretch whose 8-interval mean is above 100/min [Page et al.
  2015, ACC/AHA/HRS guideline on supraventricular tachycardia: sinus tachycardia > 100/min], below
  50/min [Kusumoto et al. 2018, ACC/AHA/HRS guideline on bradycardia: sinus bradycardia < 50/min].
  Of any origin: the label of the beats is not asked.
- Pause: an RR interval of 2.0 s or more, the usual threshold of ambulatory reports; those of more
  than 3.0 s are counted beside [Kusumoto et al. 2018: a sinus pause is > 3 s]. As long a readable
  stretch without beats between an end of the recording or something unreadable and the nearest
  beat counts as well (`open`): its real length is not known.
- V run: 3 or more successive V; its rate is that of its own intervals, its length from first to
  last R peak. Above 100/min it is ventricular tachycardia (kind `VT`), sustained when longer than
  30 s [Al-Khatib et al. 2017, AHA/ACC/HRS guideline on ventricular arrhythmias]; otherwise kind
  `slow` (idioventricular). S runs alike, without a kind.
- Couplet: exactly two successive V (S).
- Bigeminy (trigeminy): 3 or more V (S) with exactly one beat (two beats) of class N or Q between
  each and the next; from the first ectopic beat to the last. That three cycles are asked is the
  usual convention of arrhythmia monitors.
- SDNN, RMSSD, pNN50, mean NN: of normal-to-normal intervals without artefacts (ecg/hrv.py).
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from ecg.beats import CLASSES, checked_beats
from ecg.hrv import hrv
from ecg.stretches import overlapping, period_of, periods, runs_of, within, without

WINDOW = 8  # RR intervals of a heart rate
TACHYCARDIA = 100.0  # /min
BRADYCARDIA = 50.0  # /min
PAUSE = 2.0  # s
LONG_PAUSE = 3.0  # s
VT_RATE = 100.0  # /min
SUSTAINED = 30.0  # s
TREND_STEP = 60.0  # s
DEFINITIONS = {
    "heart_rate": "minimum and maximum of the mean over 8 successive RR intervals, beats of any "
    "class",
    "pauses": "RR interval of 2.0 s or more; open: as long without a beat beside an end of the "
    "recording or unreadable signal",
    "tachycardia": "mean over 8 successive RR intervals above 100/min, of any origin "
    "(ACC/AHA/HRS 2015)",
    "bradycardia": "mean over 8 successive RR intervals below 50/min, of any origin "
    "(ACC/AHA/HRS 2018)",
    "v_runs": "3 or more successive V; above 100/min ventricular tachycardia, sustained when "
    "> 30 s (AHA/ACC/HRS 2017)",
    "s_runs": "3 or more successive S",
    "v_couplets": "exactly 2 successive V",
    "s_couplets": "exactly 2 successive S",
    "v_bigeminy": "3 or more V, each one normal (or paced) beat from the next",
    "s_bigeminy": "3 or more S, each one normal (or paced) beat from the next",
    "v_trigeminy": "3 or more V, each two normal (or paced) beats from the next",
    "s_trigeminy": "3 or more S, each two normal (or paced) beats from the next",
}


def summary(
    samples: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable[tuple[int, int]] = (),
    withheld: Iterable[tuple[int, int, str]] = (),
) -> dict:
    """Holter summary of one recording, as a plain dict that json.dumps takes (None where a figure
    is undefined).

    samples: (n,) R peaks, increasing, in samples. labels: (n,) class index 0..4 or letter N S V F
    Q; -1, "" or "?" for a beat without a label. fs: Hz. n_samples: length of the recording.
    unreadable: (start, stop) sample pairs, stop excluded, in any order, overlaps allowed. withheld:
    (start, stop, reason) without heart-rate variability (ecg.hrv.withheld_in).

    Keys:
      duration_s, readable_s
      beats           {"total", "labelled", "N", "S", "V", "F", "Q"}
      burden_percent  {"N", ...} of the labelled beats
      per_hour        {"N", ...} of readable time
      forms           {"V": {"single", "couplet", "run"}, "S": ...}: beats of the class by the
                      company they keep
      heart_rate      {"mean_bpm", "min_bpm", "min_time_s", "max_bpm", "max_time_s", "window_beats",
                      "trend": {"step_s", "time_s" (start), "mean_bpm", "min_bpm", "max_bpm"}}; in
                      the trend the mean is over the RR intervals that end in the minute, the
                      extremes are those of the 8-interval mean
      hrv             ecg.hrv.Hrv as a dict
      pauses          {"definition", "count", "total_s", "longest", "events", "over_3_s"}
      tachycardia, v_runs, s_runs, v_couplets, ...
                      {"definition", "count", "total_s", "longest", "fastest", "events"}
      bradycardia     the same with "slowest" in place of "fastest"
    An event is {"time_s", "duration_s", "sample", "end_sample", "beats", "rate_bpm"}, and besides:
    pauses "open" (no beats, no rate), tachycardia and bradycardia "extreme_bpm" (of the 8-interval
    mean), V runs "kind" and "sustained".

    Raises ValueError when arrays do not fit each other, beats lie outside the recording or do not
    increase."""
    samples, labels = checked_beats(samples, labels, fs, n_samples)
    lost = within(unreadable, n_samples)
    readable_s = (n_samples - int(np.sum(lost[:, 1] - lost[:, 0]))) / fs
    valid = ~overlapping(samples[:-1], samples[1:], lost)  # RR intervals
    result = {
        "duration_s": n_samples / fs,
        "readable_s": readable_s,
        **_counts(labels, readable_s),
        "forms": {},
        "heart_rate": _heart_rate(samples, valid, fs, n_samples),
        "hrv": hrv(samples, labels, fs, n_samples, lost, withheld)._asdict(),
        "pauses": _pauses(samples, valid, fs, n_samples, lost),
        "tachycardia": _rate_episodes(samples, valid, fs, "tachycardia", TACHYCARDIA),
        "bradycardia": _rate_episodes(samples, valid, fs, "bradycardia", BRADYCARDIA),
    }
    for letter in "VS":
        result["forms"][letter], groups = _ectopy(samples, labels, valid, fs, letter)
        result.update(groups)
    return result


def ventricular_tachycardia(
    samples: ArrayLike,
    labels: ArrayLike,
    fs: float,
    n_samples: int,
    unreadable: Iterable[tuple[int, int]] = (),
) -> np.ndarray:
    """int64 (k, 2): the first and the last R peak of each V run of kind VT. Arguments and errors as
    for `summary`."""
    samples, labels = checked_beats(samples, labels, fs, n_samples)
    valid = ~overlapping(samples[:-1], samples[1:], within(unreadable, n_samples))
    runs = _ectopy(samples, labels, valid, fs, "V")[1]["v_runs"]["events"]
    ends = [(run["sample"], run["end_sample"]) for run in runs if run["kind"] == "VT"]
    return np.array(ends, np.int64).reshape(-1, 2)


def _counts(labels, readable_s):
    """Beats by class: number, share of the labelled ones, number an hour."""
    counts = np.bincount(labels[labels >= 0], minlength=len(CLASSES)).tolist()
    labelled = sum(counts)
    by_class = dict(zip(CLASSES, counts))
    return {
        "beats": {"total": len(labels), "labelled": labelled, **by_class},
        "burden_percent": {
            c: 100.0 * count / labelled if labelled else None for c, count in by_class.items()
        },
        "per_hour": {
            c: 3600.0 * count / readable_s if readable_s > 0 else None
            for c, count in by_class.items()
        },
    }


# -------------------------------------------------------------------------------------- events


def _events(samples, first, last, fs):
    """A dict of each stretch from beat `first` to beat `last`, (k,) both."""
    a, b = samples[first], samples[last]
    return [
        {
            "time_s": i / fs,
            "duration_s": (j - i) / fs,
            "sample": i,
            "end_sample": j,
            "beats": n,
            "rate_bpm": 60.0 * fs * (n - 1) / (j - i),
        }
        for i, j, n in zip(a.tolist(), b.tolist(), (last - first + 1).tolist())
    ]


def _group(name, events):
    """Definition, count, total length and the longest of a list of events; the first of equals."""
    return {
        "definition": DEFINITIONS[name],
        "count": len(events),
        "total_s": float(sum(e["duration_s"] for e in events)),
        "longest": max(events, key=lambda e: e["duration_s"], default=None),
    }


def _rated_group(name, events, extreme=("fastest", "rate_bpm", max)):
    """_group with the fastest (slowest) of the events, and the events."""
    which, key, choose = extreme
    return {
        **_group(name, events),
        which: choose(events, key=lambda e: e[key], default=None),
        "events": events,
    }


# ------------------------------------------------------------------------------- ectopic beats


def _ectopy(samples, labels, valid, fs, letter):
    """(how many beats of class V or S are single, in couplets, in runs; the groups of events)."""
    of_class = labels == CLASSES.index(letter)
    first, last = _successive(of_class, valid)
    length = last - first + 1
    runs, pairs = length >= 3, length == 2
    forms = {
        "single": int(np.sum(length == 1)),
        "couplet": 2 * int(np.sum(pairs)),
        "run": int(length[runs].sum()),
    }
    events = {"runs": _events(samples, first[runs], last[runs], fs)}
    if letter == "V":
        for event in events["runs"]:
            event["kind"] = "VT" if event["rate_bpm"] > VT_RATE else "slow"
            event["sustained"] = event["kind"] == "VT" and event["duration_s"] > SUSTAINED
    events["couplets"] = _events(samples, first[pairs], last[pairs], fs)
    for name, between in (("bigeminy", 1), ("trigeminy", 2)):
        first, last = _alternating(labels, of_class, valid, between)
        events[name] = _events(samples, first, last, fs)
    names = {name: f"{letter.lower()}_{name}" for name in events}
    return forms, {names[name]: _rated_group(names[name], events[name]) for name in events}


def _successive(of_class, valid):
    """First and last beat of each stretch of successive beats of one class; an RR interval that
    does not exist divides it."""
    linked = of_class[:-1] & of_class[1:] & valid
    first = np.flatnonzero(of_class & ~np.append(False, linked))
    last = np.flatnonzero(of_class & ~np.append(linked, False))
    return first, last


def _alternating(labels, of_class, valid, between):
    """First and last beat of each stretch of 3 or more beats of one class, each `between` N or Q
    from the next."""
    at = np.flatnonzero(of_class)
    base = np.isin(labels, [CLASSES.index("N"), CLASSES.index("Q")])
    broken = np.append(0, np.cumsum(~valid))  # broken[j] - broken[i]: missing between beats i and j
    linked = np.diff(at) == between + 1
    for k in range(1, between + 1):
        linked &= base[np.minimum(at[:-1] + k, len(base) - 1)]
    linked &= broken[at[1:]] == broken[at[:-1]]
    first, stop = runs_of(linked).T
    enough = stop - first >= 2  # two links are three beats
    return at[first[enough]], at[stop[enough]]


# ----------------------------------------------------------------------------- rate and pauses


def _window_rates(samples, valid, fs):
    """(first beat, rate in 1/min) of every window of 8 successive RR intervals."""
    start = np.empty(0, np.int64)
    if len(valid) >= WINDOW:
        broken = np.append(0, np.cumsum(~valid))
        start = np.flatnonzero(broken[WINDOW:] == broken[:-WINDOW])
    return start, 60.0 * fs * WINDOW / (samples[start + WINDOW] - samples[start])


def _heart_rate(samples, valid, fs, n_samples):
    """Mean, lowest and highest heart rate, and their trend minute by minute."""
    rr = np.diff(samples)[valid] / fs
    start, rate = _window_rates(samples, valid, fs)
    low, high = (int(np.argmin(rate)), int(np.argmax(rate))) if len(rate) else (None, None)
    return {
        "mean_bpm": 60.0 * len(rr) / float(rr.sum()) if len(rr) else None,
        "min_bpm": None if low is None else float(rate[low]),
        "min_time_s": None if low is None else float(samples[start[low]] / fs),
        "max_bpm": None if high is None else float(rate[high]),
        "max_time_s": None if high is None else float(samples[start[high]] / fs),
        "window_beats": WINDOW,
        "definition": DEFINITIONS["heart_rate"],
        "trend": _trend(samples, valid, fs, n_samples),
    }


def _trend(samples, valid, fs, n_samples):
    """Rates minute by minute."""
    edges = periods(n_samples, TREND_STEP * fs)
    return {
        "step_s": TREND_STEP,
        "time_s": [TREND_STEP * k for k in range(len(edges) - 1)],
        **rates_between(samples, valid, fs, edges),
    }


def rates_between(
    samples: np.ndarray, valid: np.ndarray, fs: float, edges: np.ndarray
) -> dict[str, list[float | None]]:
    """{"mean_bpm", "min_bpm", "max_bpm"} of each period between the `edges` (k + 1,), in samples.

    samples: (n,) R peaks. valid: bool (n - 1,), which RR intervals exist. An interval, and a window
    of 8, belongs to the period in which it ends; None where a period has none."""
    ends, rr = samples[1:][valid], np.diff(samples)[valid] / fs
    start, rate = _window_rates(samples, valid, fs)
    of, of_window = period_of(edges, ends), period_of(edges, samples[start + WINDOW])
    steps = len(edges) - 1
    count = np.bincount(of, minlength=steps).tolist()
    total = np.bincount(of, weights=rr, minlength=steps).tolist()
    lowest, highest = np.full(steps, np.inf), np.full(steps, -np.inf)
    np.minimum.at(lowest, of_window, rate)
    np.maximum.at(highest, of_window, rate)
    return {
        "mean_bpm": [60.0 * n / t if n else None for n, t in zip(count, total)],
        "min_bpm": [v if np.isfinite(v) else None for v in lowest.tolist()],
        "max_bpm": [v if np.isfinite(v) else None for v in highest.tolist()],
    }


def _rate_episodes(samples, valid, fs, name, limit):
    """Stretches of RR intervals that lie in at least one window of 8 beyond the limit."""
    sign = 1.0 if name == "tachycardia" else -1.0
    start, rate = _window_rates(samples, valid, fs)
    beyond = sign * rate > sign * limit
    cover = np.zeros(len(samples) + 1, np.int64)
    np.add.at(cover, start[beyond], 1)
    np.add.at(cover, start[beyond] + WINDOW, -1)
    # of intervals; interval k ends with beat k + 1
    first, stop = runs_of(np.cumsum(cover)[: len(valid)] > 0).T
    events = _events(samples, first, stop, fs)
    episode = np.searchsorted(first, start[beyond], side="right") - 1
    extreme = np.full(len(first), -np.inf)
    np.maximum.at(extreme, episode, sign * rate[beyond])
    for event, value in zip(events, extreme.tolist()):
        event["extreme_bpm"] = sign * value
    fastest, slowest = ("fastest", "extreme_bpm", max), ("slowest", "extreme_bpm", min)
    return _rated_group(name, events, fastest if sign > 0 else slowest)


def _pauses(samples, valid, fs, n_samples, lost):
    """Long RR intervals, and as long readable stretches beside what is no RR interval."""
    marks = np.concatenate([[0], samples, [n_samples]])
    spans = np.column_stack([marks[:-1], marks[1:]])
    valid = np.concatenate([[False], valid, [False]])[: len(spans)]
    beside = np.array(without(spans[~valid], lost), dtype=np.int64).reshape(-1, 2)
    spans = np.concatenate([spans[valid], beside])
    is_open = np.arange(len(spans)) >= np.count_nonzero(valid)
    long = np.flatnonzero(spans[:, 1] - spans[:, 0] >= PAUSE * fs)
    long = long[np.argsort(spans[long, 0], kind="stable")]
    events = [
        {"time_s": i / fs, "duration_s": (j - i) / fs, "sample": i, "end_sample": j, "open": o}
        for (i, j), o in zip(spans[long].tolist(), is_open[long].tolist())
    ]
    return {
        **_group("pauses", events),
        "events": events,
        "over_3_s": sum(e["duration_s"] > LONG_PAUSE for e in events),
    }
