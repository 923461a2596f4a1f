"""Signals before and after: noise, cleaning."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecg import translations
from ecg.beats import CLASS_COLORS
from ecg.figures.paper import MM, draw_paper, draw_trace, signal_label, y_limits
from ecg.filters import normalize
from ecg.quality import Window


def plot_filtering(
    raw: ArrayLike,
    processed: ArrayLike,
    sample_rate: float = 360,
    ax: Axes | Sequence[Axes] | None = None,
    *,
    start: float = 0.0,
    unit: str = "mV",
    processed_unit: str | None = None,
    names: tuple[str, str] = ("Raw", "Filtered"),
    title: str = "ECG before and after filtering",
    fontsize: float = 9,
    lang: str = "en",
) -> list[Axes]:
    """A recording before and after processing.

    raw, processed: (n,) in `unit` and `processed_unit` ('mV', 'z-score'; default: the same).
    sample_rate in Hz. ax: one axes (both lines in it), two axes (one each), or None for a new
    figure of two. Returns the axes that were drawn on, a list. Raises ValueError where one axes is
    given for two units."""
    translate = translations.translator(lang)
    units = (unit, processed_unit or unit)
    if ax is None:
        _, ax = plt.subplots(2, 1, figsize=(270 * MM, 105 * MM), sharex=True, layout="constrained")
    axes = [ax] if isinstance(ax, Axes) else list(ax)
    if len(axes) == 1:
        if units[1] != units[0]:
            raise ValueError(
                f"{names[1]} is in {units[1]}, {names[0]} in {units[0]}: give two axes, one for "
                "each"
            )
        for x, name, color in zip((raw, processed), names, ("#8a8a8a", CLASS_COLORS["N"])):
            draw_trace(axes[0], x, sample_rate, start, color=color, label=translate(name))
        axes[0].set_ylim(*y_limits(np.concatenate([raw, processed]), unit))
        axes[0].legend(loc="upper right", fontsize=fontsize, framealpha=0.9)
        axes[0].set_title(translate(title), fontsize=fontsize + 2)
    else:
        for each, x, name, its_unit in zip(axes, (raw, processed), names, units):
            draw_trace(each, x, sample_rate, start)
            each.set_ylim(*y_limits(x, its_unit))
            each.set_title(translate(name), loc="left", fontsize=fontsize)
        axes[0].figure.suptitle(translate(title), fontsize=fontsize + 2)
    for each, its_unit in zip(axes, units):
        draw_paper(each, its_unit)
        each.tick_params(length=2.5, labelsize=8)
        each.set_ylabel(signal_label(its_unit, translate), fontsize=fontsize)
    axes[-1].set_xlabel(translate("Time"), fontsize=fontsize)
    return axes


def plot_cleaning(
    t: np.ndarray,
    raw: np.ndarray,
    cleaned: np.ndarray,
    windows: Sequence[Window] = (),
    fs: float = 360,
    clean: np.ndarray | None = None,
) -> Figure:
    """Raw, cleaned and standardised ECG, one above the other; what cannot be read is shaded.

    t: (n,) s; raw, cleaned and the true `clean` where it is known: (n,) mV. windows: of
    ecg.quality, with start and stop in samples at `fs` Hz and a reason. Returns the figure."""
    figure, axes = plt.subplots(3, 1, figsize=(12, 8), sharex=True, layout="constrained")
    axes[0].plot(t, raw, color="#D55E00", lw=0.7)
    axes[0].set(title="Raw ECG", ylabel="mV")
    if clean is not None:
        axes[1].plot(t, clean - np.nanmean(clean), color="0.6", lw=0.8, label="true")
    axes[1].plot(t, cleaned, color="black", lw=0.8, label="cleaned")
    axes[1].legend(loc="upper right")
    axes[1].set(title="Cleaned ECG", ylabel="mV")
    axes[2].plot(t, normalize(cleaned), color="#0072B2", lw=0.7)
    axes[2].set(title="Standardised", ylabel="z-score", xlabel="Time (s)")
    axes[2].set_xlim(t[0], t[-1] + 1 / fs)  # of the signal, wherever the windows lie
    for window in windows:
        if window.reason != "ok":
            axes[0].axvspan(window.start / fs, window.stop / fs, color="0.85", zorder=0)
            at = {"xy": (window.start / fs, 0.95), "xycoords": ("data", "axes fraction")}
            axes[0].annotate(window.reason, fontsize=8, clip_on=True, **at)
    return figure


def plot_noisy(
    t: np.ndarray,
    clean: np.ndarray,
    noisy: np.ndarray,
    peaks: np.ndarray | None = None,
    letters: Sequence[str] | None = None,
) -> Figure:
    """Clean ECG, its noise and both together, one above the other.

    t: (n,) s; clean, noisy: (n,) mV. peaks: samples of the beats and their class letters, where
    they are to be shown. Returns the figure."""
    figure, axes = plt.subplots(3, 1, figsize=(12, 8), sharex=True, layout="constrained")
    axes[0].plot(t, clean, color="black", lw=0.8)
    axes[0].set(title="Clean ECG", ylabel="mV")
    for peak, letter in zip([] if peaks is None else peaks, letters or []):
        height = clean.max() + 0.05
        axes[0].text(t[peak], height, letter, ha="center", color=CLASS_COLORS[letter])
    axes[1].plot(t, noisy - clean, color="0.5", lw=0.8)
    axes[1].set(title="Noise", ylabel="mV")
    axes[2].plot(t, noisy, color="#D55E00", lw=0.8)
    axes[2].set(title="Noisy ECG", ylabel="mV", xlabel="Time (s)")
    return figure
