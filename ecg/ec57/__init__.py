"""Comparison of two annotations of one ECG, as ANSI/AAMI EC57 asks: beat by beat as PhysioNet's
`bxb` prints it, episode by episode as its `epicmp` does.

    python -m ecg.ec57 data/mitdb --test cnn --format summary --exclude 102 104 107 217
    python -m ecg.ec57 data/mitdb --test cnn --format af --summary

Reference and test beats are paired one to one within 150 ms; the first 5 minutes are a learning
period and do not count. What is left over is a missed beat (column o) or an extra one (row O); x
and X are the same during a shutdown: a stretch that the test (column x) or the reference (row X)
declares unreadable. Test beats inside ventricular fibrillation that the reference marks with [ and
] are not counted. Episodes of atrial fibrillation (rhythm AFIB) and of ventricular fibrillation ([
to ]) count from 5:00 too: found if any part is in the other annotation, and by duration. Every
number was checked against bxb's, epicmp's and sumstats' output for 48 records.

    from ecg import ec57
    result = ec57.compare(ref_samples, ref_symbols, test_samples, test_symbols, fs=360)
    result.counts, result.figures()["VEB"]["Se"]
    af = ec57.compare_episodes(ref_episodes, test_episodes, fs=360, n_samples=650000)
    af.missed, af.figures()["duration"]["Se"]

annotations.py reads both annotations, beat_by_beat.py pairs beats and counts, episodes.py compares
episodes, statistics.py makes figures of counts, bxb.py and epicmp.py print the reports.
"""

from ecg.ec57.beat_by_beat import (
    CLASS_MAPS,
    UNREADABLE,
    WINDOW,
    compare,
    compare_record,
    match_beats,
)
from ecg.ec57.bxb import format_line, format_shutdown, format_standard, format_summary, line_counts
from ecg.ec57.epicmp import format_episode_line, format_episode_matrix, format_episode_summary
from ecg.ec57.episodes import (
    AF,
    FLUTTER,
    EpisodeComparison,
    compare_episodes,
    compare_episodes_of_record,
    episode_ratios,
    fibrillation_episodes,
    rhythm_episodes,
    summarize_episodes,
)
from ecg.ec57.statistics import (
    LEARNING,
    Comparison,
    Summary,
    figures,
    percent,
    pooled,
    ratios,
    summarize,
)

__all__ = [
    "AF",
    "CLASS_MAPS",
    "FLUTTER",
    "LEARNING",
    "UNREADABLE",
    "WINDOW",
    "Comparison",
    "EpisodeComparison",
    "Summary",
    "compare",
    "compare_episodes",
    "compare_episodes_of_record",
    "compare_record",
    "episode_ratios",
    "fibrillation_episodes",
    "figures",
    "format_episode_line",
    "format_episode_matrix",
    "format_episode_summary",
    "format_line",
    "format_shutdown",
    "format_standard",
    "format_summary",
    "line_counts",
    "match_beats",
    "percent",
    "pooled",
    "ratios",
    "rhythm_episodes",
    "summarize",
    "summarize_episodes",
]
