"""What a Holter summary holds, from labelled beats: burden, heart rate, pauses, episodes, couplets, bigeminy, runs.

    from ecg.holter import summary
    summary(samples, labels, fs, n_samples, unreadable)["v_runs"]["longest"]

Definitions, their sources in brackets. `DEFINITIONS` holds the same in one line each, for reports.

- RR interval: between successive beats of any class. One that touches an unreadable stretch does not exist: nothing is
  counted across it. A beat without a label (-1) ends a run, a couplet or a bigeminy but still bounds its RR intervals.
- Heart rate: the ventricular rate, ectopic beats included. Mean: 60 x (number of RR) / (their sum). Minimum and maximum: of
  the mean over 8 successive RR intervals. No standard prescribes that window and devices differ (4 to 16 intervals or
  10 s to 1 min); 8 spans two respiratory cycles at most and is not set by one premature beat and its pause.
- Tachycardia and bradycardia: every stretch whose 8-interval mean is above 100/min [Page et al. 2015, ACC/AHA/HRS guideline
  on supraventricular tachycardia: sinus tachycardia > 100/min], below 50/min [Kusumoto et al. 2018, ACC/AHA/HRS guideline on
  bradycardia: sinus bradycardia < 50/min]. Of any origin: the label of the beats is not asked.
- Pause: an RR interval of 2.0 s or more, the usual threshold of ambulatory reports; those of more than 3.0 s are counted beside
  [Kusumoto et al. 2018: a sinus pause is > 3 s]. As long a readable stretch without beats between an end of the recording or
  something unreadable and the nearest beat counts as well (`open`): its real length is not known.
- V run: 3 or more successive V; its rate is that of its own intervals, its length from first to last R peak. Above 100/min
  it is ventricular tachycardia (kind `VT`), sustained when longer than 30 s [Al-Khatib et al. 2017, AHA/ACC/HRS guideline on
  ventricular arrhythmias]; otherwise kind `slow` (idioventricular). S runs alike, without a kind.
- Couplet: exactly two successive V (S).
- Bigeminy (trigeminy): 3 or more V (S) with exactly one beat (two beats) of class N or Q between each and the next; from
  the first ectopic beat to the last. That three cycles are asked is the usual convention of arrhythmia monitors.
- SDNN, RMSSD: of the intervals between two successive N beats; RMSSD over successive such intervals
  [Task Force of the ESC and NASPE 1996].
"""
import numpy as np

from ecg.beats import CLASS_NAMES

WINDOW = 8            # RR intervals of a heart rate
TACHYCARDIA = 100.0   # /min
BRADYCARDIA = 50.0    # /min
PAUSE = 2.0           # s
LONG_PAUSE = 3.0      # s
VT_RATE = 100.0       # /min
SUSTAINED = 30.0      # s
TREND_STEP = 60.0     # s

DEFINITIONS = {
    "heart_rate": "minimum and maximum of the mean over 8 successive RR intervals, beats of any class",
    "pauses": "RR interval of 2.0 s or more; open: as long without a beat beside an end of the recording or unreadable signal",
    "tachycardia": "mean over 8 successive RR intervals above 100/min, of any origin (ACC/AHA/HRS 2015)",
    "bradycardia": "mean over 8 successive RR intervals below 50/min, of any origin (ACC/AHA/HRS 2018)",
    "v_runs": "3 or more successive V; above 100/min ventricular tachycardia, sustained when > 30 s (AHA/ACC/HRS 2017)",
    "s_runs": "3 or more successive S",
    "v_couplets": "exactly 2 successive V",
    "s_couplets": "exactly 2 successive S",
    "v_bigeminy": "3 or more V, each one normal (or paced) beat from the next",
    "s_bigeminy": "3 or more S, each one normal (or paced) beat from the next",
    "v_trigeminy": "3 or more V, each two normal (or paced) beats from the next",
    "s_trigeminy": "3 or more S, each two normal (or paced) beats from the next",
}


