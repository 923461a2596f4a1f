"""Beat-by-beat comparison of two annotations of one ECG, as ANSI/AAMI EC57 asks and PhysioNet's `bxb` prints it.

    python -m ecg.ec57 data/mitdb --test cnn --format summary --exclude 102 104 107 217

Reference and test beats are paired one to one within 150 ms; the first 5 minutes are a learning period and do not count.
What is left over is a missed beat (column o) or an extra one (row O); x and X are the same during a shutdown: a stretch that
the test (column x) or the reference (row X) declares unreadable. Test beats inside ventricular fibrillation that the
reference marks with [ and ] are not counted. Every number was checked against bxb's and sumstats' output for 48 records.

    from ecg import ec57
    result = ec57.compare(ref_samples, ref_symbols, test_samples, test_symbols, fs=360)
    result.counts, result.figures()["VEB"]["Se"]
"""
import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.beats import SYMBOL_CLASS

LEARNING = 300.0       # s: beats before this do not count
WINDOW = 0.15          # s: the farthest apart that two annotations of one beat may be
PACED = ("102", "104", "107", "217")      # MIT-BIH records with paced beats, left out in most reports
CLASSES = "NSVFQ"
UNREADABLE = 0x30      # both bits in the subtype of a ~ annotation: shutdown begins; any other subtype: it ends

# Two maps from WFDB symbols to the classes. They differ in the escape beats e, j, n: SVEB to bxb, N to AAMI's table
CLASS_MAPS = {"aami": {**SYMBOL_CLASS, "n": "N"}, "bxb": {**SYMBOL_CLASS, **dict.fromkeys("ejn", "S")}}


class Comparison(NamedTuple):
    """counts: int (7, 7), rows N S V F Q O X of the reference, columns n s v f q o x of the test. rr_error_ms: RMS difference
    of the RR intervals (nan without events). shutdown_s: time that the test declared unreadable. pairs: (k, 2) index into
    the given reference and test annotations of every counted event, -1 where it has no partner."""
    counts: np.ndarray
    rr_error_ms: float
    shutdown_s: float
    pairs: np.ndarray

    def figures(self):
        return figures(self.counts)


def compare(ref_samples, ref_symbols, test_samples, test_symbols, fs, n_samples=None, learning=LEARNING, window=WINDOW,
            class_map="bxb", ref_subtypes=None, test_subtypes=None):
    """Compare the test annotation of a recording with its reference, beat by beat.

    *_samples: (n,) sample numbers at `fs` Hz, both on the same clock; *_symbols: WFDB symbols, non-beats too ([ ] ~ tell
    fibrillation and shutdown); test_symbols None: only positions are known, all are N. n_samples: length of the recording,
    events from there on do not count. learning and window in s. class_map: `aami` or `bxb`. *_subtypes: (n,) the
    subtypes of ~ annotations, needed to tell a shutdown. Returns a Comparison. Raises ValueError for an unknown class map
    or lengths that differ.

    Method: ANSI/AAMI EC57:2012 4.3; of two test beats equally near to a reference beat the later is taken, as bxb does.
    """
    if class_map not in CLASS_MAPS:
        raise ValueError(f"class_map is {class_map!r}: choose one of {', '.join(CLASS_MAPS)}")
    if not fs > 0:
        raise ValueError(f"fs is {fs}: give the sampling rate in Hz")
    if test_symbols is None:
        test_symbols = ["N"] * len(test_samples)
    ref = _sorted(ref_samples, ref_symbols, ref_subtypes, "reference")
    test = _sorted(test_samples, test_symbols, test_subtypes, "test")
    r, r_class, r_index = _beats(ref, CLASS_MAPS[class_map])
    t, t_class, t_index = _beats(test, CLASS_MAPS[class_map])
    end = np.inf if n_samples is None else n_samples
    start = learning * fs

    pairs = np.array(_match(r.tolist(), t.tolist(), window * fs), dtype=np.int64).reshape(-1, 2)
    missed, extra = pairs[:, 1] < 0, pairs[:, 0] < 0
    time = np.where(extra, _take(t, pairs[:, 1]), _take(r, pairs[:, 0]))
    fibrillation = _episodes(ref)
    counted = (time >= start) & (time < end) & ~(extra & _within(time, fibrillation))

    ref_shutdown, test_shutdown = _shutdowns(ref, fs), _shutdowns(test, fs)
    row = np.where(extra, np.where(_within(time, ref_shutdown), 6, 5), _take(r_class, pairs[:, 0]))
    column = np.where(missed, np.where(_within(time, test_shutdown), 6, 5), _take(t_class, pairs[:, 1]))
    counts = np.zeros((7, 7), dtype=np.int64)
    np.add.at(counts, (row[counted], column[counted]), 1)

    void = [first for first, _ in fibrillation] + [first for first, _ in ref_shutdown]
    error = _rr_differences(r, t, pairs, void)[counted]
    error = error[np.isfinite(error)]
    rr_error = float(np.sqrt(np.mean(error ** 2)) * 1000 / fs) if len(error) else float("nan")
    shutdown = sum(max(0.0, min(b, end) - max(a, start)) for a, b in test_shutdown if np.isfinite(min(b, end)))
    events = np.column_stack([np.where(extra, -1, _take(r_index, pairs[:, 0])), np.where(missed, -1, _take(t_index, pairs[:, 1]))])
    return Comparison(counts, rr_error, shutdown / fs, events[counted])


