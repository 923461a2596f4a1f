"""What a heartbeat is: the classes, the row of 187 samples, the R peaks. Training and inference both use this file.

The row is the one of the published heartbeat CSVs (mitbih_train.csv, mitbih_test.csv), which can be rebuilt bit for bit
from the MIT-BIH records: from one boundary to the next and a fifth of the interval after it, every third sample at 360 Hz
(so 120 Hz), min-max over that whole segment, the first 187 values, zero-padded.
"""
import functools
from fractions import Fraction

import numpy as np
from scipy import ndimage
from scipy import signal as sps

CLASS_NAMES = ["N", "S", "V", "F", "Q"]
CLASS_MEANINGS = {"N": "normal or bundle branch block", "S": "supraventricular ectopic", "V": "ventricular ectopic",
                  "F": "fusion of ventricular and normal", "Q": "paced or unclassifiable"}
# Okabe and Ito's colours: told apart by colour-blind readers, and in grey by their lightness
CLASS_COLORS = {"N": "#0072B2", "S": "#E69F00", "V": "#D55E00", "F": "#CC79A7", "Q": "#009E73"}

# WFDB symbol -> class (AAMI EC57; the symbols that MIT-BIH lacks follow the nearest one it has)
SYMBOL_CLASS = {**dict.fromkeys("NLRejBn", "N"), **dict.fromkeys("AaJS", "S"), **dict.fromkeys("VEr", "V"),
                "F": "F", **dict.fromkeys("/fQ?", "Q")}

WIDTH = 187                # samples of a row
SOURCE_FS = 360            # Hz: the rate at which a beat is cut
STEP = 3                   # every third sample of it is kept ...
BLOCK_ROWS = 256           # rows that are cut at a time: what the processor's cache holds
ROW_FS = SOURCE_FS / STEP  # ... so a row has 120 Hz, not the 125 Hz that is often quoted


def classes_of(symbols):
    """Class index 0..4 of each WFDB symbol, int64 (n,); -1 for an annotation that is no beat."""
    return np.array([CLASS_NAMES.index(SYMBOL_CLASS[s]) if s in SYMBOL_CLASS else -1 for s in symbols], dtype=np.int64)


def at_source_rate(ecg, fs):
    """`ecg` (n,) at `fs` Hz brought to 360 Hz by polyphase filtering; the same array when it has 360 Hz already."""
    ecg = np.asarray(ecg, dtype=np.float64)
    if fs == SOURCE_FS:
        return ecg
    ratio = Fraction(SOURCE_FS / fs).limit_denominator(2000)
    return sps.resample_poly(ecg, ratio.numerator, ratio.denominator, padtype="line")