def summary(samples, labels, fs, n_samples, unreadable=()):
    """Holter summary of one recording, as a plain dict that json.dumps takes (None where a figure is undefined).

    samples: (n,) R peaks, increasing, in samples. labels: (n,) class index 0..4 or letter N S V F Q; -1, "" or "?" for a beat
    without a label. fs: Hz. n_samples: length of the recording. unreadable: (start, stop) sample pairs, stop excluded,
    in any order, overlaps allowed.

    Keys:
      duration_s, readable_s
      beats           {"total", "labelled", "N", "S", "V", "F", "Q"}; burden_percent {"N", ...} of the labelled beats;
                      per_hour {"N", ...} of readable time
      forms           {"V": {"single", "couplet", "run"}, "S": ...}: beats of the class by the company they keep
      heart_rate      {"mean_bpm", "min_bpm", "min_time_s", "max_bpm", "max_time_s", "window_beats",
                      "trend": {"step_s", "time_s" (start), "mean_bpm", "min_bpm", "max_bpm"}}; in the trend the mean is over the
                      RR intervals that end in the minute, the extremes are those of the 8-interval mean
      hrv             {"nn_intervals", "sdnn_ms", "rmssd_ms"}
      pauses          {"definition", "count", "total_s", "longest", "events", "over_3_s"}
      tachycardia, v_runs, s_runs, v_couplets, ...   {"definition", "count", "total_s", "longest", "fastest", "events"};
      bradycardia     "slowest" in place of "fastest"
    An event is {"time_s", "duration_s", "sample", "end_sample", "beats", "rate_bpm"}, and besides: pauses "open" (no beats, no
    rate), tachycardia and bradycardia "extreme_bpm" (of the 8-interval mean), V runs "kind" and "sustained".

    Raises ValueError when arrays do not fit each other, beats lie outside the recording or do not increase."""
    samples, labels, bad = _checked(samples, labels, fs, n_samples, unreadable)
    readable_s = (n_samples - int(np.sum(bad[:, 1] - bad[:, 0]))) / fs
    whole = ~_touches(samples[:-1], samples[1:], bad)
    counts = np.bincount(labels[labels >= 0], minlength=len(CLASS_NAMES))
    labelled = int(counts.sum())
    result = {
        "duration_s": n_samples / fs, "readable_s": readable_s,
        "beats": {"total": len(samples), "labelled": labelled, **dict(zip(CLASS_NAMES, counts.tolist()))},
        "burden_percent": {c: 100.0 * int(k) / labelled if labelled else None for c, k in zip(CLASS_NAMES, counts)},
        "per_hour": {c: 3600.0 * int(k) / readable_s if readable_s > 0 else None for c, k in zip(CLASS_NAMES, counts)},
        "forms": {}, "heart_rate": _heart_rate(samples, whole, fs, n_samples), "hrv": _hrv(samples, labels, whole, fs),
        "pauses": _pauses(samples, whole, fs, n_samples, bad),
        "tachycardia": _rate_episodes(samples, whole, fs, "tachycardia", TACHYCARDIA),
        "bradycardia": _rate_episodes(samples, whole, fs, "bradycardia", BRADYCARDIA),
    }
    for letter in "VS":
        mine = labels == CLASS_NAMES.index(letter)
        first, last = _stretches(mine, whole)
        length = last - first + 1
        runs, pairs = length >= 3, length == 2
        result["forms"][letter] = {"single": int(np.sum(length == 1)), "couplet": 2 * int(np.sum(pairs)),
                                   "run": int(length[runs].sum())}
        key = letter.lower()
        events = _events(samples, first[runs], last[runs], fs)
        if letter == "V":
            for event in events:
                event["kind"] = "VT" if event["rate_bpm"] > VT_RATE else "slow"
                event["sustained"] = event["kind"] == "VT" and event["duration_s"] > SUSTAINED
        result[f"{key}_runs"] = _group(f"{key}_runs", events)
        result[f"{key}_couplets"] = _group(f"{key}_couplets", _events(samples, first[pairs], last[pairs], fs))
        for name, between in (("bigeminy", 1), ("trigeminy", 2)):
            first, last = _every_other(labels, mine, whole, between)
            result[f"{key}_{name}"] = _group(f"{key}_{name}", _events(samples, first, last, fs))
    return result


def _checked(samples, labels, fs, n_samples, unreadable):
    samples = np.asarray(samples, dtype=np.int64).reshape(-1)
    labels = np.asarray(labels).reshape(-1)
    if labels.dtype.kind in "UO":
        index = {**{c: i for i, c in enumerate(CLASS_NAMES)}, "": -1, "?": -1}
        unknown = sorted({str(c) for c in labels} - set(index))
        if unknown:
            raise ValueError(f"labels hold {', '.join(unknown)}: give N S V F Q, or ? for a beat without a label")
        labels = np.array([index[str(c)] for c in labels], dtype=np.int64)
    labels = labels.astype(np.int64)
    if len(samples) != len(labels):
        raise ValueError(f"{len(samples)} samples but {len(labels)} labels: give one label a beat")
    if np.any((labels < -1) | (labels >= len(CLASS_NAMES))):
        raise ValueError(f"labels must be 0..{len(CLASS_NAMES) - 1}, or -1 for a beat without a label")
    if not fs > 0:
        raise ValueError(f"fs is {fs}: give the sampling rate in Hz")
    if len(samples) and (samples[0] < 0 or samples[-1] >= n_samples or np.any(np.diff(samples) <= 0)):
        raise ValueError(f"samples must increase and lie within the {n_samples} samples of the recording")
    return samples, labels, _merged(unreadable, n_samples)


