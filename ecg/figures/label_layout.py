"""Where the labels of beats stand on an axes, so that none overlaps another or the signal.

Labels stand in a band above or below the signal, in up to LANES rows; where these do not do, those
of N beats are left out, and then all. Or each stands above its own peak, as high as it must.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

POSITIONS = ("top", "bottom", "peak")
LANES = 3  # rows of labels, before labels of N beats are left out
MOST = 0.65  # share of the axes' height that labels may take


@dataclass(frozen=True)
class LabelStyle:
    """How beats are labelled.

    threshold: confidence, 0..1, from which on a label is filled; below, it is hollow and has a
    question mark. position: of the labels, one of POSITIONS; `peak` is above each R peak. fontsize:
    points."""

    threshold: float = 0.8
    position: str = "top"
    fontsize: float = 9

    def __post_init__(self) -> None:
        if self.position not in POSITIONS:
            raise ValueError(
                f"label_position is {self.position!r}: give one of {', '.join(POSITIONS)}"
            )

    @property
    def small(self) -> float:
        """Font size of the confidence below a label, points."""
        return 0.72 * self.fontsize


@dataclass(frozen=True)
class Layout:
    """Which labels are drawn, and where.

    shown: (k,) indices of the beats whose label is drawn; the others have a tick alone. base: (k,)
    height of each label above the lower end of the axes, pixels. band: height of what is kept free
    for the labels, pixels; extra: the same in the signal's unit, beside the signal's own limits."""

    shown: np.ndarray
    base: np.ndarray
    band: float
    extra: float


def place_labels(
    ax: Axes,
    pixels: np.ndarray,
    reach: np.ndarray,
    row: float,
    normal: np.ndarray,
    peaks: np.ndarray,
    limits: tuple[float, float],
    style: LabelStyle,
) -> Layout:
    """Place the labels of m beats.

    pixels, reach: (m,) middle and half width of each label; row: height of one; all in pixels.
    normal: (m,) bool, labels that are left out first. peaks: (m,) highest level of the signal at
    each beat, and limits: (low, high) of the signal, in its unit."""
    point, height = ax.figure.dpi / 72, ax.get_window_extent().height
    low, high = limits
    left, right = pixels - reach, pixels + reach
    for shown in (np.arange(len(normal)), np.flatnonzero(~normal), np.empty(0, int)):
        lane = _lanes(left[shown], right[shown])
        if np.all(lane >= 0):
            break
    lanes = int(lane.max()) + 1 if len(lane) else 0
    band = min(0.9 * style.fontsize * point + row * lanes, MOST * height)
    if style.position == "peak" and len(shown):
        start = 0.4 * style.fontsize * point
        above = np.minimum(peaks[shown], high) - low
        base, extra = _above_peaks(
            left[shown], right[shown], above, start, row, high - low, band, height
        )
        return Layout(shown, base, band, extra)
    if style.position == "bottom":
        base = 0.3 * style.fontsize * point + lane * row
    else:
        base = height - 0.3 * style.fontsize * point - (lane + 1) * row
    return Layout(shown, base, band, _extra(high - low, band, height))


def _extra(span, band, height):
    """How much of the signal's unit `band` pixels are, when the rest of `height` holds `span`."""
    return span * band / (height - band)


def _lanes(left, right):
    """The lowest of LANES rows in which each label, left to right in pixels, touches none before
    it; -1 where none is free."""
    ends, lane = np.full(LANES, -np.inf), np.full(len(left), -1)
    for k, (a, b) in enumerate(zip(left, right)):
        free = np.flatnonzero(ends < a)
        if len(free):
            lane[k] = free[0]
            ends[free[0]] = b
    return lane


def _above_peaks(left, right, above, start, row, span, band, height):
    """(base (k,), extra) of labels that stand `start` pixels above their own peaks, or higher.

    above: (k,) of each peak, over the lower limit of the signal, in its unit, of which it takes
    `span`. band: of `height` pixels, what the labels get at first: the more it is, the lower are
    the signal and the labels themselves, so it is found in three steps."""
    for _ in range(3):
        band = min(band, MOST * height)
        extra = _extra(span, band, height)
        scale = height / (span + extra)
        base = _stacked(left, right, above * scale + start, row)
        band = max(base.max() + row - span * scale, 0.1 * height)
    return base, extra


def _stacked(left, right, bottom, row):
    """Heights at which labels of height `row` above their own peaks (`bottom`) touch none before
    them. All in pixels."""
    placed = bottom.astype(float)
    for k in range(len(placed)):
        near = [j for j in range(max(k - 12, 0), k) if right[j] > left[k]]
        for j in sorted(near, key=lambda j: placed[j]):
            if placed[k] < placed[j] + row and placed[j] < placed[k] + row:
                placed[k] = placed[j] + row
    return placed