def _sorted(samples, symbols, subtypes, which):
    """(samples, symbols, subtypes, original index) in order of time."""
    samples, symbols = np.asarray(samples, dtype=np.int64), np.asarray(symbols, dtype=object)
    subtypes = np.zeros(len(samples), np.int64) if subtypes is None else np.asarray(subtypes, dtype=np.int64)
    if not len(samples) == len(symbols) == len(subtypes):
        raise ValueError(f"{which}: {len(samples)} samples, {len(symbols)} symbols and {len(subtypes)} subtypes")
    order = np.argsort(samples, kind="stable")
    return samples[order], symbols[order], subtypes[order], order


def _beats(annotation, class_map):
    samples, symbols, _, order = annotation
    classes = np.array([CLASSES.index(class_map[s]) if s in class_map else -1 for s in symbols], dtype=np.int64)
    keep = classes >= 0
    return samples[keep], classes[keep], order[keep]


def _take(values, index):
    """values[index], anything where the index is -1 (also when there are no values)."""
    return values[index] if len(values) else np.zeros(len(index), np.int64)


def _match(r, t, window):
    """Pairs (i, j) over two increasing lists in order of time; -1 stands for a missing partner.

    An annotation takes the nearest of the other series unless that one lies nearer to the next of its own."""
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


def _rr_differences(r, t, pairs, void):
    """Reference RR minus test RR at every event, in samples: (k,); nan where one is not defined.

    An event takes the interval that ends at its own beat; the series without a beat there gives the interval that ends at
    its next beat. A reference interval across one of the times `void` is not defined."""
    intervals = []
    for series, column, gaps in ((r, pairs[:, 0], void), (t, pairs[:, 1], ())):
        rr = np.concatenate([[np.nan], np.diff(series).astype(np.float64), [np.nan]])[:len(series) + 1]
        rr[np.searchsorted(series, gaps)] = np.nan
        present = column >= 0
        coming = np.cumsum(present)                        # beats so far = index of the next one
        intervals.append(rr[np.where(present, column, coming)])
    return intervals[0] - intervals[1]


def _episodes(annotation):
    """[(first, last)] sample numbers of ventricular flutter or fibrillation, from [ to ] (or to the end)."""
    samples, symbols, _, _ = annotation
    episodes, begun = [], None
    for sample, symbol in zip(samples, symbols):
        if symbol == "[" and begun is None:
            begun = sample
        elif symbol == "]" and begun is not None:
            episodes.append((begun, sample))
            begun = None
    return episodes + ([(begun, np.inf)] if begun is not None else [])


def _shutdowns(annotation, fs):
    """[(first, last)] sample numbers of unreadable stretches.

    A ~ with both UNREADABLE bits begins one and the next ~ ends it. A lone one (none follows, or another beginning: AHA's
    convention) stands for the stretch from 150 ms after the annotation before it to 150 ms before the one after it."""
    samples, symbols, subtypes, _ = annotation
    noise = np.flatnonzero(symbols == "~")
    begins = (subtypes[noise] & UNREADABLE) == UNREADABLE
    spans = []
    for k in np.flatnonzero(begins):
        at = noise[k]
        if k + 1 < len(noise) and not begins[k + 1]:
            spans.append((samples[at], samples[noise[k + 1]]))
        else:
            first = samples[at - 1] + WINDOW * fs if at > 0 else 0
            last = samples[at + 1] - WINDOW * fs if at + 1 < len(samples) else np.inf
            spans.append((first, last))
    return spans


