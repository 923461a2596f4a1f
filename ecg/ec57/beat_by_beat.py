"""Beat by beat: pairing the beats of two annotations, and counting what became of each.

Counts have rows N S V F Q O X of the reference and columns n s v f q o x of the test: o a missed
beat, O an extra one, x and X the same during a shutdown.
"""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ecg.beats import CLASSES, SYMBOL_CLASS
from ecg.ec57.annotations import read_pair
from ecg.ec57.episodes import fibrillation_episodes
from ecg.ec57.statistics import LEARNING, Comparison

WINDOW = 0.15  # s: the farthest apart that two annotations of one beat may be
# both bits in the subtype of a ~ annotation: shutdown begins; any other subtype: it ends
UNREADABLE = 0x30
# Two maps from WFDB symbols to the classes. They differ in the escape beats e, j, n: SVEB to bxb, N
# to AAMI's table
CLASS_MAPS = {
    "aami": {**SYMBOL_CLASS, "n": "N"},
    "bxb": {**SYMBOL_CLASS, **dict.fromkeys("ejn", "S")},
}
NO_BEAT, NO_BEAT_IN_SHUTDOWN = 5, 6  # rows O and X, columns o and x


def compare(
    ref_samples: ArrayLike,
    ref_symbols: ArrayLike,
    test_samples: ArrayLike,
    test_symbols: ArrayLike | None,
    fs: float,
    n_samples: int | None = None,
    learning: float = LEARNING,
    window: float = WINDOW,
    class_map: str = "bxb",
    ref_subtypes: ArrayLike | None = None,
    test_subtypes: ArrayLike | None = None,
) -> Comparison:
    """Compare the test annotation of a recording with its reference, beat by beat.

    *_samples: (n,) sample numbers at `fs` Hz, both on the same clock; *_symbols: WFDB symbols,
    non-beats too ([ ] ~ tell fibrillation and shutdown); test_symbols None: only positions are
    known, all are N. n_samples: length of the recording, events from there on do not count.
    learning and window in s. class_map: `aami` or `bxb`. *_subtypes: (n,) the subtypes of ~
    annotations, needed to tell a shutdown. Returns a Comparison. Raises ValueError for an unknown
    class map or lengths that differ.

    Method: ANSI/AAMI EC57:2012 4.3; of two test beats equally near to a reference beat the later is
    taken, as bxb does."""
    if class_map not in CLASS_MAPS:
        raise ValueError(f"class_map is {class_map!r}: choose one of {', '.join(CLASS_MAPS)}")
    if not fs > 0:
        raise ValueError(f"fs is {fs}: give the sampling rate in Hz")
    if test_symbols is None:
        test_symbols = ["N"] * np.size(test_samples)
    ref = _in_order(ref_samples, ref_symbols, ref_subtypes, "reference")
    test = _in_order(test_samples, test_symbols, test_subtypes, "test")
    r, r_class, r_index = _beats(ref, CLASS_MAPS[class_map])
    t, t_class, t_index = _beats(test, CLASS_MAPS[class_map])
    fibrillation = fibrillation_episodes(*ref[:2])
    ref_shutdown, test_shutdown = _shutdowns(ref, fs), _shutdowns(test, fs)
    end = np.inf if n_samples is None else n_samples

    # an event is a pair of beats, a missed beat or an extra one
    pairs = np.array(match_beats(r.tolist(), t.tolist(), window * fs), np.int64).reshape(-1, 2)
    in_ref, in_test = pairs.T
    missed, extra = in_test < 0, in_ref < 0
    time = np.where(extra, _take(t, in_test), _take(r, in_ref))
    counted = (time >= learning * fs) & (time < end) & ~(extra & _within(time, fibrillation))

    row = np.where(extra, _no_beat(time, ref_shutdown), _take(r_class, in_ref))
    column = np.where(missed, _no_beat(time, test_shutdown), _take(t_class, in_test))
    counts = np.zeros((7, 7), dtype=np.int64)
    np.add.at(counts, (row[counted], column[counted]), 1)

    undefined = [first for first, _ in [*fibrillation, *ref_shutdown]]
    differences = _rr_differences(r, t, pairs, undefined)[counted]
    given = np.column_stack([_original(in_ref, r_index), _original(in_test, t_index)])
    return Comparison(
        counts,
        _rms_ms(differences, fs),
        _total_length(test_shutdown, learning * fs, end) / fs,
        given[counted],
    )


# ---- annotations ------------------------------------------------------------------------------


def _in_order(samples, symbols, subtypes, which):
    """(samples, symbols, subtypes, original index) in order of time."""
    samples, symbols = np.asarray(samples, dtype=np.int64), np.asarray(symbols, dtype=object)
    subtypes = np.asarray([0] * len(samples) if subtypes is None else subtypes, dtype=np.int64)
    if not len(samples) == len(symbols) == len(subtypes):
        raise ValueError(
            f"{which}: {len(samples)} samples, {len(symbols)} symbols and {len(subtypes)} subtypes"
        )
    order = np.argsort(samples, kind="stable")
    return samples[order], symbols[order], subtypes[order], order