def _merged(stretches, n_samples):
    """Disjoint, increasing (k, 2) stretches that cover the same samples, clipped to the recording."""
    s = np.clip(np.asarray(list(stretches), dtype=np.int64).reshape(-1, 2), 0, n_samples)
    s = s[s[:, 1] > s[:, 0]]
    s = s[np.argsort(s[:, 0], kind="stable")]
    if len(s) == 0:
        return s
    reach = np.maximum.accumulate(s[:, 1])
    new = np.append(True, s[1:, 0] > reach[:-1])
    return np.column_stack([s[new, 0], reach[np.append(np.flatnonzero(new)[1:] - 1, len(s) - 1)]])


def _touches(start, stop, bad):
    """Whether each stretch start..stop overlaps one of the disjoint, increasing stretches `bad`."""
    if len(bad) == 0:
        return np.zeros(len(start), bool)
    k = np.searchsorted(bad[:, 1], start, side="right")            # the first that ends after the start
    return (k < len(bad)) & (bad[np.minimum(k, len(bad) - 1), 0] < stop)


def _segments(flags):
    """First and last index of each stretch of True."""
    edge = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1


def _stretches(mine, whole):
    """First and last beat of each stretch of successive beats of one class; an interval that is not whole divides it."""
    linked = mine[:-1] & mine[1:] & whole
    first = np.flatnonzero(mine & ~np.append(False, linked))
    last = np.flatnonzero(mine & ~np.append(linked, False))
    return first, last


def _every_other(labels, mine, whole, between):
    """First and last beat of each stretch of 3 or more beats of one class, each `between` N or Q from the next."""
    at = np.flatnonzero(mine)
    base = np.isin(labels, [CLASS_NAMES.index("N"), CLASS_NAMES.index("Q")])
    broken = np.append(0, np.cumsum(~whole))                       # broken[j] - broken[i]: missing between beats i and j
    linked = np.diff(at) == between + 1
    for k in range(1, between + 1):
        linked &= base[np.minimum(at[:-1] + k, len(base) - 1)]
    linked &= broken[at[1:]] == broken[at[:-1]]
    first, last = _segments(linked)
    long = last > first                                            # two links are three beats
    return at[first[long]], at[last[long] + 1]


def _events(samples, first, last, fs):
    a, b = samples[first], samples[last]
    return [{"time_s": i / fs, "duration_s": (j - i) / fs, "sample": i, "end_sample": j, "beats": n,
             "rate_bpm": 60.0 * fs * (n - 1) / (j - i)}
            for i, j, n in zip(a.tolist(), b.tolist(), (last - first + 1).tolist())]


def _group(name, events, extreme=("fastest", "rate_bpm", max)):
    """Count, total length, the longest and the fastest (slowest) of a list of events; the first of equals."""
    which, key, choose = extreme
    return {"definition": DEFINITIONS[name], "count": len(events), "total_s": float(sum(e["duration_s"] for e in events)),
            "longest": max(events, key=lambda e: e["duration_s"], default=None),
            which: choose(events, key=lambda e: e[key], default=None), "events": events}


def _window_rates(samples, whole, fs):
    """(first beat, rate in 1/min) of every window of 8 successive whole RR intervals."""
    broken = np.append(0, np.cumsum(~whole))
    start = np.flatnonzero(broken[WINDOW:] == broken[:-WINDOW]) if len(whole) >= WINDOW else np.empty(0, np.int64)
    return start, 60.0 * fs * WINDOW / (samples[start + WINDOW] - samples[start])