def _within(times, spans):
    inside = np.zeros(len(times), dtype=bool)
    for first, last in spans:
        inside |= (times >= first) & (times <= last)
    return inside


# ------------------------------------------------------------------------------------------------ figures

def ratios(counts):
    """What each figure divides: {"QRS": {"Se": (hits, all), "+P": ...}, "VEB": {..., "FPR": ...}, "SVEB": ...}.

    A test V on a fusion or unclassifiable beat is no false positive, nor a test S on an unclassifiable one (EC57)."""
    c = counts
    hits = int(c[:5, :5].sum())
    found = {"QRS": {"Se": (hits, hits + int(c[:5, 5:].sum())), "+P": (hits, hits + int(c[5:, :5].sum()))}}
    for name, k, forgiven in (("VEB", 2, (3, 4)), ("SVEB", 1, (4,))):
        true = int(c[k, k])
        false = int(c[:, k].sum()) - true - sum(int(c[row, k]) for row in forgiven)
        others = [row for row in range(7) if row != k]
        negatives = int(c[np.ix_(others, [column for column in range(5) if column != k])].sum())
        found[name] = {"Se": (true, int(c[k].sum())), "+P": (true, true + false), "FPR": (false, false + negatives)}
    return found


def figures(counts):
    """{"QRS": {"Se", "+P"}, "VEB": {"Se", "+P", "FPR"}, "SVEB": {...}} in percent, None where nothing can be divided."""
    return {event: {name: _percent(*ratio) for name, ratio in group.items()} for event, group in ratios(counts).items()}


def _percent(part, whole):
    return 100.0 * part / whole if whole else None


def summarize(results):
    """{"gross", "average", "records"} of {record: Comparison}: gross pools the beats, average is the mean over the records
    in which a figure is defined."""
    each = {name: result.figures() for name, result in results.items()}
    gross = figures(pooled(results))
    average = {event: {name: _mean([each[record][event][name] for record in each]) for name in group}
               for event, group in gross.items()}
    return {"gross": gross, "average": average, "records": each}


def pooled(results):
    """The counts of all records added up, (7, 7)."""
    return sum((result.counts for result in results.values()), np.zeros((7, 7), dtype=np.int64))


def _mean(values):
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None


# ------------------------------------------------------------------------------------------------ bxb's formats

_LINE_NAMES = ("Nn' Sn' Vn' Fn' On'  Ns  Ss  Vs  Fs' Os' Nv  Sv   Vv  Fv' Ov' No' So' Vo' Fo'"
               "  Q Se   Q +P   V Se   V +P   S Se   S +P RR err")
_LINE_WIDTHS = (5, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 3, 3, 3, 3, 3, 3)


def line_counts(counts):
    """The 19 counts of bxb's line format. A prime marks sums: rows O and X together, Q with F; columns f, q with n, x with o."""
    rows = {"N": [0], "S": [1], "V": [2], "F": [3, 4], "O": [5, 6]}
    columns = {"n": [0, 3, 4], "s": [1], "v": [2], "o": [5, 6]}
    return [int(counts[np.ix_(rows[a], columns[b])].sum()) for b in "nsvo" for a in "NSVFO" if a + b != "Oo"]


