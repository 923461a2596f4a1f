"""The review list: strips of ECG around the beats most worth a look."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecg import beats, formats
from ecg.beats import CLASS_COLORS
from ecg.formats.recording import Recording

STRIPS = 12  # of the list are drawn
AROUND_S = 4.0  # s of ECG on either side of the beat


def plot_review(
    review: pd.DataFrame,
    rows: np.ndarray,
    folder: str | Path | None = None,
    title: str = "",
    strips: int = STRIPS,
) -> Figure:
    """The first lines of a review list: a strip of ECG around each beat where the record is in
    `folder`, else the row alone.

    rows: (most, 187) min-max rows in the list's order. Returns the figure."""
    shown = review.head(strips)
    lines = max(len(shown), 1)
    figure = Figure(figsize=(11, 0.4 + 0.95 * lines), layout="constrained")
    axes = np.atleast_1d(figure.subplots(lines, 1))
    recordings: dict[str, Recording] = {}
    for ax, line, row in zip(axes, shown.itertuples(), rows):
        _draw_beat(ax, line, row, _strip(folder, line, recordings))
    if not len(shown):
        axes[0].axis("off")
        axes[0].text(0.5, 0.5, "no beats", ha="center")
    figure.suptitle(title, fontsize=9, x=0.01, ha="left")
    return figure


def _draw_beat(ax, line, row, strip):
    """One line of the list; strip: (times in s, mV), None for the row alone."""
    color = CLASS_COLORS[line.predicted]
    if strip is None:
        ax.plot(np.arange(len(row)) / beats.ROW_FS, row, color=color, lw=1)
    else:
        ax.plot(*strip, color="#333333", lw=0.7)
        ax.axvspan(line.time_s - 0.15, line.time_s + 0.35, color=color, alpha=0.25, lw=0)
        ax.set_xlim(line.time_s - AROUND_S, line.time_s + AROUND_S)
    if pd.notna(line.record):  # a list of recordings has no rows
        where = f"record {line.record}, {line.time_s:.1f} s"
    else:
        where = f"row {line.row}"
    ax.set_title(
        f"{line.rank}. {where}: {line.predicted} {line.confidence:.0%}   {line.why}   "
        f"(reference: {line.true})",
        fontsize=8,
        loc="left",
        pad=2,
    )
    ax.tick_params(labelsize=6, length=2)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)


def _strip(folder, line, recordings):
    """(times in s, mV) around a beat of the list, from a WFDB record of `folder`; None where it is
    not there. recordings: those that were read already, by name."""
    if folder is None or pd.isna(line.record) or pd.isna(line.time_s):
        return None
    path = Path(folder) / str(line.record)
    if not path.with_name(f"{path.name}.hea").exists():
        return None
    if line.record not in recordings:
        recordings[line.record] = formats.read_wfdb(path)
    signal, fs = recordings[line.record].signal, recordings[line.record].fs
    first = max(int((line.time_s - AROUND_S) * fs), 0)
    last = min(int((line.time_s + AROUND_S) * fs), len(signal))
    return np.arange(first, last) / fs, signal[first:last]
