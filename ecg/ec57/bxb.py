"""The reports of PhysioNet's bxb and sumstats, to the character.

All take {record: Comparison} and give text that ends with a line break.
"""

import numpy as np

from ecg.ec57.statistics import Figures, Results, figures, mean, percent, pooled, ratios, summarize

_LINE_NAMES = (
    "Nn' Sn' Vn' Fn' On'  Ns  Ss  Vs  Fs' Os' Nv  Sv   Vv  Fv' Ov' No' So' Vo' Fo'"
    "  Q Se   Q +P   V Se   V +P   S Se   S +P RR err"
)
_LINE_WIDTHS = (5, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 3, 3, 3, 3, 3, 3)


# ---- line format (bxb -L), sums (sumstats) ----------------------------------------------------


def line_counts(counts: np.ndarray) -> list[int]:
    """The 19 counts of bxb's line format. A prime marks sums: rows O and X together, Q with F;
    columns f, q with n, x with o."""
    rows = {"N": [0], "S": [1], "V": [2], "F": [3, 4], "O": [5, 6]}
    columns = {"n": [0, 3, 4], "s": [1], "v": [2], "o": [5, 6]}
    return [
        int(counts[np.ix_(rows[true], columns[called])].sum())
        for called in "nsvo"
        for true in "NSVFO"
        if true + called != "Oo"
    ]


def format_line(results: Results) -> str:
    """bxb's line format with SVEB and RR error (bxb -L), one line a record."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results):
    lines = ["Record " + _LINE_NAMES]
    for name, result in results.items():
        error = "-" if np.isnan(result.rr_error_ms) else f"{result.rr_error_ms:.2f}"
        lines.append(f"{name:>4} {_counts_text(result.counts)} {_six(result.figures())} {error:>6}")
    return lines


def _counts_text(counts):
    pairs = zip(line_counts(counts), _LINE_WIDTHS)
    return " ".join(f"{count:{width}d}" for count, width in pairs)


def _six(found: Figures):
    """Se and +P of QRS, VEB and SVEB."""
    return " ".join(
        "     -" if found[event][name] is None else f"{found[event][name]:6.2f}"
        for event in ("QRS", "VEB", "SVEB")
        for name in ("Se", "+P")
    )


def format_summary(results: Results) -> str:
    """The line format followed by sums, gross and average figures, as sumstats prints them.

    sumstats reads the line format, which merges fusion with unclassifiable beats: below the line, a
    fusion beat called S is no false positive, while above it and in `summarize` it is one, as EC57
    has it."""
    summary, total = summarize(results), pooled(results)
    summary.gross["SVEB"]["+P"] = _without_fusion(total)
    summary.average["SVEB"]["+P"] = mean(
        [_without_fusion(result.counts) for result in results.values()]
    )
    errors = [result.rr_error_ms for result in results.values() if not np.isnan(result.rr_error_ms)]
    mean_error = f"{np.mean(errors):6.2f}" if errors else "     -"
    beats = total[:5].sum(axis=1)
    lines = [
        *_lines(results),
        "_" * 132,
        f"Sum  {_counts_text(total)}",
        f"{'Gross':83} {_six(summary.gross)}",
        f"{'Average':83} {_six(summary.average)} {mean_error}",
        f"Total QRS complexes: {beats.sum()}  Total VEBs: {beats[2]}  Total SVEBs: {beats[1]}",
        "",
        f"Summary of results from {len(results)} records",
    ]
    return "\n".join(lines) + "\n"


def _without_fusion(counts):
    """+P of SVEB with fusion beats called S forgiven."""
    counts = counts.copy()
    counts[3, 1] = 0
    return figures(counts)["SVEB"]["+P"]


# ---- standard report (bxb -s) -----------------------------------------------------------------


def format_standard(results: Results, reference: str = "atr", test: str = "prd") -> str:
    """bxb's standard report of every record: S counts as N, figures of QRS and VEB, beats missed in
    shutdown. reference, test: the annotators."""
    return "".join(_standard(name, result, reference, test) for name, result in results.items())


def _standard(name, result, reference, test):
    counts = _supraventricular_as_normal(result.counts)
    table = [
        f" {letter} | " + " ".join(f"{count:4d}" for count in counts[k, : 6 if k < 4 else 4])
        for k, letter in enumerate("NVFQOX")
    ]
    divided = ratios(result.counts)
    found = [
        f"{label:>26}: {_fraction(*divided[event][figure], digits)}"
        for label, event, figure, digits in (
            ("QRS sensitivity", "QRS", "Se", 2),
            ("QRS positive predictivity", "QRS", "+P", 2),
            ("VEB sensitivity", "VEB", "Se", 2),
            ("VEB positive predictivity", "VEB", "+P", 2),
            ("VEB false positive rate", "VEB", "FPR", 3),
        )
    ]
    missed = [
        f"{label:>26}: {_fraction(part.sum(), whole.sum())}"
        for label, part, whole in (
            ("Beats missed in shutdown", counts[:4, 5], counts[:4]),
            ("N missed in shutdown", counts[0, 5], counts[0]),
            ("V missed in shutdown", counts[1, 5], counts[1]),
            ("F missed in shutdown", counts[2, 5], counts[2]),
        )
    ]
    lines = [
        f"==== {name}",
        f"Beat-by-beat comparison results for record {name}",
        f"Reference annotator: {reference}",
        f"     Test annotator: {test}",
        "",
        "               Algorithm",
        "        n    v    f    q    o    x",
        "   _______________________________",
        *table,
        "",
        *found,
        "",
        "",
        *missed,
        f"       Total shutdown time: {result.shutdown_s:5.0f} seconds",
    ]
    return "\n".join(lines) + "\n"


def _supraventricular_as_normal(counts):
    """Counts (7, 7) with S added to N, (6, 6): N V F Q O X."""
    counts = counts.copy()
    counts[0] += counts[1]
    counts[:, 0] += counts[:, 1]
    kept = [0, 2, 3, 4, 5, 6]
    return counts[np.ix_(kept, kept)]


def _fraction(part, whole, digits=2):
    value = percent(part, whole)
    return ("     - " if value is None else f"{value:6.{digits}f}%") + f" ({part}/{whole})"


# ---- second table of the line format ----------------------------------------------------------


def format_shutdown(results: Results) -> str:
    """bxb's second line format: beats missed in shutdown, its length, and the reference's beats N S
    V F Q."""
    lines = [
        "Record Nx   Sx   Vx   Fx   Qx  % beats  % N    % S    % V    % F   Total Shutdown",
        "                                missed missed missed missed missed      Time",
    ]
    for name, result in results.items():
        missed, beats = result.counts[:5, 6], result.counts[:5].sum(axis=1)
        shares = [percent(missed.sum(), beats.sum()), *map(percent, missed[:4], beats[:4])]
        lines.append(
            f"{name:>4} "
            + " ".join(f"{count:4d}" for count in missed)
            + "   "
            + " ".join("     -" if share is None else f"{share:6.2f}" for share in shares)
            + f" {result.shutdown_s:4.0f} seconds "
            + " ".join(map(str, beats))
        )
    return "\n".join(lines) + "\n"