def cut_rows(x, boundaries, is_beat):
    """Cut the rows of one record.

    x: (n,) one lead at 360 Hz, any unit. boundaries: (m,) increasing sample numbers of all annotations, non-beats too
    (at inference: the R peaks). is_beat: (m,) bool, for which of them a row is wanted.
    Returns (rows float32 (k, 187) in 0..1, index int64 (k,) into boundaries). The last boundary starts no row: its
    segment has no end. A segment without any difference in level gives a row of zeros.
    """
    x = np.asarray(x)
    a = np.append(np.asarray(boundaries, dtype=np.int64), len(x))
    index = np.flatnonzero(np.asarray(is_beat, dtype=bool)[:max(len(a) - 2, 0)])
    start = a[index]
    stop = np.minimum(a[index + 1] + (a[index + 2] - a[index + 1]) // 5, len(x))
    count = np.maximum(-(-(stop - start) // STEP), 0)              # samples of the thinned segment
    low, high = np.zeros((2, len(index), 1))
    for phase in range(STEP):                                      # minimum and maximum of every segment, without a loop over beats
        mine = np.flatnonzero((start % STEP == phase) & (count > 0))
        if len(mine) == 0:
            continue
        thinned = x[phase::STEP]
        first = start[mine] // STEP
        ends = np.column_stack([first, first + count[mine]]).ravel()
        if ends.max() == len(thinned):
            thinned = np.append(thinned, x[-1])                    # reduceat wants every end inside the array
        low[mine, 0] = np.minimum.reduceat(thinned, ends)[::2]
        high[mine, 0] = np.maximum.reduceat(thinned, ends)[::2]
    span = np.where(high == low, 1.0, high - low)
    offsets = np.arange(WIDTH)
    rows = np.empty((len(index), WIDTH), np.float32)
    for part in range(0, len(index), BLOCK_ROWS):
        p = slice(part, part + BLOCK_ROWS)
        values = x.take(start[p, None] + STEP * offsets, mode="clip").astype(np.float64, copy=False)
        values -= low[p]
        values /= span[p]
        np.copyto(values, 0.0, where=offsets >= count[p, None])
        rows[p] = values
    return rows, index


def standardise(rows, mean, scale):
    """Rows (n, 187) with the training rows' mean and scale (187,) taken out, float32. The one place where this is done."""
    return (np.asarray(rows, np.float32) - np.asarray(mean, np.float32)) / np.asarray(scale, np.float32)


def extract_beats(ecg, r_peaks, fs, beat_length=WIDTH):
    """Cut one row a beat from a recording, exactly as the training rows were cut.

    ecg: (n,) any unit; fs in Hz; r_peaks: (m,) sample numbers of the R peaks, increasing. Returns (rows float32 (k, 187)
    in 0..1, positions int64 (k,): the R peak of each row, in samples of `ecg`). The last beat has no row, because its
    segment ends with the beat after it; a segment with missing samples (NaN) has none either.
    """
    if beat_length != WIDTH:
        raise ValueError(f"beat_length is {beat_length}, but the models take rows of {WIDTH} samples")
    r_peaks = np.asarray(r_peaks, dtype=np.int64)
    ecg = np.asarray(ecg)
    if ecg.ndim != 1:
        raise ValueError(f"ecg has shape {ecg.shape}: give one lead, shape (samples,)")
    if len(r_peaks) and (r_peaks.min() < 0 or r_peaks.max() >= len(ecg)):
        raise ValueError(f"r_peaks lie outside the signal of {len(ecg)} samples")
    if np.any(np.diff(r_peaks) <= 0):
        raise ValueError("r_peaks must increase")
    x = ecg if fs == SOURCE_FS else at_source_rate(ecg, fs)
    at = r_peaks if fs == SOURCE_FS else np.minimum(np.rint(r_peaks * (SOURCE_FS / fs)).astype(np.int64), len(x) - 1)
    rows, index = cut_rows(x, at, np.ones(len(at), bool))
    whole = np.isfinite(rows.sum(axis=1))
    return (rows, r_peaks[index]) if whole.all() else (rows[whole], r_peaks[index[whole]])


# --------------------------------------------------------------------------------------------- R peaks
# Times in seconds, levels as shares. The signal is looked at through the envelope of its QRS band, and every threshold is
# relative to the levels around it: scale, offset and unit do not matter.

QRS_BAND = 7, 25           # Hz
SMOOTH = 0.12, 0.06        # two moving means over |band-passed signal|
BLOCK = 1.4                # the levels of signal and noise are taken from blocks of this length ...
AROUND = 9                 # ... so many about the place
PAUSE = 45, 0.2            # the level of the signal stays above this share of the one over so many blocks: in a pause too
APART = 0.27               # two peaks of the envelope are at least this far apart
THRESHOLD = 1.2, 0.30      # a beat stands above 1.2 noise + 0.30 (signal - noise)
T_WAVE = 0.36, 0.42        # of two beats closer than this the one lower than this share of the other is a P or T wave
GAP = 1.3, 1.6             # search back in an interval longer than 1.3 x the usual one, which counts as 1.6 at most
BACK = 0.36, 0.30, 0.5     # there: this far from the beat before, from the beat after, above half the threshold
BESIDE, BUSY = 0.30, 0.8   # valleys within 0.3 s higher than 0.8 of the peak: a beat only if the rhythm has room for it
REACH = 0.075              # the R peak is this near the peak of the envelope
POLARITY = 600, 30         # where QRS complexes point is asked anew every so many seconds, of so many beats at least
SHAPE = 0.10               # beats are compared with their neighbours over this time either side of the R peak ...
ALIKE = 25                 # ... and so many together decide whether they are noise:
NOISE = (1.25, 1.01), (2.3, 0.75), (6.0, 0.60)     # signal over noise below the first and likeness below the second
FLAT = 1.0                 # the same value for so long is no ECG
CLIPPED = 0.25             # the extreme value of the recording for so long is a converter at its end
HIDDEN = 0.15              # a shorter loss is bridged and hides no beat
SILENCE = 1e-9             # an envelope of this share of the recording's span is rounding error
SPIKE = 0.008              # a peak of this width or less, twice as high as the recording's usual span, is no heart's
MARGIN = 4.0               # after this time a filter has forgotten where its stretch began
SHORTEST = 2.0             # less signal than this tells nothing about its own levels


def detect_r_peaks(ecg, fs, chunk=600.0, live=False):
    """R peaks of one lead: int64 (m,), increasing sample numbers of `ecg`.

    ecg: (n,) any unit, scale, offset and polarity; NaN where samples are missing. fs: sampling rate in Hz, 50 to 2000.
    chunk: seconds that are filtered at a time; it bounds the memory and does not change the result. Nothing is found
    where the signal cannot be read (see `unreadable`), nor in less than 2 s of signal. live: the signal goes on after its end,
    so that the interval which is open there is searched for a missed beat too. ValueError for another shape or rate.

    The envelope of the QRS band against local levels of signal and noise, after Pan and Tompkins (1985) and gqrs, but
    looking both ways in time: zero-phase filters, levels from both sides, search-back in long intervals. The parameters
    were chosen on the MIT-BIH Arrhythmia Database, with an eye on the supraventricular one (benchmarks/rpeaks.py).
    """
    return _detect(ecg, fs, chunk, live)[0]


def unreadable(ecg, fs, chunk=600.0):
    """Where no beat can be found: list of (start, stop, reason), in samples, ordered, not overlapping.

    reason: 'missing' (NaN or infinite), 'flat' (one value for 1 s or more), 'clipped' (the recording's extreme value for
    0.25 s or more, far from its middle), 'noise' (what stands out does not repeat, or nothing stands out). Arguments and
    errors as for `detect_r_peaks`.
    """
    return _detect(ecg, fs, chunk)[1]


def find_beats(ecg, fs, chunk=600.0):
    """(detect_r_peaks(...), unreadable(...)) in one go, for those who want both."""
    return _detect(ecg, fs, chunk)


def in_either_lead(found, second, fs):
    """What `find_beats` gave for a lead, completed by another lead of the same recording: (R peaks int64 (m,), the stretches in which
    neither lead can be read, which of the peaks are the second lead's bool (m,)).

    found: of the first lead, whose peaks stay as they are; second: (n,) the other lead, asked where the first is unreadable only."""
    peaks, lost = found
    if not lost:
        return peaks, lost, np.zeros(len(peaks), bool)
    theirs, gone = find_beats(second, fs)
    theirs = theirs[_inside(np.array([span[:2] for span in lost]), theirs)]
    if len(peaks):                                    # not a beat again that the first lead has just outside the stretch
        after = np.searchsorted(peaks, theirs)
        near = np.minimum(np.abs(theirs - peaks[np.maximum(after - 1, 0)]), np.abs(peaks[np.minimum(after, len(peaks) - 1)] - theirs))
        theirs = theirs[near > APART * fs]
    both = np.concatenate([peaks, theirs])
    order = np.argsort(both)
    neither = [(max(start, a), min(stop, b), reason) for start, stop, reason in lost for a, b, _ in gone if max(start, a) < min(stop, b)]
    return both[order], neither, (order >= len(peaks))


def _detect(ecg, fs, chunk, live=False):
    """(R peaks, unreadable stretches) of one lead."""
    ecg = np.asarray(ecg)
    if ecg.ndim != 1 or ecg.dtype.kind not in "fiu":
        raise ValueError(f"ecg has shape {ecg.shape} and type {ecg.dtype}: give one lead of real numbers, shape (samples,)")
    fs = float(fs)
    if not 50 <= fs <= 2000:
        raise ValueError(f"the sampling rate is {fs:g} Hz: R peaks are detected from 50 to 2000 Hz")
    n = len(ecg)
    gaps, reasons, bridges, middle, span = _gaps(ecg, fs)
    found = [(int(start), int(stop), reason) for (start, stop), reason in zip(gaps, reasons)]
    if n < SHORTEST * fs:
        return np.zeros(0, np.int64), found

    def take(start, stop):
        return _bridged(ecg, start, stop, bridges, middle)

    candidates, *levels, step, block = _envelope(take, n, fs, chunk)
    peaks, contrast = _choose(candidates, *levels, gaps, step, block, fs, SILENCE * span, n // step if live else None)
    peaks, like = _locate(take, peaks, n, fs)
    usual = _ranked(like, ALIKE, 0.5) if len(like) else like
    noisy = np.any([(contrast < ratio) & (usual < least) for ratio, least in NOISE], axis=0)
    for first, stop in _runs(noisy | (like < NOISE[-1][1])):      # to the last of its beats that is like no other
        noisy[first:stop] = noisy[first:stop].any()
    first, stop = _runs(noisy).T
    turns = np.concatenate([[0], (peaks[1:] + peaks[:-1]) // 2, [n]])
    noise = _without(np.column_stack([turns[first], turns[stop]]), gaps)
    found = sorted(found + [(int(start), int(stop), "noise") for start, stop in noise])
    return np.unique(peaks[~noisy & ~_inside(gaps, peaks)]), found


def _pieces(n, size):
    return [(start, min(start + size, n)) for start in range(0, n, size)]


def _runs(flags):
    """(k, 2) start and stop of the runs of True."""
    return np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]))).reshape(-1, 2)


def _merged(spans):
    """Union of (k, 2) spans, ordered; spans that touch become one."""
    if len(spans) == 0:
        return np.zeros((0, 2), np.int64)
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    first = np.concatenate([[True], spans[1:, 0] > reach[:-1]])
    return np.column_stack([spans[first, 0], reach[np.concatenate([first[1:], [True]])]])


def _without(spans, gaps):
    """(k, 2) spans less (g, 2) gaps, both ordered and without overlap: list of (start, stop)."""
    out = []
    for start, stop in spans:
        for a, b in gaps[np.searchsorted(gaps[:, 1], start, "right"):np.searchsorted(gaps[:, 0], stop)]:
            if a > start:
                out.append((start, a))
            start = b
        if start < stop:
            out.append((start, stop))
    return out


def _inside(spans, at):
    """Bool for each of `at`: it lies in one of the (k, 2) ordered spans."""
    if len(spans) == 0:
        return np.zeros(len(at), bool)
    k = np.searchsorted(spans[:, 0], at, "right") - 1
    return (k >= 0) & (at < spans[np.maximum(k, 0), 1])


def _gaps(ecg, fs):
    """Where samples say nothing: gaps (g, 2), their reasons, all that must be bridged (b, 2); middle and span of the rest."""
    n = len(ecg)
    some = ecg[::max(1, n // 20000)].astype(np.float64)
    some = some[np.isfinite(some)]
    lowest, middle, highest = np.percentile(some, [1, 50, 99]) if len(some) else (0.0, 0.0, 0.0)
    missing, spikes, low, high = [np.zeros((0, 2), np.int64)], [np.zeros((0, 2), np.int64)], np.inf, -np.inf
    width, limit = int(np.ceil(SPIKE * fs)), 2 * (highest - lowest)
    for start, stop in _pieces(n, 1 << 17):
        first = max(start - width, 0)
        x = ecg[first:stop + width].astype(np.float64, copy=False)
        bottom, top = x.min(), x.max()
        if not (np.isfinite(bottom) and np.isfinite(top)):
            missing.append(_runs(~np.isfinite(x)) + first)
            x = np.where(np.isfinite(x), x, np.nan)
            bottom, top = np.fmin.reduce(x), np.fmax.reduce(x)
        low, high = np.fmin(low, bottom), np.fmax(high, top)
        if top - bottom > limit > 0:
            spikes.append(_spikes(x, limit, width) + first)
    missing, spikes = _merged(np.concatenate(missing)), np.concatenate(spikes)
    flat = _constant(ecg, CLIPPED * fs)
    value = ecg[flat[:, 0]].astype(np.float64)
    rail = ((value == low) | (value == high)) & (np.abs(value - middle) > 0.25 * (float(high) - float(low)))
    flat, value, rail = (a[np.isfinite(value) & (rail | (flat[:, 1] - flat[:, 0] >= FLAT * fs))] for a in (flat, value, rail))
    bridges = _merged(np.concatenate([missing, spikes, flat]))
    hidden = missing[missing[:, 1] - missing[:, 0] >= HIDDEN * fs]
    gaps = np.concatenate([hidden, flat])
    # a recorder fills with zeros what it does not have: no converter at its end
    reasons = np.array(["missing"] * len(hidden) + ["clipped" if r and v else "flat" for r, v in zip(rail, value)], object)
    order = np.argsort(gaps[:, 0], kind="stable")
    return gaps[order], reasons[order], bridges, middle, highest - lowest


def _constant(ecg, length):
    """(k, 2) runs of at least `length` samples of one value, looked for on a grid that no such run can slip through."""
    step = max(int(length) // 2, 1)
    grid = ecg[::step]
    pairs = np.flatnonzero(grid[1:] == grid[:-1])
    same = [np.zeros(0, np.int64)]
    for start, stop in _pieces(len(pairs), 4096):
        k = pairs[start:stop]
        same.append(k[(ecg[k[:, None] * step + np.arange(step)] == grid[k, None]).all(1)])
    same = np.concatenate(same)
    runs = _merged(np.column_stack([same, same + 1]) * step) + [0, 1]
    for run in runs:                                              # to the last equal sample on either side
        value = ecg[run[0]]
        before, after = ecg[max(run[0] - step, 0):run[0]][::-1] != value, ecg[run[1]:run[1] + step] != value
        run += [-(before.argmax() if before.any() else len(before)), after.argmax() if after.any() else len(after)]
    return runs[runs[:, 1] - runs[:, 0] >= length]


def _bridged(ecg, start, stop, bridges, middle):
    """float64 ecg[start:stop] less `middle`, straight lines across the bridges, so that their ends make no step."""
    x = np.subtract(ecg[start:stop], middle, dtype=np.float64)
    near = bridges[np.searchsorted(bridges[:, 1], start, "right"):np.searchsorted(bridges[:, 0], stop)]
    if len(near):
        before, after = near[:, 0] - 1, near[:, 1]
        left = np.where(before >= 0, ecg[np.maximum(before, 0)].astype(np.float64) - middle, np.nan)
        right = np.where(after < len(ecg), ecg[np.minimum(after, len(ecg) - 1)].astype(np.float64) - middle, np.nan)
        left, right = np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)
        at = np.flatnonzero(_inside(near, np.arange(start, stop)))
        x[at] = np.interp(at + start, np.column_stack([before, after]).ravel(),
                          np.nan_to_num(np.column_stack([left, right]).ravel()))
    return x


def _spikes(x, limit, width):
    """(k, 2) peaks of x, at most `width` samples wide, that stand out by more than `limit` on both sides."""
    rise = x[width:] - x[:-width]
    if not (np.fmax.reduce(rise) > limit and np.fmin.reduce(rise) < -limit):
        return np.zeros((0, 2), np.int64)
    before, after = rise[:-width], -rise[width:]
    return _runs((np.minimum(before, after) > limit) | (np.maximum(before, after) < -limit)) + width


@functools.lru_cache
def _qrs_filter(rate):
    return sps.butter(2, [QRS_BAND[0], min(QRS_BAND[1], 0.45 * rate)], "bandpass", fs=rate, output="sos")


def _envelope(take, n, fs, chunk):
    """Envelope of the QRS band at 50 to 240 Hz, a stretch at a time.

    Returns (candidates int64, in envelope samples; their heights; the higher of the valleys beside each; maximum and median
    of each block; signal samples in an envelope sample; envelope samples in a block)."""
    step = max(1, int(fs // 120))
    rate = fs / step
    total = n // step
    block, margin, settle, beside = (round(seconds * rate) for seconds in (BLOCK, MARGIN, 1.0, BESIDE / 2))
    sos = _qrs_filter(rate)
    mean = np.full(step, 1 / step)
    out = []
    for start, stop in _pieces(total, max(1, round(chunk / BLOCK)) * block):
        first, last = max(start - margin, 0), min(stop + margin, total)
        x = take(first * step, last * step).reshape(-1, step) @ mean
        # zero phase: once in either direction, from rest and to rest
        x = np.pad(x - x[0], settle, mode="edge")
        e = np.abs(sps.sosfilt(sos, sps.sosfilt(sos, x)[::-1])[::-1][settle:-settle])
        for width in SMOOTH:
            e = ndimage.uniform_filter1d(e, round(width * rate))
        at = sps.find_peaks(e, distance=round(APART * rate))[0]
        at = at[(at >= start - first) & (at < stop - first)]
        lowest = ndimage.minimum_filter1d(e[::2], beside + 1)
        valley = np.maximum(lowest[np.maximum(at - beside, 0) // 2], lowest[np.minimum(at + beside, len(e) - 1) // 2])
        blocks = e[start - first:stop - first]
        blocks = blocks[:len(blocks) // block * block].reshape(-1, block)
        middles = np.partition(blocks[:, ::3], block // 6, axis=1)[:, block // 6]
        out.append((at + first, e[at], valley, blocks.max(1), middles))
    return *(np.concatenate(part) for part in zip(*out)), step, block


def _ranked(values, around, share):
    """Running order statistic: for each value the one at `share` of those, without NaN, among the `around` about it."""
    half = around // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, constant_values=np.nan), around)
    count = np.isfinite(windows).sum(1)
    rank = np.minimum((count * share).astype(np.int64), np.maximum(count - 1, 0))
    return np.sort(windows, axis=1)[np.arange(len(values)), rank]


def _choose(at, height, valley, tops, medians, gaps, step, block, fs, silence, end):
    """The candidates that are beats, in samples of the signal, and signal over noise at each. end: of a signal that goes on, in
    envelope samples, or None."""
    rate = fs / step
    centre = (np.arange(len(tops)) + 0.5) * block
    hidden = _inside(gaps, (centre * step).astype(np.int64))
    tops, medians = np.where(hidden, np.nan, tops), np.where(hidden, np.nan, medians)
    signal, noise = _ranked(tops, AROUND, 0.45), _ranked(medians, AROUND, 0.5) + silence
    signal = np.fmax(signal, PAUSE[1] * _ranked(tops, PAUSE[0], 0.45))
    known = np.isfinite(signal)
    at, height, valley = (a[~_inside(gaps, at * step + step // 2)] for a in (at, height, valley))
    if len(at) == 0 or not known.any():
        return np.zeros(0, np.int64), np.zeros(0)
    signal, noise = np.interp(at, centre[known], signal[known]), np.interp(at, centre[known], noise[known])
    threshold = THRESHOLD[0] * noise + THRESHOLD[1] * (signal - noise)
    lost = np.searchsorted(gaps[:, 0], at * step)                 # gaps before each: an interval across one is no RR interval

    def intervals():
        beat = np.flatnonzero(keep)
        rr = np.diff(at[beat]).astype(np.float64)
        rr[np.diff(lost[beat]) > 0] = np.nan
        return beat, rr, _ranked(rr, 9, 0.5) if len(rr) else rr

    keep = height > threshold
    while True:                                                   # P and T waves
        beat = np.flatnonzero(keep)
        near = np.diff(at[beat]) < T_WAVE[0] * rate
        first, second = height[beat[:-1]], height[beat[1:]]
        drop = np.concatenate([beat[:-1][near & (first < T_WAVE[1] * second)], beat[1:][near & (second < T_WAVE[1] * first)]])
        if len(drop) == 0:
            break
        keep[drop] = False
    for _ in range(3):                                            # missed beats: the highest in each long interval
        beat, rr, usual = intervals()
        place = at[beat]
        if end is not None and len(rr):
            place, rr, usual = np.append(place, end), np.append(rr, end - place[-1]), np.append(usual, usual[-1])
        low = np.flatnonzero(~keep & (height > noise + BACK[2] * (threshold - noise)))
        k = np.searchsorted(beat, low) - 1
        low, k = (a[(k >= 0) & (k < len(rr))] for a in (low, k))
        fits = ((rr[k] > GAP[0] * np.minimum(usual[k], GAP[1] * rate)) & (at[low] - place[k] >= BACK[0] * rate)
                & (place[k + 1] - at[low] >= BACK[1] * rate))
        low, k = low[fits], k[fits]
        if len(k) == 0:
            break
        order = np.lexsort((-height[low], k))
        keep[low[order[np.concatenate([[True], np.diff(k[order]) > 0])]]] = True
    for _ in range(2):                                            # bursts of noise between beats of a steady rhythm
        beat, rr, usual = intervals()
        if len(rr) < 2:
            break
        room = (rr[1:] + rr[:-1]) / (usual[1:] + usual[:-1])
        busy = np.pad(np.nan_to_num(valley[beat[1:-1]] / height[beat[1:-1]] / (BUSY * room)), 1)
        worst = busy[1:-1] >= np.maximum(1, np.maximum(busy[2:], busy[:-2]))
        keep[beat[1:-1][worst]] = False
    return at[keep] * step + (step - 1) // 2, signal[keep] / noise[keep]


def _locate(take, peaks, n, fs):
    """The R peak near each peak of the envelope, and how like its neighbours' its shape is (-1..1; NaN without neighbours).

    The R peak is the largest deviation from the mean of 0.2 s. Of two that are nearly as large, the one that points where most
    QRS complexes of these ten minutes point: so a biphasic QRS is marked at the same wave throughout, and a lead that is turned
    upside down has the same R peaks."""
    reach, fine, wide, side = (max(1, round(seconds * fs)) for seconds in (REACH, 0.022, 0.2, SHAPE))
    # of equal samples always the same one, whatever the rounding
    prefer = 1 - 1e-5 * np.abs(np.arange(-reach, reach + 1) + 0.3) / reach
    thin = max(1, round(fs / 120))
    margin = reach + side + wide + 1                              # what is looked at beyond a stretch
    found, shapes, points = [np.zeros(0, np.int64)], [np.zeros((0, 2 * side // thin + 1))], 0
    for start, stop in _pieces(n, round(POLARITY[0] * fs)):
        p = peaks[np.searchsorted(peaks, start):np.searchsorted(peaks, stop)]
        if len(p) == 0:
            continue
        first, last = start - margin, stop + margin
        x = np.pad(take(max(first, 0), min(last, n)), (max(-first, 0), max(last - n, 0)), mode="edge")
        total = np.zeros(len(x) + 1)
        np.cumsum(x, out=total[1:])

        def detail(at, half, thin=1):
            """Mean of 22 ms less mean of 0.2 s, every `thin` samples from `half` before each of `at` to `half` after."""
            sums = np.lib.stride_tricks.sliding_window_view(total, 2 * half + 1 + wide)[at - first - half - wide // 2]
            inner = sums[:, wide // 2 - fine // 2:][:, :2 * half + 1 + fine]
            return ((inner[:, fine::thin] - inner[:, :-fine:thin]) * (1 / fine)
                    - (sums[:, wide::thin] - sums[:, :-wide:thin]) * (1 / wide))

        s = detail(p, reach)
        if points == 0 or len(p) >= POLARITY[1]:
            points = 1 if np.median(s.max(1) + s.min(1)) >= 0 else -1
        s *= points
        p = np.clip(p + (np.where(s > 0, s, -0.85 * s) * prefer).argmax(1) - reach, 0, n - 1)
        found.append(p)
        shapes.append(detail(p, side, thin))
    found, shapes = np.concatenate(found), np.concatenate(shapes)
    shapes /= np.sqrt((shapes ** 2).sum(1, keepdims=True)) + np.finfo(float).tiny
    like = np.full((len(found), 8), np.nan)
    for k in range(1, min(5, len(found))):
        like[k:, k - 1] = like[:-k, k + 3] = np.einsum("ij,ij->i", shapes[k:], shapes[:-k])
    like.sort(axis=1)
    count = np.isfinite(like).sum(1)
    return found, like[np.arange(len(found)), (0.7 * count).astype(np.int64)]