def _heart_rate(samples, whole, fs, n_samples):
    rr = np.diff(samples)[whole] / fs
    start, rate = _window_rates(samples, whole, fs)
    low, high = (int(np.argmin(rate)), int(np.argmax(rate))) if len(rate) else (None, None)
    steps = int(np.ceil(n_samples / fs / TREND_STEP))
    step = TREND_STEP * fs
    minute = (samples[1:][whole] // step).astype(np.int64)         # an interval belongs to the minute in which it ends
    count, total = np.bincount(minute, minlength=steps), np.bincount(minute, weights=rr, minlength=steps)
    least, most = np.full(steps, np.inf), np.full(steps, -np.inf)
    ends = (samples[start + WINDOW] // step).astype(np.int64)
    np.minimum.at(least, ends, rate)
    np.maximum.at(most, ends, rate)
    return {
        "mean_bpm": 60.0 * len(rr) / float(rr.sum()) if len(rr) else None,
        "min_bpm": None if low is None else float(rate[low]),
        "min_time_s": None if low is None else float(samples[start[low]] / fs),
        "max_bpm": None if high is None else float(rate[high]),
        "max_time_s": None if high is None else float(samples[start[high]] / fs),
        "window_beats": WINDOW, "definition": DEFINITIONS["heart_rate"],
        "trend": {"step_s": TREND_STEP, "time_s": [TREND_STEP * k for k in range(steps)],
                  "mean_bpm": [60.0 * n / t if n else None for n, t in zip(count.tolist(), total.tolist())],
                  "min_bpm": [v if np.isfinite(v) else None for v in least.tolist()],
                  "max_bpm": [v if np.isfinite(v) else None for v in most.tolist()]}}


def _hrv(samples, labels, whole, fs):
    normal = labels == CLASS_NAMES.index("N")
    nn = normal[:-1] & normal[1:] & whole
    rr = np.diff(samples) * (1000.0 / fs)
    successive = np.diff(rr)[nn[:-1] & nn[1:]]
    return {"nn_intervals": int(nn.sum()), "sdnn_ms": float(np.std(rr[nn], ddof=1)) if nn.sum() > 1 else None,
            "rmssd_ms": float(np.sqrt(np.mean(successive ** 2))) if len(successive) else None}


def _rate_episodes(samples, whole, fs, name, limit):
    """Stretches of RR intervals that lie in at least one window of 8 beyond the limit."""
    sign = 1.0 if name == "tachycardia" else -1.0
    start, rate = _window_rates(samples, whole, fs)
    beyond = sign * rate > sign * limit
    cover = np.zeros(len(samples) + 1, np.int64)
    np.add.at(cover, start[beyond], 1)
    np.add.at(cover, start[beyond] + WINDOW, -1)
    first, last = _segments(np.cumsum(cover)[:len(whole)] > 0)     # intervals; interval k ends with beat k + 1
    events = _events(samples, first, last + 1, fs)
    inside = np.searchsorted(first, start[beyond], side="right") - 1
    extreme = np.full(len(first), -np.inf)
    np.maximum.at(extreme, inside, sign * rate[beyond])
    for event, value in zip(events, extreme.tolist()):
        event["extreme_bpm"] = sign * value
    return _group(name, events, ("fastest", "extreme_bpm", max) if sign > 0 else ("slowest", "extreme_bpm", min))


def _pauses(samples, whole, fs, n_samples, bad):
    marks = np.concatenate([[0], samples, [n_samples]])
    whole = np.concatenate([[False], whole, [False]])[:len(marks) - 1]
    start, stop, opened = marks[:-1][whole], marks[1:][whole], np.zeros(int(whole.sum()), bool)
    for i, j in zip(marks[:-1][~whole], marks[1:][~whole]):        # the readable parts of what is no RR interval
        near = bad[(bad[:, 1] > i) & (bad[:, 0] < j)]
        free = np.concatenate([[i], near.ravel(), [j]]).clip(i, j).reshape(-1, 2)
        start, stop = np.append(start, free[:, 0]), np.append(stop, free[:, 1])
        opened = np.append(opened, np.ones(len(free), bool))
    keep = np.flatnonzero(stop - start >= PAUSE * fs)
    keep = keep[np.argsort(start[keep], kind="stable")]
    events = [{"time_s": i / fs, "duration_s": (j - i) / fs, "sample": i, "end_sample": j, "open": o}
              for i, j, o in zip(start[keep].tolist(), stop[keep].tolist(), opened[keep].tolist())]
    return {"definition": DEFINITIONS["pauses"], "count": len(events), "total_s": float(sum(e["duration_s"] for e in events)),
            "longest": max(events, key=lambda e: e["duration_s"], default=None), "events": events,
            "over_3_s": sum(e["duration_s"] > LONG_PAUSE for e in events)}