def format_line(results):
    """bxb's line format with SVEB and RR error (bxb -L), one line a record."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results):
    lines = ["Record " + _LINE_NAMES]
    for name, result in results.items():
        error = "-" if np.isnan(result.rr_error_ms) else f"{result.rr_error_ms:.2f}"
        counts = " ".join(f"{count:{width}d}" for count, width in zip(line_counts(result.counts), _LINE_WIDTHS))
        lines.append(f"{name:>4} {counts} {_six(result.figures())} {error:>6}")
    return lines


def _six(found):
    return " ".join("     -" if found[event][name] is None else f"{found[event][name]:6.2f}"
                    for event in ("QRS", "VEB", "SVEB") for name in ("Se", "+P"))


def format_summary(results):
    """The line format followed by sums, gross and average figures, as sumstats prints them.

    sumstats reads the line format, which merges fusion with unclassifiable beats: below the line, a fusion beat called S is
    no false positive, while above it and in `summarize` it is one, as EC57 has it."""
    summary, total = summarize(results), pooled(results)
    summary["gross"]["SVEB"]["+P"] = _without_fusion(total)
    summary["average"]["SVEB"]["+P"] = _mean([_without_fusion(result.counts) for result in results.values()])
    errors = [result.rr_error_ms for result in results.values() if not np.isnan(result.rr_error_ms)]
    mean_error = f"{np.mean(errors):6.2f}" if errors else "     -"
    sums = " ".join(f"{count:{width}d}" for count, width in zip(line_counts(total), _LINE_WIDTHS))
    beats = total[:5].sum(axis=1)
    return "\n".join([*_lines(results), "_" * 132, f"Sum  {sums}", f"{'Gross':83} {_six(summary['gross'])}",
                      f"{'Average':83} {_six(summary['average'])} {mean_error}",
                      f"Total QRS complexes: {beats.sum()}  Total VEBs: {beats[2]}  Total SVEBs: {beats[1]}",
                      "", f"Summary of results from {len(results)} records"]) + "\n"


def _without_fusion(counts):
    counts = counts.copy()
    counts[3, 1] = 0
    return figures(counts)["SVEB"]["+P"]


def format_standard(results, reference="atr", test="prd"):
    """bxb's standard report of every record: S counts as N, figures of QRS and VEB, beats missed in shutdown."""
    return "".join(_standard(name, result, reference, test) for name, result in results.items())


def _standard(name, result, reference, test):
    c = result.counts.copy()
    c[0] += c[1]
    c[:, 0] += c[:, 1]
    c = c[np.ix_([0, 2, 3, 4, 5, 6], [0, 2, 3, 4, 5, 6])]
    rows = [f" {letter} | " + " ".join(f"{count:4d}" for count in c[k, :6 if k < 4 else 4]) for k, letter in enumerate("NVFQOX")]
    found = ratios(result.counts)
    lines = [f"{label:>26}: {_shown(*found[event][figure], digits)}" for label, event, figure, digits in (
        ("QRS sensitivity", "QRS", "Se", 2), ("QRS positive predictivity", "QRS", "+P", 2), ("VEB sensitivity", "VEB", "Se", 2),
        ("VEB positive predictivity", "VEB", "+P", 2), ("VEB false positive rate", "VEB", "FPR", 3))]
    missed = [f"{label:>26}: {_shown(part.sum(), whole.sum())}" for label, part, whole in (
        ("Beats missed in shutdown", c[:4, 5], c[:4]), ("N missed in shutdown", c[0, 5], c[0]),
        ("V missed in shutdown", c[1, 5], c[1]), ("F missed in shutdown", c[2, 5], c[2]))]
    return "\n".join([f"==== {name}", f"Beat-by-beat comparison results for record {name}", f"Reference annotator: {reference}",
                      f"     Test annotator: {test}", "", "               Algorithm", "        n    v    f    q    o    x",
                      "   _______________________________", *rows, "", *lines, "", "",
                      *missed, f"       Total shutdown time: {result.shutdown_s:5.0f} seconds"]) + "\n"


def format_shutdown(results):
    """bxb's second line format: beats missed in shutdown, its length, and the reference's beats N S V F Q."""
    lines = ["Record Nx   Sx   Vx   Fx   Qx  % beats  % N    % S    % V    % F   Total Shutdown",
             "                                missed missed missed missed missed      Time"]
    for name, result in results.items():
        missed, beats = result.counts[:5, 6], result.counts[:5].sum(axis=1)
        share = [_percent(missed.sum(), beats.sum()), *map(_percent, missed[:4], beats[:4])]
        lines.append(f"{name:>4} " + " ".join(f"{count:4d}" for count in missed) + "   "
                     + " ".join("     -" if value is None else f"{value:6.2f}" for value in share)
                     + f" {result.shutdown_s:4.0f} seconds " + " ".join(map(str, beats)))
    return "\n".join(lines) + "\n"


def _shown(part, whole, digits=2):
    return (f"{100 * part / whole:6.{digits}f}%" if whole else "     - ") + f" ({part}/{whole})"


# ------------------------------------------------------------------------------------------------ records

