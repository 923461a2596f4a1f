"""The rhythm as a band in a figure, each episode with its name where there is room."""

from collections.abc import Callable, Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ecg.rhythm.names import GRAVEST, RHYTHM_COLORS, RHYTHM_MEANINGS, RHYTHM_SHORT

LINE = 0.35  # height of sinus rhythm, of that of the band
LETTER = 0.62  # width of a letter, of the size of the font
LEAST = 1.5  # points: width of what is not sinus rhythm at least


def draw_rhythm(
    ax: Axes,
    episodes: Iterable[dict[str, Any]],
    place: tuple[float, float],
    translate: Callable[..., str],
    fontsize: float = 6.5,
) -> list[str]:
    """A band of the episodes that lie within the limits of x: sinus rhythm a line, what differs
    from it a block with its name (the meaning where there is room, else the short name).

    episodes: as ecg.rhythm.track.Rhythm.as_dict holds them, times in s. place: (bottom, height) of
    the band as shares of the axes' height. Draw it when the limits of x are set. Returns the
    rhythms that occur."""
    first, last = ax.get_xlim()
    width = ax.get_window_extent().width * 72 / ax.figure.dpi  # points
    per_s = width / (last - first)
    shown = [e for e in episodes if e["end_s"] > first and e["start_s"] < last]
    for each in sorted(shown, key=lambda each: -GRAVEST.index(each["rhythm"])):
        _draw_episode(ax, each, (first, last), place, per_s, translate, fontsize)
    return [name for name in GRAVEST if any(e["rhythm"] == name for e in shown)]


def _draw_episode(ax, each, limits, place, per_s, translate, fontsize):
    """per_s: points a second."""
    rhythm, (bottom, height) = each["rhythm"], place
    start, stop = max(each["start_s"], limits[0]), min(each["end_s"], limits[1])
    quiet = rhythm == "N"
    length = max(stop - start, 0 if quiet else LEAST / per_s)
    tall = height * LINE if quiet else height
    ax.add_patch(
        Rectangle(
            (start, bottom + (height - tall) / 2),
            length,
            tall,
            transform=ax.get_xaxis_transform(),
            fc=RHYTHM_COLORS[rhythm],
            lw=0,
            zorder=3,
        )
    )
    names = (translate(RHYTHM_MEANINGS[rhythm]), translate(RHYTHM_SHORT[rhythm]))
    room = length * per_s / fontsize / LETTER - 1  # letters
    name = next((name for name in names if _letters(name) <= room), None)
    if name and not quiet:
        ax.text(
            start + 0.5 * fontsize / per_s,
            bottom + height / 2,
            name,
            fontsize=fontsize,
            color="black",
            va="center_baseline",
            transform=ax.get_xaxis_transform(),
            clip_on=True,
            zorder=4,
        )


def _letters(text):
    """Width of a text in letters; those of Chinese are as wide as two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def rhythm_handles(rhythms: Iterable[str], translate: Callable[..., str]) -> list[Patch]:
    """What a legend says of `rhythms`, the gravest first."""
    return [
        Patch(fc=RHYTHM_COLORS[name], ec="none", label=translate(RHYTHM_MEANINGS[name]))
        for name in sorted(rhythms, key=GRAVEST.index)
    ]
