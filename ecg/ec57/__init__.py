"""Beat-by-beat comparison of two annotations of one ECG, as ANSI/AAMI EC57 asks and PhysioNet's
`bxb` prints it.

    python -m ecg.ec57 data/mitdb --test cnn --format summary --exclude 102 104 107 217

Reference and test beats are paired one to one within 150 ms; the first 5 minutes are a learning
period and do not count. What is left over is a missed beat (column o) or an extra one (row O); x
and X are the same during a shutdown: a stretch that the test (column x) or the reference (row X)
declares unreadable. Test beats inside ventricular fibrillation that the reference marks with [ and
] are not counted. Every number was checked against bxb's and sumstats' output for 48 records.

    from ecg import ec57
    result = ec57.compare(ref_samples, ref_symbols, test_samples, test_symbols, fs=360)
    result.counts, result.figures()["VEB"]["Se"]

beat_by_beat.py pairs and counts, statistics.py holds counts and makes figures of them, bxb.py
prints the reports.
"""

from ecg.ec57.beat_by_beat import (
    CLASS_MAPS,
    LEARNING,
    UNREADABLE,
    WINDOW,
    compare,
    compare_record,
    match_beats,
)
from ecg.ec57.bxb import format_line, format_shutdown, format_standard, format_summary, line_counts
from ecg.ec57.statistics import Comparison, Summary, figures, percent, pooled, ratios, summarize

__all__ = [
    "CLASS_MAPS",
    "LEARNING",
    "UNREADABLE",
    "WINDOW",
    "Comparison",
    "Summary",
    "compare",
    "compare_record",
    "figures",
    "format_line",
    "format_shutdown",
    "format_standard",
    "format_summary",
    "line_counts",
    "match_beats",
    "percent",
    "pooled",
    "ratios",
    "summarize",
]