def read_annotation(folder, record, annotator):
    """(samples, symbols, subtypes, rate in Hz or None) of `folder`/`record`.`annotator`. Raises InputError."""
    import wfdb
    base = Path(folder) / record
    file = base.with_name(f"{base.name}.{annotator}")
    if not file.exists():
        raise InputError(f"{file} is missing: record {record} has no annotation by {annotator!r} in {folder}")
    try:
        found = wfdb.rdann(str(base), annotator)
    except Exception as error:                             # wfdb raises whatever a damaged file leads it into
        raise InputError(f"{file} is no WFDB annotation file ({error})") from None
    return np.asarray(found.sample), list(found.symbol), np.asarray(found.subtype), found.fs


def records_in(folder, annotator):
    """Names of the records in `folder` that have an annotation by `annotator`, sorted. Raises InputError when none has."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give one with WFDB records")
    names = sorted(path.stem for path in folder.glob(f"*.{annotator}"))
    if not names:
        raise InputError(f"{folder} holds no *.{annotator} file: choose the annotator of the reference with --reference")
    return names


def choose(names, exclude, folder):
    """`names` without `exclude`. Raises InputError for an excluded record that is not there, and when none is left."""
    unknown = [name for name in exclude if name not in names]
    if unknown:
        raise InputError(f"--exclude {' '.join(unknown)}: no such record in {folder}")
    chosen = [name for name in names if name not in exclude]
    if not chosen:
        raise InputError(f"{folder}: --exclude leaves no record")
    return chosen


def compare_record(folder, record, reference, test, test_dir=None, learning=LEARNING, window=WINDOW, class_map="bxb"):
    """Comparison of two annotation files of a WFDB record. Raises InputError where one is missing or no rate is known."""
    import wfdb
    ref, other = read_annotation(folder, record, reference), read_annotation(test_dir or folder, record, test)
    header = Path(folder) / f"{record}.hea"
    fs, n_samples = ref[3], None
    if header.exists():
        try:
            found = wfdb.rdheader(str(header.with_suffix("")))
        except Exception as error:
            raise InputError(f"{header} is no WFDB header ({error})") from None
        fs, n_samples = found.fs, found.sig_len
    if not fs:
        raise InputError(f"{header} is missing and {record}.{reference} tells no sampling rate: put the header beside it")
    return compare(*ref[:2], *other[:2], fs, n_samples, learning, window, class_map, ref[2], other[2])


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m ecg.ec57", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
                                     description="Compare two WFDB annotations beat by beat (ANSI/AAMI EC57), as bxb does.")
    parser.add_argument("records", metavar="RECORDS_DIR", help="folder with the records' headers and reference annotations")
    parser.add_argument("--reference", default="atr", help="annotator of the reference: the files' suffix")
    parser.add_argument("--test", default="cnn", help="annotator to be tested: the files' suffix")
    parser.add_argument("--test-dir", help="folder of the test annotations, if not RECORDS_DIR")
    parser.add_argument("--format", choices=("line", "standard", "summary", "shutdown"), default="summary",
                        help="bxb's line format (-L), its standard report (-s), lines and sums as sumstats prints them, "
                             "or the second table of -L: beats missed in shutdown")
    parser.add_argument("--exclude", nargs="+", default=[], metavar="RECORD", help="records to leave out, such as paced ones")
    parser.add_argument("--learning", type=float, default=LEARNING, help="s at the start that do not count")
    parser.add_argument("--window", type=float, default=WINDOW, help="s, farthest apart that two annotations of a beat may be")
    parser.add_argument("--class-map", choices=tuple(CLASS_MAPS), default="bxb",
                        help="escape beats (e, j, n) are S under bxb, N under aami")
    args = parser.parse_args(argv)
    if args.learning < 0 or args.window < 0:
        raise InputError("--learning and --window are seconds, not below 0")
    names = choose(records_in(args.records, args.reference), args.exclude, args.records)
    results = {name: compare_record(args.records, name, args.reference, args.test, args.test_dir, args.learning,
                                    args.window, args.class_map) for name in names}
    if args.format == "standard":
        print(format_standard(results, args.reference, args.test), end="")
    else:
        print({"line": format_line, "summary": format_summary, "shutdown": format_shutdown}[args.format](results), end="")


if __name__ == "__main__":
    artifacts.run(main)