def _beats(annotation, class_map):
    """(samples, class 0..4, original index) of the annotations that are beats."""
    samples, symbols, _, order = annotation
    indices = [CLASSES.index(class_map[s]) if s in class_map else -1 for s in symbols]
    classes = np.array(indices, dtype=np.int64)
    keep = classes >= 0
    return samples[keep], classes[keep], order[keep]


def _shutdowns(annotation, fs):
    """[(first, last)] sample numbers of unreadable stretches.

    A ~ with both UNREADABLE bits begins one and the next ~ ends it. A lone one (none follows, or
    another beginning: AHA's convention) stands for the stretch from 150 ms after the annotation
    before it to 150 ms before the one after it."""
    samples, symbols, subtypes, _ = annotation
    noise = np.flatnonzero(symbols == "~")
    begins = (subtypes[noise] & UNREADABLE) == UNREADABLE
    spans = []
    for k in np.flatnonzero(begins):
        mark = noise[k]
        if k + 1 < len(noise) and not begins[k + 1]:
            spans.append((samples[mark], samples[noise[k + 1]]))
        else:
            first = samples[mark - 1] + WINDOW * fs if mark > 0 else 0
            last = samples[mark + 1] - WINDOW * fs if mark + 1 < len(samples) else np.inf
            spans.append((first, last))
    return spans


# ---- events -----------------------------------------------------------------------------------


def match_beats(r: list[int], t: list[int], window: float) -> list[tuple[int, int]]:
    """Pairs (i, j) over two increasing lists in order of time; -1 stands for a missing partner.

    An annotation takes the nearest of the other series unless that one lies nearer to the next of
    its own."""
    pairs, i, j = [], 0, 0
    while i < len(r) and j < len(t):
        ahead = t[j] - r[i]
        if ahead < 0:
            better = j + 1 < len(t) and abs(t[j + 1] - r[i]) <= -ahead
            paired = -ahead <= window and not better
        else:
            better = i + 1 < len(r) and abs(r[i + 1] - t[j]) < ahead
            paired = ahead <= window and not better
        if paired:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif ahead < 0:
            pairs.append((-1, j))
            j += 1
        else:
            pairs.append((i, -1))
            i += 1
    pairs += [(k, -1) for k in range(i, len(r))] + [(-1, k) for k in range(j, len(t))]
    return pairs


def _take(values, index):
    """values[index], anything where the index is -1 (also when there are no values)."""
    return values[index] if len(values) else np.zeros(len(index), np.int64)


def _original(index, order):
    """Index into the annotations as they were given, -1 where `index` is -1."""
    return np.where(index < 0, -1, _take(order, index))


def _within(times, spans):
    """Which of the times (k,) lie in one of the spans [(first, last)]."""
    inside = np.zeros(len(times), dtype=bool)
    for first, last in spans:
        inside |= (times >= first) & (times <= last)
    return inside


def _no_beat(times, shutdowns):
    """The row or column (k,) of an event that one annotation lacks."""
    return np.where(_within(times, shutdowns), NO_BEAT_IN_SHUTDOWN, NO_BEAT)


def _total_length(spans, start, end):
    """Length in samples of the spans between start and end; one without an end has none."""
    return sum(
        max(0.0, min(last, end) - max(first, start))
        for first, last in spans
        if np.isfinite(min(last, end))
    )


def _rr_differences(r, t, pairs, undefined):
    """Reference RR minus test RR at every event, in samples: (k,); nan where one is not defined.

    An event takes the interval that ends at its own beat; the series without a beat there gives the
    interval that ends at its next beat. A reference interval across one of the times `undefined` is
    not defined."""
    intervals = []
    for series, column, gaps in ((r, pairs[:, 0], undefined), (t, pairs[:, 1], ())):
        rr = np.concatenate([[np.nan], np.diff(series).astype(np.float64), [np.nan]])
        rr = rr[: len(series) + 1]
        rr[np.searchsorted(series, gaps)] = np.nan
        present = column >= 0
        coming = np.cumsum(present)  # beats so far = index of the next one
        intervals.append(rr[np.where(present, column, coming)])
    return intervals[0] - intervals[1]


def _rms_ms(differences, fs):
    """Root mean square in ms of differences in samples, nan without any that is defined."""
    known = differences[np.isfinite(differences)]
    return float(np.sqrt(np.mean(known**2)) * 1000 / fs) if len(known) else float("nan")


# ---- annotation files -------------------------------------------------------------------------


def compare_record(
    folder: str | Path,
    record: str,
    reference: str,
    test: str,
    test_dir: str | Path | None = None,
    learning: float = LEARNING,
    window: float = WINDOW,
    class_map: str = "bxb",
) -> Comparison:
    """Comparison of two annotation files of a WFDB record, by the annotators `reference` and
    `test`.

    test_dir: folder of the test annotation, if it is another. Raises InputError where one is
    missing or no rate is known."""
    ref, other, fs, n_samples = read_pair(folder, record, reference, test, test_dir)
    return compare(
        ref.samples,
        ref.symbols,
        other.samples,
        other.symbols,
        fs,
        n_samples,
        learning,
        window,
        class_map,
        ref.subtypes,
        other.subtypes,
    )
